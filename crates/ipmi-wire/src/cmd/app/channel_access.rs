//! What a channel lets in: shared by the question and the command.

use crate::codec::DecodeError;

/// When a channel takes IPMI messages. IPMI v2.0 §6.6, Table 6-4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessMode {
    /// Never.
    Disabled,
    /// Only while the system is not up: serial channels.
    PreBoot,
    /// Always.
    Always,
    /// Always, and system software uses the line as well: serial channels.
    Shared,
}

impl AccessMode {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Disabled => 0,
            Self::PreBoot => 1,
            Self::Always => 2,
            Self::Shared => 3,
        }
    }

    /// The mode of a 3-bit number; `None` for reserved ones.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Disabled,
            1 => Self::PreBoot,
            2 => Self::Always,
            3 => Self::Shared,
            _ => return None,
        })
    }
}

/// What a channel lets in, and how. IPMI v2.0 §22.22, byte 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccessFlags {
    /// PEF's alerts are not sent on this channel.
    pub alerting_disabled: bool,
    /// A packet of an IPMI v1.5 session needs no authentication code.
    pub per_message_auth_disabled: bool,
    /// What takes no more than User level needs none, either.
    pub user_level_auth_disabled: bool,
    /// When there is access at all.
    pub mode: AccessMode,
}

impl AccessFlags {
    pub(super) fn bits(self) -> u8 {
        (u8::from(self.alerting_disabled) << 5)
            | (u8::from(self.per_message_auth_disabled) << 4)
            | (u8::from(self.user_level_auth_disabled) << 3)
            | self.mode.number()
    }

    pub(super) fn decode_bits(bits: u8) -> Result<Self, DecodeError> {
        let mode = bits & 0x07;
        Ok(Self {
            alerting_disabled: bits & 0x20 != 0,
            per_message_auth_disabled: bits & 0x10 != 0,
            user_level_auth_disabled: bits & 0x08 != 0,
            mode: AccessMode::from_number(mode)
                .ok_or(DecodeError::Invalid { field: "access mode", value: mode.into() })?,
        })
    }
}

/// Which of a channel's two copies of its settings is meant. IPMI v2.0 §22.22.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessCopy {
    /// The one that the controller starts with.
    NonVolatile,
    /// The one in force.
    Volatile,
}

impl AccessCopy {
    /// In bits 7:6.
    pub(super) const fn bits(self) -> u8 {
        match self {
            Self::NonVolatile => 0x40,
            Self::Volatile => 0x80,
        }
    }

    /// What bits 7:6 name; `None` if they name nothing.
    pub(super) fn decode_bits(bits: u8, field: &'static str) -> Result<Option<Self>, DecodeError> {
        match bits & 0xc0 {
            0x00 => Ok(None),
            0x40 => Ok(Some(Self::NonVolatile)),
            0x80 => Ok(Some(Self::Volatile)),
            both => Err(DecodeError::Invalid { field, value: both.into() }),
        }
    }
}
