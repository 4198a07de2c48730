// SPDX-License-Identifier: MIT OR Apache-2.0
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
            let has_user_spans = self.programs[place].language().is_some();
            if configuration.emits_user_spans() && has_user_spans && to_be_sampled {
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
        Some(span.language()) == self.programs[place].language()
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
            Program::PyTango | Program::Cpp => true,
        };
        self.call.spans[place]
            .iter()
            .any(|span| self.is_users(place, span) && span.kind == Kind::Client && named(span))
    }
}

fn title(place: usize, span: &Span) -> String {
    format!("{}'s {} ({})", PLACES[place], span.name, span.language())
}

#[cfg(test)]
mod tests {
    use super::{
        Configuration::{All, Database, NoEndpoints, Stopped, TracingOff, TypesLogging, User},
        *,
    };

    const CLIENT: usize = 0;
    const LEADER: usize = 1;
    const FOLLOWER: usize = 2;

    fn outer(sampled: bool) -> Option<Outer> {
        Some(Outer {
            trace_id: "trace".to_string(),
            span_id: "outer".to_string(),
            sampled,
        })
    }

    /// All spans of a call as they should be where all are in `all`; a span's id is its place in this.
    fn whole(outer: Option<Outer>) -> Call {
        const SPANS: [(usize, &str, &str, Kind); 8] = [
            (CLIENT, "rust", "DeviceProxy.command_inout", Kind::Client),
            (
                CLIENT,
                "cpp",
                "Tango::Connection::command_inout",
                Kind::Client,
            ),
            (
                LEADER,
                "cpp",
                "Tango::Device_4Impl::command_inout_4",
                Kind::Server,
            ),
            (LEADER, "rust", "Leader.TurnFollowersOn", Kind::Server),
            (LEADER, "rust", "DeviceProxy.command_inout", Kind::Client),
            (
                LEADER,
                "cpp",
                "Tango::Connection::command_inout",
                Kind::Client,
            ),
            (
                FOLLOWER,
                "cpp",
                "Tango::Device_4Impl::command_inout_4",
                Kind::Server,
            ),
            (FOLLOWER, "rust", "Follower.Go", Kind::Server),
        ];
        let mut parent = outer
            .as_ref()
            .map(|outer| outer.span_id.clone())
            .unwrap_or_default();
        let mut spans: [Vec<Span>; 3] = Default::default();
        for (id, (place, language, name, kind)) in SPANS.into_iter().enumerate() {
            let language = ("telemetry.sdk.language".to_string(), language.to_string());
            let span_id = id.to_string();
            spans[place].push(Span {
                trace_id: "trace".to_string(),
                span_id: span_id.clone(),
                parent_span_id: std::mem::replace(&mut parent, span_id),
                name: name.to_string(),
                kind,
                resource: [language].into(),
                ..Span::default()
            });
        }
        Call { outer, spans }
    }

    impl Call {
        /// Without a span; its children have its parent.
        fn bridged(mut self, id: &str) -> Self {
            let parent = self.span(id).parent_span_id.clone();
            self = self.without(id);
            let spans = self.spans.iter_mut().flatten();
            spans
                .filter(|span| span.parent_span_id == id)
                .for_each(|span| span.parent_span_id = parent.clone());
            self
        }

        fn without(mut self, id: &str) -> Self {
            self.spans
                .iter_mut()
                .for_each(|spans| spans.retain(|span| span.span_id != id));
            self
        }

        /// As if the actor were silent, and handed on what it got.
        fn silent(self, place: usize) -> Self {
            let ids: Vec<_> = self.spans[place]
                .iter()
                .map(|span| span.span_id.clone())
                .collect();
            ids.iter().fold(self, |call, id| call.bridged(id))
        }

        /// With the first span of an actor, and what is below, in a trace of its own.
        fn cut(mut self, place: usize, trace: &str) -> Self {
            if let Some(first) = self.spans[place].first_mut() {
                first.parent_span_id.clear();
            }
            let behind = self.spans[place..].iter_mut().flatten();
            behind.for_each(|span| span.trace_id = trace.to_string());
            self
        }

