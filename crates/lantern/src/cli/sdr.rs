//! `sdr` as it is typed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use ipmi_wire::sdr::SensorType;

use super::records::{EntityPattern, entity, sensor_type};

#[derive(Debug, Subcommand)]
pub(crate) enum Sdr {
    /// Sensors with their readings, or records of any kind
    #[command(alias = "elist")]
    List {
        #[command(flatten)]
        filter: RecordFilter,
        /// Read the records from a file that 'sdr dump' wrote; nothing is sent, nothing is read
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
    /// Everything in single records
    Get {
        /// Names, or record IDs (12, 0x000c)
        #[arg(required = true, value_name = "NAME|ID")]
        records: Vec<String>,
        /// Read the records from a file that 'sdr dump' wrote; nothing is sent
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
    /// The sensors of one type, or which types there are
    Type {
        /// 'list', or a type: a name, part of one, or a number
        #[arg(value_name = "TYPE", default_value = "list")]
        which: String,
    },
    /// The sensors of one entity
    Entity {
        /// Number (7), number and instance (7.1), or a name ('system board')
        #[arg(value_name = "ENTITY", value_parser = entity)]
        which: EntityPattern,
    },
    /// The repository itself
    Info,
    /// Write the repository's records to a file, one after the other
    Dump {
        /// - is standard output
        file: PathBuf,
    },
    /// Replace the repository by the records of a file
    Replay {
        /// As 'sdr dump' writes it
        file: PathBuf,
        /// Write the present records to this file first, as 'sdr dump' does
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Records that are kept on this machine, so that they need not be read each time
    #[command(subcommand)]
    Cache(SdrCache),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum SdrCache {
    /// What is kept, and where
    Show,
    /// Forget it
    Clear,
}

/// Which records are wanted.
#[derive(Debug, Default, Args)]
pub(crate) struct RecordFilter {
    /// Only sensors of this type: a name, part of one, or a number
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', value_parser = sensor_type)]
    pub(crate) types: Vec<SensorType>,
    /// Only what belongs to this entity: number (7), number and instance (7.1), or a name
    #[arg(long, value_name = "ENTITY", value_parser = entity)]
    pub(crate) entity: Option<EntityPattern>,
    /// Which records
    #[arg(long, value_enum, default_value_t)]
    pub(crate) kind: RecordKind,
}

/// Kinds of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordKind {
    /// What can be read: full and compact sensor records
    #[default]
    Sensors,
    /// Sensors with conversion factors
    Full,
    /// Sensors without
    Compact,
    /// Sensors that only send events
    EventOnly,
    /// FRU device locators
    Fru,
    /// Controller locators
    Mc,
    /// Generic device locators
    Generic,
    /// Which entities contain which
    Association,
    /// Makers' own
    Oem,
    /// Everything
    All,
}
