// SPDX-License-Identifier: MIT OR Apache-2.0
//! Child processes: readiness, output, and that none is left behind.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use std::os::fd::OwnedFd;
use std::process::Command;
use std::time::{Duration, Instant};
use testbed::process::{Process, Usage, end_children_on_signal, run, telemetry_env};

const LONG: Duration = Duration::from_secs(20);

fn sh(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn a_process_is_ready_when_it_says_so_and_ends_on_sigterm() {
    let script = "echo starting; echo 'now ready' >&2; exec sleep 1000";
    let process = Process::spawn("sleeper", sh(script), Some("ready")).unwrap();
    assert_eq!(process.wait_for_line("ready", LONG).unwrap(), "now ready");
    assert_eq!(process.wait_for_line("start", LONG).unwrap(), "starting");
    assert_eq!(process.stdout(), "starting\n");
    let status = process.terminate().unwrap();
    assert_eq!(status.to_string(), "signal: 15 (SIGTERM)");
    assert_eq!(process.terminate().unwrap(), status);
}

#[test]
fn a_process_reads_the_lines_that_are_written_to_it_until_its_stdin_is_closed() {
    let script = "echo ready; while read line; do echo got $line; done; echo end";
    let process = Process::spawn_reading("reader", sh(script), Some("ready")).unwrap();
    process.write_line("one").unwrap();
    process.wait_for_line("got one", LONG).unwrap();
    process.write_line("two").unwrap();
    process.close_stdin();
    assert!(process.wait(LONG).unwrap().success());
    assert_eq!(process.stdout(), "ready\ngot one\ngot two\nend\n");
    let error = process.write_line("three").unwrap_err();
    assert!(error.to_string().contains("no stdin, or it is closed"));
}

#[test]
fn a_process_that_exits_before_it_is_ready_is_an_error_with_its_output() {
    let error = Process::spawn("broken", sh("echo oh dear; exit 7"), Some("ready"))
        .err()
        .unwrap();
    let text = error.to_string();
    for part in [
        "broken (process ",
        "ended (exit status: 7) without printing 'ready'",
        "oh dear",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn waits_are_bounded() {
    let process = Process::spawn("sleeper", sh("exec sleep 1000"), None).unwrap();
    let error = process
        .wait_for_line("never", Duration::from_millis(50))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("did not print 'never' within 50ms; it printed nothing")
    );
    let error = process.wait(Duration::from_millis(50)).unwrap_err();
    assert!(
        error.to_string().contains("did not exit within 50ms"),
        "{error}"
    );
}

#[test]
fn what_a_process_uses_is_seen_until_it_exits() {
    // Both inherit what the caller of the test has open.
    let plain = Process::spawn("plain", sh("echo ready; exec sleep 1000"), Some("ready")).unwrap();
    let script = "exec 7</dev/null 8</dev/null; echo ready; exec sleep 1000";
    let process = Process::spawn("user", sh(script), Some("ready")).unwrap();
    let fds = plain.usage().unwrap().fds;
    let two_more =
        |usage: Usage| usage.fds == fds + 2 && usage.threads == 1 && usage.resident > 100;
    process
        .wait_for_usage("two more descriptors", LONG, two_more)
        .unwrap();
    let short = Duration::from_millis(50);
    let error = process.wait_for_usage("threads", short, |usage| usage.threads > 1);
    let text = error.unwrap_err().to_string();
    assert!(
        text.starts_with("waited 50ms in vain for threads; it is Usage {"),
        "{text}"
    );
    assert!(process.is_running());
    let (status, duration) = process.terminate_timed().unwrap();
    assert_eq!(status.to_string(), "signal: 15 (SIGTERM)");
    assert!(duration < LONG);
    assert!(!process.is_running());
    assert!(
        process
            .usage()
            .unwrap_err()
            .to_string()
            .contains("has exited")
    );
}

#[test]
fn a_missing_program_is_named() {
    let error = Process::spawn("nothing", Command::new("no-such-program"), None)
        .err()
        .unwrap();
    assert_eq!(error.to_string(), "cannot start nothing: no-such-program");
}

#[test]
fn run_returns_both_streams_and_the_status() {
    let finished = run("short", sh("echo out; echo err >&2; exit 3"), LONG).unwrap();
    assert_eq!(
        (finished.stdout.as_str(), finished.stderr.as_str()),
        ("out\n", "err\n")
    );
    assert_eq!(finished.status.code(), Some(3));
}

#[test]
fn run_ends_what_takes_too_long() {
    let start = Instant::now();
    let error = run("long", sh("exec sleep 1000"), Duration::from_millis(50)).unwrap_err();
    assert!(error.to_string().contains("long (process "), "{error}");
    assert!(start.elapsed() < LONG);
}

#[test]
fn the_callers_environment_does_not_reach_a_child() {
    if std::env::var_os(ROLE).is_some() {
        return;
    }
    let mut command = helper("print_environment");
    command
        .env("TANGO_HOST", "elsewhere:1")
        .env("OTEL_SERVICE_NAME", "other");
    command.env("http_proxy", "http://elsewhere");
    let finished = run("helper", command, LONG).unwrap();
    let line = finished
        .stdout
        .lines()
        .find(|line| line.contains("seen:"))
        .unwrap();
    assert!(line.ends_with("seen: - - - yes"), "{line}");
}

#[test]
fn a_dropped_process_is_gone() {
    let process = Process::spawn("sleeper", sh("exec sleep 1000"), None).unwrap();
    let fd = open(process.id());
    drop(process);
    assert_gone(&fd);
}

#[test]
fn ctrl_c_and_sigterm_end_the_children() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let (owner, child) = owner_and_child();
        kill_process(Pid::from_raw(owner.id() as i32).unwrap(), signal).unwrap();
        assert_eq!(
            owner.wait(LONG).unwrap().code(),
            Some(code),
            "{}",
            owner.output()
        );
        assert_gone(&child);
    }
}

