//! `mc watchdog`, `enables`, `sysinfo` and `acpi` as they are typed.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use ipmi_wire::cmd::app::{AcpiDeviceState, AcpiSystemState};

use super::words::byte;

#[derive(Debug, Subcommand)]
pub(crate) enum Watchdog {
    /// What it is set to, whether it runs, what has expired
    #[command(alias = "get")]
    Show,
    /// Set it; what is not named stays. It does not start, and one that runs stops
    #[command(group = ArgGroup::new("what").multiple(true).required(true))]
    Set(WatchdogSet),
    /// Stop it, and leave it as it is otherwise
    Off,
    /// Wind it up: start it, or start it again
    Reset,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct WatchdogSet {
    /// How long it runs: 0.1 to 6553.5
    #[arg(long, value_name = "SECONDS", value_parser = tenths, group = "what")]
    pub(crate) timeout: Option<u16>,
    /// What it is used for
    #[arg(long = "use", value_enum, value_name = "USE", group = "what")]
    pub(crate) timer_use: Option<UseWord>,
    /// What happens when it expires
    #[arg(long, value_enum, value_name = "ACTION", group = "what")]
    pub(crate) action: Option<ActionWord>,
    /// What happens some time before
    #[arg(long, value_enum, value_name = "INTERRUPT", group = "what")]
    pub(crate) interrupt: Option<InterruptWord>,
    /// How long before
    #[arg(long, value_name = "SECONDS", group = "what")]
    pub(crate) pre_timeout: Option<u8>,
    /// Whether its expiration is an event
    #[arg(long, value_name = "on|off", value_parser = on_off, group = "what")]
    pub(crate) log: Option<bool>,
    /// Forget that it has expired for these uses
    #[arg(long, value_enum, value_name = "USE", value_delimiter = ',', group = "what")]
    pub(crate) clear: Vec<UseWord>,
    /// One that runs goes on, from the new start
    #[arg(long)]
    pub(crate) dont_stop: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UseWord {
    /// Firmware before it sets the machine up
    #[value(alias = "frb2")]
    BiosFrb2,
    /// Firmware while it sets the machine up
    #[value(alias = "post")]
    BiosPost,
    /// Loading the operating system
    #[value(alias = "osload")]
    OsLoad,
    /// The operating system, or management software under it
    #[value(alias = "sms")]
    SmsOs,
    /// The manufacturer's own
    Oem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ActionWord {
    /// Nothing but the flag and the event
    None,
    /// Hard reset
    Reset,
    /// Power down
    #[value(alias = "poweroff")]
    PowerDown,
    /// Power cycle
    #[value(alias = "cycle")]
    PowerCycle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InterruptWord {
    /// Nothing
    None,
    /// A system management interrupt
    Smi,
    /// A diagnostic interrupt
    Nmi,
    /// An interrupt of the system interface
    #[value(alias = "msg")]
    Messaging,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Enables {
    /// Which are on
    #[command(alias = "get")]
    Show,
    /// Switch some on or off. By the specification that is for software on the machine itself; some
    /// BMCs let consoles do it, too
    #[command(group = ArgGroup::new("what").multiple(true).required(true))]
    Set(EnablesSet),
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct EnablesSet {
    /// An interrupt tells of a message in the receive message queue
    #[arg(long, value_name = "on|off", value_parser = on_off, group = "what")]
    pub(crate) receive_interrupt: Option<bool>,
    /// An interrupt tells that the event message buffer is full
    #[arg(long, value_name = "on|off", value_parser = on_off, group = "what")]
    pub(crate) event_interrupt: Option<bool>,
    /// Events go into the event message buffer
    #[arg(long, value_name = "on|off", value_parser = on_off, group = "what")]
    pub(crate) event_buffer: Option<bool>,
    /// Events go into the log
    #[arg(long, value_name = "on|off", value_parser = on_off, group = "what")]
    pub(crate) logging: Option<bool>,
    /// The manufacturer's own, first
    #[arg(long, value_name = "on|off", value_parser = on_off, group = "what")]
    pub(crate) oem0: Option<bool>,
    /// Second
    #[arg(long, value_name = "on|off", value_parser = on_off, group = "what")]
    pub(crate) oem1: Option<bool>,
    /// Third
    #[arg(long, value_name = "on|off", value_parser = on_off, group = "what")]
    pub(crate) oem2: Option<bool>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SystemInfo {
    /// All names, or some of them
    #[command(alias = "get")]
    Show {
        /// Which
        #[arg(value_enum, value_name = "NAME")]
        names: Vec<TextName>,
    },
    /// Set one
    Set {
        /// Which
        #[arg(value_enum, value_name = "NAME")]
        name: TextName,
        /// At most 255 bytes; '' is none
        text: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextName {
    /// Version of the system's firmware
    #[value(alias = "system_fw_version")]
    FirmwareVersion,
    /// Name of the system
    #[value(alias = "system_name")]
    SystemName,
    /// Name of the operating system that is meant to run
    #[value(alias = "primary_os_name")]
    PrimaryOsName,
    /// Name of the operating system that runs
    #[value(alias = "os_name")]
    OsName,
    /// Version of the operating system that runs
    OsVersion,
    /// Where the controller can be reached
    BmcUrl,
    /// Where the base operating system or hypervisor can be reached
    HypervisorUrl,
}

#[derive(Clone, Copy, Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct AcpiSet {
    /// S0 to S5, s4-s5, g3, sleeping, g1, override, legacy-on, legacy-off or unknown
    #[arg(long, value_name = "STATE", value_parser = system_state)]
    pub(crate) system: Option<AcpiSystemState>,
    /// D0 to D3, or unknown
    #[arg(long, value_name = "STATE", value_parser = device_state)]
    pub(crate) device: Option<AcpiDeviceState>,
}

/// Seconds, in tenths.
fn tenths(text: &str) -> Result<u16, String> {
    let seconds = text.parse().ok().filter(|seconds: &f64| (0.1..=6553.5).contains(seconds));
    let tenths = seconds.map(|seconds| (seconds * 10.0).round());
    // It is between 1 and 65535.
    tenths.map(|tenths| tenths as u16).ok_or_else(|| "0.1 to 6553.5 seconds".to_owned())
}

fn on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("'on' or 'off'".to_owned()),
    }
}

fn system_state(text: &str) -> Result<AcpiSystemState, String> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "s0" => AcpiSystemState::S0,
        "s1" => AcpiSystemState::S1,
        "s2" => AcpiSystemState::S2,
        "s3" => AcpiSystemState::S3,
        "s4" => AcpiSystemState::S4,
        "s5" => AcpiSystemState::S5,
        "s4-s5" => AcpiSystemState::S4_OR_S5,
        "g3" => AcpiSystemState::G3,
        "sleeping" => AcpiSystemState::SLEEPING,
        "g1" => AcpiSystemState::G1_SLEEPING,
        "override" => AcpiSystemState::OVERRIDE,
        "legacy-on" => AcpiSystemState::LEGACY_ON,
        "legacy-off" => AcpiSystemState::LEGACY_OFF,
        "unknown" => AcpiSystemState::UNKNOWN,
        text => byte(text)
            .ok()
            .filter(|number| *number < 0x80)
            .and_then(AcpiSystemState::from_number)
            .ok_or(
                "s0 to s5, s4-s5, g3, sleeping, g1, override, legacy-on, legacy-off or unknown",
            )?,
    })
}

fn device_state(text: &str) -> Result<AcpiDeviceState, String> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "d0" => AcpiDeviceState::D0,
        "d1" => AcpiDeviceState::D1,
        "d2" => AcpiDeviceState::D2,
        "d3" => AcpiDeviceState::D3,
        "unknown" => AcpiDeviceState::UNKNOWN,
        _ => return Err("d0 to d3, or unknown".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_they_mean() {
        assert_eq!([tenths("10"), tenths("0.1"), tenths("6553.5")], [Ok(100), Ok(1), Ok(65535)]);
        assert!(["0", "0.04", "6554", "-1", "nan", "x"].iter().all(|text| tenths(text).is_err()));
        assert_eq!(system_state("S5"), Ok(AcpiSystemState::S5));
        assert_eq!(system_state("0x2a"), Ok(AcpiSystemState::UNKNOWN));
        assert!(system_state("0x7f").is_err() && system_state("0x80").is_err());
        assert_eq!(device_state("D3"), Ok(AcpiDeviceState::D3));
        assert!(device_state("d4").is_err() && on_off("yes").is_err());
    }
}
