// SPDX-License-Identifier: MIT OR Apache-2.0
//! An async client: it asks several devices at the same time, below one span. cppTango's calls block, so each runs on a
//! thread of the runtime's pool; `context::bind` takes the span along.
//!
//! `TANGO_TELEMETRY_ENABLE=on async_client tango://localhost:10001/test/example/1#dbase=no ...`

use std::{env, sync::Arc};

use tango_bindings::{
    DeviceProxy,
    cpptango_telemetry::{
        client, context,
        opentelemetry::{context::FutureExt, trace::TraceContextExt, trace::Tracer},
        prepare_environment,
    },
};

fn main() -> anyhow::Result<()> {
    // Before the runtime has threads.
    for warning in prepare_environment()? {
        eprintln!("async_client: {warning}");
    }
    let devices: Vec<String> = env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    runtime.block_on(async {
        let span = client::tracer().start("survey");
        let cx = context::current().with_span(span);
        survey(devices).with_context(cx).await
    })
}

async fn survey(devices: Vec<String>) -> anyhow::Result<()> {
    let tasks: Vec<_> = devices
        .into_iter()
        .map(|device| tokio::spawn(context::bind_future(gain(device))))
        .collect();
    for task in tasks {
        println!("gain {}", task.await??);
    }
    Ok(())
}

async fn gain(device: String) -> anyhow::Result<f64> {
    let device = blocking(move || DeviceProxy::new(&device)).await?;
    let device = Arc::new(device);
    let ping = device.clone();
    blocking(move || ping.ping()).await?;
    blocking(move || device.read_attribute("gain")).await
}

/// A call of cppTango, in the context of the task that makes it.
async fn blocking<T: Send + 'static, E: Into<anyhow::Error> + Send + 'static>(
    call: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> anyhow::Result<T> {
    let called = tokio::task::spawn_blocking(context::bind(call)).await?;
    called.map_err(Into::into)
}
