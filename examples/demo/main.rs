// SPDX-License-Identifier: MIT OR Apache-2.0
//! One trace through four processes in two languages, and an operator who reconfigures a device while it runs.
//!
//! client (Rust) -> Leader (Rust) -> two Followers (Rust) -> TangoTest (C++), all on loopback, with real OTLP
//! receivers. Exits with 1 where a span is missing or has no parent. `cargo xtask demo` builds and runs it.

mod system;

use std::{env, path::Path, process::ExitCode, time::Duration};

use anyhow::{Context, Result, ensure};
use tango_bindings::{DeviceProxy, TelemetryEndpoint};
use testbed::{Kind, Receiver, Span, Trace, process, trace};

use system::{LEADER, System};

/// C++ exports every 2.5 s.
const EXPORT: Duration = Duration::from_secs(10);

/// What one call of the client makes. The client's call of the Leader: a Rust and a kernel client span, a kernel and a
/// Rust server span. The Leader's of each Follower: the same and `is_Go_allowed`. The first Follower's of TangoTest: 3.
const SPANS: usize = 17;

fn main() -> ExitCode {
    if let Some(argument) = env::args().nth(1) {
        eprintln!("demo: unexpected argument {argument}; it takes none");
        return ExitCode::from(2);
    }
    match process::end_children_on_signal().and_then(|()| demo()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn demo() -> Result<()> {
    let first = Receiver::start()?;
    let second = Receiver::start()?;
    let system = System::start(&first)?;

    println!("\n1. The client makes one call.\n");
    let call = one_call(&system, &first)?;
    println!(
        "{}",
        call.render_waterfall(trace::DEFAULT_WIDTH, trace::color_wanted())
    );
    check(&call)?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/demo/trace.json");
    first.write_trace_otlp_json(&call.trace_id, &file)?;
    println!(
        "{} spans of {} services, one trace, no orphan; as OTLP/JSON in target/demo/trace.json",
        call.spans.len(),
        call.services().len()
    );

    let operator = DeviceProxy::new(&system.leader.device_url(LEADER))?;
    println!("\n2. An operator stops telemetry of {LEADER}, and the client calls again.\n");
    operator.stop_telemetry()?;
    first.clear();
    system.call()?;
    // What comes last is TangoTest's.
    let spans = first.wait_for("the Followers' spans", EXPORT, |spans| {
        count(spans, "Follower") == 8 && count(spans, "TangoTest") == 1
    })?;
    print_arrivals("first receiver", &spans);
    ensure!(
        count(&spans, "Leader") == 0,
        "a stopped Leader has exported spans"
    );

    println!("\n3. The operator starts it again.\n");
    operator.start_telemetry()?;
    let call = one_call(&system, &first)?;
    print_arrivals("first receiver", &call.spans);
    check(&call)?;

    println!("\n4. The operator sends the spans of {LEADER} to a second receiver.\n");
    let endpoint = TelemetryEndpoint::new("http", &second.http_endpoint());
    operator.set_telemetry_tracing_endpoints(&[endpoint])?;
    first.clear();
    system.call()?;
    let moved = second.wait_for("the Leader's spans", EXPORT, |spans| {
        count(spans, "Leader") == 6
    })?;
    let stayed = first.wait_for("all other spans", EXPORT, |spans| {
        without_connecting(spans).len() == SPANS - 6
    })?;
    print_arrivals("first receiver", &stayed);
    print_arrivals("second receiver", &moved);
    ensure!(
        count(&stayed, "Leader") == 0,
        "spans of the Leader went to its old endpoint"
    );
    let all: Vec<Span> = stayed.into_iter().chain(moved).collect();
    let call = the_call(&all).context("no trace of the call")?;
    check(&call)?;
    println!("\nTogether they are one trace again, without an orphan.");
    system.stop()
}

/// The trace of one call.
fn one_call(system: &System, receiver: &Receiver) -> Result<Trace> {
    receiver.clear();
    system.call()?;
    let spans = receiver.wait_for(&format!("{SPANS} spans of the call"), EXPORT, |spans| {
        the_call(spans).is_some_and(|call| call.spans.len() >= SPANS)
    })?;
    the_call(&spans).context("no trace of the call")
}

fn the_call(spans: &[Span]) -> Option<Trace> {
    let traces = Trace::all(spans);
    let mut calls = traces.into_iter().filter(|trace| {
        trace
            .spans
            .iter()
            .any(|span| span.name == "Leader.TurnFollowersOn")
    });
    calls.next().filter(|_| calls.next().is_none())
}

/// The client's connecting to the Leader is a small trace of its own.
fn without_connecting(spans: &[Span]) -> Vec<Span> {
    let traces = Trace::all(spans).into_iter();
    let calls = traces.filter(|trace| {
        trace
            .spans
            .iter()
            .all(|span| span.name != "DeviceProxy.new")
    });
    calls.flat_map(|trace| trace.spans).collect()
}

fn check(call: &Trace) -> Result<()> {
    ensure!(
        call.spans.len() == SPANS,
        "{} spans, not {SPANS}",
        call.spans.len()
    );
    ensure!(call.orphans().is_empty(), "orphans: {:?}", call.orphans());
    ensure!(
        call.roots().len() == 1,
        "{} roots, not one",
        call.roots().len()
    );
    ensure!(call.services().len() >= 4, "only {:?}", call.services());
    for span in &call.spans {
        // Within a process the halves take turns; from one process to the next it is C++ that speaks.
        let parent = match (span.language(), span.kind) {
            ("cpp", Kind::Client) => "rust",
            ("rust", Kind::Server) => "cpp",
            ("cpp", Kind::Server) => "cpp",
            _ => continue,
        };
        let is = call.parent(span).map_or("none", Span::language);
        ensure!(
            is == parent,
            "the parent of {} is {is}, not {parent}",
            span.name
        );
    }
    Ok(())
}

fn count(spans: &[Span], service: &str) -> usize {
    spans
        .iter()
        .filter(|span| span.service() == service)
        .count()
}

fn print_arrivals(receiver: &str, spans: &[Span]) {
    let spans = &without_connecting(spans);
    let mut services: Vec<&str> = spans.iter().map(Span::service).collect();
    services.sort_unstable();
    services.dedup();
    println!(
        "   {receiver}: {} spans of {} trace(s)",
        spans.len(),
        Trace::all(spans).len()
    );
    for service in services {
        println!("      {:3} of {service}", count(spans, service));
    }
}
