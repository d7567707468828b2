//! The process: started here, or found running.
//!
//! QEMU is a machine, and outlives its BMC: it is in a session of its own, and what it prints
//! goes to a file, not to a pipe that breaks. A handle of the kernel's (pidfd) says when it has
//! ended, of one that an earlier BMC has started, too.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process_group, pidfd_open, pidfd_send_signal,
    waitpid,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::qmp::clean;
use super::spawn::spawn;
use crate::platform::sources::command::SECRETS;

/// A QEMU.
#[derive(Debug)]
pub(super) struct Process {
    number: i32,
    handle: AsyncFd<OwnedFd>,
    /// It was started here, and its status is for us to take.
    is_ours: bool,
    status: Option<ExitStatus>,
}

impl Process {
    /// Starts a program with its arguments; what it prints goes to the file `log`, which is emptied
    /// before. May take its time: a program can be on a disk that is slow.
    pub(super) fn start(line: &[String], log: &Path) -> io::Result<i32> {
        // Nobody's but ours, and each write behind the last one: it may be cut short meanwhile.
        let _ = std::fs::remove_file(log);
        let log = OpenOptions::new().append(true).create_new(true).mode(0o600).open(log)?;
        // It has the lock for as long as it has the log, whoever has started it.
        let _ = log.try_lock();
        spawn(line, &SECRETS, &log)
    }

    /// Looks after a program that was just started.
    pub(super) fn of_child(number: i32) -> io::Result<Self> {
        Ok(Self { number, handle: handle(number)?, is_ours: true, status: None })
    }

    /// Looks after a program that somebody else has started.
    pub(super) fn adopt(number: i32) -> io::Result<Self> {
        Ok(Self { number, handle: handle(number)?, is_ours: false, status: None })
    }

    /// Its number.
    pub(super) const fn number(&self) -> i32 {
        self.number
    }

    /// Whether somebody else has started it.
    pub(super) const fn is_adopted(&self) -> bool {
        !self.is_ours
    }

    /// Another handle of it, if the system has one left.
    pub(super) fn duplicate(&self) -> Option<OwnedFd> {
        self.handle.get_ref().try_clone().ok()
    }

    /// Waits until it has ended; how, if that can be known. Waiting may be given up and taken up
    /// again.
    pub(super) async fn ended(&mut self) -> Option<ExitStatus> {
        // Of a handle that is of no use nothing is ever heard.
        let Ok(_) = self.handle.readable().await else { return std::future::pending().await };
        // Nothing is waited for any more, and the status can be had once.
        if self.is_ours
            && let Ok(Some((_, status))) = waitpid(Pid::from_raw(self.number), WaitOptions::NOHANG)
        {
            self.status = Some(ExitStatus::from_raw(status.as_raw()));
        }
        self.status
    }

    /// Ends it at once.
    pub(super) fn kill(&self) {
        // A group of our making goes whole: the program may be one that has started QEMU.
        if self.is_ours
            && let Some(group) = Pid::from_raw(self.number)
        {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = pidfd_send_signal(self.handle.get_ref(), Signal::KILL);
    }
}

fn handle(number: i32) -> io::Result<AsyncFd<OwnedFd>> {
    let pid = Pid::from_raw(number).ok_or(io::ErrorKind::InvalidInput)?;
    let handle = pidfd_open(pid, PidfdFlags::NONBLOCK)?;
    #[allow(deprecated, reason = "unsound for what closes itself meanwhile; an `OwnedFd` does not")]
    AsyncFd::with_interest(handle, Interest::READABLE)
}

/// The last lines that it has printed, fit for a log; empty if there are none.
pub(super) fn last_words(log: &Path) -> String {
    const LINES: usize = 5;
    let text = tail(log, 4096).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default();
    last.iter().map(|line| clean(line)).collect::<Vec<_>>().join("; ")
}

fn tail(path: &Path, length: u64) -> io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(length)))?;
    let mut text = Vec::new();
    file.take(length).read_to_end(&mut text)?;
    Ok(text)
}

/// Cuts the file short if what it holds is more than anybody will read.
pub(super) fn trim(log: &Path) {
    const LONGEST: u64 = 1024 * 1024;
    let is_long = std::fs::metadata(log).is_ok_and(|metadata| metadata.len() > LONGEST);
    if is_long && let Ok(file) = OpenOptions::new().write(true).open(log) {
        // It is written at its end, wherever that is.
        let _ = file.set_len(0);
    }
}
