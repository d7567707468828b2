//! Somebody inside a guest who runs a test's commands.
//!
//! The guest's second serial port is the way there (`agent.sh` is the other end), so that neither
//! the console nor the network is needed, which tests want for themselves.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The way to a guest's agent.
#[derive(Debug)]
pub struct Agent {
    socket: PathBuf,
    /// Gone with the machine, and there again with the next one.
    stream: Option<UnixStream>,
    /// Of the last command.
    number: u64,
    heard: Vec<u8>,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Ran {
    /// What was to be run.
    pub script: String,
    /// Its exit status, as the shell has it.
    pub status: i32,
    /// Standard output; what was not UTF-8 is replaced.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
    /// By the guest's own clock, to a hundredth of a second.
    pub took: Duration,
}

/// What a guest needs to find a BMC at the interface of a PC.
pub const MODULES: [&str; 3] = ["ipmi_msghandler", "ipmi_devintf", "ipmi_si"];

/// How often an agent that does not answer yet is asked.
const INTERVAL: Duration = Duration::from_millis(500);

impl Agent {
    /// Connects to the socket of a guest's second serial port, and waits until the guest has booted.
    ///
    /// # Panics
    /// If nobody answers within `patience`.
    #[must_use]
    pub fn connect(socket: &Path, patience: Duration) -> Self {
        let mut agent =
            Self { socket: socket.to_owned(), stream: None, number: 0, heard: Vec::new() };
        agent.wait(patience);
        agent
    }

    /// Waits until the guest answers again, after it was started anew.
    ///
    /// # Panics
    /// If it does not within `patience`.
    pub fn wait(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut interval = INTERVAL;
        while self.ask("true", interval).is_none() {
            assert!(Instant::now() < deadline, "the guest did not boot within {patience:?}");
            // A machine that is slow must not be buried under questions.
            interval = (interval * 2).min(Duration::from_secs(8));
        }
    }

    /// Whether it answers within a time.
    pub fn is_alive(&mut self, patience: Duration) -> bool {
        self.ask("true", patience).is_some()
    }

    /// Runs a script in the guest's shell.
    ///
    /// # Panics
    /// If it does not end within two minutes.
    #[track_caller]
    pub fn run(&mut self, script: &str) -> Ran {
        self.run_within(script, Duration::from_secs(120))
    }

    /// As [`run`](Self::run), with a limit.
    ///
    /// # Panics
    /// If it does not end within `patience`.
    #[track_caller]
    pub fn run_within(&mut self, script: &str, patience: Duration) -> Ran {
        match self.ask(script, patience) {
            Some(ran) => ran,
            None => panic!("`{script}` did not end within {patience:?} in the guest"),
        }
    }

    /// Loads these modules, in this order, and waits for `/dev/ipmi0`.
    ///
    /// # Panics
    /// If it does not come; what the kernel said is in the message.
    pub fn load(&mut self, modules: &[&str]) {
        let load = modules.iter().map(|name| format!("modprobe {name} || exit 1; "));
        let find = "for n in $(seq 300); do [ -e /dev/ipmi0 ] && exit 0; sleep 0.1; done; \
                    dmesg | tail -40; exit 1";
        let _ = self.run(&(load.collect::<String>() + find)).expect_success();
    }

    /// Has a script begin, and does not wait for it: for what the guest does not survive.
    pub fn begin(&mut self, script: &str) {
        self.say(script);
    }

    /// Says it, if there is a machine to say it to.
    fn say(&mut self, script: &str) {
        self.number += 1;
        let hex: String = script.bytes().map(|byte| format!("{byte:02x}")).collect();
        // What was said into the void before is ended by the first line break.
        let line = format!("\n{} {hex}\n", self.number);
        if self.stream.is_none() {
            self.heard.clear();
            self.stream = UnixStream::connect(&self.socket).ok();
        }
        if self.stream.as_mut().is_some_and(|stream| stream.write_all(line.as_bytes()).is_err()) {
            self.stream = None;
        }
    }

    fn ask(&mut self, script: &str, patience: Duration) -> Option<Ran> {
        let deadline = Instant::now() + patience;
        self.say(script);
        loop {
            while let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line).into_owned();
                if let Some(ran) = parse(&line, self.number, script) {
                    return Some(ran);
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let mut chunk = [0; 4096];
            let read = self.stream.as_mut().map_or(Ok(0), |stream| {
                stream.set_read_timeout(Some(left)).expect("a time");
                stream.read(&mut chunk)
            });
            match read {
                Ok(count) if count > 0 => self.heard.extend_from_slice(&chunk[..count]),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                // The machine is gone.
                _ => {
                    self.stream = None;
                    thread::sleep(left.min(INTERVAL));
                    return None;
                }
            }
        }
    }
}

/// The answer to the command of this number, if the line is that.
fn parse(line: &str, number: u64, script: &str) -> Option<Ran> {
    let words: Vec<_> = line.split_whitespace().collect();
    let [its_number, status, before, after, out, err, "."] = words[..] else { return None };
    if its_number.parse() != Ok(number) {
        return None;
    }
    let seconds = |word: &str| word.parse::<f64>().ok();
    let text = |word: &str| {
        let digits = word.strip_prefix('x')?.as_bytes();
        let bytes = digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let bytes: Option<Vec<u8>> = bytes.collect();
        Some(String::from_utf8_lossy(&bytes?).into_owned())
    };
    Some(Ran {
        script: script.to_owned(),
        status: status.parse().ok()?,
        stdout: text(out)?,
        stderr: text(err)?,
        took: Duration::from_secs_f64((seconds(after)? - seconds(before)?).max(0.0)),
    })
}

impl Ran {
    /// Insists on success and gives standard output.
    ///
    /// # Panics
    /// If it failed; all that it said is in the message.
    #[track_caller]
    #[must_use]
    pub fn expect_success(&self) -> &str {
        assert!(self.status == 0, "{self}");
        &self.stdout
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { script, status, stdout, stderr, took } = self;
        writeln!(f, "in the guest, `{script}`: status {status} after {took:.2?}")?;
        writeln!(f, "--- stdout\n{}", stdout.trim_end())?;
        write!(f, "--- stderr\n{}", stderr.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_answer_to_the_last_command_counts() {
        let line = "7 1 10.25 10.50 x6869 x .\n";
        let ran = parse(line, 7, "x").unwrap();
        assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (1, "hi", ""));
        assert_eq!(ran.took, Duration::from_millis(250));
        assert_eq!(parse(line, 8, "x"), None);
        assert_eq!(parse("7 1 10.25 10.50 x6869 x", 7, "x"), None);
        assert_eq!(parse("7 74727565", 7, "x"), None, "an echo");
    }
}
