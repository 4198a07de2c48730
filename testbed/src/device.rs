//! Device servers without a Tango database.

use crate::process::{Process, telemetry_env};
use anyhow::{Context, Result, anyhow, bail};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

/// What cppTango prints when a device server answers requests.
const READY: &str = "Ready to accept request";
/// What the ORB prints when it cannot have the port of its end point.
const PORT_IN_USE: &str = "Unable to create an endpoint";

/// A running device server; ended on drop.
pub struct DeviceServer {
    process: Process,
    server: String,
    port: u16,
}

impl DeviceServer {
    /// Starts `executable` as the server instance `instance` with these devices and, of all the variables that Tango
    /// and OpenTelemetry read, only those in `env`; waits until it is ready.
    pub fn start(
        executable: &Path,
        instance: &str,
        devices: &[&str],
        env: &[(&str, String)],
    ) -> Result<DeviceServer> {
        let base = executable
            .file_name()
            .context("the path of a device server ends in a name")?;
        let server = format!("{}/{instance}", base.to_string_lossy());
        let start_on = |port: u16| -> Result<DeviceServer> {
            let mut command = Command::new(executable);
            telemetry_env(&mut command, env);
            command.args([instance, "-nodb", "-dlist", &devices.join(",")]);
            command.args(["-ORBendPoint", &format!("giop:tcp:127.0.0.1:{port}")]);
            let process = Process::spawn(&server, command, Some(READY))?;
            Ok(DeviceServer {
                process,
                server: server.clone(),
                port,
            })
        };
        match start_on(free_port()?) {
            Err(error) if error.to_string().contains(PORT_IN_USE) => start_on(free_port()?),
            result => result,
        }
    }

    /// The port that the server listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The full name of one of its devices, as a client takes it.
    pub fn device_url(&self, device: &str) -> String {
        format!("tango://127.0.0.1:{}/{device}#dbase=no", self.port)
    }

    /// The full name of its admin device, as a client takes it.
    pub fn admin_url(&self) -> String {
        self.device_url(&format!("dserver/{}", self.server))
    }

    /// Ends the server as an operator would, with SIGTERM; see [`Process::terminate`].
    pub fn terminate(&self) -> Result<ExitStatus> {
        self.process.terminate()
    }

    /// The same; also says how long it took.
    pub fn terminate_timed(&self) -> Result<(ExitStatus, Duration)> {
        self.process.terminate_timed()
    }

    /// All that it printed so far; see [`Process::output`].
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// Its process.
    pub fn process(&self) -> &Process {
        &self.process
    }
}

/// A port on 127.0.0.1 that is free now.
///
/// An ORB end point must be given up front, so the port is released here and taken again by the server. That is good
/// enough: the kernel hands out free ports in random order, so that another program hardly gets this one in between,
/// and [`DeviceServer::start`] tries again if one does.
pub fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// The executable of TangoTest, the C++ device server that comes with Tango.
pub fn tango_test() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/lib/tango")]) // where Debian puts device servers
        .map(|directory| directory.join("TangoTest"))
        .find(|file| file.is_file())
        .ok_or_else(|| {
            anyhow!(
                "TangoTest is neither in PATH nor in /usr/lib/tango: install the package tango-test"
            )
        })
}

/// The executable of an example of the root package, as Cargo built it next to the running program.
pub fn example(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe().context("the running program has no path")?;
    // target/debug/PROGRAM, target/debug/deps/PROGRAM or target/debug/examples/PROGRAM
    let Some(found) = (program.ancestors().skip(1).take(2))
        .map(|directory| directory.join("examples").join(name))
        .find(|file| file.is_file())
    else {
        bail!("the example {name} is not built: run `cargo build --examples`");
    };
    Ok(found)
}
