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
}

/// Calls `command_inout_4` for a command without argument; an error where the device answers with an exception.
pub fn command_inout_4(
    server: &DeviceServer,
    device: &str,
    command: &str,
    client: Client<'_>,
) -> Result<()> {
    let mut body = Cdr::default();
    body.u32(0); // no service context
    body.u32(1); // request id
    body.0.push(1); // a response is expected
    body.bytes(device.as_bytes()); // object key
    body.string("command_inout_4");
    body.u32(0); // no principal
    body.string(command);
    body.u32(0); // the argument: an any that is null
    body.u32(0); // source: the device
    match client {
        Client::Cpp => {
            body.u32(0);
            body.u32(4711);
        }
        Client::Cpp6(traceparent, tracestate) => {
            body.u32(2);
            body.u32(4711);
            body.u32(0); // the only format of trace contexts
            body.string(traceparent);
            body.string(tracestate);
        }
    }
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port()))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    // GIOP 1.0, little-endian, a request.
    stream.write_all(b"GIOP\x01\x00\x01\x00")?;
    stream.write_all(&u32::try_from(body.0.len())?.to_le_bytes())?;
    stream.write_all(&body.0)?;

    let mut header = [0; 12];
    stream.read_exact(&mut header)?;
    ensure!(
        header.starts_with(b"GIOP") && header[7] == 1,
        "no reply: {header:?}"
    );
    let mut reply = vec![0; u32::from_le_bytes(header[8..].try_into()?) as usize];
    stream.read_exact(&mut reply)?;
    // No service context, the request's id, and the status.
    ensure!(
        reply.get(..12) == Some(&[0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]),
        "{reply:?}"
    );
    Ok(())
}

/// CORBA's encoding. The header's 12 bytes before it keep all alignments up to 4.
#[derive(Default)]
struct Cdr(Vec<u8>);

impl Cdr {
    fn u32(&mut self, number: u32) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self.0.extend(number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.u32(bytes.len() as u32);
        self.0.extend(bytes);
    }

    fn string(&mut self, text: &str) {
        self.bytes(&[text.as_bytes(), b"\0"].concat());
    }
}