        fn span(&mut self, id: &str) -> &mut Span {
            let mut spans = self.spans.iter_mut().flatten();
            spans
                .find(|span| span.span_id == id)
                .expect("there is such a span")
        }
    }

    const RUST: [Program; 3] = [Program::Rust; 3];

    /// The rules that a call breaks.
    fn broken(setting: [Configuration; 3], call: &Call) -> Vec<Rule> {
        let mut rules: Vec<_> = judge(&Setting(setting), RUST, call)
            .iter()
            .map(|fault| fault.rule)
            .collect();
        rules.dedup();
        rules
    }

    #[test]
    fn a_whole_call_passes_with_and_without_an_outer_span() {
        for outer in [None, outer(true)] {
            assert_eq!(broken([All, All, All], &whole(outer.clone())), []);
            // Only user spans.
            let users = ["1", "2", "5", "6"];
            let users = users.iter().fold(whole(outer), |call, id| call.bridged(id));
            assert_eq!(broken([User, User, User], &users), []);
        }
    }

    #[test]
    fn t1_a_parent_must_be_a_span_of_the_call_and_trace() {
        let orphan = whole(None).without("5");
        assert_eq!(broken([All, All, All], &orphan), [Rule::T1]);
        assert_eq!(
            judge(&Setting([All; 3]), RUST, &orphan)[0].what,
            "Follower's Tango::Device_4Impl::command_inout_4 (cpp) is an orphan"
        );
        let mut elsewhere = whole(None);
        elsewhere.span("7").trace_id = "other".to_string();
        assert_eq!(broken([All, All, All], &elsewhere), [Rule::T1, Rule::T2]);
        // Also behind a stopped actor.
        let behind = whole(None).silent(LEADER).without("1");
        assert_eq!(broken([All, Stopped, All], &behind), [Rule::T1]);
    }

    #[test]
    fn t2_only_a_stopped_actor_ends_the_trace() {
        let two = whole(None).cut(FOLLOWER, "second");
        assert_eq!(broken([All, All, All], &two), [Rule::T2]);
        let silent = || whole(None).silent(LEADER);
        for leader in [TracingOff, TypesLogging, NoEndpoints] {
            assert_eq!(broken([All, leader, All], &silent()), []);
            let two = silent().cut(FOLLOWER, "second");
            assert_eq!(broken([All, leader, All], &two), [Rule::T2]);
        }
        let two = silent().cut(FOLLOWER, "second");
        assert_eq!(broken([All, Stopped, All], &two), []);
        // What follows is again one.
        let mut three = two;
        three.span("7").trace_id = "third".to_string();
        three.span("7").parent_span_id.clear();
        assert_eq!(broken([All, Stopped, All], &three), [Rule::T2]);
    }

    #[test]
    fn t2_the_trace_is_the_outer_spans_but_behind_a_stopped_actor() {
        let other = whole(outer(true)).cut(CLIENT, "other");
        assert_eq!(broken([All, All, All], &other), [Rule::T2, Rule::T5]);
        let other = whole(outer(true)).silent(CLIENT).cut(LEADER, "other");
        assert_eq!(broken([TracingOff, All, All], &other), [Rule::T2, Rule::T5]);
        assert_eq!(broken([Stopped, All, All], &other), []);
        let third = other.cut(FOLLOWER, "third");
        assert_eq!(broken([Stopped, All, All], &third), [Rule::T2]);
        // Two stopped ones.
        let last = whole(outer(true))
            .silent(CLIENT)
            .silent(LEADER)
            .cut(FOLLOWER, "last");
        assert_eq!(broken([Stopped, Stopped, All], &last), []);
    }

    #[test]
    fn t2_a_stopped_actor_that_is_not_silent_belongs_to_a_neighbour() {
        let mut call = whole(None).cut(LEADER, "second");
        assert_eq!(broken([All, Stopped, All], &call), [Rule::T3]);
        for id in ["2", "3", "4", "5"] {
            call.span(id).trace_id = "own".to_string();
        }
        call.span("6").parent_span_id.clear();
        assert_eq!(broken([All, Stopped, All], &call), [Rule::T2, Rule::T3]);
    }

