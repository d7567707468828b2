//! `docs/measurements.md`: each measuring command owns one marked section and writes only there.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::shell;

const FILE: &str = "docs/measurements.md";

/// Replaces the section of `command` with `body`, under a line that says where it comes from.
pub(crate) fn write(command: &str, body: &str) -> Result<()> {
    let path = shell::root().join(FILE);
    let body = format!("{}\n\n{}", circumstances(), body.trim());
    // First of all, so that what took minutes to measure is never lost.
    println!("\n{command}:\n\n{body}");
    let text = fs::read_to_string(&path).with_context(|| FILE)?;
    let text = replace(&text, command, &body)?;
    fs::write(&path, text).with_context(|| FILE)?;
    println!("\nwritten to {FILE}");
    Ok(())
}

fn replace(text: &str, command: &str, body: &str) -> Result<String> {
    let begin = format!("<!-- begin: cargo xtask {command} -->");
    let end = format!("<!-- end: cargo xtask {command} -->");
    let parts = text.split_once(&begin).and_then(|(head, rest)| {
        let (_old, tail) = rest.split_once(&end)?;
        Some((head, tail))
    });
    match parts {
        Some((head, tail)) => Ok(format!("{head}{begin}\n\n{body}\n\n{end}{tail}")),
        None => bail!("{FILE} has no section between \"{begin}\" and \"{end}\""),
    }
}

/// When, of what, and on how much.
fn circumstances() -> String {
    let one_line = |program: &str, arguments: &[&str]| {
        let said = shell::output(shell::program(program).args(arguments)).unwrap_or_default();
        said.lines().next().unwrap_or("unknown").to_owned()
    };
    let date = one_line("date", &["-u", "+%Y-%m-%d"]);
    let commit = one_line("git", &["rev-parse", "--short", "HEAD"]);
    let changed = match shell::output(shell::program("git").args(["status", "--porcelain"])) {
        Ok(list) if list.trim().is_empty() => "",
        _ => " with changes",
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{date}, commit {commit}{changed}, {cores} cores.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_its_own_section_only() {
        let text =
            "a\n<!-- begin: cargo xtask bench -->\nold\n<!-- end: cargo xtask bench -->\nb\n";
        let once = replace(text, "bench", "new").unwrap();
        let expected = "a\n<!-- begin: cargo xtask bench -->\n\nnew\n\n\
                        <!-- end: cargo xtask bench -->\nb\n";
        assert_eq!(once, expected);
        assert_eq!(replace(&once, "bench", "new").unwrap(), once);
        assert!(replace(text, "soak", "new").is_err());
    }

    #[test]
    fn the_sections_are_there() {
        let text = fs::read_to_string(shell::root().join(FILE)).unwrap();
        for command in [
            "bench",
            "bench, speed",
            "bench, exchanges",
            "bench, bad lines",
            "bench, flood",
            "bench, fleet",
            "bench, many",
            "soak",
        ] {
            assert!(replace(&text, command, "").is_ok(), "{command}");
        }
    }
}
