//! The load on one server.

use std::{
    path::PathBuf,
    process::ExitStatus,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;
use tango_bindings::{DevFailed, DeviceProxy, TelemetryEndpoint};
use testbed::{DeviceServer, Process, Receiver, Usage};

const DEVICE: &str = "soak/device/1";
const CLIENTS: usize = 4;
/// How many `reconfigure` knows.
const CHANGES: usize = 8;
/// What opentelemetry-cpp prints for each span that it drops.
const QUEUE_FULL: &str = "queue is full";

/// A call that fails because its server dies does so a moment before the process is gone.
const DEATH: Duration = Duration::from_secs(2);
/// Within it what was replaced last is exported and gone: C++ exports every 2.5 s.
const SETTLE: Duration = Duration::from_secs(20);

/// A server and what its clients call.
pub(crate) struct Subject {
    pub(crate) title: &'static str,
    pub(crate) executable: PathBuf,
    pub(crate) command: fn(&DeviceProxy) -> Result<(), DevFailed>,
    pub(crate) attribute: &'static str,
    pub(crate) providers: fn(&DeviceProxy) -> Result<Option<i32>, DevFailed>,
}

impl Subject {
    fn call(&self, device: &DeviceProxy, number: usize) -> Result<(), DevFailed> {
        match number % 2 {
            0 => (self.command)(device),
            _ => device.read_attribute::<f64>(self.attribute).map(|_| ()),
        }
    }
}

/// What became of a server.
pub(crate) struct Outcome {
    /// After what time, and how.
    pub(crate) died: Option<(Duration, ExitStatus)>,
    pub(crate) calls: usize,
    pub(crate) longest_call: Duration,
    /// Calls and admin commands that failed, other than by the server's death.
    pub(crate) failed: Vec<String>,
    /// How long each admin command took, in order of length.
    pub(crate) admin: Vec<Duration>,
    pub(crate) providers: Option<i32>,
    /// Those received under load.
    pub(crate) spans: usize,
    pub(crate) dropped: usize,
    before: Usage,
    after: Option<Usage>,
    /// What else is wrong.
    wrong: Vec<String>,
}

impl Outcome {
    /// What is wrong with it, a line each.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let died = self.died.map(|(_, status)| format!("it died: {status}"));
        died.iter()
            .chain(&self.failed)
            .chain(&self.wrong)
            .cloned()
            .collect()
    }

    pub(crate) fn admin_median(&self) -> Duration {
        self.admin
            .get(self.admin.len() / 2)
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn admin_longest(&self) -> Duration {
        self.admin.last().copied().unwrap_or_default()
    }

    pub(crate) fn before_and_after(&self, what: impl Fn(Usage) -> usize) -> String {
        let after = self
            .after
            .map_or("-".to_string(), |usage| what(usage).to_string());
        format!("{} {after}", what(self.before))
    }
}

pub(crate) fn run(subject: &Subject, duration: Duration) -> Result<Outcome> {
    let receivers = [Receiver::start()?, Receiver::start()?];
    let take_spans = || {
        receivers
            .iter()
            .map(|receiver| receiver.take().len())
            .sum::<usize>()
    };
    let endpoints = [0, 1].map(|i| TelemetryEndpoint::new("http", &receivers[i].http_endpoint()));
    let environment = receivers[0].environment();
    // What the probe keeps of each callback would be taken for a leak.
    let environment = [environment, vec![("PROBE_OBSERVER", "none".to_string())]].concat();
    let server = DeviceServer::start(&subject.executable, "soak", &[DEVICE], &environment)?;
    let process = server.process();
    let connect = || DeviceProxy::new(&server.device_url(DEVICE));
    let clients = (0..CLIENTS)
        .map(|_| connect())
        .collect::<Result<Vec<_>, _>>()?;
    let operator = connect()?;
    let reconfigure = |number| reconfigure(&operator, &endpoints, number);

    // What is made at first use is there then.
    for client in &clients {
        (0..2).try_for_each(|number| subject.call(client, number))?;
    }
    (0..CHANGES).try_for_each(reconfigure)?;
    let before = calm(process)?;

    let stop = AtomicBool::new(false);
    let start = Instant::now();
    let mut spans = 0;
    let mut died = None;
    let (calls, mut admin) = thread::scope(|scope| {
        let calls: Vec<_> = (clients.iter())
            .map(|client| {
                scope.spawn(|| repeat(process, &stop, |number| subject.call(client, number)))
            })
            .collect();
        let admin = scope.spawn(|| repeat(process, &stop, reconfigure));
        while died.is_none() && start.elapsed() < duration {
            let left = duration.saturating_sub(start.elapsed());
            let status = process.wait(left.min(Duration::from_secs(1)));
            died = status.ok().map(|status| (start.elapsed(), status));
            // They would fill the memory.
            spans += take_spans();
        }
        stop.store(true, Ordering::Relaxed);
        let joined = |thread: thread::ScopedJoinHandle<'_, Repeated>| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        (
            calls.into_iter().map(joined).collect::<Vec<_>>(),
            joined(admin),
        )
    });

    admin.took.sort_unstable();
    let took = || calls.iter().flat_map(|calls| &calls.took);
    let mut outcome = Outcome {
        died,
        calls: took().count(),
        longest_call: took().max().copied().unwrap_or_default(),
        failed: calls
            .iter()
            .chain([&admin])
            .flat_map(|all| all.failed.clone())
            .collect(),
        providers: None,
        spans,
        dropped: process.output().matches(QUEUE_FULL).count(),
        before,
        after: None,
        wrong: Vec::new(),
        admin: admin.took,
    };
    if outcome.died.is_none() {
        // The state of before.
        (0..CHANGES).try_for_each(reconfigure)?;
        let back = |usage: Usage| usage.threads <= before.threads && usage.fds <= before.fds;
        if let Err(error) =
            process.wait_for_usage("no more threads and descriptors than before", SETTLE, back)
        {
            outcome.wrong.push(error.to_string());
        }
        outcome.after = Some(process.usage()?);
        outcome.providers = (subject.providers)(&operator)?;
        take_spans();
        subject.call(&operator, 0)?;
        if let Err(error) =
            receivers[0].wait_for("a span after the load", SETTLE, |spans| !spans.is_empty())
        {
            outcome.wrong.push(error.to_string());
        }
    }
    Ok(outcome)
}

