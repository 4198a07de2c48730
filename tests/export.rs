// SPDX-License-Identifier: MIT OR Apache-2.0
//! Export of the Rust half, without a device server: what dead collectors may and may not do.

use std::{
    convert::Infallible,
    net::TcpListener,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver as Receiving, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow};
use cpptango_telemetry::{
    Configuration, DeviceTelemetry, Endpoint, Error, Exporter, Operation, force_flush,
    opentelemetry_sdk::{
        error::OTelSdkResult,
        trace::{
            BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanData, SpanExporter,
        },
    },
};
use testbed::{Receiver, device};

/// A device that sends by http to `url`, and one span of it.
fn one_span(name: &str, url: &str) -> Result<DeviceTelemetry> {
    let device = DeviceTelemetry::new("Export", name);
    configure(&device, url)?;
    let Ok(()) = device.in_span(Operation::command("Go"), || Ok::<_, Infallible>(()));
    Ok(device)
}

fn configure(device: &DeviceTelemetry, url: &str) -> Result<()> {
    let mut configuration = Configuration::default();
    configuration.enabled = true;
    configuration.tracing_enabled = true;
    configuration.topics = vec!["user".to_string()];
    configuration.tracing_endpoints = vec![Endpoint::new(Exporter::Http, url)];
    Ok(device.reconfigure(configuration)?)
}

/// An exporter that says when it has got a batch, and goes on when it is told to.
#[derive(Debug)]
struct Halting {
    begun: SyncSender<usize>,
    go_on: Mutex<Receiving<()>>,
}

impl SpanExporter for Halting {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let _ = self.begun.send(batch.len());
        let go_on = self.go_on.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = go_on.recv_timeout(Duration::from_secs(5));
        Ok(())
    }
}

/// A span that ends while an earlier flush is at work is none of that one's.
fn overlapping_flushes() -> Result<()> {
    let (begun, batches) = sync_channel(10);
    let (go_on, told) = sync_channel(10);
    let halting = Mutex::new(Some(Halting {
        begun,
        go_on: Mutex::new(told),
    }));
    let device = DeviceTelemetry::new("Export", "halting/1");
    device.set_tracer_provider_factory(move |_| {
        let mut halting = halting.lock().unwrap_or_else(PoisonError::into_inner);
        let exporter = halting.take().ok_or("only one provider is wanted")?;
        // So that only a flush exports.
        let rarely = BatchConfigBuilder::default().with_scheduled_delay(Duration::from_secs(60));
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(rarely.build());
        let processor = processor.build();
        let builder = SdkTracerProvider::builder();
        Ok(builder.with_span_processor(processor).build())
    })?;
    configure(&device, "http://127.0.0.1:9/v1/traces")?;
    let go = || device.in_span(Operation::command("Go"), || Ok::<_, Infallible>(()));
    let Ok(()) = go();
    thread::scope(|scope| -> Result<()> {
        let flush = || force_flush(Duration::from_secs(10));
        let first = scope.spawn(flush);
        let wait = Duration::from_secs(10);
        assert_eq!(batches.recv_timeout(wait)?, 1);
        let Ok(()) = go();
        let second = scope.spawn(flush);
        go_on.send(())?;
        assert_eq!(batches.recv_timeout(wait)?, 1);
        go_on.send(())?;
        for flushed in [first.join(), second.join()] {
            flushed.map_err(|_| anyhow!("panicked"))??;
        }
        Ok(())
    })
}

/// One test, since `force_flush` is about the whole process.
#[test]
fn a_flush_takes_all_that_has_ended_and_a_dead_collector_its_own_time_only() -> Result<()> {
    overlapping_flushes()?;
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
