// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one bridge to C++, and all `unsafe` of the crate.
//!
//! No panic crosses it: what C++ calls catches them here. No exception does: a C++ function that may throw returns a
//! `Result`, see `include/cpptango_telemetry/cpp_exception.h`.

use std::{
    env,
    ffi::CStr,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Once},
    thread,
};

use cxx::{SharedPtr, UniquePtr, WeakPtr};
pub use ffi::TelemetryHandle;
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId},
};

use crate::{
    client,
    config::{Configuration, Endpoint, Exporter},
    continuity::trace_continuity,
    device::DeviceTelemetry,
    diagnostics,
    environment::{
        LogLevel,
        cpptango::{TOPIC_ATTRIBUTE, properties},
    },
    error::{Error, panic_text},
    reaper, trace_state,
};

/// cppTango's own names and enumerators.
#[allow(
    clippy::all,
    dead_code,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals
)]
pub(crate) mod constants {
    include!(concat!(env!("OUT_DIR"), "/constants.rs"));
}

pub(crate) use constants::root::Tango::telemetry as tango;

#[cxx::bridge(namespace = "cpptango_telemetry")]
mod ffi {
    /// A span context; zeros for none. Known: that there is none is not for lack of anybody who knows.
    struct SpanContextParts {
        known: bool,
        of_rust: bool,
        trace_id: [u8; 16],
        span_id: [u8; 8],
        flags: u8,
        tracestate: String,
    }

    struct TraceHeaders {
        traceparent: String,
        tracestate: String,
    }

    struct Collector {
        exporter: i32,
        endpoint: String,
    }

    struct TelemetryConfiguration {
        enabled: bool,
        tracing_enabled: bool,
        topics: Vec<String>,
        tracing_collectors: Vec<Collector>,
    }

    /// A device property and its elements.
    struct Property {
        name: String,
        elements: Vec<String>,
    }

    /// What cppTango shares with this crate of opentelemetry-cpp's state.
    struct Continuity {
        context_shared: bool,
        propagator_shared: bool,
    }

    struct ClientIdent {
        known: bool,
        location: String,
        pid: i64,
        lang: &'static str,
    }

    struct ThreadInfo {
        id: String,
        name: String,
    }

    // SAFETY: these functions take and return values only, and may be called from any thread. What may throw returns a
    // Result: also what may create cppTango's default interface, which reads the environment. (Out of memory ends the
    // process, as it does in Rust.) The opaque types are neither Send nor Sync.
    unsafe extern "C++" {
        include!("cpptango_telemetry/cpp_exception.h");
        include!("cpptango_telemetry/client_interface.h");
        include!("cpptango_telemetry/continuity.h");
        include!("cpptango_telemetry/device_logger.h");
        include!("cpptango_telemetry/environment.h");
        include!("cpptango_telemetry/interface_slot.h");
        include!("cpptango_telemetry/own_context.h");
        include!("cpptango_telemetry/reaper.h");
        include!("cpptango_telemetry/request.h");
        include!("cpptango_telemetry/telemetry_handle.h");
        include!("cpptango_telemetry/trace_context_scope.h");

        type TraceContextScope;
        fn get_trace_context() -> Result<SpanContextParts>;
        fn begin_trace(trace_id: &[u8; 16]);
        fn set_trace_context(
            span_name: &str,
            headers: &TraceHeaders,
            kind: i32,
        ) -> Result<UniquePtr<TraceContextScope>>;
        fn attach_trace_context(
            trace_id: &[u8; 16],
            span_id: &[u8; 8],
            flags: u8,
            tracestate: &str,
        ) -> UniquePtr<TraceContextScope>;
        fn detach_trace_context() -> UniquePtr<TraceContextScope>;

        type InterfaceScope;
        type InterfaceSlot;
        fn current(self: &InterfaceSlot) -> SharedPtr<Interface>;
        fn enter(
            self: &InterfaceSlot,
            latest: bool,
            interface: &SharedPtr<Interface>,
        ) -> UniquePtr<InterfaceScope>;
        #[namespace = "Tango::telemetry"]
        type Interface;
        fn client_interface(service_name: &str) -> Result<SharedPtr<Interface>>;
        fn changed_interface(
            interface: &Interface,
            configuration: &TelemetryConfiguration,
        ) -> Result<SharedPtr<Interface>>;
        fn configuration_of(interface: &Interface) -> TelemetryConfiguration;
        fn enter_interface(interface: &SharedPtr<Interface>) -> UniquePtr<InterfaceScope>;
        fn enter_propagating_interface() -> Result<UniquePtr<InterfaceScope>>;
        fn propagate_when_disabled(propagate: bool);
        fn continuity() -> Result<Continuity>;

        fn client_ident() -> ClientIdent;
        fn thread_info() -> ThreadInfo;
        fn register_at_exit();

        fn get_env_var(name: &str, value: &mut String) -> Result<bool>;
        fn check_endpoint(exporter: &str, endpoint: &str) -> Result<()>;
        fn read_environment() -> Result<()>;
        fn set_sdk_log_level(level: u8);

        /// What a C++ device of bindings hands to
        /// [`DeviceTelemetry::from_handle`](crate::DeviceTelemetry::from_handle):
        /// `TelemetryDevice<Base>::telemetry_handle()`.
        type TelemetryHandle;
        fn trampoline_of(handle: &TelemetryHandle) -> &Trampoline;

        type DeviceLogger;
        fn warn(self: &DeviceLogger, text: &str);

        type Retired;
        fn retire_default_interface();
    }

