// SPDX-License-Identifier: MIT OR Apache-2.0
//! Closures of the user's, as C++ can call them.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::Arc,
};

use crate::{
    error::DevFailed,
    server::DeviceInfo,
    value::{TangoType, Value},
};

/// A device's own data, as its methods see it; `Any` since C++ knows one kind of device only.
pub(super) type State = dyn Any + Send + Sync;

/// A closure of the user's, and where it is.
pub(super) struct Method<F: ?Sized> {
    pub location: &'static Location<'static>,
    pub run: Box<F>,
}

pub(super) type Init = dyn Fn(&DeviceInfo) -> Result<Arc<State>, DevFailed> + Send + Sync;
pub(super) type Hook = dyn Fn(&State) -> Result<(), DevFailed> + Send + Sync;
pub(super) type IsAllowed = dyn Fn(&State) -> Result<bool, DevFailed> + Send + Sync;
pub(super) type Body = dyn Fn(&State, Value) -> Result<Value, DevFailed> + Send + Sync;

#[track_caller]
pub(super) fn init<T: Send + Sync + 'static>(
    run: impl Fn(&DeviceInfo) -> Result<T, DevFailed> + Send + Sync + 'static,
) -> Method<Init> {
    here(Box::new(move |info| Ok(Arc::new(run(info)?) as Arc<State>)))
}

#[track_caller]
pub(super) fn hook<T: 'static>(
    run: impl Fn(&T) -> Result<(), DevFailed> + Send + Sync + 'static,
) -> Method<Hook> {
    here(Box::new(move |state| run(device(state)?)))
}

#[track_caller]
pub(super) fn is_allowed<T: 'static>(
    run: impl Fn(&T) -> bool + Send + Sync + 'static,
) -> Method<IsAllowed> {
    here(Box::new(move |state| Ok(run(device(state)?))))
}

#[track_caller]
pub(super) fn body<T: 'static, A: TangoType, R: TangoType>(
    run: impl Fn(&T, A) -> Result<R, DevFailed> + Send + Sync + 'static,
) -> Method<Body> {
    here(Box::new(move |state, argument| {
        Ok(run(device(state)?, A::from_value(argument)?)?.into_value())
    }))
}

/// A body without argument: a reading.
#[track_caller]
pub(super) fn reading<T: 'static, R: TangoType>(
    run: impl Fn(&T) -> Result<R, DevFailed> + Send + Sync + 'static,
) -> Method<Body> {
    body(move |device: &T, (): ()| run(device))
}

pub(super) fn not_initialized() -> DevFailed {
    DevFailed::new(
        "API_DeviceNotInitialized",
        "init_device has failed",
        "tango_bindings",
    )
}

/// A panic becomes a `DevFailed`.
pub(super) fn caught<R>(
    class: &str,
    run: impl FnOnce() -> Result<R, DevFailed>,
) -> Result<R, DevFailed> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        let text = text.unwrap_or_else(|| "(no message)".to_string());
        Err(DevFailed::new("API_RustPanic", text, class))
    })
}

#[track_caller]
fn here<F: ?Sized>(run: Box<F>) -> Method<F> {
    Method {
        location: Location::caller(),
        run,
    }
}

fn device<T: 'static>(state: &State) -> Result<&T, DevFailed> {
    state.downcast_ref().ok_or_else(|| {
        DevFailed::new(
            "API_IncompatibleDevice",
            "this method is for devices with other data; give it the type that the class has",
            "tango_bindings",
        )
    })
}
