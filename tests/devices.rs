// SPDX-License-Identifier: MIT OR Apache-2.0
//! Devices and their configuration at run time.
#![cfg(tango_runtime_configuration)]

mod common;

use anyhow::{Context, Result};
use common::{EXPORT, PROBE, admin, count, has, probe, proxy};
use tango_bindings::{DevFailed, DeviceProxy, TelemetryEndpoint};
use testbed::{DeviceServer, Receiver, device};

type Strings = Vec<String>;
type LongStrings = (Vec<i32>, Vec<String>);

fn strings(items: &[&str]) -> Strings {
    items.iter().map(ToString::to_string).collect()
}

/// The names of the virtual methods that cppTango has called on a device since the last question, and what Rust knew
/// then.
fn callbacks(probe: &DeviceProxy, device: &str) -> Result<Vec<(String, String)>> {
    let calls: Strings = probe.command_inout("Callbacks", device.to_string())?;
    let calls = calls
        .iter()
        .map(|call| call.split_once(' ').context("not a callback"));
    calls
        .map(|call| call.map(|(method, rust)| (method.to_string(), rust.to_string())))
        .collect()
}

/// D1
#[test]
fn each_virtual_method_reaches_rust_as_often_as_it_is_called() -> Result<()> {
    let server = probe(&[
        ("TANGO_TELEMETRY_ENABLE", "on".to_string()),
        ("TANGO_TELEMETRY_TOPICS", "user,polling".to_string()),
        ("TANGO_TELEMETRY_TRACING_EXPORTERS", "console".to_string()),
        ("TANGO_TELEMETRY_TRACING_ENDPOINTS", "cerr".to_string()),
    ])?;
    let device = proxy(&server)?;
    let admin = admin(&server)?;

    // The initial state is pulled: cppTango calls nothing.
    let calls = callbacks(&device, PROBE)?;
    let [(constructor, rust)] = calls.as_slice() else {
        anyhow::bail!("at construction: {calls:?}");
    };
    assert_eq!(constructor, "constructor");
    assert!(
        rust.starts_with("enabled=true tracing=true topics="),
        "{rust}"
    );
    assert!(
        rust.contains("user") && rust.contains("polling") && rust.ends_with("endpoints=cerr"),
        "{rust}"
    );

    // Each command, the methods it calls, and what Rust knows when it is called.
    let endpoints = strings(&[PROBE, "1", "console", "cout"]);
    let endpoint = strings(&[PROBE, "console", "cerr"]);
    let one = strings(&[PROBE]);
    let s =
        |command: &str, argument: &Strings| admin.command_inout::<_, ()>(command, argument.clone());
    let sg = |command: &str| {
        admin
            .command_inout::<_, Strings>(command, one.clone())
            .map(|_| ())
    };
    let ls = |command: &str, on| {
        admin.command_inout::<LongStrings, ()>(command, (vec![on], one.clone()))
    };
    let lsg = |command: &str| {
        admin
            .command_inout::<_, LongStrings>(command, one.clone())
            .map(|_| ())
    };
    let check =
        |what: &str, done: Result<(), DevFailed>, expected: &[&str], rust: &str| -> Result<()> {
            done.with_context(|| what.to_string())?;
            let calls = callbacks(&device, PROBE)?;
            let methods: Vec<&str> = calls.iter().map(|(method, _)| method.as_str()).collect();
            assert_eq!(methods, expected, "{what}");
            for (method, knew) in &calls {
                assert!(knew.contains(rust), "{what}: at {method} Rust knew {knew}");
            }
            Ok(())
        };
    check(
        "StopTelemetry",
        s("StopTelemetry", &one),
        &["disable_telemetry"],
        "enabled=false",
    )?;
    check(
        "StartTelemetry",
        s("StartTelemetry", &one),
        &["enable_telemetry"],
        "enabled=true",
    )?;
    check(
        "twice",
        s("StartTelemetry", &one),
        &["enable_telemetry"],
        "enabled=true",
    )?;
    check(
        "IsTelemetryEnabled",
        lsg("IsTelemetryEnabled"),
        &["is_telemetry_enabled"],
        "",
    )?;
    check(
        "SetTelemetryTopics",
        s("SetTelemetryTopics", &strings(&[PROBE, "1", "all"])),
        &["set_telemetry_topics"],
        "topics=all ",
    )?;
    check(
        "GetTelemetryTopics",
        sg("GetTelemetryTopics"),
        &["get_telemetry_topics"],
        "",
    )?;
    check(
        "SetTelemetryTracing",
        ls("SetTelemetryTracing", 0),
        &["set_telemetry_tracing"],
        "tracing=false",
    )?;
    check(
        "SetTelemetryTracing",
        ls("SetTelemetryTracing", 1),
        &["set_telemetry_tracing"],
        "tracing=true",
    )?;
    check(
        "GetTelemetryTracing",
        lsg("GetTelemetryTracing"),
        &["is_telemetry_tracing_enabled"],
        "",
    )?;
    check(
        "SetTelemetryTracingEndpoints",
        s("SetTelemetryTracingEndpoints", &endpoints),
        &["set_telemetry_tracing_endpoints"],
        "endpoints=cout",
    )?;
    check(
        "AddTelemetryTracingEndpoints",
        s("AddTelemetryTracingEndpoints", &endpoint),
        &["add_telemetry_tracing_endpoint"],
        "endpoints=cout,cerr",
    )?;
    check(
        "RemoveTelemetryTracingEndpoints",
        s("RemoveTelemetryTracingEndpoints", &endpoint),
        &["remove_telemetry_tracing_endpoint"],
        "endpoints=cout",
    )?;
    check(
        "GetTelemetryTracingEndpoints",
        sg("GetTelemetryTracingEndpoints"),
        &["get_telemetry_tracing_endpoints"],
        "",
    )?;
    check(
        "SetTelemetryLogging",
        ls("SetTelemetryLogging", 0),
        &["update_telemetry_logging", "set_telemetry_logging"],
        "",
    )?;
    check(
        "GetTelemetryLogging",
        lsg("GetTelemetryLogging"),
        &["is_telemetry_logging_enabled"],
        "",
    )?;
    check(
        "SetTelemetryLoggingEndpoints",
        s("SetTelemetryLoggingEndpoints", &endpoints),
        &[
            "update_telemetry_logging",
            "set_telemetry_logging_endpoints",
        ],
        "",
    )?;
    check(
        "AddTelemetryLoggingEndpoints",
        s("AddTelemetryLoggingEndpoints", &endpoint),
        &["update_telemetry_logging", "add_telemetry_logging_endpoint"],
        "",
    )?;
    check(
        "RemoveTelemetryLoggingEndpoints",
        s("RemoveTelemetryLoggingEndpoints", &endpoint),
        &[
            "update_telemetry_logging",
            "remove_telemetry_logging_endpoint",
        ],
        "",
    )?;
    check(
        "GetTelemetryLoggingEndpoints",
        sg("GetTelemetryLoggingEndpoints"),
        &["get_telemetry_logging_endpoints"],
        "",
    )?;

    // The last two are called on the admin device, when the server restarts; it does so after it has answered.
    admin.command_inout::<(), ()>("RestartServer", ())?;
    server.process().wait_for_line("initialized 2", EXPORT)?;
    let stdout = server.process().stdout();
    let calls: Vec<&str> = stdout
        .lines()
        .filter_map(|line| line.strip_prefix("callback dserver/probe/test "))
        .collect();
    assert_eq!(
        calls,
        [
            "constructor",
            "cleanup_telemetry_interface",
            "initialize_telemetry_interface"
        ]
    );
    Ok(())
}

