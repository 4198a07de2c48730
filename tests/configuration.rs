// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the environment of a device server means to both halves.
#![cfg(tango_runtime_configuration)]

mod common;

use std::{fs, path::Path, process::Command};

use anyhow::Result;
use common::{EXPORT, PROBE, has, named, probe, proxy, with};
use tango_bindings::{DeviceProxy, TelemetryEndpoint};
use testbed::{
    DeviceServer, Receiver, device,
    process::{self, Process},
};

fn rust_configuration(device: &DeviceProxy) -> Result<String> {
    Ok(device.command_inout("Configuration", ())?)
}

/// How the threads of exporters are called. (Linux cuts the names at 15 bytes.)
fn exporter_threads(server: &DeviceServer) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for thread in fs::read_dir(format!("/proc/{}/task", server.process().id()))? {
        names.push(
            fs::read_to_string(thread?.path().join("comm"))?
                .trim()
                .to_string(),
        );
    }
    names.retain(|name| {
        name.starts_with("OpenTelemetry")
            || name.starts_with("tango-ot")
            || name.contains("reqwest")
    });
    Ok(names)
}

fn thread_count(server: &DeviceServer) -> Result<usize> {
    Ok(fs::read_dir(format!("/proc/{}/task", server.process().id()))?.count())
}

/// C1
#[test]
fn without_the_variable_there_is_no_span_no_thread_and_nothing_on_the_wire() -> Result<()> {
    let receiver = Receiver::start()?;
    let mut environment = receiver.environment();
    environment.retain(|(name, _)| *name != "TANGO_TELEMETRY_ENABLE");
    let off = probe(&environment)?;
    let device = proxy(&off)?;
    for _ in 0..10 {
        let context: Vec<String> = device.command_inout("Context", ())?;
        assert_eq!(context, ["", ""]);
        device.read_attribute::<f64>("value")?;
        // A client call inside the device.
        device.command_inout::<_, Vec<String>>("Forward", vec![off.device_url(PROBE)])?;
    }
    assert_eq!(device.command_inout::<(), i32>("Providers", ())?, 0);
    assert_eq!(exporter_threads(&off)?, [""; 0]);
    let threads_off = thread_count(&off)?;
    off.terminate()?;
    assert_eq!(receiver.requests(), 0);
    assert!(!off.output().contains("trace_id"), "{}", off.output());

    // The same with telemetry on has threads, so that the test can tell.
    let on = probe(&receiver.environment())?;
    proxy(&on)?.command_inout::<(), Vec<String>>("Context", ())?;
    assert_ne!(exporter_threads(&on)?, [""; 0]);
    let threads_on = thread_count(&on)?;
    assert!(threads_off < threads_on, "{threads_off} {threads_on}");
    Ok(())
}

/// C2
#[test]
fn with_enable_only_everything_is_on_and_goes_to_standard_output() -> Result<()> {
    let server = probe(&[("TANGO_TELEMETRY_ENABLE", "on".to_string())])?;
    let device = proxy(&server)?;
    device.command_inout::<(), Vec<String>>("Context", ())?;
    assert!(device.is_telemetry_enabled()?);
    assert_eq!(device.get_telemetry_topics()?, ["all"]);
    assert!(device.get_telemetry_tracing()?);
    assert!(device.get_telemetry_logging()?);
    let console = [TelemetryEndpoint::new("console", "cout")];
    assert_eq!(device.get_telemetry_tracing_endpoints()?, console);
    assert_eq!(device.get_telemetry_logging_endpoints()?, console);
    assert_eq!(
        rust_configuration(&device)?,
        "enabled=true tracing=true topics=all endpoints=cout"
    );

    server.terminate()?;
    let stdout = server.process().stdout();
    // C++ and Rust write in the same form.
    for line in [
        "  name          : Probe.Context",
        "  name          : Tango::Device_4Impl::command_inout_4",
        concat!(
            "  instr-lib     : tango.rust.server-",
            env!("CARGO_PKG_VERSION")
        ),
        "\tservice.instance.id: test/probe/1",
    ] {
        assert!(
            stdout.lines().any(|printed| printed == line),
            "no line {line:?} in {stdout}"
        );
    }
    Ok(())
}

