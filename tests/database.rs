// SPDX-License-Identifier: MIT OR Apache-2.0
//! Device servers with a real Tango database, and the telemetry properties of their devices.
#![cfg(tango_runtime_configuration)]

mod common;

use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use common::{EXPORT, PROBE, admin, database, probe_with, proxy, put_property, register};
use tango_bindings::{DeviceProxy, TelemetryEndpoint};
use testbed::{Database, DeviceServer, Receiver, Span, device, process};

type Strings = Vec<String>;

/// More than a server takes to end by itself.
const EXIT: Duration = Duration::from_secs(30);
/// Within it the threads of what was replaced have ended; a flush takes 5 s at most.
const SETTLE: Duration = Duration::from_secs(15);

const ENABLE: &str = "telemetry_enable";
const TYPES: &str = "telemetry_types";
const TOPICS: &str = "telemetry_topics";
const TRACING_EXPORTERS: &str = "telemetry_tracing_exporters";
const TRACING_ENDPOINTS: &str = "telemetry_tracing_endpoints";
const LOGGING_EXPORTERS: &str = "telemetry_logging_exporters";
const LOGGING_ENDPOINTS: &str = "telemetry_logging_endpoints";

fn put(database: &Database, properties: &[(&str, &[&str])]) -> Result<()> {
    (properties.iter()).try_for_each(|(name, values)| put_property(database, PROBE, name, values))
}

/// What a device says of itself, by the getters of cppTango and by Rust's half.
#[derive(Debug, PartialEq)]
struct Telemetry {
    enabled: bool,
    tracing: bool,
    logging: bool,
    topics: Strings,
    tracing_endpoints: Strings,
    logging_endpoints: Strings,
}

fn telemetry(device: &DeviceProxy) -> Result<Telemetry> {
    let pairs = |endpoints: Vec<TelemetryEndpoint>| -> Strings {
        let pair = |end: TelemetryEndpoint| format!("{} {}", end.exporter, end.url);
        endpoints.into_iter().map(pair).collect()
    };
    let mut topics = device.get_telemetry_topics()?;
    topics.sort();
    let telemetry = Telemetry {
        enabled: device.is_telemetry_enabled()?,
        tracing: device.get_telemetry_tracing()?,
        logging: device.get_telemetry_logging()?,
        topics,
        tracing_endpoints: pairs(device.get_telemetry_tracing_endpoints()?),
        logging_endpoints: pairs(device.get_telemetry_logging_endpoints()?),
    };
    // Rust's half knows the same.
    let rust: String = device.command_inout("Configuration", ())?;
    let flags = format!(
        "enabled={} tracing={} ",
        telemetry.enabled, telemetry.tracing
    );
    ensure!(
        rust.starts_with(&flags),
        "Rust says {rust}, cppTango {telemetry:?}"
    );
    let (_, urls) = rust.split_once(" endpoints=").context("no endpoints")?;
    let expected: Vec<&str> = (telemetry.tracing_endpoints.iter())
        .filter_map(|pair| Some(pair.split_once(' ')?.1))
        .collect();
    ensure!(
        urls == expected.join(","),
        "Rust says {rust}, cppTango {telemetry:?}"
    );
    Ok(telemetry)
}

fn strings(items: &[&str]) -> Strings {
    items.iter().map(ToString::to_string).collect()
}

/// Calls a method, waits for its span at `receiver`, and returns the id of its trace.
fn has_a_span_at(receiver: &Receiver, device: &DeviceProxy) -> Result<String> {
    let context: Strings = device.command_inout("Context", ())?;
    let trace = context[0].split('-').nth(1).context("no trace context")?;
    receiver.wait_for("the span of Context", EXPORT, |spans| {
        has_trace(spans, trace)
    })?;
    Ok(trace.to_string())
}

fn has_trace(spans: &[Span], trace: &str) -> bool {
    (spans.iter()).any(|span| span.name == "Probe.Context" && span.trace_id == trace)
}