    impl WeakPtr<Interface> {}

    extern "Rust" {
        type Trampoline;
        fn trampoline_new(
            class_name: &CxxString,
            device_name: &CxxString,
            logger: SharedPtr<DeviceLogger>,
            slot: SharedPtr<InterfaceSlot>,
        ) -> Box<Trampoline>;
        fn called(self: &Trampoline, method: &str);
        fn reconfigured(
            self: &Trampoline,
            method: &str,
            configuration: TelemetryConfiguration,
        ) -> Result<()>;
        fn telemetry_properties() -> Vec<String>;
        fn check_properties(given: Vec<Property>) -> Result<Vec<Property>>;
        fn current_span_of_rust() -> SpanContextParts;
        fn reap(retired: UniquePtr<Retired>);
        fn at_exit();
    }
}

// SAFETY: it is owned, and what it holds may be destroyed on any thread.
unsafe impl Send for ffi::Retired {}

// SAFETY: ours are never changed, and cppTango itself shares them among threads.
unsafe impl Send for ffi::Interface {}
unsafe impl Sync for ffi::Interface {}

// SAFETY: they lock what they use.
unsafe impl Send for ffi::DeviceLogger {}
unsafe impl Sync for ffi::DeviceLogger {}
unsafe impl Send for ffi::InterfaceSlot {}
unsafe impl Sync for ffi::InterfaceSlot {}

/// The names of the device properties about telemetry.
fn telemetry_properties() -> Vec<String> {
    properties::NAMES.map(str::to_string).to_vec()
}

/// What they say, in cppTango's words.
fn check_properties(given: Vec<ffi::Property>) -> Result<Vec<ffi::Property>, Error> {
    let given = given.into_iter();
    let given = given.map(|property| (property.name, property.elements));
    let found = properties::check(&given.collect::<properties::Properties>())?.into_iter();
    let found = found.map(|(name, elements)| ffi::Property { name, elements });
    Ok(found.collect())
}

/// Without its tracestate.
fn current_span_of_rust() -> ffi::SpanContextParts {
    let current = || Context::map_current(|cx| cx.span().span_context().clone());
    // There is none on a thread that ends.
    let current = catch_unwind(current).unwrap_or(SpanContext::NONE);
    ffi::SpanContextParts {
        known: current.is_valid(),
        of_rust: true,
        trace_id: current.trace_id().to_bytes(),
        span_id: current.span_id().to_bytes(),
        flags: current.trace_flags().to_u8(),
        tracestate: String::new(),
    }
}

/// Destroys what C++ has no more use for, where nobody waits for it.
fn reap(retired: UniquePtr<ffi::Retired>) {
    reaper::start(move || {
        drop(retired);
        Ok(())
    });
}

/// The logger of a device, as long as there is the device.
pub(crate) struct DeviceLogger(SharedPtr<ffi::DeviceLogger>);

