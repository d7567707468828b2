//! What may be typed: options and commands, as clap sees them.
//!
//! Only the form is judged here. What it means on this machine (which address, which password) is
//! for [`connect`](crate::connect) and its helpers.

mod channel;
mod chassis;
pub(crate) mod complete;
mod config;
mod console;
mod controller;
mod ctl;
mod dcmi;
mod event;
mod firewall;
mod fru;
mod help;
mod lan;
mod local;
mod pef;
mod raw;
mod records;
mod script;
mod sdr;
mod sel;
mod sensor;
mod session;
mod sim;
mod sol;
mod user;
mod words;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use ipmi_wire::Privilege;
use ipmi_wire::session::CipherSuite;
use lantern_bmcd::SystemInterfaceSource;

use crate::secret::{CommandLine, Visible};
pub(crate) use channel::{Channel, ChannelKeys, ChannelSet, Key, Payload};
pub(crate) use chassis::{
    Boot, BootMailbox, BootSet, BootWord, ButtonWord, FrontPanel, KeepWord, Policy,
    RedirectionWord, VerbosityWord,
};
pub(crate) use config::{Completions, ConfigCommand, Docs};
pub(crate) use console::{Console, ConsoleCommand};
pub(crate) use controller::{
    AcpiSet, ActionWord, Enables, EnablesSet, InterruptWord, SystemInfo, TextName, UseWord,
    Watchdog, WatchdogSet,
};
pub(crate) use ctl::{
    Ctl, CtlButton, CtlCommand, CtlConsole, CtlEvent, CtlFault, CtlLease, CtlLid, CtlMains,
    CtlPower, CtlQuirk, CtlSel, CtlSelfTest, CtlSelfTestResult, CtlSensor, CtlSession,
};
pub(crate) use dcmi::{Action, Dcmi, DcmiConfig, DcmiLimit, DcmiThermal};
pub(crate) use event::{Event, EventSend};
pub(crate) use firewall::{Firewall, FirewallCommand, FirewallTarget, FirewallWhich};
pub(crate) use fru::Fru;
use help::{AFTER_HELP, NUMBERS};
pub(crate) use lan::{How, Lan, LanAlert, LanArp};
pub(crate) use local::Local;
pub(crate) use pef::{Pef, PefFilter, PefPolicy, PefString};
pub(crate) use raw::{Bus, I2c, Raw};
pub(crate) use records::{EntityPattern, When, record_id, sensor_type};
pub(crate) use script::{Exec, Line, Numbered, Shell};
pub(crate) use sdr::{RecordFilter, RecordKind, Sdr, SdrCache};
pub(crate) use sel::{Add, AtLeast, EventFilter, LogForm, Sel, SelTime, Severities, Since};
pub(crate) use sensor::{FailOn, Sensor, SensorFilter, State, States, Switch, Thresholds};
pub(crate) use session::Session;
pub(crate) use sim::Sim;
pub(crate) use sol::{Keep, Sol, SolSet, change as sol_change};
pub(crate) use user::{Access, Limit, On, User, UserAdd, UserSet, Who};
pub(crate) use words::byte;
pub(crate) use words::{AuthTypeWord, Source, Workaround};
use words::{
    channel_number, fanout, identify, privilege, seconds, slave_address, source, stagger, suite,
    workaround,
};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "lantern", version, about, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes, before or after its name.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Globals {
    /// The BMC, or many
    #[arg(short = 'H', long = "host", global = true, value_name = "HOST[:PORT]")]
    #[arg(help = "The BMC: a name in lantern.toml, HOST, HOST:PORT, an IPv6 address, or \
                  [IPv6]:PORT. Many: n[001-500], \
                  10.0.[1-2].[1-9], @GROUP, ^FILE, - for standard input; lists of these with commas, \
                  and more than one -H [default: this machine's own, by /dev/ipmi0]")]
    #[arg(add = complete::hosts())]
    pub(crate) hosts: Vec<String>,
    /// Without -H, which of this machine's own BMCs: N of /dev/ipmiN, or the path of a device node
    /// [default: 0]
    #[arg(id = "local_device", long = "local-device", global = true, value_name = "N|PATH")]
    pub(crate) device: Option<PathBuf>,
    /// Not these, of the BMCs that -H names
    #[arg(short = 'x', long, global = true, value_name = "HOST")]
    #[arg(add = complete::hosts())]
    pub(crate) exclude: Vec<String>,
    /// UDP port, where -H has none [default: 623]
    #[arg(short, long, global = true)]
    pub(crate) port: Option<u16>,
    /// User name, at most 16 bytes; -U '' is the null user
    #[arg(short = 'U', long, global = true)]
    pub(crate) user: Option<String>,
    /// Password. Every user of this machine can see it: prefer the other ways
    #[arg(short = 'P', long, global = true, value_parser = Visible::parse)]
    pub(crate) password: Option<Visible>,
    /// File whose first line is the password; must be readable by its owner only
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// File descriptor to read the password from, up to the end of its first line
    #[arg(long, global = true, value_name = "N")]
    pub(crate) password_fd: Option<u32>,
    /// Program that prints the password, with its arguments: 'pass show bmc/rack1'. It is taken
    /// apart as a shell would, and started without one
    #[arg(long, global = true, value_name = "COMMAND", value_parser = CommandLine::parse)]
    pub(crate) password_command: Option<CommandLine>,
    /// File whose first line is the BMC's key K_g, as text or as 0x and hexadecimal digits
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) kg_file: Option<PathBuf>,
    /// callback, user, operator or administrator [default: what the command needs]
    #[arg(short = 'L', long, global = true, value_name = "LEVEL", value_parser = privilege)]
    pub(crate) privilege: Option<Privilege>,
    /// Cipher suites to try, in this order [default: 17,3]
    #[arg(short = 'C', long = "cipher-suite", global = true, value_name = "N")]
    #[arg(value_delimiter = ',', value_parser = suite)]
    pub(crate) cipher_suites: Vec<CipherSuite>,
    /// Allow suites that do not protect what they carry: 0, 1, 2, 6, 7, 11, 15, 16; and those with
    /// MD5: 8, 12
    #[arg(long, global = true)]
    pub(crate) allow_insecure_suites: bool,
    /// Log in by IPMI 1.5, which encrypts nothing: whoever listens reads all
    #[arg(long, global = true)]
    pub(crate) allow_ipmi15: bool,
    /// With --allow-ipmi15: none, md2, md5 or password [default: md5,md2]
    #[arg(short = 'A', long = "auth-type", global = true, value_name = "TYPE")]
    #[arg(value_delimiter = ',', value_enum, hide_possible_values = true)]
    pub(crate) auth_types: Vec<AuthTypeWord>,
    /// Departures from the specification that this BMC is known for, by FreeIPMI's names: idzero,
    /// opensesspriv ... Most are found out without; 'none' forgets what was learned
    #[arg(long = "workaround", global = true, value_name = "NAME", value_delimiter = ',')]
    #[arg(value_parser = workaround)]
    pub(crate) workarounds: Vec<Workaround>,
    /// This BMC is known to drop a packet that it has seen: then a power cycle or reset whose
    /// answer is lost is sent again, as the very same packet. Most do, some run it twice
    #[arg(long, global = true)]
    pub(crate) refuses_replays: bool,
    /// A controller behind the BMC, by its slave address on the bus: 0x82. Every command then talks to
    /// that one
    #[arg(short = 't', long, global = true, value_name = "ADDRESS", value_parser = slave_address)]
    #[arg(help_heading = "Behind the BMC")]
    pub(crate) target_address: Option<u8>,
    /// The channel of the BMC that it is on [default: 0, the primary IPMB]
    #[arg(short = 'b', long, global = true, value_name = "N", value_parser = channel_number)]
    #[arg(help_heading = "Behind the BMC")]
    pub(crate) target_channel: Option<u8>,
    /// A controller between the two, which passes on what is for the target; -b is its channel then
    #[arg(short = 'T', long, global = true, value_name = "ADDRESS", value_parser = slave_address)]
    #[arg(help_heading = "Behind the BMC")]
    pub(crate) transit_address: Option<u8>,
    /// The channel of the BMC that this one is on [default: 0]
    #[arg(short = 'B', long, global = true, value_name = "N", value_parser = channel_number)]
    #[arg(help_heading = "Behind the BMC")]
    pub(crate) transit_channel: Option<u8>,
    /// Whom the message names as its sender on the last bus [default: 0x81, a remote console; over a
    /// transit 0x20, the BMC]
    #[arg(short = 'm', long, global = true, value_name = "ADDRESS", value_parser = byte)]
    #[arg(help_heading = "Behind the BMC")]
    pub(crate) local_address: Option<u8>,
    /// The address of this machine that packets are from
    #[arg(long, global = true, value_name = "ADDRESS[:PORT]", value_parser = source)]
    pub(crate) source_address: Option<Source>,
    /// The UDP port that packets are from, where --source-address has none [default: any]
    #[arg(long, global = true, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) source_port: Option<u16>,
    /// Requests in flight at a time: 1 is the most careful, up to 16 [default: as many as the BMC has
    /// proven to cope with]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16))]
    pub(crate) window: Option<u8>,
    /// Configuration to lay over that of the machine, the user and the project; 'none' reads none
    /// at all [env: LANTERN_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How long a login or a request may take [default: 4.9: a dead host ends within five seconds in
    /// all]. Of many BMCs: how long each may take, its name and its login included
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) deadline: Option<Duration>,
    /// Of many BMCs, how many are under way at a time
    #[arg(long, global = true, value_name = "N", default_value_t = 1024, value_parser = fanout)]
    pub(crate) fanout: usize,
    /// Of many BMCs, how long each start waits for the one before: 0.5, or 500ms
    #[arg(long, global = true, value_name = "SECONDS", value_parser = stagger)]
    pub(crate) stagger: Option<Duration>,
    /// table, for people; json, jsonl, csv or yaml, for programs
    #[arg(short, long, global = true, value_name = "FORM", help_heading = "Output")]
    #[arg(value_enum, default_value_t, hide_possible_values = true)]
    pub(crate) output: Format,
    /// Read all sensor records from the BMC; keep none on this machine
    #[arg(long, global = true)]
    pub(crate) no_cache: bool,
    /// Tell what is done, on standard error; -vv tells more
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Output")]
    pub(crate) verbose: u8,
}

