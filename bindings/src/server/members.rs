// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands and attributes: of a class, or added to one of its devices.

use std::sync::Arc;

use crate::{
    bridge::ffi::Kind,
    error::DevFailed,
    server::method::{self, Body, IsAllowed, Method},
    value::TangoType,
};

/// A command: of a class, or for [`DeviceInfo::add_command`](crate::DeviceInfo::add_command).
pub struct Command {
    pub(super) name: String,
    argument: Kind,
    result: Kind,
    pub(super) execute: Method<Body>,
    pub(super) is_allowed: Option<Method<IsAllowed>>,
}

impl Command {
    /// A command of devices whose data is `T`.
    #[track_caller]
    pub fn new<T: 'static, A: TangoType, R: TangoType>(
        name: &str,
        execute: impl Fn(&T, A) -> Result<R, DevFailed> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.to_string(),
            argument: A::KIND,
            result: R::KIND,
            execute: method::body(execute),
            is_allowed: None,
        }
    }

    /// Whether it may be executed now.
    #[track_caller]
    pub fn is_allowed<T: 'static>(
        self,
        is_allowed: impl Fn(&T) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            is_allowed: Some(method::is_allowed(is_allowed)),
            ..self
        }
    }
}

/// An attribute: of a class, or for [`DeviceInfo::add_attribute`](crate::DeviceInfo::add_attribute).
pub struct Attr {
    pub(super) name: String,
    kind: Kind,
    pub(super) read: Method<Body>,
    pub(super) write: Option<Method<Body>>,
    pub(super) is_allowed: Option<Method<IsAllowed>>,
}

impl Attr {
    /// An attribute that can be read, of devices whose data is `T`.
    #[track_caller]
    pub fn new<T: 'static, V: TangoType>(
        name: &str,
        read: impl Fn(&T) -> Result<V, DevFailed> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.to_string(),
            kind: V::KIND,
            read: method::reading(read),
            write: None,
            is_allowed: None,
        }
    }

    /// It can be written too.
    #[track_caller]
    pub fn writable<T: 'static, V: TangoType>(
        self,
        write: impl Fn(&T, V) -> Result<(), DevFailed> + Send + Sync + 'static,
    ) -> Self {
        Self {
            write: Some(method::body(write)),
            ..self
        }
    }

    /// Whether it may be read or written now.
    #[track_caller]
    pub fn is_allowed<T: 'static>(
        self,
        is_allowed: impl Fn(&T) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            is_allowed: Some(method::is_allowed(is_allowed)),
            ..self
        }
    }
}

/// What C++ holds of a command; the class has it too, for the day when C++ builds the class again.
pub(crate) struct SharedCommand(pub(super) Arc<Command>);

impl SharedCommand {
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn argument(&self) -> Kind {
        self.0.argument
    }

    pub(crate) fn result(&self) -> Kind {
        self.0.result
    }
}

/// What C++ holds of an attribute. All devices of a class share it: cppTango gives those that it makes later what was
/// added to one.
pub(crate) struct SharedAttribute(pub(super) Arc<Attr>);

impl SharedAttribute {
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    pub(crate) fn is_writable(&self) -> bool {
        self.0.write.is_some()
    }
}
