//! Privilege levels and channel numbers.

use core::fmt;

use crate::codec::DecodeError;

/// A session privilege level, ordered from least to most.
///
/// Source: IPMI v2.0 §6.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Privilege {
    /// May only start a callback.
    Callback = 1,
    /// May read.
    User = 2,
    /// May also control the chassis, not reconfigure the controller.
    Operator = 3,
    /// May do everything.
    Administrator = 4,
    /// The vendor's own level.
    Oem = 5,
}

impl Privilege {
    /// All levels, least first.
    pub const ALL: [Self; 5] =
        [Self::Callback, Self::User, Self::Operator, Self::Administrator, Self::Oem];

    /// The level of a 4-bit number; `None` for 0 and reserved numbers.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Callback,
            2 => Self::User,
            3 => Self::Operator,
            4 => Self::Administrator,
            5 => Self::Oem,
            _ => return None,
        })
    }

    /// Reads a level that has to be one.
    ///
    /// # Errors
    /// [`DecodeError::Invalid`] for 0 and reserved numbers.
    pub fn decode_number(number: u8, field: &'static str) -> Result<Self, DecodeError> {
        Self::from_number(number).ok_or(DecodeError::Invalid { field, value: number.into() })
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The name as the specification and ipmitool write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Callback => "CALLBACK",
            Self::User => "USER",
            Self::Operator => "OPERATOR",
            Self::Administrator => "ADMINISTRATOR",
            Self::Oem => "OEM",
        }
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A channel number.
///
/// Source: IPMI v2.0 §6.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel(u8);

impl Channel {
    /// The primary IPMB.
    pub const PRIMARY_IPMB: Self = Self(0x00);
    /// "The channel this request came in on".
    pub const PRESENT: Self = Self(0x0e);
    /// The system interface (KCS, BT, SSIF).
    pub const SYSTEM_INTERFACE: Self = Self(0x0f);

    /// The channel of the low four bits of `number`.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        Self(number & 0x0f)
    }

    /// The number, 0 to 15.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// This channel, or `present` where it says "the present one".
    #[must_use]
    pub const fn resolve(self, present: Self) -> Self {
        if self.0 == Self::PRESENT.0 { present } else { self }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
