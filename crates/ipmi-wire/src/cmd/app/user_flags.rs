//! What a user may do on a channel: shared by the question and the command.

use crate::codec::DecodeError;
use crate::privilege::Privilege;

/// What a user's name and password are good for on a channel. IPMI v2.0 §22.26, byte 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct UserFlags {
    /// Restricted to callback: whoever calls in may do no more than ask to be called back.
    pub callback_only: bool,
    /// For link authentication, such as PPP's on a serial channel.
    pub link_authentication: bool,
    /// For IPMI messages, which is what a session is for.
    pub messaging: bool,
}

impl UserFlags {
    pub(super) const fn from_bits(bits: u8) -> Self {
        Self {
            callback_only: bits & 0x40 != 0,
            link_authentication: bits & 0x20 != 0,
            messaging: bits & 0x10 != 0,
        }
    }

    pub(super) fn bits(self) -> u8 {
        (u8::from(self.callback_only) << 6)
            | (u8::from(self.link_authentication) << 5)
            | (u8::from(self.messaging) << 4)
    }
}

/// A privilege limit's number; `None` is Fh, no access.
pub(super) fn limit_number(limit: Option<Privilege>) -> u8 {
    limit.map_or(NO_ACCESS, Privilege::number)
}

/// The privilege limit of a number that somebody wants to set.
pub(super) fn limit_to_set(number: u8) -> Result<Option<Privilege>, DecodeError> {
    match number & 0x0f {
        NO_ACCESS => Ok(None),
        number => Privilege::decode_number(number, "user privilege limit").map(Some),
    }
}

const NO_ACCESS: u8 = 0x0f;
