//! What users get wrong: one line that says so, and an exit code or an error value.

mod common;

use std::{net::TcpListener, process::Command};

use anyhow::{Context, Result};
use common::{EXPORT, PROBE};
use tango_bindings::{DevFailed, DeviceProxy};
use testbed::{
    device,
    process::{self, Finished},
};

fn run(example: &str, arguments: &[&str]) -> Result<Finished> {
    let mut command = Command::new(device::example(example)?);
    process::telemetry_env(&mut command, &[]).args(arguments);
    process::run(example, command, EXPORT)
}

#[test]
fn wrong_arguments_are_one_line_and_exit_code_2() -> Result<()> {
    for (example, arguments, word) in [
        ("leader", &[][..], "instance name"),
        ("leader", &["-nodb"], "instance name"),
        (
            "follower",
            &["test", "-nodb", "-dlist", "a/b/c"],
            "-ORBendPoint",
        ),
        (
            "follower",
            &["test", "-nodb", "-dlist", "nonsense"],
            "nonsense",
        ),
        ("client", &[], "one argument"),
        ("demo", &["bogus"], "bogus"),
    ] {
        let finished = run(example, arguments)?;
        assert_eq!(finished.status.code(), Some(2), "{example} {arguments:?}");
        let lines: Vec<&str> = finished.stderr.lines().collect();
        assert!(
            lines.len() == 1 && lines[0].starts_with(example) && lines[0].contains(word),
            "{example} {arguments:?}: {lines:?}"
        );
        assert_eq!(finished.stdout, "");
    }
    Ok(())
}

#[test]
fn a_port_in_use_is_named() -> Result<()> {
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let point = format!("giop:tcp:{}", taken.local_addr()?);
    let arguments = ["test", "-nodb", "-dlist", PROBE, "-ORBendPoint", &point];
    let finished = run("probe", &arguments)?;
    assert_eq!(finished.status.code(), Some(2));
    let line = finished.stderr.lines().last().unwrap_or_default();
    assert!(
        line.starts_with("probe: ") && line.contains(&point),
        "{line}"
    );
    Ok(())
}

#[test]
fn a_device_that_cannot_be_reached_is_an_error_value() -> Result<()> {
    let port = device::free_port()?;
    let url = format!("tango://127.0.0.1:{port}/{PROBE}#dbase=no");
    let failed = |done: Result<(), DevFailed>| done.err().context("no error");
    let device = DeviceProxy::new(&url)?;
    for failed in [
        failed(device.ping())?,
        failed(device.command_inout("Context", ()))?,
        failed(device.write_attribute("value", 1.0))?,
        failed(DeviceProxy::new("no device name").map(|_| ()))?,
    ] {
        let cause = failed.cause();
        assert!(cause.reason.starts_with("API_"), "{failed:?}");
        assert!(
            !cause.desc.is_empty() && !cause.origin.is_empty(),
            "{failed:?}"
        );
    }
    Ok(())
}
