// SPDX-License-Identifier: MIT OR Apache-2.0
//! The examples, as their users would run them.
#![cfg(tango_runtime_configuration)]

mod common;

use std::process::Command;

use anyhow::{Result, ensure};
use common::{EXPORT, count, has, named, parent, with};
use tango_bindings::DeviceProxy;
use testbed::{DeviceServer, Kind, Receiver, Span, Status, device, process};

const EXAMPLE: &str = "test/example/1";

fn configure(receiver: &Receiver) -> Result<DeviceServer> {
    let server = device::example("configure")?;
    DeviceServer::start(&server, "test", &[EXAMPLE], &environment(receiver))
}

/// User spans only: then Rust's are each other's parents from process to process too.
fn environment(receiver: &Receiver) -> Vec<(&'static str, String)> {
    with(
        receiver.environment(),
        &[("TANGO_TELEMETRY_TOPICS", "user")],
    )
}

/// What a client prints that exports to the receiver.
fn client(name: &str, receiver: &Receiver, devices: &[String]) -> Result<String> {
    let mut client = Command::new(device::example(name)?);
    client.args(devices);
    process::telemetry_env(&mut client, &environment(receiver));
    let ended = process::run(name, client, EXPORT)?;
    ensure!(ended.status.success(), "{}", ended.stderr);
    Ok(ended.stdout)
}

fn names_below<'a>(spans: &'a [Span], above: &Span) -> Vec<&'a str> {
    let mut below: Vec<&Span> = spans
        .iter()
        .filter(|span| span.parent_span_id == above.span_id)
        .collect();
    below.sort_by_key(|span| span.start);
    below.iter().map(|span| span.name.as_str()).collect()
}

/// The example of PyTango's how-to: the current span, and one of the device's own below it.
#[test]
fn configure_adds_to_its_span_and_makes_another() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = configure(&receiver)?;
    let proxy = DeviceProxy::new(&server.device_url(EXAMPLE))?;
    proxy.command_inout::<_, ()>("Configure", "gain=2.5".to_string())?;
    let spans = receiver.wait_for("the command", EXPORT, |spans| {
        has(spans, "Example.Configure")
    })?;
    let command = named(&spans, "Example.Configure")?;
    assert_eq!(command.attr("configuration"), Some("gain=2.5"));
    let [event] = command.events.as_slice() else {
        anyhow::bail!("{:?}", command.events);
    };
    assert_eq!(event.name, "configuration requested");
    let own = named(&spans, "manager.configure")?;
    assert_eq!(parent(&spans, own)?, command);
    assert_eq!(
        (own.kind, own.instance(), own.attr("gain")),
        (Kind::Internal, EXAMPLE, Some("2.5"))
    );

    // Where the device makes no spans, the same code runs on without.
    proxy.stop_telemetry()?;
    receiver.clear();
    proxy.command_inout::<_, ()>("Configure", "gain=3".to_string())?;
    assert_eq!(proxy.read_attribute::<f64>("gain")?, 3.0);
    proxy.start_telemetry()?;
    let failed = proxy.command_inout::<_, ()>("Configure", "loud".to_string());
    assert!(failed.is_err());
    let spans = receiver.wait_for("the failure", EXPORT, |spans| {
        has(spans, "Example.Configure")
    })?;
    let failed = named(&spans, "Example.Configure")?;
    assert!(matches!(&failed.status, Status::Error(text) if text.contains("gain=NUMBER")));
    assert_eq!(failed.attr("configuration"), Some("loud"));
    Ok(())
}

/// L6
#[test]
fn spans_of_a_tracing_client_are_parents_of_its_calls() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = configure(&receiver)?;
    let printed = client("tracing_client", &receiver, &[server.device_url(EXAMPLE)])?;
    assert_eq!(printed, "gain 2.5\n");
    let spans = receiver.wait_for("the calls", EXPORT, |spans| {
        has(spans, "tune") && has(spans, "Example.read_gain")
    })?;
    let tune = named(&spans, "tune")?;
    assert_eq!(
        (tune.service(), tune.parent_span_id.as_str()),
        ("tango.rust.client", "")
    );
    assert_eq!(
        names_below(&spans, tune),
        ["DeviceProxy.command_inout", "verify"]
    );
    assert!(tune.events.iter().any(|event| event.name == "configured"));
    let read = parent(&spans, named(&spans, "Example.read_gain")?)?;
    assert_eq!(read.name, "DeviceProxy.read_attribute");
    assert_eq!(parent(&spans, read)?.name, "verify");
    Ok(())
}

/// L3
#[test]
fn an_async_clients_calls_are_below_its_span() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = configure(&receiver)?;
    let device = server.device_url(EXAMPLE);
    client(
        "async_client",
        &receiver,
        &[device.clone(), device.clone(), device],
    )?;
    let spans = receiver.wait_for("the calls", EXPORT, |spans| {
        has(spans, "survey") && count(spans, "Example.read_gain") == 3
    })?;
    let survey = named(&spans, "survey")?;
    let mut below = names_below(&spans, survey);
    below.sort_unstable();
    let calls = [
        "DeviceProxy.new",
        "DeviceProxy.ping",
        "DeviceProxy.read_attribute",
    ];
    assert_eq!(below, calls.map(|call| [call; 3]).concat());
    Ok(())
}
