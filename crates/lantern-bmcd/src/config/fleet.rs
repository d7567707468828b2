//! `[fleet]`: many BMCs of one make in one process, and where each of them is.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use serde::Deserialize;
use toml::Spanned;

use super::sensors::{Discovery, SensorsConfig, SourceConfig};
use super::{Config, Fault, SerialSource, fault};

/// How many BMCs there are, and where: BMC number `i`, from 0, at the first one's address plus `i`,
/// or at its port plus `i`.
///
/// They are for tests, and with passwords that all of them share: there are none but on loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FleetConfig {
    count: u32,
    base: SocketAddrV4,
    spread: Spread,
}

/// By what the BMCs of a fleet differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// An address for each, and one port and one socket for all.
    Addresses,
    /// A port and a socket for each, and one address for all.
    Ports,
}

/// What a fleet cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FleetError {
    /// None, or too many.
    #[error("a fleet has 1 to {} BMCs", FleetConfig::MOST)]
    Count,
    /// Too many for sockets of their own.
    #[error("with a port for each, a fleet has at most {} BMCs", FleetConfig::MOST_PORTS)]
    Sockets,
    /// They would be reached from elsewhere.
    #[error(
        "a fleet is on loopback only: its first address is one of 127.0.0.1 to 127.255.255.254"
    )]
    NotLoopback,
    /// The last ones have no address.
    #[error("so many BMCs from {0} on do not fit below 127.255.255.255: at most {1}")]
    Addresses(Ipv4Addr, u32),
    /// The last ones have no port.
    #[error("so many BMCs from port {0} on do not fit below 65536: at most {1}")]
    Ports(u16, u32),
}

impl FleetConfig {
    /// The most BMCs of a fleet.
    pub const MOST: u32 = 1_000_000;
    /// The most with a socket for each.
    pub const MOST_PORTS: u32 = 4096;
    /// Port 623 takes root; this is the examples'.
    pub const PORT: u16 = 9623;
    /// Where the first one is if nothing is said.
    pub const BASE: Ipv4Addr = Ipv4Addr::new(127, 1, 0, 1);
    /// Of 127.0.0.0/8, the last address stands for all of them.
    const LAST: u32 = 0x7fff_fffe;

