//! `sensor` as it is typed.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use ipmi_wire::sdr::{SensorType, ThresholdKind};

use super::complete;
use super::records::{number, sensor_type, states};

#[derive(Debug, Subcommand)]
pub(crate) enum Sensor {
    /// Every sensor: reading, state, thresholds
    List {
        #[command(flatten)]
        filter: SensorFilter,
        /// Do not read thresholds: one exchange less for each sensor that has them
        #[arg(long)]
        no_thresholds: bool,
        #[command(flatten)]
        fail: Fail,
    },
    /// Everything about single sensors
    Get {
        /// Names, or numbers (0x30)
        #[arg(required = true, value_name = "NAME|NUMBER", add = complete::sensors())]
        sensors: Vec<String>,
        #[command(flatten)]
        fail: Fail,
    },
    /// Set thresholds, in the sensor's unit
    #[command(group = ArgGroup::new("thresholds").multiple(true).required(true))]
    #[command(
        override_usage = "lantern sensor set [OPTIONS] <NAME|NUMBER> --<THRESHOLD> <VALUE>..."
    )]
    Set {
        /// Name, or number (0x30)
        #[arg(value_name = "NAME|NUMBER", add = complete::sensors())]
        sensor: String,
        #[command(flatten)]
        thresholds: Thresholds,
    },
    /// Set how far back a reading must go before a crossed threshold counts as left, in the
    /// sensor's unit
    #[command(group = ArgGroup::new("hysteresis").multiple(true).required(true))]
    Hysteresis {
        /// Name, or number (0x30)
        #[arg(value_name = "NAME|NUMBER", add = complete::sensors())]
        sensor: String,
        /// Of going high: below an upper threshold
        #[arg(long, value_name = "VALUE", value_parser = number, group = "hysteresis")]
        positive: Option<f64>,
        /// Of going low: above a lower threshold
        #[arg(long, value_name = "VALUE", value_parser = number, group = "hysteresis")]
        negative: Option<f64>,
    },
    /// Let a sensor scan, or send events
    #[command(after_help = EVENTS)]
    Enable(Switch),
    /// Keep a sensor from scanning, or from sending events
    #[command(after_help = EVENTS)]
    Disable(Switch),
    /// Let a sensor report again what it has reported, and forget what it latched
    #[command(after_help = EVENTS)]
    Rearm {
        /// Name, or number (0x30)
        #[arg(value_name = "NAME|NUMBER", add = complete::sensors())]
        sensor: String,
        /// Single events [default: all]
        #[arg(value_name = "EVENT")]
        events: Vec<String>,
    },
}

/// Which sensors are wanted.
#[derive(Debug, Default, Args)]
pub(crate) struct SensorFilter {
    /// Only sensors of this type: a name, part of one, or a number
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', value_parser = sensor_type)]
    pub(crate) types: Vec<SensorType>,
    /// Only sensors in these states: ok, warning, critical, absent, unreadable; 'warning..' is
    /// warning and worse
    #[arg(long, value_name = "STATE", value_parser = states)]
    pub(crate) state: Option<States>,
}

/// A set of states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct States(pub(crate) Vec<State>);

/// How a sensor's thing is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum State {
    #[value(alias = "nominal")]
    Ok,
    Warning,
    Critical,
    Absent,
    #[value(alias = "unknown")]
    Unreadable,
}

/// When a command fails although it worked, for monitoring.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Fail {
    /// Exit with 5 if a sensor that is shown is in this state, or worse
    #[arg(long, value_name = "STATE")]
    pub(crate) fail_on: Option<FailOn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Warning,
    Critical,
}

/// Thresholds and their values.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Thresholds")]
pub(crate) struct Thresholds {
    #[arg(long, visible_aliases = ["lnr"], value_name = "VALUE", value_parser = number)]
    #[arg(group = "thresholds", allow_negative_numbers = true)]
    lower_non_recoverable: Option<f64>,
    #[arg(long, visible_aliases = ["lc"], alias = "lcr", value_name = "VALUE")]
    #[arg(group = "thresholds", value_parser = number, allow_negative_numbers = true)]
    lower_critical: Option<f64>,
    #[arg(long, visible_aliases = ["lnc"], value_name = "VALUE", value_parser = number)]
    #[arg(group = "thresholds", allow_negative_numbers = true)]
    lower_non_critical: Option<f64>,
    #[arg(long, visible_aliases = ["unc"], value_name = "VALUE", value_parser = number)]
    #[arg(group = "thresholds", allow_negative_numbers = true)]
    upper_non_critical: Option<f64>,
    #[arg(long, visible_aliases = ["uc"], alias = "ucr", value_name = "VALUE")]
    #[arg(group = "thresholds", value_parser = number, allow_negative_numbers = true)]
    upper_critical: Option<f64>,
    #[arg(long, visible_aliases = ["unr"], value_name = "VALUE", value_parser = number)]
    #[arg(group = "thresholds", allow_negative_numbers = true)]
    upper_non_recoverable: Option<f64>,
}

impl Thresholds {
    /// Those that were given.
    pub(crate) fn given(&self) -> Vec<(ThresholdKind, f64)> {
        use ThresholdKind::{
            LowerCritical, LowerNonCritical, LowerNonRecoverable, UpperCritical, UpperNonCritical,
            UpperNonRecoverable,
        };
        [
            (LowerNonRecoverable, self.lower_non_recoverable),
            (LowerCritical, self.lower_critical),
            (LowerNonCritical, self.lower_non_critical),
            (UpperNonCritical, self.upper_non_critical),
            (UpperCritical, self.upper_critical),
            (UpperNonRecoverable, self.upper_non_recoverable),
        ]
        .into_iter()
        .filter_map(|(kind, value)| Some((kind, value?)))
        .collect()
    }
}

#[derive(Debug, Args)]
pub(crate) struct Switch {
    /// Name, or number (0x30)
    #[arg(value_name = "NAME|NUMBER")]
    pub(crate) sensor: String,
    /// 'scanning', 'events' (all messages of the sensor), or single events
    #[arg(value_name = "WHAT", required = true)]
    pub(crate) what: Vec<String>,
}

const EVENTS: &str = "\
An event is a threshold, lnr, lc, lnc, unc, uc or unr, which is crossed outwards; with + or - behind
it, it is crossed going high or going low (uc+, uc-). Of a sensor with states an event is a state's
number (0 to 14). Without more, an event's coming and its going are meant; :assert and :deassert
choose one of them: uc:deassert, 3:assert.

'lantern sensor get NAME' shows which events there are, and which are enabled.";
