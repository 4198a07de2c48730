// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the tests share: a real receiver, real device servers, and the words of the fixtures.
#![allow(dead_code)] // Each test file uses a part of it.

pub mod giop;
pub mod worker;

use std::{process::Command, time::Duration};

use anyhow::{Context, Result, ensure};
use tango_bindings::DeviceProxy;
use testbed::{
    Database, DeviceServer, Span, device,
    process::{self, Finished},
};

/// Within it all spans of a call have come: C++ exports every 2.5 s.
pub const EXPORT: Duration = Duration::from_secs(15);

pub const PROBE: &str = "test/probe/1";

/// A device server of class Probe with one device, `PROBE`.
pub fn probe(environment: &[(&str, String)]) -> Result<DeviceServer> {
    probes(&[PROBE], environment)
}

pub fn probes(devices: &[&str], environment: &[(&str, String)]) -> Result<DeviceServer> {
    DeviceServer::start(&device::example("probe")?, "test", devices, environment)
}

/// A database in which the server of `PROBE` is registered.
pub fn database() -> Result<Database> {
    let database = Database::start()?;
    register(&database, "probe/test", PROBE, "Probe")?;
    Ok(database)
}

/// Enters a server and its device of this class.
pub fn register(database: &Database, server: &str, device: &str, class: &str) -> Result<()> {
    let arguments = [server, device, class].map(str::to_string).to_vec();
    Ok(itself(database)?.command_inout("DbAddServer", arguments)?)
}

/// Gives a property of a device these values, or takes it away where there are none.
pub fn put_property(database: &Database, device: &str, name: &str, values: &[&str]) -> Result<()> {
    let count = values.len().to_string();
    let arguments = [&[device, "1", name, &count], values].concat();
    let arguments: Vec<String> = arguments.into_iter().map(str::to_string).collect();
    Ok(itself(database)?.command_inout("DbPutDeviceProperty", arguments)?)
}

/// The database's own device.
fn itself(database: &Database) -> Result<DeviceProxy> {
    Ok(DeviceProxy::new(&database.device_url("sys/database/2"))?)
}

/// The server of `PROBE`, registered in the database.
pub fn probe_with(database: &Database, environment: &[(&str, String)]) -> Result<DeviceServer> {
    DeviceServer::start_with(database, &device::example("probe")?, "test", environment)
}

/// What `caller WHAT` prints, with `PROBE` of `server` as its device.
pub fn caller(what: &str, server: &DeviceServer, environment: &[(&str, String)]) -> Result<String> {
    let caller = finished_caller(what, server, environment)?;
    ensure!(caller.status.success(), "{}", caller.stderr);
    Ok(caller.stdout)
}

/// How `caller WHAT` ends.
pub fn finished_caller(
    what: &str,
    server: &DeviceServer,
    environment: &[(&str, String)],
) -> Result<Finished> {
    let mut caller = Command::new(device::example("caller")?);
    caller.args([what, &server.device_url(PROBE)]);
    process::telemetry_env(&mut caller, environment);
    process::run("caller", caller, EXPORT)
}

/// What a server and a client say that refuse this environment: they end by themselves and report it.
pub fn refused(environment: &[(&str, String)]) -> Result<[String; 2]> {
    let mut server = Command::new(device::example("probe")?);
    process::telemetry_env(&mut server, environment);
    let point = format!("giop:tcp:127.0.0.1:{}", device::free_port()?);
    server.args(["test", "-nodb", "-dlist", PROBE, "-ORBendPoint", &point]);
    let server = process::run("probe", server, EXPORT)?;
    ensure!(server.status.code() == Some(2), "{server:?}");
    ensure!(!server.stdout.contains("Ready"), "{server:?}");

    let off = probe(&[])?;
    let client = finished_caller("forward", &off, environment)?;
    ensure!(client.status.code() == Some(1), "{client:?}");
    Ok([server.stderr, client.stderr])
}

/// With other variables too.
pub fn with(
    mut environment: Vec<(&'static str, String)>,
    more: &[(&'static str, &str)],
) -> Vec<(&'static str, String)> {
    environment.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    environment.extend(more.iter().map(|(name, value)| (*name, value.to_string())));
    environment
}

/// A client of `PROBE`, in the test's own process, where telemetry is off.
pub fn proxy(server: &DeviceServer) -> Result<DeviceProxy> {
    Ok(DeviceProxy::new(&server.device_url(PROBE))?)
}

pub fn admin(server: &DeviceServer) -> Result<DeviceProxy> {
    Ok(DeviceProxy::new(&server.admin_url())?)
}

/// The one span of that name.
pub fn named<'a>(spans: &'a [Span], name: &str) -> Result<&'a Span> {
    let mut all = spans.iter().filter(|span| span.name == name);
    let one = all.next().with_context(|| format!("no span {name}"))?;
    ensure!(all.next().is_none(), "several spans {name}");
    Ok(one)
}

pub fn count(spans: &[Span], name: &str) -> usize {
    spans.iter().filter(|span| span.name == name).count()
}

pub fn has(spans: &[Span], name: &str) -> bool {
    count(spans, name) > 0
}

/// The span's parent.
pub fn parent<'a>(spans: &'a [Span], span: &Span) -> Result<&'a Span> {
    let parent = spans
        .iter()
        .find(|other| other.span_id == span.parent_span_id && other.trace_id == span.trace_id);
    parent.with_context(|| format!("{} has no parent", span.name))
}
