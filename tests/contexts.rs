// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whose the context is, where it is easily mixed up.

mod common;

use std::thread;

use anyhow::{Context, Result};
use common::{
    EXPORT, count, has, named, parent,
    worker::{DEVICES, system, system_with},
};
use tango_bindings::TelemetryEndpoint;
use testbed::{DeviceServer, Receiver, Span, device};

const CALL: &str = "DeviceProxy.command_inout";
const KERNEL: &str = "Tango::Connection::command_inout";

/// What a method began with counts to its end, in both halves, also elsewhere.
#[test]
#[cfg_attr(not(tango_runtime_configuration), ignore = "needs cppTango 10.3")]
fn a_method_that_goes_on_elsewhere_keeps_what_it_began_with() -> Result<()> {
    for (change, place) in [
        ("endpoints", "thread"),
        ("endpoints", "task"),
        ("stop", "thread"),
        ("stop", "task"),
    ] {
        let at = format!("{change}, {place}");
        let system = system("all")?;
        let second = Receiver::start()?;
        let (device, other) = (system.proxy(DEVICES[0])?, system.proxy(DEVICES[1])?);
        let calling = system.proxy(DEVICES[0])?;
        let held = thread::spawn(move || calling.command_inout::<_, ()>("Held", place.to_string()));
        other.command_inout::<_, ()>("GoOn", ())?;
        if change == "stop" {
            device.stop_telemetry()?;
        } else {
            let endpoint = TelemetryEndpoint::new("http", &second.http_endpoint());
            device.set_telemetry_tracing_endpoints(&[endpoint])?;
        }
        other.command_inout::<_, ()>("GoOn", ())?;
        held.join().ok().context("a panic")??;
        let spans = system.receiver.wait_for(&at, EXPORT, |spans| {
            [CALL, KERNEL, "Worker.Noop", "Worker.Held"]
                .iter()
                .all(|name| has(spans, name))
        })?;
        let kernel = named(&spans, KERNEL)?;
        assert_eq!(parent(&spans, kernel)?.name, CALL, "{at}");
        assert_eq!(
            named(&spans, "Worker.Noop")?.trace_id,
            kernel.trace_id,
            "{at}"
        );
    }
    Ok(())
}

/// Off is the default: what a device has started then is its own when telemetry is on.
#[test]
#[cfg_attr(not(tango_runtime_configuration), ignore = "needs cppTango 10.3")]
fn a_thread_that_began_while_telemetry_was_off_is_the_devices() -> Result<()> {
    let system = system_with("all", &[("TANGO_TELEMETRY_ENABLE", "off")])?;
    let device = system.proxy(DEVICES[0])?;
    let step = |step: &str| device.command_inout::<_, ()>("Lasting", step.to_string());
    step("begin")?;
    device.start_telemetry()?;
    step("attach")?;
    step("call")?;
    let spans = system.receiver.wait_for("the late call", EXPORT, |spans| {
        has(spans, "late") && has(spans, CALL) && has(spans, KERNEL)
    })?;
    for name in ["late", CALL, KERNEL] {
        assert_eq!(named(&spans, name)?.instance(), DEVICES[0], "{name}");
    }
    assert_eq!(parent(&spans, named(&spans, KERNEL)?)?.name, CALL);
    assert_eq!(parent(&spans, named(&spans, CALL)?)?.name, "late");
    Ok(())
}

/// L6
#[test]
fn a_span_of_the_device_within_the_users_is_its_child() -> Result<()> {
    for topic in ["user", "all"] {
        let system = system(topic)?;
        system
            .proxy(DEVICES[0])?
            .command_inout::<_, ()>("Nested", ())?;
        let spans = system
            .receiver
            .wait_for("the method", EXPORT, |spans| has(spans, "Worker.Nested"))?;
        let above = |name: &str| -> Result<&str> {
            Ok(parent(&spans, named(&spans, name)?)?.name.as_str())
        };
        assert_eq!(above("Worker.in_own")?, "own");
        assert_eq!(above("Worker.in_traced")?, "traced");
        assert_eq!(above("Worker.in_call")?, "own in a call");
        assert_eq!(above("own in a call")?, "Worker.call");
    }
    Ok(())
}