/// D2
#[test]
fn all_admin_commands_work_on_a_rust_device() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    let admin = admin(&server)?;
    let one = strings(&[PROBE]);
    let set = |command: &str, arguments: &[&str]| {
        let arguments: Vec<&str> = [PROBE]
            .into_iter()
            .chain(arguments.iter().copied())
            .collect();
        admin.command_inout::<_, ()>(command, strings(&arguments))
    };
    let get = |command: &str| admin.command_inout::<_, Strings>(command, one.clone());
    let flag = |command: &str| admin.command_inout::<_, LongStrings>(command, one.clone());
    let set_flag = |command: &str, on| {
        admin.command_inout::<LongStrings, ()>(command, (vec![on], one.clone()))
    };

    set("StopTelemetry", &[])?;
    assert_eq!(flag("IsTelemetryEnabled")?, (vec![0], one.clone()));
    set("StartTelemetry", &[])?;
    assert_eq!(flag("IsTelemetryEnabled")?, (vec![1], one.clone()));
    set("SetTelemetryTopics", &["1", "user"])?;
    assert_eq!(get("GetTelemetryTopics")?, [PROBE, "1", "user"]);
    for kind in ["Tracing", "Logging"] {
        set_flag(&format!("SetTelemetry{kind}"), 0)?;
        assert_eq!(
            flag(&format!("GetTelemetry{kind}"))?,
            (vec![0], one.clone())
        );
        set_flag(&format!("SetTelemetry{kind}"), 1)?;
        assert_eq!(
            flag(&format!("GetTelemetry{kind}"))?,
            (vec![1], one.clone())
        );
        let endpoints = format!("GetTelemetry{kind}Endpoints");
        set(
            &format!("SetTelemetry{kind}Endpoints"),
            &["1", "console", "cerr"],
        )?;
        assert_eq!(get(&endpoints)?, [PROBE, "1", "console", "cerr"]);
        set(
            &format!("AddTelemetry{kind}Endpoints"),
            &["console", "cout"],
        )?;
        assert_eq!(
            get(&endpoints)?,
            [PROBE, "2", "console", "cerr", "console", "cout"]
        );
        set(
            &format!("RemoveTelemetry{kind}Endpoints"),
            &["console", "cerr"],
        )?;
        assert_eq!(get(&endpoints)?, [PROBE, "1", "console", "cout"]);
        set(&format!("SetTelemetry{kind}Endpoints"), &["0"])?;
        assert_eq!(get(&endpoints)?, [PROBE, "0"]);
    }
    Ok(())
}

