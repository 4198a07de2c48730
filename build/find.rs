// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds cppTango and what it takes to build with it, and makes sure that all of it belongs together.

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
};

use crate::{
    cpptango::{CppTango, Version},
    installed::{Headers, Library},
    problem::{self, Problem},
    report::Report,
};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// As a further -isystem it would come before libstdc++'s own folders and break their #include_next.
const SYSTEM: &str = "/usr/include";

pub fn find() -> Result<CppTango> {
    for name in [
        "CMAKE",
        "CMAKE_PREFIX_PATH",
        "CPATH",
        "CPLUS_INCLUDE_PATH",
        "LIBCLANG_PATH",
        "LIBRARY_PATH",
        "PKG_CONFIG",
        "PKG_CONFIG_LIBDIR",
        "PKG_CONFIG_PATH",
        "PKG_CONFIG_SYSROOT_DIR",
        "TANGO_ROOT",
    ] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    println!("cargo::rerun-if-changed=cmake");
    let report = Report::new()?;
    check_tango_root(&report)?;

    let mut include_dirs = report.paths("INCLUDE_DIRS");
    // Those of 9.3 are included as <tango/tango.h> too.
    let parents = include_dirs.iter().filter(|dir| dir.ends_with("tango"));
    let parents: Vec<_> = parents
        .filter_map(|dir| Some(dir.parent()?.to_path_buf()))
        .collect();
    include_dirs.extend(parents);
    include_dirs.retain(|dir| dir != Path::new(SYSTEM));
    let library_dirs = report.paths("LIBRARY_DIRS");
    let headers = Headers::read(&report, &include_dirs)?;
    let library = Library::read(&report, &library_dirs)?;
    check_versions(&report, &headers, &library)?;
    check_age(&headers)?;
    headers.check_syntax(&include_dirs)?;

    let mut tango = CppTango {
        version: headers.version,
        telemetry: headers.telemetry,
        include_dirs,
        library_dirs,
        libraries: report.list("LIBRARIES"),
        definitions: Vec::new(),
    };
    if tango.telemetry {
        add_opentelemetry(&report, &library, &mut tango)?;
        check_libclang()?;
    } else {
        println!(
            "cargo::warning=cppTango {} ({}) has no telemetry: the dummy functions are built, TELEMETRY_SUPPORTED is \
            false. It takes 10.0 or later, compiled with TANGO_USE_TELEMETRY",
            headers.version,
            headers.path.display()
        );
    }
    Ok(tango)
}

/// There is a tango.pc, where the user wants it to be.
fn check_tango_root(report: &Report) -> Result<()> {
    let searched = format!("tango.pc in {}", report.get("PLACES"));
    if report.has("NO_PKG_CONFIG") {
        let what = "pkg-config is missing, without which cppTango is not found";
        return Err(Problem::new(what, problem::PKG_CONFIG)
            .searched("PKG_CONFIG, PATH")
            .into());
    }
    let root = env::var_os("TANGO_ROOT").map(PathBuf::from);
    if !report.has("VERSION") {
        let what = match root {
            Some(root) => format!(
                "no cppTango found in TANGO_ROOT={}, nor elsewhere",
                root.display()
            ),
            None => "no cppTango found".into(),
        };
        return Err(Problem::new(what, problem::CPPTANGO)
            .searched(searched)
            .found(format!(
                "pkg-config says: {}",
                report.get("PKG_CONFIG_ERROR").trim()
            ))
            .into());
    }
    if let Some(root) = root {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.into());
        let pc_dir = Path::new(report.get("PC_DIR"));
        // A prefix may be made of links to elsewhere, or be one.
        if !pc_dir.starts_with(&root) && !real(pc_dir).starts_with(real(&root)) {
            let what = format!(
                "no cppTango found in TANGO_ROOT={}; unset it to take the one that is elsewhere",
                root.display()
            );
            return Err(Problem::new(what, problem::CPPTANGO)
                .searched(searched)
                .found(report.pc_file())
                .into());
        }
    }
    Ok(())
}

