//! A BMC of one of everything that can be set, with a machine that says what it is told to and a
//! store that is a map.
#![allow(dead_code, reason = "each test takes what it needs")]

pub(crate) mod console;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use ipmi_bmc::nvram::{Change, Key, Memory};
use ipmi_bmc::personality::{Personality, Product, RecordsIn};
use ipmi_bmc::platform::{
    BootOrder, IdentifyLight, Measurement, Platform, PlatformError, PlatformEvent, PowerSignal,
    Scan,
};
use ipmi_bmc::sensors::{Plan, SensorPlan, Source};
use ipmi_bmc::{Bmc, FruDevice, LanPolicy, LogPolicy, Origin, Settings, User};
use ipmi_session::managed::Limits;
use ipmi_session::{Entropy, Quirks, Secret};
use ipmi_wire::cmd::app::{DeviceId, Guid};
use ipmi_wire::sdr::{
    AnalogCharacteristics, AnalogFormat, CompactSensor, Direction, EntityId, EventReadingType,
    Factors, FullSensor, IdString, RawThresholds, Record, RecordHeader, RecordSharing,
    SensorCommon, SensorKey, SensorType, UnitCode, Units,
};
use ipmi_wire::session::Username;
use ipmi_wire::{Channel, Command, CompletionCode, Privilege, Reader, Request, Response};

/// A temperature with all thresholds, one that falls as its readings rise, and one that software
/// writes.
pub(crate) const TEMPERATURE: u8 = 0x10;
pub(crate) const FALLING: u8 = 0x11;
pub(crate) const WRITTEN: u8 = 0x12;
/// Three that share a record, and re-arm themselves.
pub(crate) const SHARED: u8 = 0x20;
/// Has to be re-armed.
pub(crate) const MANUAL: u8 = 0x30;
/// Has to be re-armed, and latches.
pub(crate) const LID: u8 = 0x31;
/// How full the log is.
pub(crate) const FULLNESS: u8 = 0x40;

pub(crate) const SENSORS: [u8; 9] =
    [TEMPERATURE, FALLING, WRITTEN, SHARED, SHARED + 1, SHARED + 2, MANUAL, LID, FULLNESS];

/// What the machine does.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) off: bool,
    pub(crate) says: BTreeMap<u8, Measurement>,
    /// Sensors whose scans nobody answers.
    pub(crate) silent: BTreeSet<u8>,
    pub(crate) answers: VecDeque<(u8, Measurement)>,
    pub(crate) signals: Vec<PowerSignal>,
    /// Power lines do not do as told.
    pub(crate) broken: bool,
    /// Nobody here can switch it on.
    pub(crate) is_elsewhere: bool,
    /// What happens by itself.
    pub(crate) events: VecDeque<PlatformEvent>,
    /// From what it was told to start, each time.
    pub(crate) orders: Vec<Option<BootOrder>>,
    pub(crate) scans: usize,
    /// What it draws, if that is measured.
    pub(crate) draws: Option<f64>,
    /// What it may draw.
    pub(crate) limit: Option<u16>,
}

/// The machine.
#[derive(Clone, Default)]
pub(crate) struct Bench(Arc<Mutex<State>>);

impl Bench {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl Platform for Bench {
    fn advance(&mut self, _: Instant) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn is_on(&self) -> bool {
        !self.state().off
    }

    fn can_switch_on(&self) -> bool {
        !self.state().is_elsewhere
    }

    fn power(&mut self, _: Instant, action: PowerSignal) -> Result<(), PlatformError> {
        let mut state = self.state();
        if state.broken {
            return Err(PlatformError::Failed);
        }
        state.signals.push(action);
        match action {
            PowerSignal::On => state.off = false,
            PowerSignal::Off | PowerSignal::SoftShutdown => state.off = true,
            PowerSignal::Reset | PowerSignal::DiagnosticInterrupt => {}
        }
        Ok(())
    }

    fn boot_from(&mut self, _: Instant, order: Option<BootOrder>) {
        self.state().orders.push(order);
    }

    fn identify(&mut self, _: Instant, _: IdentifyLight) {}

    fn start_scan(&mut self, _: Instant, number: u8) -> Scan {
        let mut state = self.state();
        state.scans += 1;
        if state.silent.contains(&number) {
            return Scan::Pending;
        }
        Scan::Done(state.says.get(&number).copied().unwrap_or(Measurement::Unavailable))
    }

    fn poll_scan(&mut self) -> Option<(u8, Measurement)> {
        self.state().answers.pop_front()
    }

    fn power_draw(&mut self, _: Instant) -> Option<f64> {
        self.state().draws
    }

    fn limit_power(&mut self, _: Instant, watts: Option<u16>) {
        self.state().limit = watts;
    }

