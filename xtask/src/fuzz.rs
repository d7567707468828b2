//! `cargo xtask fuzz`: each target of `fuzz/`, for some seconds or for its share of so many inputs.
//!
//! On the stable toolchain and without a sanitizer (`-s none`): the decoders forbid `unsafe`.

mod corpus;
mod share;

use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::{shell, tools};

/// `cargo xtask fuzz [--seconds N | --inputs N | --keep N] [TARGET...]`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let seconds = args.number("--seconds", 0)?;
    let inputs = args.number("--inputs", 0)?;
    let keep = args.number("--keep", 0)?;
    let known = targets()?;
    let wanted = args.names()?;
    if let Some(unknown) = wanted.iter().find(|name| !known.iter().any(|known| known == *name)) {
        bail!("no fuzz target {unknown}; there are: {}", known.join(", "));
    }
    let chosen = known.into_iter().filter(|name| wanted.is_empty() || wanted.contains(&&**name));
    let chosen: Vec<_> = chosen.collect();
    if keep > 0 {
        build()?;
        return chosen.iter().try_for_each(|target| corpus::keep(target, keep));
    }
    let done = match inputs {
        0 => these(&with(&chosen, Until::Seconds(if seconds == 0 { 10 } else { seconds })))?,
        inputs => these(&share::of(&chosen, inputs))?,
    };
    println!("{done}");
    Ok(())
}

/// What was tried.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Done {
    /// How many targets there were.
    pub(crate) targets: u64,
    /// How many inputs they had, together.
    pub(crate) inputs: u64,
}

impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { targets, inputs } = self;
        write!(f, "Fuzzing: {inputs} inputs in all, {targets} targets, none fails")
    }
}

/// All targets, `inputs` together, however long that takes: most for the targets that take most
/// out of an input.
pub(crate) fn at_least(inputs: u64) -> Result<Done> {
    let done = these(&share::of(&targets()?, inputs))?;
    if done.inputs < inputs {
        bail!("only {} inputs instead of {inputs}", done.inputs);
    }
    Ok(done)
}

/// The names of all targets: cargo finds `fuzz/src/bin/NAME.rs` by itself, and so do we.
pub(crate) fn targets() -> Result<Vec<String>> {
    let dir = shell::root().join("fuzz/src/bin");
    let mut names = Vec::new();
    for entry in fs::read_dir(&dir).context("the fuzz targets")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    if names.is_empty() {
        bail!("there is no fuzz target");
    }
    Ok(names)
}

/// When a target has had enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    Seconds(u64),
    Inputs(u64),
}

fn with(targets: &[String], until: Until) -> Vec<(String, Until)> {
    targets.iter().map(|target| (target.clone(), until)).collect()
}

fn these(targets: &[(String, Until)]) -> Result<Done> {
    build()?;
    let mut done = Done::default();
    for (target, until) in targets {
        let started = Instant::now();
        let inputs = one(target, *until)?;
        println!("fuzz {target}: {inputs} inputs in {:.1?}, none fails", started.elapsed());
        done.targets = done.targets.saturating_add(1);
        done.inputs = done.inputs.saturating_add(inputs);
    }
    Ok(done)
}

/// Builds all targets, and makes sure that the scripts of those that have scripts lead where it is
/// interesting: a fuzzer that never logs in finds nothing.
fn build() -> Result<()> {
    tools::FUZZ.ensure()?;
    shell::run(&mut shell::cargo(["test", "--manifest-path", "fuzz/Cargo.toml", "--lib"]))?;
    shell::run(&mut shell::cargo(["fuzz", "build", "-s", "none"]))
}

/// Runs one target; how many inputs it tried. What it says is shown if it finds something.
fn one(target: &str, until: Until) -> Result<u64> {
    let room = corpus::Room::new(target)?;
    let mut command = room.command()?;
    command.arg(match until {
        Until::Seconds(seconds) => format!("-max_total_time={seconds}"),
        Until::Inputs(inputs) => format!("-runs={inputs}"),
    });
    command.args(["-verbosity=0", "-print_final_stats=1"]);
    let executed = said(&mut command)?.lines().find_map(executed).unwrap_or_default();
    if executed == 0 {
        bail!("`{}` tried nothing", shell::line(&command));
    }
    Ok(executed)
}

/// What a run says; an error with all of it if it found something.
fn said(command: &mut Command) -> Result<String> {
    let line = shell::line(command);
    let output = command.output().with_context(|| format!("cannot start `{line}`"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("`{line}` found something:\n{}{text}", String::from_utf8_lossy(&output.stdout));
    }
    Ok(text.into_owned())
}

fn executed(line: &str) -> Option<u64> {
    line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_targets_and_every_seed_belongs_to_one() {
        let targets = targets().unwrap();
        assert!(targets.iter().any(|name| name == "registry"), "{targets:?}");
        for entry in fs::read_dir(shell::root().join("fuzz/seeds")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(targets.contains(&name), "fuzz/seeds/{name} has no target");
        }
    }

    #[test]
    fn reads_the_number_of_inputs() {
        assert_eq!(executed("stat::number_of_executed_units: 5325550"), Some(5_325_550));
        assert_eq!(executed("stat::new_units_added:          0"), None);
    }
}
