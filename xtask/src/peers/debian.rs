//! Debian's packages, taken to pieces instead of being installed.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::shell;

/// Whether that can be done here.
///
/// # Errors
/// If not; it says what `packages` are wanted.
pub(super) fn require(packages: &str) -> Result<()> {
    match shell::find("apt-get").is_some() && shell::find("dpkg-deb").is_some() {
        true => Ok(()),
        false => bail!("Debian's packages {packages} are unpacked, with apt-get and dpkg-deb"),
    }
}

/// Makes `scratch`, with what is in the packages below `root` in it. Gives their names with versions.
pub(super) fn unpack(packages: &[&str], scratch: &Path) -> Result<Vec<String>> {
    fs::create_dir_all(scratch)?;
    let fetch = || {
        let mut download = shell::program("apt-get");
        download.current_dir(scratch).arg("download").args(packages);
        // Else apt complains that its own user may not write there.
        shell::run(download.args(["-o", "APT::Sandbox::User=root"]))
    };
    if fetch().is_err() {
        shell::run(shell::program("apt-get").arg("update"))?;
        fetch()?;
    }
    let mut names = Vec::new();
    for package in with_extension(scratch, "deb")? {
        names.extend(package.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        let mut extract = shell::program("dpkg-deb");
        shell::run(extract.arg("--extract").arg(package).arg(scratch.join("root")))?;
    }
    names.sort();
    Ok(names)
}

fn with_extension(directory: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory)?.flatten().map(|entry| entry.path());
    Ok(entries.filter(|path| path.extension() == Some(OsStr::new(extension))).collect())
}
