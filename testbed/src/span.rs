// SPDX-License-Identifier: MIT OR Apache-2.0
//! Spans and log records as tests want to read them: flat, with hex ids and text values.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1 as otlp;
use std::collections::BTreeMap;
use std::fmt;

/// Attributes with their values as text: `42`, `true`, `[a, b]`.
pub type Attributes = BTreeMap<String, String>;

/// A span as it was received, together with its resource and instrumentation scope.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    /// 32 hex digits.
    pub trace_id: String,
    /// 16 hex digits.
    pub span_id: String,
    /// 16 hex digits; empty for a root span.
    pub parent_span_id: String,
    /// The W3C trace flags in bits 0 to 7; bits 8 and 9 say whether the parent is remote.
    pub flags: u32,
    /// The W3C `tracestate`.
    pub trace_state: String,
    /// The span's name.
    pub name: String,
    /// The span's kind.
    pub kind: Kind,
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970.
    pub end: u64,
    /// The span's own attributes.
    pub attributes: Attributes,
    /// The span's status.
    pub status: Status,
    /// The span's events, in the order in which they were added.
    pub events: Vec<Event>,
    /// The attributes of the resource that the span belongs to.
    pub resource: Attributes,
    /// The name of the instrumentation scope.
    pub scope: String,
    /// The version of the instrumentation scope.
    pub scope_version: String,
}

/// The kind of a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the names are OpenTelemetry's own
pub enum Kind {
    #[default]
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

/// The status of a span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Nobody set a status.
    #[default]
    Unset,
    /// Set to success.
    Ok,
    /// Set to failure, with this text.
    Error(String),
}

/// An event of a span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The event's name, for example `exception`.
    pub name: String,
    /// The event's attributes.
    pub attributes: Attributes,
}

/// A log record as it was received, together with its resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogRecord {
    /// The message.
    pub body: String,
    /// When it was logged, in nanoseconds since 1970.
    pub time: u64,
    /// The severity as text, for example `INFO`.
    pub severity: String,
    /// 32 hex digits; empty outside any trace.
    pub trace_id: String,
    /// 16 hex digits; empty outside any span.
    pub span_id: String,
    /// The record's own attributes.
    pub attributes: Attributes,
    /// The attributes of the resource that the record belongs to.
    pub resource: Attributes,
}

impl Span {
    /// The resource's `service.name`; empty if there is none.
    pub fn service(&self) -> &str {
        text(&self.resource, "service.name")
    }

    /// The resource's `service.instance.id`; empty if there is none.
    pub fn instance(&self) -> &str {
        text(&self.resource, "service.instance.id")
    }

    /// The resource's `telemetry.sdk.language`: `cpp` or `rust`; empty if there is none.
    pub fn language(&self) -> &str {
        text(&self.resource, "telemetry.sdk.language")
    }

    /// The value of one of the span's own attributes.
    pub fn attr(&self, key: &str) -> Option<&str> {
        self.attributes.get(key).map(String::as_str)
    }

    /// Whether the W3C sampled flag is set.
    pub fn sampled(&self) -> bool {
        self.flags & 1 == 1
    }
}

impl LogRecord {
    /// The resource's `service.name`; empty if there is none.
    pub fn service(&self) -> &str {
        text(&self.resource, "service.name")
    }

    /// The resource's `service.instance.id`; empty if there is none.
    pub fn instance(&self) -> &str {
        text(&self.resource, "service.instance.id")
    }
}

impl Kind {
    /// The kind in lower case, as in a table.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Unspecified => "-",
            Kind::Internal => "internal",
            Kind::Server => "server",
            Kind::Client => "client",
            Kind::Producer => "producer",
            Kind::Consumer => "consumer",
        }
    }
}

impl fmt::Display for Span {
    /// One line that tells a span from others in a failure message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parent = if self.parent_span_id.is_empty() {
            "none"
        } else {
            &self.parent_span_id
        };
        write!(
            f,
            "{} {} [{}, {}] {} {} (trace {}, span {}, parent {parent})",
            self.service(),
            self.instance(),
            self.language(),
            self.scope,
            self.name,
            self.kind.as_str(),
            self.trace_id,
            self.span_id,
        )?;
        match &self.status {
            Status::Error(message) => write!(f, " error: {message}"),
            _ => Ok(()),
        }
    }
}

