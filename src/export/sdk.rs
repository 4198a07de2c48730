// SPDX-License-Identifier: MIT OR Apache-2.0
//! Spans by the OpenTelemetry SDK: a provider for each actor, since a provider has one resource.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use opentelemetry::{
    Context, InstrumentationScope, KeyValue,
    trace::{SpanBuilder, SpanKind, TraceContextExt, TraceId, Tracer, TracerProvider},
};
pub(crate) use opentelemetry_sdk::trace::Span;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracer, SdkTracerProvider},
};

pub(crate) use super::provider::Factory;
use super::{TracerProviderRequest, provider};
use crate::{
    bridge, client,
    error::{Error, panic_text},
    reaper,
    statistics::Counters,
};

/// Makes spans and sees to their export. When the last one who holds it drops it, what is pending is exported and the
/// provider shut down, by another thread.
pub(crate) struct Emitter {
    id: u64,
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    is_client: bool,
    counters: Arc<Counters>,
}

/// How long a provider's shutdown may take after its flush, which the SDK bounds by 5 s.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// The providers of all emitters, to be flushed when the process ends.
static LIVE: Mutex<Vec<(u64, SdkTracerProvider)>> = Mutex::new(Vec::new());

impl Emitter {
    /// `Some`; the dummy of builds without the SDK has none. `factory` is the actor's own.
    pub(crate) fn new(
        request: &TracerProviderRequest<'_>,
        factory: Option<&Factory>,
    ) -> Result<Option<Self>, Error> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        let provider = provider::make(request, factory)?;
        let scope = match request.service_instance_id {
            Some(_) => "tango.rust.server",
            None => "tango.rust.client",
        };
        let scope = InstrumentationScope::builder(scope).with_version(env!("CARGO_PKG_VERSION"));
        let tracer = provider.tracer_with_scope(scope.build());
        bridge::register_at_exit();
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        live().push((id, provider.clone()));
        Ok(Some(Self {
            id,
            provider,
            tracer,
            is_client: request.service_instance_id.is_none(),
            counters: request.counters.clone(),
        }))
    }

    /// The user's code has panicked.
    pub(crate) fn panicked(&self) {
        self.counters.panicked();
    }

    /// `parent` with a new span, a child of its one; if it has none, and `trace_id` is valid, of that trace.
    pub(crate) fn start(
        &self,
        kind: SpanKind,
        name: String,
        attributes: Vec<KeyValue>,
        parent: &Context,
        trace_id: TraceId,
    ) -> Context {
        let builder = SpanBuilder::from_name(name)
            .with_kind(kind)
            .with_attributes(attributes);
        let span = provider::of_trace(trace_id, || self.build(builder, parent));
        parent.with_span(span)
    }

    /// A span as the user wants it.
    pub(crate) fn build(&self, builder: SpanBuilder, parent: &Context) -> Span {
        if self.is_client {
            client::hint_at_service_name();
        }
        self.tracer.build_with_context(builder, parent)
    }
}

impl Drop for Emitter {
    fn drop(&mut self) {
        live().retain(|(id, _)| *id != self.id);
        let provider = self.provider.clone();
        reaper::start(move || {
            let flushed = guarded(|| provider.force_flush());
            let ended = guarded(|| provider.shutdown_with_timeout(SHUTDOWN_TIMEOUT));
            flushed.and(ended).and(dropped(provider))
        });
    }
}

/// Exports the spans that have ended; does not wait for it.
pub(crate) fn flush(emitter: &Arc<Emitter>) {
    start_flush(emitter.id, emitter.provider.clone());
}

/// The same of all.
pub(super) fn flush_all() {
    let live = live().clone();
    for (id, provider) in live {
        start_flush(id, provider);
    }
}

fn start_flush(id: u64, provider: SdkTracerProvider) {
    reaper::start(move || {
        let flushed = guarded(|| provider.force_flush());
        // Who has ended it meanwhile has flushed it too, and tells what was lost.
        let ended = live().iter().all(|(live, _)| *live != id);
        let flushed = if ended { Ok(()) } else { flushed };
        flushed.and(dropped(provider))
    });
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

fn live() -> std::sync::MutexGuard<'static, Vec<(u64, SdkTracerProvider)>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}
