//! A sensor's conversion: the factors of its record, or those that a non-linear one has for each
//! stretch of its range.

use ipmi_wire::sdr::{AnalogFormat, Factors, Linearization};

/// How raw readings become values and values readings.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    format: AnalogFormat,
    factors: Factors,
    /// Of a non-linear sensor: see [`SensorPlan::factors`](super::SensorPlan::factors).
    stretches: Vec<(u8, Factors)>,
}

impl Scale {
    pub(super) fn new(
        format: AnalogFormat,
        factors: Factors,
        stretches: &[(u8, Factors)],
    ) -> Option<Self> {
        format.range()?;
        let non_linear = matches!(factors.linearization, Linearization::NonLinear(_));
        let stretches = if non_linear { stretches.to_vec() } else { Vec::new() };
        Some(Self { format, factors, stretches })
    }

    /// Whether it is the one with these factors.
    pub(super) fn is(&self, format: AnalogFormat, factors: &Factors) -> bool {
        (self.format, &self.factors) == (format, factors)
    }

    /// The value of a reading; `None` where the function has none.
    pub(super) fn value(&self, raw: u8) -> Option<f64> {
        let (factors, _) = self.factors(raw);
        factors.value(raw, self.format)
    }

    /// The reading nearest to a value.
    pub(super) fn raw(&self, value: f64) -> u8 {
        if self.stretches.is_empty() {
            return self.factors.raw(value, self.format);
        }
        (0..=u8::MAX)
            .filter_map(|raw| Some((raw, (self.value(raw)? - value).abs())))
            .min_by(|(_, a), (_, b)| a.total_cmp(b))
            .map_or(0, |(raw, _)| raw)
    }

    /// The factors of a reading, and the next reading that has others; the same one if none has.
    pub(super) fn factors(&self, raw: u8) -> (Factors, u8) {
        let number = |raw: u8| self.format.number(raw);
        let after = self.stretches.partition_point(|(from, _)| number(*from) <= number(raw));
        let Some((_, factors)) = self.stretches.get(after.saturating_sub(1)) else {
            return (self.factors, raw);
        };
        let next = self.stretches.get(after).map_or(raw, |(from, _)| *from);
        (Factors { linearization: Linearization::Linear, ..*factors }, next)
    }

    /// The values of all readings at most `counts` away from `raw`.
    pub(super) fn around(&self, raw: u8, counts: u8) -> impl Iterator<Item = f64> {
        let number = self.format.number(raw).unwrap_or(0);
        let (min, max) = self.format.range().unwrap_or((0, -1));
        let counts = i16::from(counts);
        let readings =
            number.saturating_sub(counts).max(min)..=number.saturating_add(counts).min(max);
        readings.filter_map(|number| self.value(self.format.raw(number)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: Factors = Factors::IDENTITY;

    #[test]
    fn a_non_linear_sensor_has_factors_by_the_stretch() {
        let factors = Factors { linearization: Linearization::NonLinear(0x70), ..LINE };
        // Signed: the first stretch begins at -128.
        let stretches =
            [(0x80, LINE), (0, Factors { m: 2, ..LINE }), (100, Factors { m: 4, b: -200, ..LINE })];
        let scale = Scale::new(AnalogFormat::TwosComplement, factors, &stretches).unwrap();
        for (raw, value, next) in [
            (0xf6, -10.0, 0),
            (0, 0.0, 100),
            (99, 198.0, 100),
            (100, 200.0, 100),
            (127, 308.0, 127),
        ] {
            assert_eq!((scale.value(raw), scale.factors(raw).1), (Some(value), next), "{raw}");
            assert_eq!(scale.raw(value + 0.3), raw);
        }
    }

    #[test]
    fn neighbours_end_where_the_range_ends() {
        let scale = Scale::new(AnalogFormat::TwosComplement, LINE, &[]).unwrap();
        assert_eq!(scale.around(0x7e, 3).collect::<Vec<_>>(), [123.0, 124.0, 125.0, 126.0, 127.0]);
        assert_eq!(scale.around(5, 0).collect::<Vec<_>>(), [5.0]);
        assert!(Scale::new(AnalogFormat::None, LINE, &[]).is_none());
    }
}
