// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether anything in this process has telemetry on. Where nothing has, a call costs a load and a branch.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The first is the client's, until it has read its configuration.
static REASONS: AtomicUsize = AtomicUsize::new(1);

/// While it lives, calls have to look closer: somebody emits or propagates, or spans are in flight.
pub(crate) struct Reason(());

impl Reason {
    pub(crate) fn new() -> Self {
        REASONS.fetch_add(1, Ordering::Relaxed);
        Self(())
    }

    /// That of the client.
    pub(crate) fn first() -> Self {
        Self(())
    }
}

impl Drop for Reason {
    fn drop(&mut self) {
        REASONS.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(crate) fn is_idle() -> bool {
    REASONS.load(Ordering::Relaxed) == 0
}
