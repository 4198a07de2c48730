// SPDX-License-Identifier: MIT OR Apache-2.0
//! Collectors that do not work.

use crate::receiver::environment;
use anyhow::{Context, Result, bail, ensure};
use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a connection to this machine may take; much more than it needs.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// More connections than the kernel makes of a backlog of 0.
const MAX_BACKLOG: usize = 16;

/// How a collector does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody listens: the kernel refuses connections at once.
    Refused,
    /// It accepts connections and reads what comes, but never answers.
    Silent,
    /// Packets go nowhere: a connection is neither accepted nor refused.
    BlackHole,
}

impl Failure {
    /// All of them.
    pub const ALL: [Failure; 3] = [Failure::Refused, Failure::Silent, Failure::BlackHole];
}

/// A collector that does not work, at a port of its own that nobody else gets before it is dropped.
pub struct DeadCollector {
    port: u16,
    _held: Held,
}

/// What makes a collector behave as it does; never read.
enum Held {
    Bound {
        _socket: OwnedFd,
    },
    Reader {
        _reader: Reader,
    },
    Full {
        _listener: OwnedFd,
        _queued: Vec<TcpStream>,
    },
}

struct Reader {
    /// Dropping it is what ends the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl DeadCollector {
    /// Starts a collector that fails like this.
    pub fn start(failure: Failure) -> Result<DeadCollector> {
        let (port, held) = match failure {
            Failure::Refused => {
                let (socket, port) = bound()?;
                (port, Held::Bound { _socket: socket })
            }
            Failure::Silent => silent()?,
            Failure::BlackHole => black_hole()?,
        };
        Ok(DeadCollector { port, _held: held })
    }

    /// The environment of a process with telemetry of type `tracing` on, whose spans should come here by http; as
    /// [`Receiver::environment`](crate::Receiver::environment).
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        environment("http", self.http_endpoint())
    }

    /// The same by grpc.
    pub fn grpc_environment(&self) -> Vec<(&'static str, String)> {
        environment("grpc", self.grpc_endpoint())
    }

    /// Where traces would be sent by OTLP/HTTP.
    pub fn http_endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/v1/traces", self.port)
    }

    /// Where logs would be sent by OTLP/HTTP.
    pub fn http_logs_endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/v1/logs", self.port)
    }

    /// Where traces and logs would be sent by OTLP/gRPC, in the form in which Tango takes it.
    pub fn grpc_endpoint(&self) -> String {
        format!("grpc://127.0.0.1:{}", self.port)
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Joined so that the port is closed when drop returns. A panic of the thread has been printed already.
            let _ = thread.join();
        }
    }
}

/// A socket with a port, at which it does not listen yet.
fn bound() -> Result<(OwnedFd, u16)> {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    // Not for children: they would keep the port.
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))
        .context("no free port on 127.0.0.1")?;
    let port = SocketAddr::try_from(getsockname(&socket)?)?.port();
    Ok((socket, port))
}

fn silent() -> Result<(u16, Held)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let (stop, stopped) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    {
        let _inside = runtime.enter();
        runtime.spawn(accept(tokio::net::TcpListener::from_std(listener)?));
    }
    let thread = std::thread::Builder::new()
        .name("silent-collector".into())
        // The runtime ends with this closure, and with it the listener and all connections.
        .spawn(move || drop(runtime.block_on(stopped)))?;
    let (stop, thread) = (Some(stop), Some(thread));
    Ok((
        port,
        Held::Reader {
            _reader: Reader { stop, thread },
        },
    ))
}

async fn accept(listener: tokio::net::TcpListener) {
    loop {
        // An error is the connection's, which has gone already.
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(discard(stream));
        }
    }
}

async fn discard(stream: tokio::net::TcpStream) {
    let mut buffer = [0; 4096];
    while stream.readable().await.is_ok() {
        match stream.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
}

/// A listener whose queue is full: the kernel drops the packets of whoever connects.
fn black_hole() -> Result<(u16, Held)> {
    let (listener, port) = bound()?;
    listen(&listener, 0)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut queued = Vec::new();
    loop {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => queued.push(stream),
            Err(error) if error.kind() == ErrorKind::TimedOut && !queued.is_empty() => break,
            Err(error) => {
                bail!("a listener with room in its queue does not take a connection: {error}")
            }
        }
        ensure!(
            queued.len() <= MAX_BACKLOG,
            "the queue of a listener does not get full"
        );
    }
    Ok((
        port,
        Held::Full {
            _listener: listener,
            _queued: queued,
        },
    ))
}
