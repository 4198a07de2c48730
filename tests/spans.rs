// SPDX-License-Identifier: MIT OR Apache-2.0
//! Spans of device methods and of client calls.

mod common;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use common::{EXPORT, PROBE, count, has, named, parent, probe, proxy, with};
use tango_bindings::TelemetryEndpoint;
use testbed::{Kind, Receiver, Span, Status};

/// S2
#[test]
fn an_attribute_read_has_its_methods_in_order_under_one_request() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    proxy(&server)?.read_attribute::<f64>("value")?;
    let request = "Tango::Device_5Impl::read_attributes_5";
    let spans = receiver.wait_for("the request", EXPORT, |spans| {
        has(spans, request) && has(spans, "Probe.read_value")
    })?;
    let request = named(&spans, request)?;
    let mut below: Vec<&Span> = spans
        .iter()
        .filter(|span| span.parent_span_id == request.span_id)
        .collect();
    below.sort_by_key(|span| span.start);
    let names: Vec<&str> = below.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Probe.always_executed_hook",
            "Probe.read_attr_hardware",
            "Probe.is_value_allowed",
            "Probe.read_value"
        ]
    );
    for span in below {
        assert_eq!(
            (span.kind, &span.status, span.language()),
            (Kind::Server, &Status::Unset, "rust")
        );
    }

    // A write is told from a read by its name.
    receiver.clear();
    proxy(&server)?.write_attribute("value", 2.5)?;
    let spans = receiver.wait_for("the writing", EXPORT, |spans| {
        has(spans, "Probe.write_value") && has(spans, "Tango::Device_4Impl::write_attributes_4")
    })?;
    let request = parent(&spans, named(&spans, "Probe.write_value")?)?;
    assert_eq!(request.name, "Tango::Device_4Impl::write_attributes_4");
    Ok(())
}

/// S3
#[test]
fn a_refused_command_has_no_body_span_and_its_request_is_an_error() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    let failed = proxy(&server)?.command_inout::<(), ()>("Refused", ());
    assert_eq!(
        failed.err().context("not refused")?.cause().reason,
        "API_CommandNotAllowed"
    );
    let request = "Tango::Device_4Impl::command_inout_4";
    let spans = receiver.wait_for("the request", EXPORT, |spans| {
        has(spans, request) && has(spans, "Probe.is_Refused_allowed")
    })?;
    let asked = named(&spans, "Probe.is_Refused_allowed")?;
    assert_eq!(asked.status, Status::Unset);
    let request = parent(&spans, asked)?;
    assert!(
        matches!(request.status, Status::Error(_)),
        "{:?}",
        request.status
    );
    server.terminate()?;
    assert!(!has(&receiver.spans(), "Probe.Refused"));
    Ok(())
}

/// S4
#[test]
fn a_failing_command_tells_all_in_one_event_and_the_client_gets_the_same_error() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    // Two bytes a character, an odd prefix: a cut in the middle of one must not happen.
    let description = "ä".repeat(1500);
    let failed = proxy(&server)?.command_inout::<_, ()>("Fail", description.clone());
    let failed = failed.err().context("has not failed")?;
    let cause = failed.cause();
    assert_eq!(
        (
            cause.reason.as_str(),
            cause.desc.as_str(),
            cause.origin.as_str()
        ),
        ("Probe_Failed", description.as_str(), "Probe::Fail")
    );

    let spans = receiver.wait_for("the failure", EXPORT, |spans| has(spans, "Probe.Fail"))?;
    let span = named(&spans, "Probe.Fail")?;
    let Status::Error(text) = &span.status else {
        anyhow::bail!("status {:?}", span.status);
    };
    assert!(text.starts_with("DevFailed: Probe_Failed: ää"), "{text}");
    assert!((1020..=1024).contains(&text.len()), "{} bytes", text.len());
    let [event] = span.events.as_slice() else {
        anyhow::bail!("events {:?}", span.events);
    };
    assert_eq!(event.name, "exception");
    let expected: BTreeMap<String, String> = [
        ("exception.type", "DevFailed".to_string()),
        ("exception.message", format!("Probe_Failed: {description}")),
        ("tango.error.reason", "Probe_Failed".to_string()),
        ("tango.error.desc", description),
        ("tango.error.origin", "Probe::Fail".to_string()),
    ]
    .map(|(key, value)| (key.to_string(), value))
    .into();
    assert_eq!(event.attributes, expected);
    Ok(())
}

/// Names and attributes of a command, as design and PyTango have them.
#[test]
fn the_span_of_a_command_says_where_it_is_and_who_called() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    let url = server.device_url(PROBE);
    proxy(&server)?.command_inout::<_, Vec<String>>("Forward", vec![url])?;
    let spans = receiver.wait_for("the command", EXPORT, |spans| {
        count(spans, "Probe.Forward") == 2 && has(spans, "Tango::Connection::command_inout")
    })?;
    let kernel = named(&spans, "Tango::Connection::command_inout")?;
    let span = parent(&spans, parent(&spans, kernel)?)?;
    assert_eq!(span.name, "Probe.Forward");
    let attr = |key| {
        span.attr(key)
            .with_context(|| format!("no {key} in {:?}", span.attributes))
    };
    assert_eq!(attr("code.filepath")?, "probe.rs");
    assert!(attr("code.lineno")?.parse::<u32>()? > 1);
    assert_eq!(attr("tango.operation.target")?, PROBE);
    assert_eq!(attr("tango.operation.argument")?, "Forward");
    assert_eq!(attr("tango.telemetry.topic")?, "user");
    assert_eq!(
        attr("tango.client_ident.pid")?,
        std::process::id().to_string()
    );
    assert_eq!(attr("tango.client_ident.lang")?, "CPP_6");
    assert!(attr("tango.client_ident.location")?.contains("127.0.0.1"));
    // The same thread, named alike by both halves.
    assert_eq!(span.attr("thread.id"), kernel.attr("thread.id"));
    assert!(!attr("thread.name")?.is_empty());
    Ok(())
}

