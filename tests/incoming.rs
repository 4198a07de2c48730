// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a request brings, and what goes on from there, where kernel spans are not exported.
#![cfg(tango_runtime_configuration)]

mod common;

use anyhow::{Result, ensure};
use common::{
    EXPORT, PROBE, admin,
    giop::{Client, command_inout_4},
    has, named, parent, probe, proxy, with,
};
use tango_bindings::{DevFailed, DeviceProxy};
use testbed::{DeviceServer, Receiver, Span, Trace, device};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// A device that exports user spans only: the kernel span of its request must be nobody's parent.
fn user_probe(receiver: &Receiver, more: &[(&'static str, &str)]) -> Result<DeviceServer> {
    let environment = with(
        receiver.environment(),
        &[("TANGO_TELEMETRY_TOPICS", "user")],
    );
    probe(&with(environment, more))
}

/// The spans of the server, which ends for that.
fn exported(server: &DeviceServer, receiver: &Receiver) -> Result<Vec<Span>> {
    server.terminate()?;
    Ok(receiver.spans())
}

/// X3, T4
#[test]
fn a_request_begins_where_its_caller_says_or_anew() -> Result<()> {
    let (id, caller) = (TRACE, CALLER);
    let receiver = Receiver::start()?;
    let server = user_probe(&receiver, &[])?;
    let good = format!("00-{id}-{caller}-01");
    let requests = [
        (Client::Cpp6(&good, "vendor=value"), Some(CALLER)),
        // A client of IDL 5 says nothing.
        (Client::Cpp, Some("")),
        (Client::Cpp6("", ""), Some("")),
        (Client::Cpp6(&good[..54], ""), Some("")),
        (Client::Cpp6(&format!("ff{}", &good[2..]), ""), Some("")),
        (
            Client::Cpp6(&format!("00-{}-{caller}-01", "0".repeat(32)), ""),
            Some(""),
        ),
        (Client::Cpp6(&format!("{good}-more"), "=,=,="), Some("")),
        (Client::Cpp6(&"ü".repeat(4096), &"é".repeat(4096)), Some("")),
        // Whoever samples, the decision stays.
        (Client::Cpp6(&format!("00-{id}-{caller}-00"), ""), None),
        (
            Client::Cpp6(&format!("00-{id}-{caller}-03"), ""),
            Some(CALLER),
        ),
        (
            Client::Cpp6(&format!("cc-{id}-{caller}-01-what"), ""),
            Some(CALLER),
        ),
    ];
    let mut expected = Vec::new();
    for (client, parent) in requests {
        command_inout_4(&server, PROBE, "Context", client)?;
        expected.extend(parent);
    }
    let mut spans = exported(&server, &receiver)?;
    spans.retain(|span| span.name == "Probe.Context");
    spans.sort_by_key(|span| span.start);
    let parents: Vec<&str> = spans
        .iter()
        .map(|span| span.parent_span_id.as_str())
        .collect();
    assert_eq!(parents, expected);
    for span in spans {
        assert_eq!(
            span.parent_span_id.is_empty(),
            span.trace_id != TRACE,
            "{span:?}"
        );
    }
    Ok(())
}

/// X2, T1: cppTango reads with an empty identification what it has written.
#[test]
fn both_halves_of_write_read_attribute_are_below_its_caller() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = user_probe(&receiver, &[])?;
    common::caller("write_read", &server, &receiver.environment())?;
    let spans = exported(&server, &receiver)?;
    let call = named(&spans, "Tango::DeviceProxy::write_read_attribute")?;
    for name in ["Probe.write_value", "Probe.read_value"] {
        let parent = parent(&spans, named(&spans, name)?)?;
        assert_eq!(
            parent.span_id, call.span_id,
            "{name} is below {}",
            parent.name
        );
    }
    Ok(())
}

/// T2: nobody is the parent of all spans of these requests, and yet they are of one trace.
#[test]
fn the_spans_of_a_request_that_brings_nothing_are_one_trace() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = user_probe(&receiver, &[])?;
    let device = proxy(&server)?;
    device.read_attribute::<f64>("value")?;
    device.command_inout::<(), Vec<String>>("Context", ())?;
    let traces = Trace::all(&exported(&server, &receiver)?);
    let names: Vec<Vec<&str>> = traces
        .iter()
        .map(|trace| {
            trace
                .roots()
                .iter()
                .map(|span| span.name.as_str())
                .collect()
        })
        .collect();
    let read = [
        "always_executed_hook",
        "read_attr_hardware",
        "is_value_allowed",
        "read_value",
    ];
    let read = read.map(|name| format!("Probe.{name}"));
    assert_eq!(names[0], ["Probe.init_device"]);
    assert_eq!(names[1], read);
    assert_eq!(names[2], ["Probe.always_executed_hook", "Probe.Context"]);
    assert_eq!(names[3], ["Probe.delete_device"]);
    assert_eq!(names.len(), 4, "{names:?}");
    Ok(())
}

