// SPDX-License-Identifier: MIT OR Apache-2.0
//! The C++ part of the dummy twin: a cppTango is there, but has no telemetry. So that the same bindings compile, their
//! devices have a handle all the same.

use crate::device::DeviceTelemetry;
pub use ffi::TelemetryHandle;

#[cxx::bridge(namespace = "cpptango_telemetry")]
mod ffi {
    // SAFETY: the references that these functions return live as long as the handle.
    unsafe extern "C++" {
        include!("cpptango_telemetry/telemetry_handle.h");

        /// What a C++ device of bindings hands to
        /// [`DeviceTelemetry::from_handle`](crate::DeviceTelemetry::from_handle):
        /// `TelemetryDevice<Base>::telemetry_handle()`.
        type TelemetryHandle;
        fn class_name_of(handle: &TelemetryHandle) -> &CxxString;
        fn device_name_of(handle: &TelemetryHandle) -> &CxxString;
    }
}

impl DeviceTelemetry {
    /// The Rust half of a C++ device: `handle` is what `TelemetryDevice<Base>::telemetry_handle()` returns.
    #[must_use]
    pub fn from_handle(handle: &TelemetryHandle) -> Self {
        Self::new(
            &ffi::class_name_of(handle).to_string_lossy(),
            &ffi::device_name_of(handle).to_string_lossy(),
        )
    }
}
