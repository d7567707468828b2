//! The configuration file of a BMC.
//!
//! A file is read whole before anything is bound: an unknown key, a missing one or a bad value is
//! reported with file, line, column and what is allowed. What is reported never quotes a secret,
//! neither a good one nor what stands in its place.

use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipmi_bmc::personality::RecordsIn;
use ipmi_bmc::{LogPolicy, WhenFull};
use ipmi_session::managed::Rate;
use ipmi_session::{Quirks, Secret};
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::cmd::chassis::BootDevice;
use ipmi_wire::session::{AuthType, CipherSuite};
use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;
use zeroize::Zeroizing;

mod access;
mod changes;
mod faults;
mod fleet;
mod lan;
mod machine;
mod network;
mod qemu;
mod secret;
mod sensors;
mod serial;
mod socket;
mod system_interface;
#[cfg(test)]
mod tests;

use access::{
    check_guid, check_listen, check_networks, check_privilege, check_secret, check_users,
};
use fleet::FleetSection;
use lan::LanSection;
use qemu::QemuSection;
use secret::SecretText;
use serial::SerialSection;
use system_interface::SystemInterfaceSection;

pub use fleet::{FleetConfig, FleetError, Spread};
pub use machine::MachineKind;
pub use network::NetworkConfig;
pub use qemu::QemuConfig;
pub(crate) use sensors::NUMBERS;
pub use sensors::{
    BusConfig, Definition, Discovery, HwmonConfig, Quantity, SensorConfig, SensorsConfig,
    SourceConfig,
};
pub use serial::{SerialConfig, SerialSource};
pub use system_interface::{SystemInterfaceConfig, SystemInterfaceSource};

/// A BMC's configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name, for people.
    pub name: String,
    /// Where its control socket is, if it has one.
    pub control: Option<PathBuf>,
    /// System GUID; random, and kept in the state, if none is given.
    pub guid: Option<Guid>,
    /// What the BMC is made of.
    pub personality: PersonalityName,
    /// Where its sensor data records are found.
    pub records_in: RecordsIn,
    /// IANA's number of who made it, if it is to be other than the personality's.
    pub manufacturer: Option<u32>,
    /// The maker's number of the product, if it is to be other than the personality's.
    pub product: Option<u16>,
    /// How long it answers nobody after a cold reset.
    pub cold_reset: Duration,
    /// A time, in seconds since 1970, at which its clock stands, and the machine's temperatures with
    /// it.
    pub frozen: Option<u32>,
    /// How much its log holds, and what happens then.
    pub log: LogPolicy,
    /// UDP addresses to answer on.
    pub listen: Vec<SocketAddr>,
    /// Cipher suites on offer, the preferred one first.
    pub suites: Vec<CipherSuite>,
    /// The LAN channel's privilege limit.
    pub limit: Privilege,
    /// `K_g`, if one is set.
    pub kg: Option<Secret>,
    /// How sessions of IPMI v1.5 may be authenticated; with none, there are no such sessions.
    pub ipmi15: Vec<AuthType>,
    /// Sessions at the same time.
    pub sessions: usize,
    /// How long a session may be silent.
    pub idle_timeout: Duration,
    /// What one source may send outside of sessions; `None` for as much as it likes.
    pub rate: Option<Rate>,
    /// The networks that datagrams are taken from; `None` for all there are.
    pub allow: Option<Vec<IpNet>>,
    /// Whether who does not know a password learns nothing of users, not even their names.
    pub hide_usernames: bool,
    /// Departures from the specification of sessions.
    pub quirks: Quirks,
    /// What else it does wrong on purpose.
    pub faults: Vec<ipmi_bmc::faults::Fault>,
    /// The network that its LAN parameters tell of, as delivered.
    pub network: NetworkConfig,
    /// A program with its arguments that is run when the network's settings have changed.
    pub apply: Option<Vec<String>>,
    /// Whose power it looks after, if anybody has said.
    pub machine: Option<MachineKind>,
    /// Whether the machine is on at first.
    pub power_on: bool,
    /// What the simulated machine's noise starts from.
    pub seed: u64,
    /// What the machine can start from.
    pub boot_devices: Vec<BootDevice>,
    /// Users.
    pub users: Vec<ipmi_bmc::User>,
    /// Sensors beyond the personality's, or measured otherwise.
    pub sensors: SensorsConfig,
    /// The QEMU that is the machine; it is simulated if there is none.
    pub qemu: Option<QemuConfig>,
    /// The system's serial port; without one there is no Serial over LAN.
    pub serial: Option<SerialConfig>,
    /// How software on the host reaches it, if it can.
    pub system_interface: Option<SystemInterfaceConfig>,
    /// If there are many of them: see [`Fleet`](crate::Fleet).
    pub fleet: Option<FleetConfig>,
}

