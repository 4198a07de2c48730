// SPDX-License-Identifier: MIT OR Apache-2.0
//! Small bindings of cppTango, to show how real ones embed cpptango-telemetry and to stand its demo, tests and benches
//! on.
//!
//! What they do for telemetry is little: the C++ device derives from `TelemetryDevice<Base>`, each device method runs
//! in [`DeviceTelemetry::in_span`](cpptango_telemetry::DeviceTelemetry::in_span), each client call in
//! [`client::call`](cpptango_telemetry::client::call), and [`DevFailed`] tells spans what it is.

mod arguments;
mod attribute_proxy;
mod bridge;
mod call;
mod database;
mod error;
mod group;
pub mod loops;
mod proxy;
mod server;
mod value;

pub use attribute_proxy::AttributeProxy;
pub use bridge::ffi::{TraceHeaders, cpp_propagator};
pub use call::AsynchRequest;
pub use cpptango_telemetry;
pub use database::{Database, DbDevFullInfo};
pub use error::{DevError, DevFailed};
pub use group::{Group, GroupReply};
pub use proxy::{DeviceProxy, TelemetryEndpoint};
pub use server::{Attr, Command, DeviceClass, DeviceInfo, run};
pub use value::{TangoType, Value};
