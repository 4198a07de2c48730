// SPDX-License-Identifier: MIT OR Apache-2.0
//! The client of a Tango database.

use cpptango_telemetry::Operation;
use cxx::UniquePtr;

use crate::{
    bridge::ffi::{self, Reply},
    call::{self, strings},
    error::DevFailed,
    value::TangoType,
};

/// A client of a Tango database: `Tango::Database`. Any thread may use it.
pub struct Database {
    database: UniquePtr<ffi::Database>,
    name: String,
}

/// What a database knows of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DbDevFullInfo {
    /// The device's class.
    pub class_name: String,
    /// Its server, `executable/instance`.
    pub ds_full_name: String,
    /// Where the server runs.
    pub host: String,
    /// Whether the server runs.
    pub exported: bool,
    /// The server's process.
    pub pid: i32,
}

impl Database {
    /// Connects to the database at this host and port.
    #[track_caller]
    pub fn new(host: &str, port: u16) -> Result<Self, DevFailed> {
        let name = format!("{host}:{port}");
        let operation = Operation::client("Database.new").target(&name);
        Ok(Self {
            database: call::connect(operation, |database| {
                ffi::new_database(host, i32::from(port), database)
            })?,
            name,
        })
    }

    /// A property of a device; empty where there is none.
    #[track_caller]
    pub fn get_device_property(&self, device: &str, name: &str) -> Result<Vec<String>, DevFailed> {
        let operation = Operation::client("Database.get_device_property").target(device);
        self.call(operation.argument(name), |database| {
            database.get_device_property(device, name)
        })
    }

    /// Gives a property of a device these values.
    #[track_caller]
    pub fn put_device_property(
        &self,
        device: &str,
        name: &str,
        values: &[&str],
    ) -> Result<(), DevFailed> {
        let values = strings(values).into_value();
        let operation = Operation::client("Database.put_device_property").target(device);
        self.call(operation.argument(name), |database| {
            database.put_device_property(device, name, &values)
        })
    }

    /// Takes a property of a device away.
    #[track_caller]
    pub fn delete_device_property(&self, device: &str, name: &str) -> Result<(), DevFailed> {
        let operation = Operation::client("Database.delete_device_property").target(device);
        self.call(operation.argument(name), |database| {
            database.delete_device_property(device, name)
        })
    }

    /// What the database knows of a device.
    #[track_caller]
    pub fn get_device_info(&self, device: &str) -> Result<DbDevFullInfo, DevFailed> {
        let operation = Operation::client("Database.get_device_info").target(device);
        let (numbers, strings): (Vec<i32>, Vec<String>) =
            self.call(operation, |database| database.get_device_info(device))?;
        let text = |at: usize| strings.get(at).cloned().unwrap_or_default();
        Ok(DbDevFullInfo {
            class_name: text(0),
            ds_full_name: text(1),
            host: text(2),
            exported: numbers.first() == Some(&1),
            pid: numbers.get(1).copied().unwrap_or_default(),
        })
    }

    /// The devices whose servers run, of those that match `filter`.
    #[track_caller]
    pub fn get_device_exported(&self, filter: &str) -> Result<Vec<String>, DevFailed> {
        let operation = self.itself("Database.get_device_exported", filter);
        self.call(operation, |database| database.get_device_exported(filter))
    }

    /// The servers, of those that match `wildcard`.
    #[track_caller]
    pub fn get_server_list(&self, wildcard: &str) -> Result<Vec<String>, DevFailed> {
        let operation = self.itself("Database.get_server_list", wildcard);
        self.call(operation, |database| database.get_server_list(wildcard))
    }

    /// The hosts that servers run on, of those that match `wildcard`.
    #[track_caller]
    pub fn get_host_list(&self, wildcard: &str) -> Result<Vec<String>, DevFailed> {
        let operation = self.itself("Database.get_host_list", wildcard);
        self.call(operation, |database| database.get_host_list(wildcard))
    }

    /// A call that is about no device.
    #[track_caller]
    fn itself<'a>(&'a self, method: &'a str, argument: &'a str) -> Operation<'a> {
        Operation::client(method)
            .target(&self.name)
            .argument(argument)
    }

    fn call<R: TangoType>(
        &self,
        operation: Operation<'_>,
        f: impl FnOnce(&ffi::Database) -> Reply,
    ) -> Result<R, DevFailed> {
        call::call(operation, || f(&self.database))
    }
}
