//! Conversion factors for a range of values: one byte, as fine as possible.

use ipmi_wire::sdr::Factors;

/// Factors with which an unsigned byte codes every value from `low` to `high` to within half a
/// count; `None` if there are none with at least [`FEWEST`] counts in it, or it is no range.
///
/// Of the counts that are at most a twentieth coarser than the finest possible, the one with the
/// fewest digits is taken: steps of 0.4 read better than those of 0.393.
#[must_use]
pub fn factors(low: f64, high: f64) -> Option<Factors> {
    let finest = (high - low) / 255.0;
    if !(finest.is_finite() && finest > 0.0) {
        return None;
    }
    let steps = (-8..=7).flat_map(|r_exp| (1..=511_i16).map(move |m| (m, r_exp)));
    steps
        .filter_map(|(m, r_exp)| {
            let step = f64::from(m) * 10f64.powi(r_exp.into());
            // Most are out of the question.
            if step < finest * 0.99 || high - low < FEWEST * step {
                return None;
            }
            let factors = with_offset(Factors { m, r_exp, ..Factors::IDENTITY }, low, high)?;
            Some((step > finest * 1.05, digits(m), step, m, factors))
        })
        .min_by(|a, b| {
            // Where all are too coarse, the finest.
            let digits = |way: &(bool, u32, f64, i16, Factors)| if way.0 { 0 } else { way.1 };
            (a.0.cmp(&b.0))
                .then(digits(a).cmp(&digits(b)))
                // Equal steps differ by a rounding error.
                .then(if (a.2 / b.2 - 1.0).abs() < 1e-9 {
                    a.3.cmp(&b.3)
                } else {
                    a.2.total_cmp(&b.2)
                })
        })
        .map(|(.., factors)| factors)
}

/// With fewer counts, a range far from zero could be coded, but nothing in it told apart.
const FEWEST: f64 = 16.0;

/// The same with the roundest offset with which it covers the range.
fn with_offset(factors: Factors, low: f64, high: f64) -> Option<Factors> {
    let unit = 10f64.powi(factors.r_exp.into());
    let step = f64::from(factors.m) * unit;
    // Half a count beyond its ends, a range still codes to within half a count; a little less, for
    // the rounding errors.
    let slack = step * 0.49;
    if high - low > 255.0 * step + 2.0 * slack {
        return None;
    }
    (-8..=7).rev().find_map(|b_exp| {
        let digit = unit * 10f64.powi(b_exp.into());
        // The highest that begins with the range.
        let b = ((low + slack) / digit).floor();
        if !(-512.0..=511.0).contains(&b) {
            return None;
        }
        let covers = b * digit + 255.0 * step >= high - slack;
        // An offset of nothing has no use for an exponent.
        let b_exp = if b == 0.0 { 0 } else { b_exp };
        covers.then_some(Factors { b: b as i16, b_exp, ..factors })
    })
}

/// Decimal digits without the zeros at the end.
const fn digits(mut number: i16) -> u32 {
    while number % 10 == 0 && number != 0 {
        number /= 10;
    }
    match number {
        0..10 => 1,
        10..100 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::sdr::AnalogFormat;
    use proptest::prelude::*;

    use super::*;

    const FORMAT: AnalogFormat = AnalogFormat::Unsigned;

    fn step(factors: &Factors) -> f64 {
        factors.difference(1, FORMAT).unwrap()
    }

    #[test]
    fn steps_read_well() {
        for (low, high, expected) in [
            (0.0, 100.0, 0.4),
            (-40.0, 125.0, 0.65),
            (0.0, 15_300.0, 60.0),
            (-128.0, 127.0, 1.0),
            (0.0, 16.0, 0.063),
            (0.4, 1.675, 0.005),
            (0.0, 255e-8, 1e-8),
        ] {
            let factors = factors(low, high).unwrap();
            assert!((step(&factors) / expected - 1.0).abs() < 1e-9, "{low} to {high}: {factors:?}");
        }
        assert_eq!(factors(-128.0, 127.0).unwrap().value(0, FORMAT), Some(-128.0));
    }

    #[test]
    fn what_is_no_range_has_no_factors() {
        for (low, high) in [
            (1.0, 1.0),
            (2.0, 1.0),
            (0.0, f64::INFINITY),
            (f64::NAN, 1.0),
            (0.0, 1e13),
            // As fine as this is, nothing that fine can be so far from zero.
            (1e6 + 0.123, 1e6 + 0.124),
        ] {
            assert_eq!(factors(low, high), None, "{low} to {high}");
        }
    }

    proptest! {
        #[test]
        fn every_value_is_coded_to_within_half_a_count(
            low in -2000.0..2000.0_f64, span in 0.5..5000.0_f64, at in 0.0..=1.0_f64,
        ) {
            // Not much further from zero than it is wide: see the refusals.
            let high = low + span.max(low.abs() / 2.0);
            let factors = factors(low, high).unwrap();
            let step = step(&factors);
            prop_assert!(step <= (high - low) / 255.0 * 1.1, "{:?}", factors);
            let value = low + (high - low) * at;
            let coded = factors.value(factors.raw(value, FORMAT), FORMAT).unwrap();
            prop_assert!((coded - value).abs() <= step / 2.0 * (1.0 + 1e-9), "{value} is {coded}");
        }

        #[test]
        fn any_range_either_fits_or_is_refused(low: f64, high: f64) {
            if let Some(factors) = factors(low, high) {
                let step = step(&factors);
                for value in [low, f64::midpoint(low, high), high] {
                    let coded = factors.value(factors.raw(value, FORMAT), FORMAT).unwrap();
                    prop_assert!((coded - value).abs() <= step / 2.0 * (1.0 + 1e-6));
                }
            }
        }
    }
}
