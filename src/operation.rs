// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a span is about: a method of a device, or a call of a client.

use std::{fmt, panic::Location};

use opentelemetry::{Context, trace::TraceContextExt};

/// A method of a device or a call of a client; names and locates its span.
///
/// The location (`code.filepath`, `code.lineno`) is where the operation was made, unless [`at`](Self::at) gives
/// another, as bindings do that know where the user's closure is.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'a> {
    method: Method<'a>,
    target: Option<&'a str>,
    argument: Option<&'a str>,
    trace_context: Option<&'a Context>,
    location: &'static Location<'static>,
    kernel: bool,
}

#[derive(Debug, Clone, Copy)]
enum Method<'a> {
    Named(&'a str),
    IsAllowed(&'a str),
    Read(&'a str),
    Write(&'a str),
}

macro_rules! device_methods {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($(#[$doc])*
        #[track_caller]
        #[must_use]
        pub fn $name() -> Self {
            Self::with(Method::Named(stringify!($name)), None)
        })*
    };
}

impl<'a> Operation<'a> {
    /// The body of a command: `Class.Name`.
    #[track_caller]
    #[must_use]
    pub fn command(name: &'a str) -> Self {
        Self::with(Method::Named(name), Some(name))
    }

    /// The `is_allowed` method of a command or attribute: `Class.is_Name_allowed`.
    #[track_caller]
    #[must_use]
    pub fn is_allowed(name: &'a str) -> Self {
        Self::with(Method::IsAllowed(name), Some(name))
    }

    /// The read method of an attribute: `Class.read_name`.
    #[track_caller]
    #[must_use]
    pub fn read_attribute(name: &'a str) -> Self {
        Self::with(Method::Read(name), Some(name))
    }

    /// The write method of an attribute: `Class.write_name`.
    #[track_caller]
    #[must_use]
    pub fn write_attribute(name: &'a str) -> Self {
        Self::with(Method::Write(name), Some(name))
    }

    device_methods! {
        /// `init_device`.
        init_device;
        /// `delete_device`.
        delete_device;
        /// `always_executed_hook`.
        always_executed_hook;
        /// `read_attr_hardware`.
        read_attr_hardware;
        /// `server_init_hook`.
        server_init_hook;
        /// `dev_state`.
        dev_state;
        /// `dev_status`.
        dev_status;
    }

    /// Any other method of a device, such as `write_attr_hardware` or an event callback: `Class.name`.
    #[track_caller]
    #[must_use]
    pub fn method(name: &'a str) -> Self {
        Self::with(Method::Named(name), None)
    }

    /// A call of a client, for [`client::call`](crate::client::call): `method` is what the bindings call it, such as
    /// `DeviceProxy.command_inout`.
    #[track_caller]
    #[must_use]
    pub fn client(method: &'a str) -> Self {
        Self::with(Method::Named(method), None)
    }

    /// The device that is called (`tango.operation.target`).
    #[must_use]
    pub fn target(self, device: &'a str) -> Self {
        Self {
            target: Some(device),
            ..self
        }
    }

    /// The command or attribute that is called (`tango.operation.argument`).
    #[must_use]
    pub fn argument(self, name: &'a str) -> Self {
        Self {
            argument: Some(name),
            ..self
        }
    }

    /// Of a client call: what it goes on from, instead of the current context, in all modes; PyTango's keyword
    /// `trace_context`. The call stays the current device's unless `cx` belongs to another. Without a span in it `cx` is
    /// as none.
    #[must_use]
    pub fn trace_context(self, cx: &'a Context) -> Self {
        Self {
            trace_context: Some(cx),
            ..self
        }
    }

    /// Where the user's code is.
    #[must_use]
    pub fn at(self, location: &'static Location<'static>) -> Self {
        Self { location, ..self }
    }

    /// Not the user's code but the default that is there without it, such as a hook that does nothing: it gets a span
    /// only with the topic `all` and `TANGO_RUST_TELEMETRY_EMIT_KERNEL_SPANS` set.
    #[must_use]
    pub fn kernel(self) -> Self {
        Self {
            kernel: true,
            ..self
        }
    }

    #[track_caller]
    fn with(method: Method<'a>, argument: Option<&'a str>) -> Self {
        Self {
            method,
            target: None,
            argument,
            trace_context: None,
            location: Location::caller(),
            kernel: false,
        }
    }

    /// Its name in pieces: nothing is formatted at each call.
    pub(crate) fn name(&self) -> [&'a str; 3] {
        match self.method {
            Method::Named(name) => ["", name, ""],
            Method::IsAllowed(name) => ["is_", name, "_allowed"],
            Method::Read(name) => ["read_", name, ""],
            Method::Write(name) => ["write_", name, ""],
        }
    }

    pub(crate) fn given_context(&self) -> Option<&'a Context> {
        let has_span = |cx: &&Context| cx.span().span_context().is_valid();
        self.trace_context.filter(has_span)
    }

    pub(crate) fn is_kernel(&self) -> bool {
        self.kernel
    }

    pub(crate) fn parts(&self) -> (Option<&'a str>, Option<&'a str>, &'static Location<'static>) {
        (self.target, self.argument, self.location)
    }
}

/// The method's name, as in the span's.
impl fmt::Display for Operation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name().concat())
    }
}

/// The error of an operation, as its span tells it: a `DevFailed`.
///
/// Bindings implement it for their own type. The span's status becomes Error with `DevFailed: reason: description`, cut
/// at 1 kB, and one `exception` event tells all of it. The error itself reaches the caller unchanged.
pub trait OperationError {
    /// The exception's type; cppTango says `Tango::DevFailed`.
    fn exception_type(&self) -> &str {
        "DevFailed"
    }
    /// `DevError::reason` of the first error of the stack.
    fn reason(&self) -> &str;
    /// `DevError::desc`.
    fn description(&self) -> &str;
    /// `DevError::origin`.
    fn origin(&self) -> &str;
}

impl<E: OperationError> OperationError for &E {
    fn exception_type(&self) -> &str {
        (**self).exception_type()
    }
    fn reason(&self) -> &str {
        (**self).reason()
    }
    fn description(&self) -> &str {
        (**self).description()
    }
    fn origin(&self) -> &str {
        (**self).origin()
    }
}

impl OperationError for std::convert::Infallible {
    fn reason(&self) -> &str {
        match *self {}
    }
    fn description(&self) -> &str {
        match *self {}
    }
    fn origin(&self) -> &str {
        match *self {}
    }
}
