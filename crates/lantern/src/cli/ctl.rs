//! `bmc ctl` as it is typed.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use ipmi_session::Quirk;
use lantern_bmcd::control::protocol::{self, SelfTestFlag, SelfTestFlags, SensorName};

use super::byte;
use super::records::number;

#[derive(Debug, Args)]
pub(crate) struct Ctl {
    /// The control socket: what 'lantern bmc run' was told with --control
    #[arg(long, global = true, value_name = "PATH", env = "LANTERN_BMC_SOCKET")]
    #[arg(hide_env_values = true)]
    pub(crate) socket: Option<PathBuf>,
    /// Which BMC, where several are behind the socket
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) bmc: Option<String>,
    #[command(subcommand)]
    pub(crate) command: CtlCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CtlCommand {
    /// The BMCs behind the socket
    List,
    /// Power, sessions, sensors, log, watchdog, quirks, faults
    Status,
    /// What sensors say, and what they are made to say
    #[command(subcommand)]
    Sensor(CtlSensor),
    /// Put an event into the log
    #[command(subcommand)]
    Event(CtlEvent),
    /// The event log
    #[command(subcommand)]
    Sel(CtlSel),
    /// Press a button on the front panel
    Button {
        /// Which
        #[arg(value_enum)]
        button: CtlButton,
        /// Hold the power button for four seconds: off at once
        #[arg(long)]
        held: bool,
    },
    /// The machine's main power, as a command from the host has it
    Power {
        /// What
        #[arg(value_enum)]
        action: CtlPower,
    },
    /// The plug: without mains the BMC answers nobody
    Mains {
        /// What
        #[arg(value_enum)]
        action: CtlMains,
    },
    /// The lid
    Lid {
        /// What
        #[arg(value_enum)]
        action: CtlLid,
    },
    /// Departures from the specification: see docs/quirks.md
    #[command(subcommand)]
    Quirk(CtlQuirk),
    /// What the BMC does wrong beyond its sessions: see docs/quirks.md
    #[command(subcommand)]
    Fault(CtlFault),
    /// What the self test finds
    #[command(subcommand, name = "selftest")]
    SelfTest(CtlSelfTest),
    /// What DHCP gives; it shows if the BMC's address comes from there
    #[command(subcommand)]
    Lease(CtlLease),
    /// The system's serial port, which Serial over LAN is about
    #[command(subcommand)]
    Console(CtlConsole),
    /// Sessions with the BMC
    #[command(subcommand)]
    Session(CtlSession),
    /// Show what happens, until interrupted
    Follow,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CtlSensor {
    /// Every sensor
    List,
    /// One sensor
    Get {
        /// Name, or number (0x30)
        #[arg(value_name = "NAME|NUMBER", value_parser = sensor)]
        sensor: SensorName,
    },
    /// Make a sensor say something, until it is released
    #[command(group = ArgGroup::new("says").required(true))]
    Set {
        /// Name, or number (0x30)
        #[arg(value_name = "NAME|NUMBER", value_parser = sensor)]
        sensor: SensorName,
        /// A value in its unit
        #[arg(value_parser = number, group = "says", allow_negative_numbers = true)]
        value: Option<f64>,
        /// The numbers of the states that are asserted, or 'none'
        #[arg(long, value_name = "N[,N]", value_parser = states, group = "says")]
        states: Option<StateNumbers>,
        /// No reading can be had
        #[arg(long, group = "says")]
        unavailable: bool,
    },
    /// Let a sensor tell the truth again
    #[command(group = ArgGroup::new("which").required(true))]
    Release {
        /// Name, or number (0x30)
        #[arg(value_name = "NAME|NUMBER", value_parser = sensor, group = "which")]
        sensor: Option<SensorName>,
        /// All that were set
        #[arg(long, group = "which")]
        all: bool,
    },
}

/// The numbers of states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StateNumbers(pub(crate) Vec<u8>);

#[derive(Debug, Subcommand)]
pub(crate) enum CtlEvent {
    /// An event of a sensor, or any record
    #[command(group = ArgGroup::new("what").required(true))]
    Inject {
        /// The sensor: name, or number (0x30)
        #[arg(value_name = "NAME|NUMBER", value_parser = sensor, group = "what")]
        #[arg(requires = "offset")]
        sensor: Option<SensorName>,
        /// The number of its state, or of its threshold event: 0 to 15
        #[arg(value_parser = byte)]
        offset: Option<u8>,
        /// That it is over, rather than that it began
        #[arg(long, requires = "sensor")]
        deassert: bool,
        /// Event data 2 and 3
        #[arg(long, value_name = "B,B", value_parser = pair, requires = "sensor")]
        data: Option<[u8; 2]>,
        /// A whole record: 16 bytes in hexadecimal; its number and time do not count
        #[arg(long, value_name = "HEX", group = "what")]
        record: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CtlSel {
    /// What is in it
    List {
        /// Only the newest
        #[arg(long, value_name = "N")]
        last: Option<usize>,
    },
    /// Take everything out
    Clear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CtlButton {
    /// On, or a shutdown of the operating system
    Power,
    /// Reset
    Reset,
    /// Diagnostic interrupt (NMI)
    Diagnostic,
    /// Identification light, on and off
    Identify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CtlPower {
    /// Switch on
    On,
    /// Switch off at once
    Off,
    /// Ask the operating system to shut down
    Soft,
    /// Off, and on again
    Cycle,
    /// Hard reset
    Reset,
    /// Pulse a diagnostic interrupt (NMI)
    Diag,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CtlMains {
    /// Pull the plug
    Pull,
    /// Put it in again; the restore policy says what the machine does
    Restore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CtlLid {
    /// Open it
    Open,
    /// Close it
    Close,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CtlQuirk {
    /// Those that are on, and all that there are
    List,
    /// Have these and no others
    Set {
        /// Their names; none is the same as 'clear'
        #[arg(value_name = "NAME", value_parser = quirk)]
        quirks: Vec<Quirk>,
    },
    /// Be as the specification has it
    Clear,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CtlFault {
    /// All that there are, and which are on
    List,
    /// Have these and no others
    Set {
        /// Their names, with how much of each; none is the same as 'clear'
        #[arg(value_name = "NAME[=N]", value_parser = fault)]
        faults: Vec<String>,
    },
    /// Do nothing wrong
    Clear,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CtlSelfTest {
    /// Make it find something, until it is told to look again
    #[command(subcommand)]
    Set(CtlSelfTestResult),
}

#[derive(Debug, Subcommand)]
pub(crate) enum CtlSelfTestResult {
    /// Look again: what is true
    Passed,
    /// There is no self test
    NotImplemented,
    /// Data or devices are corrupted or cannot be reached
    Corrupted {
        /// What: names as 'mc selftest -o json' has them, or the byte (0x80)
        #[arg(value_name = "NAME[,NAME]|BYTE", value_parser = flags)]
        flags: SelfTestFlags,
    },
    /// Fatal hardware error
    Fatal {
        /// The manufacturer's code (0x12)
        #[arg(value_parser = byte)]
        code: u8,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CtlLease {
    /// Give an address
    Give {
        /// IPv4 address
        address: Ipv4Addr,
        /// Its subnet mask
        #[arg(long, value_name = "MASK")]
        netmask: Ipv4Addr,
        /// The default gateway
        #[arg(long, value_name = "ADDRESS")]
        gateway: Option<Ipv4Addr>,
    },
    /// Give none any more: address, mask and gateway are 0.0.0.0
    Lose,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CtlConsole {
    /// What it is wired to, who has it, and what went through it
    Show,
    /// What the system last sent
    Tail {
        /// So many characters at most; about a screen if nothing is said
        #[arg(long, short = 'n', value_name = "COUNT")]
        characters: Option<usize>,
    },
    /// Type a line at the system
    Type {
        /// The line
        #[arg(value_name = "TEXT")]
        text: String,
        /// Do not press Enter behind it
        #[arg(long)]
        no_enter: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CtlSession {
    /// Every session
    List,
    /// End a session; its console is not told
    #[command(group = ArgGroup::new("which").required(true))]
    End {
        /// The ID that 'session list' shows
        #[arg(value_name = "ID", group = "which")]
        session: Option<u32>,
        /// All of them
        #[arg(long, group = "which")]
        all: bool,
    },
}

fn sensor(text: &str) -> Result<SensorName, String> {
    Ok(match byte(text) {
        Ok(number) => SensorName::Number(number),
        Err(_) => SensorName::Name(text.to_owned()),
    })
}

fn states(text: &str) -> Result<StateNumbers, String> {
    if text == "none" {
        return Ok(StateNumbers(Vec::new()));
    }
    let number = |text: &str| text.trim().parse().ok().filter(|state| *state < 15);
    let numbers: Option<_> = text.split(',').map(number).collect();
    numbers.map(StateNumbers).ok_or_else(|| "numbers from 0 to 14, or 'none'".to_owned())
}

fn pair(text: &str) -> Result<[u8; 2], String> {
    let (second, third) = text.split_once(',').ok_or("two bytes, with a comma between")?;
    Ok([byte(second)?, byte(third)?])
}

fn quirk(text: &str) -> Result<Quirk, String> {
    Quirk::from_name(text).ok_or_else(|| {
        let meant = Quirk::most_like(text).map(|quirk| format!("is '{}' meant? ", quirk.name()));
        let names: Vec<_> = Quirk::ALL.into_iter().map(Quirk::name).collect();
        format!("no such quirk: {}known are {}", meant.unwrap_or_default(), names.join(", "))
    })
}

fn fault(text: &str) -> Result<String, String> {
    match protocol::fault(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(refusal) => Err(refusal.message),
    }
}

fn flags(text: &str) -> Result<SelfTestFlags, String> {
    if let Ok(byte) = byte(text) {
        return Ok(SelfTestFlags::Byte(byte));
    }
    let flag = |name: &str| {
        let name = name.trim().replace('-', "_");
        SelfTestFlag::ALL.into_iter().find(|flag| flag.name() == name)
    };
    let flags: Option<_> = text.split(',').map(flag).collect();
    flags.map(SelfTestFlags::Names).ok_or_else(|| {
        let names = SelfTestFlag::ALL.map(SelfTestFlag::name).join(", ");
        format!("a byte, or names with commas between: {names}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensor_is_a_number_if_it_looks_like_one() {
        assert_eq!(sensor("0x30"), Ok(SensorName::Number(0x30)));
        assert_eq!(sensor("48"), Ok(SensorName::Number(48)));
        for name in ["12V", "CPU1 Temp", "300", ""] {
            assert_eq!(sensor(name), Ok(SensorName::Name(name.to_owned())));
        }
    }

    #[test]
    fn states_are_numbers() {
        assert_eq!(states("none"), Ok(StateNumbers(vec![])));
        assert_eq!(states("0, 14"), Ok(StateNumbers(vec![0, 14])));
        assert!(["", "15", "0,", "x"].iter().all(|text| states(text).is_err()));
        assert_eq!(pair("0x10,2"), Ok([0x10, 2]));
        assert!(["1", "1,2,3", "1,256"].iter().all(|text| pair(text).is_err()));
        assert!(quirk("idzeroo").unwrap_err().contains("is 'idzero' meant?"));
    }

    #[test]
    fn faults_are_names_with_numbers() {
        assert_eq!(fault("busy"), Ok("busy".to_owned()));
        assert_eq!(fault("busy=7"), Ok("busy=7".to_owned()));
        assert!(fault("bussy=7").unwrap_err().contains("is 'busy' meant?"));
        assert!(fault("busy=0").unwrap_err().contains("1 to 1000"));
        assert!(fault("nofru=1").unwrap_err().contains("takes no number"));
        assert!(fault("idzero").unwrap_err().contains("quirk of sessions"));
    }

    #[test]
    fn flags_are_names_or_a_byte() {
        assert_eq!(flags("0xa0").map(|flags| flags.byte()), Ok(0xa0));
        assert_eq!(flags("sel-inaccessible,fru_inaccessible").map(|flags| flags.byte()), Ok(0xa0));
        assert!(["", "sel", "256"].iter().all(|text| flags(text).is_err()));
    }
}