    fn poll_event(&mut self) -> Option<PlatformEvent> {
        self.state().events.pop_front()
    }
}

const AUTO_REARM: u8 = 0x40;
/// Thresholds and hysteresis can be set.
const SETTABLE: u8 = 0x28;

fn common(number: u8, sensor_type: SensorType, event_type: EventReadingType) -> SensorCommon {
    SensorCommon {
        key: SensorKey::bmc(number),
        entity: EntityId::new(7, 1),
        initialization: 0x7f,
        capabilities: AUTO_REARM,
        sensor_type,
        event_type,
        assertion_mask: 0,
        deassertion_mask: 0,
        reading_mask: 0,
        units: Units::DISCRETE,
    }
}

fn analogue(number: u8, m: i16, initialization: u8, thresholds: [u8; 6]) -> Record {
    Record::Full(FullSensor {
        record_id: 0,
        version: RecordHeader::VERSION,
        sensor: SensorCommon {
            initialization,
            capabilities: AUTO_REARM | SETTABLE,
            assertion_mask: 0x7a95,
            deassertion_mask: 0x7a95,
            reading_mask: 0x3f3f,
            units: Units::plain(AnalogFormat::Unsigned, UnitCode::DEGREES_C),
            ..common(number, SensorType::TEMPERATURE, EventReadingType::THRESHOLD)
        },
        factors: Factors { m, ..Factors::IDENTITY },
        analog: AnalogCharacteristics::default(),
        nominal_reading: 0,
        normal_max: 0,
        normal_min: 0,
        sensor_max: 0xff,
        sensor_min: 0,
        thresholds: RawThresholds::from_command(thresholds),
        positive_hysteresis: 3,
        negative_hysteresis: 2,
        oem: 0,
        id: IdString::new("Temp").unwrap(),
    })
}

pub(crate) fn discrete(
    number: u8,
    count: u8,
    sensor_type: SensorType,
    capabilities: u8,
    [assertion_mask, deassertion_mask, reading_mask]: [u16; 3],
) -> Record {
    let kind = EventReadingType::SENSOR_SPECIFIC;
    Record::Compact(CompactSensor {
        record_id: 0,
        version: RecordHeader::VERSION,
        sensor: SensorCommon {
            capabilities,
            assertion_mask,
            deassertion_mask,
            reading_mask,
            ..common(number, sensor_type, kind)
        },
        direction: Direction::Unspecified,
        sharing: RecordSharing { share_count: count, ..RecordSharing::NONE },
        positive_hysteresis: 0,
        negative_hysteresis: 0,
        oem: 0,
        id: IdString::new("States").unwrap(),
    })
}

pub(crate) fn personality(records_in: RecordsIn) -> Personality {
    let plan = |source, latched| SensorPlan { source, latched, ..SensorPlan::default() };
    let sensors = [
        (WRITTEN, plan(Source::Written, 0)),
        (LID, plan(Source::Platform, 1)),
        (FULLNESS, plan(Source::Controller, 0)),
    ];
    Personality {
        device_id: DeviceId {
            device_id: 0x20,
            provides_device_sdrs: false,
            device_revision: 1,
            updating: false,
            firmware_major: 1,
            firmware_minor: 0,
            ipmi_version: 2,
            additional_support: 0xaf,
            manufacturer_id: 32_473,
            product_id: 1,
            auxiliary_firmware: None,
        },
        product: Product {
            manufacturer: String::new(),
            name: String::new(),
            part_number: String::new(),
            version: String::new(),
        },
        sdrs: vec![
            analogue(TEMPERATURE, 1, 0x7f, [30, 20, 10, 60, 70, 80]),
            analogue(FALLING, -1, 0x7f, [70, 80, 90, 30, 20, 10]),
            analogue(WRITTEN, 1, 0xff, [30, 20, 10, 60, 70, 80]),
            discrete(SHARED, 3, SensorType::POWER_SUPPLY, AUTO_REARM, [0x0f; 3]),
            discrete(MANUAL, 1, SensorType::BATTERY, 0, [0x0f; 3]),
            discrete(LID, 1, SensorType::PHYSICAL_SECURITY, 0, [1; 3]),
            discrete(
                FULLNESS,
                1,
                SensorType::EVENT_LOGGING_DISABLED,
                AUTO_REARM,
                [0x30, 0x30, 0x30],
            ),
        ],
        sensors: Plan { sensors: sensors.into(), ..Plan::default() },
        records_in,
        sdrs_built: 1_700_000_000,
        events: Vec::new(),
        inventory: vec![
            FruDevice { id: 0, size: 700, contents: vec![1, 2, 3], write_protected: false },
            FruDevice { id: 1, size: 0xffff, contents: vec![], write_protected: false },
            FruDevice { id: 9, size: 64, contents: vec![9; 64], write_protected: true },
        ],
    }
}

/// Not random at all.
pub(crate) struct Counting(pub(crate) u8);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(29).wrapping_add(17);
            *byte = self.0;
        }
    }
}

/// An administrator's session.
pub(crate) const LAN: Origin = Origin::Session {
    session_id: 7,
    channel: Channel::new(1),
    user_id: 2,
    privilege: Privilege::Administrator,
};

pub(crate) const CONSOLE: ([u8; 4], u16) = ([127, 0, 0, 1], 50_000);

pub(crate) fn peer() -> SocketAddr {
    CONSOLE.into()
}

