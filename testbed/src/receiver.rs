// SPDX-License-Identifier: MIT OR Apache-2.0
//! An OTLP receiver as a real collector would be one: gRPC and HTTP, traces and logs, each over a socket of its own.

use crate::span::{LogRecord, Span, hex_id, logs_of, spans_of};
use anyhow::{Context, Result, bail};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use cpptango_telemetry::RUNTIME_CONFIGURATION_SUPPORTED;
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tonic::codec::CompressionEncoding;

/// More than any exporter sends at once.
const MAX_BODY: usize = 64 << 20;

/// A running OTLP receiver; dropping it closes its ports.
pub struct Receiver {
    store: Arc<Store>,
    http_port: u16,
    grpc_port: u16,
    /// Dropping it is what ends the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Starts a receiver on two free ports.
    pub fn start() -> Result<Receiver> {
        Receiver::start_on(0, 0)
    }

    /// The same for measurements: it takes spans by http at the least cost, and reads them when [`spans`](Self::spans)
    /// asks for them; it cannot wait for them.
    pub fn start_lazy() -> Result<Receiver> {
        let receiver = Receiver::start()?;
        receiver.store.lazy.store(true, Ordering::Relaxed);
        Ok(receiver)
    }

    /// Starts a receiver on these ports; 0 is any free one.
    pub fn start_on(http_port: u16, grpc_port: u16) -> Result<Receiver> {
        let http = listen(http_port, "HTTP")?;
        let grpc = listen(grpc_port, "gRPC")?;
        let (http_port, grpc_port) = (http.local_addr()?.port(), grpc.local_addr()?.port());
        let store = Arc::new(Store::default());
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        {
            let _inside = runtime.enter();
            runtime.spawn(serve_http(
                tokio::net::TcpListener::from_std(http)?,
                store.clone(),
            ));
            runtime.spawn(serve_grpc(
                tokio::net::TcpListener::from_std(grpc)?,
                store.clone(),
            ));
        }
        let thread = std::thread::Builder::new()
            .name("otlp-receiver".into())
            // The runtime ends with this closure, and with it both listeners and all connections.
            .spawn(move || drop(runtime.block_on(stopped)))?;
        Ok(Receiver {
            store,
            http_port,
            grpc_port,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The environment of a process with telemetry of type `tracing` on, whose spans come here by http; Rust's soon.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        environment("http", self.http_endpoint())
    }

    /// The same by grpc.
    pub fn grpc_environment(&self) -> Vec<(&'static str, String)> {
        environment("grpc", self.grpc_endpoint())
    }

    /// Where to send traces by OTLP/HTTP.
    pub fn http_endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/v1/traces", self.http_port)
    }

    /// Where to send logs by OTLP/HTTP.
    pub fn http_logs_endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/v1/logs", self.http_port)
    }

    /// Where to send traces and logs by OTLP/gRPC, in the form in which Tango takes it.
    pub fn grpc_endpoint(&self) -> String {
        format!("grpc://127.0.0.1:{}", self.grpc_port)
    }

    /// All spans received so far.
    pub fn spans(&self) -> Vec<Span> {
        let mut received = self.store.lock();
        for body in std::mem::take(&mut received.unread) {
            match ExportTraceServiceRequest::decode(body) {
                Ok(request) => received.spans.extend(spans_of(&request)),
                Err(error) => received.refused.push(error.to_string()),
            }
        }
        received.spans.clone()
    }

    /// The same, and forgets all that was received so far.
    pub fn take(&self) -> Vec<Span> {
        std::mem::take(&mut *self.store.lock()).spans
    }

    /// All log records received so far.
    pub fn logs(&self) -> Vec<LogRecord> {
        self.store.lock().logs.clone()
    }

    /// The headers of all requests received so far, by http and by grpc.
    pub fn headers(&self) -> Vec<HeaderMap> {
        self.store.lock().headers.clone()
    }

    /// The number of requests received so far, also those with logs and those that were refused.
    pub fn requests(&self) -> usize {
        self.store.lock().requests
    }

    /// Forgets all that was received so far.
    pub fn clear(&self) {
        *self.store.lock() = Received::default();
    }

    /// Waits until `done` says yes to the spans received so far, and returns them. `what` is what is waited for, as
    /// the error names it. `done` runs while the receiver is locked and must not call it.
    pub fn wait_for(
        &self,
        what: &str,
        timeout: Duration,
        mut done: impl FnMut(&[Span]) -> bool,
    ) -> Result<Vec<Span>> {
        match self.store.wait(timeout, |received| done(&received.spans)) {
            Ok(received) => Ok(received.spans.clone()),
            Err(received) => bail!(
                "waited {timeout:?} in vain for {what}; {} spans arrived in {} requests:{}",
                received.spans.len(),
                received.requests,
                received.lines(received.spans.iter().map(Span::to_string)),
            ),
        }
    }

