// SPDX-License-Identifier: MIT OR Apache-2.0
//! The client.

use cpptango_telemetry::Operation;
use cxx::UniquePtr;

use crate::{
    bridge::ffi::{self, Kind, Reply, TelemetryMethod},
    call::{self, AsynchRequest, strings},
    error::DevFailed,
    value::{TangoType, Value},
};

/// A client of one device: `Tango::DeviceProxy`. Any thread may use it.
pub struct DeviceProxy {
    proxy: UniquePtr<ffi::Proxy>,
    name: String,
}

/// An exporter and where it sends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetryEndpoint {
    /// `grpc`, `http` or `console`.
    pub exporter: String,
    /// `grpc://host:port`, `http[s]://host:port/path`, or `cout` and `cerr`.
    pub url: String,
}

impl TelemetryEndpoint {
    /// An endpoint.
    pub fn new(exporter: &str, url: &str) -> Self {
        Self {
            exporter: exporter.to_string(),
            url: url.to_string(),
        }
    }
}

/// In admin commands they are pairs in one list.
impl TangoType for Vec<TelemetryEndpoint> {
    const KIND: Kind = Kind::StringArray;
    fn into_value(self) -> Value {
        let pairs = self.into_iter().flat_map(|e| [e.exporter, e.url]);
        pairs.collect::<Vec<String>>().into_value()
    }
    fn take(value: Value) -> Self {
        let pairs = value.strings.chunks_exact(2);
        pairs
            .map(|pair| TelemetryEndpoint::new(&pair[0], &pair[1]))
            .collect()
    }
}

macro_rules! telemetry_methods {
    ($($name:ident($($argument:ident: $type:ty => $value:expr)?) -> $result:ty = $method:ident;)*) => {
        $(
            /// The method of the same name of `Tango::DeviceProxy`: a command of the device's admin device.
            #[track_caller]
            pub fn $name(&self $(, $argument: $type)?) -> Result<$result, DevFailed> {
                let value = ($($value)?).into_value();
                let operation = Operation::client(concat!("DeviceProxy.", stringify!($name)));
                self.call(operation, |proxy| proxy.telemetry(TelemetryMethod::$method, &value))
            }
        )*
    };
}

impl DeviceProxy {
    /// Connects to `name`: `domain/family/member`, or a URL such as `tango://localhost:10000/a/b/c#dbase=no`.
    #[track_caller]
    pub fn new(name: &str) -> Result<Self, DevFailed> {
        let operation = Operation::client("DeviceProxy.new").target(name);
        Ok(Self {
            proxy: call::connect(operation, |proxy| ffi::new_proxy(name, proxy))?,
            name: name.to_string(),
        })
    }

    /// Executes a command.
    #[track_caller]
    pub fn command_inout<A: TangoType, R: TangoType>(
        &self,
        command: &str,
        argument: A,
    ) -> Result<R, DevFailed> {
        let argument = argument.into_value();
        let operation = Operation::client("DeviceProxy.command_inout").argument(command);
        self.call(operation, |proxy| proxy.command_inout(command, &argument))
    }

    /// Reads an attribute.
    #[track_caller]
    pub fn read_attribute<R: TangoType>(&self, attribute: &str) -> Result<R, DevFailed> {
        let operation = Operation::client("DeviceProxy.read_attribute").argument(attribute);
        self.call(operation, |proxy| proxy.read_attribute(attribute))
    }

    /// Writes an attribute.
    #[track_caller]
    pub fn write_attribute<A: TangoType>(
        &self,
        attribute: &str,
        value: A,
    ) -> Result<(), DevFailed> {
        let value = value.into_value();
        let operation = Operation::client("DeviceProxy.write_attribute").argument(attribute);
        self.call(operation, |proxy| proxy.write_attribute(attribute, &value))
    }

    /// Writes an attribute and reads it, in one request.
    #[track_caller]
    pub fn write_read_attribute<T: TangoType>(
        &self,
        attribute: &str,
        value: T,
    ) -> Result<T, DevFailed> {
        let value = value.into_value();
        let operation = Operation::client("DeviceProxy.write_read_attribute").argument(attribute);
        self.call(operation, |proxy| {
            proxy.write_read_attribute(attribute, &value)
        })
    }

    /// Sends a command and does not wait for its answer.
    #[track_caller]
    pub fn command_inout_asynch<A: TangoType>(
        &self,
        command: &str,
        argument: A,
    ) -> Result<AsynchRequest, DevFailed> {
        let argument = argument.into_value();
        let operation = Operation::client("DeviceProxy.command_inout_asynch").argument(command);
        let id = self.call(operation, |proxy| {
            proxy.command_inout_asynch(command, &argument)
        })?;
        Ok(AsynchRequest::new(id, command))
    }

    /// The answer to a command. It is waited for so many milliseconds, 0 is for as long as it takes, and may be asked
    /// for again where it has not come (`API_AsynReplyNotArrived`).
    #[track_caller]
    pub fn command_inout_reply<R: TangoType>(
        &self,
        request: &AsynchRequest,
        timeout: i32,
    ) -> Result<R, DevFailed> {
        let operation =
            Operation::client("DeviceProxy.command_inout_reply").argument(&request.name);
        self.call(operation, |proxy| {
            proxy.command_inout_reply(request.id, timeout)
        })
    }

    /// Asks for an attribute and does not wait for its value.
    #[track_caller]
    pub fn read_attribute_asynch(&self, attribute: &str) -> Result<AsynchRequest, DevFailed> {
        let operation = Operation::client("DeviceProxy.read_attribute_asynch").argument(attribute);
        let id = self.call(operation, |proxy| proxy.read_attribute_asynch(attribute))?;
        Ok(AsynchRequest::new(id, attribute))
    }

