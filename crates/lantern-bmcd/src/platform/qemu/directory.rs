//! The directory in which a BMC and its QEMU meet: theirs, and nobody else's.
//!
//! It holds QEMU's monitor socket, the sockets that QEMU connects to, and what QEMU has said. Who
//! could put a socket there could be the machine, so it has to be the user's own. What is in it
//! outlives the BMC: the next one finds the QEMU that runs by its monitor socket.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

/// Why there is no machine.
#[derive(Debug, thiserror::Error)]
pub enum QemuError {
    /// The directory cannot be made or used.
    #[error("the directory {} for QEMU's sockets: {source}", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Others can get at it.
    #[error("the directory {} for QEMU's sockets is not this user's alone", path.display())]
    NotPrivate {
        /// Which.
        path: PathBuf,
    },
    /// Sockets in it would have names that are too long.
    #[error("the path {} is too long for the sockets in it: at most {LONGEST} bytes", path.display())]
    TooLong {
        /// Which.
        path: PathBuf,
    },
    /// A QEMU is there that cannot be spoken to.
    #[error("the QEMU behind {} cannot be reached: {source}", path.display())]
    Stuck {
        /// Its monitor.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Another BMC is there.
    #[error("another BMC has its QEMU in {}", path.display())]
    InUse {
        /// Which.
        path: PathBuf,
    },
}

/// A socket's name has 107 bytes at most, and a few of them are the file's own.
const LONGEST: usize = 92;

/// The directory, taken for as long as this lives.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Locked, and of no other use.
    _lock: File,
}

impl Directory {
    /// Takes the directory at `path`, which is made if it is missing.
    pub(super) fn take(path: &Path) -> Result<Self, QemuError> {
        let failed = |source| QemuError::Directory { path: path.to_owned(), source };
        // QEMU has a working directory of its own some day; its sockets are where ours are.
        let path = &std::path::absolute(path).map_err(failed)?;
        if path.as_os_str().len() > LONGEST {
            return Err(QemuError::TooLong { path: path.clone() });
        }
        let failed = |source| QemuError::Directory { path: path.clone(), source };
        // Those above it, if they have to be made, are as private: in /tmp that is the point.
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let mut above = path.ancestors();
        let own = above.next().into_iter().chain(above.next().filter(|_| is_shared(path)));
        for directory in own {
            if !is_private(directory).map_err(failed)? {
                return Err(QemuError::NotPrivate { path: directory.to_owned() });
            }
        }
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.clone(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(QemuError::InUse { path: path.clone() }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// QEMU's monitor, where it listens.
    pub(super) fn monitor(&self) -> PathBuf {
        self.path.join("qmp.sock")
    }

    /// The machine's serial port, where the BMC listens.
    pub(super) fn serial(&self) -> PathBuf {
        self.path.join("serial.sock")
    }

    /// The machine's system interface, where the BMC listens.
    pub(super) fn system_interface(&self) -> PathBuf {
        self.path.join("ipmi.sock")
    }

    /// What QEMU prints.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join("qemu.log")
    }

    /// Whether something prints to that log: a QEMU that has just been started has it before it has its
    /// monitor.
    pub(super) fn is_printed_to(&self) -> bool {
        let log = File::open(self.log());
        log.is_ok_and(|log| matches!(log.try_lock(), Err(TryLockError::WouldBlock)))
    }
}

/// Where a BMC of this name meets its QEMU if nobody says.
pub(super) fn default_directory(name: &str, state: Option<&Path>) -> PathBuf {
    if let Some(state) = state {
        return state.join("qemu");
    }
    // A name is for people: a path has less in it.
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let user = geteuid().as_raw();
    match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) {
        Some(own) if own.is_absolute() => own.join("lantern").join(name),
        _ => shared(user).join(name),
    }
}

/// The directory of a user in the one that all share.
fn shared(user: u32) -> PathBuf {
    std::env::temp_dir().join(format!("lantern-{user}"))
}

/// Whether the directory above is in one that all share: somebody else may have made it.
fn is_shared(path: &Path) -> bool {
    path.parent() == Some(&shared(geteuid().as_raw()))
}

fn is_private(path: &Path) -> io::Result<bool> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    Ok(metadata.uid() == geteuid().as_raw() && metadata.mode() & 0o077 == 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn it_is_made_private_and_taken_once() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let taken = Directory::take(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert!(matches!(Directory::take(&path), Err(QemuError::InUse { .. })));
        drop(taken);
        Directory::take(&path).unwrap();
    }

    #[test]
    fn what_others_can_enter_or_have_made_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("open");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        assert!(matches!(Directory::take(&path), Err(QemuError::NotPrivate { .. })));
        let link = parent.path().join("link");
        let own = parent.path().join("own");
        Directory::take(&own).unwrap();
        std::os::unix::fs::symlink(&own, &link).unwrap();
        assert!(matches!(Directory::take(&link), Err(QemuError::Directory { .. })));
        let long = parent.path().join("x".repeat(100));
        assert!(matches!(Directory::take(&long), Err(QemuError::TooLong { .. })));
    }

    #[test]
    fn the_state_has_it_or_the_user_has() {
        assert_eq!(default_directory("a", Some(Path::new("/s"))), Path::new("/s/qemu"));
        let named = default_directory("../rack 7", None);
        assert_eq!(named.file_name().unwrap(), "___rack_7");
    }
}
