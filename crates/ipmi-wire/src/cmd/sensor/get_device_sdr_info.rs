//! Get Device SDR Info: how many sensors or records a controller has of its own.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Device SDR Info. IPMI v2.0 §35.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetDeviceSdrInfo {
    /// What to count; left out, it is [`Sensors`](DeviceSdrCount::Sensors), as in IPMI v1.0.
    pub count: Option<DeviceSdrCount>,
}

/// What [`GetDeviceSdrInfo`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceSdrCount {
    /// Sensors of the LUN that the request goes to.
    Sensors,
    /// Records of the whole controller.
    Records,
}

/// The answer to [`GetDeviceSdrInfo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceSdrInfo {
    /// How many.
    pub count: u8,
    /// Whether sensors may come and go while the controller runs.
    pub dynamic: bool,
    /// Which LUNs have sensors: bit n is LUN n.
    pub luns: u8,
    /// A number that changes whenever sensors come or go; not given if they never do.
    pub population_change: Option<u32>,
}

impl Command for GetDeviceSdrInfo {
    type Response = DeviceSdrInfo;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x20);
    const NAME: &'static str = "Get Device SDR Info";
    const SECTION: &'static str = "IPMI v2.0 §35.2";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetDeviceSdrInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.count.map(|count| match count {
            DeviceSdrCount::Sensors => 0,
            DeviceSdrCount::Records => 1,
        }));
    }
}

impl Decode for GetDeviceSdrInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = r.optional_u8().map(|operation| match operation & 1 {
            0 => DeviceSdrCount::Sensors,
            _ => DeviceSdrCount::Records,
        });
        Ok(Self { count })
    }
}

impl Encode for DeviceSdrInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.count, (u8::from(self.dynamic) << 7) | (self.luns & 0x0f)]);
        if let Some(number) = self.population_change {
            out.extend(number.to_le_bytes());
        }
    }
}

impl Decode for DeviceSdrInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = r.u8("number of sensors or SDRs")?;
        let flags = r.u8("sensor population flags")?;
        // "Static" controllers leave it out; less than four bytes are no number.
        let population_change = r.u32("sensor population change indicator").ok();
        Ok(Self { count, dynamic: flags & 0x80 != 0, luns: flags & 0x0f, population_change })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operation_may_be_left_out() {
        let read = |bytes: &[u8]| GetDeviceSdrInfo::decode_exact(bytes).unwrap().count;
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[0xfe]), Some(DeviceSdrCount::Sensors));
        assert_eq!(read(&[0x01]), Some(DeviceSdrCount::Records));
        for bytes in [&[][..], &[0], &[1]] {
            assert_eq!(GetDeviceSdrInfo::decode_exact(bytes).unwrap().to_bytes(), bytes);
        }
    }

    #[test]
    fn a_static_population_has_no_indicator() {
        // By hand from §35.2; the reserved bits of the flags are set.
        let fixed = DeviceSdrInfo::decode_exact(&[0x12, 0x71]).unwrap();
        assert_eq!((fixed.count, fixed.dynamic, fixed.luns), (0x12, false, 1));
        assert_eq!((fixed.population_change, fixed.to_bytes()), (None, vec![0x12, 0x01]));
        let moving = DeviceSdrInfo::decode_exact(&[0x12, 0x83, 1, 2, 3, 4]).unwrap();
        assert_eq!((moving.dynamic, moving.population_change), (true, Some(0x0403_0201)));
        assert_eq!(moving.to_bytes(), [0x12, 0x83, 1, 2, 3, 4]);
        assert!(DeviceSdrInfo::decode_exact(&[0x12]).is_err());
    }
}
