// SPDX-License-Identifier: MIT OR Apache-2.0
//! What belongs to a feature. It is there with that feature, whatever the cppTango.

/// B3
#[cfg(feature = "sdk")]
#[test]
fn tracer_providers_are_the_users() -> Result<(), cpptango_telemetry::Error> {
    use cpptango_telemetry::{
        DeviceTelemetry, TracerProviderFactoryError, TracerProviderRequest,
        opentelemetry_sdk::trace::SdkTracerProvider, set_tracer_provider_factory,
    };

    fn factory(
        request: &TracerProviderRequest<'_>,
    ) -> Result<SdkTracerProvider, TracerProviderFactoryError> {
        let name = request.service_instance_id.unwrap_or(request.service_name);
        if name.is_empty() || request.endpoints.is_empty() {
            return Err("nothing to make a provider for".into());
        }
        Ok(request.builder()?.build())
    }
    set_tracer_provider_factory(factory);
    // Nobody needs a provider here.
    DeviceTelemetry::new("Class", "a/b/c").set_tracer_provider_factory(factory)
}

/// B3
#[cfg(feature = "tracing")]
#[test]
fn the_tracing_crate_gets_a_layer() {
    use tracing_subscriber::layer::SubscriberExt;

    let _ = tracing_subscriber::registry().with(cpptango_telemetry::tracing_layer());
}