/// D10
#[test]
fn properties_override_the_environment_and_commands_override_both_until_restart() -> Result<()> {
    let (by_environment, by_property, by_command) =
        (Receiver::start()?, Receiver::start()?, Receiver::start()?);
    let database = database()?;
    let mut environment = by_environment.environment();
    environment.push(("TANGO_TELEMETRY_TOPICS", "all".to_string()));
    let of_environment = {
        let server = probe_with(&database, &environment)?;
        let device = proxy(&server)?;
        has_a_span_at(&by_environment, &device)?;
        telemetry(&device)?
    };
    assert_eq!(of_environment.topics, ["all"]);

    put(
        &database,
        &[
            (TYPES, &["tracing,logging"]),
            (TOPICS, &["all,polling"]),
            (TRACING_EXPORTERS, &["http"]),
            (TRACING_ENDPOINTS, &[&by_property.http_endpoint()]),
            (LOGGING_EXPORTERS, &["http"]),
            (LOGGING_ENDPOINTS, &[&by_property.http_logs_endpoint()]),
        ],
    )?;
    let server = probe_with(&database, &environment)?;
    let device = proxy(&server)?;
    let of_properties = Telemetry {
        enabled: true,
        tracing: true,
        logging: true,
        topics: strings(&["all", "polling"]),
        tracing_endpoints: vec![format!("http {}", by_property.http_endpoint())],
        logging_endpoints: vec![format!("http {}", by_property.http_logs_endpoint())],
    };
    assert_eq!(telemetry(&device)?, of_properties);
    let first = has_a_span_at(&by_property, &device)?;

    device.set_telemetry_topics(&["all"])?;
    device.set_telemetry_logging(false)?;
    let endpoint = TelemetryEndpoint::new("http", &by_command.http_endpoint());
    device.set_telemetry_tracing_endpoints(&[endpoint])?;
    let second = has_a_span_at(&by_command, &device)?;
    let of_commands = telemetry(&device)?;
    assert_eq!(of_commands.topics, ["all"]);
    assert!(!of_commands.logging);
    drop(server);
    // The server has ended, so what has not come elsewhere will not.
    for trace in [&first, &second] {
        assert!(!has_trace(&by_environment.spans(), trace));
    }
    assert!(!has_trace(&by_property.spans(), &second));

    // Commands change nothing in the database.
    let server = probe_with(&database, &environment)?;
    let device = proxy(&server)?;
    assert_eq!(telemetry(&device)?, of_properties);
    drop(server);

    // Off and on by property.
    put(&database, &[(ENABLE, &["off"])])?;
    let server = probe_with(&database, &environment)?;
    let device = proxy(&server)?;
    assert!(!telemetry(&device)?.enabled);
    device.start_telemetry()?;
    has_a_span_at(&by_property, &device)?;
    drop(server);
    put(&database, &[(ENABLE, &["on"])])?;
    let server = probe_with(&database, &[("TANGO_TELEMETRY_ENABLE", "off".to_string())])?;
    has_a_span_at(&by_property, &proxy(&server)?)?;
    Ok(())
}

/// D10
#[test]
fn properties_persist_over_restarts_of_server_and_database() -> Result<()> {
    let receiver = Receiver::start()?;
    let mut database = database()?;
    let endpoint = receiver.grpc_endpoint();
    put(
        &database,
        &[
            (ENABLE, &["on"]),
            (TYPES, &["tracing"]),
            (TRACING_EXPORTERS, &["grpc"]),
            (TRACING_ENDPOINTS, &[&endpoint]),
        ],
    )?;
    let server = probe_with(&database, &[])?;
    let before = telemetry(&proxy(&server)?)?;
    assert_eq!(before.tracing_endpoints, [format!("grpc {endpoint}")]);
    assert!(before.enabled && before.tracing && !before.logging);
    has_a_span_at(&receiver, &proxy(&server)?)?;
    drop(server);

    database.restart()?;
    let server = probe_with(&database, &[])?;
    assert_eq!(telemetry(&proxy(&server)?)?, before);
    has_a_span_at(&receiver, &proxy(&server)?)?;

    // The database goes while the server runs: its device goes on.
    let device = proxy(&server)?;
    database.restart()?;
    has_a_span_at(&receiver, &device)?;
    restart_device(&server)?;
    assert_eq!(telemetry(&proxy(&server)?)?, before);
    Ok(())
}

