// SPDX-License-Identifier: MIT OR Apache-2.0
//! No path of cppTango or of cpptango-telemetry: cxx-build has both from cpptango-telemetry's `links` metadata.

fn main() {
    for changed in ["cpp", "include", "src/bridge.rs"] {
        println!("cargo::rerun-if-changed={changed}");
    }
    println!("cargo::rerun-if-env-changed=CPPTANGO_TELEMETRY_WERROR");
    let mut build = cxx_build::bridge("src/bridge.rs");
    build
        .std("c++17")
        .include("include")
        .flag("-Wall")
        .flag("-Wextra")
        .flag("-Wpedantic")
        // GCC 12 and later see it, wrongly, in what cxx generates for Vec.
        .flag_if_supported("-Wno-maybe-uninitialized")
        .files([
            "cpp/attribute_proxy.cpp",
            "cpp/database.cpp",
            "cpp/device_proxy.cpp",
            "cpp/device_server.cpp",
            "cpp/group.cpp",
            "cpp/loops.cpp",
            "cpp/value.cpp",
            "cpp/w3c_reference.cpp",
        ]);
    if std::env::var_os("CPPTANGO_TELEMETRY_WERROR").is_some() {
        build.flag("-Werror");
    }
    build.compile("tango_bindings");
}
