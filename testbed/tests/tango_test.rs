// SPDX-License-Identifier: MIT OR Apache-2.0
//! A real C++ device server sends its telemetry to the receiver. Needs TangoTest of cppTango 10.3; skipped without it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;
use testbed::device::{DeviceServer, tango_test};
use testbed::trace::DEFAULT_WIDTH;
use testbed::{Receiver, Span, Trace};

const LONG: Duration = Duration::from_secs(30);

#[test]
fn tango_test_sends_spans_by_http() {
    let receiver = Receiver::start().unwrap();
    check(&receiver, &receiver.environment());
}

#[test]
fn tango_test_sends_spans_by_grpc() {
    let receiver = Receiver::start().unwrap();
    check(&receiver, &receiver.grpc_environment());
}

#[test]
fn without_telemetry_nothing_is_sent() {
    let Some(executable) = installed() else {
        return;
    };
    let receiver = Receiver::start().unwrap();
    let mut env = receiver.environment();
    env.retain(|(name, _)| *name != "TANGO_TELEMETRY_ENABLE");
    let server = DeviceServer::start(&executable, "off", &["a/b/c"], &env).unwrap();
    call_dev_void(&server, "a/b/c");
    // However it ends: a plain C++ server is not always quick.
    drop(server);
    assert_eq!(receiver.requests(), 0);
}

#[test]
fn the_names_of_devices_are_what_a_client_takes() {
    let Some(executable) = installed() else {
        return;
    };
    let server = DeviceServer::start(&executable, "names", &["a/b/c"], &[]).unwrap();
    let port = server.port();
    let device = format!("tango://127.0.0.1:{port}/a/b/c#dbase=no");
    let admin = format!("tango://127.0.0.1:{port}/dserver/TangoTest/names#dbase=no");
    assert_eq!(
        (server.device_url("a/b/c"), server.admin_url()),
        (device, admin)
    );
}

fn check(receiver: &Receiver, env: &[(&str, String)]) {
    let Some(executable) = installed() else {
        return;
    };
    let devices = ["a/b/c", "a/b/d"];
    let server = DeviceServer::start(&executable, "test", &devices, env).unwrap();
    for device in devices {
        call_dev_void(&server, device);
    }
    let from = |spans: &[Span], device| spans.iter().any(|span| span.instance() == device);
    let spans = receiver
        .wait_for("a span of each device", LONG, |spans| {
            devices.iter().all(|d| from(spans, *d))
        })
        .unwrap();
    for span in &spans {
        assert_eq!((span.service(), span.language()), ("TangoTest", "cpp"));
        assert_eq!(span.attr("tango.operation.argument"), Some("DevVoid"));
    }
    for trace in Trace::all(&spans) {
        assert!(trace.orphans().is_empty());
        println!("{}", trace.render_waterfall(DEFAULT_WIDTH, false));
    }
}

fn installed() -> Option<PathBuf> {
    tango_test()
        .inspect_err(|error| println!("skipped: {error}"))
        .ok()
}

/// Calls the command DevVoid as a client of old would: one GIOP request. A device server without a database makes no
/// span by itself, and a real client would need cppTango.
fn call_dev_void(server: &DeviceServer, device: &str) {
    fn number(message: &mut Vec<u8>, value: u32) {
        message.resize(message.len().next_multiple_of(4), 0);
        message.extend(value.to_le_bytes());
    }
    fn text(message: &mut Vec<u8>, text: &str) {
        number(message, text.len() as u32);
        message.extend(text.as_bytes());
    }
    let mut body = Vec::new();
    number(&mut body, 0); // no service contexts
    number(&mut body, 1); // request id
    number(&mut body, 1); // an answer is expected
    text(&mut body, device); // object key
    text(&mut body, "command_inout_4\0");
    number(&mut body, 0); // no principal
    text(&mut body, "DevVoid\0");
    number(&mut body, 1); // argument: an `any` of type void
    number(&mut body, 0); // source: device
    number(&mut body, 0); // client identification: C++ client
    number(&mut body, std::process::id());

    let mut message = b"GIOP\x01\x00\x01\x00".to_vec(); // version 1.0, little endian, request
    number(&mut message, body.len() as u32);
    message.extend(body);
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(&message).unwrap();
    let mut reply = [0; 24];
    stream.read_exact(&mut reply).unwrap();
    assert_eq!(reply[20..], [0; 4], "the call failed: {reply:?}");
}
