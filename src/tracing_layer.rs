// SPDX-License-Identifier: MIT OR Apache-2.0
//! The `tracing` crate's spans among ours.

use tracing::Metadata;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use crate::tracer::current_tracer;

/// A layer of a `tracing` subscriber that exports the spans of the `tracing` crate (`#[tracing::instrument]`) as those
/// of the device whose method runs, else of the client: each where that one's spans go, also after a reconfiguration.
///
/// They are children of device methods' spans and parents of client calls' spans. That does not depend on this layer
/// but on tracing-opentelemetry's context activation, its default: an application that has its own layer and tracer
/// provider has the same parents and children, in its own name.
///
/// ```
/// use tracing_subscriber::prelude::*;
///
/// tracing_subscriber::registry()
///     .with(cpptango_telemetry::tracing_layer())
///     .init();
/// ```
pub fn tracing_layer<S>() -> impl Layer<S>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span>,
{
    // What OpenTelemetry tells of itself is no event of the user's spans.
    let others = |metadata: &Metadata<'_>| !metadata.target().starts_with("opentelemetry");
    OpenTelemetryLayer::new(current_tracer()).with_filter(filter_fn(others))
}
