//! From raw readings to values and back.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::sdr::{AnalogFormat, Linearization};

/// What a sensor measures, seen from the entity. IPMI v2.0 §43.1, byte 29.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Not said, or not applicable.
    Unspecified,
    /// What goes in, such as a power supply's input voltage.
    Input,
    /// What comes out.
    Output,
    /// Number 3.
    Reserved,
}

impl Direction {
    pub(super) const fn from_number(number: u8) -> Self {
        match number & 3 {
            0 => Self::Unspecified,
            1 => Self::Input,
            2 => Self::Output,
            _ => Self::Reserved,
        }
    }

    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::Input => 1,
            Self::Output => 2,
            Self::Reserved => 3,
        }
    }
}

/// How a raw reading becomes a value: `L((M·x + B·10^Bexp)·10^Rexp)`. IPMI v2.0 §36.3, §43.1.
///
/// Values outside of the stated widths cannot be expressed on the wire: they are encoded as the
/// nearest that can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Factors {
    /// L, the function applied last.
    pub linearization: Linearization,
    /// M, the slope: -512 to 511.
    pub m: i16,
    /// Tolerance, in half raw counts: 0 to 63.
    pub tolerance: u8,
    /// B, the offset: -512 to 511.
    pub b: i16,
    /// Accuracy, in hundredths of a percent times ten to `accuracy_exp`: 0 to 1023.
    pub accuracy: u16,
    /// Exponent of `accuracy`: 0 to 3.
    pub accuracy_exp: u8,
    /// K2, the exponent of the result: -8 to 7.
    pub r_exp: i8,
    /// K1, the exponent of B: -8 to 7.
    pub b_exp: i8,
    /// Input or output.
    pub direction: Direction,
}

impl Factors {
    /// The value is the raw number.
    pub const IDENTITY: Self = Self {
        linearization: Linearization::Linear,
        m: 1,
        tolerance: 0,
        b: 0,
        accuracy: 0,
        accuracy_exp: 0,
        r_exp: 0,
        b_exp: 0,
        direction: Direction::Unspecified,
    };

    /// The value of the reading `raw`.
    ///
    /// `None` if the sensor has no analogue reading, if its factors must be asked for, and where
    /// the function has no value, such as the logarithm of zero.
    #[must_use]
    pub fn value(&self, raw: u8, format: AnalogFormat) -> Option<f64> {
        let x = f64::from(format.number(raw)?);
        let line = (f64::from(self.m) * x + self.offset()) * self.scale();
        self.linearization.apply(line).filter(|value| value.is_finite())
    }

    /// The reading whose value is nearest to `value`: the lowest or the highest if it is out of
    /// range, 0 if the sensor has no values at all.
    #[must_use]
    pub fn raw(&self, value: f64, format: AnalogFormat) -> u8 {
        if value.is_nan() {
            return 0;
        }
        if self.is_linear() && self.m != 0 {
            let x = (value / self.scale() - self.offset()) / f64::from(self.m);
            // `as` saturates, and so does `AnalogFormat::raw`.
            return format.raw(x.round() as i16).unwrap_or(0);
        }
        // The functions bend and flip the scale; trying all readings needs no case for each.
        let all = || (0..=u8::MAX).filter_map(|raw| Some((raw, self.value(raw, format)?)));
        // Seen from far away, all readings are equally near.
        let lowest = all().map(|(_, value)| value).fold(f64::INFINITY, f64::min);
        let highest = all().map(|(_, value)| value).fold(f64::NEG_INFINITY, f64::max);
        let value = value.min(highest).max(lowest);
        all()
            .map(|(raw, near)| (raw, (near - value).abs()))
            .min_by(|(_, a), (_, b)| a.total_cmp(b))
            .map_or(0, |(raw, _)| raw)
    }

    /// The same sensor with the factors that Get Sensor Reading Factors gave for a reading: a
    /// straight line, good for that reading.
    #[must_use]
    pub const fn with_reading_factors(&self, asked: &Self) -> Self {
        Self { linearization: Linearization::Linear, direction: self.direction, ..*asked }
    }

    /// The value of a difference between two readings, such as a hysteresis: without the offset.
    /// `None` unless the sensor is linear: elsewhere a difference depends on where it is, see
    /// [`hysteresis_at`](Self::hysteresis_at). (ipmitool prints the function of the difference
    /// there, a figure without a meaning.)
    #[must_use]
    pub fn difference(&self, raw: u8, format: AnalogFormat) -> Option<f64> {
        let x = format.number(raw).filter(|_| self.is_linear())?;
        Some(f64::from(self.m) * f64::from(x) * self.scale())
    }

