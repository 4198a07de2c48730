//! What must be true of the spans of a call, whatever the setting. Pure functions: `tests/continuity.rs` runs their
//! unit tests.

use std::collections::BTreeSet;

use testbed::{Kind, Span};

use crate::setting::{Configuration, PLACES, Program, Setting};

/// One call of the client, with the spans that each actor's process has exported for it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) outer: Option<Outer>,
    pub(crate) spans: [Vec<Span>; 3],
}

/// The span of an application that the client calls in. Nobody exports it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outer {
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    pub(crate) sampled: bool,
}

impl Outer {
    pub(crate) fn traceparent(&self) -> String {
        let flags = u8::from(self.sampled);
        format!("00-{}-{}-{flags:02x}", self.trace_id, self.span_id)
    }
}

/// The rules, by the ids of the acceptance cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// No orphan: a span's parent is a span of the same call and trace, or the outer one.
    T1,
    /// One trace, which only a stopped actor may end.
    T2,
    /// Who is to emit does, and who is not to is silent.
    T3,
    /// Below an outer span that is not sampled there are no user spans.
    T4,
    /// A sampled outer span is the ancestor of all.
    T5,
}

impl Rule {
    pub(crate) const EACH: [Self; 5] = [Self::T1, Self::T2, Self::T3, Self::T4, Self::T5];
}

/// What is wrong with a call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) rule: Rule,
    pub(crate) what: String,
}

/// All that is wrong with a call.
pub(crate) fn judge(setting: &Setting, programs: [Program; 3], call: &Call) -> Vec<Fault> {
    let case = Case {
        configurations: setting.0,
        programs,
        call,
    };
    let found = [
        (Rule::T1, case.orphans()),
        (Rule::T2, case.several_traces()),
        (Rule::T3, case.missing_or_loud()),
        (Rule::T4, case.unsampled()),
        (Rule::T5, case.not_below_outer()),
    ];
    let faults = found.into_iter().flat_map(|(rule, all)| {
        let all: BTreeSet<String> = all.into_iter().collect();
        all.into_iter().map(move |what| Fault { rule, what })
    });
    faults.collect()
}

struct Case<'a> {
    configurations: [Configuration; 3],
    programs: [Program; 3],
    call: &'a Call,
}

impl Case<'_> {
    fn orphans(&self) -> Vec<String> {
        let orphans = self.spans().filter(|(_, span)| {
            !span.parent_span_id.is_empty() && self.parent(span).is_none() && !self.is_outers(span)
        });
        orphans
            .map(|(place, span)| format!("{} is an orphan", title(place, span)))
            .collect()
    }

    fn several_traces(&self) -> Vec<String> {
        // Between two stopped actors, and before and after them.
        let mut parts: [BTreeSet<&str>; 4] = Default::default();
        if let Some(outer) = &self.call.outer {
            parts[0].insert(&outer.trace_id);
        }
        let (stopped, running): (Vec<_>, Vec<_>) =
            self.spans().partition(|(place, _)| self.is_stopped(*place));
        for (place, span) in running {
            parts[self.stopped_before(place)].insert(&span.trace_id);
        }
        let several = parts.iter().filter(|traces| traces.len() > 1).map(|part| {
            let after = if part == &parts[0] {
                ""
            } else {
                ", after a stopped actor"
            };
            format!("{} traces{after}", part.len())
        });
        // It should be silent; if not, it should at least belong to its neighbours.
        let strangers = stopped.into_iter().filter(|(place, span)| {
            let before = self.stopped_before(*place);
            let known = |part: &BTreeSet<&str>| part.contains(span.trace_id.as_str());
            !parts[before..=before + 1].iter().any(known)
        });
        let strangers =
            strangers.map(|(place, span)| format!("{} has its own trace", title(place, span)));
        several.chain(strangers).collect()
    }

    fn missing_or_loud(&self) -> Vec<String> {
        let to_be_sampled = self.call.outer.as_ref().is_none_or(|outer| outer.sampled);
        let mut faults = Vec::new();
        for (place, configuration) in self.configurations.into_iter().enumerate() {
            if configuration.is_silent() {
                let loud = self.call.spans[place].iter();
                faults.extend(loud.map(|span| format!("{} is exported", title(place, span))));
            }
            if configuration.emits_user_spans() && to_be_sampled {
                let missing = [
                    ("method", place > 0, self.has_method_span(place)),
                    ("call", place < 2, self.has_call_span(place)),
                ];
                for (what, wanted, found) in missing {
                    if wanted && !found {
                        faults.push(format!("{} has no {what} span", PLACES[place]));
                    }
                }
            }
        }
        faults
    }

    fn unsampled(&self) -> Vec<String> {
        if self.call.outer.as_ref().is_none_or(|outer| outer.sampled) {
            return Vec::new();
        }
        let reached = self
            .spans()
            .filter(|(place, _)| self.stopped_before(*place) == 0);
        let users = reached.filter(|(place, span)| self.is_users(*place, span));
        users
            .map(|(place, span)| format!("{} is exported below flags 00", title(place, span)))
            .collect()
    }

    fn not_below_outer(&self) -> Vec<String> {
        if self.call.outer.as_ref().is_none_or(|outer| !outer.sampled) || self.is_stopped(0) {
            return Vec::new();
        }
        let reached = self
            .spans()
            .filter(|(place, _)| self.stopped_before(*place) == 0);
        let topmost = reached.filter(|(_, span)| self.parent(span).is_none());
        topmost
            .filter(|(_, span)| !self.is_outers(span))
            .map(|(place, span)| format!("{} is not below the outer span", title(place, span)))
            .collect()
    }

    /// All spans, each with its actor's place.
    fn spans(&self) -> impl Iterator<Item = (usize, &Span)> {
        let places = self.call.spans.iter().enumerate();
        places.flat_map(|(place, spans)| spans.iter().map(move |span| (place, span)))
    }

    fn parent(&self, span: &Span) -> Option<&Span> {
        let mut spans = self.spans().map(|(_, span)| span);
        spans.find(|of| of.span_id == span.parent_span_id && of.trace_id == span.trace_id)
    }

    fn is_outers(&self, span: &Span) -> bool {
        (self.call.outer.as_ref()).is_some_and(|outer| {
            span.parent_span_id == outer.span_id && span.trace_id == outer.trace_id
        })
    }

    fn is_stopped(&self, place: usize) -> bool {
        self.configurations[place] == Configuration::Stopped
    }

    fn stopped_before(&self, place: usize) -> usize {
        (0..place).filter(|place| self.is_stopped(*place)).count()
    }

    /// Whether it is not cppTango's.
    fn is_users(&self, place: usize, span: &Span) -> bool {
        span.language() == self.programs[place].language()
    }

    fn has_method_span(&self, place: usize) -> bool {
        const METHODS: [&str; 3] = ["", "Leader.TurnFollowersOn", "Follower.Go"];
        self.call.spans[place].iter().any(|span| {
            self.is_users(place, span) && span.kind == Kind::Server && span.name == METHODS[place]
        })
    }

    fn has_call_span(&self, place: usize) -> bool {
        // PyTango gives it the name of the caller's function.
        let named = |span: &Span| match self.programs[place] {
            Program::Rust => span.name == "DeviceProxy.command_inout",
            Program::PyTango => true,
        };
        self.call.spans[place]
            .iter()
            .any(|span| self.is_users(place, span) && span.kind == Kind::Client && named(span))
    }
}

fn title(place: usize, span: &Span) -> String {
    format!("{}'s {} ({})", PLACES[place], span.name, span.language())
}
