// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one seam between spans and their exporters: an [`Emitter`] makes the spans of one actor and sees to their
//! export.

#[cfg(feature = "sdk")]
mod accounting;
#[cfg(feature = "sdk")]
mod console;
#[cfg(feature = "otlp-grpc")]
mod grpc;
#[cfg(feature = "otlp-http")]
mod http;
#[cfg(feature = "sdk")]
mod provider;
#[cfg(feature = "sdk")]
mod sdk;
#[cfg(not(feature = "sdk"))]
#[path = "no_sdk.rs"]
mod sdk;

#[cfg(feature = "sdk")]
pub use provider::{TracerProviderFactoryError, set_tracer_provider_factory};
pub(crate) use sdk::{Emitter, Factory, Span, flush};

use std::{sync::Arc, time::Duration};

use crate::{
    config::{Endpoint, Exporter},
    error::Error,
    reaper,
    statistics::Counters,
};

/// What a tracer provider is wanted for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TracerProviderRequest<'a> {
    /// `service.name`: the Tango class, or the client's name.
    pub service_name: &'a str,
    /// `service.instance.id`: the device's name; none for the client.
    pub service_instance_id: Option<&'a str>,
    /// Where its spans are to go.
    pub endpoints: &'a [Endpoint],
    #[cfg_attr(not(feature = "sdk"), allow(dead_code))]
    pub(crate) counters: &'a Arc<Counters>,
}

/// Exports all spans that have ended, of devices and client, and waits for it at most `timeout`.
///
/// The end of the process does the same for both halves, with the timeout of
/// [`set_exit_timeout`](crate::set_exit_timeout), so that programs need it only where they end otherwise (by a signal).
/// Any thread may call it, but not one of an exporter.
///
/// # Errors
/// [`Error::FlushTimeout`] where a collector did not take them in time; they are exported later if it still does.
/// [`Error::Export`] where spans were lost since the last call.
pub fn force_flush(timeout: Duration) -> Result<(), Error> {
    sdk::flush_all();
    reaper::wait(timeout)
}

/// The endpoints that this build has an exporter for, and what the first of the others wants.
pub(crate) fn usable(endpoints: &[Endpoint]) -> (Vec<Endpoint>, Option<Error>) {
    let missing = |endpoint: &Endpoint| match endpoint.exporter {
        // Nobody has asked for spans: cppTango's go there, and the trace context goes through.
        _ if !cfg!(feature = "sdk") => None,
        Exporter::Http if !cfg!(feature = "otlp-http") => Some("otlp-http"),
        Exporter::Http if !cfg!(feature = "tls") && endpoint.url.starts_with("https://") => {
            Some("tls")
        }
        Exporter::Grpc if !cfg!(feature = "otlp-grpc") => Some("otlp-grpc"),
        _ => None,
    };
    let unusable = endpoints.iter().find_map(|endpoint| {
        missing(endpoint).map(|feature| Error::FeatureRequired {
            endpoint: endpoint.url.clone(),
            feature,
        })
    });
    let usable = endpoints
        .iter()
        .filter(|endpoint| missing(endpoint).is_none());
    (usable.cloned().collect(), unusable)
}
