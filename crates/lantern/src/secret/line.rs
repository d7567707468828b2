//! First lines: of files that nobody else may read, and of what another process hands over.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::error::Error;

/// More than any password has; a file that goes on is not a password file.
pub(super) const LINE_MAX: usize = 4096;

/// The first line of a file. `private` insists that nobody but its owner may use it.
pub(super) fn of_file(path: &Path, private: bool) -> Result<Zeroizing<Vec<u8>>, Error> {
    let name = path.display();
    let unreadable = |error: io::Error| Error::usage(format!("{name}: cannot be read: {error}"));
    let file = File::open(path).map_err(unreadable)?;
    // Of what was opened, not of what the name stands for by now.
    let found = file.metadata().map_err(unreadable)?;
    let (kind, mode) = (found.file_type(), found.permissions().mode());
    if private && mode & 0o077 != 0 {
        let mode = mode & 0o7777;
        return Err(Error::usage(format!(
            "{name}: others than its owner may use it (mode {mode:04o})"
        ))
        .cause("a secret in a file that others can read is none")
        .next(format!("chmod 600 {name}; change the secret if others may have read it")));
    }
    let empty = || Error::usage(format!("{name}: its first line is empty"));
    if kind.is_file() {
        return read(file).map_err(unreadable)?.ok_or_else(empty);
    }
    // A pipe, `<(…)` of a shell, can be read once, and is wanted again: it is looked at before
    // anybody logs in, and for each of many BMCs.
    let mut read_once = PIPES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(line) = read_once.get(path) {
        return Ok(line.clone());
    }
    let line = read(file).map_err(unreadable)?.ok_or_else(empty)?;
    read_once.insert(path.to_owned(), line.clone());
    Ok(line)
}

/// What pipes had to say.
static PIPES: Mutex<BTreeMap<PathBuf, Zeroizing<Vec<u8>>>> = Mutex::new(BTreeMap::new());

/// The first line of what can be read from a file descriptor that we were started with. What
/// follows the line is left there, but for what came with it.
pub(super) fn of_descriptor(number: u32) -> Result<Zeroizing<Vec<u8>>, Error> {
    let unreadable = |error: io::Error| {
        Error::usage(format!("file descriptor {number}: cannot be read: {error}"))
            .cause("the program was not started with it, or it is no pipe and no file")
            .next(format!(
                "as in: lantern … --password-fd {number} {number}< <(pass show bmc/rack1)"
            ))
    };
    let line = match number {
        0 => read(io::stdin().lock()),
        // To take over a number takes `unsafe`; to open what it stands for does not. A socket
        // cannot be had in this way.
        number => File::open(format!("/dev/fd/{number}")).and_then(read),
    };
    let line = line.map_err(unreadable)?;
    line.ok_or_else(|| Error::usage(format!("file descriptor {number}: its first line is empty")))
}

/// Reads no further than the first line goes; `None` if that has nothing.
fn read(mut from: impl Read) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut buffer = Zeroizing::new(vec![0; LINE_MAX]);
    let mut length = 0_usize;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        let count = match from.read(rest) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            count => count?,
        };
        let ended = count == 0 || rest.get(..count).is_some_and(|new| new.contains(&b'\n'));
        length = length.saturating_add(count);
        if ended {
            break;
        }
    }
    Ok(first(buffer.get(..length).unwrap_or_default()))
}

/// The first line, if there is anything in it.
pub(super) fn first(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = without_cr(line);
    (!line.is_empty()).then(|| Zeroizing::new(line.to_vec()))
}

/// A line as it is meant, whatever system wrote it.
fn without_cr(mut line: &[u8]) -> &[u8] {
    while let Some(shorter) = line.strip_suffix(b"\r") {
        line = shorter;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_of_any_system_are_left_out() {
        let first = |bytes: &[u8]| first(bytes).map(|line| line.to_vec());
        assert_eq!(first(b"pass\r\nmore").unwrap(), b"pass");
        assert_eq!(first(b"pa ss ").unwrap(), b"pa ss ");
        assert_eq!(first(b"\r\nmore"), None);
    }

    #[test]
    fn what_comes_in_pieces_is_put_together() {
        let pieces = Read::chain(&b"Comp"[..], Read::chain(&b"lex"[..], &b"_Pass\nmore\n"[..]));
        assert_eq!(read(pieces).unwrap().unwrap().as_slice(), b"Complex_Pass");
        let endless = read(io::repeat(b'x')).unwrap().unwrap();
        assert_eq!(endless.len(), LINE_MAX);
    }
}
