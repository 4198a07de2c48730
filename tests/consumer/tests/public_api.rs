// SPDX-License-Identifier: MIT OR Apache-2.0
//! The public API is the same list everywhere: `public-api.txt`, as rustdoc tells it of the build that this test is of.
//!
//! After a change of the API on purpose, `UPDATE_API=1 cargo test -p cpptango-telemetry-consumer --no-default-features
//! --features sdk,tracing` writes the list anew. Its diff is what users have to know.
//!
//! `ALL_DOCUMENTED=1` has it believe that `cargo doc --all-features` has just run, which saves minutes.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const LIST: &str = include_str!("../public-api.txt");

/// What uses it all.
const SOURCES: [&str; 4] = [
    include_str!("../src/lib.rs"),
    include_str!("../src/context.rs"),
    include_str!("../src/features.rs"),
    include_str!("../src/types.rs"),
];

/// Whether there is what the line tells.
fn is_there(line: &str) -> bool {
    if all_documented() {
        return true;
    }
    let of_sdk = [
        "opentelemetry_sdk",
        "SdkTracerProvider",
        "TracerProviderBuilder",
        "TracerProviderFactoryError",
    ];
    let is_of_sdk = of_sdk.iter().any(|name| line.contains(name));
    (cfg!(feature = "sdk") || !is_of_sdk)
        && (cfg!(feature = "tracing") || !line.contains("tracing_layer"))
}

/// B3
#[test]
fn the_public_api_is_the_same_list_everywhere() {
    let found = public_api(&documentation());
    if env::var_os("UPDATE_API").is_some() {
        let is_complete = cfg!(all(feature = "sdk", feature = "tracing"));
        assert!(is_complete, "the list needs the features sdk and tracing");
        let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("public-api.txt");
        fs::write(list, found.join("\n") + "\n").expect("the list cannot be written");
        return;
    }
    let expected: Vec<String> = LIST
        .lines()
        .filter(|line| is_there(line))
        .map(Into::into)
        .collect();
    let only_in = |a: &[String], b: &[String]| -> Vec<String> {
        let only = a.iter().filter(|line| !b.contains(line));
        only.cloned().collect()
    };
    let (missing, new) = (only_in(&expected, &found), only_in(&found, &expected));
    assert!(
        missing.is_empty() && new.is_empty(),
        "only public-api.txt has {missing:#?}\nonly this build has {new:#?}"
    );
}

