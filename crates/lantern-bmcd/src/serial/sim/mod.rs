//! `sim`: the console of the simulated machine, which is no process and has no thread.
//!
//! Pure, but for the wall clock that `date` shows: what it says depends on when it was switched on
//! and on what was typed. Nothing of it is made before somebody reads it: a machine that nobody looks
//! at is a few hundred bytes, and needs no time.
//!
//! * `boot`: what it says when it starts. `shell`: who types gets an answer.

mod boot;
mod shell;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use ipmi_bmc::serial::{Heard, Serial};

/// What `date` shows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// The time of this machine.
    Running,
    /// This, in seconds since 1970.
    Stopped(u32),
}

impl Clock {
    fn now(self) -> jiff::Timestamp {
        match self {
            Self::Running => jiff::Timestamp::now(),
            Self::Stopped(seconds) => {
                jiff::Timestamp::from_second(seconds.into()).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            }
        }
    }
}

/// A console at the machine's first serial port.
#[derive(Debug)]
pub(crate) struct SimConsole {
    host: Box<str>,
    clock: Clock,
    /// Since when the machine runs; `None` while it is off.
    on_since: Option<Instant>,
    stage: Stage,
    /// What is typed and not entered yet.
    line: Vec<u8>,
    /// What it has to say that nobody has read.
    says: Vec<u8>,
    /// When the first of that was said.
    said: Instant,
}

/// What the machine is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// It starts: so many lines of that are read.
    Starting(usize),
    /// It asks for a name.
    Login,
    /// It asks for the password of this user.
    Password(Box<str>),
    /// This user has a shell.
    Shell(Box<str>),
}

/// The longest line that can be typed. More is not echoed, as with a terminal.
const LONGEST_LINE: usize = 255;

impl SimConsole {
    /// That of a machine of this name, which is off.
    pub(crate) fn new(name: &str, clock: Clock) -> Self {
        // A host's name has no blanks.
        let host: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        Self {
            host: host.into(),
            clock,
            on_since: None,
            stage: Stage::Starting(0),
            line: Vec::new(),
            says: Vec::new(),
            said: Instant::now(),
        }
    }

    fn say(&mut self, now: Instant, text: &str) {
        if self.says.is_empty() {
            self.said = now;
        }
        // As a terminal driver makes of it.
        for byte in text.bytes() {
            if byte == b'\n' {
                self.says.push(b'\r');
            }
            self.says.push(byte);
        }
    }

    /// Says what is due of the start.
    fn start(&mut self, now: Instant) {
        let Some(since) = self.on_since else { return };
        while let Stage::Starting(next) = self.stage {
            match boot::LINES.get(next) {
                Some((at, line)) if since + Duration::from_millis(*at) <= now => {
                    self.say(now, line);
                    self.say(now, "\n");
                    self.stage = Stage::Starting(next.saturating_add(1));
                }
                Some(_) => return,
                None => {
                    let greeting = format!("\nLantern Linux 6.12 {} ttyS0\n\n", self.host);
                    self.say(now, &greeting);
                    self.ask_for_name(now);
                }
            }
        }
    }

    fn ask_for_name(&mut self, now: Instant) {
        self.stage = Stage::Login;
        let prompt = format!("{} login: ", self.host);
        self.say(now, &prompt);
    }

    fn prompt(&mut self, now: Instant) {
        if let Stage::Shell(user) = &self.stage {
            let sign = if &**user == "root" { '#' } else { '$' };
            let prompt = format!("{user}@{}:~{sign} ", self.host);
            self.say(now, &prompt);
        }
    }
}

impl Serial for SimConsole {
    /// A wire to a machine that is off is a wire all the same.
    fn is_available(&self) -> bool {
        true
    }

    fn read(&mut self, now: Instant) -> Option<Heard> {
        self.start(now);
        let says = std::mem::take(&mut self.says);
        (!says.is_empty()).then_some(Heard::Characters(says))
    }

    fn write(&mut self, now: Instant, characters: &[u8]) -> usize {
        self.start(now);
        // While it starts, and while it is off, nobody listens.
        if self.on_since.is_some() && !matches!(self.stage, Stage::Starting(_)) {
            characters.iter().for_each(|character| self.typed(now, *character));
        }
        characters.len()
    }

    fn send_break(&mut self, now: Instant) {
        self.start(now);
        let Some(since) = self.on_since else { return };
        let uptime = now.saturating_duration_since(since).as_secs_f64();
        // What Linux says to a break and a key that it does not know.
        let help = "HELP : loglevel(0-9) reboot(b) crash(c) terminate-all-tasks(e) \
                    memory-full-oom-kill(f) kill-all-tasks(i) sync(s) show-task-states(t) unmount(u)";
        self.say(now, &format!("\n[{uptime:>12.6}] sysrq: {help}\n"));
    }

    fn set_power(&mut self, now: Instant, on: bool) {
        self.on_since = on.then_some(now);
        self.stage = Stage::Starting(0);
        // Gone with the machine, with the room that it took.
        (self.line, self.says) = (Vec::new(), Vec::new());
    }

    fn poll_timeout(&self) -> Option<Instant> {
        if !self.says.is_empty() {
            return Some(self.said);
        }
        let (Stage::Starting(next), Some(since)) = (&self.stage, self.on_since) else {
            return None;
        };
        let (at, _) = boot::LINES.get(*next).copied().unwrap_or_default();
        since.checked_add(Duration::from_millis(at))
    }

    fn keeps(&self) -> bool {
        true
    }

    fn source(&self) -> String {
        "sim".to_owned()
    }
}
