// SPDX-License-Identifier: MIT OR Apache-2.0
//! The client of the matrix: `matrix_client LEADER [--no-endpoints]` makes one call of the Leader for each line that it
//! reads, `call NUMBER` or `call NUMBER TRACEPARENT`; then in the span of an application that has this context. It
//! answers with `call NUMBER: ...`.

use std::{env, io::stdin, process::ExitCode};

use anyhow::{Context as _, Result, ensure};
use cpptango_telemetry::{TraceContext, client, opentelemetry::Context};
use tango_bindings::DeviceProxy;

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("matrix_client: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let leader = arguments.first();
    let leader = DeviceProxy::new(leader.context("expected the name of a Leader device")?)?;
    if arguments
        .iter()
        .any(|argument| argument == "--no-endpoints")
    {
        // No environment says this: without endpoints there is a default one.
        let mut configuration = client::configuration();
        configuration.tracing_endpoints.clear();
        client::reconfigure(configuration)?;
    }
    println!("ready");
    for line in stdin().lines() {
        let line = line?;
        let mut words = line.split(' ').skip(1);
        let number = words.next().context("expected `call NUMBER`")?;
        let outer = TraceContext::parse(words.next().unwrap_or_default(), "")?;
        let _current = outer.to_context(&Context::new()).attach();
        let count: i32 = leader.command_inout("TurnFollowersOn", 42.0)?;
        ensure!(count == 1, "{count} followers are on");
        println!("call {number}: done");
    }
    Ok(())
}
