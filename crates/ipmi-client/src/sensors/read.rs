//! Reading sensors.

use std::collections::HashMap;

use ipmi_wire::cmd::sensor::{
    GetSensorReading, GetSensorReadingFactors, GetSensorThresholds, SensorReading,
    SensorReadingFactors, SensorThresholds,
};
use ipmi_wire::sdr::{
    AnalogFormat, Factors, FullSensor, Linearization, SensorType, ThresholdKind, ThresholdMask,
    UnitCode,
};
use ipmi_wire::sel::state_texts;
use ipmi_wire::vendor::{Decoded, Decoder, is_oem_sensor};
use ipmi_wire::{CompletionCode, Decode, Reader, Request};
use tokio::time::Instant;

use super::owner::OutOfReach;
use super::presence::{Absentees, witnesses};
use super::{Reading, Sensor, SensorInfo, SensorRef, SensorState, Silence};
use crate::bmc::{Bmc, means_absent};
use crate::error::{Error, ErrorKind};
use crate::sdr::SdrSet;
use crate::together::Trust;

/// Which sensors to read, and what of them. The default is all that can be read, without
/// thresholds; each condition that is given has to be met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SensorQuery {
    /// Ask for the thresholds in force, too: one exchange for each sensor that has any.
    pub thresholds: bool,
    /// List event-only sensors, too.
    pub event_only: bool,
    /// One of these types.
    pub types: Vec<SensorType>,
    /// One of these entities: its ID, and its instance if only that one is meant.
    pub entities: Vec<(u8, Option<u8>)>,
    /// One of these sensors.
    pub sensors: Vec<SensorRef>,
}

/// Factors of non-linear sensors, by LUN and number: each with the reading from which and the one
/// up to which they hold. They are the sensor's by its making, as its record is.
pub(crate) type KnownFactors = HashMap<(u8, u8), Vec<(u8, SensorReadingFactors)>>;

/// After so many questions about thresholds that were not answered, none is asked any more: each
/// costs seconds and a session.
const SILENCES: u32 = 2;

impl SensorQuery {
    /// All sensors that can be read, with or without thresholds.
    #[must_use]
    pub fn all(thresholds: bool) -> Self {
        Self { thresholds, ..Self::default() }
    }

    /// The sensors that are meant, in the order of their records.
    #[must_use]
    pub fn select(&self, set: &SdrSet) -> Vec<SensorInfo> {
        let named: Vec<SensorInfo> =
            self.sensors.iter().flat_map(|wanted| set.find(wanted)).collect();
        let is_meant = |info: &SensorInfo| {
            (self.event_only || !info.is_event_only())
                && (self.types.is_empty() || self.types.contains(&info.sensor_type))
                && (self.entities.is_empty()
                    || self.entities.iter().any(|(id, instance)| {
                        info.entity.id == *id
                            && instance.is_none_or(|instance| info.entity.instance == instance)
                    }))
                && (self.sensors.is_empty() || named.contains(info))
        };
        set.sensors().into_iter().filter(is_meant).collect()
    }
}

impl Bmc {
    /// Every sensor of the BMC's records that can be read, with its reading. One sensor that cannot
    /// be read does not keep the others from it.
    ///
    /// # Errors
    /// Only if the records cannot be read, or the BMC no longer answers.
    pub async fn sensors(&self, thresholds: bool) -> Result<Vec<Sensor>, Error> {
        self.query_sensors(&SensorQuery::all(thresholds)).await
    }

    /// The sensors that `query` means, with their readings.
    ///
    /// Others of the same entity are read as well if one of these is in alarm or silent, because
    /// they may know that the entity is absent.
    ///
    /// # Errors
    /// As [`sensors`](Self::sensors).
    pub async fn query_sensors(&self, query: &SensorQuery) -> Result<Vec<Sensor>, Error> {
        let set = self.sdrs().await?;
        self.read_sensors(&set, query.select(&set), query.thresholds).await
    }

    /// The sensors that `wanted` means, with their readings: names need not be unique.
    ///
    /// # Errors
    /// As [`sensors`](Self::sensors).
    pub async fn get_sensor(
        &self,
        wanted: SensorRef,
        thresholds: bool,
    ) -> Result<Vec<Sensor>, Error> {
        let sensors = vec![wanted];
        let query = SensorQuery { thresholds, event_only: true, sensors, ..SensorQuery::default() };
        self.query_sensors(&query).await
    }

