// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds cppTango, generates the constants and the bridge, and tells dependents what was found.

fn main() {
    // A cppTango is there, with telemetry, of 10.3 or later.
    println!("cargo::rustc-check-cfg=cfg(cpptango, tango_telemetry, tango_runtime_configuration)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DOCS_RS");
    // docs.rs has no cppTango; the dummy functions have the same API.
    #[cfg(feature = "telemetry")]
    if std::env::var_os("DOCS_RS").is_none()
        && let Err(message) = native::build()
    {
        eprintln!("\ncpptango-telemetry: {message}\n");
        std::process::exit(1);
    }
}

#[cfg(feature = "telemetry")]
mod native {
    use std::{
        collections::HashMap, env, error::Error, fs, path::Path, path::PathBuf, process::Command,
    };

    const PACKAGES: &str = "on Debian forky and later `apt-get install libtango-dev opentelemetry-cpp-dev pkg-config cmake g++ libclang-dev`, \
        with conda `conda install -c conda-forge cpptango cpp-opentelemetry-sdk` and CMAKE_PREFIX_PATH or TANGO_ROOT set to the environment";

    pub fn build() -> Result<(), Box<dyn Error>> {
        let Some(tango) = CppTango::find()? else {
            println!("cargo::metadata=telemetry=0");
            return Ok(());
        };
        println!("cargo::rustc-cfg=cpptango");
        println!("cargo::rustc-cfg=tango_telemetry");
        if tango.runtime_configuration {
            println!("cargo::rustc-cfg=tango_runtime_configuration");
        }
        println!("cargo::metadata=telemetry=1");
        println!("cargo::metadata=tango_version={}", tango.version);
        definitions(&tango)?;
        constants(&tango)?;
        bridge(&tango);
        for dir in &tango.library_dirs {
            println!("cargo::rustc-link-search=native={dir}");
        }
        for library in &tango.libraries {
            println!("cargo::rustc-link-lib={library}");
        }
        Ok(())
    }

    struct CppTango {
        version: String,
        runtime_configuration: bool,
        include_dirs: Vec<String>,
        library_dirs: Vec<String>,
        libraries: Vec<String>,
        definitions: Vec<String>,
    }

    impl CppTango {
        /// `None` where cppTango is there but has no telemetry that this crate can use.
        fn find() -> Result<Option<Self>, Box<dyn Error>> {
            for variable in [
                "CMAKE",
                "TANGO_ROOT",
                "CMAKE_PREFIX_PATH",
                "PKG_CONFIG_PATH",
            ] {
                println!("cargo::rerun-if-env-changed={variable}");
            }
            println!("cargo::rerun-if-changed=cmake");
            let cmake = env::var_os("CMAKE").unwrap_or_else(|| "cmake".into());
            if Command::new(&cmake).arg("--version").output().is_err() {
                return Err(format!(
                    "{} cannot be run; install CMake and cppTango: {PACKAGES}",
                    cmake.display()
                )
                .into());
            }
            let build = cmake::Config::new("cmake").no_build_target(true).build();
            let report = fs::read_to_string(build.join("build/cpptango.txt"))?;
            let report: HashMap<&str, &str> = report
                .lines()
                .filter_map(|line| line.split_once('='))
                .collect();
            let get = |key: &str| report.get(key).copied().unwrap_or_default();
            let list = |key| {
                let mut items: Vec<String> = get(key)
                    .split(';')
                    .filter(|item| !item.is_empty())
                    .map(Into::into)
                    .collect();
                items.dedup();
                items
            };
            let Some(version) = report.get("VERSION") else {
                let pkg_config = if report.contains_key("NO_PKG_CONFIG") {
                    " (pkg-config itself is missing)"
                } else {
                    ""
                };
                return Err(format!("no cppTango found; searched: {}{pkg_config}. Install cppTango 10.3 or later: {PACKAGES}; \
                    or build without the feature `telemetry`", get("SEARCHED")).into());
            };
            if let Some(error) = report.get("HEADER_ERROR") {
                return Err(format!("cppTango {version} was found, but its <tango/tango.h> does not compile: {error}").into());
            }
            let number = |key| get(key).parse::<u32>().unwrap_or(0);
            let number = (number("TANGO_VERSION_MAJOR"), number("TANGO_VERSION_MINOR"));
            if !report.contains_key("TANGO_USE_TELEMETRY") || number < (10, 0) {
                println!(
                    "cargo::warning=cppTango {version} has no telemetry that cpptango-telemetry can use (it needs 10.0 or later, \
                    compiled with TANGO_USE_TELEMETRY): the dummy functions are built, TELEMETRY_SUPPORTED is false"
                );
                return Ok(None);
            }
            if !report.contains_key("OPENTELEMETRY_INCLUDE_DIRS")
                || !report.contains_key("OPENTELEMETRY_LIBRARY")
            {
                return Err(format!("cppTango {version} was found, but not the headers of opentelemetry-cpp and its library opentelemetry_common; \
                    install them: {PACKAGES}").into());
            }
            let mut include_dirs = list("INCLUDE_DIRS");
            include_dirs.extend(list("OPENTELEMETRY_INCLUDE_DIRS"));
            // As a further -isystem it would come before libstdc++'s own folders and break their #include_next.
            include_dirs.retain(|dir| dir != "/usr/include");
            let mut library_dirs = list("LIBRARY_DIRS");
            library_dirs.extend(list("OPENTELEMETRY_LIBRARY_DIR"));
            let mut libraries = list("LIBRARIES");
            libraries.extend(list("OPENTELEMETRY_LIBRARY"));
            Ok(Some(Self {
                version: version.to_string(),
                runtime_configuration: number >= (10, 3),
                include_dirs,
                library_dirs,
                libraries,
                definitions: list("OPENTELEMETRY_DEFINITIONS"),
            }))
        }
    }

