//! `cargo xtask fuzz`: each target of `fuzz/`, for some seconds.
//!
//! On the stable toolchain and without a sanitizer (`-s none`): the decoders forbid `unsafe`.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::{shell, tools};

/// `cargo xtask fuzz [--seconds N] [TARGET...]`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let seconds = args.number("--seconds", 10)?;
    let known = targets()?;
    let wanted = args.names()?;
    if let Some(unknown) = wanted.iter().find(|name| !known.iter().any(|known| known == *name)) {
        bail!("no fuzz target {unknown}; there are: {}", known.join(", "));
    }
    let chosen = known.into_iter().filter(|name| wanted.is_empty() || wanted.contains(&&**name));
    these(&chosen.collect::<Vec<_>>(), seconds)
}

/// All targets, `seconds` each.
pub(crate) fn every(seconds: u64) -> Result<()> {
    these(&targets()?, seconds)
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

fn these(targets: &[String], seconds: u64) -> Result<()> {
    tools::FUZZ.ensure()?;
    shell::run(&mut shell::cargo(["fuzz", "build", "-s", "none"]))?;
    for target in targets {
        let executed = one(target, seconds)?;
        println!("fuzz {target}: {executed} inputs in {seconds} s, none fails");
    }
    Ok(())
}

/// Runs one target; how many inputs it tried. What it says is shown if it finds something.
fn one(target: &str, seconds: u64) -> Result<u64> {
    // Kept between runs, and ignored by git.
    let corpus = format!("fuzz/corpus/{target}");
    fs::create_dir_all(shell::root().join(&corpus))?;
    let mut command = shell::cargo(["fuzz", "run", "-s", "none", target, &corpus]);
    let seeds = format!("fuzz/seeds/{target}");
    if shell::root().join(&seeds).is_dir() {
        command.arg(seeds);
    }
    let limit = format!("-max_total_time={seconds}");
    command.args(["--", &limit, "-verbosity=0", "-print_final_stats=1"]);

    let line = shell::line(&command);
    let started = Instant::now();
    let output = command.output().with_context(|| format!("cannot start `{line}`"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("`{line}` found something:\n{}{text}", String::from_utf8_lossy(&output.stdout));
    }
    let executed = text.lines().find_map(executed).unwrap_or_default();
    if executed == 0 {
        bail!("`{line}` tried nothing:\n{text}");
    }
    let took = started.elapsed();
    if took > Duration::from_secs(seconds * 2 + 60) {
        println!("fuzz {target}: took {took:.0?}, which is longer than it should");
    }
    Ok(executed)
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
