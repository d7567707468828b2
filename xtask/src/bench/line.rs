//! Bad lines and no lines: how long clients take for `power status` when datagrams get lost, and to
//! find out that there is nobody.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::lab::{Client, Lab, target_directory};
use crate::shell;

const CLIENTS: [Client; 3] =
    [Client::Lantern, Client::Ipmitool { suite: 17 }, Client::Ipmipower { suite: 17 }];

/// Lost each way, in per cent; on its way, in milliseconds.
const LOSS: u32 = 20;
const DELAY: u32 = 5;
/// Seeds 1 to this.
const SEEDS: u32 = 21;

/// Both tables.
pub(super) fn tables(lab: &Lab) -> Result<String> {
    Ok(format!("{}\n{}", lossy(lab)?, nobody(lab)?))
}

/// What one client met on the line.
#[derive(Default)]
struct Runs {
    times: Vec<Duration>,
    failed: usize,
}

impl Runs {
    /// The time that `percent` of the runs did not exceed.
    fn percentile(&mut self, percent: usize) -> f64 {
        self.times.sort();
        let last = self.times.len().saturating_sub(1);
        self.times.get(last * percent / 100).copied().unwrap_or_default().as_secs_f64()
    }
}

fn lossy(lab: &Lab) -> Result<String> {
    shell::run(&mut shell::cargo(["build", "-p", "lantern-interop", "--example", "line"]))?;
    let mut runs = CLIENTS.map(|client| (client, Runs::default()));
    for seed in 1..=SEEDS {
        for (client, runs) in &mut runs {
            let line = Line::to(lab.address(), seed)?;
            let (took, good) = time(&mut lab.power_status_at(*client, line.address)?)?;
            println!(
                "seed {seed}, {}: {took:.3?}{}",
                client.name(),
                if good { "" } else { ", failed" }
            );
            runs.times.push(took);
            runs.failed += usize::from(!good);
        }
    }
    let mut out = format!(
        "`power status` over a relay that loses {LOSS} % each way and takes {DELAY} ms each way, \
         {SEEDS} seeds, each client over the same line in turns. A run that failed counts with the \
         time that it took to.\n\n\
         | what | median s | 90 % s | worst s | failed | times lantern |\n\
         |---|---:|---:|---:|---:|---:|\n"
    );
    let base = runs.iter_mut().next().map_or(0.0, |(_, runs)| runs.percentile(50));
    for (client, runs) in &mut runs {
        let (median, high, worst) =
            (runs.percentile(50), runs.percentile(90), runs.percentile(100));
        let row = format!(
            "| `{}` | {median:.3} | {high:.3} | {worst:.3} | {} | {:.1} |\n",
            client.name(),
            runs.failed,
            median / base.max(f64::MIN_POSITIVE)
        );
        out.push_str(&row);
    }
    Ok(out)
}

/// A host that never answers is a bound socket that nobody reads: on loopback there is no address
/// with nothing behind it.
fn nobody(lab: &Lab) -> Result<String> {
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let closed = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let mut out =
        "Until `power status` gives up on a port that never answers, and on a closed one: \
         seconds, and the exit status.\n\n\
         | what | silent | closed |\n|---|---:|---:|\n"
            .to_owned();
    for client in CLIENTS {
        let mut cells = Vec::new();
        for address in [silent.local_addr()?, closed] {
            let mut command = lab.power_status_at(client, address)?;
            let started = Instant::now();
            let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
            let code = status.code().map_or("a signal".to_owned(), |code| code.to_string());
            cells.push(format!("{:.2} (exit {code})", started.elapsed().as_secs_f64()));
        }
        out.push_str(&format!("| `{}` | {} |\n", client.name(), cells.join(" | ")));
    }
    Ok(out)
}

/// How long a client took, and whether it said a power state.
pub(super) fn time(command: &mut Command) -> Result<(Duration, bool)> {
    let line = shell::line(command);
    let started = Instant::now();
    let output = command.stdin(Stdio::null()).output().with_context(|| line)?;
    let took = started.elapsed();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_state = said.trim_end().ends_with(" on") || said.trim_end().ends_with(" off");
    Ok((took, output.status.success() && is_state))
}

/// A running relay; it ends with its standard input, when dropped.
struct Line {
    process: Child,
    address: SocketAddr,
}

impl Line {
    fn to(bmc: SocketAddr, seed: u32) -> Result<Self> {
        let program = target_directory()?.join("debug/examples/line");
        let words = [bmc.to_string(), LOSS.to_string(), DELAY.to_string(), seed.to_string()];
        let mut command = shell::program(program);
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().context("cannot start the line")?;
        let out = process.stdout.take().context("its output is a pipe")?;
        let mut said = String::new();
        BufReader::new(out).read_line(&mut said)?;
        let address = said.trim().parse().context("the line does not say where it is")?;
        Ok(Self { process, address })
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
