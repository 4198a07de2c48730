// SPDX-License-Identifier: MIT OR Apache-2.0
//! A device: what its methods know of it, and what C++ calls.

use std::sync::{Arc, PoisonError, RwLock};

use cpptango_telemetry::{DeviceTelemetry, Operation, TelemetryHandle};
use cxx::SharedPtr;

use crate::{
    bridge::ffi::{DevError, DeviceAccess, Reply},
    error::DevFailed,
    server::{
        ClassDefinition, Definition,
        members::{Attr, Command, SharedAttribute, SharedCommand},
        method::{Body, Hook, IsAllowed, Method, State, caught, not_initialized},
    },
    value::Value,
};

/// What a device knows of itself when it is initialized.
#[derive(Clone)]
pub struct DeviceInfo {
    /// `domain/family/member`.
    pub name: String,
    /// Its telemetry.
    pub telemetry: DeviceTelemetry,
    device: SharedPtr<DeviceAccess>,
}

impl DeviceInfo {
    /// A warning on the device's logger.
    pub fn warn(&self, text: &str) {
        self.device.log_warn(text);
    }

    /// Adds an attribute to the device, where it has none of that name; also when it is initialized.
    ///
    /// # Errors
    /// cppTango's, such as for an attribute of that name and another type.
    pub fn add_attribute(&self, attribute: Attr) -> Result<(), DevFailed> {
        let shared = Box::new(SharedAttribute(Arc::new(attribute)));
        done(self.device.add_attribute(shared))
    }

    /// Adds a command to the device, where it has none of that name; also when it is initialized.
    ///
    /// # Errors
    /// cppTango's, such as for a command of that name and another type.
    pub fn add_command(&self, command: Command) -> Result<(), DevFailed> {
        let shared = Box::new(SharedCommand(Arc::new(command)));
        done(self.device.add_command(shared))
    }

    /// Takes away an attribute that was added.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn remove_attribute(&self, name: &str) -> Result<(), DevFailed> {
        done(self.device.remove_attribute(name))
    }

    /// Takes away a command that was added.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn remove_command(&self, name: &str) -> Result<(), DevFailed> {
        done(self.device.remove_command(name))
    }
}

fn done(reply: Reply) -> Result<(), DevFailed> {
    reply.into_result().map(|_| ())
}

/// The Rust half of a C++ device; each of its methods is called by the C++ virtual of that name.
pub(crate) struct DeviceBody {
    class: Arc<Definition>,
    info: DeviceInfo,
    state: RwLock<Option<Arc<State>>>,
}

pub(crate) fn device_new(
    class: &ClassDefinition,
    telemetry: &TelemetryHandle,
    name: &cxx::CxxString,
    device: SharedPtr<DeviceAccess>,
) -> Box<DeviceBody> {
    Box::new(DeviceBody {
        class: class.0.clone(),
        info: DeviceInfo {
            name: name.to_string_lossy().into_owned(),
            telemetry: DeviceTelemetry::from_handle(telemetry),
            device,
        },
        state: RwLock::new(None),
    })
}

impl DeviceBody {
    pub(crate) fn init_device(&self) -> Vec<DevError> {
        let init = &self.class.init;
        let made = self.method(Operation::init_device().at(init.location), || {
            (init.run)(&self.info)
        });
        match made {
            Ok(state) => {
                *self.state.write().unwrap_or_else(PoisonError::into_inner) = Some(state);
                Vec::new()
            }
            Err(failed) => failed.into_errors(),
        }
    }

