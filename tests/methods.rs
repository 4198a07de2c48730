// SPDX-License-Identifier: MIT OR Apache-2.0
//! Spans of all that a device does: which there are, what they say, and what trace they are in.

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use anyhow::{Context, Result};
use common::{
    EXPORT, PROBE, admin, count,
    giop::{Client, Connection, PID},
    has, named, parent, probe, with,
};
use cpptango_telemetry::{
    Configuration, DeviceTelemetry, Endpoint, Exporter, Operation, force_flush, get_trace_context,
};
use tango_bindings::{DevFailed, DeviceProxy};
use testbed::{DeviceServer, Kind, Receiver, Span, Status, Trace, device};

const DEVICE: &str = "test/methods/1";

fn methods(devices: &[&str], environment: &[(&str, String)]) -> Result<DeviceServer> {
    DeviceServer::start(&device::example("methods")?, "test", devices, environment)
}

fn proxy(server: &DeviceServer) -> Result<DeviceProxy> {
    Ok(DeviceProxy::new(&server.device_url(DEVICE))?)
}

fn is_rust(span: &Span) -> bool {
    span.language() == "rust"
}

/// The names of the device's own methods, without the class, by trace and in the order of their start.
fn methods_by_trace(spans: &[Span]) -> Vec<Vec<String>> {
    let own = |trace: &Trace| {
        let mut spans: Vec<&Span> = trace.spans.iter().filter(|span| is_rust(span)).collect();
        spans.sort_by_key(|span| span.start);
        let names = spans
            .iter()
            .filter_map(|span| span.name.strip_prefix("Methods."));
        names.map(str::to_string).collect()
    };
    let all: Vec<Vec<String>> = Trace::all(spans).iter().map(own).collect();
    all.into_iter().filter(|names| !names.is_empty()).collect()
}

/// S1, S2, S6
#[test]
fn each_method_has_one_span_of_its_name_in_the_trace_of_its_request() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = methods(&[DEVICE], &receiver.environment())?;
    let device = proxy(&server)?;
    device.command_inout::<(), ()>("Go", ())?;
    device.read_attribute::<f64>("value")?;
    device.write_attribute("value", 1.5)?;
    let said: String = device.command_inout("early", "said".to_string())?;
    assert_eq!(said, format!("{DEVICE} said"));
    assert_eq!(device.read_attribute::<f64>("early")?, 1.5);
    device.write_attribute("early", 2.5)?;
    assert_eq!(device.state()?, 10);
    assert_eq!(device.status()?, "up and about");
    device.ping()?;
    assert_eq!(device.read_attribute::<String>("Status")?, "up and about");
    device.command_inout::<(), String>("Status", ())?;
    server.terminate()?;
    let spans = receiver.spans();
    let hook = "always_executed_hook";
    let hardware = "read_attr_hardware";
    let expected = [
        &["init_device"][..],
        &["server_init_hook"],
        &[hook, "is_Go_allowed", "Go"],
        &[hook, hardware, "is_value_allowed", "read_value"],
        &[hook, "is_value_allowed", "write_value"],
        &[hook, "is_early_allowed", "early"],
        &[hook, hardware, "is_early_allowed", "read_early"],
        &[hook, "is_early_allowed", "write_early"],
        &[hook, "dev_state"],
        &[hook, "dev_status"],
        &[hook, "dev_status"],
        &[hook, "dev_status"],
        &["delete_device"],
    ];
    assert_eq!(methods_by_trace(&spans), expected);
    for span in spans.iter().filter(|span| is_rust(span)) {
        assert_eq!(
            (
                span.kind,
                &span.status,
                span.scope.as_str(),
                span.instance()
            ),
            (Kind::Server, &Status::Unset, "tango.rust.server", DEVICE),
            "{span}"
        );
    }
    Ok(())
}

