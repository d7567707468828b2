//! `cargo xtask soak`: for some time one login after another; and, however long it takes, a hundred
//! million inputs for the fuzz targets, power cuts and kills of a BMC that keeps what it is told,
//! a million commands over a network that exists in memory only, a hundred thousand BMCs in one
//! process, ten thousand that are asked at once, and five hundred consoles.
//!
//! The logins look for what only shows after many: sessions that are not freed, memory that is not
//! given back. Clients take turns, one at a time, on loopback.

use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::lab::{self, Client, Lab};
use crate::{fuzz, peers, report, shell};

const CLIENTS: [Client; 5] = [
    Client::Ipmitool { suite: 17 },
    Client::Ipmitool { suite: 3 },
    Client::Ipmipower { suite: 17 },
    Client::Ipmipower { suite: 3 },
    Client::Lantern,
];

/// How often a BMC is killed while events are added to its log.
const KILLS: &str = "500";
/// How many long loads the power is cut in, at each of their writes.
const LOADS: &str = "8";
const CUT: &str = "power_may_fail_at_any_moment";
const KILLED: &str = "what_was_acknowledged_survives_kill_9";

/// How many commands are given in simulation, and what says so and how many seeds a second that was.
const COMMANDS: &str = "1000000";
const SIMULATED: &str = "as_long_as_one_likes";
const LINE: &str = "what_is_lost_doubled_and_reordered";

/// How many BMCs are started in one process.
const FLEET: &str = "100000";
const MANY: &str = "many_bmcs_start_and_answer";
const ASKED: &str = "of_a_thousand_of_which_half_are_silent";
const ONE: &str = "a_bmc_with_a_hundred_sensors_and_four_sessions_needs_little";

/// How many consoles one process keeps.
const CONSOLES: &str = "500";
const KEPT: &str = "of_many_consoles_none_loses_anything";

/// Inputs of all fuzz targets together.
const FUZZ_INPUTS: u64 = 100_000_000;
/// After so many logins of each client the BMC's memory is taken as what it needs.
const WARM: u64 = 20;

/// `cargo xtask soak [--minutes N]`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let minutes = args.number("--minutes", 30)?.max(1);
    args.finish()?;
    peers::ensure()?;

    let fuzzed = fuzz::at_least(FUZZ_INPUTS)?;
    let logins = logins(Duration::from_secs(minutes * 60))?;
    let durability = durability()?;
    let simulation = simulation()? + &lines()?;
    let fleet = fleet()? + &many(10_000)? + &consoles()?;
    let body = format!(
        "{minutes} minutes of logins.\n\n\
         - {fuzzed}.\n\
         {logins}{durability}{simulation}{fleet}"
    );
    report::write("soak", &body)
}

/// Cuts the power of a disk in memory, and kills a BMC on a real one.
fn durability() -> Result<String> {
    let cuts = ["test", "--release", "-p", "lantern-bmcd", "--lib", CUT, "--", "--nocapture"];
    let cuts = said(shell::cargo(cuts).env("LANTERN_CUTS", LOADS), "images")?;
    let kills =
        ["test", "--release", "-p", "lantern", "--test", "cli", KILLED, "--", "--nocapture"];
    let kills = said(shell::cargo(kills).env("LANTERN_KILLS", KILLS), "kills")?;
    Ok(format!(
        "- Power cuts: {cuts}: in each, all that was acknowledged was there, and nothing in part.\n\
         - kill -9: {kills}; all of them were there.\n"
    ))
}

/// Consoles over bad lines: 10 MiB each way over each of 50 networks.
fn lines() -> Result<String> {
    let line = ["test", "--release", "-p", "ipmi-session", "--test", "line", LINE];
    let line = [line.as_slice(), &["--", "--nocapture"]].concat();
    let said = said(shell::cargo(line).env("LANTERN_LINE", "10240"), "KiB")?;
    Ok(format!("- Serial over LAN at 20 % loss, doubled and reordered: {said}; nothing lost.\n"))
}

