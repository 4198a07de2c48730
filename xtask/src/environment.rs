// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the commands run: on this machine or in a Debian root.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Task;
use crate::native;
use crate::process::{Result, variable};
use crate::recipe::Recipe;
use crate::root;
use crate::sandbox::Sandbox;

pub enum Environment {
    Native { checkout: PathBuf },
    Root(Sandbox),
}

impl Environment {
    /// Finds or makes the environment. The cheapest way first, and none that needs the network before one that does
    /// not.
    pub fn prepare(recipe: &Recipe, task: Task, checkout: &Path) -> Result<Self> {
        let checkout = checkout.to_path_buf();
        // The machine's own cppTango can only stand for the one that the project is made for.
        if recipe.is_main {
            if let Some(chosen) = native::chosen_by_user() {
                if task.needs_all() {
                    native::check_tools(chosen)?;
                }
                return Ok(Self::Native { checkout });
            }
            if native::missing(recipe).is_none() {
                return Ok(Self::Native { checkout });
            }
        }
        if root::existing(recipe)?.is_none() && recipe.is_main && native::offered(recipe)? {
            native::install(recipe)?;
            return Ok(Self::Native { checkout });
        }
        Sandbox::check(recipe)?;
        let root = root::existing_or_new(recipe)?;
        Ok(Self::Root(Sandbox::new(root, checkout)?))
    }

    pub fn describe(&self) -> String {
        match self {
            Self::Native { .. } => "with the cppTango of this machine".into(),
            Self::Root(sandbox) => format!("in the Debian root {}", sandbox.root().display()),
        }
    }

    /// Where builds go. Binaries of two C libraries must not mix.
    pub fn target(&self) -> PathBuf {
        match self {
            Self::Native { checkout } => {
                checkout.join(variable("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
            }
            Self::Root(sandbox) => sandbox.target(),
        }
    }

    pub fn command(&self, program: &OsStr, arguments: &[OsString]) -> Command {
        match self {
            Self::Native { checkout } => {
                let mut command = Command::new(program);
                command.args(arguments).current_dir(checkout);
                command.env("PATH", native::path());
                command
            }
            Self::Root(sandbox) => sandbox.command(program, arguments),
        }
    }
}
