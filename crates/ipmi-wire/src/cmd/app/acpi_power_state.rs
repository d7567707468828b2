//! ACPI power states, as a machine's software tells them. IPMI v2.0 §20.6, Table 20-5.

use crate::codec::DecodeError;

/// The state of the system, 7 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AcpiSystemState(u8);

/// The state of the devices, 7 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AcpiDeviceState(u8);

#[allow(missing_docs, reason = "the specification's own names; texts are in `name`")]
impl AcpiSystemState {
    pub const S0: Self = Self(0x00);
    pub const S1: Self = Self(0x01);
    pub const S2: Self = Self(0x02);
    pub const S3: Self = Self(0x03);
    pub const S4: Self = Self(0x04);
    pub const S5: Self = Self(0x05);
    pub const S4_OR_S5: Self = Self(0x06);
    pub const G3: Self = Self(0x07);
    pub const SLEEPING: Self = Self(0x08);
    pub const G1_SLEEPING: Self = Self(0x09);
    pub const OVERRIDE: Self = Self(0x0a);
    pub const LEGACY_ON: Self = Self(0x20);
    pub const LEGACY_OFF: Self = Self(0x21);
    pub const UNKNOWN: Self = Self(0x2a);
}

impl AcpiSystemState {
    /// The state of this number, if there is one.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number & 0x7f {
            number @ (0x00..=0x0a | 0x20 | 0x21 | 0x2a) => Some(Self(number)),
            _ => None,
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// What it is.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            0x00 => "S0/G0 working",
            0x01 => "S1",
            0x02 => "S2",
            0x03 => "S3",
            0x04 => "S4",
            0x05 => "S5/G2 soft-off",
            0x06 => "S4/S5 soft-off",
            0x07 => "G3 mechanical off",
            0x08 => "sleeping in S1, S2 or S3",
            0x09 => "G1 sleeping",
            0x0a => "S5 entered by override",
            0x20 => "legacy on",
            0x21 => "legacy off",
            _ => "unknown",
        }
    }
}

#[allow(missing_docs, reason = "the specification's own names")]
impl AcpiDeviceState {
    pub const D0: Self = Self(0x00);
    pub const D1: Self = Self(0x01);
    pub const D2: Self = Self(0x02);
    pub const D3: Self = Self(0x03);
    pub const UNKNOWN: Self = Self(0x2a);
}

impl AcpiDeviceState {
    /// The state of this number, if there is one.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number & 0x7f {
            number @ (0x00..=0x03 | 0x2a) => Some(Self(number)),
            _ => None,
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A state, or an error that names the field.
pub(super) fn known<T>(
    field: &'static str,
    number: u8,
    of: fn(u8) -> Option<T>,
) -> Result<T, DecodeError> {
    of(number).ok_or(DecodeError::Invalid { field, value: number.into() })
}