    /// Reads sensors of `set`.
    ///
    /// # Errors
    /// As [`sensors`](Self::sensors).
    pub async fn read_sensors(
        &self,
        set: &SdrSet,
        infos: Vec<SensorInfo>,
        thresholds: bool,
    ) -> Result<Vec<Sensor>, Error> {
        let begun = Instant::now();
        let mut lost = OutOfReach::default();
        let mut sensors = self.read_each(infos, thresholds, &mut lost).await?;
        self.probe_if_slow(&sensors, begun).await?;
        let wanted = sensors.len();
        let doubtful: Vec<SensorInfo> = sensors
            .iter()
            .filter(|sensor| {
                sensor.state.is_alarm() || matches!(sensor.state, SensorState::Unreadable(_))
            })
            .map(|sensor| sensor.info.clone())
            .collect();
        let all = set.sensors();
        let mut more: Vec<SensorInfo> = Vec::new();
        for info in &doubtful {
            for witness in witnesses(set, &all, info) {
                let known = sensors.iter().map(|sensor| &sensor.info).chain(&more);
                if known.into_iter().all(|known| known != witness) {
                    more.push(witness.clone());
                }
            }
        }
        sensors.extend(self.read_each(more, false, &mut lost).await?);
        self.save_learned().await?;
        let absent = Absentees::of(set, &sensors);
        sensors.truncate(wanted);
        for sensor in &mut sensors {
            if absent.has(&sensor.info, &sensor.reading) {
                sensor.state = SensorState::Absent;
            }
        }
        Ok(sensors)
    }

    async fn read_each(
        &self,
        infos: Vec<SensorInfo>,
        thresholds: bool,
        lost: &mut OutOfReach,
    ) -> Result<Vec<Sensor>, Error> {
        let mut sensors = Vec::with_capacity(infos.len());
        let (mut unanswered, mut silences) = (false, 0u32);
        let mut readings = self.readings_ahead(&infos).await?;
        // What four readings have confirmed says nothing of thresholds.
        let mut in_force = match thresholds && self.trust() == Trust::Sound {
            true => self.thresholds_ahead(&infos, &readings).await,
            false => HashMap::new(),
        };
        let makers_own = infos.iter().any(|info| is_oem_sensor(info.sensor_type, info.event_type));
        let oem = if makers_own { Some(self.decoder().await?) } else { None };
        for info in infos {
            let owner = self.owner_of(&info, lost);
            let reading = match (&owner, readings.remove(&info.key)) {
                (_, Some(asked)) => self.reading_of(&info, asked).await,
                (Ok(owner), None) => owner.read_sensor(&info).await,
                (Err(silence), None) => Ok(Reading::None(*silence)),
            };
            let reading = match reading {
                // The BMC is well, and so may be other controllers.
                Err(error) if lost.note(info.key, &error) => Reading::Failed(Box::new(error)),
                // A BMC that hangs over one sensor may answer for the next; a BMC that is gone does
                // not, and is not asked for each of a hundred.
                Err(error) if error.is_unanswered() && !unanswered => {
                    unanswered = true;
                    Reading::Failed(Box::new(error))
                }
                outcome => {
                    unanswered = false;
                    outcome?
                }
            };
            let decoded = oem.as_ref().and_then(|oem| meant(oem, &info, &reading));
            let type_name = oem.as_ref().and_then(|oem| oem.sensor_type(info.sensor_type));
            let mut sensor = Sensor {
                state: SensorState::of(&info, &reading, decoded.as_ref()),
                type_name: type_name.unwrap_or(info.sensor_type.name()),
                oem: decoded,
                thresholds: Vec::new(),
                disputed: ThresholdMask::NONE,
                reading,
                info,
            };
            // Nor is it asked for more of a sensor over which it hangs.
            if let Ok(owner) = owner
                && thresholds
                && !unanswered
                && silences < SILENCES
            {
                let ahead = in_force.remove(&sensor.info.key);
                match owner.add_thresholds(&mut sensor, ahead).await {
                    Err(error) if lost.note(sensor.info.key, &error) => {}
                    Err(error) if error.is_unanswered() => {
                        silences = silences.saturating_add(1);
                        tracing::debug!(name = sensor.name(), %error, "no thresholds");
                    }
                    outcome => outcome?,
                }
            }
            sensors.push(sensor);
        }
        Ok(sensors)
    }

