// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reconfigurations under load.
#![cfg(tango_runtime_configuration)]

mod common;

use std::{
    collections::HashSet,
    process::Command,
    sync::{Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use common::{PROBE, admin, probe, proxy};
use tango_bindings::DeviceProxy;
use testbed::{Receiver, Usage, device, process};

/// Within it what was replaced is exported and gone, and the ORB has ended its idle threads.
const SETTLE: Duration = Duration::from_secs(60);

/// Both want the whole machine.
static ALONE: Mutex<()> = Mutex::new(());

/// D6
#[test]
fn a_device_reconfigured_under_load_neither_dies_nor_leaks() -> Result<()> {
    let _alone = ALONE.lock();
    let mut soak = Command::new(device::example("soak")?);
    soak.args(["--seconds", "60"]);
    process::telemetry_env(&mut soak, &[]);
    // A minute for each of the two servers, should plain cppTango survive for once, and what both wait for.
    let soak = process::run("soak", soak, Duration::from_secs(400))?;
    println!("{}", soak.stdout);
    ensure!(soak.status.success(), "{}{}", soak.stdout, soak.stderr);
    Ok(())
}

const CLIENTS: usize = 8;
const CHANGES: usize = 1_000;
const CALLS_PER_CHANGE: usize = 40;
/// 64 kB a change; a provider that was left over would take several times as much.
const MORE_MEMORY_KB: usize = 64_000;

/// D5
#[test]
fn each_of_1000_changes_makes_one_provider_and_no_span_is_lost() -> Result<()> {
    let _alone = ALONE.lock();
    let receivers = [Receiver::start()?, Receiver::start()?];
    let mut environment = receivers[0].environment();
    environment.push(("PROBE_FACTORY", "counts-shutdowns".to_string()));
    environment.push(("PROBE_OBSERVER", "none".to_string()));
    environment.extend(process::memory_env());
    // So that no span is lost at a full queue.
    environment.push(("OTEL_BSP_MAX_QUEUE_SIZE", "8192".to_string()));
    let server = probe(&environment)?;
    let (device, admin) = (proxy(&server)?, admin(&server)?);
    let clients = (0..CLIENTS).map(|_| proxy(&server));
    let clients = clients.collect::<Result<Vec<_>>>()?;
    let number = |command: &str| device.command_inout::<_, i32>(command, ());
    let in_use = || anyhow::Ok(number("Providers")? - number("Shutdowns")?);
    let mut arrived = Arrived::default();

    // What is made at first use is there after this.
    let at_first = in_use()?;
    reconfigure_under_load(&admin, &clients, &receivers, 100, &mut arrived)?;
    eventually("old providers are shut down", || Ok(in_use()? == at_first))?;
    let providers = number("Providers")?;
    let before = server.process().usage()?;

    let calls = reconfigure_under_load(&admin, &clients, &receivers, CHANGES, &mut arrived)?;
    assert_eq!(number("Providers")? - providers, CHANGES as i32);
    eventually("old providers are shut down", || Ok(in_use()? == at_first))?;

    let all = eventually("each call's span arrives", || {
        arrived.take(&receivers);
        Ok(calls.is_subset(&arrived.methods))
    });
    all.with_context(|| {
        let missing = calls.difference(&arrived.methods).count();
        format!(
            "{missing} of {} are missing: {}",
            calls.len(),
            server.output()
        )
    })?;
    assert_eq!(arrived.again, 0, "spans have arrived twice");
    let statistics: Vec<String> = device.command_inout("Statistics", ())?;
    for nothing in ["spans_dropped=0", "export_errors=0", "panics=0"] {
        assert!(statistics.iter().any(|s| s == nothing), "{statistics:?}");
    }
    // opentelemetry-cpp has a queue of its own, and tells of each span that finds it full.
    let full = server.output().matches("queue is full").count();
    eventually("each call's kernel span arrives", || {
        arrived.take(&receivers);
        Ok(arrived.parents.difference(&arrived.kernel).count() <= full)
    })?;
    println!("{} calls; C++ has dropped {full} spans", calls.len());

    // The ORB may have opened a connection more for a client, with a thread. An exporter keeps idle connections for
    // minutes, but not to a collector that has closed them.
    drop(receivers);
    let as_before = |usage: Usage| {
        usage.threads <= before.threads + CLIENTS
            && usage.fds <= before.fds + CLIENTS
            && usage.resident <= before.resident + MORE_MEMORY_KB
    };
    let after = (server.process()).wait_for_usage(&format!("{before:?}"), SETTLE, as_before)?;
    println!("before {before:?}, after {after:?}");
    Ok(())
}

/// Has `admin` send the spans elsewhere again and again while all clients call. The span ids of the calls.
fn reconfigure_under_load(
    admin: &DeviceProxy,
    clients: &[DeviceProxy],
    receivers: &[Receiver],
    changes: usize,
    arrived: &mut Arrived,
) -> Result<HashSet<String>> {
    // As many calls for each change; else the slower the changes are, the more there is to do.
    let (permits, permitted) = (Mutex::new(Some(0)), Condvar::new());
    let lock = || permits.lock().unwrap_or_else(PoisonError::into_inner);
    let may_call = || {
        let mut permits = permitted
            .wait_while(lock(), |permits| *permits == Some(0))
            .unwrap_or_else(PoisonError::into_inner);
        *permits = permits.map(|permits| permits - 1);
        permits.is_some()
    };
    let call = |client: &DeviceProxy| -> Result<Vec<String>> {
        let mut spans = Vec::new();
        while may_call() {
            let inside: Vec<String> = client.command_inout("Context", ())?;
            let span = inside[0].split('-').nth(2).context("no span")?;
            spans.push(span.to_string());
        }
        Ok(spans)
    };
    thread::scope(|scope| {
        let clients = clients.iter();
        let clients: Vec<_> = clients.map(|one| scope.spawn(|| call(one))).collect();
        // The second first, so that each is a change.
        let mut to = receivers.iter().rev().cycle().take(changes);
        let changed = to.try_for_each(|to| {
            let endpoint = [PROBE, "1", "http", &to.http_endpoint()].map(str::to_string);
            // Kept by the receivers, they would fill the memory.
            arrived.take(receivers);
            *lock() = Some(CALLS_PER_CHANGE);
            permitted.notify_all();
            admin.command_inout("SetTelemetryTracingEndpoints", endpoint.to_vec())
        });
        *lock() = None;
        permitted.notify_all();
        let mut spans = HashSet::new();
        for client in clients {
            spans.extend(client.join().expect("a client panicked")?);
        }
        changed?;
        Ok(spans)
    })
}

/// The ids of spans that have arrived.
#[derive(Default)]
struct Arrived {
    /// Of the command's Rust spans, and of their parents.
    methods: HashSet<String>,
    parents: HashSet<String>,
    /// Of all C++ spans.
    kernel: HashSet<String>,
    /// How many that were there already.
    again: usize,
}

impl Arrived {
    fn take(&mut self, receivers: &[Receiver]) {
        for span in receivers.iter().flat_map(Receiver::take) {
            let new = match (span.language(), span.name.as_str()) {
                ("cpp", _) => self.kernel.insert(span.span_id),
                (_, "Probe.Context") => {
                    self.parents.insert(span.parent_span_id);
                    self.methods.insert(span.span_id)
                }
                _ => true,
            };
            self.again += usize::from(!new);
        }
    }
}

fn eventually(what: &str, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + SETTLE;
    while !done()? {
        ensure!(Instant::now() < deadline, "not within {SETTLE:?}: {what}");
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
