//! The processes of the demo.

use std::{process::Command, time::Duration};

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
    client_environment: Vec<(String, String)>,
}

impl System {
    /// Starts the device servers; all send to `receiver`, some by http, some by grpc.
    pub(crate) fn start(receiver: &Receiver) -> Result<Self> {
        let http = environment("http", &receiver.http_endpoint());
        let grpc = environment("grpc", &receiver.grpc_endpoint());

        println!("starting TangoTest (C++), two Followers and a Leader (Rust)");
        let sensor = server(&device::tango_test()?, &[SENSOR], &grpc, None)?;
        let sensor_url = sensor.device_url(SENSOR);
        let follower = device::example("follower")?;
        let followers = server(&follower, &FOLLOWERS, &grpc, Some(("SENSOR", &sensor_url)))?;
        let urls = FOLLOWERS.map(|name| followers.device_url(name)).join(",");
        let leader = device::example("leader")?;
        let leader = server(&leader, &[LEADER], &http, Some(("FOLLOWERS", &urls)))?;
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
        process::telemetry_env(&mut client, &borrowed(&self.client_environment));
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
    executable: &std::path::Path,
    devices: &[&str],
    environment: &[(String, String)],
    peer: Option<(&str, &str)>,
) -> Result<DeviceServer> {
    let mut environment = borrowed(environment);
    environment.extend(peer);
    DeviceServer::start(executable, "demo", devices, &environment)
}

/// The operator's, as for any Tango device; and Rust's spans come soon.
fn environment(exporter: &str, endpoint: &str) -> Vec<(String, String)> {
    [
        ("TANGO_TELEMETRY_ENABLE", "on"),
        ("TANGO_TELEMETRY_TYPES", "tracing"),
        ("TANGO_TELEMETRY_TRACING_EXPORTERS", exporter),
        ("TANGO_TELEMETRY_TRACING_ENDPOINTS", endpoint),
        ("OTEL_BSP_SCHEDULE_DELAY", "200"),
    ]
    .map(|(name, value)| (name.to_string(), value.to_string()))
    .to_vec()
}

fn borrowed(environment: &[(String, String)]) -> Vec<(&str, &str)> {
    environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}