/// T1, T3: neither carries a context, and cppTango leaves them this thread's interface.
#[test]
fn polled_methods_are_the_devices_and_begin_anew() -> Result<()> {
    let receiver = Receiver::start()?;
    let peer = probe(&[])?;
    let server = user_probe(&receiver, &[("PROBE_PEER", &peer.device_url(PROBE))])?;
    let admin = admin(&server)?;
    for polled in [["command", "askpeer"], ["attribute", "value"]] {
        let name = vec![
            PROBE.to_string(),
            polled[0].to_string(),
            polled[1].to_string(),
        ];
        admin.command_inout::<_, ()>("AddObjPolling", (vec![100], name))?;
    }
    let spans = receiver.wait_for("both to be polled", EXPORT, |spans| {
        has(spans, "Probe.AskPeer") && has(spans, "Probe.read_value")
    })?;
    for name in ["Probe.AskPeer", "Probe.read_value"] {
        for span in spans.iter().filter(|span| span.name == name) {
            assert_eq!(span.parent_span_id, "", "{name}");
        }
    }
    Ok(())
}

/// T3: a stopped device is silent, whatever the environment says of cppTango's default interface.
#[test]
fn what_a_stopped_device_does_for_state_or_polling_is_silent() -> Result<()> {
    let receiver = Receiver::start()?;
    let peer = probe(&[])?;
    let environment = with(
        receiver.environment(),
        &[
            ("PROBE_PEER", &peer.device_url(PROBE)),
            ("PROBE_HOOK", "asks"),
        ],
    );
    let server = probe(&environment)?;
    let device = proxy(&server)?;
    device.stop_telemetry()?;
    device.state()?;
    device.status()?;
    device.ping()?;
    let polled = [PROBE, "command", "askpeer"].map(str::to_string).to_vec();
    admin(&server)?.command_inout::<_, ()>("AddObjPolling", (vec![50], polled))?;
    // Hook and command of the third polling, at the earliest.
    server.process().wait_for_line("asked 9", EXPORT)?;
    let spans = exported(&server, &receiver)?;
    // The device began enabled, and its admin device stays so.
    let known =
        |span: &&Span| span.name != "Probe.init_device" && span.instance() != "dserver/probe/test";
    let others: Vec<&Span> = spans.iter().filter(known).collect();
    ensure!(others.is_empty(), "{others:?}");
    ensure!(has(&spans, "Probe.init_device"));
    Ok(())
}

/// X1: cppTango's policy is that stopped telemetry ends a trace; a process may let it through.
#[test]
fn a_stopped_device_hands_on_what_it_gets_if_its_process_wants_to() -> Result<()> {
    let receiver = Receiver::start()?;
    let peer = probe(&receiver.environment())?;
    for (propagate, below) in [("off", ""), ("on", CALLER)] {
        receiver.clear();
        let environment = [
            ("PROBE_PEER", peer.device_url(PROBE)),
            ("PROBE_PROPAGATE", propagate.to_string()),
        ];
        let server = probe(&environment)?;
        let traceparent = format!("00-{TRACE}-{CALLER}-01");
        command_inout_4(&server, PROBE, "AskPeer", Client::Cpp6(&traceparent, ""))?;
        let request = "Tango::Device_4Impl::command_inout_4";
        let spans = receiver.wait_for("the peer's spans", EXPORT, |spans| {
            has(spans, request) && has(spans, "Probe.Context")
        })?;
        assert_eq!(named(&spans, request)?.parent_span_id, below, "{propagate}");
        server.terminate()?;
        assert!(!has(&receiver.spans(), "Probe.AskPeer"));
    }
    Ok(())
}

/// X1: the same of a client that is disabled, below a span of its application.
#[test]
fn a_disabled_client_hands_on_its_applications_span_if_its_process_wants_to() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    for (propagate, below) in [("off", ""), ("on", CALLER)] {
        let environment = [("CALLER_PROPAGATE", propagate.to_string())];
        receiver.clear();
        common::caller("below", &server, &environment)?;
        let request = "Tango::Device_4Impl::command_inout_4";
        let spans = receiver.wait_for("the request", EXPORT, |spans| has(spans, request))?;
        assert_eq!(named(&spans, request)?.parent_span_id, below, "{propagate}");
    }
    Ok(())
}

