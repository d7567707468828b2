//! Values with as many digits as the sensor has, and units as people write them.

use ipmi_wire::sdr::{FullSensor, Linearization, ModifierUse, RateUnit, UnitCode, Units};

/// Decimals that a sensor's steps have.
pub(crate) fn decimals(full: &FullSensor) -> u8 {
    let factors = &full.factors;
    if factors.linearization != Linearization::Linear {
        return 6;
    }
    let offset = if factors.b == 0 { 0 } else { factors.b_exp.min(0) };
    let exponent = i16::from(factors.r_exp).saturating_add(offset.into());
    u8::try_from(exponent.saturating_neg()).unwrap_or(0)
}

/// A value without the dirt of binary fractions: 12.033 instead of 12.033000000000001.
pub(crate) fn clean(value: f64, decimals: u8) -> f64 {
    // What was printed is a number, if the value was.
    format!("{value:.*}", usize::from(decimals)).parse().unwrap_or(value)
}

/// A value for people: about four digits, and no more decimals than the sensor has.
pub(crate) fn short(value: f64, decimals: u8) -> String {
    let whole = format!("{:.0}", value.abs().trunc()).len();
    let decimals = usize::from(decimals).min(4_usize.saturating_sub(whole));
    format!("{value:.decimals$}")
}

/// A unit in words: "degrees C", "percent", "RPM".
pub(crate) fn words(units: &Units) -> String {
    match units.rate {
        RateUnit::None | RateUnit::Reserved => units.to_string(),
        rate => format!("{units} {}", rate.text()),
    }
}

/// A unit as a symbol, where it has one.
pub(crate) fn symbol(units: &Units) -> String {
    let plain = matches!(units.modifier_use, ModifierUse::None | ModifierUse::Reserved)
        && matches!(units.rate, RateUnit::None | RateUnit::Reserved);
    let symbol = match units.base {
        _ if !plain => None,
        UnitCode::UNSPECIFIED if units.percentage => Some("%"),
        _ if units.percentage => None,
        UnitCode::UNSPECIFIED => Some(""),
        UnitCode::DEGREES_C => Some("°C"),
        UnitCode::DEGREES_F => Some("°F"),
        UnitCode::DEGREES_K => Some("K"),
        UnitCode::VOLTS => Some("V"),
        UnitCode::AMPS => Some("A"),
        UnitCode::WATTS => Some("W"),
        UnitCode::JOULES => Some("J"),
        UnitCode::SECOND => Some("s"),
        _ => None,
    };
    symbol.map_or_else(|| words(units), str::to_owned)
}

#[cfg(test)]
mod tests {
    use ipmi_wire::sdr::AnalogFormat;

    use super::*;

    #[test]
    fn values_have_about_four_digits() {
        for (value, decimals, text) in [
            (12.033000000000001, 3, "12.03"),
            (0.665, 3, "0.665"),
            (-40.0, 0, "-40"),
            (10800.0, 0, "10800"),
            (14.8, 1, "14.8"),
            (1234.567, 3, "1235"),
        ] {
            assert_eq!(short(value, decimals), text);
        }
        assert_eq!(clean(12.033000000000001, 3).to_string(), "12.033");
    }

    #[test]
    fn units_are_symbols_where_there_are_any() {
        let celsius = Units::plain(AnalogFormat::Unsigned, UnitCode::DEGREES_C);
        assert_eq!((symbol(&celsius), words(&celsius)), ("°C".into(), "degrees C".into()));
        let percent =
            Units { percentage: true, ..Units::plain(AnalogFormat::Unsigned, UnitCode(0)) };
        assert_eq!((symbol(&percent), words(&percent)), ("%".into(), "percent".into()));
        let flow = Units { rate: RateUnit::Minute, ..celsius };
        assert_eq!(symbol(&flow), "degrees C per minute");
    }
}
