//! The reference BMC's sensors, through its commands: what becomes of a reading in the log, in the
//! chassis status, in what is kept; on a virtual clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ipmi_bmc::nvram::{Change, Key, Memory, Room};
use ipmi_bmc::platform::{
    IdentifyLight, Measurement, Platform, PlatformError, PlatformEvent as Happened, PowerSignal,
    Scan,
};
use ipmi_bmc::{Bmc, LanPolicy, LogPolicy, Origin, Settings};
use ipmi_session::Quirks;
use ipmi_session::managed::Limits;
use ipmi_wire::cmd::app::{ColdReset, Guid};
use ipmi_wire::cmd::chassis::{ChassisControl, GetChassisStatus, PowerAction};
use ipmi_wire::cmd::sensor::{
    EventReceiver, GetEventReceiver, GetSensorReading, GetSensorThresholds, PlatformEvent,
    RearmSensorEvents, SetEventReceiver, SetSensorThresholds,
};
use ipmi_wire::cmd::storage::{ClearSel, EraseAction, ReserveSel};
use ipmi_wire::sdr::{EventReadingType, RawThresholds, SensorType, ThresholdKind, ThresholdMask};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Command, CompletionCode, Encode, Privilege, Reader, Request};
use lantern_bmcd::personality::reference::reference;
use lantern_bmcd::platform::sim::SimPlatform;

const CPU1: u8 = 0x01;
const LID: u8 = 0x40;
const SEL_FULLNESS: u8 = 0x47;

/// A machine that can be reached beside its BMC.
#[derive(Clone)]
struct Bench(Arc<Mutex<SimPlatform>>);

impl Platform for Bench {
    fn advance(&mut self, now: Instant) {
        self.0.lock().unwrap().advance(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.0.lock().unwrap().poll_timeout()
    }

    fn is_on(&self) -> bool {
        self.0.lock().unwrap().is_on()
    }

    fn power(&mut self, now: Instant, action: PowerSignal) -> Result<(), PlatformError> {
        self.0.lock().unwrap().power(now, action)
    }

    fn identify(&mut self, now: Instant, light: IdentifyLight) {
        self.0.lock().unwrap().identify(now, light);
    }

    fn start_scan(&mut self, now: Instant, number: u8) -> Scan {
        self.0.lock().unwrap().start_scan(now, number)
    }

    fn poll_scan(&mut self) -> Option<(u8, Measurement)> {
        self.0.lock().unwrap().poll_scan()
    }

    fn poll_event(&mut self) -> Option<Happened> {
        self.0.lock().unwrap().poll_event()
    }
}

struct Machine {
    bmc: Bmc,
    bench: Bench,
    now: Instant,
    memory: Vec<(Key, Vec<u8>)>,
}

fn settings(log: LogPolicy) -> Settings {
    Settings {
        guid: Guid([7; 16]),
        users: Vec::new(),
        lan: LanPolicy::default(),
        limits: Limits::default(),
        quirks: Quirks::NONE,
        epoch: 1_800_000_000,
        log,
        nonvolatile: true,
    }
}

impl Machine {
    fn new() -> Self {
        Self::with(LogPolicy::default())
    }

    fn with(log: LogPolicy) -> Self {
        let now = Instant::now();
        let bench = Bench(Arc::new(Mutex::new(SimPlatform::new(1, now, true))));
        let machine = Box::new(bench.clone());
        let bmc =
            Bmc::new(now, reference(1_800_000_000), settings(log), machine, Memory::default());
        Self { bmc, bench, now, memory: Vec::new() }
    }

    /// What is to be kept, as a store would have it.
    fn keep(&mut self) -> Vec<Room> {
        let changes = self.bmc.take_changes();
        let rooms = changes.iter().map(Change::room).collect();
        for change in changes {
            match change {
                Change::Put(key, value) => {
                    self.memory.retain(|(known, _)| *known != key);
                    self.memory.push((key, value));
                }
                Change::Remove(key) => self.memory.retain(|(known, _)| *known != key),
                Change::Clear(room) => self.memory.retain(|(known, _)| known.room != room),
            }
        }
        rooms
    }

    /// The process of the BMC ends and starts again; the machine does not notice.
    fn restart(&mut self) {
        self.keep();
        let values = self.memory.iter().map(|(key, value)| (*key, value.as_slice()));
        let memory = Memory::decode(values).unwrap();
        let machine = Box::new(self.bench.clone());
        let settings = settings(LogPolicy::default());
        self.bmc = Bmc::new(self.now, reference(1_800_000_000), settings, machine, memory);
    }

    fn ask_from<C: Command>(
        &mut self,
        origin: Origin,
        command: &C,
    ) -> Result<C::Response, CompletionCode> {
        let response = self.bmc.handle_request(self.now, origin, &Request::of(command));
        if !response.completion.is_ok() {
            return Err(response.completion);
        }
        Ok(command.decode_response(&mut Reader::new(&response.data)).unwrap())
    }

    fn ask<C: Command>(&mut self, command: &C) -> Result<C::Response, CompletionCode> {
        self.ask_from(Origin::SystemInterface, command)
    }