impl DeviceLogger {
    #[cfg_attr(not(feature = "sdk"), allow(dead_code))]
    pub(crate) fn warn(&self, text: &str) {
        self.0.warn(text);
    }
}

/// The target of the virtual telemetry methods; lives as long as the C++ device.
struct Trampoline(DeviceTelemetry);

fn trampoline_new(
    class_name: &cxx::CxxString,
    device_name: &cxx::CxxString,
    logger: SharedPtr<ffi::DeviceLogger>,
    slot: SharedPtr<ffi::InterfaceSlot>,
) -> Box<Trampoline> {
    // Requests are next. It does not fail: cppTango has just read the environment. Who listens to diagnostics may panic.
    let _ = catch_unwind(trace_continuity);
    let telemetry = DeviceTelemetry::with_interface(
        &class_name.to_string_lossy(),
        &device_name.to_string_lossy(),
        DeviceInterface(slot),
    );
    telemetry
        .actor()
        .counters()
        .set_logger(DeviceLogger(logger));
    Box::new(Trampoline(telemetry))
}

impl Trampoline {
    fn called(&self, method: &str) {
        // Nothing of it is Rust's; there is nobody to tell that the observer has panicked.
        let _ = self.guarded(|| {
            self.0.notify(method);
            Ok(())
        });
    }

    fn reconfigured(
        &self,
        method: &str,
        configuration: ffi::TelemetryConfiguration,
    ) -> Result<(), Error> {
        self.guarded(|| {
            let result = self.0.reconfigure(configuration.into());
            self.0.notify(method);
            result
        })
    }

    fn guarded(&self, f: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        catch_unwind(AssertUnwindSafe(f))
            .unwrap_or_else(|panic| {
                self.0.actor().counters().panicked();
                Err(Error::Panic(panic_text(&*panic)))
            })
            .inspect_err(|error| {
                diagnostics::warn("device telemetry callback", error);
            })
    }
}

impl Drop for Trampoline {
    fn drop(&mut self) {
        // Dropping it drops user code: the factory's provider.
        let _ = self.guarded(|| {
            self.0.retire();
            Ok(())
        });
    }
}

/// The process ends: what is pending goes out, of both halves. It is registered several times and works once.
fn at_exit() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let flushed = catch_unwind(|| {
            client::retire();
            ffi::retire_default_interface();
            crate::force_flush(reaper::exit_timeout())
        });
        if let Ok(Err(error)) = flushed {
            diagnostics::warn("end of the process", &error);
        }
    });
}

/// Has [`at_exit`] called when the process ends.
#[cfg_attr(not(feature = "sdk"), allow(dead_code))]
pub(crate) fn register_at_exit() {
    static ONCE: Once = Once::new();
    ONCE.call_once(ffi::register_at_exit);
}

impl From<ffi::TelemetryConfiguration> for Configuration {
    fn from(shared: ffi::TelemetryConfiguration) -> Self {
        Self {
            enabled: shared.enabled,
            tracing_enabled: shared.tracing_enabled,
            topics: shared.topics,
            tracing_endpoints: shared
                .tracing_collectors
                .into_iter()
                .map(|collector| Endpoint {
                    exporter: exporter(collector.exporter),
                    url: collector.endpoint,
                })
                .collect(),
        }
    }
}

impl From<&Configuration> for ffi::TelemetryConfiguration {
    fn from(configuration: &Configuration) -> Self {
        let endpoints = configuration.tracing_endpoints.iter();
        Self {
            enabled: configuration.enabled,
            tracing_enabled: configuration.tracing_enabled,
            topics: configuration.topics.clone(),
            tracing_collectors: endpoints
                .map(|endpoint| ffi::Collector {
                    exporter: exporter_number(endpoint.exporter),
                    endpoint: endpoint.url.clone(),
                })
                .collect(),
        }
    }
}

const EXPORTERS: [Exporter; 3] = [Exporter::Grpc, Exporter::Http, Exporter::Console];

const fn exporter_number(exporter: Exporter) -> i32 {
    match exporter {
        Exporter::Grpc => tango::Configuration_Exporter::grpc as i32,
        Exporter::Http => tango::Configuration_Exporter::http as i32,
        Exporter::Console => tango::Configuration_Exporter::console as i32,
    }
}

