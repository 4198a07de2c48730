// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two W3C headers: what is read and written, beside what opentelemetry-cpp and opentelemetry make of it.

use std::{
    collections::{HashMap, HashSet},
    env,
};

use anyhow::{Context as _, Result, ensure};
use cpptango_telemetry::{
    TraceContext,
    opentelemetry::{
        Context,
        propagation::TextMapPropagator,
        trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
    },
    opentelemetry_sdk::propagation::TraceContextPropagator,
};
use proptest::{collection::vec, prelude::*, sample::Index};
use tango_bindings::cpp_propagator;

/// `traceparent` and `tracestate`; empty where there is none.
type Headers = (String, String);

fn ours(traceparent: &str, tracestate: &str) -> Headers {
    written(&TraceContext::parse(traceparent, tracestate).unwrap_or_default())
}

fn written(cx: &TraceContext) -> Headers {
    (cx.traceparent(), cx.tracestate())
}

fn cpp(traceparent: &str, tracestate: &str) -> Headers {
    let written = cpp_propagator(traceparent, tracestate);
    (written.traceparent, written.tracestate)
}

fn rust(traceparent: &str, tracestate: &str) -> Headers {
    let read = [("traceparent", traceparent), ("tracestate", tracestate)];
    let read = read.map(|(name, value)| (name.to_string(), value.to_string()));
    let propagator = TraceContextPropagator::new();
    let cx = propagator.extract_with_context(&Context::new(), &HashMap::from(read));
    let mut written = HashMap::new();
    propagator.inject_context(&cx, &mut written);
    let mut take = |name| written.remove(name).unwrap_or_default();
    (take("traceparent"), take("tracestate"))
}

/// The tables of the document: each row is what is read, what the three write of it, and why they differ.
fn rows(section: &str) -> Result<Vec<[&'static str; 5]>> {
    let document = include_str!("../docs/headers.md");
    let section = document
        .split("\n## ")
        .find(|part| part.starts_with(section));
    let lines = section.context("no such section")?.lines();
    let lines = lines.filter(|line| line.starts_with("| ")).skip(1);
    lines
        .map(|line| {
            let cells = line.trim_start_matches('|').trim_end_matches('|');
            let cells: Vec<&str> = cells.split('|').map(str::trim).collect();
            cells.try_into().ok().with_context(|| line.to_string())
        })
        .collect()
}

/// What a cell stands for.
fn text(cell: &str) -> String {
    let code = cell.strip_prefix('`').and_then(|c| c.strip_suffix('`'));
    let mut text = code.unwrap_or_default().replace("\\t", "\t");
    for count in [14, 31, 32, 33, 242, 257] {
        let entries: Vec<String> = (1..=count).map(|n| format!("m{n}=1")).collect();
        text = text
            .replace(&format!("m{{1..{count}}}=1"), &entries.join(","))
            .replace(&format!("x{{{count}}}"), &"x".repeat(count));
    }
    assert!(!text.contains('{'), "not known: {cell}");
    text
}

/// A cell with letters for ids.
fn traceparent(cell: &str) -> String {
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "b7ad6b7169203331");
    text(cell)
        .replace('T', trace)
        .replace('t', &trace[1..])
        .replace('U', &trace.to_uppercase())
        .replace('Z', &"0".repeat(32))
        .replace('P', parent)
        .replace('p', &parent[1..])
        .replace('V', &parent.to_uppercase())
        .replace('z', &"0".repeat(16))
}