/// The built-in personalities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum PersonalityName {
    /// The reference machine.
    #[default]
    Reference,
    /// One of everything that a repository can hold.
    Specimens,
}

/// Where the BMC keeps its sensor data records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Records {
    #[default]
    Repository,
    Device,
}

/// What happens to an event that finds the log full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Full {
    #[default]
    Stop,
    Wrap,
}

/// What is wrong with a configuration file.
#[derive(Debug)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// Line and column, from 1, where the fault can be placed.
    pub place: Option<(usize, usize)>,
    /// What is wrong, and what is allowed.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some((line, column)) = self.place {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.message)
    }
}

impl std::error::Error for ConfigError {}

/// A fault in the text, before it is known which file it is in.
type Fault = (Option<Range<usize>>, String);

impl Config {
    /// Reads the file at `path`. Its text is wiped from memory afterwards. (Of a file with a fault
    /// the TOML parser makes a copy for its message, which is out of our reach.)
    ///
    /// # Errors
    /// The first fault, with its place.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| ConfigError {
                path: path.to_owned(),
                place: None,
                message: format!("cannot be read: {error}"),
            })?;
        Self::parse(&text, path)
    }

    /// Reads `text`; `path` is for messages.
    ///
    /// # Errors
    /// The first fault, with its place.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let outcome = toml::from_str::<File>(text)
            .map_err(|error| (error.span(), error.message().to_owned()))
            .and_then(File::check);
        outcome.map_err(|(span, message)| ConfigError {
            path: path.to_owned(),
            place: span.map(|span| line_and_column(text, span.start)),
            message,
        })
    }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    bmc: BmcSection,
    #[serde(default)]
    lan: LanSection,
    #[serde(default)]
    machine: MachineSection,
    #[serde(default)]
    sel: SelSection,
    #[serde(default)]
    user: Vec<Spanned<UserSection>>,
    #[serde(default)]
    bus: Vec<sensors::BusSection>,
    #[serde(default)]
    sensor: Vec<Spanned<sensors::SensorSection>>,
    #[serde(default)]
    hwmon: sensors::HwmonSection,
    qemu: Option<QemuSection>,
    serial: Option<Spanned<SerialSection>>,
    system_interface: Option<Spanned<SystemInterfaceSection>>,
    fleet: Option<FleetSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BmcSection {
    name: String,
    control: Option<PathBuf>,
    guid: Option<Spanned<String>>,
    #[serde(default)]
    personality: PersonalityName,
    #[serde(default)]
    records: Records,
    manufacturer: Option<Spanned<u32>>,
    product: Option<u16>,
    #[serde(default)]
    faults: Vec<Spanned<String>>,
    cold_reset: Option<Spanned<u64>>,
    frozen: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct SelSection {
    capacity: Option<Spanned<u16>>,
    #[serde(default)]
    when_full: Full,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MachineSection {
    kind: Option<Spanned<MachineKind>>,
    #[serde(default)]
    power: Power,
    #[serde(default)]
    seed: u64,
    boot_devices: Option<Vec<Spanned<String>>>,
}

impl Default for MachineSection {
    fn default() -> Self {
        Self { kind: None, power: Power::On, seed: 0, boot_devices: None }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Power {
    #[default]
    On,
    Off,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserSection {
    id: Spanned<u8>,
    name: Spanned<String>,
    password: Spanned<SecretText>,
    privilege: Spanned<String>,
    #[serde(default = "yes")]
    enabled: bool,
}

const fn yes() -> bool {
    true
}

impl File {
    fn check(self) -> Result<Config, Fault> {
        let Self {
            bmc,
            lan,
            machine,
            sel,
            user,
            bus,
            sensor,
            hwmon,
            qemu,
            serial,
            system_interface,
            fleet,
        } = self;
        let qemu = qemu.map(qemu::check).transpose()?;
        let users = check_users(user)?;
        let suites = lan.check_suites()?;
        let limits = lan.check_limits()?;
        let sensors = sensors::check(bus, sensor, hwmon, bmc.personality)?;
        let fleet = fleet.map(|fleet| fleet.check(&sensors)).transpose()?;
        if let Some(guid) = bmc.guid.as_ref().filter(|_| fleet.is_some()) {
            return fault(guid, "each BMC of a fleet has its own, made from [machine] seed");
        }
        let system_interface = system_interface.map(system_interface::check).transpose()?;
        let leads_to_vm = system_interface.as_ref().is_some_and(SystemInterfaceConfig::leads_to_vm);
        let config = Config {
            name: bmc.name,
            control: bmc.control,
            guid: bmc.guid.map(check_guid).transpose()?,
            personality: bmc.personality,
            records_in: match bmc.records {
                Records::Repository => RecordsIn::Repository,
                Records::Device => RecordsIn::Device,
            },
            manufacturer: check_manufacturer(bmc.manufacturer.as_ref())?,
            product: bmc.product,
            cold_reset: check_cold_reset(bmc.cold_reset.as_ref())?,
            frozen: bmc.frozen,
            log: check_log(&sel)?,
            listen: check_listen(lan.listen.as_ref(), fleet.is_some())?,
            suites,
            limit: lan
                .privilege_limit
                .as_ref()
                .map_or(Ok(Privilege::Administrator), check_privilege)?,
            kg: lan.kg.as_ref().map(|kg| check_secret(kg, "kg")).transpose()?,
            ipmi15: lan.check_ipmi15()?,
            sessions: limits.sessions,
            idle_timeout: limits.idle,
            rate: limits.rate,
            allow: lan.allow.as_ref().map(check_networks).transpose()?,
            hide_usernames: lan.hide_usernames,
            quirks: lan.check_quirks()?,
            faults: faults::check_faults(&bmc.faults)?,
            network: lan.network.check()?,
            apply: lan.check_apply()?,
            machine: machine::check_kind(machine.kind, leads_to_vm, qemu.is_some())?,
            power_on: machine.power == Power::On,
            seed: machine.seed,
            boot_devices: machine::check_boot_devices(machine.boot_devices)?,
            users,
            sensors,
            serial: serial::check(serial, qemu.as_ref())?,
            qemu,
            system_interface,
            fleet,
        };
        fleet::check_rest(&config)?;
        Ok(config)
    }
}

/// Spec: IPMI v2.0 §20.1, Table 20-2, bytes 8 to 10: 20 bits.
fn check_manufacturer(number: Option<&Spanned<u32>>) -> Result<Option<u32>, Fault> {
    const MOST: u32 = 0x000f_ffff;
    match number {
        Some(number) if *number.get_ref() > MOST => {
            fault(number, "a manufacturer's number has 20 bits: 0 to 1048575")
        }
        number => Ok(number.map(|number| *number.get_ref())),
    }
}

fn check_cold_reset(seconds: Option<&Spanned<u64>>) -> Result<Duration, Fault> {
    /// About as long as a small controller needs.
    const DEFAULT: Duration = Duration::from_secs(2);
    match seconds {
        None => Ok(DEFAULT),
        Some(seconds) => match *seconds.get_ref() {
            time @ 0..=600 => Ok(Duration::from_secs(time)),
            _ => fault(seconds, "a cold reset takes 0 to 600 seconds"),
        },
    }
}

fn check_log(sel: &SelSection) -> Result<LogPolicy, Fault> {
    let when_full = match sel.when_full {
        Full::Stop => WhenFull::Stop,
        Full::Wrap => WhenFull::Wrap,
    };
    let default = LogPolicy { when_full, ..LogPolicy::default() };
    match &sel.capacity {
        None => Ok(default),
        Some(capacity) => match *capacity.get_ref() {
            capacity @ 16..=LogPolicy::MAX => Ok(LogPolicy { capacity, ..default }),
            _ => fault(capacity, "a log holds 16 to 65534 events"),
        },
    }
}

fn fault<T, U>(at: &Spanned<U>, message: &str) -> Result<T, Fault> {
    Err((Some(at.span()), message.to_owned()))
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
    (line, column)
}
