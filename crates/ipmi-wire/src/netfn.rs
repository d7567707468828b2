//! Network functions, and the identity of a command within them.

use core::fmt;

/// A Network Function: the group a command belongs to. Always the request (even) form; the
/// response's is one higher.
///
/// Source: IPMI v2.0 §5.1, Table 5-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NetFn {
    /// Chassis control and status.
    Chassis,
    /// Bridging to the next bus.
    Bridge,
    /// Sensors, events, PEF and alerting.
    SensorEvent,
    /// Application: the controller itself, sessions, users, channels.
    App,
    /// Firmware transfer, vendor-defined.
    Firmware,
    /// FRU, SDR and SEL.
    Storage,
    /// LAN, serial and SOL configuration.
    Transport,
    /// Group extensions such as PICMG, VSO and DCMI; the first data byte says which.
    GroupExtension,
    /// OEM commands; the first three data bytes are the IANA enterprise number.
    OemGroup,
    /// Any other even number, up to 3Eh.
    Other(u8),
}

impl NetFn {
    /// The network function of a 6-bit number, odd (response) or even.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number & 0x3e {
            0x00 => Self::Chassis,
            0x02 => Self::Bridge,
            0x04 => Self::SensorEvent,
            0x06 => Self::App,
            0x08 => Self::Firmware,
            0x0a => Self::Storage,
            0x0c => Self::Transport,
            0x2c => Self::GroupExtension,
            0x2e => Self::OemGroup,
            other => Self::Other(other),
        }
    }

    /// The request (even) number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Chassis => 0x00,
            Self::Bridge => 0x02,
            Self::SensorEvent => 0x04,
            Self::App => 0x06,
            Self::Firmware => 0x08,
            Self::Storage => 0x0a,
            Self::Transport => 0x0c,
            Self::GroupExtension => 0x2c,
            Self::OemGroup => 0x2e,
            Self::Other(number) => number & 0x3e,
        }
    }

    /// The response (odd) number.
    #[must_use]
    pub const fn response_number(self) -> u8 {
        self.number() | 1
    }
}

impl fmt::Display for NetFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SensorEvent => f.write_str("Sensor/Event"),
            Self::GroupExtension => f.write_str("Group Extension"),
            Self::OemGroup => f.write_str("OEM/Group"),
            Self::Other(_) => write!(f, "NetFn {:02X}h", self.number()),
            named => write!(f, "{named:?}"),
        }
    }
}

/// The defining body of a group or OEM command: part of its identity, carried in its first data
/// bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Body {
    /// The network function alone defines the command.
    None,
    /// A Group Extension identification code: 00h PICMG, 03h VSO, DCh DCMI.
    Group(u8),
    /// An OEM's IANA enterprise number.
    Oem(u32),
}

/// What identifies a command: network function, number, and for group and OEM commands the body
/// that defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId {
    /// Network function.
    pub netfn: NetFn,
    /// Command number.
    pub cmd: u8,
    /// Defining body.
    pub body: Body,
}

impl CommandId {
    /// A command that its network function defines.
    #[must_use]
    pub const fn new(netfn: NetFn, cmd: u8) -> Self {
        Self { netfn, cmd, body: Body::None }
    }

    /// A Group Extension command of the group `code`.
    #[must_use]
    pub const fn group(code: u8, cmd: u8) -> Self {
        Self { netfn: NetFn::GroupExtension, cmd, body: Body::Group(code) }
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}h/{:02X}h", self.netfn.number(), self.cmd)?;
        match self.body {
            Body::None => Ok(()),
            Body::Group(code) => write!(f, " group {code:02X}h"),
            Body::Oem(iana) => write!(f, " OEM {iana}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_maps_to_its_even_form_and_back() {
        for number in 0..=0x3f {
            assert_eq!(NetFn::from_number(number).number(), number & 0x3e);
            assert_eq!(NetFn::from_number(number).response_number(), number | 1);
        }
    }
}
