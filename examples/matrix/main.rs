// SPDX-License-Identifier: MIT OR Apache-2.0
//! The continuity matrix: a client calls a Leader, which calls a Follower, in each mix of telemetry configurations of
//! the three. Tells for how many of the mixes the trace is whole, and what is wrong with the others.
//!
//! The devices are reconfigured while they run, there is a client for each configuration, and all are real processes,
//! in Rust or PyTango. Exits with 1 where all are Rust and a mix fails. `cargo xtask matrix` builds and runs it.

mod options;
mod report;
mod setting;
mod system;
mod verdict;

use std::{env, fs, process::ExitCode, time::Instant};

use anyhow::{Context, Result, ensure};
use testbed::process;

use crate::{
    options::{ALLOWED, Options},
    report::{Judged, Outcome, Report},
    setting::{Configuration, Program, Setting},
    system::System,
    verdict::{Outer, judge},
};

fn main() -> ExitCode {
    let options = match Options::parse(env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("matrix: {error:#}; {ALLOWED}");
            return ExitCode::from(2);
        }
    };
    match process::end_children_on_signal().and_then(|()| matrix(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("matrix: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn matrix(options: &Options) -> Result<()> {
    ensure!(
        env::var_os("TANGO_TELEMETRY_ENABLE").is_none(),
        "unset TANGO_TELEMETRY_ENABLE: the matrix reconfigures the devices, without telemetry of its own"
    );
    let clients = clients(options.programs[0]);
    let mut settings = Setting::each(&clients, options.sample);
    if let Some(pattern) = &options.only {
        settings.retain(|setting| setting.is_like(pattern));
        ensure!(!settings.is_empty(), "no combination is {pattern:?}");
    }
    println!("{}: {} combinations", options.title(), settings.len());
    let start = Instant::now();
    let report = run(options, &clients, &settings)?;
    report.print(options.verbose);
    println!("\nIn {:.1} s.", start.elapsed().as_secs_f64());

    if let Some(file) = &options.list {
        let written = fs::write(file, report.list());
        written.with_context(|| format!("cannot write {}", file.display()))?;
    }
    if let Some(file) = &options.no_worse_than {
        let list = fs::read_to_string(file);
        let list = list.with_context(|| format!("cannot read {}", file.display()))?;
        let worse = report.worse_than(&list);
        ensure!(
            worse.is_empty(),
            "worse than {}: {}",
            file.display(),
            worse.join(", ")
        );
    }
    let all_rust = options.programs == [Program::Rust; 3];
    ensure!(!all_rust || report.is_good(), "not all traces are whole");
    Ok(())
}

/// The configurations that such a client can have.
fn clients(program: Program) -> Vec<Configuration> {
    let mut clients = Configuration::EACH.to_vec();
    if program == Program::PyTango {
        println!("A PyTango client always has an endpoint: no client is in no_endpoints.");
        clients.retain(|configuration| *configuration != Configuration::NoEndpoints);
    }
    clients
}

/// The calls of each setting, by name, and whether they are made in an outer span that is sampled, or not sampled.
const CALLS: [(&str, Option<bool>); 3] = [
    ("alone", None),
    ("below-01", Some(true)),
    ("below-00", Some(false)),
];

fn run(options: &Options, clients: &[Configuration], settings: &[Setting]) -> Result<Report> {
    let mut system = System::start(options.programs, clients)?;
    let mut devices = None;
    for (number, setting) in settings.iter().enumerate() {
        let Setting([client, leader, follower]) = *setting;
        if devices.replace((leader, follower)) != Some((leader, follower)) {
            system
                .switch(setting)
                .with_context(|| setting.to_string())?;
        }
        for (n, (_, sampled)) in CALLS.into_iter().enumerate() {
            let outer = sampled.map(|sampled| Outer {
                trace_id: format!("{:032x}", (number + 1) * 0x100 + n),
                span_id: format!("{:016x}", number + 1),
                sampled,
            });
            system
                .call(client, outer)
                .with_context(|| setting.to_string())?;
        }
    }
    let (calls, others) = system.stop()?;
    let mut calls = calls.into_iter();
    let outcomes = settings.iter().map(|setting| {
        let calls = calls.by_ref().take(CALLS.len()).map(|call| Judged {
            faults: judge(setting, options.programs, &call),
            call,
        });
        Outcome {
            setting: *setting,
            calls: calls.collect(),
        }
    });
    Ok(Report {
        outcomes: outcomes.collect(),
        others,
    })
}
