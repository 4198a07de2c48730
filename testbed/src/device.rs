// SPDX-License-Identifier: MIT OR Apache-2.0
//! Device servers, with and without a Tango database.

use crate::database::Database;
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
    /// The database's.
    tango_host: Option<String>,
}

impl DeviceServer {
    /// Starts `executable` without a database as the server instance `instance` with these devices and, of all the
    /// variables that Tango and OpenTelemetry read, only those in `env`; waits until it is ready.
    pub fn start(
        executable: &Path,
        instance: &str,
        devices: &[&str],
        env: &[(&str, String)],
    ) -> Result<DeviceServer> {
        let devices = devices.join(",");
        start(
            executable,
            instance,
            None,
            &["-nodb", "-dlist", &devices],
            env,
        )
    }

    /// The same with a database, in which the server and its devices have been registered.
    pub fn start_with(
        database: &Database,
        executable: &Path,
        instance: &str,
        env: &[(&str, String)],
    ) -> Result<DeviceServer> {
        let host = database.tango_host();
        let mut env = env.to_vec();
        env.push(("TANGO_HOST", host.clone()));
        start(executable, instance, Some(&host), &[], &env)
    }

    /// The port that the server listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The full name of one of its devices, as a client takes it.
    pub fn device_url(&self, device: &str) -> String {
        match &self.tango_host {
            Some(host) => format!("tango://{host}/{device}"),
            None => format!("tango://127.0.0.1:{}/{device}#dbase=no", self.port),
        }
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

fn start(
    executable: &Path,
    instance: &str,
    tango_host: Option<&str>,
    arguments: &[&str],
    env: &[(&str, String)],
) -> Result<DeviceServer> {
    let base = executable
        .file_stem()
        .context("the path of a device server ends in a name")?;
    let server = format!("{}/{instance}", base.to_string_lossy());
    on_free_port(|port| {
        let mut command = Command::new(executable);
        telemetry_env(&mut command, env);
        command.arg(instance).args(arguments);
        command.args(["-ORBendPoint", &format!("giop:tcp:127.0.0.1:{port}")]);
        let process = Process::spawn(&server, command, Some(READY))?;
        Ok(DeviceServer {
            process,
            server: server.clone(),
            port,
            tango_host: tango_host.map(str::to_owned),
        })
    })
}

/// Starts something on a free port, and on another if that has been taken meanwhile.
pub(crate) fn on_free_port<T>(start: impl Fn(u16) -> Result<T>) -> Result<T> {
    match start(free_port()?) {
        Err(error) if error.to_string().contains(PORT_IN_USE) => start(free_port()?),
        result => result,
    }
}

/// A port on 127.0.0.1 that is free now.
///
/// An ORB end point must be given up front, so the port is released here and taken again by the server. That is good
/// enough: the kernel hands out free ports in random order, so that another program hardly gets this one in between,
/// and who starts there tries again if one does.
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
