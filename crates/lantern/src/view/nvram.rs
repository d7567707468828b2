//! What a BMC keeps when it stops, and what became of it.

use std::path::{Path, PathBuf};

use ipmi_wire::cmd::chassis::PowerRestorePolicy;
use ipmi_wire::sel::Timestamp;
use lantern_bmcd::nvram::{
    Inspection, KeptLog, KeptRepository, KeptSensor, KeptUser, Memory, Room,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::schema::Source;
use super::table::fields;
use super::time::{self, Time};
use super::{View, list, set};

/// What is kept in a state directory.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Nvram {
    state: String,
    /// Whether a BMC runs on it.
    in_use: bool,
    /// The file it is in; null if nothing is kept.
    file: Option<String>,
    file_bytes: Option<u64>,
    /// Null for the file of an earlier version, which a BMC reads once.
    format_version: Option<u32>,
    /// In IPMI's byte order.
    guid: Option<String>,
    #[schemars(extend("enum" = ["on", "off", null]))]
    power: Option<&'static str>,
    power_on_seconds: Option<u64>,
    #[schemars(extend("enum" = ["always_off", "previous", "always_on", null]))]
    power_restore_policy: Option<&'static str>,
    /// SEL time less the host's.
    clock_offset_seconds: Option<i64>,
    utc_offset_minutes: Option<i16>,
    /// Null if the log is as delivered.
    sel: Option<Log>,
    /// Null if the repository is as delivered.
    sdr: Option<Repository>,
    /// FRU devices that were written to.
    fru: Vec<FruDevice>,
    /// Sensors at which something was set.
    sensors: Vec<Sensor>,
    /// Their passwords are kept, too, and never shown.
    users: Vec<User>,
    /// How many values there are of each kind.
    values: Counts,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Log {
    entries: usize,
    overflow: bool,
    last_addition: Time,
    last_erase: Time,
    #[serde(skip)]
    words: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Repository {
    records: usize,
    last_addition: Time,
    last_erase: Time,
    #[serde(skip)]
    words: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FruDevice {
    device_id: u8,
    pages: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Sensor {
    number: u8,
    changed: Vec<&'static str>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct User {
    id: u8,
    name: String,
    enabled: bool,
    /// The most that the user may do; null is no access.
    privilege_limit: Option<String>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct Counts {
    settings: usize,
    events: usize,
    sdrs: usize,
    fru_pages: usize,
    sensors: usize,
    users: usize,
    boot_options: usize,
    channels: usize,
    /// What the configuration said of the network is one of them.
    lan: usize,
    sol: usize,
    system_info: usize,
    /// How far events have been seen to is one of them.
    pef: usize,
}

/// SEL time's UTC offset where nobody has set one. IPMI v2.0 §31.11a.
const UNSPECIFIED: i16 = 0x07ff;

impl Nvram {
    /// Of what is in `state`, if anything is.
    pub(crate) fn new(state: &Path, found: Option<&Inspection>) -> Self {
        let Some(found) = found else { return Self::of(state, &Memory::default()) };
        Self {
            in_use: found.in_use,
            file: Some(found.path.display().to_string()),
            file_bytes: Some(found.file_size),
            format_version: found.format,
            values: Counts::new(found),
            ..Self::of(state, &found.memory)
        }
    }

    fn of(state: &Path, memory: &Memory) -> Self {
        let mut fru: Vec<FruDevice> = Vec::new();
        for (device_id, _) in memory.fru_pages.keys() {
            match fru.last_mut().filter(|last| last.device_id == *device_id) {
                Some(last) => last.pages = last.pages.saturating_add(1),
                None => fru.push(FruDevice { device_id: *device_id, pages: 1 }),
            }
        }
        Self {
            state: state.display().to_string(),
            in_use: false,
            file: None,
            file_bytes: None,
            format_version: None,
            guid: memory.guid.map(|guid| guid.to_string_spec()),
            power: memory.power_on.map(|on| if on { "on" } else { "off" }),
            power_on_seconds: memory.on_time.map(|time| time.as_secs()),
            power_restore_policy: memory.restore_policy.and_then(policy),
            clock_offset_seconds: memory.clock_offset,
            utc_offset_minutes: memory.utc_offset.filter(|offset| *offset != UNSPECIFIED),
            sel: memory.log.as_ref().map(Log::from),
            sdr: memory.sdrs.as_ref().map(Repository::from),
            fru,
            sensors: memory.sensors.iter().filter_map(Sensor::new).collect(),
            users: memory.users.iter().map(User::new).collect(),
            values: Counts::default(),
        }
    }

    fn file(&self) -> String {
        match (&self.file, self.file_bytes, self.format_version) {
            (Some(file), Some(bytes), Some(version)) => {
                format!("{file}, format version {version}, {bytes} bytes")
            }
            (Some(file), _, _) => format!("{file}, of an earlier version"),
            (None, _, _) => "none: nothing is kept".to_owned(),
        }
    }

    fn sensors(&self) -> String {
        let sensor = |sensor: &Sensor| format!("{:#04x} {}", sensor.number, list(&sensor.changed));
        self.sensors.iter().map(sensor).collect::<Vec<_>>().join("; ")
    }

    fn fru(&self) -> String {
        let device = |device: &FruDevice| match device.pages {
            1 => format!("{} (1 page)", device.device_id),
            pages => format!("{} ({pages} pages)", device.device_id),
        };
        self.fru.iter().map(device).collect::<Vec<_>>().join(", ")
    }
}

impl View for Nvram {
    const SCHEMA: &'static str = "lantern.bmc_nvram/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        if self.file.is_none() {
            return format!("Nothing is kept in {}\n", self.state);
        }
        let words = |text: String, none: &str| if text.is_empty() { none.to_owned() } else { text };
        let minutes = |minutes: i16| format!("{minutes} minutes");
        let boot_options = self.values.boot_options;
        // One says what the configuration said, and is no parameter.
        let lan = self.values.lan.saturating_sub(1);
        let users = self.users.iter().map(User::words).collect::<Vec<_>>().join("; ");
        fields(
            width,
            [
                ("File", self.file()),
                ("BMC", if self.in_use { "running on it" } else { "none runs on it" }.to_owned()),
                ("System GUID", self.guid.clone().unwrap_or("-".to_owned())),
                ("Power", self.power.unwrap_or("-").to_owned()),
                ("Power-on time", self.power_on_seconds.map_or("-".to_owned(), duration)),
                ("Restore policy", list(&[self.power_restore_policy.unwrap_or("as delivered")])),
                ("Clock", self.clock_offset_seconds.map_or("the host's".to_owned(), offset)),
                ("UTC offset", self.utc_offset_minutes.map_or("-".to_owned(), minutes)),
                (
                    "Event log",
                    self.sel.as_ref().map_or("as delivered".into(), |log| log.words.clone()),
                ),
                ("SDRs", self.sdr.as_ref().map_or("as delivered".into(), |sdr| sdr.words.clone())),
                ("FRU devices", words(self.fru(), "as delivered")),
                ("Sensors", words(self.sensors(), "as delivered")),
                ("Users", words(users, "as configured")),
                ("Boot options", words(count(boot_options), "none")),
                ("Channel access", words(count(self.values.channels), "as configured")),
                ("LAN parameters", words(count(lan), "as configured")),
                ("SOL parameters", words(count(self.values.sol), "as delivered")),
                ("System info", words(count(self.values.system_info), "none")),
                ("PEF parameters", words(count(self.values.pef), "as delivered")),
            ],
        )
    }
}

impl From<&KeptLog> for Log {
    fn from(log: &KeptLog) -> Self {
        let times = [log.header.last_addition, log.header.last_erase].map(Timestamp::new);
        let (entries, overflow) = (log.records.len(), log.header.overflow);
        let lost = if overflow { ", some were lost" } else { "" };
        let words = format!("{entries} entries{lost}; {}", changed(times));
        let [last_addition, last_erase] = times.map(Time::from);
        Self { entries, overflow, last_addition, last_erase, words }
    }
}

impl From<&KeptRepository> for Repository {
    fn from(repository: &KeptRepository) -> Self {
        let times = [repository.last_addition, repository.last_erase].map(Timestamp::new);
        let records = repository.records.len();
        let words = format!("{records} records; {}", changed(times));
        let [last_addition, last_erase] = times.map(Time::from);
        Self { records, last_addition, last_erase, words }
    }
}

impl Sensor {
    /// `None` if all is as delivered again.
    fn new((number, kept): (&u8, &KeptSensor)) -> Option<Self> {
        let changed = set([
            (kept.thresholds.is_some(), "thresholds"),
            (kept.hysteresis.is_some(), "hysteresis"),
            (kept.enables.is_some(), "event_enables"),
            (kept.kind.is_some(), "type"),
            (kept.latched != 0, "latched_states"),
        ]);
        (!changed.is_empty()).then_some(Self { number: *number, changed })
    }
}

impl User {
    fn new((id, kept): (&u8, &KeptUser)) -> Self {
        Self {
            id: *id,
            name: kept.name.to_string(),
            enabled: kept.enabled,
            privilege_limit: kept.limit.map(|limit| limit.name().to_lowercase()),
        }
    }

    fn words(&self) -> String {
        let Self { id, name, enabled, privilege_limit } = self;
        let name = if name.is_empty() { "(no name)" } else { name };
        let limit = privilege_limit.as_deref().unwrap_or("no access");
        format!("{id} {name}, {limit}{}", if *enabled { "" } else { ", disabled" })
    }
}

/// The word for it; `None` if there is none.
const fn policy(policy: PowerRestorePolicy) -> Option<&'static str> {
    match policy {
        PowerRestorePolicy::AlwaysOff => Some("always_off"),
        PowerRestorePolicy::Previous => Some("previous"),
        PowerRestorePolicy::AlwaysOn => Some("always_on"),
        PowerRestorePolicy::Unknown => None,
    }
}

impl Counts {
    fn new(found: &Inspection) -> Self {
        let of = |room: Room| found.counts.get(&room).copied().unwrap_or_default();
        Self {
            settings: of(Room::Settings),
            events: of(Room::Sel),
            sdrs: of(Room::Sdr),
            fru_pages: of(Room::Fru),
            sensors: of(Room::Sensors),
            users: of(Room::Users),
            boot_options: of(Room::BootOptions),
            channels: of(Room::Channels),
            lan: of(Room::Lan),
            sol: of(Room::Sol),
            system_info: of(Room::SystemInfo),
            pef: of(Room::Pef),
        }
    }
}

/// What was moved aside.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NvramReset {
    state: String,
    /// Where it is now; none if nothing was kept.
    moved_to: Vec<String>,
}

impl NvramReset {
    pub(crate) fn new(state: &Path, moved: &[PathBuf]) -> Self {
        let moved_to = moved.iter().map(|path| path.display().to_string()).collect();
        Self { state: state.display().to_string(), moved_to }
    }
}

impl View for NvramReset {
    const SCHEMA: &'static str = "lantern.bmc_nvram_reset/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, _: Option<u16>) -> String {
        match self.moved_to.is_empty() {
            true => format!("Nothing is kept in {}\n", self.state),
            false => format!(
                "The next BMC on {} starts as delivered\nwhat was kept is now {}\n",
                self.state,
                self.moved_to.join(" and ")
            ),
        }
    }
}

