// SPDX-License-Identifier: MIT OR Apache-2.0
//! What cppTango 10.0 to 10.2 read of the environment. `cpptango_10_3/mod.rs` is the same of later ones.

use super::rules::{Collectors, Plan, Values, enable, not_allowed};
use crate::{
    bridge::{tango, text},
    error::Error,
};

const ENABLE: &str = text(tango::kEnvVarTelemetryEnable);
const KERNEL_ENABLE: &str = text(tango::kEnvVarTelemetryKernelEnable);
const TRACES_EXPORTER: &str = text(tango::kEnvVarTelemetryTracesExporter);
const TRACES_ENDPOINT: &str = text(tango::kEnvVarTelemetryTracesEndPoint);
const LOGS_EXPORTER: &str = text(tango::kEnvVarTelemetryLogsExporter);
const LOGS_ENDPOINT: &str = text(tango::kEnvVarTelemetryLogsEndPoint);

/// The name of an enumerator: it does not compile where cppTango has none of that name.
macro_rules! exporter {
    ($name:ident) => {{
        let _ = tango::Configuration_Exporter::$name;
        stringify!($name)
    }};
}

pub(super) const HTTP: &str = exporter!(http);
pub(super) const GRPC: &str = exporter!(grpc);
pub(super) const CONSOLE: &str = exporter!(console);
pub(super) const NONE: &str = exporter!(none);

/// The kernel knows no topics; spans have it as they have it with 10.3.
pub(crate) const TOPIC_ATTRIBUTE: &str = "tango.telemetry.topic";

/// What it reads.
pub(super) const VARIABLES: [&str; 6] = [
    ENABLE,
    KERNEL_ENABLE,
    TRACES_EXPORTER,
    TRACES_ENDPOINT,
    LOGS_EXPORTER,
    LOGS_ENDPOINT,
];

/// What cppTango 10.3 reads, and what is in its place here.
pub(super) const WITHOUT_EFFECT: [(&str, &str); 6] = [
    ("TANGO_TELEMETRY_TRACING_EXPORTERS", TRACES_EXPORTER),
    ("TANGO_TELEMETRY_TRACING_ENDPOINTS", TRACES_ENDPOINT),
    ("TANGO_TELEMETRY_LOGGING_EXPORTERS", LOGS_EXPORTER),
    ("TANGO_TELEMETRY_LOGGING_ENDPOINTS", LOGS_ENDPOINT),
    ("TANGO_TELEMETRY_TYPES", "the exporter none"),
    ("TANGO_TELEMETRY_TOPICS", "no topics (there are none)"),
];

/// # Errors
/// What is not allowed, unless telemetry is off: then it is a warning, and cppTango gets its own default to read.
pub(super) fn plan(values: &Values) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    plan.warn_of(values, &WITHOUT_EFFECT, "before cppTango 10.3");
    let (enabled, word) = enable(values, ENABLE)?;
    plan.rewrite(values, ENABLE, &[word], "off", true);
    let kernel = enable(values, KERNEL_ENABLE);
    let (_, word) = plan.unless_off(enabled, kernel, (false, "off".to_string()))?;
    plan.rewrite(values, KERNEL_ENABLE, &[word], "off", true);

    for (exporter, endpoint, path) in [
        (TRACES_EXPORTER, TRACES_ENDPOINT, "traces"),
        (LOGS_EXPORTER, LOGS_ENDPOINT, "logs"),
    ] {
        let found = one(values, exporter, endpoint);
        let found = plan.unless_off(enabled, found, Collectors::default())?;
        if found.none {
            plan.rewrite(values, exporter, &[NONE], CONSOLE, true);
            continue;
        }
        plan.rewrite(values, exporter, &found.exporters, CONSOLE, true);
        match found.endpoints.first() {
            Some(found) => plan.rewrite(values, endpoint, &[found], "", false),
            // It is refused, or blank in a tangorc file, which cppTango takes for an endpoint, and refuses in its turn.
            None if values.contains_key(endpoint) => {
                let default = default_endpoint(&found.exporters, path);
                plan.rewrite(values, endpoint, &[default], "", false);
            }
            None => {}
        }
    }
    Ok(plan)
}

/// What cppTango takes where there is no variable. It tells nobody else.
fn default_endpoint(exporters: &[String], path: &str) -> String {
    match exporters.first().map(String::as_str) {
        Some(HTTP) => format!("http://localhost:4318/v1/{path}"),
        Some(GRPC) => "grpc://localhost:4317".to_string(),
        _ => "cout".to_string(),
    }
}

/// An exporter and its endpoint; they are no lists here.
fn one(
    values: &Values,
    exporter: &'static str,
    endpoint: &'static str,
) -> Result<Collectors, Error> {
    let found = Collectors::read(values, exporter, endpoint)?;
    if found.exporters.len() > 1 {
        let allowed = "one of them; several need cppTango 10.3".to_string();
        return Err(not_allowed(exporter, &found.exporters.join(","), allowed));
    }
    Ok(found)
}

