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
    /// cppTango cannot read a `TANGO_TELEMETRY_*` variable; the text is cppTango's and names it.
    #[error("telemetry of this client is not configured: {0}")]
    Configuration(String),
    /// An endpoint asks for an exporter that was not compiled in.
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
