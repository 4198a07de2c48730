// SPDX-License-Identifier: MIT OR Apache-2.0
use super::{super::BOOLEANS, *};

fn values(variables: &[(&'static str, &str)]) -> Values {
    let owned = |(variable, value): &(&'static str, &str)| (*variable, value.to_string());
    variables.iter().map(owned).collect()
}

/// What is rewritten, as `VARIABLE=VALUE` without `TANGO_TELEMETRY_`, and how many warnings there are.
fn rewritten(variables: &[(&'static str, &str)]) -> Result<(Vec<String>, usize), Error> {
    let plan = plan(&values(variables))?;
    let shown = |(variable, value): &(&str, String)| {
        format!("{}={value}", &variable["TANGO_TELEMETRY_".len()..])
    };
    let changes = plan.changes.iter().map(shown).collect();
    Ok((changes, plan.warnings.len()))
}

type Variables = &'static [(&'static str, &'static str)];

const ON: (&str, &str) = (ENABLE, "on");

/// C2, C3, C4, C5, C11
#[test]
fn what_cpptango_would_not_read_as_it_is_meant_is_rewritten() -> Result<(), Error> {
    for (variables, wanted) in [
        // As it is.
        (&[][..], &[][..]),
        (&[ON], &[]),
        (&[(ENABLE, "ON")], &[]),
        (&[(ENABLE, "1")], &[]),
        (&[(ENABLE, "False")], &[]),
        (&[ON, (TOPICS, "user , polling")], &[]),
        (&[ON, (TYPES, "tracing, none")], &[]),
        (&[ON, (TRACING_EXPORTERS, "HTTP,Console")], &[]),
        (&[ON, (LOGGING_ENDPOINTS, "cerr")], &[]),
        (&[ON, (TRACING_ENDPOINTS, "")], &[]),
        // Words for on and off.
        (&[(ENABLE, "yes")], &["ENABLE=on"]),
        (&[(ENABLE, "Y")], &["ENABLE=on"]),
        (&[(ENABLE, "no")], &["ENABLE=off"]),
        (&[(ENABLE, "N")], &["ENABLE=off"]),
        (&[(ENABLE, " True ")], &["ENABLE=true"]),
        (&[(ENABLE, "")], &["ENABLE=off"]),
        (&[(ENABLE, " ")], &["ENABLE=off"]),
        // Case, blanks, empty items.
        (&[ON, (TOPICS, " User , polling")], &["TOPICS=user,polling"]),
        (&[ON, (TOPICS, "USER")], &["TOPICS=user"]),
        (&[ON, (TOPICS, ",")], &["TOPICS=all"]),
        (&[ON, (TYPES, "Tracing,,")], &["TYPES=tracing"]),
        (&[ON, (TYPES, "")], &["TYPES=tracing,logging"]),
        (
            &[ON, (TRACING_EXPORTERS, "http,,console")],
            &["TRACING_EXPORTERS=http,console"],
        ),
        (
            &[
                ON,
                (TRACING_EXPORTERS, " http"),
                (TRACING_ENDPOINTS, " HTTP://h:1/A ,"),
            ],
            &["TRACING_EXPORTERS=http", "TRACING_ENDPOINTS=http://h:1/A"],
        ),
        (
            &[ON, (TRACING_ENDPOINTS, "COUT")],
            &["TRACING_ENDPOINTS=cout"],
        ),
        // The exporter `none`.
        (
            &[ON, (LOGGING_EXPORTERS, "None")],
            &["LOGGING_EXPORTERS=console", "TYPES=tracing"],
        ),
        (
            &[
                ON,
                (TRACING_EXPORTERS, "none"),
                (TRACING_ENDPOINTS, "http://h:1/v1/traces"),
            ],
            &[
                "TRACING_EXPORTERS=console",
                "TRACING_ENDPOINTS=",
                "TYPES=logging",
            ],
        ),
        (
            &[ON, (TRACING_EXPORTERS, "none"), (LOGGING_EXPORTERS, "none")],
            &[
                "TRACING_EXPORTERS=console",
                "LOGGING_EXPORTERS=console",
                "TYPES=none",
            ],
        ),
        (
            &[ON, (TYPES, "logging"), (LOGGING_EXPORTERS, "none")],
            &["LOGGING_EXPORTERS=console", "TYPES=none"],
        ),
    ] {
        let wanted = wanted.iter().map(ToString::to_string).collect();
        assert_eq!(rewritten(variables)?, (wanted, 0), "{variables:?}");
    }
    Ok(())
}

/// What is not allowed: the variable that the error names, the word, and a part of what is allowed.
const REFUSED: [(Variables, [&str; 3]); 19] = [
    (&[(TOPICS, "user, Bogus")], [TOPICS, "\"bogus\"", "user"]),
    (&[(TOPICS, "event")], [TOPICS, "\"event\"", "events"]),
    (&[(TYPES, "bogus")], [TYPES, "\"bogus\"", "tracing"]),
    (
        &[(TRACING_EXPORTERS, "jaeger")],
        [TRACING_EXPORTERS, "\"jaeger\"", "console"],
    ),
    (
        &[(TYPES, "tracing"), (LOGGING_EXPORTERS, "jaeger")],
        [LOGGING_EXPORTERS, "\"jaeger\"", "console"],
    ),
    (
        &[(LOGGING_EXPORTERS, "none, http")],
        [LOGGING_EXPORTERS, "\"none,http\"", "none alone"],
    ),
    (
        &[
            (TRACING_EXPORTERS, "http"),
            (TRACING_ENDPOINTS, "localhost:4318"),
        ],
        [
            TRACING_ENDPOINTS,
            "\"localhost:4318\"",
            "http://HOST:PORT/PATH",
        ],
    ),
    (
        &[
            (TRACING_EXPORTERS, "http"),
            (TRACING_ENDPOINTS, "http://h/v1/traces"),
        ],
        [
            TRACING_ENDPOINTS,
            "\"http://h/v1/traces\"",
            "https://HOST:PORT/PATH",
        ],
    ),
    (
        &[
            (TRACING_EXPORTERS, "http"),
            (TRACING_ENDPOINTS, "http://h:1/a\n\nb"),
        ],
        [
            TRACING_ENDPOINTS,
            "\"http://h:1/a\\n\\nb\"",
            "http://HOST:PORT/PATH",
        ],
    ),
    (
        &[
            (TRACING_EXPORTERS, "http"),
            (TRACING_ENDPOINTS, "http://h:1/a\0b"),
        ],
        [
            TRACING_ENDPOINTS,
            "\"http://h:1/a\\0b\"",
            "http://HOST:PORT/PATH",
        ],
    ),
    (
        &[
            (LOGGING_EXPORTERS, "grpc"),
            (LOGGING_ENDPOINTS, "grpc://h:1/v1"),
        ],
        [LOGGING_ENDPOINTS, "\"grpc://h:1/v1\"", "grpc://HOST:PORT"],
    ),
    (
        &[
            (TRACING_EXPORTERS, "grpc"),
            (TRACING_ENDPOINTS, "http://h:1"),
        ],
        [TRACING_ENDPOINTS, "\"http://h:1\"", "grpc://HOST:PORT"],
    ),
    (
        &[
            (TRACING_EXPORTERS, "console"),
            (TRACING_ENDPOINTS, "stdout"),
        ],
        [TRACING_ENDPOINTS, "\"stdout\"", "cout or cerr"],
    ),
    (
        &[(TRACING_ENDPOINTS, "http://h:1/v1/traces")],
        [
            TRACING_ENDPOINTS,
            "\"http://h:1/v1/traces\"",
            "cout or cerr, for the exporter console",
        ],
    ),
    (
        &[
            (TRACING_EXPORTERS, "console"),
            (TRACING_ENDPOINTS, "cout,cerr"),
        ],
        [TRACING_ENDPOINTS, "2 endpoint(s)", "1 exporter(s)"],
    ),
    (
        &[
            (LOGGING_EXPORTERS, "console,http"),
            (LOGGING_ENDPOINTS, "cout"),
        ],
        [LOGGING_ENDPOINTS, "1 endpoint(s)", "2 exporter(s)"],
    ),
    (
        &[
            (LOGGING_EXPORTERS, "console,http"),
            (LOGGING_ENDPOINTS, "cout"),
        ],
        [
            LOGGING_EXPORTERS,
            "\"console,http\"",
            "one endpoint for each exporter",
        ],
    ),
    (
        &[(TRACING_ENDPOINTS, "cout,cerr")],
        [TRACING_EXPORTERS, "2 endpoint(s)", "1 exporter(s)"],
    ),
    (&[(TYPES, "none,all")], [TYPES, "\"all\"", "logging"]),
];

/// C4, C6, C7
#[test]
fn what_is_not_allowed_is_one_line_with_variable_value_and_what_is() {
    for (variables, words) in REFUSED {
        let on = [&[ON], variables].concat();
        let text = plan(&values(&on)).map_or_else(|error| error.to_string(), |_| String::new());
        assert!(
            words.iter().all(|word| text.contains(word)) && text.lines().count() == 1,
            "{variables:?}: {text:?}"
        );
    }
    for word in ["bogus", "2", "on,off", "t"] {
        let text =
            plan(&values(&[(ENABLE, word)])).map_or_else(|e| e.to_string(), |_| String::new());
        assert_eq!(
            text,
            format!("{ENABLE}: {word:?} is not allowed; allowed: {BOOLEANS}")
        );
    }
    let long = "x".repeat(100_000);
    let text =
        plan(&values(&[ON, (TOPICS, &long)])).map_or_else(|e| e.to_string(), |_| String::new());
    assert!(text.contains("xxx") && text.len() < 500, "{text}");
}

/// C9
#[test]
fn with_telemetry_off_it_is_a_warning_and_cpptango_reads_its_default() -> Result<(), Error> {
    for (variables, words) in REFUSED {
        for off in [&[][..], &[(ENABLE, "off")]] {
            let mut values = values(&[off, variables].concat());
            let planned = plan(&values)?;
            assert_eq!(planned.warnings.len(), 1, "{variables:?}");
            assert!(planned.warnings[0].contains(words[0]), "{planned:?}");
            // And then there is nothing left to tell of.
            values.extend(planned.changes);
            values.insert(ENABLE, "on".to_string());
            assert_eq!(plan(&values)?, Plan::default());
        }
    }
    Ok(())
}

/// C10
#[test]
fn an_old_name_is_one_warning_that_tells_the_new_one() -> Result<(), Error> {
    for (old, new) in WITHOUT_EFFECT {
        let planned = plan(&values(&[ON, (old, "bogus")]))?;
        assert_eq!(planned.changes, []);
        assert_eq!(planned.warnings.len(), 1);
        assert!(planned.warnings[0].contains(old) && planned.warnings[0].contains(new));
        assert_eq!(plan(&values(&[ON, (old, " ")]))?, Plan::default());
    }
    Ok(())
}
