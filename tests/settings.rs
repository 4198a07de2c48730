// SPDX-License-Identifier: MIT OR Apache-2.0
//! The crate's own variables, and those of OpenTelemetry that the Rust half honours.
#![cfg(tango_runtime_configuration)]

mod common;

use std::{fs, net::TcpListener};

use anyhow::{Context, Result};
use common::{EXPORT, PROBE, has, named, probe, proxy, with};
use testbed::{DeviceServer, Receiver, Span, device};

const KERNEL: &str = "Tango::Device_4Impl::command_inout_4";

fn rust(spans: &[Span]) -> impl Iterator<Item = &Span> {
    let is_rust = |span: &&Span| span.scope.starts_with("tango.rust");
    spans.iter().filter(is_rust)
}

/// C13: the client's name is that of both halves.
#[test]
fn a_client_is_named_by_its_variable() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&[])?;
    let mut environment = receiver.environment();
    let name = "TANGO_RUST_TELEMETRY_CLIENT_SERVICE_NAME";
    environment.push((name, "my-client".to_string()));
    common::caller("calls", &server, &environment)?;
    let ping = [
        "DeviceProxy.command_inout",
        "Tango::Connection::command_inout",
    ];
    let spans = receiver.wait_for("both halves", EXPORT, |spans| {
        ping.iter().all(|name| has(spans, name))
    })?;
    assert!(
        spans.iter().all(|span| span.service() == "my-client"),
        "{spans:?}"
    );
    Ok(())
}

/// C13
#[test]
fn a_client_that_emits_without_a_name_is_told_once() -> Result<()> {
    let server = probe(&[])?;
    let receiver = Receiver::start()?;
    let variable = "TANGO_RUST_TELEMETRY_CLIENT_SERVICE_NAME";
    for (more, hints) in [
        (&[][..], 1),
        (&[(variable, "my-client")], 0),
        (&[("TANGO_TELEMETRY_ENABLE", "off")], 0),
    ] {
        let environment = with(receiver.environment(), more);
        let caller = common::finished_caller("scopes", &server, &environment)?;
        assert!(caller.status.success(), "{caller:?}");
        assert_eq!(
            caller.stderr.matches(variable).count(),
            hints,
            "{more:?}: {}",
            caller.stderr
        );
    }
    Ok(())
}

