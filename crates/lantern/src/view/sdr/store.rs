//! The repository, and what is kept of it on this machine.

use ipmi_wire::cmd::storage::{AllocationInfo, SdrRepositoryInfo};
use ipmi_wire::sel::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::view::schema::Source;
use crate::view::table::Fields;
use crate::view::time::{self, Time};
use crate::view::{View, list, set, version, yes_no};

/// Get SDR Repository Info, and what goes with it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Info {
    version: String,
    records: u16,
    /// FFFFh is unspecified; FFFEh is this or more.
    free_bytes: Option<u16>,
    last_addition: Time,
    last_erase: Time,
    supports: Vec<&'static str>,
    overflow: bool,
    /// Null if the BMC does not tell.
    allocation: Option<Allocation>,
    /// Its clock; null if it has none.
    clock: Option<Time>,
    #[serde(skip)]
    times: [String; 3],
}

/// How space is handed out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Allocation {
    units: u16,
    unit_bytes: u16,
    free_units: u16,
    largest_free_units: u16,
    largest_record_units: u8,
}

impl From<&AllocationInfo> for Allocation {
    fn from(info: &AllocationInfo) -> Self {
        Self {
            units: info.units,
            unit_bytes: info.unit_size,
            free_units: info.free_units,
            largest_free_units: info.largest_free,
            largest_record_units: info.largest_record,
        }
    }
}

impl Allocation {
    /// On a line.
    pub(crate) fn words(&self) -> String {
        format!("{} of {} units of {} bytes free", self.free_units, self.units, self.unit_bytes)
    }
}

impl Info {
    pub(crate) fn new(
        info: &SdrRepositoryInfo,
        allocation: Option<AllocationInfo>,
        clock: Option<Timestamp>,
    ) -> Self {
        let can = &info.operations;
        let times = [info.last_addition, info.last_erase].map(Timestamp::new);
        let [added, erased] = times.map(time::text);
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
            allocation: allocation.as_ref().map(Allocation::from),
            clock: clock.map(Time::from),
            times: [added, erased, clock.map_or_else(|| "none".to_owned(), time::text)],
        }
    }
}

impl View for Info {
    const SCHEMA: &'static str = "lantern.sdr_info/1";

    fn text(&self, width: Option<u16>) -> String {
        let [added, erased, clock] = self.times.clone();
        let mut fields = Fields::default();
        fields.row("Version", self.version.clone());
        fields.row("Records", self.records.to_string());
        fields.row("Free", free(self.free_bytes, u16::MAX.saturating_sub(1)));
        fields.maybe("Allocation", &self.allocation.as_ref().map(Allocation::words));
        fields.row("Last addition (UTC)", added);
        fields.row("Last erase (UTC)", erased);
        fields.row("Clock (UTC)", clock);
        fields.row("Supports", list(&self.supports));
        fields.row("Overflow", yes_no(self.overflow));
        fields.flush(width)
    }
}

/// Free space, where `most` is that much or more.
pub(crate) fn free(bytes: Option<u16>, most: u16) -> String {
    match bytes {
        None => "the BMC does not say".to_owned(),
        Some(bytes) if bytes == most => format!("{bytes} bytes or more"),
        Some(bytes) => format!("{bytes} bytes"),
    }
}

/// Records that were written to a file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Dumped {
    pub(crate) file: String,
    pub(crate) records: usize,
    pub(crate) bytes: usize,
}

impl View for Dumped {
    const SCHEMA: &'static str = "lantern.sdr_dump/1";

    fn text(&self, _: Option<u16>) -> String {
        format!("{}: {} records, {} bytes\n", self.file, self.records, self.bytes)
    }
}

/// Records that a repository was filled with.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Replayed {
    pub(crate) file: String,
    /// The numbers that the BMC gave them; null where its answer was lost.
    pub(crate) added: Vec<Option<u16>>,
    /// Where the records from before are.
    pub(crate) saved: Option<String>,
}

impl View for Replayed {
    const SCHEMA: &'static str = "lantern.sdr_replay/1";

    fn text(&self, _: Option<u16>) -> String {
        let saved = self.saved.as_ref();
        let saved =
            saved.map_or_else(String::new, |file| format!("; those of before are in {file}"));
        format!("{}: {} records are in the repository now{saved}\n", self.file, self.added.len())
    }
}

/// What is kept on this machine.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CacheView {
    /// Null if there is no place for it.
    pub(crate) directory: Option<String>,
    pub(crate) bmcs: usize,
    /// Equal machines share one.
    pub(crate) sets: usize,
    pub(crate) bytes: u64,
}

impl View for CacheView {
    const SCHEMA: &'static str = "lantern.sdr_cache/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::default();
        let none = || "none: neither XDG_CACHE_HOME nor HOME is set".to_owned();
        fields.row("Directory", self.directory.clone().unwrap_or_else(none));
        fields.row("BMCs", self.bmcs.to_string());
        fields.row("Sets of records", self.sets.to_string());
        fields.row("Size", format!("{} bytes", self.bytes));
        fields.flush(width)
    }
}

/// What was kept on this machine is forgotten.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CacheCleared {
    pub(crate) directory: Option<String>,
    pub(crate) removed_files: usize,
}

impl View for CacheCleared {
    const SCHEMA: &'static str = "lantern.sdr_cache_clear/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, _: Option<u16>) -> String {
        match self.removed_files {
            0 => "Nothing was kept\n".to_owned(),
            1 => "1 file removed\n".to_owned(),
            files => format!("{files} files removed\n"),
        }
    }
}
