//! Get Power Reading: what the machine draws, now and over a while.

use super::{AveragePeriod, GROUP, group};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Get Power Reading. DCMI v1.5 §6.6.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GetPowerReading {
    /// Over the sampling period that was set.
    System,
    /// Over one of the periods that [`GetDcmiCapabilitiesInfo`](super::GetDcmiCapabilitiesInfo)
    /// lists.
    Enhanced(AveragePeriod),
    /// Any other mode.
    Other {
        /// Its number.
        mode: u8,
        /// What goes with it.
        attributes: u8,
    },
}

/// The answer to [`GetPowerReading`]: watts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PowerReading {
    /// Now.
    pub current: u16,
    /// The least over the period.
    pub minimum: u16,
    /// The most.
    pub maximum: u16,
    /// The mean.
    pub average: u16,
    /// When the period ended: seconds since 1970, or since the controller started (as in the SEL).
    pub timestamp: u32,
    /// The period in milliseconds. In the enhanced mode ipmitool reads the period's own code here,
    /// and FreeIPMI milliseconds.
    pub period: u32,
    /// Whether power is measured. If not, the rest says nothing.
    pub active: bool,
}

impl Command for GetPowerReading {
    type Response = PowerReading;
    const ID: CommandId = CommandId::group(GROUP, 0x02);
    const NAME: &'static str = "Get Power Reading";
    const SECTION: &'static str = "DCMI v1.5 §6.6.1";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetPowerReading {
    fn encode(&self, out: &mut Vec<u8>) {
        let (mode, attributes) = match *self {
            Self::System => (1, 0),
            Self::Enhanced(period) => (2, period.0),
            Self::Other { mode, attributes } => (mode, attributes),
        };
        out.extend([GROUP, mode, attributes, 0]);
    }
}

impl Decode for GetPowerReading {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        let [mode, attributes, _] = r.array("mode")?;
        Ok(match mode {
            1 => Self::System,
            2 => Self::Enhanced(AveragePeriod(attributes)),
            mode => Self::Other { mode, attributes },
        })
    }
}

/// The state's only bit: power is measured.
const ACTIVE: u8 = 1 << 6;

impl Encode for PowerReading {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(GROUP);
        for watts in [self.current, self.minimum, self.maximum, self.average] {
            out.extend(watts.to_le_bytes());
        }
        out.extend(self.timestamp.to_le_bytes());
        out.extend(self.period.to_le_bytes());
        out.push(if self.active { ACTIVE } else { 0 });
    }
}

impl Decode for PowerReading {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        Ok(Self {
            current: r.u16("current power")?,
            minimum: r.u16("minimum power")?,
            maximum: r.u16("maximum power")?,
            average: r.u16("average power")?,
            timestamp: r.u32("time stamp")?,
            period: r.u32("statistics reporting time period")?,
            active: r.u8("power reading state")? & ACTIVE != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_modes_are_asked_for_as_ipmitool_does() {
        // `dcmi power reading` and `dcmi power reading 1_min` (lib/ipmi_dcmi.c of 1.8.19).
        for (request, bytes) in [
            (GetPowerReading::System, [0xdc, 1, 0, 0]),
            (GetPowerReading::Enhanced(AveragePeriod(0x41)), [0xdc, 2, 0x41, 0]),
            (GetPowerReading::Other { mode: 3, attributes: 7 }, [0xdc, 3, 7, 0]),
        ] {
            assert_eq!(request.to_bytes(), bytes);
            assert_eq!(GetPowerReading::decode_exact(&bytes), Ok(request));
        }
        assert!(GetPowerReading::decode_exact(&[0xdc, 1, 0]).is_err());
    }

    #[test]
    fn a_reading_is_what_ipmitool_makes_of_it() {
        // 376 W now, 250 to 405, 371 on average; 2024-05-01 12:00:00; the last minute; active.
        let bytes = [
            0xdc, 0x78, 0x01, 0xfa, 0x00, 0x95, 0x01, 0x73, 0x01, 0xc0, 0x2e, 0x32, 0x66, 0x60,
            0xea, 0x00, 0x00, 0x40,
        ];
        let reading = PowerReading::decode_exact(&bytes).unwrap();
        assert_eq!((reading.current, reading.minimum), (376, 250));
        assert_eq!((reading.maximum, reading.average), (405, 371));
        assert_eq!((reading.timestamp, reading.period), (1_714_564_800, 60_000));
        assert!(reading.active);
        assert_eq!(reading.to_bytes(), bytes);
        assert!(PowerReading::decode_exact(&bytes[..17]).is_err());
        assert!(!PowerReading::decode_exact(&PowerReading::default().to_bytes()).unwrap().active);
    }
}
