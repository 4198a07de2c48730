// SPDX-License-Identifier: MIT OR Apache-2.0
//! The `telemetry_*` properties of a device, by the rules of the environment.
//!
//! cppTango reads them in the constructor of the device, its way: the first element of each only, and not all that is
//! meant (upper case, blanks around it). Nobody can come in between. So they are checked before, and what cppTango
//! would refuse is refused with a text that says what to write; the elements after the first are applied afterwards.

use super::{ALLOWED_TOPICS, ALLOWED_TYPES, LOGGING, NONE, TRACING};
use crate::{
    environment::rules::{self, Collectors, Values},
    error::Error,
};

const ENABLE: &str = "telemetry_enable";
const TYPES: &str = "telemetry_types";
const TOPICS: &str = "telemetry_topics";

/// Exporters and endpoints of a type.
const COLLECTORS: [(&str, &str, &str); 2] = [
    (
        TRACING,
        "telemetry_tracing_exporters",
        "telemetry_tracing_endpoints",
    ),
    (
        LOGGING,
        "telemetry_logging_exporters",
        "telemetry_logging_endpoints",
    ),
];

/// The properties that there are.
pub(crate) const NAMES: [&str; 7] = [
    ENABLE,
    TYPES,
    TOPICS,
    COLLECTORS[0].1,
    COLLECTORS[0].2,
    COLLECTORS[1].1,
    COLLECTORS[1].2,
];

/// The elements of each property that is set.
pub(crate) type Properties = Vec<(String, Vec<String>)>;

/// What the properties say, an element for each word.
///
/// # Errors
/// What is not allowed, and what cppTango would not take as it is written.
pub(crate) fn check(given: &[(String, Vec<String>)]) -> Result<Properties, Error> {
    let values = |elements: fn(&[String]) -> String| -> Values {
        let named = NAMES.iter().filter_map(|name| {
            let (_, list) = given.iter().find(|(given, _)| given == name)?;
            Some((*name, elements(list)))
        });
        named.collect()
    };
    let all = values(|elements| elements.join(","));
    let first = values(|elements| elements.first().cloned().unwrap_or_default());

    let mut found = Properties::new();
    if first.contains_key(ENABLE) {
        let (_, word) = rules::enable(&first, ENABLE)?;
        written_so(&first, ENABLE, &[word], true)?;
    }
    for (name, allowed) in [(TYPES, &ALLOWED_TYPES[..]), (TOPICS, &ALLOWED_TOPICS)] {
        if first.contains_key(name) {
            let words = rules::words(&all, name, allowed, &[])?;
            written_so(
                &first,
                name,
                &rules::words(&first, name, allowed, &[])?,
                false,
            )?;
            found.push((name.to_string(), words));
        }
    }
    for (kind, exporters, endpoints) in COLLECTORS {
        if !first.contains_key(exporters) {
            if let Some(lonely) = all.get(endpoints).filter(|list| !rules::is_blank(list)) {
                let allowed =
                    format!("endpoints for the exporters of {exporters}, which is not set");
                return Err(rules::not_allowed(endpoints, lonely, allowed));
            }
            continue;
        }
        let collectors = Collectors::read(&all, exporters, endpoints)?;
        if collectors.none {
            let allowed = format!("exporters; to have no {kind}, leave it out of {TYPES}");
            return Err(rules::not_allowed(exporters, NONE, allowed));
        }
        let of_first = Collectors::read(&first, exporters, endpoints)?;
        written_so(&first, exporters, &of_first.exporters, true)?;
        written_so(&first, endpoints, &of_first.endpoints, false)?;
        found.push((exporters.to_string(), collectors.exporters));
        found.push((endpoints.to_string(), collectors.endpoints));
    }
    Ok(found)
}

/// Refuses a first element that cppTango would not read as the words that it means.
fn written_so(
    first: &Values,
    name: &'static str,
    canonical: &[String],
    ignores_case: bool,
) -> Result<(), Error> {
    let there = first.get(name).map_or("", String::as_str);
    let canonical = canonical.join(",");
    // cppTango has defaults for exporters and endpoints.
    let fine = match there {
        "" => !matches!(name, ENABLE | TYPES | TOPICS),
        there => rules::reads_alike(there, &canonical, ignores_case),
    };
    if fine {
        return Ok(());
    }
    let allowed = match canonical.as_str() {
        "" => "a value, or no such property".to_string(),
        _ => format!("the same as cppTango takes it: {canonical}"),
    };
    Err(rules::not_allowed(name, there, allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(given: &[(&str, &[&str])]) -> Result<Properties, Error> {
        let strings = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let given = given
            .iter()
            .map(|(name, list)| (name.to_string(), strings(list)));
        check(&given.collect::<Properties>())
    }

    /// D10
    #[test]
    fn all_elements_count() -> Result<(), Error> {
        let found = checked(&[
            ("telemetry_topics", &["user", " POLLING , database"]),
            ("telemetry_tracing_exporters", &["console", "Console"]),
            ("telemetry_tracing_endpoints", &["cout", "cerr"]),
            ("something_else", &["not ours"]),
        ])?;
        let found: Vec<String> = found
            .iter()
            .map(|(name, list)| format!("{name} {}", list.join("|")))
            .collect();
        assert_eq!(
            found,
            [
                "telemetry_topics user|polling|database",
                "telemetry_tracing_exporters console|console",
                "telemetry_tracing_endpoints cout|cerr",
            ]
        );
        assert!(checked(&[])?.is_empty());
        Ok(())
    }

    /// C6, C7, C11
    #[test]
    fn what_cpptango_would_refuse_is_refused_with_what_to_write() {
        type Given = &'static [(&'static str, &'static [&'static str])];
        let given: &[(Given, &str)] = &[
            (
                &[("telemetry_enable", &["yes"])],
                "allowed: the same as cppTango takes it: on",
            ),
            (
                &[("telemetry_enable", &["maybe"])],
                "telemetry_enable: \"maybe\"",
            ),
            (&[("telemetry_enable", &[""])], "telemetry_enable: \"\""),
            (&[("telemetry_types", &["TRACING"])], "takes it: tracing"),
            (
                &[("telemetry_topics", &[" USER , polling "])],
                "takes it: user,polling",
            ),
            (
                &[("telemetry_topics", &["user", "bogus"])],
                "telemetry_topics: \"bogus\"",
            ),
            (
                &[("telemetry_tracing_exporters", &["none"])],
                "leave it out of telemetry_types",
            ),
            (
                &[("telemetry_tracing_exporters", &["jaeger"])],
                "\"jaeger\"",
            ),
            (
                &[
                    ("telemetry_tracing_exporters", &["http"]),
                    ("telemetry_tracing_endpoints", &["localhost:4318"]),
                ],
                "telemetry_tracing_endpoints: \"localhost:4318\"",
            ),
            (
                &[
                    ("telemetry_logging_exporters", &["console"]),
                    ("telemetry_logging_endpoints", &["cout", "cerr"]),
                ],
                "2 endpoint(s)",
            ),
        ];
        for (properties, text) in given {
            let error = checked(properties).expect_err(text).to_string();
            assert!(error.contains(text), "{properties:?}: {error}");
        }
    }
}