impl Globals {
    /// How long a login or a request may take.
    pub(crate) fn deadline(&self) -> Duration {
        self.deadline.unwrap_or(crate::settings::DEADLINE)
    }
}

/// What results look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Table,
    /// For programs: one object; in this and all further forms notes and errors are JSON lines on
    /// standard error
    Json,
    /// One object a line: each record, sensor or event has its own
    Jsonl,
    /// RFC 4180: a header, then a row for each record, sensor or event
    Csv,
    /// The same as JSON, written as YAML
    Yaml,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The machine's main power
    #[command(subcommand, after_help = help::POWER)]
    Power(Power),
    /// The chassis: status, identification, history
    #[command(subcommand, after_help = help::CHASSIS)]
    Chassis(Chassis),
    /// The management controller itself
    #[command(subcommand, after_help = help::MC)]
    Mc(Mc),
    /// Sensors with their thresholds
    #[command(subcommand, after_help = help::SENSOR)]
    Sensor(Sensor),
    /// Sensor data records: what there is to read
    #[command(subcommand, after_help = help::SDR)]
    Sdr(Sdr),
    /// The system event log
    #[command(subcommand, after_help = help::SEL)]
    Sel(Sel),
    /// Inventory: what devices say of themselves
    #[command(subcommand, after_help = help::FRU)]
    Fru(Fru),
    /// Users: names, passwords, privileges
    #[command(subcommand, after_help = help::USER)]
    User(User),
    /// Channels: whom they let in, cipher suites, payloads, keys
    #[command(subcommand, after_help = help::CHANNEL)]
    Channel(Channel),
    /// The LAN: how the BMC is reached, and what it allows there
    #[command(subcommand, after_help = help::LAN)]
    Lan(Lan),
    /// Sessions with the BMC
    #[command(subcommand, after_help = help::SESSION)]
    Session(Session),
    /// Serial over LAN: the machine's console
    #[command(subcommand, after_help = help::SOL)]
    Sol(Sol),
    /// Consoles that a server keeps open: share them, or be the server
    #[command(after_help = help::CONSOLE)]
    Console(Console),
    /// Events that are sent: to see where alarms go
    #[command(subcommand, after_help = help::EVENT)]
    Event(Event),
    /// Platform event filtering: what the BMC does by itself about events
    #[command(subcommand, after_help = help::PEF)]
    Pef(Pef),
    /// Data center manageability: power, limits, asset tag, inlet
    #[command(subcommand, after_help = help::DCMI)]
    Dcmi(Dcmi),
    /// The firmware firewall: which commands there are on a channel, and which are kept back
    #[command(subcommand, after_help = help::FIREWALL)]
    Firewall(Firewall),
    /// Any command, as numbers
    #[command(after_help = NUMBERS)]
    Raw(Raw),
    /// What the code of an error means, and what to do; without a code, all of them
    #[command(after_help = help::EXPLAIN)]
    Explain {
        /// As errors show it, such as L0103
        code: Option<String>,
    },
    /// What is known of makers' own events and sensors, and where from
    #[command(after_help = help::VENDORS)]
    Vendors {
        /// One of them, by its key or a manufacturer ID: everything that is known
        vendor: Option<String>,
    },
    /// What lantern.toml says of hosts and credentials, and where
    #[command(subcommand, after_help = help::CONFIG)]
    Config(ConfigCommand),
    /// Have a shell complete commands, options, hosts and sensors
    #[command(after_help = help::COMPLETIONS)]
    Completions(Completions),
    /// Write this program's documentation
    #[command(subcommand, hide = true)]
    Docs(Docs),
    /// Bytes to and from a device on an I2C bus behind the BMC
    #[command(after_help = raw::I2C)]
    I2c(I2c),
    /// Run the commands of a file, one a line, in one session
    #[command(after_help = script::LINES)]
    Exec(Exec),
    /// Run commands as they are typed, in one session
    #[command(after_help = script::SHELL)]
    Shell(Shell),
    /// Be ipmitool 1.8.19: its options, its commands, its output. The same under the name ipmitool
    #[command(after_help = help::IPMITOOL, disable_help_flag = true, disable_version_flag = true)]
    Ipmitool(Ipmitool),
    /// The way to this machine's own BMC: what there is of it, and its kernel modules
    #[command(subcommand, after_help = local::LOCAL)]
    Local(Local),
    /// Be a BMC
    #[command(subcommand, after_help = help::BMC)]
    Bmc(Bmc),
    /// Be many BMCs on loopback, for trying things out: each at an address of its own
    #[command(after_help = help::SIM)]
    Sim(Sim),
    /// See it all work, with a BMC of its own
    #[command(after_help = help::DEMO)]
    Demo(Demo),
}

