// SPDX-License-Identifier: MIT OR Apache-2.0
//! What became of the spans of a device or of the client.

use std::{
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{bridge::DeviceLogger, diagnostics, reaper};

/// Counters of a device, or of the client, since it was made.
///
/// A span that goes to several endpoints counts for each of them. Spans are counted for exporters of
/// [`TracerProviderRequest::builder`](crate::TracerProviderRequest); those that a factory adds keep their own count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Spans that have ended: the sum of those exported, those dropped, and those still waiting.
    pub spans_ended: u64,
    /// Spans that a collector has taken.
    pub spans_exported: u64,
    /// Spans that are lost: the queue was full, or the collector did not take them.
    pub spans_dropped: u64,
    /// Exports that failed, each of a batch of spans.
    pub export_errors: u64,
    /// Tracer providers that were made.
    pub rebuilds: u64,
    /// Panics of user code that were caught: callbacks, tracer provider factory, sampler, processor, exporter.
    pub panics: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    ended: AtomicU64,
    exported: AtomicU64,
    dropped: AtomicU64,
    export_errors: AtomicU64,
    rebuilds: AtomicU64,
    panics: AtomicU64,
    /// A device's own; the client has none.
    logger: OnceLock<DeviceLogger>,
    report: Mutex<Report>,
}

impl fmt::Debug for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read().fmt(f)
    }
}

#[derive(Default)]
struct Report {
    last: Option<Instant>,
    dropped: u64,
}

/// How often drops are told.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);

#[cfg_attr(not(all(tango_telemetry, feature = "sdk")), allow(dead_code))]
impl Counters {
    pub(crate) fn read(&self) -> Statistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            spans_ended: read(&self.ended),
            spans_exported: read(&self.exported),
            spans_dropped: read(&self.dropped),
            export_errors: read(&self.export_errors),
            rebuilds: read(&self.rebuilds),
            panics: read(&self.panics),
        }
    }

    pub(crate) fn set_logger(&self, logger: DeviceLogger) {
        // Once: by the device's constructor.
        let _ = self.logger.set(logger);
    }

    pub(crate) fn rebuilt(&self) {
        self.rebuilds.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn ended(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn exported(&self, spans: u64) {
        self.exported.fetch_add(spans, Ordering::Relaxed);
    }

    pub(crate) fn export_failed(self: &Arc<Self>, spans: u64, why: &str) {
        self.export_errors.fetch_add(1, Ordering::Relaxed);
        self.dropped(spans, why);
    }

    /// Tells it on the device's logger, at most once a minute; what is not told at once is so with the next one.
    pub(crate) fn dropped(self: &Arc<Self>, spans: u64, why: &str) {
        let dropped = self.dropped.fetch_add(spans, Ordering::Relaxed) + spans;
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        if report
            .last
            .is_some_and(|last| last.elapsed() < REPORT_INTERVAL)
        {
            return;
        }
        let lost = dropped.saturating_sub(report.dropped);
        *report = Report {
            last: Some(Instant::now()),
            dropped,
        };
        // A subscriber is user code, and may come here again.
        drop(report);
        let text = format!(
            "{lost} spans were dropped ({dropped} in all): {why}; is the collector reachable?"
        );
        diagnostics::warn("telemetry", &text);
        let counters = self.clone();
        // A log may go to another device, and this may be the end of a user's method.
        reaper::start(move || {
            if let Some(logger) = counters.logger.get() {
                logger.warn(&text);
            }
            Ok(())
        });
    }
}
