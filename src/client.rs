//! Telemetry of client calls.
//!
//! A call made inside a device method belongs to the device, any other to this process as a client, whose configuration
//! cppTango reads from the environment (`TANGO_TELEMETRY_*`) at the first call.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    actor::{Actor, Mode},
    bridge, diagnostics,
    environment::{prepare_environment, settings},
    error::Error,
    operation::{Operation, OperationError},
    span::SpanGuard,
    statistics::Statistics,
};

/// `service.name` of the client; default [`DEFAULT_SERVICE_NAME`].
pub const SERVICE_NAME_VARIABLE: &str = "TANGO_RUST_TELEMETRY_CLIENT_SERVICE_NAME";

/// `service.name` of a client that has none of its own.
pub const DEFAULT_SERVICE_NAME: &str = "tango.rust.client";

/// Runs the client call `f` in its span.
///
/// Where the device that runs this call, else the client, emits user spans, `f` runs in a span of kind client, a child
/// of Rust's current span, and cppTango hands that span on. Else, where telemetry is enabled, cppTango hands on Rust's
/// current trace context. Where it is disabled, `f` is just called.
///
/// # Errors
/// Those of `f`, unchanged. A configuration error does not fail a call; see [`initialize`].
pub fn call<T, E: OperationError>(
    operation: Operation<'_>,
    f: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    span(operation).run(f)
}

/// The same as [`call`] as a guard.
pub fn span(operation: Operation<'_>) -> SpanGuard {
    SpanGuard::of_client(&operation)
}

/// Reads the client's configuration, once for the process; bindings call it where a client begins, such as in the
/// constructor of a `DeviceProxy`, to report a bad environment before cppTango meets it.
///
/// # Errors
/// Those of [`prepare_environment`], which it calls; each time the same. The client makes no spans then.
pub fn initialize() -> Result<(), Error> {
    state().1.clone()
}

/// What became of the client's spans so far.
#[must_use]
pub fn statistics() -> Statistics {
    actor().counters().read()
}

pub(crate) fn is_off() -> bool {
    matches!(actor().mode(), Mode::Off)
}

pub(crate) fn actor() -> &'static Actor {
    &state().0
}

fn state() -> &'static (Actor, Result<(), Error>) {
    static CLIENT: OnceLock<(Actor, Result<(), Error>)> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let name = settings().client_service_name.as_deref();
        let name = name.unwrap_or(DEFAULT_SERVICE_NAME);
        let actor = Actor::new(name, None);
        let configuration = prepare_environment().and_then(|warnings| {
            for warning in warnings {
                diagnostics::warn("environment", &warning);
            }
            bridge::configure_client(name)
        });
        let result = configuration.map(|configuration| {
            // Without spans, or some of their endpoints, a client works all the same.
            if let Err(error) = actor.reconfigure(configuration) {
                diagnostics::warn("client telemetry", &error);
            }
        });
        (actor, result)
    })
}

/// The client is about to emit a span.
pub(crate) fn hint_at_service_name() {
    static HINTED: AtomicBool = AtomicBool::new(false);
    if settings().client_service_name.is_none() && !HINTED.swap(true, Ordering::Relaxed) {
        let hint = format!(
            "all clients without a name of their own are {DEFAULT_SERVICE_NAME}: set {SERVICE_NAME_VARIABLE}"
        );
        diagnostics::warn("client telemetry", &hint);
    }
}
