// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line.

use std::ffi::OsString;

use crate::process::{Failure, Result};
use crate::recipe::{self, RECIPES, Recipe};

pub const HELP: &str = "\
cargo xtask [--cpptango 10.3|10.0|9.3|none|all] COMMAND

  demo [ARGUMENTS]     build and run the demo
  soak [--seconds N]   a Rust server and plain cppTango, reconfigured under load; 60 s each, unless it dies before
  matrix [ARGUMENTS]   each mix of telemetry configurations along client, Leader and Follower: is its trace whole?
  test [-- ARGUMENTS]  formatting, lints, documentation and tests: all with 10.3 and without any cppTango (`none`), of
                       10.0 and 9.3 the essentials; with --cpptango all of that one, or of all four; with arguments only
                       `cargo test ARGUMENTS`, as in `cargo xtask test -- --test devices`
  bench [-- ARGUMENTS] what telemetry costs, against its limits; with arguments `cargo bench ARGUMENTS`, as in
                       `cargo xtask bench -- --bench commands`
  publish-check [-- CHECK...]
                       before a release: the package builds and has the right files, rust-version, licences, advisories,
                       semver, types of other crates in the API; says what could not be checked
  shell                a shell where cppTango is
  run -- COMMAND...    one command where cppTango is; its exit code is handed on

The other commands take one version, 10.3 if none is given; demo, soak, matrix and bench are for 10.3 only.
Where cppTango 10.3 is: this machine, if it has cppTango 10.3 or later with telemetry, opentelemetry-cpp's headers, g++,
cmake, libclang and TangoTest (TANGO_ROOT or CMAKE_PREFIX_PATH, when set, are trusted). A Debian that offers them gets
them installed (as root). Otherwise, and for the others always, a small Debian of its own, made once in a minute or so;
10.3 needs 1.5 GB, all four 4.5 GB.
It sees the checkout, Cargo's home and the Rust toolchain, is read-only apart from the former two, and lies in
$CPPTANGO_TELEMETRY_CACHE, else $XDG_CACHE_HOME/cpptango-telemetry, else ~/.cache/cpptango-telemetry. That folder may
be deleted at any time. Builds go to target/NAME-OF-THE-ROOT there, to the usual place otherwise.

Ctrl-C lets the running command end by itself; after 5 s, or at a second Ctrl-C, it is ended.
Exit code: the command's, 2 for wrong arguments, 1 for what xtask itself could not do.";

const ALLOWED: &str = "allowed are `cargo xtask demo | soak | matrix | test | bench | publish-check | shell | run -- COMMAND...`, \
                       `--cpptango 10.3|10.0|9.3|none|all` and `--help`";

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Task {
    Demo,
    Soak,
    Matrix,
    Test,
    Bench,
    PublishCheck,
    Shell,
    Run,
}

const TASKS: [Task; 8] = [
    Task::Demo,
    Task::Soak,
    Task::Matrix,
    Task::Test,
    Task::Bench,
    Task::PublishCheck,
    Task::Shell,
    Task::Run,
];

impl Task {
    pub fn name(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Soak => "soak",
            Self::Matrix => "matrix",
            Self::Test => "test",
            Self::Bench => "bench",
            Self::PublishCheck => "publish-check",
            Self::Shell => "shell",
            Self::Run => "run",
        }
    }

    /// Whether it stands on the bindings, which need cppTango 10.3.
    fn needs_main(self) -> bool {
        matches!(self, Self::Demo | Self::Soak | Self::Matrix | Self::Bench)
    }

    /// Whether the project itself is built and run, so that nothing of the environment may be missing.
    pub fn needs_all(self) -> bool {
        matches!(
            self,
            Self::Demo | Self::Soak | Self::Matrix | Self::Test | Self::Bench
        )
    }
}

/// With which cppTango.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Versions {
    /// Not said: 10.3, and `test` chooses.
    Default,
    One(&'static Recipe),
    /// `test` only.
    All,
}

impl Versions {
    /// The one for what needs one.
    pub fn one(self) -> &'static Recipe {
        match self {
            Self::One(recipe) => recipe,
            Self::Default | Self::All => &RECIPES[0],
        }
    }

    pub fn include(self, cpptango: &str) -> bool {
        match self {
            Self::One(recipe) => recipe.cpptango == cpptango,
            Self::Default | Self::All => true,
        }
    }
}

#[derive(Debug, PartialEq)]
pub struct Args {
    pub task: Task,
    pub versions: Versions,
    /// What is handed on.
    pub rest: Vec<OsString>,
}

#[derive(Debug, PartialEq)]
pub enum Parsed {
    Help,
    Go(Args),
}

pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Parsed> {
    let wrong = |what: String| Failure::usage(format!("{what}; {ALLOWED}"));
    let version = |value: &str| match value {
        "all" => Ok(Versions::All),
        _ => recipe::find(value)
            .map(Versions::One)
            .ok_or_else(|| wrong(format!("no cppTango {value:?} here"))),
    };

    let mut task = None;
    let mut versions = Versions::Default;
    let mut rest = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--") => {
                rest.extend(words.by_ref());
            }
            Some("--help" | "-h") => return Ok(Parsed::Help),
            Some("--cpptango") => {
                let value = words.next().unwrap_or_default();
                versions = version(&value.to_string_lossy())?;
            }
            Some(word) if word.starts_with("--cpptango=") => {
                versions = version(&word["--cpptango=".len()..])?;
            }
            _ => match task {
                None => {
                    let found = TASKS.into_iter().find(|task| word == task.name());
                    task = Some(found.ok_or_else(|| wrong(format!("no command {word:?}")))?);
                }
                // The examples check their own arguments. For the others a forgotten `--` must not pass: `cargo test
                // WORD` succeeds without running anything.
                Some(Task::Demo | Task::Soak | Task::Matrix) => rest.push(word),
                Some(task) => {
                    let hint = format!("{} takes no {word:?} before `--`", task.name());
                    return Err(wrong(hint));
                }
            },
        }
    }

    let task = task.ok_or_else(|| wrong("no command".into()))?;
    let name = task.name();
    let one = versions.one();
    match task {
        Task::Run if rest.is_empty() => Err(wrong("run needs a command after `--`".into())),
        Task::Shell if !rest.is_empty() => Err(wrong("shell takes no arguments".into())),
        Task::PublishCheck if versions != Versions::Default => {
            Err(wrong("publish-check takes no `--cpptango`".into()))
        }
        _ if versions == Versions::All && (task != Task::Test || !rest.is_empty()) => Err(wrong(
            "`--cpptango all` is for test, without arguments".into(),
        )),
        _ if task.needs_main() && !one.is_main => Err(wrong(format!(
            "{name} needs the bindings, which are for cppTango {}, not {}",
            RECIPES[0].cpptango, one.cpptango
        ))),
        _ => Ok(Parsed::Go(Args {
            task,
            versions,
            rest,
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(line: &str) -> Args {
        match parse(line.split_whitespace().map(OsString::from)) {
            Ok(Parsed::Go(args)) => args,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_version_may_stand_anywhere_before_the_dashes() {
        assert_eq!(go("demo").versions.one().cpptango, "10.3");
        assert_eq!(go("--cpptango 9.3 shell").versions.one().cpptango, "9.3");
        let args = go("run --cpptango=10.0 -- x --cpptango 9.3 -- --help");
        assert_eq!(
            (args.task, args.versions.one().cpptango),
            (Task::Run, "10.0")
        );
        assert_eq!(args.rest, ["x", "--cpptango", "9.3", "--", "--help"]);
    }

    #[test]
    fn test_takes_all_versions() {
        assert_eq!(go("test").versions, Versions::Default);
        assert_eq!(go("test --cpptango all").versions, Versions::All);
        assert!(go("test --cpptango none").versions.include("none"));
        assert!(!go("test --cpptango none").versions.include("9.3"));
        assert_eq!(go("test --cpptango 9.3 -- -p x").rest, ["-p", "x"]);
    }

    #[test]
    fn arguments_are_handed_on() {
        assert_eq!(go("demo --calls 3").rest, ["--calls", "3"]);
        assert_eq!(go("demo -- --help").rest, ["--help"]);
        assert_eq!(go("soak --seconds 5").rest, ["--seconds", "5"]);
        assert_eq!(go("matrix --peer pytango").rest, ["--peer", "pytango"]);
        assert_eq!(go("test -- --test devices").rest, ["--test", "devices"]);
    }

    #[test]
    fn wrong_arguments_are_one_line_and_code_2() {
        for line in [
            "",
            "tset",
            "test devices",
            "test --test devices",
            "run",
            "run ls",
            "run --",
            "shell -- ls",
            "demo --cpptango",
            "demo --cpptango 8.1",
            "demo --cpptango 10.0",
            "bench --cpptango none",
            "shell --cpptango all",
            "test --cpptango all -- --lib",
            "publish-check --cpptango 10.3",
        ] {
            match parse(line.split_whitespace().map(OsString::from)) {
                Err(Failure {
                    code: 2,
                    message: Some(message),
                }) => assert!(message.contains("demo | soak") && !message.contains('\n')),
                other => panic!("{line}: {other:?}"),
            }
        }
    }

    #[test]
    fn help() {
        let words = ["demo", "--help"].map(OsString::from);
        assert!(matches!(parse(words), Ok(Parsed::Help)));
    }
}
