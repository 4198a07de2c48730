//! The one bridge to C++, and all `unsafe` of the crate.
//!
//! No panic crosses it: what C++ calls catches them here. No exception does: a C++ function that may throw returns a
//! `Result`, see `include/cpptango_telemetry/cpp_exception.h`.

use std::{
    cell::OnceCell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Once,
    thread,
};

use cxx::{SharedPtr, UniquePtr};
pub use ffi::TelemetryHandle;
use opentelemetry::trace::SpanContext;

use crate::{
    config::{Configuration, Endpoint, Exporter},
    device::DeviceTelemetry,
    diagnostics,
    error::{Error, panic_text},
    reaper,
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
mod constants {
    include!(concat!(env!("OUT_DIR"), "/constants.rs"));
}

use constants::root::Tango::telemetry as tango;

#[cxx::bridge(namespace = "cpptango_telemetry")]
mod ffi {
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

    struct ClientIdent {
        known: bool,
        location: String,
        pid: i64,
        lang: String,
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
        include!("cpptango_telemetry/device_logger.h");
        include!("cpptango_telemetry/reaper.h");
        include!("cpptango_telemetry/telemetry_handle.h");
        include!("cpptango_telemetry/trace_context_scope.h");

        type TraceContextScope;
        fn get_trace_context() -> Result<TraceHeaders>;
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

        type InterfaceScope;
        fn configure_client(service_name: &str) -> Result<TelemetryConfiguration>;
        fn enter_client_interface() -> UniquePtr<InterfaceScope>;
        fn client_ident() -> ClientIdent;
        fn thread_info() -> ThreadInfo;
        fn register_at_exit();

        /// What a C++ device of bindings hands to
        /// [`DeviceTelemetry::from_handle`](crate::DeviceTelemetry::from_handle):
        /// `TelemetryDevice<Base>::telemetry_handle()`.
        type TelemetryHandle;
        fn trampoline_of(handle: &TelemetryHandle) -> &Trampoline;

        type DeviceLogger;
        fn warn(self: &DeviceLogger, text: &str);

        type Retired;
        fn retire_client_interfaces();
    }

    extern "Rust" {
        type Trampoline;
        fn trampoline_new(
            class_name: &CxxString,
            device_name: &CxxString,
            logger: SharedPtr<DeviceLogger>,
        ) -> Box<Trampoline>;
        fn called(self: &Trampoline, method: &str);
        fn reconfigured(
            self: &Trampoline,
            method: &str,
            configuration: TelemetryConfiguration,
        ) -> Result<()>;
        fn reap(retired: UniquePtr<Retired>);
        fn at_exit();
    }
}

// SAFETY: it is owned, and what it holds may be destroyed on any thread.
unsafe impl Send for ffi::Retired {}

// SAFETY: it locks what it uses.
unsafe impl Send for ffi::DeviceLogger {}
unsafe impl Sync for ffi::DeviceLogger {}

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
) -> Box<Trampoline> {
    let telemetry = DeviceTelemetry::new(
        &class_name.to_string_lossy(),
        &device_name.to_string_lossy(),
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
            ffi::retire_client_interfaces();
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

fn exporter(number: i32) -> Exporter {
    const GRPC: i32 = tango::Configuration_Exporter::grpc as i32;
    const HTTP: i32 = tango::Configuration_Exporter::http as i32;
    match number {
        GRPC => Exporter::Grpc,
        HTTP => Exporter::Http,
        _ => Exporter::Console,
    }
}

/// Empty strings where there is none.
pub(crate) fn get_trace_context() -> (String, String) {
    match ffi::get_trace_context() {
        Ok(headers) => (headers.traceparent, headers.tracestate),
        Err(error) => {
            diagnostics::warn("get_trace_context", &error);
            Default::default()
        }
    }
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

/// While it lives, cppTango's spans of this thread are those of the client's interface.
pub(crate) struct ClientInterface(#[allow(dead_code)] UniquePtr<ffi::InterfaceScope>);

impl ClientInterface {
    pub(crate) fn enter() -> Self {
        Self(ffi::enter_client_interface())
    }
}

/// Creates the C++ interface of this process as a client; see [`ClientInterface`].
pub(crate) fn configure_client(service_name: &str) -> Result<Configuration, Error> {
    ffi::configure_client(service_name)
        .map(Into::into)
        .map_err(|error| Error::Configuration(error.what().to_string()))
}

/// Who called the device method that runs on this thread.
pub(crate) struct ClientIdent {
    pub(crate) location: String,
    pub(crate) pid: i64,
    pub(crate) lang: String,
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
pub(crate) fn with_thread_info<T>(f: impl FnOnce(&str, &str) -> T) -> T {
    thread_local! {
        static INFO: OnceCell<(String, String)> = const { OnceCell::new() };
    }
    INFO.with(|info| {
        let (id, name) = info.get_or_init(|| {
            let info = ffi::thread_info();
            let name = thread::current().name().map(str::to_string);
            (info.id, name.unwrap_or(info.name))
        });
        f(id, name)
    })
}

/// The span attribute by which cppTango filters topics.
pub(crate) fn topic_attribute() -> &'static str {
    // To bindgen a `constexpr const char *` is a byte string with its NUL.
    std::str::from_utf8(tango::kTelemetryTopicSpanAttribute)
        .unwrap_or_default()
        .trim_end_matches('\0')
}

impl DeviceTelemetry {
    /// The Rust half of a C++ device: `handle` is what `TelemetryDevice<Base>::telemetry_handle()` returns.
    #[must_use]
    pub fn from_handle(handle: &TelemetryHandle) -> Self {
        ffi::trampoline_of(handle).0.clone()
    }
}
