// SPDX-License-Identifier: MIT OR Apache-2.0
//! Starting device servers, as far as it needs no Tango.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use testbed::device::{DeviceServer, example, free_port};

/// Prints what a device server does: the first time as if its port were in use, then its arguments.
const SERVER: &str = r#"#!/bin/sh
if [ -e "$0.ran" ]; then echo "$@"; echo "Ready to accept request"; exec sleep 1000; fi
touch "$0.ran"
echo "omniORB: (0) Error: Unable to create an endpoint of this description: giop:tcp:127.0.0.1:1" >&2
"#;

#[test]
fn a_server_whose_port_is_in_use_gets_another() {
    let directory = std::env::temp_dir().join(format!("testbed-device-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let executable = directory.join("Server");
    fs::write(&executable, SERVER).unwrap();
    fs::set_permissions(&executable, fs::Permissions::from_mode(0o755)).unwrap();
    let server = DeviceServer::start(&executable, "test", &["a/b/c", "d/e/f"], &[]);
    fs::remove_dir_all(&directory).unwrap();
    let server = server.unwrap();
    let arguments = format!(
        "test -nodb -dlist a/b/c,d/e/f -ORBendPoint giop:tcp:127.0.0.1:{}",
        server.port()
    );
    assert_eq!(
        server.output(),
        format!("{arguments}\nReady to accept request\n")
    );
    assert!(
        server
            .admin_url()
            .ends_with("/dserver/Server/test#dbase=no")
    );
}

#[test]
fn a_free_port_is_free() {
    std::net::TcpListener::bind(("127.0.0.1", free_port().unwrap())).unwrap();
}

#[test]
fn a_missing_example_says_how_to_build_it() {
    let error = example("no_such_example").unwrap_err().to_string();
    let expected = "the example no_such_example is not built: run `cargo build --examples`";
    assert_eq!(error, expected);
}
