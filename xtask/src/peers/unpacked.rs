//! Peers that must not be installed: their packages set up services, and one of those has the
//! watchdog reset the machine unless it goes on running. They are taken out of their packages, and
//! only guests run them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::debian;
use crate::lab;

/// What is taken out of a package.
struct Package {
    name: &'static str,
    /// The programs, by where they are in it.
    programs: &'static [&'static str],
}

const PACKAGES: [Package; 2] = [
    Package { name: "freeipmi-bmc-watchdog", programs: &["usr/sbin/bmc-watchdog"] },
    Package { name: "ipmiutil", programs: &["usr/bin/ipmiutil"] },
];

/// Puts the programs into `peers/unpacked` below the target directory, unless they are there.
pub(super) fn ensure() -> Result<()> {
    let directory = lab::target_directory()?.join("peers").join("unpacked");
    // Written last: what was interrupted is begun again.
    let stamp = directory.join("packages.txt");
    let wanted = PACKAGES.map(|package| package.programs.join(" ")).join(" ");
    let made = fs::read_to_string(&stamp).ok();
    let packages = match made.as_deref().and_then(|text| text.split_once('\n')) {
        Some((packages, programs)) if programs.trim() == wanted => packages.to_owned(),
        _ => {
            let packages = make(&directory).context("cannot unpack the peers of guests")?;
            fs::write(&stamp, format!("{packages}\n{wanted}\n"))?;
            packages
        }
    };
    println!("{:<13} {packages}", "unpacked");
    Ok(())
}

fn make(directory: &Path) -> Result<String> {
    let names = PACKAGES.map(|package| package.name);
    debian::require(&names.join(" and "))?;
    let _ = fs::remove_dir_all(directory);
    let scratch = directory.join("scratch");
    let versions = debian::unpack(&names, &scratch)?;
    for program in PACKAGES.iter().flat_map(|package| package.programs) {
        let from = scratch.join("root").join(program);
        let name = from.file_name().context("a program has a name")?;
        fs::copy(&from, directory.join(name)).with_context(|| format!("no {program} in it"))?;
    }
    fs::remove_dir_all(&scratch)?;
    Ok(versions.join(", "))
}
