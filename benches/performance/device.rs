// SPDX-License-Identifier: MIT OR Apache-2.0
//! The device server that is measured: this program again.

use std::{convert::Infallible, env, hint::black_box, process::ExitCode, time::Instant};

use cpptango_telemetry::{
    DeviceTelemetry, Operation, TraceContextScope, client, get_trace_context,
};
use tango_bindings::{
    DevFailed, DeviceClass, DeviceInfo,
    loops::{Loop, time_loop},
};

/// The variable that makes this program the server.
pub const ROLE: &str = "PERFORMANCE_DEVICE";

/// What its command Measure takes the time of, as it says it in `Debug`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Subject {
    GetTraceContext,
    CppGetTraceContext,
    CppOwnGetTraceContext,
    Attach,
    New,
    ServerSpan,
    KernelSpan,
    ClientSpan,
}

impl Subject {
    const ALL: [Self; 8] = [
        Self::GetTraceContext,
        Self::CppGetTraceContext,
        Self::CppOwnGetTraceContext,
        Self::Attach,
        Self::New,
        Self::ServerSpan,
        Self::KernelSpan,
        Self::ClientSpan,
    ];

    /// The span that each round makes.
    pub fn span(self) -> Option<&'static str> {
        match self {
            Self::New => Some("TraceContextScope::new"),
            Self::ServerSpan => Some("Performance.Loop"),
            Self::KernelSpan => Some("tango_bindings::kernel_span"),
            Self::ClientSpan => Some("DeviceProxy.loop"),
            _ => None,
        }
    }

    /// ns a round.
    fn measure(self, rounds: usize, telemetry: &DeviceTelemetry) -> f64 {
        let cx = get_trace_context();
        let nothing = || Ok::<_, Infallible>(black_box(1));
        match self {
            Self::GetTraceContext => time(rounds, || {
                let cx = get_trace_context();
                black_box((cx.traceparent(), cx.tracestate()));
            }),
            Self::CppGetTraceContext => time_loop(Loop::GetTraceContext, rounds),
            Self::CppOwnGetTraceContext => time_loop(Loop::OwnGetTraceContext, rounds),
            Self::Attach => time(rounds, || drop(TraceContextScope::attach(&cx))),
            Self::New => time(rounds, || {
                drop(TraceContextScope::new("TraceContextScope::new", &cx));
            }),
            Self::ServerSpan => time(rounds, || {
                let Ok(_) = telemetry.in_span(Operation::command("Loop"), nothing);
            }),
            Self::KernelSpan => time_loop(Loop::KernelSpan, rounds),
            Self::ClientSpan => time(rounds, || {
                let call = Operation::client("DeviceProxy.loop").target("test/performance/2");
                let Ok(_) = client::call(call.argument("Loop"), nothing);
            }),
        }
    }
}

fn time(rounds: usize, mut round: impl FnMut()) -> f64 {
    let begun = Instant::now();
    for _ in 0..rounds {
        round();
    }
    begun.elapsed().as_nanos() as f64 / rounds as f64
}

pub fn serve() -> ExitCode {
    let class = DeviceClass::new("Performance", |info: &DeviceInfo| {
        Ok(info.telemetry.clone())
    })
    .command("Noop", |_, ()| Ok(()))
    .command(
        "Measure",
        |telemetry: &DeviceTelemetry, what: Vec<String>| {
            measure(telemetry, &what).ok_or_else(|| {
                DevFailed::new("Performance_Argument", format!("{what:?}"), "Measure")
            })
        },
    );
    match tango_bindings::run(class, env::args()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("performance: {failed}");
            ExitCode::FAILURE
        }
    }
}

/// `what`: subject, rounds, and rounds before these that do not count.
fn measure(telemetry: &DeviceTelemetry, what: &[String]) -> Option<f64> {
    let [subject, rounds, before] = what else {
        return None;
    };
    let is_it = |known: &Subject| format!("{known:?}") == *subject;
    let subject = Subject::ALL.into_iter().find(is_it)?;
    subject.measure(before.parse().ok()?, telemetry);
    Some(subject.measure(rounds.parse().ok()?, telemetry))
}
