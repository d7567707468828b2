//! `cargo xtask test`: everything that must hold before anything lands, cheapest first.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::args::Args;
use crate::tally::Tally;
use crate::{arrows, fuzz, peers, shell, tools};

/// How many inputs the fuzz targets get, together.
const FUZZ_INPUTS: u64 = 10_000_000;

/// Runs every step; the first that fails ends it.
pub(crate) fn run(args: &Args) -> Result<()> {
    args.finish()?;
    let mut steps = Steps::default();
    steps.step("arrows", arrows::check)?;
    steps.step("format", || cargo(&["fmt", "--all", "--check"]))?;
    steps.step("clippy", || {
        cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
    })?;
    steps.step("licences, bans, sources", || {
        tools::DENY.ensure()?;
        cargo(&["deny", "check", "licenses", "bans", "sources"])
    })?;
    steps.step("vectors", || {
        let mut python = Command::new("python3");
        python.current_dir(shell::root()).args(["vectors/sessions/keys.py", "--check"]);
        shell::run(&mut python)
    })?;
    steps.step("peers", peers::ensure)?;
    let mut tally = steps.step("examples in the documentation", || {
        tests(&["test", "--doc", "--workspace", "--no-fail-fast"])
    })?;
    tally += steps.step("tests", || {
        let all = match tools::has_nextest() {
            true => tests(&["nextest", "run", "--workspace", "--no-fail-fast"]),
            false => {
                tests(&["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"])
            }
        };
        all?.insist()
    })?;
    let fuzzed = steps.step("fuzz", || fuzz::at_least(FUZZ_INPUTS))?;
    steps.summary();
    println!("\n{fuzzed}");
    // Again at the very end, where people and machines look first.
    println!("\n{tally}");
    Ok(())
}

fn cargo(arguments: &[&str]) -> Result<()> {
    shell::run(&mut shell::cargo(arguments))
}

/// A missing peer is a failure here, not a skip: it was installed a step before.
fn tests(arguments: &[&str]) -> Result<Tally> {
    Tally::of(shell::cargo(arguments).env("LANTERN_REQUIRE_PEERS", "1"))
}

#[derive(Default)]
struct Steps(Vec<(&'static str, Duration)>);

impl Steps {
    /// Runs a step under a heading, and says how long it took.
    fn step<T>(&mut self, name: &'static str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("\n=== {name}");
        let started = Instant::now();
        let outcome = step();
        let took = started.elapsed();
        println!("=== {name}: {} after {took:.1?}", if outcome.is_ok() { "ok" } else { "FAILED" });
        self.0.push((name, took));
        outcome.with_context(|| format!("step \"{name}\" failed"))
    }

    fn summary(&self) {
        println!("\n=== all steps");
        for (name, took) in &self.0 {
            println!("{:>8.1} s  {name}", took.as_secs_f64());
        }
        let total: Duration = self.0.iter().map(|(_, took)| *took).sum();
        println!("{:>8.1} s  together", total.as_secs_f64());
    }
}
