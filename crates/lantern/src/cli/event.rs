//! `event` as it is typed.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use ipmi_wire::sdr::{EventReadingType, SensorType};

use super::records::{event_type, sensor_type};
use super::words::byte;

#[derive(Debug, Subcommand)]
pub(crate) enum Event {
    /// Which events there are to be sent: of sensors, all or some, and the samples
    List {
        /// Names, or numbers (0x30)
        #[arg(value_name = "NAME|NUMBER")]
        sensors: Vec<String>,
    },
    /// Send an event, and look up which record of the log it became
    #[command(group = ArgGroup::new("event").required(true), after_help = SEND)]
    Send(EventSend),
}

#[derive(Debug, Args)]
pub(crate) struct EventSend {
    /// Of a sensor: its name, or number (0x30)
    #[arg(value_name = "NAME|NUMBER", group = "event", requires = "state")]
    pub(crate) sensor: Option<String>,
    /// The state: its number, its text or part of that, or a threshold crossed (uc, lnr, uc-)
    #[arg(value_name = "STATE")]
    pub(crate) state: Option<String>,
    /// It went, rather than came
    #[arg(long)]
    pub(crate) deassert: bool,
    /// Two more bytes of event data [default: 0xff]
    #[arg(long, value_name = "BYTE", value_parser = byte, value_delimiter = ',', num_args = 1..=2)]
    #[arg(requires = "state")]
    pub(crate) detail: Vec<u8>,
    /// A sample: 1 temperature too high, 2 voltage too low, 3 memory error
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    #[arg(group = "event", conflicts_with_all = ["sensor", "state"])]
    pub(crate) sample: Option<u8>,
    /// Events of a file, one a line, as ipmitool's 'event file' takes them; - is standard input
    #[arg(long, value_name = "FILE", group = "event")]
    #[arg(conflicts_with_all = ["sensor", "state", "deassert"])]
    pub(crate) file: Option<PathBuf>,
    /// Of no sensor that has a record: sensor type, a name, part of one, or a number
    #[arg(long = "type", value_name = "TYPE", value_parser = sensor_type, group = "event")]
    #[arg(requires = "data", conflicts_with_all = ["sensor", "state"])]
    pub(crate) sensor_type: Option<SensorType>,
    /// With --type: sensor number
    #[arg(long, value_name = "N", value_parser = byte, default_value = "0")]
    #[arg(requires = "sensor_type")]
    pub(crate) number: u8,
    /// With --type: threshold, sensor-specific, or a number
    #[arg(long, value_name = "TYPE", value_parser = event_type)]
    #[arg(default_value = "sensor-specific", requires = "sensor_type")]
    pub(crate) event_type: EventReadingType,
    /// With --type: event data, the state's number and two bytes with more
    #[arg(long, value_name = "BYTE", value_parser = byte, value_delimiter = ',')]
    #[arg(num_args = 1..=3, requires = "sensor_type")]
    pub(crate) data: Vec<u8>,
}

const SEND: &str = "\
An event is sent once. Filters may act on it as on any other: alerts go out, machines are restarted.
'event list NAME' shows which states a sensor has.";
