// SPDX-License-Identifier: MIT OR Apache-2.0
//! What may go wrong, in words.

use std::{error::Error, fmt};

/// Says what is wrong, where it was looked for, what is there, and what to do.
#[derive(Debug)]
pub struct Problem {
    what: String,
    searched: String,
    found: String,
    remedy: Remedy,
}

/// What to install; or what else to do, where that is not the point.
#[derive(Debug)]
pub struct Remedy {
    instead: &'static str,
    debian: &'static str,
    fedora: &'static str,
    conda: &'static str,
}

/// Which cppTango there is, with all that is needed to build with it.
pub const CPPTANGO: Remedy = Remedy {
    instead: "",
    debian: "apt-get install libtango-dev opentelemetry-cpp-dev pkg-config cmake make g++ libclang-dev \
        (forky and later have cppTango 10.3; trixie and bookworm-backports 10.0)",
    fedora: "it has no package of cppTango: take conda's, or compile https://gitlab.com/tango-controls/cppTango with \
        TANGO_USE_TELEMETRY=ON; then set TANGO_ROOT to its prefix, and dnf install pkgconf-pkg-config cmake make \
        gcc-c++ clang-devel",
    conda: "conda install -c conda-forge cpptango cpp-opentelemetry-sdk pkg-config cmake make cxx-compiler clangdev; \
        then set TANGO_ROOT to $CONDA_PREFIX",
};

pub const OPENTELEMETRY: Remedy = Remedy {
    instead: "",
    debian: "apt-get install opentelemetry-cpp opentelemetry-cpp-dev",
    fedora: "set CMAKE_PREFIX_PATH to the prefix of the opentelemetry-cpp that your cppTango was compiled with",
    conda: "conda install -c conda-forge cpp-opentelemetry-sdk; then set TANGO_ROOT to $CONDA_PREFIX",
};

pub const PKG_CONFIG: Remedy = Remedy {
    instead: "",
    debian: "apt-get install pkg-config",
    fedora: "dnf install pkgconf-pkg-config",
    conda: "conda install -c conda-forge pkg-config",
};

pub const CMAKE: Remedy = Remedy {
    instead: "",
    debian: "apt-get install cmake make",
    fedora: "dnf install cmake make",
    conda: "conda install -c conda-forge cmake make",
};

pub const COMPILER: Remedy = Remedy {
    instead: "",
    debian: "apt-get install g++",
    fedora: "dnf install gcc-c++",
    conda: "conda install -c conda-forge cxx-compiler",
};

pub const LIBCLANG: Remedy = Remedy {
    instead: "",
    debian: "apt-get install libclang-dev",
    fedora: "dnf install clang-devel",
    conda: "conda install -c conda-forge clangdev",
};

/// Nothing is missing, there is too much.
pub const ONE_CPPTANGO: Remedy = Remedy {
    instead: "take headers and library of one cppTango: see what CPATH, CPLUS_INCLUDE_PATH, CXXFLAGS, LIBRARY_PATH, \
        PKG_CONFIG_PATH, CMAKE_PREFIX_PATH and TANGO_ROOT name, and set TANGO_ROOT to the prefix of the one that you \
        want",
    debian: "",
    fedora: "",
    conda: "",
};

impl Problem {
    pub fn new(what: impl Into<String>, remedy: Remedy) -> Self {
        Self {
            what: what.into(),
            remedy,
            searched: String::new(),
            found: String::new(),
        }
    }

    pub fn searched(mut self, places: impl Into<String>) -> Self {
        self.searched = places.into();
        self
    }

    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.found = found.into();
        self
    }
}

impl Error for Problem {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for (label, text) in [
            ("searched", self.searched.as_str()),
            ("found", &self.found),
            ("to do", self.remedy.instead),
            ("Debian", self.remedy.debian),
            ("Fedora", self.remedy.fedora),
            ("conda", self.remedy.conda),
        ] {
            if !text.is_empty() {
                write!(f, "\n  {label:<8}  {text}")?;
            }
        }
        Ok(())
    }
}
