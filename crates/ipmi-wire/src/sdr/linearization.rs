//! The functions that bend the straight line of a reading.

/// The function between the straight line and the value. IPMI v2.0 §43.1, byte 24.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Linearization {
    /// None: the value is the line.
    Linear,
    /// Natural logarithm.
    Ln,
    /// Decimal logarithm.
    Log10,
    /// Binary logarithm.
    Log2,
    /// Power of e.
    E,
    /// Power of ten.
    Exp10,
    /// Power of two.
    Exp2,
    /// Reciprocal.
    Inverse,
    /// Square.
    Square,
    /// Cube.
    Cube,
    /// Square root.
    SquareRoot,
    /// Cube root.
    CubeRoot,
    /// 70h to 7Fh: the factors differ from reading to reading and must be asked for (Get Sensor
    /// Reading Factors); with those the sensor is [`Linear`](Self::Linear).
    NonLinear(u8),
    /// 0Ch to 6Fh.
    Reserved(u8),
}

impl Linearization {
    /// The function of a 7-bit number.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number & 0x7f {
            0 => Self::Linear,
            1 => Self::Ln,
            2 => Self::Log10,
            3 => Self::Log2,
            4 => Self::E,
            5 => Self::Exp10,
            6 => Self::Exp2,
            7 => Self::Inverse,
            8 => Self::Square,
            9 => Self::Cube,
            10 => Self::SquareRoot,
            11 => Self::CubeRoot,
            other @ 0x70..=0x7f => Self::NonLinear(other),
            other => Self::Reserved(other),
        }
    }

    /// Whether the factors differ from reading to reading and have to be asked for.
    #[must_use]
    pub const fn needs_reading_factors(self) -> bool {
        matches!(self, Self::NonLinear(_))
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Linear => 0,
            Self::Ln => 1,
            Self::Log10 => 2,
            Self::Log2 => 3,
            Self::E => 4,
            Self::Exp10 => 5,
            Self::Exp2 => 6,
            Self::Inverse => 7,
            Self::Square => 8,
            Self::Cube => 9,
            Self::SquareRoot => 10,
            Self::CubeRoot => 11,
            Self::NonLinear(other) | Self::Reserved(other) => other & 0x7f,
        }
    }

    pub(super) fn apply(self, y: f64) -> Option<f64> {
        Some(match self {
            Self::Linear => y,
            Self::Ln => y.ln(),
            Self::Log10 => y.log10(),
            Self::Log2 => y.log2(),
            Self::E => y.exp(),
            Self::Exp10 => 10f64.powf(y),
            Self::Exp2 => y.exp2(),
            Self::Inverse => y.recip(),
            Self::Square => y.powi(2),
            Self::Cube => y.powi(3),
            Self::SquareRoot => y.sqrt(),
            Self::CubeRoot => y.cbrt(),
            Self::NonLinear(_) | Self::Reserved(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_kept() {
        for number in 0..=0x7f {
            let function = Linearization::from_number(number);
            assert_eq!(function.number(), number);
            assert_eq!(function.needs_reading_factors(), number >= 0x70);
            assert_eq!(function.apply(1.0).is_some(), number <= 11);
        }
        assert_eq!(Linearization::from_number(0x81), Linearization::Ln);
    }
}
