//! Get Temperature Readings: an entity's temperatures, without records.

use super::{GROUP, Instances, group};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Get Temperature Readings. DCMI v1.5 §6.7.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetTemperatureReadings(pub Instances);

/// The answer to [`GetTemperatureReadings`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemperatureReadings {
    /// How many instances there are in all.
    pub total: u8,
    /// Some of them, up to [`Instances::MOST`].
    pub readings: Vec<TemperatureReading>,
}

/// A temperature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemperatureReading {
    /// Which.
    pub instance: u8,
    /// Whole degrees Celsius, -127 to 127. A sign and seven bits, as ipmitool and OpenBMC have it.
    pub celsius: i8,
}

impl Command for GetTemperatureReadings {
    type Response = TemperatureReadings;
    const ID: CommandId = CommandId::group(GROUP, 0x10);
    const NAME: &'static str = "Get Temperature Readings";
    const SECTION: &'static str = "DCMI v1.5 §6.7.3";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetTemperatureReadings {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Decode for GetTemperatureReadings {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Instances::decode(r).map(Self)
    }
}

const NEGATIVE: u8 = 0x80;

impl Encode for TemperatureReadings {
    fn encode(&self, out: &mut Vec<u8>) {
        let count = u8::try_from(self.readings.len()).unwrap_or(u8::MAX);
        out.extend([GROUP, self.total, count]);
        for reading in self.readings.iter().take(count.into()) {
            let size = reading.celsius.unsigned_abs().min(0x7f);
            let sign = if reading.celsius < 0 { NEGATIVE } else { 0 };
            out.extend([size | sign, reading.instance]);
        }
    }
}

impl Decode for TemperatureReadings {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        let [total, count] = r.array("numbers of instances and readings")?;
        let reading = |_| {
            let [degrees, instance] = r.array("temperature and instance")?;
            let size = (degrees & !NEGATIVE).cast_signed();
            let celsius = if degrees & NEGATIVE == 0 { size } else { size.wrapping_neg() };
            Ok(TemperatureReading { instance, celsius })
        };
        let readings = (0..count).map(reading).collect::<Result<_, _>>()?;
        Ok(Self { total, readings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temperatures_have_a_sign_and_seven_bits() {
        let bytes = [0xdc, 1, 0x40, 0, 0];
        let GetTemperatureReadings(asked) = GetTemperatureReadings::decode_exact(&bytes).unwrap();
        assert_eq!((asked.entity, asked.instance, asked.start), (0x40, 0, 0));
        assert_eq!(GetTemperatureReadings(asked).to_bytes(), bytes);
        let answer = [0xdc, 3, 3, 24, 1, 0x80 | 5, 2, 0x7f, 3];
        let told = TemperatureReadings::decode_exact(&answer).unwrap();
        let degrees: Vec<_> = told.readings.iter().map(|r| (r.instance, r.celsius)).collect();
        assert_eq!(degrees, [(1, 24), (2, -5), (3, 127)]);
        assert_eq!(told.to_bytes(), answer);
        let coldest = TemperatureReading { instance: 1, celsius: i8::MIN };
        let told = TemperatureReadings { total: 1, readings: vec![coldest] };
        assert_eq!(told.to_bytes(), [0xdc, 1, 1, 0xff, 1]);
        assert!(TemperatureReadings::decode_exact(&answer[..8]).is_err());
        assert!(GetTemperatureReadings::decode_exact(&bytes[..4]).is_err());
    }
}
