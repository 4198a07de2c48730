// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bindings in a Rust `cdylib`, where cppTango does not share opentelemetry-cpp's state with the crate.
#![cfg(tango_runtime_configuration)]

mod common;

use std::path::Path;

use anyhow::Result;
use common::{
    EXPORT, PROBE,
    giop::{Client, command_inout_4},
    has, named, proxy,
};
use testbed::{DeviceServer, Receiver, Trace, device};

/// A device server in a library that an interpreter has loaded.
fn plugin(receiver: &Receiver) -> Result<DeviceServer> {
    let mut environment = receiver.environment();
    let library = device::example("libplugin.so")?;
    environment.push(("PLUGIN", library.to_string_lossy().into_owned()));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/plugin.py");
    DeviceServer::start(&script, "test", &[PROBE], &environment)
}

/// T1, T2: with all topics traces go on, through C++ spans as with PyTango.
#[test]
fn a_cdylib_falls_back_to_cpp_spans_and_says_so() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = plugin(&receiver)?;
    let said = "Fallback { context_shared: false, propagator_shared: false }";
    assert!(server.output().contains(said), "{}", server.output());
    assert!(
        server.output().contains("Probe: traces may break"),
        "{}",
        server.output()
    );

    let url = server.device_url(PROBE);
    proxy(&server)?.command_inout::<_, Vec<String>>("Forward", vec![url])?;
    server.terminate()?;
    let traces = Trace::all(&receiver.spans());
    let calls = traces
        .iter()
        .filter(|trace| has(&trace.spans, "Probe.Forward"));
    let [call] = calls.collect::<Vec<_>>()[..] else {
        anyhow::bail!("not one trace: {traces:?}");
    };
    assert_eq!(common::count(&call.spans, "Probe.Forward"), 2);
    assert_eq!(
        (call.roots().len(), call.orphans().len()),
        (1, 0),
        "{call:?}"
    );
    Ok(())
}

/// T1, T3: what a request brings is known without cppTango.
#[test]
fn a_device_in_a_cdylib_follows_its_caller_whatever_its_topics() -> Result<()> {
    let receiver = Receiver::start()?;
    let server = plugin(&receiver)?;
    proxy(&server)?.set_telemetry_topics(&["user"])?;
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    command_inout_4(&server, PROBE, "Context", Client::Cpp6(traceparent, ""))?;
    let spans = receiver.wait_for("the method", EXPORT, |spans| has(spans, "Probe.Context"))?;
    assert_eq!(
        named(&spans, "Probe.Context")?.parent_span_id,
        "b7ad6b7169203331"
    );
    Ok(())
}
