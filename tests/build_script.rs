// SPDX-License-Identifier: MIT OR Apache-2.0
//! The build script where something is missing or does not fit. What is missing is masked in a mount namespace of the
//! script only; what does not fit is in a folder of the test's own.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use testbed::{
    device,
    process::{self, Finished},
};

const TIMEOUT: Duration = Duration::from_secs(60);

/// B6.
#[test]
fn no_cpptango() -> Result<()> {
    let mut script = Script::new("no_cpptango")?;
    let places = pc_dir()?;
    script.masks.push(places.clone());
    let message = script.message()?;
    says(
        &message,
        &[
            "no cppTango found",
            "searched",
            &places,
            "pkg-config says",
            "not found",
        ],
    )?;
    says(&message, &INSTALL)
}

/// B6: what is elsewhere is not what the user wants.
#[test]
fn no_cpptango_in_the_root_that_is_named() -> Result<()> {
    let mut script = Script::new("empty_root")?;
    let root = script.folder("prefix")?;
    script.set("TANGO_ROOT", &root);
    let message = script.message()?;
    says(
        &message,
        &[
            "no cppTango found in TANGO_ROOT=",
            &text(&root),
            "unset it",
            &format!("{}/tango.pc of cppTango {}", pc_dir()?, version()?),
        ],
    )?;
    says(&message, &INSTALL)
}

/// B6.
#[test]
fn a_cpptango_that_is_too_old() -> Result<()> {
    let mut script = Script::new("too_old")?;
    let root = script.prefix("9.2.5", "9")?;
    let header = script.write(
        "prefix/include/tango/tango.h",
        "#define TANGO_VERSION_MAJOR 9\n#define TANGO_VERSION_MINOR 2\n#define TANGO_VERSION_PATCH 5\n",
    )?;
    script.set("TANGO_ROOT", &root);
    let message = script.message()?;
    says(
        &message,
        &[
            "cppTango 9.2.5 is too old",
            "10.0 or later",
            "9.3 or later",
            &text(&header),
        ],
    )?;
    says(&message, &INSTALL)
}

/// B6: two prefixes are mixed.
#[test]
fn headers_and_library_of_different_versions() -> Result<()> {
    let version = version()?;
    let remedy = ["of different versions", "CPATH", "set TANGO_ROOT"];

    // Headers that come before those of tango.pc.
    let mut script = Script::new("other_headers")?;
    let header = script.write(
        "include/tango/tango.h",
        "#include_next <tango/tango.h>\n#undef TANGO_VERSION_MINOR\n#define TANGO_VERSION_MINOR 99\n",
    )?;
    script.set("CPATH", &script.folder("include")?);
    let message = script.message()?;
    says(&message, &remedy)?;
    says(
        &message,
        &[&text(&header), &format!("cppTango {version}"), ".99."],
    )?;

    // A library that comes before that of tango.pc.
    let mut script = Script::new("other_library")?;
    let library = script.write("lib/libtango.so", "\0libtango.so.9.5\0")?;
    script.masks.push(system_library()?);
    script.set("LIBRARY_PATH", &script.folder("lib")?);
    let message = script.message()?;
    says(&message, &remedy)?;
    says(
        &message,
        &[
            "library of 9.5",
            &text(&library),
            &format!("headers of {version}"),
        ],
    )?;

    // A tango.pc that comes before both.
    let mut script = Script::new("other_pc")?;
    let root = script.prefix("10.99.0", "10.99")?;
    script.set("TANGO_ROOT", &root);
    let message = script.message()?;
    says(&message, &remedy)?;
    says(
        &message,
        &[
            "library of 10.99",
            &format!("headers of {version}"),
            "cppTango 10.99.0",
        ],
    )
}

/// B6: it is found, and does not fit; as in a tree of links that GNU Stow has made.
#[test]
fn a_root_that_is_made_of_links() -> Result<()> {
    let mut script = Script::new("links")?;
    let root = script.prefix("10.99.0", "10.99")?;
    let elsewhere = script.folder("elsewhere")?.join("lib");
    fs::rename(root.join("lib"), &elsewhere)?;
    symlink(&elsewhere, root.join("lib"))?;
    script.set("TANGO_ROOT", &root);
    let message = script.message()?;
    says(&message, &["of different versions", "library of 10.99"])
}

/// B6.
#[test]
fn no_libtango() -> Result<()> {
    let mut script = Script::new("no_libtango")?;
    script.masks.push(system_library()?);
    let message = script.message()?;
    says(&message, &["no libtango to link", "searched", "tango.pc"])?;
    says(&message, &INSTALL)
}

