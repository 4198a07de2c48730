// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::setting::{PLACES, Program};

pub(crate) const ALLOWED: &str = "allowed are --client, --leader, --follower and --peer (all three) with rust or \
                                  pytango, devices also with cpp, --sample, --only CLIENT/LEADER/FOLLOWER (configurations, or * for any), --verbose, --list \
                                  FILE and --no-worse-than FILE";

pub(crate) struct Options {
    /// Of client, Leader and Follower.
    pub(crate) programs: [Program; 3],
    /// A sample instead of all.
    pub(crate) sample: bool,
    /// Only settings that look like this: `user/*/all`.
    pub(crate) only: Option<String>,
    /// The spans of all that fails.
    pub(crate) verbose: bool,
    /// Where to write what has passed.
    pub(crate) list: Option<PathBuf>,
    /// Such a list, of what must pass.
    pub(crate) no_worse_than: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            programs: [Program::Rust; 3],
            sample: false,
            only: None,
            verbose: false,
            list: None,
            no_worse_than: None,
        };
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let value = arguments.next();
                value.with_context(|| format!("{argument} needs a value"))
            };
            match argument.as_str() {
                "--peer" => options.programs = [program(&value()?)?; 3],
                "--client" => options.programs[0] = program(&value()?)?,
                "--leader" => options.programs[1] = device(&value()?)?,
                "--follower" => options.programs[2] = device(&value()?)?,
                "--sample" => options.sample = true,
                "--only" => options.only = Some(value()?),
                "--verbose" => options.verbose = true,
                "--list" => options.list = Some(value()?.into()),
                "--no-worse-than" => options.no_worse_than = Some(value()?.into()),
                _ => bail!("unexpected argument {argument:?}"),
            }
        }
        Ok(options)
    }

    pub(crate) fn title(&self) -> String {
        let names = self.programs.map(|program| match program {
            Program::Rust => "Rust",
            Program::PyTango => "PyTango",
            Program::Cpp => "plain cppTango",
        });
        let actors = PLACES.into_iter().zip(names);
        let actors: Vec<_> = actors
            .map(|(place, name)| format!("{name} {place}"))
            .collect();
        actors.join(", ")
    }
}

fn device(name: &str) -> Result<Program> {
    match name {
        "cpp" => Ok(Program::Cpp),
        _ => program(name),
    }
}

fn program(name: &str) -> Result<Program> {
    match name {
        "rust" => Ok(Program::Rust),
        "pytango" => Ok(Program::PyTango),
        _ => bail!("no program {name:?}"),
    }
}
