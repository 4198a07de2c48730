// SPDX-License-Identifier: MIT OR Apache-2.0
//! The environment of the process: what both halves read of it, by the same rules.

#[cfg(tango_runtime_configuration)]
#[path = "environment/cpptango_10_3/mod.rs"]
pub(crate) mod cpptango;
#[cfg(all(tango_telemetry, not(tango_runtime_configuration)))]
#[path = "environment/cpptango_10_0.rs"]
pub(crate) mod cpptango;
#[cfg(tango_telemetry)]
mod rules;

use std::{env, sync::OnceLock};

use crate::{bridge, client, error::Error};

/// Makes the `TANGO_TELEMETRY_*` variables mean the same to both halves, or says what is wrong with them; returns
/// warnings. Bindings call it in the first line of `main`, and print the warnings.
///
/// cppTango refuses some of what users write (`yes`, an empty variable, the exporter `none`), with an exception that
/// may come late and at a place where it ends the process. So where cppTango would not read what is meant, this sets
/// the variable of this process, and child processes inherit that. What is not allowed is an error, of one line.
/// `TANGO_TELEMETRY_ENABLE=off` makes it a warning. The files `~/.tangorc` and `/etc/tangorc` count as for cppTango.
///
/// It does so once in a process; later calls return the same error, or no warnings. Without cppTango's telemetry it
/// does nothing.
///
/// # Threads
/// A variable can only be set while the process has one thread. Where it has more and none has to be set, all is well.
///
/// # Errors
/// [`Error::Variable`] and [`Error::EndpointCount`] for what is not allowed; [`Error::EnvironmentThreads`] where it is
/// called too late; [`Error::Configuration`] for what only cppTango finds wrong.
pub fn prepare_environment() -> Result<Vec<String>, Error> {
    static PREPARED: OnceLock<Result<(), Error>> = OnceLock::new();
    let mut warnings = Vec::new();
    PREPARED
        .get_or_init(|| {
            warnings = prepare()?;
            Ok(())
        })
        .clone()
        .map(|()| warnings)
}

#[cfg(not(tango_telemetry))]
fn prepare() -> Result<Vec<String>, Error> {
    Ok(Vec::new())
}

#[cfg(tango_telemetry)]
fn prepare() -> Result<Vec<String>, Error> {
    let (settings, of_settings) = all_settings();
    if let Some(level) = settings.sdk_log_level {
        bridge::set_sdk_log_level(level);
    }
    let change = |variable, value: Option<&str>| {
        if bridge::change_variable(variable, value) {
            return Ok(());
        }
        let remedy = match value {
            Some(value) => format!("write {variable}={value}"),
            None => format!("unset {variable}"),
        };
        Err(Error::EnvironmentThreads { variable, remedy })
    };
    // As if unset: cppTango does not take it so, and would not look into the tangorc files.
    for variable in cpptango::VARIABLES {
        if env::var_os(variable).is_some_and(|value| rules::is_blank(&value.to_string_lossy())) {
            change(variable, None)?;
        }
    }
    let without_effect = cpptango::WITHOUT_EFFECT.map(|(variable, _)| variable);
    let values = cpptango::VARIABLES.into_iter().chain(without_effect);
    let values = values
        .filter_map(|variable| Some((variable, bridge::get_env_var(variable)?)))
        .collect();
    let plan = cpptango::plan(&values)?;
    for (variable, value) in &plan.changes {
        change(variable, Some(value))?;
    }
    // Whatever the rules have missed is found now, and not within a function of cppTango's that must not throw.
    bridge::read_environment()?;
    Ok([of_settings.clone(), plan.warnings].concat())
}

/// What this crate itself reads; PyTango's variables of the same meaning are called `PYTANGO_`.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    /// `TANGO_RUST_TELEMETRY_CLIENT_SERVICE_NAME`.
    pub(crate) client_service_name: Option<String>,
    /// `TANGO_RUST_TELEMETRY_SPAN_PROCESSOR_TYPE`; by default it depends on the exporter.
    pub(crate) span_processor: Option<SpanProcessorType>,
    /// `TANGO_RUST_TELEMETRY_EMIT_KERNEL_SPANS`.
    pub(crate) emit_kernel_spans: bool,
    /// `TANGO_RUST_DISABLE_TELEMETRY_PATCHING`.
    pub(crate) patching_disabled: bool,
    /// `TANGO_RUST_TELEMETRY_SDK_LOG_LEVEL`.
    pub(crate) sdk_log_level: Option<LogLevel>,
    /// `OTEL_EXPERIMENTAL_RESOURCE_DETECTORS`.
    pub(crate) resource_detectors: Vec<ResourceDetector>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpanProcessorType {
    Simple,
    Batch,
}

/// From what is told last to what is told first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LogLevel {
    /// Nothing is told.
    Fatal,
    Error,
    Warning,
    Info,
    Debug,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResourceDetector {
    Process,
    Container,
    Host,
    Os,
}

/// Read once for the process.
pub(crate) fn settings() -> &'static Settings {
    &all_settings().0
}

fn all_settings() -> &'static (Settings, Vec<String>) {
    static SETTINGS: OnceLock<(Settings, Vec<String>)> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        read_settings(|variable| match variable {
            DETECTORS => env::var(variable).ok(),
            _ => bridge::get_env_var(variable),
        })
    })
}

const DETECTORS: &str = "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS";