/// T1, T4: whoever does not sample takes no part in the trace.
#[test]
fn a_span_that_is_not_sampled_is_nobodys_parent() -> Result<()> {
    let receiver = Receiver::start()?;
    let peer = probe(&receiver.environment())?;
    let more = [
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("PROBE_PEER", &peer.device_url(PROBE)),
    ];
    let server = user_probe(&receiver, &more)?;
    let traceparent = format!("00-{TRACE}-{CALLER}-01");
    command_inout_4(&server, PROBE, "AskPeer", Client::Cpp6(&traceparent, ""))?;
    server.terminate()?;
    let spans = exported(&peer, &receiver)?;
    let request = named(&spans, "Tango::Device_4Impl::command_inout_4")?;
    assert_eq!(request.parent_span_id, CALLER);
    assert!(has(&spans, "Probe.Context"), "it was sampled");
    assert!(!has(&spans, "Probe.AskPeer"));
    Ok(())
}

/// L5, T3: whatever the environment says.
#[test]
fn a_client_that_is_switched_off_is_silent_and_on_again_is_not() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&[])?;
    let said = common::caller("switch", &server, &receiver.environment())?;
    let [on, off, again] = said.split_whitespace().collect::<Vec<_>>()[..] else {
        anyhow::bail!("caller said {said}");
    };
    let spans = receiver.spans();
    let in_trace = |id: &str| spans.iter().filter(|span| span.trace_id == id).count();
    // A Rust and a kernel span for each call.
    assert_eq!([on, off, again].map(in_trace), [2, 0, 2], "{spans:?}");
    let services = spans.iter().map(|span| span.service());
    assert!(
        services
            .into_iter()
            .all(|service| service == "tango.rust.client")
    );
    Ok(())
}

/// L2, T3: it runs when nobody requests anything.
#[test]
fn calls_of_delete_device_are_the_devices() -> Result<()> {
    let receiver = Receiver::start()?;
    let peer = probe(&[])?;
    let more = [
        ("PROBE_PEER", peer.device_url(PROBE)),
        ("PROBE_DELETE", "asks".to_string()),
    ];
    let more = more.each_ref().map(|(name, value)| (*name, value.as_str()));
    let server = probe(&with(receiver.environment(), &more))?;
    let spans = exported(&server, &receiver)?;
    let call = named(&spans, "Tango::Connection::command_inout")?;
    assert_eq!((call.service(), call.instance()), ("Probe", PROBE));
    assert_eq!(
        parent(&spans, parent(&spans, call)?)?.name,
        "Probe.delete_device"
    );
    Ok(())
}

/// T6, T1, T2: a plain C++ device is below what it can see of the trace.
#[test]
fn a_plain_cpp_device_joins_the_trace_whatever_its_callers_settings() -> Result<()> {
    let sensor_receiver = Receiver::start()?;
    let name = "test/sensor/1";
    let environment = sensor_receiver.environment();
    let sensor = DeviceServer::start(&device::tango_test()?, "test", &[name], &environment)?;
    let receiver = Receiver::start()?;
    let environment = with(
        receiver.environment(),
        &[("PROBE_PEER", &sensor.device_url(name))],
    );
    let server = probe(&environment)?;
    let operator = proxy(&server)?;
    type Setting = fn(&DeviceProxy) -> Result<(), DevFailed>;
    let settings: [(&str, Setting, &str); 6] = [
        ("all", |_| Ok(()), "Tango::DeviceProxy::read_attribute"),
        (
            "user",
            |device| device.set_telemetry_topics(&["user"]),
            "DeviceProxy.read_attribute",
        ),
        (
            "database",
            |device| device.set_telemetry_topics(&["database"]),
            "the caller",
        ),
        (
            "no_endpoints",
            |device| {
                device.set_telemetry_topics(&["all"])?;
                device.set_telemetry_tracing_endpoints(&[])
            },
            "the caller",
        ),
        (
            "tracing_off",
            |device| device.set_telemetry_tracing(false),
            "the caller",
        ),
        ("stopped", |device| device.stop_telemetry(), "nobody"),
    ];
    for (_, set, _) in settings {
        set(&operator)?;
        let traceparent = format!("00-{TRACE}-{CALLER}-01");
        command_inout_4(&server, PROBE, "ReadPeer", Client::Cpp6(&traceparent, ""))?;
    }
    let spans = exported(&server, &receiver)?;
    let mut reads = exported(&sensor, &sensor_receiver)?;
    reads.retain(|span| span.name == "Tango::Device_5Impl::read_attributes_5");
    reads.sort_by_key(|span| span.start);
    assert_eq!(reads.len(), settings.len());
    for ((setting, _, above), read) in settings.iter().zip(&reads) {
        let parent = match read.parent_span_id.as_str() {
            "" => "nobody",
            CALLER => "the caller",
            _ => &parent(&spans, read)?.name,
        };
        assert_eq!(parent, *above, "{setting}");
        assert_eq!(read.trace_id == TRACE, parent != "nobody", "{setting}");
    }
    Ok(())
}
