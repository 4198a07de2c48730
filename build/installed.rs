// SPDX-License-Identifier: MIT OR Apache-2.0
//! The headers and the library that compiler and linker would take, whatever tango.pc says.

use std::{collections::HashMap, fs, path::PathBuf};

use crate::{
    compile,
    cpptango::Version,
    find::Result,
    problem::{self, Problem},
    report::Report,
    tell::variable,
};

/// The <tango/tango.h> that the compiler takes, whatever tango.pc says.
pub struct Headers {
    pub path: PathBuf,
    pub version: Version,
    pub telemetry: bool,
}

impl Headers {
    pub fn read(report: &Report, include_dirs: &[PathBuf]) -> Result<Self> {
        // Comments and all macros, with the files that they come from.
        let text =
            preprocess(include_dirs, Version::default(), &["-E", "-dD"]).map_err(|error| {
                let what = format!(
                    "<tango/tango.h> of cppTango {} cannot be read: {error}",
                    report.get("VERSION")
                );
                Problem::new(what, problem::CPPTANGO)
                    .searched(listed(include_dirs) + ", and where the compiler looks by itself")
                    .found(report.pc_file())
            })?;
        let mut path = PathBuf::new();
        let mut macros = HashMap::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("#define ") {
                let (name, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                macros.insert(name, value.trim());
            } else if path.as_os_str().is_empty() && line.starts_with("# ") {
                let named = line
                    .split('"')
                    .nth(1)
                    .filter(|name| name.ends_with("tango/tango.h"));
                path = named.unwrap_or_default().into();
            }
        }
        let number = |name| {
            macros
                .get(name)
                .and_then(|value| value.parse().ok())
                .unwrap_or(0)
        };
        let version = Version {
            major: number("TANGO_VERSION_MAJOR"),
            minor: number("TANGO_VERSION_MINOR"),
            patch: number("TANGO_VERSION_PATCH"),
        };
        println!("cargo::rerun-if-changed={}", path.display());
        // 9.x had none, whatever a stray macro says.
        let telemetry = version.major >= 10 && macros.contains_key("TANGO_USE_TELEMETRY");
        Ok(Self {
            path,
            version,
            telemetry,
        })
    }

    /// What the preprocessor does not see.
    pub fn check_syntax(&self, include_dirs: &[PathBuf]) -> Result<()> {
        preprocess(include_dirs, self.version, &["-fsyntax-only", "-w"]).map_err(|error| {
            let what = format!(
                "<tango/tango.h> of cppTango {} does not compile: {error}",
                self.version
            );
            Problem::new(what, problem::CPPTANGO)
                .searched(listed(include_dirs) + ", and where the compiler looks by itself")
                .found(self.path.display().to_string())
        })?;
        Ok(())
    }
}

/// What the compiler makes of <tango/tango.h>, or its first error.
fn preprocess(
    include_dirs: &[PathBuf],
    version: Version,
    flags: &[&str],
) -> std::result::Result<String, String> {
    let compiler = compile::compiler(include_dirs, version).map_err(|error| error.to_string())?;
    let probe = variable("OUT_DIR").join("probe.cpp");
    fs::write(&probe, "#include <tango/tango.h>\n").map_err(|error| error.to_string())?;
    let output = compiler.to_command().args(flags).arg(&probe).output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().find(|line| line.contains("error"));
    Err(first.unwrap_or(&said).trim().to_string())
}

/// The libtango that the linker takes.
pub struct Library {
    pub path: PathBuf,
    /// What its soname has of the version: `10.3`, or `9`.
    pub soname: Option<String>,
    /// The ABI version of the opentelemetry-cpp that it was compiled with.
    pub opentelemetry_abi: Option<String>,
}

impl Library {
    pub fn read(report: &Report, library_dirs: &[PathBuf]) -> Result<Self> {
        let names = ["libtango.so", "libtango.dylib", "libtango.a"];
        let mut files = library_dirs
            .iter()
            .flat_map(|dir| names.map(|name| dir.join(name)));
        let path = match files.find(|file| file.is_file()) {
            Some(path) => path,
            None => names
                .into_iter()
                .find_map(compile::library)
                .ok_or_else(|| {
                    let what = format!(
                        "cppTango {} has headers, but no libtango to link",
                        report.get("VERSION")
                    );
                    Problem::new(what, problem::CPPTANGO)
                        .searched(listed(library_dirs) + ", and where the linker looks by itself")
                        .found(report.pc_file())
                })?,
        };
        println!("cargo::rerun-if-changed={}", path.display());
        let bytes = fs::read(&path)?;
        let after = |start: &str| {
            let found = bytes
                .windows(start.len())
                .position(|part| part == start.as_bytes())?;
            let rest = bytes[found + start.len()..]
                .iter()
                .map(|byte| char::from(*byte));
            Some(
                rest.take_while(|c| c.is_ascii_digit() || *c == '.')
                    .collect::<String>(),
            )
        };
        // Each library names itself so, and its symbols have the inline namespace: opentelemetry::v1.
        let soname = after("libtango.so.").or_else(|| after("libtango."));
        // A static one does not, and `libtango.dylib` says nothing.
        let soname = soname.filter(|version| !version.is_empty());
        let opentelemetry_abi =
            after("13opentelemetry2v").map(|digits| digits.chars().take(1).collect());
        Ok(Self {
            path,
            soname,
            opentelemetry_abi,
        })
    }

    pub fn is_of(
        &self,
        Version {
            major,
            minor,
            patch,
        }: Version,
    ) -> bool {
        let all = [
            format!("{major}"),
            format!("{major}.{minor}"),
            format!("{major}{minor}"),
            format!("{major}.{minor}.{patch}"),
        ];
        self.soname
            .as_ref()
            .is_none_or(|soname| all.iter().any(|one| one == soname.trim_matches('.')))
    }
}

fn listed(dirs: &[PathBuf]) -> String {
    let dirs: Vec<_> = dirs.iter().map(|dir| dir.display().to_string()).collect();
    dirs.join(", ")
}
