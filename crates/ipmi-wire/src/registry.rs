//! All commands, enumerable: what `decode`, `raw --explain`, the fuzz targets, the coverage table
//! and the BMC's dispatch are derived from.

use crate::cmd;
use crate::command::{Entry, Request};
use crate::netfn::{Body, CommandId, NetFn};

/// The commands by network function.
const GROUPS: [&[Entry]; 4] =
    [cmd::chassis::ENTRIES, cmd::sensor::ENTRIES, cmd::app::ENTRIES, cmd::storage::ENTRIES];

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
            assert!(entry.section.starts_with("IPMI v2.0 §"), "{}: {}", entry.name, entry.section);
        }
    }

    #[test]
    fn what_a_command_accepts_it_encodes_to_the_same_value() {
        // Every request body of up to two bytes, and zeroed and patterned ones up to 40.
        let mut bodies: Vec<Vec<u8>> = vec![vec![]];
        bodies.extend((0..=255).map(|a| vec![a]));
        bodies.extend((0..=255).flat_map(|a| (0..=255).map(move |b| vec![a, b])));
        for length in 3..40 {
            bodies.extend((0..=255).map(|a| vec![a; length]));
        }
        for entry in all() {
            for body in &bodies {
                let Ok(first) = (entry.reencode_request)(body) else { continue };
                let second = (entry.reencode_request)(&first).unwrap();
                assert_eq!(first, second, "{}: {body:02x?}", entry.name);
                let _ = (entry.effect)(body);
                for response in bodies.iter().step_by(97) {
                    if let Ok(first) = (entry.reencode_response)(body, response) {
                        let second = (entry.reencode_response)(body, &first).unwrap();
                        assert_eq!(first, second, "{}: {response:02x?}", entry.name);
                    }
                }
                if body.len() == 2 {
                    break;
                }
            }
        }
    }
}
