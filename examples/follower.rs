// SPDX-License-Identifier: MIT OR Apache-2.0
//! A device server of class `Follower`, which goes to a position and may ask a sensor, a `TangoTest` device, on its
//! way. The sensor's name is in the variable `SENSOR`; the first device of the server has it.
//!
//! `follower demo -nodb -dlist demo/follower/1,demo/follower/2 -ORBendPoint giop:tcp:localhost:10001`

use std::{
    env,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tango_bindings::{DevFailed, DeviceClass, DeviceInfo, DeviceProxy};

struct Follower {
    position: Mutex<f64>,
    sensor: Option<DeviceProxy>,
}

impl Follower {
    fn init(_: &DeviceInfo) -> Result<Self, DevFailed> {
        static SENSOR_TAKEN: AtomicBool = AtomicBool::new(false);
        let sensor = match env::var("SENSOR") {
            Ok(name) if !SENSOR_TAKEN.swap(true, Ordering::Relaxed) => {
                Some(DeviceProxy::new(&name)?)
            }
            _ => None,
        };
        let position = Mutex::new(0.0);
        Ok(Self { position, sensor })
    }

    fn go(&self, position: f64) -> Result<(), DevFailed> {
        if let Some(sensor) = &self.sensor {
            sensor.read_attribute::<f64>("double_scalar")?;
        }
        self.write_position(position)
    }

    fn read_position(&self) -> Result<f64, DevFailed> {
        Ok(*self.position.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write_position(&self, position: f64) -> Result<(), DevFailed> {
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = position;
        Ok(())
    }
}

fn main() -> ExitCode {
    let class = DeviceClass::new("Follower", Follower::init)
        .command("Go", Follower::go)
        .is_allowed("Go", |_| true)
        .writable_attribute(
            "position",
            Follower::read_position,
            Follower::write_position,
        );
    match tango_bindings::run(class, env::args()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("follower: {failed}");
            ExitCode::from(2)
        }
    }
}