/// One of the changes that come in turn; after all of them it is as before.
fn reconfigure(
    operator: &DeviceProxy,
    [first, second]: &[TelemetryEndpoint; 2],
    number: usize,
) -> Result<(), DevFailed> {
    match number % CHANGES {
        0 => operator.stop_telemetry(),
        1 => operator.start_telemetry(),
        2 => operator.set_telemetry_tracing(false),
        3 => operator.set_telemetry_tracing(true),
        4 => operator.set_telemetry_topics(&["user"]),
        5 => operator.set_telemetry_topics(&["all"]),
        6 => operator.set_telemetry_tracing_endpoints(std::slice::from_ref(second)),
        _ => operator.set_telemetry_tracing_endpoints(std::slice::from_ref(first)),
    }
}

#[derive(Default)]
struct Repeated {
    took: Vec<Duration>,
    failed: Vec<String>,
}

/// Calls again and again until it is to stop or the server is gone.
fn repeat(
    process: &Process,
    stop: &AtomicBool,
    call: impl Fn(usize) -> Result<(), DevFailed>,
) -> Repeated {
    let mut repeated = Repeated::default();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let start = Instant::now();
        match call(number) {
            Ok(()) => repeated.took.push(start.elapsed()),
            Err(_) if process.wait(DEATH).is_ok() => break,
            Err(failed) => repeated.failed.push(failed.to_string()),
        }
    }
    repeated
}

/// What a process uses when it has used the same for a while.
fn calm(process: &Process) -> Result<Usage> {
    let mut since = Instant::now();
    let mut last = None;
    process.wait_for_usage("calm", SETTLE, |usage| {
        let now = (usage.threads, usage.fds);
        if last.replace(now) != Some(now) {
            since = Instant::now();
        }
        since.elapsed() >= Duration::from_secs(1)
    })
}
