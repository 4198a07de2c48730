// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tracer providers: the default one, and the user's factory.

use std::{
    cell::Cell,
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock},
};

use SpanProcessorType::{Batch, Simple};
use arc_swap::ArcSwapOption;
use opentelemetry::{
    Key, KeyValue, Value,
    trace::{SpanId, TraceId},
};
use opentelemetry_resource_detectors::{
    ContainerResourceDetector, HostResourceDetector, OsResourceDetector, ProcessResourceDetector,
};
use opentelemetry_sdk::{
    Resource,
    trace::{
        self, BatchConfigBuilder, BatchSpanProcessor, RandomIdGenerator, SdkTracerProvider,
        SimpleSpanProcessor, SpanExporter, TracerProviderBuilder,
    },
};

use super::{TracerProviderRequest, accounting::accounted, console::ConsoleExporter};
use crate::{
    config::Exporter,
    environment::{ResourceDetector, SpanProcessorType, settings},
    error::{Error, panic_text},
};

/// What a factory may fail with.
pub type TracerProviderFactoryError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) type Factory = dyn Fn(&TracerProviderRequest<'_>) -> Result<SdkTracerProvider, TracerProviderFactoryError>
    + Send
    + Sync;

static FACTORY: ArcSwapOption<Box<Factory>> = ArcSwapOption::const_empty();

/// Has the tracer providers of this process made by `factory`, each time a device or the client needs a new one; those
/// that exist stay. PyTango's `set_telemetry_tracer_provider_factory`.
///
/// [`TracerProviderRequest::builder`] is what would be used without a factory, to build on. An error or a panic of the
/// factory leaves the device without Rust spans, and the operator's command that caused the change reports it where
/// cppTango lets it.
///
/// The provider is taken over: it is shut down when the device needs it no more, so make a new one at each call. The
/// factory runs while the device or the client is being configured; it must neither make Tango calls nor use
/// [`client`](crate::client) or [`DeviceTelemetry::reconfigure`](crate::DeviceTelemetry::reconfigure).
///
/// ```
/// # use cpptango_telemetry::{opentelemetry::KeyValue, opentelemetry_sdk::Resource, set_tracer_provider_factory};
/// set_tracer_provider_factory(|request| {
///     let beamline = Resource::builder_empty().with_attribute(KeyValue::new("facility.beamline", "BL07"));
///     Ok(request.builder()?.with_resource(beamline.build()).build())
/// });
/// ```
pub fn set_tracer_provider_factory(
    factory: impl Fn(
        &TracerProviderRequest<'_>,
    ) -> Result<SdkTracerProvider, TracerProviderFactoryError>
    + Send
    + Sync
    + 'static,
) {
    FACTORY.store(Some(Arc::new(Box::new(factory))));
}

/// A provider of the actor's factory, else of the process', else the default one.
pub(super) fn make(
    request: &TracerProviderRequest<'_>,
    own: Option<&Factory>,
) -> Result<SdkTracerProvider, Error> {
    let of_process = FACTORY.load_full();
    let factory = own.or(of_process.as_deref().map(|factory| &**factory));
    // Not only the factory may panic: the SDK does when it cannot start a thread.
    let made = catch_unwind(AssertUnwindSafe(|| match factory {
        Some(factory) => factory(request).map_err(|error| Error::Factory(error.to_string())),
        None => Ok(request.builder()?.build()),
    }));
    made.unwrap_or_else(|panic| {
        request.counters.panicked();
        Err(Error::Factory(format!("panic: {}", panic_text(&*panic))))
    })
}

impl TracerProviderRequest<'_> {
    /// The builder of the default provider: the resource that Tango's users know (`service.namespace`, `service.name`,
    /// `service.instance.id`, `host.name`, and what `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_EXPERIMENTAL_RESOURCE_DETECTORS`
    /// add), and a span processor for each endpoint: what `TANGO_RUST_TELEMETRY_SPAN_PROCESSOR_TYPE` says, else batch
    /// for `http` and `grpc` (`OTEL_BSP_*` apply), simple for `console`. Spans of a Tango request that brings no trace
    /// context are of one trace by its id generator.
    ///
    /// # Errors
    /// [`Error::Exporter`] for an endpoint that no exporter can be made for.
    pub fn builder(&self) -> Result<TracerProviderBuilder, Error> {
        let mut builder = SdkTracerProvider::builder()
            .with_resource(self.resource())
            .with_id_generator(IdGenerator::default());
        for endpoint in self.endpoints {
            builder = match endpoint.exporter {
                Exporter::Console => {
                    self.with_processor(builder, Simple, ConsoleExporter::new(&endpoint.url))
                }
                #[cfg(feature = "otlp-http")]
                Exporter::Http => {
                    self.with_processor(builder, Batch, super::http::exporter(endpoint)?)
                }
                #[cfg(feature = "otlp-grpc")]
                Exporter::Grpc => {
                    self.with_processor(builder, Batch, super::grpc::exporter(endpoint)?)
                }
                // Not in this build, and not in the request: `usable` has seen to it.
                #[allow(unreachable_patterns)]
                _ => builder,
            };
        }
        Ok(builder)
    }

    fn with_processor(
        &self,
        builder: TracerProviderBuilder,
        default: SpanProcessorType,
        exporter: impl SpanExporter + 'static,
    ) -> TracerProviderBuilder {
        match settings().span_processor.unwrap_or(default) {
            Simple => builder.with_span_processor(accounted(
                self.counters,
                exporter,
                usize::MAX,
                SimpleSpanProcessor::new,
            )),
            Batch => {
                let queue_size = env::var("OTEL_BSP_MAX_QUEUE_SIZE").ok();
                let queue_size = queue_size.and_then(|size| size.parse().ok());
                // The SDK's default.
                let queue_size = queue_size.unwrap_or(2048);
                let config = BatchConfigBuilder::default().with_max_queue_size(queue_size);
                let batch = |exporter| {
                    let builder = BatchSpanProcessor::builder(exporter);
                    builder.with_batch_config(config.build()).build()
                };
                builder.with_span_processor(accounted(self.counters, exporter, queue_size, batch))
            }
        }
    }

    fn resource(&self) -> Resource {
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        let mut attributes = vec![
            KeyValue::new("service.namespace", "tango"),
            KeyValue::new("host.name", host),
        ];
        if let Some(id) = self.service_instance_id {
            attributes.push(KeyValue::new("service.instance.id", id.to_string()));
        }
        // A builder without the SDK's default detectors, so that OTEL_RESOURCE_ATTRIBUTES comes after the others.
        Resource::builder_empty()
            .with_attributes(pairs(detected()))
            .with_attributes(pairs(&Resource::builder().build()))
            .with_service_name(self.service_name.to_string())
            .with_attributes(attributes)
            .build()
    }
}