/// D10
#[test]
fn all_elements_of_list_properties_count() -> Result<()> {
    let (first, second) = (Receiver::start()?, Receiver::start()?);
    let database = database()?;
    put(
        &database,
        &[
            (ENABLE, &["on"]),
            (TYPES, &["tracing", "logging"]),
            (TOPICS, &["all,polling", "database"]),
            (TRACING_EXPORTERS, &["http", "grpc"]),
            (
                TRACING_ENDPOINTS,
                &[&first.http_endpoint(), &second.grpc_endpoint()],
            ),
            (LOGGING_EXPORTERS, &["http", "console"]),
            (LOGGING_ENDPOINTS, &[&first.http_logs_endpoint(), "cerr"]),
        ],
    )?;
    let server = probe_with(&database, &[])?;
    let device = proxy(&server)?;
    let expected = Telemetry {
        enabled: true,
        tracing: true,
        logging: true,
        topics: strings(&["all", "database", "polling"]),
        tracing_endpoints: vec![
            format!("http {}", first.http_endpoint()),
            format!("grpc {}", second.grpc_endpoint()),
        ],
        logging_endpoints: vec![
            format!("http {}", first.http_logs_endpoint()),
            "console cerr".to_string(),
        ],
    };
    assert_eq!(telemetry(&device)?, expected);
    has_a_span_at(&first, &device)?;
    has_a_span_at(&second, &device)?;

    // A restart of the device reads them all too.
    restart_device(&server)?;
    assert_eq!(telemetry(&proxy(&server)?)?, expected);
    Ok(())
}

/// D11
#[test]
fn init_keeps_the_configuration_and_restarts_read_the_properties_again() -> Result<()> {
    let (old, new) = (Receiver::start()?, Receiver::start()?);
    let database = database()?;
    put(&database, &[(TOPICS, &["all,polling"])])?;
    let server = probe_with(&database, &old.environment())?;
    let device = proxy(&server)?;
    let at_start = telemetry(&device)?;
    let change = || -> Result<Telemetry> {
        let device = proxy(&server)?;
        device.set_telemetry_topics(&["all"])?;
        let endpoint = TelemetryEndpoint::new("http", &new.http_endpoint());
        device.set_telemetry_tracing_endpoints(&[endpoint])?;
        let changed = telemetry(&device)?;
        assert_ne!(changed, at_start);
        Ok(changed)
    };

    let changed = change()?;
    device.command_inout::<(), ()>("Init", ())?;
    assert_eq!(telemetry(&device)?, changed);
    has_a_span_at(&new, &device)?;
    restart_device(&server)?;
    assert_eq!(telemetry(&proxy(&server)?)?, at_start);
    has_a_span_at(&old, &proxy(&server)?)?;

    // What the properties say now, not what they said at the start.
    change()?;
    put(&database, &[(TOPICS, &["all,database"])])?;
    restart_server(&server)?;
    let after = telemetry(&proxy(&server)?)?;
    assert_eq!(after.topics, ["all", "database"]);
    assert_eq!(after.tracing_endpoints, at_start.tracing_endpoints);
    has_a_span_at(&old, &proxy(&server)?)?;
    Ok(())
}

/// How many restarts may leave nothing over, after some until caches have what they want.
const RESTARTS: usize = 200;
const WARM_UP: usize = 50;
/// Threads and descriptors that come and go: connections, and exports in progress. One left over by each restart would
/// be many more.
const FEW: usize = 20;
/// What the memory may grow by with each restart, in kB: what gRPC and the allocator keep. A provider left over is 700.
const NOISE: usize = 100;

/// D11
#[test]
fn restarts_of_the_device_leave_nothing_over() -> Result<()> {
    leave_nothing_over("DevRestart", restart_device)
}

