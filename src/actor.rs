// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who makes spans: a device, or this process as a client. Both have a configuration that may change while calls run.

use std::{
    panic::RefUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;

use crate::{
    TELEMETRY_SUPPORTED, active, bridge,
    config::Configuration,
    error::Error,
    export::{self, Emitter, Factory, TracerProviderRequest},
    quiet,
    statistics::Counters,
};

/// What a call does about telemetry.
#[derive(Clone)]
pub(crate) enum Mode {
    /// Nothing.
    Off,
    /// Trace context goes through; no span.
    PropagateOnly,
    /// A span for each call. Whoever holds the emitter keeps it exporting: a span in flight survives a reconfiguration.
    Emit(Arc<Emitter>),
}

/// What a call finds when it begins, and keeps to its end.
pub(crate) struct State {
    configuration: Configuration,
    pub(crate) mode: Mode,
    /// The client's. It goes with the mode, so that both halves of a call send to the same endpoints.
    pub(crate) interface: Option<Arc<bridge::Interface>>,
    /// The same of a device, which a request holds as long as it runs.
    device_interface: Option<bridge::InterfaceRef>,
    /// Unless it is off.
    _active: Option<active::Reason>,
}

impl State {
    fn new(
        configuration: Configuration,
        mode: Mode,
        interface: Option<Arc<bridge::Interface>>,
    ) -> Self {
        let active = (!matches!(mode, Mode::Off)).then(active::Reason::new);
        Self {
            configuration,
            mode,
            interface,
            device_interface: None,
            _active: active,
        }
    }
}

pub(crate) struct Actor {
    /// Of this process; from 1.
    number: u64,
    service_name: String,
    service_instance_id: Option<Arc<str>>,
    /// Read by each call, at the cost of one load.
    state: ArcSwap<State>,
    /// Whether its mode is off: the same for less.
    off: AtomicBool,
    /// The actor's own tracer provider factory. Held by those who make a new state, never by a call.
    factory: Mutex<Option<Box<Factory>>>,
    counters: Arc<Counters>,
    /// Of a device that cppTango knows.
    interface: Option<bridge::DeviceInterface>,
}

/// What a panic interrupts is as it was or as it is to be. Said for all sets of features: the SDK's types do not say it.
impl RefUnwindSafe for Actor {}

impl Actor {
    pub(crate) fn new(service_name: &str, service_instance_id: Option<&str>) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        Self {
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
            service_name: service_name.to_string(),
            service_instance_id: service_instance_id.map(Arc::from),
            state: ArcSwap::from_pointee(State::new(Configuration::default(), Mode::Off, None)),
            off: AtomicBool::new(true),
            factory: Mutex::new(None),
            counters: Arc::default(),
            interface: None,
        }
    }

    /// A device; `interface` where cppTango knows it.
    pub(crate) fn device(
        class_name: &str,
        device_name: &str,
        interface: Option<bridge::DeviceInterface>,
    ) -> Arc<Self> {
        let mut device = Self::new(class_name, Some(device_name));
        device.interface = interface;
        let device = Arc::new(device);
        quiet::add(&device);
        device
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Makes the device's C++ interface the current one, where it is not: the one of this state, which a call began
    /// with, or else the latest.
    pub(crate) fn enter_interface(&self, of: Option<&State>) -> Option<bridge::InterfaceScope> {
        let interface = of.and_then(|state| state.device_interface.as_ref());
        self.interface.as_ref()?.enter(of.is_none(), interface)
    }

    pub(crate) fn service_name(&self) -> &str {
        &self.service_name
    }

    pub(crate) fn service_instance_id(&self) -> Option<&Arc<str>> {
        self.service_instance_id.as_ref()
    }

    pub(crate) fn configuration(&self) -> Configuration {
        self.state.load().configuration.clone()
    }

    pub(crate) fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    pub(crate) fn is_off(&self) -> bool {
        self.off.load(Ordering::Relaxed)
    }

    pub(crate) fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Makes the state that `configuration` asks for. Calls go on with the old one meanwhile; the spans of the old
    /// emitter are exported by another thread.
    ///
    /// Endpoints that cannot be used are left out, and reported when the emitter is made. Where no emitter can be made
    /// the state becomes propagate only.
    pub(crate) fn reconfigure(&self, configuration: Configuration) -> Result<(), Error> {
        self.become_configured(self.factory().as_deref(), configuration, None, true)
    }

    /// The same of the client, as its new interface is configured.
    pub(crate) fn reconfigure_client(&self, interface: bridge::Interface) -> Result<(), Error> {
        let configuration = interface.configuration();
        let interface = Some(Arc::new(interface));
        self.become_configured(self.factory().as_deref(), configuration, interface, true)
    }

    /// Lets go of the client's interface.
    #[cfg(tango_telemetry)]
    pub(crate) fn retire_client(&self) {
        self.state
            .rcu(|state| State::new(state.configuration.clone(), state.mode.clone(), None));
    }

    /// Has the providers of this actor made by `factory` from now on.
    #[cfg(feature = "sdk")]
    pub(crate) fn set_factory(&self, factory: Box<Factory>) -> Result<(), Error> {
        let mut own = self.factory();
        let factory = own.insert(factory);
        let interface = self.state().interface.clone();
        self.become_configured(Some(factory), self.configuration(), interface, false)
    }

    fn factory(&self) -> MutexGuard<'_, Option<Box<Factory>>> {
        let factory = self.factory.lock();
        factory.unwrap_or_else(PoisonError::into_inner)
    }

    /// `keep`: an emitter whose endpoints stay.
    fn become_configured(
        &self,
        factory: Option<&Factory>,
        configuration: Configuration,
        interface: Option<Arc<bridge::Interface>>,
        keep: bool,
    ) -> Result<(), Error> {
        let (mode, result) = match self.wanted_mode(factory, &configuration, keep) {
            Ok((mode, unusable)) => (mode, unusable.map_or(Ok(()), Err)),
            Err(error) => (Mode::PropagateOnly, Err(error)),
        };
        let kept = mode.clone();
        let mut new = State::new(configuration, mode, interface);
        new.device_interface = self
            .interface
            .as_ref()
            .map(bridge::DeviceInterface::current);
        let old = self.state.swap(Arc::new(new));
        self.off.store(matches!(kept, Mode::Off), Ordering::Relaxed);
        if let Mode::Emit(emitter) = &old.mode
            && !matches!(&kept, Mode::Emit(kept) if Arc::ptr_eq(kept, emitter))
            && (Arc::strong_count(&old) > 1 || Arc::strong_count(emitter) > 1)
        {
            // A call in flight holds it, and will retire it at its end; what has ended is not to wait for that.
            export::flush(emitter);
        }
        result
    }

    /// The mode, and what is wrong with an endpoint that it leaves out.
    fn wanted_mode(
        &self,
        factory: Option<&Factory>,
        configuration: &Configuration,
        keep: bool,
    ) -> Result<(Mode, Option<Error>), Error> {
        if !configuration.enabled || !TELEMETRY_SUPPORTED {
            return Ok((Mode::Off, None));
        }
        if !configuration.emits_user_spans() {
            return Ok((Mode::PropagateOnly, None));
        }
        let current = self.state.load();
        if let Mode::Emit(_) = &current.mode
            && keep
            && current.configuration.tracing_endpoints == configuration.tracing_endpoints
        {
            return Ok((current.mode.clone(), None));
        }
        let (endpoints, unusable) = export::usable(&configuration.tracing_endpoints);
        if endpoints.is_empty() {
            return Ok((Mode::PropagateOnly, unusable));
        }
        let request = TracerProviderRequest {
            service_name: &self.service_name,
            service_instance_id: self.service_instance_id.as_deref(),
            endpoints: &endpoints,
            counters: &self.counters,
        };
        let emitter = Emitter::new(&request, factory)?.map(Arc::new);
        if emitter.is_some() {
            self.counters.rebuilt();
        }
        Ok((emitter.map_or(Mode::PropagateOnly, Mode::Emit), unusable))
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        quiet::remove(self);
    }
}
