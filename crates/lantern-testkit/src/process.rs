//! Running a program with a hard time limit.
//!
//! A peer that hangs must fail its test, not stall the whole run, and must leave nothing behind: so
//! each program gets a process group of its own, and the whole group is killed when the time is up.

use std::fmt;
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// Runs `command` to its end, or kills it and all that it started after `timeout`. Standard input
/// is empty.
///
/// # Panics
/// If the program cannot be started at all.
pub fn run(command: &mut Command, timeout: Duration) -> Output {
    let line = command_line(command);
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap_or_else(|err| panic!("cannot start `{line}`: {err}"));
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());

    let exited = wait_until(&mut child, started + timeout);
    let duration = started.elapsed();
    // Also after an orderly end: what the program left running would keep the pipes open.
    kill_group(&child);
    let status = match exited {
        Some(status) => status,
        None => child.wait().expect("a killed child can be waited for"),
    };
    let text = |reader: JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&reader.join().expect("reading a pipe does not panic")).into_owned()
    };
    let (stdout, stderr) = (text(stdout), text(stderr));
    Output { command: line, status, timed_out: exited.is_none(), stdout, stderr, duration }
}

/// What a finished program left behind.
#[derive(Clone, Debug)]
pub struct Output {
    /// The command line, for messages.
    pub command: String,
    /// How it ended; a kill by signal if it was out of time.
    pub status: ExitStatus,
    /// Whether it had to be killed.
    pub timed_out: bool,
    /// Standard output; what was not UTF-8 is replaced.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
    /// From the start to the end.
    pub duration: Duration,
}

impl Output {
    /// Whether the program ended by itself with status 0.
    #[must_use]
    pub fn is_success(&self) -> bool {
        !self.timed_out && self.status.success()
    }

    /// The exit status; `None` after a signal.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Insists on success and gives standard output.
    ///
    /// # Panics
    /// If the program failed or was out of time; everything that it said is in the message.
    #[track_caller]
    pub fn expect_success(&self) -> &str {
        assert!(self.is_success(), "{self}");
        &self.stdout
    }

    /// Insists on a failure that the program reported itself, and gives standard error.
    ///
    /// # Panics
    /// If the program succeeded, was killed, or was out of time.
    #[track_caller]
    pub fn expect_failure(&self) -> &str {
        assert!(!self.timed_out && self.code().is_some_and(|code| code != 0), "{self}");
        &self.stderr
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, status, timed_out, stdout, stderr, duration } = self;
        let killed = if *timed_out { ", killed: out of time" } else { "" };
        let signal = status.signal().map(|n| format!(" (signal {n})")).unwrap_or_default();
        writeln!(f, "`{command}`: {status}{signal} after {duration:.2?}{killed}")?;
        writeln!(f, "--- stdout\n{}", stdout.trim_end())?;
        write!(f, "--- stderr\n{}", stderr.trim_end())
    }
}

/// Polls for the child's end until `deadline`; `None` if it still runs then.
pub(crate) fn wait_until(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().expect("our own child can be waited for") {
            return Some(status);
        }
        if Instant::now() >= deadline {
            return None;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Kills the process group that `child` leads; it may be gone already.
pub(crate) fn kill_group(child: &Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let _ = pid.map(|pid| kill_process_group(pid, Signal::KILL));
}

/// The command line as one would type it, but for quoting.
pub(crate) fn command_line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

/// Reads a pipe to its end on a thread of its own, so that a talkative program never blocks.
fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // A pipe that breaks has given what it had.
        let _: Option<io::Result<usize>> = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        bytes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn gives_both_outputs_and_the_status() {
        let out = run(&mut shell("echo out; echo err >&2; exit 3"), Duration::from_secs(5));
        assert_eq!((out.stdout.as_str(), out.stderr.as_str()), ("out\n", "err\n"));
        assert_eq!(out.code(), Some(3));
        assert!(!out.is_success() && !out.timed_out);
        assert_eq!(out.expect_failure(), "err\n");
    }

    #[test]
    fn out_of_time_kills_children_of_children_too() {
        // The grandchild holds the pipe: without killing the group this would take a minute.
        let out = run(&mut shell("sleep 60 & sleep 60"), Duration::from_millis(100));
        assert!(out.timed_out && !out.is_success());
        assert!(out.duration < Duration::from_secs(10), "{out}");
    }

    #[test]
    fn what_an_ended_program_left_running_is_killed() {
        let out = run(&mut shell("sleep 60 & echo done"), Duration::from_secs(30));
        assert_eq!(out.expect_success(), "done\n");
        assert!(out.duration < Duration::from_secs(10), "{out}");
    }

    #[test]
    fn more_output_than_a_pipe_holds_does_not_block() {
        let out = run(&mut shell("head -c 1000000 /dev/zero"), Duration::from_secs(30));
        assert_eq!(out.expect_success().len(), 1_000_000);
    }

    #[test]
    #[should_panic(expected = "--- stderr\nno such luck")]
    fn an_unexpected_failure_shows_what_the_program_said() {
        let out = run(&mut shell("echo no such luck >&2; exit 1"), Duration::from_secs(5));
        out.expect_success();
    }
}
