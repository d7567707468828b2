//! `cargo xtask bench`: our own benchmarks, and us beside the peers, in time and in exchanges.
//!
//! Numbers are for people: nothing here passes or fails by the clock. Clients take turns, so that
//! whatever else the machine does hits them alike; the median of each is compared.

mod flood;
mod line;
mod processor;

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::args::Args;
use crate::lab::{self, Client, Lab};
use crate::{arrows, peers, report, shell, soak, speed};

const CLIENTS: [Client; 3] =
    [Client::Lantern, Client::Ipmitool { suite: 17 }, Client::Ipmipower { suite: 17 }];

/// What can be asked for by name.
const PARTS: [&str; 10] = [
    "own",
    "speed",
    "exchanges",
    "lines",
    "consoles",
    "flood",
    "fleet",
    "many",
    "clients",
    "processor",
];

/// `cargo xtask bench [--runs N] [PART...]`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let runs = args.number("--runs", 50)?.max(3);
    let names = args.names()?;
    if let Some(name) = names.iter().find(|name| !PARTS.contains(name)) {
        bail!("{name}: no such part; there are {}", PARTS.join(", "));
    }
    let wanted = |part| names.is_empty() || names.contains(&part);
    peers::ensure()?;
    if wanted("own") {
        own_benchmarks()?;
    }
    if wanted("speed") {
        report::write("bench, speed", &speed::tables(&lab::target_directory()?)?)?;
    }
    if wanted("exchanges") {
        report::write("bench, exchanges", &exchanges()?)?;
    }
    if wanted("lines") {
        report::write("bench, bad lines", &line::tables(&Lab::start()?)?)?;
    }
    if wanted("consoles") {
        report::write("bench, consoles", &consoles()?)?;
    }
    if wanted("flood") {
        report::write("bench, flood", &flood::table()?)?;
    }
    if wanted("fleet") {
        report::write("bench, fleet", &soak::fleet()?)?;
    }
    if wanted("many") {
        report::write("bench, many", &soak::many(1000)?)?;
    }
    if wanted("processor") {
        report::write("bench, processor", &processor::table(&Lab::start()?)?)?;
    }
    if wanted("clients") {
        clients(runs)?;
    }
    Ok(())
}

/// How long the clients take when nothing is wrong.
fn clients(runs: u64) -> Result<()> {
    let lab = Lab::start()?;
    let mut rows: Vec<Row> = Vec::new();
    for client in CLIENTS {
        rows.push(Row::new(format!("`{}`, power status", client.name())));
    }
    for client in CLIENTS {
        rows.push(Row::new(format!("`{}`, only its start", client.name())));
    }
    rows.push(Row::new("`true`: a process that does nothing".to_owned()));
    // The first round warms the caches and is not counted.
    for round in 0..=runs {
        for (row, took) in rows.iter_mut().zip(one_round(&lab)?) {
            if round > 0 {
                row.times.push(took);
            }
        }
    }
    report::write("bench", &table(&mut rows, runs))
}

/// In the order of the rows.
fn one_round(lab: &Lab) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for client in CLIENTS {
        times.push(lab::timed(&mut lab.power_status(client)?)?);
    }
    for client in CLIENTS {
        times.push(start_only(&mut lab.bare_start(client)?)?);
    }
    times.push(start_only(&mut shell::program("true"))?);
    Ok(times)
}

fn start_only(command: &mut std::process::Command) -> Result<Duration> {
    let started = std::time::Instant::now();
    shell::output(command)?;
    Ok(started.elapsed())
}

struct Row {
    what: String,
    times: Vec<Duration>,
}

impl Row {
    const fn new(what: String) -> Self {
        Self { what, times: Vec::new() }
    }

    /// The time that `percent` of the runs did not exceed.
    fn percentile(&mut self, percent: usize) -> Duration {
        self.times.sort();
        let last = self.times.len().saturating_sub(1);
        self.times.get(last * percent / 100).copied().unwrap_or_default()
    }
}

