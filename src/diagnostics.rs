// SPDX-License-Identifier: MIT OR Apache-2.0
//! The library prints nothing; with the feature `tracing` it tells what goes wrong as events of target
//! `cpptango_telemetry`, unless `TANGO_RUST_TELEMETRY_SDK_LOG_LEVEL` is above warnings.

use std::fmt::Display;

#[cfg(feature = "tracing")]
pub(crate) fn warn(what: &str, error: &dyn Display) {
    use crate::environment::{LogLevel, settings};

    let level = settings().sdk_log_level;
    if level.is_some_and(|level| level < LogLevel::Warning) {
        return;
    }
    // A subscriber is the user's code, and this may be called at the bridge.
    let tell = || tracing::warn!(target: "cpptango_telemetry", "{what}: {error}");
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(tell));
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn warn(_what: &str, _error: &dyn Display) {}
