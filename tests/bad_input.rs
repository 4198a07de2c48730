// SPDX-License-Identifier: MIT OR Apache-2.0
//! What users get wrong: one line that says so, and an exit code or an error value. And what anybody may send.

mod common;

use std::{net::TcpListener, path::Path, process::Command};

use anyhow::{Context, Result};
use common::{
    EXPORT, PROBE, count,
    giop::{Client, Connection},
    named,
};
use tango_bindings::{DevFailed, DeviceProxy};
use testbed::{
    DeviceServer, Receiver, Status, device,
    process::{self, Finished},
};

fn run(example: &str, arguments: &[&str]) -> Result<Finished> {
    let mut command = Command::new(device::example(example)?);
    process::telemetry_env(&mut command, &[]).args(arguments);
    process::run(example, command, EXPORT)
}

#[test]
fn wrong_arguments_are_one_line_and_exit_code_2() -> Result<()> {
    for (example, arguments, word) in [
        ("leader", &[][..], "instance name"),
        ("leader", &["-nodb"], "instance name"),
        (
            "follower",
            &["test", "-nodb", "-dlist", "a/b/c"],
            "-ORBendPoint",
        ),
        (
            "follower",
            &["test", "-nodb", "-dlist", "nonsense"],
            "nonsense",
        ),
        ("client", &[], "one argument"),
        ("demo", &["bogus"], "bogus"),
    ] {
        let finished = run(example, arguments)?;
        assert_eq!(finished.status.code(), Some(2), "{example} {arguments:?}");
        let lines: Vec<&str> = finished.stderr.lines().collect();
        assert!(
            lines.len() == 1 && lines[0].starts_with(example) && lines[0].contains(word),
            "{example} {arguments:?}: {lines:?}"
        );
        assert_eq!(finished.stdout, "");
    }
    Ok(())
}

#[test]
fn a_port_in_use_is_named() -> Result<()> {
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let point = format!("giop:tcp:{}", taken.local_addr()?);
    let arguments = ["test", "-nodb", "-dlist", PROBE, "-ORBendPoint", &point];
    let finished = run("probe", &arguments)?;
    assert_eq!(finished.status.code(), Some(2));
    let line = finished.stderr.lines().last().unwrap_or_default();
    assert!(
        line.starts_with("probe: ") && line.contains(&point),
        "{line}"
    );
    Ok(())
}

#[test]
fn a_device_that_cannot_be_reached_is_an_error_value() -> Result<()> {
    let port = device::free_port()?;
    let url = format!("tango://127.0.0.1:{port}/{PROBE}#dbase=no");
    let failed = |done: Result<(), DevFailed>| done.err().context("no error");
    let device = DeviceProxy::new(&url)?;
    for failed in [
        failed(device.ping())?,
        failed(device.command_inout("Context", ()))?,
        failed(device.write_attribute("value", 1.0))?,
        failed(DeviceProxy::new("no device name").map(|_| ()))?,
    ] {
        let cause = failed.cause();
        assert!(cause.reason.starts_with("API_"), "{failed:?}");
        assert!(
            !cause.desc.is_empty() && !cause.origin.is_empty(),
            "{failed:?}"
        );
    }
    Ok(())
}

const METHODS: &str = "test/methods/1";

fn methods(environment: &[(&str, String)]) -> Result<DeviceServer> {
    DeviceServer::start(
        &device::example("methods")?,
        "test",
        &[METHODS],
        environment,
    )
}

