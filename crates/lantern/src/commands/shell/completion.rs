//! What the Tab key offers: the words that may come next, from the one definition of commands.

use clap::{Arg, Command, CommandFactory};
use rustyline::completion::Completer;
use rustyline::{Context, Helper, Highlighter, Hinter, Validator};

use crate::cli::Line;

/// Knows all commands.
#[derive(Helper, Highlighter, Hinter, Validator)]
pub(super) struct Completion {
    root: Command,
}

/// What a line cannot be, although a command line can.
const ELSEWHERE: [&str; 5] = ["bmc", "sim", "demo", "exec", "shell"];
/// What a line can be besides.
const HERE: [&str; 2] = ["help", "exit"];

impl Completion {
    pub(super) fn new() -> Self {
        let mut root = Line::command();
        root.build();
        Self { root }
    }

    /// The words that may be in the place of the last one of `line`, and where that begins.
    fn offers(&self, line: &str) -> (usize, Vec<String>) {
        let start = line.rfind(char::is_whitespace).map_or(0, |at| at.saturating_add(1));
        let (before, word) = line.split_at_checked(start).unwrap_or((line, ""));
        let before = shlex::split(before).unwrap_or_default();
        let mut command = &self.root;
        let mut awaited: Option<&Arg> = None;
        for word in &before {
            awaited = None;
            if let Some(inner) = command.find_subcommand(word) {
                command = inner;
            } else if word.starts_with('-') {
                let option = command.get_arguments().find(|arg| is_called(arg, word));
                awaited = option.filter(|arg| arg.get_action().takes_values());
            }
        }
        let mut offers = Vec::new();
        if let Some(option) = awaited {
            offers.extend(values(option));
        } else if word.starts_with('-') {
            let options = command.get_arguments().filter(|arg| !arg.is_hide_set());
            offers.extend(options.filter_map(|arg| Some(format!("--{}", arg.get_long()?))));
        } else {
            let at_root = std::ptr::eq(command, &raw const self.root);
            let inner = command.get_subcommands().filter(|inner| !inner.is_hide_set());
            let names = inner.map(|inner| inner.get_name().to_owned());
            offers.extend(names.filter(|name| !at_root || !ELSEWHERE.contains(&name.as_str())));
            if at_root {
                offers.extend(HERE.map(str::to_owned));
            } else {
                offers.retain(|name| name != "help");
            }
            offers.extend(command.get_positionals().flat_map(values));
        }
        offers.retain(|offer| offer.starts_with(word));
        offers.sort();
        offers.dedup();
        (start, offers)
    }
}

fn is_called(arg: &Arg, word: &str) -> bool {
    let long = word.strip_prefix("--").filter(|word| !word.is_empty());
    let short = word.strip_prefix('-').and_then(|rest| rest.chars().next());
    match long {
        Some(name) => {
            let aliases = arg.get_visible_aliases().unwrap_or_default();
            arg.get_long() == Some(name) || aliases.contains(&name)
        }
        None => arg.get_short().is_some() && arg.get_short() == short,
    }
}

fn values(arg: &Arg) -> Vec<String> {
    let values = arg.get_possible_values();
    let shown = values.iter().filter(|value| !value.is_hide_set());
    shown.map(|value| value.get_name().to_owned()).collect()
}

impl Completer for Completion {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let (start, mut offers) = self.offers(line.get(..at).unwrap_or(line));
        if let [only] = offers.as_mut_slice() {
            only.push(' ');
        }
        Ok((start, offers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(line: &str) -> Vec<String> {
        Completion::new().offers(line).1
    }

    #[test]
    fn words_come_from_the_definition() {
        assert_eq!(offers("pow"), ["power"]);
        assert_eq!(offers("power s"), ["soft", "status"]);
        assert_eq!(offers("chassis boot set c"), ["cdrom"]);
        assert_eq!(offers("chassis boot set pxe --u"), ["--uefi"]);
        assert_eq!(offers("mc watchdog set --use o"), ["oem", "os-load"]);
        assert_eq!(offers("power status -o js"), ["json", "jsonl"]);
        assert_eq!(offers("e"), ["event", "exit", "explain"]);
        assert!(offers("").contains(&"help".to_owned()));
        for elsewhere in ELSEWHERE {
            assert!(!offers("").contains(&elsewhere.to_owned()), "{elsewhere}");
        }
        assert!(offers("power nonsense x").is_empty());
        assert_eq!(Completion::new().offers("power s").0, 6);
    }
}
