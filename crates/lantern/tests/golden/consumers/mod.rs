//! Programs that call ipmitool, once with the real one and once with ours in its place, each with a
//! BMC of its own. Where a program cannot be here, its command lines and what it looks for are.

mod bmclib;
mod conman;
mod fence;
mod inventory;
mod ironic;
mod locale;
mod monitoring;
mod shell;
mod xcat;

use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use lantern_testkit::peers::Peer;
use lantern_testkit::process::Output;
use tempfile::TempDir;

use crate::pair::Pair;
use crate::support::{PASSWORD, finish};

/// Both programs, each in a directory in which it is called `ipmitool`.
struct Programs {
    theirs: PathBuf,
    ours: TempDir,
}

impl Programs {
    fn find() -> Option<Self> {
        let theirs = Peer::find("ipmitool")?.path().to_owned();
        let ours = tempfile::tempdir().unwrap();
        symlink(env!("CARGO_BIN_EXE_lantern"), ours.path().join("ipmitool")).unwrap();
        Some(Self { theirs, ours })
    }

    fn their_path(&self) -> &Path {
        &self.theirs
    }

    fn our_path(&self) -> PathBuf {
        self.ours.path().join("ipmitool")
    }

    /// Runs `ipmitool` with these words, nothing added. `HOST`, `PORT` and `PASSWORD` are filled in.
    /// The real one first.
    fn run(&self, pair: &Pair, line: &str, environment: &[(&str, &str)]) -> [Output; 2] {
        let their_words = filled(line, pair.their_address());
        let our_words = filled(line, pair.our_address());
        let mut theirs = self.theirs(Command::new(self.their_path()));
        let mut ours = self.ours(Command::new(self.our_path()));
        [
            finish(theirs.args(&their_words).envs(environment.iter().copied())),
            finish(ours.args(&our_words).envs(environment.iter().copied())),
        ]
    }

    /// As [`run`](Self::run), read as those do who take both outputs for one: the same.
    #[track_caller]
    fn same_in_all(&self, pair: &Pair, line: &str, environment: &[(&str, &str)]) -> String {
        let [theirs, ours] = self.run(pair, line, environment);
        let all = |output: &Output| (output.stdout.clone() + &output.stderr, output.code());
        assert_eq!(all(&ours), all(&theirs), "{line}");
        all(&ours).0
    }

    /// What a shell makes of a script in which `ipmitool $BMC …` asks: the same, and on standard
    /// error as well.
    #[track_caller]
    fn same_script(&self, pair: &Pair, script: &str) -> String {
        let run = |mut command: Command, address: SocketAddr| {
            let options = format!(
                "-I lanplus -H {} -p {} -C 17 -U admin -P {PASSWORD}",
                address.ip(),
                address.port()
            );
            let output = finish(command.args(["-c", script]).env("BMC", options));
            (output.stdout.clone(), output.stderr.clone(), output.code())
        };
        let theirs = run(self.theirs(Command::new("sh")), pair.their_address());
        let ours = run(self.ours(Command::new("sh")), pair.our_address());
        assert_eq!(ours, theirs, "{script}");
        ours.0
    }

    /// This, with the real one in its `PATH`.
    fn theirs(&self, command: Command) -> Command {
        with(self.theirs.parent().unwrap(), command)
    }

    /// This, with ours in its `PATH`.
    fn ours(&self, command: Command) -> Command {
        with(self.ours.path(), command)
    }
}

fn filled(line: &str, address: SocketAddr) -> Vec<String> {
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let fill = |word: &str| match word {
        "HOST" => host.clone(),
        "PORT" => port.clone(),
        "PASSWORD" => PASSWORD.to_owned(),
        other => other.to_owned(),
    };
    line.split_whitespace().map(fill).collect()
}

fn with(directory: &Path, mut command: Command) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(directory.to_owned()).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(all).unwrap());
    command.env("LC_ALL", "C").env("TZ", "UTC");
    // As `lantern` of `support` does: nothing that is on this machine plays a part.
    command.env("XDG_CACHE_HOME", "/dev/null/none").env("LANTERN_CONFIG", "none");
    command.env_remove("IPMI_PASSWORD").env_remove("IPMITOOL_PASSWORD");
    command
}
