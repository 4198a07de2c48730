// SPDX-License-Identifier: MIT OR Apache-2.0
//! cppTango on this machine itself.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Failure, Result, output, variable, which};
use crate::recipe::Recipe;

/// The variable, if any, with which the user says where cppTango is.
pub fn chosen_by_user() -> Option<&'static str> {
    ["TANGO_ROOT", "CMAKE_PREFIX_PATH"]
        .into_iter()
        .find(|name| variable(name).is_some())
}

/// PATH with the places where TangoTest usually is.
pub fn path() -> OsString {
    let path = variable("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(variable("TANGO_ROOT").map(|root| Path::new(&root).join("bin")));
    folders.push("/usr/lib/tango".into());
    // Only a folder with a colon in its name cannot be joined; PATH had none, so TANGO_ROOT is to blame.
    std::env::join_paths(folders).unwrap_or(path)
}

/// For a cppTango that the user has chosen: its version is trusted, but demo and tests need more than the library.
pub fn check_tools(chosen: &str) -> Result<()> {
    let mut tools = ["cmake", "TangoTest"].into_iter();
    let missing = (tools.find(|tool| !found(tool)))
        .or_else(|| (!has_pytango()).then_some("python3 with PyTango"));
    match missing {
        Some(tool) => Err(Failure::new(format!(
            "{chosen} is set, so cppTango is taken from there, but {tool} is not in PATH: install it, or unset {chosen}"
        ))),
        None => Ok(()),
    }
}

/// What this machine lacks for the recipe; `None` if nothing.
pub fn missing(recipe: &Recipe) -> Option<String> {
    let version = output("pkg-config", ["--modversion", "tango"], "").unwrap_or_default();
    if !at_least(&version, recipe.cpptango) {
        return Some(format!("cppTango {}", recipe.cpptango));
    }
    let tools = ["g++", "cmake", "TangoTest"];
    if let Some(tool) = tools.into_iter().find(|tool| !found(tool)) {
        return Some(tool.into());
    }
    if !has_telemetry() {
        return Some("cppTango with telemetry, or opentelemetry-cpp's headers".into());
    }
    if !has_pytango() {
        return Some("PyTango, with its Tango database".into());
    }
    (!has_libclang()).then(|| "libclang".into())
}

/// Whether this is a Debian that offers the recipe's cppTango, and we may install it.
pub fn offered(recipe: &Recipe) -> Result<bool> {
    if !may_install() {
        return Ok(false);
    }
    let mut candidate = candidate();
    if candidate.is_none() {
        // A fresh container has no package lists at all.
        apt_get(&["update", "-q"])?;
        candidate = self::candidate();
    }
    Ok(candidate.is_some_and(|version| at_least(&version, recipe.cpptango)))
}

/// Installs the recipe's packages on this machine.
pub fn install(recipe: &Recipe) -> Result<()> {
    install_packages(recipe.packages)?;
    match missing(recipe) {
        Some(what) => Err(Failure::new(format!(
            "the packages are installed, but {what} is still not found on this machine"
        ))),
        None => Ok(()),
    }
}

pub fn install_packages(packages: &[&str]) -> Result<()> {
    eprintln!("==> installing {}", packages.join(" "));
    apt_get(&["update", "-q"])?;
    let mut arguments = vec!["install", "-q", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    apt_get(&arguments)
}

/// As root on a Debian (or one of its kind).
pub fn may_install() -> bool {
    is_root() && which("apt-get").is_some()
}

pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    // A process's folder in /proc belongs to its effective user.
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command
        // A machine that has just been started is often busy with its own upgrades.
        .args(["-o", "DPkg::Lock::Timeout=120"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // The output of xtask is that of the command asked for.
        .stdout(std::io::stderr());
    match process::run(&mut command)? {
        0 => Ok(()),
        code => Err(Failure::new(format!(
            "`apt-get {}` failed (exit {code}); its own message is above",
            arguments.join(" ")
        ))),
    }
}

fn candidate() -> Option<String> {
    let policy = output("apt-cache", ["policy", "libtango-dev"], "")?;
    let version = policy
        .lines()
        .find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    (version != "(none)").then(|| version.to_string())
}

fn found(tool: &str) -> bool {
    std::env::split_paths(&path()).any(|folder| folder.join(tool).is_file())
}

/// Asks the compiler: neither the version nor a .pc file says what cppTango was compiled with.
fn has_telemetry() -> bool {
    const QUESTION: &str = "\
#include <tango/common/defines.h>
#include <opentelemetry/context/runtime_context.h>
#ifndef TANGO_USE_TELEMETRY
#error no telemetry
#endif
";
    let Some(flags) = output("pkg-config", ["--cflags", "tango"], "") else {
        return false;
    };
    let flags = flags.split_whitespace();
    output("g++", flags.chain(["-E", "-x", "c++", "-"]), QUESTION).is_some()
}

/// The tests' database, and a client of theirs.
fn has_pytango() -> bool {
    let question =
        "import importlib.util as i, sys; sys.exit(not i.find_spec('tango.databaseds.database'))";
    output("python3", ["-c", question], "").is_some()
}

/// Where bindgen looks, more or less.
fn has_libclang() -> bool {
    let starts_with = |folder: &Path, start: &str| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(start))
            .map(|entry| entry.path())
            .collect::<Vec<_>>()
    };
    let lib = Path::new("/usr/lib");
    let mut folders = vec![lib.to_path_buf(), "/usr/lib64".into()];
    folders.push(lib.join(format!("{}-linux-gnu", std::env::consts::ARCH)));
    folders.extend(
        starts_with(lib, "llvm")
            .into_iter()
            .map(|llvm| llvm.join("lib")),
    );
    folders.extend(variable("LIBCLANG_PATH").map(PathBuf::from));
    folders.iter().any(|folder| {
        ["libclang.so", "libclang-"]
            .into_iter()
            .any(|name| !starts_with(folder, name).is_empty())
    })
}

/// Compares the leading numbers: "1:10.3.3+dfsg-1" is at least "10.3".
fn at_least(version: &str, wanted: &str) -> bool {
    let without_epoch = version.split_once(':').map_or(version, |(_, rest)| rest);
    let numbers = |text: &str| -> Vec<u32> {
        text.split(|c: char| !c.is_ascii_digit() && c != '.')
            .next()
            .unwrap_or_default()
            .split('.')
            .map_while(|number| number.parse().ok())
            .collect()
    };
    numbers(without_epoch) >= numbers(wanted)
}

#[cfg(test)]
mod tests {
    use super::at_least;

    #[test]
    fn versions_are_compared_by_number() {
        for enough in [
            "10.3",
            "10.3.0",
            "10.3.3+dfsg-1",
            "1:10.3.3-2",
            "10.10.0~rc1",
            "11.0",
        ] {
            assert!(at_least(enough, "10.3"), "{enough}");
        }
        for too_old in [
            "",
            "(none)",
            "9.3.4+dfsg1-2+deb12u1",
            "10",
            "10.2.9",
            "1:9.5",
        ] {
            assert!(!at_least(too_old, "10.3"), "{too_old}");
        }
    }
}
