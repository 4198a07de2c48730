// SPDX-License-Identifier: MIT OR Apache-2.0
//! OTLP over HTTP: one client, and its one thread, for all devices.

use std::{env, sync::OnceLock, thread, time::Duration};

use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use reqwest::blocking::Client;

use crate::{config::Endpoint, error::Error};

/// How long a request may take: OTEL_EXPORTER_OTLP_TRACES_TIMEOUT, else OTEL_EXPORTER_OTLP_TIMEOUT, in ms.
fn timeout() -> Duration {
    let milliseconds = [
        "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
        "OTEL_EXPORTER_OTLP_TIMEOUT",
    ]
    .into_iter()
    .find_map(|variable| env::var(variable).ok()?.trim().parse().ok());
    milliseconds.map_or(Duration::from_secs(10), Duration::from_millis)
}

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
            .timeout(timeout())
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
