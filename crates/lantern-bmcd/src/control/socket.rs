//! The socket as a file: made, found out about, and taken away again.
//!
//! Nobody else can connect at any moment. The socket is bound in a directory that only its owner can
//! enter, given its mode there, and then moved to its place, which also replaces what an earlier
//! process left behind, in one step.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use ipmi_io::fill_random;

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
#[error("no control socket at {path}: {why}", path = path.display())]
pub struct ControlError {
    /// Where it should have been.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub why: Why,
}

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// Somebody answers there.
    #[error("another program answers there")]
    InUse,
    /// There is something else.
    #[error("there is something that is not a socket")]
    NotASocket,
    /// The name is too long for a socket: about a hundred bytes.
    #[error("the path is too long for a socket")]
    TooLong,
    /// The system says no.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// A socket that is gone from the file system when this is dropped.
#[derive(Debug)]
pub(crate) struct Bound {
    path: PathBuf,
    /// What it is, so that only that is removed.
    device: u64,
    inode: u64,
}

/// Binds a socket at `path` that only this user can connect to.
///
/// Of two processes that do this at the same moment the later one has the path, and the earlier one
/// leaves it alone when it stops.
pub(crate) fn bind(path: &Path) -> Result<(UnixListener, Bound), ControlError> {
    let failed = |why| ControlError { path: path.to_owned(), why };
    free(path).map_err(failed)?;
    let directory = private_directory(path).map_err(|error| failed(error.into()))?;
    let there = directory.join("s");
    let outcome = bind_in(&there, path);
    if outcome.is_err() {
        let _ = fs::remove_file(&there);
    }
    let _ = fs::remove_dir(&directory);
    outcome.map_err(failed)
}

fn bind_in(there: &Path, path: &Path) -> Result<(UnixListener, Bound), Why> {
    // Names a socket can have, by which it is found: the shorter one is not the one people type.
    std::os::unix::net::SocketAddr::from_pathname(path).map_err(|_| Why::TooLong)?;
    let listener = UnixListener::bind(there).map_err(|error| match error.kind() {
        ErrorKind::InvalidInput => Why::TooLong,
        _ => error.into(),
    })?;
    listener.set_nonblocking(true)?;
    fs::set_permissions(there, Permissions::from_mode(0o600))?;
    let metadata = fs::symlink_metadata(there)?;
    fs::rename(there, path)?;
    let bound = Bound { path: path.to_owned(), device: metadata.dev(), inode: metadata.ino() };
    Ok((listener, bound))
}

/// Whether the place is free: nothing is there, or what a process left that is gone.
fn free(path: &Path) -> Result<(), Why> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
        Ok(metadata) if !metadata.file_type().is_socket() => return Err(Why::NotASocket),
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(Why::InUse),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
        // It went away just now.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A directory beside `path` that only its owner can enter.
fn private_directory(path: &Path) -> io::Result<PathBuf> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut random = [0; 4];
    fill_random(&mut random);
    let directory = parent.join(format!(".{:08x}", u32::from_le_bytes(random)));
    DirBuilder::new().mode(0o700).create(&directory)?;
    Ok(directory)
}

impl Drop for Bound {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode));
        if is_ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "a socket is left behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(path: &Path) -> Why {
        bind(path).unwrap_err().why
    }

    #[test]
    fn it_is_its_owners_and_goes_with_its_process() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control");
        let (listener, bound) = bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(why(&path), Why::InUse));
        // Nothing but it is there.
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        drop(bound);
        assert!(!path.exists());
        drop(listener);
    }

    #[test]
    fn what_was_left_behind_is_replaced_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control");
        drop(UnixListener::bind(&path).unwrap());
        let (_listener, first) = bind(&path).unwrap();
        // Somebody takes its place: that is not ours to remove.
        fs::remove_file(&path).unwrap();
        let _other = UnixListener::bind(&path).unwrap();
        drop(first);
        assert!(path.exists());
        for (name, make) in [
            ("file", (|path: &Path| fs::write(path, "keep")) as fn(&Path) -> io::Result<()>),
            ("directory", |path| fs::create_dir(path)),
            ("link", |path| std::os::unix::fs::symlink("control", path)),
        ] {
            let path = directory.path().join(name);
            make(&path).unwrap();
            assert!(matches!(why(&path), Why::NotASocket), "{name}");
            assert!(fs::symlink_metadata(&path).is_ok());
        }
    }

    #[test]
    fn what_cannot_be_is_said() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(why(&directory.path().join("none/control")), Why::Io(_)));
        assert!(matches!(why(&directory.path().join("x".repeat(120))), Why::TooLong));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
