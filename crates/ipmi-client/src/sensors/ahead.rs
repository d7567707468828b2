//! Readings and thresholds asked for several at a time, before their turn, where the BMC can be
//! trusted with that; and finding out whether it can. See [`together`](crate::together).

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use ipmi_wire::cmd::sensor::{GetSensorThresholds, SensorReading, SensorThresholds};
use ipmi_wire::sdr::SensorKey;
use tokio::time::Instant;

use super::{Reading, Sensor, SensorInfo};
use crate::bmc::Bmc;
use crate::error::Error;
use crate::together::{BATCH, Trust, Window};

/// A sweep that takes longer is worth making faster.
const SLOW: Duration = Duration::from_millis(500);

impl Bmc {
    /// Readings that are asked for several at a time, where the BMC can be trusted with that.
    pub(super) async fn readings_ahead(
        &self,
        infos: &[SensorInfo],
    ) -> Result<HashMap<SensorKey, Result<SensorReading, Error>>, Error> {
        let abreast = self.readings_abreast();
        let is_read_here = |info: &&SensorInfo| !info.is_event_only() && self.has_sensor(info);
        let own: Vec<_> = infos.iter().filter(is_read_here).collect();
        if abreast < 2 || own.len() < 2 {
            return Ok(HashMap::new());
        }
        let readings = self.readings(&own, abreast).await;
        if self.trust() == Trust::Unknown && !self.check_readings(&own, &readings).await? {
            return Ok(HashMap::new());
        }
        Ok(own.iter().map(|info| info.key).zip(readings).collect())
    }

    /// Thresholds of sensors whose readings came several at a time, asked for in the same way.
    pub(super) async fn thresholds_ahead(
        &self,
        infos: &[SensorInfo],
        readings: &HashMap<SensorKey, Result<SensorReading, Error>>,
    ) -> HashMap<SensorKey, Result<SensorThresholds, Error>> {
        let has = |info: &&SensorInfo| {
            info.event_type.is_threshold()
                && info.full().is_some()
                && readings.get(&info.key).is_some_and(Result::is_ok)
        };
        let keys: Vec<SensorKey> = infos.iter().filter(has).map(|info| info.key).collect();
        let abreast = self.readings_abreast();
        let mut all = HashMap::new();
        for batch in keys.chunks(BATCH) {
            let asked = batch.iter().map(|key| async move {
                let command = GetSensorThresholds { number: key.number };
                self.send_abreast(key.lun(), &command, abreast).await
            });
            all.extend(batch.iter().copied().zip(join_all(asked).await));
        }
        all
    }

    /// A BMC that took long to give readings one by one is tried with several at a time, once, so
    /// that the next sweep is a fast one. Not if its records had to be read first: one thing at a
    /// time for somebody who waits.
    pub(super) async fn probe_if_slow(
        &self,
        sensors: &[Sensor],
        begun: Instant,
    ) -> Result<(), Error> {
        if !self.is_worth_a_probe(begun) {
            return Ok(());
        }
        let known: Vec<_> = sensors.iter().filter_map(known_reading).collect();
        self.probe(&known).await
    }

    /// The same for a sweep of somebody who has asked for the readings of analogue sensors himself,
    /// from `begun` on. What comes of it is kept with the records.
    ///
    /// # Errors
    /// Only if the BMC no longer answers.
    pub async fn try_abreast(
        &self,
        readings: &[(SensorKey, SensorReading)],
        begun: Instant,
    ) -> Result<(), Error> {
        if !self.is_worth_a_probe(begun) {
            return Ok(());
        }
        let infos = self.sdrs().await?.sensors();
        let of = |(key, reading): &(SensorKey, SensorReading)| {
            infos.iter().find(|info| info.key == *key).map(|info| (info, *reading))
        };
        let known: Vec<_> = readings.iter().filter_map(of).collect();
        self.probe(&known).await?;
        self.save_learned().await
    }

    fn is_worth_a_probe(&self, begun: Instant) -> bool {
        self.trust() == Trust::Unknown
            && self.window() == Window::Auto
            && begun.elapsed() >= SLOW
            && self.cache().is_some()
            && !self.read_records_since(begun)
    }

    /// Whether the records were read for this, or shortly before.
    fn read_records_since(&self, begun: Instant) -> bool {
        const SHORTLY: Duration = Duration::from_secs(5);
        let read = self.memory().records_read;
        read.is_some_and(|read| read.checked_add(SHORTLY).is_none_or(|until| until > begun))
    }
}

/// What was read as it came, of sensors whose readings tell them apart.
fn known_reading(sensor: &Sensor) -> Option<(&SensorInfo, SensorReading)> {
    let Reading::Analog { raw, .. } = sensor.reading else { return None };
    let (event_messages_enabled, scanning_enabled) = (true, true);
    let (unavailable, states) = (false, 0);
    let reading =
        SensorReading { raw, event_messages_enabled, scanning_enabled, unavailable, states };
    Some((&sensor.info, reading))
}