/// The line of the fixture that has `code`.
fn line_of(code: &str) -> Result<String> {
    let mut lines = include_str!("fixtures/methods.rs").lines();
    let line = lines.position(|line| line.contains(code));
    Ok((line.with_context(|| format!("no {code}"))? + 1).to_string())
}

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// S5
#[test]
fn a_span_says_where_its_method_is_and_who_called() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = methods(&[DEVICE], &receiver.environment())?;
    let mut connection = Connection::open(&server)?;
    let location = format!("giop:tcp:127.0.0.1:{}", connection.port()?);
    let clients = [
        (Client::Cpp6(TRACEPARENT, ""), "CPP_6", PID.to_string()),
        (Client::Cpp, "CPP", PID.to_string()),
        (
            Client::Java6(b"Main", TRACEPARENT.as_bytes(), b""),
            "JAVA_6",
            "0".to_string(),
        ),
    ];
    for (client, lang, pid) in clients {
        connection.command_inout_4(DEVICE, b"Go", None, client)?;
        let request = "Tango::Device_4Impl::command_inout_4";
        let spans = receiver.wait_for("the command", EXPORT, |spans| {
            has(spans, "Methods.Go") && has(spans, request)
        })?;
        receiver.clear();
        let thread = named(&spans, "Methods.Go")?.attr("thread.id");
        let thread = thread.context("no thread")?;
        assert!(thread.parse::<u64>().is_ok(), "{thread}");
        for (name, code, argument) in [
            ("Go", ".command(\"Go\"", Some("Go")),
            ("is_Go_allowed", ".is_allowed(\"Go\"", Some("Go")),
            ("always_executed_hook", ".always_executed_hook(", None),
        ] {
            let span = named(&spans, &format!("Methods.{name}"))?;
            let mut expected = BTreeMap::from([
                ("code.filepath", "methods.rs".to_string()),
                ("code.lineno", line_of(code)?),
                ("thread.id", thread.to_string()),
                ("thread.name", "methods".to_string()),
                ("tango.client_ident.location", location.clone()),
                ("tango.client_ident.pid", pid.clone()),
                ("tango.client_ident.lang", lang.to_string()),
                ("tango.operation.target", DEVICE.to_string()),
                ("tango.telemetry.topic", "user".to_string()),
            ]);
            expected.extend(argument.map(|name| ("tango.operation.argument", name.to_string())));
            let said = span.attributes.iter();
            let said: BTreeMap<&str, String> = said.map(|(k, v)| (k.as_str(), v.clone())).collect();
            assert_eq!(said, expected, "{lang} {name}");
        }
    }
    Ok(())
}

/// S5: a request of state brings no identification, and the thread's last one is another client's.
#[test]
fn nobody_is_named_whom_the_request_does_not_name() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = methods(&[DEVICE], &receiver.environment())?;
    let mut connection = Connection::open(&server)?;
    for _ in 0..10 {
        let client = Client::Cpp6(TRACEPARENT, "");
        connection.command_inout_4(DEVICE, b"Go", None, client)?;
        connection.state(DEVICE)?;
    }
    let polled = [DEVICE, "command", "go"].map(str::to_string).to_vec();
    admin(&server)?.command_inout::<_, ()>("AddObjPolling", (vec![100], polled))?;
    receiver.wait_for("the polling", EXPORT, |spans| {
        count(spans, "Methods.Go") > 12
    })?;
    server.terminate()?;
    let spans = receiver.spans();
    let threads = |name: &str| {
        let spans = spans.iter().filter(|span| span.name == name);
        let ids = spans.filter_map(|span| span.attr("thread.id"));
        ids.collect::<BTreeSet<_>>()
    };
    let both = &threads("Methods.Go") & &threads("Methods.dev_state");
    assert!(!both.is_empty(), "no thread has served both");
    for span in spans.iter().filter(|span| is_rust(span)) {
        let asked = span.trace_id == TRACEPARENT[3..35];
        for key in ["location", "pid", "lang"] {
            let said = span.attr(&format!("tango.client_ident.{key}"));
            assert_eq!(said.is_some(), asked, "{key} of {span}");
        }
    }
    Ok(())
}

