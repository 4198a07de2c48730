// SPDX-License-Identifier: MIT OR Apache-2.0
//! What all client calls have in common.

use cpptango_telemetry::{Operation, client};
use cxx::{UniquePtr, memory::UniquePtrTarget};

use crate::{bridge::ffi::Reply, error::DevFailed, value::TangoType};

/// A request whose reply is to come: the method `NAME_asynch` makes it, `NAME_reply` of the same object takes it.
#[derive(Clone, Debug)]
pub struct AsynchRequest {
    pub(crate) id: i32,
    /// Of the command or attribute.
    pub(crate) name: String,
}

impl AsynchRequest {
    pub(crate) fn new(id: i32, name: &str) -> Self {
        Self {
            id,
            name: name.to_string(),
        }
    }
}

/// Has a bad environment reported before cppTango meets it.
pub(crate) fn initialize() -> Result<(), DevFailed> {
    client::initialize()
        .map_err(|error| DevFailed::new("API_TelemetryError", error.to_string(), "tango_bindings"))
}

/// Makes the C++ half of a proxy.
pub(crate) fn connect<T: UniquePtrTarget>(
    operation: Operation<'_>,
    create: impl FnOnce(&mut UniquePtr<T>) -> Reply,
) -> Result<UniquePtr<T>, DevFailed> {
    initialize()?;
    let mut created = UniquePtr::null();
    call::<()>(operation, || create(&mut created))?;
    Ok(created)
}

pub(crate) fn call<R: TangoType>(
    operation: Operation<'_>,
    f: impl FnOnce() -> Reply,
) -> Result<R, DevFailed> {
    client::call(operation, || R::from_value(f().into_result()?))
}

pub(crate) fn strings(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| item.to_string()).collect()
}
