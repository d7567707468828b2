//! `lantern config`, and what helps to use this program at all.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Find everything that is wrong with the files that would be read
    Check {
        /// Check this file as well, as --config would read it
        file: Option<PathBuf>,
    },
    /// What all files say together, and which line says it; with -H, what holds for that host
    Show,
    /// Where files are looked for, and which there are
    Path,
    /// What was learned of BMCs in the last week, by talking to them; with -H, of that one
    Learned {
        /// Forget it
        #[arg(long)]
        forget: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    pub(crate) shell: Shell,
}

/// A shell that can be told what completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Docs {
    /// A manual page for each command, into a directory
    Man {
        /// The directory; made if it is missing
        directory: PathBuf,
    },
    /// A reference of all commands, into a directory, as reference.md
    Markdown {
        /// The directory; made if it is missing
        directory: PathBuf,
    },
}
