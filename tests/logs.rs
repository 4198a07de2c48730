// SPDX-License-Identifier: MIT OR Apache-2.0
//! Logs of a device: cppTango exports them, and a Rust device is not to be told from a C++ one.
#![cfg(tango_runtime_configuration)]

mod common;

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use common::{EXPORT, PROBE, admin, probes, proxy};
use tango_bindings::{DeviceProxy, TelemetryEndpoint};
use testbed::{DeviceServer, Receiver, device};

const OTHER: &str = "test/probe/2";

#[derive(Clone, Copy, Debug)]
enum Change {
    Enabled(bool),
    Tracing(bool),
    Topics(&'static str),
    TracesTo(Option<usize>),
    Logging(bool),
    LogsTo(Option<usize>),
}

const CHANGES: [Change; 14] = [
    Change::Enabled(false),
    Change::Enabled(true),
    Change::Tracing(false),
    Change::Tracing(true),
    Change::Topics("user"),
    Change::Topics("all"),
    Change::TracesTo(Some(0)),
    Change::TracesTo(Some(1)),
    Change::TracesTo(None),
    Change::Logging(false),
    Change::Logging(true),
    Change::LogsTo(Some(0)),
    Change::LogsTo(Some(1)),
    Change::LogsTo(None),
];

/// What a device is set to, as an operator understands it.
struct Model {
    enabled: bool,
    tracing: bool,
    all: bool,
    traces: Option<usize>,
    logging: bool,
    logs: Option<usize>,
    /// Where a C++ device's logs go while it is enabled: it looks at its configuration only when logging is changed, so
    /// that a change made while telemetry was stopped silences it until the next one.
    cpp_logs: Option<usize>,
}

impl Model {
    fn change(&mut self, change: Change) {
        let logging = self.logging;
        match change {
            Change::Enabled(on) => self.enabled = on,
            Change::Tracing(on) => self.tracing = on,
            Change::Topics(topic) => self.all = topic == "all",
            Change::TracesTo(receiver) => self.traces = receiver,
            Change::Logging(on) => self.logging = on,
            Change::LogsTo(receiver) => self.logs = receiver,
        }
        if matches!(change, Change::LogsTo(_)) || self.logging != logging {
            self.cpp_logs = self.logs.filter(|_| self.enabled && self.logging);
        }
    }

    /// Where a log and a kernel span go now.
    fn signals(&self) -> Signals {
        let log = self.logs.filter(|_| self.enabled && self.logging);
        let span = self
            .traces
            .filter(|_| self.enabled && self.tracing && self.all);
        [log, span]
    }

    fn signals_of_cpp(&self) -> Signals {
        [self.cpp_logs.filter(|_| self.enabled), self.signals()[1]]
    }
}

/// The receiver that has got the log, and the one that has got the span.
type Signals = [Option<usize>; 2];

fn apply(device: &DeviceProxy, change: Change, receivers: &[Receiver; 2]) -> Result<()> {
    let to = |receiver: Option<usize>, url: fn(&Receiver) -> String| {
        let endpoint = |index: usize| TelemetryEndpoint::new("http", &url(&receivers[index]));
        receiver.map(endpoint).into_iter().collect::<Vec<_>>()
    };
    match change {
        Change::Enabled(true) => device.start_telemetry()?,
        Change::Enabled(false) => device.stop_telemetry()?,
        Change::Tracing(on) => device.set_telemetry_tracing(on)?,
        Change::Topics(topic) => device.set_telemetry_topics(&[topic])?,
        Change::TracesTo(receiver) => {
            device.set_telemetry_tracing_endpoints(&to(receiver, Receiver::http_endpoint))?
        }
        Change::Logging(on) => device.set_telemetry_logging(on)?,
        Change::LogsTo(receiver) => {
            device.set_telemetry_logging_endpoints(&to(receiver, Receiver::http_logs_endpoint))?
        }
    }
    Ok(())
}

/// Each change of a long row of them, in an order without a pattern, but always the same.
fn changes() -> Vec<Change> {
    let mut random: u64 = 15;
    let mut next = || {
        random = random
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (random >> 33) as usize
    };
    (0..150).map(|_| CHANGES[next() % CHANGES.len()]).collect()
}

fn now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() as u64)
}

