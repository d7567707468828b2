//! The SDR repository, and its sensors in short.

use ipmi_client::sensors::Sensor;
use ipmi_wire::cmd::storage::SdrRepositoryInfo;
use ipmi_wire::sel::Timestamp;
use serde::Serialize;

use super::sensor::SensorView;
use super::table::{Table, fields, left};
use super::time::{self, Time};
use super::{View, list, set, version};

/// Get SDR Repository Info.
#[derive(Debug, Serialize)]
pub(crate) struct Info {
    version: String,
    records: u16,
    /// FFFFh is unspecified; FFFEh is this or more.
    free_bytes: Option<u16>,
    last_addition: Time,
    last_erase: Time,
    supports: Vec<&'static str>,
    overflow: bool,
    #[serde(skip)]
    times: [String; 2],
}

impl From<&SdrRepositoryInfo> for Info {
    fn from(info: &SdrRepositoryInfo) -> Self {
        let can = &info.operations;
        let times = [info.last_addition, info.last_erase].map(Timestamp::new);
        let [last_addition, last_erase] = times.map(Time::from);
        Self {
            version: version(info.version),
            records: info.record_count,
            free_bytes: (info.free_space != u16::MAX).then_some(info.free_space),
            last_addition,
            last_erase,
            supports: set([
                (can.allocation_info, "allocation_info"),
                (can.reserve, "reserve"),
                (can.partial_add, "partial_add"),
                (can.delete, "delete"),
                (can.non_modal_update, "non_modal_update"),
                (can.modal_update, "modal_update"),
            ]),
            overflow: can.overflow,
            times: times.map(time::text),
        }
    }
}

impl View for Info {
    const SCHEMA: &'static str = "lantern.sdr_info/1";

    fn text(&self, _: Option<u16>) -> String {
        let [last_addition, last_erase] = self.times.clone();
        fields([
            ("Version", self.version.clone()),
            ("Records", self.records.to_string()),
            ("Free", free(self.free_bytes, u16::MAX.saturating_sub(1))),
            ("Last addition (UTC)", last_addition),
            ("Last erase (UTC)", last_erase),
            ("Supports", list(&self.supports)),
            ("Overflow", super::yes_no(self.overflow)),
        ])
    }
}

/// Free space, where `most` is that much or more.
pub(super) fn free(bytes: Option<u16>, most: u16) -> String {
    match bytes {
        None => "the BMC does not say".to_owned(),
        Some(bytes) if bytes == most => format!("{bytes} bytes or more"),
        Some(bytes) => format!("{bytes} bytes"),
    }
}

/// The sensors, without thresholds.
#[derive(Debug, Serialize)]
pub(crate) struct List {
    sensors: Vec<SensorView>,
}

impl From<&[Sensor]> for List {
    fn from(sensors: &[Sensor]) -> Self {
        Self { sensors: sensors.iter().map(SensorView::short).collect() }
    }
}

impl View for List {
    const SCHEMA: &'static str = "lantern.sdr_list/1";

    fn text(&self, width: Option<u16>) -> String {
        let columns = [left("SENSOR"), left("READING").flexible(), left("STATUS"), left("ENTITY")];
        let mut table = Table::new(&columns);
        for sensor in &self.sensors {
            table.row([sensor.name.clone(), sensor.says(), sensor.status_word(), sensor.place()]);
        }
        table.text(width)
    }
}