    /// The same as [`wait_for`](Self::wait_for), for log records.
    pub fn wait_for_logs(
        &self,
        what: &str,
        timeout: Duration,
        mut done: impl FnMut(&[LogRecord]) -> bool,
    ) -> Result<Vec<LogRecord>> {
        match self.store.wait(timeout, |received| done(&received.logs)) {
            Ok(received) => Ok(received.logs.clone()),
            Err(received) => bail!(
                "waited {timeout:?} in vain for {what}; {} log records arrived in {} requests:{}",
                received.logs.len(),
                received.requests,
                received.lines(received.logs.iter().map(|log| format!("{log:?}"))),
            ),
        }
    }

    /// All spans received so far as one `ExportTraceServiceRequest` in OTLP/JSON.
    pub fn to_otlp_json(&self) -> serde_json::Value {
        self.otlp_json(|_| true)
    }

    /// The spans of one trace as one `ExportTraceServiceRequest` in OTLP/JSON.
    pub fn trace_to_otlp_json(&self, trace_id: &str) -> serde_json::Value {
        self.otlp_json(|id| hex_id(id) == trace_id)
    }

    /// Writes all spans received so far to a file as OTLP/JSON; makes its directory if it has to.
    pub fn write_otlp_json(&self, path: impl AsRef<Path>) -> Result<()> {
        write_json(path.as_ref(), &self.to_otlp_json())
    }

    /// Writes the spans of one trace to a file as OTLP/JSON; makes its directory if it has to.
    pub fn write_trace_otlp_json(&self, trace_id: &str, path: impl AsRef<Path>) -> Result<()> {
        write_json(path.as_ref(), &self.trace_to_otlp_json(trace_id))
    }

    fn otlp_json(&self, wanted: impl Fn(&[u8]) -> bool) -> serde_json::Value {
        let mut all = ExportTraceServiceRequest::default();
        for request in &self.store.lock().traces {
            all.resource_spans
                .extend(request.resource_spans.iter().cloned());
        }
        for of_resource in &mut all.resource_spans {
            for of_scope in &mut of_resource.scope_spans {
                of_scope.spans.retain(|span| wanted(&span.trace_id));
            }
            of_resource
                .scope_spans
                .retain(|of_scope| !of_scope.spans.is_empty());
        }
        all.resource_spans
            .retain(|of_resource| !of_resource.scope_spans.is_empty());
        serde_json::to_value(&all).expect("OTLP messages have string keys only")
    }
}

pub(crate) fn environment(exporter: &str, endpoint: String) -> Vec<(&'static str, String)> {
    let [exporter_variable, endpoint_variable] = if RUNTIME_CONFIGURATION_SUPPORTED {
        [
            "TANGO_TELEMETRY_TRACING_EXPORTERS",
            "TANGO_TELEMETRY_TRACING_ENDPOINTS",
        ]
    } else {
        [
            "TANGO_TELEMETRY_TRACES_EXPORTER",
            "TANGO_TELEMETRY_TRACES_ENDPOINT",
        ]
    };
    let no_logs = if RUNTIME_CONFIGURATION_SUPPORTED {
        ("TANGO_TELEMETRY_TYPES", "tracing")
    } else {
        ("TANGO_TELEMETRY_LOGS_EXPORTER", "none")
    };
    vec![
        ("TANGO_TELEMETRY_ENABLE", "on".to_string()),
        (no_logs.0, no_logs.1.to_string()),
        (exporter_variable, exporter.to_string()),
        (endpoint_variable, endpoint),
        // In ms; cppTango has no such variable.
        ("OTEL_BSP_SCHEDULE_DELAY", "100".to_string()),
    ]
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Joined so that the ports are closed when drop returns. A panic of the thread has been printed already.
            let _ = thread.join();
        }
    }
}

fn listen(port: u16, protocol: &str) -> Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("cannot receive OTLP/{protocol} on 127.0.0.1 port {port}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn write_json(path: &Path, json: &serde_json::Value) -> Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot make the directory {}", directory.display()))?;
    }
    std::fs::write(path, format!("{json:#}\n"))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// What was received, and the means to wait for more of it.
#[derive(Default)]
struct Store {
    lazy: AtomicBool,
    received: Mutex<Received>,
    changed: Condvar,
}

#[derive(Default)]
struct Received {
    spans: Vec<Span>,
    logs: Vec<LogRecord>,
    /// Of a lazy receiver.
    unread: Vec<Bytes>,
    /// As they came, for OTLP/JSON.
    traces: Vec<ExportTraceServiceRequest>,
    requests: usize,
    headers: Vec<HeaderMap>,
    /// Why requests were refused.
    refused: Vec<String>,
}

impl Received {
    /// The lines of a failure message.
    fn lines(&self, items: impl Iterator<Item = String>) -> String {
        let refused = self
            .refused
            .iter()
            .map(|why| format!("refused a request: {why}"));
        items
            .chain(refused)
            .map(|line| format!("\n  {line}"))
            .collect()
    }
}

type Guard<'a> = MutexGuard<'a, Received>;

