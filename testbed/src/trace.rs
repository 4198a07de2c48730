// SPDX-License-Identifier: MIT OR Apache-2.0
//! A trace as a tree of spans, and as a waterfall to look at.

use crate::span::{Span, Status};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::IsTerminal;

/// The width of a waterfall where nobody asks for another.
pub const DEFAULT_WIDTH: usize = 120;

/// All spans of one trace id, in the order in which they started.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// 32 hex digits.
    pub trace_id: String,
    /// The spans in the order in which they started.
    pub spans: Vec<Span>,
}

impl Trace {
    /// Sorts spans into traces; the trace that started first comes first.
    pub fn all(spans: &[Span]) -> Vec<Trace> {
        let mut traces: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
        for span in spans {
            traces.entry(&span.trace_id).or_default().push(span.clone());
        }
        let mut traces: Vec<Trace> = (traces.into_iter())
            .map(|(id, mut spans)| {
                spans.sort_by_key(|span| span.start);
                Trace {
                    trace_id: id.to_owned(),
                    spans,
                }
            })
            .collect();
        traces.sort_by_key(|trace| trace.spans[0].start);
        traces
    }

    /// The spans that have no parent.
    pub fn roots(&self) -> Vec<&Span> {
        self.spans
            .iter()
            .filter(|span| span.parent_span_id.is_empty())
            .collect()
    }

    /// The spans whose parent is not among the spans.
    pub fn orphans(&self) -> Vec<&Span> {
        let ids: HashSet<&str> = self
            .spans
            .iter()
            .map(|span| span.span_id.as_str())
            .collect();
        let is_orphan = |span: &&Span| {
            !span.parent_span_id.is_empty() && !ids.contains(span.parent_span_id.as_str())
        };
        self.spans.iter().filter(is_orphan).collect()
    }

    /// The parent of a span, if it is among the spans.
    pub fn parent(&self, span: &Span) -> Option<&Span> {
        self.spans
            .iter()
            .find(|other| other.span_id == span.parent_span_id)
    }

    /// The children of a span in the order in which they started.
    pub fn children(&self, span: &Span) -> Vec<&Span> {
        self.spans
            .iter()
            .filter(|other| other.parent_span_id == span.span_id)
            .collect()
    }

    /// All spans with their depth: each before its children, roots and orphans at depth 0.
    pub fn depth_first(&self) -> Vec<(usize, &Span)> {
        self.tree()
            .into_iter()
            .map(|(depth, _, span)| (depth, span))
            .collect()
    }

    /// The names of the services in the trace.
    pub fn services(&self) -> BTreeSet<&str> {
        self.spans.iter().map(Span::service).collect()
    }

    /// The time from the start of the first span to the end of the last, in nanoseconds.
    pub fn duration(&self) -> u64 {
        let end = self.spans.iter().map(|span| span.end).max().unwrap_or(0);
        end.saturating_sub(self.start())
    }

    /// The trace as a table: a line for each span with its service and instance, its name indented as a tree, its kind,
    /// its language, its duration, and its place in the whole trace as a bar. No line is wider than `width`, which is
    /// at least 80. `color` adds terminal colours; see [`color_wanted`].
    pub fn render_waterfall(&self, width: usize, color: bool) -> String {
        let tree = self.tree();
        let names: Vec<String> = (tree.iter())
            .map(|(depth, lines, span)| {
                let orphan = *depth == 0 && !span.parent_span_id.is_empty();
                let failed = matches!(span.status, Status::Error(_));
                let (orphan, failed) = (
                    if orphan { "(orphan) " } else { "" },
                    if failed { "✗ " } else { "" },
                );
                printable(&format!("{lines}{orphan}{failed}{}", span.name))
            })
            .collect();
        let services: Vec<String> = (tree.iter())
            .map(|(.., span)| printable(&format!("{} {}", span.service(), span.instance())))
            .collect();
        let columns = Columns::fit(width.max(80), &services, &names);
        let mut lines = vec![
            cut(&self.title(), width.max(80)),
            columns.line(
                ["SERVICE", "SPAN", "KIND", "LANG", "DURATION"],
                "",
                "",
                color,
            ),
        ];
        for (((_, _, span), name), service) in tree.iter().zip(&names).zip(&services) {
            let look = Look::of(span);
            let bar = columns.bar(span, self.start(), self.duration(), look.bar);
            let cells = [
                service,
                name,
                span.kind.as_str(),
                look.language,
                &duration_text(nanos(span)),
            ];
            lines.push(columns.line(cells, &bar, look.color, color));
        }
        lines
            .iter()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect()
    }

    fn title(&self) -> String {
        format!(
            "trace {}: {}, {}, {}, {}",
            self.trace_id,
            count(self.spans.len(), "span"),
            count(self.services().len(), "service"),
            count(self.orphans().len(), "orphan"),
            duration_text(self.duration()),
        )
    }

    fn start(&self) -> u64 {
        self.spans.first().map_or(0, |span| span.start)
    }

