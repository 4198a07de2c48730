// SPDX-License-Identifier: MIT OR Apache-2.0
//! Uses the whole API where telemetry is not compiled in: every function can be called, and does nothing.
#![cfg(test)]

use std::{
    convert::Infallible,
    pin::pin,
    task::{self, Poll, Waker},
    time::Duration,
};

use cpptango_telemetry::{
    Configuration, DeviceTelemetry, Error, Operation, OperationError,
    RUNTIME_CONFIGURATION_SUPPORTED, SpanGuard, Statistics, TELEMETRY_SUPPORTED, TelemetryHandle,
    TraceContext, TraceContextScope, TraceContinuity, client, context, current_tracer, force_flush,
    get_trace_context,
    opentelemetry::{
        Context,
        trace::{Span, TraceContextExt, Tracer},
    },
    prepare_environment, propagate_when_disabled, set_callback_observer, set_exit_timeout,
    trace_continuity,
};

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

struct Failed;

impl OperationError for Failed {
    fn reason(&self) -> &str {
        "Failed"
    }
    fn description(&self) -> &str {
        "as asked"
    }
    fn origin(&self) -> &str {
        "test"
    }
}

#[test]
fn it_says_that_it_is_not_there() {
    const { assert!(!TELEMETRY_SUPPORTED && !RUNTIME_CONFIGURATION_SUPPORTED) };
}

#[test]
fn scopes_set_nothing() -> Result<(), Error> {
    let cx = TraceContext::parse(TRACEPARENT, "vendor=value")?;
    let _attached = TraceContextScope::attach(&cx);
    let _new = TraceContextScope::new("span", &cx);
    assert!(get_trace_context().is_empty());
    assert!(!Context::current().has_active_span());
    Ok(())
}

#[test]
fn device_methods_and_client_calls_are_just_called() {
    let device = DeviceTelemetry::new("Class", "a/b/c");
    let _ = DeviceTelemetry::from_handle as fn(&TelemetryHandle) -> DeviceTelemetry;
    set_callback_observer(|_, _| {});
    assert_eq!(
        (device.class_name(), device.device_name()),
        ("Class", "a/b/c")
    );
    assert!(device.reconfigure(Configuration::default()).is_ok());
    assert_eq!(device.configuration(), Configuration::default());
    assert!(prepare_environment().is_ok_and(|warnings| warnings.is_empty()));
    assert!(client::initialize().is_ok());

    for operation in [
        Operation::command("Go").kernel(),
        Operation::is_allowed("Go"),
        Operation::read_attribute("position"),
        Operation::write_attribute("position"),
        Operation::init_device(),
        Operation::delete_device(),
        Operation::always_executed_hook(),
        Operation::read_attr_hardware(),
        Operation::server_init_hook(),
        Operation::method("write_attr_hardware"),
        Operation::dev_state(),
        Operation::dev_status(),
    ] {
        let spans = || Context::current().has_active_span();
        let Ok(inside) = device.in_span(operation, || Ok::<_, Infallible>(spans()));
        assert!(!inside);
        let _guard: SpanGuard = device.span(operation);
        assert!(!spans());
    }
    let call = Operation::client("DeviceProxy.ping")
        .target("a/b/c")
        .argument("none");
    assert!(client::call(call, || Err::<(), _>(Failed)).is_err());
    client::span(call).end_with_error(&Failed);
    client::span(call).end();
    set_exit_timeout(Duration::ZERO);
    assert!(force_flush(Duration::ZERO).is_ok());
    assert_eq!(device.statistics(), Statistics::default());
    assert_eq!(client::statistics(), Statistics::default());
}

#[test]
fn contexts_are_carried_in_rust_and_tracers_make_no_spans() -> Result<(), Error> {
    let cx = TraceContext::parse(TRACEPARENT, "")?.to_context(&Context::new());
    let parent = |cx: &Context| cx.span().span_context().clone();
    let scope = context::attach(cx.clone());
    let bound = context::bind(|| parent(&Context::current()));
    let future = context::bind_future(async { parent(&Context::current()) });
    drop(scope);
    assert_eq!([bound(), ready(future)], [parent(&cx), parent(&cx)]);
    assert!(!context::current().has_active_span());

    let device = DeviceTelemetry::new("Class", "a/b/c");
    for tracer in [device.tracer(), client::tracer(), current_tracer()] {
        let span = tracer.start_with_context("span", &cx);
        assert!(!span.is_recording());
        assert_eq!(*span.span_context(), parent(&cx));
    }
    let call = Operation::client("DeviceProxy.ping").trace_context(&cx);
    let inside = async || Ok::<_, Infallible>(Context::current().has_active_span());
    assert_eq!(ready(client::call_async(call, inside())), Ok(false));
    let method = device.in_span_async(Operation::command("Go"), inside());
    assert_eq!(ready(method), Ok(false));
    propagate_when_disabled(false);
    assert_eq!(trace_continuity()?, TraceContinuity::Unsupported);
    Ok(())
}

/// The output of a future that waits for nothing.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let polled = pin!(future).poll(&mut task::Context::from_waker(Waker::noop()));
    let Poll::Ready(output) = polled else {
        panic!("not ready");
    };
    output
}
