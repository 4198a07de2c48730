// SPDX-License-Identifier: MIT OR Apache-2.0
//! The processes of the matrix, and what they are configured to.

use std::{
    path::PathBuf,
    process::Command,
    slice,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};
use tango_bindings::{DevFailed, DeviceProxy, TelemetryEndpoint};
use testbed::{DeviceServer, Process, Receiver, Span, device, process};

use crate::{
    setting::{Configuration, Program, Setting},
    verdict::{Call, Outer},
};

const LEADER: &str = "matrix/leader/1";
const FOLLOWER: &str = "matrix/follower/1";
/// How long a call, and the end of a client, may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client for each configuration, a Leader and a Follower; and a receiver for the spans of each of the three.
pub(crate) struct System {
    programs: [Program; 3],
    clients: Vec<(Configuration, Process)>,
    leader: Device,
    follower: Device,
    receivers: [Receiver; 3],
    windows: Vec<Window>,
}

/// When a call was made: spans that begin within it are the call's.
struct Window {
    outer: Option<Outer>,
    from: u64,
    to: u64,
}

impl System {
    pub(crate) fn start(programs: [Program; 3], clients: &[Configuration]) -> Result<Self> {
        let receivers = [Receiver::start()?, Receiver::start()?, Receiver::start()?];
        let [client_spans, leader_spans, follower_spans] = &receivers;
        let [client, leader, follower] = programs;
        let follower = Device::start("follower", follower, FOLLOWER, follower_spans, None)?;
        let url = ("FOLLOWERS", follower.server.device_url(FOLLOWER));
        let leader = Device::start("leader", leader, LEADER, leader_spans, Some(url))?;
        let url = leader.server.device_url(LEADER);
        let clients = clients.iter().map(|configuration| {
            let process = start_client(client, *configuration, &url, client_spans)?;
            anyhow::Ok((*configuration, process))
        });
        Ok(Self {
            programs,
            clients: clients.collect::<Result<_>>()?,
            leader,
            follower,
            receivers,
            windows: Vec::new(),
        })
    }

    /// Configures both devices.
    pub(crate) fn switch(&self, Setting([_, leader, follower]): &Setting) -> Result<()> {
        self.leader.switch(*leader)?;
        self.follower.switch(*follower)
    }

    /// One call of the client of this configuration.
    pub(crate) fn call(&mut self, client: Configuration, outer: Option<Outer>) -> Result<()> {
        let mut clients = self.clients.iter();
        let client = clients.find(|(configuration, _)| *configuration == client);
        let (_, client) = client.context("no such client")?;
        let number = self.windows.len();
        let traceparent = outer.as_ref().map(traceparent).unwrap_or_default();
        let from = now()?;
        client.write_line(&format!("call {number} {traceparent}"))?;
        client.wait_for_line(&format!("call {number}: done"), TIMEOUT)?;
        let to = now()?;
        self.windows.push(Window { outer, from, to });
        Ok(())
    }

    /// Ends all processes, and so has them export all. The calls, in the order in which they were made, and how many
    /// spans are no call's.
    pub(crate) fn stop(mut self) -> Result<(Vec<Call>, usize)> {
        self.await_python()?;
        // Has C++ export all, also in a PyTango process.
        self.leader.switch(Configuration::Stopped)?;
        self.follower.switch(Configuration::Stopped)?;
        self.clients
            .iter()
            .for_each(|(_, client)| client.close_stdin());
        for (configuration, client) in &self.clients {
            let status = client.wait(TIMEOUT)?;
            let name = configuration.name();
            ensure!(
                status.success(),
                "the client {name} ended with {status}: {}",
                client.output()
            );
        }
        for device in [&self.leader, &self.follower] {
            let status = device.server.terminate()?;
            let output = device.server.output();
            ensure!(status.success(), "a server ended with {status}: {output}");
        }

        let calls = self.windows.iter().map(|window| Call {
            outer: window.outer.clone(),
            spans: Default::default(),
        });
        let mut calls: Vec<Call> = calls.collect();
        let mut others = 0;
        for (place, receiver) in self.receivers.iter().enumerate() {
            for span in receiver.take() {
                match call_of(&self.windows, &span) {
                    Some(call) => calls[call].spans[place].push(span),
                    None => others += 1,
                }
            }
        }
        for spans in calls.iter_mut().flat_map(|call| &mut call.spans) {
            spans.sort_by_key(|span| span.start);
        }
        Ok((calls, others))
    }

    /// Waits until devices in Python have exported their spans of one more call; then they have exported all before.
    /// They export in the order of the spans, but not when they are ended by SIGTERM.
    fn await_python(&mut self) -> Result<()> {
        // Leader's method and call, Follower's method.
        let mut awaited = vec![(1, 2), (2, 1)];
        awaited.retain(|(place, _)| self.programs[*place] == Program::PyTango);
        if awaited.is_empty() {
            return Ok(());
        }
        let all = Configuration::All;
        self.switch(&Setting([all; 3]))?;
        self.call(all, None)?;
        let last = self.windows.pop().context("no call")?;
        for (place, awaited) in awaited {
            let is_of_last = |span: &&Span| span.start >= last.from && span.language() == "python";
            self.receivers[place].wait_for("the last spans of Python", TIMEOUT, |spans| {
                spans.iter().filter(is_of_last).count() >= awaited
            })?;
        }
        Ok(())
    }
}

pub(crate) fn traceparent(outer: &Outer) -> String {
    let flags = u8::from(outer.sampled);
    format!("00-{}-{}-{flags:02x}", outer.trace_id, outer.span_id)
}

