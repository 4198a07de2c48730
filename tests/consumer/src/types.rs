// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every field and variant of the public types, and their traits.

use std::{fmt::Debug, time::Duration};

use cpptango_telemetry::{
    Configuration, DeviceTelemetry, Endpoint, Error, Exporter, Operation, OperationError,
    SpanGuard, Statistics, TelemetryHandle, TelemetrySpan, TelemetryTracer, TraceContext,
    TraceContextScope, TraceContinuity, TracerProviderRequest,
    context::ContextScope,
    opentelemetry::{Context, trace::SpanContext},
};

/// What a program may want to know of an error: which part of its environment it is about.
fn about(error: &Error) -> Vec<String> {
    match error {
        Error::TraceParent(why) => vec![why.to_string()],
        Error::Configuration(why)
        | Error::Factory(why)
        | Error::Panic(why)
        | Error::Export(why) => {
            vec![why.clone()]
        }
        Error::Variable {
            variable,
            value,
            allowed,
        } => vec![variable.to_string(), value.clone(), allowed.clone()],
        Error::EndpointCount {
            endpoints_variable,
            endpoints_value,
            endpoints,
            exporters_variable,
            exporters_value,
            exporters,
        } => vec![
            format!("{endpoints_variable}={endpoints_value}: {endpoints}"),
            format!("{exporters_variable}={exporters_value}: {exporters}"),
        ],
        Error::EnvironmentThreads { variable, remedy } => {
            vec![variable.to_string(), remedy.clone()]
        }
        Error::FeatureRequired { endpoint, feature } => {
            vec![endpoint.clone(), feature.to_string()]
        }
        Error::Exporter { endpoint, reason } => vec![endpoint.clone(), reason.clone()],
        Error::FlushTimeout(timeout) => vec![format!("{timeout:?}")],
        other => vec![other.to_string()],
    }
}

/// B3
#[test]
fn an_error_tells_what_it_is_about() {
    let error = Error::FlushTimeout(Duration::from_secs(1));
    assert_eq!(about(&error), ["1s"]);
    assert!(error.to_string().contains("is the collector reachable?"));
    let _: &(dyn std::error::Error + Send + Sync) = &error;
}

/// B3
#[test]
fn a_configuration_is_made_of_its_fields() {
    for (exporter, url) in [
        (Exporter::Http, "http://localhost:4318/v1/traces"),
        (Exporter::Grpc, "grpc://localhost:4317"),
        (Exporter::Console, "cout"),
    ] {
        let mut configuration = Configuration::default();
        configuration.enabled = true;
        configuration.tracing_enabled = true;
        configuration.topics = vec!["user".to_string()];
        assert!(!configuration.emits_user_spans());
        configuration.tracing_endpoints = vec![Endpoint::new(exporter, url)];
        assert!(configuration.emits_user_spans());
        let endpoint = &configuration.tracing_endpoints[0];
        assert_eq!((endpoint.exporter, endpoint.url.as_str()), (exporter, url));
        assert_eq!(endpoint.to_string(), url);
    }
}

/// B3
#[test]
fn statistics_are_numbers() {
    let statistics = Statistics::default();
    let spans = statistics.spans_ended - statistics.spans_exported - statistics.spans_dropped;
    let others = statistics.export_errors + statistics.rebuilds + statistics.panics;
    assert_eq!((spans, others), (0, 0));
}

/// B3
#[test]
fn a_trace_context_is_opentelemetrys() {
    let none = SpanContext::NONE;
    for cx in [
        TraceContext::EMPTY,
        TraceContext::default(),
        none.clone().into(),
        TraceContext::from(&Context::new()),
    ] {
        assert!(cx.is_empty() && *cx.span_context() == none);
    }
}

/// B3
#[test]
fn continuity_says_what_is_missing() {
    let fallback = TraceContinuity::Fallback {
        context_shared: true,
        propagator_shared: false,
    };
    assert!(fallback.to_string().contains("propagator"));
    assert_ne!(TraceContinuity::Whole, TraceContinuity::Unsupported);
}

/// B3
#[test]
fn all_types_can_be_shown() {
    fn shown<T: Debug>() {}
    shown::<TelemetryHandle>();
    shown::<SpanGuard>();
    shown::<ContextScope>();
    shown::<TraceContextScope>();
    shown::<TelemetrySpan>();
    shown::<TracerProviderRequest<'_>>();
    let device = DeviceTelemetry::new("Class", "a/b/c");
    let whose = r#"DeviceTelemetry { class_name: "Class", device_name: "a/b/c", .. }"#;
    assert_eq!(format!("{device:?}"), whose);
    let tracer: TelemetryTracer = device.tracer();
    assert!(format!("{tracer:?}").contains(whose));
    assert_eq!(Operation::is_allowed("Go").to_string(), "is_Go_allowed");
}

/// An error of bindings that says what it is.
struct Refused;

impl OperationError for Refused {
    fn exception_type(&self) -> &str {
        "Refused"
    }
    fn reason(&self) -> &str {
        ""
    }
    fn description(&self) -> &str {
        ""
    }
    fn origin(&self) -> &str {
        ""
    }
}

/// B3
#[test]
fn an_error_may_have_a_type_of_its_own() {
    assert_eq!(Refused.exception_type(), "Refused");
}
