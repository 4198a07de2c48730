// SPDX-License-Identifier: MIT OR Apache-2.0
//! No path of cppTango or of cpptango-telemetry: cxx-build has both from cpptango-telemetry, and what it found is in
//! its metadata.

fn main() {
    for changed in ["cpp", "src"] {
        println!("cargo::rerun-if-changed={changed}");
    }
    let found = |key: &str| {
        let name = format!("DEP_CPPTANGO_TELEMETRY_{key}");
        let value = std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set"));
        // For the tests.
        println!("cargo::rustc-env={name}={value}");
        value
    };
    for key in [
        "INCLUDE",
        "LIB",
        "RUNTIME_CONFIGURATION",
        "TANGO_VERSION",
        "TELEMETRY",
    ] {
        found(key);
    }
    let mut build = cxx_build::bridge("src/main.rs");
    build
        .std(&found("CXX_STANDARD"))
        .flag("-Wall")
        .flag("-Wextra")
        .flag("-Wpedantic")
        .file("cpp/echo.cpp");
    println!("cargo::rerun-if-env-changed=CPPTANGO_TELEMETRY_WERROR");
    if std::env::var_os("CPPTANGO_TELEMETRY_WERROR").is_some() {
        build.flag("-Werror");
    }
    build.compile("downstream");
}
