// SPDX-License-Identifier: MIT OR Apache-2.0
//! The receiver, over both of its protocols.

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use prost::Message;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use testbed::{Kind, Receiver};

const LONG: Duration = Duration::from_secs(20);

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(AnyValue { value: Some(value) }),
        ..Default::default()
    }
}

fn resource() -> Option<Resource> {
    let text = |key, value: &str| attribute(key, Value::StringValue(value.into()));
    let attributes = vec![
        text("service.name", "Leader"),
        text("service.instance.id", "test/leader/1"),
        text("telemetry.sdk.language", "rust"),
    ];
    Some(Resource {
        attributes,
        ..Default::default()
    })
}

fn traces(trace: u8, name: &str) -> ExportTraceServiceRequest {
    let span = Span {
        trace_id: vec![trace; 16],
        span_id: vec![0xab; 8],
        parent_span_id: vec![0; 8],
        trace_state: "vendor=1".into(),
        flags: 0x301,
        name: name.into(),
        kind: span::SpanKind::Server as i32,
        start_time_unix_nano: 1_700_000_000_000_000_001,
        end_time_unix_nano: 1_700_000_000_000_000_002,
        attributes: vec![attribute("thread.id", Value::IntValue(42))],
        status: Some(Status {
            code: 2,
            message: "bad".into(),
        }),
        events: vec![span::Event {
            name: "exception".into(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let scope = InstrumentationScope {
        name: "tango.rust.server".into(),
        version: "1.2".into(),
        ..Default::default()
    };
    let of_scope = ScopeSpans {
        scope: Some(scope),
        spans: vec![span],
        ..Default::default()
    };
    let of_resource = ResourceSpans {
        resource: resource(),
        scope_spans: vec![of_scope],
        ..Default::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![of_resource],
    }
}

fn logs() -> ExportLogsServiceRequest {
    let record = LogRecord {
        body: Some(AnyValue {
            value: Some(Value::StringValue("hello".into())),
        }),
        severity_text: "INFO".into(),
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        ..Default::default()
    };
    let of_scope = ScopeLogs {
        log_records: vec![record],
        ..Default::default()
    };
    let of_resource = ResourceLogs {
        resource: resource(),
        scope_logs: vec![of_scope],
        ..Default::default()
    };
    ExportLogsServiceRequest {
        resource_logs: vec![of_resource],
    }
}

/// The status code and the body of the answer.
fn post(url: &str, content_type: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let (host, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let head = format!(
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    let status = std::str::from_utf8(&answer[9..12])
        .unwrap()
        .parse()
        .unwrap();
    (status, answer.split_off(head + 4))
}

fn post_traces(receiver: &Receiver, request: ExportTraceServiceRequest) -> (u16, Vec<u8>) {
    post(
        &receiver.http_endpoint(),
        "application/x-protobuf",
        &request.encode_to_vec(),
    )
}

#[test]
fn traces_and_logs_arrive_by_http() {
    let receiver = Receiver::start().unwrap();
    let (status, body) = post_traces(&receiver, traces(1, "Leader.Go"));
    assert_eq!(status, 200);
    assert_eq!(
        ExportTraceServiceResponse::decode(&*body).unwrap(),
        Default::default()
    );

    let span = &receiver
        .wait_for("a span", LONG, |spans| !spans.is_empty())
        .unwrap()[0];
    assert_eq!(span.trace_id, "01".repeat(16));
    assert_eq!(span.span_id, "ab".repeat(8));
    assert_eq!(span.parent_span_id, "");
    assert_eq!((span.name.as_str(), span.kind), ("Leader.Go", Kind::Server));
    assert_eq!(
        (span.start, span.end),
        (1_700_000_000_000_000_001, 1_700_000_000_000_000_002)
    );
    assert_eq!(
        (span.flags, span.sampled(), span.trace_state.as_str()),
        (0x301, true, "vendor=1")
    );
    assert_eq!(
        (span.attr("thread.id"), span.attr("other")),
        (Some("42"), None)
    );
    assert_eq!(span.status, testbed::Status::Error("bad".into()));
    assert_eq!(span.events[0].name, "exception");
    assert_eq!(
        (span.scope.as_str(), span.scope_version.as_str()),
        ("tango.rust.server", "1.2")
    );
    let who = (span.service(), span.instance(), span.language());
    assert_eq!(who, ("Leader", "test/leader/1", "rust"));

    let (status, body) = post(
        &receiver.http_logs_endpoint(),
        "application/x-protobuf",
        &logs().encode_to_vec(),
    );
    assert_eq!(status, 200);
    assert_eq!(
        ExportLogsServiceResponse::decode(&*body).unwrap(),
        Default::default()
    );
    let log = &receiver
        .wait_for_logs("a log record", LONG, |logs| !logs.is_empty())
        .unwrap()[0];
    assert_eq!(
        (log.body.as_str(), log.severity.as_str()),
        ("hello", "INFO")
    );
    assert_eq!(
        (log.trace_id.clone(), log.span_id.clone()),
        ("01".repeat(16), "02".repeat(8))
    );
    assert_eq!((log.service(), log.instance()), ("Leader", "test/leader/1"));

    assert_eq!(receiver.requests(), 2);
    receiver.clear();
    assert_eq!(
        (
            receiver.requests(),
            receiver.spans().len(),
            receiver.logs().len()
        ),
        (0, 0, 0)
    );
}

#[test]
fn traces_and_logs_arrive_by_grpc() {
    let receiver = Receiver::start().unwrap();
    let endpoint = receiver.grpc_endpoint().replace("grpc://", "http://");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut client = TraceServiceClient::connect(endpoint.clone()).await.unwrap();
        client.export(traces(1, "Leader.Go")).await.unwrap();
        let mut client = LogsServiceClient::connect(endpoint).await.unwrap();
        client.export(logs()).await.unwrap();
    });
    assert_eq!(receiver.spans()[0].name, "Leader.Go");
    assert_eq!(receiver.logs()[0].body, "hello");
}

#[test]
fn otlp_json_has_hex_ids_and_can_be_one_trace_only() {
    let receiver = Receiver::start().unwrap();
    post_traces(&receiver, traces(1, "one"));
    post_traces(&receiver, traces(2, "two"));
    let json = receiver.to_otlp_json();
    assert_eq!(json["resourceSpans"].as_array().unwrap().len(), 2);
    let span = &json["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(span["traceId"], "01".repeat(16));
    assert_eq!(span["spanId"], "ab".repeat(8));
    assert_eq!(span["startTimeUnixNano"], "1700000000000000001");
    assert_eq!(span["kind"], 2);
    assert_eq!(span["attributes"][0]["value"]["intValue"], "42");

    let path = std::env::temp_dir().join(format!("testbed-{}/trace.json", std::process::id()));
    receiver
        .write_trace_otlp_json(&"02".repeat(16), &path)
        .unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    let read: ExportTraceServiceRequest = serde_json::from_str(&text).unwrap();
    assert_eq!(read, traces(2, "two"));
}

#[test]
fn a_wait_in_vain_names_what_it_waited_for_and_what_came() {
    let receiver = Receiver::start().unwrap();
    post_traces(&receiver, traces(1, "Leader.Go"));
    assert_eq!(
        post(&receiver.http_endpoint(), "application/json", b"{}").0,
        415
    );
    assert_eq!(post_traces(&receiver, traces(1, "Leader.Stop")).0, 200);
    let http = receiver.http_endpoint();
    assert_eq!(
        post(
            &http.replace("traces", "metrics"),
            "application/x-protobuf",
            b""
        )
        .0,
        404
    );
    assert_eq!(post(&http, "application/x-protobuf", b"no protobuf").0, 400);
    let error = receiver
        .wait_for("the moon", Duration::from_millis(50), |_| false)
        .unwrap_err();
    let text = error.to_string();
    let lines: Vec<_> = text.lines().collect();
    let head = "waited 50ms in vain for the moon; 2 spans arrived in 5 requests:";
    assert_eq!(lines[0], head);
    assert_eq!(lines.len(), 6, "{text}");
    let span = "  Leader test/leader/1 [rust, tango.rust.server] Leader.Go server ";
    assert!(lines[1].starts_with(span), "{text}");
    assert!(
        lines[3].contains("refused a request: POST /v1/traces: only plain "),
        "{text}"
    );
}

#[test]
fn a_port_in_use_is_named_and_a_dropped_receiver_frees_its_ports() {
    let receiver = Receiver::start().unwrap();
    let port = |url: String| -> u16 {
        url.trim_end_matches("/v1/traces")
            .rsplit(':')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    };
    let (http, grpc) = (
        port(receiver.http_endpoint()),
        port(receiver.grpc_endpoint()),
    );
    for (ports, used) in [((http, 0), http), ((0, grpc), grpc)] {
        let error = Receiver::start_on(ports.0, ports.1).err().unwrap();
        assert!(
            error
                .to_string()
                .ends_with(&format!("on 127.0.0.1 port {used}")),
            "{error}"
        );
    }
    // An open connection must not keep the receiver alive.
    let _connection = TcpStream::connect(("127.0.0.1", http)).unwrap();
    drop(receiver);
    Receiver::start_on(http, grpc).unwrap();
}
