// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds cppTango (`build/find.rs`), writes down what was found for the C++ and for dependents (`build/tell.rs`), and
//! compiles the C++ half (`build/compile.rs`). What goes wrong is one message (`build/problem.rs`).

#[cfg(feature = "telemetry")]
#[path = "build/compile.rs"]
mod compile;
#[path = "build/cpptango.rs"]
mod cpptango;
#[cfg(feature = "telemetry")]
#[path = "build/find.rs"]
mod find;
#[cfg(feature = "telemetry")]
#[path = "build/installed.rs"]
mod installed;
#[cfg(feature = "telemetry")]
#[path = "build/problem.rs"]
mod problem;
#[cfg(feature = "telemetry")]
#[path = "build/report.rs"]
mod report;
#[path = "build/tell.rs"]
mod tell;

use std::error::Error;

use cpptango::CppTango;

fn main() {
    for changed in ["build.rs", "build"] {
        println!("cargo::rerun-if-changed={changed}");
    }
    if let Err(error) = build() {
        eprintln!("\ncpptango-telemetry: {error}\n");
        std::process::exit(1);
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    let tango = find()?;
    tell::tell(tango.as_ref())?;
    #[cfg(feature = "telemetry")]
    if let Some(tango) = &tango {
        compile::compile(tango)?;
    }
    Ok(())
}

#[cfg(feature = "telemetry")]
fn find() -> Result<Option<CppTango>, Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=DOCS_RS");
    // docs.rs has no cppTango; the dummy functions have the same API.
    if std::env::var_os("DOCS_RS").is_some() {
        return Ok(None);
    }
    find::find().map(Some)
}

#[cfg(not(feature = "telemetry"))]
fn find() -> Result<Option<CppTango>, Box<dyn Error>> {
    Ok(None)
}