/// The spans of a request.
pub(crate) fn spans_of(request: &ExportTraceServiceRequest) -> Vec<Span> {
    let mut spans = Vec::new();
    for of_resource in &request.resource_spans {
        let resource = resource_attributes(of_resource.resource.as_ref());
        for of_scope in &of_resource.scope_spans {
            let scope = of_scope.scope.clone().unwrap_or_default();
            spans.extend(of_scope.spans.iter().map(|span| Span {
                resource: resource.clone(),
                scope: scope.name.clone(),
                scope_version: scope.version.clone(),
                ..own_fields(span)
            }));
        }
    }
    spans
}

/// What the span itself says, without its resource and scope.
fn own_fields(span: &otlp::Span) -> Span {
    use otlp::span::SpanKind;
    use otlp::status::StatusCode;
    Span {
        trace_id: hex_id(&span.trace_id),
        span_id: hex_id(&span.span_id),
        parent_span_id: hex_id(&span.parent_span_id),
        flags: span.flags,
        trace_state: span.trace_state.clone(),
        name: function(&span.name).to_string(),
        kind: match span.kind() {
            SpanKind::Unspecified => Kind::Unspecified,
            SpanKind::Internal => Kind::Internal,
            SpanKind::Server => Kind::Server,
            SpanKind::Client => Kind::Client,
            SpanKind::Producer => Kind::Producer,
            SpanKind::Consumer => Kind::Consumer,
        },
        start: span.start_time_unix_nano,
        end: span.end_time_unix_nano,
        attributes: attributes(&span.attributes),
        status: match span.status.as_ref().map(|s| (s.code(), &s.message)) {
            None | Some((StatusCode::Unset, _)) => Status::Unset,
            Some((StatusCode::Ok, _)) => Status::Ok,
            Some((StatusCode::Error, message)) => Status::Error(message.clone()),
        },
        events: (span.events.iter())
            .map(|e| Event {
                name: e.name.clone(),
                attributes: attributes(&e.attributes),
            })
            .collect(),
        ..Span::default()
    }
}

/// The log records of a request.
pub(crate) fn logs_of(request: &ExportLogsServiceRequest) -> Vec<LogRecord> {
    let mut records = Vec::new();
    for of_resource in &request.resource_logs {
        let resource = resource_attributes(of_resource.resource.as_ref());
        for record in of_resource.scope_logs.iter().flat_map(|s| &s.log_records) {
            records.push(LogRecord {
                body: value_text(record.body.as_ref()),
                time: record.time_unix_nano,
                severity: record.severity_text.clone(),
                trace_id: hex_id(&record.trace_id),
                span_id: hex_id(&record.span_id),
                attributes: attributes(&record.attributes),
                resource: resource.clone(),
            });
        }
    }
    records
}

/// Lower-case hex; empty for an absent id, which some exporters send as zeroes.
pub(crate) fn hex_id(id: &[u8]) -> String {
    if id.iter().all(|byte| *byte == 0) {
        String::new()
    } else {
        hex(id)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text<'a>(attributes: &'a Attributes, key: &str) -> &'a str {
    attributes.get(key).map_or("", String::as_str)
}

fn resource_attributes(resource: Option<&Resource>) -> Attributes {
    resource
        .map(|r| attributes(&r.attributes))
        .unwrap_or_default()
}

fn attributes(pairs: &[KeyValue]) -> Attributes {
    pairs
        .iter()
        .map(|pair| (pair.key.clone(), value_text(pair.value.as_ref())))
        .collect()
}

fn value_text(value: Option<&AnyValue>) -> String {
    match value.and_then(|v| v.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::DoubleValue(value)) => value.to_string(),
        Some(Value::BytesValue(bytes)) => hex(bytes),
        Some(Value::ArrayValue(array)) => {
            let values: Vec<_> = array.values.iter().map(|v| value_text(Some(v))).collect();
            format!("[{}]", values.join(", "))
        }
        Some(Value::KvlistValue(list)) => format!("{:?}", attributes(&list.values)),
        // The rest of the variants belong to the profiling signal.
        _ => String::new(),
    }
}

/// cppTango 10.0 names its spans after the whole signature: `virtual void Class::method(int)`.
fn function(name: &str) -> &str {
    match name.split_once('(') {
        Some((before, _)) if before.contains("::") => {
            let start = before.rfind([' ', '*', '&']).map_or(0, |space| space + 1);
            &before[start..]
        }
        _ => name,
    }
}
