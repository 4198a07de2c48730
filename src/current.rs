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
    actor::{Actor, Mode, State},
    bridge, client,
    device::DeviceTelemetry,
    trace_context::TraceContext,
};

/// The device whose method runs, or the client whose call does.
#[derive(Clone)]
pub(crate) struct CurrentActor {
    /// None is the client.
    device: Option<DeviceTelemetry>,
    /// What it began with. A method that runs while its device is reconfigured keeps that, so that its trace goes on to
    /// its end, in C++ as in Rust; who outlives the method does not.
    state: Weak<State>,
}

impl CurrentActor {
    pub(crate) fn device(device: &DeviceTelemetry, state: &Arc<State>) -> Self {
        Self {
            device: Some(device.clone()),
            state: Arc::downgrade(state),
        }
    }

    pub(crate) fn client(state: &Arc<State>) -> Self {
        Self {
            device: None,
            state: Arc::downgrade(state),
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

    pub(crate) fn state(&self) -> Arc<State> {
        self.state.upgrade().unwrap_or_else(|| self.actor().state())
    }

    /// Of `actor`, where that is this one; else its own.
    pub(crate) fn state_of(&self, actor: &Actor) -> Arc<State> {
        if std::ptr::eq(self.actor(), actor) {
            self.state()
        } else {
            actor.state()
        }
    }

    /// What its calls do, once its C++ interface is the current one.
    pub(crate) fn enter(&self) -> Entered {
        let began_with = self.state.upgrade();
        let latest = began_with.is_none();
        let state = began_with.unwrap_or_else(|| self.actor().state());
        match &self.device {
            Some(device) => Entered::device(device, state, latest),
            None => Entered::client(state),
        }
    }
}

/// What a call does, and the C++ interface that is the current one for it.
pub(crate) struct Entered {
    pub(crate) state: Arc<State>,
    /// Also where the state is off.
    propagates: bool,
    pub(crate) interface: Option<bridge::InterfaceScope>,
}

impl Entered {
    /// `latest`: the thread may have an interface of the device that has been replaced since, and is not to keep it.
    pub(crate) fn device(device: &DeviceTelemetry, state: Arc<State>, latest: bool) -> Self {
        Self::new(state, |_| device.actor().enter_interface(latest))
    }

    pub(crate) fn client(state: Arc<State>) -> Self {
        Self::new(state, client::enter)
    }

    fn new(
        state: Arc<State>,
        enter: impl FnOnce(&State) -> Option<bridge::InterfaceScope>,
    ) -> Self {
        let propagates =
            matches!(state.mode, Mode::Off) && PROPAGATE_WHEN_DISABLED.load(Ordering::Relaxed);
        let interface = if propagates {
            bridge::InterfaceScope::propagating()
        } else {
            enter(&state)
        };
        Self {
            state,
            propagates,
            interface,
        }
    }

    pub(crate) fn mode(&self) -> &Mode {
        if self.propagates {
            &Mode::PropagateOnly
        } else {
            &self.state.mode
        }
    }
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