fn check_versions(report: &Report, headers: &Headers, library: &Library) -> Result<()> {
    let Version { major, minor, .. } = headers.version;
    let pc_version = report.get("VERSION");
    let mut parts = pc_version.split('.').map(|part| part.parse().unwrap_or(0));
    let same = (parts.next(), parts.next()) == (Some(major), Some(minor));
    if same && library.is_of(headers.version) {
        return Ok(());
    }
    let what = "headers and library are of different versions of cppTango";
    Err(Problem::new(what, problem::ONE_CPPTANGO)
        .found(format!(
            "headers of {} ({}), library of {} ({}), {}",
            headers.version,
            headers.path.display(),
            library.soname.as_deref().unwrap_or("an unknown version"),
            library.path.display(),
            report.pc_file()
        ))
        .into())
}

fn check_age(headers: &Headers) -> Result<()> {
    let Version { major, minor, .. } = headers.version;
    if (major, minor) >= (9, 3) {
        return Ok(());
    }
    let what = format!(
        "cppTango {} is too old: it takes 10.0 or later for telemetry, 9.3 or later for the dummy functions",
        headers.version
    );
    Err(Problem::new(what, problem::CPPTANGO)
        .found(headers.path.display().to_string())
        .into())
}

fn add_opentelemetry(report: &Report, library: &Library, tango: &mut CppTango) -> Result<()> {
    let dirs = report.paths("OPENTELEMETRY_INCLUDE_DIRS");
    let definitions = report.list("OPENTELEMETRY_DEFINITIONS");
    let has = |header: &str| dirs.iter().any(|dir| dir.join(header).is_file());
    let missing = if !has("opentelemetry/context/runtime_context.h") {
        "its headers (opentelemetry/context/runtime_context.h)"
    } else if !report.has("OPENTELEMETRY_LIBRARY") {
        "its library opentelemetry_common"
    } else if definitions.iter().any(|name| name == "HAVE_ABSEIL") && !has("absl/types/variant.h") {
        "Abseil's headers (libabsl-dev), which its headers include,"
    } else {
        ""
    };
    let dir = report.get("OPENTELEMETRY_DIR");
    let version = tango.version;
    if !missing.is_empty() {
        let what = format!(
            "cppTango {version} has telemetry, but of opentelemetry-cpp {missing} are missing"
        );
        return Err(Problem::new(what, problem::OPENTELEMETRY)
            .searched("opentelemetry-cppConfig.cmake in TANGO_ROOT, CMAKE_PREFIX_PATH and the system's folders")
            .found(format!("{}, compiled with telemetry; {dir}", library.path.display()).trim_end_matches("; "))
            .into());
    }
    // An inline namespace: other symbols.
    let mut values = definitions
        .iter()
        .filter_map(|it| it.strip_prefix("OPENTELEMETRY_ABI_VERSION_NO="));
    let abi = values.next().unwrap_or("1");
    if let Some(library_abi) = &library.opentelemetry_abi
        && library_abi != abi
    {
        let what = "opentelemetry-cpp's headers are of another ABI version than cppTango was compiled with";
        return Err(Problem::new(what, problem::OPENTELEMETRY)
            .found(format!(
                "headers of ABI version {abi} ({dir}), {} was compiled with {library_abi}",
                library.path.display()
            ))
            .into());
    }
    tango.definitions = definitions;
    for dir in dirs {
        if !tango.include_dirs.contains(&dir) && dir != Path::new(SYSTEM) {
            tango.include_dirs.push(dir);
        }
    }
    for dir in report.paths("OPENTELEMETRY_LIBRARY_DIR") {
        if !tango.library_dirs.contains(&dir) {
            tango.library_dirs.push(dir);
        }
    }
    tango.libraries.extend(report.list("OPENTELEMETRY_LIBRARY"));
    Ok(())
}

/// bindgen would panic.
fn check_libclang() -> Result<()> {
    let what = "libclang is missing, by which cppTango's constants are read";
    clang_sys::load().map_err(|error| {
        Problem::new(what, problem::LIBCLANG)
            .searched("LIBCLANG_PATH, the folders of llvm-config, and the system's")
            .found(error)
    })?;
    Ok(())
}
