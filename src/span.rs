// SPDX-License-Identifier: MIT OR Apache-2.0
//! One span of a device method or client call, made current in both halves.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
};

use opentelemetry::{
    Context, KeyValue,
    trace::{SpanKind, Status, TraceContextExt, TraceId},
};

use crate::{
    active,
    actor::Mode,
    attributes, bridge, client,
    context::{self, Bound, ContextScope},
    current::{Call, CurrentActor, Entered, has_valid_span, of_rust, or_of_cpp, with_remote},
    device::DeviceTelemetry,
    diagnostics,
    environment::settings,
    error::panic_text,
    export::Emitter,
    operation::{Operation, OperationError},
    quiet::QuietMethod,
    text::{self, bounded},
};

/// A span in progress: its context is the current one of this thread, in Rust and in C++, until [`end`](Self::end) or
/// drop.
///
/// Nothing at all where telemetry is off, and only the context where it propagates only. Guards of one thread are to be
/// dropped in the reverse order of their making, as variables are.
#[must_use = "the span ends when the guard is dropped"]
pub struct SpanGuard {
    // Dropped in this order: the span ends while it is still the current one.
    span: Option<Recording>,
    _current: ContextScope,
    _call: Option<Arc<Call>>,
    _quiet: Option<QuietMethod>,
}

impl fmt::Debug for SpanGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanGuard").finish_non_exhaustive()
    }
}

/// A span that ends when this is dropped. The emitter is held so long, so that its provider exports the span also when
/// a reconfiguration has replaced it.
struct Recording {
    cx: Context,
    /// Made while the thread was unwinding: a panic is then nothing new to tell.
    within_panic: bool,
    emitter: Arc<Emitter>,
}

/// A span that has begun and is not current yet, or no span.
#[derive(Default)]
pub(crate) struct NewSpan {
    span: Option<Recording>,
    /// What is to be current in Rust.
    cx: Option<Context>,
    /// And in C++.
    of_both: bool,
    interface: Option<bridge::InterfaceScope>,
    /// What its calls keep to.
    call: Option<Arc<Call>>,
    quiet: Option<QuietMethod>,
}

impl NewSpan {
    pub(crate) fn of_device(device: &DeviceTelemetry, operation: &Operation<'_>) -> Self {
        if active::is_idle() {
            return Self::quiet(device);
        }
        if operation.is_kernel() && !emits_kernel_spans(device) {
            return Self::quiet(device);
        }
        let Some(current) = of_rust(Context::clone) else {
            return Self::default();
        };
        let call = Arc::new(Call(device.actor().state()));
        let own = CurrentActor::device(device, &call);
        if settings().patching_disabled {
            // Whose client calls these are, C++ must know all the same.
            return Self::in_rust(current.with_value(own)).with(call, None);
        }
        let entered = Entered::device(device, call.0.clone());
        if matches!(entered.mode(), Mode::Off) {
            // The calls that a stopped device makes are still its own: neither the client's to tell of, nor those of
            // the device that has called it from the same process.
            if client::is_off() && current.get::<CurrentActor>().is_none() {
                return Self::quiet(device);
            }
            return Self::in_rust(current.with_value(own)).with(call, None);
        }
        // The kernel span if it is exported, else what came with the request: C++ has the word.
        let going_on = bridge::get_trace_context();
        let trace_id = going_on
            .as_ref()
            .map_or(TraceId::INVALID, |on| on.span_context.trace_id());
        let parent = match going_on {
            // Not every span of Rust's is known to C++.
            Some(on) if on.of_rust && has_valid_span(&current) => current,
            // Of who has called from the same thread there may be a span, which is not to go on: nor does it from one
            // process to the next.
            Some(on) if !on.span_context.is_valid() && has_valid_span(&current) => Context::new(),
            known => with_remote(&current, known.map(|on| on.span_context)),
        };
        let parent = parent.with_value(own);
        let new = match entered.mode() {
            Mode::Emit(emitter) => {
                let [before, name, after] = operation.name();
                let name = [device.class_name(), ".", before, name, after].concat();
                let mut attributes =
                    attributes::of(operation, device.actor().service_instance_id());
                attributes::add_client_ident(&mut attributes);
                let start = |parent: &Context| {
                    let name = bounded(name, text::LIMIT);
                    let cx = emitter.start(SpanKind::Server, name, attributes, parent, trace_id);
                    if !has_valid_span(parent) {
                        bridge::begin_trace(cx.span().span_context().trace_id());
                    }
                    cx
                };
                Self::emitted(emitter, start, parent)
            }
            _ => Self::in_both(parent),
        };
        new.with(call, entered.interface)
    }

    pub(crate) fn of_client(operation: &Operation<'_>) -> Self {
        if active::is_idle() {
            return Self::default();
        }
        let Some(mut cx) = of_rust(Context::clone) else {
            return Self::default();
        };
        if let Some(given) = operation.given_context() {
            let calling = cx.get::<CurrentActor>().cloned();
            cx = match calling.filter(|_| given.get::<CurrentActor>().is_none()) {
                Some(calling) => given.with_value(calling),
                None => given.clone(),
            };
        }
        let mut call = None;
        let within = cx.get::<CurrentActor>().map(CurrentActor::enter);
        let entered = within.unwrap_or_else(|| {
            let state = client::actor().state();
            if !matches!(state.mode, Mode::Off) {
                let own = call.insert(Arc::new(Call(state.clone())));
                cx = cx.with_value(CurrentActor::client(own));
            }
            Entered::client(state)
        });
        let new = match entered.mode() {
            Mode::Off => Self::default(),
            _ if settings().patching_disabled => Self::default(),
            Mode::PropagateOnly => Self::in_both(or_of_cpp(cx)),
            Mode::Emit(emitter) => {
                let attributes = attributes::of(operation, None);
                let start = |parent: &Context| {
                    let name = bounded(operation.name().concat(), text::LIMIT);
                    emitter.start(SpanKind::Client, name, attributes, parent, TraceId::INVALID)
                };
                Self::emitted(emitter, start, or_of_cpp(cx))
            }
        };
        Self {
            call,
            interface: entered.interface,
            ..new
        }
    }

