// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each call that a client of the bindings can make, see `fixtures/calls.rs`.
#![cfg(tango_runtime_configuration)]

mod common;

use std::process::Command;

use anyhow::{Context, Result, ensure};
use common::{EXPORT, PROBE, database, named, parent, register, with};
use tango_bindings::DeviceProxy;
use testbed::{Database, DeviceServer, Kind, Receiver, Span, Status, device, process};

const OTHER: &str = "test/probe/2";
const CLIENT: &str = "tango.rust.client";

/// A call that was made.
struct Call {
    number: usize,
    method: String,
    line: String,
    target: String,
    argument: Option<String>,
    /// The reason of its error.
    failed: Option<String>,
}

impl Call {
    fn all(printed: &str) -> Result<Vec<Self>> {
        let lines = printed
            .lines()
            .filter_map(|line| line.strip_prefix("call "));
        let calls = lines.map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let [number, method, line, target, argument, outcome] = words[..] else {
                anyhow::bail!("calls printed {line}");
            };
            Ok(Self {
                number: number.parse()?,
                method: method.to_string(),
                line: line.to_string(),
                target: target.to_string(),
                argument: (argument != "-").then(|| argument.to_string()),
                failed: (outcome != "ok").then(|| outcome.to_string()),
            })
        });
        calls.collect()
    }

    fn trace_id(&self) -> String {
        format!("{:032x}", self.number)
    }

    fn parent_span_id(&self) -> String {
        format!("{:016x}", self.number)
    }

    /// The trace's spans of this service.
    fn spans<'a>(&self, spans: &'a [Span], service: &str) -> Vec<&'a Span> {
        let trace_id = self.trace_id();
        let of_service = |span: &&Span| span.trace_id == trace_id && span.service() == service;
        spans.iter().filter(of_service).collect()
    }

    /// How many devices get a request with the client's identification, which has the trace context.
    fn reaches(&self) -> usize {
        let (class, method) = self.method.split_once('.').unwrap_or_default();
        match (class, method) {
            ("Database", _) => 0,
            (_, "new" | "add" | "ping" | "state" | "status") => 0,
            (_, other) if other.ends_with("_reply") || other.ends_with("_property") => 0,
            // It is the admin device that gets these.
            (_, other) if other.contains("telemetry") => 0,
            ("Group", _) => 2,
            _ => 1,
        }
    }

    /// Whether cppTango makes kernel spans for it.
    fn has_kernel_spans(&self) -> bool {
        let (class, method) = self.method.split_once('.').unwrap_or_default();
        let of_device = class == "DeviceProxy" || class == "AttributeProxy";
        let silent = of_device && matches!(method, "ping" | "state" | "status");
        !silent && self.method != "Database.new"
    }

    /// Its span tells all of it.
    fn is_told_by(&self, span: &Span) -> Result<()> {
        let attr = |key| span.attr(key);
        ensure!(
            span.name == self.method && span.kind == Kind::Client,
            "{span}"
        );
        ensure!(attr("code.filepath") == Some("calls.rs"), "{span:?}");
        ensure!(attr("code.lineno") == Some(self.line.as_str()), "{span:?}");
        ensure!(
            attr("tango.operation.target") == Some(self.target.as_str()),
            "{span:?}"
        );
        ensure!(
            attr("tango.operation.argument") == self.argument.as_deref(),
            "{span:?}"
        );
        ensure!(attr("tango.telemetry.topic") == Some("user"), "{span:?}");
        let Some(reason) = &self.failed else {
            ensure!(
                span.status == Status::Unset && span.events.is_empty(),
                "{span:?}"
            );
            return Ok(());
        };
        let begin = format!("DevFailed: {reason}: ");
        ensure!(
            matches!(&span.status, Status::Error(text) if text.starts_with(&begin)),
            "{span:?}"
        );
        ensure!(
            span.events.len() == 1 && span.events[0].name == "exception",
            "{span:?}"
        );
        ensure!(
            span.events[0].attributes.get("tango.error.reason") == Some(reason),
            "{span:?}"
        );
        Ok(())
    }
}

/// A database, and in it a server of both devices.
struct Devices {
    database: Database,
    server: DeviceServer,
}

