// SPDX-License-Identifier: MIT OR Apache-2.0
//! What each of the 17 admin commands takes, on a Rust, a C++ and a PyTango device, with a collector that answers and
//! with one that is silent. Prints the tables of `docs/reconfiguration.md`; takes some ten minutes.
//!
//! Not criterion's: a command that waits for a dead collector takes its 10 to 20 s, and is measured once.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tango_bindings::{DevFailed, DeviceProxy};
use testbed::{DeadCollector, DeviceServer, Failure, Receiver, device};

const DEVICE: &str = "test/commands/1";

/// So often with a collector that answers; the median counts.
const REPETITIONS: usize = 15;

/// A command of the admin device.
#[derive(Clone, Copy)]
enum Command<'a> {
    /// About the device alone.
    Do(&'a str),
    /// With more words.
    Set(&'a str, &'a [&'a str]),
    /// On or off.
    Switch(&'a str, bool),
    /// Answers with words.
    Get(&'a str),
    /// Answers with a flag.
    IsOn(&'a str),
}

impl Command<'_> {
    fn name(&self) -> String {
        match self {
            Self::Switch(name, on) => format!("{name} {}", i32::from(*on)),
            Self::Do(name) | Self::Set(name, _) | Self::Get(name) | Self::IsOn(name) => {
                name.to_string()
            }
        }
    }

    fn run(&self, admin: &DeviceProxy) -> Result<(), DevFailed> {
        type Flags = (Vec<i32>, Vec<String>);
        let device = || vec![DEVICE.to_string()];
        match *self {
            Self::Do(name) => admin.command_inout(name, device()),
            Self::Set(name, words) => {
                let words = words.iter().map(ToString::to_string);
                let words: Vec<String> = device().into_iter().chain(words).collect();
                admin.command_inout(name, words)
            }
            Self::Switch(name, on) => admin.command_inout(name, (vec![i32::from(on)], device())),
            Self::Get(name) => admin
                .command_inout::<_, Vec<String>>(name, device())
                .map(drop),
            Self::IsOn(name) => admin.command_inout::<_, Flags>(name, device()).map(drop),
        }
    }
}

/// Each command, after one that brings the device into the state in which it finds something to do. The device exports
/// to
/// `traces` and `logs`.
fn commands<'a>(
    traces: &'a [&'a str; 3],
    logs: &'a [&'a str; 3],
) -> Vec<(Option<Command<'a>>, Command<'a>)> {
    use Command::{Do, Get, IsOn, Set, Switch};
    const OTHER: [&str; 3] = ["1", "console", "cerr"];
    let traces_go = Some(Set("SetTelemetryTracingEndpoints", traces));
    let logs_go = Some(Set("SetTelemetryLoggingEndpoints", logs));
    vec![
        (None, Do("StopTelemetry")),
        (None, Do("StartTelemetry")),
        (None, IsOn("IsTelemetryEnabled")),
        (
            Some(Set("SetTelemetryTopics", &["1", "all"])),
            Set("SetTelemetryTopics", &["2", "all", "user"]),
        ),
        (None, Get("GetTelemetryTopics")),
        (None, Switch("SetTelemetryTracing", false)),
        (None, Switch("SetTelemetryTracing", true)),
        (None, IsOn("GetTelemetryTracing")),
        (traces_go, Set("SetTelemetryTracingEndpoints", &OTHER)),
        (traces_go, Set("AddTelemetryTracingEndpoints", &OTHER[1..])),
        (
            traces_go,
            Set("RemoveTelemetryTracingEndpoints", &traces[1..]),
        ),
        (traces_go, Get("GetTelemetryTracingEndpoints")),
        (None, Switch("SetTelemetryLogging", false)),
        (None, Switch("SetTelemetryLogging", true)),
        (None, IsOn("GetTelemetryLogging")),
        (logs_go, Set("SetTelemetryLoggingEndpoints", &OTHER)),
        (logs_go, Set("AddTelemetryLoggingEndpoints", &OTHER[1..])),
        (logs_go, Set("RemoveTelemetryLoggingEndpoints", &logs[1..])),
        (logs_go, Get("GetTelemetryLoggingEndpoints")),
    ]
}

/// A device server, and what makes spans and logs of its device pending.
struct Subject {
    executable: PathBuf,
    use_it: fn(&DeviceProxy) -> Result<(), DevFailed>,
}

impl Subject {
    fn rust() -> Result<Self> {
        Ok(Self {
            executable: device::example("probe")?,
            use_it: |device| device.command_inout("Warn", "pending".to_string()),
        })
    }

    fn cpp() -> Result<Self> {
        Ok(Self {
            executable: device::tango_test()?,
            use_it: |device| device.command_inout("DevVoid", ()),
        })
    }

    fn pytango() -> Result<Self> {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        Ok(Self {
            executable: fixtures.join("pytango_device.py"),
            use_it: |device| device.command_inout("Context", ()),
        })
    }

    /// The median time of each command.
    fn measure(
        &self,
        traces: &str,
        logs: &str,
        repetitions: usize,
    ) -> Result<Vec<(String, Duration)>> {
        let environment = [
            ("TANGO_TELEMETRY_ENABLE", "on"),
            ("TANGO_TELEMETRY_TRACING_EXPORTERS", "http"),
            ("TANGO_TELEMETRY_TRACING_ENDPOINTS", traces),
            ("TANGO_TELEMETRY_LOGGING_EXPORTERS", "http"),
            ("TANGO_TELEMETRY_LOGGING_ENDPOINTS", logs),
        ]
        .map(|(name, value)| (name, value.to_string()));
        let server = DeviceServer::start(&self.executable, "test", &[DEVICE], &environment)?;
        let device = DeviceProxy::new(&server.device_url(DEVICE))?;
        let admin = DeviceProxy::new(&server.admin_url())?;
        for proxy in [&device, &admin] {
            proxy.set_timeout_millis(120_000)?;
        }
        // The C++ device logs at level DEBUG only.
        let debug = (vec![5], vec![DEVICE.to_string()]);
        admin.command_inout::<(Vec<i32>, Vec<String>), ()>("SetLoggingLevel", debug)?;

        let (traces, logs) = (["1", "http", traces], ["1", "http", logs]);
        let commands = commands(&traces, &logs);
        let mut times = vec![Vec::new(); commands.len()];
        for _ in 0..repetitions {
            for ((before, command), times) in commands.iter().zip(&mut times) {
                if let Some(before) = before {
                    before.run(&admin).with_context(|| before.name())?;
                }
                for _ in 0..5 {
                    (self.use_it)(&device)?;
                }
                let begun = Instant::now();
                command.run(&admin).with_context(|| command.name())?;
                times.push(begun.elapsed());
            }
        }
        let names = commands.iter().map(|(_, command)| command.name());
        let medians = times.into_iter().map(|mut times| {
            times.sort();
            times[times.len() / 2]
        });
        Ok(names.zip(medians).collect())
    }
}

fn main() -> Result<()> {
    // Cargo tells a bench so when it is only to be tested.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let live = Receiver::start()?;
    let dead = DeadCollector::start(Failure::Silent)?;
    let subjects = [Subject::rust()?, Subject::cpp()?, Subject::pytango()?];
    for (title, traces, logs, repetitions) in [
        (
            "The collector answers",
            live.http_endpoint(),
            live.http_logs_endpoint(),
            REPETITIONS,
        ),
        (
            "The collector is silent",
            dead.http_endpoint(),
            dead.http_logs_endpoint(),
            1,
        ),
    ] {
        println!("\n{title}, ms:\n\n| command | Rust | C++ | PyTango |\n|---|---|---|---|");
        let columns = subjects
            .iter()
            .map(|subject| subject.measure(&traces, &logs, repetitions))
            .collect::<Result<Vec<_>>>()?;
        for ((rust, cpp), pytango) in columns[0].iter().zip(&columns[1]).zip(&columns[2]) {
            let ms = |time: &Duration| format!("{:.1}", time.as_secs_f64() * 1000.0);
            let times = [&rust.1, &cpp.1, &pytango.1].map(ms).join(" | ");
            println!("| {} | {times} |", rust.0);
        }
    }
    Ok(())
}
