//! Documentation made from the one definition of the command line: manual pages, a reference, and
//! what shells need.

use std::fmt::Write as _;
use std::fs;

use clap::{Arg, Command, CommandFactory};
use clap_complete::env::Shells;

use super::Outcome;
use crate::cli::{Cli, Completions, Docs};
use crate::error::{Error, Exit};
use crate::view::Bytes;

/// Set by what [`completions`] prints: then this program completes a line and does nothing else.
pub(crate) const COMPLETE: &str = "LANTERN_COMPLETE";

/// What a shell has to run to know what completes.
pub(crate) fn completions(command: &Completions) -> Outcome {
    let shells = Shells::builtins();
    let name = command.shell.name();
    let shell = shells
        .completer(name)
        .ok_or_else(|| Error::usage(format!("{name}: no such shell is known")))?;
    let mut script = Vec::new();
    shell.write_registration(COMPLETE, "lantern", "lantern", &program(), &mut script)?;
    Ok(Box::new(Bytes(script)))
}

/// How this program was called, from wherever the shell is.
fn program() -> String {
    let word = std::env::args().next().filter(|word| !word.contains('/'));
    let path = || std::env::current_exe().ok().map(|path| path.display().to_string());
    word.or_else(path).unwrap_or_else(|| "lantern".to_owned())
}

/// Writes documentation; what was written, in a line.
pub(crate) fn write(command: &Docs) -> Result<String, Error> {
    let (directory, files) = match command {
        Docs::Man { directory } => (directory, manual()?),
        Docs::Markdown { directory } => {
            (directory, vec![("reference.md".to_owned(), reference().into_bytes())])
        }
    };
    let failed = |error: std::io::Error| {
        Error::told(Exit::Failed, format!("{}: {error}", directory.display()))
    };
    fs::create_dir_all(directory).map_err(failed)?;
    for (name, content) in &files {
        fs::write(directory.join(name), content).map_err(failed)?;
    }
    Ok(format!("{} files in {}\n", files.len(), directory.display()))
}

/// A page for the program and for each of its commands.
fn manual() -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut pages = Vec::new();
    each(&built(), &mut |command, _| {
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        let page = clap_mangen::Man::new(command.clone());
        let mut text = Vec::new();
        page.render(&mut text)?;
        pages.push((format!("{name}.1"), text));
        Ok(())
    })?;
    Ok(pages)
}

/// The definition, with everything that clap adds to it.
fn built() -> Command {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    command
}

/// Calls `with` for the command and for all below it, with their depth.
fn each(
    command: &Command,
    with: &mut impl FnMut(&Command, usize) -> Result<(), Error>,
) -> Result<(), Error> {
    fn walk(
        command: &Command,
        depth: usize,
        with: &mut impl FnMut(&Command, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        with(command, depth)?;
        let shown = command.get_subcommands().filter(|inner| !inner.is_hide_set());
        shown.into_iter().try_for_each(|inner| walk(inner, depth.saturating_add(1), with))
    }
    walk(command, 0, with)
}

/// All commands on one page.
fn reference() -> String {
    let mut page = "# Reference\n\nEvery command with its options, made from the program's own \
                    definition by `cargo xtask docs`: do not edit. [cli.md](cli.md) has what this \
                    cannot.\n"
        .to_owned();
    // Writing to a string does not fail.
    let _ = each(&built(), &mut |command, depth| {
        section(&mut page, command, depth);
        Ok(())
    });
    page
}

fn section(page: &mut String, command: &Command, depth: usize) {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let level = "#".repeat(depth.saturating_add(2).min(4));
    let _ = write!(page, "\n{level} {name}\n");
    if let Some(about) = command.get_long_about().or_else(|| command.get_about()) {
        let _ = write!(page, "\n{}.\n", about.to_string().trim_end_matches('.'));
    }
    let usage = command.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage);
    let _ = write!(page, "\n```\n{usage}\n```\n");
    // What every command takes stands once, at the top.
    let shown = |arg: &&Arg| !arg.is_hide_set() && (depth == 0 || !arg.is_global_set());
    let own: Vec<_> = command.get_arguments().filter(shown).filter(|arg| !is_help(arg)).collect();
    if !own.is_empty() {
        page.push('\n');
    }
    for arg in own {
        let _ = writeln!(page, "- `{}`: {}", written(arg), said(arg));
    }
    if let Some(after) = command.get_after_long_help().or_else(|| command.get_after_help()) {
        let _ = write!(page, "\n```text\n{}\n```\n", after.to_string().trim_end());
    }
}

fn is_help(arg: &Arg) -> bool {
    matches!(arg.get_id().as_str(), "help" | "version")
}

/// An argument as it is typed.
fn written(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let takes = arg.get_action().takes_values();
    let values: Vec<_> = names.iter().map(|name| format!("<{name}>")).collect();
    let value = if takes { values.join(" ") } else { String::new() };
    let dashed: Vec<_> = [
        arg.get_short().map(|short| format!("-{short}")),
        arg.get_long().map(|long| format!("--{long}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    match (dashed.is_empty(), value.is_empty()) {
        (true, _) => value,
        (false, true) => dashed.join(", "),
        (false, false) => format!("{} {value}", dashed.join(", ")),
    }
}

/// What is said of it.
fn said(arg: &Arg) -> String {
    let help = arg.get_long_help().or_else(|| arg.get_help());
    let mut text = help.map(ToString::to_string).unwrap_or_default().replace('\n', " ");
    if arg.get_action().takes_values() && !arg.is_hide_possible_values_set() {
        let values = arg.get_possible_values();
        let names: Vec<_> =
            values.iter().filter(|v| !v.is_hide_set()).map(|v| v.get_name()).collect();
        if !names.is_empty() {
            let _ = write!(text, " ({})", names.join(", "));
        }
    }
    let defaults: Vec<_> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !defaults.is_empty() && arg.get_action().takes_values() && !text.contains("[default") {
        let _ = write!(text, " [default: {}]", defaults.join(","));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// With LANTERN_DOCS=write the file is written instead; `cargo xtask docs` does that, too.
    #[test]
    fn the_reference_is_what_the_program_says() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference.md");
        if std::env::var_os("LANTERN_DOCS").is_some_and(|word| word == "write") {
            fs::write(&path, reference()).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(found == reference(), "run cargo xtask docs, and look at the changes");
    }

    #[test]
    fn every_command_has_a_page() {
        let pages = manual().unwrap();
        let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for name in ["lantern.1", "lantern-power.1", "lantern-power-status.1", "lantern-config.1"] {
            assert!(names.contains(&name), "{name}: {names:?}");
        }
        assert!(!names.iter().any(|name| name.contains("docs")), "{names:?}");
        for (name, text) in &pages {
            let text = String::from_utf8_lossy(text);
            assert!(text.contains(".SH SYNOPSIS") && text.contains(".SH NAME"), "{name}");
        }
    }
}
