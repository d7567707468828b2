//! The BMC of this repository, running on a loopback port, and the commands of all clients that ask
//! it for the state of its machine's power.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::shell;

/// A running BMC; killed when dropped.
pub(crate) struct Lab {
    lantern: PathBuf,
    bmc: Child,
    addr: SocketAddr,
    /// The BMC's state, removed when dropped.
    state: PathBuf,
}

/// A client, and how it is asked for the power state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Lantern,
    Ipmitool { suite: u8 },
    Ipmipower { suite: u8 },
}

impl Client {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Lantern => "lantern".to_owned(),
            Self::Ipmitool { suite } => format!("ipmitool -C {suite}"),
            Self::Ipmipower { suite } => format!("ipmipower -I {suite}"),
        }
    }
}

impl Lab {
    /// Builds the release binary and starts the reference BMC with it.
    pub(crate) fn start() -> Result<Self> {
        shell::run(&mut shell::cargo(["build", "--release", "--package", "lantern"]))?;
        let lantern = target_directory()?.join("release/lantern");
        let addr = {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.local_addr()?
        };
        let state = std::env::temp_dir().join(format!("lantern-lab-{}", std::process::id()));
        let mut command = shell::program(&lantern);
        command.args(["bmc", "run", "examples/bmc.toml", "--listen", &addr.to_string()]);
        command.arg("--state").arg(&state);
        fs::create_dir_all(&state)?;
        println!("$ {}", shell::line(&command));
        let bmc = command.spawn().context("cannot start the BMC")?;
        let mut lab = Self { lantern, bmc, addr, state };
        lab.await_presence()?;
        Ok(lab)
    }

    /// Where the BMC is.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.addr
    }

    /// The BMC's process.
    pub(crate) fn process(&self) -> u32 {
        self.bmc.id()
    }

    /// The command that asks for the power state.
    pub(crate) fn power_status(&self, client: Client) -> Result<Command> {
        self.power_status_at(client, self.addr)
    }

    /// The command that asks for the power state, at another address than the BMC's own.
    pub(crate) fn power_status_at(&self, client: Client, at: SocketAddr) -> Result<Command> {
        let addr = at.to_string();
        Ok(match client {
            Client::Lantern => {
                let mut command = shell::program(&self.lantern);
                command.env("LANTERN_PASSWORD", PASSWORD).env("LANTERN_CONFIG", "none");
                command.args(["-H", &addr, "-U", USER, "power", "status"]);
                command
            }
            Client::Ipmitool { suite } => {
                let mut command = peer("ipmitool")?;
                let (ip, port) = (at.ip().to_string(), at.port().to_string());
                command.args(["-I", "lanplus", "-C", &suite.to_string(), "-H", &ip, "-p", &port]);
                command.args(["-U", USER, "-P", PASSWORD, "power", "status"]);
                command
            }
            Client::Ipmipower { suite } => {
                let mut command = peer("ipmipower")?;
                command.args(["-D", "LAN_2_0", "-h", &addr, "-u", USER, "-p", PASSWORD]);
                command.args(["-l", "OPERATOR", "-I", &suite.to_string(), "--stat"]);
                command
            }
        })
    }

    /// The client doing nothing at all: what its start alone costs.
    pub(crate) fn bare_start(&self, client: Client) -> Result<Command> {
        let mut command = match client {
            Client::Lantern => shell::program(&self.lantern),
            Client::Ipmitool { .. } => peer("ipmitool")?,
            Client::Ipmipower { .. } => peer("ipmipower")?,
        };
        command.arg(if client == Client::Lantern { "--version" } else { "-V" });
        Ok(command)
    }

    /// Ours as the drop-in for ipmitool.
    pub(crate) fn ipmitool(&self) -> Command {
        let mut command = shell::program(&self.lantern);
        command.arg("ipmitool");
        command
    }

    /// The memory that the BMC's process occupies, in KiB; `None` where the kernel does not say.
    pub(crate) fn resident_kib(&self) -> Option<u64> {
        resident_kib(self.bmc.id())
    }

    /// Waits until the BMC answers a presence ping.
    fn await_presence(&mut self) -> Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(self.addr)?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if let Some(status) = self.bmc.try_wait()? {
                bail!("the BMC ended at once: {status}");
            }
            // While nobody listens yet, this may report so: no reason to give up.
            let _ = socket.send(&PRESENCE_PING);
            if socket.recv(&mut [0; 64]).is_ok() {
                return Ok(());
            }
        }
        bail!("the BMC does not answer a presence ping at {}", self.addr)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.bmc.kill();
        let _ = self.bmc.wait();
        let _ = fs::remove_dir_all(&self.state);
    }
}

/// The memory that a process occupies, in KiB; `None` where the kernel does not say.
pub(crate) fn resident_kib(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Runs a client that must say a power state; how long it took.
pub(crate) fn timed(command: &mut Command) -> Result<Duration> {
    let line = shell::line(command);
    let started = Instant::now();
    let output = command.stdin(Stdio::null()).output().with_context(|| line.clone())?;
    let took = started.elapsed();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_state = said.trim_end().ends_with(" on") || said.trim_end().ends_with(" off");
    if !output.status.success() || !is_state {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("`{line}`: {}, and said: {said}{stderr}", output.status);
    }
    Ok(took)
}

pub(crate) fn peer(name: &str) -> Result<Command> {
    let path = shell::find(name);
    let path = path.with_context(|| format!("{name} is missing: `cargo xtask peers`"))?;
    Ok(shell::program(path))
}

/// Where cargo puts what it builds.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata = crate::arrows::metadata()?;
    let directory = metadata.get("target_directory").and_then(|value| value.as_str());
    directory.map(PathBuf::from).context("cargo metadata names no target directory")
}

/// The administrator of `examples/bmc.toml`.
const USER: &str = "admin";
const PASSWORD: &str = "Complex_Pass";

/// RMCP header, then ASF Presence Ping with tag 1. Source: IPMI v2.0 §13.2.3.
const PRESENCE_PING: [u8; 12] = [6, 0, 0xff, 6, 0, 0, 0x11, 0xbe, 0x80, 1, 0, 0];
