//! Telemetry of a device: the target of cppTango's virtual telemetry methods, and what bindings hold.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::{
    actor::Actor,
    config::Configuration,
    error::Error,
    operation::{Operation, OperationError},
    span::SpanGuard,
};

/// The telemetry of one device: a handle that stays while the device is reconfigured.
///
/// It is cheap to clone, and may be used from any thread. Its C++ counterpart is
/// `cpptango_telemetry::TelemetryDevice<Base>` of `<cpptango_telemetry/telemetry_device.h>`; see `from_handle`.
#[derive(Clone)]
pub struct DeviceTelemetry(Arc<Inner>);

struct Inner {
    actor: Actor,
    observer: ArcSwapOption<Observer>,
}

struct Observer(Box<dyn Fn(&str) + Send + Sync>);

impl DeviceTelemetry {
    /// Telemetry of a device that cppTango does not know: off until [`reconfigure`](Self::reconfigure) is called.
    #[must_use]
    pub fn new(class_name: &str, device_name: &str) -> Self {
        Self(Arc::new(Inner {
            actor: Actor::new(class_name, Some(device_name)),
            observer: ArcSwapOption::empty(),
        }))
    }

    /// The Tango class (`service.name`).
    #[must_use]
    pub fn class_name(&self) -> &str {
        self.0.actor.service_name()
    }

    /// The device's name (`service.instance.id`).
    #[must_use]
    pub fn device_name(&self) -> &str {
        self.0.actor.service_instance_id().unwrap_or_default()
    }

    /// What cppTango has told last.
    #[must_use]
    pub fn configuration(&self) -> Configuration {
        self.0.actor.configuration()
    }

    /// Takes over a new configuration. The C++ half does so whenever an operator changes it.
    ///
    /// Calls that run meanwhile are not delayed. The spans that have ended go to the old endpoints, and so do those in flight when they
    /// end. Nothing is rebuilt where endpoints and emission stay as they were.
    ///
    /// # Errors
    /// Where no tracer can be made: [`Error::Factory`], [`Error::Exporter`], [`Error::FeatureRequired`]. The device then
    /// makes no Rust spans, and its trace context still goes through.
    pub fn reconfigure(&self, configuration: Configuration) -> Result<(), Error> {
        self.0.actor.reconfigure(configuration)
    }

    /// Has `observer` called with the name of each virtual telemetry method that cppTango calls on the device, such as
    /// `set_telemetry_topics`, after the change took effect. It runs on the thread that serves the admin device.
    ///
    /// A panic in it is caught: the admin command then fails with its text where cppTango lets that method fail.
    pub fn set_observer(&self, observer: impl Fn(&str) + Send + Sync + 'static) {
        self.0
            .observer
            .store(Some(Arc::new(Observer(Box::new(observer)))));
    }

    #[cfg(tango_telemetry)]
    pub(crate) fn notify(&self, method: &str) {
        if let Some(observer) = self.0.observer.load_full() {
            (observer.0)(method);
        }
    }

    /// The C++ device is gone.
    #[cfg(tango_telemetry)]
    pub(crate) fn retire(&self) {
        self.0.observer.store(None);
        // Off needs no tracer, so it cannot fail.
        let _ = self.reconfigure(Configuration::default());
    }

    /// Runs the device method `f` in its span, on the thread that cppTango calls the method on.
    ///
    /// Where the device emits user spans (topic `user` or `all`), `f` runs in a span of kind server named `Class.method`, below cppTango's
    /// kernel span; Rust's `Context::current()` and cppTango's current context are that span then. Else, where telemetry is
    /// enabled, the incoming trace context becomes Rust's current one. Where it is disabled, `f` is just called.
    ///
    /// # Errors
    /// Those of `f`, unchanged.
    pub fn in_span<T, E: OperationError>(
        &self,
        operation: Operation<'_>,
        f: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.span(operation).run(f)
    }

    /// The same as [`in_span`](Self::in_span) as a guard.
    pub fn span(&self, operation: Operation<'_>) -> SpanGuard {
        SpanGuard::of_device(self, &operation)
    }

    pub(crate) fn actor(&self) -> &Actor {
        &self.0.actor
    }
}