/// The BMC, its machine, its clock and its store.
pub(crate) struct Machine {
    pub(crate) bmc: Bmc,
    pub(crate) bench: Bench,
    pub(crate) now: Instant,
    pub(crate) start: Instant,
    pub(crate) store: BTreeMap<Key, Vec<u8>>,
    pub(crate) log: LogPolicy,
    pub(crate) personality: Personality,
    pub(crate) lan: LanPolicy,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self::with(RecordsIn::Repository, LogPolicy { capacity: 40, ..LogPolicy::default() })
    }

    pub(crate) fn with(records_in: RecordsIn, log: LogPolicy) -> Self {
        Self::of(personality(records_in), log)
    }

    pub(crate) fn of(personality: Personality, log: LogPolicy) -> Self {
        Self::on(personality, log, LanPolicy::default())
    }

    pub(crate) fn with_lan(lan: LanPolicy) -> Self {
        Self::on(personality(RecordsIn::Repository), LogPolicy::default(), lan)
    }

    fn on(personality: Personality, log: LogPolicy, lan: LanPolicy) -> Self {
        let now = Instant::now();
        let bench = Bench::default();
        bench.state().says = [
            (TEMPERATURE, Measurement::Value(40.0)),
            (FALLING, Measurement::Value(-40.0)),
            (SHARED, Measurement::States(0)),
            (SHARED + 1, Measurement::States(0)),
            (MANUAL, Measurement::States(0)),
            (LID, Measurement::States(0)),
        ]
        .into();
        let bmc = start([now, now], &personality, log, lan.clone(), &bench, Memory::default());
        Self { bmc, bench, now, start: now, store: BTreeMap::new(), log, personality, lan }
    }

    /// Another one of the same make, with a machine that says the same.
    pub(crate) fn sibling(&self) -> Self {
        let bench = Bench::default();
        bench.state().says = self.bench.state().says.clone();
        let bmc = self.bmc.sibling(
            self.now,
            Guid([8; 16]),
            self.lan.network.clone(),
            Box::new(bench.clone()),
        );
        let (personality, lan) = (self.personality.clone(), self.lan.clone());
        let (now, store) = (self.now, BTreeMap::new());
        Self { bmc, bench, now, start: now, store, log: self.log, personality, lan }
    }

    /// Brings what is to be kept to the store; how much that is.
    pub(crate) fn keep(&mut self) -> usize {
        let changes = self.bmc.take_changes();
        let count = changes.len();
        for change in changes {
            match change {
                Change::Put(key, value) => drop(self.store.insert(key, value)),
                Change::Remove(key) => drop(self.store.remove(&key)),
                Change::Clear(room) => self.store.retain(|key, _| key.room != room),
            }
        }
        count
    }

    /// The BMC loses its power, and gets it back at once. The machine does not notice.
    pub(crate) fn restart(&mut self) {
        self.keep();
        let values = self.store.iter().map(|(key, value)| (*key, value.as_slice()));
        let memory = Memory::decode(values).expect("what was noted can be read");
        let (times, lan) = ([self.start, self.now], self.lan.clone());
        self.bmc = start(times, &self.personality, self.log, lan, &self.bench, memory);
    }

    pub(crate) fn request(&mut self, origin: Origin, request: &Request) -> Response {
        self.bmc.handle_request(self.now, origin, request)
    }

    pub(crate) fn ask<C: Command>(&mut self, command: &C) -> Result<C::Response, CompletionCode> {
        let response = self.request(Origin::SystemInterface, &Request::of(command));
        if !response.completion.is_ok() {
            return Err(response.completion);
        }
        Ok(command.decode_response(&mut Reader::new(&response.data)).unwrap())
    }

    /// Asks as an administrator on the LAN does.
    pub(crate) fn ask_by_lan<C: Command>(
        &mut self,
        command: &C,
    ) -> Result<C::Response, CompletionCode> {
        let response = self.request(LAN, &Request::of(command));
        if !response.completion.is_ok() {
            return Err(response.completion);
        }
        Ok(command.decode_response(&mut Reader::new(&response.data)).unwrap())
    }

    /// Lets time pass from deadline to deadline, as a daemon does.
    pub(crate) fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.bmc.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.bmc.handle_timeout(self.now);
            let next = self.bmc.poll_timeout();
            assert!(next.is_none_or(|next| next > due), "time stands still");
        }
        self.now = end;
        self.bmc.handle_timeout(end);
    }
}

fn start(
    [first, now]: [Instant; 2],
    personality: &Personality,
    log: LogPolicy,
    lan: LanPolicy,
    bench: &Bench,
    memory: Memory,
) -> Bmc {
    let settings = Settings {
        guid: Guid([7; 16]),
        users: vec![User {
            id: 2,
            name: Username::new(b"admin").unwrap(),
            password: Secret::new(b"Complex_Pass").unwrap(),
            limit: Privilege::Administrator,
            enabled: true,
        }],
        lan,
        limits: Limits::default(),
        quirks: Quirks::NONE,
        epoch: 1_800_000_000 + u32::try_from(now.duration_since(first).as_secs()).unwrap(),
        log,
        nonvolatile: true,
    };
    Bmc::new(now, personality.clone(), settings, Box::new(bench.clone()), memory)
}
