// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the demo, the tests and the benches stand on: a real OTLP receiver, the traces it received, collectors that do
//! not work, a real Tango database, and real device server processes. Nothing in here needs cppTango, and everything
//! stays on 127.0.0.1.

#![deny(missing_docs)]

pub mod collector;
pub mod database;
pub mod device;
pub mod process;
pub mod receiver;
pub mod span;
pub mod trace;

pub use collector::{DeadCollector, Failure};
pub use database::Database;
pub use device::DeviceServer;
pub use process::{Process, Usage};
pub use receiver::Receiver;
pub use span::{Event, Kind, LogRecord, Span, Status};
pub use trace::Trace;
