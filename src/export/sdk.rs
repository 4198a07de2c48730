//! Spans by the OpenTelemetry SDK: a provider for each actor, since a provider has one resource.

use std::{
    sync::{
        Arc, Mutex, Once, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use opentelemetry::{
    Context, InstrumentationScope, KeyValue,
    trace::{SpanBuilder, SpanKind, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use super::{TracerProviderRequest, provider, reaper};
use crate::{bridge, error::Error};

/// Makes spans and sees to their export. When the last one who holds it drops it, what is pending is exported and the
/// provider shut down, by another thread.
pub(crate) struct Emitter {
    id: u64,
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// The providers of all emitters, to be flushed when the process ends.
static LIVE: Mutex<Vec<(u64, SdkTracerProvider)>> = Mutex::new(Vec::new());

impl Emitter {
    /// `Some`; the dummy of builds without the SDK has none.
    pub(crate) fn new(request: &TracerProviderRequest<'_>) -> Result<Option<Self>, Error> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        static AT_EXIT: Once = Once::new();
        let provider = provider::make(request)?;
        let scope = match request.service_instance_id {
            Some(_) => "tango.rust.server",
            None => "tango.rust.client",
        };
        let scope = InstrumentationScope::builder(scope).with_version(env!("CARGO_PKG_VERSION"));
        let tracer = provider.tracer_with_scope(scope.build());
        AT_EXIT.call_once(bridge::register_at_exit);
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        live().push((id, provider.clone()));
        Ok(Some(Self {
            id,
            provider,
            tracer,
        }))
    }

    /// `parent` with a new span, a child of its one.
    pub(crate) fn start(
        &self,
        kind: SpanKind,
        name: String,
        attributes: Vec<KeyValue>,
        parent: &Context,
    ) -> Context {
        let builder = SpanBuilder::from_name(name)
            .with_kind(kind)
            .with_attributes(attributes);
        parent.with_span(self.tracer.build_with_context(builder, parent))
    }
}

impl Drop for Emitter {
    fn drop(&mut self) {
        live().retain(|(id, _)| *id != self.id);
        reaper::retire(self.provider.clone());
    }
}

/// Exports the spans that have ended; does not wait for it.
pub(crate) fn flush(emitter: &Arc<Emitter>) {
    reaper::flush(emitter.id, emitter.provider.clone());
}

/// Exports all spans that have ended, of devices and client, and waits for it at most `timeout`.
///
/// The end of the process does the same with 2 s, so that programs need it only where they end otherwise (by a signal).
/// Any thread may call it, but not one of an exporter.
///
/// # Errors
/// [`Error::FlushTimeout`] where a collector did not take them in time; they are exported later if it still does.
/// [`Error::Export`] where spans were lost since the last call.
pub fn force_flush(timeout: Duration) -> Result<(), Error> {
    let live = live().clone();
    for (id, provider) in live {
        reaper::flush(id, provider);
    }
    reaper::wait(timeout)
}

fn live() -> std::sync::MutexGuard<'static, Vec<(u64, SdkTracerProvider)>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}
