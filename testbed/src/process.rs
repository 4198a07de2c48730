// SPDX-License-Identifier: MIT OR Apache-2.0
//! Child processes that never outlive their owner: ended on drop, on Ctrl-C, and when this process dies.

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// How long a process may take to become ready.
const READY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long `terminate` waits: cppTango blocks up to 20 s at its end when its collector does not answer.
const TERMINATE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a process has between SIGTERM and SIGKILL where nobody is interested in how it ends.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a process is asked what it uses; the kernel does not tell by itself.
const USAGE_INTERVAL: Duration = Duration::from_millis(20);
/// How long output is still read after the exit, should a grandchild hold the pipe open.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// A running child process with its output; ended on drop.
pub struct Process {
    shared: Arc<Shared>,
}

/// How a process that was run to its end ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The exit status.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
}

/// What a process uses at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Its threads.
    pub threads: usize,
    /// Its open file descriptors.
    pub fds: usize,
    /// Its resident memory, in kB.
    pub resident: usize,
}

impl Process {
    /// Starts a process, and waits for a line that contains `ready` on its stdout or stderr.
    /// `name` is what failure messages call it. Its stdin is empty.
    pub fn spawn(name: &str, command: Command, ready: Option<&str>) -> Result<Process> {
        Self::spawn_with(name, command, Stdio::null(), ready)
    }

    /// The same with a stdin that [`write_line`](Self::write_line) writes to.
    pub fn spawn_reading(name: &str, command: Command, ready: Option<&str>) -> Result<Process> {
        Self::spawn_with(name, command, Stdio::piped(), ready)
    }

    fn spawn_with(
        name: &str,
        command: Command,
        stdin: Stdio,
        ready: Option<&str>,
    ) -> Result<Process> {
        let process = Process {
            shared: start(name, command, stdin)?,
        };
        if let Some(ready) = ready {
            process.wait_for_line(ready, READY_TIMEOUT)?;
        }
        Ok(process)
    }

    /// Writes a line to its stdin. Short lines, to a process that reads them: a full pipe would block.
    pub fn write_line(&self, line: &str) -> Result<()> {
        let mut stdin = self.shared.lock_stdin();
        let written = match &mut *stdin {
            Some(stdin) => stdin.write_all(format!("{line}\n").as_bytes()),
            None => bail!("{} has no stdin, or it is closed", self.shared.name),
        };
        drop(stdin);
        written.map_err(|error| {
            let why = format!("does not take '{line}': {error}");
            self.shared.failure(self.shared.lock(), &why)
        })
    }

    /// Closes its stdin: what it reads ends there.
    pub fn close_stdin(&self) {
        drop(self.shared.lock_stdin().take());
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.shared.pid.as_raw_nonzero().get().cast_unsigned()
    }

    /// All lines of stdout and stderr so far, in the order in which they came.
    pub fn output(&self) -> String {
        self.shared.lock().text(|_| true)
    }

    /// All lines of stdout so far.
    pub fn stdout(&self) -> String {
        self.shared.lock().text(|stream| stream == Stream::Out)
    }

    /// Waits for a line that contains `text` on stdout or stderr, and returns the first such line, which may have been
    /// there before. Fails with the output when the process exits without it or the time is over.
    pub fn wait_for_line(&self, text: &str, timeout: Duration) -> Result<String> {
        let find = |state: &State| {
            state
                .lines
                .iter()
                .map(|(_, line)| line)
                .find(|line| line.contains(text))
                .cloned()
        };
        let state = self.shared.wait(timeout, |state| {
            state.exit.is_some() || find(state).is_some()
        });
        if let Some(line) = find(&state) {
            return Ok(line);
        }
        let why = match &state.exit {
            Some(exit) => format!("ended ({exit}) without printing '{text}'"),
            None => format!("did not print '{text}' within {timeout:?}"),
        };
        Err(self.shared.failure(state, &why))
    }

