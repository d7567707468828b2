//! `cargo xtask`: everything that is done to this repository besides writing it.
//!
//! What CI runs is what runs here: `.ci/run` is `cargo xtask test` and nothing else. Every machine
//! builds this before anything else, so it depends on next to nothing.

mod args;
mod arrows;
mod bench;
mod docs;
mod fuzz;
mod lab;
mod peers;
mod report;
mod shell;
mod soak;
mod speed;
mod tally;
mod test;
mod tools;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::Args;

/// A command's name, its line in the help text, and what it does.
type Command = (&'static str, &'static str, fn(&Args) -> Result<()>);

/// In the order of the help text.
const COMMANDS: [Command; 7] = [
    ("test", "check and test everything, as CI does", test::run),
    ("arrows", "check which crate depends on which", arrows::run),
    (
        "peers",
        "find ipmitool, FreeIPMI, ipmi_sim, QEMU and others; install what is missing",
        peers::run,
    ),
    ("fuzz", "run the fuzz targets: [--seconds N | --inputs N | --keep N] [TARGET...]", fuzz::run),
    ("docs", "write manual pages into target/man, and docs/reference.md", docs::run),
    (
        "bench",
        "compare with the peers, into docs/measurements.md: [--runs N] [PART...]",
        bench::run,
    ),
    ("soak", "run for long, into docs/measurements.md: [--minutes N]", soak::run),
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let outcome = match words.next().as_deref() {
        None | Some("help" | "-h" | "--help") => {
            print!("{}", help());
            Ok(())
        }
        Some(word) => dispatch(word, words.collect()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("\nxtask: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(word: &str, rest: Vec<String>) -> Result<()> {
    let Some((_, _, command)) = COMMANDS.iter().find(|(name, _, _)| *name == word) else {
        bail!("there is no `{word}`\n\n{}", help());
    };
    command(&Args::new(rest))
}

fn help() -> String {
    let lines = COMMANDS.iter().map(|(name, what, _)| format!("    {name:<8} {what}\n"));
    format!("cargo xtask COMMAND\n\n{}", lines.collect::<String>())
}