/// L1
#[test]
#[cfg_attr(not(tango_runtime_configuration), ignore = "needs cppTango 10.3")]
fn each_call_of_a_device_proxy_is_one_client_span_below_the_callers() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&[])?;
    common::caller("calls", &server, &receiver.environment())?;

    let methods = [
        "new",
        "ping",
        "state",
        "status",
        "command_inout",
        "write_attribute",
        "read_attribute",
        "set_telemetry_tracing",
        "get_telemetry_tracing",
        "add_telemetry_tracing_endpoint",
        "get_telemetry_tracing_endpoints",
        "remove_telemetry_tracing_endpoint",
        "set_telemetry_tracing_endpoints",
        "set_telemetry_logging",
        "get_telemetry_logging",
        "add_telemetry_logging_endpoint",
        "get_telemetry_logging_endpoints",
        "remove_telemetry_logging_endpoint",
        "set_telemetry_logging_endpoints",
        "set_telemetry_topics",
        "get_telemetry_topics",
        "stop_telemetry",
        "is_telemetry_enabled",
        "start_telemetry",
    ];
    let spans = receiver.wait_for("a span for each method", EXPORT, |spans| {
        methods
            .iter()
            .all(|method| has(spans, &format!("DeviceProxy.{method}")))
    })?;
    let rust: Vec<&Span> = spans
        .iter()
        .filter(|span| span.language() == "rust")
        .collect();
    assert_eq!(rust.len(), methods.len());
    for method in methods {
        let span = named(&spans, &format!("DeviceProxy.{method}"))?;
        assert_eq!(
            (span.kind, &span.status),
            (Kind::Client, &Status::Unset),
            "{method}"
        );
        assert_eq!(
            span.trace_id, "0af7651916cd43dd8448eb211c80319c",
            "{method}"
        );
        assert_eq!(span.parent_span_id, "b7ad6b7169203331", "{method}");
        assert_eq!(span.service(), "tango.rust.client", "{method}");
        assert_eq!(span.scope, "tango.rust.client", "{method}");
        assert_eq!(
            span.attr("tango.operation.target"),
            Some(server.device_url(PROBE).as_str())
        );
        assert_eq!(span.attr("code.filepath"), Some("caller.rs"), "{method}");
    }
    Ok(())
}

/// What a device without telemetry calls is its own, also when a device of the same process has called it.
#[test]
#[cfg_attr(not(tango_runtime_configuration), ignore = "needs cppTango 10.3")]
fn calls_of_a_stopped_device_are_nobody_elses() -> Result<()> {
    let receiver = Receiver::start()?;
    let silent = "test/probe/2";
    let server = common::probes(&[PROBE, silent], &[])?;
    let device = proxy(&server)?;
    let endpoint = TelemetryEndpoint::new("http", &receiver.http_endpoint());
    device.set_telemetry_tracing_endpoints(&[endpoint])?;
    device.start_telemetry()?;
    let [first, second] = [PROBE, silent].map(|device| server.device_url(device));
    device.command_inout::<_, Vec<String>>("Forward", vec![second.clone(), first])?;
    device.stop_telemetry()?;
    let spans = receiver.wait_for("both requests of the first device", EXPORT, |spans| {
        count(spans, "Probe.Forward") == 2
    })?;
    let calls: Vec<&Span> = spans
        .iter()
        .filter(|span| span.language() == "rust" && span.kind == Kind::Client)
        .collect();
    assert_eq!(
        calls.len(),
        2,
        "DeviceProxy.new and .command_inout: {calls:?}"
    );
    for call in calls {
        assert_eq!(
            call.attr("tango.operation.target"),
            Some(second.as_str()),
            "{}",
            call.name
        );
    }
    Ok(())
}

/// L2: with the context goes whose calls they are, for both halves.
#[test]
#[cfg_attr(not(tango_runtime_configuration), ignore = "needs cppTango 10.3")]
fn calls_of_a_device_on_another_thread_are_the_devices() -> Result<()> {
    let receiver = Receiver::start()?;
    let peer = probe(&[])?;
    let environment = with(
        receiver.environment(),
        &[("PROBE_PEER", &peer.device_url(PROBE))],
    );
    let server = probe(&environment)?;
    let device = proxy(&server)?;
    device.command_inout::<(), Vec<String>>("AskPeerElsewhere", ())?;
    device.stop_telemetry()?;
    device.command_inout::<(), Vec<String>>("AskPeerElsewhere", ())?;
    server.terminate()?;
    let spans = receiver.spans();
    let method = named(&spans, "Probe.AskPeerElsewhere")?;
    for name in [
        "DeviceProxy.command_inout",
        "Tango::Connection::command_inout",
    ] {
        let call = named(&spans, name)?;
        assert_eq!(
            (call.service(), call.instance()),
            ("Probe", PROBE),
            "{name}"
        );
        assert_eq!(call.trace_id, method.trace_id, "{name}");
        assert_ne!(call.attr("thread.id"), method.attr("thread.id"), "{name}");
    }
    Ok(())
}
