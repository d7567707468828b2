//! `pty`: a pseudo-terminal, under a name of its own, for whatever program wants to be the system.

use std::path::{Path, PathBuf};

use ipmi_io::Terminal;

use super::SerialError;
use super::buffer::{Buffer, Line};
use super::carry::carry;
use crate::platform::sources::Wake;

/// Makes a pseudo-terminal and links `path` to it. It is there from here on, whoever opens and
/// closes it; what is typed before anybody reads waits in the kernel, as far as that has room.
pub(super) fn open(path: &Path, source: String, wake: &Wake) -> Result<Line, SerialError> {
    let (terminal, other) = Terminal::pseudo().map_err(SerialError::Pty)?;
    let link = Link::new(path, other)
        .map_err(|source| SerialError::Link { path: path.to_owned(), source })?;
    let buffer = Buffer::new(wake);
    let shared = std::sync::Arc::clone(&buffer);
    let task = async move {
        let error = carry(terminal, None, &shared).await;
        tracing::error!(%error, "the pseudo-terminal of the serial port is gone");
    };
    Ok(Line::start(buffer, source, Some(Box::new(link)), task))
}

/// A symbolic link that goes with this, unless somebody has replaced it.
#[derive(Debug)]
struct Link {
    path: PathBuf,
    target: PathBuf,
}

impl Link {
    /// Puts it where nothing is, or another link: by a rename, so that there is always one of the
    /// two. Anything else is somebody's, and stays.
    fn new(path: &Path, target: PathBuf) -> std::io::Result<Self> {
        match path.symlink_metadata() {
            Ok(found) if !found.is_symlink() => {
                let says = "it is there, and is no symbolic link";
                return Err(std::io::Error::new(std::io::ErrorKind::AlreadyExists, says));
            }
            _ => {}
        }
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}", std::process::id()));
        let fresh = PathBuf::from(name);
        std::os::unix::fs::symlink(&target, &fresh)?;
        if let Err(error) = std::fs::rename(&fresh, path) {
            let _ = std::fs::remove_file(&fresh);
            return Err(error);
        }
        Ok(Self { path: path.to_owned(), target })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if std::fs::read_link(&self.path).is_ok_and(|target| target == self.target) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_replaces_a_link_and_nothing_else_and_goes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("console");
        let first = Link::new(&path, "/dev/one".into()).unwrap();
        let second = Link::new(&path, "/dev/two".into()).unwrap();
        drop(first);
        assert_eq!(std::fs::read_link(&path).unwrap(), Path::new("/dev/two"));
        drop(second);
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
        std::fs::write(&path, "mine").unwrap();
        assert!(Link::new(&path, "/dev/three".into()).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    }
}