    /// Depth, the lines of the tree before the name, and the span.
    fn tree(&self) -> Vec<(usize, String, &Span)> {
        let mut rows = Vec::new();
        let mut seen = HashSet::new();
        let tops = self.spans.iter().filter(|span| self.parent(span).is_none());
        // Broken spans can be each other's parents; those that no root leads to come last.
        for span in tops.chain(&self.spans) {
            self.branch(span, 0, "", "", &mut seen, &mut rows);
        }
        rows
    }

    fn branch<'a>(
        &'a self,
        span: &'a Span,
        depth: usize,
        first: &str,
        rest: &str,
        seen: &mut HashSet<*const Span>,
        rows: &mut Vec<(usize, String, &'a Span)>,
    ) {
        if !seen.insert(std::ptr::from_ref(span)) {
            return;
        }
        rows.push((depth, first.to_owned(), span));
        let children = self.children(span);
        for (i, child) in children.iter().enumerate() {
            let (corner, line) = if i + 1 == children.len() {
                ("└ ", "  ")
            } else {
                ("├ ", "│ ")
            };
            let (first, rest) = (format!("{rest}{corner}"), format!("{rest}{line}"));
            self.branch(child, depth + 1, &first, &rest, seen, rows);
        }
    }
}

/// Whether standard output wants colours: it is a terminal that knows them, and `NO_COLOR` is not set.
pub fn color_wanted() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    std::io::stdout().is_terminal() && !set("NO_COLOR") && !dumb
}

/// How the spans of a language look.
struct Look {
    language: &'static str,
    bar: &'static str,
    color: &'static str,
}

impl Look {
    fn of(span: &Span) -> Look {
        match span.language() {
            "rust" => Look {
                language: "Rust",
                bar: "█",
                color: "\x1b[33m",
            },
            "cpp" => Look {
                language: "C++",
                bar: "▒",
                color: "\x1b[36m",
            },
            _ => Look {
                language: "?",
                bar: "░",
                color: "\x1b[35m",
            },
        }
    }
}

/// The widths of the columns that differ from trace to trace.
struct Columns {
    service: usize,
    name: usize,
    bar: usize,
}

impl Columns {
    /// Kind, language, duration, and the spaces between all six columns.
    const FIXED: usize = 8 + 4 + 9 + 5;
    const BAR: std::ops::RangeInclusive<usize> = 16..=48;

    /// The names get what they need, as long as a short bar is left.
    fn fit(width: usize, services: &[String], names: &[String]) -> Columns {
        let widest = |column: &[String], least: &str| {
            column
                .iter()
                .map(|text| chars(text))
                .max()
                .unwrap_or(0)
                .max(chars(least))
        };
        let service = widest(services, "SERVICE").min(width / 4);
        let left = width - Columns::FIXED - service;
        let name = widest(names, "SPAN").min(left - Columns::BAR.start());
        Columns {
            service,
            name,
            bar: (left - name).min(*Columns::BAR.end()),
        }
    }

    fn line(
        &self,
        [service, name, kind, language, duration]: [&str; 5],
        bar: &str,
        look: &str,
        color: bool,
    ) -> String {
        let (look, plain) = if color && !look.is_empty() {
            (look, "\x1b[0m")
        } else {
            ("", "")
        };
        let (service, name) = (cut(service, self.service), cut(name, self.name));
        let (a, b) = (self.service, self.name);
        // Trailing space is cut off here, in front of the colour's end.
        let bar = bar.trim_end();
        format!(
            "{service:a$} {name:b$} {kind:8} {look}{language:4}{plain} {duration:>9} {look}{bar}{plain}"
        )
    }

    fn bar(&self, span: &Span, start: u64, total: u64, block: &str) -> String {
        let cells = |nanos: u64| nanos as f64 / total.max(1) as f64 * self.bar as f64;
        let before = (cells(span.start.saturating_sub(start)) as usize).min(self.bar - 1);
        let long = (cells(nanos(span)).ceil() as usize).clamp(1, self.bar - before);
        format!("{}{}", " ".repeat(before), block.repeat(long))
    }
}

fn nanos(span: &Span) -> u64 {
    span.end.saturating_sub(span.start)
}

fn duration_text(nanos: u64) -> String {
    let nanos = nanos as f64;
    match nanos {
        ..1e6 => format!("{:.1} µs", nanos / 1e3),
        ..1e9 => format!("{:.2} ms", nanos / 1e6),
        _ => format!("{:.2} s", nanos / 1e9),
    }
}