/// D2
#[test]
fn the_methods_of_device_proxy_do_the_same() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    let device = proxy(&server)?;
    let (cout, cerr) = (
        TelemetryEndpoint::new("console", "cout"),
        TelemetryEndpoint::new("console", "cerr"),
    );

    device.stop_telemetry()?;
    assert!(!device.is_telemetry_enabled()?);
    device.start_telemetry()?;
    assert!(device.is_telemetry_enabled()?);
    device.set_telemetry_topics(&["user"])?;
    assert_eq!(device.get_telemetry_topics()?, ["user"]);

    device.set_telemetry_tracing(false)?;
    assert!(!device.get_telemetry_tracing()?);
    device.set_telemetry_tracing_endpoints(std::slice::from_ref(&cerr))?;
    device.add_telemetry_tracing_endpoint(&cout)?;
    assert_eq!(
        device.get_telemetry_tracing_endpoints()?,
        [cerr.clone(), cout.clone()]
    );
    device.remove_telemetry_tracing_endpoint(&cerr)?;
    assert_eq!(
        device.get_telemetry_tracing_endpoints()?,
        std::slice::from_ref(&cout)
    );

    device.set_telemetry_logging(false)?;
    assert!(!device.get_telemetry_logging()?);
    device.set_telemetry_logging_endpoints(std::slice::from_ref(&cerr))?;
    device.add_telemetry_logging_endpoint(&cout)?;
    assert_eq!(
        device.get_telemetry_logging_endpoints()?,
        [cerr.clone(), cout.clone()]
    );
    device.remove_telemetry_logging_endpoint(&cerr)?;
    assert_eq!(device.get_telemetry_logging_endpoints()?, [cout]);
    Ok(())
}

