//! Analogue specimens: every function in every form of number, and units of every kind.

use ipmi_wire::sdr::{
    AnalogCharacteristics, AnalogFormat, Direction, EntityId, EventReadingType, Factors,
    FullSensor, IdString, Linearization, ModifierUse, RateUnit, RawThresholds, RecordHeader,
    SensorCommon, SensorKey, SensorType, ThresholdKind, ThresholdMask, UnitCode, Units,
};

/// A sensor and what it reads, always.
#[derive(Clone, Debug)]
pub(super) struct Specimen {
    pub(super) record: FullSensor,
    pub(super) raw: u8,
}

/// A function, and a line on which it has values for readings from far below to far above.
struct Curve {
    name: &'static str,
    function: Linearization,
    /// M, B, R exponent, B exponent for unsigned readings, and the same for signed ones.
    unsigned: [i8; 4],
    signed: [i8; 4],
    sensor_type: SensorType,
    unit: UnitCode,
}

#[rustfmt::skip]
const CURVES: [Curve; 12] = [
    curve("Linear", Linearization::Linear, [-7, 40, -1, 1], [25, -3, -2, 1], SensorType::TEMPERATURE, UnitCode::DEGREES_C),
    curve("ln", Linearization::Ln, [3, 1, 0, 0], [1, 13, 0, 1], SensorType::VOLTAGE, UnitCode::VOLTS),
    curve("log10", Linearization::Log10, [2, 1, 1, 0], [2, 3, -1, 2], SensorType::CURRENT, UnitCode::AMPS),
    curve("log2", Linearization::Log2, [9, 5, 0, 0], [9, 12, 0, 2], SensorType::OTHER_UNITS, UnitCode::WATTS),
    curve("e^x", Linearization::E, [3, 1, -2, 0], [5, 1, -2, 1], SensorType::TEMPERATURE, UnitCode::DEGREES_K),
    curve("10^x", Linearization::Exp10, [2, 0, -2, 0], [3, 1, -2, 1], SensorType::FAN, UnitCode::RPM),
    curve("2^x", Linearization::Exp2, [6, 3, -2, 0], [11, 2, -2, 1], SensorType::OTHER_UNITS, UnitCode(0x07)),
    curve("1/x", Linearization::Inverse, [4, 2, -3, 0], [-2, -3, -3, 2], SensorType::VOLTAGE, UnitCode::VOLTS),
    curve("x^2", Linearization::Square, [3, 1, -1, 0], [7, 2, -2, 1], SensorType::OTHER_UNITS, UnitCode::HZ),
    curve("x^3", Linearization::Cube, [1, 5, -1, 0], [2, 1, -1, 1], SensorType::OTHER_UNITS, UnitCode::CFM),
    curve("sqrt", Linearization::SquareRoot, [5, 1, 0, 0], [5, 7, 0, 2], SensorType::OTHER_UNITS, UnitCode::VA),
    curve("cbrt", Linearization::CubeRoot, [7, -9, 0, 1], [9, 4, 1, 0], SensorType::TEMPERATURE, UnitCode::DEGREES_F),
];

const fn curve(
    name: &'static str,
    function: Linearization,
    unsigned: [i8; 4],
    signed: [i8; 4],
    sensor_type: SensorType,
    unit: UnitCode,
) -> Curve {
    Curve { name, function, unsigned, signed, sensor_type, unit }
}

/// The forms of a number, and where a specimen of each reads.
const FORMS: [(&str, AnalogFormat, i16); 3] = [
    ("unsigned", AnalogFormat::Unsigned, 90),
    ("1's", AnalogFormat::OnesComplement, -15),
    ("2's", AnalogFormat::TwosComplement, -24),
];

/// How far from the reading the thresholds are.
const DISTANCES: [i16; 6] = [-60, -40, -20, 20, 40, 60];

/// All of them, numbered from `first` on.
pub(super) fn specimens(first: u8) -> Vec<Specimen> {
    let curves = CURVES.iter().flat_map(|curve| FORMS.map(|form| curve.specimen(form)));
    let units = UNITS.iter().map(Unit::specimen);
    (first..=u8::MAX)
        .zip(curves.chain(units))
        .map(|(number, mut specimen)| {
            specimen.record.sensor.key = SensorKey::bmc(number);
            specimen.record.sensor.entity.instance = number & 0x3f;
            specimen
        })
        .collect()
}

impl Curve {
    fn specimen(&self, (form, format, reading): (&str, AnalogFormat, i16)) -> Specimen {
        let [m, b, r_exp, b_exp] =
            if format == AnalogFormat::Unsigned { self.unsigned } else { self.signed };
        let factors = Factors {
            linearization: self.function,
            m: m.into(),
            tolerance: 3,
            b: b.into(),
            accuracy: 25,
            accuracy_exp: 1,
            r_exp,
            b_exp,
            direction: Direction::Unspecified,
        };
        let units = Units::plain(format, self.unit);
        let name = format!("{} {form}", self.name);
        full(&name, self.sensor_type, units, factors, reading)
    }
}

/// A unit that is more than a word.
struct Unit {
    name: &'static str,
    units: Units,
    sensor_type: SensorType,
    factors: Factors,
    reading: i16,
}

