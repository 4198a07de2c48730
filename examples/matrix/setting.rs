// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is mixed: the telemetry configurations of the three actors, and the programs that they are.

use std::fmt;

/// The actors of a call, in its order; arrays of three are in this order everywhere.
pub(crate) const PLACES: [&str; 3] = ["client", "Leader", "Follower"];

/// How the telemetry of an actor is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Configuration {
    /// These three are its only topic.
    All,
    User,
    Database,
    /// Neither of the types tracing and logging.
    TracingOff,
    /// Logging only.
    TypesLogging,
    /// No tracing endpoint.
    NoEndpoints,
    Stopped,
}

impl Configuration {
    pub(crate) const EACH: [Self; 7] = [
        Self::All,
        Self::User,
        Self::Database,
        Self::TracingOff,
        Self::TypesLogging,
        Self::NoEndpoints,
        Self::Stopped,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::User => "user",
            Self::Database => "database",
            Self::TracingOff => "tracing_off",
            Self::TypesLogging => "types_logging",
            Self::NoEndpoints => "no_endpoints",
            Self::Stopped => "stopped",
        }
    }

    /// Whether its user spans are to be exported.
    pub(crate) fn emits_user_spans(self) -> bool {
        matches!(self, Self::All | Self::User)
    }

    /// Whether no span at all may be exported.
    pub(crate) fn is_silent(self) -> bool {
        !matches!(self, Self::All | Self::User | Self::Database)
    }
}

/// What an actor is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Rust,
    PyTango,
    /// Plain cppTango: a PyTango device that makes no spans of its own. No client.
    Cpp,
}

impl Program {
    /// The `telemetry.sdk.language` of its own spans; those of cppTango in it are `cpp`.
    pub(crate) fn language(self) -> Option<&'static str> {
        match self {
            Self::Rust => Some("rust"),
            Self::PyTango => Some("python"),
            Self::Cpp => None,
        }
    }
}

/// One combination: the configurations of client, Leader and Follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting(pub(crate) [Configuration; 3]);

impl Setting {
    /// All combinations with these clients; or a sample, in which each two configurations of two actors occur. In an
    /// order in which the client changes first, since that costs nothing.
    pub(crate) fn each(clients: &[Configuration], sample: bool) -> Vec<Self> {
        let mut settings = Vec::new();
        for (l, leader) in Configuration::EACH.into_iter().enumerate() {
            for (f, follower) in Configuration::EACH.into_iter().enumerate() {
                for (c, client) in Configuration::EACH.into_iter().enumerate() {
                    // A Latin square.
                    let in_sample = (c + l) % Configuration::EACH.len() == f;
                    if clients.contains(&client) && (in_sample || !sample) {
                        settings.push(Self([client, leader, follower]));
                    }
                }
            }
        }
        settings
    }

    /// Whether it looks like `user/*/all`.
    pub(crate) fn is_like(&self, pattern: &str) -> bool {
        let names = self.0.map(Configuration::name);
        let wanted: Vec<_> = pattern.split('/').collect();
        let like = |(name, wanted): (&&str, &&str)| *wanted == "*" || wanted == name;
        wanted.len() == names.len() && names.iter().zip(&wanted).all(like)
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [client, leader, follower] = self.0.map(Configuration::name);
        write!(f, "{client}/{leader}/{follower}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_a_name_or_a_star_for_each_actor() {
        let like = |pattern| {
            let settings = Setting::each(&Configuration::EACH, false).into_iter();
            settings.filter(|setting| setting.is_like(pattern)).count()
        };
        assert_eq!(
            ["*/*/*", "user/*/*", "user/*/all", "user/all/stopped"].map(like),
            [343, 49, 7, 1]
        );
        assert_eq!(
            ["", "*", "user/*", "user/all/bogus", "*/*/*/*"].map(like),
            [0; 5]
        );
    }

    #[test]
    fn the_matrix_has_343_settings_and_the_sample_each_pair() {
        let each = Configuration::EACH;
        assert_eq!(Setting::each(&each, false).len(), 343);
        let sample = Setting::each(&each, true);
        assert_eq!(sample.len(), 49);
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            for (one, other) in each.iter().flat_map(|one| each.map(|other| (*one, other))) {
                let has = |Setting(of): &Setting| (of[a], of[b]) == (one, other);
                assert!(sample.iter().any(has), "{one:?} {other:?}");
            }
        }
    }
}
