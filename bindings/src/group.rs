// SPDX-License-Identifier: MIT OR Apache-2.0
//! The client of several devices at once.

use cpptango_telemetry::{Operation, client};
use cxx::UniquePtr;

use crate::{
    bridge::ffi::{self, GroupReplies, Reply},
    call::{self, AsynchRequest},
    error::DevFailed,
    value::TangoType,
};

/// A client of several devices: `Tango::Group`. Any thread may use it.
pub struct Group {
    group: UniquePtr<ffi::Group>,
    name: String,
}

/// What one device of a group has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupReply<R> {
    /// The device's name.
    pub device: String,
    /// Its answer.
    pub result: Result<R, DevFailed>,
}

/// What each device of a group has answered: an error of a device is none of the group.
type Replies<R> = Result<Vec<GroupReply<R>>, DevFailed>;

impl Group {
    /// An empty group.
    pub fn new(name: &str) -> Result<Self, DevFailed> {
        call::initialize()?;
        let mut group = UniquePtr::null();
        ffi::new_group(name, &mut group).into_result()?;
        Ok(Self {
            group,
            name: name.to_string(),
        })
    }

    /// Adds a device, or those devices of the database that match a pattern, and connects to them.
    #[track_caller]
    pub fn add(&self, pattern: &str) -> Result<(), DevFailed> {
        let operation = Operation::client("Group.add").argument(pattern);
        self.call(operation, |group| group.add(pattern))
    }

    /// How many devices it has.
    pub fn get_size(&self) -> Result<i32, DevFailed> {
        i32::from_value(self.group.get_size().into_result()?)
    }

    /// How long a call may take, in milliseconds, of the devices that are in the group now.
    pub fn set_timeout_millis(&self, timeout: i32) -> Result<(), DevFailed> {
        self.group.set_timeout_millis(timeout).into_result()?;
        Ok(())
    }

    /// Whether all devices answer.
    #[track_caller]
    pub fn ping(&self) -> Result<bool, DevFailed> {
        self.call(Operation::client("Group.ping"), |group| group.ping())
    }

    /// Executes a command on all devices at the same time.
    #[track_caller]
    pub fn command_inout<A: TangoType, R: TangoType>(
        &self,
        command: &str,
        argument: A,
    ) -> Replies<R> {
        let argument = argument.into_value();
        let operation = Operation::client("Group.command_inout").argument(command);
        self.replies(operation, |group| group.command_inout(command, &argument))
    }

    /// Reads an attribute of all devices.
    #[track_caller]
    pub fn read_attribute<R: TangoType>(&self, attribute: &str) -> Replies<R> {
        let operation = Operation::client("Group.read_attribute").argument(attribute);
        self.replies(operation, |group| group.read_attribute(attribute))
    }

    /// Writes the value to an attribute of all devices.
    #[track_caller]
    pub fn write_attribute<A: TangoType>(&self, attribute: &str, value: A) -> Replies<()> {
        let value = value.into_value();
        let operation = Operation::client("Group.write_attribute").argument(attribute);
        self.replies(operation, |group| group.write_attribute(attribute, &value))
    }

    /// Sends a command to all devices and does not wait for their answers.
    #[track_caller]
    pub fn command_inout_asynch<A: TangoType>(
        &self,
        command: &str,
        argument: A,
    ) -> Result<AsynchRequest, DevFailed> {
        let argument = argument.into_value();
        let operation = Operation::client("Group.command_inout_asynch").argument(command);
        let id = self.call(operation, |group| {
            group.command_inout_asynch(command, &argument)
        })?;
        Ok(AsynchRequest::new(id, command))
    }

    /// The answers to a command. Each is waited for so many milliseconds, 0 is for as long as it takes. They can be
    /// asked for only once.
    #[track_caller]
    pub fn command_inout_reply<R: TangoType>(
        &self,
        request: &AsynchRequest,
        timeout: i32,
    ) -> Replies<R> {
        let operation = Operation::client("Group.command_inout_reply").argument(&request.name);
        self.replies(operation, |group| {
            group.command_inout_reply(request.id, timeout)
        })
    }

    /// Asks all devices for an attribute and does not wait for its values.
    #[track_caller]
    pub fn read_attribute_asynch(&self, attribute: &str) -> Result<AsynchRequest, DevFailed> {
        let operation = Operation::client("Group.read_attribute_asynch").argument(attribute);
        let id = self.call(operation, |group| group.read_attribute_asynch(attribute))?;
        Ok(AsynchRequest::new(id, attribute))
    }

    /// The values of the attribute; `timeout` as in [`command_inout_reply`](Self::command_inout_reply).
    #[track_caller]
    pub fn read_attribute_reply<R: TangoType>(
        &self,
        request: &AsynchRequest,
        timeout: i32,
    ) -> Replies<R> {
        let operation = Operation::client("Group.read_attribute_reply").argument(&request.name);
        self.replies(operation, |group| {
            group.read_attribute_reply(request.id, timeout)
        })
    }

    /// Writes an attribute of all devices and does not wait until it is written.
    #[track_caller]
    pub fn write_attribute_asynch<A: TangoType>(
        &self,
        attribute: &str,
        value: A,
    ) -> Result<AsynchRequest, DevFailed> {
        let value = value.into_value();
        let operation = Operation::client("Group.write_attribute_asynch").argument(attribute);
        let id = self.call(operation, |group| {
            group.write_attribute_asynch(attribute, &value)
        })?;
        Ok(AsynchRequest::new(id, attribute))
    }

    /// Whether it was written; `timeout` as in [`command_inout_reply`](Self::command_inout_reply).
    #[track_caller]
    pub fn write_attribute_reply(&self, request: &AsynchRequest, timeout: i32) -> Replies<()> {
        let operation = Operation::client("Group.write_attribute_reply").argument(&request.name);
        self.replies(operation, |group| {
            group.write_attribute_reply(request.id, timeout)
        })
    }

    fn call<R: TangoType>(
        &self,
        operation: Operation<'_>,
        f: impl FnOnce(&ffi::Group) -> Reply,
    ) -> Result<R, DevFailed> {
        call::call(operation.target(&self.name), || f(&self.group))
    }

    fn replies<R: TangoType>(
        &self,
        operation: Operation<'_>,
        f: impl FnOnce(&ffi::Group) -> GroupReplies,
    ) -> Replies<R> {
        client::call(operation.target(&self.name), || {
            let all = f(&self.group);
            DevFailed::check(all.errors)?;
            let replies = all.replies.into_iter().map(|one| GroupReply {
                device: one.device,
                result: one.reply.into_result().and_then(R::from_value),
            });
            Ok(replies.collect())
        })
    }
}
