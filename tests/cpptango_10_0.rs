// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is different with cppTango 10.0 to 10.2: variables of their own, one exporter, no topics, no operator. The other
//! test files show what is the same.
#![cfg(all(tango_telemetry, not(tango_runtime_configuration)))]

mod common;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use common::{EXPORT, PROBE, admin, caller, count, has, probe, probes, proxy, refused, with};
use cpptango_telemetry::{RUNTIME_CONFIGURATION_SUPPORTED, TELEMETRY_SUPPORTED};
use tango_bindings::DeviceProxy;
use testbed::{DeadCollector, DeviceServer, Failure, Receiver, Span, Trace};

const OTHER: &str = "test/probe/2";

/// B1
#[test]
fn telemetry_is_there_and_no_operator_changes_it() -> Result<()> {
    const { assert!(TELEMETRY_SUPPORTED && !RUNTIME_CONFIGURATION_SUPPORTED) };
    let server = probe(&[])?;
    let stop = admin(&server)?.command_inout::<_, ()>("StopTelemetry", vec![PROBE.to_string()]);
    let refused = stop.err().context("there is such a command")?;
    assert_eq!(refused.cause().reason, "API_CommandNotFound");
    Ok(())
}

/// B1, T1, T3: also through a device that exports no spans, where cppTango alone would begin another trace.
#[test]
fn a_request_is_one_trace_through_three_devices() -> Result<()> {
    for exporter in ["http", "none"] {
        let receiver = Receiver::start()?;
        let environment = receiver.environment();
        let middle = with(
            environment.clone(),
            &[("TANGO_TELEMETRY_TRACES_EXPORTER", exporter)],
        );
        let [first, second, third] = [probe(&environment)?, probe(&middle)?, probe(&environment)?];
        let way = [&second, &third].map(|server| server.device_url(PROBE));
        proxy(&first)?.command_inout::<_, Vec<String>>("Forward", way.to_vec())?;
        let exporting = if exporter == "none" { 2 } else { 3 };
        let wanted = "Tango::Device_4Impl::command_inout_4";
        receiver.wait_for("the devices", EXPORT, |spans| {
            count(spans, "Probe.Forward") == exporting && count(spans, wanted) == exporting
        })?;
        for server in [first, second, third] {
            server.terminate()?;
        }
        let traces = Trace::all(&receiver.spans());
        let mut of_call = traces
            .iter()
            .filter(|trace| has(&trace.spans, "Probe.Forward"));
        let of_call = of_call.next().context("no trace of the call")?;
        assert_eq!(count(&of_call.spans, "Probe.Forward"), exporting);
        let orphans = of_call.orphans();
        assert!(
            orphans.is_empty() && of_call.roots().len() == 1,
            "{orphans:?}"
        );
    }
    Ok(())
}

/// A server of two devices that exports log records too.
fn logging(receiver: &Receiver) -> Result<DeviceServer> {
    let logs = receiver.http_logs_endpoint();
    let environment = with(
        receiver.environment(),
        &[
            ("TANGO_TELEMETRY_LOGS_EXPORTER", "http"),
            ("TANGO_TELEMETRY_LOGS_ENDPOINT", &logs),
        ],
    );
    probes(&[PROBE, OTHER], &environment)
}

/// B1, D15, G1
#[test]
fn each_device_logs_in_its_own_name_within_its_span() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = logging(&receiver)?;
    for device in [PROBE, OTHER] {
        let proxy = DeviceProxy::new(&server.device_url(device))?;
        proxy.command_inout::<_, ()>("Warn", format!("of {device}"))?;
    }
    let records = receiver.wait_for_logs("both logs", EXPORT, |logs| logs.len() >= 2)?;
    let spans = receiver.wait_for("both commands", EXPORT, |spans| {
        count(spans, "Probe.Warn") == 2
    })?;
    for device in [PROBE, OTHER] {
        let mut own = records.iter().filter(|log| log.instance() == device);
        let log = own.next().with_context(|| format!("no log of {device}"))?;
        assert_eq!(
            (log.body.as_str(), own.count()),
            (&*format!("of {device}"), 0)
        );
        let mut own = spans
            .iter()
            .filter(|span| span.name == "Probe.Warn" && span.instance() == device);
        assert_eq!(own.next().map(|span| &span.span_id), Some(&log.span_id));
    }
    Ok(())
}

