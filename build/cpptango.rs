// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cppTango that was found.
#![cfg_attr(not(feature = "telemetry"), allow(dead_code))]

use std::{fmt, path::PathBuf};

pub struct CppTango {
    pub version: Version,
    /// Compiled with `TANGO_USE_TELEMETRY`.
    pub telemetry: bool,
    /// Also opentelemetry-cpp's.
    pub include_dirs: Vec<PathBuf>,
    pub library_dirs: Vec<PathBuf>,
    pub libraries: Vec<String>,
    /// opentelemetry-cpp's, `NAME` or `NAME=VALUE`.
    pub definitions: Vec<String>,
}

#[derive(Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

impl CppTango {
    /// Of 10.3 and later: an operator can change a device's telemetry while it runs.
    pub fn runtime_configuration(&self) -> bool {
        self.telemetry && (self.version.major, self.version.minor) >= (10, 3)
    }

    pub fn cxx_standard(&self) -> &'static str {
        self.version.cxx_standard()
    }
}

impl Version {
    /// The headers of 9.3 do not compile as C++17.
    pub fn cxx_standard(self) -> &'static str {
        if self.major < 10 { "c++14" } else { "c++17" }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}
