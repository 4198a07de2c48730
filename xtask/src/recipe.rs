// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the Debian roots are made of.

/// A Debian with one cppTango, or with none.
#[derive(Debug, PartialEq)]
pub struct Recipe {
    /// As in `--cpptango`.
    pub cpptango: &'static str,
    /// Whether it is the one that the project is made on: all tests, demo and benches run there, and the cppTango of
    /// this machine may stand for it.
    pub is_main: bool,
    pub suite: &'static str,
    pub packages: &'static [&'static str],
    /// More options of mmdebstrap.
    pub options: &'static [&'static str],
}

/// The first one is the default.
pub static RECIPES: [Recipe; 4] = [
    Recipe {
        cpptango: "10.3",
        is_main: true,
        suite: "forky",
        packages: &[
            "ca-certificates",
            "cmake",
            "g++",
            "git",
            "libclang-dev",
            "libtango-dev",
            "make",
            "opentelemetry-cpp-dev",
            "pkg-config",
            "python3-opentelemetry-exporter-otlp-proto-http",
            "python3-opentelemetry-sdk",
            "python3-tango",
            "tango-test",
        ],
        options: &[],
    },
    Recipe {
        cpptango: "10.0",
        is_main: false,
        suite: "bookworm",
        // opentelemetry-cpp is named because libtango-dev's libtango10 forgets to depend on it, libabsl-dev because
        // opentelemetry-cpp-dev does, whose headers include its.
        packages: &[
            "ca-certificates",
            "cmake",
            "g++",
            "git",
            "libabsl-dev",
            "libclang-dev",
            "libtango-dev",
            "make",
            "opentelemetry-cpp",
            "opentelemetry-cpp-dev",
            "pkg-config",
        ],
        options: &[
            // The line for the backports is the one for the suite itself with the other name, whatever the mirror.
            concat!(
                "--setup-hook=sed -n 's/ bookworm main/ bookworm-backports main/p' ",
                r#""$1/etc/apt/sources.list" > "$1/etc/apt/sources.list.d/backports.list""#
            ),
            r#"--aptopt=APT::Default-Release "bookworm-backports""#,
        ],
    },
    Recipe {
        cpptango: "9.3",
        is_main: false,
        suite: "bookworm",
        packages: &[
            "ca-certificates",
            "cmake",
            "g++",
            "git",
            "libclang-dev",
            "libtango-dev",
            "make",
            "pkg-config",
            "tango-test",
        ],
        options: &[],
    },
    Recipe {
        cpptango: "none",
        is_main: false,
        suite: "forky",
        // Nothing but what Rust itself needs: a linker. (aws-lc-sys, of the feature `tls`, compiles C.)
        packages: &["ca-certificates", "gcc", "git", "libc6-dev"],
        options: &[],
    },
];

pub fn find(cpptango: &str) -> Option<&'static Recipe> {
    RECIPES.iter().find(|recipe| recipe.cpptango == cpptango)
}

impl Recipe {
    /// All of mmdebstrap's arguments but the target.
    pub fn arguments(&self) -> Vec<String> {
        let mut all = vec![
            "--variant=apt".to_string(),
            "--components=main".to_string(),
            // A mirror that is some days behind is good enough; apt would refuse its lists.
            r#"--aptopt=Acquire::Check-Valid-Until "false""#.to_string(),
        ];
        all.extend(self.options.iter().map(ToString::to_string));
        all.push(format!("--include={}", self.packages.join(",")));
        all.push(self.suite.to_string());
        all
    }

    pub fn describe(&self) -> String {
        match self.cpptango {
            "none" => "no cppTango".into(),
            version => format!("cppTango {version}"),
        }
    }

    /// The name of the root's folder: another recipe, or another architecture, is another root.
    pub fn key(&self) -> String {
        let recipe = self.arguments().join("\n") + std::env::consts::ARCH;
        // FNV-1a. The standard library's hasher may change with a release, and every root with it.
        let hash = recipe.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        format!("{}-{hash:08x}", self.suite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_follows_the_recipe() {
        let keys = RECIPES.each_ref().map(Recipe::key);
        assert!(keys[0].starts_with("forky-") && keys[0].len() == "forky-".len() + 8);
        assert_ne!(keys[1], keys[2]);
        assert_eq!(keys[0], find("10.3").expect("in the table").key());

        let one_less = Recipe {
            packages: &RECIPES[0].packages[1..],
            ..RECIPES[0]
        };
        let other_options = Recipe {
            options: &["--components=main,contrib"],
            ..RECIPES[0]
        };
        assert_ne!(one_less.key(), keys[0]);
        assert_ne!(other_options.key(), keys[0]);
    }
}
