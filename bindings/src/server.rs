// SPDX-License-Identifier: MIT OR Apache-2.0
//! The device server: a device class whose methods are closures.

mod device;
mod members;
mod method;

use std::{collections::HashMap, marker::PhantomData, sync::Arc};

use cpptango_telemetry::{TraceContinuity, prepare_environment, trace_continuity};

pub use device::DeviceInfo;
pub(crate) use device::{DeviceBody, device_new};
pub use members::{Attr, Command};
pub(crate) use members::{SharedAttribute, SharedCommand};
use method::{Body, Hook, Init, IsAllowed, Method};

use crate::{arguments, bridge::ffi, error::DevFailed, value::TangoType};

/// A Tango device class; `T` is the data of each of its devices.
pub struct DeviceClass<T> {
    definition: Definition,
    _device: PhantomData<fn() -> T>,
}

struct Definition {
    name: String,
    init: Method<Init>,
    delete: Option<Method<Hook>>,
    server_init_hook: Option<Method<Hook>>,
    always_executed_hook: Option<Method<Hook>>,
    read_attr_hardware: Option<Method<Hook>>,
    dev_state: Option<Method<Body>>,
    dev_status: Option<Method<Body>>,
    commands: Vec<Arc<Command>>,
    attributes: Vec<Arc<Attr>>,
    /// By command or attribute.
    is_allowed: HashMap<&'static str, Method<IsAllowed>>,
}

impl<T: Send + Sync + 'static> DeviceClass<T> {
    /// A class whose devices `init` makes: at start, and again at each `Init` command.
    #[track_caller]
    pub fn new(
        name: &str,
        init: impl Fn(&DeviceInfo) -> Result<T, DevFailed> + Send + Sync + 'static,
    ) -> Self {
        Self {
            definition: Definition {
                name: name.to_string(),
                init: method::init(init),
                delete: None,
                server_init_hook: None,
                always_executed_hook: None,
                read_attr_hardware: None,
                dev_state: None,
                dev_status: None,
                commands: Vec::new(),
                attributes: Vec::new(),
                is_allowed: HashMap::new(),
            },
            _device: PhantomData,
        }
    }

    /// A command.
    #[track_caller]
    pub fn command<A: TangoType, R: TangoType>(
        mut self,
        name: &'static str,
        execute: impl Fn(&T, A) -> Result<R, DevFailed> + Send + Sync + 'static,
    ) -> Self {
        let command = Arc::new(Command::new(name, execute));
        self.definition.commands.push(command);
        self
    }

    /// An attribute that can be read.
    #[track_caller]
    pub fn attribute<V: TangoType>(
        mut self,
        name: &'static str,
        read: impl Fn(&T) -> Result<V, DevFailed> + Send + Sync + 'static,
    ) -> Self {
        let attribute = Arc::new(Attr::new(name, read));
        self.definition.attributes.push(attribute);
        self
    }

    /// An attribute that can be read and written.
    #[track_caller]
    pub fn writable_attribute<V: TangoType>(
        mut self,
        name: &'static str,
        read: impl Fn(&T) -> Result<V, DevFailed> + Send + Sync + 'static,
        write: impl Fn(&T, V) -> Result<(), DevFailed> + Send + Sync + 'static,
    ) -> Self {
        let attribute = Arc::new(Attr::new(name, read).writable(write));
        self.definition.attributes.push(attribute);
        self
    }

    /// Whether a command or attribute may be used now.
    #[track_caller]
    pub fn is_allowed(
        mut self,
        name: &'static str,
        is_allowed: impl Fn(&T) -> bool + Send + Sync + 'static,
    ) -> Self {
        let method = method::is_allowed(is_allowed);
        self.definition.is_allowed.insert(name, method);
        self
    }

    /// Runs when the server has been initialized, for each device.
    #[track_caller]
    pub fn server_init_hook(
        mut self,
        run: impl Fn(&T) -> Result<(), DevFailed> + Send + Sync + 'static,
    ) -> Self {
        self.definition.server_init_hook = Some(method::hook(run));
        self
    }

    /// Runs before each command and each reading or writing of attributes.
    #[track_caller]
    pub fn always_executed_hook(
        mut self,
        run: impl Fn(&T) -> Result<(), DevFailed> + Send + Sync + 'static,
    ) -> Self {
        self.definition.always_executed_hook = Some(method::hook(run));
        self
    }

    /// Runs before attributes are read.
    #[track_caller]
    pub fn read_attr_hardware(
        mut self,
        run: impl Fn(&T) -> Result<(), DevFailed> + Send + Sync + 'static,
    ) -> Self {
        self.definition.read_attr_hardware = Some(method::hook(run));
        self
    }

    /// The device's state, as the number of its `DevState` (ON is 0, FAULT 8); without it, it is ON.
    #[track_caller]
    pub fn dev_state(
        mut self,
        read: impl Fn(&T) -> Result<i32, DevFailed> + Send + Sync + 'static,
    ) -> Self {
        self.definition.dev_state = Some(method::reading(read));
        self
    }

    /// The device's status text; without it, it says what the state is.
    #[track_caller]
    pub fn dev_status(
        mut self,
        read: impl Fn(&T) -> Result<String, DevFailed> + Send + Sync + 'static,
    ) -> Self {
        self.definition.dev_status = Some(method::reading(read));
        self
    }

    /// Runs when the device ends, and before each `Init`.
    #[track_caller]
    pub fn delete_device(
        mut self,
        run: impl Fn(&T) -> Result<(), DevFailed> + Send + Sync + 'static,
    ) -> Self {
        self.definition.delete = Some(method::hook(run));
        self
    }
}

