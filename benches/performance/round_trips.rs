// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands and their replies, between processes.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use tango_bindings::loops::time_commands;
use testbed::{Receiver, device::tango_test, process};

use crate::{
    DEVICE, device, median,
    off::Off,
    start,
    table::{Row, rounded},
};

/// Of each server, by turns, each with a new process.
const RUNS: usize = 7;
const CALLS: usize = 3000;
/// So many that the SDKs' queues have been full of spans once.
const CALLS_BEFORE: usize = 2500;

/// Of each PyTango client.
const CLIENT_RUNS: usize = 5;
const CLIENT_CALLS: usize = 2000;

const PROGRAM_TIMEOUT: Duration = Duration::from_secs(60);

pub fn measure(off: &Off) -> Result<Vec<Row>> {
    let [rust, cpp, pytango] = &added_by_emission(&Receiver::start_lazy()?)?;
    let (client_with, client_without) = pytango_clients()?;
    let wrapper = client_with - client_without;
    let beyond = rust.added() - cpp.added();
    Ok(vec![
        Row {
            what: "emission in a round trip: of a Rust device, beyond TangoTest's",
            at_most: 3.0,
            unit: " µs",
            measured: beyond,
            of: format!("({}) - ({})", rust.text(), cpp.text()),
        },
        Row {
            what: "emission in a round trip: of a Rust device / of a PyTango device",
            at_most: 0.12,
            unit: "x",
            measured: rust.added() / pytango.added(),
            of: format!("({}) / ({})", rust.text(), pytango.text()),
        },
        Row {
            what: "a client wrapper that is off / PyTango's",
            at_most: 0.001,
            unit: "x",
            measured: off.call / 1000.0 / wrapper,
            of: format!(
                "{} ns / ({} - {}) µs",
                rounded(off.call),
                rounded(client_with),
                rounded(client_without)
            ),
        },
    ])
}

/// A device server.
struct Subject {
    executable: PathBuf,
    device: &'static str,
    command: &'static str,
    /// With telemetry on.
    spans_a_call: usize,
}

/// Medians, in µs.
struct RoundTrip {
    on: f64,
    off: f64,
}

impl RoundTrip {
    fn added(&self) -> f64 {
        self.on - self.off
    }

    fn text(&self) -> String {
        format!("{:.1} - {:.1}", self.on, self.off)
    }
}

fn added_by_emission(receiver: &Receiver) -> Result<[RoundTrip; 3]> {
    let subject = |executable, device, command, spans_a_call| Subject {
        executable,
        device,
        command,
        spans_a_call,
    };
    let subjects = [
        subject(env::current_exe()?, DEVICE, "Noop", 2),
        subject(tango_test()?, DEVICE, "DevVoid", 1),
        subject(script("pytango_device.py"), DEVICE, "Noop", 2),
    ];
    let mut on = receiver.environment();
    // As by default.
    on.retain(|(name, _)| *name != "OTEL_BSP_SCHEDULE_DELAY");
    on.push(("TANGO_TELEMETRY_TOPICS", "all".to_string()));
    let mut times = [const { [const { Vec::new() }; 2] }; 3];
    for run in 0..RUNS {
        for (subject, times) in subjects.iter().zip(&mut times) {
            for is_on in [run % 2 == 0, run % 2 == 1] {
                let environment = if is_on { on.as_slice() } else { &[] };
                receiver.clear();
                times[usize::from(is_on)].push(subject.measure(environment)?);
                let spans = receiver.spans().len();
                let expected = if is_on {
                    subject.spans_a_call * (CALLS_BEFORE + CALLS)
                } else {
                    0
                };
                ensure!(spans >= expected, "{spans} spans, not {expected}");
            }
        }
    }
    Ok(times.map(|[off, on]| RoundTrip {
        on: median(on),
        off: median(off),
    }))
}

impl Subject {
    /// The median of one run, in µs.
    fn measure(&self, environment: &[(&str, String)]) -> Result<f64> {
        let mut environment = environment.to_vec();
        environment.push((device::ROLE, String::new()));
        let server = start(&self.executable, self.device, &environment)?;
        let url = server.device_url(self.device);
        time_commands(&url, self.command, CALLS_BEFORE)?;
        let times = time_commands(&url, self.command, CALLS)?;
        // It exports what is pending.
        server.terminate()?;
        let times = times.into_iter().map(|time| time.as_secs_f64() * 1e6);
        Ok(median(times.collect()))
    }
}

/// What a call takes a PyTango client that is off, in µs: with its wrapper, and without.
fn pytango_clients() -> Result<(f64, f64)> {
    let server = start(&tango_test()?, DEVICE, &[])?;
    let url = server.device_url(DEVICE);
    let mut times = [const { Vec::new() }; 2];
    for run in 0..CLIENT_RUNS {
        for without in [run % 2 == 1, run % 2 == 0] {
            let mut client = Command::new(script("pytango_client.py"));
            client.args([&url, "DevVoid", &CLIENT_CALLS.to_string()]);
            let variable = ("PYTANGO_DISABLE_TELEMETRY_PATCHING", "on".to_string());
            let environment = if without { vec![variable] } else { Vec::new() };
            process::telemetry_env(&mut client, &environment);
            let client = process::run("pytango_client.py", client, PROGRAM_TIMEOUT)?;
            let median = client.stdout.trim().parse::<f64>();
            times[usize::from(without)].push(median.with_context(|| client.stderr)?);
        }
    }
    let [with, without] = times.map(median);
    Ok((with, without))
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("benches/performance")
        .join(name)
}
