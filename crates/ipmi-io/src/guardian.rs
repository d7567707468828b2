//! What brings a terminal back when the process that made it raw can do nothing more: it was killed,
//! or its memory is no longer what it was.
//!
//! The guardian is a process of its own, with the terminal and one end of a socket, and waits for the
//! other end to be closed, which the kernel does, whatever the end is. It is in a session of its own:
//! no key and no hangup is a signal to it, and it may set a terminal whose job it is not.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::termios::{Termios, isatty, tcgetattr};

use crate::raw::set;

/// How long a guardian may take to be there, and to go.
const PATIENCE: Duration = Duration::from_secs(2);

/// A guardian of standard input's terminal. It goes when this is dropped, or is no more.
#[derive(Debug)]
pub struct Guardian {
    process: Child,
    tie: UnixStream,
}

impl Guardian {
    /// Starts a guardian, to be before the terminal is made raw; `command` has to come to
    /// [`keep_guard`]. `None` if standard input is no terminal.
    ///
    /// # Errors
    /// What the system says if it cannot be started, or nothing that is started keeps guard.
    pub fn start(command: &mut Command) -> io::Result<Option<Self>> {
        let stdin = io::stdin();
        if !isatty(&stdin) {
            return Ok(None);
        }
        let (tie, other) = UnixStream::pair()?;
        command.stdin(Stdio::from(std::os::fd::OwnedFd::from(other)));
        command.stdout(Stdio::from(stdin.as_fd().try_clone_to_owned()?)).stderr(Stdio::null());
        // It has no use for secrets, and keeps no directory busy.
        command.env_clear().current_dir("/");
        let process = command.spawn()?;
        // Else the command would keep the other end of the tie, and nothing would ever be heard of
        // a guardian that is not there.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let guardian = Self { process, tie };
        guardian.tie.set_read_timeout(Some(PATIENCE))?;
        // It has seen what the terminal is before anybody changes that.
        (&guardian.tie).read_exact(&mut [0])?;
        Ok(Some(guardian))
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        let _ = self.tie.shutdown(Shutdown::Both);
        let pause = Duration::from_millis(1);
        for _ in 0..PATIENCE.as_millis() {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(pause);
        }
    }
}

/// What the guardian does, from its beginning to its end: standard input is its tie, standard output
/// the terminal.
///
/// # Errors
/// What the system says of a terminal that is none, or is gone.
pub fn keep_guard() -> io::Result<()> {
    rustix::process::setsid()?;
    let terminal = io::stdout();
    let before = tcgetattr(&terminal)?;
    let mut tie = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    tie.write_all(&[0])?;
    // Nothing ever comes but the end, and an error is one.
    while matches!(tie.read(&mut [0]), Ok(1..)) {}
    // Somebody else may have done it, and the shell may have made of it what it wants: only what
    // `RawTerminal` leaves is taken back.
    let mut raw = before.clone();
    raw.make_raw();
    if is_same(&tcgetattr(&terminal)?, &raw) {
        set(&terminal, &before)?;
    }
    Ok(())
}

fn is_same(a: &Termios, b: &Termios) -> bool {
    let modes = |mode: &Termios| {
        (mode.input_modes, mode.output_modes, mode.control_modes, mode.local_modes)
    };
    modes(a) == modes(b)
}
