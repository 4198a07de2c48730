// SPDX-License-Identifier: MIT OR Apache-2.0
//! A real Tango database: PyTango's, on SQLite. Needs python3 with PyTango.

use crate::device::on_free_port;
use crate::process::{Process, telemetry_env};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

const READY: &str = "Ready to accept request";

/// A running Tango database, empty at first; ended on drop, and its folder is removed.
pub struct Database {
    // Before the folder, so that it has ended when that goes.
    process: Process,
    folder: Folder,
    port: u16,
}

impl Database {
    /// Starts a new database on a free port, and waits until it answers.
    pub fn start() -> Result<Database> {
        let folder = Folder::new()?;
        // Not one that it chooses itself: omniORB lets only a port that was given be taken again at once.
        on_free_port(|port| Ok((spawn(&folder.0, port)?, port))).map(|(process, port)| Database {
            process,
            folder,
            port,
        })
    }

    /// Ends the database and starts it again, with the same contents on the same port.
    pub fn restart(&mut self) -> Result<()> {
        self.process.terminate()?;
        self.process = spawn(&self.folder.0, self.port)?;
        Ok(())
    }

    /// What the variable `TANGO_HOST` says: host and port.
    pub fn tango_host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The full name of a device in this database, as a client takes it that has another `TANGO_HOST`, or none. The
    /// database's own device is `sys/database/2`.
    pub fn device_url(&self, device: &str) -> String {
        format!("tango://{}/{device}", self.tango_host())
    }

    /// Its process.
    pub fn process(&self) -> &Process {
        &self.process
    }
}

fn spawn(folder: &Path, port: u16) -> Result<Process> {
    let mut command = Command::new("python3");
    telemetry_env(&mut command, &[]);
    command
        .current_dir(folder)
        .args(["-u", "-m", "tango.databaseds.database"])
        .args(["--host", "127.0.0.1", "--port", &port.to_string(), "2"]);
    Process::spawn("the Tango database of python3-tango", command, Some(READY))
}

/// A folder of its own, removed on drop.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Folder> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tango-database-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // Left behind by a killed process of the same id.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