/// X3, X4
#[test]
#[cfg_attr(
    not(tango_runtime_configuration),
    ignore = "is about the opentelemetry-cpp of cppTango 10.3"
)]
fn the_document_says_what_each_of_the_three_makes_of_the_headers() -> Result<()> {
    let headers = |cell: &str| match traceparent(cell) {
        none if none.is_empty() => Headers::default(),
        some => (some, "a=1".to_string()),
    };
    let mut table = Vec::new();
    for row in rows("traceparent")? {
        let read = (traceparent(row[0]), "a=1".to_string());
        table.push((row, read, [row[1], row[2], row[3]].map(headers)));
    }
    let headers = |cell: &str| (traceparent("`00-T-P-01`"), text(cell));
    for row in rows("tracestate")? {
        table.push((row, headers(row[0]), [row[1], row[2], row[3]].map(headers)));
    }
    ensure!(table.len() > 40, "{}", table.len());
    for (row, (traceparent, tracestate), expected) in table {
        let found = [ours, cpp, rust].map(|read| read(&traceparent, &tracestate));
        assert_eq!(found, expected, "{row:?}");
        let same = found[0] == found[1] && found[1] == found[2];
        assert_eq!(row[4].is_empty(), same, "{row:?}");
    }
    Ok(())
}

/// 10,000 cases of each property; `PROPTEST_CASES` for another number.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 10_000;
    }
    config
}

proptest! {
    #![proptest_config(config())]

    /// X3
    #[test]
    fn arbitrary_bytes_are_never_a_wrong_parent(
        traceparent in bytes(),
        tracestate in bytes(),
        good in good_traceparent(),
    ) {
        reads_well(&traceparent, &tracestate)?;
        reads_well(&good, &tracestate)?;
    }

    /// X3
    #[test]
    fn near_misses_are_never_a_wrong_parent(
        (traceparent, tracestate) in (near(good_traceparent()), near(good_tracestate())),
    ) {
        reads_well(&traceparent, &tracestate)?;
    }

    /// X4
    #[test]
    fn valid_entries_stay_and_invalid_ones_go(
        traceparent in good_traceparent(),
        entries in prop_oneof![49 => vec(padded(), 0..5), 1 => vec(padded(), 30..60)],
    ) {
        let member = |(before, (_, text), after): &_| format!("{before}{text}{after}");
        let members: Vec<String> = entries.iter().map(member).collect();
        let mut keys = HashSet::new();
        let mut expected: Vec<&str> = Vec::new();
        for (_, (valid, text), _) in &entries {
            if *valid && keys.insert(text.split('=').next()) {
                expected.push(text);
            }
        }
        expected.truncate(32);
        let cx = TraceContext::parse(&traceparent, &members.join(","))?;
        prop_assert_eq!(cx.tracestate(), expected.join(","));
        is_written_well(&cx)?;
    }

    /// X4: a context that somebody else has made.
    #[test]
    fn any_span_context_is_written_as_all_accept_it(
        trace_id in prop_oneof![9 => any::<[u8; 16]>(), 1 => Just([0; 16])],
        span_id in prop_oneof![9 => any::<[u8; 8]>(), 1 => Just([0; 8])],
        flags in any::<u8>(),
        entries in vec(rust_entry(), 0..5),
    ) {
        let span = SpanContext::new(
            TraceId::from_bytes(trace_id),
            SpanId::from_bytes(span_id),
            TraceFlags::new(flags),
            true,
            TraceState::from_key_value(entries)?,
        );
        let expected = match span.is_valid() {
            true => format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), flags & 3),
            false => String::new(),
        };
        let cx = TraceContext::from(&Context::new().with_remote_span_context(span.clone()));
        prop_assert_eq!(&cx, &TraceContext::from(span));
        prop_assert_eq!(cx.traceparent(), expected);
        is_written_well(&cx)?;
    }
}

/// An error, or the same ids as in the header.
fn reads_well(traceparent: &str, tracestate: &str) -> Result<(), TestCaseError> {
    let Ok(cx) = TraceContext::parse(traceparent, tracestate) else {
        return Ok(());
    };
    if !traceparent.is_empty() {
        prop_assert_eq!(&cx.traceparent()[2..53], &traceparent[2..53]);
    }
    is_written_well(&cx)
}

