// SPDX-License-Identifier: MIT OR Apache-2.0
//! Devices of one process that call each other: on the same thread, one within the other's request.
#![cfg(tango_runtime_configuration)]

mod common;

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use common::{PROBE, probes, proxy, with};
use cpptango_telemetry::{TraceContext, opentelemetry::Context, propagate_when_disabled};
use tango_bindings::{DevFailed, DeviceProxy, TelemetryEndpoint};
use testbed::{Receiver, Span};

const DEVICES: [&str; 3] = [PROBE, "test/probe/2", "test/probe/3"];
const SETTINGS: [&str; 6] = [
    "all",
    "user",
    "database",
    "tracing_off",
    "no_endpoints",
    "stopped",
];

/// T1, T2
#[test]
fn calls_within_a_process_nest_on_one_thread() -> Result<()> {
    let receiver = Receiver::start()?;
    let environment = with(
        receiver.environment(),
        &[("TANGO_TELEMETRY_TOPICS", "user")],
    );
    let [_, second, third] = DEVICES;
    let server = probes(&DEVICES, &environment)?;
    proxy(&server)?.command_inout::<_, Vec<String>>(
        "Forward",
        vec![server.device_url(second), server.device_url(third)],
    )?;
    server.terminate()?;
    let spans = receiver.spans();
    let of = |device: &str, name: &str| {
        let mut all = spans
            .iter()
            .filter(|span| span.instance() == device && span.name == name);
        let one = all
            .next()
            .with_context(|| format!("no {name} of {device}"))?;
        ensure!(all.next().is_none(), "several {name} of {device}");
        Ok(one)
    };
    // Each device connects to the next one before it calls it: what that call made current is gone then.
    let mut above = of(PROBE, "Probe.Forward")?;
    assert_eq!(above.parent_span_id, "");
    for (caller, device) in [(PROBE, second), (second, third)] {
        assert_eq!(of(caller, "DeviceProxy.new")?.parent_span_id, above.span_id);
        let call = of(caller, "DeviceProxy.command_inout")?;
        assert_eq!(call.parent_span_id, above.span_id);
        above = of(device, "Probe.Forward")?;
        assert_eq!(above.parent_span_id, call.span_id);
        assert_eq!(above.attr("thread.id"), call.attr("thread.id"));
    }
    Ok(())
}

/// A call of the first device, and when it was.
struct Call {
    settings: [&'static str; 3],
    /// The trace that it was made in.
    outer: Option<String>,
    from: u128,
    to: u128,
}

/// T1, T2, T3
#[test]
fn each_mix_of_settings_in_one_process_has_whole_traces() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probes(&DEVICES, &receiver.environment())?;
    let proxies = DEVICES.map(|device| DeviceProxy::new(&server.device_url(device)));
    let proxies = proxies.into_iter().collect::<Result<Vec<_>, _>>()?;
    let next: Vec<String> = DEVICES[1..]
        .iter()
        .map(|name| server.device_url(name))
        .collect();
    // The test's own client only hands on the outer span.
    propagate_when_disabled(true);
    let mut calls = Vec::new();
    for mix in 0..SETTINGS.len().pow(3) {
        let mut settings = ["", "", ""];
        for (place, proxy) in proxies.iter().enumerate() {
            settings[place] = SETTINGS[mix / SETTINGS.len().pow(place as u32) % SETTINGS.len()];
            switch(proxy, settings[place], &receiver)?;
        }
        for outer in [None, Some(format!("{:032x}", mix + 1))] {
            let traceparent = outer.as_ref().map(|trace| format!("00-{trace}-{OUTER}-01"));
            let cx = TraceContext::parse(&traceparent.unwrap_or_default(), "")?;
            let _current = cx.to_context(&Context::new()).attach();
            let from = now()?;
            proxies[0].command_inout::<_, ()>("Visit", next.clone())?;
            calls.push(Call {
                settings,
                outer,
                from,
                to: now()?,
            });
        }
    }
    server.terminate()?;
    let spans = receiver.spans();
    let faults: Vec<String> = calls.iter().flat_map(|call| faults(call, &spans)).collect();
    ensure!(
        faults.is_empty(),
        "{} faults, such as {:#?}",
        faults.len(),
        &faults[..faults.len().min(20)]
    );
    Ok(())
}

const OUTER: &str = "00000000000000ff";

fn switch(device: &DeviceProxy, setting: &str, receiver: &Receiver) -> Result<(), DevFailed> {
    device.start_telemetry()?;
    device.set_telemetry_topics(&[match setting {
        "user" | "database" => setting,
        _ => "all",
    }])?;
    device.set_telemetry_tracing(setting != "tracing_off")?;
    let endpoint = [TelemetryEndpoint::new("http", &receiver.http_endpoint())];
    let endpoints = if setting == "no_endpoints" {
        &[][..]
    } else {
        &endpoint
    };
    device.set_telemetry_tracing_endpoints(endpoints)?;
    if setting == "stopped" {
        device.stop_telemetry()?;
    }
    Ok(())
}

fn faults(call: &Call, spans: &[Span]) -> Vec<String> {
    let its = |span: &&Span| (call.from..=call.to).contains(&span.start.into());
    let its: Vec<&Span> = spans.iter().filter(its).collect();
    let mut faults = Vec::new();
    for span in &its {
        let is_parent = |other: &&&Span| {
            other.span_id == span.parent_span_id && other.trace_id == span.trace_id
        };
        let below_outer =
            call.outer.as_ref() == Some(&span.trace_id) && span.parent_span_id == OUTER;
        if !span.parent_span_id.is_empty() && !below_outer && !its.iter().any(|s| is_parent(&s)) {
            faults.push(format!(
                "{:?}: {} of {} is an orphan",
                call.settings,
                span.name,
                span.instance()
            ));
        }
        let place = DEVICES.iter().position(|device| *device == span.instance());
        let setting = place.map(|place| call.settings[place]);
        if !matches!(setting, Some("all" | "user")) {
            faults.push(format!(
                "{:?}: {} of {} is exported",
                call.settings,
                span.name,
                span.instance()
            ));
        }
        // Only a stopped device ends the trace.
        let cut = place.is_some_and(|place| call.settings[..place].contains(&"stopped"));
        let in_outer = call
            .outer
            .as_ref()
            .is_none_or(|trace| *trace == span.trace_id);
        if in_outer == cut && call.outer.is_some() {
            faults.push(format!(
                "{:?}: {} of {} in the wrong trace",
                call.settings,
                span.name,
                span.instance()
            ));
        }
    }
    for (place, setting) in call.settings.into_iter().enumerate() {
        let has = its
            .iter()
            .any(|span| span.instance() == DEVICES[place] && span.name == "Probe.Visit");
        if matches!(setting, "all" | "user") && !has {
            faults.push(format!(
                "{:?}: no Probe.Visit of {}",
                call.settings, DEVICES[place]
            ));
        }
    }
    faults
}

fn now() -> Result<u128> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos())
}
