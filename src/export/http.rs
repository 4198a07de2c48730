//! OTLP over HTTP: one client, and its one thread, for all devices.

use std::{sync::OnceLock, thread, time::Duration};

use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use reqwest::blocking::Client;

use crate::{config::Endpoint, error::Error};

/// The default of OTEL_EXPORTER_OTLP_TIMEOUT.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn exporter(endpoint: &Endpoint) -> Result<SpanExporter, Error> {
    let failed = |reason: String| Error::Exporter {
        endpoint: endpoint.url.clone(),
        reason,
    };
    SpanExporter::builder()
        .with_http()
        .with_http_client(client().map_err(failed)?)
        .with_endpoint(&endpoint.url)
        // Else OTEL_EXPORTER_OTLP_PROTOCOL could ask for another one.
        .with_protocol(Protocol::HttpBinary)
        .build()
        .map_err(|error| failed(error.to_string()))
}

fn client() -> Result<Client, String> {
    static CLIENT: OnceLock<Result<Client, String>> = OnceLock::new();
    let make = || {
        Client::builder()
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| error.to_string())
    };
    // On a thread of its own: a blocking client panics when made within an application's async runtime.
    CLIENT
        .get_or_init(|| {
            thread::spawn(make)
                .join()
                .unwrap_or_else(|_| Err("the HTTP client panicked".to_string()))
        })
        .clone()
}
