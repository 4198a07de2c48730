// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rules by which both halves read the `TANGO_TELEMETRY_*` variables, and what has to be rewritten so that cppTango
//! reads them so. Which variables there are, `cpptango_10_3/mod.rs` and `cpptango_10_0.rs` know.
//!
//! Blanks around values and list items do not count, nor does case, nor do empty items.

use std::collections::BTreeMap;

use super::cpptango::{CONSOLE, GRPC, HTTP, NONE};
use super::{BOOLEANS, boolean};
use crate::{bridge::accepts_endpoint, error::Error};

/// By variable; as cppTango reads them, so from the environment, else from a tangorc file.
pub(super) type Values = BTreeMap<&'static str, String>;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// Variables of the environment to be set.
    pub(super) changes: Vec<(&'static str, String)>,
    pub(super) warnings: Vec<String>,
}

impl Plan {
    /// Tells of variables that this cppTango does not read, and of what it reads instead.
    pub(super) fn warn_of(
        &mut self,
        values: &Values,
        without_effect: &[(&'static str, &'static str)],
        since: &str,
    ) {
        for (variable, instead) in without_effect {
            if values.get(variable).is_some_and(|value| !is_blank(value)) {
                let warning = format!("{variable} has no effect {since}: write {instead} instead");
                self.warnings.push(warning);
            }
        }
    }

    /// A variable is to be rewritten where cppTango would not read it as `canonical`; unset it means `default`.
    pub(super) fn rewrite(
        &mut self,
        values: &Values,
        variable: &'static str,
        canonical: &[impl AsRef<str>],
        default: &str,
        ignores_case: bool,
    ) {
        let canonical: Vec<&str> = canonical.iter().map(AsRef::as_ref).collect();
        let canonical = canonical.join(",");
        let read_alike = match values.get(variable) {
            None => canonical == default,
            Some(there) => reads_alike(there, &canonical, ignores_case),
        };
        if !read_alike {
            self.changes.push((variable, canonical));
        }
    }

    /// Where telemetry is off an error is a warning, and `default` is what counts.
    pub(super) fn unless_off<T>(
        &mut self,
        enabled: bool,
        result: Result<T, Error>,
        default: T,
    ) -> Result<T, Error> {
        result.or_else(|error| {
            if enabled {
                return Err(error);
            }
            let warning = format!("{error} (without effect, since telemetry is off)");
            self.warnings.push(warning);
            Ok(default)
        })
    }
}

/// Whether cppTango reads `there` as `canonical`. Blanks within a list are nothing to it, around it they are.
pub(super) fn reads_alike(there: &str, canonical: &str, ignores_case: bool) -> bool {
    // cppTango's blanks, which are fewer than Rust's.
    let trim = |text| str::trim_matches(text, |c: char| c.is_ascii_whitespace());
    let items: Vec<&str> = there.split(',').map(trim).collect();
    let items = items.join(",");
    let alike = if ignores_case {
        items.eq_ignore_ascii_case(canonical)
    } else {
        items == canonical
    };
    alike && trim(there) == there
}

/// The exporters and endpoints of one telemetry type.
pub(super) struct Collectors {
    /// The type is switched off by `none`; cppTango has no such exporter, so it gets its default to read.
    pub(super) none: bool,
    pub(super) exporters: Vec<String>,
    /// As many as exporters, or none for cppTango's defaults.
    pub(super) endpoints: Vec<String>,
}

impl Default for Collectors {
    fn default() -> Self {
        Self {
            none: false,
            exporters: strings(&[CONSOLE]),
            endpoints: Vec::new(),
        }
    }
}