/// B3
#[test]
fn the_consumer_uses_all_of_it() {
    let used: BTreeSet<&str> = SOURCES.into_iter().flat_map(words).collect();
    let names: BTreeSet<&str> = LIST.lines().flat_map(names).collect();
    let unused: Vec<_> = names.difference(&used).collect();
    assert!(
        names.len() > 100 && unused.is_empty(),
        "of {} names unused: {unused:?}",
        names.len()
    );
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// The names that a line of the list makes public: item, method, variants, fields.
fn names(line: &str) -> Vec<&str> {
    let (path, text) = line.split_once(": ").unwrap_or_default();
    let mut names = vec![path.rsplit("::").next().unwrap_or_default()];
    for (kind, rest) in [" fn ", " const "]
        .into_iter()
        .flat_map(|kind| text.split(kind).skip(1).map(move |rest| (kind, rest)))
    {
        // A closure's type is no function.
        if kind == " const " || !text.starts_with("impl") {
            names.extend(words(rest).next());
        }
    }
    let is_type = text.contains("pub struct ") || text.contains("pub enum ");
    if is_type && let Some((_, body)) = text.split_once('{') {
        // What stands in parentheses or after a colon are types.
        let outside = body.split('(').filter_map(|part| part.rsplit(')').next());
        let parts = outside.flat_map(|part| part.split([',', '{', '}']));
        let parts = parts.map(|part| part.trim().trim_start_matches("pub "));
        let parts = parts.filter(|part| !part.is_empty() && !part.starts_with("/*"));
        names.extend(parts.filter_map(|part| part.split(':').next()));
    }
    names.retain(|name| !name.is_empty());
    names
}

fn all_documented() -> bool {
    env::var_os("ALL_DOCUMENTED").is_some()
}

/// Where rustdoc has written what it makes of the crate, with this build's features.
fn documentation() -> PathBuf {
    let features = [
        ("telemetry", cfg!(feature = "telemetry")),
        ("sdk", cfg!(feature = "sdk")),
        ("otlp-http", cfg!(feature = "otlp-http")),
        ("otlp-grpc", cfg!(feature = "otlp-grpc")),
        ("tls", cfg!(feature = "tls")),
        ("tracing", cfg!(feature = "tracing")),
    ];
    let features = features.into_iter().filter(|(_, on)| *on);
    let features: Vec<&str> = features.map(|(feature, _)| feature).collect();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = target.parent().expect("no target directory");
    let documentation = target.join("doc/cpptango_telemetry");
    if all_documented() {
        return documentation;
    }
    let status = Command::new(env!("CARGO"))
        .args(["doc", "--locked", "--no-deps", "--no-default-features"])
        .args(["--package", "cpptango-telemetry", "--features"])
        .arg(features.join(","))
        .arg("--target-dir")
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    let is_made = status.is_ok_and(|status| status.success());
    assert!(is_made, "cargo doc failed");
    documentation
}

/// A line for each public item, each of its methods and each trait that it has.
fn public_api(documentation: &Path) -> Vec<String> {
    let page = |path: &str| {
        let page = fs::read_to_string(documentation.join(path));
        page.unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let index = page("index.html");
    let reexports = between(&index, "<dt id=\"reexport.", "</code>");
    let mut list: Vec<String> = reexports
        .filter_map(|reexport| reexport.split_once('>'))
        .map(|(name, html)| format!("{}: {}", name.trim_matches('"'), text(html)))
        .collect();
    // Not all pages that are there: some may be of an older build.
    let all = page("all.html");
    let all = all.split("<main>").last().unwrap_or_default();
    for item in between(all, "<li><a href=\"", "</a>") {
        let Some((path, name)) = item.split_once("\">") else {
            continue;
        };
        let lines = of_item(&page(path)).into_iter();
        list.extend(lines.map(|line| format!("{name}: {line}")));
    }
    list
}

fn of_item(page: &str) -> Vec<String> {
    // What every type has.
    let blanket = "id=\"blanket-implementations";
    let page = page.split(blanket).next().unwrap_or_default();
    // A type alias has another one, of what it stands for.
    let declaration = between(page, "<pre class=\"rust item-decl\">", "</pre>").next();
    let declaration = declaration.map(text).unwrap_or_default();
    // The value of a constant is not the same everywhere.
    let value = declaration.starts_with("pub const").then_some(" = ");
    let declaration = value
        .and_then(|value| declaration.split(value).next().map(Into::into))
        .unwrap_or(declaration);
    let sections = between(page, "<section id=\"", "</section>").filter(|section| {
        let classes = ["\"method\"", "\"associatedconstant\"", "\"impl\""];
        classes.iter().any(|class| section.contains(class))
    });
    let headers = sections
        .flat_map(|section| between(section, "\"code-header\">", "</h"))
        .map(text);
    // rustc has auto traits of its own, and cxx its mark on its types.
    let others = [
        "Freeze for",
        "UnsafeUnpin for",
        "StructuralPartialEq for",
        "ExternType for",
    ];
    let headers = headers.filter(|header| {
        let is_impl = header.contains(" for ") && !others.iter().any(|name| header.contains(name));
        header.starts_with("pub ") || header.starts_with("impl") && is_impl
    });
    [declaration].into_iter().chain(headers).collect()
}

/// What stands between the two, wherever it does.
fn between<'a>(text: &'a str, before: &'a str, after: &'a str) -> impl Iterator<Item = &'a str> {
    let found = text.split(before).skip(1);
    found.filter_map(move |rest| rest.split(after).next())
}

/// Without tags, on one line.
fn text(html: &str) -> String {
    let parts = html.split('<');
    let text: String = parts
        .map(|part| part.split_once('>').map_or(part, |(_, text)| text))
        .collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    [
        ("]pub", "] pub"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ]
    .into_iter()
    .fold(text, |text, (escaped, c)| text.replace(escaped, c))
}
