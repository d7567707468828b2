//! `sol` as it is typed.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Sol {
    /// The machine's console, on this terminal or between pipes
    Activate(Attend),
    /// Read along at a console that somebody else has; takes a BMC that allows it
    Watch(Watch),
    /// End a console, whoever has it
    Deactivate {
        /// Which instance
        #[arg(long, value_name = "N", default_value = "1", value_parser = instance)]
        instance: u8,
    },
    /// Activate and deactivate over and over, to see whether that works each time
    Looptest {
        /// How often
        #[arg(value_name = "TIMES", default_value = "10")]
        times: u32,
        /// Pause between, in milliseconds
        #[arg(long, value_name = "MS", default_value = "0")]
        interval: u64,
        /// Which instance
        #[arg(long, value_name = "N", default_value = "1", value_parser = instance)]
        instance: u8,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Attend {
    /// Which instance
    #[arg(long, value_name = "N", default_value = "1", value_parser = instance)]
    pub(crate) instance: u8,
    /// Take it from whoever has it
    #[arg(long)]
    pub(crate) steal: bool,
    /// Send characters in the clear, if the BMC allows it
    #[arg(long)]
    pub(crate) no_encryption: bool,
    /// Escape character at the beginning of a line, or 'none'
    #[arg(short, long, value_name = "CHAR", default_value = "~", value_parser = escape)]
    pub(crate) escape: Escape,
    #[command(flatten)]
    pub(crate) keep: Keep,
    /// Once standard input has ended, leave when the machine was silent for so long
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = super::words::seconds)]
    pub(crate) linger: std::time::Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Which instance [default: the first after 1 that is free]
    #[arg(long, value_name = "N", value_parser = instance)]
    pub(crate) instance: Option<u8>,
    #[command(flatten)]
    pub(crate) keep: Keep,
}

/// What is done about what is shown, and about losing it.
#[derive(Debug, Args)]
pub(crate) struct Keep {
    /// Keep what is shown in FILE, each line with its time; readable by its owner only
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// Move the log aside when it has so many bytes
    #[arg(long, value_name = "BYTES", default_value = "10485760", requires = "log")]
    pub(crate) log_size: u64,
    /// Keep so many of those
    #[arg(long, value_name = "N", default_value = "5", requires = "log")]
    pub(crate) log_files: u32,
    /// End when the console is lost, in the place of trying to get it back
    #[arg(long)]
    pub(crate) no_reconnect: bool,
}

/// The escape character, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Escape(pub(crate) Option<u8>);

pub(super) fn escape(text: &str) -> Result<Escape, String> {
    match text.as_bytes() {
        b"none" => Ok(Escape(None)),
        [byte] if byte.is_ascii_graphic() => Ok(Escape(Some(*byte))),
        [b'^', letter @ b'@'..=b'_'] => Ok(Escape(Some(letter & 0x1f))),
        _ => Err("a character, ^ and a letter for a control character, or 'none'".to_owned()),
    }
}

fn instance(text: &str) -> Result<u8, String> {
    let number = text.parse().ok().filter(|number| (1..=15).contains(number));
    number.ok_or_else(|| "a number from 1 to 15".to_owned())
}
