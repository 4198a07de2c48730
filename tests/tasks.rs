// SPDX-License-Identifier: MIT OR Apache-2.0
//! Device methods that go on elsewhere: on threads, in tasks, when the method is done.

mod common;

use std::{collections::HashMap, thread};

use anyhow::{Context, Result, ensure};
use common::{
    EXPORT, count, has, named,
    worker::{DEVICES, LONG, PEER, System, system},
};
use testbed::Span;

/// Both devices have so many tasks at the same time.
fn run(system: &System, tasks: i32, place: &str) -> Result<Vec<Span>> {
    system.receiver.clear();
    let commands = DEVICES.map(|device| -> Result<_> {
        let proxy = system.proxy(device)?;
        let argument = (vec![tasks], vec![place.to_string()]);
        Ok(thread::spawn(move || {
            proxy.command_inout::<_, ()>("Tasks", argument)
        }))
    });
    for command in commands {
        command?.join().ok().context("a panic")??;
    }
    let all = 2 * tasks as usize;
    let kernel = if system.kernel { all } else { 0 };
    system.receiver.wait_for("all tasks", LONG, |spans| {
        count(spans, "Worker.Noop") == all
            && count(spans, "Worker.Tasks") == 2
            && count(spans, "Tango::Connection::command_inout") == kernel
            && count(spans, "Tango::Device_4Impl::command_inout_4") >= kernel
    })
}

/// Each task's span is its device's and below its method; and the call in it is its own, up to the peer.
fn check(spans: &[Span], tasks: usize) -> Result<()> {
    let by_id: HashMap<&str, &Span> = spans
        .iter()
        .map(|span| (span.span_id.as_str(), span))
        .collect();
    for device in DEVICES {
        let own: Vec<&Span> = spans
            .iter()
            .filter(|span| span.instance() == device)
            .collect();
        let of = |name: &str| own.iter().filter(|span| span.name == name).count();
        assert_eq!(
            (of("Worker.task"), of("DeviceProxy.command_inout")),
            (tasks, tasks),
            "{device}"
        );
    }
    let mut reached = HashMap::new();
    for noop in spans.iter().filter(|span| span.name == "Worker.Noop") {
        let mut path = Vec::new();
        let mut span = noop;
        while let Some(parent) = by_id.get(span.parent_span_id.as_str()) {
            ensure!(
                parent.trace_id == span.trace_id,
                "two traces: {span:?}, {parent:?}"
            );
            span = parent;
            path.push(span);
        }
        let rust = path.iter().filter(|span| span.language() == "rust");
        let rust: Vec<&&Span> = rust.collect();
        let names: Vec<&str> = rust.iter().map(|span| span.name.as_str()).collect();
        assert_eq!(
            names,
            ["DeviceProxy.command_inout", "Worker.task", "Worker.Tasks"]
        );
        let device = rust[2].instance();
        assert!(
            rust.iter().all(|span| span.instance() == device),
            "{path:?}"
        );
        let kernel = path.iter().filter(|span| span.language() == "cpp");
        for span in kernel.filter(|span| span.instance() != PEER) {
            assert_eq!(span.instance(), device, "{}", span.name);
        }
        let task = rust[1]
            .attr("tango.operation.argument")
            .context("a number")?;
        *reached.entry((device, task)).or_insert(0) += 1;
    }
    assert_eq!(reached.len(), 2 * tasks);
    assert!(reached.values().all(|calls| *calls == 1));
    Ok(())
}

/// L3
#[test]
#[cfg_attr(
    not(tango_runtime_configuration),
    ignore = "needs topics, of cppTango 10.3"
)]
fn ten_thousand_tasks_that_take_turns_stay_their_devices() -> Result<()> {
    let system = system("user")?;
    check(&run(&system, 5000, "tokio")?, 5000)
}