/// Where log and kernel span of a command went after each of the changes.
fn run(
    server: DeviceServer,
    receivers: &[Receiver; 2],
    command: impl Fn(&DeviceProxy) -> Result<()>,
) -> Result<Vec<Signals>> {
    let device = proxy(&server)?;
    let mut steps = Vec::new();
    for change in changes() {
        apply(&device, change, receivers).with_context(|| format!("{change:?}"))?;
        let begin = now()?;
        command(&device)?;
        steps.push(begin..now()?);
    }
    // All that is pending comes before the end.
    assert!(server.terminate()?.success());
    let mut signals = vec![[None; 2]; steps.len()];
    for (index, receiver) in receivers.iter().enumerate() {
        let logs = receiver.logs();
        let logs = logs.iter().map(|log| (0, log.time));
        let spans = receiver.spans();
        let kernel = "Tango::Device_4Impl::command_inout_4";
        let spans = spans.iter().filter(|span| span.name == kernel);
        for (kind, time) in logs.chain(spans.map(|span| (1, span.start))) {
            let step = steps.iter().position(|step| step.contains(&time));
            // Others are of the admin device or of no command.
            if let Some(step) = step {
                // A command of the C++ device logs several times.
                let before = signals[step][kind].replace(index);
                assert!(before.is_none_or(|before| before == index), "twice");
            }
        }
    }
    Ok(signals)
}

fn receivers() -> Result<[Receiver; 2]> {
    Ok([Receiver::start()?, Receiver::start()?])
}

/// Both types to the first receiver.
fn environment(receivers: &[Receiver; 2]) -> Vec<(&'static str, String)> {
    let mut environment = receivers[0].environment();
    environment.retain(|(name, _)| *name != "TANGO_TELEMETRY_TYPES");
    let logs = receivers[0].http_logs_endpoint();
    environment.push(("TANGO_TELEMETRY_LOGGING_EXPORTERS", "http".to_string()));
    environment.push(("TANGO_TELEMETRY_LOGGING_ENDPOINTS", logs));
    environment
}

/// D15
#[test]
fn logs_and_spans_start_stop_and_move_as_on_a_cpp_device() -> Result<()> {
    let of_rust = receivers()?;
    let server = probes(&[PROBE], &environment(&of_rust))?;
    let rust = run(server, &of_rust, |device| {
        Ok(device.command_inout("Warn", "logged".to_string())?)
    })?;

    let of_cpp = receivers()?;
    let server = device::tango_test()?;
    let server = DeviceServer::start(&server, "test", &[PROBE], &environment(&of_cpp))?;
    // DevVoid logs at level DEBUG, which is 5.
    let levels = (vec![5], vec![PROBE.to_string()]);
    admin(&server)?.command_inout::<(Vec<i32>, Vec<String>), ()>("SetLoggingLevel", levels)?;
    let cpp = run(server, &of_cpp, |device| {
        Ok(device.command_inout("DevVoid", ())?)
    })?;

    let mut model = Model {
        enabled: true,
        tracing: true,
        all: true,
        traces: Some(0),
        logging: true,
        logs: Some(0),
        cpp_logs: Some(0),
    };
    for (step, change) in changes().into_iter().enumerate() {
        model.change(change);
        let expected = model.signals();
        assert_eq!(
            cpp[step],
            model.signals_of_cpp(),
            "the C++ device after {step}, {change:?}"
        );
        assert_eq!(
            rust[step], expected,
            "the Rust device after {step}, {change:?}"
        );
    }
    Ok(())
}

