//! Status codes of RMCP+ and RAKP messages.

use core::fmt;

/// Why a session is not opened.
///
/// Source: IPMI v2.0 §13.24, Table 13-15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RmcpPlusStatus(pub u8);

#[allow(missing_docs, reason = "the specification's own names; texts are in `text`")]
impl RmcpPlusStatus {
    pub const NO_ERRORS: Self = Self(0x00);
    pub const INSUFFICIENT_RESOURCES: Self = Self(0x01);
    pub const INVALID_SESSION_ID: Self = Self(0x02);
    pub const INVALID_PAYLOAD_TYPE: Self = Self(0x03);
    pub const INVALID_AUTHENTICATION_ALGORITHM: Self = Self(0x04);
    pub const INVALID_INTEGRITY_ALGORITHM: Self = Self(0x05);
    pub const NO_MATCHING_AUTHENTICATION_PAYLOAD: Self = Self(0x06);
    pub const NO_MATCHING_INTEGRITY_PAYLOAD: Self = Self(0x07);
    pub const INACTIVE_SESSION_ID: Self = Self(0x08);
    pub const INVALID_ROLE: Self = Self(0x09);
    pub const UNAUTHORIZED_ROLE: Self = Self(0x0a);
    pub const INSUFFICIENT_RESOURCES_FOR_ROLE: Self = Self(0x0b);
    pub const INVALID_NAME_LENGTH: Self = Self(0x0c);
    pub const UNAUTHORIZED_NAME: Self = Self(0x0d);
    pub const UNAUTHORIZED_GUID: Self = Self(0x0e);
    pub const INVALID_INTEGRITY_CHECK_VALUE: Self = Self(0x0f);
    pub const INVALID_CONFIDENTIALITY_ALGORITHM: Self = Self(0x10);
    pub const NO_CIPHER_SUITE_MATCH: Self = Self(0x11);
    pub const ILLEGAL_PARAMETER: Self = Self(0x12);
}

impl RmcpPlusStatus {
    /// Whether all is well.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// The meaning, in our words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self.0 {
            0x00 => "no errors",
            0x01 => "insufficient resources to create a session",
            0x02 => "invalid session ID",
            0x03 => "invalid payload type",
            0x04 => "invalid authentication algorithm",
            0x05 => "invalid integrity algorithm",
            0x06 => "no matching authentication payload",
            0x07 => "no matching integrity payload",
            0x08 => "inactive session ID",
            0x09 => "invalid role",
            0x0a => "unauthorized role or privilege level requested",
            0x0b => "insufficient resources to create a session at the requested role",
            0x0c => "invalid name length",
            0x0d => "unauthorized name",
            0x0e => "unauthorized GUID",
            0x0f => "invalid integrity check value",
            0x10 => "invalid confidentiality algorithm",
            0x11 => "no cipher suite match with the proposed security algorithms",
            0x12 => "illegal or unrecognized parameter",
            _ => "reserved status code",
        }
    }
}

impl fmt::Display for RmcpPlusStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:02X}h)", self.text(), self.0)
    }
}
