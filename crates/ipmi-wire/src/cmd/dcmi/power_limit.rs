//! How much the machine may draw, and what happens if it draws more. DCMI v1.5 §6.6.2 and §6.6.3.

use crate::codec::{DecodeError, Reader};

/// A limit on the machine's power.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PowerLimit {
    /// What is done once the machine has drawn more for longer than the correction time.
    pub action: ExceptionAction,
    /// Watts.
    pub watts: u16,
    /// Milliseconds within which the machine is to be below the limit.
    pub correction_ms: u32,
    /// Seconds over which power statistics are kept.
    pub sampling_seconds: u16,
}

/// What is done about a machine that is above its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ExceptionAction {
    /// Nothing.
    #[default]
    None,
    /// Main power goes off, and an event into the log.
    PowerOff,
    /// An event goes into the log.
    Log,
    /// An OEM's (02h to 10h), or reserved.
    Other(u8),
}

impl ExceptionAction {
    /// The action of this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number {
            0x00 => Self::None,
            0x01 => Self::PowerOff,
            0x11 => Self::Log,
            other => Self::Other(other),
        }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::None => 0x00,
            Self::PowerOff => 0x01,
            Self::Log => 0x11,
            Self::Other(number) => number,
        }
    }
}

impl PowerLimit {
    /// What follows the reserved bytes, which differ between request and answer.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.action.number());
        out.extend(self.watts.to_le_bytes());
        out.extend(self.correction_ms.to_le_bytes());
        out.extend([0, 0]);
        out.extend(self.sampling_seconds.to_le_bytes());
    }

    pub(super) fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let action = ExceptionAction::from_number(r.u8("exception action")?);
        let watts = r.u16("power limit")?;
        let correction_ms = r.u32("correction time limit")?;
        r.u16("reserved")?;
        let sampling_seconds = r.u16("statistics sampling period")?;
        Ok(Self { action, watts, correction_ms, sampling_seconds })
    }
}
