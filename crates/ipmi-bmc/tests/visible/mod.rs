//! What can be seen of a BMC from outside: whatever its reading commands say, whom they are asked
//! about, and what its machine was told. Two BMCs that look the same are the same to everybody.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use ipmi_bmc::{Origin, served};
use ipmi_wire::{Body, Effect, Entry, NetFn, Request, registry};

use crate::common::{Machine, SENSORS};

/// A request of a command.
pub(crate) fn request(entry: &Entry, data: Vec<u8>) -> Request {
    Request { netfn: entry.id.netfn, lun: 0, cmd: entry.id.cmd, data }
}

/// The commands of the registry that are served.
pub(crate) fn commands() -> impl Iterator<Item = &'static Entry> {
    let served = served();
    registry::all().filter(move |entry| served.contains(&entry.id))
}

/// What is read and says nothing of what was done.
const NOT_STATE: &[(&str, &str)] = &[
    ("Get Message", "the message is gone then"),
    ("Get IP/UDP/RMCP Statistics", "it counts what it is asked with"),
];

/// Questions that a new BMC answers, of every kind.
static QUESTIONS: LazyLock<Vec<Request>> = LazyLock::new(|| {
    let mut machine = Machine::new();
    let mut questions = Vec::new();
    let reading = |entry: &&Entry| {
        let reads = ["Get ", "Read FRU"].iter().any(|word| entry.name.starts_with(word));
        reads && !NOT_STATE.iter().any(|(name, _)| *name == entry.name)
    };
    for entry in commands().filter(reading) {
        for body in bodies(entry) {
            if (entry.effect)(&body) != Ok(Effect::Read) {
                continue;
            }
            let request = request(entry, body);
            if machine.request(Origin::SystemInterface, &request).completion.is_ok() {
                questions.push(request);
            }
        }
    }
    questions
});

/// Questions of every kind: about nothing, about a number, about a parameter of a channel, about a
/// record.
fn bodies(entry: &Entry) -> Vec<Vec<u8>> {
    // Of the firewall, there are as many questions as commands: of a group, of a part.
    if entry.name.contains("Sub-function") {
        return [1, 15].map(|channel| vec![channel, 0, 0, 2]).to_vec();
    }
    if entry.id.netfn == NetFn::App && matches!(entry.id.cmd, 0x09..=0x0d | 0x60..=0x64) {
        let netfns = [0, 4, 6, 0x0a, 0x0c];
        let mut bodies: Vec<_> = netfns.iter().map(|netfn| vec![1, *netfn, 0]).collect();
        bodies.extend([vec![1], vec![1, 0x2c, 0], vec![1, 0x2c, 0, 0xdc], vec![15, 0, 0]]);
        return bodies;
    }
    let mut bodies = vec![Vec::new()];
    let numbers = (0..=16).chain(SENSORS).chain([0x80, 0x8e, 0xff]);
    bodies.extend(numbers.map(|number| vec![number]));
    bodies.extend((0..=16).map(|number| vec![1, number]));
    bodies.extend((0..=16).map(|number| vec![1, number | 0x80]));
    bodies.extend((0..=15).map(|parameter| vec![parameter, 0, 0]));
    bodies.extend((0..=80).map(|parameter| vec![1, parameter, 0, 0]));
    bodies.extend((0..=15).map(|parameter| vec![0, parameter, 0, 0]));
    bodies.extend((0..=15).map(|record| vec![0, 0, record, 0, 0, 0xff]));
    if let Body::Group(code) = entry.id.body {
        bodies.extend((0..=8).map(|number| vec![code, number]));
        bodies.extend((0..=8).map(|number| vec![code, number, 0]));
        bodies.extend([[1, 0], [2, 0x41]].map(|[mode, period]| vec![code, mode, period, 0]));
        bodies.extend([0, 16].map(|offset| vec![code, offset, 16]));
        bodies.extend([0x40, 0x41, 0x42].map(|entity| vec![code, 1, entity, 0, 0]));
        bodies.push(vec![code, 0x40, 1]);
    }
    if entry.id.netfn == NetFn::Storage {
        bodies.extend([0, 1, 9].map(|device| vec![device, 0, 0, 64]));
    }
    bodies
}

/// What there is to see.
pub(crate) fn look(machine: &mut Machine) -> u64 {
    let mut hasher = DefaultHasher::new();
    for question in &*QUESTIONS {
        let answer = machine.request(Origin::SystemInterface, question);
        (answer.completion, answer.data).hash(&mut hasher);
    }
    let mut sessions: Vec<_> = machine.bmc.sessions().iter().collect();
    sessions.sort_unstable_by_key(|session| session.managed_session_id);
    for session in sessions {
        (session.managed_session_id, session.privilege, session.limit).hash(&mut hasher);
    }
    machine.bench.state().signals.len().hash(&mut hasher);
    hasher.finish()
}

/// There is something to look at.
pub(crate) fn questions() -> usize {
    QUESTIONS.len()
}