    pub(super) async fn read_sensor(&self, info: &SensorInfo) -> Result<Reading, Error> {
        let command = GetSensorReading { number: info.key.number };
        self.reading_of(info, self.send_until_free(info.key.lun(), &command).await).await
    }

    async fn reading_of(
        &self,
        info: &SensorInfo,
        asked: Result<SensorReading, Error>,
    ) -> Result<Reading, Error> {
        match asked {
            Ok(reading) => self.interpret(info, &reading).await,
            Err(error) => match error.completion() {
                Some(code) if means_absent(code) => Ok(Reading::None(Silence::Absent(code))),
                Some(CompletionCode::UNSPECIFIED) => Ok(match self.silence_behind(info).await? {
                    Some(silence) => Reading::None(silence),
                    None => Reading::Failed(Box::new(error)),
                }),
                Some(_) => Ok(Reading::Failed(Box::new(error))),
                None if matches!(*error.kind, ErrorKind::Malformed { .. }) => {
                    Ok(Reading::Failed(Box::new(error)))
                }
                None => Err(error),
            },
        }
    }

    /// What stands behind FFh: some BMCs send the reading along, which says that it is unavailable
    /// or that scanning is disabled (`research/freeipmi.md` §3.2).
    async fn silence_behind(&self, info: &SensorInfo) -> Result<Option<Silence>, Error> {
        let mut request = Request::of(&GetSensorReading { number: info.key.number });
        request.lun = info.key.lun();
        let answer = self.send_raw(request).await?;
        let reading = SensorReading::decode(&mut Reader::new(&answer.data)).ok();
        Ok(match reading.filter(|_| answer.completion == CompletionCode::UNSPECIFIED) {
            Some(reading) if !reading.scanning_enabled => Some(Silence::ScanningDisabled),
            Some(reading) if reading.unavailable => Some(Silence::Unavailable),
            _ => None,
        })
    }

    async fn interpret(
        &self,
        info: &SensorInfo,
        reading: &SensorReading,
    ) -> Result<Reading, Error> {
        if !reading.scanning_enabled && !self.habits().ignore_scanning_disabled {
            return Ok(Reading::None(Silence::ScanningDisabled));
        }
        if reading.unavailable {
            return Ok(Reading::None(Silence::Unavailable));
        }
        let raw = reading.raw;
        if info.event_type.is_threshold() {
            let value = match info.full() {
                Some(full) => self.value_of(info, full, raw).await?,
                None => None,
            };
            return Ok(Reading::Analog { raw, value, crossed: reading.threshold_status() });
        }
        let states = reading.states & 0x7fff;
        let texts = state_texts(info.sensor_type, info.event_type, states);
        let value = match info.full().filter(|full| has_values(full)) {
            Some(full) => self.value_of(info, full, raw).await?,
            None => None,
        };
        Ok(Reading::Discrete { states, texts, value })
    }

    /// Thresholds in force; those of the record where the BMC does not tell them.
    async fn add_thresholds(
        &self,
        sensor: &mut Sensor,
        ahead: Option<Result<SensorThresholds, Error>>,
    ) -> Result<(), Error> {
        let silent = match &sensor.reading {
            Reading::None(Silence::Absent(_)) => true,
            Reading::Failed(error) => error.is_behind_bmc(),
            _ => false,
        };
        let Some(full) =
            sensor.info.full().filter(|_| sensor.info.event_type.is_threshold() && !silent)
        else {
            return Ok(());
        };
        let in_force = match ahead {
            Some(asked) => or_those_of(full, asked)?,
            None => self.thresholds_in_force(&sensor.info, full).await?,
        };
        let mut thresholds = Vec::new();
        for kind in in_force.readable.iter() {
            if let Some(value) =
                self.value_of(&sensor.info, full, in_force.values.get(kind)).await?
            {
                thresholds.push((kind, value));
            }
        }
        let disputed = disputed(full, &sensor.reading, &thresholds);
        (sensor.thresholds, sensor.disputed) = (thresholds, disputed);
        Ok(())
    }

    pub(super) async fn thresholds_in_force(
        &self,
        info: &SensorInfo,
        full: &FullSensor,
    ) -> Result<SensorThresholds, Error> {
        let command = GetSensorThresholds { number: info.key.number };
        or_those_of(full, self.send_until_free(info.key.lun(), &command).await)
    }

