//! Get Sensor Reading Factors: how a non-linear sensor's reading becomes a value.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;
use crate::sdr::{Direction, Factors, Linearization};

/// Get Sensor Reading Factors. IPMI v2.0 §35.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSensorReadingFactors {
    /// Sensor number.
    pub number: u8,
    /// The raw reading whose factors are wanted.
    pub raw: u8,
}

/// The answer to [`GetSensorReadingFactors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SensorReadingFactors {
    /// The next reading with factors of its own: those given hold up to it. The same reading again
    /// if the sensor keeps a single set of factors.
    pub next_reading: u8,
    /// The factors, of a straight line: the answer tells neither function nor direction.
    pub factors: Factors,
}

impl Command for GetSensorReadingFactors {
    type Response = SensorReadingFactors;
    const ID: CommandId = CommandId::new(NetFn::SensorEvent, 0x23);
    const NAME: &'static str = "Get Sensor Reading Factors";
    const SECTION: &'static str = "IPMI v2.0 §35.5";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetSensorReadingFactors {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.number, self.raw]);
    }
}

impl Decode for GetSensorReadingFactors {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { number: r.u8("sensor number")?, raw: r.u8("reading byte")? })
    }
}

impl Encode for SensorReadingFactors {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.next_reading);
        // Where records have the direction, this answer has two reserved bits.
        Factors { direction: Direction::Unspecified, ..self.factors }.encode_line(out);
    }
}

impl Decode for SensorReadingFactors {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let next_reading = r.u8("next reading")?;
        let factors = Factors::decode_line(r, Linearization::Linear)?;
        let factors = Factors { direction: Direction::Unspecified, ..factors };
        Ok(Self { next_reading, factors })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::AnalogFormat;

    #[test]
    fn the_answer_is_a_line() {
        // By hand from §35.5: M 2, tolerance 1, B -5, exponents R -1 and B 1; reserved bits set.
        let bytes = [0x80, 0x02, 0x01, 0xfb, 0xc0, 0x03, 0xf1];
        let answer = SensorReadingFactors::decode_exact(&bytes).unwrap();
        let factors =
            Factors { m: 2, tolerance: 1, b: -5, b_exp: 1, r_exp: -1, ..Factors::IDENTITY };
        assert_eq!(answer, SensorReadingFactors { next_reading: 0x80, factors });
        let value = factors.value(10, AnalogFormat::Unsigned).unwrap();
        assert!((value + 3.0).abs() < 1e-9);
        assert_eq!(answer.to_bytes(), [0x80, 0x02, 0x01, 0xfb, 0xc0, 0x00, 0xf1]);
        for length in 0..bytes.len() {
            assert!(SensorReadingFactors::decode_exact(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn a_reading_is_asked_about() {
        let request = GetSensorReadingFactors { number: 0x30, raw: 0x7f };
        assert_eq!(request.to_bytes(), [0x30, 0x7f]);
        assert_eq!(GetSensorReadingFactors::decode_exact(&[0x30, 0x7f]).unwrap(), request);
        assert!(GetSensorReadingFactors::decode_exact(&[0x30]).is_err());
    }
}
