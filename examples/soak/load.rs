//! The load on one server.

use std::{
    panic::resume_unwind,
    path::PathBuf,
    process::ExitStatus,
    sync::atomic::{AtomicBool, Ordering},
    thread::{self, ScopedJoinHandle},
    time::{Duration, Instant},
};

use anyhow::Result;
use tango_bindings::{DevFailed, DeviceProxy, TelemetryEndpoint};
use testbed::{DeviceServer, Process, Receiver, Usage};

const DEVICE: &str = "soak/device/1";
const CLIENTS: usize = 4;
/// Calls of each client before it is measured.
const WARM_UP: usize = 500;
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
    /// Before the load, at most under load (looked at once a second), and after it.
    usage: Vec<Usage>,
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

    pub(crate) fn usage(&self, what: impl Fn(&Usage) -> usize) -> String {
        let all: Vec<String> = self
            .usage
            .iter()
            .map(|usage| what(usage).to_string())
            .collect();
        all.join(" / ")
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

    warm_up(subject, &clients, &operator)?;
    for number in 0..CHANGES {
        reconfigure(number)?;
        // In each state: what is made at first use is there then.
        (0..2).try_for_each(|number| subject.call(&operator, number))?;
    }
    let before = calm(process)?;

    let stop = AtomicBool::new(false);
    let start = Instant::now();
    let mut spans = 0;
    let mut died = None;
    let mut most = before;
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
            if let Ok(usage) = process.usage() {
                most = Usage {
                    threads: most.threads.max(usage.threads),
                    fds: most.fds.max(usage.fds),
                    resident: most.resident.max(usage.resident),
                };
            }
        }
        stop.store(true, Ordering::Relaxed);
        (calls.into_iter().map(join).collect::<Vec<_>>(), join(admin))
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
        usage: vec![before, most],
        wrong: Vec::new(),
        admin: admin.took,
    };
    if outcome.died.is_none() {
        // The state of before.
        (0..CHANGES).try_for_each(reconfigure)?;
        outcome.providers = (subject.providers)(&operator)?;
        take_spans();
        subject.call(&operator, 0)?;
        let exported =
            receivers[0].wait_for("a span after the load", SETTLE, |all| !all.is_empty());
        // Exporters keep idle connections for a while; not those that the other side has closed.
        drop(receivers);
        let back = |usage: Usage| usage.threads <= before.threads && usage.fds <= before.fds;
        let settled = process.wait_for_usage("the threads and descriptors of before", SETTLE, back);
        outcome
            .wrong
            .extend(exported.err().map(|error| error.to_string()));
        outcome
            .wrong
            .extend(settled.err().map(|error| error.to_string()));
        outcome.usage.push(process.usage()?);
    }
    Ok(outcome)
}

/// As many calls at once as there will be: an ORB opens connections as it needs them.
fn warm_up(
    subject: &Subject,
    clients: &[DeviceProxy],
    operator: &DeviceProxy,
) -> Result<(), DevFailed> {
    thread::scope(|scope| {
        let calls = clients.iter().map(|client| {
            scope.spawn(|| (0..WARM_UP).try_for_each(|number| subject.call(client, number)))
        });
        let calls: Vec<_> = calls.collect();
        (0..WARM_UP).try_for_each(|_| operator.is_telemetry_enabled().map(|_| ()))?;
        calls.into_iter().try_for_each(join)
    })
}

fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
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
