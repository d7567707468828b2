//! What can go wrong between a BMC and its disk.

use std::io;
use std::path::{Path, PathBuf};

use ipmi_bmc::nvram::Unkept;

/// Why what a BMC keeps cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system does not let us.
    #[error("state file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The directory is taken.
    #[error("another BMC uses this state directory: {directory}")]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// The file is not what was written.
    #[error(
        "state file {path} is damaged ({what}); 'lantern bmc nvram reset' moves it aside to start \
         afresh"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The file is from a later version of this program.
    #[error(
        "state file {path} has format version {found}; this program knows {known}: use the newer \
         program, or 'lantern bmc nvram reset', which moves it aside to start afresh"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The latest version known here.
        known: u32,
    },
}

impl StoreError {
    /// What a BMC tells of it to those who wanted something kept.
    #[must_use]
    pub fn unkept(&self) -> Unkept {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match self {
            Self::Io { source, .. }
                if matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge) =>
            {
                Unkept::Full
            }
            _ => Unkept::Failed,
        }
    }

    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

/// The same before it is known which file it is about.
#[derive(Debug)]
pub(crate) enum Fault {
    Io(io::Error),
    Damaged(String),
    Newer { found: u32, known: u32 },
}

impl Fault {
    pub(super) fn of(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Io(source) => StoreError::Io { path, source },
            Self::Damaged(what) => StoreError::Damaged { path, what },
            Self::Newer { found, known } => StoreError::Newer { path, found, known },
        }
    }
}

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        match error.into() {
            // How redb calls a file that is none of its own, or cut off.
            redb::Error::Io(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) =>
            {
                Self::Damaged(error.to_string())
            }
            redb::Error::Io(error) => Self::Io(error),
            error @ (redb::Error::PreviousIo | redb::Error::DatabaseClosed) => {
                Self::Io(io::Error::other(error))
            }
            error => Self::Damaged(error.to_string()),
        }
    }
}