fn count(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// Names come from other processes: none of them may move the cursor.
fn printable(text: &str) -> String {
    text.trim_end().replace(char::is_control, "?")
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

/// The text, or as much of it as fits with an ellipsis.
fn cut(text: &str, width: usize) -> String {
    if chars(text) <= width {
        return text.to_owned();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Kind;

    fn span(id: &str, parent: &str, name: &str, language: &str, micros: (u64, u64)) -> Span {
        let (kind, service) = match language {
            "rust" => (Kind::Server, ("Leader", "test/leader/1")),
            _ => (Kind::Client, ("TangoTest", "sys/tg_test/1")),
        };
        let resource = [
            ("service.name", service.0),
            ("service.instance.id", service.1),
            ("telemetry.sdk.language", language),
        ];
        Span {
            trace_id: "0af7651916cd43dd8448eb211c80319c".into(),
            span_id: id.into(),
            parent_span_id: parent.into(),
            name: name.into(),
            kind,
            start: 1_000_000 + micros.0 * 1000,
            end: 1_000_000 + micros.1 * 1000,
            resource: resource.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            ..Span::default()
        }
    }

    /// As it would arrive: inner spans first.
    fn small() -> Vec<Span> {
        vec![
            span("c", "b", "Leader.State", "cpp", (300, 500)),
            span("d", "a", "second", "cpp", (700, 1600)),
            span("b", "a", "Leader.Go", "rust", (100, 600)),
            span("a", "", "root", "rust", (0, 1600)),
        ]
    }

    fn names<'a>(spans: impl IntoIterator<Item = &'a Span>) -> Vec<&'a str> {
        spans.into_iter().map(|span| span.name.as_str()).collect()
    }

    #[test]
    fn spans_are_in_start_order_and_each_before_its_children() {
        let traces = Trace::all(&small());
        assert_eq!(traces.len(), 1);
        let trace = &traces[0];
        assert_eq!(names(trace.roots()), ["root"]);
        assert_eq!(
            names(trace.children(&trace.spans[0])),
            ["Leader.Go", "second"]
        );
        assert_eq!(
            trace.parent(&trace.spans[1]).map(|s| s.name.as_str()),
            Some("root")
        );
        let order: Vec<_> = trace
            .depth_first()
            .into_iter()
            .map(|(d, s)| (d, s.name.as_str()))
            .collect();
        assert_eq!(
            order,
            [
                (0, "root"),
                (1, "Leader.Go"),
                (2, "Leader.State"),
                (1, "second")
            ]
        );
        assert!(trace.orphans().is_empty());
    }

    #[test]
    fn traces_are_told_apart_and_come_in_start_order() {
        let mut other = span("x", "", "earlier", "cpp", (0, 1));
        other.trace_id = "ffffffffffffffffffffffffffffffff".into();
        other.start = 1;
        let traces = Trace::all(&[small(), vec![other]].concat());
        assert_eq!(
            traces.iter().map(|t| t.spans.len()).collect::<Vec<_>>(),
            [1, 4]
        );
    }

    #[test]
    fn an_orphan_is_found_and_marked() {
        let spans: Vec<_> = small()
            .into_iter()
            .filter(|span| span.span_id != "b")
            .collect();
        let trace = &Trace::all(&spans)[0];
        assert_eq!(names(trace.orphans()), ["Leader.State"]);
        assert_eq!(trace.depth_first().len(), 3);
        let text = trace.render_waterfall(DEFAULT_WIDTH, false);
        assert!(text.contains(" (orphan) Leader.State "), "{text}");
        assert!(text.contains("3 spans, 2 services, 1 orphan,"), "{text}");
    }

    #[test]
    fn spans_that_are_each_others_parents_end_no_program() {
        let spans = [
            span("a", "b", "one", "rust", (0, 1)),
            span("b", "a", "two", "rust", (0, 1)),
        ];
        assert_eq!(Trace::all(&spans)[0].depth_first().len(), 2);
    }

    #[test]
    fn the_waterfall_shows_tree_languages_and_times() {
        let mut spans = small();
        spans[1].status = Status::Error("no".into());
        let text = Trace::all(&spans)[0].render_waterfall(92, false);
        let expected = "\
trace 0af7651916cd43dd8448eb211c80319c: 4 spans, 2 services, no orphans, 1.60 ms
SERVICE                 SPAN             KIND     LANG  DURATION
Leader test/leader/1    root             server   Rust   1.60 ms ███████████████████████████
Leader test/leader/1    ├ Leader.Go      server   Rust  500.0 µs  █████████
TangoTest sys/tg_test/1 │ └ Leader.State client   C++   200.0 µs      ▒▒▒▒
TangoTest sys/tg_test/1 └ ✗ second       client   C++   900.0 µs            ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn no_line_is_too_wide_and_colours_do_not_count() {
        let mut spans = small();
        for i in 0..30u64 {
            let (id, parent) = (format!("n{i}"), format!("n{}", i.wrapping_sub(1)));
            let parent = if i == 0 { "a" } else { &parent };
            spans.push(span(
                &id,
                parent,
                "Leader.a_very_long_name\x1b[2J",
                "cpp",
                (i, 900),
            ));
        }
        let trace = &Trace::all(&spans)[0];
        for width in [10, 80, 81, 120, 200] {
            let plain = trace.render_waterfall(width, false);
            assert!(
                plain.lines().all(|line| chars(line) <= width.max(80)),
                "{width}:\n{plain}"
            );
            assert_eq!(plain.contains('…'), width < 200, "{plain}");
            assert!(!plain.contains('\x1b'));
            let mut colored = trace.render_waterfall(width, true);
            assert_ne!(colored, plain);
            for code in ["\x1b[33m", "\x1b[36m", "\x1b[0m"] {
                colored = colored.replace(code, "");
            }
            assert_eq!(colored, plain);
        }
    }
}
