//! One process reads a BMC's records, and the others wait for what it finds.
//!
//! The lock is the kernel's and ends with the process, however that ends; the file stays, because
//! removing it would let two processes hold a lock on two files of the same name.

use std::fs::{File, TryLockError};
use std::io;
use std::time::Duration;

use tokio::time::Instant;

/// A lock that is held. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// How often a lock that is taken is tried again.
const POLL: Duration = Duration::from_millis(20);

/// Waits for the lock on `file` for `patience` at most; `None` if that was too short.
pub(super) async fn acquire(file: File, patience: Duration) -> io::Result<Option<Lock>> {
    let begun = Instant::now();
    let mut file = file;
    loop {
        // Even trying asks a server where the directory is on a network file system.
        let tried = tokio::task::spawn_blocking(move || (file.try_lock(), file)).await;
        let outcome;
        (outcome, file) = tried.map_err(io::Error::other)?;
        match outcome {
            Ok(()) => return Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) if begun.elapsed() < patience => {
                tokio::time::sleep(POLL).await;
            }
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}
