//! The terminal that a console is shown on: raw while it is, and as it was before in the end,
//! whatever the end is.
//!
//! A terminal has one state for all who have it open, so there is one raw mode in a process. It is
//! taken back when the guard is dropped, by [`restore_terminal`] where nothing is dropped (a panic),
//! and by a [`Guardian`](crate::Guardian) where nothing is left to do that (`kill -9`).

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use rustix::io::Errno;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcsetattr};

/// The terminal that is raw, and what it was before.
static RAW: Mutex<Option<(OwnedFd, Termios)>> = Mutex::new(None);

/// A terminal in raw mode. Dropping it brings back what was before.
#[derive(Debug)]
pub struct RawTerminal(());

impl RawTerminal {
    /// Makes standard input's terminal raw: every key is a byte, none is a signal, nothing is
    /// echoed, and nothing that is written is changed. `None` if it is no terminal.
    ///
    /// # Errors
    /// What the system says of a terminal that cannot be set.
    pub fn enter() -> io::Result<Option<Self>> {
        let stdin = io::stdin();
        if !isatty(&stdin) {
            return Ok(None);
        }
        let terminal = stdin.as_fd().try_clone_to_owned()?;
        let before = tcgetattr(&terminal)?;
        let mut raw = before.clone();
        raw.make_raw();
        // What was typed before belongs to the console, too: nothing is thrown away.
        *RAW.lock().unwrap_or_else(PoisonError::into_inner) = Some((terminal.try_clone()?, before));
        set(&terminal, &raw)?;
        Ok(Some(Self(())))
    }

    /// Brings back what was before for a while: the shell has the terminal.
    pub fn pause(&self) {
        restore(false);
    }

    /// Makes it raw again.
    ///
    /// # Errors
    /// What the system says of a terminal that cannot be set, such as one that was hung up.
    pub fn resume(&self) -> io::Result<()> {
        let raw = RAW.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((terminal, before)) = raw.as_ref() else { return Ok(()) };
        let mut mode = before.clone();
        mode.make_raw();
        set(terminal, &mode)
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        restore_terminal();
    }
}

/// Brings back what the terminal was before [`RawTerminal::enter`], if it is raw: wherever a process
/// ends without dropping anything.
pub fn restore_terminal() {
    restore(true);
}

/// From now on a panic brings the terminal back before it tells what is wrong, so that this can be
/// read.
pub fn restore_terminal_on_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        restore_terminal();
        tell(panic);
    }));
}

fn restore(for_good: bool) {
    // A panic while it is held must not wait for itself.
    let Ok(mut raw) = RAW.try_lock() else { return };
    if let Some((terminal, before)) = raw.as_ref() {
        // One that was hung up has no state to bring back.
        let _ = set(terminal, before);
        if for_good {
            *raw = None;
        }
    }
}

/// Lets what was written get out first; a terminal that is stopped is not waited for.
pub(crate) fn set(terminal: impl AsFd, mode: &Termios) -> io::Result<()> {
    loop {
        match tcsetattr(&terminal, OptionalActions::Now, mode) {
            Err(Errno::INTR) => {}
            outcome => return Ok(outcome?),
        }
    }
}
