// SPDX-License-Identifier: MIT OR Apache-2.0
//! Endpoints that this build has no exporter for: an error that names the feature.

use cpptango_telemetry::{
    Configuration, DeviceTelemetry, Endpoint, Error, Exporter, TELEMETRY_SUPPORTED,
};

/// Telemetry on, to these endpoints.
fn configure(endpoints: &[(Exporter, &str)]) -> Result<(), Error> {
    let mut configuration = Configuration::default();
    configuration.enabled = true;
    configuration.tracing_enabled = true;
    configuration.topics = vec!["user".to_string()];
    let endpoints = endpoints.iter();
    let endpoints = endpoints.map(|(exporter, url)| Endpoint::new(*exporter, url));
    configuration.tracing_endpoints = endpoints.collect();
    DeviceTelemetry::new("Class", "a/b/c").reconfigure(configuration)
}

/// The feature that is missed, where there are spans to export.
fn missed(result: Result<(), Error>, url: &str) -> Option<&'static str> {
    match result {
        Ok(()) => None,
        Err(error @ Error::FeatureRequired { feature, .. }) => {
            let text = error.to_string();
            assert!(text.contains(url) && text.contains(&format!("`{feature}`")));
            Some(feature)
        }
        Err(error) => panic!("{url}: {error}"),
    }
}

/// B4
#[test]
fn an_endpoint_without_its_feature_is_an_error_that_names_it() {
    let exports = TELEMETRY_SUPPORTED && cfg!(feature = "sdk");
    let required = |feature, is_on: bool| (exports && !is_on).then_some(feature);
    let http = required("otlp-http", cfg!(feature = "otlp-http"));
    let tls = http.or(required("tls", cfg!(feature = "tls")));
    let grpc = required("otlp-grpc", cfg!(feature = "otlp-grpc"));
    for (exporter, url, feature) in [
        (Exporter::Http, "http://localhost:9/v1/traces", http),
        (Exporter::Http, "https://localhost:9/v1/traces", tls),
        (Exporter::Grpc, "grpc://localhost:9", grpc),
        (Exporter::Console, "cout", None),
    ] {
        assert_eq!(missed(configure(&[(exporter, url)]), url), feature, "{url}");
        // Whatever the other endpoints are.
        let console = (Exporter::Console, "cout");
        let result = configure(&[console, (exporter, url)]);
        assert_eq!(missed(result, url), feature, "{url} beside the console");
    }
}

/// cppTango has gRPC without TLS only; nothing goes out in clear where TLS is asked for.
#[test]
fn grpc_over_tls_is_an_error() {
    let result = configure(&[(Exporter::Grpc, "https://localhost:9")]);
    let exports = TELEMETRY_SUPPORTED && cfg!(feature = "sdk");
    assert_eq!(result.is_err(), exports, "{result:?}");
}
