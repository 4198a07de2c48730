// SPDX-License-Identifier: MIT OR Apache-2.0
//! What became of a server.

use std::{process::ExitStatus, time::Duration};

use testbed::Usage;

pub(crate) struct Outcome {
    pub(crate) title: &'static str,
    /// After what time, and how.
    pub(crate) died: Option<(Duration, ExitStatus)>,
    /// How long each call and each admin command took that did not fail, in order of length.
    pub(crate) calls: Vec<Duration>,
    pub(crate) admin: Vec<Duration>,
    /// Those that failed, other than by the server's death.
    pub(crate) failed: Vec<String>,
    pub(crate) providers: Option<i32>,
    /// Received under load.
    pub(crate) spans: usize,
    pub(crate) cpp_spans_dropped: usize,
    /// Before the load, the most under load, and after it.
    pub(crate) usage: Vec<Usage>,
    /// What is not as before.
    pub(crate) left: Vec<String>,
}

impl Outcome {
    /// What is wrong, a line each.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let died = self.died.map(|(_, status)| format!("it died: {status}"));
        let all = died.iter().chain(&self.failed).chain(&self.left);
        all.cloned().collect()
    }

    fn fate(&self) -> String {
        match &self.died {
            None => "survived".to_string(),
            Some((after, status)) => format!("died after {:.2} s: {status}", after.as_secs_f64()),
        }
    }

    fn usage(&self, what: impl Fn(&Usage) -> usize) -> String {
        let all = self.usage.iter().map(|usage| what(usage).to_string());
        all.collect::<Vec<_>>().join(" / ")
    }
}

type Row = (&'static str, fn(&Outcome) -> String);

const ROWS: [Row; 14] = [
    ("", |of| of.title.to_string()),
    ("", Outcome::fate),
    ("calls", |of| of.calls.len().to_string()),
    ("calls and commands that failed", |of| {
        of.failed.len().to_string()
    }),
    ("longest call", |of| millis(of.calls.last())),
    ("admin commands", |of| of.admin.len().to_string()),
    ("  median", |of| millis(of.admin.get(of.admin.len() / 2))),
    ("  longest", |of| millis(of.admin.last())),
    ("tracer providers built, Rust", |of| {
        of.providers.map_or("-".to_string(), |n| n.to_string())
    }),
    ("spans received", |of| of.spans.to_string()),
    ("C++ spans dropped, queue full", |of| {
        of.cpp_spans_dropped.to_string()
    }),
    ("threads: before / most / after", |of| {
        of.usage(|usage| usage.threads)
    }),
    ("file descriptors", |of| of.usage(|usage| usage.fds)),
    ("resident memory, MB", |of| {
        of.usage(|usage| usage.resident / 1000)
    }),
];

pub(crate) fn print_table(outcomes: [Option<&Outcome>; 2]) {
    println!();
    for (name, cell) in ROWS {
        let [ours, stock] = outcomes.map(|of| of.map_or("-".to_string(), cell));
        println!("{name:31} {ours:27} {stock}");
    }
}

fn millis(duration: Option<&Duration>) -> String {
    duration.map_or("-".to_string(), |duration| {
        format!("{:.2} ms", duration.as_secs_f64() * 1e3)
    })
}
