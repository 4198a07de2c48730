//! Two device servers under the same load, while an operator reconfigures their telemetry as fast as they answer: a Rust
//! one that embeds this crate, and TangoTest, which is plain cppTango. Prints what became of each.
//!
//! Exits with 1 where the Rust server died, a call of it failed, or something of it was left over; that plain cppTango dies
//! is known. `cargo xtask soak` builds and runs it.

mod load;

use std::{
    env,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use testbed::{device, process};

use load::{Outcome, Subject};

fn main() -> ExitCode {
    let seconds = match seconds(env::args().skip(1)) {
        Ok(seconds) => seconds,
        Err(error) => {
            eprintln!("soak: {error:#}; allowed is --seconds N");
            return ExitCode::from(2);
        }
    };
    match process::end_children_on_signal().and_then(|()| soak(Duration::from_secs(seconds))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn seconds(mut arguments: impl Iterator<Item = String>) -> Result<u64> {
    let seconds = match arguments.next().as_deref() {
        None => 60,
        Some("--seconds") => {
            let value = arguments.next().context("--seconds needs a number")?;
            let seconds = value.parse().ok().filter(|seconds| *seconds > 0);
            seconds.with_context(|| format!("no number of seconds: {value:?}"))?
        }
        Some(other) => bail!("unexpected argument {other:?}"),
    };
    match arguments.next() {
        Some(other) => bail!("unexpected argument {other:?}"),
        None => Ok(seconds),
    }
}

fn soak(duration: Duration) -> Result<()> {
    // Its clients are to cost the same with both servers.
    ensure!(
        env::var_os("TANGO_TELEMETRY_ENABLE").is_none(),
        "unset TANGO_TELEMETRY_ENABLE: the soak's own telemetry must be off"
    );
    let stock = Subject {
        title: "plain cppTango (TangoTest)",
        executable: device::tango_test()?,
        command: |device| device.command_inout("DevVoid", ()),
        attribute: "double_scalar",
        providers: |_| Ok(None),
    };
    let ours = Subject {
        title: "Rust server (probe)",
        executable: device::example("probe")?,
        command: |device| device.command_inout::<_, i32>("Providers", ()).map(|_| ()),
        attribute: "value",
        providers: |device| device.command_inout("Providers", ()).map(Some),
    };
    // One after the other: they would else fight for the processor.
    let [ours, stock] = [ours, stock].map(|subject| {
        println!("{}, up to {} s", subject.title, duration.as_secs());
        let start = Instant::now();
        let outcome = load::run(&subject, duration);
        println!("   {:.1} s", start.elapsed().as_secs_f64());
        outcome.map(|outcome| (subject.title, outcome))
    });
    let (ours, stock) = (ours?, stock?);
    print_table(&ours, &stock);
    let wrong = ours.1.wrong();
    ensure!(
        wrong.is_empty(),
        "of the Rust server:\n{}",
        wrong.join("\n")
    );
    println!("\nThe Rust server has survived; no call failed, nothing is left over.");
    Ok(())
}

type Row = (&'static str, fn(&Outcome) -> String);

const ROWS: &[Row] = &[
    ("", |outcome| match &outcome.died {
        None => "survived".to_string(),
        Some((after, status)) => {
            format!("died after {:.1} s", after.as_secs_f64()) + &signal(status)
        }
    }),
    ("calls", |outcome| outcome.calls.to_string()),
    ("calls that failed", |outcome| {
        outcome.failed.len().to_string()
    }),
    ("longest call", |outcome| millis(outcome.longest_call)),
    ("admin commands", |outcome| outcome.admin.len().to_string()),
    ("  median", |outcome| millis(outcome.admin_median())),
    ("  longest", |outcome| millis(outcome.admin_longest())),
    ("tracer providers built (Rust)", |outcome| {
        outcome
            .providers
            .map_or("-".to_string(), |count| count.to_string())
    }),
    ("spans received", |outcome| outcome.spans.to_string()),
    ("C++ spans dropped, queue full", |outcome| {
        outcome.dropped.to_string()
    }),
    ("threads, before / most / after", |outcome| {
        outcome.usage(|usage| usage.threads)
    }),
    ("descriptors", |outcome| outcome.usage(|usage| usage.fds)),
    ("resident memory, kB", |outcome| {
        outcome.usage(|usage| usage.resident)
    }),
];

fn print_table(ours: &(&str, Outcome), stock: &(&str, Outcome)) {
    println!("\n{:30}  {:30}  {}", "", ours.0, stock.0);
    for (name, cell) in ROWS {
        println!("{name:30}  {:30}  {}", cell(&ours.1), cell(&stock.1));
    }
}

fn signal(status: &std::process::ExitStatus) -> String {
    format!(", {status}")
}

fn millis(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}