const PLAIN: Units = Units::plain(AnalogFormat::Unsigned, UnitCode::UNSPECIFIED);
const TENTHS: Factors = Factors { r_exp: -1, ..Factors::IDENTITY };

#[rustfmt::skip]
const UNITS: [Unit; 6] = [
    Unit { name: "Load", units: Units { percentage: true, ..PLAIN }, sensor_type: SensorType::OTHER_UNITS, factors: Factors::IDENTITY, reading: 37 },
    Unit { name: "Energy rate", units: Units { rate: RateUnit::Second, base: UnitCode::JOULES, ..PLAIN }, sensor_type: SensorType::OTHER_UNITS, factors: Factors { m: 3, ..Factors::IDENTITY }, reading: 61 },
    Unit { name: "Slew", units: Units { modifier_use: ModifierUse::Divide, base: UnitCode::VOLTS, modifier: UnitCode(0x16), ..PLAIN }, sensor_type: SensorType::VOLTAGE, factors: TENTHS, reading: 44 },
    Unit { name: "Torque", units: Units { modifier_use: ModifierUse::Multiply, base: UnitCode(0x10), modifier: UnitCode(0x1c), ..PLAIN }, sensor_type: SensorType::OTHER_UNITS, factors: TENTHS, reading: 85 },
    Unit { name: "Airflow", units: Units { rate: RateUnit::Minute, base: UnitCode(0x23), ..PLAIN }, sensor_type: SensorType::COOLING_DEVICE, factors: Factors::IDENTITY, reading: 120 },
    Unit { name: "Depth below zero", units: Units::plain(AnalogFormat::TwosComplement, UnitCode(0x1c)), sensor_type: SensorType::OTHER_UNITS, factors: Factors { m: 511, b: -512, r_exp: -4, b_exp: 1, ..Factors::IDENTITY }, reading: -100 },
];

impl Unit {
    fn specimen(&self) -> Specimen {
        full(self.name, self.sensor_type, self.units, self.factors, self.reading)
    }
}

/// A threshold sensor that reads `reading`, with as many of the six thresholds around it as the
/// function has values for.
fn full(
    name: &str,
    sensor_type: SensorType,
    units: Units,
    factors: Factors,
    reading: i16,
) -> Specimen {
    let format = units.analog_format;
    let raw = |number: i16| format.raw(number).unwrap_or(0);
    let mut limits: Vec<(f64, u8)> = DISTANCES
        .iter()
        .map(|distance| raw(reading.saturating_add(*distance)))
        .filter_map(|raw| Some((factors.value(raw, format)?, raw)))
        .collect();
    limits.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let here = factors.value(raw(reading), format).unwrap_or(0.0);
    let (below, above): (Vec<_>, Vec<_>) = limits.into_iter().partition(|(value, _)| *value < here);
    let lower = [
        ThresholdKind::LowerNonCritical,
        ThresholdKind::LowerCritical,
        ThresholdKind::LowerNonRecoverable,
    ];
    let upper = [
        ThresholdKind::UpperNonCritical,
        ThresholdKind::UpperCritical,
        ThresholdKind::UpperNonRecoverable,
    ];
    let placed: Vec<(ThresholdKind, u8)> = lower
        .into_iter()
        .zip(below.into_iter().rev())
        .chain(upper.into_iter().zip(above))
        .map(|(kind, (_, raw))| (kind, raw))
        .collect();
    let mut thresholds = RawThresholds::default();
    for (kind, raw) in &placed {
        thresholds.set(*kind, *raw);
    }
    let present: ThresholdMask = placed.iter().map(|(kind, _)| *kind).collect();
    let events: u16 =
        present.iter().map(|kind| 1 << (2 * kind.bit() + u8::from(kind.is_upper()))).sum();
    let (min, max) = format.range().unwrap_or((0, 0));
    let record = FullSensor {
        record_id: 0,
        version: RecordHeader::VERSION,
        sensor: SensorCommon {
            key: SensorKey::bmc(0),
            entity: EntityId::new(0x07, 1),
            initialization: 0x7f,
            // Re-arms itself; thresholds and hysteresis settable; events by state.
            capabilities: 0x68,
            sensor_type,
            event_type: EventReadingType::THRESHOLD,
            assertion_mask: events | (u16::from(present.0 & 0x07) << 12),
            deassertion_mask: events | (u16::from(present.0 >> 3) << 12),
            reading_mask: u16::from_le_bytes([present.0, present.0]),
            units,
        },
        factors,
        analog: AnalogCharacteristics { normal_min: true, normal_max: true, nominal_reading: true },
        nominal_reading: raw(reading),
        normal_max: raw(reading.saturating_add(10)),
        normal_min: raw(reading.saturating_sub(10)),
        sensor_max: raw(max),
        sensor_min: raw(min),
        thresholds,
        positive_hysteresis: 2,
        negative_hysteresis: 1,
        oem: 0,
        // A test holds all names to what an ID string can be.
        id: IdString::new(name).unwrap_or(IdString::EMPTY),
    };
    Specimen { raw: raw(reading), record }
}