    /// The value of the attribute; `timeout` as in [`command_inout_reply`](Self::command_inout_reply).
    #[track_caller]
    pub fn read_attribute_reply<R: TangoType>(
        &self,
        request: &AsynchRequest,
        timeout: i32,
    ) -> Result<R, DevFailed> {
        let operation =
            Operation::client("DeviceProxy.read_attribute_reply").argument(&request.name);
        self.call(operation, |proxy| {
            proxy.read_attribute_reply(request.id, timeout)
        })
    }

    /// Writes an attribute and does not wait until it is written.
    #[track_caller]
    pub fn write_attribute_asynch<A: TangoType>(
        &self,
        attribute: &str,
        value: A,
    ) -> Result<AsynchRequest, DevFailed> {
        let value = value.into_value();
        let operation = Operation::client("DeviceProxy.write_attribute_asynch").argument(attribute);
        let id = self.call(operation, |proxy| {
            proxy.write_attribute_asynch(attribute, &value)
        })?;
        Ok(AsynchRequest::new(id, attribute))
    }

    /// Whether the attribute was written; `timeout` as in [`command_inout_reply`](Self::command_inout_reply).
    #[track_caller]
    pub fn write_attribute_reply(
        &self,
        request: &AsynchRequest,
        timeout: i32,
    ) -> Result<(), DevFailed> {
        let operation =
            Operation::client("DeviceProxy.write_attribute_reply").argument(&request.name);
        self.call(operation, |proxy| {
            proxy.write_attribute_reply(request.id, timeout)
        })
    }

    /// A property of the device; empty where there is none.
    #[track_caller]
    pub fn get_property(&self, name: &str) -> Result<Vec<String>, DevFailed> {
        let operation = Operation::client("DeviceProxy.get_property").argument(name);
        self.call(operation, |proxy| proxy.get_property(name))
    }

    /// Gives a property of the device these values.
    #[track_caller]
    pub fn put_property(&self, name: &str, values: &[&str]) -> Result<(), DevFailed> {
        let values = strings(values).into_value();
        let operation = Operation::client("DeviceProxy.put_property").argument(name);
        self.call(operation, |proxy| proxy.put_property(name, &values))
    }

    /// Takes a property of the device away.
    #[track_caller]
    pub fn delete_property(&self, name: &str) -> Result<(), DevFailed> {
        let operation = Operation::client("DeviceProxy.delete_property").argument(name);
        self.call(operation, |proxy| proxy.delete_property(name))
    }

    /// The device's state, as the number of its `DevState` (ON is 0, FAULT 8).
    #[track_caller]
    pub fn state(&self) -> Result<i32, DevFailed> {
        self.call(Operation::client("DeviceProxy.state"), |proxy| {
            proxy.state()
        })
    }

    /// The device's status text.
    #[track_caller]
    pub fn status(&self) -> Result<String, DevFailed> {
        self.call(Operation::client("DeviceProxy.status"), |proxy| {
            proxy.status()
        })
    }

    /// Whether the device answers.
    #[track_caller]
    pub fn ping(&self) -> Result<(), DevFailed> {
        self.call(Operation::client("DeviceProxy.ping"), |proxy| proxy.ping())
    }

    /// How long a call may take, in milliseconds; cppTango's default is 3000.
    pub fn set_timeout_millis(&self, timeout: i32) -> Result<(), DevFailed> {
        self.proxy
            .set_timeout_millis(timeout)
            .into_result()
            .map(|_| ())
    }

    telemetry_methods! {
        start_telemetry() -> () = StartTelemetry;
        stop_telemetry() -> () = StopTelemetry;
        is_telemetry_enabled() -> bool = IsTelemetryEnabled;
        set_telemetry_topics(topics: &[&str] => strings(topics)) -> () = SetTelemetryTopics;
        get_telemetry_topics() -> Vec<String> = GetTelemetryTopics;
        set_telemetry_tracing(enabled: bool => enabled) -> () = SetTelemetryTracing;
        get_telemetry_tracing() -> bool = GetTelemetryTracing;
        set_telemetry_tracing_endpoints(endpoints: &[TelemetryEndpoint] => endpoints.to_vec()) -> () = SetTelemetryTracingEndpoints;
        get_telemetry_tracing_endpoints() -> Vec<TelemetryEndpoint> = GetTelemetryTracingEndpoints;
        add_telemetry_tracing_endpoint(endpoint: &TelemetryEndpoint => vec![endpoint.clone()]) -> () = AddTelemetryTracingEndpoint;
        remove_telemetry_tracing_endpoint(endpoint: &TelemetryEndpoint => vec![endpoint.clone()]) -> () = RemoveTelemetryTracingEndpoint;
        set_telemetry_logging(enabled: bool => enabled) -> () = SetTelemetryLogging;
        get_telemetry_logging() -> bool = GetTelemetryLogging;
        set_telemetry_logging_endpoints(endpoints: &[TelemetryEndpoint] => endpoints.to_vec()) -> () = SetTelemetryLoggingEndpoints;
        get_telemetry_logging_endpoints() -> Vec<TelemetryEndpoint> = GetTelemetryLoggingEndpoints;
        add_telemetry_logging_endpoint(endpoint: &TelemetryEndpoint => vec![endpoint.clone()]) -> () = AddTelemetryLoggingEndpoint;
        remove_telemetry_logging_endpoint(endpoint: &TelemetryEndpoint => vec![endpoint.clone()]) -> () = RemoveTelemetryLoggingEndpoint;
    }

    fn call<R: TangoType>(
        &self,
        operation: Operation<'_>,
        f: impl FnOnce(&ffi::Proxy) -> Reply,
    ) -> Result<R, DevFailed> {
        call::call(operation.target(&self.name), || f(&self.proxy))
    }
}
