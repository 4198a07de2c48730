// SPDX-License-Identifier: MIT OR Apache-2.0
//! Joins the two OpenTelemetry worlds of a process that uses cppTango from Rust: the C++ one inside cppTango and the
//! Rust one. It is no binding of cppTango; bindings embed it.
//!
//! - [`TraceContextScope`] and [`get_trace_context`] pass the W3C trace context both ways.
//! - [`DeviceTelemetry`] is the Rust half of a C++ device that derives from `cpptango_telemetry::TelemetryDevice<Base>`:
//!   operators reconfigure a device at run time, cppTango calls its virtual telemetry methods, and the device's Rust tracer
//!   is rebuilt or switched off. [`DeviceTelemetry::in_span`] puts a span around a device method.
//! - [`client::call`] puts a span around a client call.
//! - [`context`] carries all that to other threads and tasks; [`DeviceTelemetry::tracer`] and [`current_tracer`] make
//!   spans of the user's own, and with the feature `tracing` so does the layer `tracing_layer`.
//! - A trace goes on through this process whatever its settings are, unless [`trace_continuity`] says otherwise;
//!   `docs/continuity.md` says how. [`propagate_when_disabled`] extends it to actors that are stopped or disabled.
//! - [`TELEMETRY_SUPPORTED`] tells whether all that is there; else the same functions do nothing.
//!
//! # Where to begin
//! - Authors of bindings: [`guide::bindings`], from nothing to a first span; also the features, and what a build needs.
//! - Authors of devices and clients: [`guide::spans`], spans of their own.
//! - Operators: [`guide::operators`], the environment variables, device properties and admin commands.
//!
//! # Threads
//! Trace context is a matter of each thread, in Rust and in C++. Guards stay on their thread; [`DeviceTelemetry`] and
//! the functions may be used from any.
// docs.rs says which feature an item belongs to. These are none, and what belongs to them is there without them too.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    docsrs,
    doc(auto_cfg(hide(cpptango, tango_telemetry, tango_runtime_configuration)))
)]
#![deny(missing_docs)]
#![deny(missing_debug_implementations)]
#![deny(unsafe_code)]
#![deny(clippy::print_stderr, clippy::print_stdout)]

pub use opentelemetry;
#[cfg(feature = "sdk")]
pub use opentelemetry_sdk;

mod active;
mod actor;
mod attributes;
#[cfg(tango_telemetry)]
#[allow(missing_debug_implementations, unsafe_code)] // cxx makes types of its own.
mod bridge;
#[cfg(not(tango_telemetry))]
#[path = "noop.rs"]
#[allow(unsafe_code)]
mod bridge;
pub mod client;
mod config;
pub mod context;
mod continuity;
mod current;
mod device;
mod diagnostics;
mod environment;
mod error;
mod export;
#[cfg(doc)]
pub mod guide;
mod operation;
mod quiet;
mod reaper;
mod scope;
mod span;
mod statistics;
mod text;
mod trace_context;
mod trace_state;
mod tracer;
#[cfg(feature = "tracing")]
mod tracing_layer;

pub use bridge::TelemetryHandle;
pub use config::{Configuration, Endpoint, Exporter};
pub use continuity::{TraceContinuity, trace_continuity};
pub use current::propagate_when_disabled;
pub use device::{DeviceTelemetry, set_callback_observer};
pub use environment::prepare_environment;
pub use error::Error;
#[cfg(feature = "sdk")]
pub use export::{TracerProviderFactoryError, set_tracer_provider_factory};
pub use export::{TracerProviderRequest, force_flush};
pub use operation::{Operation, OperationError};
pub use reaper::set_exit_timeout;
pub use scope::{TraceContextScope, get_trace_context};
pub use span::SpanGuard;
pub use statistics::Statistics;
pub use trace_context::TraceContext;
pub use tracer::{TelemetrySpan, TelemetryTracer, current_tracer};
#[cfg(feature = "tracing")]
pub use tracing_layer::tracing_layer;

/// Whether cppTango's telemetry is there: cppTango was compiled with `TANGO_USE_TELEMETRY`, and this crate with the
/// feature `telemetry`. Else every function does nothing.
pub const TELEMETRY_SUPPORTED: bool = cfg!(tango_telemetry);

/// Whether operators can reconfigure telemetry at run time: cppTango 10.3 and later.
pub const RUNTIME_CONFIGURATION_SUPPORTED: bool = cfg!(tango_runtime_configuration);
