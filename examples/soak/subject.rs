// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server, what its clients call, and what they do to it.

use std::{
    path::PathBuf,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use tango_bindings::{DevFailed, DeviceProxy, TelemetryEndpoint};
use testbed::{DeviceServer, Process, Receiver, Usage, process};

use crate::{load::Load, outcome::Outcome};

const DEVICE: &str = "soak/device/1";
const CLIENTS: usize = 4;
/// The ORB may open so many more of them, with a thread each, if not all callers have met at first.
const CONNECTIONS: usize = CLIENTS + 1;

/// Within it what was replaced last is exported and gone, and the ORB has ended its idle threads.
const SETTLE: Duration = Duration::from_secs(60);
/// After three minutes and 47,000 providers it was 70 MB; more than what each keeps in a leak of 10 kB in a minute.
const MORE_MEMORY_KB: usize = 128_000;
/// What opentelemetry-cpp prints for each span that it drops.
const QUEUE_FULL: &str = "queue is full";

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

    /// Puts it under load for so long, or until it dies.
    pub(crate) fn soak(&self, duration: Duration) -> Result<Outcome> {
        println!("{}: under load for up to {duration:?}", self.title);
        let receivers = [Receiver::start()?, Receiver::start()?];
        let [first, second] = &receivers;
        let endpoints =
            [first, second].map(|to| TelemetryEndpoint::new("http", &to.http_endpoint()));
        let mut environment = first.environment();
        // What the probe keeps of each callback would be taken for a leak.
        environment.push(("PROBE_OBSERVER", "none".to_string()));
        environment.extend(process::memory_env());
        let server = DeviceServer::start(&self.executable, "soak", &[DEVICE], &environment)?;
        let process = server.process();
        let call = |device: &DeviceProxy, number| self.call(device, number);
        let load = Load::connect(&server, DEVICE, CLIENTS, endpoints, &call)?;
        load.warm_up()?;
        let before = calm(process)?;

        let mut most = before;
        let mut died = None;
        let mut spans = 0;
        let start = Instant::now();
        let (mut calls, mut admin) = load.run(process, || {
            while died.is_none() && start.elapsed() < duration {
                let left = duration.saturating_sub(start.elapsed());
                let ended = process.wait(left.min(Duration::from_secs(1)));
                died = ended.ok().map(|status| (start.elapsed(), status));
                if let Ok(usage) = process.usage() {
                    most = maximum(most, usage);
                }
                // Kept, they would fill the memory.
                spans += first.take().len() + second.take().len();
            }
        });
        calls.took.sort_unstable();
        admin.took.sort_unstable();
        let mut outcome = Outcome {
            title: self.title,
            died,
            calls: calls.took,
            admin: admin.took,
            failed: [calls.failed, admin.failed].concat(),
            providers: None,
            spans,
            cpp_spans_dropped: process.output().matches(QUEUE_FULL).count(),
            usage: vec![before, most],
            left: Vec::new(),
        };
        if outcome.died.is_some() {
            return Ok(outcome);
        }

        println!("{}: waiting for what is pending", self.title);
        load.reconfigure_in_turn(|| Ok(()))?;
        outcome.providers = (self.providers)(&load.operator)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        self.call(&load.operator, 0)?;
        let new = first.wait_for("the spans of a call after the load", SETTLE, |spans| {
            spans.iter().any(|span| u128::from(span.start) >= now)
        });
        // An exporter keeps idle connections for minutes, but not to a collector that has closed them.
        drop(receivers);
        let as_before = |usage: Usage| {
            usage.threads <= before.threads + CONNECTIONS
                && usage.fds <= before.fds + CONNECTIONS
                && usage.resident <= before.resident + MORE_MEMORY_KB
        };
        let what = format!("little more than {before:?}");
        let settled = process.wait_for_usage(&what, SETTLE, as_before);
        let left = [new.err(), settled.err()].into_iter().flatten();
        outcome.left = left.map(|error| error.to_string()).collect();
        outcome.usage.push(process.usage()?);
        Ok(outcome)
    }
}

/// What it uses when its threads and descriptors have not changed for a while.
fn calm(process: &Process) -> Result<Usage> {
    let mut since = Instant::now();
    let mut last = None;
    process.wait_for_usage("calm", SETTLE, |usage| {
        let now = Some((usage.threads, usage.fds));
        if std::mem::replace(&mut last, now) != now {
            since = Instant::now();
        }
        since.elapsed() >= Duration::from_secs(1)
    })
}

fn maximum(a: Usage, b: Usage) -> Usage {
    Usage {
        threads: a.threads.max(b.threads),
        fds: a.fds.max(b.fds),
        resident: a.resident.max(b.resident),
    }
}
