// SPDX-License-Identifier: MIT OR Apache-2.0
//! Around the SDK's processors and exporters: counts what becomes of each span, since the SDK tells nobody.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use opentelemetry::{Context, context::FutureExt};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanExporter, SpanProcessor},
};

use crate::statistics::Counters;

/// The way of spans to one endpoint, from their end to their export.
struct Way {
    counters: Arc<Counters>,
    waiting: AtomicUsize,
}

impl Drop for Way {
    /// Neither processor nor exporter is left: what has not come to the exporter will not.
    fn drop(&mut self) {
        let lost = *self.waiting.get_mut();
        if lost > 0 {
            self.counters
                .dropped(lost as u64, "the exporter was shut down before it got them");
        }
    }
}

/// An exporter and the processor that `processor` makes of it. More than `queue_size` spans never wait in the
/// processor, so that it has none to drop silently.
pub(super) fn accounted<E: SpanExporter, P: SpanProcessor>(
    counters: &Arc<Counters>,
    exporter: E,
    queue_size: usize,
    processor: impl FnOnce(AccountedExporter<E>) -> P,
) -> AccountedProcessor<P> {
    let way = Arc::new(Way {
        counters: counters.clone(),
        waiting: AtomicUsize::new(0),
    });
    let exporter = AccountedExporter {
        inner: exporter,
        way: way.clone(),
    };
    AccountedProcessor {
        inner: processor(exporter),
        queue_size,
        way,
    }
}

pub(super) struct AccountedExporter<E> {
    inner: E,
    way: Arc<Way>,
}

impl<E: SpanExporter> SpanExporter for AccountedExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        self.way.waiting.fetch_sub(spans, Ordering::Relaxed);
        let result = {
            // Else what the exporter does would make spans, of the `tracing` crate, which are to be exported.
            let cx = Context::map_current(Context::with_telemetry_suppressed);
            self.inner.export(batch).with_context(cx).await
        };
        let counters = &self.way.counters;
        match &result {
            Ok(()) => counters.exported(spans as u64),
            Err(error) => counters.export_failed(spans as u64, &error.to_string()),
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

pub(super) struct AccountedProcessor<P> {
    inner: P,
    queue_size: usize,
    way: Arc<Way>,
}

impl<P: SpanProcessor> SpanProcessor for AccountedProcessor<P> {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        self.inner.on_start(span, cx);
    }

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        self.way.counters.ended();
        // Counted before it is in the processor's queue, and until it is out of it.
        if self.way.waiting.fetch_add(1, Ordering::Relaxed) < self.queue_size {
            self.inner.on_end(span);
        } else {
            self.way.waiting.fetch_sub(1, Ordering::Relaxed);
            self.way.counters.dropped(1, "the queue was full");
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

impl<E> std::fmt::Debug for AccountedExporter<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccountedExporter")
    }
}

impl<P> std::fmt::Debug for AccountedProcessor<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccountedProcessor")
    }
}