    #[test]
    fn t3_who_is_to_emit_does() {
        for (id, place) in [("0", CLIENT), ("3", LEADER), ("4", LEADER), ("7", FOLLOWER)] {
            let call = whole(None).bridged(id);
            for configuration in [All, User, Database] {
                let mut setting = [All; 3];
                setting[place] = configuration;
                let expected: &[Rule] = match configuration {
                    Database => &[],
                    _ => &[Rule::T3],
                };
                assert_eq!(broken(setting, &call), expected, "{id} {configuration:?}");
            }
        }
        // Only its own language counts.
        let rust_only = judge(&Setting([All; 3]), [Program::PyTango; 3], &whole(None));
        assert_eq!(rust_only.len(), 4, "{rust_only:?}");
        // cppTango has kernel spans only.
        let kernel = ["3", "4", "7"]
            .iter()
            .fold(whole(None), |call, id| call.bridged(id));
        let programs = [Program::Rust, Program::Cpp, Program::Cpp];
        assert_eq!(judge(&Setting([All; 3]), programs, &kernel), []);
    }

    #[test]
    fn t3_who_is_not_to_emit_is_silent() {
        for configuration in [TracingOff, TypesLogging, NoEndpoints, Stopped] {
            for place in [CLIENT, LEADER, FOLLOWER] {
                let mut setting = [All; 3];
                setting[place] = configuration;
                let silent = whole(None).silent(place);
                assert_eq!(broken(setting, &silent), []);
                for id in whole(None).spans[place].iter().map(|span| &span.span_id) {
                    let others = whole(None).spans[place].clone().into_iter();
                    let others = others.filter(|span| span.span_id != *id);
                    let loud = others.fold(whole(None), |call, other| call.bridged(&other.span_id));
                    assert_eq!(broken(setting, &loud), [Rule::T3], "{id} {configuration:?}");
                }
            }
        }
    }

    #[test]
    fn t4_below_flags_00_there_are_no_user_spans() {
        let all = whole(outer(false));
        let kernel = ["0", "3", "4", "7"]
            .iter()
            .fold(all, |call, id| call.bridged(id));
        assert_eq!(broken([All, All, All], &kernel), []);
        for id in ["0", "3", "4", "7"] {
            let others = ["0", "3", "4", "7"]
                .into_iter()
                .filter(|other| *other != id);
            let one = others.fold(whole(outer(false)), |call, other| call.bridged(other));
            assert_eq!(broken([All, All, All], &one), [Rule::T4], "{id}");
        }
        // Flags 00 do not get past a stopped actor.
        let behind = whole(outer(false))
            .silent(CLIENT)
            .silent(LEADER)
            .cut(FOLLOWER, "second");
        assert_eq!(broken([All, Stopped, All], &behind), []);
        assert_eq!(
            broken([All, TracingOff, All], &behind),
            [Rule::T2, Rule::T4]
        );
    }

    #[test]
    fn t5_a_sampled_outer_span_is_the_ancestor_of_all() {
        let mut beside = whole(outer(true));
        beside.span("0").parent_span_id.clear();
        assert_eq!(broken([All, All, All], &beside), [Rule::T5]);
        let mut beside = whole(outer(true)).silent(CLIENT);
        beside.span("2").parent_span_id.clear();
        for client in [TracingOff, TypesLogging, NoEndpoints] {
            assert_eq!(broken([client, All, All], &beside), [Rule::T5]);
        }
        assert_eq!(broken([Stopped, All, All], &beside), []);
        let behind = whole(outer(true)).silent(LEADER).cut(FOLLOWER, "trace");
        assert_eq!(broken([All, Stopped, All], &behind), []);
        assert_eq!(broken([All, TracingOff, All], &behind), [Rule::T5]);
    }
}
