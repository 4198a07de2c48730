// SPDX-License-Identifier: MIT OR Apache-2.0
//! What CMake finds, see cmake/CMakeLists.txt.

use std::{collections::HashMap, env, fs, path::PathBuf, process::Command};

use crate::{
    compile,
    cpptango::Version,
    find::Result,
    problem::{self, Problem},
    tell::variable,
};

/// What cmake/CMakeLists.txt has found.
pub struct Report(HashMap<String, String>);

impl Report {
    pub fn new() -> Result<Self> {
        let compiler = compile::compiler(&[], Version::default())?;
        let flags = compiler.args().iter();
        let flags: Vec<_> = flags.map(|flag| flag.to_string_lossy()).collect();
        let cmake = env::var_os("CMAKE").unwrap_or_else(|| "cmake".into());
        let build = variable("OUT_DIR").join("find");
        // CMake would not look again for what it has found before.
        let _ = fs::remove_dir_all(&build);
        let output = Command::new(&cmake)
            .arg("-S")
            .arg(variable("CARGO_MANIFEST_DIR").join("cmake"))
            .arg("-B")
            .arg(&build)
            .arg(format!(
                "-DCMAKE_CXX_COMPILER={}",
                compiler.path().display()
            ))
            // A cross compiler may need them.
            .arg(format!("-DCMAKE_CXX_FLAGS={}", flags.join(" ")))
            .output()
            .map_err(|error| {
                Problem::new(
                    format!("CMake ({}) cannot be run: {error}", cmake.display()),
                    problem::CMAKE,
                )
                .searched("CMAKE, PATH")
            })?;
        let text = fs::read_to_string(build.join("cpptango.txt")).map_err(|_| {
            let said = String::from_utf8_lossy(&output.stderr);
            let error = said
                .find("CMake Error")
                .map_or(&*said, |start| &said[start..]);
            Problem::new("CMake cannot look for cppTango", problem::CMAKE)
                .found(error.split_whitespace().collect::<Vec<_>>().join(" "))
        })?;
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Ok(Self(
            pairs
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        ))
    }

    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    pub fn list(&self, key: &str) -> Vec<String> {
        let mut items = Vec::new();
        for item in self.get(key).split(';') {
            // Of CMake's generator expressions none is known in opentelemetry-cpp.
            if !item.is_empty() && !item.contains("$<") && !items.iter().any(|other| other == item)
            {
                items.push(item.to_string());
            }
        }
        items
    }

    pub fn paths(&self, key: &str) -> Vec<PathBuf> {
        self.list(key).into_iter().map(Into::into).collect()
    }

    pub fn pc_file(&self) -> String {
        format!(
            "{}/tango.pc of cppTango {}",
            self.get("PC_DIR"),
            self.get("VERSION")
        )
    }
}
