// SPDX-License-Identifier: MIT OR Apache-2.0
//! `publish-check`: what has to be true before a release.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Task;
use crate::environment::Environment;
use crate::external_types;
use crate::metadata;
use crate::process::{self, Failure, OrFail, Result};
use crate::recipe;
use crate::root;
use crate::steps::{STRICT, step};

const PACKAGE: &str = "cpptango-telemetry";
/// All but `telemetry`: the same API, and nothing native is needed.
pub const DUMMY_FEATURES: &str = "sdk,otlp-http,otlp-grpc,tls,tracing";
const TOOLS: [(&str, &str); 2] = [("cargo-deny", "0.20.2"), ("cargo-semver-checks", "0.51.0")];

/// `Some`: why it could not be checked.
type Outcome = Result<Option<String>>;

/// All checks, or those that are named.
pub fn check(checkout: &Path, only: &[OsString]) -> Result<()> {
    type Check = fn(&Path) -> Outcome;
    // Those that fail soon come first.
    let checks: [(&str, Check); 8] = [
        ("dependencies", rust_versions),
        ("files", files),
        ("rust-version", rust_version),
        ("api", types_of_others),
        ("package", package_builds),
        ("licences", licences),
        ("advisories", advisories),
        ("semver", semver),
    ];
    let is_check = |name: &OsString| checks.iter().any(|(check, _)| name == check);
    if let Some(unknown) = only.iter().find(|name| !is_check(name)) {
        let names = checks.map(|(name, _)| name).join(", ");
        let unknown = unknown.to_string_lossy();
        return Err(Failure::usage(format!(
            "no check {unknown:?}; there are {names}"
        )));
    }
    let mut summary = Vec::new();
    let mut failed = false;
    for (name, check) in checks {
        if !only.is_empty() && !only.iter().any(|only| only == name) {
            continue;
        }
        eprintln!("==> {name}");
        let line = match check(checkout) {
            Ok(None) => "ok".into(),
            Ok(Some(why)) => format!("NOT CHECKED: {why}"),
            // Ctrl-C.
            Err(failure) if failure.code == 130 => return Err(failure),
            Err(failure) => {
                failed = true;
                format!("FAILED: {}", failure.message.unwrap_or_default())
            }
        };
        summary.push(format!("{name}: {line}"));
    }
    eprintln!("==> summary");
    println!("{}", summary.join("\n"));
    if failed {
        return Err(Failure::new("not ready to be published: see above"));
    }
    Ok(())
}

fn environment(cpptango: &str, checkout: &Path) -> Result<Environment> {
    let recipe = recipe::find(cpptango).ok_or_else(|| Failure::new("no such cppTango"))?;
    Environment::prepare(recipe, Task::PublishCheck, checkout)
}

fn cargo(checkout: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(checkout);
    cargo
}

/// What a Cargo command prints, or its whole standard error.
fn told(command: &mut Command) -> Result<String> {
    let output = command.output().or_fail("cannot start cargo")?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr).trim().to_string();
        return Err(Failure::new(error));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// No dependency of the package needs a later Rust than the package says of itself.
fn rust_versions(checkout: &Path) -> Outcome {
    let all = metadata::all(checkout)?;
    let ours = rust_version_of(&all, PACKAGE, None);
    let ours = ours.ok_or_else(|| Failure::new("Cargo.toml has no rust-version"))?;
    let mut tree = cargo(checkout);
    tree.args(["tree", "--locked", "--package", PACKAGE, "--all-features"])
        .args(["--edges", "normal,build", "--prefix", "none"])
        .args(["--format", "{p}"]);
    let tree = told(&mut tree)?;
    let mut later: Vec<String> = tree
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once(" v")?;
            let version = rest.split(' ').next()?;
            let theirs = rust_version_of(&all, name, Some(version))?;
            (numbers(&theirs) > numbers(&ours)).then(|| format!("{name} {version}: {theirs}"))
        })
        .collect();
    later.sort();
    later.dedup();
    if later.is_empty() {
        return Ok(None);
    }
    Err(Failure::new(format!(
        "rust-version is {ours}, but {}",
        later.join(", ")
    )))
}

fn rust_version_of(all: &serde_json::Value, name: &str, version: Option<&str>) -> Option<String> {
    let mut packages = all["packages"].as_array()?.iter();
    let package = packages.find(|package| {
        package["name"] == name && version.is_none_or(|version| package["version"] == version)
    })?;
    package["rust_version"].as_str().map(Into::into)
}

