//! Re-arm Sensor Events: lets a sensor report again what it has reported already.

use crate::cmd::sensor::EventBits;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Re-arm Sensor Events. IPMI v2.0 §35.12.
///
/// For sensors that do not re-arm themselves. What is still asserted is reported once more.
///
/// OpenIPMI's lanserv, the one behind `ipmi_sim`, has the flag the wrong way round: asked to re-arm
/// all, it re-arms nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RearmSensorEvents {
    /// Sensor number.
    pub number: u8,
    /// Which events to re-arm; `None` for all.
    pub selected: Option<EventBits>,
}

impl Command for RearmSensorEvents {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x2a);
    const NAME: &'static str = "Re-arm Sensor Events";
    const SECTION: &'static str = "IPMI v2.0 §35.12";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        // Every time, what is still asserted becomes another record, and maybe another alert:
        // OpenIPMI's lanserv does just that.
        Effect::Once
    }
}

impl Encode for RearmSensorEvents {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.number, u8::from(self.selected.is_some()) << 7]);
        if let Some(events) = self.selected {
            events.encode(out);
        }
    }
}

impl Decode for RearmSensorEvents {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let number = r.u8("sensor number")?;
        let some = r.u8("re-arm flags")? & 0x80 != 0;
        // Ignored with "all", though they may be sent, as zeros.
        let events = EventBits::decode_tail(r);
        Ok(Self { number, selected: some.then_some(events) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_some_are_rearmed() {
        // By hand from §35.12.
        let all = RearmSensorEvents { number: 0x30, selected: None };
        assert_eq!(all.to_bytes(), [0x30, 0x00]);
        assert_eq!(RearmSensorEvents::decode_exact(&[0x30, 0x00]).unwrap(), all);
        assert_eq!(RearmSensorEvents::decode_exact(&[0x30, 0x7f, 1, 2, 3, 4]).unwrap(), all);
        let events = EventBits { assertion: 0x0200, deassertion: 0 };
        let some = RearmSensorEvents { number: 0x30, selected: Some(events) };
        assert_eq!(some.to_bytes(), [0x30, 0x80, 0x00, 0x02, 0x00, 0x00]);
        assert_eq!(RearmSensorEvents::decode_exact(&[0x30, 0x80, 0x00, 0x02]).unwrap(), some);
        assert!(RearmSensorEvents::decode_exact(&[0x30]).is_err());
        assert_eq!(all.effect(), Effect::Once);
    }
}
