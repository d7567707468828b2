//! Multirecords 01h, 02h, 09h and 0Ah: direct current, given and taken.

use crate::codec::{DecodeError, Encode, Reader};

/// An output of a power supply. FRU Definition §18.2; extended §18.2a, for more than 65 A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DcOutput {
    /// Whether it is the extended record.
    pub extended: bool,
    /// Which output, 4 bits.
    pub number: u8,
    /// Whether it is there in standby.
    pub standby: bool,
    /// Extended records only: currents are in 100 mA, not 10 mA.
    pub coarse: bool,
    /// Nominal volts, in 10 mV.
    pub nominal_voltage: i16,
    /// Volts at the negative end of the tolerance, in 10 mV.
    pub lowest_voltage: i16,
    /// Volts at the positive end, in 10 mV.
    pub highest_voltage: i16,
    /// Ripple and noise peak to peak, in millivolts.
    pub ripple: u16,
    /// Least current; see [`milliamperes`](Self::milliamperes).
    pub min_current: u16,
    /// Most current.
    pub max_current: u16,
}

/// What a load takes from an output. FRU Definition §18.3; extended §18.3a.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DcLoad {
    /// Whether it is the extended record.
    pub extended: bool,
    /// Which output, 4 bits.
    pub number: u8,
    /// Extended records only: currents are in 100 mA, not 10 mA.
    pub coarse: bool,
    /// Nominal volts, in 10 mV.
    pub nominal_voltage: i16,
    /// Least volts borne, in 10 mV.
    pub lowest_voltage: i16,
    /// Most volts borne, in 10 mV.
    pub highest_voltage: i16,
    /// Ripple and noise borne, peak to peak, in millivolts.
    pub ripple: u16,
    /// Least current; see [`milliamperes`](Self::milliamperes).
    pub min_current: u16,
    /// Most current.
    pub max_current: u16,
}

impl DcOutput {
    /// Least and most current in milliamperes.
    #[must_use]
    pub fn milliamperes(&self) -> (u32, u32) {
        scaled(self.min_current, self.max_current, self.extended, self.coarse)
    }

    pub(super) fn decode(r: &mut Reader<'_>, extended: bool) -> Result<Self, DecodeError> {
        let output = r.u8("output information")?;
        let body = Body::decode(r)?;
        Ok(Self {
            extended,
            number: output & 0x0f,
            standby: output & 0x80 != 0,
            coarse: extended && output & 0x10 != 0,
            nominal_voltage: body.nominal,
            lowest_voltage: body.lowest,
            highest_voltage: body.highest,
            ripple: body.ripple,
            min_current: body.min,
            max_current: body.max,
        })
    }
}

impl DcLoad {
    /// Least and most current in milliamperes.
    #[must_use]
    pub fn milliamperes(&self) -> (u32, u32) {
        scaled(self.min_current, self.max_current, self.extended, self.coarse)
    }

    pub(super) fn decode(r: &mut Reader<'_>, extended: bool) -> Result<Self, DecodeError> {
        let output = r.u8("output number")?;
        let body = Body::decode(r)?;
        Ok(Self {
            extended,
            number: output & 0x0f,
            coarse: extended && output & 0x10 != 0,
            nominal_voltage: body.nominal,
            lowest_voltage: body.lowest,
            highest_voltage: body.highest,
            ripple: body.ripple,
            min_current: body.min,
            max_current: body.max,
        })
    }
}

impl Encode for DcOutput {
    fn encode(&self, out: &mut Vec<u8>) {
        let coarse = self.extended && self.coarse;
        let flags = (u8::from(self.standby) << 7) | (u8::from(coarse) << 4);
        out.push(flags | (self.number & 0x0f));
        Body {
            nominal: self.nominal_voltage,
            lowest: self.lowest_voltage,
            highest: self.highest_voltage,
            ripple: self.ripple,
            min: self.min_current,
            max: self.max_current,
        }
        .encode(out);
    }
}

impl Encode for DcLoad {
    fn encode(&self, out: &mut Vec<u8>) {
        let coarse = self.extended && self.coarse;
        out.push((u8::from(coarse) << 4) | (self.number & 0x0f));
        Body {
            nominal: self.nominal_voltage,
            lowest: self.lowest_voltage,
            highest: self.highest_voltage,
            ripple: self.ripple,
            min: self.min_current,
            max: self.max_current,
        }
        .encode(out);
    }
}

/// What all four records have after their first byte.
struct Body {
    nominal: i16,
    lowest: i16,
    highest: i16,
    ripple: u16,
    min: u16,
    max: u16,
}

impl Body {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut volts = |field| r.array(field).map(i16::from_le_bytes);
        let nominal = volts("nominal voltage")?;
        let lowest = volts("lowest voltage")?;
        let highest = volts("highest voltage")?;
        Ok(Self {
            nominal,
            lowest,
            highest,
            ripple: r.u16("ripple and noise")?,
            min: r.u16("minimum current")?,
            max: r.u16("maximum current")?,
        })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        for voltage in [self.nominal, self.lowest, self.highest] {
            out.extend(voltage.to_le_bytes());
        }
        for value in [self.ripple, self.min, self.max] {
            out.extend(value.to_le_bytes());
        }
    }
}

/// The plain records count milliamperes, the extended ones tens or hundreds of them.
fn scaled(min: u16, max: u16, extended: bool, coarse: bool) -> (u32, u32) {
    let unit = match (extended, coarse) {
        (false, _) => 1,
        (true, false) => 10,
        (true, true) => 100,
    };
    (u32::from(min).saturating_mul(unit), u32::from(max).saturating_mul(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from §18.2: output 1, in standby, -12 V ± 5 %, 120 mV, 0 to 1.5 A.
    const MINUS_12_V: [u8; 13] =
        [0x81, 0x50, 0xfb, 0x14, 0xfb, 0x8c, 0xfb, 0x78, 0x00, 0x00, 0x00, 0xdc, 0x05];

    #[test]
    fn voltages_may_be_negative() {
        let output = DcOutput::decode(&mut Reader::new(&MINUS_12_V), false).unwrap();
        assert_eq!((output.number, output.standby, output.ripple), (1, true, 120));
        assert_eq!((output.nominal_voltage, output.lowest_voltage), (-1200, -1260));
        assert_eq!(output.milliamperes(), (0, 1500));
        assert_eq!(output.to_bytes(), MINUS_12_V);
        for length in 0..MINUS_12_V.len() {
            assert!(DcOutput::decode(&mut Reader::new(&MINUS_12_V[..length]), false).is_err());
        }
    }

    #[test]
    fn extended_records_reach_further() {
        let mut bytes = MINUS_12_V;
        bytes[0] = 0x12;
        let load = DcLoad::decode(&mut Reader::new(&bytes), true).unwrap();
        assert_eq!((load.number, load.milliamperes()), (2, (0, 150_000)));
        assert_eq!(load.to_bytes(), bytes);
        let plain = DcLoad::decode(&mut Reader::new(&bytes), false).unwrap();
        assert_eq!((plain.coarse, plain.to_bytes()[0]), (false, 0x02));
    }
}
