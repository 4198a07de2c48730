// SPDX-License-Identifier: MIT OR Apache-2.0
//! A trace that never breaks, whatever the settings.
#![cfg(tango_runtime_configuration)]

use std::{fs, process::Command, time::Duration};

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
fn with_pytango_at_one_place_a_trace_is_no_worse_than_with_pytango_alone() -> Result<()> {
    let alone = format!("{FOLDER}/pytango.list");
    matrix(&["--peer", "pytango", "--list", &alone])?;
    for (place, actor) in ["--client", "--leader", "--follower"]
        .into_iter()
        .enumerate()
    {
        let list = format!("{FOLDER}/pytango-{place}.list");
        matrix(&[actor, "pytango", "--no-worse-than", &alone, "--list", &list])?;
        check_whole_where_all(place, &list)?;
    }
    Ok(())
}

/// T6
#[test]
fn with_a_plain_cpptango_device_that_emits_all_a_trace_is_whole() -> Result<()> {
    for (place, actor) in [(1, "--leader"), (2, "--follower")] {
        let list = format!("{FOLDER}/cpp-{place}.list");
        matrix(&[actor, "cpp", "--list", &list])?;
        check_whole_where_all(place, &list)?;
    }
    Ok(())
}

const FOLDER: &str = env!("CARGO_TARGET_TMPDIR");

/// Whether, with all topics at this place, all is as it should be in the matrix of which this is the list.
fn check_whole_where_all(place: usize, list: &str) -> Result<()> {
    let list = fs::read_to_string(list)?;
    // Neither PyTango nor cppTango heeds flags 00.
    let lines = list.lines().filter(|line| !line.contains(" below-00"));
    let emits_all = |line: &&str| line.split(['/', ' ']).nth(place) == Some("all");
    let lines: Vec<_> = lines.filter(emits_all).collect();
    ensure!(lines.len() == 2 * 49, "{lines:?}");
    let bad = lines
        .iter()
        .filter(|line| !line.ends_with(" T1 T2 T3 T4 T5"));
    let bad: Vec<_> = bad.collect();
    ensure!(bad.is_empty(), "only so much holds: {bad:#?}");
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