impl Store {
    /// A test's panic in `done` must not hide what was received from the tests after it.
    fn lock(&self) -> Guard<'_> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a condition; on timeout the guard comes back as an error.
    fn wait(
        &self,
        timeout: Duration,
        mut done: impl FnMut(&Received) -> bool,
    ) -> std::result::Result<Guard<'_>, Guard<'_>> {
        let deadline = Instant::now() + timeout;
        let mut received = self.lock();
        loop {
            if done(&received) {
                return Ok(received);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(received);
            }
            received = (self.changed.wait_timeout(received, left))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn change(&self, headers: HeaderMap, change: impl FnOnce(&mut Received)) {
        let mut received = self.lock();
        received.requests += 1;
        received.headers.push(headers);
        change(&mut received);
        self.changed.notify_all();
    }

    fn add_traces(&self, headers: HeaderMap, request: ExportTraceServiceRequest) {
        self.change(headers, |received| {
            received.spans.extend(spans_of(&request));
            received.traces.push(request);
        });
    }

    fn add_logs(&self, headers: HeaderMap, request: ExportLogsServiceRequest) {
        self.change(headers, |received| received.logs.extend(logs_of(&request)));
    }
}

async fn serve_http(listener: tokio::net::TcpListener, store: Arc<Store>) {
    let router = axum::Router::new()
        .fallback(http_request)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(store);
    if let Err(error) = axum::serve(listener, router).await {
        eprintln!("the OTLP/HTTP receiver stopped: {error}");
    }
}

async fn http_request(
    State(store): State<Arc<Store>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name| {
        headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap_or("?"))
    };
    let (content_type, encoding) = (
        header(header::CONTENT_TYPE),
        header(header::CONTENT_ENCODING),
    );
    let refuse = |status: StatusCode, why: String| {
        let why = format!("{method} {uri}: {why}");
        store.change(headers.clone(), |received| {
            received.refused.push(why.clone())
        });
        (status, why).into_response()
    };
    let is_traces = uri.path().ends_with("/v1/traces");
    if !is_traces && !uri.path().ends_with("/v1/logs") {
        return refuse(
            StatusCode::NOT_FOUND,
            "the path must end in /v1/traces or /v1/logs".into(),
        );
    }
    if method != Method::POST {
        return refuse(
            StatusCode::METHOD_NOT_ALLOWED,
            "only POST is allowed".into(),
        );
    }
    let body = match (content_type.starts_with("application/x-protobuf"), encoding) {
        (true, "" | "identity") => body,
        (true, "gzip") => match decompressed(&body) {
            Ok(body) => body,
            Err(error) => return refuse(StatusCode::BAD_REQUEST, error.to_string()),
        },
        _ => {
            let why = format!(
                "only plain or gzip application/x-protobuf is read, this is '{content_type}' encoded as '{encoding}'"
            );
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, why);
        }
    };
    let answer = if is_traces && store.lazy.load(Ordering::Relaxed) {
        store.lock().unread.push(body);
        Ok(ExportTraceServiceResponse::default().encode_to_vec())
    } else if is_traces {
        ExportTraceServiceRequest::decode(body).map(|request| {
            store.add_traces(headers.clone(), request);
            ExportTraceServiceResponse::default().encode_to_vec()
        })
    } else {
        ExportLogsServiceRequest::decode(body).map(|request| {
            store.add_logs(headers.clone(), request);
            ExportLogsServiceResponse::default().encode_to_vec()
        })
    };
    match answer {
        Ok(body) => ([(header::CONTENT_TYPE, "application/x-protobuf")], body).into_response(),
        Err(error) => refuse(StatusCode::BAD_REQUEST, error.to_string()),
    }
}

fn decompressed(body: &[u8]) -> std::io::Result<Bytes> {
    let mut plain = Vec::new();
    let limit = MAX_BODY as u64;
    GzDecoder::new(body).take(limit).read_to_end(&mut plain)?;
    Ok(plain.into())
}

async fn serve_grpc(listener: tokio::net::TcpListener, store: Arc<Store>) {
    let service = Grpc(store);
    let served = tonic::transport::Server::builder()
        .add_service(
            TraceServiceServer::new(service.clone())
                .max_decoding_message_size(MAX_BODY)
                .accept_compressed(CompressionEncoding::Gzip),
        )
        .add_service(
            LogsServiceServer::new(service)
                .max_decoding_message_size(MAX_BODY)
                .accept_compressed(CompressionEncoding::Gzip),
        )
        .serve_with_incoming(tonic::transport::server::TcpIncoming::from(listener))
        .await;
    if let Err(error) = served {
        eprintln!("the OTLP/gRPC receiver stopped: {error}");
    }
}

#[derive(Clone)]
struct Grpc(Arc<Store>);

#[tonic::async_trait]
impl TraceService for Grpc {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> std::result::Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let headers = request.metadata().clone().into_headers();
        self.0.add_traces(headers, request.into_inner());
        Ok(tonic::Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Grpc {
    async fn export(
        &self,
        request: tonic::Request<ExportLogsServiceRequest>,
    ) -> std::result::Result<tonic::Response<ExportLogsServiceResponse>, tonic::Status> {
        let headers = request.metadata().clone().into_headers();
        self.0.add_logs(headers, request.into_inner());
        Ok(tonic::Response::new(ExportLogsServiceResponse::default()))
    }
}
