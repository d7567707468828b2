//! The programs of others that judge our two ends: found, never bundled.
//!
//! A test that needs one asks [`Peer::find`] and returns early on `None`. On a developer's machine
//! that is a loud skip; under `LANTERN_REQUIRE_PEERS` (which `cargo xtask test` sets) it is a
//! failure, so that CI can never be green because nothing was there to judge.

mod fields;
mod figure;
pub mod freeipmi;
mod ipmi_sim;
pub mod ipmitool;

pub use fields::Fields;
pub use figure::Figure;
pub use freeipmi::FreeIpmi;
pub use ipmi_sim::{Account, Form, IpmiSim, Machine, Satellite, Sensor, States};
pub use ipmitool::Ipmitool;

use std::env;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// If set to anything but `0` or nothing, a missing peer fails the test that needs it.
pub const REQUIRE: &str = "LANTERN_REQUIRE_PEERS";

/// How long a peer may take unless a test says otherwise: the longest retry ladder of ipmitool is
/// some 20 s.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A program that is there.
#[derive(Clone, Debug)]
pub struct Peer {
    name: String,
    path: PathBuf,
}

impl Peer {
    /// Looks for `name` in `PATH` and in the directories for administrators' programs. `None`, with
    /// a line that says so, if it is not there and was not required.
    ///
    /// # Panics
    /// If it is not there and [`REQUIRE`] is set.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::expect(name, locate(name, env::var_os("PATH").as_deref()))
    }

    /// The Python that has this package: `cargo xtask peers` puts it below the target directory.
    /// `None` as with [`find`](Self::find).
    ///
    /// # Panics
    /// As [`find`](Self::find).
    #[must_use]
    pub fn python(package: &str) -> Option<Self> {
        let python = Path::new(package).join("bin").join("python");
        Self::expect(package, below_target(&python))
    }

    /// A program that is unpacked and not installed, for it would change the machine: guests may run
    /// it. `None` as with [`find`](Self::find).
    ///
    /// # Panics
    /// As [`find`](Self::find).
    #[must_use]
    pub fn unpacked(name: &str) -> Option<Self> {
        Self::expect(name, below_target(&Path::new("unpacked").join(name)))
    }

    /// OVMF, EFI firmware for QEMU's PCs: its code, and the variables that a new machine begins with.
    /// `None` as with [`find`](Self::find).
    ///
    /// # Panics
    /// As [`find`](Self::find).
    #[must_use]
    pub fn ovmf() -> Option<[PathBuf; 2]> {
        let files = ["OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"].map(|file| Path::new(OVMF).join(file));
        let found = files.iter().all(|file| file.is_file()).then(|| PathBuf::from(OVMF));
        Self::insist("OVMF", found).map(|_| files)
    }

    fn expect(name: &str, found: Option<PathBuf>) -> Option<Self> {
        Self::insist(name, found).map(|path| Self { name: name.to_owned(), path })
    }

    /// What was found, or how a test learns that it was not.
    pub(crate) fn insist(name: &str, found: Option<PathBuf>) -> Option<PathBuf> {
        let required = env::var_os(REQUIRE).is_some_and(|value| !value.is_empty() && value != "0");
        let missing = format!("{name} is not installed (`cargo xtask peers` installs all peers)");
        assert!(found.is_some() || !required, "{missing}, and {REQUIRE} is set");
        if found.is_none() {
            eprintln!("SKIPPED: {missing}");
        }
        found
    }

    /// What it was asked for by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A command to run it, in the C locale and in UTC so that its words can be compared.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.env("LC_ALL", "C").env("TZ", "UTC").env_remove("LANGUAGE");
        command
    }
}

/// Where Debian keeps programs that a plain user's `PATH` may not name.
const ADMINISTRATORS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Where Debian has OVMF.
const OVMF: &str = "/usr/share/OVMF";

fn locate(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    let listed = path.into_iter().flat_map(env::split_paths);
    listed
        .chain(ADMINISTRATORS.map(PathBuf::from))
        .map(|directory| directory.join(name))
        .find(|candidate| is_executable(candidate))
}

/// What `cargo xtask peers` has put below the target directory.
fn below_target(path: &Path) -> Option<PathBuf> {
    // A test runs from somewhere below it, whatever it is called.
    let test = env::current_exe().unwrap_or_default();
    let peers = test.ancestors().map(|directory| directory.join("peers").join(path));
    peers.into_iter().find(|program| is_executable(program))
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_executable_and_only_that() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("some-peer");
        std::fs::write(&path, "").unwrap();
        let listed = Some(dir.path().as_os_str());
        assert_eq!(locate("some-peer", listed), None);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        assert_eq!(locate("some-peer", listed), Some(path));
        assert_eq!(locate("some-peer", None), None);
    }
}
