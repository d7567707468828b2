//! Whatever bytes a command comes with, from whomever: an answer that the specification knows, and
//! no error that changed something after all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;
mod console;
mod table;
mod telling;
mod visible;

use ipmi_bmc::{Origin, served};
use ipmi_wire::cmd::dcmi::GetPowerLimit;
use ipmi_wire::{
    Body, Command, CompletionCode, DecodeError, Effect, Entry, NetFn, Privilege, Request, Response,
    registry,
};

use common::{Machine, SENSORS};
use console::Console;
use table::row;
use telling::{CHANNEL, prepared, telling_bodies};
use visible::{commands, look, request};

const LONGEST: usize = 40;
/// Bodies of each length, from everywhere.
const DRAWS: usize = 4;
/// As many more of a length that the command takes, from those who may run it.
const MORE: usize = 40;
/// Until it has taken so many.
const ENOUGH: usize = 120;

/// Random enough, and the same each time.
struct Dice(u64);

impl Dice {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    /// A body: anything; small numbers, as consoles send them; or what was accepted before, with
    /// the wrong length or one byte otherwise.
    fn body(&mut self, length: usize, accepted: &[Vec<u8>]) -> Vec<u8> {
        let kind = self.below(4);
        let mut body: Vec<u8> = (0..length)
            .map(|_| match kind {
                0 => self.byte(),
                _ => [0, 1, 2, 5, 0x0e, 0x20, 0x80, 0xff, SENSORS[0], self.byte()][self.below(10)],
            })
            .collect();
        if kind > 1 && !accepted.is_empty() {
            let model = &accepted[self.below(accepted.len())];
            for (byte, from) in body.iter_mut().zip(model) {
                *byte = *from;
            }
            if length > 0 && kind == 2 {
                let at = self.below(length);
                body[at] = self.byte();
            }
        }
        body
    }
}

/// A BMC with an event, reservations and an open session, which the requests come from.
struct Bench {
    machine: Machine,
    session_id: u32,
    /// What it looked like, unless something was done since.
    seen: Option<u64>,
    /// Refused since then.
    refused: Vec<(Origin, Vec<u8>)>,
}

impl Bench {
    fn new(entry: &Entry) -> Self {
        let mut machine = Console::login(prepared(entry), Privilege::Administrator).machine;
        machine.keep();
        let session_id = machine.bmc.sessions().iter().next().unwrap().managed_session_id;
        Self { machine, session_id, seen: None, refused: Vec::new() }
    }

    fn origins(&self) -> Vec<Origin> {
        let levels =
            [Privilege::Administrator, Privilege::Operator, Privilege::User, Privilege::Callback];
        let session_id = self.session_id;
        let session =
            |privilege| Origin::Session { session_id, channel: CHANNEL, user_id: 2, privilege };
        let mut origins = vec![Origin::SystemInterface];
        origins.extend(levels.map(session));
        origins.push(Origin::Sessionless { channel: CHANNEL });
        origins
    }

    /// Nothing that was refused since it was last looked at has changed anything.
    fn inspect(&mut self, entry: &Entry) {
        if let Some(seen) = self.seen.filter(|_| !self.refused.is_empty()) {
            let now = look(&mut self.machine);
            assert_eq!(
                now, seen,
                "{entry:?}: one of these was refused, and done: {:02x?}",
                self.refused
            );
        }
        self.refused.clear();
    }

    /// Asks, and holds the answer to what can be said of it beforehand.
    fn check(
        &mut self,
        entry: &Entry,
        origin: Origin,
        body: &[u8],
        decoded: &Result<(), DecodeError>,
    ) {
        let changes = matches!((entry.effect)(body), Ok(effect) if effect != Effect::Read);
        if changes {
            self.inspect(entry);
        }
        if self.seen.is_none() {
            self.seen = Some(look(&mut self.machine));
        }
        let answer = self.machine.request(origin, &request(entry, body.to_vec()));
        let code = answer.completion;
        let case = || format!("{entry:?} {body:02x?} from {origin:?}: {answer:02x?}");
        assert!(is_specified(entry, code), "{}", case());
        if (0x80..0xc0).contains(&code.0) {
            assert!((entry.explain)(code).is_some(), "{}", case());
        }
        // Without its group's code it is another command, which nobody knows.
        let is_another = match entry.id.body {
            Body::Group(code) => body.first() != Some(&code),
            Body::None | Body::Oem(_) => false,
        };
        let expected = match decoded {
            _ if is_another => Some(CompletionCode::INVALID_COMMAND),
            _ if origin.check(entry.access).is_err() => {
                Some(CompletionCode::INSUFFICIENT_PRIVILEGE)
            }
            Err(DecodeError::Truncated { .. } | DecodeError::Trailing { .. }) => {
                Some(CompletionCode::DATA_LENGTH_INVALID)
            }
            Err(_) => Some(CompletionCode::INVALID_DATA_FIELD),
            Ok(()) => None,
        };
        assert!(expected.is_none_or(|expected| code == expected), "{}", case());
        if !code.is_ok() {
            // The one code that tells of a state, and not of a failure.
            let tells = entry.id == GetPowerLimit::ID && code == GetPowerLimit::NOT_ACTIVE;
            assert!(tells || answer.data.is_empty(), "{}", case());
            assert_eq!(self.machine.keep(), 0, "{}", case());
            self.refused.push((origin, body.to_vec()));
        } else if changes {
            self.machine.keep();
            self.seen = None;
        }
    }
}

