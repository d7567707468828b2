//! All commands, enumerable: what `decode`, `raw --explain`, the fuzz targets, the coverage table
//! and the BMC's dispatch are derived from.

use crate::cmd;
use crate::command::{Entry, Request};
use crate::netfn::{Body, CommandId, NetFn};

/// The commands by network function.
const GROUPS: [&[Entry]; 6] = [
    cmd::chassis::ENTRIES,
    cmd::sensor::ENTRIES,
    cmd::app::ENTRIES,
    cmd::storage::ENTRIES,
    cmd::transport::ENTRIES,
    cmd::dcmi::ENTRIES,
];

/// Every command that this crate defines.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    GROUPS.into_iter().flatten()
}

/// The command with this identity.
#[must_use]
pub fn find(id: CommandId) -> Option<&'static Entry> {
    all().find(|entry| entry.id == id)
}

/// The identity of a request: group and OEM commands name their body in their data.
#[must_use]
pub fn identify(request: &Request) -> CommandId {
    let body = match (request.netfn, request.data.as_slice()) {
        (NetFn::GroupExtension, [code, ..]) => Body::Group(*code),
        (NetFn::OemGroup, [a, b, c, ..]) => Body::Oem(u32::from_le_bytes([*a, *b, *c, 0])),
        _ => Body::None,
    };
    CommandId { netfn: request.netfn, cmd: request.cmd, body }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_commands_share_an_identity_or_a_name() {
        let (mut ids, mut names) = (HashSet::new(), HashSet::new());
        for entry in all() {
            assert!(ids.insert(entry.id), "{} is defined twice", entry.id);
            assert!(names.insert(entry.name), "two commands are called {}", entry.name);
            let known = ["IPMI v2.0 §", "DCMI v1.5 §"];
            let is_known = known.iter().any(|start| entry.section.starts_with(start));
            assert!(is_known, "{}: {}", entry.name, entry.section);
        }
    }

    #[test]
    fn what_a_command_accepts_it_encodes_to_the_same_value() {
        let bodies = bodies();
        for entry in all() {
            let mut requests: Vec<Vec<u8>> = Vec::new();
            for body in &bodies {
                let Ok(first) = (entry.reencode_request)(body) else { continue };
                let second = (entry.reencode_request)(&first).unwrap();
                assert_eq!(first, second, "{}: {body:02x?}", entry.name);
                (entry.effect)(body).unwrap();
                // What responses mean may depend on the request: try the first few.
                if requests.len() < 3 && !requests.contains(&first) {
                    requests.push(first);
                }
            }
            assert!(!requests.is_empty(), "no request was accepted for {}", entry.name);
            for request in &requests {
                let mut accepted = false;
                for body in &bodies {
                    let reencode = entry.reencode_response;
                    let Ok(first) = reencode(request, body) else { continue };
                    let second = reencode(request, &first).unwrap();
                    assert_eq!(first, second, "{}: {request:02x?} {body:02x?}", entry.name);
                    accepted = true;
                }
                assert!(accepted, "no response was accepted for {}", entry.name);
            }
        }
    }

    /// Every body of up to one byte, a good part of those of two, and patterns of up to 32: each
    /// first byte, going on with the same, with rising and with jumping bytes.
    fn bodies() -> Vec<Vec<u8>> {
        let mut bodies = vec![vec![]];
        for first in 0..=0xffu8 {
            bodies.push(vec![first]);
            bodies.extend([0x00, 0x01, 0x0f, 0x55, 0x80, 0xff].map(|second| vec![first, second]));
            for length in 3..=32u8 {
                for step in [0, 1, 0x59] {
                    let byte = |index: u8| first.wrapping_add(index.wrapping_mul(step));
                    bodies.push((0..length).map(byte).collect());
                }
            }
        }
        // What no counting comes upon: erasing takes a password.
        bodies.extend([0xaa, 0x00].map(|action| vec![1, 0, b'C', b'L', b'R', action]));
        // Nor what begins with a group's code and goes on with small numbers.
        for first in 0..=6 {
            bodies.extend((0..=16).map(|length| [vec![0xdc, first], vec![0; length]].concat()));
        }
        bodies
    }
}