impl Devices {
    fn start(environment: &[(&str, String)]) -> Result<Self> {
        let database = database()?;
        register(&database, "probe/test", OTHER, "Probe")?;
        let server = common::probe_with(&database, environment)?;
        Ok(Self { database, server })
    }

    fn arguments(&self) -> Vec<String> {
        let host = self.database.tango_host();
        let port = host.rsplit(':').next().unwrap_or_default();
        let devices = [PROBE, OTHER].map(|device| self.database.device_url(device));
        [&[port.to_string()], &devices[..]].concat()
    }

    /// What `calls WHAT` prints.
    fn run(&self, what: &str, environment: &[(&str, String)]) -> Result<String> {
        let mut command = Command::new(device::example("calls")?);
        process::telemetry_env(&mut command, environment);
        command.env("TANGO_HOST", self.database.tango_host());
        command.arg(what).args(self.arguments());
        let finished = process::run("calls", command, EXPORT)?;
        ensure!(finished.status.success(), "{}", finished.stderr);
        Ok(finished.stdout)
    }
}

/// Whether the span is below the other one, with no parent missing in between.
fn is_below<'a>(spans: &'a [Span], mut span: &'a Span, other: &Span) -> Result<()> {
    while span.span_id != other.span_id {
        span = parent(spans, span)?;
    }
    Ok(())
}

/// L1
#[test]
fn each_call_is_one_client_span_below_its_caller_and_above_all_that_it_does() -> Result<()> {
    let receiver = Receiver::start()?;
    let devices = Devices::start(&receiver.environment())?;
    let calls = Call::all(&devices.run("client", &receiver.environment())?)?;
    ensure!(calls.len() > 60, "only {} calls", calls.len());
    devices.server.terminate()?;
    let spans = receiver.spans();
    for call in &calls {
        let of_client = call.spans(&spans, CLIENT);
        let (rust, kernel): (Vec<&Span>, Vec<&Span>) = of_client
            .into_iter()
            .partition(|span| span.language() == "rust");
        let [span] = rust[..] else {
            anyhow::bail!("{} has these spans: {rust:?}", call.method);
        };
        call.is_told_by(span)?;
        assert_eq!(span.parent_span_id, call.parent_span_id(), "{span}");
        assert_eq!(kernel.is_empty(), !call.has_kernel_spans(), "{span}");
        let of_devices = call.spans(&spans, "Probe");
        for device in [PROBE, OTHER].iter().take(call.reaches()) {
            let there = of_devices.iter().any(|span| span.instance() == *device);
            ensure!(there, "{span} has not reached {device}");
        }
        for below in kernel.into_iter().chain(of_devices) {
            is_below(&spans, below, span)?;
        }
    }
    Ok(())
}

/// L1, T3, T5: its devices are below the client's caller, as if it were not there.
#[test]
fn a_client_that_propagates_only_has_no_spans_and_hands_on_its_callers() -> Result<()> {
    let receiver = Receiver::start()?;
    let devices = Devices::start(&receiver.environment())?;
    for silent in [
        [
            ("TANGO_TELEMETRY_TYPES", "logging"),
            ("TANGO_TELEMETRY_LOGGING_EXPORTERS", "none"),
        ],
        [
            ("TANGO_TELEMETRY_TYPES", "tracing"),
            ("TANGO_TELEMETRY_TOPICS", "polling"),
        ],
    ] {
        receiver.clear();
        let calls = Call::all(&devices.run("client", &with(receiver.environment(), &silent))?)?;
        let reached = |spans: &[Span], call: &Call| {
            let request = |span: &&Span| span.parent_span_id == call.parent_span_id();
            call.spans(spans, "Probe")
                .into_iter()
                .filter(request)
                .count()
        };
        let spans = receiver.wait_for("all requests", EXPORT, |spans| {
            calls
                .iter()
                .all(|call| reached(spans, call) >= call.reaches())
        })?;
        assert!(spans.iter().all(|span| span.service() != CLIENT));
    }
    Ok(())
}

