//! Files of commands: `-` is standard input or output.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use crate::codes::Code;
use crate::error::{Error, Exit};

/// More than any of them can have: 65535 records of the longest kind.
const SIZE_MAX: u64 = 32 << 20;

/// Whether standard input or output is meant.
pub(super) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The whole file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    contents(path).map_err(|error| Error::usage(format!("{}: {error}", path.display())))
}

/// The whole file, if it is not too long to be one of ours.
pub(crate) fn contents(path: &Path) -> io::Result<Vec<u8>> {
    let all = |input: &mut dyn Read| {
        let mut bytes = Vec::new();
        input.take(SIZE_MAX.saturating_add(1)).read_to_end(&mut bytes).map(|_| bytes)
    };
    let bytes = match is_standard(path) {
        true => all(&mut io::stdin().lock()),
        false => File::open(path).and_then(|mut file| all(&mut file)),
    };
    match bytes? {
        bytes if bytes.len() as u64 > SIZE_MAX => Err(io::Error::other("more than 32 MiB")),
        bytes => Ok(bytes),
    }
}

/// Whether a new file can be at `path`: to be known before what it is to hold is gone elsewhere.
pub(super) fn check_new(path: &Path) -> Result<(), Error> {
    let there = fs::symlink_metadata(path).is_ok();
    if is_standard(path) || there {
        let why = if there { "it is there already" } else { "it has to be a file" };
        return Err(Error::usage(format!("{}: {why}", path.display()))
            .next("name a file that is not there yet: nothing is overwritten here"));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if parent.is_some_and(|parent| !parent.is_dir()) {
        return Err(Error::usage(format!("{}: there is no such directory", path.display())));
    }
    Ok(())
}

/// Writes a file that was not there, down to the disk: all of it, or there is none afterwards.
pub(super) fn create(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    create_with(path, |file| file.write_all(bytes))
}

fn create_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Error> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.map_err(|error| cannot(path, &error))?;
    let written = fill(&mut file).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // Half of it would pass for all of it, and keep its name from the next attempt.
        let _ = fs::remove_file(path);
        return Err(cannot(path, &error));
    }
    // Its name, too. Not every file system can be asked for that.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Ok(directory) = File::open(parent.unwrap_or(Path::new("."))) {
        let _ = directory.sync_all();
    }
    Ok(())
}

/// Writes a file, in the place of one that may be there.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(|error| cannot(path, &error))
}

fn cannot(path: &Path, error: &io::Error) -> Error {
    Error::told(Exit::Failed, format!("{}: {error}", path.display())).code(Code::FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_file_does_not_stay() {
        let name = format!("lantern-half-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let failed = create_with(&path, |file| {
            file.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(failed.is_err() && !path.exists());
        create(&path, b"whole").unwrap();
        assert!(create(&path, b"other").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        fs::remove_file(&path).unwrap();
    }
}
