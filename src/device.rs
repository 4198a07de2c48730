// SPDX-License-Identifier: MIT OR Apache-2.0
//! Telemetry of a device: the target of cppTango's virtual telemetry methods, and what bindings hold.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwapOption;

#[cfg(feature = "sdk")]
use crate::export::{TracerProviderFactoryError, TracerProviderRequest};
use crate::{
    active,
    actor::Actor,
    bridge,
    config::Configuration,
    current::is_silent,
    error::Error,
    operation::{Operation, OperationError},
    quiet::QuietMethod,
    span::{NewSpan, SpanGuard},
    statistics::Statistics,
    tracer::TelemetryTracer,
};

/// The telemetry of one device: a handle that stays while the device is reconfigured.
///
/// It is cheap to clone, and may be used from any thread. Its C++ counterpart is
/// `cpptango_telemetry::TelemetryDevice<Base>` of `<cpptango_telemetry/telemetry_device.h>`; see `from_handle`.
#[derive(Clone)]
pub struct DeviceTelemetry(Arc<Actor>);

/// Whose it is, whatever it is set to.
impl fmt::Debug for DeviceTelemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceTelemetry")
            .field("class_name", &self.class_name())
            .field("device_name", &self.device_name())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for bridge::TelemetryHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelemetryHandle").finish_non_exhaustive()
    }
}

type Observer = dyn Fn(&DeviceTelemetry, &str) + Send + Sync;

static OBSERVER: ArcSwapOption<Box<Observer>> = ArcSwapOption::const_empty();

/// Has `observer` called with each virtual telemetry method, such as `set_telemetry_topics`, that cppTango calls on any
/// device of this process, after the change took effect; and with `constructor` when a device has got its first
/// configuration.
///
/// It runs on the thread that serves the admin device, or that constructs the device. A panic in it is caught; where
/// the method changes tracing and cppTango lets it fail, the admin command then fails with the panic's text. It must
/// not call its own server's admin device, which is busy with this command.
pub fn set_callback_observer(observer: impl Fn(&DeviceTelemetry, &str) + Send + Sync + 'static) {
    OBSERVER.store(Some(Arc::new(Box::new(observer))));
}

impl DeviceTelemetry {
    /// Telemetry of a device that cppTango does not know: off until [`reconfigure`](Self::reconfigure) is called.
    #[must_use]
    pub fn new(class_name: &str, device_name: &str) -> Self {
        Self(Actor::device(class_name, device_name, None))
    }

    /// That of a C++ device, which has an interface of its own.
    #[cfg(tango_telemetry)]
    pub(crate) fn with_interface(
        class_name: &str,
        device_name: &str,
        interface: bridge::DeviceInterface,
    ) -> Self {
        Self(Actor::device(class_name, device_name, Some(interface)))
    }

    /// The Tango class (`service.name`).
    #[must_use]
    pub fn class_name(&self) -> &str {
        self.0.service_name()
    }

    /// The device's name (`service.instance.id`).
    #[must_use]
    pub fn device_name(&self) -> &str {
        self.0.service_instance_id().map_or("", |name| name)
    }

    /// What cppTango has told last.
    #[must_use]
    pub fn configuration(&self) -> Configuration {
        self.0.configuration()
    }

    /// Takes over a new configuration. The C++ half does so whenever an operator changes it.
    ///
    /// Calls that run meanwhile are not delayed. The spans that have ended go to the old endpoints, and so do those in
    /// flight when they end. Nothing is rebuilt where endpoints and emission stay as they were.
    ///
    /// # Errors
    /// [`Error::FeatureRequired`] where an endpoint cannot be used in this build; the others are. [`Error::Factory`] or
    /// [`Error::Exporter`] where no tracer can be made: the device then makes no Rust spans, its trace context still
    /// goes through, and the next change of tracing tries again.
    pub fn reconfigure(&self, configuration: Configuration) -> Result<(), Error> {
        self.0.reconfigure(configuration)
    }

    /// What became of its spans so far. Where some were dropped, the device's logger is told so too, at most once a
    /// minute, as a warning.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.0.counters().read()
    }

    /// Runs the device method `f` in its span, on the thread that cppTango calls the method on.
    ///
    /// Where the device emits user spans (topic `user` or `all`), `f` runs in a span of kind server named
    /// `Class.method`, below cppTango's kernel span; Rust's `Context::current()` and cppTango's current context are
    /// that span then. Else, where telemetry is enabled, the incoming trace context becomes Rust's current one. Where
    /// it is disabled, `f` is just called.
    ///
    /// # Errors
    /// Those of `f`, unchanged.
    pub fn in_span<T, E: OperationError>(
        &self,
        operation: Operation<'_>,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        if active::is_idle() || is_silent(self.actor()) {
            let _quiet = QuietMethod::of(self.actor());
            return f();
        }
        self.span(operation).run(f)
    }

    /// The same as [`in_span`](Self::in_span) as a guard. Dropped in a panic, it records that.
    pub fn span(&self, operation: Operation<'_>) -> SpanGuard {
        NewSpan::of_device(self, &operation).enter()
    }

    /// The same as [`in_span`](Self::in_span) for a future, called on the thread that cppTango calls the method on. The
    /// span begins here, and ends when the future is ready or dropped; the future is polled in its context, on whatever
    /// thread, as by [`context::bind_future`](crate::context::bind_future).
    pub fn in_span_async<T, E, F>(
        &self,
        operation: Operation<'_>,
        future: F,
    ) -> impl Future<Output = F::Output> + use<T, E, F>
    where
        E: OperationError,
        F: Future<Output = Result<T, E>>,
    {
        NewSpan::of_device(self, &operation).in_future(future)
    }

    /// Makes spans of the user's own in the device's name: PyTango's `Device.get_telemetry_tracer`. It stays valid while
    /// the device is reconfigured.
    #[must_use]
    pub fn tracer(&self) -> TelemetryTracer {
        TelemetryTracer::device(self)
    }

    pub(crate) fn of(actor: Arc<Actor>) -> Self {
        Self(actor)
    }

    pub(crate) fn actor(&self) -> &Actor {
        &self.0
    }
}

#[cfg(feature = "sdk")]
impl DeviceTelemetry {
    /// Has the tracer providers of this device made by `factory` instead of the process'
    /// ([`set_tracer_provider_factory`](crate::set_tracer_provider_factory), where the rules for factories are): at
    /// once if the device emits, and at each later rebuild. PyTango's `Device.create_telemetry_tracer_provider`.
    ///
    /// # Errors
    /// As of [`reconfigure`](Self::reconfigure).
    pub fn set_tracer_provider_factory(
        &self,
        factory: impl Fn(
            &TracerProviderRequest<'_>,
        ) -> Result<
            opentelemetry_sdk::trace::SdkTracerProvider,
            TracerProviderFactoryError,
        > + Send
        + Sync
        + 'static,
    ) -> Result<(), Error> {
        self.0.set_factory(Box::new(factory))
    }
}

#[cfg(tango_telemetry)]
impl DeviceTelemetry {
    /// cppTango has called `method`.
    pub(crate) fn notify(&self, method: &str) {
        if let Some(observer) = OBSERVER.load_full() {
            observer(self, method);
        }
    }

    /// The C++ device is gone.
    pub(crate) fn retire(&self) {
        // Off needs no tracer, so it cannot fail.
        let _ = self.reconfigure(Configuration::default());
    }
}