/// Both ends over a virtual network and clock, with all that can go wrong, from seeds that nobody has
/// seen: the report says which.
fn simulation() -> Result<String> {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let test = ["test", "--release", "-p", "lantern-testkit", "--test", "simulation", SIMULATED];
    let mut command = shell::cargo(test);
    command.args(["--", "--nocapture"]);
    command.env("LANTERN_SIM_COMMANDS", COMMANDS).env("LANTERN_SIM_SEED", seed.to_string());
    let told = said(&mut command, "simulated")?;
    Ok(format!(
        "- Simulation: {told}; nothing was done twice, no answer was another's, and what was told \
         was true.\n"
    ))
}

/// As many BMCs in one process as there are in a large house, asked here and there; and one with much
/// to do. What they may take of memory and time is asserted.
pub(crate) fn fleet() -> Result<String> {
    let mut lines = String::new();
    for (test, what) in [(MANY, "BMCs up after"), (ONE, "BMC with 100 sensors")] {
        let mut command =
            shell::cargo(["test", "--release", "-p", "lantern", "--test", "cli", test]);
        command.args(["--", "--nocapture"]).env("LANTERN_FLEET", FLEET);
        lines.push_str(&format!("- {}.\n", said(&mut command, what)?));
    }
    Ok(lines)
}

/// As many consoles in one process as a large house has, with all of them talking at once.
fn consoles() -> Result<String> {
    let test = ["test", "--release", "-p", "lantern", "--test", "cli", KEPT, "--", "--nocapture"];
    let told = said(shell::cargo(test).env("LANTERN_CONSOLES", CONSOLES), "consoles open")?;
    Ok(format!("- {told}.\n"))
}

/// One command to so many BMCs, half of which are silent, by a process that may have 256 files open; and
/// ipmipower's attempt at the same.
pub(crate) fn many(count: u32) -> Result<String> {
    let mut command = shell::cargo(["test", "--release", "-p", "lantern", "--test", "cli", ASKED]);
    command.args(["--", "--nocapture"]).env("LANTERN_MANY", count.to_string());
    let line = shell::line(&command);
    println!("$ {line}");
    let output = shell::output(&mut command)?;
    let told = |what: &str| {
        let told = output.lines().find(|told| told.contains(what));
        let told = told.and_then(|told| told.rsplit("... ").next());
        told.with_context(|| format!("`{line}` told of no {what}"))
    };
    Ok(format!("- {}.\n- {}.\n", told(" BMCs asked")?, told("ipmipower: ")?))
}

/// Runs a test and gives the line in which it tells how many `what` it had.
fn said(command: &mut Command, what: &str) -> Result<String> {
    let line = shell::line(command);
    println!("$ {line}");
    let output = shell::output(command)?;
    let told = output.lines().find(|told| told.contains(&format!(" {what}")));
    // The test's name may be on the same line.
    let told = told.and_then(|told| told.rsplit("... ").next());
    told.map(str::to_owned).with_context(|| format!("`{line}` told of no {what}"))
}

/// Logs in until the time is up; a failed login ends it.
fn logins(time: Duration) -> Result<String> {
    let lab = Lab::start()?;
    let started = Instant::now();
    let (mut rounds, mut slowest) = (0, Duration::ZERO);
    let mut warm = None;
    while started.elapsed() < time {
        for client in CLIENTS {
            match lab::timed(&mut lab.power_status(client)?) {
                Ok(took) => slowest = slowest.max(took),
                Err(err) => bail!("after {rounds} rounds: {}: {err:#}", client.name()),
            }
        }
        rounds += 1;
        if rounds == WARM {
            warm = lab.resident_kib();
        }
        if rounds % 500 == 0 {
            println!("{rounds} rounds of {} logins", CLIENTS.len());
        }
    }
    let kib = |kib: Option<u64>| kib.map_or("unknown".to_owned(), |kib| format!("{kib} KiB"));
    let clients = CLIENTS.map(Client::name).join(", ");
    let count = rounds * u64::try_from(CLIENTS.len())?;
    Ok(format!(
        "- Logins, each with a power status: {count}, one after another, by turns from {clients}; \
         none failed, the slowest took {:.0} ms.\n\
         - The BMC's resident memory: {} after {WARM} rounds, {} after {rounds}.\n",
        slowest.as_secs_f64() * 1000.0,
        kib(warm),
        kib(lab.resident_kib()),
    ))
}
