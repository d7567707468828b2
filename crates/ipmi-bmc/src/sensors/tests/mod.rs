//! The engine on a virtual clock, with a platform that says what it is told to.

mod buses;
mod comparing;
mod setting;
mod states;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use ipmi_wire::sdr::{
    AnalogCharacteristics, AnalogFormat, CompactSensor, Direction, EntityId, EventReadingType,
    Factors, FullSensor, IdString, RecordHeader, RecordSharing, SensorCommon, UnitCode, Units,
};

use super::*;
use crate::nvram::{Change, Memory};
use crate::platform::{
    IdentifyLight, Measurement, PlatformError, PlatformEvent, PowerSignal, Scan as Scanned,
};

/// What can be measured, and how.
#[derive(Default)]
struct Bench {
    off: bool,
    says: BTreeMap<u8, Measurement>,
    /// Sensors whose scans take until somebody answers.
    slow: BTreeSet<u8>,
    answers: VecDeque<(u8, Measurement)>,
    /// Scans in their order.
    scans: Vec<u8>,
}

impl Platform for Bench {
    fn advance(&mut self, _: Instant) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn is_on(&self) -> bool {
        !self.off
    }

    fn power(&mut self, _: Instant, _: PowerSignal) -> Result<(), PlatformError> {
        Ok(())
    }

    fn identify(&mut self, _: Instant, _: IdentifyLight) {}

    fn start_scan(&mut self, _: Instant, number: u8) -> Scanned {
        self.scans.push(number);
        if self.slow.contains(&number) {
            return Scanned::Pending;
        }
        Scanned::Done(self.says.get(&number).copied().unwrap_or(Measurement::Unavailable))
    }

    fn poll_scan(&mut self) -> Option<(u8, Measurement)> {
        self.answers.pop_front()
    }

    fn poll_event(&mut self) -> Option<PlatformEvent> {
        None
    }
}

/// An engine, its platform and its clock.
struct Rig {
    engine: Engine,
    bench: Bench,
    start: Instant,
    now: Instant,
    records: Vec<Record>,
    plan: Plan,
    store: BTreeMap<Key, Vec<u8>>,
}

impl Rig {
    fn new(records: Vec<Record>, plan: Plan) -> Self {
        let now = Instant::now();
        let engine = Engine::new(now, &records, &plan, &BTreeMap::new());
        Self {
            engine,
            bench: Bench::default(),
            start: now,
            now,
            records,
            plan,
            store: BTreeMap::new(),
        }
    }

    /// With one sensor.
    fn of(record: Record) -> Self {
        Self::new(vec![record], Plan::default())
    }

    /// With one sensor that is special.
    fn with(record: Record, plan: SensorPlan) -> Self {
        let number = record.sensor_number().unwrap();
        let plan = Plan { sensors: [(number, plan)].into(), ..Plan::default() };
        Self::new(vec![record], plan)
    }

    /// The process stops, and starts again with what was kept.
    fn restart(&mut self) {
        let mut journal = Journal::default();
        self.engine.keep(&mut journal);
        for change in journal.take() {
            match change {
                Change::Put(key, value) => self.store.insert(key, value),
                Change::Remove(key) => self.store.remove(&key),
                Change::Clear(_) => panic!("nobody clears the sensors' room"),
            };
        }
        let values = self.store.iter().map(|(key, value)| (*key, value.as_slice()));
        let memory = Memory::decode(values).unwrap();
        self.engine = Engine::new(self.now, &self.records, &self.plan, &memory.sensors);
    }

