//! A trace that never breaks, whatever the settings.

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
fn with_pytango_at_one_place_a_trace_is_no_worse_than_with_pytango_alone_and_whole_where_it_emits_all()
-> Result<()> {
    let alone = concat!(env!("CARGO_TARGET_TMPDIR"), "/pytango.list");
    let mixed = concat!(env!("CARGO_TARGET_TMPDIR"), "/mixed.list");
    matrix(&["--peer", "pytango", "--list", alone])?;
    for (place, actor) in ["--client", "--leader", "--follower"]
        .into_iter()
        .enumerate()
    {
        matrix(&[actor, "pytango", "--no-worse-than", alone, "--list", mixed])?;
        let list = fs::read_to_string(mixed)?;
        // PyTango does not heed flags 00.
        let lines = list.lines().filter(|line| !line.contains(" below-00"));
        let emits_all = |line: &&str| line.split(['/', ' ']).nth(place) == Some("all");
        let lines: Vec<_> = lines.filter(emits_all).collect();
        ensure!(lines.len() == 2 * 49, "{lines:?}");
        let bad = lines
            .iter()
            .filter(|line| !line.ends_with(" T1 T2 T3 T4 T5"));
        let bad: Vec<_> = bad.collect();
        ensure!(
            bad.is_empty(),
            "{actor} pytango: only so much holds: {bad:#?}"
        );
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
