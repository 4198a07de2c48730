// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bridge of these bindings. Errors cross it as values, panics of device methods are caught in `server.rs`.
//!
//! What bindings need of cpptango-telemetry here is one type, `TelemetryHandle`.

use crate::server::{ClassDefinition, DeviceBody, SharedAttribute, SharedCommand, device_new};

#[cxx::bridge(namespace = "tango_bindings")]
pub(crate) mod ffi {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    enum Kind {
        #[default]
        Void,
        Boolean,
        Long,
        Double,
        String,
        StringArray,
        LongStringArray,
    }

    /// One field of it has the value; which one, tells `kind`.
    #[derive(Clone, Debug, PartialEq, Default)]
    struct Value {
        kind: Kind,
        boolean: bool,
        number: i32,
        real: f64,
        text: String,
        numbers: Vec<i32>,
        strings: Vec<String>,
    }

    /// One error of a `DevFailed`.
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct DevError {
        /// Why, in a word: `API_CommandNotFound`.
        reason: String,
        /// What happened.
        desc: String,
        /// Where.
        origin: String,
    }

    /// A value, or errors.
    struct Reply {
        value: Value,
        errors: Vec<DevError>,
    }

    /// What a device of a group has answered.
    struct GroupReply {
        device: String,
        reply: Reply,
    }

    /// Those of all devices, or errors of the group.
    struct GroupReplies {
        replies: Vec<GroupReply>,
        errors: Vec<DevError>,
    }

    enum TelemetryMethod {
        StartTelemetry,
        StopTelemetry,
        IsTelemetryEnabled,
        SetTelemetryTopics,
        GetTelemetryTopics,
        SetTelemetryTracing,
        GetTelemetryTracing,
        SetTelemetryTracingEndpoints,
        GetTelemetryTracingEndpoints,
        AddTelemetryTracingEndpoint,
        RemoveTelemetryTracingEndpoint,
        SetTelemetryLogging,
        GetTelemetryLogging,
        SetTelemetryLoggingEndpoints,
        GetTelemetryLoggingEndpoints,
        AddTelemetryLoggingEndpoint,
        RemoveTelemetryLoggingEndpoint,
    }

    /// The W3C headers of those names.
    struct TraceHeaders {
        traceparent: String,
        tracestate: String,
    }

    /// What a loop does in each round.
    enum Loop {
        /// cppTango's function.
        GetTraceContext,
        /// The one of cpptango-telemetry, which Rust's calls.
        OwnGetTraceContext,
        /// A kernel span, begun and ended.
        KernelSpan,
    }

    // SAFETY: they take and return values, and are noexcept.
    unsafe extern "C++" {
        include!("cpptango_telemetry/telemetry_handle.h");
        include!("tango_bindings/attribute_proxy.h");
        include!("tango_bindings/database.h");
        include!("tango_bindings/device_proxy.h");
        include!("tango_bindings/device_server.h");
        include!("tango_bindings/group.h");
        include!("tango_bindings/loops.h");
        include!("tango_bindings/w3c_reference.h");

        #[namespace = "cpptango_telemetry"]
        type TelemetryHandle = cpptango_telemetry::TelemetryHandle;

        type Proxy;
        fn new_proxy(name: &str, created: &mut UniquePtr<Proxy>) -> Reply;
        fn command_inout(self: &Proxy, command: &str, argument: &Value) -> Reply;
        fn read_attribute(self: &Proxy, attribute: &str) -> Reply;
        fn write_attribute(self: &Proxy, attribute: &str, value: &Value) -> Reply;
        fn write_read_attribute(self: &Proxy, attribute: &str, value: &Value) -> Reply;
        fn command_inout_asynch(self: &Proxy, command: &str, argument: &Value) -> Reply;
        fn command_inout_reply(self: &Proxy, id: i32, timeout: i32) -> Reply;
        fn read_attribute_asynch(self: &Proxy, attribute: &str) -> Reply;
        fn read_attribute_reply(self: &Proxy, id: i32, timeout: i32) -> Reply;
        fn write_attribute_asynch(self: &Proxy, attribute: &str, value: &Value) -> Reply;
        fn write_attribute_reply(self: &Proxy, id: i32, timeout: i32) -> Reply;
        fn get_property(self: &Proxy, name: &str) -> Reply;
        fn put_property(self: &Proxy, name: &str, values: &Value) -> Reply;
        fn delete_property(self: &Proxy, name: &str) -> Reply;
        fn state(self: &Proxy) -> Reply;
        fn status(self: &Proxy) -> Reply;
        fn ping(self: &Proxy) -> Reply;
        fn set_timeout_millis(self: &Proxy, timeout: i32) -> Reply;
        fn telemetry(self: &Proxy, method: TelemetryMethod, argument: &Value) -> Reply;

        type DeviceAccess;
        fn log_warn(self: &DeviceAccess, text: &str);
        fn add_attribute(self: &DeviceAccess, attribute: Box<SharedAttribute>) -> Reply;
        fn remove_attribute(self: &DeviceAccess, name: &str) -> Reply;
        fn add_command(self: &DeviceAccess, command: Box<SharedCommand>) -> Reply;
        fn remove_command(self: &DeviceAccess, name: &str) -> Reply;
        fn dev_state(self: &DeviceAccess) -> Reply;
        fn dev_status(self: &DeviceAccess) -> Reply;
        type AttributeProxy;
        fn new_attribute_proxy(name: &str, created: &mut UniquePtr<AttributeProxy>) -> Reply;
        fn read(self: &AttributeProxy) -> Reply;
        fn write(self: &AttributeProxy, value: &Value) -> Reply;
        fn write_read(self: &AttributeProxy, value: &Value) -> Reply;
        fn read_asynch(self: &AttributeProxy) -> Reply;
        fn read_reply(self: &AttributeProxy, id: i32, timeout: i32) -> Reply;
        fn write_asynch(self: &AttributeProxy, value: &Value) -> Reply;
        fn write_reply(self: &AttributeProxy, id: i32, timeout: i32) -> Reply;
        fn get_property(self: &AttributeProxy, name: &str) -> Reply;
        fn put_property(self: &AttributeProxy, name: &str, values: &Value) -> Reply;
        fn delete_property(self: &AttributeProxy, name: &str) -> Reply;
        fn state(self: &AttributeProxy) -> Reply;
        fn status(self: &AttributeProxy) -> Reply;
        fn ping(self: &AttributeProxy) -> Reply;

        type Group;
        fn new_group(name: &str, created: &mut UniquePtr<Group>) -> Reply;
        fn add(self: &Group, pattern: &str) -> Reply;
        fn get_size(self: &Group) -> Reply;
        fn set_timeout_millis(self: &Group, timeout: i32) -> Reply;
        fn ping(self: &Group) -> Reply;
        fn command_inout(self: &Group, command: &str, argument: &Value) -> GroupReplies;
        fn read_attribute(self: &Group, attribute: &str) -> GroupReplies;
        fn write_attribute(self: &Group, attribute: &str, value: &Value) -> GroupReplies;
        fn command_inout_asynch(self: &Group, command: &str, argument: &Value) -> Reply;
        fn command_inout_reply(self: &Group, id: i32, timeout: i32) -> GroupReplies;
        fn read_attribute_asynch(self: &Group, attribute: &str) -> Reply;
        fn read_attribute_reply(self: &Group, id: i32, timeout: i32) -> GroupReplies;
        fn write_attribute_asynch(self: &Group, attribute: &str, value: &Value) -> Reply;
        fn write_attribute_reply(self: &Group, id: i32, timeout: i32) -> GroupReplies;

        type Database;
        fn new_database(host: &str, port: i32, created: &mut UniquePtr<Database>) -> Reply;
        fn get_device_property(self: &Database, device: &str, name: &str) -> Reply;
        fn put_device_property(self: &Database, device: &str, name: &str, values: &Value) -> Reply;
        fn delete_device_property(self: &Database, device: &str, name: &str) -> Reply;
        fn get_device_info(self: &Database, device: &str) -> Reply;
        fn get_device_exported(self: &Database, filter: &str) -> Reply;
        fn get_server_list(self: &Database, wildcard: &str) -> Reply;
        fn get_host_list(self: &Database, wildcard: &str) -> Reply;

        fn cpp_propagator(traceparent: &str, tracestate: &str) -> TraceHeaders;

        fn time_loop(what: Loop, rounds: usize) -> f64;
        fn time_commands(device: &str, command: &str, calls: usize, times: &mut Vec<f64>) -> Reply;

        fn run_server(arguments: Vec<String>, definition: Box<ClassDefinition>) -> Reply;
    }

