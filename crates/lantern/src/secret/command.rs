//! Programs that fetch a secret from where it is kept: a password manager, a vault.
//!
//! Such a program is started directly, without a shell. It stays in our process group, so that it
//! can ask for a passphrase on the terminal, and is killed when its time is up. Its standard input
//! is nothing, because ours may be for something else. What it says on standard error is shown if
//! it fails, and only then.

use std::io::{self, ErrorKind, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_setfl};
use zeroize::Zeroizing;

use super::line::{LINE_MAX, first};
use crate::error::Error;

/// How long a program has that an option names.
pub(super) const TIME: Duration = Duration::from_secs(60);

/// How often a program is looked after, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// What no program of somebody else's has to know.
const SECRETS: [&str; 5] =
    ["LANTERN_PASSWORD", "IPMI_PASSWORD", "LANTERN_KG", "LANTERN_NEW_PASSWORD", "LANTERN_NEW_KG"];

/// The first line that the program prints.
pub(super) fn first_line(argv: &[String], timeout: Duration) -> Result<Zeroizing<Vec<u8>>, Error> {
    let (program, arguments) =
        argv.split_first().ok_or_else(|| Error::usage("no program is named"))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for secret in SECRETS {
        command.env_remove(secret);
    }
    let failed = |why: String| Error::usage(format!("command {program}: {why}"));
    let child = command.spawn().map_err(|error| {
        failed(format!("cannot be started: {error}"))
            .next("check the program's name and PATH; no shell is involved")
    })?;
    let outcome = Running(child).wait(timeout);
    let Outcome { ending, output, said } =
        outcome.map_err(|error| failed(format!("cannot be followed: {error}")))?;
    let said = said.shown();
    match ending {
        Ending::TimeOut => Err(failed(format!(
            "no end after {} s: stopped{said}",
            timeout.as_secs_f64()
        ))
        .cause("it waits for something: a passphrase, a network, its standard input (it has none)")
        .next(
            "run it by hand; give it more time with timeout = SECONDS in its [credentials.NAME]",
        )),
        Ending::Status(status) if !status.success() => {
            Err(failed(format!("ended with {status}{said}")).next("run it by hand to see why"))
        }
        Ending::Status(_) => first(output.bytes())
            .ok_or_else(|| failed(format!("the first line that it printed is empty{said}"))),
    }
}

struct Outcome {
    ending: Ending,
    output: Kept,
    said: Kept,
}

enum Ending {
    Status(std::process::ExitStatus),
    TimeOut,
}

/// A program that is killed if we do not wait for its end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail if it has ended, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn wait(mut self, timeout: Duration) -> io::Result<Outcome> {
        let (mut stdout, mut stderr) = (self.0.stdout.take(), self.0.stderr.take());
        // A pipe that a child of its keeps open is not waited for.
        stdout.as_ref().map(|pipe| fcntl_setfl(pipe, OFlags::NONBLOCK)).transpose()?;
        stderr.as_ref().map(|pipe| fcntl_setfl(pipe, OFlags::NONBLOCK)).transpose()?;
        let (mut output, mut said) = (Kept::new(), Kept::new());
        let (begin, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            // In this order: what it wrote before it ended is there.
            let status = self.0.try_wait()?;
            output.drain(stdout.as_mut())?;
            said.drain(stderr.as_mut())?;
            let ending = match status {
                Some(status) => Ending::Status(status),
                None if begin.elapsed() >= timeout => Ending::TimeOut,
                None => {
                    std::thread::sleep(pause);
                    pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                    continue;
                }
            };
            return Ok(Outcome { ending, output, said });
        }
    }
}

/// The beginning of what a program prints; the rest is read and forgotten.
struct Kept {
    buffer: Zeroizing<Vec<u8>>,
    length: usize,
}

impl Kept {
    fn new() -> Self {
        Self { buffer: Zeroizing::new(vec![0; LINE_MAX]), length: 0 }
    }

    fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    fn drain(&mut self, pipe: Option<&mut impl Read>) -> io::Result<()> {
        let Some(pipe) = pipe else { return Ok(()) };
        let mut spill = Zeroizing::new([0; 512]);
        // Not for ever: a program that prints without end is looked at the clock for in between.
        for _ in 0..128 {
            let room = self.buffer.get_mut(self.length..).unwrap_or_default();
            let is_full = room.is_empty();
            let read = pipe.read(if is_full { spill.as_mut_slice() } else { room });
            match read {
                Ok(0) => return Ok(()),
                Ok(count) if !is_full => self.length = self.length.saturating_add(count),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// As the end of a sentence.
    fn shown(&self) -> String {
        match String::from_utf8_lossy(self.bytes()).trim() {
            "" => String::new(),
            said => format!("; it said: {said}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(argv: &[&str], timeout: Duration) -> Result<Vec<u8>, String> {
        let argv: Vec<_> = argv.iter().map(|word| (*word).to_owned()).collect();
        first_line(&argv, timeout).map(|line| line.to_vec()).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn a_program_hands_over_its_first_line() {
        assert_eq!(run(&["printf", "a b\\nc\\n"], TIME).unwrap(), b"a b");
        // No shell: nothing is expanded.
        assert_eq!(run(&["echo", "$HOME; id"], TIME).unwrap(), b"$HOME; id");
        // More than a pipe holds does not stop it.
        let script = "echo first; head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2";
        assert_eq!(run(&["sh", "-c", script], TIME).unwrap(), b"first");
        // Something that it leaves behind is not waited for.
        assert_eq!(run(&["sh", "-c", "echo x; sleep 20 &"], TIME).unwrap(), b"x");
    }

    #[test]
    fn a_program_that_fails_says_why() {
        let failed = run(&["sh", "-c", "echo Complex_Pass; echo locked >&2; exit 3"], TIME);
        let failed = failed.unwrap_err();
        assert!(failed.contains("exit status: 3; it said: locked"), "{failed}");
        assert!(!failed.contains("Complex_Pass"), "{failed}");
        assert!(run(&["true"], TIME).unwrap_err().contains("is empty"));
        assert!(run(&["/nonexistent/pass"], TIME).unwrap_err().contains("cannot be started"));
        let late = run(&["sleep", "60"], Duration::from_millis(50)).unwrap_err();
        assert!(late.contains("no end after 0.05 s"), "{late}");
    }
}
