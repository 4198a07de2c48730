// SPDX-License-Identifier: MIT OR Apache-2.0
//! Telemetry of client calls.
//!
//! A call made inside a device method belongs to the device, any other to this process as a client. cppTango reads its
//! configuration from the environment (`TANGO_TELEMETRY_*`) at the first call; [`reconfigure`] changes it later.

use std::sync::{
    Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    active,
    actor::{Actor, Mode, State},
    bridge,
    config::Configuration,
    continuity::trace_continuity,
    current::is_silent,
    diagnostics,
    environment::{prepare_environment, settings},
    error::Error,
    operation::{Operation, OperationError},
    span::{NewSpan, SpanGuard},
    statistics::Statistics,
    tracer::TelemetryTracer,
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
    if active::is_idle() || is_silent(actor()) {
        return f();
    }
    span(operation).run(f)
}

/// The same as [`call`] as a guard.
pub fn span(operation: Operation<'_>) -> SpanGuard {
    NewSpan::of_client(&operation).enter()
}

/// The same as [`call`] for a future. The span begins here, and ends when the future is ready or dropped; the future is
/// polled in its context, on whatever thread, as by [`context::bind_future`](crate::context::bind_future).
pub fn call_async<T, E, F>(
    operation: Operation<'_>,
    future: F,
) -> impl Future<Output = F::Output> + use<T, E, F>
where
    E: OperationError,
    F: Future<Output = Result<T, E>>,
{
    NewSpan::of_client(&operation).in_future(future)
}

/// Makes spans in the name of the client; see [`TelemetryTracer`].
#[must_use]
pub fn tracer() -> TelemetryTracer {
    TelemetryTracer::client()
}

/// Reads the client's configuration, once for the process; bindings call it where a client begins, such as in the
/// constructor of a `DeviceProxy`, to report a bad environment before cppTango meets it.
///
/// # Errors
/// Those of [`prepare_environment`], which it calls; each time the same. The client makes no spans then.
pub fn initialize() -> Result<(), Error> {
    client().initialized.clone()
}

/// What the client's telemetry is set to: what the environment says, or [`reconfigure`] has said since.
#[must_use]
pub fn configuration() -> Configuration {
    actor().configuration()
}

/// Changes the client's telemetry while calls run, as an operator does a device's; see
/// [`DeviceTelemetry::reconfigure`](crate::DeviceTelemetry::reconfigure). Calls in progress go on as they began. Start
/// from [`configuration`]. With cppTango before 10.3 there is one endpoint at most, no topic but `all`, and no endpoint
/// while `tracing_enabled` is false.
///
/// # Errors
/// Those of [`initialize`]; [`Error::Configuration`] for a topic or endpoint that cppTango does not take, and nothing
/// has changed then; and those of `DeviceTelemetry::reconfigure`.
pub fn reconfigure(configuration: Configuration) -> Result<(), Error> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let client = client();
    client.initialized.clone()?;
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(current) = &client.actor.state().interface else {
        // The process ends.
        return Ok(());
    };
    let changed = current.changed(&configuration)?;
    client.reconfigured.get_or_init(active::Reason::new);
    client.actor.reconfigure_client(changed)
}

/// What became of the client's spans so far.
#[must_use]
pub fn statistics() -> Statistics {
    actor().counters().read()
}

pub(crate) fn is_off() -> bool {
    actor().is_off()
}

/// Off, as cppTango's default interface is.
pub(crate) fn is_at_rest() -> bool {
    is_off() && client().reconfigured.get().is_none()
}

pub(crate) fn actor() -> &'static Actor {
    &client().actor
}

/// Makes the client's interface cppTango's current one. Of a client that is off, cppTango's default interface is off
/// too, unless the environment says otherwise than [`reconfigure`].
pub(crate) fn enter(state: &State) -> Option<bridge::InterfaceScope> {
    let needed = !matches!(state.mode, Mode::Off) || client().reconfigured.get().is_some();
    let interface = state.interface.as_deref().filter(|_| needed);
    interface.map(bridge::InterfaceScope::enter)
}

/// The process ends: the interface exports what is pending, once calls in progress have let go of it.
#[cfg(tango_telemetry)]
pub(crate) fn retire() {
    if let Some(client) = CLIENT.get() {
        client.actor.retire_client();
    }
}

struct Client {
    /// Without an interface where the environment is bad, and when the process ends.
    actor: Actor,
    /// By [`reconfigure`].
    reconfigured: OnceLock<active::Reason>,
    initialized: Result<(), Error>,
}

static CLIENT: OnceLock<Client> = OnceLock::new();

fn client() -> &'static Client {
    CLIENT.get_or_init(|| {
        let _until_read = active::Reason::first();
        let name = settings().client_service_name.as_deref();
        let name = name.unwrap_or(DEFAULT_SERVICE_NAME);
        let actor = Actor::new(name, None);
        let interface = prepare_environment().and_then(|warnings| {
            for warning in warnings {
                diagnostics::warn("environment", &warning);
            }
            trace_continuity()?;
            bridge::Interface::of_client(name)
        });
        let initialized = interface.map(|interface| {
            // Without spans, or some of their endpoints, a client works all the same.
            if let Err(error) = actor.reconfigure_client(interface) {
                diagnostics::warn("client telemetry", &error);
            }
        });
        Client {
            actor,
            reconfigured: OnceLock::new(),
            initialized,
        }
    })
}

/// The client is about to emit a span.
#[cfg_attr(not(feature = "sdk"), allow(dead_code))]
pub(crate) fn hint_at_service_name() {
    static HINTED: AtomicBool = AtomicBool::new(false);
    if settings().client_service_name.is_none() && !HINTED.swap(true, Ordering::Relaxed) {
        let hint = format!(
            "all clients without a name of their own are {DEFAULT_SERVICE_NAME}: set {SERVICE_NAME_VARIABLE}"
        );
        diagnostics::warn("client telemetry", &hint);
    }
}