/// B6: headers, CMake package, ABI version.
#[test]
fn no_opentelemetry_that_fits() -> Result<()> {
    let remedy = [
        "opentelemetry-cpp",
        "apt-get install opentelemetry-cpp opentelemetry-cpp-dev",
        "CMAKE_PREFIX_PATH",
        "conda-forge cpp-opentelemetry-sdk",
    ];
    let mut script = Script::new("no_opentelemetry_headers")?;
    script.masks.push("/usr/include/opentelemetry".into());
    let message = script.message()?;
    says(&message, &["its headers", "runtime_context.h", "searched"])?;
    says(&message, &remedy)?;

    let mut script = Script::new("no_opentelemetry_package")?;
    script
        .masks
        .push(format!("{}/../cmake/opentelemetry-cpp", pc_dir()?));
    let message = script.message()?;
    says(&message, &["its headers", "opentelemetry-cppConfig.cmake"])?;
    says(&message, &remedy)?;

    let mut script = Script::new("other_opentelemetry")?;
    script.write(
        "prefix/lib/cmake/opentelemetry-cpp/opentelemetry-cppConfig.cmake",
        "add_library(opentelemetry-cpp::api INTERFACE IMPORTED)\n\
        set_target_properties(opentelemetry-cpp::api PROPERTIES INTERFACE_INCLUDE_DIRECTORIES /usr/include\n\
        INTERFACE_COMPILE_DEFINITIONS OPENTELEMETRY_ABI_VERSION_NO=2)\n",
    )?;
    script.set("CMAKE_PREFIX_PATH", &script.folder("prefix")?);
    let message = script.message()?;
    says(
        &message,
        &["ABI version 2", "was compiled with 1", "libtango"],
    )?;
    says(&message, &remedy)
}

/// B6: what it takes to look for cppTango and to build with it.
#[test]
fn no_tools() -> Result<()> {
    for (name, tools, words) in [
        (
            "no_cmake",
            &["cmake"][..],
            &[
                "CMake (cmake) cannot be run",
                "apt-get install cmake",
                "dnf install cmake",
                "conda",
            ][..],
        ),
        (
            "no_make",
            &["make", "gmake", "ninja"],
            &[
                "CMake cannot look for cppTango",
                "build program",
                "apt-get install cmake make",
            ],
        ),
        (
            "no_pkg_config",
            &["pkg-config", "pkgconf"],
            &[
                "pkg-config is missing",
                "apt-get install pkg-config",
                "dnf install pkgconf-pkg-config",
                "conda",
            ],
        ),
        (
            "no_compiler",
            &["c++", "g++"],
            &[
                "no C++ compiler",
                "c++",
                "apt-get install g++",
                "dnf install gcc-c++",
                "cxx-compiler",
            ],
        ),
    ] {
        let mut script = Script::new(name)?;
        for tool in tools {
            let path = Path::new("/usr/bin").join(tool);
            if path.exists() {
                script.masks.push(text(&path.canonicalize()?));
            }
        }
        says(&script.message()?, words)?;
    }

    let mut script = Script::new("no_libclang")?;
    let libraries = Path::new(&pc_dir()?).join("..").canonicalize()?;
    for entry in [fs::read_dir("/usr/lib")?, fs::read_dir(libraries)?]
        .into_iter()
        .flatten()
    {
        let entry = entry?.path();
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("llvm-") {
            script.masks.push(text(&entry.join("lib")));
        } else if name.starts_with("libclang") && !entry.is_symlink() {
            script.masks.push(text(&entry));
        }
    }
    says(
        &script.message()?,
        &[
            "libclang is missing",
            "LIBCLANG_PATH",
            "apt-get install libclang-dev",
            "clang-devel",
            "clangdev",
        ],
    )
}

/// B6.
#[test]
fn headers_that_do_not_compile() -> Result<()> {
    let mut script = Script::new("no_omniorb")?;
    script.masks.push("/usr/include/omniORB4".into());
    let message = script.message()?;
    says(
        &message,
        &["cannot be read", "omniORB4", "No such file", "tango.pc"],
    )?;
    says(&message, &INSTALL)?;

    let mut script = Script::new("broken_headers")?;
    let header = script.write(
        "include/tango/tango.h",
        "#include_next <tango/tango.h>\nint broken = ;\n",
    )?;
    script.set("CPATH", &script.folder("include")?);
    let message = script.message()?;
    says(&message, &["does not compile", &text(&header), "error: "])?;
    says(&message, &INSTALL)
}

