// SPDX-License-Identifier: MIT OR Apache-2.0
//! The smallest device with spans of its own: a device server of class `Example`, whose command `Configure` takes a
//! configuration such as `gain=2.5`.
//!
//! `configure test -nodb -dlist test/example/1 -ORBendPoint giop:tcp:localhost:10001`

use std::{
    env,
    process::ExitCode,
    sync::{Mutex, PoisonError},
};

use tango_bindings::{
    DevFailed, DeviceClass, DeviceInfo,
    cpptango_telemetry::{
        DeviceTelemetry,
        opentelemetry::{
            KeyValue,
            trace::{TraceContextExt, Tracer, get_active_span},
        },
    },
};

struct Example {
    telemetry: DeviceTelemetry,
    gain: Mutex<f64>,
}

impl Example {
    fn init(info: &DeviceInfo) -> Result<Self, DevFailed> {
        Ok(Self {
            telemetry: info.telemetry.clone(),
            gain: Mutex::new(1.0),
        })
    }

    fn configure(&self, configuration: String) -> Result<(), DevFailed> {
        // The command has a span already, which is the current one.
        get_active_span(|span| {
            span.set_attribute(KeyValue::new("configuration", configuration.clone()));
            span.add_event("configuration requested", vec![]);
        });
        let gain = parse(&configuration)?;
        // And this is one more, below it.
        self.telemetry.tracer().in_span("manager.configure", |cx| {
            *self.gain.lock().unwrap_or_else(PoisonError::into_inner) = gain;
            cx.span().set_attribute(KeyValue::new("gain", gain));
        });
        Ok(())
    }
}

fn parse(configuration: &str) -> Result<f64, DevFailed> {
    let gain = configuration.strip_prefix("gain=");
    let gain = gain.and_then(|gain| gain.parse().ok());
    gain.ok_or_else(|| {
        let desc = format!("{configuration:?}: expected gain=NUMBER");
        DevFailed::new("Example_BadConfiguration", desc, "Example::Configure")
    })
}

fn main() -> ExitCode {
    let class = DeviceClass::new("Example", Example::init)
        .command("Configure", Example::configure)
        .attribute("gain", |device: &Example| {
            Ok(*device.gain.lock().unwrap_or_else(PoisonError::into_inner))
        });
    match tango_bindings::run(class, env::args()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("configure: {failed}");
            ExitCode::from(2)
        }
    }
}