    /// `count` BMCs, the first of them at `base`. Port 0 is any free one: for each, if they differ by
    /// the port.
    ///
    /// # Errors
    /// See [`FleetError`].
    pub fn new(count: u32, base: SocketAddrV4, spread: Spread) -> Result<Self, FleetError> {
        if !(1..=Self::MOST).contains(&count) {
            return Err(FleetError::Count);
        }
        let first = base.ip().to_bits();
        if !base.ip().is_loopback() || !(0x7f00_0001..=Self::LAST).contains(&first) {
            return Err(FleetError::NotLoopback);
        }
        let room = Self::LAST.saturating_sub(first).saturating_add(1);
        match spread {
            Spread::Addresses if count > room => {
                return Err(FleetError::Addresses(*base.ip(), room));
            }
            Spread::Ports if count > Self::MOST_PORTS => return Err(FleetError::Sockets),
            Spread::Ports if base.port() != 0 => {
                let room = 0x1_0000_u32.saturating_sub(base.port().into());
                if count > room {
                    return Err(FleetError::Ports(base.port(), room));
                }
            }
            Spread::Addresses | Spread::Ports => {}
        }
        Ok(Self { count, base, spread })
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Where the first one is.
    #[must_use]
    pub const fn base(&self) -> SocketAddrV4 {
        self.base
    }

    /// By what they differ.
    #[must_use]
    pub const fn spread(&self) -> Spread {
        self.spread
    }

    /// Where BMC `index` is; `None` of one that there is not.
    #[must_use]
    pub fn address(&self, index: u32) -> Option<SocketAddr> {
        let index = (index < self.count).then_some(index)?;
        let (ip, port) = (*self.base.ip(), self.base.port());
        Some(
            match self.spread {
                Spread::Addresses => (Ipv4Addr::from_bits(ip.to_bits().checked_add(index)?), port),
                Spread::Ports if port == 0 => (ip, 0),
                Spread::Ports => (ip, port.checked_add(u16::try_from(index).ok()?)?),
            }
            .into(),
        )
    }

    /// Which BMC is at this address, of those that differ by it.
    #[must_use]
    pub fn at(&self, ip: Ipv4Addr) -> Option<u32> {
        let index = ip.to_bits().checked_sub(self.base.ip().to_bits())?;
        (index < self.count && self.spread == Spread::Addresses).then_some(index)
    }

    /// The same, with this port for all.
    pub(crate) const fn with_port(self, port: u16) -> Self {
        Self { base: SocketAddrV4::new(*self.base.ip(), port), ..self }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FleetSection {
    count: Spanned<u32>,
    base: Option<Spanned<String>>,
    port: Option<u16>,
    #[serde(default)]
    ports: bool,
}

impl FleetSection {
    pub(super) fn check(&self, sensors: &SensorsConfig) -> Result<FleetConfig, Fault> {
        let base = match &self.base {
            None => FleetConfig::BASE,
            Some(base) => match base.get_ref().parse() {
                Ok(base) => base,
                Err(_) => return fault(base, "not an IPv4 address: write \"127.1.0.1\""),
            },
        };
        let base = SocketAddrV4::new(base, self.port.unwrap_or(FleetConfig::PORT));
        let spread = if self.ports { Spread::Ports } else { Spread::Addresses };
        if is_measured_outside(sensors) {
            return fault(
                &self.count,
                "the sensors of a fleet are simulated: a file, a program or hardware monitoring as \
                 a source is for a BMC of its own",
            );
        }
        FleetConfig::new(*self.count.get_ref(), base, spread).or_else(|error| {
            let message = error.to_string();
            match &self.base {
                Some(base) if error == FleetError::NotLoopback => fault(base, &message),
                _ => fault(&self.count, &message),
            }
        })
    }
}

/// Refuses what a fleet would not heed.
pub(super) fn check_rest(config: &Config) -> Result<(), Fault> {
    let single = [
        ("[bmc] control", config.control.is_some()),
        ("[lan] allow", config.allow.is_some()),
        ("[lan] apply", config.apply.is_some()),
        ("[lan.network] address", config.network.address.is_some()),
        ("[lan.network] address6", config.network.address6.is_some()),
        ("[lan.network] mac", config.network.mac.is_some()),
        ("[lan.network] lease", config.network.lease.is_some()),
        ("[qemu]", config.qemu.is_some()),
        (
            "[serial] with a source but 'sim'",
            config.serial.as_ref().is_some_and(|serial| serial.source != SerialSource::Sim),
        ),
        ("[system_interface]", config.system_interface.is_some()),
    ];
    match single.iter().find(|(_, is_set)| config.fleet.is_some() && *is_set) {
        None => Ok(()),
        Some((what, _)) => {
            Err((None, format!("{what} is for a BMC of its own: a fleet has no such thing")))
        }
    }
}

/// Whether something outside measures any of these. It would have a thread for each BMC.
fn is_measured_outside(sensors: &SensorsConfig) -> bool {
    sensors.hwmon.discover != Discovery::Off
        || sensors
            .sensors
            .iter()
            .any(|sensor| !matches!(sensor.source, None | Some(SourceConfig::Written)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY_ADDRESS: Spread = Spread::Addresses;

    fn at(text: &str) -> SocketAddrV4 {
        text.parse().unwrap()
    }

    #[test]
    fn a_bmc_is_where_its_number_says_and_the_other_way_round() {
        let fleet = FleetConfig::new(100_000, at("127.1.0.1:623"), BY_ADDRESS).unwrap();
        for (index, ip) in [(0, "127.1.0.1"), (255, "127.1.1.0"), (99_999, "127.2.134.160")] {
            let ip: Ipv4Addr = ip.parse().unwrap();
            assert_eq!(fleet.address(index), Some((ip, 623).into()));
            assert_eq!(fleet.at(ip), Some(index));
        }
        for nobody in ["127.1.0.0", "127.2.134.161", "127.0.0.1", "255.255.255.255", "10.0.0.1"] {
            assert_eq!(fleet.at(nobody.parse().unwrap()), None, "{nobody}");
        }
        assert_eq!(fleet.address(100_000), None);
        let ports = FleetConfig::new(3, at("127.0.0.1:65533"), Spread::Ports).unwrap();
        assert_eq!(ports.address(2), Some(at("127.0.0.1:65535").into()));
        assert_eq!((ports.address(3), ports.at(Ipv4Addr::LOCALHOST)), (None, None));
    }

    #[test]
    fn what_has_no_address_is_refused() {
        use FleetError as E;
        let last: Ipv4Addr = "127.255.255.254".parse().unwrap();
        for (count, base, spread, error) in [
            (0, "127.0.0.1:623", BY_ADDRESS, E::Count),
            (1_000_001, "127.0.0.1:623", BY_ADDRESS, E::Count),
            (1, "128.0.0.1:623", BY_ADDRESS, E::NotLoopback),
            (1, "192.0.2.1:623", Spread::Ports, E::NotLoopback),
            (1, "0.0.0.0:623", Spread::Ports, E::NotLoopback),
            (1, "127.0.0.0:623", BY_ADDRESS, E::NotLoopback),
            (1, "127.255.255.255:623", BY_ADDRESS, E::NotLoopback),
            (2, "127.255.255.254:623", BY_ADDRESS, E::Addresses(last, 1)),
            (4097, "127.0.0.1:1", Spread::Ports, E::Sockets),
            (4, "127.0.0.1:65533", Spread::Ports, E::Ports(65_533, 3)),
        ] {
            assert_eq!(FleetConfig::new(count, at(base), spread), Err(error), "{count} at {base}");
        }
        for (count, base) in [(1, "127.255.255.254:623"), (1_000_000, "127.0.0.1:0")] {
            assert!(FleetConfig::new(count, at(base), BY_ADDRESS).is_ok(), "{count} at {base}");
        }
    }
}
