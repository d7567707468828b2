//! Programs that want a terminal: started on one of their own, typed at, read, never waited for
//! forever.
//!
//! [`Terminal::wait_for`] reads on from where it stopped, as a person does: what was waited for once
//! does not count again.

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::Pty;
use rustix::pty::ptsname;
use rustix::termios::{tcgetattr, tcgetwinsize};

use crate::process::{command_line, kill_group, wait_until};

/// A program on a terminal of 24 lines. It is killed with all that it started when this is dropped.
pub struct Terminal {
    line: String,
    child: Child,
    pty: Arc<Pty>,
    screen: Arc<Screen>,
    reader: Option<JoinHandle<()>>,
    /// Up to where [`wait_for`](Self::wait_for) has read.
    read: usize,
}

#[derive(Default)]
struct Screen {
    written: Mutex<Written>,
    changed: Condvar,
}

#[derive(Default)]
struct Written {
    bytes: Vec<u8>,
    /// Nobody has the terminal open any more.
    over: bool,
}

impl Terminal {
    /// Starts a program. What else is set in `command`, such as its environment, holds.
    ///
    /// # Panics
    /// If there is no terminal, or no such program.
    #[must_use]
    pub fn start(command: Command) -> Self {
        let line = command_line(&command);
        let (pty, pts) = pty_process::blocking::open().expect("a pseudo-terminal");
        pty.resize(Size::new(24, 80)).expect("its size can be set");
        let child = pty_process::blocking::Command::from(command)
            .env("TERM", "vt102")
            .spawn(pts)
            .unwrap_or_else(|err| panic!("cannot start `{line}`: {err}"));
        let (pty, screen) = (Arc::new(pty), Arc::new(Screen::default()));
        let reader = {
            let (pty, screen) = (Arc::clone(&pty), Arc::clone(&screen));
            std::thread::spawn(move || read(&pty, &screen))
        };
        Self { line, child, pty, screen, reader: Some(reader), read: 0 }
    }

    /// Types something.
    ///
    /// # Panics
    /// If the terminal takes no more.
    pub fn send(&mut self, keys: &str) {
        let typed = (&*self.pty).write_all(keys.as_bytes());
        typed.unwrap_or_else(|err| panic!("`{}` cannot be typed at: {err}", self.line));
    }

    /// Waits until `text` is on the terminal, behind what was waited for before; what came before
    /// it since then, and it.
    ///
    /// # Panics
    /// If it does not come in time, or the program has ended without it; all that was on the terminal
    /// is in the message.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str, timeout: Duration) -> String {
        let deadline = Instant::now() + timeout;
        let mut written = self.screen.written.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let fresh = &written.bytes[self.read..];
            if let Some(at) = fresh.windows(text.len()).position(|part| part == text.as_bytes()) {
                let seen = String::from_utf8_lossy(&fresh[..at + text.len()]).into_owned();
                self.read += at + text.len();
                return seen;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let why = match (written.over, left.is_zero()) {
                (true, _) => "it has ended",
                (_, true) => "out of time",
                _ => {
                    let waited = self.screen.changed.wait_timeout(written, left);
                    written = waited.unwrap_or_else(PoisonError::into_inner).0;
                    continue;
                }
            };
            let all = String::from_utf8_lossy(&written.bytes).into_owned();
            drop(written);
            panic!("`{}`: no {text:?}: {why}\n--- terminal\n{all}", self.line);
        }
    }

    /// How the terminal is set, and how large it is: all that a program can leave behind.
    ///
    /// # Panics
    /// If the terminal does not say.
    #[must_use]
    pub fn settings(&self) -> String {
        let modes = tcgetattr(&*self.pty).expect("a terminal says how it is set");
        let size = tcgetwinsize(&*self.pty).expect("a terminal has a size");
        format!("{modes:?} {size:?}")
    }

    /// The process that leads the session, which is the program that was started.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Its name, as programs on it see it.
    ///
    /// # Panics
    /// If it has none.
    #[must_use]
    pub fn name(&self) -> String {
        let name = ptsname(&*self.pty, Vec::new()).expect("a terminal has a name");
        name.into_string().expect("the name is ASCII")
    }

    /// All that was ever on the terminal.
    #[must_use]
    pub fn transcript(&self) -> String {
        let written = self.screen.written.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&written.bytes).into_owned()
    }

    /// Waits until the program ends; how it did.
    ///
    /// # Panics
    /// If it does not end in time; all that was on the terminal is in the message.
    #[track_caller]
    pub fn wait(&mut self, timeout: Duration) -> ExitStatus {
        match wait_until(&mut self.child, Instant::now() + timeout) {
            Some(status) => {
                // What it wrote last is there.
                let reader = self.reader.take();
                reader.map(JoinHandle::join);
                status
            }
            None => {
                panic!("`{}` does not end\n--- terminal\n{}", self.line, self.transcript())
            }
        }
    }
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").field("line", &self.line).finish_non_exhaustive()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It leads a session, and so a group.
        kill_group(&self.child);
        let _ = self.child.wait();
    }
}

/// Reads until nobody has the terminal open: that is an error on Linux (EIO).
fn read(pty: &Pty, screen: &Screen) {
    let mut reader = pty;
    let mut buffer = [0; 4096];
    loop {
        let count = reader.read(&mut buffer).unwrap_or(0);
        let mut written = screen.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.bytes.extend_from_slice(&buffer[..count]);
        written.over = count == 0;
        screen.changed.notify_all();
        if count == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn sh(script: &str) -> Terminal {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        Terminal::start(command)
    }

    #[test]
    fn a_program_has_a_terminal_and_is_heard_out() {
        let mut terminal = sh("tty >/dev/null && read name && echo hello $name hello && exit 7");
        terminal.send("you\n");
        assert_eq!(terminal.wait_for("hello", PATIENCE), "you\r\nhello");
        assert_eq!(terminal.wait_for("hello", PATIENCE), " you hello");
        assert_eq!(terminal.wait(PATIENCE).code(), Some(7));
        assert_eq!(terminal.transcript(), "you\r\nhello you hello\r\n");
    }

    #[test]
    #[should_panic(expected = "it has ended")]
    fn what_never_comes_is_not_waited_for() {
        sh("echo bye").wait_for("hello", PATIENCE);
    }

    #[test]
    #[should_panic(expected = "out of time")]
    fn who_hangs_is_not_waited_for() {
        sh("sleep 600").wait_for("hello", Duration::from_millis(50));
    }
}