/// The calls are strictly one after another.
fn call_of(windows: &[Window], span: &Span) -> Option<usize> {
    let begun = windows.partition_point(|window| window.from <= span.start);
    let call = begun.checked_sub(1)?;
    (span.start <= windows[call].to).then_some(call)
}

fn now() -> Result<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(now.as_nanos().try_into()?)
}

/// A device server with one device, which is reconfigured while it runs.
struct Device {
    server: DeviceServer,
    proxy: DeviceProxy,
    endpoint: TelemetryEndpoint,
}

/// What a device says of its telemetry.
#[derive(Debug, PartialEq)]
struct Telemetry {
    enabled: bool,
    topics: Vec<String>,
    tracing: bool,
    logging: bool,
    endpoints: Vec<TelemetryEndpoint>,
}

impl Device {
    fn start(
        name: &str,
        program: Program,
        device: &str,
        spans: &Receiver,
        more: Option<(&'static str, String)>,
    ) -> Result<Self> {
        let mut environment: Vec<_> = environment(spans).into_iter().chain(more).collect();
        if program == Program::Cpp {
            environment.push(("PYTANGO_DISABLE_TELEMETRY_PATCHING", "on".to_string()));
        }
        let executable = executable(program, name, name)?;
        let server = DeviceServer::start(&executable, "matrix", &[device], &environment)?;
        let proxy = DeviceProxy::new(&server.device_url(device))?;
        let endpoint = TelemetryEndpoint::new("http", &spans.http_endpoint());
        Ok(Self {
            server,
            proxy,
            endpoint,
        })
    }

    /// Makes it as new, then this, and checks that it is.
    fn switch(&self, to: Configuration) -> Result<()> {
        let device = &self.proxy;
        device.start_telemetry()?;
        device.set_telemetry_topics(&["all"])?;
        device.set_telemetry_tracing(true)?;
        device.set_telemetry_logging(true)?;
        device.set_telemetry_tracing_endpoints(slice::from_ref(&self.endpoint))?;
        let mut expected = Telemetry {
            enabled: true,
            topics: vec!["all".to_string()],
            tracing: true,
            logging: true,
            endpoints: vec![self.endpoint.clone()],
        };
        match to {
            Configuration::All => {}
            Configuration::User | Configuration::Database => {
                device.set_telemetry_topics(&[to.name()])?;
                expected.topics = vec![to.name().to_string()];
            }
            Configuration::TracingOff => {
                device.set_telemetry_tracing(false)?;
                device.set_telemetry_logging(false)?;
                (expected.tracing, expected.logging) = (false, false);
            }
            Configuration::TypesLogging => {
                device.set_telemetry_tracing(false)?;
                expected.tracing = false;
            }
            Configuration::NoEndpoints => {
                device.set_telemetry_tracing_endpoints(&[])?;
                expected.endpoints.clear();
            }
            Configuration::Stopped => {
                device.stop_telemetry()?;
                expected.enabled = false;
            }
        }
        let is = self.telemetry()?;
        ensure!(
            is == expected,
            "{}: {is:?} instead of {expected:?}",
            to.name()
        );
        Ok(())
    }

    fn telemetry(&self) -> Result<Telemetry, DevFailed> {
        Ok(Telemetry {
            enabled: self.proxy.is_telemetry_enabled()?,
            topics: self.proxy.get_telemetry_topics()?,
            tracing: self.proxy.get_telemetry_tracing()?,
            logging: self.proxy.get_telemetry_logging()?,
            endpoints: self.proxy.get_telemetry_tracing_endpoints()?,
        })
    }
}

/// A client is configured by its environment.
fn start_client(
    program: Program,
    configuration: Configuration,
    leader: &str,
    spans: &Receiver,
) -> Result<Process> {
    let mut command = Command::new(executable(program, "matrix_client", "client")?);
    command.arg(leader);
    process::telemetry_env(&mut command, &environment(spans));
    match configuration {
        Configuration::All | Configuration::User | Configuration::Database => {
            command.env("TANGO_TELEMETRY_TOPICS", configuration.name())
        }
        Configuration::TracingOff => command.env("TANGO_TELEMETRY_TYPES", "none"),
        Configuration::TypesLogging => command.env("TANGO_TELEMETRY_TYPES", "logging"),
        Configuration::NoEndpoints => command.arg("--no-endpoints"),
        Configuration::Stopped => command.env("TANGO_TELEMETRY_ENABLE", "off"),
    };
    Process::spawn_reading(configuration.name(), command, Some("ready"))
}

/// Spans and logs go to `receiver`.
fn environment(receiver: &Receiver) -> Vec<(&'static str, String)> {
    let mut environment = receiver.environment();
    environment.retain(|(name, _)| *name != "TANGO_TELEMETRY_TYPES");
    environment.extend([
        ("TANGO_TELEMETRY_TYPES", "tracing,logging".to_string()),
        ("TANGO_TELEMETRY_LOGGING_EXPORTERS", "http".to_string()),
        (
            "TANGO_TELEMETRY_LOGGING_ENDPOINTS",
            receiver.http_logs_endpoint(),
        ),
    ]);
    environment
}

fn executable(program: Program, rust: &str, python: &str) -> Result<PathBuf> {
    match program {
        Program::Rust => device::example(rust),
        Program::PyTango | Program::Cpp => {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/matrix");
            Ok(PathBuf::from(folder).join(python).with_extension("py"))
        }
    }
}
