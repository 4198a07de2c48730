// SPDX-License-Identifier: MIT OR Apache-2.0
//! The client of one attribute.

use cpptango_telemetry::Operation;
use cxx::UniquePtr;

use crate::{
    bridge::ffi::{self, Reply},
    call::{self, AsynchRequest, strings},
    error::DevFailed,
    value::TangoType,
};

/// A client of one attribute: `Tango::AttributeProxy`. Any thread may use it.
pub struct AttributeProxy {
    proxy: UniquePtr<ffi::AttributeProxy>,
    name: String,
}

impl AttributeProxy {
    /// Connects to the attribute `name`: `domain/family/member/attribute`, or a URL with that.
    #[track_caller]
    pub fn new(name: &str) -> Result<Self, DevFailed> {
        let operation = Operation::client("AttributeProxy.new").target(name);
        Ok(Self {
            proxy: call::connect(operation, |proxy| ffi::new_attribute_proxy(name, proxy))?,
            name: name.to_string(),
        })
    }

    /// Reads the attribute.
    #[track_caller]
    pub fn read<R: TangoType>(&self) -> Result<R, DevFailed> {
        self.call(Operation::client("AttributeProxy.read"), |proxy| {
            proxy.read()
        })
    }

    /// Writes it.
    #[track_caller]
    pub fn write<A: TangoType>(&self, value: A) -> Result<(), DevFailed> {
        let value = value.into_value();
        self.call(Operation::client("AttributeProxy.write"), |proxy| {
            proxy.write(&value)
        })
    }

    /// Writes it and reads it, in one request.
    #[track_caller]
    pub fn write_read<T: TangoType>(&self, value: T) -> Result<T, DevFailed> {
        let value = value.into_value();
        self.call(Operation::client("AttributeProxy.write_read"), |proxy| {
            proxy.write_read(&value)
        })
    }

    /// Asks for the attribute and does not wait for its value.
    #[track_caller]
    pub fn read_asynch(&self) -> Result<AsynchRequest, DevFailed> {
        let operation = Operation::client("AttributeProxy.read_asynch");
        let id = self.call(operation, |proxy| proxy.read_asynch())?;
        Ok(AsynchRequest::new(id, &self.name))
    }

    /// The value; `timeout` as in [`DeviceProxy::command_inout_reply`](crate::DeviceProxy::command_inout_reply).
    #[track_caller]
    pub fn read_reply<R: TangoType>(
        &self,
        request: &AsynchRequest,
        timeout: i32,
    ) -> Result<R, DevFailed> {
        self.call(Operation::client("AttributeProxy.read_reply"), |proxy| {
            proxy.read_reply(request.id, timeout)
        })
    }

    /// Writes the attribute and does not wait until it is written.
    #[track_caller]
    pub fn write_asynch<A: TangoType>(&self, value: A) -> Result<AsynchRequest, DevFailed> {
        let value = value.into_value();
        let operation = Operation::client("AttributeProxy.write_asynch");
        let id = self.call(operation, |proxy| proxy.write_asynch(&value))?;
        Ok(AsynchRequest::new(id, &self.name))
    }

    /// Whether it was written; `timeout` as in `read_reply`.
    #[track_caller]
    pub fn write_reply(&self, request: &AsynchRequest, timeout: i32) -> Result<(), DevFailed> {
        self.call(Operation::client("AttributeProxy.write_reply"), |proxy| {
            proxy.write_reply(request.id, timeout)
        })
    }

    /// A property of the attribute; empty where there is none.
    #[track_caller]
    pub fn get_property(&self, name: &str) -> Result<Vec<String>, DevFailed> {
        let operation = Operation::client("AttributeProxy.get_property").argument(name);
        self.call(operation, |proxy| proxy.get_property(name))
    }

    /// Gives a property of the attribute these values.
    #[track_caller]
    pub fn put_property(&self, name: &str, values: &[&str]) -> Result<(), DevFailed> {
        let values = strings(values).into_value();
        let operation = Operation::client("AttributeProxy.put_property").argument(name);
        self.call(operation, |proxy| proxy.put_property(name, &values))
    }

    /// Takes a property of the attribute away.
    #[track_caller]
    pub fn delete_property(&self, name: &str) -> Result<(), DevFailed> {
        let operation = Operation::client("AttributeProxy.delete_property").argument(name);
        self.call(operation, |proxy| proxy.delete_property(name))
    }

    /// The state of its device, as the number of its `DevState`.
    #[track_caller]
    pub fn state(&self) -> Result<i32, DevFailed> {
        self.call(Operation::client("AttributeProxy.state"), |proxy| {
            proxy.state()
        })
    }

    /// The status text of its device.
    #[track_caller]
    pub fn status(&self) -> Result<String, DevFailed> {
        self.call(Operation::client("AttributeProxy.status"), |proxy| {
            proxy.status()
        })
    }

    /// Whether its device answers.
    #[track_caller]
    pub fn ping(&self) -> Result<(), DevFailed> {
        self.call(Operation::client("AttributeProxy.ping"), |proxy| {
            proxy.ping()
        })
    }

    fn call<R: TangoType>(
        &self,
        operation: Operation<'_>,
        f: impl FnOnce(&ffi::AttributeProxy) -> Reply,
    ) -> Result<R, DevFailed> {
        call::call(operation.target(&self.name), || f(&self.proxy))
    }
}
