// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a server and a client do about an environment that is not as it should be.
#![cfg(tango_runtime_configuration)]

mod common;

use anyhow::Result;
use common::{has, probe, proxy, refused, with};
use testbed::Receiver;

/// C4, C6, C7, C8. What else is refused, and by what text, the unit tests of `src/environment/rules.rs` tell.
#[test]
fn what_is_not_allowed_is_refused_by_server_and_client() -> Result<()> {
    const ENABLE: &str = "TANGO_TELEMETRY_ENABLE";
    const EXPORTERS: &str = "TANGO_TELEMETRY_TRACING_EXPORTERS";
    const ENDPOINTS: &str = "TANGO_TELEMETRY_TRACING_ENDPOINTS";
    for (variables, words) in [
        (&[(ENABLE, "maybe")][..], [ENABLE, "maybe", "yes"]),
        (
            &[(EXPORTERS, "http"), (ENDPOINTS, "localhost:4318")],
            [ENDPOINTS, "localhost:4318", "http://HOST:PORT/PATH"],
        ),
        (
            &[(EXPORTERS, "grpc"), (ENDPOINTS, "grpc://localhost:4317/v1")],
            [ENDPOINTS, "grpc://localhost:4317/v1", "grpc://HOST:PORT"],
        ),
        (
            &[(EXPORTERS, "console"), (ENDPOINTS, "stdout")],
            [ENDPOINTS, "stdout", "cout or cerr"],
        ),
        (
            &[(EXPORTERS, "console"), (ENDPOINTS, "cout,cerr")],
            [ENDPOINTS, "2 endpoint(s)", "1 exporter(s)"],
        ),
        (
            &[(EXPORTERS, "jaeger")],
            [EXPORTERS, "jaeger", "console, grpc, http"],
        ),
        (
            &[("TANGO_TELEMETRY_TYPES", "bogus")],
            ["TANGO_TELEMETRY_TYPES", "bogus", "tracing, logging"],
        ),
        (
            &[("TANGO_TELEMETRY_TOPICS", "bogus")],
            ["TANGO_TELEMETRY_TOPICS", "bogus", "database, events"],
        ),
    ] {
        let environment = with(vec![(ENABLE, "on".to_string())], variables);
        for text in refused(&environment)? {
            // With RUST_BACKTRACE a client's goes on after it.
            let line = text.lines().next().unwrap_or_default();
            assert!(words.iter().all(|word| line.contains(word)), "{text}");
        }
    }
    Ok(())
}

/// C8 for the public functions: cppTango's default interface throws where the environment is bad.
#[test]
fn a_bad_environment_does_not_end_a_client() -> Result<()> {
    let server = probe(&[])?;
    let bad = [
        ("TANGO_TELEMETRY_ENABLE", "on".to_string()),
        ("TANGO_TELEMETRY_TOPICS", "bogus".to_string()),
    ];
    let stdout = common::caller("context", &server, &bad)?;
    assert_eq!(stdout, "outside  \nnew  \n");
    Ok(())
}

/// C8: an environment that has to be rewritten too late is an error that says how to mend it.
#[test]
fn a_client_with_threads_runs_where_nothing_has_to_be_rewritten() -> Result<()> {
    let server = probe(&[])?;
    let receiver = Receiver::start()?;
    for fine in ["on", "TRUE"] {
        let environment = with(receiver.environment(), &[("TANGO_TELEMETRY_ENABLE", fine)]);
        common::caller("late", &server, &environment)?;
    }
    for (word, remedy) in [
        ("yes", "write TANGO_TELEMETRY_ENABLE=on"),
        ("", "unset TANGO_TELEMETRY_ENABLE"),
    ] {
        let environment = [("TANGO_TELEMETRY_ENABLE", word.to_string())];
        let late = common::finished_caller("late", &server, &environment)?;
        assert_eq!(late.status.code(), Some(1), "{late:?}");
        for part in ["TANGO_TELEMETRY_ENABLE", "first line of main", remedy] {
            assert!(late.stderr.contains(part), "{late:?}");
        }
    }
    Ok(())
}

/// C9
#[test]
fn where_telemetry_is_off_what_is_not_allowed_is_a_warning() -> Result<()> {
    let off = probe(&[])?;
    for (variable, value) in [
        ("TANGO_TELEMETRY_TYPES", "bogus"),
        ("TANGO_TELEMETRY_TOPICS", "bogus"),
        ("TANGO_TELEMETRY_TRACING_EXPORTERS", "bogus"),
        ("TANGO_TELEMETRY_TRACING_ENDPOINTS", "bogus"),
        ("TANGO_TELEMETRY_LOGGING_EXPORTERS", "none,bogus"),
        ("TANGO_TELEMETRY_LOGGING_ENDPOINTS", "cout,bogus"),
    ] {
        let mut environment = vec![("TANGO_TELEMETRY_ENABLE", "off".to_string())];
        environment.push((variable, value.to_string()));
        let warned = |output: &str| {
            output
                .lines()
                .filter(|line| line.contains(variable))
                .count()
        };

        let server = probe(&environment)?;
        proxy(&server)?.command_inout::<(), Vec<String>>("Context", ())?;
        assert_eq!(warned(&server.output()), 1, "{}", server.output());

        let client = common::finished_caller("forward", &off, &environment)?;
        assert!(client.status.success(), "{client:?}");
        assert_eq!(warned(&client.stderr), 1, "{client:?}");
    }
    Ok(())
}

/// C10
#[test]
fn old_names_are_warned_of_and_have_no_effect() -> Result<()> {
    let receiver = Receiver::start()?;
    let environment = with(
        receiver.environment(),
        &[
            ("TANGO_TELEMETRY_TRACES_EXPORTER", "bogus"),
            ("TANGO_TELEMETRY_TRACES_ENDPOINT", "bogus"),
            ("TANGO_TELEMETRY_LOGS_EXPORTER", "bogus"),
            ("TANGO_TELEMETRY_LOGS_ENDPOINT", "bogus"),
            ("TANGO_TELEMETRY_KERNEL_ENABLE", "off"),
        ],
    );
    let server = probe(&environment)?;
    proxy(&server)?.command_inout::<(), Vec<String>>("Context", ())?;
    server.terminate()?;
    let spans = receiver.spans();
    assert!(has(&spans, "Probe.Context") && has(&spans, "Tango::Device_4Impl::command_inout_4"));
    for (old, new) in [
        ("TRACES_EXPORTER", "TRACING_EXPORTERS"),
        ("TRACES_ENDPOINT", "TRACING_ENDPOINTS"),
        ("LOGS_EXPORTER", "LOGGING_EXPORTERS"),
        ("LOGS_ENDPOINT", "LOGGING_ENDPOINTS"),
        ("KERNEL_ENABLE", "TOPICS"),
    ] {
        let output = server.output();
        let mut lines = output
            .lines()
            .filter(|line| line.contains(&format!("TANGO_TELEMETRY_{old} ")));
        let line = lines.next().unwrap_or_default();
        assert!(
            line.contains(&format!("TANGO_TELEMETRY_{new} ")),
            "{output}"
        );
        assert_eq!(lines.next(), None);
    }
    Ok(())
}