fn exporter(number: i32) -> Exporter {
    let found = EXPORTERS
        .into_iter()
        .find(|exporter| exporter_number(*exporter) == number);
    found.unwrap_or(Exporter::Console)
}

/// What C++ would hand on now.
pub(crate) struct GoingOn {
    /// Invalid where nothing is to go on; it may have the trace id of [`begin_trace`] then.
    pub(crate) span_context: SpanContext,
    /// It is what Rust has attached last: C++ has made no span since.
    pub(crate) of_rust: bool,
}

/// `None` on a thread of which C++ knows nothing.
pub(crate) fn get_trace_context() -> Option<GoingOn> {
    match ffi::get_trace_context() {
        Ok(parts) => parts.known.then(|| GoingOn {
            span_context: SpanContext::new(
                TraceId::from_bytes(parts.trace_id),
                SpanId::from_bytes(parts.span_id),
                TraceFlags::new(parts.flags),
                true,
                trace_state::parse(&parts.tracestate),
            ),
            of_rust: parts.of_rust,
        }),
        Err(error) => {
            diagnostics::warn("get_trace_context", &error);
            None
        }
    }
}

/// What begins in the request that this thread serves is to be of this trace.
pub(crate) fn begin_trace(trace_id: TraceId) {
    ffi::begin_trace(&trace_id.to_bytes());
}

