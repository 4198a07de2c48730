//! Who waits for collectors, so that nobody else has to: a thread for each provider that is flushed or shut down, so
//! that a dead collector delays none but its own spans. It ends with its work.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use opentelemetry_sdk::{error::OTelSdkResult, trace::SdkTracerProvider};

use crate::{
    diagnostics,
    error::{Error, panic_text},
};

/// How long a provider's shutdown may take after its flush, which the SDK bounds by 5 s.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

struct Work {
    running: usize,
    /// The emitters that are being flushed: to ask again adds nothing.
    flushing: Vec<u64>,
    /// What has failed since somebody asked last.
    failure: Option<String>,
}

static WORK: Mutex<Work> = Mutex::new(Work {
    running: 0,
    flushing: Vec::new(),
    failure: None,
});
static DONE: Condvar = Condvar::new();

/// Exports the spans of emitter `id` that have ended.
pub(super) fn flush(id: u64, provider: SdkTracerProvider) {
    {
        let mut work = work();
        if work.flushing.contains(&id) {
            return;
        }
        work.flushing.push(id);
    }
    start(move || {
        let result = guarded(|| provider.force_flush());
        work().flushing.retain(|flushing| *flushing != id);
        result.and(dropped(provider))
    });
}

/// Exports the spans that have ended, and shuts the provider down.
pub(super) fn retire(provider: SdkTracerProvider) {
    start(move || {
        let flushed = guarded(|| provider.force_flush());
        let ended = guarded(|| provider.shutdown_with_timeout(SHUTDOWN_TIMEOUT));
        flushed.and(ended).and(dropped(provider))
    });
}

/// Until all that was asked for is done.
pub(super) fn wait(timeout: Duration) -> Result<(), Error> {
    let (mut work, _) = DONE
        .wait_timeout_while(work(), timeout, |work| work.running > 0)
        .unwrap_or_else(PoisonError::into_inner);
    if work.running > 0 {
        return Err(Error::FlushTimeout(timeout));
    }
    work.failure
        .take()
        .map_or(Ok(()), |failure| Err(Error::Export(failure)))
}

fn start(job: impl FnOnce() -> Result<(), String> + Send + 'static) {
    work().running += 1;
    let run = move || finish(job());
    if let Err(error) = thread::Builder::new()
        .name("tango-otel-reap".to_string())
        .spawn(run)
    {
        finish(Err(error.to_string()));
    }
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

/// Processors and exporters may be the user's.
fn guarded(f: impl FnOnce() -> OTelSdkResult) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => Err(format!("panic: {}", panic_text(&*panic))),
    }
}

/// The last one to hold a provider runs its processors' destructors.
fn dropped(provider: SdkTracerProvider) -> Result<(), String> {
    guarded(|| {
        drop(provider);
        Ok(())
    })
}

fn work() -> MutexGuard<'static, Work> {
    WORK.lock().unwrap_or_else(PoisonError::into_inner)
}
