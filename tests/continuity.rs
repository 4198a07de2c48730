//! A trace that never breaks, whatever the settings.

use std::{process::Command, time::Duration};

use anyhow::{Result, ensure};
use testbed::{device, process};

// Their unit tests run here.
#[path = "../examples/matrix/setting.rs"]
mod setting;
#[path = "../examples/matrix/verdict.rs"]
mod verdict;

/// T1 T2 T3 T4 T5
#[test]
fn the_trace_is_whole_in_each_mix_of_configurations() -> Result<()> {
    matrix(&[])
}

/// T6
#[test]
fn with_pytango_at_one_place_no_trace_is_worse_than_with_pytango_at_all() -> Result<()> {
    let list = concat!(env!("CARGO_TARGET_TMPDIR"), "/pytango.list");
    matrix(&["--peer", "pytango", "--list", list])?;
    for place in ["--client", "--leader", "--follower"] {
        matrix(&[place, "pytango", "--no-worse-than", list])?;
    }
    Ok(())
}

fn matrix(arguments: &[&str]) -> Result<()> {
    let mut matrix = Command::new(device::example("matrix")?);
    matrix.args(arguments);
    process::telemetry_env(&mut matrix, &[]);
    let matrix = process::run("matrix", matrix, Duration::from_secs(120))?;
    println!("{}", matrix.stdout);
    ensure!(matrix.status.success(), "{arguments:?}: {}", matrix.stderr);
    Ok(())
}
