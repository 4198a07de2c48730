// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who waits for collectors, so that nobody else has to: a thread for each thing that is flushed or ended, of either
//! half, so that a dead collector delays none but its own spans. It ends with its work.

use std::{
    mem,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{diagnostics, error::Error};

struct Work {
    running: usize,
    threads: Vec<JoinHandle<()>>,
    /// What has failed since somebody asked last.
    failure: Option<String>,
}

static WORK: Mutex<Work> = Mutex::new(Work {
    running: 0,
    threads: Vec::new(),
    failure: None,
});
static DONE: Condvar = Condvar::new();

static EXIT_TIMEOUT_MILLIS: AtomicU64 = AtomicU64::new(1500);

/// Bounds how long the end of the process (`exit`, or the end of `main`) waits for collectors; default 1.5 s. What a
/// dead collector has not taken by then is lost.
pub fn set_exit_timeout(timeout: Duration) {
    let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    EXIT_TIMEOUT_MILLIS.store(millis, Ordering::Relaxed);
}

#[cfg_attr(not(tango_telemetry), allow(dead_code))]
pub(crate) fn exit_timeout() -> Duration {
    Duration::from_millis(EXIT_TIMEOUT_MILLIS.load(Ordering::Relaxed))
}

/// Runs `job` on a thread of its own. It catches what it may throw.
pub(crate) fn start(job: impl FnOnce() -> Result<(), String> + Send + 'static) {
    work().running += 1;
    let run = move || finish(job());
    let thread = thread::Builder::new().name("tango-otel-reap".to_string());
    match thread.spawn(run) {
        Ok(thread) => {
            let mut work = work();
            work.threads.retain(|thread| !thread.is_finished());
            work.threads.push(thread);
        }
        Err(error) => finish(Err(error.to_string())),
    }
}

/// Until all that was started is done.
pub(crate) fn wait(timeout: Duration) -> Result<(), Error> {
    let (mut work, _) = DONE
        .wait_timeout_while(work(), timeout, |work| work.running > 0)
        .unwrap_or_else(PoisonError::into_inner);
    if work.running > 0 {
        return Err(Error::FlushTimeout(timeout));
    }
    let failure = work.failure.take();
    let threads = mem::take(&mut work.threads);
    drop(work);
    for thread in threads {
        // Their work is done. What C++ keeps for each thread is not to end while the process does. A panic was caught.
        let _ = thread.join();
    }
    failure.map_or(Ok(()), |failure| Err(Error::Export(failure)))
}

fn finish(result: Result<(), String>) {
    if let Err(failure) = &result {
        diagnostics::warn("spans not exported", failure);
    }
    let mut work = work();
    work.running -= 1;
    work.failure = work.failure.take().or(result.err());
    DONE.notify_all();
}

fn work() -> MutexGuard<'static, Work> {
    WORK.lock().unwrap_or_else(PoisonError::into_inner)
}
