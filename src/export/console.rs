// SPDX-License-Identifier: MIT OR Apache-2.0
//! The `console` exporter: the same text as opentelemetry-cpp's, so that the spans of both halves read alike.
//! (opentelemetry-stdout knows neither that form nor standard error.)

use std::{
    fmt::Write as _,
    io::{self, Write},
    time::UNIX_EPOCH,
};

use opentelemetry::trace::{SpanId, Status};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanExporter},
};

#[derive(Debug)]
pub(super) struct ConsoleExporter {
    to_stderr: bool,
    resource: Resource,
}

impl ConsoleExporter {
    /// `endpoint` is `cout` or `cerr`, as cppTango has checked.
    pub(super) fn new(endpoint: &str) -> Self {
        Self {
            to_stderr: endpoint == "cerr",
            resource: Resource::builder_empty().build(),
        }
    }
}

impl SpanExporter for ConsoleExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut text = String::new();
        for span in &batch {
            // Writing to a String cannot fail.
            let _ = write_span(&mut text, span, &self.resource);
        }
        // At once, so that spans of different threads do not mix.
        let written = if self.to_stderr {
            io::stderr().write_all(text.as_bytes())
        } else {
            io::stdout().write_all(text.as_bytes())
        };
        written.map_err(|error| OTelSdkError::InternalFailure(error.to_string()))
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.clone();
    }
}

fn write_span(text: &mut String, span: &SpanData, resource: &Resource) -> std::fmt::Result {
    let cx = &span.span_context;
    let parent = match span.parent_span_id {
        SpanId::INVALID => "0000000000000000".to_string(),
        id => id.to_string(),
    };
    let start = span
        .start_time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let duration = span
        .end_time
        .duration_since(span.start_time)
        .unwrap_or_default();
    let (status, description) = match &span.status {
        Status::Unset => ("Unset", ""),
        Status::Ok => ("Ok", ""),
        Status::Error { description } => ("Error", description.as_ref()),
    };
    writeln!(text, "{{")?;
    writeln!(text, "  name          : {}", span.name)?;
    writeln!(text, "  trace_id      : {}", cx.trace_id())?;
    writeln!(text, "  span_id       : {}", cx.span_id())?;
    writeln!(text, "  tracestate    : {}", cx.trace_state().header())?;
    writeln!(text, "  parent_span_id: {parent}")?;
    writeln!(text, "  start         : {}", start.as_nanos())?;
    writeln!(text, "  duration      : {}", duration.as_nanos())?;
    writeln!(text, "  description   : {description}")?;
    writeln!(text, "  span kind     : {:?}", span.span_kind)?;
    writeln!(text, "  status        : {status}")?;
    writeln!(text, "  attributes    : ")?;
    for attribute in &span.attributes {
        writeln!(text, "\t{}: {}", attribute.key, attribute.value)?;
    }
    writeln!(text, "  events        : ")?;
    for event in span.events.iter() {
        writeln!(text, "\t{{")?;
        let time = event
            .timestamp
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        writeln!(text, "\t  name          : {}", event.name)?;
        writeln!(text, "\t  timestamp     : {}", time.as_nanos())?;
        writeln!(text, "\t  attributes    : ")?;
        for attribute in &event.attributes {
            writeln!(text, "\t\t{}: {}", attribute.key, attribute.value)?;
        }
        writeln!(text, "\t}}")?;
    }
    writeln!(text, "  links         : ")?;
    for link in span.links.iter() {
        let cx = &link.span_context;
        writeln!(text, "\t{{")?;
        writeln!(text, "\t  trace_id      : {}", cx.trace_id())?;
        writeln!(text, "\t  span_id       : {}", cx.span_id())?;
        writeln!(text, "\t  tracestate    : {}", cx.trace_state().header())?;
        writeln!(text, "\t  attributes    : ")?;
        for attribute in &link.attributes {
            writeln!(text, "\t\t{}: {}", attribute.key, attribute.value)?;
        }
        writeln!(text, "\t}}")?;
    }
    writeln!(text, "  resources     : ")?;
    for (key, value) in resource.iter() {
        writeln!(text, "\t{key}: {value}")?;
    }
    let scope = &span.instrumentation_scope;
    let version = scope.version().unwrap_or_default();
    writeln!(text, "  instr-lib     : {}-{version}", scope.name())?;
    writeln!(text, "}}")
}