/// The settings, and warnings of what is not allowed: it is as if unset then.
fn read_settings(variable: impl Fn(&str) -> Option<String>) -> (Settings, Vec<String>) {
    let mut warnings = Vec::new();
    let value = |name: &str| {
        let value = variable(name)?.trim().to_string();
        (!value.is_empty()).then_some(value)
    };
    let word = |name: &str| value(name).map(|value| value.to_ascii_lowercase());
    let mut refuse = |name: &str, value: &str, allowed: &str| {
        warnings.push(format!(
            "{name}: {value:?} is not allowed and without effect; allowed: {allowed}"
        ));
    };

    let mut switch = |name: &str| {
        let Some(word) = word(name) else {
            return false;
        };
        boolean(&word).unwrap_or_else(|| {
            refuse(name, &word, BOOLEANS);
            false
        })
    };
    let emit_kernel_spans = switch("TANGO_RUST_TELEMETRY_EMIT_KERNEL_SPANS");
    let patching_disabled = switch("TANGO_RUST_DISABLE_TELEMETRY_PATCHING");

    let name = "TANGO_RUST_TELEMETRY_SPAN_PROCESSOR_TYPE";
    let span_processor = word(name).and_then(|word| match word.as_str() {
        "simple" => Some(SpanProcessorType::Simple),
        "batch" => Some(SpanProcessorType::Batch),
        _ => {
            refuse(name, &word, "simple, batch");
            None
        }
    });

    let name = "TANGO_RUST_TELEMETRY_SDK_LOG_LEVEL";
    let sdk_log_level = word(name).and_then(|word| match word.as_str() {
        "none" | "fatal" => Some(LogLevel::Fatal),
        "error" => Some(LogLevel::Error),
        "warn" | "warning" => Some(LogLevel::Warning),
        "info" => Some(LogLevel::Info),
        "debug" | "trace" => Some(LogLevel::Debug),
        _ => {
            let allowed = "none, fatal, error, warn, warning, info, debug, trace";
            refuse(name, &word, allowed);
            None
        }
    });

    let mut resource_detectors = Vec::new();
    for word in word(DETECTORS).unwrap_or_default().split(',') {
        match word.trim() {
            "process" => resource_detectors.push(ResourceDetector::Process),
            "container" => resource_detectors.push(ResourceDetector::Container),
            "host" => resource_detectors.push(ResourceDetector::Host),
            "os" => resource_detectors.push(ResourceDetector::Os),
            // OTEL_RESOURCE_ATTRIBUTES, which always counts.
            "" | "otel" => {}
            word => refuse(DETECTORS, word, "process, container, host, os, otel"),
        }
    }

    let settings = Settings {
        client_service_name: value(client::SERVICE_NAME_VARIABLE),
        span_processor,
        emit_kernel_spans,
        patching_disabled,
        sdk_log_level,
        resource_detectors,
    };
    (settings, warnings)
}

const BOOLEANS: &str = "on, 1, true, yes, y, off, 0, false, no, n";

/// A word of [`BOOLEANS`].
fn boolean(word: &str) -> Option<bool> {
    match word {
        "on" | "1" | "true" | "yes" | "y" => Some(true),
        "off" | "0" | "false" | "no" | "n" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> (Settings, Vec<String>) {
        read_settings(|name| {
            let mut found = variables.iter().filter(|(variable, _)| *variable == name);
            found.next().map(|(_, value)| value.to_string())
        })
    }

    /// C13
    #[test]
    fn settings_are_read_whatever_their_case_and_blanks() {
        let (settings, warnings) = read(&[
            ("TANGO_RUST_TELEMETRY_CLIENT_SERVICE_NAME", " My client "),
            ("TANGO_RUST_TELEMETRY_SPAN_PROCESSOR_TYPE", "Simple"),
            ("TANGO_RUST_TELEMETRY_EMIT_KERNEL_SPANS", " Yes"),
            ("TANGO_RUST_DISABLE_TELEMETRY_PATCHING", "1"),
            ("TANGO_RUST_TELEMETRY_SDK_LOG_LEVEL", "WARN"),
            (
                "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS",
                "otel, Process,,container",
            ),
        ]);
        let wanted = Settings {
            client_service_name: Some("My client".to_string()),
            span_processor: Some(SpanProcessorType::Simple),
            emit_kernel_spans: true,
            patching_disabled: true,
            sdk_log_level: Some(LogLevel::Warning),
            resource_detectors: vec![ResourceDetector::Process, ResourceDetector::Container],
        };
        assert_eq!((settings, warnings), (wanted, Vec::new()));
    }

    /// C13, C14
    #[test]
    fn a_setting_that_is_not_allowed_is_a_warning_and_as_if_unset() {
        for variable in [
            "TANGO_RUST_TELEMETRY_SPAN_PROCESSOR_TYPE",
            "TANGO_RUST_TELEMETRY_EMIT_KERNEL_SPANS",
            "TANGO_RUST_DISABLE_TELEMETRY_PATCHING",
            "TANGO_RUST_TELEMETRY_SDK_LOG_LEVEL",
            "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS",
        ] {
            let (settings, warnings) = read(&[(variable, "bogus\n")]);
            assert_eq!(settings, read(&[]).0);
            let warned = format!("{variable}: \"bogus\" is not allowed");
            assert!(
                warnings.len() == 1 && warnings[0].starts_with(&warned),
                "{warnings:?}"
            );
            let (settings, warnings) = read(&[(variable, " ")]);
            assert_eq!((settings, warnings), read(&[]));
        }
    }
}
