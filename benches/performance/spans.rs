// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is measured within a method of a device whose spans are exported.

use std::{env, time::Duration};

use anyhow::{Result, ensure};
use tango_bindings::DeviceProxy;
use testbed::Receiver;

use crate::{
    DEVICE, device,
    device::Subject::{
        self, Attach, ClientSpan, CppGetTraceContext, CppOwnGetTraceContext, GetTraceContext,
        KernelSpan, New, ServerSpan,
    },
    median, start,
    table::{Row, rounded},
};

/// Of each subject, by turns.
const RUNS: usize = 15;

/// Without spans.
const ROUNDS: usize = 20_000;

/// With spans: fewer than what the SDKs export at once, of 512 in Rust and, for the two C++ ones together, of 1024. So
/// that no export gets in between, and nothing is dropped.
const SPANS: usize = 400;
const SPANS_BEFORE: usize = 40;

/// C++ exports every 2.5 s.
const EXPORT: Duration = Duration::from_secs(15);

pub fn measure(receiver: &Receiver) -> Result<Vec<Row>> {
    let mut environment = receiver.environment();
    environment.push(("TANGO_TELEMETRY_TOPICS", "all".to_string()));
    environment.push((device::ROLE, String::new()));
    let server = start(&env::current_exe()?, DEVICE, &environment)?;
    let device = DeviceProxy::new(&server.device_url(DEVICE))?;
    device.set_timeout_millis(60_000)?;

    let subjects = [
        GetTraceContext,
        CppGetTraceContext,
        CppOwnGetTraceContext,
        Attach,
        New,
        ServerSpan,
        KernelSpan,
    ];
    let of_all = in_turns(receiver, &device, &subjects)?;
    // Alone, or its spans and those of ServerSpan were too many.
    let client = in_turns(receiver, &device, &[ClientSpan])?[0];
    let [get, cpp_get, own_get, attach, new, server_span, kernel_span] = of_all[..] else {
        unreachable!("one time of each")
    };
    println!(
        "C++ get_trace_context of this crate: {} ns",
        rounded(own_get)
    );
    println!("a client span of a device: {} ns", rounded(client));
    let ratio = |what, at_most, ours: f64, theirs: f64| Row {
        what,
        at_most,
        unit: "x",
        measured: ours / theirs,
        of: format!("{} / {} ns", rounded(ours), rounded(theirs)),
    };
    Ok(vec![
        ratio(
            "`get_trace_context()`, with both headers / in C++",
            1.3,
            get,
            cpp_get,
        ),
        ratio("`TraceContextScope::attach` / `::new`", 0.25, attach, new),
        ratio(
            "a Rust server span / a kernel span",
            1.0,
            server_span,
            kernel_span,
        ),
    ])
}

/// The median of the runs of each, in ns a round.
fn in_turns(receiver: &Receiver, device: &DeviceProxy, subjects: &[Subject]) -> Result<Vec<f64>> {
    let mut times = vec![Vec::new(); subjects.len()];
    for run in 0..RUNS {
        receiver.clear();
        let mut order: Vec<usize> = (0..subjects.len()).collect();
        if run % 2 == 1 {
            order.reverse();
        }
        for i in order {
            let subject = subjects[i];
            let (rounds, before) = match subject.span() {
                None if subject != Attach => (ROUNDS, ROUNDS / 10),
                _ => (SPANS, SPANS_BEFORE),
            };
            let words = [
                format!("{subject:?}"),
                rounds.to_string(),
                before.to_string(),
            ];
            times[i].push(device.command_inout("Measure", words.to_vec())?);
        }
        let names: Vec<&str> = subjects
            .iter()
            .filter_map(|subject| subject.span())
            .collect();
        let expected = names.len() * (SPANS + SPANS_BEFORE);
        let is_theirs = |name: &str| names.contains(&name);
        let spans = receiver.wait_for("the spans of a run", EXPORT, |spans| {
            spans.iter().filter(|span| is_theirs(&span.name)).count() >= expected
        })?;
        let count = spans.iter().filter(|span| is_theirs(&span.name)).count();
        ensure!(count == expected, "{count} spans, not {expected}");
    }
    Ok(times.into_iter().map(median).collect())
}
