// SPDX-License-Identifier: MIT OR Apache-2.0
//! A device server of class `Leader`, whose command turns its followers on. Their names, separated by commas, are in
//! the variable `FOLLOWERS`; a server with a database would have them as a device property.
//!
//! `FOLLOWERS=tango://localhost:10001/demo/follower/1#dbase=no leader demo -nodb -dlist demo/leader/1`

use std::{env, process::ExitCode};

use tango_bindings::{DevFailed, DeviceClass, DeviceInfo, DeviceProxy};

struct Leader {
    followers: Vec<DeviceProxy>,
}

fn init(_: &DeviceInfo) -> Result<Leader, DevFailed> {
    let names = env::var("FOLLOWERS").unwrap_or_default();
    let followers = names.split(',').filter(|name| !name.is_empty());
    let followers = followers.map(DeviceProxy::new).collect::<Result<_, _>>()?;
    Ok(Leader { followers })
}

fn turn_followers_on(leader: &Leader, position: f64) -> Result<i32, DevFailed> {
    for follower in &leader.followers {
        follower.command_inout::<f64, ()>("Go", position)?;
    }
    Ok(leader.followers.len() as i32)
}

fn main() -> ExitCode {
    let class = DeviceClass::new("Leader", init).command("TurnFollowersOn", turn_followers_on);
    match tango_bindings::run(class, env::args()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("leader: {failed}");
            ExitCode::from(2)
        }
    }
}
