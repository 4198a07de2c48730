// SPDX-License-Identifier: MIT OR Apache-2.0
//! The load: clients and an operator, each in a closed loop.

use std::{
    panic::resume_unwind,
    slice,
    sync::atomic::{AtomicBool, Ordering},
    thread::{self, ScopedJoinHandle},
    time::{Duration, Instant},
};

use anyhow::Result;
use tango_bindings::{DevFailed, DeviceProxy, TelemetryEndpoint};
use testbed::{DeviceServer, Process};

/// A call that fails because its server dies does so a moment before the process is gone.
const DEATH: Duration = Duration::from_secs(2);
/// Calls of each client before anything is measured.
const WARM_UP: usize = 500;

/// Calls of the device; even and odd numbers are different ones.
pub(crate) type Call<'a> = &'a (dyn Fn(&DeviceProxy, usize) -> Result<(), DevFailed> + Sync);

pub(crate) struct Load<'a> {
    pub(crate) clients: Vec<DeviceProxy>,
    pub(crate) operator: DeviceProxy,
    pub(crate) endpoints: [TelemetryEndpoint; 2],
    pub(crate) call: Call<'a>,
}

/// What was done under load: how long each took, and what failed.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) took: Vec<Duration>,
    pub(crate) failed: Vec<String>,
}

impl<'a> Load<'a> {
    pub(crate) fn connect(
        server: &DeviceServer,
        device: &str,
        clients: usize,
        endpoints: [TelemetryEndpoint; 2],
        call: Call<'a>,
    ) -> Result<Self> {
        let connect = || DeviceProxy::new(&server.device_url(device));
        let clients: Result<_, _> = (0..clients).map(|_| connect()).collect();
        Ok(Self {
            clients: clients?,
            operator: connect()?,
            endpoints,
            call,
        })
    }

    /// After it nothing is made any more only because it is used for the first time.
    pub(crate) fn warm_up(&self) -> Result<(), DevFailed> {
        // An ORB opens connections when calls come at the same time.
        thread::scope(|scope| {
            let all_calls =
                |client| (0..WARM_UP).try_for_each(|number| (self.call)(client, number));
            let clients = self.clients.iter();
            let clients: Vec<_> = clients
                .map(|client| scope.spawn(move || all_calls(client)))
                .collect();
            (0..WARM_UP).try_for_each(|_| self.operator.is_telemetry_enabled().map(|_| ()))?;
            clients.into_iter().try_for_each(join)
        })?;
        self.reconfigure_in_turn(|| (0..2).try_for_each(|n| (self.call)(&self.operator, n)))
    }

    /// Each change once, with `between` after it. Telemetry is then as it was at the start.
    pub(crate) fn reconfigure_in_turn(
        &self,
        between: impl Fn() -> Result<(), DevFailed>,
    ) -> Result<(), DevFailed> {
        (0..CHANGES).try_for_each(|number| self.reconfigure(number).and_then(|()| between()))
    }

    /// All at once, while `meanwhile` runs or until the server is gone. What the clients did, and the operator.
    pub(crate) fn run(&self, process: &Process, meanwhile: impl FnOnce()) -> (Done, Done) {
        let stop = AtomicBool::new(false);
        let stop = &stop;
        thread::scope(|scope| {
            let client = |client| {
                scope.spawn(move || repeat(process, stop, |number| (self.call)(client, number)))
            };
            let clients: Vec<_> = self.clients.iter().map(client).collect();
            let operator = scope.spawn(|| repeat(process, stop, |number| self.reconfigure(number)));
            meanwhile();
            stop.store(true, Ordering::Relaxed);
            let mut calls = Done::default();
            for done in clients.into_iter().map(join) {
                calls.took.extend(done.took);
                calls.failed.extend(done.failed);
            }
            (calls, join(operator))
        })
    }

    fn reconfigure(&self, number: usize) -> Result<(), DevFailed> {
        let operator = &self.operator;
        let [first, second] = &self.endpoints;
        match number % CHANGES {
            0 => operator.stop_telemetry(),
            1 => operator.start_telemetry(),
            2 => operator.set_telemetry_tracing(false),
            3 => operator.set_telemetry_tracing(true),
            4 => operator.set_telemetry_topics(&["user"]),
            5 => operator.set_telemetry_topics(&["all"]),
            6 => operator.set_telemetry_tracing_endpoints(slice::from_ref(second)),
            _ => operator.set_telemetry_tracing_endpoints(slice::from_ref(first)),
        }
    }
}

/// How many changes `Load::reconfigure` knows.
const CHANGES: usize = 8;

/// Calls again and again, until it is to stop or the server is gone.
fn repeat(
    process: &Process,
    stop: &AtomicBool,
    call: impl Fn(usize) -> Result<(), DevFailed>,
) -> Done {
    let mut done = Done::default();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let start = Instant::now();
        match call(number) {
            Ok(()) => done.took.push(start.elapsed()),
            Err(_) if process.wait(DEATH).is_ok() => break,
            Err(failed) => done.failed.push(failed.to_string()),
        }
    }
    done
}

fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}
