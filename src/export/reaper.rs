//! The thread that waits for collectors, so that nobody else has to. It is started when it first has something to do.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::{diagnostics, error::Error};

/// How long a provider's shutdown may take after its flush, which the SDK bounds by 5 s.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

enum Job {
    Flush(SdkTracerProvider),
    Retire(SdkTracerProvider),
}

struct Jobs {
    waiting: VecDeque<Job>,
    /// Those waiting and the one that runs.
    unfinished: usize,
    started: bool,
}

static JOBS: Mutex<Jobs> = Mutex::new(Jobs {
    waiting: VecDeque::new(),
    unfinished: 0,
    started: false,
});
static CHANGED: Condvar = Condvar::new();

/// Exports the spans that have ended.
pub(super) fn flush(provider: SdkTracerProvider) {
    push(Job::Flush(provider));
}

/// Exports the spans that have ended, and shuts the provider down.
pub(super) fn retire(provider: SdkTracerProvider) {
    push(Job::Retire(provider));
}

/// Until all that was asked for is done.
pub(super) fn wait(timeout: Duration) -> Result<(), Error> {
    let (jobs, _) = CHANGED
        .wait_timeout_while(jobs(), timeout, |jobs| jobs.unfinished > 0)
        .unwrap_or_else(PoisonError::into_inner);
    if jobs.unfinished > 0 {
        return Err(Error::FlushTimeout(timeout));
    }
    Ok(())
}

fn push(job: Job) {
    let mut jobs = jobs();
    jobs.waiting.push_back(job);
    jobs.unfinished += 1;
    if !jobs.started {
        let thread = thread::Builder::new().name("tango-otel-reap".to_string());
        match thread.spawn(run) {
            Ok(_) => jobs.started = true,
            // The job waits for the next one to try again.
            Err(error) => diagnostics::warn("no thread to export spans", &error),
        }
    }
    CHANGED.notify_all();
}

fn run() {
    loop {
        let mut jobs = CHANGED
            .wait_while(jobs(), |jobs| jobs.waiting.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let Some(job) = jobs.waiting.pop_front() else {
            continue;
        };
        drop(jobs);
        // The exporter may be the user's.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(job)));
        self::jobs().unfinished -= 1;
        CHANGED.notify_all();
    }
}

fn work(job: Job) {
    let (provider, retire) = match job {
        Job::Flush(provider) => (provider, false),
        Job::Retire(provider) => (provider, true),
    };
    if let Err(error) = provider.force_flush() {
        diagnostics::warn("spans not exported", &error);
    }
    if retire && let Err(error) = provider.shutdown_with_timeout(SHUTDOWN_TIMEOUT) {
        diagnostics::warn("tracer provider not shut down", &error);
    }
}

fn jobs() -> MutexGuard<'static, Jobs> {
    JOBS.lock().unwrap_or_else(PoisonError::into_inner)
}
