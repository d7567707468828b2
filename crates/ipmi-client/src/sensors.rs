//! Sensors: what there is to read, and what it reads.

use ipmi_wire::cmd::sensor::{GetSensorReading, GetSensorThresholds, SensorReading};
use ipmi_wire::cmd::storage::{GetSdr, ReservationId, ReserveSdrRepository};
use ipmi_wire::sdr::{
    FullSensor, Record, RecordHeader, SensorCommon, ThresholdKind, ThresholdMask,
};
use ipmi_wire::sel::state_texts;
use ipmi_wire::{Command, CompletionCode, Decode, DecodeError, Reader};

use crate::bmc::{Bmc, means_absent};
use crate::error::{Error, ErrorKind};
use crate::walk::{Repository, walk};

/// One sensor with its reading.
#[derive(Debug)]
pub struct Sensor {
    /// Its record.
    pub record: Record,
    /// What it reads.
    pub reading: Reading,
    /// Thresholds in force, converted, if they were asked for and there are any.
    pub thresholds: Vec<(ThresholdKind, f64)>,
}

/// What a sensor reads.
#[derive(Debug)]
pub enum Reading {
    /// A converted value.
    Analog {
        /// As it came.
        raw: u8,
        /// In the unit of the record.
        value: f64,
        /// Thresholds that the value is at or beyond, as the BMC says.
        crossed: ThresholdMask,
    },
    /// The states of a discrete sensor.
    Discrete {
        /// Bit 0 is offset 0.
        states: u16,
        /// The states in words.
        texts: Vec<&'static str>,
    },
    /// Nothing, and that is normal.
    None(Silence),
    /// Nothing, and that is not.
    Failed(Box<Error>),
}

/// Why a sensor has nothing to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The BMC says "reading unavailable": not measured yet, or the machine is off.
    Unavailable,
    /// Scanning is disabled.
    ScanningDisabled,
    /// The BMC knows no such sensor (any more), or has nothing for it in the present state.
    Absent(CompletionCode),
    /// The sensor belongs to another controller.
    NotOurs(u8),
    /// The record has no way to make a value of what came.
    NoConversion(u8),
}

/// How a sensor's thing is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// All is well, or there is nothing to compare with.
    Nominal,
    /// Beyond a non-critical threshold.
    Warning,
    /// Beyond a critical threshold.
    Critical,
    /// Beyond a non-recoverable threshold.
    NonRecoverable,
    /// Nothing is known.
    Unknown,
}

impl Sensor {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        self.record.name().map(ToString::to_string).unwrap_or_default()
    }

    /// How its thing is doing. Discrete states carry no judgement of their own.
    #[must_use]
    pub fn health(&self) -> Health {
        match &self.reading {
            Reading::Analog { crossed, .. } => match crossed.worst().map(ThresholdKind::severity) {
                None => Health::Nominal,
                Some(0) => Health::Warning,
                Some(1) => Health::Critical,
                Some(_) => Health::NonRecoverable,
            },
            Reading::Discrete { .. } => Health::Nominal,
            Reading::None(_) | Reading::Failed(_) => Health::Unknown,
        }
    }
}

impl Bmc {
    /// The SDR repository, in its order. A record that is not what its type says is kept as
    /// [`Record::Other`].
    ///
    /// # Errors
    /// As [`Bmc::send`], if the first record cannot be read or the session is lost. A later record
    /// that the BMC does not give ends the list, with a warning in the log.
    pub async fn sdr_records(&self) -> Result<Vec<Record>, Error> {
        let records = walk(&SdrRepository(self)).await?;
        Ok(records.into_iter().filter_map(|(id, bytes)| record(id, &bytes)).collect())
    }

    /// Every sensor of the repository with its reading. One sensor that cannot be read does not
    /// keep the others from it.
    ///
    /// # Errors
    /// Only if the repository cannot be read, or the session is lost.
    pub async fn sensors(&self, thresholds: bool) -> Result<Vec<Sensor>, Error> {
        let mut sensors = Vec::new();
        for record in self.sdr_records().await? {
            let Some(common) = record.sensor() else { continue };
            let reading = self.read_sensor(&record, common).await?;
            let thresholds = match (&record, &reading) {
                (_, Reading::None(Silence::Absent(_) | Silence::NotOurs(_))) => Vec::new(),
                (Record::Full(full), _) if thresholds && full.sensor.is_threshold() => {
                    self.thresholds(full).await?
                }
                _ => Vec::new(),
            };
            sensors.push(Sensor { record, reading, thresholds });
        }
        Ok(sensors)
    }

