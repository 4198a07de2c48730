// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types of other crates in the public API. `[package.metadata.cargo_check_external_types]` in Cargo.toml says which
//! ones may be there, as cargo-check-external-types reads it, which needs one certain nightly.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::metadata;
use crate::process::{Failure, Result};

const STANDARD: [&str; 3] = ["std", "core", "alloc"];

/// `json` is rustdoc's.
pub fn check(json: &Value, workspace: &Value) -> Result<()> {
    let package = metadata::package(workspace, "cpptango-telemetry");
    let allowed = package
        .map(|package| &package["metadata"]["cargo_check_external_types"]["allowed_external_types"])
        .and_then(Value::as_array)
        .ok_or_else(|| Failure::new("Cargo.toml has no allowed_external_types"))?;
    let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
    let found = found(json);
    if found.is_empty() {
        return Err(Failure::new(
            "no type at all was found: rustdoc's JSON has another form",
        ));
    }
    eprintln!("{}", found.iter().cloned().collect::<Vec<_>>().join("\n"));
    let others: Vec<&str> = found
        .iter()
        .map(String::as_str)
        .filter(|path| !is_allowed(path, &allowed))
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the API has {}; a new major version of their crate is one of this crate, so Cargo.toml's \
         allowed_external_types would have to name them",
        others.join(", ")
    )))
}

fn is_allowed(path: &str, allowed: &[&str]) -> bool {
    allowed.iter().any(|pattern| {
        pattern
            .strip_suffix('*')
            .map_or(path == *pattern, |start| path.starts_with(start))
    })
}

/// Paths of the types and traits of other crates, without the standard library's.
fn found(json: &Value) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let items = json["index"]
        .as_object()
        .into_iter()
        .flat_map(|index| index.values());
    // Others are there for links of the documentation.
    for item in items.filter(|item| item["crate_id"] == 0) {
        let of_impl = &item["inner"]["impl"];
        // What every type has.
        if of_impl["blanket_impl"].is_null() && of_impl["is_synthetic"] != true {
            collect(&item["inner"], &mut ids);
        }
    }
    let path = |id: &String| {
        let path = &json["paths"][id];
        let crate_id = path["crate_id"].as_u64().filter(|id| *id != 0)?.to_string();
        let name = json["external_crates"][&crate_id]["name"].as_str()?;
        let parts = path["path"].as_array()?.iter().filter_map(Value::as_str);
        (!STANDARD.contains(&name)).then(|| parts.collect::<Vec<_>>().join("::"))
    };
    ids.iter().filter_map(path).collect()
}

/// Whatever has a name and an id is a path to something.
fn collect(value: &Value, ids: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            let is_path = object.contains_key("path") || object.contains_key("source");
            if let (true, Some(id)) = (is_path, object.get("id").and_then(Value::as_u64)) {
                ids.insert(id.to_string());
            }
            object.values().for_each(|value| collect(value, ids));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, ids)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_that_is_not_allowed_is_named() {
        let of =
            |id: u32| json!({"function": {"output": {"resolved_path": {"path": "T", "id": id}}}});
        let mut json = json!({
            "index": {
                "1": {"crate_id": 0, "inner": of(7)},
                "2": {"crate_id": 0, "inner": of(8)},
                "3": {"crate_id": 0, "inner": of(1)},
            },
            "paths": {
                "1": {"crate_id": 0, "path": ["us", "T"]},
                "7": {"crate_id": 1, "path": ["std", "T"]},
                "8": {"crate_id": 2, "path": ["opentelemetry", "Context"]},
                "9": {"crate_id": 3, "path": ["arc_swap", "ArcSwap"]},
            },
            "external_crates": {"1": {"name": "std"}, "2": {"name": "opentelemetry"}, "3": {"name": "arc_swap"}},
        });
        let workspace = json!({"packages": [{"name": "cpptango-telemetry", "metadata": {
            "cargo_check_external_types": {"allowed_external_types": ["opentelemetry::*"]}}}]});
        assert_eq!(check(&json, &workspace), Ok(()));
        json["index"]["4"] = json!({"crate_id": 0, "inner": of(9)});
        let message = check(&json, &workspace).expect_err("not allowed").message;
        let message = message.unwrap_or_default();
        assert!(
            message.starts_with("the API has arc_swap::ArcSwap;"),
            "{message}"
        );
    }
}
