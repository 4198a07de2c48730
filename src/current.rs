//! Whose code runs: it travels in the Rust context, so also to other threads and tasks.

use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicBool, Ordering},
};

use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt},
};

use crate::{
    active,
    actor::{Actor, Mode},
    bridge, client,
    device::DeviceTelemetry,
    export::Emitter,
    trace_context::TraceContext,
};

/// The device whose method runs, or the client whose call does.
#[derive(Clone)]
pub(crate) struct CurrentActor {
    /// None is the client.
    device: Option<DeviceTelemetry>,
    /// What the span was made by. A method that runs while its device is reconfigured keeps it, so that its trace goes
    /// on to its end, in C++ as in Rust; who outlives the method does not.
    emitter: Weak<Emitter>,
}

impl CurrentActor {
    pub(crate) fn device(device: &DeviceTelemetry, mode: &Mode) -> Self {
        Self {
            device: Some(device.clone()),
            emitter: mode.emitter(),
        }
    }

    pub(crate) fn client(mode: &Mode) -> Self {
        Self {
            device: None,
            emitter: mode.emitter(),
        }
    }

    pub(crate) fn is_client(&self) -> bool {
        self.device.is_none()
    }

    fn actor(&self) -> &Actor {
        match &self.device {
            Some(device) => device.actor(),
            None => client::actor(),
        }
    }

    /// Of `actor`, where that is this one; else its own.
    pub(crate) fn mode_of(&self, actor: &Actor) -> Mode {
        if std::ptr::eq(self.actor(), actor) {
            self.mode()
        } else {
            actor.mode()
        }
    }

    pub(crate) fn mode(&self) -> Mode {
        let emitter = self.emitter.upgrade().map(Mode::Emit);
        emitter.unwrap_or_else(|| self.actor().mode())
    }

    /// What its calls do, once its C++ interface is the current one.
    pub(crate) fn enter(&self) -> (Mode, Option<bridge::InterfaceScope>) {
        let Some(device) = &self.device else {
            let (mode, interface) = client::actor().of_client();
            let emitter = self.emitter.upgrade().map(Mode::Emit);
            return enter_client(emitter.unwrap_or(mode), interface);
        };
        let (mode, propagating) = unless_disabled(self.mode());
        let interface = propagating.or_else(|| device.actor().enter_interface());
        (mode, interface)
    }
}

/// What a call of the client does in `mode`, once this interface is the current one.
pub(crate) fn enter_client(
    mode: Mode,
    interface: Option<Arc<bridge::Interface>>,
) -> (Mode, Option<bridge::InterfaceScope>) {
    let (mode, propagating) = unless_disabled(mode);
    let enter = || client::enter(&mode, interface.as_deref()?);
    let entered = propagating.or_else(enter);
    (mode, entered)
}

/// Whether there is nothing to do for a call of `actor`: it is off, and what it calls cannot be taken for another's.
pub(crate) fn is_silent(actor: &Actor) -> bool {
    let alone = || {
        let within = |cx: &Context| cx.get::<CurrentActor>().is_some();
        client::is_at_rest()
            && !PROPAGATE_WHEN_DISABLED.load(Ordering::Relaxed)
            && !Context::map_current(within)
    };
    actor.is_off() && alone()
}

/// C++ has the same once more: neither half asks the other at each call.
static PROPAGATE_WHEN_DISABLED: AtomicBool = AtomicBool::new(false);

/// Has this process hand on trace contexts also where telemetry is stopped or disabled, of a device or of the client:
/// a trace then goes through actors that take no part in it.
///
/// Off by default: for cppTango, and for PyTango, stopped telemetry ends a trace, and the next actor begins a new one.
pub fn propagate_when_disabled(propagate: bool) {
    static ACTIVE: Mutex<Option<active::Reason>> = Mutex::new(None);
    let mut active = ACTIVE.lock().unwrap_or_else(PoisonError::into_inner);
    *active = propagate.then(active::Reason::new);
    PROPAGATE_WHEN_DISABLED.store(propagate, Ordering::Relaxed);
    bridge::propagate_when_disabled(propagate);
}

/// What a call does in `mode`, and the C++ interface that it needs for it.
pub(crate) fn unless_disabled(mode: Mode) -> (Mode, Option<bridge::InterfaceScope>) {
    if matches!(mode, Mode::Off) && PROPAGATE_WHEN_DISABLED.load(Ordering::Relaxed) {
        let interface = bridge::InterfaceScope::propagating();
        return (Mode::PropagateOnly, interface);
    }
    (mode, None)
}

/// `cx`, with what C++ hands on as its remote span where it has none of its own.
pub(crate) fn or_of_cpp(cx: Context) -> Context {
    if has_valid_span(&cx) {
        return cx;
    }
    with_remote(&cx, bridge::get_trace_context())
}

/// `cx`, with this as its remote span if it is one.
pub(crate) fn with_remote(cx: &Context, span_context: Option<SpanContext>) -> Context {
    span_context
        .map_or(TraceContext::EMPTY, TraceContext::from)
        .to_context(cx)
}

pub(crate) fn has_valid_span(cx: &Context) -> bool {
    cx.span().span_context().is_valid()
}
