//! One span of a device method or client call, made current in both halves.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use opentelemetry::{
    Context, ContextGuard, KeyValue,
    trace::{SpanContext, SpanKind, Status, TraceContextExt, TraceId},
};

use crate::{
    actor::Mode,
    attributes, bridge, client,
    device::DeviceTelemetry,
    diagnostics,
    environment::settings,
    error::panic_text,
    export::Emitter,
    operation::{Operation, OperationError},
    scope::TraceContextScope,
    trace_context::TraceContext,
};

/// The status text of a span is cut at so many bytes; the whole text is in the `exception` event.
const STATUS_LIMIT: usize = 1024;

/// A span in progress: its context is the current one of this thread, in Rust and in C++, until [`end`](Self::end) or
/// drop.
///
/// Nothing at all where telemetry is off, and only the context where it propagates only. Guards of one thread are to be
/// dropped in the reverse order of their making, as variables are.
#[must_use = "the span ends when the guard is dropped"]
#[derive(Default)]
pub struct SpanGuard {
    // Fields are dropped in this order: the span while it is still current, then C++ before Rust.
    span: Option<Recording>,
    _cpp: Option<TraceContextScope>,
    _interface: Option<bridge::InterfaceScope>,
    _rust: Option<ContextGuard>,
}

/// A span that ends when this is dropped. The emitter is held so long, so that its provider exports the span also when
/// a reconfiguration has replaced it.
struct Recording {
    cx: Context,
    /// Made while the thread was unwinding: a panic is then nothing new to tell.
    within_panic: bool,
    emitter: Arc<Emitter>,
}

/// The device whose method runs; travels in the Rust context, so also to other threads and tasks.
struct CurrentDevice {
    device: DeviceTelemetry,
    /// What the method's span was made by. A method that runs while its device is reconfigured keeps it, so that its
    /// trace goes on to its end, in C++ as in Rust; who outlives the method does not.
    emitter: Weak<Emitter>,
}

impl CurrentDevice {
    fn new(device: &DeviceTelemetry, mode: &Mode) -> Self {
        Self {
            device: device.clone(),
            emitter: match mode {
                Mode::Emit(emitter) => Arc::downgrade(emitter),
                _ => Weak::new(),
            },
        }
    }

    fn mode(&self) -> Mode {
        let emitter = self.emitter.upgrade().map(Mode::Emit);
        emitter.unwrap_or_else(|| self.device.actor().mode())
    }
}

/// C++ has the same once more: neither half asks the other at each call.
static PROPAGATE_WHEN_DISABLED: AtomicBool = AtomicBool::new(false);

/// Has this process hand on trace contexts also where telemetry is stopped or disabled, of a device or of the client:
/// a trace then goes through actors that take no part in it.
///
/// Off by default: for cppTango, and for PyTango, stopped telemetry ends a trace, and the next actor begins a new one.
pub fn propagate_when_disabled(propagate: bool) {
    PROPAGATE_WHEN_DISABLED.store(propagate, Ordering::Relaxed);
    bridge::propagate_when_disabled(propagate);
}

/// What a call does in `mode`, and the C++ interface that it needs for it.
fn unless_disabled(mode: Mode) -> (Mode, Option<bridge::InterfaceScope>) {
    if matches!(mode, Mode::Off) && PROPAGATE_WHEN_DISABLED.load(Ordering::Relaxed) {
        let interface = bridge::InterfaceScope::propagating();
        return (Mode::PropagateOnly, interface);
    }
    (mode, None)
}

impl SpanGuard {
    pub(crate) fn of_device(device: &DeviceTelemetry, operation: &Operation<'_>) -> Self {
        if settings().patching_disabled {
            // Whose client calls these are, C++ must know all the same.
            let cx = Context::current_with_value(CurrentDevice::new(device, &Mode::Off));
            return Self {
                _rust: Some(cx.attach()),
                ..Self::default()
            };
        }
        if operation.is_kernel() && !emits_kernel_spans(device) {
            return Self::default();
        }
        let (mode, propagating) = unless_disabled(device.actor().mode());
        if matches!(mode, Mode::Off) {
            // The calls that a stopped device makes are still its own: neither the client's to tell of, nor those of
            // the device that has called it from the same process.
            let within_another = Context::map_current(|cx| cx.get::<CurrentDevice>().is_some());
            let own = within_another || !client::is_off();
            let current = || Context::current_with_value(CurrentDevice::new(device, &mode));
            let cx = own.then(current);
            return Self {
                _rust: cx.map(Context::attach),
                ..Self::default()
            };
        }
        let interface = propagating.or_else(|| device.actor().enter_interface());
        // The kernel span if it is exported, else what came with the request: C++ has the word.
        let going_on = bridge::get_trace_context();
        let trace_id = going_on
            .as_ref()
            .map_or(TraceId::INVALID, SpanContext::trace_id);
        let parent = match going_on {
            // Of who has called from the same thread there may be a span, which is not to go on: nor does it from one
            // process to the next.
            Some(nothing) if !nothing.is_valid() && has_valid_span(&Context::current()) => {
                Context::new()
            }
            known => current_with(known),
        };
        let parent = parent.with_value(CurrentDevice::new(device, &mode));
        let guard = match mode {
            Mode::Emit(emitter) => {
                let name = format!("{}.{operation}", device.class_name());
                let mut attributes = attributes::of(operation, Some(device.device_name()));
                attributes::add_client_ident(&mut attributes);
                let start = |parent: &Context| {
                    let cx = emitter.start(SpanKind::Server, name, attributes, parent, trace_id);
                    if !has_valid_span(parent) {
                        bridge::begin_trace(cx.span().span_context().trace_id());
                    }
                    cx
                };
                Self::emit(&emitter, start, parent)
            }
            _ => Self::handing_on(parent),
        };
        Self {
            _interface: interface,
            ..guard
        }
    }

