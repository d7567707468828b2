//! Its sensors.

use ipmi_wire::cmd::sensor::{
    GetSensorEventEnable, GetSensorEventStatus, GetSensorHysteresis, GetSensorReading,
    GetSensorReadingFactors, GetSensorThresholds, RearmSensorEvents, SetSensorEventEnable,
    SetSensorHysteresis, SetSensorThresholds,
};
use ipmi_wire::sdr::ThresholdKind;
use ipmi_wire::{CompletionCode, Request, Response};

use super::{World, code, of};

fn bytes(data: &[u8]) -> Response {
    Response { completion: CompletionCode::OK, data: data.to_vec() }
}

impl World {
    /// Lets a sensor at LUN 0 answer this.
    pub(crate) fn reads(&mut self, number: u8, answer: &[u8]) {
        self.readings.insert((0, number), Ok(answer.to_vec()));
    }

    pub(super) fn answer_sensors(&mut self, request: &Request) -> Option<Response> {
        if let Some(get) = of::<GetSensorReading>(request) {
            return Some(match self.readings.get(&(request.lun, get.number)) {
                Some(Ok(answer)) => bytes(answer),
                Some(Err(refusal)) => code(*refusal),
                None => code(0xcb),
            });
        }
        if let Some(get) = of::<GetSensorThresholds>(request) {
            return Some(self.thresholds.get(&get.number).map_or(code(0xcb), |all| bytes(all)));
        }
        if let Some(set) = of::<SetSensorThresholds>(request) {
            let limit = self.threshold_limit;
            let all = self.thresholds.entry(set.number).or_insert([0x3f, 0, 0, 0, 0, 0, 0]);
            for kind in ThresholdKind::ALL.into_iter().filter(|kind| set.set.contains(*kind)) {
                all[usize::from(kind.bit()) + 1] = set.values.get(kind).min(limit);
            }
            return Some(bytes(&[]));
        }
        if let Some(get) = of::<GetSensorHysteresis>(request) {
            return Some(self.hysteresis.get(&get.number).map_or(code(0xcb), |both| bytes(both)));
        }
        if let Some(set) = of::<SetSensorHysteresis>(request) {
            let both = [set.hysteresis.positive, set.hysteresis.negative];
            self.hysteresis.insert(set.number, both);
            return Some(bytes(&[]));
        }
        if let Some(get) = of::<GetSensorEventEnable>(request) {
            return Some(self.events.get(&get.number).map_or(code(0xcb), |all| bytes(all)));
        }
        if let Some(set) = of::<SetSensorEventEnable>(request) {
            let mut answer = request.data[1..].to_vec();
            answer[0] &= 0xc0;
            self.events.insert(set.number, answer);
            return Some(bytes(&[]));
        }
        if let Some(get) = of::<GetSensorEventStatus>(request) {
            return Some(self.events.get(&get.number).map_or(code(0xcb), |all| bytes(all)));
        }
        if of::<RearmSensorEvents>(request).is_some() {
            return Some(bytes(&[]));
        }
        let get = of::<GetSensorReadingFactors>(request)?;
        let ranges = self.factors.get(&get.number)?;
        let range = ranges.iter().rev().find(|(from, _)| *from <= get.raw);
        Some(range.map_or(code(0xcc), |(_, answer)| bytes(answer)))
    }
}
