// SPDX-License-Identifier: MIT OR Apache-2.0
//! `downstream INSTANCE [OPTION...]` is a device server of class Echo; `downstream --client DEVICE` calls it.

use std::{convert::Infallible, env};

use anyhow::Context;
use cpptango_telemetry::{
    DeviceTelemetry, Operation, OperationError, RUNTIME_CONFIGURATION_SUPPORTED,
    TELEMETRY_SUPPORTED, TelemetryHandle, client, prepare_environment,
};

#[cxx::bridge]
mod ffi {
    // SAFETY: these take and return values only.
    unsafe extern "C++" {
        include!("cpptango-telemetry-downstream/cpp/echo.h");

        #[namespace = "cpptango_telemetry"]
        type TelemetryHandle = cpptango_telemetry::TelemetryHandle;

        fn serve(arguments: Vec<String>) -> Result<()>;
        fn call_echo(device: &str, number: i32) -> Result<i32>;
        fn read_answer(device: &str) -> Result<i32>;
    }

    extern "Rust" {
        type Body;
        fn new_body(telemetry: &TelemetryHandle) -> Box<Body>;
        fn echo(self: &Body, number: i32) -> i32;
        fn answer(self: &Body) -> i32;
    }
}

/// The Rust half of a device.
struct Body(DeviceTelemetry);

fn new_body(telemetry: &TelemetryHandle) -> Box<Body> {
    Box::new(Body(DeviceTelemetry::from_handle(telemetry)))
}

impl Body {
    fn echo(&self, number: i32) -> i32 {
        self.method(Operation::command("Echo"), number)
    }

    fn answer(&self) -> i32 {
        self.method(Operation::read_attribute("answer"), 42)
    }

    fn method(&self, operation: Operation<'_>, result: i32) -> i32 {
        let Ok(result) = self.0.in_span(operation, || Ok::<_, Infallible>(result));
        result
    }
}

struct Failed(cxx::Exception);

impl OperationError for Failed {
    fn reason(&self) -> &str {
        "Failed"
    }
    fn description(&self) -> &str {
        self.0.what()
    }
    fn origin(&self) -> &str {
        "downstream"
    }
}

/// A client call in its span.
fn call(
    operation: Operation<'_>,
    call: impl FnOnce() -> Result<i32, cxx::Exception>,
) -> anyhow::Result<i32> {
    client::call(operation, || call().map_err(Failed)).map_err(|Failed(error)| error.into())
}

fn main() -> anyhow::Result<()> {
    for warning in prepare_environment()? {
        eprintln!("{warning}");
    }
    let arguments: Vec<String> = env::args().collect();
    if arguments.get(1).is_none_or(|word| word != "--client") {
        return Ok(ffi::serve(arguments)?);
    }
    let device = arguments.get(2).context("expected a device")?;
    let echo = Operation::client("DeviceProxy.command_inout").target(device);
    let echo = call(echo, || ffi::call_echo(device, 7))?;
    let answer = Operation::client("DeviceProxy.read_attribute").target(device);
    let answer = call(answer, || ffi::read_answer(device))?;
    println!("{echo} {answer} {TELEMETRY_SUPPORTED} {RUNTIME_CONFIGURATION_SUPPORTED}");
    Ok(())
}
