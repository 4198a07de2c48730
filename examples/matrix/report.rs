// SPDX-License-Identifier: MIT OR Apache-2.0
//! What became of the settings.

use std::ops::RangeInclusive;

use crate::{
    CALLS,
    setting::{Configuration, PLACES, Setting},
    system::traceparent,
    verdict::{Call, Fault, Rule},
};

const RULES: [Rule; 5] = [Rule::T1, Rule::T2, Rule::T3, Rule::T4, Rule::T5];

/// How many of those that fail are named.
const NAMED: usize = 20;

pub(crate) struct Report {
    pub(crate) outcomes: Vec<Outcome>,
    /// How many spans are no call's.
    pub(crate) others: usize,
}

pub(crate) struct Outcome {
    pub(crate) setting: Setting,
    /// One for each of `CALLS`.
    pub(crate) calls: Vec<Judged>,
}

pub(crate) struct Judged {
    pub(crate) call: Call,
    pub(crate) faults: Vec<Fault>,
}

impl Outcome {
    fn is_good(&self) -> bool {
        self.calls.iter().all(|judged| judged.faults.is_empty())
    }
}

impl Report {
    pub(crate) fn is_good(&self) -> bool {
        self.outcomes.iter().all(Outcome::is_good)
    }

    pub(crate) fn print(&self, verbose: bool) {
        let calls = self.calls();
        let spans: usize = calls
            .iter()
            .flat_map(|(_, _, one)| &one.call.spans)
            .map(Vec::len)
            .sum();
        println!(
            "{} calls have {spans} spans; {} others are no call's.",
            calls.len(),
            self.others
        );
        for (place, name) in PLACES.into_iter().enumerate() {
            print_head(name);
            for configuration in Configuration::EACH {
                let of = |outcome: &Outcome| outcome.setting.0[place] == configuration;
                self.print_row(configuration.name(), of);
            }
        }
        print_head("calls");
        let all: Vec<_> = self.outcomes.iter().collect();
        for (number, (name, _)) in CALLS.into_iter().enumerate() {
            print_cells(name, &all, number..=number);
        }
        self.print_row("all", |_| true);

        let bad: Vec<_> = self.outcomes.iter().filter(|of| !of.is_good()).collect();
        for outcome in bad.iter().take(NAMED) {
            println!("\n{} (client/Leader/Follower)", outcome.setting);
            for judged in &outcome.calls {
                print_call(judged, verbose);
            }
        }
        if bad.len() > NAMED {
            println!("\nand {} more that fail", bad.len() - NAMED);
        }
    }

    fn print_row(&self, name: &str, of: impl Fn(&Outcome) -> bool) {
        let of: Vec<_> = self.outcomes.iter().filter(|outcome| of(outcome)).collect();
        print_cells(name, &of, 0..=CALLS.len() - 1);
    }

    /// A line for each call, with the rules that hold: `all/user/stopped below-01 T1 T2 T3 T4 T5`.
    pub(crate) fn list(&self) -> String {
        let lines = self.calls().into_iter().map(|(setting, name, judged)| {
            let holds = |rule: &Rule| judged.faults.iter().all(|fault| fault.rule != *rule);
            let passed = RULES.into_iter().filter(holds);
            let passed: String = passed.map(|rule| format!(" {rule:?}")).collect();
            format!("{setting} {name}{passed}\n")
        });
        lines.collect()
    }

    /// The settings that pass all rules in this list, in all calls, but not here.
    pub(crate) fn worse_than(&self, list: &str) -> Vec<String> {
        let good = |setting: &Setting| {
            let calls = format!("{setting} ");
            let mut lines = list
                .lines()
                .filter(|line| line.starts_with(&calls))
                .peekable();
            lines.peek().is_some() && lines.all(|line| line.ends_with(" T1 T2 T3 T4 T5"))
        };
        let bad = self.outcomes.iter().filter(|outcome| !outcome.is_good());
        let bad = bad.filter(|outcome| good(&outcome.setting));
        bad.map(|outcome| outcome.setting.to_string()).collect()
    }

    /// All calls, with their setting and the name of what they are made in.
    fn calls(&self) -> Vec<(Setting, &'static str, &Judged)> {
        let calls = self.outcomes.iter().flat_map(|outcome| {
            let calls = CALLS.into_iter().zip(&outcome.calls);
            calls.map(|((name, _), judged)| (outcome.setting, name, judged))
        });
        calls.collect()
    }
}

/// How many of these pass each rule, in some of their calls.
fn print_cells(name: &str, of: &[&Outcome], calls: RangeInclusive<usize>) {
    let count = |passes: &dyn Fn(&Fault) -> bool| {
        let faults = |outcome: &&&Outcome| {
            let mut faults = outcome.calls[calls.clone()]
                .iter()
                .flat_map(|call| &call.faults);
            faults.all(passes)
        };
        of.iter().filter(faults).count()
    };
    let mut cells = vec![of.len()];
    cells.extend(RULES.map(|rule| count(&|fault| fault.rule != rule)));
    cells.push(count(&|_| false));
    let cells = cells.iter().map(|count| format!(" {count:>3} |"));
    println!("| {name:13} |{}", cells.collect::<String>());
}

fn print_head(name: &str) {
    println!("\n| {name:13} |  of |  T1 |  T2 |  T3 |  T4 |  T5 | all |");
    println!("|---|---|---|---|---|---|---|---|");
}

fn print_call(Judged { call, faults }: &Judged, verbose: bool) {
    if faults.is_empty() {
        return;
    }
    let outer = call.outer.as_ref().map(traceparent);
    let outer = outer.map_or("alone".to_string(), |outer| format!("below {outer}"));
    println!("  {outer}");
    for Fault { rule, what } in faults {
        println!("    {rule:?} {what}");
    }
    if verbose {
        let spans = call.spans.iter().flatten();
        spans.for_each(|span| println!("      {span}"));
    }
}
