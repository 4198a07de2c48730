// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask`: the project's commands, with all the set-up that they need.

mod args;
mod environment;
mod external_types;
mod features;
mod metadata;
mod native;
mod plan;
mod process;
mod publish;
mod recipe;
mod root;
mod sandbox;
mod steps;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use args::{Args, Parsed, Task};
use environment::Environment;
use process::{Failure, Result};

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { message, code }) => {
            if let Some(message) = message {
                eprintln!("xtask: {message}");
            }
            ExitCode::from(code)
        }
    }
}

fn start() -> Result<()> {
    let args = match args::parse(std::env::args_os().skip(1))? {
        Parsed::Help => {
            println!("{}", args::HELP);
            return Ok(());
        }
        Parsed::Go(args) => args,
    };
    let Args {
        task,
        versions,
        rest,
    } = args;

    process::catch_signals();
    let checkout = checkout();
    let environment = || -> Result<Environment> {
        let environment = Environment::prepare(versions.one(), task, &checkout)?;
        if task != Task::Run {
            eprintln!("==> {}", environment.describe());
        }
        Ok(environment)
    };
    match task {
        Task::Demo | Task::Soak | Task::Matrix => {
            steps::example(&environment()?, task.name(), rest)
        }
        Task::Test if rest.is_empty() => plan::test(versions, &checkout),
        Task::Test => steps::test(&environment()?, versions.one(), rest),
        Task::Bench => steps::bench(&environment()?, rest),
        Task::PublishCheck => publish::check(&checkout, &rest),
        Task::Shell => steps::bare(&environment()?, vec!["bash".into()]),
        Task::Run => steps::bare(&environment()?, rest),
    }
}

/// The folder of the workspace. Cargo says at run time where xtask's manifest is; the value of compile time would be
/// wrong where two checkouts share a target directory.
fn checkout() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let manifest = PathBuf::from(manifest);
    manifest.parent().map(Path::to_path_buf).unwrap_or(manifest)
}