    fn emitted(
        emitter: &Arc<Emitter>,
        start: impl FnOnce(&Context) -> Context,
        parent: Context,
    ) -> Self {
        // The provider's sampler and processors may be the user's.
        let cx = match catch_unwind(AssertUnwindSafe(|| start(&parent))) {
            Ok(cx) if has_valid_span(&cx) => cx,
            failed => {
                // Also a provider that somebody else has shut down: its spans would cut the trace.
                let why = failed.err().map(|panic| {
                    emitter.panicked();
                    panic_text(&*panic)
                });
                if !parent.is_telemetry_suppressed() {
                    let shut_down = || "the tracer provider was shut down".to_string();
                    diagnostics::warn("no span", &why.unwrap_or_else(shut_down));
                }
                return Self::in_both(parent);
            }
        };
        // A span that is not sampled is not exported, so that nothing must be its child.
        let sampled = cx.span().span_context().is_sampled();
        let handed_on = if sampled || !has_valid_span(&parent) {
            cx.clone()
        } else {
            parent
        };
        Self {
            span: Some(Recording {
                cx,
                within_panic: thread::panicking(),
                emitter: emitter.clone(),
            }),
            ..Self::in_both(handed_on)
        }
    }

    fn in_rust(cx: Context) -> Self {
        Self {
            cx: Some(cx),
            ..Self::default()
        }
    }

    fn in_both(cx: Context) -> Self {
        Self {
            of_both: true,
            ..Self::in_rust(cx)
        }
    }

    fn with(self, call: Arc<Call>, interface: Option<bridge::InterfaceScope>) -> Self {
        Self {
            call: Some(call),
            interface,
            ..self
        }
    }

    /// Nothing, but what it starts is the device's.
    fn quiet(device: &DeviceTelemetry) -> Self {
        Self {
            quiet: Some(QuietMethod::of(device.actor())),
            ..Self::default()
        }
    }

    /// Makes it current on this thread.
    pub(crate) fn enter(self) -> SpanGuard {
        SpanGuard {
            span: self.span,
            _current: ContextScope::of(self.cx, self.of_both, self.interface),
            _call: self.call,
            _quiet: self.quiet,
        }
    }

    /// Makes it current whenever the future is polled.
    pub(crate) fn in_future<T, E: OperationError, F>(
        self,
        future: F,
    ) -> impl Future<Output = F::Output>
    where
        F: Future<Output = Result<T, E>>,
    {
        let Self { span, cx, call, .. } = self;
        let future = Bound::new(cx.unwrap_or_else(context::current), future);
        async move {
            let _call = call;
            let result = future.await;
            end(span, &result);
            result
        }
    }
}

impl SpanGuard {
    /// Runs `f` and ends the span with its result.
    ///
    /// # Errors
    /// Those of `f`, unchanged.
    pub fn run<T, E: OperationError>(self, f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let result = f();
        end(self.span, &result);
        result
    }

    /// Ends the span; its status stays unset. The same as dropping the guard.
    pub fn end(self) {}

    /// Ends the span with status Error and one `exception` event.
    pub fn end_with_error(self, error: &impl OperationError) {
        end(self.span, &Err::<(), _>(error));
    }
}

fn end<T, E: OperationError>(span: Option<Recording>, result: &Result<T, E>) {
    if let Some(span) = span
        && let Err(error) = result
    {
        // The error type is the bindings'.
        let told = catch_unwind(AssertUnwindSafe(|| span.set_error(error)));
        if let Err(panic) = told {
            diagnostics::warn("panic of an OperationError", &panic_text(&*panic));
        }
    }
}

impl Recording {
    fn set_error(&self, error: &impl OperationError) {
        let told = |text: &str| bounded(text, text::ERROR_LIMIT);
        let (kind, reason) = (told(error.exception_type()), told(error.reason()));
        let description = told(error.description());
        let span = self.cx.span();
        let status = bounded(format!("{kind}: {reason}: {description}"), text::LIMIT);
        span.set_status(Status::error(status));
        let message = told(&format!("{reason}: {description}"));
        span.add_event(
            "exception",
            vec![
                KeyValue::new("exception.type", kind),
                KeyValue::new("exception.message", message),
                KeyValue::new("tango.error.reason", reason),
                KeyValue::new("tango.error.desc", description),
                KeyValue::new("tango.error.origin", told(error.origin())),
            ],
        );
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if thread::panicking() && !self.within_panic {
            self.cx.span().set_status(Status::error("panic"));
        }
        // A simple span processor exports here and now, and an exporter may be the user's.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.cx.span().end())) {
            self.emitter.panicked();
            diagnostics::warn("panic in a span exporter", &panic_text(&*panic));
        }
    }
}

fn emits_kernel_spans(device: &DeviceTelemetry) -> bool {
    let is_all = |topic: &String| topic == "all";
    settings().emit_kernel_spans && device.configuration().topics.iter().any(is_all)
}
