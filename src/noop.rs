// SPDX-License-Identifier: MIT OR Apache-2.0
//! The dummy twin of `bridge.rs`, for builds without cppTango's telemetry: the same functions, which do nothing.

use std::{sync::Arc, thread};

use opentelemetry::trace::{SpanContext, TraceId};

use crate::{config::Configuration, error::Error};

#[cfg(cpptango)]
#[allow(missing_debug_implementations)] // cxx makes types of its own.
#[path = "noop_handle.rs"]
mod handle;
#[cfg(not(cpptango))]
mod handle {
    use std::{
        convert::Infallible,
        marker::{PhantomData, PhantomPinned},
    };

    use crate::device::DeviceTelemetry;

    /// What a C++ device of bindings hands to [`DeviceTelemetry::from_handle`]:
    /// `TelemetryDevice<Base>::telemetry_handle()`.
    // A struct whose content is told to nobody, like the one of cxx; nobody can have one here.
    pub struct TelemetryHandle {
        never: Infallible,
        _as_of_cpp: PhantomData<(*const (), PhantomPinned)>,
    }

    impl DeviceTelemetry {
        /// The Rust half of a C++ device: `handle` is what `TelemetryDevice<Base>::telemetry_handle()` returns.
        #[must_use]
        pub fn from_handle(handle: &TelemetryHandle) -> Self {
            match handle.never {}
        }
    }
}
pub use handle::TelemetryHandle;

pub(crate) struct GoingOn {
    pub(crate) span_context: SpanContext,
    pub(crate) of_rust: bool,
}

pub(crate) fn get_trace_context() -> Option<GoingOn> {
    None
}

pub(crate) fn begin_trace(_: TraceId) {}

pub(crate) struct Scope;

impl Scope {
    pub(crate) fn set(_: &str, _: String, _: String) -> Option<Self> {
        None
    }

    pub(crate) fn attach(_: &SpanContext) -> Self {
        Self
    }

    pub(crate) fn detach() -> Self {
        Self
    }
}

/// Off, whatever it is told.
pub(crate) struct Interface;

impl Interface {
    pub(crate) fn of_client(_: &str) -> Result<Self, Error> {
        Ok(Self)
    }

    pub(crate) fn changed(&self, _: &Configuration) -> Result<Self, Error> {
        Ok(Self)
    }

    pub(crate) fn configuration(&self) -> Configuration {
        Configuration::default()
    }
}

/// Nobody has one.
pub(crate) enum DeviceInterface {}

/// Nor this.
pub(crate) enum InterfaceRef {}

impl DeviceInterface {
    pub(crate) fn current(&self) -> InterfaceRef {
        match *self {}
    }

    pub(crate) fn enter(&self, _: bool, _: Option<&InterfaceRef>) -> Option<InterfaceScope> {
        match *self {}
    }
}

pub(crate) struct InterfaceScope;

impl InterfaceScope {
    pub(crate) fn enter(_: &Interface) -> Self {
        Self
    }

    pub(crate) fn propagating() -> Option<Self> {
        None
    }
}

pub(crate) fn propagate_when_disabled(_: bool) {}

pub(crate) fn continuity() -> Result<(bool, bool), Error> {
    Ok((false, false))
}

/// Without cppTango there are no tangorc files.
pub(crate) fn get_env_var(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(crate) struct ClientIdent {
    pub(crate) location: String,
    pub(crate) pid: i64,
    pub(crate) lang: &'static str,
}

pub(crate) fn client_ident() -> Option<ClientIdent> {
    None
}

pub(crate) fn thread_info() -> (Arc<str>, Arc<str>) {
    let current = thread::current();
    let id = format!("{:?}", current.id());
    (id.into(), current.name().unwrap_or_default().into())
}

pub(crate) fn topic_attribute() -> &'static str {
    "tango.telemetry.topic"
}

#[allow(dead_code)] // Without the SDK nobody calls it.
pub(crate) fn register_at_exit() {}

/// Nobody has one.
pub(crate) enum DeviceLogger {}

impl DeviceLogger {
    #[allow(dead_code)] // Without the SDK nobody calls it.
    pub(crate) fn warn(&self, _: &str) {
        match *self {}
    }
}