/// L2 L3
#[test]
fn threads_and_tasks_are_the_devices_in_both_halves() -> Result<()> {
    let system = system("all")?;
    for place in ["threads", "tokio", "current_thread", "none"] {
        let spans = run(&system, 50, place).context(place)?;
        check(&spans, 50).context(place)?;
    }
    Ok(())
}

/// L2
#[test]
fn what_cpp_code_calls_on_another_thread_is_the_devices() -> Result<()> {
    let system = system("all")?;
    system
        .proxy(DEVICES[0])?
        .command_inout::<_, ()>("Raw", ())?;
    let kernel = "Tango::Connection::command_inout";
    let spans = system.receiver.wait_for("the call", EXPORT, |spans| {
        has(spans, kernel) && has(spans, "Worker.Noop") && has(spans, "Worker.Raw")
    })?;
    let call = named(&spans, kernel)?;
    assert_eq!(call.instance(), DEVICES[0]);
    assert_eq!(common::parent(&spans, call)?.name, "Worker.Raw");
    assert_eq!(named(&spans, "Worker.Noop")?.trace_id, call.trace_id);
    Ok(())
}

/// L3
#[test]
#[cfg_attr(not(tango_runtime_configuration), ignore = "needs cppTango 10.3")]
fn what_outlives_its_method_stays_the_devices() -> Result<()> {
    let system = system("all")?;
    let device = system.proxy(DEVICES[0])?;
    let step = |step: &str| device.command_inout::<_, ()>("Lasting", step.to_string());
    step("begin")?;
    // The method is over. What the thread enters is not what it makes its call with.
    device.set_telemetry_tracing(false)?;
    step("attach")?;
    device.set_telemetry_tracing(true)?;
    step("call")?;
    let spans = system.receiver.wait_for("the late call", EXPORT, |spans| {
        has(spans, "Worker.Noop")
            && has(spans, "late")
            && count(spans, "Worker.Lasting") == 2
            && count(spans, "Tango::Connection::command_inout") == 1
    })?;
    let late = named(&spans, "late")?;
    assert_eq!(late.instance(), DEVICES[0]);
    let begun = spans
        .iter()
        .find(|span| span.span_id == late.parent_span_id);
    assert_eq!(begun.map(|span| span.name.as_str()), Some("Worker.Lasting"));
    let noop = named(&spans, "Worker.Noop")?;
    assert_eq!(noop.trace_id, late.trace_id);
    let call = named(&spans, "DeviceProxy.command_inout")?;
    assert_eq!(
        (call.instance(), &call.parent_span_id),
        (DEVICES[0], &late.span_id)
    );
    Ok(())
}

/// L6
#[test]
fn spans_of_tracing_are_below_the_method_and_above_its_calls() -> Result<()> {
    let system = system("user")?;
    system
        .proxy(DEVICES[0])?
        .command_inout::<_, ()>("Instrumented", ())?;
    let spans = system.receiver.wait_for("three calls", EXPORT, |spans| {
        count(spans, "Worker.Noop") == 3 && has(spans, "Worker.Instrumented")
    })?;
    let parent = |span: &Span| common::parent(&spans, span);
    let method = named(&spans, "Worker.Instrumented")?;
    let outer = named(&spans, "instrumented")?;
    assert_eq!(parent(outer)?, method);
    let (inner, task) = (named(&spans, "inner")?, named(&spans, "in_a_task")?);
    assert_eq!((parent(inner)?, parent(task)?), (outer, outer));
    let calls = spans
        .iter()
        .filter(|span| span.name == "DeviceProxy.command_inout");
    let mut above = calls
        .map(|call| Ok(parent(call)?.name.as_str()))
        .collect::<Result<Vec<_>>>()?;
    above.sort_unstable();
    assert_eq!(above, ["in_a_task", "inner", "instrumented"]);
    let own = |span: &&Span| span.trace_id == method.trace_id && span.name != "Worker.Noop";
    for span in spans.iter().filter(own) {
        assert_eq!(
            (span.service(), span.instance()),
            ("Worker", DEVICES[0]),
            "{}",
            span.name
        );
    }
    Ok(())
}