    pub(crate) fn of_client(operation: &Operation<'_>) -> Self {
        let of_device = Context::map_current(|cx| {
            let current = cx.get::<CurrentDevice>()?;
            let (mode, propagating) = unless_disabled(current.mode());
            let interface = propagating.or_else(|| current.device.actor().enter_interface());
            Some((mode, interface))
        });
        let within_device = of_device.is_some();
        let (mode, interface) = of_device.unwrap_or_else(|| {
            let (mode, propagating) = unless_disabled(client::actor().mode());
            let interface = propagating.or_else(|| match mode {
                Mode::Off => client::enter_disabled(),
                _ => client::enter(),
            });
            (mode, interface)
        });
        let guard = match mode {
            Mode::Off => Self::default(),
            _ if settings().patching_disabled => Self::default(),
            Mode::PropagateOnly => Self::handing_on(current_parent()),
            Mode::Emit(emitter) => {
                if !within_device {
                    client::hint_at_service_name();
                }
                let name = operation.to_string();
                let attributes = attributes::of(operation, None);
                let start = |parent: &Context| {
                    emitter.start(SpanKind::Client, name, attributes, parent, TraceId::INVALID)
                };
                Self::emit(&emitter, start, current_parent())
            }
        };
        Self {
            _interface: interface,
            ..guard
        }
    }

    fn emit(
        emitter: &Arc<Emitter>,
        start: impl FnOnce(&Context) -> Context,
        parent: Context,
    ) -> Self {
        // The provider's sampler and processors may be the user's.
        let cx = match catch_unwind(AssertUnwindSafe(|| start(&parent))) {
            Ok(cx) if cx.span().span_context().is_valid() => cx,
            failed => {
                // Also a provider that somebody else has shut down: its spans would cut the trace.
                let why = failed.err().map(|panic| {
                    emitter.panicked();
                    panic_text(&*panic)
                });
                let why = why.unwrap_or_else(|| "the tracer provider was shut down".to_string());
                diagnostics::warn("no span", &why);
                return Self::handing_on(parent);
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
            ..Self::handing_on(handed_on)
        }
    }

    /// No span: `cx` is current in Rust, and its context is what C++ hands on.
    fn handing_on(cx: Context) -> Self {
        let context = TraceContext::from(&cx);
        Self {
            _cpp: Some(TraceContextScope::handing_on(&context)),
            _rust: Some(cx.attach()),
            ..Self::default()
        }
    }

    /// Runs `f` and ends the span with its result.
    ///
    /// # Errors
    /// Those of `f`, unchanged.
    pub fn run<T, E: OperationError>(self, f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let result = f();
        match &result {
            Ok(_) => self.end(),
            Err(error) => self.end_with_error(error),
        }
        result
    }

    /// Ends the span; its status stays unset. The same as dropping the guard.
    pub fn end(self) {}

    /// Ends the span with status Error and one `exception` event.
    pub fn end_with_error(self, error: &impl OperationError) {
        if let Some(recording) = &self.span {
            // The error type is the bindings'.
            let told = catch_unwind(AssertUnwindSafe(|| recording.set_error(error)));
            if let Err(panic) = told {
                diagnostics::warn("panic of an OperationError", &panic_text(&*panic));
            }
        }
    }
}

impl Recording {
    fn set_error(&self, error: &impl OperationError) {
        let (kind, reason) = (error.exception_type(), error.reason());
        let description = error.description();
        let span = self.cx.span();
        let status = cut(format!("{kind}: {reason}: {description}"));
        span.set_status(Status::error(status));
        span.add_event(
            "exception",
            vec![
                KeyValue::new("exception.type", kind.to_string()),
                KeyValue::new("exception.message", format!("{reason}: {description}")),
                KeyValue::new("tango.error.reason", reason.to_string()),
                KeyValue::new("tango.error.desc", description.to_string()),
                KeyValue::new("tango.error.origin", error.origin().to_string()),
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

/// The parent of a client call's span: Rust's current span, else what C++ hands on.
fn current_parent() -> Context {
    let current = Context::current();
    if has_valid_span(&current) {
        return current;
    }
    current_with(bridge::get_trace_context())
}

/// Rust's current context, with this as its remote span if it is one.
fn current_with(span_context: Option<SpanContext>) -> Context {
    let cx = span_context.map_or(TraceContext::EMPTY, TraceContext::from);
    cx.to_context(&Context::current())
}

fn has_valid_span(cx: &Context) -> bool {
    cx.span().span_context().is_valid()
}

fn emits_kernel_spans(device: &DeviceTelemetry) -> bool {
    let is_all = |topic: &String| topic == "all";
    settings().emit_kernel_spans && device.configuration().topics.iter().any(is_all)
}

fn cut(mut text: String) -> String {
    let mut end = STATUS_LIMIT.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}