/// L1, T3: off is as if nobody had called.
#[test]
fn a_client_that_is_off_has_no_spans_and_hands_nothing_on() -> Result<()> {
    let receiver = Receiver::start()?;
    let devices = Devices::start(&receiver.environment())?;
    let off = with(receiver.environment(), &[("TANGO_TELEMETRY_ENABLE", "off")]);
    let calls = Call::all(&devices.run("client", &off)?)?;
    devices.server.terminate()?;
    let spans = receiver.spans();
    ensure!(
        common::has(&spans, "Probe.Context"),
        "nothing has reached the devices"
    );
    for call in &calls {
        let in_trace = |span: &&Span| span.trace_id == call.trace_id();
        assert_eq!(spans.iter().find(in_trace), None, "{}", call.method);
    }
    assert!(spans.iter().all(|span| span.service() != CLIENT));
    Ok(())
}

/// L1, L2
#[test]
fn each_call_within_a_device_method_is_the_devices_and_below_the_method() -> Result<()> {
    let receiver = Receiver::start()?;
    let devices = Devices::start(&[])?;
    let caller = "test/caller/1";
    register(&devices.database, "calls/test", caller, "Caller")?;
    let calls = device::example("calls")?;
    let environment = receiver.environment();
    let server = DeviceServer::start_with(&devices.database, &calls, "test", &environment)?;
    let device = DeviceProxy::new(&devices.database.device_url(caller))?;
    device.set_timeout_millis(20_000)?;
    device.command_inout::<_, ()>("Call", devices.arguments())?;
    let calls = Call::all(&server.process().stdout())?;
    server.terminate()?;
    let spans = receiver.spans();
    let method = named(&spans, "Caller.Call")?;
    let is_call = |span: &&Span| span.language() == "rust" && span.kind == Kind::Client;
    let mut made: Vec<&Span> = spans.iter().filter(is_call).collect();
    made.sort_by_key(|span| span.start);
    assert_eq!(made.len(), calls.len());
    for (call, span) in calls.iter().zip(made) {
        call.is_told_by(span)?;
        assert_eq!(parent(&spans, span)?.span_id, method.span_id, "{span}");
        assert_eq!(
            (span.service(), span.instance()),
            ("Caller", caller),
            "{span}"
        );
    }
    let mut of_method = spans.iter().filter(|span| span.trace_id == method.trace_id);
    assert!(of_method.all(|span| (span.service(), span.instance()) == ("Caller", caller)));
    Ok(())
}

/// L1
#[test]
fn a_late_reply_has_its_own_span_and_the_request_is_below_its_own() -> Result<()> {
    let receiver = Receiver::start()?;
    let devices = Devices::start(&receiver.environment())?;
    let printed = devices.run("late", &receiver.environment())?;
    let calls = Call::all(&printed)?;
    let outcomes: Vec<_> = calls.iter().map(|call| call.failed.as_deref()).collect();
    let [early, never] = ["API_AsynReplyNotArrived", "API_CorbaException"].map(Some);
    assert_eq!(outcomes, [None, early, None, None, never]);
    devices.server.terminate()?;
    let spans = receiver.spans();
    let span = |at: usize| {
        let of_call = calls[at].spans(&spans, CLIENT);
        let rust = of_call.into_iter().find(|span| span.language() == "rust");
        rust.with_context(|| format!("call {at} has no span"))
    };
    for (at, call) in calls.iter().enumerate() {
        call.is_told_by(span(at)?)?;
    }
    for (request, replies) in [(0, &[1, 2][..]), (3, &[4])] {
        let of_device = calls[request].spans(&spans, "Probe");
        let busy = of_device.iter().find(|span| span.name == "Probe.Busy");
        is_below(&spans, busy.context("no Probe.Busy")?, span(request)?)?;
        for reply in replies {
            assert!(calls[*reply].spans(&spans, "Probe").is_empty());
        }
    }
    // What the method has done after the early reply, and the thread that has got the other.
    let context = printed.lines().find(|line| line.starts_with("context "));
    assert!(
        context.is_some_and(|context| context.contains(&calls[0].trace_id())),
        "{printed}"
    );
    assert_ne!(span(0)?.attr("thread.id"), span(2)?.attr("thread.id"));
    Ok(())
}
