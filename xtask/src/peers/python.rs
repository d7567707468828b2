//! Peers that are Python packages: each has an environment of its own below the target directory.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{lab, shell};

/// A package, and all of what it needs, each in one version.
struct Package {
    name: &'static str,
    pins: &'static str,
}

const PACKAGES: [Package; 1] = [Package { name: "ironic", pins: include_str!("ironic.txt") }];

/// Makes the environments that are not there or not as they are to be.
pub(super) fn ensure() -> Result<()> {
    for Package { name, pins } in PACKAGES {
        let directory = lab::target_directory()?.join("peers").join(name);
        // Written last: what was interrupted is begun again.
        let stamp = directory.join("pins.txt");
        if fs::read_to_string(&stamp).ok().as_deref() != Some(pins) {
            make(&directory, pins).with_context(|| format!("cannot install {name} for Python"))?;
            fs::write(&stamp, pins)?;
        }
        println!("{name:<13} {}", version(name, pins));
    }
    Ok(())
}

fn make(directory: &Path, pins: &str) -> Result<()> {
    let venv = ["-m", "venv", "--clear"];
    shell::run(shell::program("python3").args(venv).arg(directory))
        .context("Debian has this in python3-venv")?;
    let list: PathBuf = directory.join("requirements.txt");
    fs::write(&list, pins)?;
    // Nothing that the list does not name: the newest of today might not work tomorrow.
    let install = ["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"];
    let python = directory.join("bin/python");
    shell::run(shell::program(python).args(install).arg("--requirement").arg(list))
}

/// What the list says of the package itself.
fn version(name: &str, pins: &str) -> String {
    let own = pins.lines().filter_map(|line| line.split_once("=="));
    let version = own.into_iter().find(|(package, _)| *package == name);
    version.map_or_else(|| "(no version)".to_owned(), |(_, version)| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_in_one_version() {
        for Package { name, pins } in PACKAGES {
            assert_ne!(version(name, pins), "(no version)");
            for line in pins.lines().filter(|line| !line.starts_with('#')) {
                assert_eq!(line.matches("==").count(), 1, "{line}");
            }
        }
    }
}
