// SPDX-License-Identifier: MIT OR Apache-2.0
//! Trace context across the bridge.

mod common;

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use common::{
    EXPORT, PROBE,
    giop::{Client, command_inout_4},
    has, named, parent, probe, proxy, with,
};
use cpptango_telemetry::TraceContext;
use testbed::{Receiver, Span};

const FIRST: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const SECOND: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const STATE: &str = "vendor=value,other=1";
const NONE: (&str, &str) = ("", "");

/// `traceparent` and `tracestate`, by step.
type Said = HashMap<String, (String, String)>;

/// What `caller scopes` says, and the spans of all of it.
fn scopes() -> Result<(Said, Vec<Span>)> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    let said = said(&common::caller("scopes", &server, &receiver.environment())?);
    let spans = receiver.wait_for("both calls", EXPORT, |spans| {
        let count = |name| common::count(spans, name);
        count("Probe.Context") == 2
            && count("DeviceProxy.command_inout") == 2
            && count("Tango::Connection::command_inout") == 2
            && count("Tango::Device_4Impl::command_inout_4") == 2
            && count("caller.new") == 1
    })?;
    Ok((said, spans))
}

fn said(stdout: &str) -> Said {
    let said = stdout.lines().map(|line| {
        let mut words = line.split(' ').map(str::to_string);
        let mut word = || words.next().unwrap_or_default();
        (word(), (word(), word()))
    });
    said.collect()
}

/// X1, X2, X5
#[test]
fn scopes_set_what_cpp_hands_on_and_restore_what_was_before() -> Result<()> {
    let (said, spans) = scopes()?;
    let at = |step: &str| {
        said.get(step)
            .with_context(|| format!("caller did not get to {step}"))
    };
    let is = |step: &str, (traceparent, tracestate): (&str, &str)| -> Result<()> {
        let (parent, state) = at(step)?;
        ensure!(
            (parent.as_str(), state.as_str()) == (traceparent, tracestate),
            "{step}: {parent} {state}"
        );
        Ok(())
    };
    is("outside", NONE)?;
    // attach: unchanged.
    is("attached", (FIRST, STATE))?;
    is("nested", (SECOND, ""))?;
    is("unnested", (FIRST, STATE))?;
    for restored in ["detached", "new-ended", "unwound", "out-of-order"] {
        is(restored, NONE)?;
    }

    // new: a C++ span below.
    let span = named(&spans, "caller.new")?;
    let (traceparent, tracestate) = at("new")?;
    ensure!(*traceparent == format!("00-{}-{}-01", span.trace_id, span.span_id));
    assert_eq!(tracestate, STATE);
    assert_eq!(span.language(), "cpp");
    assert_eq!(
        format!("00-{}-{}-01", span.trace_id, span.parent_span_id),
        FIRST
    );

    // What the device saw is below it in the same trace, through all that is between, and the state came along.
    for (step, top) in [("attached-device", None), ("new-device", Some(span))] {
        let (traceparent, tracestate) = at(step)?;
        assert_eq!(tracestate, STATE, "{step}");
        let seen = TraceContext::parse(traceparent, tracestate)?;
        let id = seen.span_context().span_id().to_string();
        let method = spans
            .iter()
            .find(|span| span.span_id == id)
            .context("not an exported span")?;
        assert_eq!(
            (method.name.as_str(), method.language()),
            ("Probe.Context", "rust"),
            "{step}"
        );
        let mut above = method;
        for name in [
            "Tango::Device_4Impl::command_inout_4",
            "Tango::Connection::command_inout",
            "DeviceProxy.command_inout",
        ] {
            above = parent(&spans, above)?;
            assert_eq!(above.name, name, "{step}");
        }
        match top {
            Some(top) => assert_eq!(above.parent_span_id, top.span_id),
            None => assert_eq!(
                format!("00-{}-{}-01", above.trace_id, above.parent_span_id),
                FIRST
            ),
        }
    }
    Ok(())
}

/// X2
#[test]
fn a_device_method_without_a_rust_span_sees_the_kernel_span() -> Result<()> {
    let receiver = Receiver::start()?;
    let mut environment = receiver.environment();
    // No tracer provider: the device propagates only.
    environment.push(("PROBE_FACTORY", "fails".to_string()));
    let server = probe(&environment)?;
    let context: Vec<String> = proxy(&server)?.command_inout("Context", ())?;
    let spans = receiver.wait_for("the kernel span", EXPORT, |spans| {
        has(spans, "Tango::Device_4Impl::command_inout_4")
    })?;
    let kernel = named(&spans, "Tango::Device_4Impl::command_inout_4")?;
    let seen = TraceContext::parse(&context[0], &context[1])?;
    assert_eq!(seen.span_context().trace_id().to_string(), kernel.trace_id);
    assert_eq!(seen.span_context().span_id().to_string(), kernel.span_id);
    // All that there is has been exported then.
    server.terminate()?;
    assert!(!has(&receiver.spans(), "Probe.Context"));
    Ok(())
}

/// The flags and the state with which these steps of `caller states` arrive at the device, attached and current.
fn arrive(steps: &[(&str, &str, &str)]) -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    let said = said(&common::caller("states", &server, &receiver.environment())?);
    for (name, flags, state) in steps {
        for step in [format!("attached-{name}"), format!("current-{name}")] {
            let (traceparent, tracestate) = said.get(&step).with_context(|| step.clone())?;
            let found = (&traceparent[..35], &traceparent[53..], tracestate.as_str());
            assert_eq!(found, (&FIRST[..35], *flags, *state), "{step}");
        }
    }
    Ok(())
}

