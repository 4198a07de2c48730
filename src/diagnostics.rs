//! The library prints nothing; with the feature `tracing` it tells what goes wrong as events of target `cpptango_telemetry`.

use std::fmt::Display;

#[cfg(feature = "tracing")]
pub(crate) fn warn(what: &str, error: &dyn Display) {
    tracing::warn!(target: "cpptango_telemetry", "{what}: {error}");
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn warn(_what: &str, _error: &dyn Display) {}