/// An async method, which a runtime's thread runs.
#[test]
fn a_method_that_is_a_future_is_the_parent_of_its_calls() -> Result<()> {
    let system = system("user")?;
    system
        .proxy(DEVICES[0])?
        .command_inout::<_, ()>("Async", ())?;
    let spans = system.receiver.wait_for("the method", EXPORT, |spans| {
        has(spans, "Worker.Async") && has(spans, "Worker.Noop")
    })?;
    let work = named(&spans, "Worker.work")?;
    assert_eq!(parent(&spans, work)?.name, "Worker.Async");
    let call = named(&spans, CALL)?;
    assert_eq!((parent(&spans, call)?, call.instance()), (work, DEVICES[0]));
    Ok(())
}

/// A task without a context has none where somebody else polls it.
#[test]
fn a_foreign_task_is_not_the_devices_that_polls_it() -> Result<()> {
    let system = system("all")?;
    system
        .proxy(DEVICES[0])?
        .command_inout::<_, ()>("Foreign", ())?;
    let spans = system.receiver.wait_for("the call", EXPORT, |spans| {
        has(spans, CALL) && has(spans, KERNEL) && has(spans, "Worker.Foreign")
    })?;
    let call = named(&spans, CALL)?;
    assert_eq!(
        (call.service(), call.parent_span_id.as_str()),
        ("tango.rust.client", "")
    );
    assert_ne!(call.trace_id, named(&spans, "Worker.Foreign")?.trace_id);
    assert_eq!(parent(&spans, named(&spans, KERNEL)?)?, call);
    Ok(())
}

/// L2
#[test]
#[cfg_attr(not(tango_runtime_configuration), ignore = "needs cppTango 10.3")]
fn an_async_call_of_a_stopped_device_is_nobody_elses() -> Result<()> {
    let system = system("all")?;
    let device = system.proxy(DEVICES[0])?;
    device.stop_telemetry()?;
    device.command_inout::<_, ()>("Spawned", ())?;
    system
        .receiver
        .wait_for("the peer's span", EXPORT, |spans| has(spans, "Worker.Noop"))?;
    system.server.terminate()?;
    let spans = system.receiver.spans();
    assert_eq!(
        (
            count(&spans, CALL),
            count(&spans, "Worker.task"),
            count(&spans, KERNEL)
        ),
        (0, 0, 0)
    );
    Ok(())
}

#[test]
fn a_task_that_ends_with_its_thread_does_no_harm() -> Result<()> {
    for enable in ["off", "on"] {
        let system = system_with("user", &[("TANGO_TELEMETRY_ENABLE", enable)])?;
        let device = system.proxy(DEVICES[0])?;
        device.command_inout::<_, ()>("Stored", ())?;
        device.command_inout::<_, ()>("Noop", ())?;
        assert!(system.server.terminate()?.success());
    }
    Ok(())
}

/// What exporters do makes spans of the `tracing` crate too, which are not to be exported in turn.
#[test]
fn exporters_do_not_export_their_own_spans() -> Result<()> {
    for processor in ["batch", "simple"] {
        let receiver = Receiver::start()?;
        let settings = [
            ("TANGO_TELEMETRY_TOPICS", "user"),
            ("TANGO_RUST_TELEMETRY_SPAN_PROCESSOR_TYPE", processor),
        ];
        let environment = common::with(receiver.grpc_environment(), &settings);
        let worker = device::example("worker")?;
        let server = DeviceServer::start(&worker, "test", &DEVICES[..1], &environment)?;
        let proxy = tango_bindings::DeviceProxy::new(&server.device_url(DEVICES[0]))?;
        proxy.command_inout::<_, ()>("Nested", ())?;
        receiver.wait_for("a first export", EXPORT, |spans| {
            has(spans, "Worker.Nested")
        })?;
        proxy.command_inout::<_, ()>("Nested", ())?;
        receiver.wait_for("a second export", EXPORT, |spans| {
            count(spans, "Worker.Nested") == 2
        })?;
        server.terminate()?;
        let known = |span: &&Span| span.service() == "Worker" && span.instance() == DEVICES[0];
        let spans = receiver.spans();
        let others: Vec<&Span> = spans.iter().filter(|span| !known(span)).collect();
        assert!(others.is_empty(), "{processor}: {others:?}");
        assert_eq!(count(&spans, "traced"), 2);
    }
    Ok(())
}