    /// Lets time pass from deadline to deadline, as the daemon does.
    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        self.engine.advance(self.now, &mut self.bench);
        while let Some(due) = self.engine.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.engine.advance(self.now, &mut self.bench);
            assert!(self.engine.poll_timeout().is_none_or(|next| next > due), "stuck");
        }
        self.now = end;
        self.engine.advance(end, &mut self.bench);
    }

    /// Lets a sensor say this, and waits until it was scanned.
    fn say(&mut self, number: u8, says: Measurement) {
        self.bench.says.insert(number, says);
        self.wait(Duration::from_secs(2));
    }

    fn value(&mut self, number: u8, value: f64) {
        self.say(number, Measurement::Value(value));
    }

    fn states(&mut self, number: u8, states: u16) {
        self.say(number, Measurement::States(states));
    }

    fn reading(&self, number: u8) -> SensorReading {
        self.engine.reading(self.now, number).unwrap()
    }

    fn available(&self, number: u8) -> bool {
        self.reading(number).is_valid()
    }

    /// What was told since the last time: whether it came, and its data.
    fn events(&mut self) -> Vec<(bool, [u8; 3])> {
        std::iter::from_fn(|| self.engine.poll_event())
            .map(|event| (event.assertion, event.data))
            .collect()
    }

    /// The same, offsets alone.
    fn offsets(&mut self) -> Vec<(bool, u8)> {
        self.events().into_iter().map(|(came, data)| (came, data[0] & 0x0f)).collect()
    }
}

const PER_EVENT: u8 = 0x00;
const THRESHOLDS_SETTABLE: u8 = 0x08;
const HYSTERESIS_SETTABLE: u8 = 0x20;
const AUTO_REARM: u8 = 0x40;

fn common(number: u8, sensor_type: SensorType, event_type: EventReadingType) -> SensorCommon {
    SensorCommon {
        key: SensorKey::bmc(number),
        entity: EntityId::new(7, 1),
        initialization: 0x7f,
        capabilities: AUTO_REARM | HYSTERESIS_SETTABLE | THRESHOLDS_SETTABLE | PER_EVENT,
        sensor_type,
        event_type,
        assertion_mask: 0,
        deassertion_mask: 0,
        reading_mask: 0,
        units: Units::DISCRETE,
    }
}

/// A temperature in whole degrees with all six thresholds, -20 to 30 and 60 to 80, hysteresis 3 up
/// and 2 down, and the usual events: going low below, going high above.
fn temperature(number: u8) -> FullSensor {
    let degrees = |t: [i8; 6]| RawThresholds::from_command(t.map(|t| t.to_le_bytes()[0]));
    FullSensor {
        record_id: number.into(),
        version: RecordHeader::VERSION,
        sensor: SensorCommon {
            assertion_mask: 0x7a95,
            deassertion_mask: 0x7a95,
            reading_mask: 0x3f3f,
            units: Units::plain(AnalogFormat::TwosComplement, UnitCode::DEGREES_C),
            ..common(number, SensorType::TEMPERATURE, EventReadingType::THRESHOLD)
        },
        factors: Factors::IDENTITY,
        analog: AnalogCharacteristics::default(),
        nominal_reading: 0,
        normal_max: 0,
        normal_min: 0,
        sensor_max: 0x7f,
        sensor_min: 0x80,
        thresholds: degrees([10, 0, -20, 60, 70, 80]),
        positive_hysteresis: 3,
        negative_hysteresis: 2,
        oem: 0,
        id: IdString::new("Temp").unwrap(),
    }
}

/// Sensors of some kind with states 0 to 3, of which all events are reported.
fn discrete(number: u8, count: u8) -> CompactSensor {
    CompactSensor {
        record_id: number.into(),
        version: RecordHeader::VERSION,
        sensor: SensorCommon {
            capabilities: AUTO_REARM | PER_EVENT,
            assertion_mask: 0x000f,
            deassertion_mask: 0x000f,
            reading_mask: 0x000f,
            ..common(number, SensorType::POWER_SUPPLY, EventReadingType::SENSOR_SPECIFIC)
        },
        direction: Direction::Unspecified,
        sharing: RecordSharing { share_count: count, ..RecordSharing::NONE },
        positive_hysteresis: 0,
        negative_hysteresis: 0,
        oem: 0,
        id: IdString::new("PSU").unwrap(),
    }
}

/// A lid: manual re-arm, as the reference machine's.
fn lid(number: u8) -> CompactSensor {
    let record = discrete(number, 1);
    CompactSensor {
        sensor: SensorCommon {
            capabilities: PER_EVENT,
            sensor_type: SensorType::PHYSICAL_SECURITY,
            assertion_mask: 1,
            deassertion_mask: 1,
            reading_mask: 1,
            ..record.sensor
        },
        ..record
    }
}