    fn wait(&mut self, time: Duration) {
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

    fn open_lid(&mut self, open: bool) {
        self.bench.0.lock().unwrap().open_lid(open);
    }

    fn say(&mut self, number: u8, says: Measurement) {
        self.bench.0.lock().unwrap().set_override(self.now, number, says);
    }

    fn states(&mut self, number: u8) -> u16 {
        self.ask(&GetSensorReading { number }).unwrap().states
    }

    fn is_intruded(&mut self) -> bool {
        self.ask(&GetChassisStatus).unwrap().intrusion
    }

    /// The log from the record ID `after` on, without IDs, times and generators.
    fn tails(&mut self, after: u16) -> Vec<Vec<u8>> {
        self.bmc.handle_timeout(self.now);
        let records = self.bmc.sel().records();
        records.filter(|record| record.id() > after).map(|r| r.to_bytes()[7..].to_vec()).collect()
    }

    fn newest(&self) -> u16 {
        self.bmc.sel().records().last().map_or(0, SelRecord::id)
    }

    fn clear_log(&mut self) {
        let reservation = self.ask(&ReserveSel).unwrap();
        self.ask(&ClearSel { reservation, action: EraseAction::Initiate }).unwrap();
    }
}

fn event() -> PlatformEvent {
    PlatformEvent {
        generator: None,
        evm_rev: 4,
        sensor_type: SensorType::TEMPERATURE,
        sensor_number: 0x30,
        assertion: true,
        event_type: EventReadingType::THRESHOLD,
        data: [0x59, 0xff, 0xff],
    }
}

#[test]
fn a_start_is_no_event() {
    let mut machine = Machine::new();
    let before = machine.newest();
    machine.wait(Duration::from_secs(3600));
    machine.restart();
    machine.wait(Duration::from_secs(3600));
    assert_eq!(machine.newest(), before);
}

/// Bytes by hand from §32.1 and §29.7: CPU 1 at 97 °C, thresholds at 85 and 95 °C.
#[test]
fn a_cpu_that_is_too_hot_is_in_the_log_at_once_and_so_is_its_cooling() {
    let mut machine = Machine::new();
    let before = machine.newest();
    machine.say(CPU1, Measurement::Value(97.0));
    assert_eq!(machine.states(CPU1), 0x18);
    assert_eq!(
        machine.tails(before),
        [
            [0x20, 0, 4, 0x01, CPU1, 0x01, 0x57, 97, 85].to_vec(),
            [0x20, 0, 4, 0x01, CPU1, 0x01, 0x59, 97, 95].to_vec(),
        ]
    );
    machine.restart();
    machine.say(CPU1, Measurement::Value(93.0));
    assert_eq!(machine.tails(before).len(), 2, "two degrees below is in the hysteresis");
    machine.say(CPU1, Measurement::Value(60.0));
    let cooled = [0x20, 0, 4, 0x01, CPU1, 0x81, 0x59, 60, 95].to_vec();
    assert_eq!(machine.tails(before)[2], cooled);
}

#[test]
fn power_off_takes_readings_away_and_tells_no_more_than_that() {
    let mut machine = Machine::new();
    let before = machine.newest();
    machine.ask(&ChassisControl { action: PowerAction::Off }).unwrap();
    assert!(!machine.ask(&GetSensorReading { number: 0x10 }).unwrap().is_valid());
    machine.wait(Duration::from_secs(60));
    machine.ask(&ChassisControl { action: PowerAction::On }).unwrap();
    machine.wait(Duration::from_secs(60));
    let acpi: Vec<_> =
        machine.tails(before).iter().map(|tail| (tail[4], tail[5], tail[6])).collect();
    assert_eq!(acpi, [(0x45, 0x6f, 5), (0x45, 0x6f, 0)]);
}

/// The remedy that vendors give: clear the log; if that does not help, cycle the power or reset the
/// controller, once the lid is closed.
#[test]
fn an_intrusion_outlives_the_log_and_ends_with_a_power_cycle_or_a_cold_reset() {
    for cycle in [true, false] {
        let mut machine = Machine::new();
        machine.open_lid(true);
        assert!(machine.is_intruded());
        machine.open_lid(false);
        machine.clear_log();
        machine.restart();
        assert!(machine.is_intruded() && machine.states(LID) == 1);
        if cycle {
            machine.ask(&ChassisControl { action: PowerAction::Cycle }).unwrap();
            machine.wait(Duration::from_secs(2));
        } else {
            machine.ask(&ColdReset).unwrap();
        }
        assert!(!machine.is_intruded() && machine.states(LID) == 0, "cycle: {cycle}");
        let tails = machine.tails(0);
        let opened = tails.iter().filter(|tail| tail[4..6] == [LID, 0x6f]).count();
        let closed = tails.iter().filter(|tail| tail[4..6] == [LID, 0xef]).count();
        assert_eq!((opened, closed), (0, 1), "the opening went with the log");
    }
}

#[test]
fn an_intrusion_can_be_re_armed_and_not_while_the_lid_is_open() {
    let mut machine = Machine::new();
    machine.open_lid(true);
    assert!(machine.is_intruded());
    machine.ask(&RearmSensorEvents { number: LID, selected: None }).unwrap();
    machine.ask(&ChassisControl { action: PowerAction::Cycle }).unwrap();
    machine.wait(Duration::from_secs(2));
    assert!(machine.is_intruded());
    machine.open_lid(false);
    machine.ask(&RearmSensorEvents { number: LID, selected: None }).unwrap();
    assert!(!machine.is_intruded());
}

#[test]
fn the_log_tells_how_full_it_is() {
    let mut machine = Machine::with(LogPolicy { capacity: 16, ..LogPolicy::default() });
    assert_eq!(machine.states(SEL_FULLNESS), 0);
    while machine.bmc.sel().records().len() < 11 {
        machine.ask(&event()).unwrap();
    }
    let before = machine.newest();
    machine.ask(&event()).unwrap();
    // Almost full, which is the next event.
    assert_eq!(machine.states(SEL_FULLNESS), 1 << 5);
    let almost = [0x20, 0, 4, 0x10, SEL_FULLNESS, 0x6f, 5, 0xff, 0xff].to_vec();
    assert_eq!(machine.tails(before)[1], almost);
    while machine.ask(&event()).is_ok() {}
    assert_eq!(machine.states(SEL_FULLNESS), 1 << 4 | 1 << 5);
    machine.clear_log();
    assert_eq!(machine.states(SEL_FULLNESS), 0);
    assert!(machine.tails(0).is_empty(), "what somebody has cleared is empty");
}

#[test]
fn an_event_names_its_sender_or_the_way_it_came() {
    let console = Origin::Session {
        session_id: 1,
        channel: Bmc::LAN_CHANNEL,
        user_id: 2,
        privilege: Privilege::Operator,
    };
    let named = PlatformEvent { generator: Some(0x61), ..event() };
    for (origin, event, expected) in [
        (Origin::SystemInterface, event(), 0x0041),
        (Origin::SystemInterface, named, 0x0061),
        (console, event(), 0x1081),
    ] {
        let mut machine = Machine::new();
        machine.ask_from(origin, &event).unwrap();
        let Some(SelRecord::System { generator, sensor_number, timestamp, .. }) =
            machine.bmc.sel().records().last()
        else {
            panic!("not an event")
        };
        assert_eq!((*generator, *sensor_number, *timestamp), (expected, 0x30, 1_800_000_000));
    }
}

#[test]
fn events_stay_here_or_go_nowhere() {
    let mut machine = Machine::new();
    let before = machine.newest();
    let ourselves = EventReceiver { address: 0x20, lun: 0 };
    let set = |machine: &mut Machine, receiver| machine.ask(&SetEventReceiver { receiver });
    for elsewhere in
        [EventReceiver { address: 0x24, lun: 0 }, EventReceiver { address: 0x20, lun: 1 }]
    {
        assert_eq!(set(&mut machine, elsewhere), Err(CompletionCode::INVALID_DATA_FIELD));
    }
    assert_eq!(machine.ask(&GetEventReceiver).unwrap(), ourselves);
    set(&mut machine, EventReceiver::DISABLED).unwrap();
    assert_eq!(machine.ask(&GetEventReceiver).unwrap(), EventReceiver::DISABLED);
    machine.say(CPU1, Measurement::Value(86.0));
    assert_eq!(machine.tails(before).len(), 0);
    set(&mut machine, ourselves).unwrap();
    assert!(machine.tails(before).iter().any(|tail| tail[4..7] == [CPU1, 0x01, 0x57]));
}

#[test]
fn a_threshold_that_was_set_is_noted_before_it_is_acknowledged_and_survives() {
    let mut machine = Machine::new();
    machine.keep();
    let mut values = RawThresholds::default();
    values.set(ThresholdKind::UpperCritical, 90);
    let set = ThresholdMask::NONE.with(ThresholdKind::UpperCritical);
    machine.ask(&SetSensorThresholds { number: CPU1, set, values }).unwrap();
    assert_eq!(machine.keep(), [Room::Sensors]);
    // Nothing changes, nothing is written.
    machine.ask(&SetSensorThresholds { number: CPU1, set, values }).unwrap();
    assert_eq!(machine.keep(), []);
    machine.restart();
    let thresholds = machine.ask(&GetSensorThresholds { number: CPU1 }).unwrap();
    assert_eq!(thresholds.get(ThresholdKind::UpperCritical), Some(90));
    assert_eq!(thresholds.get(ThresholdKind::UpperNonCritical), Some(85));
    let lower = ThresholdMask::NONE.with(ThresholdKind::LowerCritical);
    let refused = machine.ask(&SetSensorThresholds { number: CPU1, set: lower, values });
    assert_eq!(refused, Err(CompletionCode::INVALID_DATA_FIELD));
    let refused = machine.ask(&GetSensorThresholds { number: LID });
    assert_eq!(refused, Err(CompletionCode::ILLEGAL_FOR_RECORD));
    let refused = machine.ask(&GetSensorThresholds { number: 0xf0 });
    assert_eq!(refused, Err(CompletionCode::NOT_PRESENT));
}
