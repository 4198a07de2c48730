// SPDX-License-Identifier: MIT OR Apache-2.0
//! How often a device method and a client call allocate.

use anyhow::{Context, Result, ensure};
use tango_bindings::DeviceProxy;
use testbed::{DeviceServer, Receiver, device};

const DEVICE: &str = "test/allocations/1";

/// What one round of each allocates, on its thread: of Rust, and of C++.
fn counts(environment: &[(&str, String)], what: &[&str]) -> Result<Vec<[i32; 2]>> {
    let executable = device::example("allocations")?;
    let server = DeviceServer::start(&executable, "test", &[DEVICE], environment)?;
    let device = DeviceProxy::new(&server.device_url(DEVICE))?;
    let count = |what: &&str| {
        let said: Vec<String> = device.command_inout("Count", what.to_string())?;
        let [rust, cpp] = said.as_slice() else {
            return Err(anyhow::anyhow!("{said:?}"));
        };
        println!("{what}: {rust} of Rust, {cpp} of C++");
        Ok([rust.parse()?, cpp.parse()?])
    };
    what.iter().map(count).collect()
}

#[test]
fn nothing_is_allocated_where_telemetry_is_off() -> Result<()> {
    let counts = counts(&[], &["in_span", "client::call"])?;
    assert_eq!(counts, [[0, 0]; 2]);
    Ok(())
}

#[test]
#[cfg_attr(
    not(tango_runtime_configuration),
    ignore = "other numbers before cppTango 10.3"
)]
fn spans_do_not_allocate_more_than_they_used_to() -> Result<()> {
    let receiver = Receiver::start()?;
    let limits = [
        ("in_span", [10, 7]),
        ("client::call", [6, 7]),
        ("get_trace_context", [0, 0]),
        ("attach", [1, 7]),
    ];
    let subjects = limits.map(|(what, _)| what);
    let counts = counts(
        &receiver.environment(),
        &[&subjects[..], &["kernel span"]].concat(),
    )?;
    for ((what, limit), count) in limits.iter().zip(&counts) {
        ensure!(
            count[0] <= limit[0] && count[1] <= limit[1],
            "{what}: {count:?}, and {limit:?} are allowed"
        );
    }
    // C++'s are counted.
    let kernel_span = counts.last().context("one count of each")?;
    ensure!(kernel_span[1] > 0, "{kernel_span:?}");
    Ok(())
}
