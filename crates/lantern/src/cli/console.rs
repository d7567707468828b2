//! `console` as it is typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::sol::{Escape, escape};

#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true)]
pub(crate) struct Console {
    /// A console of the server, to be shared on this terminal
    #[arg(required = true)]
    pub(crate) name: Option<String>,
    /// Never write
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Take the pen from whoever writes
    #[arg(long, conflicts_with = "read_only")]
    pub(crate) steal: bool,
    /// Escape character at the beginning of a line, or 'none'
    #[arg(short, long, value_name = "CHAR", default_value = "~", value_parser = escape)]
    pub(crate) escape: Escape,
    /// Once standard input has ended, leave when the machine was silent for so long
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = super::words::seconds)]
    pub(crate) linger: Duration,
    /// Where the server listens [default: console.sock in the directory lantern of XDG_RUNTIME_DIR,
    /// or of /run]
    #[arg(long, global = true, value_name = "PATH", env = "LANTERN_CONSOLE_SOCKET")]
    #[arg(hide_env_values = true)]
    pub(crate) socket: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<ConsoleCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConsoleCommand {
    /// Keep consoles open and their logs written, and let people share them: be the server
    Run {
        /// Which consoles: see docs/console.md
        file: PathBuf,
    },
    /// The server's consoles, and who is attached
    List,
}
