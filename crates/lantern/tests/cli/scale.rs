//! How much of the machine many BMCs take, and one with much to do.
//!
//! In CI these look at counts, of a thousand BMCs. `cargo xtask bench fleet` and `cargo xtask soak`
//! run them with a release build and LANTERN_FLEET, which is how many BMCs there are to be: then they
//! also measure, and hold what they measure to its limits.

use std::collections::HashSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use ipmi_client::{Bmc, Credentials, Endpoint};
use ipmi_wire::cmd::app::GetSystemGuid;
use ipmi_wire::cmd::chassis::GetChassisStatus;
use ipmi_wire::cmd::sensor::GetSensorReading;
use lantern_bmcd::personality::sensors::SENSORS;
use lantern_testkit::peers::Ipmitool;
use tokio::task::JoinSet;

use crate::support::{self, PASSWORD, example, first_line, lantern};

/// In CI.
const FEW: u32 = 1000;
/// Those of all that are asked, evenly spread, and those of them that ipmitool asks, too.
const ASKED: u32 = 300;
const BY_IPMITOOL: u32 = 5;
/// How long a process is watched that has nothing to do. The sessions of the BMC must not end
/// meanwhile, which they do after a minute.
const WATCHED: Duration = Duration::from_secs(40);
/// What the issue allows: bytes for each BMC beyond the first, resident KiB of a BMC with a hundred
/// sensors and four sessions, and per cent of one processor for doing nothing.
const EACH: u64 = 8 * 1024;
const RESIDENT: u64 = 16 * 1024;
const IDLE: f64 = 0.5;

fn wanted() -> Option<u32> {
    std::env::var("LANTERN_FLEET").ok().map(|text| text.parse().unwrap())
}

/// The resident memory of a process, in KiB.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// How much of one processor a process takes while nobody asks anything of it, in per cent.
fn idle(process: u32) -> f64 {
    // utime and stime, in hundredths of a second, counted from the state, which follows the name.
    let ticks = || {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum::<f64>()
    };
    let (before, started) = (ticks(), Instant::now());
    std::thread::sleep(WATCHED);
    (ticks() - before) / started.elapsed().as_secs_f64()
}

fn console(endpoint: &Endpoint, address: SocketAddr) -> Bmc {
    let mut credentials = Credentials::new(b"admin", PASSWORD.as_bytes()).unwrap();
    credentials.timing.deadline = Duration::from_secs(60);
    Bmc::new(endpoint, address, credentials)
}

/// `lantern sim`, until it is dropped.
struct Sim {
    child: Child,
    port: u16,
    up_after: Duration,
}

impl Sim {
    const BASE: Ipv4Addr = Ipv4Addr::new(127, 128, 0, 1);

    fn start(count: u32) -> Self {
        let started = Instant::now();
        let mut command = lantern();
        command.args(["sim", "-p", "0", "--base", &Self::BASE.to_string()]);
        command.args(["--count", &count.to_string()]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (line, _stdout) = first_line(child.stdout.take().unwrap());
        let last: SocketAddr = line.split_whitespace().last().unwrap().parse().unwrap();
        Self { child, port: last.port(), up_after: started.elapsed() }
    }

    fn address(&self, index: u32) -> SocketAddr {
        (Ipv4Addr::from_bits(Self::BASE.to_bits() + index), self.port).into()
    }

    fn resident(&self) -> u64 {
        resident(self.child.id())
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Logs in, asks three things and goes; the GUID.
async fn ask(bmc: Bmc) -> [u8; 16] {
    let guid = bmc.send(&GetSystemGuid).await.unwrap();
    assert!(bmc.send(&GetChassisStatus).await.unwrap().power_on);
    let reading = bmc.send(&GetSensorReading { number: 1 }).await.unwrap();
    assert!(!reading.unavailable, "{reading:?}");
    bmc.close().await;
    guid.0
}

#[tokio::test]
async fn many_bmcs_start_and_answer() {
    let count = wanted().unwrap_or(FEW);
    let alone = Sim::start(1).resident();
    let sim = Sim::start(count);
    let before = sim.resident();
    let each = before.saturating_sub(alone) * 1024 / u64::from(count - 1);

    let endpoint = Endpoint::bind().unwrap();
    let asked: Vec<_> = (0..ASKED)
        .map(|nth| u64::from(count - 1) * u64::from(nth) / u64::from(ASKED - 1))
        .map(|index| u32::try_from(index).unwrap())
        .collect();
    let started = Instant::now();
    let mut asking = JoinSet::new();
    for index in &asked {
        asking.spawn(ask(console(&endpoint, sim.address(*index))));
    }
    let guids: HashSet<_> = asking.join_all().await.into_iter().collect();
    let took = started.elapsed();
    assert_eq!(guids.len(), asked.len(), "each has its own");
    let mut by_ipmitool = 0;
    for index in asked.iter().step_by(asked.len() / usize::try_from(BY_IPMITOOL).unwrap()) {
        let Some(tool) = Ipmitool::new(sim.address(*index), "admin", PASSWORD) else { break };
        let said = tool.suite(17).run("chassis power status");
        assert_eq!(said.expect_success(), "Chassis Power is on\n");
        by_ipmitool += 1;
    }
    assert!(each <= EACH, "{each} bytes resident for each of {count}");
    if wanted().is_some() {
        let idle = idle(sim.child.id());
        println!(
            "{count} BMCs up after {:.1} s, {} MiB resident, {each} bytes for each beyond the \
             first; {} of them asked over one socket, each with a login and three commands, in \
             {:.2} s, and {by_ipmitool} by ipmitool; then {idle:.2} % of a processor for {} s",
            sim.up_after.as_secs_f64(),
            before / 1024,
            asked.len(),
            took.as_secs_f64(),
            WATCHED.as_secs()
        );
        assert!(idle < IDLE, "{idle} %");
    }
}

#[tokio::test]
async fn a_bmc_with_a_hundred_sensors_and_four_sessions_needs_little() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("value");
    fs::write(&path, "40\n").unwrap();
    let added: String = (SENSORS.len()..100)
        .map(|nth| {
            let path = path.display();
            format!(
                "[[sensor]]\nname = \"Extra {nth}\"\ntype = \"temperature\"\nfile = \"{path}\"\n"
            )
        })
        .collect();
    let bmc = support::Bmc::with(&(example() + &added), &[]);
    let endpoints: Vec<_> = (0..4).map(|_| Endpoint::bind().unwrap()).collect();
    let mut sessions = Vec::new();
    for endpoint in &endpoints {
        let console = console(endpoint, bmc.address);
        let sensors = console.sensors(false).await.unwrap();
        assert_eq!(sensors.len(), 100);
        sessions.push(console);
    }
    if wanted().is_some() {
        let (resident, idle) = (resident(bmc.process()), idle(bmc.process()));
        println!(
            "a BMC with 100 sensors and {} sessions: {resident} KiB resident, {idle:.2} % of a \
             processor over {} s",
            sessions.len(),
            WATCHED.as_secs()
        );
        assert!(resident <= RESIDENT && idle < IDLE, "{resident} KiB, {idle} %");
    }
    for console in sessions {
        console.close().await;
    }
}
