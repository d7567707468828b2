//! What a BMC's sensors say, from its raw bytes: every command sent plainly, every figure computed
//! by `ipmi_wire`, nothing read from a cache.

use std::time::{Duration, Instant};

use ipmi_client::Bmc;
use ipmi_wire::cmd::sensor::{
    GetSensorHysteresis, GetSensorReading, GetSensorReadingFactors, GetSensorThresholds,
    SensorHysteresis, SensorReading, SensorThresholds,
};
use ipmi_wire::cmd::storage::{GetSdr, ReservationId};
use ipmi_wire::sdr::{Factors, FullSensor, Record, ThresholdKind};

/// The order in which all programs print thresholds.
pub const COLUMNS: [ThresholdKind; 6] = [
    ThresholdKind::LowerNonRecoverable,
    ThresholdKind::LowerCritical,
    ThresholdKind::LowerNonCritical,
    ThresholdKind::UpperNonCritical,
    ThresholdKind::UpperCritical,
    ThresholdKind::UpperNonRecoverable,
];

/// A record with a sensor that can be read, and what that sensor says. Of a shared record it is the
/// first.
pub struct TrueSensor {
    pub record: Record,
    pub number: u8,
    pub reading: SensorReading,
    /// Those in force, if it has any.
    pub thresholds: Option<SensorThresholds>,
    pub hysteresis: Option<SensorHysteresis>,
    /// The factors of each raw reading, if they have to be asked for.
    bent: Vec<Factors>,
}

/// All records, in the repository's order.
pub async fn records(bmc: &Bmc) -> Vec<Record> {
    let (mut records, mut record_id) = (Vec::new(), GetSdr::FIRST);
    while record_id != GetSdr::LAST {
        let (reservation, count) = (ReservationId(0), GetSdr::WHOLE);
        let answer = bmc.send(&GetSdr { reservation, record_id, offset: 0, count }).await.unwrap();
        records.push(Record::decode(&answer.data).unwrap());
        record_id = answer.next_record_id;
    }
    records
}

/// All sensors that can be read.
pub async fn sensors(bmc: &Bmc) -> Vec<TrueSensor> {
    let mut sensors = Vec::new();
    for record in records(bmc).await {
        if record.sensor().is_some() {
            sensors.push(sensor(bmc, record).await);
        }
    }
    sensors
}

async fn sensor(bmc: &Bmc, record: Record) -> TrueSensor {
    let number = record.sensor_number().unwrap();
    let started = Instant::now();
    let reading = loop {
        let reading = bmc.send(&GetSensorReading { number }).await.unwrap();
        if !reading.unavailable {
            break reading;
        }
        // It takes a moment until each sensor has been read for the first time.
        assert!(started.elapsed() < Duration::from_secs(10), "{record:?} says nothing");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let (mut thresholds, mut hysteresis, mut bent) = (None, None, Vec::new());
    if let Record::Full(full) = &record
        && full.sensor.is_threshold()
    {
        thresholds = Some(bmc.send(&GetSensorThresholds { number }).await.unwrap());
        hysteresis = Some(bmc.send(&GetSensorHysteresis { number }).await.unwrap());
        if full.factors.linearization.needs_reading_factors() {
            for raw in 0..=u8::MAX {
                let asked = bmc.send(&GetSensorReadingFactors { number, raw }).await.unwrap();
                bent.push(full.factors.with_reading_factors(&asked.factors));
            }
        }
    }
    TrueSensor { record, number, reading, thresholds, hysteresis, bent }
}

impl TrueSensor {
    pub const fn full(&self) -> Option<&FullSensor> {
        match &self.record {
            Record::Full(full) => Some(full),
            _ => None,
        }
    }

    /// The factors that hold at a raw reading.
    pub fn factors_at(&self, raw: u8) -> Factors {
        let of_the_record = || self.full().expect("a full record").factors;
        self.bent.get(usize::from(raw)).copied().unwrap_or_else(of_the_record)
    }

    /// The value of a raw reading.
    pub fn value(&self, raw: u8) -> Option<f64> {
        self.factors_at(raw).value(raw, self.full()?.sensor.units.analog_format)
    }

    /// The raw thresholds in force that can be read, in the order of [`COLUMNS`].
    pub fn raw_thresholds(&self) -> [Option<u8>; 6] {
        COLUMNS.map(|kind| {
            let thresholds = self.thresholds.filter(|all| all.readable.contains(kind))?;
            Some(thresholds.values.get(kind))
        })
    }

    /// The raw thresholds of the record that can be read, in the order of [`COLUMNS`].
    pub fn record_thresholds(&self) -> [Option<u8>; 6] {
        let full = self.full().expect("a full record");
        COLUMNS.map(|kind| {
            let readable = full.sensor.readable_thresholds().contains(kind);
            readable.then(|| full.thresholds.get(kind))
        })
    }

    /// Its name, for messages.
    pub fn name(&self) -> String {
        self.record.name().map(ToString::to_string).unwrap_or_default()
    }

    /// The bytes of its name as a program sees it that takes each ID string for 8-bit text that ends
    /// at a zero byte: ipmitool (`ipmi_sdr.c:1581`) and FreeIPMI (`ipmi-sdr-parse.c:659`)
    /// know no other encoding.
    pub fn plain_name(&self) -> String {
        let bytes = self.record.name().map(|name| name.as_bytes()).unwrap_or_default();
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    }
}
