//! The device server: a device class whose methods are closures.

use std::{
    any::Any,
    collections::HashMap,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::{Arc, PoisonError, RwLock},
};

use cpptango_telemetry::{
    DeviceTelemetry, Operation, TelemetryHandle, TraceContinuity, prepare_environment,
    trace_continuity,
};

use crate::{
    arguments,
    bridge::ffi::{self, AttributeInfo, CommandInfo, DevError, Reply},
    error::DevFailed,
    value::{TangoType, Value},
};

/// A device's own data, as its methods see it; `Any` since C++ knows one kind of device only.
type State = dyn Any + Send + Sync;

/// A closure of the user's, and where it is.
struct Method<F: ?Sized> {
    location: &'static Location<'static>,
    run: Box<F>,
}

type Init = dyn Fn(&DeviceInfo) -> Result<Arc<State>, DevFailed> + Send + Sync;
type Hook = dyn Fn(&State) -> Result<(), DevFailed> + Send + Sync;
type IsAllowed = dyn Fn(&State) -> bool + Send + Sync;
type Body = dyn Fn(&State, Value) -> Result<Value, DevFailed> + Send + Sync;

struct Command {
    name: &'static str,
    argument: ffi::Kind,
    result: ffi::Kind,
    execute: Method<Body>,
}

struct Attribute {
    name: &'static str,
    kind: ffi::Kind,
    read: Method<Body>,
    write: Option<Method<Body>>,
}

/// What a device knows of itself when it is initialized.
#[derive(Clone)]
pub struct DeviceInfo {
    /// `domain/family/member`.
    pub name: String,
    /// Its telemetry.
    pub telemetry: DeviceTelemetry,
}

impl DeviceInfo {
    /// A warning on the device's logger. Not while the device is being made: cppTango does not know it yet then.
    pub fn warn(&self, text: &str) {
        ffi::log_warn(&self.name, text);
    }
}

/// A Tango device class; `T` is the data of each of its devices.
pub struct DeviceClass<T> {
    definition: Definition,
    _device: std::marker::PhantomData<fn() -> T>,
}

struct Definition {
    name: String,
    init: Method<Init>,
    delete: Option<Method<Hook>>,
    always_executed_hook: Option<Method<Hook>>,
    read_attr_hardware: Option<Method<Hook>>,
    commands: Vec<Command>,
    attributes: Vec<Attribute>,
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
        let init = move |info: &DeviceInfo| Ok(Arc::new(init(info)?) as Arc<State>);
        Self {
            definition: Definition {
                name: name.to_string(),
                init: here(Box::new(init)),
                delete: None,
                always_executed_hook: None,
                read_attr_hardware: None,
                commands: Vec::new(),
                attributes: Vec::new(),
                is_allowed: HashMap::new(),
            },
            _device: std::marker::PhantomData,
        }
    }

    /// A command.
    #[track_caller]
    pub fn command<A: TangoType, R: TangoType>(
        mut self,
        name: &'static str,
        execute: impl Fn(&T, A) -> Result<R, DevFailed> + Send + Sync + 'static,
    ) -> Self {
        self.definition.commands.push(Command {
            name,
            argument: A::KIND,
            result: R::KIND,
            execute: body(execute),
        });
        self
    }

    /// An attribute that can be read.
    #[track_caller]
    pub fn attribute<V: TangoType>(
        mut self,
        name: &'static str,
        read: impl Fn(&T) -> Result<V, DevFailed> + Send + Sync + 'static,
    ) -> Self {
        self.definition.attributes.push(Attribute {
            name,
            kind: V::KIND,
            read: body(move |device: &T, (): ()| read(device)),
            write: None,
        });
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
        self.definition.attributes.push(Attribute {
            name,
            kind: V::KIND,
            read: body(move |device: &T, (): ()| read(device)),
            write: Some(body(write)),
        });
        self
    }

    /// Whether a command or attribute may be used now.
    #[track_caller]
    pub fn is_allowed(
        mut self,
        name: &'static str,
        is_allowed: impl Fn(&T) -> bool + Send + Sync + 'static,
    ) -> Self {
        let method: Box<IsAllowed> =
            Box::new(move |state| state.downcast_ref().is_some_and(&is_allowed));
        self.definition.is_allowed.insert(name, here(method));
        self
    }

    /// Runs before each command and each reading or writing of attributes.
    #[track_caller]
    pub fn always_executed_hook(
        mut self,
        run: impl Fn(&T) -> Result<(), DevFailed> + Send + Sync + 'static,
    ) -> Self {
        self.definition.always_executed_hook = Some(hook(run));
        self
    }

    /// Runs before attributes are read.
    #[track_caller]
    pub fn read_attr_hardware(
        mut self,
        run: impl Fn(&T) -> Result<(), DevFailed> + Send + Sync + 'static,
    ) -> Self {
        self.definition.read_attr_hardware = Some(hook(run));
        self
    }

    /// Runs when the device ends, and before each `Init`.
    #[track_caller]
    pub fn delete_device(
        mut self,
        run: impl Fn(&T) -> Result<(), DevFailed> + Send + Sync + 'static,
    ) -> Self {
        self.definition.delete = Some(hook(run));
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

#[track_caller]
fn here<F: ?Sized>(run: Box<F>) -> Method<F> {
    Method {
        location: Location::caller(),
        run,
    }
}

#[track_caller]
fn hook<T: 'static>(
    run: impl Fn(&T) -> Result<(), DevFailed> + Send + Sync + 'static,
) -> Method<Hook> {
    here(Box::new(move |state| run(device(state)?)))
}

