// SPDX-License-Identifier: MIT OR Apache-2.0
//! Devices that are reconfigured while they run: nothing lost, nobody blocked.
#![cfg(tango_runtime_configuration)]

mod common;

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use common::{EXPORT, PROBE, admin, count, has, probe, probes, proxy};
use tango_bindings::{DevFailed, DeviceProxy, TelemetryEndpoint};
use testbed::{DeadCollector, DeviceServer, Failure, Receiver, Span};

type Strings = Vec<String>;

const OTHER: &str = "test/probe/2";

/// D4 asks for 100 ms, which the median must keep; this leaves room for a busy machine. Where somebody waits for a dead
/// collector it takes 10 s and more.
const AT_ONCE: Duration = Duration::from_secs(1);

fn http(receiver: &Receiver) -> TelemetryEndpoint {
    TelemetryEndpoint::new("http", &receiver.http_endpoint())
}

fn call(device: &DeviceProxy) -> Result<Strings, DevFailed> {
    device.command_inout("Context", ())
}

/// The span ids of the `Probe.Context` spans.
fn methods(spans: &[Span]) -> usize {
    count(spans, "Probe.Context")
}

fn kernels(spans: &[Span]) -> usize {
    let names = |span: &&Span| span.name == "Tango::Device_4Impl::command_inout_4";
    // One for the admin command that may have come in between is not of the device.
    let of_device = |span: &&Span| span.instance() == PROBE;
    spans.iter().filter(names).filter(of_device).count()
}

/// D3
#[test]
fn spans_ended_before_a_change_go_to_the_old_endpoint_and_later_ones_to_the_new() -> Result<()> {
    let (a, b) = (Receiver::start()?, Receiver::start()?);
    let server = probes(&[PROBE, OTHER], &a.environment())?;
    let device = proxy(&server)?;
    let other = DeviceProxy::new(&server.device_url(OTHER))?;
    const CALLS: usize = 100;
    for _ in 0..CALLS {
        call(&device)?;
    }
    // In flight while it changes: the method's own span, and what it does afterwards.
    thread::scope(|scope| -> Result<()> {
        let busy = scope.spawn(|| -> Result<Strings> {
            let device = proxy(&server)?;
            device.set_timeout_millis(20_000)?;
            Ok(device.command_inout("Busy", Vec::<String>::new())?)
        });
        server.process().wait_for_line("busy", EXPORT)?;
        device.set_telemetry_tracing_endpoints(&[http(&b)])?;
        other.command_inout::<(), ()>("Release", ())?;
        match busy.join() {
            Ok(context) => context.map(|_| ()),
            Err(_) => bail!("the thread panicked"),
        }
    })?;
    for _ in 0..CALLS {
        call(&device)?;
    }
    let of_a = a.wait_for("all spans before the change", EXPORT, |spans| {
        methods(spans) == CALLS && kernels(spans) == CALLS + 1 && has(spans, "Probe.Busy")
    })?;
    let of_b = b.wait_for("all spans after the change", EXPORT, |spans| {
        methods(spans) == CALLS && kernels(spans) == CALLS
    })?;
    assert!(!has(&of_b, "Probe.Busy"));
    // Nothing comes twice or late.
    assert!(server.terminate()?.success());
    assert_eq!((methods(&a.spans()), methods(&b.spans())), (CALLS, CALLS));
    assert_eq!(methods(&of_a), CALLS);
    Ok(())
}

