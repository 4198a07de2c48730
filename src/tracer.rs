// SPDX-License-Identifier: MIT OR Apache-2.0
//! Spans of the user's own.

use std::{
    borrow::Cow,
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::Arc,
    time::SystemTime,
};

use opentelemetry::{
    Context, KeyValue,
    trace::{Span, SpanBuilder, SpanContext, Status, TraceContextExt, Tracer},
};

use crate::{
    active,
    actor::{Actor, Mode},
    client,
    current::{CurrentActor, of_rust},
    device::DeviceTelemetry,
    export::{self, Emitter},
};

/// Makes spans of the user's own in the name of a device, of the client, or of whose code runs.
///
/// It stays valid while telemetry is reconfigured: each span goes where the device's spans go when it begins. Where the
/// device makes no spans, those of this tracer are none either, and what is below them goes on from their parent.
///
/// ```
/// use cpptango_telemetry::{DeviceTelemetry, opentelemetry::trace::{Tracer, TraceContextExt}};
///
/// fn ramp(telemetry: &DeviceTelemetry) {
///     telemetry.tracer().in_span("ramp", |cx| {
///         cx.span().add_event("half way", vec![]);
///     });
/// }
/// ```
#[derive(Debug, Clone)]
pub struct TelemetryTracer(Whose);

#[derive(Debug, Clone)]
enum Whose {
    Device(DeviceTelemetry),
    Client,
    Current,
}

/// The tracer of whose code runs: of the device, in a device method and what it has begun (by
/// [`context`](crate::context) also on other threads and in tasks); else of the client.
#[must_use]
pub fn current_tracer() -> TelemetryTracer {
    TelemetryTracer(Whose::Current)
}

impl TelemetryTracer {
    pub(crate) fn device(device: &DeviceTelemetry) -> Self {
        Self(Whose::Device(device.clone()))
    }

    pub(crate) fn client() -> Self {
        Self(Whose::Client)
    }

    fn emitter(&self, parent: &Context) -> Option<Arc<Emitter>> {
        if active::is_idle() || of_rust(Context::is_telemetry_suppressed)? {
            return None;
        }
        let current = parent.get::<CurrentActor>();
        // A method that runs keeps what it began with.
        let state_of = |actor: &Actor| match current {
            Some(current) => current.state_of(actor),
            None => actor.state(),
        };
        let state = match &self.0 {
            Whose::Device(device) => state_of(device.actor()),
            Whose::Client => state_of(client::actor()),
            Whose::Current => {
                let state = |cx: &Context| cx.get::<CurrentActor>().map(CurrentActor::state);
                let state = state(parent).or_else(|| Context::map_current(state));
                state.unwrap_or_else(|| client::actor().state())
            }
        };
        match &state.mode {
            Mode::Emit(emitter) => Some(emitter.clone()),
            _ => None,
        }
    }
}

impl Tracer for TelemetryTracer {
    type Span = TelemetrySpan;

    fn build_with_context(&self, builder: SpanBuilder, parent: &Context) -> TelemetrySpan {
        if let Some(emitter) = self.emitter(parent) {
            let span = emitter.build(builder, parent);
            // Invalid where somebody else has shut the provider down.
            if span.span_context().is_valid() {
                return TelemetrySpan {
                    span: Some(span),
                    parent: SpanContext::NONE,
                    _emitter: Some(emitter),
                };
            }
        }
        TelemetrySpan {
            span: None,
            parent: parent.span().span_context().clone(),
            _emitter: None,
        }
    }
}

/// A span of a [`TelemetryTracer`]. It ends when it is dropped.
pub struct TelemetrySpan {
    // Dropped first.
    span: Option<export::Span>,
    /// Where there is no span: what is below goes on from this.
    parent: SpanContext,
    /// Held until the span's end, so that its provider exports it also when it has been replaced.
    _emitter: Option<Arc<Emitter>>,
}

// As those of tracers and devices are: not what the SDK's types happen to be.
impl UnwindSafe for TelemetrySpan {}
impl RefUnwindSafe for TelemetrySpan {}

impl fmt::Debug for TelemetrySpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelemetrySpan")
            .field("span_context", self.span_context())
            .field("is_recording", &self.is_recording())
            .finish_non_exhaustive()
    }
}

impl Span for TelemetrySpan {
    fn add_event_with_timestamp<T>(
        &mut self,
        name: T,
        timestamp: SystemTime,
        attributes: Vec<KeyValue>,
    ) where
        T: Into<Cow<'static, str>>,
    {
        if let Some(span) = &mut self.span {
            span.add_event_with_timestamp(name, timestamp, attributes);
        }
    }

    fn span_context(&self) -> &SpanContext {
        self.span.as_ref().map_or(&self.parent, Span::span_context)
    }

    fn is_recording(&self) -> bool {
        self.span.as_ref().is_some_and(Span::is_recording)
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        if let Some(span) = &mut self.span {
            span.set_attribute(attribute);
        }
    }

    fn set_status(&mut self, status: Status) {
        if let Some(span) = &mut self.span {
            span.set_status(status);
        }
    }

    fn update_name<T>(&mut self, new_name: T)
    where
        T: Into<Cow<'static, str>>,
    {
        if let Some(span) = &mut self.span {
            span.update_name(new_name);
        }
    }

    fn add_link(&mut self, span_context: SpanContext, attributes: Vec<KeyValue>) {
        if let Some(span) = &mut self.span {
            span.add_link(span_context, attributes);
        }
    }

    fn end_with_timestamp(&mut self, timestamp: SystemTime) {
        if let Some(span) = &mut self.span {
            span.end_with_timestamp(timestamp);
        }
    }
}