/// C3, C4
#[test]
fn words_for_on_and_off_mean_the_same_to_both_halves() -> Result<()> {
    for (word, enabled) in [
        ("on", true),
        ("ON", true),
        ("1", true),
        ("true", true),
        ("yes", true),
        (" Y ", true),
        ("off", false),
        ("0", false),
        ("false", false),
        ("no", false),
        ("N", false),
        ("", false),
    ] {
        let server = probe(&[
            ("TANGO_TELEMETRY_ENABLE", word.to_string()),
            ("TANGO_TELEMETRY_TRACING_ENDPOINTS", "cerr".to_string()),
            ("TANGO_TELEMETRY_TRACING_EXPORTERS", "console".to_string()),
        ])?;
        let device = proxy(&server)?;
        assert_eq!(device.is_telemetry_enabled()?, enabled, "C++ at {word}");
        let rust = rust_configuration(&device)?;
        assert!(
            rust.starts_with(&format!("enabled={enabled} ")),
            "Rust at {word}: {rust}"
        );
        let providers: i32 = device.command_inout("Providers", ())?;
        assert_eq!(providers > 0, enabled, "tracer providers at {word}");
    }
    Ok(())
}

/// The grpc exporter.
#[test]
fn spans_go_by_grpc_too() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.grpc_environment())?;
    proxy(&server)?.command_inout::<(), Vec<String>>("Context", ())?;
    let spans = receiver.wait_for("both halves", EXPORT, |spans| {
        has(spans, "Probe.Context") && has(spans, "Tango::Device_4Impl::command_inout_4")
    })?;
    let span = named(&spans, "Probe.Context")?;
    assert_eq!((span.service(), span.instance()), ("Probe", PROBE));
    assert_eq!(span.resource["service.namespace"], "tango");
    assert_eq!(span.scope, "tango.rust.server");
    assert_eq!(span.scope_version, env!("CARGO_PKG_VERSION"));
    Ok(())
}

/// C4
#[test]
fn words_for_on_and_off_mean_the_same_to_both_halves_of_a_client() -> Result<()> {
    let server = probe(&[])?;
    for (word, enabled) in [("yes", true), ("n", false), ("", false)] {
        let receiver = Receiver::start()?;
        let environment = with(receiver.environment(), &[("TANGO_TELEMETRY_ENABLE", word)]);
        common::caller("forward", &server, &environment)?;
        // What a client has made is exported when it ends.
        let spans = receiver.spans();
        for name in CALL {
            assert_eq!(has(&spans, name), enabled, "{name} at {word:?}");
        }
    }
    Ok(())
}

/// A client call in Rust and in C++.
const CALL: [&str; 2] = [
    "DeviceProxy.command_inout",
    "Tango::Connection::command_inout",
];

/// C5
#[test]
fn the_exporter_none_switches_one_type_off() -> Result<()> {
    const LOGS: &str = "TANGO_TELEMETRY_LOGGING_EXPORTERS";
    const TRACES: &str = "TANGO_TELEMETRY_TRACING_EXPORTERS";
    for (none, tracing, logging) in [(LOGS, true, false), (TRACES, false, true)] {
        let receiver = Receiver::start()?;
        let mut environment = with(
            receiver.environment(),
            &[
                // A panic of the observer is told on the device's logger.
                ("PROBE_OBSERVER", "panics"),
                (LOGS, "http"),
                (
                    "TANGO_TELEMETRY_LOGGING_ENDPOINTS",
                    &receiver.http_logs_endpoint(),
                ),
                (none, "None"),
            ],
        );
        environment.retain(|(name, _)| *name != "TANGO_TELEMETRY_TYPES");
        let server = probe(&environment)?;
        let device = proxy(&server)?;
        assert_eq!(device.get_telemetry_tracing()?, tracing, "{none}");
        assert_eq!(device.get_telemetry_logging()?, logging, "{none}");
        let rust = rust_configuration(&device)?;
        assert!(rust.contains(&format!("tracing={tracing}")), "{rust}");
        device.start_telemetry()?;
        device.command_inout::<(), Vec<String>>("Context", ())?;
        server.terminate()?;
        assert_eq!(has(&receiver.spans(), "Probe.Context"), tracing, "{none}");
        let kernel = "Tango::Device_4Impl::command_inout_4";
        assert_eq!(has(&receiver.spans(), kernel), tracing, "{none}");
        assert_eq!(!receiver.logs().is_empty(), logging, "{none}");
    }
    Ok(())
}

