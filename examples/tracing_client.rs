// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client that uses the `tracing` crate: its spans and the Tango calls in them are one trace.
//!
//! `TANGO_TELEMETRY_ENABLE=on tracing_client tango://localhost:10001/test/example/1#dbase=no`

use std::env;

use tango_bindings::{DevFailed, DeviceProxy, cpptango_telemetry};
use tracing_subscriber::prelude::*;

fn main() -> anyhow::Result<()> {
    let device = env::args().nth(1);
    let Some(device) = device else {
        anyhow::bail!("tracing_client: expected one argument, the name of an Example device");
    };
    // Before anything else: it may have to rewrite the environment for cppTango.
    for warning in cpptango_telemetry::prepare_environment()? {
        eprintln!("tracing_client: {warning}");
    }
    tracing_subscriber::registry()
        .with(cpptango_telemetry::tracing_layer())
        .init();
    let device = DeviceProxy::new(&device)?;
    println!("gain {}", tune(&device, 2.5)?);
    Ok(())
}

/// A span of the client, the parent of its calls.
#[tracing::instrument(skip(device))]
fn tune(device: &DeviceProxy, gain: f64) -> Result<f64, DevFailed> {
    device.command_inout::<_, ()>("Configure", format!("gain={gain}"))?;
    tracing::info!("configured");
    verify(device)
}

#[tracing::instrument(skip_all)]
fn verify(device: &DeviceProxy) -> Result<f64, DevFailed> {
    device.read_attribute("gain")
}
