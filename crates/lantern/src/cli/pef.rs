//! `pef` as it is typed.

use clap::Subcommand;

use super::words::byte;

#[derive(Debug, Subcommand)]
pub(crate) enum Pef {
    /// What the BMC has of it: actions, filters, policies, the GUID in traps
    Info,
    /// What is enabled, and how far events have been seen to
    Status,
    /// Event filters: which events lead to what
    #[command(subcommand)]
    Filter(PefFilter),
    /// Alert policies: where alerts go
    #[command(subcommand)]
    Policy(PefPolicy),
    /// Alert strings
    #[command(subcommand)]
    String(PefString),
}

#[derive(Debug, Subcommand)]
pub(crate) enum PefFilter {
    /// All of them
    List,
    /// Put one in force, and read it back
    Enable {
        /// Its number
        #[arg(value_parser = byte)]
        number: u8,
    },
    /// Put one out of force, and read it back
    Disable {
        /// Its number
        #[arg(value_parser = byte)]
        number: u8,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PefPolicy {
    /// All entries of the table, and where they lead
    List,
    /// Put one in force, and read it back
    Enable {
        /// Its number
        #[arg(value_parser = byte)]
        number: u8,
    },
    /// Put one out of force, and read it back
    Disable {
        /// Its number
        #[arg(value_parser = byte)]
        number: u8,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PefString {
    /// All of them
    List,
}