/// D2
#[test]
fn errors_of_admin_commands_are_those_of_a_cpp_device_and_change_nothing() -> Result<()> {
    let receiver = Receiver::start()?;
    let environment = receiver.environment();
    let rust = probe(&environment)?;
    let cpp = DeviceServer::start(&device::tango_test()?, "test", &[PROBE], &environment)?;
    let state = |server: &DeviceServer| -> Result<(Strings, Strings, Strings)> {
        let admin = admin(server)?;
        let get = |command| admin.command_inout(command, strings(&[PROBE]));
        Ok((
            get("GetTelemetryTopics")?,
            get("GetTelemetryTracingEndpoints")?,
            get("GetTelemetryLoggingEndpoints")?,
        ))
    };
    let before = state(&rust)?;
    for (command, arguments) in [
        ("StopTelemetry", vec!["no/such/device"]),
        ("SetTelemetryTopics", vec![PROBE, "1", "bogus"]),
        ("SetTelemetryTopics", vec![PROBE, "2", "user"]),
        (
            "SetTelemetryTracingEndpoints",
            vec![PROBE, "1", "http", "localhost:4318"],
        ),
        (
            "SetTelemetryTracingEndpoints",
            vec![PROBE, "2", "console", "cout", "http", "localhost:4318"],
        ),
        (
            "SetTelemetryTracingEndpoints",
            vec![PROBE, "1", "jaeger", "http://localhost:4318"],
        ),
        (
            "AddTelemetryTracingEndpoints",
            vec![PROBE, "grpc", "grpc://localhost:4317/path"],
        ),
        ("AddTelemetryTracingEndpoints", vec![PROBE, "grpc"]),
        (
            "RemoveTelemetryTracingEndpoints",
            vec![PROBE, "console", "stdout"],
        ),
        (
            "SetTelemetryLoggingEndpoints",
            vec![PROBE, "1", "console", "stdout"],
        ),
        (
            "AddTelemetryLoggingEndpoints",
            vec![PROBE, "http", "localhost:4318"],
        ),
        (
            "RemoveTelemetryLoggingEndpoints",
            vec!["no/such/device", "console", "cout"],
        ),
    ] {
        let ask = |server: &DeviceServer| -> Result<DevFailed> {
            let asked = admin(server)?.command_inout::<_, ()>(command, strings(&arguments));
            asked
                .err()
                .with_context(|| format!("{command} {arguments:?} has not failed"))
        };
        // The names of the servers are in the last error, the client's.
        assert_eq!(
            ask(&rust)?.cause(),
            ask(&cpp)?.cause(),
            "{command} {arguments:?}"
        );
    }
    let flags: LongStrings = (vec![0, 1], strings(&[PROBE]));
    for command in ["SetTelemetryTracing", "SetTelemetryLogging"] {
        let failed = admin(&rust)?.command_inout::<_, ()>(command, flags.clone());
        let expected = admin(&cpp)?.command_inout::<_, ()>(command, flags.clone());
        let cause = |done: Result<(), DevFailed>| -> Result<_> {
            Ok(done.err().context("has not failed")?.cause().clone())
        };
        assert_eq!(cause(failed)?, cause(expected)?, "{command}");
    }
    assert_eq!(state(&rust)?, before);
    let configuration: String = proxy(&rust)?.command_inout("Configuration", ())?;
    assert_eq!(
        configuration,
        format!(
            "enabled=true tracing=true topics=all endpoints={}",
            receiver.http_endpoint()
        )
    );
    Ok(())
}

/// D7
#[test]
fn stop_and_start_keep_the_configuration_and_resume_tracing() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    let device = proxy(&server)?;
    device.set_telemetry_topics(&["all", "polling"])?;
    device.set_telemetry_logging(false)?;
    let configuration = |device: &DeviceProxy| -> Result<_> {
        let mut topics = device.get_telemetry_topics()?;
        topics.sort();
        let rust: String = device.command_inout("Configuration", ())?;
        let endpoints = device.get_telemetry_tracing_endpoints()?;
        Ok((
            topics,
            endpoints,
            device.get_telemetry_tracing()?,
            device.get_telemetry_logging()?,
            rust,
        ))
    };
    let before = configuration(&device)?;
    for cycle in 1..=3 {
        device.stop_telemetry()?;
        // Silence: what is asked now makes no span, as the counting below shows.
        device.command_inout::<(), i32>("Providers", ())?;
        device.start_telemetry()?;
        assert_eq!(configuration(&device)?, before, "cycle {cycle}");
        device.command_inout::<(), Strings>("Context", ())?;
        receiver.wait_for(&format!("the span of cycle {cycle}"), EXPORT, |spans| {
            count(spans, "Probe.Context") == cycle
        })?;
    }
    assert!(!has(&receiver.spans(), "Probe.Providers"));

    // The tracing flag: the same.
    device.set_telemetry_tracing(false)?;
    device.command_inout::<(), i32>("Providers", ())?;
    device.set_telemetry_tracing(true)?;
    device.command_inout::<(), Strings>("Context", ())?;
    receiver.wait_for("the span after tracing was off", EXPORT, |spans| {
        count(spans, "Probe.Context") == 4
    })?;
    assert!(!has(&receiver.spans(), "Probe.Providers"));
    Ok(())
}

