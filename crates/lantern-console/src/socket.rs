//! The socket as a file. Whoever can connect has the machines' consoles, so that is this user and
//! root: by the directory, which nobody else can enter, by the socket's mode, and by what the system
//! says of the other end.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Why nobody can connect.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody answers there.
    #[error("{0}: another program answers there")]
    InUse(PathBuf),
    /// There is something else.
    #[error("{0}: there is something that is not a socket")]
    NotASocket(PathBuf),
    /// Others can enter the directory.
    #[error("{0}: a directory that only this user can enter is needed (chmod 700)")]
    NotPrivate(PathBuf),
    /// The system says no.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
}

/// A socket that is gone from the file system when this is dropped.
#[derive(Debug)]
pub struct Bound {
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// Binds the socket at `path`. Its directory is made, if it is not there.
///
/// # Errors
/// See [`ListenError`].
pub fn listen(path: &Path) -> Result<(UnixListener, Bound), ListenError> {
    let failed = |error| ListenError::Io(path.to_owned(), error);
    let directory = match path.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    let metadata = fs::metadata(directory).map_err(failed)?;
    let owner = rustix::process::geteuid().as_raw();
    if metadata.uid() != owner || metadata.mode() & 0o077 != 0 {
        return Err(ListenError::NotPrivate(directory.to_owned()));
    }
    free(path)?;
    // Between the two only who can enter the directory could connect.
    let listener = UnixListener::bind(path).map_err(failed)?;
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let metadata = fs::symlink_metadata(path).map_err(failed)?;
    let bound = Bound { path: path.to_owned(), device: metadata.dev(), inode: metadata.ino() };
    Ok((listener, bound))
}

/// Makes room, if what is there is a socket of a process that is gone.
fn free(path: &Path) -> Result<(), ListenError> {
    let failed = |error| ListenError::Io(path.to_owned(), error);
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(ListenError::NotASocket(path.to_owned()));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(ListenError::InUse(path.to_owned())),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        let ours =
            |metadata: &fs::Metadata| (metadata.dev(), metadata.ino()) == (self.device, self.inode);
        // Should somebody else have taken the place, it is his.
        if fs::symlink_metadata(&self.path).is_ok_and(|metadata| ours(&metadata)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether the user with this number may be at the other end.
pub(crate) fn is_trusted(user: u32) -> bool {
    user == 0 || user == rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_can_connect_and_what_was_left_behind_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run/console.sock");
        let (listener, bound) = listen(&path).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert!(matches!(listen(&path), Err(ListenError::InUse(_))));
        drop(bound);
        assert!(!path.exists());
        drop(listener);
        drop(UnixListener::bind(&path).unwrap());
        drop(listen(&path).unwrap());
        fs::write(&path, "keep").unwrap();
        assert!(matches!(listen(&path), Err(ListenError::NotASocket(_))));
        fs::remove_file(&path).unwrap();
        fs::set_permissions(path.parent().unwrap(), Permissions::from_mode(0o750)).unwrap();
        assert!(matches!(listen(&path), Err(ListenError::NotPrivate(_))));
    }
}