/// Everybody reads what is written as what it is.
fn is_written_well(cx: &TraceContext) -> Result<(), TestCaseError> {
    let headers = written(cx);
    let (traceparent, tracestate) = (headers.0.as_str(), headers.1.as_str());
    prop_assert_eq!(&TraceContext::parse(traceparent, tracestate)?, cx);
    prop_assert_eq!(cpp(traceparent, tracestate), headers.clone());
    if cx.is_empty() {
        prop_assert_eq!(headers, Headers::default());
        return Ok(());
    }
    prop_assert_eq!(traceparent.len(), 55);
    prop_assert_eq!(traceparent.to_ascii_lowercase(), traceparent);
    // It knows one flag.
    let sampled = u8::from(cx.span_context().is_sampled());
    let expected = (
        format!("{}{sampled:02x}", &traceparent[..53]),
        tracestate.to_string(),
    );
    prop_assert_eq!(rust(traceparent, tracestate), expected);
    Ok(())
}

fn bytes() -> impl Strategy<Value = String> {
    vec(any::<u8>(), 0..80).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn good_traceparent() -> impl Strategy<Value = String> {
    let version_and_rest = prop_oneof![
        Just(("00".to_string(), String::new())),
        ("[0-9a-e][1-9a-f]", "(-.{0,9})?"),
    ];
    // No id of zeros.
    let ids = ("[0-9a-f]{31}[1-9a-f]", "[1-9a-f][0-9a-f]{15}", any::<u8>());
    (version_and_rest, ids).prop_map(|((version, rest), (trace, parent, flags))| {
        format!("{version}-{trace}-{parent}-{flags:02x}{rest}")
    })
}

fn good_tracestate() -> impl Strategy<Value = String> {
    vec(valid_entry(), 0..5).prop_map(|entries| entries.join(","))
}

/// Few keys of one letter, so that some are there twice.
fn valid_entry() -> impl Strategy<Value = String> {
    let key = "[a-f]|[a-z0-9][a-z0-9_*/-]{0,9}|[a-z0-9][a-z0-9_*/-]{0,9}@[a-z][a-z0-9_*/-]{0,12}";
    let value = r"[ -+\--<>-~]{0,9}[!-+\--<>-~]";
    (key, value).prop_map(|(key, value)| format!("{key}={value}"))
}

/// An entry, and whether it is valid.
fn entry() -> impl Strategy<Value = (bool, String)> {
    let invalid = prop_oneof![
        Just(String::new()),
        "[a-f]",
        "[a-f]=",
        "=[a-z]",
        "[a-f]==[a-z]",
        "[a-f]=[a-z]=[a-z]",
        "[a-f]=[a-z][^ -~][a-z]",
        "[A-Z@_*/-][a-z]{0,3}=[a-z]",
        "[a-f][^a-z0-9_*/@,=-]=[a-z]",
        "[a-f]@[^a-z,=]?=[a-z]",
        "[a-f]@[a-z]{14,20}=[a-z]",
        "[a-f]@[a-z]@[a-z]=[a-z]",
        "[a-f]{242,245}@[a-z]=[a-z]",
        "[a-f]{257,260}=[a-z]",
        "[a-f]=[a-z]{257,260}",
    ];
    prop_oneof![
        3 => valid_entry().prop_map(|text| (true, text)),
        1 => invalid.prop_map(|text| (false, text)),
    ]
}

fn padded() -> impl Strategy<Value = (String, (bool, String), String)> {
    ("[ \t]{0,2}", entry(), "[ \t]{0,2}")
}

/// Key and value as Rust's allows them.
fn rust_entry() -> impl Strategy<Value = (String, String)> {
    (
        "([a-z0-9][a-z0-9_*/-]{0,5}(@([a-z0-9][a-z0-9_*/-]{0,12})?)?)?",
        "[^,=]{0,6}",
    )
}

/// With up to three characters replaced, put in or taken out.
fn near(headers: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let with = prop_oneof![r"[0-9a-fA-F,=@ \t+-]", ".", Just(String::new())];
    let change = (any::<Index>(), 0..2_usize, with);
    (headers, vec(change, 0..4)).prop_map(|(header, changes)| {
        let mut characters: Vec<char> = header.chars().collect();
        for (at, removed, with) in changes {
            let at = at.index(characters.len() + 1);
            let end = (at + removed).min(characters.len());
            characters.splice(at..end, with.chars());
        }
        characters.into_iter().collect()
    })
}