    /// The value of a raw reading. Of a non-linear sensor, the BMC knows the factors: they are
    /// asked for once for each range of readings.
    pub(super) async fn value_of(
        &self,
        info: &SensorInfo,
        full: &FullSensor,
        raw: u8,
    ) -> Result<Option<f64>, Error> {
        if !matches!(full.factors.linearization, Linearization::NonLinear(_)) {
            return Ok(full.value(raw));
        }
        let format = full.sensor.units.analog_format;
        let factors = self.factors_at(info, full, raw).await?;
        Ok(factors.and_then(|factors| factors.value(raw, format)))
    }

    /// The factors of a non-linear sensor at a reading; `None` if the BMC does not tell.
    async fn factors_at(
        &self,
        info: &SensorInfo,
        full: &FullSensor,
        raw: u8,
    ) -> Result<Option<Factors>, Error> {
        Ok(self.factors_from(info, raw).await?.map(|asked| {
            let straight = full.factors.with_reading_factors(&asked.factors);
            Factors { linearization: Linearization::Linear, ..straight }
        }))
    }

    pub(super) async fn factors_from(
        &self,
        info: &SensorInfo,
        raw: u8,
    ) -> Result<Option<SensorReadingFactors>, Error> {
        let (lun, number) = (info.key.lun(), info.key.number);
        let known = self.memory().factors.get(&(lun, number)).and_then(|known| {
            let holds = |(from, asked): &&(u8, SensorReadingFactors)| {
                let single = asked.next_reading == *from;
                single || *from == raw || (*from < raw && raw < asked.next_reading)
            };
            known.iter().find(holds).map(|(_, asked)| *asked)
        });
        if let Some(asked) = known {
            return Ok(Some(asked));
        }
        let command = GetSensorReadingFactors { number, raw };
        match self.send_until_free(lun, &command).await {
            Ok(asked) => {
                let mut memory = self.memory();
                memory.factors.entry((lun, number)).or_default().push((raw, asked));
                memory.unsaved = true;
                Ok(Some(asked))
            }
            Err(error) if error.completion().is_some() || is_malformed(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What the maker means by the states that a sensor of its own reports.
fn meant(oem: &Decoder, info: &SensorInfo, reading: &Reading) -> Option<Decoded> {
    let Reading::Discrete { states, .. } = reading else { return None };
    if !is_oem_sensor(info.sensor_type, info.event_type) {
        return None;
    }
    oem.states(info.sensor_type, info.event_type, info.key.number, *states)
}

/// The thresholds in force, or those of the record where the BMC does not tell.
fn or_those_of(
    full: &FullSensor,
    asked: Result<SensorThresholds, Error>,
) -> Result<SensorThresholds, Error> {
    match asked {
        Err(error) if error.completion().is_some() || is_malformed(&error) => {
            let readable = full.sensor.readable_thresholds();
            Ok(SensorThresholds { readable, values: full.thresholds })
        }
        outcome => outcome,
    }
}

/// Whether what comes beside the states of a discrete sensor is a value.
fn has_values(full: &FullSensor) -> bool {
    let units = &full.sensor.units;
    units.analog_format != AnalogFormat::None && units.base != UnitCode::UNSPECIFIED
}

/// Thresholds about which the BMC and its own figures disagree.
fn disputed(
    full: &FullSensor,
    reading: &Reading,
    thresholds: &[(ThresholdKind, f64)],
) -> ThresholdMask {
    let Reading::Analog { value: Some(value), crossed, .. } = reading else {
        return ThresholdMask::NONE;
    };
    let reported = full.sensor.reported_thresholds();
    let hysteresis = |kind: ThresholdKind| {
        let counts =
            if kind.is_upper() { full.positive_hysteresis } else { full.negative_hysteresis };
        // One count more: what is compared are rounded numbers.
        full.hysteresis(counts.saturating_add(1)).map_or(f64::INFINITY, f64::abs)
    };
    thresholds
        .iter()
        .filter(|(kind, at)| {
            let beyond = if kind.is_upper() { value - at } else { at - value };
            match crossed.contains(*kind) {
                // The bit stays until the value is back by more than the hysteresis.
                true => beyond < -hysteresis(*kind),
                // What is not reported cannot be missing.
                false => reported.contains(*kind) && beyond > 0.0,
            }
        })
        .map(|(kind, _)| *kind)
        .collect()
}

fn is_malformed(error: &Error) -> bool {
    matches!(*error.kind, ErrorKind::Malformed { .. })
}