impl Collectors {
    pub(super) fn read(
        values: &Values,
        exporters_variable: &'static str,
        endpoints_variable: &'static str,
    ) -> Result<Self, Error> {
        let allowed = [CONSOLE, GRPC, HTTP, NONE];
        let exporters = words(values, exporters_variable, &allowed, &[CONSOLE])?;
        if exporters.iter().all(|exporter| exporter == NONE) {
            return Ok(Self {
                none: true,
                ..Self::default()
            });
        }
        if exporters.iter().any(|exporter| exporter == NONE) {
            let allowed = format!("{NONE} alone, or others without it");
            return Err(not_allowed(
                exporters_variable,
                &exporters.join(","),
                allowed,
            ));
        }
        let endpoints: Vec<String> = items(values, endpoints_variable)
            .map(lower_case_scheme)
            .collect();
        if !endpoints.is_empty() && endpoints.len() != exporters.len() {
            return Err(Error::EndpointCount {
                endpoints_variable,
                endpoints_value: shortened(&endpoints.join(",")),
                endpoints: endpoints.len(),
                exporters_variable,
                exporters_value: shortened(&exporters.join(",")),
                exporters: exporters.len(),
            });
        }
        for (exporter, endpoint) in exporters.iter().zip(&endpoints) {
            // No variable can have a NUL, but a tangorc file can.
            if endpoint.contains('\0') || !accepts_endpoint(exporter, endpoint) {
                let form = match exporter.as_str() {
                    HTTP => "http://HOST:PORT/PATH or https://HOST:PORT/PATH",
                    GRPC => "grpc://HOST:PORT, without a path",
                    _ => "cout or cerr",
                };
                let allowed = format!("{form}, for the exporter {exporter}");
                return Err(not_allowed(endpoints_variable, endpoint, allowed));
            }
        }
        Ok(Self {
            none: false,
            exporters,
            endpoints,
        })
    }
}

/// Whether it is on, and the word that cppTango is to read.
pub(super) fn enable(values: &Values, variable: &'static str) -> Result<(bool, String), Error> {
    let word = values.get(variable).map_or("", |value| value.trim());
    if word.is_empty() {
        return Ok((false, "off".to_string()));
    }
    let word = word.to_ascii_lowercase();
    let enabled =
        boolean(&word).ok_or_else(|| not_allowed(variable, &word, BOOLEANS.to_string()))?;
    let word = match word.as_str() {
        "yes" | "y" => "on",
        "no" | "n" => "off",
        known => known,
    };
    Ok((enabled, word.to_string()))
}

pub(super) fn words(
    values: &Values,
    variable: &'static str,
    allowed: &[&str],
    default: &[&str],
) -> Result<Vec<String>, Error> {
    let words: Vec<String> = items(values, variable)
        .map(str::to_ascii_lowercase)
        .collect();
    if let Some(word) = words.iter().find(|word| !allowed.contains(&word.as_str())) {
        let allowed = format!("{}; several are separated by commas", allowed.join(", "));
        return Err(not_allowed(variable, word, allowed));
    }
    Ok(if words.is_empty() {
        strings(default)
    } else {
        words
    })
}

fn items<'a>(values: &'a Values, variable: &str) -> impl Iterator<Item = &'a str> {
    let value = values.get(variable).map_or("", String::as_str);
    value
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

pub(super) fn is_blank(value: &str) -> bool {
    value.split(',').all(|item| item.trim().is_empty())
}

/// The rest of a URL may depend on case.
fn lower_case_scheme(endpoint: &str) -> String {
    let scheme = endpoint.find("://").unwrap_or(endpoint.len());
    let (scheme, rest) = endpoint.split_at(scheme);
    scheme.to_ascii_lowercase() + rest
}

pub(super) fn not_allowed(variable: &'static str, value: &str, allowed: String) -> Error {
    Error::Variable {
        variable,
        value: shortened(value),
        allowed,
    }
}

/// For one line of text.
fn shortened(value: &str) -> String {
    const LIMIT: usize = 200;
    match value.char_indices().nth(LIMIT) {
        None => value.to_string(),
        Some((end, _)) => format!("{}...", &value[..end]),
    }
}

pub(super) fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}
