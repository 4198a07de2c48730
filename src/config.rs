// SPDX-License-Identifier: MIT OR Apache-2.0
//! The telemetry configuration of a device or client, as cppTango has it.

use std::fmt;

/// What telemetry of a device or of the client is set to.
///
/// cppTango makes it of the environment and the device's properties, and operators change it at run time; this is a
/// copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Configuration {
    /// Telemetry is on (`TANGO_TELEMETRY_ENABLE`, `StartTelemetry`, `StopTelemetry`).
    pub enabled: bool,
    /// The telemetry type `tracing` is on (`TANGO_TELEMETRY_TYPES`, `SetTelemetryTracing`).
    pub tracing_enabled: bool,
    /// Topics (`TANGO_TELEMETRY_TOPICS`, `SetTelemetryTopics`).
    pub topics: Vec<String>,
    /// Where spans go (`TANGO_TELEMETRY_TRACING_ENDPOINTS`, `SetTelemetryTracingEndpoints`).
    pub tracing_endpoints: Vec<Endpoint>,
}

impl Configuration {
    /// Whether spans of user code (topic `user`) are to be exported.
    #[must_use]
    pub fn emits_user_spans(&self) -> bool {
        self.enabled
            && self.tracing_enabled
            && !self.tracing_endpoints.is_empty()
            && self
                .topics
                .iter()
                .any(|topic| topic == "all" || topic == "user")
    }
}

/// A pair of exporter and URL.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// How spans are sent.
    pub exporter: Exporter,
    /// Where to: `http[s]://host:port/path`, `grpc://host:port`, or `cout` and `cerr` for the console.
    pub url: String,
}

impl Endpoint {
    /// An endpoint; `url` in cppTango's form.
    #[must_use]
    pub fn new(exporter: Exporter, url: &str) -> Self {
        Self {
            exporter,
            url: url.to_string(),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

/// cppTango's exporters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exporter {
    /// OTLP over gRPC.
    Grpc,
    /// OTLP over HTTP, protobuf.
    Http,
    /// Text on standard output or standard error.
    Console,
}