/// Whether a span processor of the Rust half has a thread.
fn has_batch_thread(server: &DeviceServer) -> Result<bool> {
    for thread in fs::read_dir(format!("/proc/{}/task", server.process().id()))? {
        if fs::read_to_string(thread?.path().join("comm"))?.starts_with("OpenTelemetry") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// C13
#[test]
fn the_span_processor_is_batch_but_for_the_console_or_what_its_variable_says() -> Result<()> {
    let receiver = Receiver::start()?;
    let console = [
        ("TANGO_TELEMETRY_TRACING_EXPORTERS", "console"),
        ("TANGO_TELEMETRY_TRACING_ENDPOINTS", "cout"),
    ];
    let variable = "TANGO_RUST_TELEMETRY_SPAN_PROCESSOR_TYPE";
    for (exporter, word, batch) in [
        ("http", "", true),
        ("http", "batch", true),
        ("http", "Simple", false),
        ("http", "bogus", true),
        ("grpc", "simple", false),
        ("console", "", false),
        ("console", "bogus", false),
        ("console", "batch", true),
    ] {
        receiver.clear();
        let environment = match exporter {
            "http" => receiver.environment(),
            "grpc" => receiver.grpc_environment(),
            _ => with(receiver.environment(), &console),
        };
        let server = probe(&with(environment, &[(variable, word)]))?;
        proxy(&server)?.command_inout::<(), Vec<String>>("Context", ())?;
        assert_eq!(has_batch_thread(&server)?, batch, "{exporter} {word:?}");
        let warned = server.output().contains(&format!("{variable}: {word:?}"));
        assert_eq!(warned, word == "bogus", "{}", server.output());
        server.terminate()?;
        let exported = match exporter {
            "console" => server.output().contains(": Probe.Context\n"),
            _ => has(&receiver.spans(), "Probe.Context"),
        };
        assert!(exported, "{exporter} {word:?}");
    }
    Ok(())
}

/// C13, S7
#[test]
fn hooks_that_nobody_has_given_have_spans_only_with_their_switch_and_all_topics() -> Result<()> {
    let name = "test/follower/1";
    for (switch, topics, emitted) in [
        ("yes", "all", true),
        ("yes", "user", false),
        ("", "all", false),
        ("off", "all", false),
    ] {
        let receiver = Receiver::start()?;
        let more = [
            ("TANGO_RUST_TELEMETRY_EMIT_KERNEL_SPANS", switch),
            ("TANGO_TELEMETRY_TOPICS", topics),
        ];
        let environment = with(receiver.environment(), &more);
        let server =
            DeviceServer::start(&device::example("follower")?, "test", &[name], &environment)?;
        let follower = tango_bindings::DeviceProxy::new(&server.device_url(name))?;
        follower.command_inout::<f64, ()>("Go", 1.0)?;
        server.terminate()?;
        let spans = receiver.spans();
        // It is below the kernel span, beside the command, which has its span in any case.
        assert!(has(&spans, "Follower.Go"), "{switch} {topics}");
        let hook = "Follower.always_executed_hook";
        assert_eq!(has(&spans, hook), emitted, "{switch} {topics}");
        if emitted {
            let go = named(&spans, "Follower.Go")?;
            assert_eq!(named(&spans, hook)?.parent_span_id, go.parent_span_id);
        }
    }
    Ok(())
}

/// C13
#[test]
fn without_patching_there_are_no_rust_spans_and_cpptango_still_links() -> Result<()> {
    let receiver = Receiver::start()?;
    let environment = with(
        receiver.environment(),
        &[
            ("TANGO_RUST_DISABLE_TELEMETRY_PATCHING", "true"),
            ("TANGO_RUST_TELEMETRY_CLIENT_SERVICE_NAME", "my-client"),
        ],
    );
    let server = probe(&environment)?;
    let forwarded = common::caller("forward", &server, &environment)?;
    server.terminate()?;
    let spans = receiver.spans();
    assert_eq!(rust(&spans).count(), 0, "{spans:?}");

    // The client's call, the device, and the device's own call of itself: each in C++, one below the other.
    let call = "Tango::Connection::command_inout";
    let innermost = spans
        .iter()
        .find(|span| span.name == KERNEL && forwarded.contains(&span.span_id))
        .with_context(|| format!("{forwarded} in {spans:?}"))?;
    let mut chain = vec![innermost];
    while let Ok(parent) = common::parent(&spans, chain[chain.len() - 1]) {
        chain.push(parent);
    }
    let chain: Vec<_> = chain
        .iter()
        .map(|span| (span.name.as_str(), span.service()))
        .collect();
    let wanted = [
        (KERNEL, "Probe"),
        (call, "Probe"),
        (KERNEL, "Probe"),
        (call, "my-client"),
    ];
    assert_eq!(chain, wanted);
    Ok(())
}

/// C13
#[test]
fn the_log_level_hides_export_errors_of_both_halves() -> Result<()> {
    let receiver = Receiver::start()?;
    let off = probe(&[])?;
    // The receiver answers, but with an error; at the other ports nobody is.
    let refusing = receiver.http_endpoint().replace("/v1/", "/nowhere/") + "x";
    let closed_http = format!("http://127.0.0.1:{}/v1/traces", device::free_port()?);
    let closed_grpc = format!("grpc://127.0.0.1:{}", device::free_port()?);
    let variable = "TANGO_RUST_TELEMETRY_SDK_LOG_LEVEL";
    for (endpoint, level, told) in [
        (&refusing, "", true),
        (&refusing, "error", true),
        (&refusing, "Debug", true),
        (&refusing, "fatal", false),
        (&refusing, "none", false),
        (&refusing, "bogus", true),
        (&closed_http, "", true),
        (&closed_http, "fatal", false),
        (&closed_grpc, "", true),
        (&closed_grpc, "fatal", false),
    ] {
        let (exporter, _) = endpoint.split_once(':').context("no scheme")?;
        let environment = with(
            receiver.environment(),
            &[
                ("TANGO_TELEMETRY_TRACING_EXPORTERS", exporter),
                ("TANGO_TELEMETRY_TRACING_ENDPOINTS", endpoint),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "500"),
                (variable, level),
            ],
        );
        let client = common::finished_caller("forward", &off, &environment)?;
        assert!(client.status.success(), "{client:?}");
        let stderr = &client.stderr;
        let case = format!("{endpoint} at level {level:?}: {stderr}");
        assert_eq!(stderr.contains("[Error]"), told, "C++, {case}");
        // This crate's own are warnings.
        let rust = told && level != "error";
        let lost = stderr.contains("diagnostic: spans not exported");
        assert_eq!(lost, rust, "Rust, {case}");
        let warned = stderr.contains(&format!("{variable}: \"bogus\""));
        assert_eq!(warned, level == "bogus", "{case}");
        // Nothing else either.
        assert!(told || stderr.is_empty(), "{case}");
    }
    assert_eq!(receiver.spans(), []);
    assert!(receiver.requests() > 0);
    Ok(())
}

/// C14
#[test]
fn exports_have_the_headers_and_the_compression_that_are_asked_for() -> Result<()> {
    // The form for traces comes before the one for all.
    let all = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20all"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
    ];
    let traces = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=other"),
        (
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            "authorization=Bearer%20all",
        ),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
    ];
    for (by_grpc, variables) in [
        (false, &all[..]),
        (false, &traces),
        (true, &all),
        (true, &traces),
    ] {
        let receiver = Receiver::start()?;
        let environment = match by_grpc {
            true => receiver.grpc_environment(),
            false => receiver.environment(),
        };
        let environment = with(environment, variables);
        let server = probe(&environment)?;
        proxy(&server)?.command_inout::<(), Vec<String>>("Context", ())?;
        receiver.wait_for("Rust's span", EXPORT, |spans| has(spans, "Probe.Context"))?;
        let headers = receiver.headers();
        let headers = headers
            .iter()
            .find(|headers| {
                let agent = headers.get("user-agent").and_then(|it| it.to_str().ok());
                agent.is_some_and(|agent| agent.contains("Rust"))
            })
            .with_context(|| format!("no request of the Rust half: {headers:?}"))?;
        let encoding = match by_grpc {
            true => "grpc-encoding",
            false => "content-encoding",
        };
        assert_eq!(headers[encoding], "gzip");
        assert_eq!(headers["authorization"], "Bearer all");
    }
    Ok(())
}

