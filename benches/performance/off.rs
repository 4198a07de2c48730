// SPDX-License-Identifier: MIT OR Apache-2.0
//! The loops in this process, where telemetry is off: what is added to calling the closure.

use std::{convert::Infallible, env, fs, hint::black_box, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use cpptango_telemetry::{
    Configuration, DeviceTelemetry, Endpoint, Exporter, Operation, client, opentelemetry::Context,
};
use criterion::Criterion;
use testbed::Receiver;

use crate::table::{Row, rounded};

/// In ns.
pub struct Off {
    closure: f64,
    in_span: f64,
    pub call: f64,
}

impl Off {
    pub fn rows(&self) -> Vec<Row> {
        let row = |what, added| Row {
            what,
            at_most: 10.0,
            unit: " ns",
            measured: added,
            of: format!(
                "{} - {} ns",
                rounded(self.closure + added),
                rounded(self.closure)
            ),
        };
        vec![
            row("`in_span`, off, over its closure", self.in_span),
            row("`client::call`, off, over its closure", self.call),
        ]
    }
}

fn closure() -> Result<i32, Infallible> {
    Ok(black_box(1))
}

fn in_span(device: &DeviceTelemetry) -> Result<i32, Infallible> {
    device.in_span(Operation::command("Go"), closure)
}

fn call() -> Result<i32, Infallible> {
    let call = Operation::client("DeviceProxy.command_inout");
    client::call(call.target("test/performance/2").argument("Go"), closure)
}

pub fn measure() -> Result<Off> {
    let device = DeviceTelemetry::new("Performance", "test/performance/off");
    let mut loops = Loops::new()?;
    let closure = loops.measure("closure", closure)?;
    Ok(Off {
        closure,
        in_span: loops.measure("in_span off", || in_span(&device))? - closure,
        call: loops.measure("client call off", call)? - closure,
    })
}

/// What has no limit: who is off beside others that are not, and the mode between off and emitting.
pub fn others(receiver: &Receiver) -> Result<Vec<(String, f64)>> {
    let mut propagating = Configuration::default();
    propagating.enabled = true;
    let mut emitting = propagating.clone();
    emitting.tracing_enabled = true;
    emitting.topics = vec!["user".to_string()];
    emitting.tracing_endpoints = vec![Endpoint::new(Exporter::Http, &receiver.http_endpoint())];

    let off = DeviceTelemetry::new("Performance", "test/performance/off");
    let other = DeviceTelemetry::new("Performance", "test/performance/other");
    other.reconfigure(emitting.clone())?;
    let mut loops = Loops::new()?;
    let closure = loops.measure("closure again", closure)?;
    let mut found = Vec::new();
    let mut add = |what: &str, time: f64| found.push((what.to_string(), time - closure));

    let time = loops.measure("in_span off beside a device", || in_span(&off))?;
    add("`in_span`, off, another device emits", time);
    let method = other.span(Operation::command("Go"));
    let within = Context::current();
    method.end();
    {
        let _within = within.attach();
        let time = loops.measure("in_span off within a device", || in_span(&off))?;
        add("`in_span`, off, called by a device that emits", time);
    }
    let as_it_was = client::configuration();
    client::reconfigure(emitting)?;
    let time = loops.measure("in_span off beside the client", || in_span(&off))?;
    add("`in_span`, off, the client emits", time);
    let method = off.span(Operation::command("Go"));
    let time = loops.measure("client call off in a device", call)?;
    add(
        "`client::call` of a device that is off, the client emits",
        time,
    );
    method.end();
    client::reconfigure(as_it_was)?;
    let time = loops.measure("client call off again", call)?;
    add("`client::call`, off again", time);

    off.reconfigure(propagating)?;
    let time = loops.measure("in_span propagate only", || in_span(&off))?;
    add("`in_span`, propagates only", time);
    let method = off.span(Operation::command("Go"));
    let time = loops.measure("client call propagate only", call)?;
    add("`client::call`, propagates only", time);
    method.end();
    Ok(found)
}

/// criterion, and where it tells what it has found.
struct Loops {
    criterion: Criterion,
    results: PathBuf,
}

impl Loops {
    fn new() -> Result<Self> {
        // target/release/deps/PROGRAM
        let program = env::current_exe()?;
        let target = program.ancestors().nth(3).context("no target folder")?;
        let results = target.join("criterion");
        let criterion = Criterion::default()
            .output_directory(&results)
            .warm_up_time(Duration::from_millis(500))
            .measurement_time(Duration::from_secs(2));
        Ok(Self { criterion, results })
    }

    fn measure<T>(&mut self, name: &str, mut round: impl FnMut() -> T) -> Result<f64> {
        (self.criterion).bench_function(name, |bencher| bencher.iter(&mut round));
        let file = self.results.join(name).join("new/estimates.json");
        let text = fs::read(&file).with_context(|| format!("no {}", file.display()))?;
        let estimates: serde_json::Value = serde_json::from_slice(&text)?;
        let median = estimates["median"]["point_estimate"].as_f64();
        median.with_context(|| format!("no median in {}", file.display()))
    }
}