/// D11
#[test]
fn restarts_of_the_server_leave_nothing_over() -> Result<()> {
    leave_nothing_over("RestartServer", restart_server)
}

fn leave_nothing_over(what: &str, restart: impl Fn(&DeviceServer) -> Result<()>) -> Result<()> {
    let receiver = Receiver::start()?;
    let database = database()?;
    put(
        &database,
        &[
            (TRACING_EXPORTERS, &["http,grpc"]),
            (
                TRACING_ENDPOINTS,
                &[&format!(
                    "{},{}",
                    receiver.http_endpoint(),
                    receiver.grpc_endpoint()
                )],
            ),
        ],
    )?;
    let mut environment = receiver.environment();
    environment.extend(process::memory_env());
    let server = probe_with(&database, &environment)?;
    let round = || -> Result<()> {
        restart(&server)?;
        // Something to export, so that exporters have connections.
        proxy(&server)?.command_inout::<(), Strings>("Context", ())?;
        Ok(())
    };
    for _ in 0..WARM_UP {
        round()?;
    }
    let warm = server.process().usage()?;
    let start = Instant::now();
    for _ in 0..RESTARTS {
        round()?;
    }
    println!("{RESTARTS} {what} took {:?}", start.elapsed());
    let before = format!("what was there before, {warm:?}");
    let settled = server.process().wait_for_usage(&before, SETTLE, |usage| {
        usage.threads <= warm.threads + FEW
            && usage.fds <= warm.fds + FEW
            && usage.resident <= warm.resident + RESTARTS * NOISE
    })?;
    println!("{what}: {warm:?}, then {settled:?}");
    has_a_span_at(&receiver, &proxy(&server)?)?;
    Ok(())
}

/// Returns when the device is there again.
fn restart_device(server: &DeviceServer) -> Result<()> {
    Ok(admin(server)?.command_inout("DevRestart", PROBE.to_string())?)
}

/// Returns when the server is there again; it restarts after it has answered, and its device answers some time after it
/// was initialized.
fn restart_server(server: &DeviceServer) -> Result<()> {
    let next = server.process().stdout().matches("initialized ").count() + 1;
    admin(server)?.command_inout::<(), ()>("RestartServer", ())?;
    let initialized = format!("initialized {next}");
    server.process().wait_for_line(&initialized, EXPORT)?;
    let deadline = Instant::now() + EXPORT;
    // A new proxy each time: one that has failed waits for a second before it connects again.
    while let Err(error) = proxy(server).and_then(|device| Ok(device.ping()?)) {
        ensure!(Instant::now() < deadline, "after a restart: {error}");
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// What the server of `PROBE` prints when it does not start because of these properties. Takes them away again.
fn refusal(database: &Database, properties: &[(&str, &[&str])]) -> Result<String> {
    put(database, properties)?;
    let mut server = Command::new(device::example("probe")?);
    process::telemetry_env(&mut server, &[("TANGO_HOST", database.tango_host())]);
    server.args(["test", "-ORBendPoint"]);
    server.arg(format!("giop:tcp:127.0.0.1:{}", device::free_port()?));
    let finished = process::run("probe", server, EXIT);
    for (name, _) in properties {
        put_property(database, PROBE, name, &[])?;
    }
    let finished = finished.with_context(|| format!("{properties:?} was not refused"))?;
    ensure!(
        finished.status.code() == Some(2),
        "{properties:?}: {}",
        finished.status
    );
    Ok(finished.stderr)
}

/// Properties, the one that is bad, and the bad value.
type Bad = (
    &'static [(&'static str, &'static [&'static str])],
    &'static str,
    &'static str,
);

