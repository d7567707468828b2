//! From raw readings to numbers, and how C writes those.
//!
//! The typed conversion tells apart what has a value and what has none; the original calculates on, and its
//! figures for a tolerance or a hysteresis of a sensor that is not linear are a function of the difference.
//! All of that is on its output, so it is calculated here as there.

use ipmi_wire::sdr::{AnalogFormat, Factors, FullSensor, Linearization};

/// The value of a reading; 0 if the sensor has none.
pub(in crate::ipmitool) fn value(full: &FullSensor, raw: u8) -> f64 {
    let factors = &full.factors;
    let offset = f64::from(factors.b) * ten_to(factors.b_exp);
    on_line(full, raw, |m, x| (m * x + offset) * ten_to(factors.r_exp))
}

/// A hysteresis.
pub(in crate::ipmitool) fn hysteresis(full: &FullSensor, counts: u8) -> f64 {
    on_line(full, counts, |m, x| m * x * ten_to(full.factors.r_exp))
}

/// The tolerance of a reading.
pub(in crate::ipmitool) fn tolerance(full: &FullSensor) -> f64 {
    let Factors { tolerance, r_exp, .. } = full.factors;
    on_line(full, tolerance, |m, x| m * (x / 2.0) * ten_to(r_exp))
}

fn on_line(full: &FullSensor, raw: u8, line: impl Fn(f64, f64) -> f64) -> f64 {
    let Some(x) = full.sensor.units.analog_format.number(raw) else { return 0.0 };
    bent(full.factors.linearization, line(f64::from(full.factors.m), f64::from(x)))
}

fn ten_to(exponent: i8) -> f64 {
    // Not `powi`: it multiplies, and the last digit may be another one than C's.
    10f64.powf(f64::from(exponent))
}

fn bent(function: Linearization, y: f64) -> f64 {
    match function {
        Linearization::Ln => y.ln(),
        Linearization::Log10 => y.log10(),
        Linearization::Log2 => y.ln() / 2f64.ln(),
        Linearization::E => y.exp(),
        Linearization::Exp10 => 10f64.powf(y),
        Linearization::Exp2 => 2f64.powf(y),
        Linearization::Inverse => y.powf(-1.0),
        Linearization::Square => y.powf(2.0),
        Linearization::Cube => y.powf(3.0),
        Linearization::SquareRoot => y.sqrt(),
        Linearization::CubeRoot => y.cbrt(),
        Linearization::Linear | Linearization::NonLinear(_) | Linearization::Reserved(_) => y,
    }
}

/// The raw reading for a value; `None` if the sensor has none that is near.
///
/// The original writes the low byte of whatever comes out, and takes each sensor for a linear one with
/// two's complement: a threshold of 300 degrees may become one of 44. Nobody wants that.
pub(in crate::ipmitool) fn raw(full: &FullSensor, wanted: f64) -> Option<u8> {
    let factors = &full.factors;
    let format = full.sensor.units.analog_format;
    let is_line = matches!(
        factors.linearization,
        Linearization::Linear | Linearization::NonLinear(_) | Linearization::Reserved(_)
    );
    if format == AnalogFormat::None {
        // Saturates, as the original does.
        return (!wanted.is_nan()).then_some(wanted as u8);
    }
    if !is_line {
        return wanted.is_finite().then(|| full.raw(wanted));
    }
    if factors.m == 0 {
        return Some(0);
    }
    let offset = f64::from(factors.b) * ten_to(factors.b_exp);
    let x = (wanted / ten_to(factors.r_exp) - offset) / f64::from(factors.m);
    // Halves go up, and what is below zero goes to zero.
    let x = if x - x.trunc() >= 0.5 { x.ceil() } else { x.trunc() };
    let (min, max) = format.range()?;
    let fits = (f64::from(min)..=f64::from(max)).contains(&x);
    fits.then(|| format.raw(x as i16)).flatten()
}

/// `%.*f` of C.
pub(in crate::ipmitool) fn fixed(value: f64, decimals: usize) -> String {
    match (value.is_nan(), value.is_sign_negative()) {
        (true, true) => "-nan".to_owned(),
        (true, false) => "nan".to_owned(),
        (false, _) => format!("{value:.decimals$}"),
    }
}

/// A whole number without decimals, any other with so many.
pub(in crate::ipmitool) fn brief(value: f64, decimals: usize) -> String {
    let whole = value == f64::from(value as i32);
    fixed(value, if whole { 0 } else { decimals })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_c() {
        assert_eq!(brief(12.0, 3), "12");
        assert_eq!(brief(12.5, 3), "12.500");
        assert_eq!(brief(-0.0, 2), "-0");
        assert_eq!(fixed(f64::NAN, 3).trim_start_matches('-'), "nan");
        assert_eq!(fixed(-f64::INFINITY, 3), "-inf");
        assert_eq!(fixed(0.0625, 3), "0.062");
    }
}
