// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a trace context meets in this build, and what each set of features links.

use std::{convert::Infallible, env, error::Error, process::Command};

use cpptango_telemetry::{
    Configuration, DeviceTelemetry, Operation, TELEMETRY_SUPPORTED, TraceContext,
    TraceContextScope, client, get_trace_context, opentelemetry::Context, prepare_environment,
};

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The console, which is cppTango's default, shows which spans there were.
///
/// B4
#[test]
fn the_context_goes_through_and_spans_are_made_with_the_sdk_only() -> Result<(), Box<dyn Error>> {
    let process = Command::new(env::current_exe()?)
        .args(["--exact", "as_a_program", "--ignored", "--nocapture"])
        .env("TANGO_TELEMETRY_ENABLE", "on")
        .output()?;
    let told = String::from_utf8_lossy(&process.stdout);
    assert!(process.status.success(), "{process:?}");
    for (span, is_there) in [
        ("DeviceProxy.ping", cfg!(feature = "sdk")),
        ("Class.Go", cfg!(feature = "sdk")),
        ("of C++", true),
    ] {
        let is_there = is_there && TELEMETRY_SUPPORTED;
        assert_eq!(told.contains(span), is_there, "{span}: {told}");
    }
    Ok(())
}

#[test]
#[ignore = "a program of the test above"]
fn as_a_program() -> Result<(), Box<dyn Error>> {
    prepare_environment()?;
    let cx = TraceContext::parse(TRACEPARENT, "vendor=value")?;
    {
        let _of_cpp = TraceContextScope::new("of C++", &cx);
        let current = get_trace_context();
        assert_eq!(is_of(&current, &cx), (TELEMETRY_SUPPORTED, false));
    }
    // A call hands on Rust's to C++, a device's method what came in by C++ to Rust. The span in between, if there is one,
    // is of the same trace.
    let same_trace = TELEMETRY_SUPPORTED;
    let hands_on = (same_trace, same_trace && !cfg!(feature = "sdk"));
    let check = || {
        let of_rust = TraceContext::from(&Context::current());
        assert_eq!(is_of(&of_rust, &cx), hands_on);
        assert_eq!(is_of(&get_trace_context(), &cx), hands_on);
        Ok::<_, Infallible>(())
    };
    if TELEMETRY_SUPPORTED {
        let _of_rust_alone = cx.to_context(&Context::new()).attach();
        assert!(get_trace_context().is_empty());
        let Ok(()) = client::call(Operation::client("DeviceProxy.ping"), check);
    }
    let device = DeviceTelemetry::new("Class", "a/b/c");
    let mut configuration: Configuration = client::configuration();
    assert_eq!(configuration.enabled, TELEMETRY_SUPPORTED);
    configuration.enabled = true;
    device.reconfigure(configuration)?;
    let _scope = TraceContextScope::attach(&cx);
    assert_eq!(is_of(&get_trace_context(), &cx), (same_trace, same_trace));
    let _of_cpp_alone = Context::new().attach();
    let Ok(()) = device.in_span(Operation::command("Go"), check);
    Ok(())
}

/// Whether it is of the same trace, and of the same span with the same state.
fn is_of(found: &TraceContext, cx: &TraceContext) -> (bool, bool) {
    let trace = |cx: &TraceContext| cx.span_context().trace_id();
    let headers = |cx: &TraceContext| (cx.traceparent(), cx.tracestate());
    (trace(found) == trace(cx), headers(found) == headers(cx))
}

/// Crates that are linked with these features.
fn linked(features: &str) -> String {
    tree("normal", features)
}

fn tree(edges: &str, features: &str) -> String {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--edges", edges, "--prefix", "none"])
        .args(["--package", "cpptango-telemetry-consumer"])
        .args(["--no-default-features", "--features", features])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo tree cannot be run");
    assert!(tree.status.success(), "{tree:?}");
    String::from_utf8_lossy(&tree.stdout).into_owned()
}

/// B4
#[test]
fn no_exporter_is_linked_without_its_feature() {
    let all = [
        "opentelemetry_sdk",
        "opentelemetry-otlp",
        "reqwest",
        "tokio",
        "rustls",
        "cxx",
        "tracing",
    ];
    for (features, expected) in [
        ("", &[] as &[&str]),
        ("telemetry", &["cxx"]),
        ("telemetry,sdk", &["opentelemetry_sdk", "cxx"]),
        ("sdk", &["opentelemetry_sdk"]),
        ("tls", &[]),
        ("tracing", &["tracing"]),
    ] {
        let tree = linked(features);
        let is_linked = |name: &&str| tree.contains(&format!("{name} v"));
        let found: Vec<&str> = all.into_iter().filter(is_linked).collect();
        assert_eq!(found, expected, "{features}: {tree}");
    }
    let http = linked("sdk,otlp-http");
    assert!(
        http.contains("reqwest v") && !http.contains("hyper-timeout v"),
        "{http}"
    );
    let grpc = linked("sdk,otlp-grpc");
    assert!(
        grpc.contains("hyper-timeout v") && !grpc.contains("reqwest v"),
        "{grpc}"
    );
    assert!(linked("otlp-http,tls").contains("rustls v"));
}

/// B2: nothing that compiles C++, or asks CMake or libclang. (What `tls` needs compiles C.)
#[test]
fn nothing_native_is_built_without_telemetry() {
    let native = ["bindgen", "cc", "clang-sys", "cmake", "cxx", "cxx-build"];
    let built = |features: &str| {
        let tree = tree("normal,build", features);
        let is_built = |name: &&str| {
            tree.lines()
                .any(|line| line.starts_with(&format!("{name} v")))
        };
        native.into_iter().filter(is_built).collect::<Vec<_>>()
    };
    assert_eq!(built("sdk,otlp-http,otlp-grpc,tracing"), [] as [&str; 0]);
    assert!(built("telemetry").contains(&"cxx-build"));
}
