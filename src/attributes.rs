//! Span attributes: keys and values as cppTango and PyTango have them.

use opentelemetry::KeyValue;

use crate::{
    bridge,
    operation::Operation,
    text::{LIMIT, bounded},
};

/// `target` is the device of a device method.
pub(crate) fn of(operation: &Operation<'_>, target: Option<&str>) -> Vec<KeyValue> {
    let (called, argument, location) = operation.parts();
    let file = location.file();
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let mut attributes = Vec::with_capacity(10);
    attributes.push(KeyValue::new(bridge::topic_attribute(), "user"));
    attributes.push(KeyValue::new("code.filepath", file));
    attributes.push(KeyValue::new("code.lineno", i64::from(location.line())));
    bridge::with_thread_info(|id, name| {
        attributes.push(KeyValue::new("thread.id", id.to_string()));
        attributes.push(KeyValue::new("thread.name", name.to_string()));
    });
    if let Some(target) = target.or(called) {
        let target = bounded(target, LIMIT);
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