    /// What the C++ of this crate, and of those that include it, has to know of this build.
    fn definitions(tango: &CppTango) -> Result<(), Box<dyn Error>> {
        let dir = definitions_dir().join("cpptango_telemetry");
        fs::create_dir_all(&dir)?;
        let text = format!(
            "#pragma once\n#define CPPTANGO_TELEMETRY_SUPPORTED 1\n\
            #define CPPTANGO_TELEMETRY_RUNTIME_CONFIGURATION_SUPPORTED {}\n",
            u8::from(tango.runtime_configuration)
        );
        fs::write(dir.join("definitions.h"), text)?;
        Ok(())
    }

    fn definitions_dir() -> PathBuf {
        out_dir().join("include")
    }

    /// Version macros, names of environment variables and enumerators, from cppTango's own headers.
    fn constants(tango: &CppTango) -> Result<(), Box<dyn Error>> {
        println!("cargo::rerun-if-changed=cpp/constants.h");
        bindgen::Builder::default()
            .header("cpp/constants.h")
            .clang_args(["-x", "c++", "-std=c++17"])
            .clang_args(tango.include_dirs.iter().map(|dir| format!("-isystem{dir}")))
            .allowlist_type("Tango::telemetry::(Configuration_(Exporter|TelemetryType|TelemetryTopic)|Span_Kind)")
            .allowlist_var("Tango::telemetry::k.*")
            .enable_cxx_namespaces()
            .rustified_enum(".*")
            .derive_default(false)
            .layout_tests(false)
            .generate()
            .map_err(|error| format!("bindgen cannot read cppTango's headers ({error}); install libclang: `apt-get install libclang-dev`"))?
            .write_to_file(out_dir().join("constants.rs"))?;
        Ok(())
    }

    /// The C++ half. Dependents find its headers by our `links` key: `#include
    /// <cpptango_telemetry/telemetry_device.h>`.
    fn bridge(tango: &CppTango) {
        println!("cargo::rerun-if-changed=cpp");
        println!("cargo::rerun-if-changed=include");
        println!("cargo::rerun-if-env-changed=CPPTANGO_TELEMETRY_WERROR");
        let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
        let definitions = definitions_dir();
        cxx_build::CFG.exported_header_dirs.push(&include);
        cxx_build::CFG.exported_header_dirs.push(&definitions);
        cxx_build::CFG
            .exported_header_dirs
            .extend(tango.include_dirs.iter().map(Path::new));
        let mut build = cxx_build::bridge("src/bridge.rs");
        for dir in &tango.include_dirs {
            build.flag("-isystem").flag(dir);
        }
        for definition in &tango.definitions {
            let (name, value) = definition
                .split_once('=')
                .map_or((definition.as_str(), None), |(name, value)| {
                    (name, Some(value))
                });
            build.define(name, value);
        }
        build
            .std("c++17")
            .flag("-Wall")
            .flag("-Wextra")
            .flag("-Wpedantic")
            // GCC 12 and later see it, wrongly, in what cxx generates for Vec.
            .flag_if_supported("-Wno-maybe-uninitialized")
            .include(&include)
            .include(&definitions)
            .file(if tango.runtime_configuration {
                "cpp/cpptango_10_3.cpp"
            } else {
                "cpp/cpptango_10_0.cpp"
            })
            .files([
                "cpp/admin_commands.cpp",
                "cpp/client_interface.cpp",
                "cpp/continuity.cpp",
                "cpp/device_interface.cpp",
                "cpp/device_log.cpp",
                "cpp/device_logger.cpp",
                "cpp/environment.cpp",
                "cpp/interface_scope.cpp",
                "cpp/interface_slot.cpp",
                "cpp/own_context.cpp",
                "cpp/owned_interface.cpp",
                "cpp/propagator.cpp",
                "cpp/reaper.cpp",
                "cpp/request.cpp",
                "cpp/request_gate.cpp",
                "cpp/telemetry_handle.cpp",
                "cpp/trace_context_scope.cpp",
                "cpp/utf8.cpp",
                "cpp/w3c_headers.cpp",
            ]);
        // Not for users: a later compiler may warn of something new.
        if env::var_os("CPPTANGO_TELEMETRY_WERROR").is_some() {
            build.flag("-Werror");
        }
        build.compile("cpptango_telemetry");
        println!("cargo::metadata=include={}", include.display());
    }

    fn out_dir() -> PathBuf {
        PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default())
    }
}