    /// How far the value must return from a threshold (both raw) before the event goes away: a
    /// hysteresis of `counts` as a value, whatever the function. Upwards means that the threshold
    /// guards against high readings. `None` if either end has no value.
    #[must_use]
    pub fn hysteresis_at(
        &self,
        threshold: u8,
        counts: u8,
        upwards: bool,
        format: AnalogFormat,
    ) -> Option<f64> {
        let at = format.number(threshold)?;
        let counts = i16::from(counts);
        let back = if upwards { at.saturating_sub(counts) } else { at.saturating_add(counts) };
        let (min, max) = format.range()?;
        if !(min..=max).contains(&back) {
            return None;
        }
        let reset = self.value(format.raw(back)?, format)?;
        Some((self.value(threshold, format)? - reset).abs())
    }

    /// The smallest step between two readings. `None` unless the sensor is linear.
    #[must_use]
    pub fn resolution(&self) -> Option<f64> {
        self.is_linear().then(|| (f64::from(self.m) * self.scale()).abs())
    }

    /// The tolerance as a value, plus or minus. `None` unless the sensor is linear.
    #[must_use]
    pub fn tolerance_value(&self) -> Option<f64> {
        let half_counts = f64::from(self.tolerance);
        self.is_linear().then(|| (f64::from(self.m) * half_counts / 2.0 * self.scale()).abs())
    }

    /// The accuracy in percent.
    #[must_use]
    pub fn accuracy_percent(&self) -> f64 {
        f64::from(self.accuracy) * 10f64.powi(self.accuracy_exp.into()) / 100.0
    }

    fn is_linear(&self) -> bool {
        self.linearization == Linearization::Linear
    }

    fn offset(&self) -> f64 {
        f64::from(self.b) * 10f64.powi(self.b_exp.into())
    }

    fn scale(&self) -> f64 {
        10f64.powi(self.r_exp.into())
    }
}

impl Encode for Factors {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.linearization.number());
        self.encode_line(out);
    }
}

impl Decode for Factors {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let linearization = Linearization::from_number(r.u8("linearization")?);
        Self::decode_line(r, linearization)
    }
}

/// The six bytes after the linearization: all that Get Sensor Reading Factors answers.
impl Factors {
    pub(crate) fn encode_line(&self, out: &mut Vec<u8>) {
        let [m_low, m_high] = self.m.clamp(-512, 511).to_le_bytes();
        let [b_low, b_high] = self.b.clamp(-512, 511).to_le_bytes();
        let [accuracy_low, _] = (self.accuracy.min(1023) & 0x3f).to_le_bytes();
        let [accuracy_high, _] = (self.accuracy.min(1023) >> 6).to_le_bytes();
        let nibble = |exponent: i8| exponent.clamp(-8, 7).to_le_bytes().map(|byte| byte & 0x0f);
        let ([r_exp], [b_exp]) = (nibble(self.r_exp), nibble(self.b_exp));
        out.extend([
            m_low,
            (m_high << 6) | self.tolerance.min(63),
            b_low,
            (b_high << 6) | accuracy_low,
            (accuracy_high << 4) | (self.accuracy_exp.min(3) << 2) | self.direction.number(),
            (r_exp << 4) | b_exp,
        ]);
    }

    pub(crate) fn decode_line(
        r: &mut Reader<'_>,
        linearization: Linearization,
    ) -> Result<Self, DecodeError> {
        let [m, m_tolerance] = r.array("M, tolerance")?;
        let [b, b_accuracy, accuracy] = r.array("B, accuracy")?;
        let exponents = r.u8("R and B exponents")?;
        Ok(Self {
            linearization,
            m: ten_bits(m, m_tolerance),
            tolerance: m_tolerance & 0x3f,
            b: ten_bits(b, b_accuracy),
            accuracy: (u16::from(accuracy >> 4) << 6) | u16::from(b_accuracy & 0x3f),
            accuracy_exp: (accuracy >> 2) & 3,
            r_exp: four_bits(exponents >> 4),
            b_exp: four_bits(exponents),
            direction: Direction::from_number(accuracy),
        })
    }
}

/// A 10-bit two's complement number, its top bits in the top bits of `high`.
const fn ten_bits(low: u8, high: u8) -> i16 {
    // Placed at the top of the word, so that the shift back extends the sign.
    let word = i16::from_le_bytes([low, high >> 6]);
    (word << 6) >> 6
}