    /// Waits for the process to exit by itself. When the time is over it goes on running, and this fails with its
    /// output.
    pub fn wait(&self, timeout: Duration) -> Result<ExitStatus> {
        let state = self.shared.wait(timeout, |state| state.exit.is_some());
        match state.exit {
            Some(exit) => Ok(exit),
            None => Err(self
                .shared
                .failure(state, &format!("did not exit within {timeout:?}"))),
        }
    }

    /// Whether it has not exited yet.
    pub fn is_running(&self) -> bool {
        self.shared.lock().exit.is_none()
    }

    /// What it uses now; an error when it has exited.
    pub fn usage(&self) -> Result<Usage> {
        // The lock keeps it from being reaped: its id may then be another's.
        let state = self.shared.lock();
        if state.exit.is_some() {
            return Err(self.shared.failure(state, "has exited"));
        }
        usage(self.shared.pid).with_context(|| format!("cannot see what {} uses", self.shared.name))
    }

    /// Waits until `settled` says yes to what it uses, and returns that. `what` is what is waited for, as the error
    /// names it.
    pub fn wait_for_usage(
        &self,
        what: &str,
        timeout: Duration,
        mut settled: impl FnMut(Usage) -> bool,
    ) -> Result<Usage> {
        let deadline = Instant::now() + timeout;
        loop {
            let usage = self.usage()?;
            if settled(usage) {
                return Ok(usage);
            }
            if Instant::now() >= deadline {
                bail!("waited {timeout:?} in vain for {what}; it is {usage:?}");
            }
            thread::sleep(USAGE_INTERVAL);
        }
    }

    /// Sends SIGTERM and waits for the exit; kills the process and fails when it does not come.
    pub fn terminate(&self) -> Result<ExitStatus> {
        Ok(self.terminate_timed()?.0)
    }

    /// The same; also says how long it took.
    pub fn terminate_timed(&self) -> Result<(ExitStatus, Duration)> {
        let start = Instant::now();
        self.shared.signal(Signal::TERM);
        let status = self
            .wait(TERMINATE_TIMEOUT)
            .inspect_err(|_| self.shared.signal(Signal::KILL))?;
        Ok((status, start.elapsed()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.shared.signal(Signal::TERM);
        end([&self.shared], DROP_TIMEOUT);
        step_aside_when_ending();
    }
}

/// Runs a process to its end. An exit status other than 0 is no error; too long a run is one, and ends the process.
pub fn run(name: &str, command: Command, timeout: Duration) -> Result<Finished> {
    let process = Process::spawn(name, command, None)?;
    let status = process.wait(timeout)?;
    let state = process.shared.lock();
    Ok(Finished {
        status,
        stdout: state.text(|stream| stream == Stream::Out),
        stderr: state.text(|stream| stream == Stream::Err),
    })
}

fn usage(pid: Pid) -> Result<Usage> {
    let directory = format!("/proc/{}", pid.as_raw_nonzero());
    let status = std::fs::read_to_string(format!("{directory}/status"))?;
    let number = |name: &str| -> Result<usize> {
        let value = (status.lines())
            .find_map(|line| line.strip_prefix(name)?.split_whitespace().next())
            .with_context(|| format!("no {name} in {directory}/status: it is ending"))?;
        Ok(value.parse()?)
    };
    Ok(Usage {
        threads: number("Threads:")?,
        fds: std::fs::read_dir(format!("{directory}/fd"))?.count(),
        resident: number("VmRSS:")?,
    })
}

/// The environment of a process whose memory is to be watched: glibc gives back to the system what is freed, and keeps
/// few arenas, so that what stays is in use.
pub fn memory_env() -> [(&'static str, String); 2] {
    [
        ("MALLOC_MMAP_THRESHOLD_", "65536".to_string()),
        ("MALLOC_ARENA_MAX", "2".to_string()),
    ]
}

/// Gives a child an environment that does not depend on the caller's: removes all that Tango and OpenTelemetry read,
/// and the proxies, through which exporters would send to 127.0.0.1; then sets `variables`.
/// (cppTango also reads `~/.tangorc` and `/etc/tangorc`, but the environment comes first.)
pub fn telemetry_env<'a>(
    command: &'a mut Command,
    variables: &[(&str, String)],
) -> &'a mut Command {
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy().to_ascii_uppercase();
        if ["TANGO_", "OTEL_", "PYTANGO_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
            || name.ends_with("_PROXY")
        {
            command.env_remove(&key);
        }
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)))
}

