// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a trace can go on through this process, whatever its settings are.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{bridge, diagnostics, error::Error};

/// How traces go on through this process; see [`trace_continuity`]. Its text says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceContinuity {
    /// A trace never breaks: cppTango hands on what this crate tells it to.
    Whole,
    /// As with PyTango: a trace goes on where all actors export the spans of topic `all`. Where kernel spans are not
    /// exported (topics, type `tracing` off, no endpoint) it may break or have orphans, and each Rust span that makes
    /// calls has a C++ span below it.
    Fallback {
        /// opentelemetry-cpp's current context of a thread is cppTango's.
        context_shared: bool,
        /// opentelemetry-cpp's global propagator is cppTango's.
        propagator_shared: bool,
    },
    /// There is no telemetry, see [`TELEMETRY_SUPPORTED`](crate::TELEMETRY_SUPPORTED).
    Unsupported,
}

impl fmt::Display for TraceContinuity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (context, propagator) = match self {
            Self::Whole => {
                return f.write_str(
                    "traces go on: cppTango shares opentelemetry-cpp's context and propagator",
                );
            }
            Self::Unsupported => return f.write_str("no telemetry in this build"),
            Self::Fallback {
                context_shared,
                propagator_shared,
            } => (context_shared, propagator_shared),
        };
        let missing = match (context, propagator) {
            (false, true) => "context",
            (true, false) => "propagator",
            _ => "context and propagator",
        };
        write!(
            f,
            "traces may break where kernel spans are not exported: cppTango does not share opentelemetry-cpp's {missing} \
             with this library, since the linker has made its symbols local (as it does in a Rust cdylib); link the \
             bindings into an executable, or into a library of their own that exports its symbols"
        )
    }
}

/// Finds out, once for the process, whether what this crate makes current is what cppTango hands on. It is not in a
/// Rust `cdylib`: its symbols are local, and so opentelemetry-cpp's state is there twice.
///
/// The first device or client call of a process has done so already, and has told a [`TraceContinuity::Fallback`] as a
/// diagnostic. It creates a telemetry interface of cppTango's, so call [`prepare_environment`](crate::prepare_environment)
/// before.
///
/// # Errors
/// [`Error::Configuration`] where cppTango cannot read the environment.
pub fn trace_continuity() -> Result<TraceContinuity, Error> {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if !crate::TELEMETRY_SUPPORTED {
        return Ok(TraceContinuity::Unsupported);
    }
    let (context_shared, propagator_shared) = bridge::continuity()?;
    if context_shared && propagator_shared {
        return Ok(TraceContinuity::Whole);
    }
    let fallback = TraceContinuity::Fallback {
        context_shared,
        propagator_shared,
    };
    if !TOLD.swap(true, Ordering::Relaxed) {
        diagnostics::warn("trace continuity", &fallback);
    }
    Ok(fallback)
}
