// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client: turns a Leader's followers on.
//!
//! `client tango://localhost:10000/demo/leader/1#dbase=no`

use std::{env, process::ExitCode};

use tango_bindings::{DevFailed, DeviceProxy};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [leader] = arguments.as_slice() else {
        eprintln!("client: expected one argument, the name of a Leader device");
        return ExitCode::from(2);
    };
    match turn_on(leader) {
        Ok(count) => {
            println!("{count} followers are on");
            ExitCode::SUCCESS
        }
        Err(failed) => {
            eprintln!("client: {failed}");
            ExitCode::FAILURE
        }
    }
}

fn turn_on(leader: &str) -> Result<i32, DevFailed> {
    let leader = DeviceProxy::new(leader)?;
    leader.command_inout("TurnFollowersOn", 42.0)
}
