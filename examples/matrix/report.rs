//! What became of the settings.

use std::{collections::BTreeSet, ops::RangeInclusive};

use crate::{
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
    pub(crate) calls: Vec<Call>,
    /// Of each call.
    pub(crate) faults: Vec<Vec<Fault>>,
}

impl Outcome {
    fn passes(&self, rule: Rule) -> bool {
        self.faults.iter().flatten().all(|fault| fault.rule != rule)
    }

    fn is_good(&self) -> bool {
        self.faults.iter().all(Vec::is_empty)
    }
}

impl Report {
    pub(crate) fn is_good(&self) -> bool {
        self.outcomes.iter().all(Outcome::is_good)
    }

    pub(crate) fn print(&self, verbose: bool) {
        let calls = || self.outcomes.iter().flat_map(|outcome| &outcome.calls);
        let spans: usize = calls().flat_map(|call| &call.spans).map(Vec::len).sum();
        let calls = calls().count();
        println!(
            "{calls} calls have {spans} spans; {} others are no call's.",
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
        for (call, name) in ["no outer span", "below 01", "below 00"]
            .into_iter()
            .enumerate()
        {
            self.print_cells(name, &self.outcomes.iter().collect::<Vec<_>>(), call..=call);
        }
        self.print_row("all", |_| true);

        let bad: Vec<_> = self.outcomes.iter().filter(|of| !of.is_good()).collect();
        for outcome in bad.iter().take(NAMED) {
            println!("\n{} (client/Leader/Follower)", outcome.setting);
            for (call, faults) in outcome.calls.iter().zip(&outcome.faults) {
                print_call(call, faults, verbose);
            }
        }
        if bad.len() > NAMED {
            println!("\nand {} more that fail", bad.len() - NAMED);
        }
    }

    fn print_row(&self, name: &str, of: impl Fn(&Outcome) -> bool) {
        let of: Vec<_> = self.outcomes.iter().filter(|outcome| of(outcome)).collect();
        self.print_cells(name, &of, 0..=2);
    }

    /// How many of these pass each rule, in some of their calls.
    fn print_cells(&self, name: &str, of: &[&Outcome], calls: RangeInclusive<usize>) {
        let count = |passes: &dyn Fn(&Fault) -> bool| {
            let faults = of
                .iter()
                .map(|outcome| outcome.faults[calls.clone()].iter().flatten());
            faults.filter(|faults| faults.clone().all(passes)).count()
        };
        let mut cells = vec![of.len()];
        cells.extend(RULES.map(|rule| count(&|fault| fault.rule != rule)));
        cells.push(count(&|_| false));
        let cells = cells.iter().map(|count| format!(" {count:>3} |"));
        println!("| {name:13} |{}", cells.collect::<String>());
    }

    /// A line for each setting, with the rules that hold: `all/user/stopped T1 T2 T3 T4 T5`.
    pub(crate) fn list(&self) -> String {
        let lines = self.outcomes.iter().map(|outcome| {
            let passed = RULES.into_iter().filter(|rule| outcome.passes(*rule));
            let passed = passed.map(|rule| format!(" {rule:?}"));
            format!("{}{}\n", outcome.setting, passed.collect::<String>())
        });
        lines.collect()
    }

    /// Those that pass all rules in this list, but not here.
    pub(crate) fn worse_than(&self, list: &str) -> Vec<String> {
        let bad = self.outcomes.iter().filter(|outcome| !outcome.is_good());
        let bad: BTreeSet<String> = bad.map(|outcome| outcome.setting.to_string()).collect();
        let good = list
            .lines()
            .filter_map(|line| line.strip_suffix(" T1 T2 T3 T4 T5"));
        good.filter(|setting| bad.contains(*setting))
            .map(str::to_string)
            .collect()
    }
}

fn print_head(name: &str) {
    println!("\n| {name:13} |  of |  T1 |  T2 |  T3 |  T4 |  T5 | all |");
    println!("|---|---|---|---|---|---|---|---|");
}

fn print_call(call: &Call, faults: &[Fault], verbose: bool) {
    if faults.is_empty() {
        return;
    }
    let outer = call.outer.as_ref().map(traceparent);
    let outer = outer.map_or("no outer span".to_string(), |outer| {
        format!("below {outer}")
    });
    println!("  {outer}");
    for Fault { rule, what } in faults {
        println!("    {rule:?} {what}");
    }
    if verbose {
        let spans = call.spans.iter().flatten();
        spans.for_each(|span| println!("      {span}"));
    }
}
