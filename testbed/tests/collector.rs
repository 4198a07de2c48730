// SPDX-License-Identifier: MIT OR Apache-2.0
//! Collectors that do not work behave as said.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;
use testbed::{DeadCollector, Failure};

/// Nothing comes within it that would not come later too.
const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(20);

fn connect(collector: &DeadCollector, timeout: Duration) -> std::io::Result<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, collector.port()));
    TcpStream::connect_timeout(&address, timeout)
}

#[test]
fn a_refused_port_refuses_and_is_nobody_elses() {
    let collector = DeadCollector::start(Failure::Refused).unwrap();
    for _ in 0..3 {
        let error = connect(&collector, LONG).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
    let error = TcpListener::bind((Ipv4Addr::LOCALHOST, collector.port())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[test]
fn a_silent_collector_reads_and_never_answers() {
    let collector = DeadCollector::start(Failure::Silent).unwrap();
    let mut streams: Vec<_> = (0..3).map(|_| connect(&collector, LONG).unwrap()).collect();
    for stream in &mut streams {
        stream.set_write_timeout(Some(LONG)).unwrap();
        // More than the kernel's buffers take: somebody reads it.
        let request = vec![b'x'; 32 << 20];
        stream.write_all(&request).unwrap();
        stream.set_read_timeout(Some(SHORT)).unwrap();
        let error = stream.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
    drop(collector);
    // Its connections end with it.
    assert!(!matches!(streams[0].read(&mut [0]), Ok(1..)));
}

#[test]
fn a_black_hole_neither_takes_nor_refuses_a_connection() {
    let collector = DeadCollector::start(Failure::BlackHole).unwrap();
    for _ in 0..3 {
        let error = connect(&collector, SHORT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}

#[test]
fn endpoints_are_as_tango_takes_them() {
    for failure in Failure::ALL {
        let collector = DeadCollector::start(failure).unwrap();
        let port = collector.port();
        let http = format!("http://127.0.0.1:{port}/v1/traces");
        let grpc = format!("grpc://127.0.0.1:{port}");
        assert_eq!(collector.http_endpoint(), http);
        assert_eq!(collector.grpc_endpoint(), grpc);
        for (environment, exporter, endpoint) in [
            (collector.environment(), "http", http),
            (collector.grpc_environment(), "grpc", grpc),
        ] {
            let of = |name| environment.iter().find(|(other, _)| *other == name);
            assert_eq!(of("TANGO_TELEMETRY_TRACING_EXPORTERS").unwrap().1, exporter);
            assert_eq!(of("TANGO_TELEMETRY_TRACING_ENDPOINTS").unwrap().1, endpoint);
        }
    }
}