/// D7
#[test]
fn what_changes_nothing_rebuilds_nothing() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    let device = proxy(&server)?;
    let providers = || -> Result<i32> { Ok(device.command_inout("Providers", ())?) };
    let present = TelemetryEndpoint::new("http", &receiver.http_endpoint());
    let absent = TelemetryEndpoint::new("console", "cerr");
    let before = providers()?;
    device.add_telemetry_tracing_endpoint(&present)?;
    device.remove_telemetry_tracing_endpoint(&absent)?;
    device.set_telemetry_tracing_endpoints(std::slice::from_ref(&present))?;
    device.start_telemetry()?;
    device.set_telemetry_tracing(true)?;
    device.set_telemetry_topics(&["user"])?;
    assert_eq!(providers()?, before);
    // And what does change something, does.
    device.add_telemetry_tracing_endpoint(&absent)?;
    assert_eq!(providers()?, before + 1);
    device.remove_telemetry_tracing_endpoint(&absent)?;
    assert_eq!(providers()?, before + 2);
    assert_eq!(device.get_telemetry_tracing_endpoints()?, [present]);
    Ok(())
}

/// A change of endpoints: what ended before goes to the old one, what comes after to the new one only.
#[test]
fn new_endpoints_get_the_later_spans_only() -> Result<()> {
    let (old, new) = (Receiver::start()?, Receiver::start()?);
    let server = probe(&old.environment())?;
    let device = proxy(&server)?;
    device.command_inout::<(), Strings>("Context", ())?;
    device
        .set_telemetry_tracing_endpoints(&[TelemetryEndpoint::new("http", &new.http_endpoint())])?;
    device.command_inout::<(), i32>("Providers", ())?;
    old.wait_for("the span before", EXPORT, |spans| {
        has(spans, "Probe.Context")
    })?;
    new.wait_for("the span after", EXPORT, |spans| {
        has(spans, "Probe.Providers")
    })?;
    // All that there is has been exported then.
    server.terminate()?;
    assert!(!has(&old.spans(), "Probe.Providers"));
    assert!(!has(&new.spans(), "Probe.Context"));
    Ok(())
}

/// D13
#[test]
fn a_panic_in_a_callback_does_not_end_the_server() -> Result<()> {
    let receiver = Receiver::start()?;
    let mut environment = receiver.environment();
    environment.push(("PROBE_OBSERVER", "panics".to_string()));
    environment[1].1 = "tracing,logging".to_string();
    environment.push(("TANGO_TELEMETRY_LOGGING_EXPORTERS", "http".to_string()));
    environment.push((
        "TANGO_TELEMETRY_LOGGING_ENDPOINTS",
        receiver.http_logs_endpoint(),
    ));
    let server = probe(&environment)?;
    let device = proxy(&server)?;
    // Where cppTango lets the method fail, the operator is told.
    let failed = device
        .set_telemetry_topics(&["user", "all"])
        .err()
        .context("no error")?;
    let told = failed
        .errors()
        .any(|error| error.desc.contains("the observer panics as asked"));
    assert!(told, "{failed:?}");
    // Where it does not, the device's log is.
    device.set_telemetry_tracing(false)?;
    let warning =
        "set_telemetry_tracing: panic in a telemetry callback: the observer panics as asked";
    receiver.wait_for_logs("the warning", EXPORT, |logs| {
        logs.iter()
            .any(|log| log.instance() == PROBE && log.body.contains(warning))
    })?;
    // And the changes have taken effect.
    let mut topics = device.get_telemetry_topics()?;
    topics.sort();
    assert_eq!(topics, ["all", "user"]);
    assert!(!device.get_telemetry_tracing()?);
    device.set_telemetry_tracing(true)?;
    device.stop_telemetry()?;
    device.start_telemetry()?;
    device.command_inout::<(), Strings>("Context", ())?;
    receiver.wait_for("a span", EXPORT, |spans| has(spans, "Probe.Context"))?;
    assert!(server.terminate()?.success());
    Ok(())
}