/// C14
#[test]
fn an_export_takes_no_longer_than_it_may() -> Result<()> {
    let off = probe(&[])?;
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let http = format!("http://{}/v1/traces", silent.local_addr()?);
    let grpc = format!("grpc://{}", silent.local_addr()?);
    for (exporter, endpoint, variable) in [
        ("http", &http, "OTEL_EXPORTER_OTLP_TIMEOUT"),
        ("http", &http, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"),
        ("grpc", &grpc, "OTEL_EXPORTER_OTLP_TIMEOUT"),
    ] {
        let environment = [
            ("TANGO_TELEMETRY_ENABLE", "on".to_string()),
            ("TANGO_TELEMETRY_TYPES", "tracing".to_string()),
            ("TANGO_TELEMETRY_TRACING_EXPORTERS", exporter.to_string()),
            ("TANGO_TELEMETRY_TRACING_ENDPOINTS", endpoint.clone()),
            (variable, "200".to_string()),
        ];
        let client = common::finished_caller("forward", &off, &environment)?;
        // The end of the process waits for 2 s: it would not have been told within the default of 10 s.
        assert!(
            client.stderr.contains("diagnostic: spans not exported"),
            "{exporter} {variable}: {client:?}"
        );
    }
    Ok(())
}

/// C14
#[test]
fn the_batch_delay_and_the_sampler_are_honoured() -> Result<()> {
    let receiver = Receiver::start()?;
    let environment = with(
        receiver.environment(),
        &[("OTEL_BSP_SCHEDULE_DELAY", "60000")],
    );
    let server = probe(&environment)?;
    proxy(&server)?.command_inout::<(), Vec<String>>("Context", ())?;
    let early = receiver.wait_for("C++'s span", EXPORT, |spans| has(spans, KERNEL))?;
    assert!(!has(&early, "Probe.Context"), "{early:?}");
    server.terminate()?;
    assert!(has(&receiver.spans(), "Probe.Context"));

    receiver.clear();
    let environment = with(
        receiver.environment(),
        &[("OTEL_TRACES_SAMPLER", "always_off")],
    );
    let server = probe(&environment)?;
    proxy(&server)?.command_inout::<(), Vec<String>>("Context", ())?;
    server.terminate()?;
    let spans = receiver.spans();
    assert!(
        has(&spans, KERNEL) && rust(&spans).count() == 0,
        "{spans:?}"
    );
    Ok(())
}

/// C14
#[test]
fn resource_attributes_are_added_and_rename_no_device() -> Result<()> {
    let receiver = Receiver::start()?;
    let environment = with(
        receiver.environment(),
        &[
            ("OTEL_SERVICE_NAME", "renamed"),
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                "facility.beamline=BL07,host.arch=own,service.instance.id=renamed,service.name=renamed",
            ),
            (
                "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS",
                "process, Container,host,bogus",
            ),
        ],
    );
    let server = probe(&environment)?;
    let warning = "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS: \"bogus\"";
    assert!(server.output().contains(warning), "{}", server.output());
    proxy(&server)?.command_inout::<(), Vec<String>>("Context", ())?;
    let spans = receiver.wait_for("Rust's span", EXPORT, |spans| has(spans, "Probe.Context"))?;
    let span = named(&spans, "Probe.Context")?;
    assert_eq!((span.service(), span.instance()), ("Probe", PROBE));
    assert_eq!(span.resource["service.namespace"], "tango");
    assert_eq!(span.resource["facility.beamline"], "BL07");
    assert_eq!(
        span.resource["process.pid"],
        server.process().id().to_string()
    );
    // The user's word comes after the detectors'.
    assert_eq!(span.resource["host.arch"], "own");
    Ok(())
}
