//! OpenIPMI's `ipmi_sim`: a BMC that we did not write, for our client to manage.
//!
//! It stops reading its command file at the first line it does not like, without a word when it
//! runs as a daemon does (`-n`). So it is run with its console on a pipe instead: there it repeats
//! each line and marks a bad one with `**`, and it ends when the pipe closes, even if the test that
//! started it was killed.

mod machine;
mod rich;
mod sensor;

pub use machine::{Account, Machine, Satellite};
pub use sensor::{Form, Sensor, States};

use std::fs::{self, File};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::Peer;
use crate::process::{kill_group, wait_until};

/// A running simulator; killed when dropped.
#[derive(Debug)]
pub struct IpmiSim {
    child: Child,
    addr: SocketAddr,
    machine: Machine,
    dir: TempDir,
}

impl IpmiSim {
    /// Starts the simulator with the reference machine, on a free port of 127.0.0.1; `None` with a
    /// notice if it is not installed: see [`Peer::find`].
    ///
    /// # Panics
    /// If it does not come up.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_with(Machine::default())
    }

    /// Starts the simulator with `machine`.
    ///
    /// # Panics
    /// If it does not come up, or does not accept the machine; its log is in the message.
    #[must_use]
    pub fn start_with(machine: Machine) -> Option<Self> {
        let peer = Peer::find("ipmi_sim")?;
        // Between finding a free port and its use by the simulator, someone else may take it.
        for _ in 0..2 {
            match Self::launch(&peer, machine.clone()) {
                Ok(sim) => return Some(sim),
                Err(why) => eprintln!("ipmi_sim, trying again: {why}"),
            }
        }
        Some(Self::launch(&peer, machine).unwrap_or_else(|why| panic!("ipmi_sim: {why}")))
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it simulates.
    #[must_use]
    pub const fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Everything it has said so far, its commands included.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Gives it a console command, such as `sensor_set_value 0x20 0 1 0x50 1`, and waits until it
    /// is carried out.
    ///
    /// # Panics
    /// If the simulator refuses it.
    pub fn command(&mut self, line: &str) {
        let before = self.log().len();
        let console = self.child.stdin.as_mut().expect("the console is a pipe");
        writeln!(console, "{line}").expect("the simulator reads its console");
        let answer = self.await_prompt(before).unwrap_or_else(|why| panic!("{line}: {why}"));
        assert!(!answer.contains("**"), "ipmi_sim refuses `{line}`: {answer}");
    }

    /// Whether the simulated machine's power is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        fs::read_to_string(self.dir.path().join("power")).is_ok_and(|state| state.trim() == "1")
    }

    fn launch(peer: &Peer, machine: Machine) -> Result<Self, String> {
        let addr = free_port();
        let dir = TempDir::new().expect("a temporary directory");
        let file = |name: &str, text: &str| -> PathBuf {
            let path = dir.path().join(name);
            fs::write(&path, text).expect("a file in it");
            path
        };
        let script = file("power.sh", machine::POWER_SCRIPT);
        fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).expect("our own file");
        let conf = file("lan.conf", &machine.lan_conf(addr, &script));
        let commands = file("commands", &machine.commands());
        let log = File::create(dir.path().join(LOG)).expect("a file in it");
        let state = dir.path().join("state");
        fs::create_dir(&state).expect("a directory in it");

        let child = peer
            .command()
            .arg("-c")
            .arg(conf)
            .arg("-f")
            .arg(commands)
            .arg("-s")
            .arg(state)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .process_group(0)
            .spawn()
            .map_err(|err| format!("cannot start: {err}"))?;
        let mut sim = Self { child, addr, machine, dir };
        let said = sim.await_prompt(0)?;
        if said.contains("**") {
            return Err(format!("it refuses the last of these commands:\n{said}"));
        }
        sim.await_presence()?;
        Ok(sim)
    }

    /// Waits until it asks for its next command; what it said since `before`.
    fn await_prompt(&mut self, before: usize) -> Result<String, String> {
        let deadline = Instant::now() + START;
        loop {
            let log = self.log();
            let said = log.get(before..).unwrap_or_default();
            if said.ends_with("> ") {
                return Ok(said.to_owned());
            }
            if let Some(status) = wait_until(&mut self.child, Instant::now()) {
                return Err(format!("it ended with {status}, having said:\n{log}"));
            }
            if Instant::now() >= deadline {
                return Err(format!("no prompt after {START:?}; it said:\n{log}"));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until it answers a presence ping.
    fn await_presence(&self) -> Result<(), String> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback socket");
        socket.connect(self.addr).expect("any loopback address");
        socket.set_read_timeout(Some(Duration::from_millis(100))).expect("not zero");
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            // An earlier try may have earned an ICMP error; that is no reason to give up.
            let _ = socket.send(&PING);
            let mut answer = [0; 64];
            if socket.recv(&mut answer).is_ok_and(|length| length >= 28 && answer[8] == PONG_TYPE) {
                return Ok(());
            }
        }
        Err(format!("no answer to a presence ping within {START:?}; it said:\n{}", self.log()))
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join(LOG)
    }
}

impl Drop for IpmiSim {
    fn drop(&mut self) {
        kill_group(&self.child);
        let _ = self.child.wait();
    }
}

/// How long it may take to come up or to carry out a command; it takes milliseconds.
const START: Duration = Duration::from_secs(5);
const LOG: &str = "log";

/// RMCP header, then ASF Presence Ping with tag 1. Source: IPMI v2.0 §13.2.3.
const PING: [u8; 12] = [0x06, 0x00, 0xff, 0x06, 0x00, 0x00, 0x11, 0xbe, 0x80, 0x01, 0x00, 0x00];
/// ASF message type Presence Pong.
const PONG_TYPE: u8 = 0x40;

/// A UDP port of 127.0.0.1 that nobody uses at the moment.
fn free_port() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback socket");
    socket.local_addr().expect("a bound socket has an address")
}
