// SPDX-License-Identifier: MIT OR Apache-2.0
//! Making a Debian root, once, in the cache.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::native;
use crate::process::{self, Failure, OrFail, Result, variable};
use crate::recipe::Recipe;

/// The root, if it has been made.
pub fn existing(recipe: &Recipe) -> Result<Option<PathBuf>> {
    let root = cache()?.join(recipe.key());
    Ok(root.is_dir().then_some(root))
}

pub fn existing_or_new(recipe: &Recipe) -> Result<PathBuf> {
    if let Some(root) = existing(recipe)? {
        return Ok(root);
    }
    let cache = cache()?;
    let make_cache = || format!("cannot make the cache in {}", cache.display());
    fs::create_dir_all(&cache).or_fail(make_cache())?;
    let root = cache.join(recipe.key());
    let lock = File::create(root.with_extension("lock")).or_fail(make_cache())?;
    let mut waiting = false;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(error).or_fail(make_cache()),
            Err(TryLockError::WouldBlock) => {}
        }
        if !waiting {
            eprintln!("==> waiting for another run that makes {}", root.display());
            waiting = true;
        }
        // Not lock(), which Ctrl-C would not end.
        process::pause()?;
    }
    // The other run may have made it by now.
    if !root.is_dir() {
        make(recipe, &root, &lock)?;
    }
    Ok(root)
}

/// Makes the root under another name: whatever has the final one is complete.
fn make(recipe: &Recipe, root: &Path, lock: &File) -> Result<()> {
    eprintln!(
        "==> making a Debian {} root with {} in {}: once, about a minute, 1.5 GB at most",
        recipe.suite,
        recipe.describe(),
        root.display()
    );
    let start = Instant::now();
    let partial = root.with_extension("partial");
    // Of an interrupted run.
    expect_success(&mut removal(&partial), "rm")?;
    if let Err(failure) = fill(recipe, &partial, lock) {
        // The space is wanted back. If it cannot be had now, the next run removes it: the failure is what matters.
        let _ = removal(&partial).stderr(Stdio::null()).status();
        return Err(failure);
    }
    fs::rename(&partial, root).or_fail(format!("cannot make {}", root.display()))?;
    eprintln!("==> made in {} s", start.elapsed().as_secs());
    Ok(())
}

fn fill(recipe: &Recipe, partial: &Path, lock: &File) -> Result<()> {
    fs::create_dir(partial).or_fail(format!("cannot make {}", partial.display()))?;
    // Without being root the files of a folder would belong to other users, who cannot even get there if the home
    // folder is private. So it is an archive then.
    let archive = (!native::is_root()).then(|| partial.join("root.tar"));
    // If xtask ends, all that it started ends too, and as root leaves no mounts behind: it has namespaces of its own.
    let wrapper: &[&str] = match archive {
        None => &[
            "bwrap",
            "--die-with-parent",
            "--unshare-pid",
            "--cap-add",
            "ALL",
            "--dev-bind",
            "/",
            "/",
            "--proc",
            "/proc",
        ],
        Some(_) => &["setpriv", "--pdeathsig", "TERM"],
    };
    let mut mmdebstrap = Command::new(wrapper[0]);
    mmdebstrap
        .args(&wrapper[1..])
        .arg("mmdebstrap")
        .args(recipe.arguments())
        .arg(archive.as_deref().unwrap_or(partial))
        // Should it outlive xtask for a moment, it still holds the lock.
        .stdin(lock.try_clone().or_fail("cannot share the lock")?)
        .stdout(std::io::stderr())
        // It has room for 1.5 GB; /tmp may be in memory.
        .env("TMPDIR", "/var/tmp");
    expect_success(&mut mmdebstrap, "mmdebstrap")?;
    if let Some(archive) = archive {
        let mut tar = Command::new("tar");
        tar.args([
            "--extract",
            "--no-same-owner",
            "--exclude=./dev/*",
            "--file",
        ])
        .arg(&archive)
        .arg("--directory")
        .arg(partial);
        expect_success(&mut tar, "tar")?;
        fs::remove_file(&archive).or_fail(format!("cannot remove {}", archive.display()))?;
    }
    Ok(())
}

fn expect_success(command: &mut Command, name: &str) -> Result<()> {
    match process::run(command)? {
        0 => Ok(()),
        code => Err(Failure::new(format!(
            "the root could not be made: {name} failed (exit {code}); its own message is above"
        ))),
    }
}

fn removal(partial: &Path) -> Command {
    let mut rm = Command::new("rm");
    // Should something be mounted there, it is not emptied.
    rm.args(["-rf", "--one-file-system", "--"]).arg(partial);
    rm
}

fn cache() -> Result<PathBuf> {
    let cache = variable("CPPTANGO_TELEMETRY_CACHE")
        .map(PathBuf::from)
        .or_else(|| {
            variable("XDG_CACHE_HOME").map(|cache| Path::new(&cache).join("cpptango-telemetry"))
        })
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".cache/cpptango-telemetry")))
        .ok_or_else(|| {
            Failure::new("no place for the cache: set CPPTANGO_TELEMETRY_CACHE to a folder")
        })?;
    std::path::absolute(&cache).or_fail("cannot find the cache")
}