thread_local! {
    static TRACE_ID: Cell<TraceId> = const { Cell::new(TraceId::INVALID) };
}

/// Runs `start`, which starts a span without a parent in this trace, if it is valid. With a factory's provider that has
/// another id generator it is a trace of its own.
pub(super) fn of_trace<T>(trace_id: TraceId, start: impl FnOnce() -> T) -> T {
    /// A sampler of the user's may panic.
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            TRACE_ID.set(TraceId::INVALID);
        }
    }
    let _reset = Reset;
    TRACE_ID.set(trace_id);
    start()
}

/// Random ids, but for what [`of_trace`] says.
#[derive(Debug, Default)]
struct IdGenerator(RandomIdGenerator);

impl trace::IdGenerator for IdGenerator {
    fn new_trace_id(&self) -> TraceId {
        match TRACE_ID.get() {
            TraceId::INVALID => self.0.new_trace_id(),
            known => known,
        }
    }

    fn new_span_id(&self) -> SpanId {
        self.0.new_span_id()
    }
}

/// What `OTEL_EXPERIMENTAL_RESOURCE_DETECTORS` asks for; once for the process, since one of them runs a program.
fn detected() -> &'static Resource {
    static DETECTED: OnceLock<Resource> = OnceLock::new();
    DETECTED.get_or_init(|| {
        let mut builder = Resource::builder_empty();
        for detector in &settings().resource_detectors {
            builder = builder.with_detector(match detector {
                ResourceDetector::Process => Box::new(ProcessResourceDetector),
                ResourceDetector::Container => Box::new(ContainerResourceDetector),
                ResourceDetector::Host => Box::new(HostResourceDetector::default()),
                ResourceDetector::Os => Box::new(OsResourceDetector),
            });
        }
        builder.build()
    })
}

fn pairs(resource: &Resource) -> impl Iterator<Item = KeyValue> {
    let pair = |(key, value): (&Key, &Value)| KeyValue::new(key.clone(), value.clone());
    resource.iter().map(pair)
}
