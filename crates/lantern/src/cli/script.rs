//! `exec` and `shell` as they are typed, and the lines that they take.

use std::path::PathBuf;
use std::sync::OnceLock;

use clap::{Args, Parser};

use super::{Command, Format};

#[derive(Debug, Args)]
pub(crate) struct Exec {
    /// A command a line; # begins a comment, - is standard input
    pub(crate) file: PathBuf,
    /// Go on when a command fails; the exit code is that of the worst
    #[arg(long, short)]
    pub(crate) keep_going: bool,
    /// Its lines, once they were read: standard input can be read only once.
    #[arg(skip)]
    pub(crate) lines: OnceLock<Vec<Numbered>>,
}

/// A command of a file.
#[derive(Debug)]
pub(crate) struct Numbered {
    /// Which line it is on, from 1.
    pub(crate) number: usize,
    pub(crate) line: Line,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Shell {
    /// Keep no history
    #[arg(long)]
    pub(crate) no_history: bool,
}

/// What a line may say: a command, and what its result looks like. Whom it is said to was said
/// before.
#[derive(Debug, Parser)]
#[command(name = "", no_binary_name = true, disable_version_flag = true, max_term_width = 100)]
pub(crate) struct Line {
    /// table, json, jsonl, csv or yaml [default: as lantern was told]
    #[arg(short, long, global = true, value_name = "FORM", value_enum)]
    #[arg(hide_possible_values = true)]
    pub(crate) output: Option<Format>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

pub(super) const LINES: &str = "\
A line is any command that talks to a BMC, as it is typed after 'lantern', with -o if its result is
to look otherwise; words with blanks in them are quoted as in a shell. All lines are judged before
anything is sent, and the session is opened for what the most demanding of them needs. The first
that fails is the last, unless --keep-going says otherwise. On many BMCs, each runs them all.

Examples:
  lantern -H rack1 exec setup.txt
  lantern -H 'n[001-500]' exec setup.txt --keep-going";

pub(super) const SHELL: &str = "\
A line is any command that talks to a BMC, as it is typed after 'lantern'; 'help' lists them, 'exit'
ends it, the Tab key completes words, and Ctrl-C stops a command. The session is opened with the first
command, for what that needs, and opened anew when one needs more. Without a terminal, lines are read
from standard input.

History is in $XDG_STATE_HOME/lantern/history (or ~/.local/state/...), readable by you alone. Lines
about passwords and keys are not kept, nor those that begin with a blank or are no command.

Examples:
  lantern -H rack1 shell";
