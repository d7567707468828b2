//! `dcmi` as it is typed.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use ipmi_wire::cmd::dcmi::ExceptionAction;

use super::words::on_off;

#[derive(Debug, Subcommand)]
pub(crate) enum Dcmi {
    /// What the BMC has of DCMI
    Discover,
    /// What the machine draws
    Power {
        /// Over each period that the BMC has averages of
        #[arg(long)]
        enhanced: bool,
    },
    /// How much the machine may draw
    #[command(subcommand)]
    Limit(DcmiLimit),
    /// The asset tag; read, or set and read back
    AssetTag {
        /// Up to 63 bytes; '' is none
        #[arg(long, value_name = "TEXT")]
        set: Option<String>,
    },
    /// The management controller's identifier string; read, or set and read back
    McId {
        /// Up to 63 bytes
        #[arg(long, value_name = "TEXT")]
        set: Option<String>,
    },
    /// The temperature sensors of inlet, processors and board
    Sensors,
    /// Their temperatures, in whole degrees
    Temperature,
    /// How hot it may get at the inlet
    #[command(subcommand)]
    Thermal(DcmiThermal),
    /// How the BMC makes itself known by DHCP
    #[command(subcommand)]
    Config(DcmiConfig),
}

#[derive(Debug, Subcommand)]
pub(crate) enum DcmiLimit {
    /// The limit, and whether it is in force
    Show,
    /// Change it, and read it back; what is not named stays
    #[command(group = ArgGroup::new("change").multiple(true).required(true))]
    Set {
        /// Watts
        #[arg(long, group = "change")]
        watts: Option<u16>,
        /// What is done about a machine that stays above
        #[arg(long, value_enum, group = "change")]
        action: Option<Action>,
        /// Milliseconds that it has to get below
        #[arg(long, value_name = "MS", group = "change")]
        correction: Option<u32>,
        /// Seconds that power statistics are about
        #[arg(long, value_name = "SECONDS", group = "change")]
        sampling: Option<u16>,
    },
    /// Put it in force
    On,
    /// Put it out of force
    Off,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DcmiThermal {
    /// The limit
    Show {
        #[command(flatten)]
        at: Inlet,
    },
    /// Set it, and read it back
    Set {
        #[command(flatten)]
        at: Inlet,
        /// Degrees Celsius
        #[arg(long)]
        celsius: u8,
        /// Seconds above it before anything is done
        #[arg(long, default_value_t = 0, required_if_eq("action", "power-off"))]
        seconds: u16,
        /// What is done then
        #[arg(long, value_enum)]
        action: Action,
        /// Until the BMC starts anew
        #[arg(long)]
        volatile: bool,
    },
}

/// Which sensor at the inlet.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Inlet {
    /// Which one, if there are several
    #[arg(value_name = "N", default_value_t = 1)]
    pub(crate) instance: u8,
}

/// What is done about a limit that is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Action {
    /// Nothing
    None,
    /// An event goes into the log
    Log,
    /// An event goes into the log, and the machine goes off at once
    PowerOff,
}

impl From<Action> for ExceptionAction {
    fn from(action: Action) -> Self {
        match action {
            Action::None => Self::None,
            Action::Log => Self::Log,
            Action::PowerOff => Self::PowerOff,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum DcmiConfig {
    /// All parameters
    Show,
    /// Change some, and read them back; what is not named stays
    #[command(group = ArgGroup::new("change").multiple(true).required(true))]
    Set {
        /// Tell the DHCP server the identifier string as host name
        #[arg(long, value_name = "on|off", value_parser = on_off, group = "change")]
        host_name: Option<bool>,
        /// Tell it that this is a controller of DCMI
        #[arg(long, value_name = "on|off", value_parser = on_off, group = "change")]
        vendor_class: Option<bool>,
        /// Wait for a random time between tries
        #[arg(long, value_name = "on|off", value_parser = on_off, group = "change")]
        random_back_off: Option<bool>,
        /// Seconds for the first answer
        #[arg(long, value_name = "SECONDS", group = "change")]
        initial_timeout: Option<u8>,
        /// Seconds of trying to reach a server
        #[arg(long, value_name = "SECONDS", group = "change")]
        contact_timeout: Option<u16>,
        /// Seconds until that begins anew
        #[arg(long, value_name = "SECONDS", group = "change")]
        contact_retry: Option<u16>,
    },
}