/// The commands that change tracing or logging, in an order in which each finds something to change.
fn operate(device: &DeviceProxy, dead: &TelemetryEndpoint, logs: &TelemetryEndpoint) -> Result<()> {
    type Command<'a> = (&'a str, Box<dyn Fn() -> Result<(), DevFailed> + 'a>);
    let (d, l) = (std::slice::from_ref(dead), std::slice::from_ref(logs));
    let commands: Vec<Command<'_>> = vec![
        ("StopTelemetry", Box::new(|| device.stop_telemetry())),
        ("StartTelemetry", Box::new(|| device.start_telemetry())),
        (
            "SetTelemetryTracing",
            Box::new(|| device.set_telemetry_tracing(false)),
        ),
        (
            "SetTelemetryTracing",
            Box::new(|| device.set_telemetry_tracing(true)),
        ),
        (
            "SetTelemetryTopics",
            Box::new(|| device.set_telemetry_topics(&["user"])),
        ),
        (
            "SetTelemetryTopics",
            Box::new(|| device.set_telemetry_topics(&["all"])),
        ),
        (
            "RemoveTelemetryTracingEndpoints",
            Box::new(|| device.remove_telemetry_tracing_endpoint(dead)),
        ),
        (
            "AddTelemetryTracingEndpoints",
            Box::new(|| device.add_telemetry_tracing_endpoint(dead)),
        ),
        (
            "SetTelemetryTracingEndpoints",
            Box::new(|| device.set_telemetry_tracing_endpoints(&[])),
        ),
        (
            "SetTelemetryTracingEndpoints",
            Box::new(|| device.set_telemetry_tracing_endpoints(d)),
        ),
        (
            "SetTelemetryLoggingEndpoints",
            Box::new(|| device.set_telemetry_logging_endpoints(l)),
        ),
        (
            "SetTelemetryLogging",
            Box::new(|| device.set_telemetry_logging(false)),
        ),
        (
            "SetTelemetryLogging",
            Box::new(|| device.set_telemetry_logging(true)),
        ),
        (
            "RemoveTelemetryLoggingEndpoints",
            Box::new(|| device.remove_telemetry_logging_endpoint(logs)),
        ),
        (
            "AddTelemetryLoggingEndpoints",
            Box::new(|| device.add_telemetry_logging_endpoint(logs)),
        ),
        (
            "SetTelemetryLoggingEndpoints",
            Box::new(|| device.set_telemetry_logging_endpoints(&[])),
        ),
    ];
    let mut times = Vec::new();
    for (name, command) in commands {
        // Something is pending in both halves each time.
        for _ in 0..5 {
            call(device)?;
            device.command_inout::<String, ()>("Warn", "pending".to_string())?;
        }
        let begun = Instant::now();
        command().with_context(|| name.to_string())?;
        let took = begun.elapsed();
        ensure!(took < AT_ONCE, "{name} took {took:?}");
        times.push(took);
    }
    times.sort();
    let median = times[times.len() / 2];
    ensure!(median < Duration::from_millis(100), "median {median:?}");
    Ok(())
}

/// D4
#[test]
fn no_admin_command_and_no_call_waits_for_a_dead_collector() -> Result<()> {
    for failure in [Failure::Refused, Failure::Silent, Failure::BlackHole] {
        let collector = DeadCollector::start(failure)?;
        for exporter in ["http", "grpc"] {
            let (environment, traces, logs) = match exporter {
                "http" => (
                    collector.environment(),
                    collector.http_endpoint(),
                    collector.http_logs_endpoint(),
                ),
                _ => (
                    collector.grpc_environment(),
                    collector.grpc_endpoint(),
                    collector.grpc_endpoint(),
                ),
            };
            let server = probes(&[PROBE, OTHER], &environment)?;
            operate_under_a_user(&server, exporter, &traces, &logs)
                .with_context(|| format!("{failure:?}, {exporter}: {}", server.output()))?;
            // D12
            let (status, took) = server.process().terminate_timed()?;
            ensure!(status.success(), "{failure:?}, {exporter}: {status}");
            ensure!(
                took < Duration::from_secs(2),
                "{failure:?}, {exporter}: the end took {took:?}"
            );
        }
    }
    Ok(())
}

fn operate_under_a_user(
    server: &DeviceServer,
    exporter: &str,
    traces: &str,
    logs: &str,
) -> Result<()> {
    let device = proxy(server)?;
    let endpoint = |url: &str| TelemetryEndpoint::new(exporter, url);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let user = scope.spawn(|| -> Result<Duration> {
            let device = proxy(server)?;
            let mut longest = Duration::ZERO;
            while !done.load(Ordering::Relaxed) {
                let begun = Instant::now();
                call(&device)?;
                longest = longest.max(begun.elapsed());
            }
            Ok(longest)
        });
        let operated = operate(&device, &endpoint(traces), &endpoint(logs));
        done.store(true, Ordering::Relaxed);
        let longest = match user.join() {
            Ok(longest) => longest?,
            Err(_) => bail!("the user panicked"),
        };
        operated?;
        ensure!(longest < AT_ONCE, "a call took {longest:?}");
        Ok(())
    })
}