/// From now on SIGINT (Ctrl-C) and SIGTERM end all live [`Process`]es, and then this process with 130 or 143.
pub fn end_children_on_signal() -> Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])
        .context("cannot install the handlers of SIGINT and SIGTERM")?;
    thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            if let Some(signal) = signals.forever().next() {
                let processes: Vec<_> = {
                    let mut live = lock_live();
                    live.ending = true;
                    live.processes
                        .drain(..)
                        .filter_map(|process| process.upgrade())
                        .collect()
                };
                processes
                    .iter()
                    .for_each(|process| process.signal(Signal::TERM));
                end(&processes, DROP_TIMEOUT);
                std::process::exit(128 + signal);
            }
        })?;
    Ok(())
}

/// All processes, for the signal handler.
struct Live {
    /// Set when a signal ends this process: nothing is started any more.
    ending: bool,
    processes: Vec<Weak<Shared>>,
}

static LIVE: Mutex<Live> = Mutex::new(Live {
    ending: false,
    processes: Vec::new(),
});

fn lock_live() -> MutexGuard<'static, Live> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Once a signal ends this process, all other threads wait for that here: they would else report the end of their
/// children as a failure, and exit with another status.
fn step_aside_when_ending() {
    let ending = lock_live().ending;
    if ending {
        loop {
            thread::park();
        }
    }
}

