//! What of a sensor can be set, and everything that can be known of one.

use ipmi_wire::Command;
use ipmi_wire::cmd::sensor::{
    EventBits, EventEnableAction, GetSensorEventEnable, GetSensorEventStatus, GetSensorHysteresis,
    RearmSensorEvents, SensorEventEnable, SensorEventStatus, SensorHysteresis,
    SetSensorEventEnable, SetSensorHysteresis, SetSensorThresholds,
};
use ipmi_wire::sdr::{
    FullSensor, Linearization, RawThresholds, SettingAccess, ThresholdKind, ThresholdMask,
};

use super::owner::OutOfReach;
use super::{Reading, Sensor, SensorInfo, Silence};
use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};

/// All that can be known of a sensor.
#[derive(Debug)]
pub struct SensorDetails {
    /// What it is and what it reads.
    pub sensor: Sensor,
    /// Hysteresis in force, in raw counts; `None` if the BMC does not tell.
    pub hysteresis: Option<SensorHysteresis>,
    /// Which events it reports; `None` if the BMC does not tell.
    pub event_enables: Option<SensorEventEnable>,
    /// Which events it has reported; `None` if the BMC does not tell.
    pub event_status: Option<SensorEventStatus>,
}

/// What became of a threshold that was to be set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdChange {
    /// Which.
    pub kind: ThresholdKind,
    /// What was asked for.
    pub asked: f64,
    /// What was in force before, if that can be read.
    pub before: Option<f64>,
    /// What is in force now, if that can be read: the nearest to what was asked for that the sensor
    /// can express, or something else that the BMC decided on.
    pub now: Option<f64>,
    /// Whether the BMC took what it was given.
    pub taken: bool,
}

impl Bmc {
    /// Everything about a sensor that was read.
    ///
    /// # Errors
    /// Only if the BMC no longer answers.
    pub async fn sensor_details(&self, sensor: Sensor) -> Result<SensorDetails, Error> {
        let info = &sensor.info;
        let lost = matches!(&sensor.reading, Reading::Failed(error) if error.is_behind_bmc());
        let owner = self.owner_of(info, &OutOfReach::default()).ok().filter(|_| !lost);
        let Some(owner) = owner else {
            let (hysteresis, event_enables, event_status) = (None, None, None);
            return Ok(SensorDetails { sensor, hysteresis, event_enables, event_status });
        };
        let (lun, number) = (info.key.lun(), info.key.number);
        let hysteresis = if info.event_type.is_threshold() {
            known(owner.send_until_free(lun, &GetSensorHysteresis { number }).await)?
        } else {
            None
        };
        let event_enables =
            known(owner.send_until_free(lun, &GetSensorEventEnable { number }).await)?;
        let event_status =
            known(owner.send_until_free(lun, &GetSensorEventStatus { number }).await)?;
        Ok(SensorDetails { sensor, hysteresis, event_enables, event_status })
    }

    /// Sets thresholds, and reads back what the BMC made of it.
    ///
    /// # Errors
    /// [`ErrorKind::NotPossible`], before anything is sent, if the sensor's record does not allow a
    /// threshold to be set, if a value is beyond what the sensor can express, or if the values
    /// are not in the order of their thresholds; else as [`Bmc::send`].
    pub async fn set_thresholds(
        &self,
        info: &SensorInfo,
        wanted: &[(ThresholdKind, f64)],
    ) -> Result<Vec<ThresholdChange>, Error> {
        const DOING: &str = SetSensorThresholds::NAME;
        let (owner, lun) = self.to_set(DOING, info)?;
        let full = info.full().filter(|_| info.event_type.is_threshold());
        let Some(full) = full else {
            return Err(self.not_possible(DOING, "it is no sensor with thresholds".to_owned()));
        };
        self.check_thresholds(DOING, full, wanted)?;
        let mut values = RawThresholds::default();
        for (kind, value) in wanted {
            values.set(*kind, owner.raw_of(DOING, info, full, *value).await?);
        }
        let before = owner.thresholds_in_force(info, full).await?;
        let set: ThresholdMask = wanted.iter().map(|(kind, _)| *kind).collect();
        owner
            .send_until_free(lun, &SetSensorThresholds { number: info.key.number, set, values })
            .await?;
        let now = owner.thresholds_in_force(info, full).await?;
        let mut changes = Vec::new();
        for (kind, asked) in wanted {
            let value = async |raw: Option<u8>| match raw {
                Some(raw) => owner.value_of(info, full, raw).await,
                None => Ok(None),
            };
            changes.push(ThresholdChange {
                kind: *kind,
                asked: *asked,
                before: value(before.get(*kind)).await?,
                now: value(now.get(*kind)).await?,
                taken: now.get(*kind) == Some(values.get(*kind)),
            });
        }
        Ok(changes)
    }

    /// Sets both hystereses, in raw counts, and returns those in force afterwards.
    ///
    /// # Errors
    /// [`ErrorKind::NotPossible`] if the sensor's record says that they are fixed; else as
    /// [`Bmc::send`].
    pub async fn set_hysteresis(
        &self,
        info: &SensorInfo,
        hysteresis: SensorHysteresis,
    ) -> Result<SensorHysteresis, Error> {
        const DOING: &str = SetSensorHysteresis::NAME;
        let (owner, lun) = self.to_set(DOING, info)?;
        let access = info.record.sensor().map(|sensor| sensor.hysteresis_access());
        if access != Some(SettingAccess::Settable) {
            return Err(self.not_possible(DOING, "its hysteresis cannot be set".to_owned()));
        }
        let number = info.key.number;
        owner.send_until_free(lun, &SetSensorHysteresis { number, hysteresis }).await?;
        owner.send_until_free(lun, &GetSensorHysteresis { number }).await
    }