/// The variables of a process that sends its logs there.
fn logging_to(receiver: &Receiver) -> [(&'static str, String); 2] {
    [
        ("TANGO_TELEMETRY_LOGGING_EXPORTERS", "http".to_string()),
        (
            "TANGO_TELEMETRY_LOGGING_ENDPOINTS",
            receiver.http_logs_endpoint(),
        ),
    ]
}

/// The value of one of the statistics that the probe tells.
fn statistic(device: &DeviceProxy, name: &str) -> Result<u64> {
    let all: Strings = device.command_inout("Statistics", ())?;
    let value = all
        .iter()
        .find_map(|one| one.strip_prefix(&format!("{name}=")));
    Ok(value
        .with_context(|| format!("no {name} in {all:?}"))?
        .parse()?)
}

/// Waits for a statistic of a server that is asked again and again.
fn wait_for_statistic(
    device: &DeviceProxy,
    name: &str,
    timeout: Duration,
    wanted: impl Fn(u64) -> bool,
) -> Result<u64> {
    let deadline = Instant::now() + timeout;
    loop {
        let value = statistic(device, name)?;
        if wanted(value) {
            return Ok(value);
        }
        ensure!(Instant::now() < deadline, "{name} stays {value}");
        thread::yield_now();
    }
}

/// D4: what is lost is counted, and the device's logger says so.
#[test]
fn spans_that_cannot_be_delivered_are_counted_and_told() -> Result<()> {
    let collector = DeadCollector::start(Failure::Refused)?;
    let logs = Receiver::start()?;
    let mut environment = collector.environment();
    environment.retain(|(name, _)| *name != "TANGO_TELEMETRY_TYPES");
    environment.extend(logging_to(&logs));
    let server = probe(&environment)?;
    let device = proxy(&server)?;
    const CALLS: u64 = 10;
    for _ in 0..CALLS {
        call(&device)?;
    }
    // What asks makes no spans from here on.
    device.set_telemetry_tracing_endpoints(&[])?;
    wait_for_statistic(&device, "spans_dropped", EXPORT, |dropped| dropped >= CALLS)?;
    assert!(statistic(&device, "spans_ended")? >= CALLS);
    assert_eq!(statistic(&device, "spans_exported")?, 0);
    assert!(statistic(&device, "export_errors")? >= 1);
    assert_eq!(statistic(&device, "rebuilds")?, 1);
    let told = logs.wait_for_logs("the warning", EXPORT, |logs| {
        let mut bodies = logs.iter().map(|log| &log.body);
        bodies.any(|body| body.contains("spans were dropped"))
    })?;
    assert_eq!(told.len(), 1, "at most once a minute: {told:?}");

    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    let device = proxy(&server)?;
    for _ in 0..CALLS {
        call(&device)?;
    }
    device.set_telemetry_tracing_endpoints(&[])?;
    receiver.wait_for("the spans", EXPORT, |spans| methods(spans) as u64 == CALLS)?;
    let ended = statistic(&device, "spans_ended")?;
    wait_for_statistic(&device, "spans_exported", EXPORT, |exported| {
        exported == ended
    })?;
    assert_eq!(statistic(&device, "spans_dropped")?, 0);
    assert_eq!(statistic(&device, "panics")?, 0);
    Ok(())
}

/// D8
#[test]
fn a_factory_that_fails_at_run_time_is_told_and_the_next_good_change_recovers() -> Result<()> {
    let (a, b) = (Receiver::start()?, Receiver::start()?);
    let server = probe(&a.environment())?;
    let device = proxy(&server)?;
    for (what, text) in [
        ("fails", "the factory fails as asked"),
        ("panics", "the factory panics as asked"),
    ] {
        a.clear();
        b.clear();
        device.command_inout::<_, ()>("Factory", what.to_string())?;
        let failed = device.set_telemetry_tracing_endpoints(&[http(&b)]);
        let failed = failed.err().context("no error")?;
        assert!(
            failed.errors().any(|error| error.desc.contains(text)),
            "{failed:?}"
        );
        // User commands run on, without Rust spans; the trace goes through.
        let context = call(&device)?;
        let spans = b.wait_for("the kernel span", EXPORT, |spans| kernels(spans) > 0)?;
        assert!(spans.iter().any(|span| context[0].contains(&span.span_id)));
        assert_eq!(methods(&spans), 0);

        device.command_inout::<_, ()>("Factory", String::new())?;
        device.set_telemetry_tracing_endpoints(&[http(&a)])?;
        a.clear();
        call(&device)?;
        a.wait_for("a span after the good change", EXPORT, |spans| {
            methods(spans) == 1
        })?;
    }
    assert_eq!(statistic(&device, "panics")?, 1);
    Ok(())
}

/// D9
#[test]
fn attributes_of_factories_are_on_every_span_also_after_a_change() -> Result<()> {
    let (a, b) = (Receiver::start()?, Receiver::start()?);
    let mut environment = a.environment();
    environment.push(("PROBE_FACTORY", "tag=first".to_string()));
    let server = probes(&[PROBE, OTHER], &environment)?;
    let device = proxy(&server)?;
    let other = DeviceProxy::new(&server.device_url(OTHER))?;
    let tagged = |receiver: &Receiver, instance: &str, tag: &str| {
        receiver.wait_for(
            &format!("a span of {instance} with {tag}"),
            EXPORT,
            |spans| {
                spans.iter().any(|span| {
                    span.name == "Probe.Context"
                        && span.instance() == instance
                        && span.resource.get("probe.tag").is_some_and(|it| it == tag)
                })
            },
        )
    };
    call(&device)?;
    tagged(&a, PROBE, "first")?;
    // A new factory of the process is used at the next rebuild, not before.
    device.command_inout::<_, ()>("Factory", "tag=second".to_string())?;
    a.clear();
    call(&device)?;
    tagged(&a, PROBE, "first")?;
    device.set_telemetry_tracing_endpoints(&[http(&b)])?;
    call(&device)?;
    tagged(&b, PROBE, "second")?;
    // A device's own factory is used at once, for this device only, and stays.
    device.command_inout::<_, ()>("OwnFactory", "tag=own".to_string())?;
    call(&device)?;
    tagged(&b, PROBE, "own")?;
    other.set_telemetry_tracing_endpoints(&[http(&b)])?;
    call(&other)?;
    tagged(&b, OTHER, "second")?;
    device.set_telemetry_tracing_endpoints(&[http(&a)])?;
    a.clear();
    call(&device)?;
    let spans = tagged(&a, PROBE, "own")?;
    assert!(
        spans
            .iter()
            .all(|span| span.resource.contains_key("service.instance.id"))
    );
    Ok(())
}

/// D12: with a live collector every ended span arrives, of both halves, from a server and from a client.
#[test]
fn the_end_of_a_process_exports_what_is_pending() -> Result<()> {
    let (a, b) = (Receiver::start()?, Receiver::start()?);
    let server = probe(&[])?;
    common::caller("calls", &server, &b.environment())?;
    let of_client = b.spans();
    for name in [
        "DeviceProxy.start_telemetry",
        "Tango::Connection::command_inout",
    ] {
        assert!(has(&of_client, name), "{name}");
    }
    let server = probe(&a.environment())?;
    call(&proxy(&server)?)?;
    assert!(server.terminate()?.success());
    let spans = a.spans();
    assert_eq!((methods(&spans), kernels(&spans)), (1, 1));
    Ok(())
}

/// D12: a client.
#[test]
fn a_client_does_not_wait_for_a_dead_collector_when_it_ends() -> Result<()> {
    let server = probe(&[])?;
    for failure in [Failure::Refused, Failure::Silent, Failure::BlackHole] {
        let collector = DeadCollector::start(failure)?;
        for environment in [collector.environment(), collector.grpc_environment()] {
            let begun = Instant::now();
            common::caller("calls", &server, &environment)?;
            let took = begun.elapsed();
            ensure!(took < Duration::from_secs(2), "{failure:?}: {took:?}");
        }
    }
    // As long as asked: by default 1.5 s.
    let silent = DeadCollector::start(Failure::Silent)?;
    let begun = Instant::now();
    common::caller("calls", &server, &silent.environment())?;
    let patient = begun.elapsed();
    ensure!(patient > Duration::from_millis(1500), "{patient:?}");
    let begun = Instant::now();
    common::caller("hasty", &server, &silent.environment())?;
    let hasty = begun.elapsed();
    ensure!(hasty < Duration::from_secs(1), "{hasty:?}");
    Ok(())
}

/// D14
#[test]
fn a_command_may_reconfigure_its_own_device_and_keeps_its_trace() -> Result<()> {
    let receiver = Receiver::start()?;
    let environment = receiver.environment();
    let (first, second) = (probe(&environment)?, probe(&environment)?);
    let device = proxy(&first)?;
    let devices = vec![first.device_url(PROBE), second.device_url(PROBE)];
    let inside: Strings = device.command_inout("StopAndForward", devices)?;
    assert!(!device.is_telemetry_enabled()?);
    let spans = receiver.wait_for("the whole trace", EXPORT, |spans| {
        reaches(spans, "Probe.Forward", "Probe.StopAndForward").is_ok()
    })?;
    let end = common::named(&spans, "Probe.Forward")?;
    assert!(inside[0].contains(&end.trace_id));
    Ok(())
}

/// Whether no parent is missing from the span `leaf` up to the span `root`.
fn reaches(spans: &[Span], leaf: &str, root: &str) -> Result<()> {
    let root = common::named(spans, root)?;
    let mut span = common::named(spans, leaf)?;
    while span.span_id != root.span_id {
        span = common::parent(spans, span)?;
    }
    Ok(())
}

/// D14: whoever stops telemetry from outside does not cut the trace of a command that runs.
#[test]
fn a_command_that_runs_across_a_stop_keeps_its_trace_to_its_end() -> Result<()> {
    let receiver = Receiver::start()?;
    let environment = receiver.environment();
    let first = probes(&[PROBE, OTHER], &environment)?;
    let second = probe(&environment)?;
    let other = DeviceProxy::new(&first.device_url(OTHER))?;
    let admin = admin(&first)?;
    thread::scope(|scope| -> Result<()> {
        let busy = scope.spawn(|| -> Result<Strings> {
            let device = proxy(&first)?;
            device.set_timeout_millis(20_000)?;
            Ok(device.command_inout("Busy", vec![second.device_url(PROBE)])?)
        });
        first.process().wait_for_line("busy", EXPORT)?;
        admin.command_inout::<_, ()>("StopTelemetry", vec![PROBE.to_string()])?;
        other.command_inout::<(), ()>("Release", ())?;
        match busy.join() {
            Ok(context) => context.map(|_| ()),
            Err(_) => bail!("the thread panicked"),
        }
    })?;
    receiver.wait_for("the whole trace", EXPORT, |spans| {
        reaches(spans, "Probe.Forward", "Probe.Busy").is_ok()
    })?;
    Ok(())
}

/// Facts 9: a waiting request keeps nobody from reconfiguring its device, in any state of telemetry.
#[test]
fn requests_that_wait_for_a_busy_device_do_not_delay_its_reconfiguration() -> Result<()> {
    let receiver = Receiver::start()?;
    for enabled in ["on", "off"] {
        let mut environment = receiver.environment();
        environment.retain(|(name, _)| *name != "TANGO_TELEMETRY_ENABLE");
        environment.push(("TANGO_TELEMETRY_ENABLE", enabled.to_string()));
        let server = probes(&[PROBE, OTHER], &environment)?;
        let other = DeviceProxy::new(&server.device_url(OTHER))?;
        let admin = admin(&server)?;
        thread::scope(|scope| -> Result<()> {
            let long = || -> Result<DeviceProxy> {
                let device = proxy(&server)?;
                device.set_timeout_millis(20_000)?;
                Ok(device)
            };
            let busy = scope.spawn(move || -> Result<Strings> {
                Ok(long()?.command_inout("Busy", Vec::<String>::new())?)
            });
            server.process().wait_for_line("busy", EXPORT)?;
            // cppTango gives up on the device's monitor after 3 s; the callers are told so or get their answer.
            let waiting =
                scope.spawn(move || long()?.read_attribute::<f64>("value").context("read"));
            let commands = scope.spawn(move || call(&long()?).context("command"));
            for _ in 0..5 {
                for command in ["StopTelemetry", "StartTelemetry"] {
                    let begun = Instant::now();
                    admin.command_inout::<_, ()>(command, vec![PROBE.to_string()])?;
                    let took = begun.elapsed();
                    ensure!(took < AT_ONCE, "{command} took {took:?}");
                }
            }
            other.command_inout::<(), ()>("Release", ())?;
            for done in [
                busy.join().map(|r| r.map(drop)),
                commands.join().map(|r| r.map(drop)),
            ] {
                match done {
                    Ok(result) => result?,
                    Err(_) => bail!("a thread panicked"),
                }
            }
            match waiting.join() {
                Ok(value) => value.map(drop),
                Err(_) => bail!("a thread panicked"),
            }
        })?;
    }
    Ok(())
}

/// D4: a swap waits only for those who may be copying the interface, not for those who wait for the device.
#[test]
fn writes_and_commands_that_wait_for_a_busy_device_cost_a_reconfiguration_nothing() -> Result<()> {
    let receiver = Receiver::start()?;
    for (enabled, write) in [("on", true), ("off", true), ("off", false)] {
        let mut environment = receiver.environment();
        environment.retain(|(name, _)| *name != "TANGO_TELEMETRY_ENABLE");
        environment.push(("TANGO_TELEMETRY_ENABLE", enabled.to_string()));
        let server = probes(&[PROBE, OTHER], &environment)?;
        let other = DeviceProxy::new(&server.device_url(OTHER))?;
        let operator = proxy(&server)?;
        let long = || -> Result<DeviceProxy> {
            let device = proxy(&server)?;
            device.set_timeout_millis(20_000)?;
            Ok(device)
        };
        thread::scope(|scope| -> Result<()> {
            let busy =
                scope.spawn(|| Ok(long()?.command_inout::<_, Strings>("Busy", Strings::new())?));
            server.process().wait_for_line("busy", EXPORT)?;
            // Whether it is answered or told that the device is busy is all the same.
            scope.spawn(|| -> Result<()> {
                if write {
                    long()?.write_attribute("value", 1.0)?;
                } else {
                    call(&long()?)?;
                }
                Ok(())
            });
            const CHANGES: usize = 40;
            let begun = Instant::now();
            for change in 0..CHANGES {
                operator.set_telemetry_topics(&[["user", "polling"][change % 2]])?;
            }
            let took = begun.elapsed();
            other.command_inout::<(), ()>("Release", ())?;
            let busy: Result<Strings> = busy.join().unwrap_or_else(|_| bail!("panicked"));
            busy?;
            ensure!(took < AT_ONCE, "enabled={enabled} write={write}: {took:?}");
            Ok(())
        })?;
    }
    Ok(())
}

/// C11 for commands; the environment's case is in `configuration.rs`, the properties' in `database.rs`.
#[test]
fn blanks_and_case_of_topics_in_a_command_do_not_count() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    let device = proxy(&server)?;
    let admin = admin(&server)?;
    let set = |topics: &[&str]| {
        let count = topics.len().to_string();
        let words = [PROBE, &count].into_iter().chain(topics.iter().copied());
        let words: Strings = words.map(str::to_string).collect();
        admin.command_inout::<_, ()>("SetTelemetryTopics", words)
    };
    for (given, understood) in [
        (&[" user , polling "][..], &["polling", "user"][..]),
        (&["USER"], &["user"]),
        (&["User", " ", "Database"], &["database", "user"]),
        (&["all"], &["all"]),
    ] {
        set(given)?;
        let mut topics = device.get_telemetry_topics()?;
        topics.sort();
        assert_eq!(topics, understood, "{given:?}");
    }
    // A refused one changes nothing, also when it is one of several.
    let failed = set(&["user", "us er"]).err().context("no error")?;
    assert_eq!(failed.cause().reason, "API_InvalidArgs");
    assert_eq!(device.get_telemetry_topics()?, ["all"]);
    Ok(())
}

/// Plain cppTango crashes here now and then: its admin device goes through devices that are being deleted.
#[test]
fn an_operator_does_not_crash_a_server_that_is_told_to_end() -> Result<()> {
    let receiver = Receiver::start()?;
    for round in 0..10 {
        let server = probe(&receiver.environment())?;
        let device = proxy(&server)?;
        let changes = AtomicUsize::new(0);
        let status = thread::scope(|scope| -> Result<_> {
            // Until it is told that the server is gone.
            scope.spawn(|| -> Result<(), DevFailed> {
                loop {
                    for topic in ["user", "all"] {
                        device.set_telemetry_topics(&[topic])?;
                        device.get_telemetry_topics()?;
                        changes.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
            let deadline = Instant::now() + EXPORT;
            while changes.load(Ordering::Relaxed) < 20 {
                ensure!(Instant::now() < deadline, "no changes");
                thread::yield_now();
            }
            server.terminate()
        })?;
        ensure!(status.success(), "round {round}: {status}");
    }
    Ok(())
}