    extern "Rust" {
        type ClassDefinition;
        fn name(self: &ClassDefinition) -> &str;
        fn command_count(self: &ClassDefinition) -> usize;
        fn command(self: &ClassDefinition, index: usize) -> Box<SharedCommand>;
        fn attribute_count(self: &ClassDefinition) -> usize;
        fn attribute(self: &ClassDefinition, index: usize) -> Box<SharedAttribute>;

        type SharedCommand;
        fn name(self: &SharedCommand) -> &str;
        fn argument(self: &SharedCommand) -> Kind;
        fn result(self: &SharedCommand) -> Kind;

        type SharedAttribute;
        fn name(self: &SharedAttribute) -> &str;
        fn kind(self: &SharedAttribute) -> Kind;
        fn is_writable(self: &SharedAttribute) -> bool;

        type DeviceBody;
        fn device_new(
            definition: &ClassDefinition,
            telemetry: &TelemetryHandle,
            name: &CxxString,
            device: SharedPtr<DeviceAccess>,
        ) -> Box<DeviceBody>;
        fn init_device(self: &DeviceBody) -> Vec<DevError>;
        fn delete_device(self: &DeviceBody);
        fn server_init_hook(self: &DeviceBody) -> Vec<DevError>;
        fn always_executed_hook(self: &DeviceBody) -> Vec<DevError>;
        fn read_attr_hardware(self: &DeviceBody) -> Vec<DevError>;
        fn dev_state(self: &DeviceBody) -> Reply;
        fn dev_status(self: &DeviceBody) -> Reply;
        fn command_is_allowed(self: &DeviceBody, command: &SharedCommand) -> bool;
        fn execute(self: &DeviceBody, command: &SharedCommand, argument: Value) -> Reply;
        fn attribute_is_allowed(self: &DeviceBody, attribute: &SharedAttribute) -> bool;
        fn read(self: &DeviceBody, attribute: &SharedAttribute) -> Reply;
        fn write(self: &DeviceBody, attribute: &SharedAttribute, value: Value) -> Reply;
    }
}

// SAFETY: Tango::DeviceProxy, Group and Database lock their own state, and an AttributeProxy, which hands all on to a
// DeviceProxy, does not change its own; cppTango allows each of them to be used by several threads.
unsafe impl Send for ffi::Proxy {}
unsafe impl Sync for ffi::Proxy {}
unsafe impl Send for ffi::AttributeProxy {}
unsafe impl Sync for ffi::AttributeProxy {}
unsafe impl Send for ffi::Group {}
unsafe impl Sync for ffi::Group {}
unsafe impl Send for ffi::Database {}
unsafe impl Sync for ffi::Database {}

// SAFETY: it locks, and lets nobody to a device that is gone.
unsafe impl Send for ffi::DeviceAccess {}
unsafe impl Sync for ffi::DeviceAccess {}
