//! Chassis Identify: makes the machine show itself, usually by a light.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Chassis Identify. IPMI v2.0 §28.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChassisIdentify {
    /// For how many seconds; 0 is off, `None` is 15 seconds.
    pub interval: Option<u8>,
    /// On until switched off, whatever the interval. Older controllers do not take this byte.
    /// It comes after the interval: without one, the default is sent.
    pub force: Option<bool>,
}

impl ChassisIdentify {
    /// Seconds if nothing is said.
    pub const DEFAULT_INTERVAL: u8 = 15;
}

impl Command for ChassisIdentify {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::Chassis, 0x04);
    const NAME: &'static str = "Chassis Identify";
    const SECTION: &'static str = "IPMI v2.0 §28.5";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for ChassisIdentify {
    fn encode(&self, out: &mut Vec<u8>) {
        match (self.interval, self.force) {
            (None, None) => {}
            (Some(interval), None) => out.push(interval),
            (interval, Some(force)) => {
                out.extend([interval.unwrap_or(Self::DEFAULT_INTERVAL), force.into()]);
            }
        }
    }
}

impl Decode for ChassisIdentify {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let interval = r.optional_u8();
        Ok(Self { interval, force: r.optional_u8().map(|force| force & 1 != 0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bytes_are_optional() {
        let cases: [(&[u8], Option<u8>, Option<bool>); 4] = [
            (&[], None, None),
            (&[30], Some(30), None),
            (&[0, 1], Some(0), Some(true)),
            (&[15, 0], Some(15), Some(false)),
        ];
        for (bytes, interval, force) in cases {
            let request = ChassisIdentify::decode_exact(bytes).unwrap();
            assert_eq!(request, ChassisIdentify { interval, force });
            assert_eq!(request.to_bytes(), bytes);
        }
        let forced = ChassisIdentify { interval: None, force: Some(true) };
        assert_eq!(forced.to_bytes(), [15, 1]);
    }
}