/// X4
#[test]
#[cfg_attr(
    not(tango_runtime_configuration),
    ignore = "kernel spans of cppTango 10.0 have no random flag"
)]
fn flags_and_state_arrive_at_the_device() -> Result<()> {
    let full: Vec<String> = (1..=32).map(|n| format!("m{n}=1")).collect();
    let full = full.join(",");
    arrive(&[
        ("sampled", "01", STATE),
        ("sampled-random", "03", STATE),
        ("unknown-flags", "03", STATE),
        ("full", "01", &full),
        ("too-full", "01", &full),
        ("empty-value", "01", "a=1,c=3"),
        ("non-ascii", "01", "a=1,c=3"),
    ])
}

/// X4, T4
#[test]
fn what_is_not_sampled_arrives_as_such_at_the_device() -> Result<()> {
    arrive(&[("not-sampled", "00", STATE), ("random", "02", STATE)])
}

/// X4: C++ accepts more entries than Rust's TraceState.
#[test]
#[cfg_attr(
    not(tango_runtime_configuration),
    ignore = "is about the opentelemetry-cpp of cppTango 10.3"
)]
fn an_entry_that_only_cpp_accepts_goes_alone() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    let sent = "a=1,b@c@d=2,e=3";
    command_inout_4(&server, PROBE, "Context", Client::Cpp6(FIRST, sent))?;
    let spans = receiver.wait_for("the call", EXPORT, |spans| {
        has(spans, "Probe.Context") && has(spans, "Tango::Device_4Impl::command_inout_4")
    })?;
    let method = named(&spans, "Probe.Context")?;
    assert_eq!(parent(&spans, method)?.trace_state, sent);
    assert_eq!(method.trace_state, "a=1,e=3");
    Ok(())
}

/// X3
#[test]
fn malformed_traceparents_are_errors() {
    let id = "0af7651916cd43dd8448eb211c80319c";
    let parent = "b7ad6b7169203331";
    for malformed in [
        format!("00-{id}-{parent}-0"),
        format!("00-{id}-{parent}-011"),
        format!("00-{id}-{parent}-01-"),
        format!("00-{id}-{parent}-01-extra"),
        format!("00-{}-{parent}-01", id.to_uppercase()),
        format!("00-{id}-{}-01", parent.to_uppercase()),
        format!("00-{id}-{parent}-0A"),
        format!("00-{}-{parent}-01", "0".repeat(32)),
        format!("00-{id}-{}-01", "0".repeat(16)),
        format!("ff-{id}-{parent}-01"),
        format!("0-{id}-{parent}-01"),
        format!("000-{id}-{parent}-01"),
        format!("+0-{id}-{parent}-01"),
        format!("00-+{}-{parent}-01", &id[1..]),
        format!("00-{id}-{parent}-+1"),
        format!("00-{}-{parent}-01", &id[1..]),
        format!("00-{id}0-{parent}-01"),
        format!("00-{id}-{}-01", &parent[1..]),
        format!(" 00-{id}-{parent}-01"),
        format!("00-{id}-{parent}-01 "),
        format!("00_{id}-{parent}-01"),
        format!("01-{id}-{parent}-01."),
        format!("00-{id}-{parent}-é"),
        "0".to_string(),
        "-".repeat(55),
    ] {
        let parsed = TraceContext::parse(&malformed, "a=1");
        assert!(parsed.is_err(), "{malformed}: {parsed:?}");
    }
}

/// X3: what is accepted, and how it is written.
#[test]
fn well_formed_traceparents_are_written_as_version_00() -> Result<()> {
    for (read, written) in [
        (FIRST, FIRST),
        (
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        ),
        (
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03",
        ),
        (
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            FIRST,
        ),
        (
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what=ever",
            FIRST,
        ),
        ("", ""),
    ] {
        let cx = TraceContext::parse(read, STATE)?;
        assert_eq!(cx.traceparent(), written);
        assert_eq!(cx.tracestate(), if read.is_empty() { "" } else { STATE });
        let through = TraceContext::from(&cx.to_context(&Default::default()));
        assert_eq!(through.traceparent(), written);
    }
    Ok(())
}

/// L4
#[test]
fn a_context_that_is_given_wins_over_the_current_one() -> Result<()> {
    for (types, spans) in [("tracing", true), ("logging", false)] {
        let receiver = Receiver::start()?;
        let server = probe(&receiver.environment())?;
        let environment = with(receiver.environment(), &[("TANGO_TELEMETRY_TYPES", types)]);
        let said = said(&common::caller("given", &server, &environment)?);
        for (step, (traceparent, _)) in &said {
            let given = !matches!(step.as_str(), "nothing" | "current");
            let (expected, other) = if given {
                (SECOND, FIRST)
            } else {
                (FIRST, SECOND)
            };
            ensure!(
                traceparent[3..35] == expected[3..35],
                "{types}, {step}: {traceparent}, not {other}"
            );
        }
        assert_eq!(said.len(), 5);
        if spans {
            let spans = receiver.wait_for("the client's spans", EXPORT, |spans| {
                has(spans, "caller.given") && has(spans, "caller.nothing")
            })?;
            assert_eq!(
                named(&spans, "caller.given")?.parent_span_id,
                SECOND[36..52]
            );
            assert_eq!(
                named(&spans, "caller.nothing")?.parent_span_id,
                FIRST[36..52]
            );
        }
    }
    Ok(())
}