fn table(rows: &mut [Row], runs: u64) -> String {
    let base = rows.first_mut().map(|row| row.percentile(50)).unwrap_or_default();
    let ms = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1000.0);
    let mut out = format!(
        "Wall-clock time of one process from start to end against `examples/bmc.toml` on loopback, \
         cipher suite 17, in turns, {runs} runs each.\n\n\
         | what | median ms | 10 % to 90 % | times lantern |\n|---|---:|---:|---:|\n"
    );
    for row in rows {
        let (low, median, high) = (row.percentile(10), row.percentile(50), row.percentile(90));
        let ratio = median.as_secs_f64() / base.as_secs_f64().max(f64::MIN_POSITIVE);
        let line = format!(
            "| {} | {} | {} to {} | {ratio:.2} |\n",
            row.what,
            ms(median),
            ms(low),
            ms(high)
        );
        out.push_str(&line);
    }
    out
}

/// What it takes to read every sensor of 72 records, in exchanges and, over a round trip of 20 ms, in
/// time: ours and the peers'.
fn exchanges() -> Result<String> {
    Ok(format!(
        "Datagrams from the console for one run from handshake to end, by \
         `interop/tests/repository_exchanges.rs`, against `personality = \"specimens\"`.\n\n{}\n\n\
         The same over a line, by `interop/tests/window.rs`: with several requests in flight.\n\n{}\n\n\
         Whole commands, by `crates/lantern/tests/cli/exchanges.rs`: cold and warm in answers.\n\n{}",
        table_of(INTEROP, "repository_exchanges", None)?,
        table_of(INTEROP, "window", Some("a_window_makes_a_sweep_short_and_changes_nothing"))?,
        table_of("lantern", "cli", Some("commands_take_a_part_of_ipmitools_exchanges"))?,
    ))
}

/// Serial over LAN over lossy lines, beside the peers, and what a round trip carries.
fn consoles() -> Result<String> {
    let table = |test| table_of("lantern", "cli", Some(test));
    Ok(format!(
        "64 KiB of numbered lines typed at a program that sends back what it gets, over a line that loses \
         datagrams, 1 ms each way: by `crates/lantern/tests/cli/sol_line.rs`. A terminal has at most \
         1 KiB on its way.\n\n{}\n\nWithout loss, 256 KiB one way:\n\n{}",
        table("consoles_over_bad_lines_beside_the_peers")?,
        table("what_a_round_trip_carries")?,
    ))
}

const INTEROP: &str = "lantern-interop";

/// The table that a test of the workspace prints.
fn table_of(package: &str, target: &str, test: Option<&str>) -> Result<String> {
    const MARK: &str = "<!-- table -->";
    let mut command = shell::cargo(["test", "--package", package, "--test", target]);
    command.args(["--", "--nocapture", "--include-ignored"]).args(test);
    command.env("LANTERN_REQUIRE_PEERS", "1");
    let said = shell::output(&mut command)?;
    let table = said.split(MARK).nth(1).context("the test printed no table")?;
    Ok(table.trim().to_owned())
}

/// Runs every benchmark target of the workspace; there may be none yet.
fn own_benchmarks() -> Result<()> {
    let metadata = arrows::metadata()?;
    let benches = benches(&metadata).context("cargo metadata")?;
    if benches.is_empty() {
        println!("the workspace has no benchmark targets");
    }
    for (package, bench) in benches {
        shell::run(&mut shell::cargo(["bench", "--package", &package, "--bench", &bench]))?;
    }
    Ok(())
}

/// Package and target of each benchmark.
fn benches(metadata: &Value) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    for package in metadata.get("packages")?.as_array()? {
        for target in package.get("targets")?.as_array()? {
            let kinds = target.get("kind")?.as_array()?;
            if kinds.iter().any(|kind| kind == "bench") {
                let name = |value: &Value| Some(value.get("name")?.as_str()?.to_owned());
                found.push((name(package)?, name(target)?));
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_compares_medians() {
        let row = |what: &str, times: &[u64]| Row {
            what: what.to_owned(),
            times: times.iter().copied().map(Duration::from_millis).collect(),
        };
        let mut rows = [row("a", &[9, 2, 1]), row("b", &[4, 5, 4])];
        let table = table(&mut rows, 3);
        assert!(table.contains("| a | 2.00 | 1.00 to 2.00 | 1.00 |"), "{table}");
        assert!(table.contains("| b | 4.00 | 4.00 to 4.00 | 2.00 |"), "{table}");
    }

    #[test]
    fn finds_benchmark_targets() {
        let metadata = serde_json::json!({"packages": [{"name": "p", "targets": [
            {"name": "p", "kind": ["lib"]}, {"name": "speed", "kind": ["bench"]},
        ]}]});
        assert_eq!(benches(&metadata), Some(vec![("p".to_owned(), "speed".to_owned())]));
    }
}
