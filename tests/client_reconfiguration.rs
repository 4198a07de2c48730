// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client whose telemetry changes while it calls, see `fixtures/restless.rs`.
#![cfg(tango_runtime_configuration)]

mod common;

use std::{
    collections::{BTreeMap, HashMap},
    process::Command,
    time::Duration,
};

use anyhow::{Result, ensure};
use common::{EXPORT, PROBE, probe, with};
use testbed::{DeadCollector, DeviceServer, Failure, Process, Receiver, Span, device, process};

const SETTLE: Duration = Duration::from_secs(60);
/// Tells what it gets, and has no spans.
fn device() -> Result<DeviceServer> {
    let propagates = [
        ("TANGO_TELEMETRY_ENABLE", "on"),
        ("TANGO_TELEMETRY_TYPES", "logging"),
        ("TANGO_TELEMETRY_LOGGING_EXPORTERS", "none"),
    ];
    probe(&propagates.map(|(name, value)| (name, value.to_string())))
}

fn restless(
    what: &str,
    server: &DeviceServer,
    to: [&str; 2],
    receiver: &Receiver,
) -> Result<Process> {
    let mut command = Command::new(device::example("restless")?);
    // Many spans at a time, which a queue of the usual length might not hold.
    let environment = with(
        receiver.environment(),
        &[("OTEL_BSP_MAX_QUEUE_SIZE", "20000")],
    );
    process::telemetry_env(&mut command, &environment);
    command.args([what, &server.device_url(PROBE)]).args(to);
    Process::spawn_reading("restless", command, None)
}

/// What it prints, without the calls.
fn told(output: &str) -> String {
    let lines = output.lines().filter(|line| !line.starts_with("call "));
    lines.collect::<Vec<_>>().join("\n")
}

/// The spans of a call and where they were received.
type Received<'a> = Vec<(usize, &'a Span)>;

/// What has become of a call of this trace whose device has got `traceparent`; an error where that fits no setting.
fn outcome(trace: &str, traceparent: &str, spans: &Received) -> Result<&'static str, String> {
    let outer = &trace[16..];
    let handed_on = traceparent.get(36..52).unwrap_or_default();
    let is_rust = |(_, span): &&(usize, &Span)| span.language() == "rust";
    let (rust, kernel): (Received, Received) = spans.iter().partition(is_rust);
    let is_child = |span: &Span, of: &str| span.parent_span_id == of;
    match (&rust[..], &kernel[..]) {
        ([], []) if handed_on.is_empty() => Ok("off"),
        ([], []) if handed_on == outer => Ok("propagated"),
        ([(_, call)], []) if is_child(call, outer) && handed_on == call.span_id => Ok("emitted"),
        ([(at, call)], [(kernel_at, kernel)])
            if at == kernel_at
                && is_child(call, outer)
                && is_child(kernel, &call.span_id)
                && handed_on == kernel.span_id =>
        {
            Ok("emitted with a kernel span")
        }
        _ => {
            let spans = spans.iter().map(|(at, span)| format!("at {at}: {span}"));
            Err(format!("{traceparent}: {:?}", spans.collect::<Vec<_>>()))
        }
    }
}

/// L5
#[test]
fn calls_of_a_client_that_is_reconfigured_all_the_time_have_whole_traces() -> Result<()> {
    let receivers = [Receiver::start()?, Receiver::start()?];
    let [first, second] = receivers.each_ref().map(Receiver::http_endpoint);
    let server = device()?;
    let client = restless("load", &server, [&first, &second], &receivers[0])?;
    client.wait_for_line("warm", EXPORT)?;
    let before = client.usage()?;
    client.write_line("go on")?;
    client.wait_for_line("calm", SETTLE)?;
    let received = receivers.each_ref().map(Receiver::spans);
    // An exporter keeps idle connections for minutes, but not to a collector that has closed them.
    drop(receivers);
    let what = format!("as before, {before:?}");
    let after = client.wait_for_usage(&what, SETTLE, |usage| {
        usage.threads <= before.threads && usage.fds <= before.fds
    })?;
    client.close_stdin();
    let ended = client.wait(EXPORT)?;
    let output = client.output();
    ensure!(ended.success(), "{}", told(&output));
    ensure!(
        !output.contains("queue is full"),
        "too many spans for opentelemetry-cpp"
    );

    let mut of_calls: HashMap<&str, Received> = HashMap::new();
    for (at, spans) in received.iter().enumerate() {
        for span in spans {
            of_calls.entry(&span.trace_id).or_default().push((at, span));
        }
    }
    let calls = output
        .lines()
        .filter_map(|line| line.strip_prefix("call ")?.split_once(' '));
    let (mut outcomes, mut faults) = (BTreeMap::new(), Vec::new());
    let nothing = Vec::new();
    for (trace, traceparent) in calls {
        match outcome(trace, traceparent, of_calls.get(trace).unwrap_or(&nothing)) {
            Ok(outcome) => *outcomes.entry(outcome).or_insert(0) += 1,
            Err(fault) => faults.push(fault),
        }
    }
    println!("{outcomes:?}; {before:?}, then {after:?}");
    let some = &faults[..faults.len().min(5)];
    ensure!(some.is_empty(), "{} calls: {some:#?}", faults.len());
    assert_eq!(outcomes.len(), 4, "{outcomes:?}");
    Ok(())
}

/// L5, D4
#[test]
fn no_call_of_a_client_waits_for_a_dead_collector() -> Result<()> {
    let live = Receiver::start()?;
    let server = device()?;
    for failure in [Failure::Silent, Failure::BlackHole] {
        let dead = DeadCollector::start(failure)?;
        let to = [live.http_endpoint(), dead.http_endpoint()];
        let client = restless("dead", &server, to.each_ref().map(String::as_str), &live)?;
        let ended = client.wait(SETTLE)?;
        ensure!(ended.success(), "{failure:?}: {}", told(&client.output()));
    }
    Ok(())
}