/// On docs.rs nothing is looked for; what is told is told all the same.
#[test]
fn docs_rs() -> Result<()> {
    let mut script = Script::new("docs_rs")?;
    script.masks.push(pc_dir()?);
    script.set("DOCS_RS", Path::new("1"));
    let finished = script.run()?;
    ensure!(finished.status.success(), "{finished:?}");
    let out = script.folder("out")?;
    says(
        &finished.stdout,
        &[
            "cargo::metadata=telemetry=0",
            "cargo::metadata=runtime_configuration=0",
            &format!(
                "cargo::metadata=include={}/include",
                env!("CARGO_MANIFEST_DIR")
            ),
        ],
    )?;
    ensure!(!finished.stdout.contains("rustc-cfg"), "{finished:?}");
    let definitions = fs::read_to_string(out.join("include/cpptango_telemetry/definitions.h"))?;
    says(
        &definitions,
        &[
            "CPPTANGO_TELEMETRY_SUPPORTED 0",
            "CPPTANGO_TELEMETRY_RUNTIME_CONFIGURATION_SUPPORTED 0",
        ],
    )
}

/// Where cppTango comes from.
const INSTALL: [&str; 6] = [
    "Debian",
    "apt-get install libtango-dev",
    "Fedora",
    "no package of cppTango",
    "conda install -c conda-forge cpptango",
    "TANGO_ROOT",
];

/// A run of the build script.
struct Script {
    name: &'static str,
    folder: PathBuf,
    /// Files and folders that are not there.
    masks: Vec<String>,
    variables: Vec<(&'static str, PathBuf)>,
}

impl Script {
    fn new(name: &'static str) -> Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("build_script")
            .join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let script = Self {
            name,
            folder,
            masks: Vec::new(),
            variables: Vec::new(),
        };
        script.folder("nothing")?;
        script.folder("out")?;
        Ok(script)
    }

    fn set(&mut self, variable: &'static str, path: &Path) {
        self.variables.push((variable, path.into()));
    }

    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    fn write(&self, name: &str, content: &str) -> Result<PathBuf> {
        let file = self.folder.join(name);
        self.folder(name)?;
        fs::remove_dir(&file)?;
        fs::write(&file, content)?;
        Ok(file)
    }

    /// A prefix with tango.pc and library of these versions.
    fn prefix(&self, version: &str, soname: &str) -> Result<PathBuf> {
        let prefix = self.folder("prefix")?;
        self.folder("prefix/include")?;
        self.write(
            "prefix/lib/libtango.so",
            &format!("\0libtango.so.{soname}\0"),
        )?;
        let prefix_text = text(&prefix);
        self.write(
            "prefix/lib/pkgconfig/tango.pc",
            &format!(
                "Name: tango\nDescription: cppTango\nVersion: {version}\n\
                Cflags: -I{prefix_text}/include\nLibs: -L{prefix_text}/lib -ltango\n"
            ),
        )?;
        Ok(prefix)
    }

    fn run(&self) -> Result<Finished> {
        let nothing = self.folder.join("nothing");
        let mut command = Command::new("unshare");
        command
            .args(["--user", "--map-root-user", "--mount"])
            .arg(device::example("mounted")?);
        for mask in &self.masks {
            let is_folder = Path::new(mask).is_dir();
            let empty = if is_folder {
                &nothing
            } else {
                Path::new("/dev/null")
            };
            command.arg(empty).arg(mask);
        }
        command
            .args(["--", env!("CPPTANGO_TELEMETRY_BUILD_SCRIPT")])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
            .env("CARGO_MANIFEST_LINKS", "cpptango_telemetry")
            .env("OUT_DIR", self.folder.join("out"))
            .env("OPT_LEVEL", "0")
            .env("DEBUG", "false");
        let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        for name in ["TARGET", "HOST"] {
            command.env(name, &target);
        }
        for (name, path) in &self.variables {
            command.env(name, path);
        }
        process::run(self.name, command, TIMEOUT)
    }

    /// What it says, which is all: it fails, and nothing else is told.
    fn message(&self) -> Result<String> {
        let finished = self.run()?;
        ensure!(finished.status.code() == Some(1), "{finished:?}");
        let message = finished.stderr.trim().to_string();
        println!("{message}\n");
        ensure!(message.starts_with("cpptango-telemetry: "), "{message}");
        ensure!(message.lines().count() <= 6, "{message}");
        // Cargo shows this too.
        let other = finished
            .stdout
            .lines()
            .find(|line| !line.starts_with("cargo::rerun-if-"));
        ensure!(other.is_none(), "{}", finished.stdout);
        Ok(message)
    }
}

fn says(message: &str, words: &[&str]) -> Result<()> {
    for word in words {
        ensure!(message.contains(word), "{word:?} is not in: {message}");
    }
    Ok(())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn version() -> Result<String> {
    pkg_config("--modversion")
}

fn pc_dir() -> Result<String> {
    pkg_config("--variable=pcfiledir")
}

fn pkg_config(question: &str) -> Result<String> {
    let output = Command::new("pkg-config")
        .args([question, "tango"])
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_string())
}

/// The file in which libtango really is; masked, it is empty.
fn system_library() -> Result<String> {
    let link = Path::new(&pc_dir()?).join("../libtango.so");
    let file = link.canonicalize().with_context(|| text(&link))?;
    Ok(text(&file))
}