/// Runs a device server of one class until it is told to end. `arguments` are those of the program, its name first:
/// `EXECUTABLE INSTANCE [-nodb -dlist DEVICE,...] [OPTION...]`.
///
/// To be called once in a process, in the first line of `main`: before it starts threads. Warnings of the environment
/// go to standard error.
///
/// # Errors
/// What keeps the server from starting.
pub fn run<T: Send + Sync + 'static>(
    class: DeviceClass<T>,
    arguments: impl IntoIterator<Item = String>,
) -> Result<(), DevFailed> {
    let arguments: Vec<String> = arguments.into_iter().collect();
    arguments::check(&arguments)
        .map_err(|text| DevFailed::new("API_InvalidArgs", text, "tango_bindings::run"))?;
    let telemetry_error = |error: cpptango_telemetry::Error| {
        DevFailed::new(
            "API_TelemetryError",
            error.to_string(),
            "tango_bindings::run",
        )
    };
    let warnings = prepare_environment().map_err(telemetry_error)?;
    for warning in warnings {
        eprintln!("{}: {warning}", class.definition.name);
    }
    let continuity = trace_continuity().map_err(telemetry_error)?;
    if let TraceContinuity::Fallback { .. } = continuity {
        eprintln!("{}: {continuity}", class.definition.name);
    }
    let definition = Box::new(ClassDefinition(Arc::new(class.definition)));
    ffi::run_server(arguments, definition)
        .into_result()
        .map(|_| ())
}

/// What C++ asks when it builds the class.
pub(crate) struct ClassDefinition(Arc<Definition>);

impl ClassDefinition {
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn command_count(&self) -> usize {
        self.0.commands.len()
    }

    pub(crate) fn command(&self, index: usize) -> Box<SharedCommand> {
        Box::new(SharedCommand(self.0.commands[index].clone()))
    }

    pub(crate) fn attribute_count(&self) -> usize {
        self.0.attributes.len()
    }

    pub(crate) fn attribute(&self, index: usize) -> Box<SharedAttribute> {
        Box::new(SharedAttribute(self.0.attributes[index].clone()))
    }
}
