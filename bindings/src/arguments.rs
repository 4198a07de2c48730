// SPDX-License-Identifier: MIT OR Apache-2.0
//! The arguments of a device server, where cppTango would print its usage and end the process.

/// What is wrong with `EXECUTABLE INSTANCE [-nodb] [-dlist DEVICE,...] [-ORBendPoint giop:tcp:HOST:PORT] ...`.
pub(crate) fn check(arguments: &[String]) -> Result<(), String> {
    let value = |option: &str| {
        let at = arguments.iter().position(|argument| argument == option)?;
        Some(
            arguments
                .get(at + 1)
                .filter(|value| !value.starts_with('-')),
        )
    };
    if arguments
        .get(1)
        .is_none_or(|instance| instance.starts_with('-'))
    {
        return Err("the first argument must be the server's instance name".to_string());
    }
    let no_database = value("-nodb").is_some();
    match value("-dlist") {
        Some(Some(devices)) => {
            let devices: Vec<&str> = devices.split(',').collect();
            for (index, device) in devices.iter().enumerate() {
                if !is_device_name(device) {
                    return Err(format!(
                        "-dlist: {device:?} is no device name of the form domain/family/member"
                    ));
                }
                if devices[..index]
                    .iter()
                    .any(|other| other.eq_ignore_ascii_case(device))
                {
                    return Err(format!("-dlist names {device} twice"));
                }
            }
        }
        None if !no_database => {}
        _ => return Err("-nodb needs -dlist and device names, separated by commas".to_string()),
    }
    match value("-ORBendPoint") {
        None if no_database => Err("-nodb needs -ORBendPoint giop:tcp:HOST:PORT".to_string()),
        Some(point) if !point.is_some_and(|point| is_end_point(point)) => {
            Err("-ORBendPoint needs an end point of the form giop:tcp:HOST:PORT".to_string())
        }
        _ => Ok(()),
    }
}

/// `domain/family/member` or `Class::domain/family/member`.
fn is_device_name(name: &str) -> bool {
    let name = name.rsplit("::").next().unwrap_or(name);
    name.split('/').count() == 3 && name.split('/').all(|part| !part.is_empty())
}

/// `giop:tcp:HOST:PORT`; an empty host is any, an IPv6 one is in brackets.
fn is_end_point(point: &str) -> bool {
    let port = point
        .strip_prefix("giop:tcp:")
        .and_then(|rest| rest.rsplit_once(':'));
    port.is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port != 0))
}

#[cfg(test)]
mod tests {
    use super::check;

    fn checked(line: &str) -> Result<(), String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_string).collect();
        check(&words)
    }

    #[test]
    fn good_arguments() {
        for line in [
            "server test",
            "server test -v4",
            "server test -nodb -dlist a/b/c -ORBendPoint giop:tcp:127.0.0.1:10000",
            "server test -ORBendPoint giop:tcp:[::1]:10000 -nodb -dlist Class::a/b/c,d/e/f",
            "server test -nodb -dlist a/b/c -ORBendPoint giop:tcp::10000",
        ] {
            assert_eq!(checked(line), Ok(()), "{line}");
        }
    }

    #[test]
    fn bad_arguments_are_named() {
        for (line, word) in [
            ("server", "instance"),
            ("server -nodb", "instance"),
            ("server test -nodb", "-dlist"),
            ("server test -nodb -dlist a/b/c", "-ORBendPoint"),
            (
                "server test -nodb -dlist a/b/c,A/b/C -ORBendPoint giop:tcp::10000",
                "twice",
            ),
            (
                "server test -dlist a/b/c -nodb -ORBendPoint",
                "-ORBendPoint",
            ),
            (
                "server test -nodb -dlist a/b/c -ORBendPoint nonsense",
                "-ORBendPoint",
            ),
            (
                "server test -nodb -dlist a/b/c -ORBendPoint giop:tcp:localhost:0",
                "-ORBendPoint",
            ),
            ("server test -dlist -nodb", "-dlist"),
            ("server test -dlist a/b/c,nonsense", "nonsense"),
            ("server test -dlist a//c", "a//c"),
        ] {
            let error = checked(line).expect_err(line);
            assert!(error.contains(word), "{line}: {error}");
        }
    }
}
