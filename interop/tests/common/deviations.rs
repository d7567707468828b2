//! Where the peers' own arithmetic is another than the specification's, and why, from their
//! sources: ipmitool 1.8.19 and FreeIPMI 1.6.10 as Debian builds it. `docs/peers.md` tells it in
//! words.

use ipmi_wire::sdr::{AnalogFormat, Linearization};

use super::truth::TrueSensor;

/// What ipmitool makes of a raw figure of a sensor: the value by the factors that hold at the
/// *reading*. It asks for factors once for each sensor and overwrites the record's
/// (`ipmi_sensor.c:97`), so that thresholds beyond a bend are off.
pub fn ipmitool(sensor: &TrueSensor, raw: u8) -> Option<f64> {
    let format = sensor.full()?.sensor.units.analog_format;
    sensor.factors_at(sensor.reading.raw).value(raw, format)
}

/// What FreeIPMI makes of it; `Err` if it prints `N/A`.
pub fn freeipmi(sensor: &TrueSensor, raw: u8) -> Result<Option<f64>, ()> {
    let full = sensor.full().expect("a full record");
    let line = line(sensor, raw);
    Ok(match full.factors.linearization {
        // `IPMI_SDR_LINEARIZATION_IS_LINEAR` fails (`ipmi-sensor-util.c:283`).
        Linearization::NonLinear(_) => return Err(()),
        // Debian's build finds no `cbrt` (configure.ac:488 looks for it without libm), and the
        // substitute is the cube's inverse, not the inverse cube: `pow (x, -3.0)`
        // (freeipmi-portability.h:93).
        Linearization::CubeRoot => Some(line.powi(-3)),
        // The reciprocal of nothing is nothing (`ipmi-sensor-util.c:324`).
        Linearization::Inverse if line == 0.0 => Some(0.0),
        _ => sensor.value(raw),
    })
}

/// The tolerance and the hysteresis that ipmitool prints: the sensor's function applied to a
/// difference (`ipmi_sdr.c:443` and `:518`), which means something for linear sensors only, and with
/// the sign of M.
pub fn ipmitool_difference(sensor: &TrueSensor, counts: f64) -> f64 {
    let factors = sensor.factors_at(sensor.reading.raw);
    let line = f64::from(factors.m) * counts * power(factors.r_exp);
    function(factors.linearization, line)
}

/// The tolerance that `ipmi-sensors -vv` prints: the line is added to its scaled self instead of
/// being scaled (`ipmi-sensor-util.c:469`).
pub fn freeipmi_tolerance(sensor: &TrueSensor) -> f64 {
    let factors = sensor.full().expect("a full record").factors;
    let line = f64::from(factors.m) * f64::from(factors.tolerance) / 2.0;
    let line = line + line * power(factors.r_exp);
    match factors.linearization {
        Linearization::CubeRoot => line.powi(-3),
        other => function(other, line),
    }
}

fn line(sensor: &TrueSensor, raw: u8) -> f64 {
    let full = sensor.full().expect("a full record");
    let x = full.sensor.units.analog_format.number(raw).expect("an analogue format");
    let offset = f64::from(full.factors.b) * power(full.factors.b_exp);
    (f64::from(full.factors.m) * f64::from(x) + offset) * power(full.factors.r_exp)
}

/// The functions of IPMI v2.0 §43.1, byte 24, computed apart from `ipmi_wire`.
fn function(of: Linearization, y: f64) -> f64 {
    match of {
        Linearization::Ln => y.ln(),
        Linearization::Log10 => y.log10(),
        Linearization::Log2 => y.ln() / 2f64.ln(),
        Linearization::E => y.exp(),
        Linearization::Exp10 => 10f64.powf(y),
        Linearization::Exp2 => 2f64.powf(y),
        Linearization::Inverse => 1.0 / y,
        Linearization::Square => y * y,
        Linearization::Cube => y * y * y,
        Linearization::SquareRoot => y.sqrt(),
        Linearization::CubeRoot => y.cbrt(),
        Linearization::Linear | Linearization::NonLinear(_) | Linearization::Reserved(_) => y,
    }
}

fn power(exponent: i8) -> f64 {
    10f64.powi(exponent.into())
}

/// Whether ipmitool prints a limit of a sensor's range at all: never the outermost that a byte can
/// say, nor zero (`print_sensor_min_max`, `ipmi_sdr.c:1485`). It takes FFh for the least and 00h for the most of
/// ones' complement, which are its two zeros.
pub fn ipmitool_hides_limit(format: AnalogFormat, raw: u8, is_max: bool, value: f64) -> bool {
    let outermost = match (format, is_max) {
        (AnalogFormat::Unsigned, false) | (AnalogFormat::OnesComplement, true) => 0x00,
        (AnalogFormat::Unsigned, true) | (AnalogFormat::OnesComplement, false) => 0xff,
        (_, false) => 0x80,
        (_, true) => 0x7f,
    };
    raw == outermost || value == 0.0
}