/// cppTango alone gives the name of the last device to the logs of all, and silences all with one.
#[test]
fn each_device_logs_in_its_own_name_and_to_its_own_endpoint() -> Result<()> {
    let receivers = receivers()?;
    let server = probes(&[PROBE, OTHER], &environment(&receivers))?;
    let devices = [
        proxy(&server)?,
        DeviceProxy::new(&server.device_url(OTHER))?,
    ];
    let warn = |text: &str| -> Result<()> {
        for device in &devices {
            device.command_inout::<_, ()>("Warn", text.to_string())?;
        }
        Ok(())
    };
    warn("both")?;
    apply(&devices[1], Change::LogsTo(Some(1)), &receivers)?;
    warn("apart")?;
    apply(&devices[1], Change::Logging(false), &receivers)?;
    warn("one is silent")?;
    let own = |receiver: &Receiver, device: &str| -> Vec<String> {
        let logs = receiver.logs();
        let logs = logs.iter().filter(|log| log.instance() == device);
        logs.map(|log| log.body.clone()).collect()
    };
    receivers[0].wait_for_logs("the last log", EXPORT, |logs| {
        logs.iter().any(|log| log.body.contains("silent"))
    })?;
    assert!(server.terminate()?.success());
    assert_eq!(
        own(&receivers[0], PROBE),
        ["both", "apart", "one is silent"]
    );
    assert_eq!(own(&receivers[0], OTHER), ["both"]);
    assert_eq!(own(&receivers[1], OTHER), ["apart"]);
    assert!(own(&receivers[1], PROBE).is_empty());
    Ok(())
}

/// G1
#[test]
fn a_log_in_a_span_of_rust_carries_its_ids_in_every_configuration() -> Result<()> {
    const WORKER: &str = "test/worker/1";
    const CALLER: &str = "test/worker/2";
    let receivers = receivers()?;
    let environment = environment(&receivers);
    let example = device::example("worker")?;
    let server = DeviceServer::start(&example, "test", &[WORKER], &environment)?;
    let peer = ("PEER", server.device_url(WORKER));
    let environment = [receivers[1].environment(), vec![peer]].concat();
    // It emits always, so that a request of its brings a context.
    let caller = DeviceServer::start(&example, "caller", &[CALLER], &environment)?;
    let (worker, caller) = (
        DeviceProxy::new(&server.device_url(WORKER))?,
        DeviceProxy::new(&caller.device_url(CALLER))?,
    );

    // Each with the changes that take it back.
    let all: &[Change] = &[];
    let configurations = [
        ("all", all, all),
        ("user", &[Change::Topics("user")], &[Change::Topics("all")]),
        (
            "database",
            &[Change::Topics("database")],
            &[Change::Topics("all")],
        ),
        (
            "logging only",
            &[Change::Tracing(false)],
            &[Change::Tracing(true)],
        ),
        (
            "no endpoint",
            &[Change::TracesTo(None)],
            &[Change::TracesTo(Some(0))],
        ),
    ];
    let mut expected = Vec::new();
    for (name, there, back) in configurations {
        for change in there {
            apply(&worker, *change, &receivers)?;
        }
        for (how, told) in [
            (
                "called",
                caller.command_inout::<_, Vec<String>>("HavePeerLog", format!("{name} called"))?,
            ),
            (
                "asked",
                worker.command_inout::<_, Vec<String>>("Log", format!("{name} asked"))?,
            ),
        ] {
            for place in told {
                let [place, trace, span] = &place.rsplitn(3, ' ').collect::<Vec<_>>()[..] else {
                    anyhow::bail!("{place}");
                };
                // rsplitn tells the last one first.
                let (place, span) = (span, place);
                let text = format!("{name} {how} {place}");
                // Nothing came in, and nobody makes a span: there is none but the application's.
                let none =
                    how == "asked" && matches!(name, "database" | "logging only" | "no endpoint");
                if !none || *place == "app" {
                    assert!(span.chars().any(|digit| digit != '0'), "{text}");
                    expected.push((text, (trace.to_string(), span.to_string())));
                }
            }
        }
        for change in back {
            apply(&worker, *change, &receivers)?;
        }
    }
    let count = expected.len();
    assert_eq!(count, 8 * (5 + 2) + 3);
    let last = expected[count - 1].0.clone();
    receivers[0].wait_for_logs("the last log", EXPORT, |logs| {
        logs.iter().any(|log| log.body == last)
    })?;
    let logs = receivers[0].logs();
    for (text, ids) in expected {
        let log = logs.iter().find(|log| log.body == text);
        let log = log.with_context(|| format!("no log {text}"))?;
        assert_eq!((&log.trace_id, &log.span_id), (&ids.0, &ids.1), "{text}");
    }
    Ok(())
}
