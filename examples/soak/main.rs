// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two device servers under the same load, while an operator reconfigures their telemetry as fast as they answer: a
//! Rust one that embeds this crate, and TangoTest, which is plain cppTango. Prints what became of each.
//!
//! Exits with 1 where the Rust server died, a call of it failed, or something of it was left over; that plain cppTango
//! dies is known. `cargo xtask soak` builds and runs it.

mod load;
mod outcome;
mod subject;

use std::{env, process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use testbed::{device, process};

use subject::Subject;

fn main() -> ExitCode {
    let duration = match duration(env::args().skip(1)) {
        Ok(duration) => duration,
        Err(error) => {
            eprintln!("soak: {error:#}; allowed is --seconds N");
            return ExitCode::from(2);
        }
    };
    match process::end_children_on_signal().and_then(|()| soak(duration)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn duration(mut arguments: impl Iterator<Item = String>) -> Result<Duration> {
    let mut duration = Duration::from_secs(60);
    while let Some(argument) = arguments.next() {
        if argument != "--seconds" {
            bail!("unexpected argument {argument:?}");
        }
        let value = arguments.next().context("--seconds needs a number")?;
        let seconds = value.parse().ok().filter(|seconds| *seconds > 0);
        let seconds = seconds.with_context(|| format!("no number of seconds: {value:?}"))?;
        duration = Duration::from_secs(seconds);
    }
    Ok(duration)
}

fn soak(duration: Duration) -> Result<()> {
    // Its clients are to cost the same with both servers.
    ensure!(
        env::var_os("TANGO_TELEMETRY_ENABLE").is_none(),
        "unset TANGO_TELEMETRY_ENABLE: the soak's own telemetry must be off"
    );
    let ours = Subject {
        title: "Rust server (probe)",
        executable: device::example("probe")?,
        command: |device| device.command_inout::<_, i32>("Providers", ()).map(|_| ()),
        attribute: "value",
        providers: |device| device.command_inout("Providers", ()).map(Some),
    };
    let stock = Subject {
        title: "plain cppTango (TangoTest)",
        executable: device::tango_test()?,
        command: |device| device.command_inout("DevVoid", ()),
        attribute: "double_scalar",
        providers: |_| Ok(None),
    };
    // One after the other: they would fight for the processor, and the one that dies would leave it to the other.
    let ours = ours.soak(duration)?;
    // Whatever becomes of this one is no failure.
    let stock = stock
        .soak(duration)
        .inspect_err(|error| eprintln!("soak: plain cppTango: {error:#}"));
    outcome::print_table([Some(&ours), stock.as_ref().ok()]);
    let wrong = ours.wrong();
    ensure!(wrong.is_empty(), "the Rust server:\n{}", wrong.join("\n"));
    println!("\nThe Rust server has survived; no call failed, nothing is left over.");
    Ok(())
}