    /// Sets which events a sensor reports, and whether it is scanned; returns what is in force
    /// afterwards. The command says both anew each time (IPMI v2.0 §35.10).
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_event_enables(
        &self,
        info: &SensorInfo,
        event_messages: bool,
        scanning: bool,
        action: EventEnableAction,
        events: EventBits,
    ) -> Result<SensorEventEnable, Error> {
        let (owner, lun) = self.to_set(SetSensorEventEnable::NAME, info)?;
        let number = info.key.number;
        let command = SetSensorEventEnable { number, event_messages, scanning, action, events };
        owner.send_until_free(lun, &command).await?;
        owner.send_until_free(lun, &GetSensorEventEnable { number }).await
    }

    /// Lets a sensor report again what it has reported: `selected` events, or all.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn rearm_sensor(
        &self,
        info: &SensorInfo,
        selected: Option<EventBits>,
    ) -> Result<(), Error> {
        let (owner, lun) = self.to_set(RearmSensorEvents::NAME, info)?;
        let number = info.key.number;
        owner.send_until_free(lun, &RearmSensorEvents { number, selected }).await
    }

    /// Who has to be told to set something of a sensor, and at which LUN.
    fn to_set(&self, doing: &'static str, info: &SensorInfo) -> Result<(Self, u8), Error> {
        let owner = self.owner_of(info, &OutOfReach::default()).map_err(|silence| {
            let why = match silence {
                Silence::EventOnly => "it appears in events only".to_owned(),
                _ => format!(
                    "it belongs to {:02x}h, and there is no way to that one",
                    info.key.owner_id
                ),
            };
            self.not_possible(doing, why)
        })?;
        // Somebody waits for this one.
        Ok((owner.patient_as(self), info.key.lun()))
    }

    fn check_thresholds(
        &self,
        doing: &'static str,
        full: &FullSensor,
        wanted: &[(ThresholdKind, f64)],
    ) -> Result<(), Error> {
        let settable = full.sensor.settable_thresholds();
        let fixed: Vec<_> = wanted
            .iter()
            .filter(|(kind, _)| !settable.contains(*kind))
            .map(|(kind, _)| kind.name())
            .collect();
        if !fixed.is_empty() || full.sensor.threshold_access() != SettingAccess::Settable {
            let which =
                if fixed.is_empty() { "any threshold".to_owned() } else { fixed.join(", ") };
            return Err(self.not_possible(doing, format!("it does not let {which} be set")));
        }
        let value = |kind| wanted.iter().find(|(k, _)| *k == kind).map(|(_, value)| *value);
        let given: Vec<_> =
            ASCENDING.into_iter().filter_map(|kind| Some((kind, value(kind)?))).collect();
        for pair in given.windows(2) {
            if let [(lower, low), (upper, high)] = pair
                && low > high
            {
                let why = format!("{lower} ({low}) would be above {upper} ({high})");
                return Err(self.not_possible(doing, why));
            }
        }
        Ok(())
    }

    /// The raw reading nearest to a value.
    async fn raw_of(
        &self,
        doing: &'static str,
        info: &SensorInfo,
        full: &FullSensor,
        value: f64,
    ) -> Result<u8, Error> {
        // The functions bend and flip the scale; all readings are tried.
        let mut all = Vec::new();
        for raw in 0..=u8::MAX {
            if let Some(of_raw) = self.value_of(info, full, raw).await? {
                all.push((raw, of_raw));
            } else if matches!(full.factors.linearization, Linearization::NonLinear(_)) {
                // A BMC that does not tell is not asked 256 times.
                break;
            }
        }
        let low = all.iter().map(|(_, value)| *value).min_by(f64::total_cmp);
        let high = all.iter().map(|(_, value)| *value).max_by(f64::total_cmp);
        let nearest =
            all.iter().min_by(|(_, a), (_, b)| (a - value).abs().total_cmp(&(b - value).abs()));
        match (low, high, nearest) {
            (Some(low), Some(high), Some((raw, _))) if low <= value && value <= high => Ok(*raw),
            (Some(low), Some(high), _) => {
                let why = format!("{value} is beyond what it can express, {low} to {high}");
                Err(self.not_possible(doing, why))
            }
            _ => Err(self.not_possible(doing, "its readings have no values".to_owned())),
        }
    }

    pub(crate) fn not_possible(&self, doing: &'static str, why: String) -> Error {
        self.error(doing, ErrorKind::NotPossible(why))
    }
}

/// From the lowest to the highest.
const ASCENDING: [ThresholdKind; 6] = [
    ThresholdKind::LowerNonRecoverable,
    ThresholdKind::LowerCritical,
    ThresholdKind::LowerNonCritical,
    ThresholdKind::UpperNonCritical,
    ThresholdKind::UpperCritical,
    ThresholdKind::UpperNonRecoverable,
];

/// What the BMC tells; `None` if it has nothing to tell.
fn known<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(answer) => Ok(Some(answer)),
        Err(error) => match *error.kind {
            ErrorKind::Refused { .. } | ErrorKind::Malformed { .. } => Ok(None),
            _ => Err(error),
        },
    }
}
