//! The log near its end, and what it says of itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use ipmi_bmc::personality::RecordsIn;
use ipmi_bmc::platform::Measurement;
use ipmi_bmc::{LogPolicy, WhenFull};
use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::sensor::GetSensorReading;
use ipmi_wire::cmd::storage::{
    AddSelEntry, ClearSel, DeleteSelEntry, EraseAction, GetSelInfo, PartialAddSelEntry, ReserveSel,
    SetSelTime,
};
use ipmi_wire::sel::SelRecord;

use common::{FULLNESS, Machine, SHARED};

const FULL: u16 = 1 << 4;
const ALMOST: u16 = 1 << 5;

fn machine(capacity: u16, when_full: WhenFull) -> Machine {
    Machine::with(RecordsIn::Repository, LogPolicy { capacity, when_full })
}

fn oem(n: u8) -> AddSelEntry {
    AddSelEntry { record: SelRecord::Oem { id: 0, record_type: 0xe0, data: [n; 13] } }
}

impl Machine {
    fn fullness(&mut self) -> u16 {
        self.ask(&GetSensorReading { number: FULLNESS }).unwrap().states
    }

    fn delete(&mut self, record_id: u16) -> Result<u16, CompletionCode> {
        let reservation = self.ask(&ReserveSel).unwrap();
        self.ask(&DeleteSelEntry { reservation, record_id }).map(|id| id.0)
    }

    fn clear(&mut self) {
        let reservation = self.ask(&ReserveSel).unwrap();
        self.ask(&ClearSel { reservation, action: EraseAction::Initiate }).unwrap();
    }

    /// What the log says of itself, in it: whether it came, and the state.
    fn of_itself(&self) -> Vec<(bool, u8)> {
        let records = self.bmc.sel().records();
        records
            .filter_map(|record| match record {
                SelRecord::System { sensor_number: FULLNESS, assertion, data, .. } => {
                    Some((*assertion, data[0] & 0x0f))
                }
                _ => None,
            })
            .collect()
    }
}

#[test]
fn a_log_that_is_full_has_lost_nothing_yet() {
    let mut machine = machine(16, WhenFull::Stop);
    while machine.bmc.sel().records().len() < 16 {
        machine.ask(&oem(1)).unwrap();
    }
    assert_eq!(machine.fullness(), FULL | ALMOST);
    let info = machine.ask(&GetSelInfo).unwrap();
    assert_eq!((info.entries, info.free_space), (16, 0));
    assert!(!info.operations.overflow, "every event is there");
    // There is no place to tell that there is none.
    assert_eq!(machine.of_itself(), [(true, 5)]);
    // Now an event is lost.
    machine.bench.state().says.insert(SHARED, Measurement::States(1));
    machine.wait(std::time::Duration::from_secs(2));
    assert!(machine.ask(&GetSelInfo).unwrap().operations.overflow);
    machine.clear();
    assert!(!machine.ask(&GetSelInfo).unwrap().operations.overflow);
}

#[test]
fn room_that_somebody_makes_is_there_for_others() {
    let mut machine = machine(16, WhenFull::Stop);
    while machine.ask(&oem(1)).is_ok() {}
    machine.delete(0).unwrap();
    assert_eq!(machine.fullness(), ALMOST);
    machine.ask(&oem(2)).unwrap();
    assert_eq!(machine.ask(&oem(3)), Err(CompletionCode::OUT_OF_SPACE));
}

#[test]
fn a_log_that_is_emptied_one_by_one_becomes_empty() {
    let mut machine = machine(16, WhenFull::Stop);
    while machine.ask(&oem(1)).is_ok() {}
    let mut steps = 0;
    while machine.delete(0).is_ok() {
        steps += 1;
        assert!(steps < 100, "for each event that is deleted another one comes");
    }
}

#[test]
fn a_log_that_wraps_keeps_its_room_for_others() {
    let mut machine = machine(16, WhenFull::Wrap);
    for n in 0..100 {
        machine.ask(&oem(n)).unwrap();
    }
    assert_eq!(machine.bmc.sel().records().len(), 16);
    assert_eq!(machine.of_itself(), []);
    assert_eq!(machine.fullness(), FULL | ALMOST);
}

#[test]
fn a_log_of_one_event_works() {
    for when_full in [WhenFull::Stop, WhenFull::Wrap] {
        let mut machine = machine(1, when_full);
        machine.ask(&oem(1)).unwrap();
        let second = machine.ask(&oem(2)).is_ok();
        assert_eq!(second, when_full == WhenFull::Wrap);
        machine.clear();
        machine.wait(std::time::Duration::from_secs(60));
        machine.ask(&oem(3)).unwrap();
    }
}

#[test]
fn a_smaller_log_after_a_restart_keeps_what_there_is_and_takes_no_more() {
    for when_full in [WhenFull::Stop, WhenFull::Wrap] {
        let mut machine = machine(40, when_full);
        for n in 0..30 {
            machine.ask(&oem(n)).unwrap();
        }
        let before = machine.bmc.sel().records().len();
        machine.log.capacity = 16;
        machine.restart();
        let info = machine.ask(&GetSelInfo).unwrap();
        assert_eq!((usize::from(info.entries), info.free_space), (before, 0));
        assert!(!info.operations.overflow);
        let added = machine.ask(&oem(99));
        assert_eq!(added.is_ok(), when_full == WhenFull::Wrap);
        let after = machine.bmc.sel().records().len();
        assert_eq!(after, if when_full == WhenFull::Wrap { 16 } else { before });
        // And a larger one has room again.
        machine.log.capacity = 400;
        machine.restart();
        machine.ask(&oem(100)).unwrap();
    }
}

#[test]
fn a_piece_under_a_lost_reservation_is_refused_and_clearing_does_not_spoil_what_is_in_the_making() {
    let mut machine = Machine::new();
    let bytes: Vec<u8> = (0..16).collect();
    let piece = |reservation, record_id, offset: usize, end, last| PartialAddSelEntry {
        reservation,
        record_id,
        offset: offset as u8,
        last,
        data: bytes[offset..end].to_vec(),
    };
    let reservation = machine.ask(&ReserveSel).unwrap();
    let id = machine.ask(&piece(reservation, 0, 0, 7, false)).unwrap().0;
    machine.clear();
    let lost = machine.ask(&piece(reservation, id, 7, 16, true));
    assert_eq!(lost, Err(CompletionCode::RESERVATION_CANCELED));
    let reservation = machine.ask(&ReserveSel).unwrap();
    let whole = machine.ask(&piece(reservation, id, 7, 16, true)).unwrap();
    assert_eq!((whole.0, machine.bmc.sel().records().len()), (1, 1));
}

#[test]
fn a_clock_that_is_set_back_disturbs_nothing() {
    let mut machine = Machine::new();
    machine.ask(&oem(1)).unwrap();
    machine.ask(&SetSelTime { time: 5 }).unwrap();
    machine.ask(&oem(2)).unwrap();
    let info = machine.ask(&GetSelInfo).unwrap();
    assert_eq!((info.entries, info.last_addition), (2, 5));
    machine.restart();
    assert_eq!(machine.ask(&GetSelInfo).unwrap(), info);
}
