// SPDX-License-Identifier: MIT OR Apache-2.0
//! OTLP over gRPC: one Tokio runtime, with one thread, for all devices. The application's own is none of our business.

use std::sync::OnceLock;

use opentelemetry::Context;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use tokio::runtime::{Builder, Runtime};

use crate::{config::Endpoint, error::Error};

pub(super) fn exporter(endpoint: &Endpoint) -> Result<SpanExporter, Error> {
    let failed = |reason: String| Error::Exporter {
        endpoint: endpoint.url.clone(),
        reason,
    };
    // tonic looks for a runtime when a channel is made, and keeps it.
    let runtime = runtime().as_ref().map_err(|error| failed(error.clone()))?;
    let _entered = runtime.enter();
    SpanExporter::builder()
        .with_tonic()
        .with_endpoint(&endpoint.url)
        // Else OTEL_EXPORTER_OTLP_PROTOCOL could ask for another one.
        .with_protocol(Protocol::Grpc)
        .build()
        .map_err(|error| failed(error.to_string()))
}

fn runtime() -> &'static Result<Runtime, String> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("tango-otlp-grpc")
            // What tonic does there is no span of anybody's.
            .on_thread_start(|| std::mem::forget(Context::enter_telemetry_suppressed_scope()))
            .enable_all()
            .build()
            .map_err(|error| error.to_string())
    })
}
