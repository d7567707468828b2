//! A BMC in a process of its own, and the program run against it, each with a time limit.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use lantern_testkit::process::{Output, run};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "Complex_Pass";

/// Far more than anything here takes, even on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// The configuration of the examples, listening on a free port.
pub(crate) fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bmc.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let here = text.replace("127.0.0.1:9623", "127.0.0.1:0");
    assert_ne!(here, text);
    here
}

/// The program, without anything that the environment says to it.
pub(crate) fn lantern() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lantern"));
    for name in
        ["LANTERN_PASSWORD", "IPMI_PASSWORD", "LANTERN_USER", "LANTERN_KG", "LANTERN_BMC_SOCKET"]
    {
        command.env_remove(name);
    }
    // No test may remember what another one has learned, or find what is on this machine.
    command.env("XDG_CACHE_HOME", "/dev/null/none").env("LANTERN_CONFIG", "none");
    command.stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn lantern_with(arguments: &[&str]) -> Output {
    finish(lantern().args(arguments))
}

pub(crate) fn finish(command: &mut Command) -> Output {
    let output = run(command, LIMIT);
    assert!(!output.timed_out, "{}: still running after {LIMIT:?}", output.command);
    output
}

/// A BMC that runs until it is dropped.
pub(crate) struct Bmc {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) directory: TempDir,
    _stdout: BufReader<ChildStdout>,
}

impl Bmc {
    /// The BMC of the examples.
    pub(crate) fn start() -> Self {
        Self::with(&example(), &[])
    }

    pub(crate) fn with(config: &str, options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("bmc.toml");
        std::fs::write(&file, config).unwrap();
        let mut command = lantern();
        command.args(["bmc", "run"]).arg(&file).args(options);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (line, stdout) = first_line(child.stdout.take().unwrap());
        let address = line.rsplit(' ').next().unwrap().trim().parse();
        let address = address.unwrap_or_else(|_| panic!("no address in {line:?}"));
        Self { child, address, directory, _stdout: stdout }
    }

    /// The BMC's process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to its process.
    pub(crate) fn signal(&self, signal: &str) {
        signal_to(&self.child, signal);
    }

    /// The program, set to manage this BMC.
    pub(crate) fn console(&self, arguments: &[&str]) -> Command {
        let mut command = lantern();
        command.args(["-H", &self.address.to_string(), "-U", "admin"]);
        command.args(arguments).env("LANTERN_PASSWORD", PASSWORD);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        finish(&mut self.console(arguments))
    }

    /// Results that have to be there.
    pub(crate) fn text(&self, arguments: &[&str]) -> String {
        self.run(arguments).expect_success().to_owned()
    }

    /// The same as JSON, which is what its schema says.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<_> = ["-o", "json"].iter().chain(arguments).copied().collect();
        let output = self.run(&arguments);
        let object = serde_json::from_str(output.expect_success()).unwrap();
        crate::schemas::check(&object);
        object
    }

    /// Asks it to stop; how it ended.
    pub(crate) fn stop(mut self, signal: &str) -> (ExitStatus, TempDir) {
        signal_to(&self.child, signal);
        let status = wait(&mut self.child);
        let directory = std::mem::replace(&mut self.directory, tempfile::tempdir().unwrap());
        (status, directory)
    }
}

impl Drop for Bmc {
    fn drop(&mut self) {
        // Both fail if it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first line that a program writes.
pub(crate) fn first_line(stdout: ChildStdout) -> (String, BufReader<ChildStdout>) {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (mut line, mut reader) = (String::new(), BufReader::new(stdout));
        let _ = reader.read_line(&mut line);
        let _ = sender.send((line, reader));
    });
    receiver.recv_timeout(LIMIT).expect("a line in time")
}

pub(crate) fn signal_to(child: &Child, signal: &str) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

/// Waits for the end, but not forever.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let started = Instant::now();
    while started.elapsed() < LIMIT {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("still running after {LIMIT:?}");
}

/// A file with this content and these permissions.
pub(crate) fn file(directory: &Path, content: &[u8], mode: u32) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = directory.join(format!("{mode:o}-{}", content.len()));
    std::fs::write(&path, content).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    path
}
