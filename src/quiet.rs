// SPDX-License-Identifier: MIT OR Apache-2.0
//! The device whose method runs where telemetry is off. Nothing is done for it then, but what it starts is its own: a
//! thread that outlives the method, when telemetry is on at last.

use std::{
    cell::Cell,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use crate::actor::Actor;

thread_local! {
    /// Its number, or 0: all that a call costs.
    static CURRENT: Cell<u64> = const { Cell::new(0) };
}

static DEVICES: Mutex<BTreeMap<u64, Weak<Actor>>> = Mutex::new(BTreeMap::new());

/// While it lives, the method of this device runs on this thread.
pub(crate) struct QuietMethod {
    outer: u64,
}

impl QuietMethod {
    pub(crate) fn of(device: &Actor) -> Self {
        Self {
            outer: CURRENT.replace(device.number()),
        }
    }
}

impl Drop for QuietMethod {
    fn drop(&mut self) {
        CURRENT.set(self.outer);
    }
}

pub(crate) fn current_device() -> Option<Arc<Actor>> {
    match CURRENT.get() {
        0 => None,
        number => devices().get(&number)?.upgrade(),
    }
}

pub(crate) fn add(device: &Arc<Actor>) {
    devices().insert(device.number(), Arc::downgrade(device));
}

pub(crate) fn remove(device: &Actor) {
    devices().remove(&device.number());
}

fn devices() -> MutexGuard<'static, BTreeMap<u64, Weak<Actor>>> {
    DEVICES.lock().unwrap_or_else(PoisonError::into_inner)
}
