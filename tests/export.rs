//! Export of the Rust half, without a device server: what dead collectors may and may not do.

use std::{convert::Infallible, net::TcpListener, time::Duration};

use anyhow::Result;
use cpptango_telemetry::{
    Configuration, DeviceTelemetry, Endpoint, Error, Exporter, Operation, force_flush,
};
use testbed::{Receiver, device};

/// A device that sends by http to `url`, and one span of it.
fn one_span(name: &str, url: &str) -> Result<DeviceTelemetry> {
    let mut configuration = Configuration::default();
    configuration.enabled = true;
    configuration.tracing_enabled = true;
    configuration.topics = vec!["user".to_string()];
    configuration.tracing_endpoints = vec![Endpoint::new(Exporter::Http, url)];
    let device = DeviceTelemetry::new("Export", name);
    device.reconfigure(configuration)?;
    let Ok(()) = device.in_span(Operation::command("Go"), || Ok::<_, Infallible>(()));
    Ok(device)
}

/// One test, since `force_flush` is about the whole process.
#[test]
fn a_dead_collector_costs_its_own_spans_only() -> Result<()> {
    let receiver = Receiver::start()?;
    let _live = one_span("live/1", &receiver.http_endpoint())?;
    assert!(force_flush(Duration::from_secs(10)).is_ok());
    assert_eq!(receiver.spans().len(), 1);

    // Refused: the loss is told.
    let refusing = format!("http://127.0.0.1:{}/v1/traces", device::free_port()?);
    let refused = one_span("refused/1", &refusing)?;
    let lost = force_flush(Duration::from_secs(10));
    assert!(matches!(lost, Err(Error::Export(_))), "{lost:?}");
    drop(refused);

    // Silent: it takes all the time there is, and the span of a later device goes out meanwhile.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let _silent = one_span(
        "silent/1",
        &format!("http://{}/v1/traces", silent.local_addr()?),
    )?;
    let _later = one_span("live/2", &receiver.http_endpoint())?;
    let late = force_flush(Duration::from_secs(2));
    assert!(matches!(late, Err(Error::FlushTimeout(_))), "{late:?}");
    let arrived: Vec<String> = receiver
        .spans()
        .iter()
        .map(|s| s.instance().to_string())
        .collect();
    assert_eq!(arrived, ["live/1", "live/2"]);
    Ok(())
}
