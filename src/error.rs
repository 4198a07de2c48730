// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong, and what to do about it.

use std::any::Any;

/// An error of this crate.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A `traceparent` that the W3C rules reject.
    #[error(
        "not a W3C traceparent: {0}; expected `00-<32 hex digits>-<16 hex digits>-<2 hex digits>` in lower case"
    )]
    TraceParent(&'static str),
    /// cppTango cannot read a `TANGO_TELEMETRY_*` variable; the text is cppTango's.
    #[error("cppTango cannot read its TANGO_TELEMETRY_ variables: {0}")]
    Configuration(String),
    /// A `TANGO_TELEMETRY_*` variable, of the environment or a tangorc file, has a value that is not allowed.
    #[error("{variable}: {value:?} is not allowed; allowed: {allowed}")]
    Variable {
        /// The variable.
        variable: &'static str,
        /// Its value, or the word of it that is not allowed.
        value: String,
        /// What is.
        allowed: String,
    },
    /// As many endpoints as exporters are needed, or none.
    #[error(
        "{endpoints_variable}={endpoints_value:?} has {endpoints} endpoint(s), but {exporters_variable}={exporters_value:?} \
        {exporters} exporter(s); allowed: one endpoint for each exporter, or no endpoint at all for cppTango's defaults"
    )]
    EndpointCount {
        /// The variable of the endpoints.
        endpoints_variable: &'static str,
        /// Its value.
        endpoints_value: String,
        /// How many endpoints it has.
        endpoints: usize,
        /// The variable of the exporters.
        exporters_variable: &'static str,
        /// Its value.
        exporters_value: String,
        /// How many exporters it has.
        exporters: usize,
    },
    /// A variable must be rewritten for cppTango, and it is too late for that.
    #[error(
        "{variable} must be rewritten for cppTango, which only a process with one thread can do: call \
        cpptango_telemetry::prepare_environment in the first line of main, or {remedy}"
    )]
    EnvironmentThreads {
        /// The variable.
        variable: &'static str,
        /// What makes the rewriting needless.
        remedy: String,
    },
    /// An endpoint asks for an exporter that was not compiled in. Without the feature `sdk` none is missed: there are no
    /// spans to export.
    #[error(
        "endpoint {endpoint}: enable the feature `{feature}` of cpptango-telemetry to export there"
    )]
    FeatureRequired {
        /// The endpoint's URL.
        endpoint: String,
        /// The feature to enable.
        feature: &'static str,
    },
    /// The exporter of an endpoint cannot be made.
    #[error("endpoint {endpoint}: no exporter can be made: {reason}; check the endpoint's URL")]
    Exporter {
        /// The endpoint's URL.
        endpoint: String,
        /// What the exporter says.
        reason: String,
    },
    /// The tracer provider factory has failed; device methods run on without Rust spans until the next good change.
    #[error(
        "the tracer provider factory failed: {0}; telemetry stays without Rust spans until the next change of it"
    )]
    Factory(String),
    /// User code panicked in a telemetry callback.
    #[error("panic in a telemetry callback: {0}")]
    Panic(String),
    /// Spans were not exported, and are lost.
    #[error("spans were not exported: {0}; is the collector reachable?")]
    Export(String),
    /// Spans were not exported in time.
    #[error("not all spans were exported within {0:?}; is the collector reachable?")]
    FlushTimeout(std::time::Duration),
}

/// What a panic says.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("(no message)").to_string()
}
