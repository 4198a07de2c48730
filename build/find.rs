// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds cppTango and what it takes to build with it, and makes sure that all of it belongs together.

use std::{
    collections::HashMap,
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    compile,
    cpptango::{CppTango, Version},
    problem::{self, Problem},
    tell::variable,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// As a further -isystem it would come before libstdc++'s own folders and break their #include_next.
const SYSTEM: &str = "/usr/include";

pub fn find() -> Result<CppTango> {
    for name in [
        "CMAKE",
        "CMAKE_PREFIX_PATH",
        "CPATH",
        "CPLUS_INCLUDE_PATH",
        "LIBRARY_PATH",
        "PKG_CONFIG_LIBDIR",
        "PKG_CONFIG_PATH",
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

/// What cmake/CMakeLists.txt has found.
struct Report(HashMap<String, String>);

impl Report {
    fn new() -> Result<Self> {
        let compiler = compile::compiler(&[], Version::default())?;
        let cmake = env::var_os("CMAKE").unwrap_or_else(|| "cmake".into());
        let build = variable("OUT_DIR").join("find");
        // CMake would not look again for what it has found before.
        let _ = fs::remove_dir_all(&build);
        let output = Command::new(&cmake)
            .arg("-S")
            .arg(variable("CARGO_MANIFEST_DIR").join("cmake"))
            .arg("-B")
            .arg(&build)
            .arg(format!(
                "-DCMAKE_CXX_COMPILER={}",
                compiler.path().display()
            ))
            .output()
            .map_err(|error| Problem {
                what: format!("CMake ({}) cannot be run: {error}", cmake.display()),
                searched: "CMAKE, PATH".into(),
                remedy: problem::CMAKE,
                ..Problem::default()
            })?;
        let text = fs::read_to_string(build.join("cpptango.txt")).map_err(|_| {
            let said = String::from_utf8_lossy(&output.stderr);
            let error = said
                .find("CMake Error")
                .map_or(&*said, |start| &said[start..]);
            Problem {
                what: "CMake cannot look for cppTango".into(),
                found: error.split_whitespace().collect::<Vec<_>>().join(" "),
                remedy: problem::CMAKE,
                ..Problem::default()
            }
        })?;
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Ok(Self(
            pairs
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        ))
    }

    fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    fn list(&self, key: &str) -> Vec<String> {
        let mut items = Vec::new();
        for item in self.get(key).split(';') {
            // Of CMake's generator expressions none is known in opentelemetry-cpp.
            if !item.is_empty() && !item.contains("$<") && !items.iter().any(|other| other == item)
            {
                items.push(item.to_string());
            }
        }
        items
    }

    fn paths(&self, key: &str) -> Vec<PathBuf> {
        self.list(key).into_iter().map(Into::into).collect()
    }

    fn pc_file(&self) -> String {
        format!(
            "{}/tango.pc of cppTango {}",
            self.get("PC_DIR"),
            self.get("VERSION")
        )
    }
}

/// There is a tango.pc, where the user wants it to be.
fn check_tango_root(report: &Report) -> Result<()> {
    let searched = format!("tango.pc in {}", report.get("PLACES"));
    if report.has("NO_PKG_CONFIG") {
        return Err(Problem {
            what: "pkg-config is missing, without which cppTango is not found".into(),
            searched: "PKG_CONFIG, PATH".into(),
            remedy: problem::PKG_CONFIG,
            ..Problem::default()
        }
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
        return Err(Problem {
            what,
            searched,
            found: format!("pkg-config says: {}", report.get("PKG_CONFIG_ERROR").trim()),
            remedy: problem::CPPTANGO,
        }
        .into());
    }
    if let Some(root) = root {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.into());
        if !real(Path::new(report.get("PC_DIR"))).starts_with(real(&root)) {
            return Err(Problem {
                what: format!(
                    "no cppTango found in TANGO_ROOT={}; unset it to take the one that is elsewhere",
                    root.display()
                ),
                searched,
                found: report.pc_file(),
                remedy: problem::CPPTANGO,
            }
            .into());
        }
    }
    Ok(())
}

/// The <tango/tango.h> that the compiler takes, whatever tango.pc says.
struct Headers {
    path: PathBuf,
    version: Version,
    telemetry: bool,
}

impl Headers {
    fn read(report: &Report, include_dirs: &[PathBuf]) -> Result<Self> {
        // Comments and all macros, with the files that they come from.
        let text =
            preprocess(include_dirs, Version::default(), &["-E", "-dD"]).map_err(|error| {
                Problem {
                    what: format!(
                        "<tango/tango.h> of cppTango {} cannot be read: {error}",
                        report.get("VERSION")
                    ),
                    searched: listed(include_dirs) + ", and where the compiler looks by itself",
                    found: report.pc_file(),
                    remedy: problem::CPPTANGO,
                }
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
    fn check_syntax(&self, include_dirs: &[PathBuf]) -> Result<()> {
        preprocess(include_dirs, self.version, &["-fsyntax-only", "-w"]).map_err(|error| {
            Problem {
                what: format!(
                    "<tango/tango.h> of cppTango {} does not compile: {error}",
                    self.version
                ),
                searched: listed(include_dirs) + ", and where the compiler looks by itself",
                found: self.path.display().to_string(),
                remedy: problem::CPPTANGO,
            }
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
struct Library {
    path: PathBuf,
    /// What its soname has of the version: `10.3`, or `9`.
    soname: Option<String>,
    /// The ABI version of the opentelemetry-cpp that it was compiled with.
    opentelemetry_abi: Option<String>,
}

impl Library {
    fn read(report: &Report, library_dirs: &[PathBuf]) -> Result<Self> {
        let names = ["libtango.so", "libtango.dylib"];
        let mut files = library_dirs
            .iter()
            .flat_map(|dir| names.map(|name| dir.join(name)));
        let path = match files.find(|file| file.is_file()) {
            Some(path) => path,
            None => names
                .into_iter()
                .find_map(compile::library)
                .ok_or_else(|| Problem {
                    what: format!(
                        "cppTango {} has headers, but no libtango to link",
                        report.get("VERSION")
                    ),
                    searched: listed(library_dirs) + ", and where the linker looks by itself",
                    found: report.pc_file(),
                    remedy: problem::CPPTANGO,
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
        let opentelemetry_abi =
            after("13opentelemetry2v").map(|digits| digits.chars().take(1).collect());
        Ok(Self {
            path,
            soname,
            opentelemetry_abi,
        })
    }

    fn is_of(
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

fn check_versions(report: &Report, headers: &Headers, library: &Library) -> Result<()> {
    let Version { major, minor, .. } = headers.version;
    let pc_version = report.get("VERSION");
    let mut parts = pc_version.split('.').map(|part| part.parse().unwrap_or(0));
    let same = (parts.next(), parts.next()) == (Some(major), Some(minor));
    if same && library.is_of(headers.version) {
        return Ok(());
    }
    Err(Problem {
        what: "headers and library are of different versions of cppTango".into(),
        searched: String::new(),
        found: format!(
            "headers of {} ({}), library of {} ({}), {}",
            headers.version,
            headers.path.display(),
            library.soname.as_deref().unwrap_or("an unknown version"),
            library.path.display(),
            report.pc_file()
        ),
        remedy: problem::ONE_CPPTANGO,
    }
    .into())
}

fn check_age(headers: &Headers) -> Result<()> {
    let Version { major, minor, .. } = headers.version;
    if (major, minor) >= (9, 3) {
        return Ok(());
    }
    Err(Problem {
        what: format!(
            "cppTango {} is too old: it takes 10.0 or later for telemetry, 9.3 or later for the dummy functions",
            headers.version
        ),
        searched: String::new(),
        found: headers.path.display().to_string(),
        remedy: problem::CPPTANGO,
    }
    .into())
}

fn add_opentelemetry(report: &Report, library: &Library, tango: &mut CppTango) -> Result<()> {
    let dirs = report.paths("OPENTELEMETRY_INCLUDE_DIRS");
    let header = Path::new("opentelemetry/context/runtime_context.h");
    let missing = if !dirs.iter().any(|dir| dir.join(header).is_file()) {
        Some("its headers (opentelemetry/context/runtime_context.h)")
    } else if !report.has("OPENTELEMETRY_LIBRARY") {
        Some("its library opentelemetry_common")
    } else if report
        .list("OPENTELEMETRY_DEFINITIONS")
        .iter()
        .any(|it| it == "HAVE_ABSEIL")
        && !dirs
            .iter()
            .any(|dir| dir.join("absl/types/variant.h").is_file())
    {
        Some("Abseil's headers (libabsl-dev), which its headers include,")
    } else {
        None
    };
    let version = tango.version;
    let found = format!("cppTango {version}, compiled with telemetry");
    if let Some(missing) = missing {
        let dir = report.get("OPENTELEMETRY_DIR");
        return Err(Problem {
            what: format!("cppTango {version} has telemetry, but of opentelemetry-cpp {missing} are missing"),
            searched: "opentelemetry-cppConfig.cmake in TANGO_ROOT, CMAKE_PREFIX_PATH and the system's folders".into(),
            found: if dir.is_empty() { found } else { format!("{found}; {dir}") },
            remedy: problem::OPENTELEMETRY,
        }
        .into());
    }
    tango.definitions = report.list("OPENTELEMETRY_DEFINITIONS");
    let abi = |definition: &String| {
        Some(
            definition
                .strip_prefix("OPENTELEMETRY_ABI_VERSION_NO=")?
                .to_string(),
        )
    };
    let abi = tango
        .definitions
        .iter()
        .find_map(abi)
        .unwrap_or_else(|| "1".into());
    if let Some(library_abi) = &library.opentelemetry_abi
        && *library_abi != abi
    {
        return Err(Problem {
            what: "opentelemetry-cpp's headers are of another ABI version than cppTango was compiled with".into(),
            searched: String::new(),
            found: format!(
                "headers of ABI version {abi} ({}), {} was compiled with {library_abi}",
                report.get("OPENTELEMETRY_DIR"),
                library.path.display()
            ),
            remedy: problem::OPENTELEMETRY,
        }
        .into());
    }
    for dir in dirs {
        if !tango.include_dirs.contains(&dir) && dir != Path::new(SYSTEM) {
            tango.include_dirs.push(dir);
        }
    }
    tango
        .library_dirs
        .extend(report.paths("OPENTELEMETRY_LIBRARY_DIR"));
    tango.libraries.extend(report.list("OPENTELEMETRY_LIBRARY"));
    Ok(())
}

/// bindgen would panic.
fn check_libclang() -> Result<()> {
    clang_sys::load().map_err(|error| Problem {
        what: "libclang is missing, by which cppTango's constants are read".into(),
        searched: "LIBCLANG_PATH, the folders of llvm-config, and the system's".into(),
        found: error,
        remedy: problem::LIBCLANG,
    })?;
    Ok(())
}

fn listed(dirs: &[PathBuf]) -> String {
    let dirs: Vec<_> = dirs.iter().map(|dir| dir.display().to_string()).collect();
    dirs.join(", ")
}
