//! What the environment of a device server means to both halves.

mod common;

use std::fs;

use anyhow::Result;
use common::{EXPORT, PROBE, has, named, probe, proxy};
use tango_bindings::{DeviceProxy, TelemetryEndpoint};
use testbed::{DeviceServer, Receiver};

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

/// C3
#[test]
fn words_for_on_and_off_mean_the_same_to_both_halves() -> Result<()> {
    for (word, enabled) in [
        ("on", true),
        ("ON", true),
        ("1", true),
        ("true", true),
        ("off", false),
        ("0", false),
        ("false", false),
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

/// The client's name is that of both halves.
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