/// C11
#[test]
fn case_and_blanks_do_not_count() -> Result<()> {
    for (topics, wanted) in [(" user , polling", "polling,user"), ("USER", "user")] {
        let server = probe(&[
            ("TANGO_TELEMETRY_ENABLE", " On".to_string()),
            ("TANGO_TELEMETRY_TYPES", "Tracing , ".to_string()),
            ("TANGO_TELEMETRY_TOPICS", topics.to_string()),
            ("TANGO_TELEMETRY_TRACING_EXPORTERS", " CONSOLE ".to_string()),
            ("TANGO_TELEMETRY_TRACING_ENDPOINTS", " Cerr, ".to_string()),
        ])?;
        let device = proxy(&server)?;
        let mut cpp = device.get_telemetry_topics()?;
        cpp.sort();
        assert_eq!(cpp.join(","), wanted);
        assert!(!device.get_telemetry_logging()?);
        let console = [TelemetryEndpoint::new("console", "cerr")];
        assert_eq!(device.get_telemetry_tracing_endpoints()?, console);
        let rust = rust_configuration(&device)?;
        let mut topics: Vec<&str> = wanted.split(',').collect();
        let in_order = |topics: &[&str]| {
            format!(
                "enabled=true tracing=true topics={} endpoints=cerr",
                topics.join(",")
            )
        };
        let either = [in_order(&topics), {
            topics.reverse();
            in_order(&topics)
        }];
        assert!(either.contains(&rust), "{rust}");
    }
    Ok(())
}

/// C12
#[test]
fn a_tangorc_file_counts_and_spans_reach_several_endpoints() -> Result<()> {
    let first = Receiver::start()?;
    let second = Receiver::start()?;
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("home");
    fs::create_dir_all(&home)?;
    // cppTango alone would not take `yes`.
    let lines = format!(
        "# of the tests\nTANGO_TELEMETRY_ENABLE = yes\nTANGO_TELEMETRY_TYPES=tracing\n\
        TANGO_TELEMETRY_TOPICS=bogus\nTANGO_TELEMETRY_TRACING_EXPORTERS=http, GRPC\n\
        TANGO_TELEMETRY_TRACING_ENDPOINTS={}, {}\n",
        first.http_endpoint(),
        second.grpc_endpoint()
    );
    fs::write(home.join(".tangorc"), lines)?;
    let mut server = Command::new("unshare");
    process::telemetry_env(
        &mut server,
        &[
            // The environment comes first.
            ("TANGO_TELEMETRY_TOPICS", "all".to_string()),
            // But for an empty variable, which is as if unset.
            ("TANGO_TELEMETRY_ENABLE", " ".to_string()),
        ],
    );
    let port = device::free_port()?;
    let point = format!("giop:tcp:127.0.0.1:{port}");
    server
        .args(["--user", "--map-root-user", "--mount"])
        .arg(device::example("mounted")?)
        // cppTango asks the system for the home, not the variable HOME.
        .args([&home, Path::new("/root"), Path::new("--")])
        .arg(device::example("probe")?)
        .args(["test", "-nodb", "-dlist", PROBE, "-ORBendPoint", &point]);
    let server = Process::spawn("probe", server, Some("Ready to accept request"))?;
    let device = DeviceProxy::new(&format!("tango://127.0.0.1:{port}/{PROBE}#dbase=no"))?;
    device.command_inout::<(), Vec<String>>("Context", ())?;
    server.terminate()?;
    for receiver in [first, second] {
        let spans = receiver.spans();
        for name in ["Probe.Context", "Tango::Device_4Impl::command_inout_4"] {
            assert!(has(&spans, name), "no {name} in {spans:?}");
        }
    }
    Ok(())
}