fn numbers(version: &str) -> Vec<u32> {
    let numbers = version.split('.').map_while(|number| number.parse().ok());
    let mut numbers: Vec<u32> = numbers.collect();
    numbers.resize(3, 0);
    numbers
}

/// Only what a user builds and reads is in the package.
fn files(checkout: &Path) -> Outcome {
    let mut list = cargo(checkout);
    // The next step but one refuses what is not committed.
    list.args(["package", "--list", "--allow-dirty", "--package", PACKAGE]);
    match unwanted(&told(&mut list)?) {
        files if files.is_empty() => Ok(None),
        files => Err(Failure::new(format!(
            "not for the package, or missing in it: {}",
            files.join(", ")
        ))),
    }
}

fn unwanted(list: &str) -> Vec<&str> {
    const FOLDERS: [&str; 6] = ["build/", "cmake/", "cpp/", "docs/", "include/", "src/"];
    const FILES: [&str; 8] = [
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "Cargo.toml.orig",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "build.rs",
    ];
    // Without a repository Cargo does not write it.
    const OF_GIT: &str = ".cargo_vcs_info.json";
    let wanted = |file: &&str| {
        FILES.contains(file)
            || *file == OF_GIT
            || FOLDERS.iter().any(|folder| file.starts_with(folder))
    };
    let unwanted = list.lines().filter(|file| !wanted(file));
    let missing = FOLDERS.into_iter().filter(|folder| !list.contains(folder));
    let lines: Vec<&str> = list.lines().collect();
    let no_file = FILES.into_iter().filter(|file| !lines.contains(file));
    unwanted.chain(missing).chain(no_file).collect()
}

/// The package is unpacked and built as a user would.
fn package_builds(checkout: &Path) -> Outcome {
    let environment = environment("10.3", checkout)?;
    let command = format!("cargo package --locked --package {PACKAGE}");
    step(&environment, "cargo package", &command, &[], vec![])?;
    Ok(None)
}

/// With the compiler that is promised.
fn rust_version(checkout: &Path) -> Outcome {
    let workspace = metadata::workspace(checkout)?;
    let version = rust_version_of(&workspace, PACKAGE, None);
    let version = version.ok_or_else(|| Failure::new("Cargo.toml has no rust-version"))?;
    let rustup = |arguments: &[&str]| {
        let mut rustup = Command::new("rustup");
        rustup.args(arguments).stdout(std::io::stderr());
        process::run(&mut rustup).is_ok_and(|code| code == 0)
    };
    let there = ["run", &version, "rustc", "--version"];
    let install = ["toolchain", "install", &version, "--profile", "minimal"];
    if !rustup(&there) && !rustup(&install) {
        return Ok(Some(format!(
            "Rust {version} is not there, and rustup cannot install it; its message is above. (Clippy's \
             incompatible_msrv and the check of the dependencies stand for it)"
        )));
    }
    let mut check = Command::new("rustup");
    check
        .args(["run", &version, "cargo", "check", "--locked"])
        .args(["--package", PACKAGE, "--no-default-features"])
        .args(["--features", DUMMY_FEATURES])
        // It would be this one's.
        .env_remove("RUSTC")
        .env_remove("CARGO")
        .env_remove("RUSTUP_TOOLCHAIN")
        .env("CARGO_TARGET_DIR", checkout.join("target/rust-version"))
        .current_dir(checkout);
    expect(&mut check, &format!("`cargo check` with Rust {version}"))?;
    Ok(None)
}

/// Cargo.toml says which ones: a new major version of theirs is one of ours.
fn types_of_others(checkout: &Path) -> Outcome {
    let workspace = metadata::workspace(checkout)?;
    let environment = environment("none", checkout)?;
    // Rustdoc's JSON is unstable; whoever asks for it this way gets it on any toolchain. Other build scripts look at
    // the variable as well, so these builds are apart.
    let target = environment.target().join("unstable");
    let command = format!(
        "cargo rustdoc --locked --quiet --package {PACKAGE} --no-default-features --features {DUMMY_FEATURES}"
    );
    let more = ["--target-dir".into(), target.clone().into_os_string()]
        .into_iter()
        .chain(["--", "-Zunstable-options", "--output-format", "json"].map(OsString::from));
    let variables = [("RUSTC_BOOTSTRAP", "1")];
    step(
        &environment,
        "rustdoc's JSON",
        &command,
        &variables,
        more.collect(),
    )?;
    let file = target.join("doc/cpptango_telemetry.json");
    let json = std::fs::read(&file).or_fail(format!("cannot read {}", file.display()))?;
    let json = serde_json::from_slice(&json)
        .map_err(|error| Failure::new(format!("rustdoc's JSON: {error}")))?;
    external_types::check(&json, &workspace)?;
    Ok(None)
}

