// SPDX-License-Identifier: MIT OR Apache-2.0
//! The features of the published crate, in sets that have to build.

use std::path::Path;

use crate::metadata;
use crate::process::{Failure, Result};

/// Each feature alone and each two, with or without `telemetry`: lists for `--features`. The empty one among them is
/// no feature at all.
pub fn pairs(checkout: &Path, telemetry: bool) -> Result<Vec<String>> {
    let metadata = metadata::workspace(checkout)?;
    let package = metadata::package(&metadata, "cpptango-telemetry");
    let features = package.and_then(|package| package["features"].as_object());
    let features = features.ok_or_else(|| Failure::new("cpptango-telemetry has no features"))?;
    let names: Vec<&str> = features.keys().map(String::as_str).collect();
    Ok(pairs_of(&names, telemetry))
}

fn pairs_of(names: &[&str], telemetry: bool) -> Vec<String> {
    let mut others = names.to_vec();
    others.retain(|name| !["default", "telemetry"].contains(name));
    if telemetry {
        let pairs = others.iter().map(|other| format!("telemetry,{other}"));
        return ["telemetry".to_string()].into_iter().chain(pairs).collect();
    }
    let mut sets = vec![String::new()];
    for (index, one) in others.iter().enumerate() {
        sets.push((*one).into());
        sets.extend(others[..index].iter().map(|other| format!("{other},{one}")));
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::pairs_of;

    /// B4
    #[test]
    fn each_feature_alone_and_in_pairs() {
        let names = ["default", "otlp", "sdk", "telemetry", "tls"];
        let without = ["", "otlp", "sdk", "otlp,sdk", "tls", "otlp,tls", "sdk,tls"];
        assert_eq!(pairs_of(&names, false), without);
        let with = [
            "telemetry",
            "telemetry,otlp",
            "telemetry,sdk",
            "telemetry,tls",
        ];
        assert_eq!(pairs_of(&names, true), with);
    }
}
