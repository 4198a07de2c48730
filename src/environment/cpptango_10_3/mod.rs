// SPDX-License-Identifier: MIT OR Apache-2.0
//! What cppTango 10.3 and later read of the environment. `cpptango_10_0.rs` is the same of older ones.

pub(crate) mod properties;

use super::rules::{Collectors, Plan, Values, enable, strings, words};
use crate::{
    bridge::{tango, text},
    error::Error,
};

pub(crate) const ENABLE: &str = text(tango::kEnvVarTelemetryEnable);
pub(crate) const TYPES: &str = text(tango::kEnvVarTelemetryTypes);
pub(crate) const TOPICS: &str = text(tango::kEnvVarTelemetryTopics);
pub(crate) const TRACING_EXPORTERS: &str = text(tango::kEnvVarTelemetryTracingExporters);
pub(crate) const TRACING_ENDPOINTS: &str = text(tango::kEnvVarTelemetryTracingEndPoints);
pub(crate) const LOGGING_EXPORTERS: &str = text(tango::kEnvVarTelemetryLoggingExporters);
pub(crate) const LOGGING_ENDPOINTS: &str = text(tango::kEnvVarTelemetryLoggingEndPoints);

/// The name of an enumerator: it does not compile where cppTango has none of that name.
macro_rules! enumerator {
    ($enumeration:ident::$name:ident) => {{
        let _ = tango::$enumeration::$name;
        stringify!($name)
    }};
}

pub(crate) const TRACING: &str = enumerator!(Configuration_TelemetryType::tracing);
pub(crate) const LOGGING: &str = enumerator!(Configuration_TelemetryType::logging);
pub(crate) const NONE: &str = enumerator!(Configuration_TelemetryType::none);

pub(crate) const HTTP: &str = enumerator!(Configuration_Exporter::http);
pub(crate) const GRPC: &str = enumerator!(Configuration_Exporter::grpc);
pub(crate) const CONSOLE: &str = enumerator!(Configuration_Exporter::console);

pub(crate) const ALL: &str = enumerator!(Configuration_TelemetryTopic::all);
pub(crate) const ALLOWED_TOPICS: [&str; 5] = [
    enumerator!(Configuration_TelemetryTopic::database),
    enumerator!(Configuration_TelemetryTopic::events),
    enumerator!(Configuration_TelemetryTopic::polling),
    enumerator!(Configuration_TelemetryTopic::user),
    ALL,
];

/// The span attribute by which cppTango filters topics.
pub(crate) const TOPIC_ATTRIBUTE: &str = text(tango::kTelemetryTopicSpanAttribute);

/// What it reads.
pub(super) const VARIABLES: [&str; 7] = [
    ENABLE,
    TYPES,
    TOPICS,
    TRACING_EXPORTERS,
    TRACING_ENDPOINTS,
    LOGGING_EXPORTERS,
    LOGGING_ENDPOINTS,
];

/// What cppTango 10.0 to 10.2 read, and what took its place.
pub(super) const WITHOUT_EFFECT: [(&str, &str); 5] = [
    ("TANGO_TELEMETRY_TRACES_EXPORTER", TRACING_EXPORTERS),
    ("TANGO_TELEMETRY_TRACES_ENDPOINT", TRACING_ENDPOINTS),
    ("TANGO_TELEMETRY_LOGS_EXPORTER", LOGGING_EXPORTERS),
    ("TANGO_TELEMETRY_LOGS_ENDPOINT", LOGGING_ENDPOINTS),
    ("TANGO_TELEMETRY_KERNEL_ENABLE", TOPICS),
];

pub(super) const ALLOWED_TYPES: [&str; 3] = [TRACING, LOGGING, NONE];

/// # Errors
/// What is not allowed, unless telemetry is off: then it is a warning, and cppTango gets its own default to read.
pub(super) fn plan(values: &Values) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    plan.warn_of(values, &WITHOUT_EFFECT, "since cppTango 10.3");
    let (enabled, word) = enable(values, ENABLE)?;
    plan.rewrite(values, ENABLE, &[word], "off", true);

    let topics = words(values, TOPICS, &ALLOWED_TOPICS, &[ALL]);
    let topics = plan.unless_off(enabled, topics, strings(&[ALL]))?;
    plan.rewrite(values, TOPICS, &topics, ALL, false);

    let all_types = [TRACING, LOGGING];
    let types = words(values, TYPES, &ALLOWED_TYPES, &all_types);
    let mut types = plan.unless_off(enabled, types, strings(&all_types))?;
    for (kind, exporters, endpoints) in [
        (TRACING, TRACING_EXPORTERS, TRACING_ENDPOINTS),
        (LOGGING, LOGGING_EXPORTERS, LOGGING_ENDPOINTS),
    ] {
        let found = Collectors::read(values, exporters, endpoints);
        let found = plan.unless_off(enabled, found, Collectors::default())?;
        if found.none {
            types.retain(|word| word != kind);
        }
        plan.rewrite(values, exporters, &found.exporters, CONSOLE, true);
        plan.rewrite(values, endpoints, &found.endpoints, "", false);
    }
    if types.is_empty() {
        types = strings(&[NONE]);
    }
    plan.rewrite(values, TYPES, &types, &all_types.join(","), false);
    Ok(plan)
}

#[cfg(test)]
mod tests;
