// SPDX-License-Identifier: MIT OR Apache-2.0
//! The compiler; what bindgen and cxx make with it.

use std::{env, error::Error, fs, path::PathBuf};

use crate::{
    cpptango::{CppTango, Version},
    problem::{self, Problem},
    tell::{own_include_dirs, variable},
};

pub fn compile(tango: &CppTango) -> Result<(), Box<dyn Error>> {
    if tango.telemetry {
        constants(tango)?;
    }
    bridge(tango)?;
    for dir in &tango.library_dirs {
        println!("cargo::rustc-link-search=native={}", dir.display());
    }
    for library in &tango.libraries {
        println!("cargo::rustc-link-lib={library}");
    }
    Ok(())
}

/// The C++ compiler, as the C++ half is compiled.
pub fn compiler(include_dirs: &[PathBuf], version: Version) -> Result<cc::Tool, Box<dyn Error>> {
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .cargo_metadata(false)
        .cargo_warnings(false)
        .cargo_debug(false);
    configure(&mut build, include_dirs, version);
    let missing = |what: String| {
        Problem::new(format!("no C++ compiler: {what}"), problem::COMPILER).searched("CXX, PATH")
    };
    let tool = build
        .try_get_compiler()
        .map_err(|error| missing(error.to_string()))?;
    let trial = tool.to_command().arg("--version").output();
    trial.map_err(|error| missing(format!("{} cannot be run: {error}", tool.path().display())))?;
    Ok(tool)
}

/// Where the linker finds a library of that file name by itself.
pub fn library(name: &str) -> Option<PathBuf> {
    let compiler = compiler(&[], Version::default()).ok()?;
    let output = compiler
        .to_command()
        .arg(format!("-print-file-name={name}"))
        .output()
        .ok()?;
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    // What it does not find it gives back as it is.
    path.is_file().then(|| path.canonicalize().unwrap_or(path))
}

fn configure(build: &mut cc::Build, include_dirs: &[PathBuf], version: Version) {
    build.std(version.cxx_standard());
    for dir in include_dirs {
        build.flag("-isystem").flag(dir);
    }
}

/// Version macros, names of environment variables and enumerators, from cppTango's own headers.
fn constants(tango: &CppTango) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=cpp/constants.h");
    bindgen::Builder::default()
        .header("cpp/constants.h")
        .clang_args(["-x", "c++", "-std=c++17"])
        .clang_args(
            tango
                .include_dirs
                .iter()
                .map(|dir| format!("-isystem{}", dir.display())),
        )
        .allowlist_type(
            "Tango::telemetry::(Configuration_(Exporter|TelemetryType|TelemetryTopic)|Span_Kind)",
        )
        .allowlist_var("Tango::telemetry::k.*")
        .enable_cxx_namespaces()
        .rustified_enum(".*")
        .derive_default(false)
        .layout_tests(false)
        .generate()
        .map_err(|error| {
            Problem::new("libclang cannot read cppTango's headers", problem::LIBCLANG)
                .found(error.to_string().lines().next().unwrap_or_default())
        })?
        .write_to_file(variable("OUT_DIR").join("constants.rs"))?;
    Ok(())
}

/// The C++ half. Dependents find its headers by our `links` key: `#include <cpptango_telemetry/telemetry_device.h>`.
fn bridge(tango: &CppTango) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=cpp");
    println!("cargo::rerun-if-changed=include");
    println!("cargo::rerun-if-env-changed=CPPTANGO_TELEMETRY_WERROR");
    let own = own_include_dirs(Some(tango));
    let exported = own.iter().chain(&tango.include_dirs).map(|dir| &**dir);
    cxx_build::CFG.exported_header_dirs.extend(exported);
    let mut build = cxx_build::bridge(if tango.telemetry {
        "src/bridge.rs"
    } else {
        "src/noop_handle.rs"
    });
    configure(&mut build, &tango.include_dirs, tango.version);
    build
        .includes(&own)
        // The parts of opentelemetry-cpp that are included before cppTango too.
        .flag("-include")
        .flag("cpptango_telemetry/definitions.h")
        .flag("-Wall")
        .flag("-Wextra")
        .flag("-Wpedantic")
        // GCC 12 and later see it, wrongly, in what cxx generates for Vec.
        .flag_if_supported("-Wno-maybe-uninitialized")
        .file(all_of(&sources(tango))?);
    // Not for users: a later compiler may warn of something new.
    if env::var_os("CPPTANGO_TELEMETRY_WERROR").is_some() {
        build.flag("-Werror");
    }
    build.compile("cpptango_telemetry");
    Ok(())
}

/// All files as one: each of them includes all of cppTango, which takes the compiler ten times as long as the rest.
fn all_of(sources: &[&str]) -> Result<PathBuf, Box<dyn Error>> {
    let folder = variable("CARGO_MANIFEST_DIR").join("cpp");
    let include = |name: &&str| format!("#include \"{}/{name}.cpp\"\n", folder.display());
    let all = variable("OUT_DIR").join("cpptango_telemetry.cpp");
    fs::write(&all, sources.iter().map(include).collect::<String>())?;
    Ok(all)
}

fn sources(tango: &CppTango) -> Vec<&'static str> {
    if !tango.telemetry {
        // The dummy twin has headers only.
        return Vec::new();
    }
    let version = if tango.runtime_configuration() {
        "cpptango_10_3"
    } else {
        "cpptango_10_0"
    };
    vec![
        version,
        "admin_commands",
        "client_interface",
        "continuity",
        "device_interface",
        "device_log",
        "device_logger",
        "environment",
        "interface_scope",
        "interface_slot",
        "own_context",
        "owned_interface",
        "propagator",
        "reaper",
        "request",
        "request_gate",
        "telemetry_handle",
        "trace_context_scope",
        "utf8",
        "w3c_headers",
    ]
}