/// D13
#[test]
fn a_panic_in_a_tracer_factory_does_not_end_the_server() -> Result<()> {
    for (factory, text) in [
        ("panics", "the factory panics as asked"),
        ("fails", "the factory fails as asked"),
    ] {
        let receiver = Receiver::start()?;
        let mut environment = receiver.environment();
        environment.push(("PROBE_FACTORY", factory.to_string()));
        let server = probe(&environment)?;
        let device = proxy(&server)?;
        device.command_inout::<(), Strings>("Context", ())?;
        let endpoint = TelemetryEndpoint::new("console", "cerr");
        // Also when it is repeated; and what has nothing to do with it works.
        for _ in 0..2 {
            let failed = device.set_telemetry_tracing_endpoints(std::slice::from_ref(&endpoint));
            let failed = failed.err().context("no error")?;
            assert!(
                failed.errors().any(|error| error.desc.contains(text)),
                "{failed:?}"
            );
            device.set_telemetry_logging(true)?;
        }
        device.stop_telemetry()?;
        device.start_telemetry()?;
        device.command_inout::<(), Strings>("Context", ())?;
        assert!(server.terminate()?.success());
    }
    Ok(())
}

/// D13
#[test]
fn a_panic_in_an_exporter_sampler_or_processor_does_not_end_the_server() -> Result<()> {
    for (factory, panic) in [
        ("exporter-panics", "the exporter panics as asked"),
        ("sampler-panics", "the sampler panics as asked"),
        (
            "processor-panics",
            "the processor panics in shutdown as asked",
        ),
    ] {
        let receiver = Receiver::start()?;
        let mut environment = receiver.environment();
        environment.push(("PROBE_FACTORY", factory.to_string()));
        let server = probe(&environment)?;
        let device = proxy(&server)?;
        for _ in 0..3 {
            device.command_inout::<(), Strings>("Context", ())?;
            // The method panics, too.
            let failed = device.command_inout::<(), ()>("Panic", ());
            let failed = failed.err().context("no error")?;
            assert_eq!(failed.cause().reason, "API_RustPanic");
            assert_eq!(failed.cause().desc, "as asked");
        }
        device.stop_telemetry()?;
        server.process().wait_for_line(panic, EXPORT)?;
        device.start_telemetry()?;
        device.command_inout::<(), Strings>("Context", ())?;
        assert!(server.terminate()?.success(), "{}", server.output());
    }
    Ok(())
}

/// A provider that somebody else shuts down makes no spans, and does not cut the trace.
#[test]
fn a_provider_shut_down_by_others_leaves_the_trace_whole() -> Result<()> {
    let receiver = Receiver::start()?;
    let mut environment = receiver.environment();
    environment.push(("PROBE_FACTORY", "shut-down".to_string()));
    let server = probe(&environment)?;
    let context: Strings = proxy(&server)?.command_inout("Context", ())?;
    let kernel = "Tango::Device_4Impl::command_inout_4";
    let spans = receiver.wait_for("the kernel span", EXPORT, |spans| has(spans, kernel))?;
    let kernel = common::named(&spans, kernel)?;
    assert_eq!(
        context[0],
        format!("00-{}-{}-03", kernel.trace_id, kernel.span_id)
    );
    Ok(())
}

/// An endpoint that this build cannot use is reported, once, and the others work on.
#[test]
fn an_endpoint_that_cannot_be_used_does_not_silence_the_others() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = probe(&receiver.environment())?;
    let device = proxy(&server)?;
    let tls = TelemetryEndpoint::new("http", "https://127.0.0.1:4318/v1/traces");
    let failed = device
        .add_telemetry_tracing_endpoint(&tls)
        .err()
        .context("no error")?;
    assert!(
        failed
            .errors()
            .any(|error| error.desc.contains("feature `tls`")),
        "{failed:?}"
    );
    device.set_telemetry_logging(false)?;
    device.command_inout::<(), Strings>("Context", ())?;
    receiver.wait_for("a span", EXPORT, |spans| has(spans, "Probe.Context"))?;
    Ok(())
}
