// SPDX-License-Identifier: MIT OR Apache-2.0
//! The current trace context of cppTango on this thread.

use std::{fmt, marker::PhantomData};

use opentelemetry::{Context, ContextGuard};

use crate::{TELEMETRY_SUPPORTED, bridge, trace_context::TraceContext};

/// The trace context that cppTango would hand on with a request made now on this thread.
///
/// Inside a device method it is the one of the kernel span of the request, or of what was attached since; where kernel
/// spans are not exported, the one that the request has brought. Empty outside any span, and where telemetry of the
/// thread's current device or client is disabled. (cppTango 10.3: `Tango::telemetry::Interface::get_trace_context`, which
/// knows of kernel spans only.)
#[must_use]
pub fn get_trace_context() -> TraceContext {
    let going_on = bridge::get_trace_context();
    going_on.map_or(TraceContext::EMPTY, |on| on.span_context.into())
}

// The two examples are the test of X5: they differ only in the thread.
/// While it lives, its trace context is the current one of this thread, in C++ and in Rust.
///
/// Scopes nest; dropping one, also in a panic, restores what was before it. Drop them in the reverse order of their
/// making: an outer one that is dropped first ends the inner ones too in C++, but not in Rust. A scope belongs to the
/// thread that made it and cannot leave it:
///
/// ```
/// # use cpptango_telemetry::{TraceContext, TraceContextScope};
/// let scope = TraceContextScope::attach(&TraceContext::EMPTY);
/// let ends_here = move || drop(scope);
/// ends_here();
/// ```
/// ```compile_fail,E0277
/// # use cpptango_telemetry::{TraceContext, TraceContextScope};
/// let scope = TraceContextScope::attach(&TraceContext::EMPTY);
/// let ends_elsewhere = move || drop(scope);
/// std::thread::spawn(ends_elsewhere);
/// ```
#[must_use = "the trace context is the current one only while the scope lives"]
pub struct TraceContextScope {
    // Dropped in this order: C++ before Rust.
    _cpp: Option<bridge::Scope>,
    _rust: Option<ContextGuard>,
    // Also of the dummy twin, where there is nothing of C++ inside.
    _not_send: PhantomData<*const ()>,
}

impl fmt::Debug for TraceContextScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceContextScope").finish_non_exhaustive()
    }
}

impl TraceContextScope {
    /// Makes a C++ span (kind client) below `cx`, and it the current one; it ends with the scope.
    ///
    /// This is PyTango's way, and cppTango's `Interface::set_trace_context`. Nothing happens where telemetry of the
    /// current device or client is disabled. With an empty `cx` the span is a child of the current one, or a root.
    pub fn new(span_name: &str, cx: &TraceContext) -> Self {
        let cpp = bridge::Scope::set(span_name, cx.traceparent(), cx.tracestate());
        // Without `cx` Rust's current span stays what it is.
        let made = if cpp.is_some() && !cx.is_empty() {
            get_trace_context()
        } else {
            TraceContext::EMPTY
        };
        Self::of(cpp, &made)
    }

    /// Makes `cx` itself the current trace context, without a span: cppTango's next span is its child.
    ///
    /// An empty `cx` leaves everything as it is.
    pub fn attach(cx: &TraceContext) -> Self {
        if cx.is_empty() || !TELEMETRY_SUPPORTED {
            return Self::of(None, &TraceContext::EMPTY);
        }
        Self::of(Some(bridge::Scope::attach(cx.span_context())), cx)
    }

    fn of(cpp: Option<bridge::Scope>, current: &TraceContext) -> Self {
        let in_rust = || current.to_context(&Context::current()).attach();
        Self {
            _cpp: cpp,
            _rust: (!current.is_empty()).then(in_rust),
            _not_send: PhantomData,
        }
    }
}
