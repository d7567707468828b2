//! Completion codes: what a controller answers instead of, or before, data.

use core::fmt;

use crate::codec::DecodeError;

/// The first byte of every response.
///
/// Source: IPMI v2.0 §5.2, Table 5-2. Codes 80h–BEh belong to the command; ask
/// [`Command::explain`](crate::Command::explain).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CompletionCode(pub u8);

#[allow(missing_docs, reason = "the specification's own names; texts are in `text`")]
impl CompletionCode {
    pub const OK: Self = Self(0x00);
    pub const NODE_BUSY: Self = Self(0xc0);
    pub const INVALID_COMMAND: Self = Self(0xc1);
    pub const INVALID_FOR_LUN: Self = Self(0xc2);
    pub const TIMEOUT: Self = Self(0xc3);
    pub const OUT_OF_SPACE: Self = Self(0xc4);
    pub const RESERVATION_CANCELED: Self = Self(0xc5);
    pub const DATA_TRUNCATED: Self = Self(0xc6);
    pub const DATA_LENGTH_INVALID: Self = Self(0xc7);
    pub const FIELD_LENGTH_EXCEEDED: Self = Self(0xc8);
    pub const PARAMETER_OUT_OF_RANGE: Self = Self(0xc9);
    pub const CANNOT_RETURN_BYTES: Self = Self(0xca);
    pub const NOT_PRESENT: Self = Self(0xcb);
    pub const INVALID_DATA_FIELD: Self = Self(0xcc);
    pub const ILLEGAL_FOR_RECORD: Self = Self(0xcd);
    pub const RESPONSE_UNAVAILABLE: Self = Self(0xce);
    pub const DUPLICATED_REQUEST: Self = Self(0xcf);
    pub const SDR_UPDATE_MODE: Self = Self(0xd0);
    pub const FIRMWARE_UPDATE_MODE: Self = Self(0xd1);
    pub const BMC_INITIALIZING: Self = Self(0xd2);
    pub const DESTINATION_UNAVAILABLE: Self = Self(0xd3);
    pub const INSUFFICIENT_PRIVILEGE: Self = Self(0xd4);
    pub const NOT_SUPPORTED_IN_STATE: Self = Self(0xd5);
    pub const SUBFUNCTION_DISABLED: Self = Self(0xd6);
    pub const UNSPECIFIED: Self = Self(0xff);
}

impl CompletionCode {
    /// Whether the command was carried out.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// The generic meaning, in our words. Codes that a command defines for itself are described
    /// as such.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self.0 {
            0x00 => "command completed normally",
            0x01..=0x7e => "OEM-specific code",
            0x80..=0xbe => "command-specific code",
            0xc0 => "node busy: out of processing resources, try again",
            0xc1 => "invalid command: not recognised or not supported",
            0xc2 => "command is not valid for this LUN",
            0xc3 => "timed out while processing the command",
            0xc4 => "out of storage space",
            0xc5 => "reservation cancelled, or the Reservation ID is wrong",
            0xc6 => "request data truncated",
            0xc7 => "request data length is wrong",
            0xc8 => "request data field is longer than allowed",
            0xc9 => "parameter out of range",
            0xca => "cannot return the number of bytes asked for",
            0xcb => "no such sensor, record or data",
            0xcc => "invalid data field in the request",
            0xcd => "command is illegal for this sensor or record type",
            0xce => "response could not be provided",
            0xcf => "duplicated request",
            0xd0 => "SDR repository is in update mode",
            0xd1 => "device is in firmware update mode",
            0xd2 => "BMC is initialising",
            0xd3 => "destination unavailable",
            0xd4 => "insufficient privilege level, or forbidden on this channel",
            0xd5 => "not supported in the present state",
            0xd6 => "sub-function disabled or unavailable",
            0xff => "unspecified error",
            _ => "reserved code",
        }
    }
}

/// What a request is refused with that is not one: too short or too long, or with something in it
/// that means nothing.
impl From<DecodeError> for CompletionCode {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Truncated { .. } | DecodeError::Trailing { .. } => {
                Self::DATA_LENGTH_INVALID
            }
            _ => Self::INVALID_DATA_FIELD,
        }
    }
}

impl fmt::Display for CompletionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:02X}h)", self.text(), self.0)
    }
}

impl From<u8> for CompletionCode {
    fn from(code: u8) -> Self {
        Self(code)
    }
}
