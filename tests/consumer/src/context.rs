// SPDX-License-Identifier: MIT OR Apache-2.0
//! Trace context, threads and tasks, and spans of the user's own.

use std::{
    convert::Infallible,
    pin::pin,
    task::{self, Poll, Waker},
};

use cpptango_telemetry::{
    DeviceTelemetry, Error, Operation, TELEMETRY_SUPPORTED, TelemetrySpan, TelemetryTracer,
    TraceContext, TraceContextScope, TraceContinuity, client, context, current_tracer,
    get_trace_context,
    opentelemetry::{
        Context,
        trace::{Span, TraceContextExt, Tracer},
    },
    trace_continuity,
};

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// B1, B3
#[test]
fn scopes_hand_nothing_on_where_telemetry_is_off() -> Result<(), Error> {
    let cx = TraceContext::parse(TRACEPARENT, "vendor=value")?;
    let headers = (cx.traceparent(), cx.tracestate());
    assert_eq!(
        headers,
        (TRACEPARENT.to_string(), "vendor=value".to_string())
    );
    let attached = TraceContextScope::attach(&cx);
    assert!(get_trace_context().is_empty());
    assert_eq!(Context::current().has_active_span(), TELEMETRY_SUPPORTED);
    drop(attached);
    let _new = TraceContextScope::new("span", &cx);
    assert!(get_trace_context().is_empty());
    assert!(!Context::current().has_active_span());
    let expected = if TELEMETRY_SUPPORTED {
        TraceContinuity::Whole
    } else {
        TraceContinuity::Unsupported
    };
    assert_eq!(trace_continuity()?, expected);
    Ok(())
}

/// B1, B3
#[test]
fn contexts_are_carried_in_rust_and_tracers_make_no_spans() -> Result<(), Error> {
    let cx = TraceContext::parse(TRACEPARENT, "")?.to_context(&Context::new());
    let parent = |cx: &Context| cx.span().span_context().clone();
    let scope: context::ContextScope = context::attach(cx.clone());
    let bound = context::bind(|| parent(&Context::current()));
    let future = context::bind_future(async { parent(&Context::current()) });
    drop(scope);
    assert_eq!([bound(), ready(future)], [parent(&cx), parent(&cx)]);
    assert!(!context::current().has_active_span());

    let device = DeviceTelemetry::new("Class", "a/b/c");
    let tracers: [TelemetryTracer; 3] = [device.tracer(), client::tracer(), current_tracer()];
    for tracer in tracers {
        let span: TelemetrySpan = tracer.start_with_context("span", &cx);
        assert!(!span.is_recording());
        assert_eq!(*span.span_context(), parent(&cx));
    }
    let call = Operation::client("DeviceProxy.ping").trace_context(&cx);
    let inside = async || Ok::<_, Infallible>(Context::current().has_active_span());
    assert_eq!(ready(client::call_async(call, inside())), Ok(false));
    let method = device.in_span_async(Operation::command("Go"), inside());
    assert_eq!(ready(method), Ok(false));
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