/// Words that are ipmitool's. They are taken before any of this is looked at (`ipmitool::if_called`): it is here to
/// be found.
#[derive(Debug, Args)]
pub(crate) struct Ipmitool {
    /// As ipmitool takes them, its options among them: 'lantern ipmitool -h' lists those
    #[arg(value_name = "WORDS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) words: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Power {
    /// Whether it is on
    Status,
    /// Switch on; on stays on
    On(Wait),
    /// Switch off at once, without asking the operating system; off stays off
    Off(Wait),
    /// Ask the operating system to shut down
    Soft(Wait),
    /// Off, and on again
    Cycle(Wait),
    /// Hard reset
    Reset,
    /// Pulse a diagnostic interrupt (NMI)
    Diag,
}

/// Whether to see to the end what a BMC only said that it understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
pub(crate) struct Wait {
    /// Wait until it is so; end with 1 if it does not come to be
    #[arg(long)]
    pub(crate) wait: bool,
    /// How long to wait
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    #[arg(requires = "wait")]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Chassis {
    /// The machine's main power
    #[command(subcommand)]
    Power(Power),
    /// Power, faults, panel, identification light
    Status,
    /// Make the machine show itself
    Identify {
        /// SECONDS (up to 255), 'force' (until switched off) or 'off' [default: 15 seconds]
        #[arg(value_name = "SECONDS|force|off", value_parser = identify)]
        how: Option<Identify>,
    },
    /// Why the machine last started
    #[command(alias = "restart_cause")]
    RestartCause,
    /// Power-on hours
    Poh,
    /// Which chassis functions there are
    Capabilities,
    /// What the machine does when mains power comes back
    #[command(subcommand)]
    Policy(Policy),
    /// From what the machine starts, and how
    #[command(subcommand)]
    Boot(Boot),
    /// The buttons on the front panel
    #[command(subcommand)]
    FrontPanel(FrontPanel),
    /// How long a power cycle leaves the machine off; IPMI has no way to ask for it
    CycleInterval {
        /// Up to 255
        #[arg(value_name = "SECONDS")]
        seconds: u8,
    },
}

