// SPDX-License-Identifier: MIT OR Apache-2.0
//! The current context, carried to other threads and tasks: its span, and whose code it is.
//!
//! A device method or client call that goes on elsewhere (on a thread that it starts, in a task of an executor) stays
//! what it is where the context goes with it: the spans there are its children, the client calls are the device's, and
//! cppTango hands on the same trace. No runtime is needed, and any works.
//!
//! ```
//! use cpptango_telemetry::context;
//!
//! // On another thread.
//! std::thread::spawn(context::bind(|| { /* client calls */ }));
//! // In a task: tokio::spawn(context::bind_future(...)), or any other executor.
//! let task = context::bind_future(async { /* client calls */ });
//! ```
//!
//! `opentelemetry::context::FutureExt` and a plain `Context::attach` do the same in Rust alone: client calls made by
//! [`client::call`](crate::client::call) are right by them too, calls of C++ code are not.

use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{self, Poll},
};

use opentelemetry::{Context, ContextGuard};
use pin_project_lite::pin_project;

use crate::{
    active,
    actor::Mode,
    bridge,
    current::{CurrentActor, has_valid_span, of_rust, or_of_cpp},
    quiet,
    trace_context::TraceContext,
};

/// The current context of this thread: Rust's, or where that has no span, with the one that cppTango hands on.
#[must_use]
pub fn current() -> Context {
    let mut current = of_rust(Context::clone).unwrap_or_default();
    if current.get::<CurrentActor>().is_none()
        && let Some(device) = quiet::current_device()
    {
        current = current.with_value(CurrentActor::outliving(device));
    }
    if active::is_idle() {
        current
    } else {
        or_of_cpp(current)
    }
}

/// Makes `cx` the current context of this thread, in Rust and in C++, until the scope is dropped.
pub fn attach(cx: Context) -> ContextScope {
    if of_rust(|_| ()).is_none() {
        return ContextScope::of(None, false, None);
    }
    if active::is_idle() {
        return ContextScope::of(Some(cx), false, None);
    }
    let entered = cx.get::<CurrentActor>().map(CurrentActor::enter);
    let is_off = entered
        .as_ref()
        .is_some_and(|entered| matches!(entered.mode(), Mode::Off));
    let of_both = !is_off && has_valid_span(&cx);
    // That nothing goes on is to be known too: the thread may be in another's context.
    let nothing = (!is_off && !of_both).then(bridge::Scope::detach);
    let interface = entered.and_then(|entered| entered.interface);
    let mut scope = ContextScope::of(Some(cx), of_both, interface);
    scope.cpp = scope.cpp.or(nothing);
    scope
}

/// `f`, to be called in the context that is current now: on another thread, or later on this one.
pub fn bind<T>(f: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let cx = current();
    move || {
        let _scope = attach(cx);
        f()
    }
}

/// `future`, to be polled and dropped in the context that is current now. The context is never held across an
/// `.await`: tasks that take turns on a thread do not see each other's.
pub fn bind_future<F: Future>(future: F) -> impl Future<Output = F::Output> {
    Bound::new(current(), future)
}

/// While it lives, a context is the current one of this thread, in Rust and in C++; see [`attach`].
///
/// Scopes nest, and are to be dropped in the reverse order of their making, as variables are. They cannot leave their
/// thread, nor be held across an `.await` of a future that does:
///
/// ```compile_fail,E0277
/// # use cpptango_telemetry::context;
/// let scope = context::attach(context::current());
/// std::thread::spawn(move || drop(scope));
/// ```
#[must_use = "the context is the current one only while the scope lives"]
pub struct ContextScope {
    // Dropped in this order: C++ before Rust.
    cpp: Option<bridge::Scope>,
    _interface: Option<bridge::InterfaceScope>,
    _rust: Option<ContextGuard>,
    // Also of the dummy twin.
    _not_send: PhantomData<*const ()>,
}

impl fmt::Debug for ContextScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextScope").finish_non_exhaustive()
    }
}

impl ContextScope {
    pub(crate) fn of(
        cx: Option<Context>,
        of_both: bool,
        interface: Option<bridge::InterfaceScope>,
    ) -> Self {
        let in_cpp = cx.as_ref().filter(|_| of_both);
        // An empty one says that nothing is to go on with requests, unless cppTango has an exported span.
        let attach = |cx: &Context| bridge::Scope::attach(TraceContext::from(cx).span_context());
        Self {
            cpp: in_cpp.map(attach),
            _interface: interface,
            _rust: cx.map(Context::attach),
            _not_send: PhantomData,
        }
    }
}

pin_project! {
    /// A future in a context.
    pub(crate) struct Bound<F> {
        // None once it is ready.
        #[pin]
        future: Option<F>,
        cx: Context,
    }

    impl<F> PinnedDrop for Bound<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                let _scope = attach(this.cx.clone());
                this.future.set(None);
            }
        }
    }
}

impl<F> Bound<F> {
    pub(crate) fn new(cx: Context, future: F) -> Self {
        Self {
            future: Some(future),
            cx,
        }
    }
}

impl<F: Future> Future for Bound<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _scope = attach(this.cx.clone());
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            // As of any future that is polled when it was ready.
            return Poll::Pending;
        };
        let polled = future.poll(task);
        if polled.is_ready() {
            this.future.set(None);
        }
        polled
    }
}
