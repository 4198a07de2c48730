// SPDX-License-Identifier: MIT OR Apache-2.0
//! Without the feature `sdk` nobody emits.

use std::{sync::Arc, time::Duration};

/// Nobody has one.
pub(crate) use opentelemetry::trace::noop::NoopSpan as Span;
use opentelemetry::{
    Context, KeyValue,
    trace::{SpanBuilder, SpanKind, TraceId},
};

use super::TracerProviderRequest;
use crate::{error::Error, reaper};

/// There is none.
pub(crate) enum Emitter {}

/// There is none either.
pub(crate) enum Factory {}

impl Emitter {
    pub(crate) fn new(
        _: &TracerProviderRequest<'_>,
        _: Option<&Factory>,
    ) -> Result<Option<Self>, Error> {
        Ok(None)
    }

    pub(crate) fn panicked(&self) {
        match *self {}
    }

    pub(crate) fn start(
        &self,
        _: SpanKind,
        _: String,
        _: Vec<KeyValue>,
        _: &Context,
        _: TraceId,
    ) -> Context {
        match *self {}
    }

    pub(crate) fn build(&self, _: SpanBuilder, _: &Context) -> Span {
        match *self {}
    }
}

pub(crate) fn flush(_: &Arc<Emitter>) {}

/// Waits until cppTango's half has exported what it has let go of, at most `timeout`; there are no spans of Rust's.
///
/// # Errors
/// [`Error::FlushTimeout`] where a collector did not take them in time.
pub fn force_flush(timeout: Duration) -> Result<(), Error> {
    reaper::wait(timeout)
}
