//! `cargo xtask docs`: manual pages into `target/man`, and the reference into `docs/`, both made by
//! the program from its own definition of what may be typed.

use anyhow::Result;

use crate::args::Args;
use crate::shell;

/// Runs the program twice.
pub(crate) fn run(args: &Args) -> Result<()> {
    args.finish()?;
    let root = shell::root();
    let pages = root.join("target/man").display().to_string();
    let docs = root.join("docs").display().to_string();
    for (kind, directory) in [("man", pages), ("markdown", docs)] {
        let words = ["run", "--quiet", "--package", "lantern", "--", "docs", kind, &directory];
        shell::run(&mut shell::cargo(words))?;
    }
    Ok(())
}
