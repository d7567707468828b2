//! Ten thousand half-open sessions a second from one address, while another one logs in.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::line::time;
use crate::lab::{Client, Lab, resident_kib};
use crate::shell;

const PER_SECOND: u64 = 10_000;
const DURATION: Duration = Duration::from_secs(20);
/// Ports of 127.0.0.2 that it comes from.
const PORTS: usize = 64;

/// The table.
pub(super) fn table() -> Result<String> {
    let lab = Lab::start()?;
    let ours = under_flood(lab.address(), lab.process(), |index| {
        let client = if index % 2 == 0 { Client::Lantern } else { Client::Ipmitool { suite: 17 } };
        lab.power_status_at(client, lab.address())
    })?;
    drop(lab);
    let sim = Sim::start()?;
    let theirs = under_flood(sim.address, sim.process.id(), |_| sim.power_status())?;
    let mut out = format!(
        "{PER_SECOND} Open Session Requests a second for {} s from {PORTS} ports of 127.0.0.2; \
         meanwhile 127.0.0.1 logs in for `power status`, one process after the other, with \
         `lantern` and `ipmitool` in turns (`ipmi_sim`: `ipmitool -N 1 -R 2`).\n\n\
         | BMC | sent | logins | failed | median s | memory before | grew by |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
        DURATION.as_secs()
    );
    for (name, outcome) in [("`lantern bmc run`", ours), ("`ipmi_sim`", theirs)] {
        out.push_str(&format!("| {name} | {outcome} |\n"));
    }
    Ok(out)
}

struct Outcome {
    sent: u64,
    times: Vec<Duration>,
    failed: usize,
    /// Resident, in KiB.
    before: u64,
    most: u64,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut times = self.times.clone();
        times.sort();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        write!(
            f,
            "{} | {} | {} | {:.3} | {} KiB | {} KiB",
            self.sent,
            self.times.len(),
            self.failed,
            median.as_secs_f64(),
            self.before,
            self.most.saturating_sub(self.before)
        )
    }
}

/// Floods `bmc`, whose process is `pid`, and logs in with what `login` gives.
fn under_flood(
    bmc: SocketAddr,
    pid: u32,
    mut login: impl FnMut(usize) -> Result<std::process::Command>,
) -> Result<Outcome> {
    // What a process allocates for its first visitors, it keeps.
    for index in 0..4 {
        let mut command = login(index)?;
        let (_, good) = time(&mut command)?;
        ensure!(good, "fails before there is any flood: {}", shell::line(&command));
    }
    let before = resident_kib(pid).context("no /proc")?;
    let (over, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let flood = {
        let (over, sent) = (Arc::clone(&over), Arc::clone(&sent));
        let sockets = sockets(bmc)?;
        thread::spawn(move || flood(&sockets, &over, &sent))
    };
    let started = Instant::now();
    let mut outcome = Outcome { sent: 0, times: Vec::new(), failed: 0, before, most: before };
    while started.elapsed() < DURATION {
        let (took, good) = time(&mut login(outcome.times.len())?)?;
        outcome.times.push(took);
        outcome.failed += usize::from(!good);
        outcome.most = outcome.most.max(resident_kib(pid).unwrap_or(0));
    }
    over.store(true, Ordering::Relaxed);
    let _ = flood.join();
    outcome.sent = sent.load(Ordering::Relaxed);
    Ok(outcome)
}

fn sockets(bmc: SocketAddr) -> Result<Vec<UdpSocket>> {
    let connected = || -> std::io::Result<UdpSocket> {
        let socket = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), 0))?;
        socket.connect(bmc)?;
        Ok(socket)
    };
    Ok((0..PORTS).map(|_| connected()).collect::<std::io::Result<_>>()?)
}

/// Sends evenly, and catches up when it was held up.
fn flood(sockets: &[UdpSocket], over: &AtomicBool, sent: &AtomicU64) {
    let started = Instant::now();
    let mut count = 0u64;
    while !over.load(Ordering::Relaxed) && started.elapsed() < DURATION {
        let due =
            u64::try_from(started.elapsed().as_micros()).unwrap_or(0) * PER_SECOND / 1_000_000;
        while count < due {
            let socket = usize::try_from(count).unwrap_or(0) % sockets.len().max(1);
            if let Some(socket) = sockets.get(socket) {
                let _ = socket.send(&open_session(count));
            }
            count += 1;
        }
        sent.store(count, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(1));
    }
}

/// An Open Session Request for cipher suite 3, which both BMCs have. Source: IPMI v2.0 §13.17.
fn open_session(number: u64) -> Vec<u8> {
    let mut datagram = vec![6, 0, 0xff, 7, 6, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 0, 0];
    let session = u32::try_from(number & 0xffff_ffff).unwrap_or(0) | 1;
    datagram.extend(session.to_le_bytes());
    for kind in 0..3 {
        datagram.extend([kind, 0, 0, 8, 1, 0, 0, 0]);
    }
    datagram
}

/// OpenIPMI's simulator; killed when dropped.
struct Sim {
    process: Child,
    address: SocketAddr,
    directory: PathBuf,
}

impl Sim {
    fn start() -> Result<Self> {
        let address = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let directory = std::env::temp_dir().join(format!("lantern-sim-{}", std::process::id()));
        fs::create_dir_all(directory.join("state"))?;
        let (conf, commands) = (directory.join("lan.conf"), directory.join("commands"));
        let power = directory.join("power");
        fs::write(&power, "echo power:1\n")?;
        fs::write(
            &conf,
            format!(
                "name \"flooded\"\nset_working_mc 0x20\nchassis_control \"/bin/sh {}\"\nstartlan 1\n  addr {} {}\n  priv_limit admin\n  \
                 allowed_auths_admin md5\n  guid a123456789abcdefa123456789abcdef\nendlan\n\
                 user 2 true \"admin\" \"Complex_Pass\" admin 10\n",
                power.display(),
                address.ip(),
                address.port()
            ),
        )?;
        fs::write(
            &commands,
            "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\n\
             mc_enable 0x20\n",
        )?;
        let program =
            shell::find("ipmi_sim").context("ipmi_sim is missing: `cargo xtask peers`")?;
        let mut command = shell::program(program);
        command.arg("-c").arg(conf).arg("-f").arg(commands).arg("-s").arg(directory.join("state"));
        // It ends with its console, so that is a pipe which nobody closes before it is killed.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().context("cannot start ipmi_sim")?;
        thread::sleep(Duration::from_secs(1));
        Ok(Self { process, address, directory })
    }

    fn power_status(&self) -> Result<std::process::Command> {
        let (ip, port) = (self.address.ip().to_string(), self.address.port().to_string());
        let mut command = shell::program(shell::find("ipmitool").context("no ipmitool")?);
        command.args(["-I", "lanplus", "-C", "3", "-N", "1", "-R", "2", "-H", &ip, "-p", &port]);
        command.args(["-U", "admin", "-P", "Complex_Pass", "power", "status"]);
        Ok(command)
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}