    pub(crate) fn delete_device(&self) {
        // Nobody is there to be told.
        let _ = self.hook(Operation::delete_device(), self.class.delete.as_ref());
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn server_init_hook(&self) -> Vec<DevError> {
        let hook = self.class.server_init_hook.as_ref();
        self.hook(Operation::server_init_hook(), hook)
    }

    pub(crate) fn always_executed_hook(&self) -> Vec<DevError> {
        let hook = self.class.always_executed_hook.as_ref();
        self.hook(Operation::always_executed_hook(), hook)
    }

    pub(crate) fn read_attr_hardware(&self) -> Vec<DevError> {
        let hook = self.class.read_attr_hardware.as_ref();
        self.hook(Operation::read_attr_hardware(), hook)
    }

    pub(crate) fn dev_state(&self) -> Reply {
        let method = self.class.dev_state.as_ref();
        self.reading(Operation::dev_state(), method, DeviceAccess::dev_state)
    }

    pub(crate) fn dev_status(&self) -> Reply {
        let method = self.class.dev_status.as_ref();
        self.reading(Operation::dev_status(), method, DeviceAccess::dev_status)
    }

    pub(crate) fn command_is_allowed(&self, command: &SharedCommand) -> bool {
        self.is_allowed(&command.0.name, command.0.is_allowed.as_ref())
    }

    pub(crate) fn execute(&self, command: &SharedCommand, argument: Value) -> Reply {
        let operation = Operation::command(&command.0.name);
        self.body(operation, &command.0.execute, argument)
    }

    pub(crate) fn attribute_is_allowed(&self, attribute: &SharedAttribute) -> bool {
        self.is_allowed(&attribute.0.name, attribute.0.is_allowed.as_ref())
    }

    pub(crate) fn read(&self, attribute: &SharedAttribute) -> Reply {
        let operation = Operation::read_attribute(&attribute.0.name);
        self.body(operation, &attribute.0.read, Value::default())
    }

    pub(crate) fn write(&self, attribute: &SharedAttribute, value: Value) -> Reply {
        let operation = Operation::write_attribute(&attribute.0.name);
        match &attribute.0.write {
            Some(write) => self.body(operation, write, value),
            // cppTango does not write what is not writable.
            None => Err(not_initialized()).into(),
        }
    }

    fn body(&self, operation: Operation<'_>, method: &Method<Body>, argument: Value) -> Reply {
        let run = || (method.run)(&*self.state()?, argument);
        self.method(operation.at(method.location), run).into()
    }

    /// What the user has not given is cppTango's own.
    fn reading(
        &self,
        operation: Operation<'_>,
        method: Option<&Method<Body>>,
        default: fn(&DeviceAccess) -> Reply,
    ) -> Reply {
        match method {
            Some(method) => self.body(operation, method, Value::default()),
            None => {
                let run = || default(&self.info.device).into_result();
                self.method(operation.kernel(), run).into()
            }
        }
    }

    /// A hook that the user has not given is cppTango's own, which does nothing.
    fn hook(&self, operation: Operation<'_>, method: Option<&Method<Hook>>) -> Vec<DevError> {
        let result = match method {
            Some(method) => self.method(operation.at(method.location), || {
                (method.run)(&*self.state()?)
            }),
            None => self.method(operation.kernel(), || Ok(())),
        };
        result.err().map_or_else(Vec::new, DevFailed::into_errors)
    }

    fn is_allowed(&self, name: &str, own: Option<&Method<IsAllowed>>) -> bool {
        let Some(method) = own.or_else(|| self.class.is_allowed.get(name)) else {
            return true;
        };
        let operation = Operation::is_allowed(name).at(method.location);
        self.method(operation, || (method.run)(&*self.state()?))
            .unwrap_or(false)
    }

    /// Where telemetry comes in: each method of the user runs in its span.
    fn method<R>(
        &self,
        operation: Operation<'_>,
        run: impl FnOnce() -> Result<R, DevFailed>,
    ) -> Result<R, DevFailed> {
        let telemetry = &self.info.telemetry;
        telemetry.in_span(operation, || caught(&self.class.name, run))
    }

    fn state(&self) -> Result<Arc<State>, DevFailed> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.clone().ok_or_else(not_initialized)
    }
}