/// Waits for processes that were told to end, all together no longer than this, and kills those that are left.
fn end<'a>(processes: impl IntoIterator<Item = &'a Arc<Shared>>, timeout: Duration) {
    let deadline = Instant::now() + timeout;
    for process in processes {
        let exited = |state: &State| state.exit.is_some();
        let left = deadline.saturating_duration_since(Instant::now());
        if process.wait_quietly(left, exited).exit.is_none() {
            process.signal(Signal::KILL);
            // SIGKILL cannot be refused; bounded all the same, for a process stuck in the kernel.
            drop(process.wait_quietly(DROP_TIMEOUT, exited));
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Stream {
    Out,
    Err,
}

/// What the owner of a process, its threads and the signal handler share.
struct Shared {
    name: String,
    pid: Pid,
    stdin: Mutex<Option<ChildStdin>>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<(Stream, String)>,
    /// How many of the two streams are still open.
    open: usize,
    exit: Option<ExitStatus>,
}

impl State {
    fn text(&self, wanted: impl Fn(Stream) -> bool) -> String {
        (self.lines.iter())
            .filter(|(stream, _)| wanted(*stream))
            .flat_map(|(_, line)| [line.as_str(), "\n"])
            .collect()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_stdin(&self) -> MutexGuard<'_, Option<ChildStdin>> {
        self.stdin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits until `done` or the time is over; the caller sees from the state which it was.
    fn wait_quietly(
        &self,
        timeout: Duration,
        mut done: impl FnMut(&State) -> bool,
    ) -> MutexGuard<'_, State> {
        (self
            .changed
            .wait_timeout_while(self.lock(), timeout, |state| !done(state)))
        .unwrap_or_else(PoisonError::into_inner)
        .0
    }

    /// The same for those that must not go on when a signal ends this process.
    fn wait(&self, timeout: Duration, done: impl FnMut(&State) -> bool) -> MutexGuard<'_, State> {
        drop(self.wait_quietly(timeout, done));
        step_aside_when_ending();
        self.lock()
    }

    /// Sends a signal, unless the process was reaped: its id may then be another's. The lock keeps it from being
    /// reaped meanwhile.
    fn signal(&self, signal: Signal) {
        if self.lock().exit.is_none() {
            // It can only fail because the process has just exited.
            let _ = rustix::process::kill_process(self.pid, signal);
        }
    }

    fn failure(&self, state: MutexGuard<'_, State>, why: &str) -> anyhow::Error {
        let output = match state.text(|_| true) {
            none if none.is_empty() => "; it printed nothing".to_owned(),
            text => format!("; its output:\n{}", text.trim_end()),
        };
        anyhow!("{} (process {}) {why}{output}", self.name, self.pid)
    }

    fn collect(&self, stream: Stream, pipe: impl Read) {
        for line in BufReader::new(pipe)
            .split(b'\n')
            .map_while(std::io::Result::ok)
        {
            let line = String::from_utf8_lossy(&line)
                .trim_end_matches('\r')
                .to_owned();
            self.change(|state| state.lines.push((stream, line)));
        }
        self.change(|state| state.open -= 1);
    }

    /// Waits for the exit, which is announced only after the last line of output.
    fn reap(&self, mut child: Child) {
        // NOWAIT leaves the process a zombie: its id stays its own until the lock is held.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) =
            rustix::process::waitid(WaitId::Pid(self.pid), options)
        {}
        drop(self.wait_quietly(DRAIN_TIMEOUT, |state| state.open == 0));
        self.change(|state| state.exit = child.wait().ok());
    }
}

/// Spawns a process with its three threads, and registers it for the signal handler.
fn start(name: &str, mut command: Command, stdin: Stdio) -> Result<Arc<Shared>> {
    step_aside_when_ending();
    let program = command.get_program().to_string_lossy().into_owned();
    let mut live = lock_live();
    if live.ending {
        bail!("{name} is not started: this process is being ended by a signal");
    }
    command.stdin(stdin);
    let mut child =
        spawn_bound(command).with_context(|| format!("cannot start {name}: {program}"))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let shared = Arc::new(Shared {
        name: name.to_owned(),
        pid: Pid::from_child(&child),
        stdin: Mutex::new(child.stdin.take()),
        state: Mutex::new(State {
            open: 2,
            ..State::default()
        }),
        changed: Condvar::new(),
    });
    live.processes.retain(|process| process.strong_count() > 0);
    live.processes.push(Arc::downgrade(&shared));
    drop(live);
    let [for_out, for_err, for_exit] = std::array::from_fn(|_| shared.clone());
    thread::spawn(move || for_out.collect(Stream::Out, out.expect("stdout is piped")));
    thread::spawn(move || for_err.collect(Stream::Err, err.expect("stderr is piped")));
    thread::spawn(move || for_exit.reap(child));
    Ok(shared)
}

type Job = (Command, mpsc::Sender<std::io::Result<Child>>);

/// Spawns a process which the kernel kills when this process dies, also when that happens by SIGKILL.
///
/// The kernel ties this (PDEATHSIG) to the thread that spawned the child, and a test's thread ends long before its
/// process. So all children are spawned by one thread that lives as long as the process.
fn spawn_bound(mut command: Command) -> std::io::Result<Child> {
    static SPAWNER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let parent = rustix::process::getpid();
    // SAFETY: between fork and exec only two system calls are made, and nothing is allocated.
    unsafe {
        command.pre_exec(move || {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            // The parent may have died before that call.
            if rustix::process::getppid() == Some(parent) {
                Ok(())
            } else {
                Err(ended())
            }
        });
    }
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        thread::spawn(move || {
            for (mut command, answer) in jobs {
                // Whoever asked waits for the answer.
                let _ = answer.send(command.spawn());
            }
        });
        sender
    });
    let (answer, spawned) = mpsc::channel();
    spawner.send((command, answer)).map_err(|_| ended())?;
    spawned.recv().map_err(|_| ended())?
}

/// An error that needs no allocation.
fn ended() -> std::io::Error {
    rustix::io::Errno::CHILD.into()
}
