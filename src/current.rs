// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whose code runs: it travels in the Rust context, so also to other threads and tasks.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
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

/// A call in progress, with the state that it began with and keeps to its end.
pub(crate) struct Call(pub(crate) Arc<State>);

/// The device whose method runs, or the client whose call does.
#[derive(Clone)]
pub(crate) struct CurrentActor {
    /// None is the client.
    device: Option<DeviceTelemetry>,
    /// A method that runs while its device is reconfigured keeps what it began with, so that its trace goes on to its
    /// end, in C++ as in Rust; who outlives the method does not.
    call: Weak<Call>,
}

impl CurrentActor {
    /// What the device's method starts, as if the method were over.
    pub(crate) fn outliving(device: Arc<Actor>) -> Self {
        Self {
            device: Some(DeviceTelemetry::of(device)),
            call: Weak::new(),
        }
    }

    pub(crate) fn device(device: &DeviceTelemetry, call: &Arc<Call>) -> Self {
        Self {
            device: Some(device.clone()),
            call: Arc::downgrade(call),
        }
    }

    pub(crate) fn client(call: &Arc<Call>) -> Self {
        Self {
            device: None,
            call: Arc::downgrade(call),
        }
    }

    fn actor(&self) -> &Actor {
        match &self.device {
            Some(device) => device.actor(),
            None => client::actor(),
        }
    }

    fn began_with(&self) -> Option<Arc<State>> {
        self.call.upgrade().map(|call| call.0.clone())
    }

    pub(crate) fn state(&self) -> Arc<State> {
        let began_with = self.began_with();
        began_with.unwrap_or_else(|| self.actor().state())
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
        match (&self.device, self.began_with()) {
            (Some(device), Some(state)) => Entered::device(device, state),
            // The thread may have an interface of the device that has been replaced since.
            (Some(device), None) => Entered::new(device.actor().state(), |_| {
                device.actor().enter_interface(None)
            }),
            (None, began_with) => {
                Entered::client(began_with.unwrap_or_else(|| client::actor().state()))
            }
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
    pub(crate) fn device(device: &DeviceTelemetry, state: Arc<State>) -> Self {
        Self::new(state, |state| device.actor().enter_interface(Some(state)))
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
    actor.is_off()
        && client::is_at_rest()
        && !PROPAGATE_WHEN_DISABLED.load(Ordering::Relaxed)
        && !is_within_another()
}

/// Whether code of an actor runs on this thread.
pub(crate) fn is_within_another() -> bool {
    of_rust(|cx| cx.get::<CurrentActor>().is_some()).unwrap_or_default()
}

/// `f` of Rust's current context. None on a thread that ends, when opentelemetry has forgotten it: it would panic.
pub(crate) fn of_rust<T>(f: impl FnOnce(&Context) -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(|| Context::map_current(f))).ok()
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
    let going_on = bridge::get_trace_context();
    with_remote(&cx, going_on.map(|on| on.span_context))
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