#[test]
fn children_die_with_a_killed_owner() {
    let (owner, child) = owner_and_child();
    kill_process(Pid::from_raw(owner.id() as i32).unwrap(), Signal::KILL).unwrap();
    assert_gone(&child);
}

/// Says what a helper is to do; without it, a helper is a test that passes.
const ROLE: &str = "TESTBED_HELPER";

/// This very test program, to run only the named test as a process of its own.
fn helper(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", name, "--nocapture"])
        .env(ROLE, "1");
    command
}

fn owner_and_child() -> (Process, OwnedFd) {
    let owner = Process::spawn("owner", helper("own_a_child"), Some("child:")).unwrap();
    let line = owner.wait_for_line("child:", LONG).unwrap();
    let child = line.rsplit(' ').next().unwrap().parse().unwrap();
    (owner, open(child))
}

#[test]
fn own_a_child() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    end_children_on_signal().unwrap();
    // Spawned by a thread that ends at once, as a test's may.
    let spawn = || Process::spawn("sleeper", sh("exec sleep 1000"), None).unwrap();
    let child = std::thread::spawn(spawn).join().unwrap();
    println!("child: {}", child.id());
    // The signal must win over this thread, which sees the child end.
    child.wait(LONG * 10).unwrap();
    std::process::exit(1);
}

#[test]
fn print_environment() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    let mut command = sh(
        r#"echo "seen: ${TANGO_HOST:--} ${OTEL_SERVICE_NAME:--} ${http_proxy:--} $TANGO_TELEMETRY_ENABLE""#,
    );
    telemetry_env(
        &mut command,
        &[("TANGO_TELEMETRY_ENABLE", "yes".to_string())],
    );
    println!("{}", run("child", command, LONG).unwrap().stdout);
}

/// A descriptor that stays the process's own, even if its id is used again.
fn open(pid: u32) -> OwnedFd {
    pidfd_open(Pid::from_raw(pid as i32).unwrap(), PidfdFlags::empty()).unwrap()
}

fn assert_gone(fd: &OwnedFd) {
    let timeout = Timespec {
        tv_sec: LONG.as_secs() as i64,
        tv_nsec: 0,
    };
    let ready = poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&timeout)).unwrap();
    assert_eq!(ready, 1, "the process is still alive");
}
