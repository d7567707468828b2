//! Cargo's own helpers, installed when missing. The versions are those known to build with the
//! toolchain in use; a newer one may not.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::shell;

/// `cargo deny`: licences, bans, sources.
pub(crate) const DENY: Tool = Tool { name: "cargo-deny", version: "^0.20" };
/// `cargo fuzz`.
pub(crate) const FUZZ: Tool = Tool { name: "cargo-fuzz", version: "^0.13" };

/// A cargo subcommand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

impl Tool {
    /// Installs it unless it is there.
    pub(crate) fn ensure(self) -> Result<()> {
        let Self { name, version } = self;
        if find(name).is_some() {
            return Ok(());
        }
        println!("{name} is not there; installing it");
        shell::run(&mut shell::cargo(["install", "--locked", name, "--version", version]))
            .with_context(|| format!("{name} is needed and could not be installed"))
    }
}

/// Whether `cargo nextest` is there. It is not installed when missing, for that takes minutes and
/// `cargo test` does as well.
pub(crate) fn has_nextest() -> bool {
    find("cargo-nextest").is_some()
}

/// Cargo looks in its own directory before it looks in `PATH`.
fn find(name: &str) -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let installed = home.map(|home| home.join("bin").join(name)).filter(|path| path.is_file());
    installed.or_else(|| shell::find(name))
}
