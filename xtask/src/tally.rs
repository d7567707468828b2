//! How many tests ran: read from the runner's own closing lines while they pass by.
//!
//! A run of no tests is green for cargo, and must not be for us.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::AddAssign;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::shell;

/// Counts of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Tally {
    /// Runs a test runner; all that it says is passed on as it comes.
    ///
    /// Fails if the runner fails.
    pub(crate) fn of(command: &mut Command) -> Result<Self> {
        let line = shell::line(command);
        println!("$ {line}");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{line}`"))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let other = thread::spawn(move || pass_on(stderr, io::stderr()));
        let mut tally = pass_on(stdout, io::stdout())?;
        tally += other.join().ok().context("passing on the output failed")??;
        let status = child.wait()?;
        if !status.success() {
            bail!("`{line}`: {status}; {tally}");
        }
        Ok(tally)
    }

    /// Insists that something was tested.
    pub(crate) fn insist(self) -> Result<Self> {
        if self.passed == 0 {
            bail!("not one test ran: {self}");
        }
        Ok(self)
    }

    /// Reads a closing line of nextest or of the standard runner.
    fn parse(line: &str) -> Option<Self> {
        // nextest repeats the standard runner's line, indented, for every test that fails.
        let counts = match line.trim_end().strip_prefix("test result: ") {
            Some(rest) => rest.split_once(". ")?.1,
            None => line.trim().strip_prefix("Summary [")?.split_once(" run: ")?.1,
        };
        let mut tally = Self::default();
        for part in counts.split([',', ';']) {
            let mut words = part.split_whitespace();
            let (Some(count), Some(word)) = (words.next(), words.next()) else { continue };
            let Ok(count) = count.parse::<u64>() else { continue };
            match word {
                "passed" => tally.passed += count,
                "failed" | "timed" | "exec" => tally.failed += count,
                "ignored" | "skipped" => tally.skipped += count,
                _ => {}
            }
        }
        Some(tally)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        let Self { passed, failed, skipped } = other;
        self.passed += passed;
        self.failed += failed;
        self.skipped += skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// Copies a stream line by line, and counts.
fn pass_on(from: Option<impl Read>, mut to: impl Write) -> Result<Tally> {
    let mut tally = Tally::default();
    let Some(from) = from else { return Ok(tally) };
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        to.flush()?;
        tally += Tally::parse(&String::from_utf8_lossy(&line)).unwrap_or_default();
        line.clear();
    }
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_runners() {
        let nextest =
            "     Summary [   2.010s] 20 tests run: 18 passed (1 slow), 2 failed, 3 skipped";
        let libtest = "test result: ok. 14 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out";
        let tally = |passed, failed, skipped| Some(Tally { passed, failed, skipped });
        assert_eq!(Tally::parse(nextest), tally(18, 2, 3));
        assert_eq!(Tally::parse(libtest), tally(14, 0, 1));
        assert_eq!(Tally::parse("test result is what I say"), None);
        assert_eq!(Tally::parse("18 passed, 2 failed"), None);
    }

    #[test]
    fn passes_on_every_byte_and_adds_up() {
        let text = "hello \u{fe}\ntest result: ok. 2 passed; 0 failed\n\
                    test result: ok. 0 passed; 0 failed\nno newline";
        let mut out = Vec::new();
        let tally = pass_on(Some(text.as_bytes()), &mut out).unwrap();
        assert_eq!(out, text.as_bytes());
        assert_eq!(tally.to_string(), "2 passed, 0 failed, 0 skipped");
        assert!(tally.insist().is_ok());
        assert!(Tally::default().insist().is_err());
    }
}
