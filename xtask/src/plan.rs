// SPDX-License-Identifier: MIT OR Apache-2.0
//! What `test` runs, with each cppTango and without any.

use std::path::Path;
use std::time::Instant;

use crate::args::{Task, Versions};
use crate::environment::Environment;
use crate::features;
use crate::process::{Failure, Result};
use crate::recipe::RECIPES;
use crate::steps::{STRICT, step};

struct Step {
    cpptango: &'static str,
    /// Whether it costs too much for each change: only with `--cpptango`.
    is_long: bool,
    name: &'static str,
    work: Work,
}

enum Work {
    Command(&'static str),
    /// Clippy with each feature and each two of them, those with the feature `telemetry` or those without.
    FeaturePairs {
        telemetry: bool,
    },
}

use Work::{Command, FeaturePairs};

const fn step_of(cpptango: &'static str, name: &'static str, work: Work) -> Step {
    Step {
        cpptango,
        is_long: false,
        name,
        work,
    }
}

const fn long(cpptango: &'static str, name: &'static str, work: Work) -> Step {
    Step {
        is_long: true,
        ..step_of(cpptango, name, work)
    }
}

/// In the order in which they run: those that fail soon come first.
const STEPS: [Step; 22] = [
    step_of("10.3", "fmt", Command("cargo fmt --all --check")),
    step_of(
        "none",
        "clippy of features in pairs",
        FeaturePairs { telemetry: false },
    ),
    step_of(
        "none",
        "test without features",
        Command("cargo test --locked -p cpptango-telemetry-consumer --no-default-features"),
    ),
    step_of(
        "none",
        "test without telemetry",
        Command(concat!(
            "cargo test --locked -p cpptango-telemetry-consumer --no-default-features ",
            "--features sdk,tracing"
        )),
    ),
    step_of(
        "none",
        "rustdoc without features",
        Command("cargo doc --locked -p cpptango-telemetry --no-deps --no-default-features"),
    ),
    step_of(
        "none",
        // cxx, and with it `telemetry`, needs a C++ compiler even there.
        "rustdoc as on docs.rs",
        Command(concat!(
            "env DOCS_RS=1 cargo doc --locked -p cpptango-telemetry --no-deps --no-default-features ",
            "--features sdk,otlp-http,otlp-grpc,tls,tracing"
        )),
    ),
    step_of(
        "9.3",
        "test of the consumer",
        Command("cargo test --locked -p cpptango-telemetry-consumer"),
    ),
    step_of(
        "9.3",
        "test downstream",
        Command("cargo test --locked -p cpptango-telemetry-downstream"),
    ),
    step_of(
        "10.0",
        "test of the consumer",
        Command("cargo test --locked -p cpptango-telemetry-consumer"),
    ),
    step_of(
        "10.0",
        "test downstream",
        Command("cargo test --locked -p cpptango-telemetry-downstream"),
    ),
    step_of(
        "10.0",
        // The tests' device servers.
        "build",
        Command("cargo build --locked --examples"),
    ),
    step_of(
        "10.0",
        "test of what is its own",
        Command("cargo test --locked --lib --test cpptango_10_0"),
    ),
    step_of(
        "10.3",
        "clippy",
        Command("cargo clippy --locked --workspace --all-targets --all-features -- -D warnings"),
    ),
    step_of(
        "10.3",
        "rustdoc",
        Command("cargo doc --locked --workspace --no-deps --all-features"),
    ),
    step_of(
        "10.3",
        // After rustdoc, whose work it takes.
        "test of the consumer",
        Command("env ALL_DOCUMENTED=1 cargo test --locked -p cpptango-telemetry-consumer"),
    ),
    step_of(
        "10.3",
        "test without sdk",
        Command(
            "cargo test --locked -p cpptango-telemetry-consumer --no-default-features --features telemetry",
        ),
    ),
    step_of(
        "10.3",
        "test",
        Command("cargo test --locked --workspace --exclude cpptango-telemetry-consumer"),
    ),
    long(
        "10.0",
        "clippy",
        Command("cargo clippy --locked --workspace --all-targets -- -D warnings"),
    ),
    long(
        "10.0",
        "test",
        // The testbed's own tests ask TangoTest, which is not there.
        Command(concat!(
            "cargo test --locked --workspace --exclude cpptango-telemetry-consumer --exclude testbed ",
            "--exclude xtask"
        )),
    ),
    long(
        "10.3",
        "test without otlp-http",
        Command(
            "cargo test --locked -p cpptango-telemetry-consumer --no-default-features --features telemetry,otlp-grpc",
        ),
    ),
    long(
        "10.3",
        "test with tls, without otlp-grpc",
        Command(
            "cargo test --locked -p cpptango-telemetry-consumer --no-default-features --features telemetry,otlp-http,tls",
        ),
    ),
    long(
        "10.3",
        "clippy of features in pairs",
        FeaturePairs { telemetry: true },
    ),
];

pub fn test(versions: Versions, checkout: &Path) -> Result<()> {
    let mut environments = RECIPES.each_ref().map(|_| None);
    let steps = STEPS.iter().filter(|step| {
        versions.include(step.cpptango) && (!step.is_long || versions != Versions::Default)
    });
    for Step {
        cpptango,
        name,
        work,
        ..
    } in steps
    {
        let Some(index) = RECIPES.iter().position(|one| one.cpptango == *cpptango) else {
            return Err(Failure::new(format!("no cppTango {cpptango} for {name}")));
        };
        let recipe = &RECIPES[index];
        let environment = match &mut environments[index] {
            Some(environment) => environment,
            new => {
                let environment = Environment::prepare(recipe, Task::Test, checkout)?;
                eprintln!("==> {}: {}", recipe.describe(), environment.describe());
                new.insert(environment)
            }
        };
        let name = format!("{name} ({})", recipe.describe());
        let start = Instant::now();
        match work {
            Command(command) => step(environment, &name, command, &STRICT, vec![])?,
            FeaturePairs { telemetry } => {
                for features in features::pairs(checkout, *telemetry)? {
                    let name = format!("{name}: {features}");
                    let command = format!(
                        "cargo clippy --locked --quiet -p cpptango-telemetry --no-default-features --features {features} \
                         -- -D warnings"
                    );
                    step(environment, &name, &command, &STRICT, vec![])?;
                }
            }
        }
        eprintln!("==> {name}: {} s", start.elapsed().as_secs());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe;

    #[test]
    fn each_cpptango_is_tested_on_each_change() {
        for recipe in &RECIPES {
            let mut steps = STEPS.iter().filter(|step| !step.is_long);
            assert!(
                steps.any(|step| step.cpptango == recipe.cpptango),
                "{}",
                recipe.cpptango
            );
        }
        for step in &STEPS {
            assert!(recipe::find(step.cpptango).is_some(), "{}", step.name);
        }
    }
}