/// In the name of a command or attribute, in an argument, and in what a client says of itself.
///
/// cppTango puts names into its own spans as they came, and a receiver that checks texts, as this one, would refuse them
/// and all others of their batch; so they are mended before. What a Java client says of itself is not: with bytes that
/// are no text in it, Rust's spans arrive and cppTango's do not.
#[test]
fn bytes_that_are_no_text_are_replaced_or_refused() -> Result<()> {
    let receiver = Receiver::start()?;
    let bad = b"a\xff\xfe\xc3";
    let server = methods(&receiver.environment())?;
    let mut connection = Connection::open(&server)?;
    connection.command_inout_4(METHODS, b"Go", None, Client::Java6(bad, bad, bad))?;
    let traceparent = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let client = Client::Java6(bad, traceparent, b"a=\xff");
    connection.command_inout_4(METHODS, b"Go", None, client)?;
    server.terminate()?;
    assert_eq!(count(&receiver.take(), "Methods.Go"), 2);

    let server = methods(&receiver.environment())?;
    let mut connection = Connection::open(&server)?;
    let mut execute =
        |command, argument| connection.command_inout_4(METHODS, command, argument, Client::Cpp);
    assert!(execute(bad, None).is_err());
    execute(b"Echo", Some(bad))?;
    assert!(execute(b"Fail", Some(bad)).is_err());
    // It answers which attribute it does not have.
    connection.read_attributes_5(METHODS, bad)?;
    server.terminate()?;
    let spans = receiver.spans();
    let kernel = ["command_inout_4", "read_attributes_5"];
    let of_kernel = |name: &str| {
        let spans = spans.iter().filter(|span| span.name.ends_with(name));
        spans.count()
    };
    assert_eq!(kernel.map(of_kernel), [3, 1]);
    assert_eq!(named(&spans, "Methods.Echo")?.status, Status::Unset);
    let replaced = "a\u{fffd}\u{fffd}\u{fffd}";
    let status = format!("DevFailed: {replaced}: {replaced}");
    assert_eq!(named(&spans, "Methods.Fail")?.status, Status::Error(status));
    Ok(())
}

/// PyTango sends strings as Latin-1.
#[test]
#[cfg_attr(not(tango_runtime_configuration), ignore = "needs PyTango")]
fn a_value_that_is_not_utf8_arrives_with_replacements() -> Result<()> {
    let peer = "test/pyprobe/1";
    let python = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/pytango_device.py"
    );
    let python = DeviceServer::start(Path::new(python), "test", &[peer], &[])?;
    let server = methods(&[("METHODS_PEER", python.device_url(peer))])?;
    let device = DeviceProxy::new(&server.device_url(METHODS))?;
    let tired: String = device.command_inout("Ask", "Tired".to_string())?;
    assert_eq!(tired, "m\u{fffd}de");
    Ok(())
}

fn cut(text: &str, at: usize) -> &str {
    &text[..at.min(text.len())]
}

/// A name of what was added to a device, its argument, an error's text, an attribute's value. Strings of C end at a NUL.
#[test]
fn a_megabyte_or_a_nul_goes_through_and_a_status_text_is_short() -> Result<()> {
    let megabyte = "x".repeat(1 << 20);
    for (text, through) in [(megabyte.as_str(), megabyte.as_str()), ("a\0b", "a")] {
        let receiver = Receiver::start()?;
        let server = methods(&receiver.environment())?;
        let device = DeviceProxy::new(&server.device_url(METHODS))?;
        let given = text.to_string();
        assert!(device.command_inout::<_, String>("Echo", given.clone())? == *through);
        device.write_attribute("text", given.clone())?;
        assert!(device.read_attribute::<String>("text")? == *through);
        device.command_inout::<_, ()>("Add", given.clone())?;
        let said = device.command_inout::<_, String>(through, given.clone())?;
        assert!(said == format!("{METHODS} {through}"));
        device.read_attribute::<f64>(through)?;
        let failed = device.command_inout::<_, ()>("Fail", given.clone());
        let failed = failed.err().context("no error")?;
        assert!(failed.cause().desc == *through && failed.cause().origin == *through);
        server.terminate()?;
        let spans = receiver.spans();
        let read = format!("read_{through}");
        for name in ["Echo", "write_text", "read_text", "Add", through, &read] {
            let name = format!("Methods.{name}");
            let span = named(&spans, cut(&name, 1024))?;
            assert_eq!(span.status, Status::Unset, "{name:.20}");
            for (key, value) in &span.attributes {
                assert!(value.len() <= 1024, "{name:.20}: {key}");
            }
        }
        let failed = named(&spans, "Methods.Fail")?;
        let status = format!("DevFailed: {through}: {through}");
        assert!(failed.status == Status::Error(cut(&status, 1024).to_string()));
        let [event] = failed.events.as_slice() else {
            anyhow::bail!("{} events", failed.events.len());
        };
        for part in ["reason", "desc", "origin"] {
            let part = &event.attributes[&format!("tango.error.{part}")];
            assert!(!part.is_empty() && through.starts_with(part.as_str()));
            assert!(part.len() <= 16 * 1024, "{} bytes", part.len());
        }
        assert!(event.attributes["exception.message"].len() <= 16 * 1024);
    }
    Ok(())
}