/// How long the identification light is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identify {
    Seconds(u8),
    Force,
    Off,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mc {
    /// Maker, product, firmware
    Info,
    /// The system's GUID
    Guid,
    /// What the controller thinks of itself
    Selftest,
    /// Restart the controller; the machine runs on
    Reset {
        /// How much of its state it forgets
        #[arg(value_enum)]
        how: Reset,
    },
    /// The countdown that restarts a machine whose software hangs
    #[command(subcommand)]
    Watchdog(Watchdog),
    /// What the controller does for the machine's own interface
    #[command(subcommand)]
    Enables(Enables),
    /// What the machine and its software are called
    #[command(subcommand, alias = "system-info")]
    Sysinfo(SystemInfo),
    /// ACPI states, as the machine's software has told them
    #[command(subcommand)]
    Acpi(Acpi),
    /// Interfaces of the machine to its controller
    Interfaces,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Acpi {
    /// Which they are
    Show,
    /// Tell the controller; this does not bring a state about
    Set(AcpiSet),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reset {
    /// As if just powered
    Cold,
    /// Keeping what it can
    Warm,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bmc {
    /// Run the BMC that FILE describes, until interrupted
    Run {
        /// Configuration; examples/bmc.toml explains itself
        file: PathBuf,
        /// Directory in which to keep what a BMC keeps: see 'lantern bmc nvram show'
        #[arg(long, value_name = "DIR")]
        state: Option<PathBuf>,
        /// Addresses to answer on, in the place of the file's; port 0 is any free one
        #[arg(long, value_name = "ADDR:PORT")]
        listen: Vec<SocketAddr>,
        /// Make a control socket there, for 'lantern bmc ctl'
        #[arg(long, value_name = "PATH")]
        control: Option<PathBuf>,
        /// Listen there for the host's system interface, which is a QEMU of yours with ipmi-bmc-extern; it is the
        /// machine then, unless the file says otherwise
        #[arg(long, value_name = "ADDR:PORT|PATH", value_parser = system_interface)]
        vm: Option<SystemInterfaceSource>,
    },
    /// Do something to a running BMC that no console can: sensors, buttons, mains, lid, events
    Ctl(Ctl),
    /// What a BMC keeps when it stops
    #[command(subcommand)]
    Nvram(Nvram),
}

/// Where a virtual machine is listened for.
fn system_interface(at: &str) -> Result<SystemInterfaceSource, String> {
    match at.parse() {
        Ok(address) => Ok(SystemInterfaceSource::TcpListen(address)),
        Err(_) if at.contains('/') => Ok(SystemInterfaceSource::UnixListen(at.into())),
        Err(_) => {
            Err("neither an address and a port (127.0.0.1:9002) nor a path (./vm)".to_owned())
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Nvram {
    /// What is kept; a BMC may run on it
    Show {
        /// The directory that 'lantern bmc run' was told
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
    },
    /// Start as delivered next time; what was kept is moved aside, to FILE.old-N
    Reset {
        /// The directory that 'lantern bmc run' was told
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End after the tour
    #[arg(long)]
    pub(crate) once: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_stand_before_or_after_the_command() {
        for line in [
            "lantern -H bmc -U admin -C 17,3 -o json power status",
            "lantern power status -H bmc -U admin -C 17 -C 3 -o json",
            "lantern -H bmc chassis power status -U admin -C 17,3 -o json",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            let Globals { hosts, user, cipher_suites, output, .. } = cli.globals;
            assert_eq!(
                (hosts.as_slice(), user.as_deref()),
                (&["bmc".to_owned()][..], Some("admin")),
                "{line}"
            );
            assert_eq!(cipher_suites, [CipherSuite::SUITE_17, CipherSuite::SUITE_3]);
            assert_eq!(output, Format::Json);
        }
    }

    #[test]
    fn no_password_is_printed() {
        let line = "lantern -P Complex_Pass power status";
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        assert!(!format!("{cli:?}").contains("Complex_Pass"));
    }
}