const BAD: [Bad; 9] = [
    (&[(ENABLE, &["bogus"])], ENABLE, "bogus"),
    (&[(TYPES, &["bogus"])], TYPES, "bogus"),
    (&[(TOPICS, &["user,bogus"])], TOPICS, "bogus"),
    (
        &[(TRACING_EXPORTERS, &["jaeger"])],
        TRACING_EXPORTERS,
        "jaeger",
    ),
    (
        &[
            (TRACING_EXPORTERS, &["http"]),
            (TRACING_ENDPOINTS, &["localhost:4318"]),
        ],
        TRACING_ENDPOINTS,
        "localhost:4318",
    ),
    (
        &[
            (TRACING_EXPORTERS, &["grpc"]),
            (TRACING_ENDPOINTS, &["grpc://localhost:4317/path"]),
        ],
        TRACING_ENDPOINTS,
        "grpc://localhost:4317/path",
    ),
    (
        &[
            (LOGGING_EXPORTERS, &["console"]),
            (LOGGING_ENDPOINTS, &["stdout"]),
        ],
        LOGGING_ENDPOINTS,
        "stdout",
    ),
    (
        &[(TRACING_ENDPOINTS, &["http://localhost:4318/v1/traces"])],
        TRACING_ENDPOINTS,
        "http://localhost:4318/v1/traces",
    ),
    // One exporter, two endpoints: both counts.
    (
        &[
            (TRACING_EXPORTERS, &["console"]),
            (TRACING_ENDPOINTS, &["cout,cerr"]),
        ],
        TRACING_ENDPOINTS,
        "has 2 endpoint(s), but telemetry_tracing_exporters=\"console\" 1 exporter(s)",
    ),
];

/// C6 C7
#[test]
fn a_bad_property_keeps_the_server_from_starting() -> Result<()> {
    let database = database()?;
    for (properties, name, value) in BAD {
        let text = refusal(&database, properties)?;
        for word in [name, value, PROBE] {
            assert!(text.contains(word), "{word}: {properties:?}: {text}");
        }
    }
    // With telemetry off too.
    let off: &[(&str, &[&str])] = &[(ENABLE, &["off"]), (TOPICS, &["bogus"])];
    assert!(refusal(&database, off)?.contains("bogus"));
    // And without them it starts.
    probe_with(&database, &[])?;
    Ok(())
}

/// C11: the odd forms that cppTango's base takes.
#[test]
fn upper_case_and_blanks_after_commas_are_taken_where_cpptango_takes_them() -> Result<()> {
    let database = database()?;
    put(
        &database,
        &[
            (ENABLE, &["TRUE"]),
            (TYPES, &["tracing ,  logging"]),
            (TOPICS, &["user , polling"]),
            (TRACING_EXPORTERS, &["HTTP , Console"]),
            (TRACING_ENDPOINTS, &["http://127.0.0.1:9/v1/traces , cerr"]),
        ],
    )?;
    let server = probe_with(&database, &[])?;
    let telemetry = telemetry(&proxy(&server)?)?;
    assert!(telemetry.enabled && telemetry.tracing && telemetry.logging);
    assert_eq!(telemetry.topics, ["polling", "user"]);
    let expected = ["http http://127.0.0.1:9/v1/traces", "console cerr"];
    assert_eq!(telemetry.tracing_endpoints, expected);
    Ok(())
}

/// C11: what cppTango's base does not take, it reads before anybody could mend it. So the text says what to write.
#[test]
fn upper_case_and_blanks_that_cpptango_does_not_take_are_refused_with_what_to_write() -> Result<()>
{
    let database = database()?;
    for (name, value, write) in [
        (ENABLE, " Yes ", "on"),
        (TYPES, " TRACING ", "tracing"),
        (TOPICS, " USER , polling ", "user,polling"),
        (TRACING_EXPORTERS, " Console ", "console"),
    ] {
        let text = refusal(&database, &[(name, &[value])])?;
        let expected = format!("allowed: the same as cppTango takes it: {write}");
        assert!(text.contains(name) && text.contains(&expected), "{text}");
    }
    Ok(())
}

