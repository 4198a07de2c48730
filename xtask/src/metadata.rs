// SPDX-License-Identifier: MIT OR Apache-2.0
//! What Cargo says of the packages.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::process::{Failure, OrFail, Result};

/// Of the packages of the workspace.
pub fn workspace(checkout: &Path) -> Result<Value> {
    read(checkout, &["--no-deps"])
}

fn read(checkout: &Path, more: &[&str]) -> Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--locked", "--format-version", "1"])
        .args(more)
        .current_dir(checkout)
        .output()
        .or_fail("cannot start cargo")?;
    serde_json::from_slice(&output.stdout).map_err(|_| {
        let said = String::from_utf8_lossy(&output.stderr);
        Failure::new(format!("`cargo metadata` failed: {}", said.trim()))
    })
}

pub fn package<'a>(metadata: &'a Value, name: &str) -> Option<&'a Value> {
    let mut packages = metadata["packages"].as_array()?.iter();
    packages.find(|package| package["name"] == name)
}