/// A 4-bit two's complement number in the low bits of `byte`.
const fn four_bits(byte: u8) -> i8 {
    i8::from_le_bytes([byte << 4]) >> 4
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UNSIGNED: AnalogFormat = AnalogFormat::Unsigned;
    const SIGNED: AnalogFormat = AnalogFormat::TwosComplement;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * b.abs().max(1.0)
    }

    #[test]
    fn every_bit_is_where_the_table_puts_it() {
        // gebn/bmc's test record; M -257, tolerance 53, B 496, R exponent -6, B exponent 5. Its
        // accuracy is unsigned in v2.0 rev 1.1: 10'1010'101010b = 682.
        let bytes = [0x05, 0xff, 0b1011_0101, 0xf0, 0x6a, 0xad, 0b1010_0101];
        let factors = Factors::decode_exact(&bytes).unwrap();
        let expected = Factors {
            linearization: Linearization::Exp10,
            m: -257,
            tolerance: 53,
            b: 496,
            accuracy: 682,
            accuracy_exp: 3,
            r_exp: -6,
            b_exp: 5,
            direction: Direction::Input,
        };
        assert_eq!(factors, expected);
        assert_eq!(factors.to_bytes(), bytes);
    }

    #[test]
    fn values_are_those_computed_by_hand() {
        // A 12 V rail: M 59, B 0, R exponent -3: 205 counts are 12.095 V.
        let rail = Factors { m: 59, r_exp: -3, ..Factors::IDENTITY };
        assert!(close(rail.value(205, UNSIGNED).unwrap(), 12.095));
        // A fan: M 75, no exponents: 60 counts are 4500 RPM.
        let fan = Factors { m: 75, ..Factors::IDENTITY };
        assert!(close(fan.value(60, UNSIGNED).unwrap(), 4500.0));
        // An offset with its own exponent: (2·10 + -5·10^1)·10^-1 = -3.
        let offset = Factors { m: 2, b: -5, b_exp: 1, r_exp: -1, ..Factors::IDENTITY };
        assert!(close(offset.value(10, UNSIGNED).unwrap(), -3.0));
        // The three formats of FCh.
        let identity = Factors::IDENTITY;
        assert!(close(identity.value(0xfc, SIGNED).unwrap(), -4.0));
        assert!(close(identity.value(0xfc, AnalogFormat::OnesComplement).unwrap(), -3.0));
        assert!(close(identity.value(0xfc, UNSIGNED).unwrap(), 252.0));
        assert_eq!(identity.value(0xfc, AnalogFormat::None), None);
        // Differences have no offset; a tolerance counts half steps.
        assert!(close(offset.difference(10, UNSIGNED).unwrap(), 2.0));
        let loose = Factors { tolerance: 3, ..rail };
        assert!(close(loose.tolerance_value().unwrap(), 0.0885));
        assert!(close(loose.resolution().unwrap(), 0.059));
        let coarse = Factors { accuracy: 150, accuracy_exp: 1, ..rail };
        assert!(close(coarse.accuracy_percent(), 15.0));
    }

    #[test]
    fn a_non_linear_sensor_is_linear_with_the_factors_asked_for() {
        let asked = Factors { m: 2, b: 10, r_exp: -1, ..Factors::IDENTITY };
        let sensor = Factors {
            linearization: Linearization::NonLinear(0x70),
            direction: Direction::Output,
            ..Factors::IDENTITY
        };
        assert_eq!((sensor.value(5, UNSIGNED), sensor.resolution()), (None, None));
        let now = sensor.with_reading_factors(&asked);
        assert_eq!(now, Factors { direction: Direction::Output, ..asked });
        assert!(close(now.value(5, UNSIGNED).unwrap(), 2.0));
        assert!(close(now.difference(5, UNSIGNED).unwrap(), 1.0));
    }

    #[test]
    fn hysteresis_depends_on_where_it_is_unless_the_sensor_is_linear() {
        let rail = Factors { m: 59, r_exp: -3, ..Factors::IDENTITY };
        for threshold in [100, 200] {
            assert!(close(rail.hysteresis_at(threshold, 2, true, UNSIGNED).unwrap(), 0.118));
            assert!(close(rail.hysteresis_at(threshold, 2, false, UNSIGNED).unwrap(), 0.118));
        }
        let square = Factors { linearization: Linearization::Square, ..Factors::IDENTITY };
        assert!(close(square.hysteresis_at(10, 2, true, UNSIGNED).unwrap(), 36.0));
        assert!(close(square.hysteresis_at(10, 2, false, UNSIGNED).unwrap(), 44.0));
        assert!(close(square.hysteresis_at(0xf6, 2, true, SIGNED).unwrap(), 44.0));
        assert_eq!(square.difference(2, UNSIGNED), None);
        // Past the end of the readings.
        assert_eq!(rail.hysteresis_at(1, 2, true, UNSIGNED), None);
        assert_eq!(rail.hysteresis_at(254, 2, false, UNSIGNED), None);
        assert_eq!(rail.hysteresis_at(1, 2, true, AnalogFormat::None), None);
    }

    #[test]
    fn every_function_is_applied() {
        let value = |number, raw| {
            let linearization = Linearization::from_number(number);
            Factors { linearization, ..Factors::IDENTITY }.value(raw, UNSIGNED)
        };
        let by_hand = [
            (0, 7, 7.0),
            (1, 1, 0.0),
            (2, 100, 2.0),
            (3, 8, 3.0),
            (4, 1, core::f64::consts::E),
            (5, 2, 100.0),
            (6, 4, 16.0),
            (7, 4, 0.25),
            (8, 3, 9.0),
            (9, 3, 27.0),
            (10, 16, 4.0),
            (11, 27, 3.0),
        ];
        for (number, raw, expected) in by_hand {
            assert!(close(value(number, raw).unwrap(), expected), "function {number}");
        }
        // No value: ln 0, 1/0, reserved, non-linear.
        for (number, raw) in [(1, 0), (7, 0), (0x0c, 5), (0x70, 5), (0x7f, 5)] {
            assert_eq!(value(number, raw), None, "function {number}");
        }
    }

    #[test]
    fn what_is_out_of_range_saturates() {
        let rail = Factors { m: 59, r_exp: -3, ..Factors::IDENTITY };
        assert_eq!(rail.raw(12.1, UNSIGNED), 205);
        assert_eq!((rail.raw(99.0, UNSIGNED), rail.raw(-1.0, UNSIGNED)), (255, 0));
        assert_eq!((rail.raw(f64::INFINITY, SIGNED), rail.raw(f64::NAN, SIGNED)), (127, 0));
        assert_eq!(rail.raw(f64::NEG_INFINITY, SIGNED), 0x80);
        let falling = Factors { m: -1, ..Factors::IDENTITY };
        assert_eq!((falling.raw(1e9, UNSIGNED), falling.raw(-1e9, UNSIGNED)), (0, 255));
        let flat = Factors { m: 0, ..Factors::IDENTITY };
        assert_eq!(flat.raw(5.0, UNSIGNED), 0);
        // Where the function bends, too, however far out.
        let square = Factors { linearization: Linearization::Square, ..Factors::IDENTITY };
        let inverse = Factors { linearization: Linearization::Inverse, ..Factors::IDENTITY };
        for far in [1e6, 1e30, f64::MAX, f64::INFINITY] {
            assert_eq!((square.raw(far, UNSIGNED), square.raw(-far, UNSIGNED)), (255, 0), "{far}");
            assert_eq!(
                (inverse.raw(far, UNSIGNED), inverse.raw(-far, UNSIGNED)),
                (1, 255),
                "{far}"
            );
            assert_eq!((inverse.raw(far, SIGNED), inverse.raw(-far, SIGNED)), (1, 255), "{far}");
        }
        assert_eq!(Factors::IDENTITY.raw(5.0, AnalogFormat::None), 0);
    }

    proptest! {
        #[test]
        fn raw_undoes_value(m in -512i16..512, b in -512i16..512, r_exp in -8i8..8,
            b_exp in -3i8..4, raw: u8)
        {
            prop_assume!(m != 0);
            let factors = Factors { m, b, r_exp, b_exp, ..Factors::IDENTITY };
            for format in [UNSIGNED, SIGNED] {
                let value = factors.value(raw, format).unwrap();
                prop_assert_eq!(factors.raw(value, format), raw);
            }
        }

        #[test]
        fn bits_survive(bytes: [u8; 7]) {
            let factors = Factors::decode_exact(&bytes).unwrap();
            // Only the reserved top bit of the first byte is lost.
            let mut expected = bytes;
            expected[0] &= 0x7f;
            prop_assert_eq!(factors.to_bytes(), expected);
        }

        #[test]
        fn no_reading_panics(bytes: [u8; 7], raw: u8, value: f64) {
            let factors = Factors::decode_exact(&bytes).unwrap();
            for format in [UNSIGNED, AnalogFormat::OnesComplement, SIGNED, AnalogFormat::None] {
                prop_assert!(factors.value(raw, format).is_none_or(f64::is_finite));
                let _ = factors.raw(value, format);
            }
        }
    }
}
