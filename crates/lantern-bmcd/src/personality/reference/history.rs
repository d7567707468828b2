//! What the reference machine's event log comes with: a machine that somebody has opened, and a
//! core regulator that has had a bad moment.

use ipmi_wire::sdr::{EventReadingType, SensorKey, SensorType, ThresholdKind};
use ipmi_wire::sel::SelRecord;

use super::threshold_offset;
use crate::personality::sensors::{Kind, Probe, Sensor, by_probe};

/// Something that happened, told by a sensor of the machine.
struct Past {
    /// How long ago, in seconds.
    ago: u32,
    probe: Probe,
    /// Whether it came or went.
    assertion: bool,
    what: What,
}

enum What {
    /// A discrete sensor's state, by its offset.
    State(u8),
    /// A reading in the sensor's unit, beyond (or back inside) a threshold.
    Crossing(ThresholdKind, f64),
}

/// Oldest first.
#[rustfmt::skip]
const HISTORY: [Past; 7] = [
    // Event logging disabled: log area cleared, which is what the factory did last.
    Past { ago: 30 * DAY, probe: Probe::EventLog, assertion: true, what: What::State(2) },
    // Physical security: general chassis intrusion.
    Past { ago: 9 * DAY, probe: Probe::Intrusion, assertion: true, what: What::State(0) },
    Past { ago: 9 * DAY - 2_520, probe: Probe::Intrusion, assertion: false, what: What::State(0) },
    // Power supply: input lost.
    Past { ago: 4 * DAY + 7_300, probe: Probe::PsuStatus(1), assertion: true, what: What::State(3) },
    Past { ago: 4 * DAY + 7_258, probe: Probe::PsuStatus(1), assertion: false, what: What::State(3) },
    Past { ago: 2 * DAY + 11_047, probe: Probe::CpuVcore(0), assertion: true, what: What::Crossing(ThresholdKind::LowerCritical, 0.665) },
    Past { ago: 2 * DAY + 11_044, probe: Probe::CpuVcore(0), assertion: false, what: What::Crossing(ThresholdKind::LowerCritical, 0.985) },
];

const DAY: u32 = 86_400;

/// The events as of `now_epoch`, in seconds since 1970, oldest first.
pub(super) fn events(now_epoch: u32) -> Vec<SelRecord> {
    HISTORY.iter().filter_map(|past| past.record(now_epoch)).collect()
}

impl Past {
    fn record(&self, now_epoch: u32) -> Option<SelRecord> {
        let sensor = by_probe(self.probe)?;
        let (sensor_type, event_type, data) = self.what.told_by(sensor)?;
        Some(SelRecord::System {
            id: 0,
            timestamp: now_epoch.saturating_sub(self.ago),
            generator: SensorKey::BMC.into(),
            evm_rev: SelRecord::EVM_REV,
            sensor_type,
            sensor_number: sensor.number,
            assertion: self.assertion,
            event_type,
            data,
        })
    }
}

impl What {
    /// Sensor type, event type and event data; `None` of a sensor that cannot tell such a thing.
    fn told_by(&self, sensor: &Sensor) -> Option<(SensorType, EventReadingType, [u8; 3])> {
        match (self, sensor.kind) {
            (Self::State(offset), Kind::Discrete(discrete)) => {
                let data = [*offset, UNSPECIFIED, UNSPECIFIED];
                Some((discrete.sensor_type, EventReadingType::SENSOR_SPECIFIC, data))
            }
            (Self::Crossing(kind, reading), Kind::Analog(analog)) => {
                let (_, limit) = analog.thresholds().find(|(present, _)| present == kind)?;
                let scale = analog.scale;
                let first = READING_AND_THRESHOLD | threshold_offset(*kind);
                let data = [first, scale.raw(*reading), scale.raw(limit)];
                Some((scale.sensor_type, EventReadingType::THRESHOLD, data))
            }
            (Self::State(_), Kind::Analog(_)) | (Self::Crossing(..), Kind::Discrete(_)) => None,
        }
    }
}

/// Bits 7:4 of the first event data byte: the trigger reading and its threshold follow.
/// Spec: IPMI v2.0 §29.7, Table 29-6.
const READING_AND_THRESHOLD: u8 = 0x50;
/// An event data byte that says nothing.
const UNSPECIFIED: u8 = 0xff;

#[cfg(test)]
mod tests {
    use ipmi_wire::{Decode, Encode};

    use super::*;
    use crate::personality::sensors::by_number;

    const NOW: u32 = 1_790_000_000;

    #[test]
    fn all_of_it_is_told_in_order_and_in_the_past() {
        let events = events(NOW);
        assert_eq!(events.len(), HISTORY.len());
        let times: Vec<u32> = events.iter().map(|e| e.timestamp().unwrap().raw()).collect();
        assert!(times.is_sorted() && times.iter().all(|time| *time < NOW), "{times:?}");
        for event in events {
            assert_eq!(SelRecord::decode_exact(&event.to_bytes()).unwrap(), event);
        }
    }

    #[test]
    fn a_clock_that_was_never_set_is_survived() {
        assert_eq!(events(0).len(), HISTORY.len());
    }

    #[test]
    fn each_event_is_one_that_its_sensor_may_send() {
        for event in events(NOW) {
            let SelRecord::System { sensor_type, sensor_number, assertion, data, .. } = event
            else {
                panic!("{event:?}")
            };
            let sensor = by_number(sensor_number).unwrap();
            match sensor.kind {
                Kind::Analog(analog) => assert_eq!(analog.scale.sensor_type, sensor_type),
                Kind::Discrete(discrete) => {
                    assert_eq!(discrete.sensor_type, sensor_type);
                    let may = if assertion { discrete.assertions } else { discrete.deassertions };
                    assert_ne!(may & (1 << (data[0] & 0x0f)), 0, "{}", sensor.name);
                }
            }
        }
    }

    /// Bytes made by hand from §32.1: an intrusion, and a core voltage of 0.665 V below 0.7 V.
    #[test]
    fn the_lid_and_the_regulator_are_in_it() {
        let tails: Vec<Vec<u8>> =
            events(NOW).iter().map(|event| event.to_bytes()[7..].to_vec()).collect();
        assert!(tails.contains(&vec![0x20, 0x00, 0x04, 0x05, 0x40, 0x6f, 0x00, 0xff, 0xff]));
        assert!(tails.contains(&vec![0x20, 0x00, 0x04, 0x05, 0x40, 0xef, 0x00, 0xff, 0xff]));
        assert!(tails.contains(&vec![0x20, 0x00, 0x04, 0x02, 0x24, 0x01, 0x52, 0x35, 0x3c]));
        assert!(tails.contains(&vec![0x20, 0x00, 0x04, 0x02, 0x24, 0x81, 0x52, 0x75, 0x3c]));
    }
}