#[track_caller]
fn body<T: 'static, A: TangoType, R: TangoType>(
    run: impl Fn(&T, A) -> Result<R, DevFailed> + Send + Sync + 'static,
) -> Method<Body> {
    here(Box::new(move |state, argument| {
        Ok(run(device(state)?, A::from_value(argument)?)?.into_value())
    }))
}

fn device<T: 'static>(state: &State) -> Result<&T, DevFailed> {
    state.downcast_ref().ok_or_else(not_initialized)
}

fn not_initialized() -> DevFailed {
    DevFailed::new(
        "API_DeviceNotInitialized",
        "init_device has failed",
        "tango_bindings",
    )
}

/// What C++ asks when it builds the class.
pub(crate) struct ClassDefinition(Arc<Definition>);

impl ClassDefinition {
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn commands(&self) -> Vec<CommandInfo> {
        let commands = self.0.commands.iter();
        commands
            .map(|command| CommandInfo {
                name: command.name.to_string(),
                argument: command.argument,
                result: command.result,
            })
            .collect()
    }

    pub(crate) fn attributes(&self) -> Vec<AttributeInfo> {
        let attributes = self.0.attributes.iter();
        attributes
            .map(|attribute| AttributeInfo {
                name: attribute.name.to_string(),
                kind: attribute.kind,
                writable: attribute.write.is_some(),
            })
            .collect()
    }
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
) -> Box<DeviceBody> {
    Box::new(DeviceBody {
        class: class.0.clone(),
        info: DeviceInfo {
            name: name.to_string_lossy().into_owned(),
            telemetry: DeviceTelemetry::from_handle(telemetry),
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

    pub(crate) fn always_executed_hook(&self) -> Vec<DevError> {
        let hook = self.class.always_executed_hook.as_ref();
        self.hook(Operation::always_executed_hook(), hook)
    }

    pub(crate) fn read_attr_hardware(&self) -> Vec<DevError> {
        let hook = self.class.read_attr_hardware.as_ref();
        self.hook(Operation::read_attr_hardware(), hook)
    }

    pub(crate) fn command_is_allowed(&self, index: usize) -> bool {
        self.is_allowed(self.class.commands[index].name)
    }

    pub(crate) fn execute(&self, index: usize, argument: Value) -> Reply {
        let command = &self.class.commands[index];
        self.body(Operation::command(command.name), &command.execute, argument)
    }

    pub(crate) fn attribute_is_allowed(&self, index: usize) -> bool {
        self.is_allowed(self.class.attributes[index].name)
    }

    pub(crate) fn read(&self, index: usize) -> Reply {
        let attribute = &self.class.attributes[index];
        let operation = Operation::read_attribute(attribute.name);
        self.body(operation, &attribute.read, Value::default())
    }

    pub(crate) fn write(&self, index: usize, value: Value) -> Reply {
        let attribute = &self.class.attributes[index];
        let operation = Operation::write_attribute(attribute.name);
        match &attribute.write {
            Some(write) => self.body(operation, write, value),
            // cppTango does not write what is not writable.
            None => Err(not_initialized()).into(),
        }
    }

    fn body(&self, operation: Operation<'_>, method: &Method<Body>, argument: Value) -> Reply {
        let run = || (method.run)(&*self.state()?, argument);
        self.method(operation.at(method.location), run).into()
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

    fn is_allowed(&self, name: &str) -> bool {
        let Some(method) = self.class.is_allowed.get(name) else {
            return true;
        };
        let operation = Operation::is_allowed(name).at(method.location);
        let run = || Ok((method.run)(&*self.state()?));
        self.method(operation, run).unwrap_or(false)
    }

    /// Where telemetry comes in: each method of the user runs in its span, and its panic becomes a `DevFailed`.
    fn method<R>(
        &self,
        operation: Operation<'_>,
        run: impl FnOnce() -> Result<R, DevFailed>,
    ) -> Result<R, DevFailed> {
        self.info.telemetry.in_span(operation, || {
            catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
                let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                let text = text.unwrap_or_else(|| "(no message)".to_string());
                Err(DevFailed::new("API_RustPanic", text, &self.class.name))
            })
        })
    }

    fn state(&self) -> Result<Arc<State>, DevFailed> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.clone().ok_or_else(not_initialized)
    }
}