fn count(count: usize) -> String {
    if count == 0 { String::new() } else { count.to_string() }
}

fn changed([added, erased]: [Timestamp; 2]) -> String {
    format!("last addition {}, last erase {} (UTC)", time::text(added), time::text(erased))
}

fn duration(seconds: u64) -> String {
    format!("{} h {} min", seconds / 3600, seconds / 60 % 60)
}

fn offset(seconds: i64) -> String {
    match seconds {
        0 => "the host's".to_owned(),
        seconds => format!("the host's {seconds:+} s"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_kept_is_told_in_words() {
        let nothing = Nvram::new(Path::new("/var/lib/bmc"), None);
        assert_eq!(nothing.text(None), "Nothing is kept in /var/lib/bmc\n");
        let nothing = KeptSensor::default();
        let sensor = KeptSensor { hysteresis: Some([1, 1]), latched: 4, ..KeptSensor::default() };
        let memory = Memory {
            power_on: Some(true),
            on_time: Some(Duration::from_secs(7265)),
            clock_offset: Some(-90),
            utc_offset: Some(UNSPECIFIED),
            log: Some(KeptLog::default()),
            fru_pages: [((0, 0), vec![1]), ((0, 7), vec![2]), ((3, 0), vec![])].into(),
            sensors: [(0x30, sensor), (0x31, nothing)].into(),
            ..Memory::default()
        };
        let mut view = Nvram::of(Path::new("/var/lib/bmc"), &memory);
        view.file = Some("nvram.redb".to_owned());
        let text = view.text(None);
        for line in [
            "Power           on\n",
            "Power-on time   2 h 1 min\n",
            "Clock           the host's -90 s\n",
            "UTC offset      -\n",
            "Event log       0 entries; last addition -, last erase - (UTC)\n",
            "SDRs            as delivered\n",
            "FRU devices     0 (2 pages), 3 (1 page)\n",
            "Sensors         0x30 hysteresis, latched states\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
    }
}