/// Devices have no properties about telemetry.
pub(crate) mod properties {
    use crate::error::Error;

    pub(crate) const NAMES: [&str; 0] = [];

    pub(crate) type Properties = Vec<(String, Vec<String>)>;

    pub(crate) fn check(_: &[(String, Vec<String>)]) -> Result<Properties, Error> {
        Ok(Properties::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ON: (&str, &str) = (ENABLE, "on");

    fn planned(variables: &[(&'static str, &str)]) -> Result<Plan, Error> {
        let owned = |(variable, value): &(&'static str, &str)| (*variable, value.to_string());
        plan(&variables.iter().map(owned).collect())
    }

    /// B1, C3, C4, C5
    #[test]
    fn what_cpptango_would_not_read_as_it_is_meant_is_rewritten() -> Result<(), Error> {
        for (variables, wanted) in [
            (&[][..], &[][..]),
            (&[ON, (KERNEL_ENABLE, "1")], &[]),
            (&[(ENABLE, "Yes")], &[(ENABLE, "on")]),
            (&[ON, (KERNEL_ENABLE, "y")], &[(KERNEL_ENABLE, "on")]),
            (&[ON, (TRACES_EXPORTER, "HTTP")], &[]),
            (&[ON, (TRACES_EXPORTER, "none")], &[]),
            (&[ON, (LOGS_EXPORTER, " None ")], &[(LOGS_EXPORTER, "none")]),
            (
                &[
                    ON,
                    (TRACES_EXPORTER, "http"),
                    (TRACES_ENDPOINT, "http://h:1/a"),
                ],
                &[],
            ),
            (
                &[
                    ON,
                    (TRACES_EXPORTER, "http"),
                    (TRACES_ENDPOINT, " HTTP://h:1/a"),
                ],
                &[(TRACES_ENDPOINT, "http://h:1/a")],
            ),
        ] {
            let plan = planned(variables)?;
            let wanted: Vec<_> = wanted
                .iter()
                .map(|(variable, value)| (*variable, (*value).to_string()))
                .collect();
            assert_eq!((plan.changes, plan.warnings), (wanted, Vec::new()));
        }
        Ok(())
    }

    /// B1, C6, C7
    #[test]
    fn what_is_not_allowed_names_variable_and_value() {
        for (variables, named) in [
            (&[ON, (TRACES_EXPORTER, "jaeger")][..], "\"jaeger\""),
            (&[ON, (TRACES_EXPORTER, "http,grpc")], "one of them"),
            (&[ON, (KERNEL_ENABLE, "maybe")], KERNEL_ENABLE),
            (
                &[ON, (LOGS_EXPORTER, "grpc"), (LOGS_ENDPOINT, "http://h:1")],
                "grpc://HOST:PORT",
            ),
        ] {
            let refused = planned(variables).expect_err(named).to_string();
            assert!(refused.contains(named), "{refused}");
        }
    }

    /// B1, C9: telemetry is off, so the bad endpoint is a warning, and cppTango is kept from reading it.
    #[test]
    fn where_telemetry_is_off_it_is_a_warning() -> Result<(), Error> {
        let plan = planned(&[(TRACES_EXPORTER, "grpc"), (TRACES_ENDPOINT, "h:1")])?;
        let wanted = [(TRACES_EXPORTER, CONSOLE), (TRACES_ENDPOINT, "cout")];
        let wanted = wanted.map(|(variable, value)| (variable, value.to_string()));
        assert_eq!((plan.changes, plan.warnings.len()), (wanted.to_vec(), 1));
        Ok(())
    }

    /// B1, C3: in a tangorc file, where a blank variable is there.
    #[test]
    fn a_blank_endpoint_is_the_default_of_its_exporter() -> Result<(), Error> {
        for (enable, exporter, endpoint, wanted) in [
            (
                "on",
                HTTP,
                TRACES_ENDPOINT,
                "http://localhost:4318/v1/traces",
            ),
            ("on", HTTP, LOGS_ENDPOINT, "http://localhost:4318/v1/logs"),
            ("off", GRPC, TRACES_ENDPOINT, "grpc://localhost:4317"),
            ("off", CONSOLE, LOGS_ENDPOINT, "cout"),
        ] {
            let plan = planned(&[
                (ENABLE, enable),
                (TRACES_EXPORTER, exporter),
                (LOGS_EXPORTER, exporter),
                (endpoint, " ,"),
            ])?;
            let wanted = vec![(endpoint, wanted.to_string())];
            assert_eq!((plan.changes, plan.warnings), (wanted, Vec::new()));
        }
        Ok(())
    }

    /// B1, C12
    #[test]
    fn the_names_of_cpptango_10_3_are_warned_of() -> Result<(), Error> {
        let plan = planned(&[(WITHOUT_EFFECT[0].0, "http"), (WITHOUT_EFFECT[5].0, "user")])?;
        assert_eq!(plan.warnings.len(), 2);
        assert!(plan.warnings[0].ends_with("write TANGO_TELEMETRY_TRACES_EXPORTER instead"));
        Ok(())
    }
}