    async fn read_sensor(&self, record: &Record, common: &SensorCommon) -> Result<Reading, Error> {
        let key = common.key;
        if key.owner_id != ipmi_wire::lan::BMC_ADDRESS || key.lun() != 0 {
            return Ok(Reading::None(Silence::NotOurs(key.owner_id)));
        }
        match self.send(&GetSensorReading { number: key.number }).await {
            Ok(reading) => Ok(interpret(record, common, &reading)),
            Err(error) => match error.completion() {
                Some(code) if means_absent(code) => Ok(Reading::None(Silence::Absent(code))),
                Some(_) => Ok(Reading::Failed(Box::new(error))),
                None if matches!(*error.kind, ErrorKind::Malformed { .. }) => {
                    Ok(Reading::Failed(Box::new(error)))
                }
                None => Err(error),
            },
        }
    }

    /// Thresholds in force; those of the record where the BMC does not tell them.
    async fn thresholds(&self, full: &FullSensor) -> Result<Vec<(ThresholdKind, f64)>, Error> {
        let asked = self.send(&GetSensorThresholds { number: full.sensor.key.number }).await;
        let (readable, values) = match asked {
            Ok(answer) => (answer.readable, answer.values),
            Err(error) if error.completion().is_some() => {
                (full.sensor.readable_thresholds(), full.thresholds)
            }
            Err(error) => return Err(error),
        };
        let convert = |kind| full.value(values.get(kind)).map(|value| (kind, value));
        Ok(readable.iter().filter_map(convert).collect())
    }
}

fn interpret(record: &Record, common: &SensorCommon, reading: &SensorReading) -> Reading {
    if !reading.scanning_enabled {
        return Reading::None(Silence::ScanningDisabled);
    }
    if reading.unavailable {
        return Reading::None(Silence::Unavailable);
    }
    match record {
        Record::Full(full) if common.is_threshold() => match full.value(reading.raw) {
            Some(value) => {
                let crossed = reading.threshold_status();
                Reading::Analog { raw: reading.raw, value, crossed }
            }
            None => Reading::None(Silence::NoConversion(reading.raw)),
        },
        _ => {
            let states = reading.states & 0x7fff;
            let texts = state_texts(common.sensor_type, common.event_type, states);
            Reading::Discrete { states, texts }
        }
    }
}

/// The record that was found under `id`. One damaged record must not cost all the others, so only
/// one without a header is left out.
fn record(id: u16, bytes: &[u8]) -> Option<Record> {
    let record = Record::decode(bytes).or_else(|error| {
        tracing::warn!(%error, record_id = id, ?bytes, "a record that cannot be understood");
        let mut rest = Reader::new(bytes);
        let header = RecordHeader::decode(&mut rest)?;
        let body = rest.take_rest();
        let body = body.get(..header.length.into()).unwrap_or(body).to_vec();
        Ok::<_, DecodeError>(Record::Other { header, body })
    });
    // The ID in the record is not always the one it is found under.
    record.ok().map(|record| if id == GetSdr::FIRST { record } else { record.with_record_id(id) })
}

struct SdrRepository<'a>(&'a Bmc);

impl Repository for SdrRepository<'_> {
    // Five bytes, so that a u8 says it.
    const HEADER: u8 = 5;

    fn length(header: &[u8]) -> usize {
        match RecordHeader::decode(&mut Reader::new(header)) {
            Ok(header) => header.record_len(),
            Err(_) => RecordHeader::LEN,
        }
    }

    async fn reserve(&self) -> Result<u16, Error> {
        self.0.send(&ReserveSdrRepository).await.map(|ReservationId(id)| id)
    }

    async fn read(
        &self,
        reservation: u16,
        record_id: u16,
        offset: u8,
        count: u8,
    ) -> Result<(u16, Vec<u8>), Error> {
        let reservation = ReservationId(reservation);
        let answer = self.0.send(&GetSdr { reservation, record_id, offset, count }).await?;
        Ok((answer.next_record_id, answer.data))
    }

    fn error(&self, kind: ErrorKind) -> Error {
        self.0.error(GetSdr::NAME, kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_record_is_kept_as_it_came() {
        // A full sensor record that ends after its key; by hand from §43.1.
        let bytes = [0x07, 0x00, 0x51, 0x01, 0x03, 0x20, 0x00, 0x30];
        let header = RecordHeader { record_id: 9, version: 0x51, record_type: 1, length: 3 };
        let body = vec![0x20, 0x00, 0x30];
        assert_eq!(record(9, &bytes), Some(Record::Other { header, body }));
        // Shorter than it says.
        let body = vec![0x20];
        assert_eq!(record(9, &bytes[..6]), Some(Record::Other { header, body }));
        assert_eq!(record(9, &bytes[..4]), None);
    }
}
