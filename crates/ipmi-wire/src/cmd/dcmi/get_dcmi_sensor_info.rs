//! Get DCMI Sensor Info: the sensor data records of an entity's temperatures.

use super::{GROUP, Instances, group};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Get DCMI Sensor Info. DCMI v1.5 §6.5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetDcmiSensorInfo(pub Instances);

/// The answer to [`GetDcmiSensorInfo`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DcmiSensorInfo {
    /// How many instances there are in all.
    pub total: u8,
    /// IDs of records, up to [`Instances::MOST`].
    pub records: Vec<u16>,
}

impl Command for GetDcmiSensorInfo {
    type Response = DcmiSensorInfo;
    const ID: CommandId = CommandId::group(GROUP, 0x07);
    const NAME: &'static str = "Get DCMI Sensor Info";
    const SECTION: &'static str = "DCMI v1.5 §6.5.2";
    const ACCESS: Access = Access::Session(Privilege::Operator);
}

impl Encode for GetDcmiSensorInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for GetDcmiSensorInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Instances::decode(r).map(Self)
    }
}

impl Encode for DcmiSensorInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        let count = u8::try_from(self.records.len()).unwrap_or(u8::MAX);
        out.extend([GROUP, self.total, count]);
        out.extend(self.records.iter().take(count.into()).flat_map(|id| id.to_le_bytes()));
    }
}

impl Decode for DcmiSensorInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        let [total, count] = r.array("numbers of instances and records")?;
        let records = (0..count).map(|_| r.u16("record ID")).collect::<Result<_, _>>()?;
        Ok(Self { total, records })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_named_by_their_ids() {
        // `ipmi-dcmi --get-dcmi-sensor-info` begins with instance 1, ipmitool with 0.
        let bytes = [0xdc, 1, 0x41, 0, 1];
        let GetDcmiSensorInfo(asked) = GetDcmiSensorInfo::decode_exact(&bytes).unwrap();
        assert_eq!((asked.sensor_type, asked.entity), (super::super::TEMPERATURE, 0x41));
        assert_eq!((asked.instance, asked.start), (0, 1));
        assert_eq!(GetDcmiSensorInfo(asked).to_bytes(), bytes);
        let answer = [0xdc, 2, 2, 0x01, 0x00, 0x02, 0x01];
        let info = DcmiSensorInfo::decode_exact(&answer).unwrap();
        assert_eq!((info.total, info.records.as_slice()), (2, &[1, 0x0102][..]));
        assert_eq!(info.to_bytes(), answer);
        assert!(DcmiSensorInfo::decode_exact(&answer[..6]).is_err());
        assert!(GetDcmiSensorInfo::decode_exact(&bytes[..4]).is_err());
    }
}
