// SPDX-License-Identifier: MIT OR Apache-2.0
//! The processes of the demo.

use std::{path::Path, process::Command, time::Duration};

use anyhow::{Result, ensure};
use testbed::{DeviceServer, Receiver, device, process};

pub(crate) const LEADER: &str = "demo/leader/1";
const FOLLOWERS: [&str; 2] = ["demo/follower/1", "demo/follower/2"];
const SENSOR: &str = "demo/sensor/1";

/// Four processes: the client runs once for each call.
pub(crate) struct System {
    pub(crate) leader: DeviceServer,
    followers: DeviceServer,
    sensor: DeviceServer,
    client_environment: Vec<(&'static str, String)>,
}

impl System {
    /// Starts the device servers; all send to `receiver`, some by http, some by grpc.
    pub(crate) fn start(receiver: &Receiver) -> Result<Self> {
        let http = receiver.environment();
        let grpc = receiver.grpc_environment();

        println!("starting TangoTest (C++), two Followers and a Leader (Rust)");
        let sensor = server(&device::tango_test()?, &[SENSOR], &grpc, None)?;
        let sensor_url = sensor.device_url(SENSOR);
        let follower = device::example("follower")?;
        let followers = server(&follower, &FOLLOWERS, &grpc, Some(("SENSOR", sensor_url)))?;
        let urls = FOLLOWERS.map(|name| followers.device_url(name)).join(",");
        let leader = device::example("leader")?;
        let leader = server(&leader, &[LEADER], &http, Some(("FOLLOWERS", urls)))?;
        Ok(Self {
            leader,
            followers,
            sensor,
            client_environment: http,
        })
    }

    /// Runs the client.
    pub(crate) fn call(&self) -> Result<()> {
        let mut client = Command::new(device::example("client")?);
        client.arg(self.leader.device_url(LEADER));
        process::telemetry_env(&mut client, &self.client_environment);
        let client = process::run("client", client, Duration::from_secs(30))?;
        ensure!(
            client.status.success(),
            "the client failed: {}",
            client.stderr
        );
        print!("   client: {}", client.stdout);
        Ok(())
    }

    pub(crate) fn stop(self) -> Result<()> {
        for server in [self.leader, self.followers, self.sensor] {
            let status = server.terminate()?;
            ensure!(
                status.success(),
                "a server ended with {status}: {}",
                server.output()
            );
        }
        Ok(())
    }
}

fn server(
    executable: &Path,
    devices: &[&str],
    environment: &[(&'static str, String)],
    peer: Option<(&'static str, String)>,
) -> Result<DeviceServer> {
    let environment: Vec<_> = environment.iter().cloned().chain(peer).collect();
    DeviceServer::start(executable, "demo", devices, &environment)
}
