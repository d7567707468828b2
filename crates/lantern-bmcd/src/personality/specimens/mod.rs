//! A cabinet of specimens: a machine of nobody's make whose repository holds one of everything, so
//! that consoles can be tried on all that the specification allows and real machines rarely have.
//!
//! 72 records: every linearisation for every form of number, units with rates and modifiers,
//! non-linear sensors, discrete ones of each event type, shared records, names in every encoding,
//! locators and associations. The analogue sensors stand still, each in the middle of its
//! thresholds, unless somebody sets them.

use ipmi_bmc::personality::{Personality, Product, RecordsIn};
use ipmi_bmc::platform::Measurement;
use ipmi_bmc::sensors::{Plan, SensorPlan};
use ipmi_wire::cmd::app::DeviceId;
use ipmi_wire::sdr::{
    AnalogFormat, Factors, FullSensor, IdString, Linearization, Record, SensorKey,
};

use super::built;

mod curves;
mod inventory;
mod others;
#[cfg(test)]
mod tests;

/// The cabinet, and what its sensors say.
#[derive(Clone, Debug)]
pub struct Specimens {
    /// The controller.
    pub personality: Personality,
    /// What each sensor says.
    pub readings: Vec<(u8, Measurement)>,
}

/// "LS".
const PRODUCT: u16 = 0x4c53;
/// IANA's "Example Enterprise Number for Documentation Use" (RFC 5612).
const DOCUMENTATION_USE: u32 = 32_473;
/// Sensors, SEL, FRU inventory, event generator, chassis. Spec: IPMI v2.0 §20.1, Table 20-2, byte 7.
const SUPPORT: u8 = 0xad;

// Sensor numbers.
const FIRST_ANALOGUE: u8 = 0x01;
const FIRST_DISCRETE: u8 = 0x40;
const FIRST_EVENT_ONLY: u8 = 0x60;
/// Inventory devices beside the machine's own.
const FRUS: u8 = 4;

/// The cabinet.
#[must_use]
pub fn specimens(records_in: RecordsIn) -> Specimens {
    let mut analogue = curves::specimens(FIRST_ANALOGUE);
    let mut plan = Plan::default();
    for specimen in non_linear(analogue.len()) {
        let number = specimen.record.sensor.key.number;
        let factors = bent(&specimen.record);
        plan.sensors.insert(number, SensorPlan { factors, ..SensorPlan::default() });
        analogue.push(specimen);
    }
    let discrete = others::discrete(FIRST_DISCRETE);
    let mut readings: Vec<(u8, Measurement)> = Vec::new();
    for specimen in &analogue {
        let number = specimen.record.sensor.key.number;
        let factors = plan.sensors.get(&number).map_or(&[][..], |plan| &plan.factors);
        let value = value(&specimen.record, factors, specimen.raw);
        readings.extend(value.map(|value| (number, Measurement::Value(value))));
    }
    readings.extend(discrete.iter().flat_map(others::DiscreteSpecimen::readings));
    let sdrs: Vec<Record> = analogue
        .into_iter()
        .map(|specimen| Record::Full(specimen.record))
        .chain(discrete.into_iter().map(|specimen| specimen.record))
        .chain(others::unread(FRUS, FIRST_EVENT_ONLY))
        .collect();
    let personality = Personality {
        device_id: DeviceId {
            device_id: 0x20,
            provides_device_sdrs: false,
            device_revision: 1,
            updating: false,
            firmware_major: 1,
            firmware_minor: 0x23,
            ipmi_version: 0x02,
            additional_support: SUPPORT,
            manufacturer_id: DOCUMENTATION_USE,
            product_id: PRODUCT,
            auxiliary_firmware: None,
        },
        product: Product {
            manufacturer: "Lantern".into(),
            name: "Specimen Cabinet".into(),
            part_number: "LN-SPECIMENS".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        },
        sdrs_built: built(&sdrs),
        sdrs,
        sensors: plan,
        records_in,
        events: Vec::new(),
        inventory: inventory::devices(),
    };
    Specimens { personality, readings }
}

/// Two sensors whose factors have to be asked for: one unsigned, one signed.
fn non_linear(after: usize) -> Vec<curves::Specimen> {
    let first = u8::try_from(after).unwrap_or(u8::MAX).saturating_add(FIRST_ANALOGUE);
    let models = curves::specimens(FIRST_ANALOGUE);
    // The first three are linear: unsigned, and two signed ones.
    let mut found = Vec::new();
    for (number, (model, name)) in (first..).zip([(0, "Bent unsigned"), (2, "Bent 2's")]) {
        let Some(mut specimen) = models.get(model).cloned() else { continue };
        specimen.record.factors.linearization = Linearization::NonLinear(0x70);
        specimen.record.sensor.key = SensorKey::bmc(number);
        specimen.record.id = IdString::new(name).unwrap_or(IdString::EMPTY);
        found.push(specimen);
    }
    found
}

/// A line that bends twice and does not break, in the order of the numbers that the readings are.
fn bent(record: &FullSensor) -> Vec<(u8, Factors)> {
    let format = record.sensor.units.analog_format;
    let from: [u8; 3] = match format {
        AnalogFormat::Unsigned => [0x00, 0x50, 0x80],
        _ => [0x80, 0xf0, 0x40],
    };
    let slope = record.factors.m;
    let mut stretches: Vec<(u8, Factors)> = Vec::new();
    for (steepness, from) in (1i16..).zip(from) {
        let mut factors = Factors { m: slope.saturating_mul(steepness), ..record.factors };
        if let (Some((_, before)), Some(x)) = (stretches.last(), format.number(from)) {
            // B counts in tens here.
            let step = slope.saturating_mul(x) / 10;
            factors.b = before.b.saturating_sub(step);
        }
        stretches.push((from, factors));
    }
    stretches
}

/// The value of a reading, by the factors that hold there.
fn value(record: &FullSensor, factors: &[(u8, Factors)], raw: u8) -> Option<f64> {
    let format = record.sensor.units.analog_format;
    let number = |raw| format.number(raw);
    let there = factors.iter().rev().find(|(from, _)| number(*from) <= number(raw));
    there
        .map_or(record.factors, |(_, factors)| Factors {
            linearization: match factors.linearization {
                Linearization::NonLinear(_) => Linearization::Linear,
                other => other,
            },
            ..*factors
        })
        .value(raw, format)
}
