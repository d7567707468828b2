//! A request for each command that a BMC would carry out, so that its refusal says something.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::collections::BTreeMap;

use ipmi_bmc::personality::RecordsIn;
use ipmi_bmc::{Bmc, LogPolicy, Origin};
use ipmi_wire::cmd::storage::{AddSelEntry, ReservationId, ReserveSdrRepository, ReserveSel};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Channel, Effect, Entry, Privilege};

use crate::common::{self, Machine};
use crate::table::row;
use crate::visible::{commands, request};

pub(crate) const CHANNEL: Channel = Bmc::LAN_CHANNEL;

/// A session of this privilege that is not open.
pub(crate) const fn session(privilege: Privilege) -> Origin {
    Origin::Session { session_id: 0x0102_0304, channel: CHANNEL, user_id: 2, privilege }
}

/// Bodies to try for a command: as if counted, and what erasing takes.
fn bodies() -> impl Iterator<Item = Vec<u8>> {
    let patterns = [[0x00, 0], [0x01, 0], [0x01, 1], [0x10, 1], [0x0e, 0], [0x20, 0], [0xff, 0]];
    let counted = (0..=24u8).flat_map(move |length| {
        patterns.map(|[first, step]: [u8; 2]| {
            (0..length).map(|index| first.wrapping_add(step.wrapping_mul(index))).collect()
        })
    });
    let more = [
        vec![0x01, 0x00, b'C', b'L', b'R', 0xaa],
        // User 5 gets a name; a password; access; a record of a vendor's own.
        [vec![5, b'b', b'o', b'b'], vec![0; 13]].concat(),
        [vec![5, 2, b's'], vec![0; 15]].concat(),
        vec![0x91, 5, 2, 0],
        // Channel access, as kept.
        vec![1, 0x40],
        // The first record, with a reservation; a reading; a sensor's type.
        vec![1, 0, 1, 0],
        vec![1, 0, 1, 0, 0, 0xff],
        vec![common::WRITTEN, 0x01, 50],
        vec![common::TEMPERATURE, 1, 1],
        [vec![0, 0, 0xe0], vec![7; 13]].concat(),
        vec![0x10, 0x04, 0x41, 1, 0x10, 0x01, 0x57, 0xff, 0xff],
        // A channel's settings that are in force.
        vec![0x01, 0x80],
        // DCMI: capabilities, readings, a limit, a text, a parameter, sensors.
        vec![0xdc, 0],
        vec![0xdc, 1],
        vec![0xdc, 0, 0],
        vec![0xdc, 1, 0, 0],
        vec![0xdc, 0, 0, 0, 0x11, 0x2c, 0x01, 0xe8, 0x03, 0, 0, 0, 0, 30, 0],
        vec![0xdc, 0, 2, b'a', 0],
        vec![0xdc, 4, 0, 1, 2],
        vec![0xdc, 1, 0x40, 0, 0],
        vec![0xdc, 0x40, 1],
        vec![0xdc, 0x40, 1, 0xa0, 45, 60, 0],
        // No commands of the chassis any more; no part of one.
        [vec![1, 0, 0], vec![0; 16]].concat(),
        vec![1, 0, 0, 2, 0, 0, 0, 0],
        // The groups.
        vec![1, 0x2c, 0],
        // A locator of a controller.
        [vec![0, 0, 0x51, 0x12, 11, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat(),
    ];
    more.into_iter().chain(counted)
}

/// A BMC with an event, a record and reservations, so that there is something to delete.
pub(crate) fn prepared(entry: &Entry) -> Machine {
    let records_in = match row(entry.id).written.mandatory.as_str() {
        "device SDRs" => RecordsIn::Device,
        _ => RecordsIn::Repository,
    };
    // A log that does not fill up: a full one notes that it lost an event, and says C4h.
    let log = LogPolicy { capacity: 2000, ..LogPolicy::default() };
    let mut machine = Machine::with(records_in, log);
    let record = SelRecord::Oem { id: 0, record_type: 0xe0, data: [7; 13] };
    machine.ask(&AddSelEntry { record }).unwrap();
    assert_eq!(machine.ask(&ReserveSel).unwrap(), ReservationId(1));
    if records_in == RecordsIn::Repository {
        assert_eq!(machine.ask(&ReserveSdrRepository).unwrap(), ReservationId(1));
    }
    machine.keep();
    machine
}

/// A body for each command: one that a new BMC takes, if there is such, and does something for.
pub(crate) fn telling_bodies() -> BTreeMap<&'static str, Vec<u8>> {
    let administrator = session(Privilege::Administrator);
    let best = |entry: &'static Entry| {
        let mut best = (0, Vec::new());
        for body in bodies() {
            if (entry.reencode_request)(&body).is_err() {
                continue;
            }
            let mut machine = prepared(entry);
            let answer = machine.request(administrator, &request(entry, body.clone()));
            let worth = match (answer.completion.is_ok(), machine.keep() > 0) {
                (true, true) => 3,
                (true, false) => 2,
                (false, _) => 1,
            };
            if worth > best.0 {
                best = (worth, body);
            }
            if best.0 == 3 || best.0 == 2 && (entry.effect)(&best.1) == Ok(Effect::Read) {
                break;
            }
        }
        (entry.name, best.1)
    };
    commands().map(best).collect()
}
