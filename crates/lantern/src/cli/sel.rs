//! `sel` as it is typed.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use ipmi_wire::sdr::{EventReadingType, SensorType};

use super::records::{
    When, event_type, generator, record_id, sensor_type, since, utc_offset, when,
};
use super::words::byte;

#[derive(Debug, Subcommand)]
pub(crate) enum Sel {
    /// Events, oldest first
    #[command(alias = "elist")]
    List {
        #[command(flatten)]
        filter: EventFilter,
        /// Stay, and show what is logged from now on, until Ctrl-C
        #[arg(long, short)]
        follow: bool,
        #[command(flatten)]
        names: Names,
    },
    /// Everything in single events
    Get {
        /// Record IDs (12, 0x000c), 'first' or 'last'
        #[arg(required = true, value_name = "ID", value_parser = record_id)]
        records: Vec<u16>,
        #[command(flatten)]
        names: Names,
    },
    /// The log itself
    Info,
    /// Add events
    #[command(group = ArgGroup::new("event").required(true))]
    Add(Add),
    /// Delete single events
    Delete {
        /// Record IDs (12, 0x000c), 'first' or 'last'
        #[arg(required = true, value_name = "ID", value_parser = record_id)]
        records: Vec<u16>,
    },
    /// Erase all events
    Clear {
        /// Write them to this file first, as 'sel save' does
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Write the log to a file
    Save {
        /// - is standard output
        file: PathBuf,
        #[command(flatten)]
        form: LogForm,
    },
    /// Add the events of a file to the log
    Replay {
        /// As 'sel save' or ipmitool's 'sel save' and 'sel writeraw' write it; - is standard input
        file: PathBuf,
        #[command(flatten)]
        form: LogForm,
    },
    /// The log's clock
    #[command(subcommand)]
    Time(SelTime),
    /// Show what is logged from now on, until Ctrl-C
    Follow {
        #[command(flatten)]
        filter: Severities,
        /// How often the log is looked at
        #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = super::words::seconds)]
        interval: std::time::Duration,
        #[command(flatten)]
        names: Names,
    },
}

/// Which events are wanted.
#[derive(Debug, Default, Args)]
pub(crate) struct EventFilter {
    /// Only this many, the newest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) last: Option<u16>,
    /// Only newer ones: after a time (2026-09-20, 2026-09-20T14:03:07Z; UTC), for a time (30m, 2d),
    /// or after a record ID
    #[arg(long, value_name = "TIME|ID", value_parser = since, conflicts_with = "last")]
    pub(crate) since: Option<Since>,
    #[command(flatten)]
    pub(crate) severities: Severities,
}

/// From where on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// After the record with this ID.
    Record(u16),
    /// At this time or later, seconds since 1970.
    Time(u32),
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Severities {
    /// Only events this grave, or graver
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) severity: Option<AtLeast>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum AtLeast {
    #[value(alias = "info")]
    Information,
    Warning,
    Critical,
    NonRecoverable,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Names {
    /// Do not read sensor records first: faster, but numbers in the place of names
    #[arg(long)]
    pub(crate) no_names: bool,
}

/// One event in options, or many in a file.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// File with an event a line, as ipmitool's 'sel add' takes it: seven numbers, # and a comment
    #[arg(long, value_name = "FILE", group = "event")]
    pub(crate) file: Option<PathBuf>,
    /// Sensor type: a name, part of one, or a number
    #[arg(long = "type", value_name = "TYPE", value_parser = sensor_type, group = "event")]
    #[arg(requires = "data")]
    pub(crate) sensor_type: Option<SensorType>,
    /// Sensor number
    #[arg(long, value_name = "N", value_parser = byte, default_value = "0")]
    #[arg(conflicts_with = "file")]
    pub(crate) number: u8,
    /// Event type: threshold, sensor-specific, or a number
    #[arg(long, value_name = "TYPE", value_parser = event_type)]
    #[arg(default_value = "sensor-specific", conflicts_with = "file")]
    pub(crate) event_type: EventReadingType,
    /// Event data: the state's number, and two bytes with more; what is missing is 0xff
    #[arg(long, value_name = "BYTE", value_parser = byte, value_delimiter = ',')]
    #[arg(num_args = 1..=3, conflicts_with = "file")]
    pub(crate) data: Vec<u8>,
    /// The state went, rather than came
    #[arg(long, conflicts_with = "file")]
    pub(crate) deassert: bool,
    /// Who reports it: slave address or software ID [default: 0x41, system management software]
    #[arg(long, value_name = "N", value_parser = generator)]
    pub(crate) generator: Option<u16>,
}

/// What a file of events looks like.
#[derive(Clone, Copy, Debug, Default, Args)]
#[group(multiple = false)]
pub(crate) struct LogForm {
    /// 16 bytes a record, as ipmitool's 'sel writeraw' and 'readraw' have it
    #[arg(long)]
    pub(crate) raw: bool,
    /// One JSON object a line, with times and all that records say
    #[arg(long)]
    pub(crate) jsonl: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SelTime {
    /// What time it is there
    Get,
    /// Set it
    Set {
        /// 'now', or a time (2026-09-20T14:03:07Z; UTC)
        #[arg(value_name = "now|TIME", value_parser = when, default_value = "now")]
        when: When,
    },
    /// How far the clock is ahead of UTC; show it, or set it
    UtcOffset {
        /// Minutes (-90), hours and minutes (+05:30), or 'unspecified'
        #[arg(value_name = "OFFSET", value_parser = utc_offset, allow_hyphen_values = true)]
        offset: Option<ipmi_wire::cmd::storage::UtcOffset>,
    },
}