/// A peer, and a device that asks it; both export these topics.
fn asking(
    receiver: &Receiver,
    topics: &str,
    more: &[(&'static str, &str)],
) -> Result<(DeviceServer, DeviceServer)> {
    let environment = with(
        receiver.environment(),
        &[("TANGO_TELEMETRY_TOPICS", topics)],
    );
    let peer = probe(&environment)?;
    let url = peer.device_url(PROBE);
    let environment = with(with(environment, &[("METHODS_PEER", &url)]), more);
    Ok((methods(&[DEVICE], &environment)?, peer))
}

/// S5: a polling is one trace, with all that it calls.
#[test]
fn the_spans_of_a_polling_are_one_trace() -> Result<()> {
    for topics in ["all", "user"] {
        let receiver = Receiver::start()?;
        let (server, peer) = asking(&receiver, topics, &[])?;
        let admin = admin(&server)?;
        for [kind, name] in [["command", "askpeer"], ["attribute", "peer"]] {
            let polled = [DEVICE, kind, name].map(str::to_string).to_vec();
            admin.command_inout::<_, ()>("AddObjPolling", (vec![100], polled))?;
        }
        receiver.wait_for("some pollings", EXPORT, |spans| {
            count(spans, "Methods.AskPeer") > 2 && count(spans, "Methods.read_peer") > 2
        })?;
        server.terminate()?;
        peer.terminate()?;
        let spans = receiver.spans();
        let hook = "always_executed_hook";
        let command = [hook, "is_AskPeer_allowed", "AskPeer"];
        let attribute = [hook, "read_attr_hardware", "is_peer_allowed", "read_peer"];
        let mut pollings = 0;
        for trace in Trace::all(&spans) {
            let own = methods_by_trace(&trace.spans);
            let [own] = own.as_slice() else { continue };
            if own.len() < 3 {
                continue;
            }
            pollings += 1;
            assert!(*own == command || *own == attribute, "{topics}: {own:?}");
            for name in [
                "DeviceProxy.command_inout",
                "Probe.always_executed_hook",
                "Probe.Context",
            ] {
                assert_eq!(count(&trace.spans, name), 1, "{topics}: {name}");
            }
            assert!(
                trace.orphans().is_empty(),
                "{topics}: {:?}",
                trace.orphans()
            );
        }
        assert!(pollings >= 6, "{topics}: {pollings}");
        assert_eq!(count(&spans, "Probe.Context"), pollings, "{topics}");
    }
    Ok(())
}

/// S6
#[test]
fn each_request_of_state_or_status_is_a_trace_of_its_own() -> Result<()> {
    for topics in ["all", "user"] {
        let receiver = Receiver::start()?;
        let (server, peer) = asking(&receiver, topics, &[("METHODS_STATE", "asks")])?;
        let device = proxy(&server)?;
        for _ in 0..2 {
            device.state()?;
            device.status()?;
            device.ping()?;
        }
        server.terminate()?;
        peer.terminate()?;
        let spans = receiver.spans();
        let hook = "always_executed_hook";
        let [state, status] = ["dev_state", "dev_status"].map(|method| vec![hook, method]);
        let start = ["init_device", "server_init_hook"].map(|method| vec![method]);
        let end = vec![vec!["delete_device"]];
        let requests = vec![state.clone(), status.clone(), state, status];
        let expected = [start.to_vec(), requests, end].concat();
        assert_eq!(methods_by_trace(&spans), expected, "{topics}");
        let traces = Trace::all(&spans);
        let states: Vec<&Trace> = traces
            .iter()
            .filter(|trace| has(&trace.spans, "Methods.dev_state"))
            .collect();
        assert_eq!(states.len(), 2);
        for trace in states {
            let state = named(&trace.spans, "Methods.dev_state")?;
            let call = named(&trace.spans, "DeviceProxy.command_inout")?;
            assert_eq!(parent(&trace.spans, call)?.span_id, state.span_id);
            assert_eq!(count(&trace.spans, "Probe.Context"), 1, "{topics}");
            assert!(trace.orphans().is_empty(), "{topics}");
        }
    }
    Ok(())
}

/// S7
#[test]
#[cfg_attr(
    not(tango_runtime_configuration),
    ignore = "needs topics, of cppTango 10.3"
)]
fn default_methods_have_spans_only_with_their_switch_and_all_topics() -> Result<()> {
    let name = "test/follower/1";
    let hooks = [
        "delete_device",
        "server_init_hook",
        "always_executed_hook",
        "read_attr_hardware",
        "dev_state",
        "dev_status",
    ]
    .map(|hook| format!("Follower.{hook}"));
    for (switch, topics, patched, emitted) in [
        ("yes", "all", "", true),
        ("yes", "user", "", false),
        ("no", "all", "", false),
        ("yes", "all", "yes", false),
    ] {
        let receiver = Receiver::start()?;
        let more = [
            ("TANGO_RUST_TELEMETRY_EMIT_KERNEL_SPANS", switch),
            ("TANGO_TELEMETRY_TOPICS", topics),
            ("TANGO_RUST_DISABLE_TELEMETRY_PATCHING", patched),
        ];
        let environment = with(receiver.environment(), &more);
        let follower = device::example("follower")?;
        let server = DeviceServer::start(&follower, "test", &[name], &environment)?;
        let device = DeviceProxy::new(&server.device_url(name))?;
        assert_eq!(device.state()?, 0);
        assert_eq!(device.status()?, "The device is in ON state.");
        device.read_attribute::<f64>("position")?;
        server.terminate()?;
        let spans = receiver.spans();
        let there: Vec<&String> = hooks.iter().filter(|hook| has(&spans, hook)).collect();
        let expected: Vec<&String> = hooks.iter().filter(|_| emitted).collect();
        assert_eq!(there, expected, "{switch} {topics} {patched}");
        // The user's own methods in any case.
        let own = spans
            .iter()
            .any(|span| span.name == "Follower.read_position");
        assert_eq!(own, patched.is_empty());
    }
    Ok(())
}

