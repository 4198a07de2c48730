//! What a device method and a client call cost, in the three modes, without the call itself. Spans go to a real
//! receiver.
//!
//! On two cores of a virtual machine: off 19 ns (device method) and 19 ns (client call), propagate only 185 and 139 ns,
//! emit 1.1 and 1.0 µs. In a loop spans come faster than they are exported, so most of those end at a full queue.
//!
//! C++ telemetry is off unless `TANGO_TELEMETRY_ENABLE=on` is set: what it costs is not what this measures.

use std::{convert::Infallible, hint::black_box};

use cpptango_telemetry::{
    Configuration, DeviceTelemetry, Endpoint, Exporter, Operation, client, opentelemetry::Context,
};
use criterion::{Criterion, criterion_group, criterion_main};
use testbed::Receiver;

fn spans(criterion: &mut Criterion) {
    let receiver = Receiver::start().expect("a receiver on loopback");
    let mut propagate_only = Configuration::default();
    propagate_only.enabled = true;
    let mut emit = propagate_only.clone();
    emit.tracing_enabled = true;
    emit.topics = vec!["user".to_string()];
    emit.tracing_endpoints = vec![Endpoint::new(Exporter::Http, &receiver.http_endpoint())];

    for (mode, configuration) in [
        ("off", Configuration::default()),
        ("propagate only", propagate_only),
        ("emit", emit),
    ] {
        let device = DeviceTelemetry::new("Bench", "bench/device/1");
        device
            .reconfigure(configuration)
            .expect("a good configuration");
        criterion.bench_function(&format!("device method, {mode}"), |bencher| {
            bencher.iter(|| {
                let run = || Ok::<_, Infallible>(black_box(1));
                device.in_span(Operation::command("Go"), run)
            });
        });
        // A call made inside a device method is the device's.
        let method = device.span(Operation::command("Go"));
        let inside = Context::current();
        criterion.bench_function(&format!("client call, {mode}"), |bencher| {
            let _inside = inside.clone().attach();
            bencher.iter(|| {
                let call = Operation::client("DeviceProxy.command_inout");
                let run = || Ok::<_, Infallible>(black_box(1));
                client::call(call.target("bench/device/2").argument("Go"), run)
            });
        });
        method.end();
    }
}

criterion_group!(benches, spans);
criterion_main!(benches);