/// The C++ half of a [`crate::TraceContextScope`]; dropping it restores what was before.
pub(crate) struct Scope(#[allow(dead_code)] UniquePtr<ffi::TraceContextScope>);

impl Scope {
    pub(crate) fn set(span_name: &str, traceparent: String, tracestate: String) -> Option<Self> {
        const CLIENT: i32 = tango::Span_Kind::kClient as i32;
        let headers = ffi::TraceHeaders {
            traceparent,
            tracestate,
        };
        match ffi::set_trace_context(span_name, &headers, CLIENT) {
            Ok(scope) => Some(Self(scope)),
            Err(error) => {
                diagnostics::warn("set_trace_context", &error);
                None
            }
        }
    }

    pub(crate) fn attach(cx: &SpanContext) -> Self {
        Self(ffi::attach_trace_context(
            &cx.trace_id().to_bytes(),
            &cx.span_id().to_bytes(),
            cx.trace_flags().to_u8(),
            &cx.trace_state().header(),
        ))
    }
}

impl Scope {
    /// No trace context is the current one, whatever it was.
    pub(crate) fn detach() -> Self {
        Self(ffi::detach_trace_context())
    }
}

/// A C++ interface of this process as a client. It does not change: another takes its place.
pub(crate) struct Interface(SharedPtr<ffi::Interface>);

impl Interface {
    /// As the environment says.
    pub(crate) fn of_client(service_name: &str) -> Result<Self, Error> {
        ffi::client_interface(service_name)
            .map(Self)
            .map_err(refused)
    }

    /// Another one.
    pub(crate) fn changed(&self, configuration: &Configuration) -> Result<Self, Error> {
        ffi::changed_interface(&self.0, &configuration.into())
            .map(Self)
            .map_err(refused)
    }

    pub(crate) fn configuration(&self) -> Configuration {
        ffi::configuration_of(&self.0).into()
    }
}

/// The C++ interface that a device has.
pub(crate) struct DeviceInterface(SharedPtr<ffi::InterfaceSlot>);

/// One of them, as long as a request or the device has it.
pub(crate) struct InterfaceRef(WeakPtr<ffi::Interface>);

impl DeviceInterface {
    pub(crate) fn current(&self) -> InterfaceRef {
        InterfaceRef(self.0.current().downgrade())
    }

    /// Makes `interface`, or the current one, that of this thread; which it is not where the thread does not serve the
    /// device's request. One that the device had before does too, but not if it is to be the `latest`.
    pub(crate) fn enter(
        &self,
        latest: bool,
        interface: Option<&InterfaceRef>,
    ) -> Option<InterfaceScope> {
        let interface = interface.map_or_else(SharedPtr::null, |interface| interface.0.upgrade());
        let entered = self.0.enter(latest, &interface);
        (!entered.is_null()).then_some(InterfaceScope(entered))
    }
}

/// While it lives, an interface is cppTango's current one of this thread.
pub(crate) struct InterfaceScope(#[allow(dead_code)] UniquePtr<ffi::InterfaceScope>);

impl InterfaceScope {
    pub(crate) fn enter(interface: &Interface) -> Self {
        Self(ffi::enter_interface(&interface.0))
    }

    /// One that makes no spans and only has requests carry a trace context.
    pub(crate) fn propagating() -> Option<Self> {
        let entered = ffi::enter_propagating_interface();
        // The environment is bad, as has been told.
        entered.ok().map(Self)
    }
}

/// For those who take part in no span: devices that are stopped, a client that is off.
pub(crate) fn propagate_when_disabled(propagate: bool) {
    ffi::propagate_when_disabled(propagate);
}

/// Whether cppTango has this crate's context, and its propagator.
pub(crate) fn continuity() -> Result<(bool, bool), Error> {
    let found = ffi::continuity().map_err(refused)?;
    Ok((found.context_shared, found.propagator_shared))
}

fn refused(error: cxx::Exception) -> Error {
    Error::Configuration(error.what().to_string())
}

/// Who called the device method that runs on this thread.
pub(crate) struct ClientIdent {
    pub(crate) location: String,
    pub(crate) pid: i64,
    pub(crate) lang: &'static str,
}

pub(crate) fn client_ident() -> Option<ClientIdent> {
    let ident = ffi::client_ident();
    ident.known.then_some(ClientIdent {
        location: ident.location,
        pid: ident.pid,
        lang: ident.lang,
    })
}

/// Id and name of this thread: the id as in cppTango's spans, the name as Rust knows it, else the system.
pub(crate) fn thread_info() -> (Arc<str>, Arc<str>) {
    let info = ffi::thread_info();
    let name = thread::current().name().map(str::to_string);
    (info.id.into(), name.unwrap_or(info.name).into())
}

/// The span attribute by which cppTango filters topics.
pub(crate) fn topic_attribute() -> &'static str {
    TOPIC_ATTRIBUTE
}

/// A `constexpr const char *`, which to bindgen is a byte string with its NUL.
pub(crate) const fn text(bytes: &'static [u8]) -> &'static str {
    // At compile time.
    match CStr::from_bytes_with_nul(bytes) {
        Ok(text) => match text.to_str() {
            Ok(text) => text,
            Err(_) => panic!("not UTF-8"),
        },
        Err(_) => panic!("not a C string"),
    }
}

/// A variable of the environment, else of a tangorc file, as cppTango reads it.
pub(crate) fn get_env_var(name: &str) -> Option<String> {
    let mut value = String::new();
    // It does not throw; a variable that cannot be read is none.
    let found = ffi::get_env_var(name, &mut value).unwrap_or(false);
    found.then_some(value)
}

/// Sets a variable of this process, or removes it. False, and no change, where this is not the only thread of the
/// process, or that cannot be told.
pub(crate) fn change_variable(name: &str, value: Option<&str>) -> bool {
    let alone = fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1);
    if alone {
        // SAFETY: nobody else can read the environment meanwhile. There is no other thread, and only this one could
        // start one.
        unsafe {
            match value {
                Some(value) => env::set_var(name, value),
                None => env::remove_var(name),
            }
        }
    }
    alone
}

/// Whether cppTango takes this endpoint for this exporter.
pub(crate) fn accepts_endpoint(exporter: &str, endpoint: &str) -> bool {
    ffi::check_endpoint(exporter, endpoint).is_ok()
}

/// Has cppTango read the environment once.
pub(crate) fn read_environment() -> Result<(), Error> {
    ffi::read_environment().map_err(refused)
}

/// What opentelemetry-cpp's SDK tells on standard error.
pub(crate) fn set_sdk_log_level(level: LogLevel) {
    ffi::set_sdk_log_level(match level {
        LogLevel::Fatal => 0,
        LogLevel::Error => 1,
        LogLevel::Warning => 2,
        LogLevel::Info => 3,
        LogLevel::Debug => 4,
    });
}

impl DeviceTelemetry {
    /// The Rust half of a C++ device: `handle` is what `TelemetryDevice<Base>::telemetry_handle()` returns.
    #[must_use]
    pub fn from_handle(handle: &TelemetryHandle) -> Self {
        ffi::trampoline_of(handle).0.clone()
    }
}
