// SPDX-License-Identifier: MIT OR Apache-2.0
//! Uses every public item of the crate, unchanged with each cppTango and each set of features. Nobody sets
//! `TANGO_TELEMETRY_*` here, so that every function can be called and does nothing, with telemetry as without.
//!
//! That it is every item, and that they are the same everywhere, is what `tests/public_api.rs` looks after.
#![cfg(any(test, doctest))]

mod context;
mod features;
mod types;

/// What the guide says compiles everywhere too.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../../docs/bindings.md")]
    mod bindings {}
    #[doc = include_str!("../../../docs/spans.md")]
    mod spans {}
}

use std::{convert::Infallible, time::Duration};

use cpptango_telemetry::{
    Configuration, DeviceTelemetry, Error, Operation, OperationError,
    RUNTIME_CONFIGURATION_SUPPORTED, SpanGuard, Statistics, TELEMETRY_SUPPORTED, TelemetryHandle,
    client, force_flush,
    opentelemetry::{Context, trace::TraceContextExt},
    prepare_environment, propagate_when_disabled, set_callback_observer, set_exit_timeout,
};

struct Failed;

impl OperationError for Failed {
    fn reason(&self) -> &str {
        "Failed"
    }
    fn description(&self) -> &str {
        "as asked"
    }
    fn origin(&self) -> &str {
        "test"
    }
}

/// B1
#[test]
fn it_says_whether_it_is_there() {
    const { assert!(TELEMETRY_SUPPORTED || !RUNTIME_CONFIGURATION_SUPPORTED) };
    const { assert!(cfg!(feature = "telemetry") || !TELEMETRY_SUPPORTED) };
    assert!(prepare_environment().is_ok_and(|warnings| warnings.is_empty()));
    assert!(client::initialize().is_ok());
    assert!(!client::configuration().enabled);
    assert!(!client::configuration().emits_user_spans());
}

/// B1, B3
#[test]
fn device_methods_are_just_called() {
    // In Rust nobody can make a handle.
    let _ = DeviceTelemetry::from_handle as fn(&TelemetryHandle) -> DeviceTelemetry;
    let device = DeviceTelemetry::new("Class", "a/b/c");
    assert_eq!(
        (device.class_name(), device.device_name()),
        ("Class", "a/b/c")
    );
    set_callback_observer(|_, _| {});
    assert!(device.reconfigure(Configuration::default()).is_ok());
    assert_eq!(device.configuration(), Configuration::default());
    propagate_when_disabled(false);

    for operation in [
        Operation::command("Go").kernel(),
        Operation::is_allowed("Go"),
        Operation::read_attribute("position").at(std::panic::Location::caller()),
        Operation::write_attribute("position"),
        Operation::init_device(),
        Operation::delete_device(),
        Operation::always_executed_hook(),
        Operation::read_attr_hardware(),
        Operation::server_init_hook(),
        Operation::method("write_attr_hardware"),
        Operation::dev_state(),
        Operation::dev_status(),
    ] {
        let spans = || Context::current().has_active_span();
        let Ok(inside) = device.in_span(operation, || Ok::<_, Infallible>(spans()));
        assert!(!inside);
        let guard: SpanGuard = device.span(operation);
        assert!(!spans());
        assert!(guard.run(|| Err::<(), _>(&Failed)).is_err());
    }
    assert_eq!(device.statistics(), Statistics::default());
}

/// B1, B3
#[test]
fn client_calls_are_just_called() -> Result<(), Error> {
    let call = Operation::client("DeviceProxy.ping")
        .target("a/b/c")
        .argument("none");
    assert!(client::call(call, || Err::<(), _>(Failed)).is_err());
    client::span(call).end_with_error(&Failed);
    client::span(call).end();
    client::reconfigure(client::configuration())?;
    assert_eq!(client::statistics(), Statistics::default());
    let names = [client::SERVICE_NAME_VARIABLE, client::DEFAULT_SERVICE_NAME];
    assert!(names[0].starts_with("TANGO_RUST_") && names[1].starts_with("tango."));
    set_exit_timeout(Duration::from_millis(500));
    force_flush(Duration::from_secs(10))
}