/// D2
#[test]
fn a_device_and_its_admin_device_are_known_by_name() -> Result<()> {
    let receiver = Receiver::start()?;
    let database = database()?;
    let server = probe_with(&database, &receiver.environment())?;
    let device = DeviceProxy::new(&database.device_url(PROBE))?;
    let admin = DeviceProxy::new(&database.device_url("dserver/probe/test"))?;
    let one = strings(&[PROBE]);
    device.stop_telemetry()?;
    let flags: (Vec<i32>, Strings) = admin.command_inout("IsTelemetryEnabled", one.clone())?;
    assert_eq!(flags, (vec![0], one.clone()));
    admin.command_inout::<_, ()>("StartTelemetry", one.clone())?;
    assert!(device.is_telemetry_enabled()?);

    device.set_telemetry_topics(&["user", "all"])?;
    let topics: Strings = admin.command_inout("GetTelemetryTopics", one.clone())?;
    assert_eq!(topics, [PROBE, "2", "all", "user"]);
    device.set_telemetry_tracing(false)?;
    assert!(!device.get_telemetry_tracing()?);
    device.set_telemetry_tracing(true)?;
    device.set_telemetry_logging(true)?;
    assert!(device.get_telemetry_logging()?);
    device.set_telemetry_logging(false)?;

    let endpoints = [("console", "cerr"), ("console", "cout")];
    let [cerr, cout] = endpoints.map(|(exporter, url)| TelemetryEndpoint::new(exporter, url));
    device.set_telemetry_tracing_endpoints(std::slice::from_ref(&cerr))?;
    device.add_telemetry_tracing_endpoint(&cout)?;
    device.remove_telemetry_tracing_endpoint(&cerr)?;
    assert_eq!(
        device.get_telemetry_tracing_endpoints()?,
        std::slice::from_ref(&cout)
    );
    device.set_telemetry_logging_endpoints(std::slice::from_ref(&cerr))?;
    device.add_telemetry_logging_endpoint(&cout)?;
    device.remove_telemetry_logging_endpoint(&cerr)?;
    assert_eq!(device.get_telemetry_logging_endpoints()?, [cout]);
    assert_eq!(
        server.admin_url(),
        database.device_url("dserver/probe/test")
    );

    // The server's own client knows short names too.
    let here: Strings = device.command_inout("Forward", strings(&[PROBE]))?;
    assert_eq!(here.len(), 2);
    Ok(())
}

fn pytango_client(database: &Database, what: &str, device: &str) -> Result<String> {
    let mut client = Command::new("python3");
    process::telemetry_env(&mut client, &[("TANGO_HOST", database.tango_host())]);
    client.arg(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/pytango_client.py"
    ));
    client.args([what, device]);
    let client = process::run("the PyTango client", client, EXIT)?;
    ensure!(
        client.status.success(),
        "{what} {device}: {}",
        client.stderr
    );
    Ok(client.stdout)
}

/// D2
#[test]
fn a_pytango_client_drives_a_rust_device() -> Result<()> {
    let receiver = Receiver::start()?;
    let database = database()?;
    let server = probe_with(&database, &receiver.environment())?;
    pytango_client(&database, "drive", PROBE)?;
    let after = telemetry(&proxy(&server)?)?;
    assert_eq!(after.topics, ["polling", "user"]);
    assert!(after.tracing_endpoints.is_empty());
    Ok(())
}

/// D2
#[test]
fn a_pytango_client_is_refused_as_by_a_cpp_device() -> Result<()> {
    const CPP: &str = "test/tango/1";
    let receiver = Receiver::start()?;
    let environment = receiver.environment();
    let database = database()?;
    register(&database, "TangoTest/test", CPP, "TangoTest")?;
    let server = probe_with(&database, &environment)?;
    let _cpp = DeviceServer::start_with(&database, &device::tango_test()?, "test", &environment)?;
    let before = telemetry(&proxy(&server)?)?;
    let rust = pytango_client(&database, "refused", PROBE)?;
    let cpp = pytango_client(&database, "refused", CPP)?;
    assert_eq!(rust, cpp.replace(CPP, PROBE));
    assert!(rust.contains("API_InvalidArgs"), "{rust}");
    assert_eq!(telemetry(&proxy(&server)?)?, before);
    Ok(())
}
