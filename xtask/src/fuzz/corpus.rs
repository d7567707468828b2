//! Where inputs come from and where they stay.
//!
//! `fuzz/seeds/` is in git: what was made by hand, what once found a mistake, and of what runs came
//! upon a few that lead far (`found-…`). A fresh clone, as CI's, starts from these. `fuzz/corpus/`
//! is what runs leave behind, for the next run in the same clone; `--keep` distils it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::said;
use crate::shell;

/// Longer ones stay in the corpus.
const LONGEST_SEED: u64 = 400;
/// What begins like this is replaced by the next `--keep`.
const FOUND: &str = "found-";

/// What one run of a target has around it.
pub(super) struct Room {
    target: String,
    /// For files that targets write; gone with the run.
    files: PathBuf,
}

impl Room {
    pub(super) fn new(target: &str) -> Result<Self> {
        // Files in memory cost a hundredth of those on a disk.
        let memory = PathBuf::from("/dev/shm");
        let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let files = parent.join(format!("lantern-fuzz-{target}-{}", std::process::id()));
        fs::create_dir_all(&files).with_context(|| files.display().to_string())?;
        Ok(Self { target: target.to_owned(), files })
    }

    /// The command that runs it on its corpus and seeds.
    pub(super) fn command(&self) -> Result<Command> {
        let corpus = corpus(&self.target);
        fs::create_dir_all(shell::root().join(&corpus))?;
        let mut command = self.bare_command()?;
        command.arg(corpus);
        let seeds = seeds(&self.target);
        if shell::root().join(&seeds).is_dir() {
            command.arg(seeds);
        }
        Ok(command)
    }

    /// The program itself: `cargo fuzz run` would build what has changed since, and one run would
    /// try two versions.
    fn bare_command(&self) -> Result<Command> {
        let artifacts = format!("fuzz/artifacts/{}/", self.target);
        fs::create_dir_all(shell::root().join(&artifacts))?;
        let mut command = shell::program(programs()?.join(&self.target));
        command.env("TMPDIR", &self.files);
        // In the place that cargo-fuzz has for them.
        command.arg(format!("-artifact_prefix={artifacts}"));
        Ok(command)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.files);
    }
}

/// Where `cargo fuzz build` puts the targets.
fn programs() -> Result<PathBuf> {
    let about = ["metadata", "--no-deps", "--format-version", "1"];
    let mut command = shell::cargo(about);
    let metadata = shell::output(command.args(["--manifest-path", "fuzz/Cargo.toml"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target = metadata.get("target_directory").and_then(serde_json::Value::as_str);
    let target = target.context("cargo metadata names no target directory")?;
    let compiler = shell::output(shell::program("rustc").arg("-vV"))?;
    let host = compiler.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(Path::new(target).join(host.context("rustc names no host")?).join("release"))
}

fn corpus(target: &str) -> String {
    format!("fuzz/corpus/{target}")
}

fn seeds(target: &str) -> String {
    format!("fuzz/seeds/{target}")
}

/// Distils a target's corpus to what reaches anything that the rest does not, and takes `count` of
/// the short ones among its seeds.
pub(super) fn keep(target: &str, count: u64) -> Result<()> {
    let room = Room::new(target)?;
    let distilled = format!("fuzz/corpus/{target}.distilled");
    let path = shell::root().join(&distilled);
    if path.exists() {
        fs::remove_dir_all(&path)?;
    }
    fs::create_dir_all(&path)?;
    // Made by hand first: what they reach need not be found.
    let mut command = room.bare_command()?;
    command.arg(&distilled);
    for from in [seeds(target), corpus(target)] {
        if shell::root().join(&from).is_dir() {
            command.arg(from);
        }
    }
    command.args(["-merge=1", "-verbosity=0"]);
    said(&mut command)?;
    let (corpus, seeds) = (shell::root().join(corpus(target)), shell::root().join(seeds(target)));
    if corpus.exists() {
        fs::remove_dir_all(&corpus)?;
    }
    fs::rename(&path, &corpus)?;
    let kept = replace_found(&corpus, &seeds, usize::try_from(count)?)?;
    println!(
        "fuzz {target}: {} in the corpus, {kept} of them seeds",
        fs::read_dir(&corpus)?.count()
    );
    Ok(())
}

/// Puts some of `corpus` among `seeds`, of all lengths, in the place of what was put there before.
fn replace_found(corpus: &Path, seeds: &Path, count: usize) -> Result<usize> {
    fs::create_dir_all(seeds)?;
    let mut own = Vec::new();
    for entry in fs::read_dir(seeds)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(FOUND) {
            fs::remove_file(path)?;
        } else {
            own.push(fs::read(path)?);
        }
    }
    let mut candidates = Vec::new();
    for entry in fs::read_dir(corpus)? {
        let entry = entry?;
        let length = entry.metadata()?.len();
        if length > 0 && length <= LONGEST_SEED && !own.contains(&fs::read(entry.path())?) {
            candidates.push((length, entry.path()));
        }
    }
    candidates.sort();
    let step = candidates.len().div_ceil(count.max(1)).max(1);
    let chosen: Vec<_> = candidates.iter().rev().step_by(step).collect();
    for (_, path) in &chosen {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let short: String = name.chars().take(8).collect();
        fs::copy(path, seeds.join(format!("{FOUND}{short}")))?;
    }
    Ok(chosen.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_replaced_and_what_was_made_stays() {
        let room = Room::new("test").unwrap();
        let (corpus, seeds) = (room.files.join("corpus"), room.files.join("seeds"));
        for (at, content) in [
            (corpus.join("0123456789"), vec![1; 10]),
            (corpus.join("123456789a"), vec![2; 20]),
            (corpus.join("23456789ab"), vec![3; 401]),
            (corpus.join("3456789abc"), vec![4; 5]),
            (seeds.join("made"), vec![4; 5]),
            (seeds.join("found-old"), vec![5]),
        ] {
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            fs::write(at, content).unwrap();
        }
        assert_eq!(replace_found(&corpus, &seeds, 2).unwrap(), 2);
        let mut names: Vec<_> = fs::read_dir(&seeds)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["found-01234567", "found-12345678", "made"]);
    }
}
