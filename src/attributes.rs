// SPDX-License-Identifier: MIT OR Apache-2.0
//! Span attributes: keys and values as cppTango and PyTango have them.

use std::sync::Arc;

use opentelemetry::{KeyValue, Value};

use crate::{
    bridge,
    operation::Operation,
    text::{LIMIT, bounded},
};

/// `device`: whose method it is.
pub(crate) fn of(operation: &Operation<'_>, device: Option<&Arc<str>>) -> Vec<KeyValue> {
    thread_local! {
        static THREAD: (Arc<str>, Arc<str>) = bridge::thread_info();
    }
    let (called, argument, location) = operation.parts();
    let file = location.file();
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let mut attributes = Vec::with_capacity(10);
    attributes.push(KeyValue::new(bridge::topic_attribute(), "user"));
    attributes.push(KeyValue::new("code.filepath", file));
    attributes.push(KeyValue::new("code.lineno", i64::from(location.line())));
    THREAD.with(|(id, name)| {
        attributes.push(KeyValue::new("thread.id", id.clone()));
        attributes.push(KeyValue::new("thread.name", name.clone()));
    });
    let target = device.cloned().map(Value::from);
    let target = target.or_else(|| called.map(|target| bounded(target, LIMIT).into()));
    if let Some(target) = target {
        attributes.push(KeyValue::new("tango.operation.target", target));
    }
    if let Some(argument) = argument {
        let argument = bounded(argument, LIMIT);
        attributes.push(KeyValue::new("tango.operation.argument", argument));
    }
    attributes
}

/// Who called; nothing for methods that no client has asked for.
pub(crate) fn add_client_ident(attributes: &mut Vec<KeyValue>) {
    if let Some(ident) = bridge::client_ident() {
        let location = bounded(ident.location, LIMIT);
        attributes.push(KeyValue::new("tango.client_ident.location", location));
        attributes.push(KeyValue::new("tango.client_ident.pid", ident.pid));
        attributes.push(KeyValue::new("tango.client_ident.lang", ident.lang));
    }
}
