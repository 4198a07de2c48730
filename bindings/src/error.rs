// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tango's exception.

use std::fmt;

use cpptango_telemetry::OperationError;

pub use crate::bridge::ffi::DevError;
use crate::bridge::ffi::Reply;
use crate::value::Value;

/// `Tango::DevFailed`: a stack of errors, the first of which is the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevFailed {
    cause: DevError,
    /// What came of it, up to the caller.
    later: Vec<DevError>,
}

impl DevFailed {
    /// One error.
    pub fn new(reason: &str, desc: impl Into<String>, origin: &str) -> Self {
        Self {
            cause: DevError {
                reason: reason.to_string(),
                desc: desc.into(),
                origin: origin.to_string(),
            },
            later: Vec::new(),
        }
    }

    /// The cause.
    pub fn cause(&self) -> &DevError {
        &self.cause
    }

    /// All errors, the cause first.
    pub fn errors(&self) -> impl Iterator<Item = &DevError> {
        std::iter::once(&self.cause).chain(&self.later)
    }

    pub(crate) fn into_errors(self) -> Vec<DevError> {
        let mut errors = self.later;
        errors.insert(0, self.cause);
        errors
    }

    pub(crate) fn check(mut errors: Vec<DevError>) -> Result<(), Self> {
        if errors.is_empty() {
            return Ok(());
        }
        let cause = errors.remove(0);
        Err(Self {
            cause,
            later: errors,
        })
    }
}

impl fmt::Display for DevFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = self.cause();
        write!(f, "{}: {} ({})", cause.reason, cause.desc, cause.origin)
    }
}

impl std::error::Error for DevFailed {}

impl OperationError for DevFailed {
    fn reason(&self) -> &str {
        &self.cause().reason
    }
    fn description(&self) -> &str {
        &self.cause().desc
    }
    fn origin(&self) -> &str {
        &self.cause().origin
    }
}

impl Reply {
    pub(crate) fn into_result(self) -> Result<Value, DevFailed> {
        DevFailed::check(self.errors)?;
        Ok(self.value)
    }
}

impl From<Result<Value, DevFailed>> for Reply {
    fn from(result: Result<Value, DevFailed>) -> Self {
        match result {
            Ok(value) => Self {
                value,
                errors: Vec::new(),
            },
            Err(failed) => Self {
                value: Value::default(),
                errors: failed.into_errors(),
            },
        }
    }
}
