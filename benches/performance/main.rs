// SPDX-License-Identifier: MIT OR Apache-2.0
//! What telemetry costs, against the limits that it has to keep. Prints the tables of `docs/performance.md`, which says
//! how each of them is measured; takes some five minutes.
//!
//! With `off`, `spans` or `round-trips` as arguments it measures these only.
//!
//! Both sides of a ratio are measured in this run, by turns. The device servers have CPU 1 for themselves; the client,
//! and the receiver of all spans, are on CPU 0.

mod device;
mod off;
mod round_trips;
mod spans;
mod table;

use std::{env, path::Path, process::ExitCode};

use anyhow::{Result, ensure};
use rustix::thread::{CpuSet, sched_setaffinity};
use testbed::{DeviceServer, Receiver};

/// Where the client and the receiver are, and where the servers.
const CLIENT: usize = 0;
const SERVER: usize = 1;

const DEVICE: &str = "test/performance/1";

fn main() -> Result<ExitCode> {
    if env::var_os(device::ROLE).is_some() {
        return Ok(device::serve());
    }
    // Cargo tells a bench so when it is only to be tested.
    if env::args().any(|argument| argument == "--test") {
        return Ok(ExitCode::SUCCESS);
    }
    ensure!(
        env::var_os("TANGO_TELEMETRY_ENABLE").is_none(),
        "unset TANGO_TELEMETRY_ENABLE: this program is the client without telemetry"
    );
    let wanted: Vec<String> = env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|other| other == part);

    pin(CLIENT)?;
    let mut limits = Vec::new();
    // First, while nothing in this process has ever been on.
    let off = off::measure()?;
    limits.extend(off.rows());
    let receiver = Receiver::start()?;
    if wants("spans") {
        limits.extend(spans::measure(&receiver)?);
    }
    if wants("round-trips") {
        limits.extend(round_trips::measure(&off)?);
    }
    if wants("off") {
        table::print_others(&off::others(&receiver)?);
    }
    table::print_limits(&limits);
    Ok(ExitCode::SUCCESS)
}

/// This thread, and the threads and processes that it starts from now on, run on this CPU only.
fn pin(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    Ok(sched_setaffinity(None, &set)?)
}

/// A server on the CPU of servers.
fn start(executable: &Path, device: &str, environment: &[(&str, String)]) -> Result<DeviceServer> {
    pin(SERVER)?;
    let server = DeviceServer::start(executable, "test", &[device], environment);
    pin(CLIENT)?;
    server
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
