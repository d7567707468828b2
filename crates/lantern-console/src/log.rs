//! What a console showed, in a file: a line for each line, with the time at which it began. The file
//! is moved aside when it is full, and the oldest of those goes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// A log of a console.
#[derive(Debug)]
pub struct ConsoleLog {
    path: PathBuf,
    file: File,
    size: u64,
    limits: Limits,
    /// The last line has no end yet.
    is_open: bool,
}

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a file.
    pub size: u64,
    /// Files beside the one that is written.
    pub files: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { size: 10 << 20, files: 5 }
    }
}

impl ConsoleLog {
    /// Goes on in the file at `path`, or begins it; nobody but its owner can read it, for passwords
    /// that are echoed end up in it.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path, limits: Limits) -> io::Result<Self> {
        let file = open(path)?;
        let size = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, size, limits, is_open: false })
    }

    /// Goes on in the file that has the name by now: somebody has moved this one aside.
    ///
    /// # Errors
    /// What the system says; then it goes on in this one.
    pub fn reopen(&mut self) -> io::Result<()> {
        let file = open(&self.path)?;
        self.size = file.metadata()?.len();
        self.file = file;
        Ok(())
    }

    /// Writes what the console showed at this time.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&mut self, now: Timestamp, shown: &[u8]) -> io::Result<()> {
        let mut text = Vec::with_capacity(shown.len().saturating_add(64));
        // Terminals want both; of a line's end one is enough.
        for byte in shown.iter().filter(|byte| **byte != b'\r') {
            if !self.is_open {
                text.extend_from_slice(format!("{now:.3} ").as_bytes());
                self.is_open = true;
            }
            text.push(*byte);
            self.is_open = *byte != b'\n';
            // A line stays in one file, and what comes rarely ends with one.
            let size = self.size.saturating_add(text.len() as u64);
            if !self.is_open && size >= self.limits.size {
                self.append(&std::mem::take(&mut text))?;
            }
        }
        self.append(&text)
    }

    /// Writes something that the console did not show, on a line of its own.
    ///
    /// # Errors
    /// What the system says.
    pub fn note(&mut self, now: Timestamp, note: &str) -> io::Result<()> {
        let end = if std::mem::take(&mut self.is_open) { "\n" } else { "" };
        self.append(format!("{end}{now:.3} [{note}]\n").as_bytes())
    }

    fn append(&mut self, text: &[u8]) -> io::Result<()> {
        self.file.write_all(text)?;
        self.size = self.size.saturating_add(text.len() as u64);
        if self.size >= self.limits.size && !self.is_open {
            self.rotate()?;
        }
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (1..self.limits.files).rev() {
            let (from, to) = (self.aside(number), self.aside(number.saturating_add(1)));
            match fs::rename(from, to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if self.limits.files > 0 {
            fs::rename(&self.path, self.aside(1))?;
        } else {
            fs::remove_file(&self.path)?;
        }
        self.file = open(&self.path)?;
        self.size = 0;
        Ok(())
    }

    fn aside(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_900_000 + second).unwrap()
    }

    #[test]
    fn each_line_has_the_time_at_which_it_began() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut log = ConsoleLog::open(&path, Limits::default()).unwrap();
        log.write(at(0), b"log").unwrap();
        log.write(at(1), b"in: root\r\n\r\n").unwrap();
        log.write(at(2), b"Pass").unwrap();
        log.note(at(3), "the BMC is gone").unwrap();
        log.write(at(4), b"# ").unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            "2026-11-28T21:06:40.000Z login: root\n\
             2026-11-28T21:06:41.000Z \n\
             2026-11-28T21:06:42.000Z Pass\n\
             2026-11-28T21:06:43.000Z [the BMC is gone]\n\
             2026-11-28T21:06:44.000Z # "
        );
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_full_file_is_moved_aside_and_the_oldest_goes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let limits = Limits { size: 60, files: 2 };
        let mut log = ConsoleLog::open(&path, limits).unwrap();
        // No piece but the last ends with a line.
        let lines: String = (0..10).map(|number| format!("line number {number}\n")).collect();
        for piece in lines.as_bytes().chunks(32) {
            log.write(at(0), piece).unwrap();
        }
        let mut names: Vec<_> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["log", "log.1", "log.2"]);
        let all: String = ["log.2", "log.1", "log"]
            .iter()
            .map(|name| fs::read_to_string(directory.path().join(name)).unwrap())
            .collect();
        assert!(all.ends_with("line number 9\n"), "{all}");
        assert!(all.contains("line number 8\n") && !all.contains("line number 0\n"), "{all}");
    }

    #[test]
    fn a_file_that_was_moved_aside_is_left_alone_once_that_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let [path, aside] = ["log", "log-1"].map(|name| directory.path().join(name));
        let mut log = ConsoleLog::open(&path, Limits::default()).unwrap();
        log.write(at(0), b"before\n").unwrap();
        fs::rename(&path, &aside).unwrap();
        log.reopen().unwrap();
        log.write(at(0), b"after\n").unwrap();
        assert!(fs::read_to_string(&aside).unwrap().ends_with("before\n"));
        assert!(fs::read_to_string(&path).unwrap().ends_with("Z after\n"));
    }
}
