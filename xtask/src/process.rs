// SPDX-License-Identifier: MIT OR Apache-2.0
//! Running other programs: errors, exit codes, Ctrl-C.

use std::ffi::{OsStr, OsString, c_int};
use std::fmt::Display;
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Why xtask ends, and its exit code. Without a message where the command that failed has said it all.
#[derive(Debug, PartialEq)]
pub struct Failure {
    pub message: Option<String>,
    pub code: u8,
}

pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Self::with_code(message, 1)
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::with_code(message, 2)
    }

    pub fn with_code(message: impl Into<String>, code: u8) -> Self {
        Self {
            message: Some(message.into()),
            code,
        }
    }
}

/// `.or_fail("cannot do this")?`
pub trait OrFail<T> {
    fn or_fail(self, what: impl Display) -> Result<T>;
}

impl<T> OrFail<T> for std::io::Result<T> {
    fn or_fail(self, what: impl Display) -> Result<T> {
        self.map_err(|error| Failure::new(format!("{what}: {error}")))
    }
}

/// How long a command may take to end by itself after Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// Runs a command to its end and gives its exit code.
pub fn run(command: &mut Command) -> Result<u8> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().or_fail(format!("cannot start {name}"))?;
    let mut told = false;
    let mut deadline = None;
    loop {
        let ended = child.try_wait().or_fail(format!("lost {name}"))?;
        let urgency = URGENCY.load(Ordering::Relaxed);
        match ended {
            // A command may end well after Ctrl-C; what would come next is not wanted any more all the same.
            Some(_) if urgency > 0 => return Err(interrupted()),
            Some(status) => return Ok(code(status)),
            None => {}
        }
        if urgency > 0 {
            // At Ctrl-C the terminal tells the command as well. Only if it stays, or was not told, it is told from
            // here.
            let late = Instant::now() >= *deadline.get_or_insert_with(|| Instant::now() + GRACE);
            if late && told {
                // It may just have ended: no error.
                let _ = child.kill();
            } else if late || (urgency > 1 && !told) {
                terminate(&child);
                told = true;
                deadline = None;
            }
        }
        std::thread::sleep(PAUSE);
    }
}

/// A moment's wait for something else than a command.
pub fn pause() -> Result<()> {
    std::thread::sleep(PAUSE);
    if URGENCY.load(Ordering::Relaxed) > 0 {
        return Err(interrupted());
    }
    Ok(())
}

fn interrupted() -> Failure {
    Failure::with_code("interrupted", 130)
}

/// What a command prints, if it succeeds. It may be given something to read.
pub fn output<A: AsRef<OsStr>>(
    program: &str,
    arguments: impl IntoIterator<Item = A>,
    input: &str,
) -> Option<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // One that does not read its input is none the worse.
    let _ = child.stdin.take()?.write_all(input.as_bytes());
    let output = child.wait_with_output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
    output.status.success().then_some(text)
}

fn code(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(1));
    u8::try_from(code).unwrap_or(1)
}

/// A program in PATH.
pub fn which(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// An environment variable that is set to something.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// 1 after Ctrl-C, 2 or more after the second one or a signal that only xtask got.
static URGENCY: AtomicUsize = AtomicUsize::new(0);
const SIGHUP: c_int = 1;
const SIGINT: c_int = 2;
const SIGTERM: c_int = 15;

unsafe extern "C" {
    // Of the C library that std links anyway; a dependency for this would only cost build time.
    fn signal(signal: c_int, handler: usize) -> usize;
    fn kill(process: c_int, signal: c_int) -> c_int;
}

extern "C" fn note(signal: c_int) {
    URGENCY.fetch_add(if signal == SIGINT { 1 } else { 2 }, Ordering::Relaxed);
}

/// From now on signals do not end xtask, but let it end the command that it waits for.
pub fn catch_signals() {
    let handler: extern "C" fn(c_int) = note;
    for number in [SIGHUP, SIGINT, SIGTERM] {
        // SAFETY: the handler has the type that signal() wants, and touches but an atomic.
        unsafe { signal(number, handler as usize) };
    }
}

/// Makes the command start with Ctrl-C ignored.
pub fn ignore_interrupts(command: &mut Command) {
    const SIG_IGN: usize = 1;
    let ignore = || {
        // SAFETY: signal() may be called between fork and exec.
        unsafe { signal(SIGINT, SIG_IGN) };
        Ok(())
    };
    // SAFETY: the closure does nothing but the above.
    unsafe { command.pre_exec(ignore) };
}

fn terminate(child: &Child) {
    if let Ok(process) = c_int::try_from(child.id()) {
        // SAFETY: no memory is involved; the child has not been waited for, so the id is still its own.
        unsafe { kill(process, SIGTERM) };
    }
}
