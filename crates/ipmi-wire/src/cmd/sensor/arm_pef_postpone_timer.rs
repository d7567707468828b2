//! Arm PEF Postpone Timer: how long events are left to software first.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Arm PEF Postpone Timer. IPMI v2.0 §30.2.
///
/// While it counts down, the controller does nothing about events. Software that handles them itself
/// says how far it has got (Set Last Processed Event ID) and arms it again, as long as it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArmPefPostponeTimer {
    /// Events are not postponed any longer.
    Disarm,
    /// Events are postponed for so many seconds, 1 to FDh.
    Arm(u8),
    /// Events are postponed until further notice.
    Hold,
    /// Nothing changes; the answer tells what there is.
    Get,
}

/// The answer to [`ArmPefPostponeTimer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PefPostponeTimer {
    /// Seconds that are left; 0 is disarmed, FEh without end.
    pub present: u8,
}

impl PefPostponeTimer {
    /// Events are postponed until further notice.
    pub const HELD: u8 = 0xfe;
}

const GET: u8 = 0xff;

impl Command for ArmPefPostponeTimer {
    type Response = PefPostponeTimer;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x11);
    const NAME: &'static str = "Arm PEF Postpone Timer";
    const SECTION: &'static str = "IPMI v2.0 §30.2";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        match self {
            Self::Get => Effect::Read,
            Self::Disarm | Self::Arm(_) | Self::Hold => Effect::Idempotent,
        }
    }
}

impl Encode for ArmPefPostponeTimer {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::Disarm => 0,
            Self::Arm(seconds) => *seconds,
            Self::Hold => PefPostponeTimer::HELD,
            Self::Get => GET,
        });
    }
}

impl Decode for ArmPefPostponeTimer {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match r.u8("PEF postpone timeout")? {
            0 => Self::Disarm,
            PefPostponeTimer::HELD => Self::Hold,
            GET => Self::Get,
            seconds => Self::Arm(seconds),
        })
    }
}

impl Encode for PefPostponeTimer {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.present);
    }
}

impl Decode for PefPostponeTimer {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.u8("present timer countdown value").map(|present| Self { present })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_scale_mean_something_else() {
        // By hand from §30.2.
        for (byte, request, effect) in [
            (0, ArmPefPostponeTimer::Disarm, Effect::Idempotent),
            (1, ArmPefPostponeTimer::Arm(1), Effect::Idempotent),
            (0xfd, ArmPefPostponeTimer::Arm(0xfd), Effect::Idempotent),
            (0xfe, ArmPefPostponeTimer::Hold, Effect::Idempotent),
            (0xff, ArmPefPostponeTimer::Get, Effect::Read),
        ] {
            assert_eq!(ArmPefPostponeTimer::decode_exact(&[byte]), Ok(request));
            assert_eq!((request.to_bytes(), request.effect()), (vec![byte], effect));
        }
        assert!(ArmPefPostponeTimer::decode_exact(&[]).is_err());
        assert!(PefPostponeTimer::decode_exact(&[]).is_err());
        assert_eq!(PefPostponeTimer::decode_exact(&[7]).unwrap().to_bytes(), [7]);
    }
}
