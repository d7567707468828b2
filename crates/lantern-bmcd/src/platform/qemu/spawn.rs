//! A program in a session of its own, which the standard library cannot start without `unsafe`.
//!
//! A process group of its own is not enough for a machine that outlives its BMC. If the BMC ends while
//! QEMU stands still (SIGSTOP), the group is orphaned with a stopped process in it, and the kernel sends
//! it SIGHUP, which ends QEMU. A group in another session is nobody's to orphan. `posix_spawn` has a
//! flag for that, nix makes it safe to call, and all else is done here as the standard library does it.

use std::ffi::{CString, OsString};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;

use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawnp};
use nix::sys::signal::{SigSet, Signal};

/// `POSIX_SPAWN_SETSID`, which nix has no name for: the same number in glibc (2.26) and musl (1.1.22).
const SET_SESSION: PosixSpawnFlags = PosixSpawnFlags::from_bits_retain(0x80);

/// Starts a program, looked for in `PATH`, with its arguments and this process's environment without
/// `secrets`; reads nothing, and prints to `log`. Its number.
pub(super) fn spawn(line: &[String], secrets: &[&str], log: &File) -> io::Result<i32> {
    let program = line.first().ok_or(io::ErrorKind::InvalidInput)?;
    let arguments = line.iter().map(|word| text(word.as_str().into()));
    let arguments = arguments.collect::<io::Result<Vec<_>>>()?;
    let environment = std::env::vars_os()
        .filter(|(name, _)| !secrets.iter().any(|secret| name == secret))
        .map(|(mut name, value)| {
            name.push("=");
            name.push(value);
            text(name)
        })
        .collect::<io::Result<Vec<_>>>()?;
    let nothing = File::open("/dev/null")?;
    let mut files = PosixSpawnFileActions::init()?;
    for (from, to) in [(nothing.as_raw_fd(), 0), (log.as_raw_fd(), 1), (log.as_raw_fd(), 2)] {
        files.add_dup2(from, to)?;
    }
    // What this runtime ignores or blocks is no business of another program's.
    let mut pipe = SigSet::empty();
    pipe.add(Signal::SIGPIPE);
    let mut how = PosixSpawnAttr::init()?;
    how.set_sigdefault(&pipe)?;
    how.set_sigmask(&SigSet::empty())?;
    let signals = PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK;
    how.set_flags(SET_SESSION | signals)?;
    let program = text(program.into())?;
    Ok(posix_spawnp(&program, &files, &how, &arguments, &environment)?.as_raw())
}

fn text(word: OsString) -> io::Result<CString> {
    CString::new(word.into_vec()).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use rustix::process::{Pid, WaitOptions, getpgid, getsid, waitpid};

    use super::*;

    fn run(line: &[&str]) -> io::Result<(i32, tempfile::NamedTempFile)> {
        let log = tempfile::NamedTempFile::new()?;
        let line: Vec<_> = line.iter().map(ToString::to_string).collect();
        Ok((spawn(&line, &["HOME"], log.as_file())?, log))
    }

    #[test]
    fn it_leads_a_session_and_hears_and_knows_nothing() {
        let script = "cat; echo $$ $1 ${HOME-none} ${PATH:+path}; echo too >&2; exec sleep 60";
        let (number, log) = run(&["sh", "-c", script, "sh", "a b"]).unwrap();
        let pid = Pid::from_raw(number).unwrap();
        assert_eq!((getsid(Some(pid)), getpgid(Some(pid))), (Ok(pid), Ok(pid)));
        let printed = || std::fs::read_to_string(log.path()).unwrap();
        while printed().lines().count() < 2 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        waitpid(Some(pid), WaitOptions::empty()).unwrap();
        assert_eq!(printed(), format!("{number} a b none path\ntoo\n"));
    }

    #[test]
    fn what_is_no_program_is_told() {
        assert_eq!(run(&["/no/such"]).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(run(&["a\0b"]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(run(&[]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
