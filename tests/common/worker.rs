// SPDX-License-Identifier: MIT OR Apache-2.0
//! Devices whose methods go on elsewhere.

use std::time::Duration;

use anyhow::Result;
use tango_bindings::DeviceProxy;
use testbed::{DeviceServer, Receiver, device};

use super::with;

pub const DEVICES: [&str; 2] = ["test/worker/1", "test/worker/2"];
pub const PEER: &str = "test/worker/3";

/// Many spans have to be made, sent and read.
pub const LONG: Duration = Duration::from_secs(60);

pub struct System {
    pub receiver: Receiver,
    /// Kernel spans are exported too.
    pub kernel: bool,
    /// After the server, which calls it.
    _peer: DeviceServer,
    pub server: DeviceServer,
}

/// Two devices in a server, and in another one the device that they call.
pub fn system(topic: &str) -> Result<System> {
    system_with(topic, &[])
}

pub fn system_with(topic: &str, more: &[(&'static str, &str)]) -> Result<System> {
    let receiver = Receiver::start()?;
    // Of so many spans at once none is to be dropped.
    let settings = [
        ("TANGO_TELEMETRY_TOPICS", topic),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "100000"),
    ];
    let environment = with(with(receiver.environment(), &settings), more);
    let worker = device::example("worker")?;
    let peer = DeviceServer::start(&worker, "test", &[PEER], &environment)?;
    let its_name = peer.device_url(PEER);
    let environment = with(environment, &[("PEER", &its_name)]);
    let server = DeviceServer::start(&worker, "test", &DEVICES, &environment)?;
    Ok(System {
        receiver,
        kernel: topic == "all",
        _peer: peer,
        server,
    })
}

impl System {
    pub fn proxy(&self, device: &str) -> Result<DeviceProxy> {
        let proxy = DeviceProxy::new(&self.server.device_url(device))?;
        proxy.set_timeout_millis(LONG.as_millis() as i32)?;
        Ok(proxy)
    }
}
