//! Programs whose output is a reading, and programs that do something.
//!
//! A program is started directly, without a shell, in a process group of its own, and that group is
//! killed whole when the time is up, or when the program has ended: what it has started goes with
//! it. (Unless it has gone to a group of its own.)

use std::io::{ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::probe::LONGEST;

/// How often a program is looked after, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// What the program prints; more than [`LONGEST`] bytes are an error. It has `timeout`, or until
/// `stop`.
pub(crate) fn run(
    argv: &[String],
    timeout: Duration,
    stop: &AtomicBool,
) -> Result<Vec<u8>, String> {
    let mut group = Group::start(argv, &[], Stdio::piped())?;
    let stdout = group.child.stdout.take();
    group.wait(stdout, timeout, stop).map_err(|error| format!("{}: {error}", name(argv)))
}

/// Has a program do something, with these in its environment besides what is in ours. What it prints
/// is nobody's business.
pub(crate) fn perform(
    argv: &[String],
    environment: &[(&str, String)],
    timeout: Duration,
    stop: &AtomicBool,
) -> Result<(), String> {
    let mut group = Group::start(argv, environment, Stdio::null())?;
    match group.wait(None, timeout, stop) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{}: {error}", name(argv))),
    }
}

fn name(argv: &[String]) -> &str {
    argv.first().map_or("", String::as_str)
}

/// What no program of somebody else's has to know.
pub(crate) const SECRETS: [&str; 3] = ["LANTERN_PASSWORD", "IPMI_PASSWORD", "LANTERN_KG"];

/// A program with all that it has started.
struct Group {
    child: Child,
    killed: bool,
}

impl Group {
    fn start(
        argv: &[String],
        environment: &[(&str, String)],
        stdout: Stdio,
    ) -> Result<Self, String> {
        let (program, arguments) = argv.split_first().ok_or("no program is named")?;
        let mut command = Command::new(program);
        command.args(arguments);
        for secret in SECRETS {
            command.env_remove(secret);
        }
        let child = command
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        Ok(Self { child, killed: false })
    }

    /// What it prints to `stdout`, if it is listened to.
    fn wait(
        &mut self,
        mut stdout: Option<ChildStdout>,
        timeout: Duration,
        stop: &AtomicBool,
    ) -> Result<Vec<u8>, String> {
        let begin = Instant::now();
        if let Some(stdout) = &stdout {
            // A pipe that a child of its keeps open is not waited for.
            fcntl_setfl(stdout, OFlags::NONBLOCK).map_err(|error| error.to_string())?;
        }
        let mut output = Vec::new();
        let mut pause = FIRST_PAUSE;
        loop {
            // In this order: what it wrote before it ended is there.
            let ended = self.has_ended().map_err(|error| error.to_string())?;
            if let Some(stdout) = &mut stdout {
                drain(stdout, &mut output).map_err(|error| error.to_string())?;
            }
            if ended {
                let status = self.end().map_err(|error| error.to_string())?;
                return if status.success() { Ok(output) } else { Err(status.to_string()) };
            }
            if stop.load(Ordering::Relaxed) {
                return Err("stopped".to_owned());
            }
            if begin.elapsed() >= timeout {
                return Err(format!("killed after {} s", timeout.as_secs_f64()));
            }
            std::thread::sleep(pause);
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    /// Whether the program has ended. Its status is not taken, so that its number, which is the
    /// group's, is nobody else's yet.
    fn has_ended(&self) -> std::io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let pid = self.pid().ok_or(ErrorKind::NotFound)?;
        Ok(waitid(WaitId::Pid(pid), options)?.is_some())
    }

    /// Kills what there is of the group, once, and takes the program's status.
    fn end(&mut self) -> std::io::Result<ExitStatus> {
        if !std::mem::replace(&mut self.killed, true)
            && let Some(pid) = self.pid()
        {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        self.child.wait()
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// Takes what there is to be read now.
fn drain(stdout: &mut ChildStdout, output: &mut Vec<u8>) -> std::io::Result<()> {
    let mut buffer = [0; 512];
    loop {
        match stdout.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                let room = (LONGEST as usize).saturating_sub(output.len());
                if room == 0 {
                    // It is asked for a number, and writes a book.
                    return Err(std::io::Error::other("it prints too much"));
                }
                output.extend(buffer.iter().take(count.min(room)));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, timeout: Duration) -> Result<Vec<u8>, String> {
        let argv = ["/bin/sh", "-c", script].map(str::to_owned);
        run(&argv, timeout, &AtomicBool::new(false))
    }

    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn output_is_what_it_prints() {
        assert_eq!(sh("echo 42; echo 43 >&2", PATIENCE).unwrap(), b"42\n");
        // Arguments are arguments, whatever is in them.
        let argv = ["/bin/echo", "$HOME; exit"].map(str::to_owned);
        assert_eq!(run(&argv, PATIENCE, &AtomicBool::new(false)).unwrap(), b"$HOME; exit\n");
    }

    #[test]
    fn failure_is_told() {
        assert!(sh("echo 42; exit 3", PATIENCE).unwrap_err().contains("exit status: 3"));
        let error = run(&["/no/such/program".into()], PATIENCE, &AtomicBool::new(false));
        assert!(error.unwrap_err().starts_with("/no/such/program: No such file"));
        assert!(run(&[], PATIENCE, &AtomicBool::new(false)).is_err());
        assert!(sh("yes", PATIENCE).unwrap_err().contains("too much"));
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_all_that_it_started() {
        let directory = tempfile::tempdir().unwrap();
        let pid = directory.path().join("pid");
        let script = format!("sleep 600 & echo $! > {}; wait", pid.display());
        let error = sh(&script, Duration::from_millis(300)).unwrap_err();
        assert!(error.contains("killed after 0.3 s"), "{error}");
        let child: i32 = std::fs::read_to_string(pid).unwrap().trim().parse().unwrap();
        assert!(is_gone(child), "{child} lives on");
    }

    #[test]
    fn a_child_that_keeps_the_output_open_is_not_waited_for() {
        let begin = Instant::now();
        assert_eq!(sh("sleep 600 & echo 7", PATIENCE).unwrap(), b"7\n");
        assert!(begin.elapsed() < PATIENCE);
    }

    #[test]
    fn who_is_told_to_stop_stops() {
        let stop = AtomicBool::new(true);
        let argv = ["/bin/sleep", "600"].map(str::to_owned);
        assert!(run(&argv, PATIENCE, &stop).unwrap_err().contains("stopped"));
    }

    /// Whether the process has ended; a killed one may take a moment, and remain as a zombie.
    fn is_gone(pid: i32) -> bool {
        for _ in 0..1000 {
            match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
                Err(_) => return true,
                Ok(stat) if stat.contains(") Z ") => return true,
                Ok(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
        false
    }
}