/// What is added to a device is there once, however often its device is made, and gone when it is taken away.
#[test]
#[cfg_attr(
    not(tango_runtime_configuration),
    ignore = "cppTango 10.0 has it twice after DevRestart"
)]
fn what_is_added_to_a_device_survives_init_and_restarts_once() -> Result<()> {
    let other = "test/methods/2";
    let server = methods(&[DEVICE, other], &[])?;
    let device = proxy(&server)?;
    let added = || device.command_inout::<(), i32>("Added", ());
    let late = || "late".to_string();
    // The attribute is the class', the command each device's.
    assert_eq!(added()?, 3);
    device.command_inout::<(), ()>("Init", ())?;
    assert_eq!(added()?, 3);
    for _ in 0..2 {
        device.command_inout::<_, ()>("Add", late())?;
        assert_eq!(added()?, 5);
    }
    assert_eq!(
        device.command_inout::<_, String>("late", late())?,
        format!("{DEVICE} late")
    );
    device.write_attribute("late", 3.5)?;
    assert_eq!(device.read_attribute::<f64>("late")?, 3.5);
    let failed = device.command_inout::<_, ()>("AddOther", late()).err();
    let failed = failed.context("another type of the same name")?;
    assert!(failed.cause().desc.contains("already exists"), "{failed}");
    device.command_inout::<_, ()>("Remove", late())?;
    assert_eq!(added()?, 3);
    for failed in [
        device.command_inout::<_, ()>("Remove", late()),
        device
            .command_inout::<_, String>("late", late())
            .map(|_| ()),
        device.read_attribute::<f64>("late").map(|_| ()),
    ] {
        assert!(failed.is_err());
    }
    for _ in 0..2 {
        admin(&server)?.command_inout::<_, ()>("DevRestart", DEVICE.to_string())?;
        assert_eq!(added()?, 3);
    }
    // Once: it goes on after its reply, and cppTango crashes if another one comes before its end.
    admin(&server)?.command_inout::<(), ()>("RestartServer", ())?;
    server.process().wait_for_line("initialized 7", EXPORT)?;
    let used = || {
        device.command_inout::<_, String>("early", late())?;
        Ok::<_, DevFailed>((added()?, device.read_attribute::<f64>("early")?))
    };
    // Not at once for clients.
    let deadline = Instant::now() + EXPORT;
    let mut after = used();
    while after.is_err() && Instant::now() < deadline {
        after = used();
    }
    assert_eq!(after?, (3, 0.0));
    Ok(())
}

