//! Get System Restart Cause: why the machine last started.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Get System Restart Cause. IPMI v2.0 §28.11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSystemRestartCause;

/// The answer to [`GetSystemRestartCause`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemRestartCause {
    /// Why.
    pub cause: RestartCause,
    /// The channel that the command came in on, if it was one; 0 if the controller leaves it out.
    pub channel: Channel,
}

/// Why a machine last started. IPMI v2.0 §28.11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RestartCause {
    /// Nobody knows.
    Unknown,
    /// A Chassis Control command.
    ChassisControl,
    /// The reset button.
    ResetButton,
    /// The power button.
    PowerButton,
    /// The watchdog.
    Watchdog,
    /// The manufacturer's own.
    Oem,
    /// Mains power came back, and the policy is "always on".
    PowerRestoredAlways,
    /// Mains power came back, and the policy is "as before".
    PowerRestoredPrevious,
    /// Event filtering: reset.
    PefReset,
    /// Event filtering: power cycle.
    PefPowerCycle,
    /// A soft reset, such as Ctrl-Alt-Del.
    SoftReset,
    /// The real-time clock.
    RtcWakeup,
    /// 0Ch to 0Fh.
    Other(u8),
}

impl RestartCause {
    /// The cause of a 4-bit number.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number & 0x0f {
            0x0 => Self::Unknown,
            0x1 => Self::ChassisControl,
            0x2 => Self::ResetButton,
            0x3 => Self::PowerButton,
            0x4 => Self::Watchdog,
            0x5 => Self::Oem,
            0x6 => Self::PowerRestoredAlways,
            0x7 => Self::PowerRestoredPrevious,
            0x8 => Self::PefReset,
            0x9 => Self::PefPowerCycle,
            0xa => Self::SoftReset,
            0xb => Self::RtcWakeup,
            other => Self::Other(other),
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Unknown => 0x0,
            Self::ChassisControl => 0x1,
            Self::ResetButton => 0x2,
            Self::PowerButton => 0x3,
            Self::Watchdog => 0x4,
            Self::Oem => 0x5,
            Self::PowerRestoredAlways => 0x6,
            Self::PowerRestoredPrevious => 0x7,
            Self::PefReset => 0x8,
            Self::PefPowerCycle => 0x9,
            Self::SoftReset => 0xa,
            Self::RtcWakeup => 0xb,
            Self::Other(number) => number & 0x0f,
        }
    }
}

impl Command for GetSystemRestartCause {
    type Response = SystemRestartCause;
    const ID: CommandId = CommandId::new(NetFn::Chassis, 0x07);
    const NAME: &'static str = "Get System Restart Cause";
    const SECTION: &'static str = "IPMI v2.0 §28.11";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetSystemRestartCause);

impl Encode for SystemRestartCause {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.cause.number(), self.channel.number()]);
    }
}

impl Decode for SystemRestartCause {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let cause = RestartCause::from_number(r.u8("restart cause")?);
        Ok(Self { cause, channel: Channel::new(r.optional_u8().unwrap_or(0)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_its_number() {
        for number in 0..=0x0f {
            assert_eq!(RestartCause::from_number(number).number(), number);
        }
        let answer = SystemRestartCause::decode_exact(&[0x01, 0x02]).unwrap();
        assert_eq!(answer.cause, RestartCause::ChassisControl);
        assert_eq!((answer.channel.number(), answer.to_bytes()), (2, vec![1, 2]));
    }
}