/// B1, C6, C12
#[test]
fn its_variables_are_checked_and_later_ones_warned_of() -> Result<()> {
    let variable = "TANGO_TELEMETRY_TRACES_EXPORTER";
    let two = [
        ("TANGO_TELEMETRY_ENABLE", "on".to_string()),
        (variable, "http,grpc".to_string()),
    ];
    for said in refused(&two)? {
        assert!(
            said.contains(variable) && said.contains("one of them"),
            "{said}"
        );
    }
    let receiver = Receiver::start()?;
    let environment = with(
        receiver.environment(),
        &[
            ("TANGO_TELEMETRY_ENABLE", " Yes"),
            ("TANGO_TELEMETRY_TRACING_EXPORTERS", "console"),
        ],
    );
    let server = probe(&environment)?;
    let wanted = "TANGO_TELEMETRY_TRACING_EXPORTERS has no effect before cppTango 10.3: write \
                  TANGO_TELEMETRY_TRACES_EXPORTER instead";
    assert!(server.output().contains(wanted), "{}", server.output());
    proxy(&server)?.command_inout::<(), Vec<String>>("Context", ())?;
    receiver.wait_for("both halves", EXPORT, |spans| {
        has(spans, "Probe.Context") && has(spans, "Tango::Device_4Impl::command_inout_4")
    })?;
    Ok(())
}

/// B1, L5: what a client changes of its own telemetry needs no operator.
#[test]
fn a_client_switches_its_own_telemetry() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&[])?;
    let switched = caller("switch", &server, &receiver.environment())?;
    let traces: Vec<&str> = switched.lines().collect();
    let spans = receiver.wait_for("the last call", EXPORT, |spans| {
        spans.iter().any(|span| span.trace_id == traces[2])
    })?;
    let has = |trace: &str| spans.iter().any(|span| span.trace_id == trace);
    assert_eq!([has(traces[0]), has(traces[1])], [true, false]);
    Ok(())
}

/// B1: cppTango 10.0 asks for the context to hand on where telemetry is disabled, too.
#[test]
fn a_disabled_client_hands_nothing_on() -> Result<()> {
    let silent = [
        ("TANGO_TELEMETRY_ENABLE", "on".to_string()),
        ("TANGO_TELEMETRY_TRACES_EXPORTER", "none".to_string()),
    ];
    let server = probe(&silent)?;
    let scopes = caller("scopes", &server, &[])?;
    let told = |step: &str| scopes.lines().find_map(|line| line.strip_prefix(step));
    let asked = ["attached-device ", "new-device "].map(|step| told(step).map(str::trim));
    assert_eq!(asked, [Some(""); 2], "{scopes}");
    // The same client, enabled: it is handed on by all means.
    let scopes = caller("scopes", &server, &silent)?;
    assert!(scopes.contains("attached-device 00-"), "{scopes}");
    Ok(())
}

/// B1: cppTango makes the devices anew, and with RestartServer the interface of the admin device.
#[test]
fn spans_and_logs_go_on_after_restarts() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = logging(&receiver)?;
    for restart in ["DevRestart", "RestartServer"] {
        if restart == "DevRestart" {
            admin(&server)?.command_inout::<_, ()>(restart, PROBE.to_string())?;
        } else {
            admin(&server)?.command_inout::<(), ()>(restart, ())?;
            server.process().wait_for_line("initialized 5", EXPORT)?;
        }
        for device in [PROBE, OTHER] {
            let warn = || {
                let proxy = DeviceProxy::new(&server.device_url(device))?;
                proxy.command_inout::<_, ()>("Warn", restart.to_string())
            };
            // After RestartServer not at once for clients.
            let deadline = Instant::now() + EXPORT;
            let mut warned = warn();
            while warned.is_err() && Instant::now() < deadline {
                warned = warn();
            }
            warned?;
        }
        let records = receiver.wait_for_logs(restart, EXPORT, |logs| {
            logs.iter().filter(|log| log.body == restart).count() >= 2
        })?;
        let records: Vec<_> = records.iter().filter(|log| log.body == restart).collect();
        let span_of = |spans: &[Span], id: &str| {
            let mut spans = spans.iter();
            spans.any(|span| span.name == "Probe.Warn" && span.span_id == id)
        };
        receiver.wait_for(restart, EXPORT, |spans| {
            records.iter().all(|log| span_of(spans, &log.span_id))
        })?;
        for device in [PROBE, OTHER] {
            let own = records.iter().filter(|log| log.instance() == device);
            assert_eq!(own.count(), 1, "{restart} of {device}");
        }
    }
    Ok(())
}

/// B1, D6: cppTango 10.0 alone waits some 10 s for each device.
#[test]
fn a_dead_collector_does_not_keep_a_server_from_ending() -> Result<()> {
    let collector = DeadCollector::start(Failure::Silent)?;
    let server = probe(&collector.environment())?;
    proxy(&server)?.command_inout::<(), Vec<String>>("Context", ())?;
    let (status, took) = server.terminate_timed()?;
    assert!(
        status.success() && took < Duration::from_secs(5),
        "{took:?}"
    );
    Ok(())
}
