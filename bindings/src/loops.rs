// SPDX-License-Identifier: MIT OR Apache-2.0
//! C++ loops for benches.

use std::time::Duration;

use crate::{bridge::ffi, error::DevFailed};

pub use ffi::Loop;

/// The time of one of so many rounds of a C++ loop, in ns.
pub fn time_loop(what: Loop, rounds: usize) -> f64 {
    ffi::time_loop(what, rounds) / rounds as f64
}

/// The time of each of so many calls of a command without argument: by cppTango's own proxy, and no wrapper around it.
pub fn time_commands(
    device: &str,
    command: &str,
    calls: usize,
) -> Result<Vec<Duration>, DevFailed> {
    let mut times = Vec::with_capacity(calls);
    ffi::time_commands(device, command, calls, &mut times).into_result()?;
    let times = times.into_iter();
    Ok(times.map(|ns| Duration::from_secs_f64(ns / 1e9)).collect())
}