/// S7: cppTango's rule for a hook that fails when the server has been initialized.
#[test]
fn a_failing_server_init_hook_is_an_error_of_its_span() -> Result<()> {
    let receiver = Receiver::start()?;
    let environment = with(receiver.environment(), &[("METHODS_START", "fails")]);
    let server = methods(&[DEVICE], &environment)?;
    server.terminate()?;
    let spans = receiver.spans();
    let hook = named(&spans, "Methods.server_init_hook")?;
    assert_eq!(
        hook.status,
        Status::Error("DevFailed: Methods_Failed: as asked".to_string())
    );
    Ok(())
}

/// A panic that the bindings catch, and one that passes a guard, are told by the span.
#[test]
fn a_panic_is_an_error_of_its_span() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = methods(&[DEVICE], &receiver.environment())?;
    let device = proxy(&server)?;
    for command in ["Guard", "Panic"] {
        let failed = device.command_inout::<(), ()>(command, ()).err();
        let failed = failed.context("no error")?;
        assert_eq!(
            (failed.cause().reason.as_str(), failed.cause().desc.as_str()),
            ("API_RustPanic", "as asked")
        );
    }
    server.terminate()?;
    let spans = receiver.spans();
    let guarded = named(&spans, "Methods.guarded")?;
    assert_eq!(guarded.status, Status::Error("panic".to_string()));
    assert_eq!(parent(&spans, guarded)?.name, "Methods.Guard");
    for command in ["Methods.Guard", "Methods.Panic"] {
        let status = Status::Error("DevFailed: API_RustPanic: as asked".to_string());
        assert_eq!(named(&spans, command)?.status, status);
    }
    Ok(())
}

/// The same without bindings that catch it: it passes on, and what was current before is so again.
#[test]
fn a_panic_that_passes_a_span_is_told_by_it_only() -> Result<()> {
    let receiver = Receiver::start()?;
    let device = DeviceTelemetry::new("Methods", DEVICE);
    let mut configuration = Configuration::default();
    configuration.enabled = true;
    configuration.tracing_enabled = true;
    configuration.topics = vec!["user".to_string()];
    let endpoint = Endpoint::new(Exporter::Http, &receiver.http_endpoint());
    configuration.tracing_endpoints = vec![endpoint];
    device.reconfigure(configuration)?;

    let outer = device.span(Operation::method("outer"));
    let before = get_trace_context();
    let unwound = [
        catch_unwind(AssertUnwindSafe(|| {
            device.in_span(
                Operation::method("closure"),
                || -> Result<(), Infallible> { panic!("as asked") },
            )
        }))
        .is_err(),
        catch_unwind(AssertUnwindSafe(|| {
            let _span = device.span(Operation::method("guard"));
            let _within = Within(&device);
            panic!("as asked")
        }))
        .is_err(),
    ];
    assert_eq!(unwound, [true, true]);
    assert_eq!(get_trace_context(), before);
    drop(outer);
    force_flush(EXPORT)?;
    let spans = receiver.spans();
    let panicked = Status::Error("panic".to_string());
    for (name, status) in [
        ("closure", &panicked),
        ("guard", &panicked),
        // It began while the thread was unwinding, and went well.
        ("within", &Status::Unset),
        ("outer", &Status::Unset),
    ] {
        assert_eq!(
            &named(&spans, &format!("Methods.{name}"))?.status,
            status,
            "{name}"
        );
    }
    Ok(())
}

/// Has a span in its destructor.
struct Within<'a>(&'a DeviceTelemetry);

impl Drop for Within<'_> {
    fn drop(&mut self) {
        self.0.span(Operation::method("within")).end();
    }
}
