// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requests as bytes, for what no client of this cppTango sends: those of older clients, and headers that are wrong.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use anyhow::{Result, ensure};
use testbed::DeviceServer;

/// The client's identification in a request (Tango's IDL, `ClntIdent`).
pub enum Client<'a> {
    /// IDL 4 and 5: a process id.
    Cpp,
    /// IDL 6: also `traceparent` and `tracestate`.
    Cpp6(&'a str, &'a str),
    /// IDL 6: the program's main class, its id, `traceparent` and `tracestate`.
    Java6(&'a [u8], &'a [u8], &'a [u8]),
}

/// The process id that clients of C++ say.
pub const PID: u32 = 4711;

/// Calls `command_inout_4` for a command without argument; an error where the device answers with an exception.
pub fn command_inout_4(
    server: &DeviceServer,
    device: &str,
    command: &str,
    client: Client<'_>,
) -> Result<()> {
    Connection::open(server)?.command_inout_4(device, command.as_bytes(), None, client)
}

/// A connection, which one thread of the server serves.
pub struct Connection(TcpStream);

impl Connection {
    pub fn open(server: &DeviceServer) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port()))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self(stream))
    }

    /// This end of it.
    pub fn port(&self) -> Result<u16> {
        Ok(self.0.local_addr()?.port())
    }

    /// Executes a command, with a string as its argument or none.
    pub fn command_inout_4(
        &mut self,
        device: &str,
        command: &[u8],
        argument: Option<&[u8]>,
        client: Client<'_>,
    ) -> Result<()> {
        let mut body = request(device, "command_inout_4");
        body.string(command);
        match argument {
            None => body.u32(0), // an any that is null
            Some(text) => {
                body.u32(18); // an any that is a string, of no bounded length
                body.u32(0);
                body.string(text);
            }
        }
        body.u32(0); // source: the device
        body.client(client);
        self.call(&body)
    }

    /// Reads an attribute.
    pub fn read_attributes_5(&mut self, device: &str, name: &[u8]) -> Result<()> {
        let mut body = request(device, "read_attributes_5");
        body.u32(1); // one name
        body.string(name);
        body.u32(0); // source: the device
        body.client(Client::Cpp);
        self.call(&body)
    }

    /// Asks for the state, as `DeviceProxy::state` does.
    pub fn state(&mut self, device: &str) -> Result<()> {
        self.call(&request(device, "_get_state"))
    }

    fn call(&mut self, body: &Cdr) -> Result<()> {
        // GIOP 1.0, little-endian, a request.
        self.0.write_all(b"GIOP\x01\x00\x01\x00")?;
        self.0
            .write_all(&u32::try_from(body.0.len())?.to_le_bytes())?;
        self.0.write_all(&body.0)?;

        let mut header = [0; 12];
        self.0.read_exact(&mut header)?;
        ensure!(
            header.starts_with(b"GIOP") && header[7] == 1,
            "no reply: {header:?}"
        );
        let mut reply = vec![0; u32::from_le_bytes(header[8..].try_into()?) as usize];
        self.0.read_exact(&mut reply)?;
        // No service context, the request's id, and the status.
        ensure!(
            reply.get(..12) == Some(&[0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]),
            "{}",
            String::from_utf8_lossy(&reply[..reply.len().min(1000)])
        );
        Ok(())
    }
}

fn request(device: &str, operation: &str) -> Cdr {
    let mut body = Cdr::default();
    body.u32(0); // no service context
    body.u32(1); // request id
    body.0.push(1); // a response is expected
    body.bytes(device.as_bytes()); // object key
    body.string(operation.as_bytes());
    body.u32(0); // no principal
    body
}

/// CORBA's encoding. The header's 12 bytes before it keep all alignments up to 4.
#[derive(Default)]
struct Cdr(Vec<u8>);

impl Cdr {
    fn client(&mut self, client: Client<'_>) {
        match client {
            Client::Cpp => {
                self.u32(0);
                self.u32(PID);
            }
            Client::Cpp6(traceparent, tracestate) => {
                self.u32(2);
                self.u32(PID);
                self.trace_context(traceparent.as_bytes(), tracestate.as_bytes());
            }
            Client::Java6(main_class, traceparent, tracestate) => {
                self.u32(3);
                self.string(main_class);
                self.u64(1);
                self.u64(2);
                self.trace_context(traceparent, tracestate);
            }
        }
    }

    fn u32(&mut self, number: u32) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self.0.extend(number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.0
            .resize((self.0.len() + 12).next_multiple_of(8) - 12, 0);
        self.0.extend(number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.u32(bytes.len() as u32);
        self.0.extend(bytes);
    }

    fn string(&mut self, text: &[u8]) {
        self.bytes(&[text, b"\0"].concat());
    }

    fn trace_context(&mut self, traceparent: &[u8], tracestate: &[u8]) {
        self.u32(0); // the only format of trace contexts
        self.string(traceparent);
        self.string(tracestate);
    }
}
