// SPDX-License-Identifier: MIT OR Apache-2.0
//! Entering a Debian root with the checkout and the host's Rust.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::native;
use crate::process::{Failure, OrFail, Result, ignore_interrupts, output, variable, which};
use crate::recipe::Recipe;

pub struct Sandbox {
    root: PathBuf,
    checkout: PathBuf,
    cargo_home: PathBuf,
    sysroot: PathBuf,
    /// The part of bwrap's command line that says what is seen where.
    mounts: Vec<OsString>,
}

/// Settings that name things of the host, which are not there or do not fit inside.
const HOST_ONLY: [&str; 21] = [
    "AR",
    "CC",
    "CFLAGS",
    "CMAKE",
    "CMAKE_PREFIX_PATH",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "CXX",
    "CXXFLAGS",
    "LDFLAGS",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LIBCLANG_PATH",
    "LIBRARY_PATH",
    "PKG_CONFIG",
    "PKG_CONFIG_LIBDIR",
    "PKG_CONFIG_PATH",
    "RANLIB",
    "RUSTC_WRAPPER",
    "TANGO_ROOT",
    "TMPDIR",
];

impl Sandbox {
    /// Whether roots can be made and entered here; installs what is missing, if it may.
    pub fn check(recipe: &Recipe) -> Result<()> {
        let else_try = if recipe.is_main {
            format!(
                "or work in a debian:forky container with the packages {}; or in a conda environment with cpptango and \
                 with TANGO_ROOT or CMAKE_PREFIX_PATH set",
                recipe.packages.join(" ")
            )
        } else {
            "or do without: `cargo xtask test --cpptango 10.3` is all with one cppTango".to_string()
        };
        let mut missing = tools(recipe)?;
        if !missing.is_empty() && native::may_install() {
            native::install_packages(&["mmdebstrap", "bubblewrap"])?;
            missing = tools(recipe)?;
        }
        if !missing.is_empty() {
            return Err(Failure::new(format!(
                "to make a Debian root with {} these are missing on this machine: {}; install the packages mmdebstrap, \
                 bubblewrap and uidmap; {else_try}",
                recipe.describe(),
                missing.join(", ")
            )));
        }
        let trial = Command::new("bwrap")
            .args([
                "--ro-bind",
                "/",
                "/",
                "--dev",
                "/dev",
                "--proc",
                "/proc",
                "--unshare-pid",
                "true",
            ])
            .output()
            .or_fail("cannot start bwrap")?;
        if trial.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&trial.stderr);
        Err(Failure::new(format!(
            "bubblewrap cannot make namespaces here ({}): allow them (a container needs --privileged); {else_try}",
            said.lines().last().unwrap_or("it does not say why").trim()
        )))
    }

    pub fn new(root: PathBuf, checkout: PathBuf) -> Result<Self> {
        let rustc = variable("RUSTC").unwrap_or_else(|| "rustc".into());
        let sysroot = output(&rustc.to_string_lossy(), ["--print", "sysroot"], "")
            .map(PathBuf::from)
            .ok_or_else(|| {
                Failure::new("`rustc --print sysroot` failed: install Rust with rustup")
            })?;
        if !sysroot.join("bin/cargo").is_file() || sysroot == Path::new("/usr") {
            return Err(Failure::new(format!(
                "Rust in {} cannot be used in another Debian's root: install Rust with rustup",
                sysroot.display()
            )));
        }
        let cargo_home = variable("CARGO_HOME")
            .map(PathBuf::from)
            .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".cargo")))
            .ok_or_else(|| Failure::new("neither CARGO_HOME nor HOME is set"))?;
        let cargo_home = std::path::absolute(&cargo_home).or_fail("cannot find CARGO_HOME")?;
        fs::create_dir_all(&cargo_home).or_fail(format!("cannot make {}", cargo_home.display()))?;

        let mut sandbox = Self {
            root,
            checkout,
            cargo_home,
            sysroot,
            mounts: Vec::new(),
        };
        sandbox.mounts = sandbox.mounts()?;
        Ok(sandbox)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn target(&self) -> PathBuf {
        let key = self.root.file_name().unwrap_or_default();
        self.checkout.join("target").join(key)
    }

    pub fn command(&self, program: &OsStr, arguments: &[OsString]) -> Command {
        let path = [
            &self.sysroot.join("bin"),
            &self.cargo_home.join("bin"),
            Path::new("/usr/local/bin"),
            Path::new("/usr/bin"),
            Path::new("/bin"),
            Path::new("/usr/lib/tango"),
        ]
        .map(|folder| folder.as_os_str())
        .join(OsStr::new(":"));

        let mut command = Command::new("bwrap");
        command
            // No process outlives the command, nor xtask.
            .args(["--unshare-pid", "--die-with-parent"])
            .args(&self.mounts)
            .arg("--chdir")
            .arg(&self.checkout)
            // Here and not by .env(): with that PATH bwrap itself would not be found.
            .args([OsStr::new("--setenv"), OsStr::new("PATH"), &path])
            // At Ctrl-C bwrap must not end at once and kill the command, which wants to end its children itself.
            .args(["env", "--default-signal=INT"])
            .arg(program)
            .args(arguments)
            .env("CARGO_HOME", &self.cargo_home)
            .env("CARGO_TARGET_DIR", self.target())
            .env("HOME", "/tmp")
            // For bash's prompt.
            .env("debian_chroot", self.root.file_name().unwrap_or_default())
            // The only locale that is there.
            .env("LC_ALL", "C.UTF-8");
        for name in HOST_ONLY {
            command.env_remove(name);
        }
        ignore_interrupts(&mut command);
        command
    }

    /// The root's system folders one by one on an empty `/`. So nothing can change the root, and the folders of the
    /// host can lie anywhere: /home, /usr/local/cargo, /var/lib/...
    fn mounts(&self) -> Result<Vec<OsString>> {
        let mut mounts = Vec::new();
        let mut add = |option: &str, paths: &[&Path]| {
            mounts.push(option.into());
            mounts.extend(paths.iter().map(|path| path.into()));
        };
        // bin, lib and the like; then what is in /usr and /etc.
        for folder in ["", "usr", "etc"] {
            let there = self.root.join(folder);
            let entries =
                fs::read_dir(&there).or_fail(format!("cannot read {}", there.display()))?;
            for entry in entries {
                let source = entry.or_fail("cannot read the root")?.path();
                let seen = Path::new("/")
                    .join(folder)
                    .join(source.file_name().unwrap_or_default());
                if let Ok(link) = fs::read_link(&source) {
                    add("--symlink", &[&link, &seen]);
                } else if !folder.is_empty() && !from_host(&seen) && seen != Path::new("/usr/local")
                {
                    add("--ro-bind", &[&source, &seen]);
                }
            }
        }
        // So that dpkg can tell what is installed.
        add(
            "--ro-bind",
            &[&self.root.join("var/lib/dpkg"), Path::new("/var/lib/dpkg")],
        );
        for path in FROM_HOST
            .map(Path::new)
            .into_iter()
            .filter(|path| from_host(path))
        {
            add("--ro-bind", &[path, path]);
        }
        add("--dev", &[Path::new("/dev")]);
        add("--proc", &[Path::new("/proc")]);
        for path in ["/tmp", "/var/tmp", "/run"] {
            add("--tmpfs", &[Path::new(path)]);
        }

        // Sorted, so that one which lies in another comes after it.
        let mut shared = [
            ("--bind", &self.checkout),
            ("--bind", &self.cargo_home),
            ("--ro-bind", &self.sysroot),
        ];
        shared.sort_by_key(|(_, path)| *path);
        for (option, path) in shared {
            add(option, &[path, path]);
        }
        Ok(mounts)
    }
}

/// The network's settings and certificates are the host's.
const FROM_HOST: [&str; 3] = ["/etc/hosts", "/etc/resolv.conf", "/etc/ssl"];

fn from_host(path: &Path) -> bool {
    FROM_HOST.iter().any(|own| path == Path::new(own))
        && match path.to_str() {
            // Other distributions keep them elsewhere, and have but links here.
            Some("/etc/ssl") => Path::new("/etc/ssl/certs/ca-certificates.crt").is_file(),
            _ => path.exists(),
        }
}

/// The names of the tools that are not there. mmdebstrap is needed only where there is no root yet.
fn tools(recipe: &Recipe) -> Result<Vec<&'static str>> {
    let warm = crate::root::existing(recipe)?.is_some();
    let needed: &[&str] = if warm {
        &["bwrap"]
    } else {
        &["bwrap", "mmdebstrap", "setpriv"]
    };
    Ok(needed
        .iter()
        .copied()
        .filter(|tool| which(tool).is_none())
        .collect())
}
