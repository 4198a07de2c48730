// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the commands run.

use std::ffi::OsString;

use crate::environment::Environment;
use crate::process::{Failure, Result, run};
use crate::recipe::Recipe;

/// Demo, soak and matrix run other examples.
pub fn example(environment: &Environment, name: &str, arguments: Vec<OsString>) -> Result<()> {
    step(
        environment,
        "build",
        "cargo build --locked --examples",
        &[],
        vec![],
    )?;
    eprintln!("==> {name}");
    let program = environment.target().join("debug/examples").join(name);
    let mut words = vec![program.into_os_string()];
    words.extend(arguments);
    // It says itself what failed.
    bare(environment, words)
}

/// The variables of what tests and lints run.
pub const STRICT: [(&str, &str); 2] = [
    // The build script then takes the C++ compiler's warnings for errors.
    ("CPPTANGO_TELEMETRY_WERROR", "1"),
    ("RUSTDOCFLAGS", "-D warnings"),
];

/// Some tests, as the user says. All of them: `plan::test`.
pub fn test(environment: &Environment, recipe: &Recipe, arguments: Vec<OsString>) -> Result<()> {
    let mut command = "cargo test --locked";
    if recipe.is_main {
        // With arguments Cargo may not build the tests' device servers by itself.
        let servers = "cargo build --locked --examples";
        step(environment, "build", servers, &STRICT, vec![])?;
        command = "cargo test --locked --workspace --exclude cpptango-telemetry-consumer";
    }
    step(environment, "test", command, &STRICT, arguments)
}

pub fn bench(environment: &Environment, arguments: Vec<OsString>) -> Result<()> {
    if arguments.is_empty() {
        // The one that has limits to keep.
        let command = "cargo bench --locked --bench performance";
        return step(environment, "bench", command, &[], vec![]);
    }
    // `cargo bench` does not build the device servers by itself.
    let servers = "cargo build --locked --release --examples";
    step(environment, "build", servers, &[], vec![])?;
    step(environment, "bench", "cargo bench --locked", &[], arguments)
}

/// A command that tells itself what failed; its exit code is handed on.
pub fn bare(environment: &Environment, mut words: Vec<OsString>) -> Result<()> {
    let program = words.remove(0);
    match run(&mut environment.command(&program, &words))? {
        0 => Ok(()),
        code => Err(Failure {
            message: None,
            code,
        }),
    }
}

pub fn step(
    environment: &Environment,
    name: &str,
    command: &str,
    variables: &[(&str, &str)],
    more: Vec<OsString>,
) -> Result<()> {
    eprintln!("==> {name}");
    let mut words = command.split(' ');
    let program = OsString::from(words.next().unwrap_or_default());
    // Not a shell: no argument needs quoting.
    let mut arguments: Vec<OsString> = words.map(OsString::from).collect();
    arguments.extend(more);
    let status = run(environment
        .command(&program, &arguments)
        .envs(variables.iter().copied()))?;
    if status == 0 {
        return Ok(());
    }
    let line = [vec![program], arguments].concat().join(" ".as_ref());
    Err(Failure::with_code(
        format!(
            "step {name} failed: {} (exit {status})",
            line.to_string_lossy()
        ),
        status,
    ))
}