/// Whether the specification has this code, generic or of this command.
fn is_specified(entry: &Entry, code: CompletionCode) -> bool {
    matches!(code.0, 0x00 | 0xc0..=0xd6 | 0xff) || row(entry.id).written.codes.contains(&code.0)
}

/// One command with every length, from everywhere.
fn sweep(entry: &Entry, telling: &[u8]) {
    let mut bench = Bench::new(entry);
    let mut dice = Dice(u64::from(entry.id.netfn.number()) << 8 | u64::from(entry.id.cmd));
    let mut accepted = vec![telling.to_vec()];
    let origins = bench.origins();
    for length in 0..=LONGEST {
        let mut draws = DRAWS;
        let mut draw = 0;
        while draw < draws {
            let body = dice.body(length, &accepted);
            let decoded = (entry.reencode_request)(&body).map(drop);
            if decoded.is_ok() {
                // Commands that take every length are not that interesting in each.
                draws = DRAWS + if accepted.len() < ENOUGH { MORE } else { 0 };
                accepted.push(body.clone());
            }
            // Who may do everything comes first.
            let from = if draw < DRAWS { &origins[..] } else { &origins[draw % 2..][..1] };
            for origin in from {
                bench.check(entry, *origin, &body, &decoded);
            }
            draw += 1;
        }
    }
    bench.inspect(entry);
    // Nor has anything that only reads.
    let seen = bench.seen.unwrap_or_else(|| look(&mut bench.machine));
    assert_eq!((bench.machine.keep(), look(&mut bench.machine)), (0, seen), "{entry:?}");
}

#[test]
fn every_command_with_every_length_is_answered_as_specified_and_no_error_changes_anything() {
    assert!(visible::questions() > 200);
    let bodies = telling_bodies();
    // It takes a while: in two halves.
    let entries: Vec<_> = commands().collect();
    std::thread::scope(|scope| {
        for part in entries.chunks(entries.len().div_ceil(2)) {
            let bodies = &bodies;
            scope.spawn(move || part.iter().for_each(|entry| sweep(entry, &bodies[entry.name])));
        }
    });
}

#[test]
fn other_units_and_unknown_commands_are_refused_whoever_asks() {
    let device_id = registry::all().find(|entry| entry.name == "Get Device ID").unwrap();
    let mut bench = Bench::new(device_id);
    let before = look(&mut bench.machine);
    let served = served();
    for origin in bench.origins() {
        for number in (0..0x40).step_by(2) {
            let netfn = NetFn::from_number(number);
            for cmd in 0..=255 {
                for lun in 0..4 {
                    // The first bytes of a group's or a vendor's command are part of its number.
                    let bodies = match netfn {
                        NetFn::GroupExtension => vec![vec![], vec![0], vec![3, 0], vec![0xdc, 1]],
                        NetFn::OemGroup => vec![vec![], vec![0x57, 1], vec![0x57, 1, 0, 1]],
                        _ => vec![vec![0]],
                    };
                    for data in bodies {
                        let request = Request { netfn, lun, cmd, data };
                        let id = registry::identify(&request);
                        if lun == 0 && served.contains(&id) {
                            continue;
                        }
                        // What only our client knows is as unknown here as what nobody does.
                        let known = registry::find(id).filter(|_| served.contains(&id));
                        let expected = match known {
                            Some(entry) if origin.check(entry.access).is_err() => {
                                CompletionCode::INSUFFICIENT_PRIVILEGE
                            }
                            Some(_) => CompletionCode::INVALID_FOR_LUN,
                            None => CompletionCode::INVALID_COMMAND,
                        };
                        let answer = bench.machine.request(origin, &request);
                        assert_eq!(answer, Response::code(expected), "{request:02x?} {origin:?}");
                    }
                }
            }
        }
    }
    assert_eq!((bench.machine.keep(), look(&mut bench.machine)), (0, before));
}
