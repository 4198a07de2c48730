// SPDX-License-Identifier: MIT OR Apache-2.0
//! Server and client as processes of their own, with the cppTango that is there; what their build script was told.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use testbed::{DeviceServer, Receiver, process};

const TELEMETRY: bool = matches!(env!("DEP_CPPTANGO_TELEMETRY_TELEMETRY").as_bytes(), b"1");
const RUNTIME_CONFIGURATION: bool = matches!(
    env!("DEP_CPPTANGO_TELEMETRY_RUNTIME_CONFIGURATION").as_bytes(),
    b"1"
);
const TANGO_VERSION: &str = env!("DEP_CPPTANGO_TELEMETRY_TANGO_VERSION");

const DEVICE: &str = "test/echo/1";
const TIMEOUT: Duration = Duration::from_secs(20);

/// B1, B5: one trace where there is telemetry, the same call without a trace where there is none.
#[test]
fn a_client_and_a_device() -> Result<()> {
    let receiver = Receiver::start()?;
    let environment = receiver.environment();
    let program = Path::new(env!("CARGO_BIN_EXE_cpptango-telemetry-downstream"));
    let server = DeviceServer::start(program, "test", &[DEVICE], &environment)?;
    let mut client = Command::new(program);
    client.args(["--client", &server.device_url(DEVICE)]);
    process::telemetry_env(&mut client, &environment);
    let client = process::run("client", client, TIMEOUT)?;
    ensure!(client.status.success(), "{client:?}");
    let expected = format!("7 42 {TELEMETRY} {RUNTIME_CONFIGURATION}\n");
    ensure!(client.stdout == expected, "{client:?}");
    // Then all is exported.
    let output = server.output();
    ensure!(server.terminate()?.success(), "{output}");

    let spans = receiver.spans();
    if !TELEMETRY {
        ensure!(spans.is_empty() && receiver.requests() == 0, "{spans:?}");
        return Ok(());
    }
    for (client, kernel, device) in [
        (
            "DeviceProxy.command_inout",
            "::command_inout_4",
            "Echo.Echo",
        ),
        (
            "DeviceProxy.read_attribute",
            "::read_attributes_5",
            "Echo.read_answer",
        ),
    ] {
        // cppTango 10.0 has the whole signature of the function in the name.
        let named = |name: &str| {
            let found = spans.iter().find(|span| span.name.contains(name));
            found.with_context(|| format!("no span {name} in {spans:#?}"))
        };
        let (client, kernel, device) = (named(client)?, named(kernel)?, named(device)?);
        let traces = [&kernel.trace_id, &device.trace_id];
        ensure!(
            traces.iter().all(|trace| **trace == client.trace_id),
            "{spans:#?}"
        );
        ensure!(device.parent_span_id == kernel.span_id, "{spans:#?}");
    }
    Ok(())
}

/// B5.
#[test]
fn what_a_build_script_is_told() -> Result<()> {
    let version = pkg_config("--modversion")?;
    ensure!(TANGO_VERSION == version, "{TANGO_VERSION} is not {version}");
    ensure!(RUNTIME_CONFIGURATION == (TELEMETRY && !TANGO_VERSION.starts_with("10.0")));
    let own = include_dirs();
    let own = own
        .iter()
        .find(|dir| dir.join("cpptango_telemetry/telemetry_device.h").is_file());
    ensure!(own.is_some(), "{own:?}");
    let mut libraries = env::split_paths(env!("DEP_CPPTANGO_TELEMETRY_LIB"));
    ensure!(libraries.all(|dir| dir.is_dir()));
    Ok(())
}

/// B5: not with another cppTango, nor with other switches.
#[test]
fn what_does_not_fit_does_not_compile() -> Result<()> {
    const FITS: &str = "#include <cpptango_telemetry/definitions.h>\n";
    const OTHER: &str = "#include <tango/tango.h>\n#undef TANGO_VERSION_PATCH\n#define TANGO_VERSION_PATCH 99\n\
        #include <cpptango_telemetry/cpptango.h>\n";
    ensure!(compile(FITS)?.is_empty());
    if TELEMETRY {
        let error = compile(&format!("#define OPENTELEMETRY_ABI_VERSION_NO 99\n{FITS}"))?;
        ensure!(
            error.contains("compiled with OPENTELEMETRY_ABI_VERSION_NO="),
            "{error}"
        );
        let error = compile(OTHER)?;
        ensure!(
            error.contains("not the cppTango that cpptango-telemetry was compiled with"),
            "{error}"
        );
    }
    Ok(())
}

fn include_dirs() -> Vec<PathBuf> {
    env::split_paths(env!("DEP_CPPTANGO_TELEMETRY_INCLUDE")).collect()
}

/// What the compiler says to this program.
fn compile(program: &str) -> Result<String> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("program.cpp");
    std::fs::write(&file, program)?;
    let mut compiler = Command::new("c++");
    compiler.arg(format!(
        "-std={}",
        env!("DEP_CPPTANGO_TELEMETRY_CXX_STANDARD")
    ));
    for dir in include_dirs() {
        compiler.arg("-isystem").arg(dir);
    }
    compiler.arg("-fsyntax-only").arg(file);
    Ok(process::run("c++", compiler, TIMEOUT)?.stderr)
}

fn pkg_config(question: &str) -> Result<String> {
    let output = Command::new("pkg-config")
        .args([question, "tango"])
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_string())
}