fn licences(checkout: &Path) -> Outcome {
    let mut deny = cargo_deny(checkout)?;
    deny.args(["check", "licenses", "bans", "sources"]);
    expect(&mut deny, "cargo-deny")?;
    Ok(None)
}

fn advisories(checkout: &Path) -> Outcome {
    let mut fetch = cargo_deny(checkout)?;
    fetch.args(["fetch", "db"]);
    if process::run(&mut fetch)? != 0 {
        return Ok(Some(
            "the RustSec database cannot be fetched; cargo-deny's message is above".into(),
        ));
    }
    let mut deny = cargo_deny(checkout)?;
    deny.args(["check", "--disable-fetch", "advisories"]);
    expect(&mut deny, "cargo-deny")?;
    Ok(None)
}

fn cargo_deny(checkout: &Path) -> Result<Command> {
    let mut deny = Command::new(tool("cargo-deny")?);
    deny.arg("--locked").current_dir(checkout);
    deny.stdout(std::io::stderr());
    Ok(deny)
}

/// Against the last release.
fn semver(checkout: &Path) -> Outcome {
    let mut info = cargo(checkout);
    // Not in the workspace, which is found first.
    info.args(["info", "--registry", "crates-io", PACKAGE]);
    match told(&mut info) {
        Ok(_) => {}
        Err(Failure {
            message: Some(message),
            ..
        }) if message.contains("could not find") => {
            return Ok(Some("there is no release on crates.io yet".into()));
        }
        Err(failure) => return Err(failure),
    }
    let mut check = Command::new(tool("cargo-semver-checks")?);
    check
        .args(["semver-checks", "--package", PACKAGE])
        .args(["--only-explicit-features", "--features", DUMMY_FEATURES])
        .env("CARGO_TARGET_DIR", checkout.join("target/semver"))
        .current_dir(checkout);
    expect(&mut check, "cargo-semver-checks")?;
    Ok(None)
}

/// In the cache; installed if it is not there.
fn tool(name: &str) -> Result<PathBuf> {
    let version = TOOLS.iter().find(|(tool, _)| *tool == name);
    let version = version.map_or("*", |(_, version)| version);
    // Another version is another folder.
    let folder = root::cache()?.join(format!("{name}-{version}"));
    let program = folder.join("bin").join(name);
    if !program.is_file() {
        eprintln!(
            "==> installing {name} {version} in {}: once, some minutes",
            folder.display()
        );
        let mut install = Command::new("cargo");
        install
            .args(["install", "--locked", "--quiet", name, "--version", version])
            .arg("--root")
            .arg(&folder);
        expect(&mut install, &format!("`cargo install {name}`"))?;
    }
    Ok(program)
}

fn expect(command: &mut Command, name: &str) -> Result<()> {
    for (name, value) in STRICT {
        command.env(name, value);
    }
    match process::run(command)? {
        0 => Ok(()),
        code => Err(Failure::new(format!(
            "{name} failed (exit {code}); its own message is above"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "CHANGELOG.md\nCargo.lock\nCargo.toml\nCargo.toml.orig\nLICENSE-APACHE\nLICENSE-MIT\nREADME.md\n\
        build.rs\nbuild/find.rs\ncmake/CMakeLists.txt\ncpp/utf8.cpp\ndocs/headers.md\ninclude/a.h\nsrc/lib.rs\n";

    #[test]
    fn the_package_has_what_a_user_needs_and_nothing_else() {
        assert_eq!(unwanted(LIST), [""; 0]);
        let more = format!("{LIST}tests/spans.rs\n.ci/run\n");
        assert_eq!(unwanted(&more), ["tests/spans.rs", ".ci/run"]);
        let less = LIST.replace("build.rs\n", "").replace("cpp/utf8.cpp\n", "");
        assert_eq!(unwanted(&less), ["cpp/", "build.rs"]);
    }

    #[test]
    fn rust_versions_are_compared_by_number() {
        assert!(numbers("1.88") < numbers("1.100"));
        assert_eq!(numbers("1.88"), numbers("1.88.0"));
        assert!(numbers("1.88.1") > numbers("1.88"));
    }
}
