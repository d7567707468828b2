//! The BMC against `vectors/commands.toml`: which commands there are, who may run them from where,
//! and which have to be there.
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

use std::collections::BTreeSet;

use ipmi_bmc::{Origin, served};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{PayloadType, SessionPacket, V15Packet, V20Header};
use ipmi_wire::{
    Access, Body, CompletionCode, Decode, Encode, Entry, NetFn, Privilege, Request, Response,
    registry,
};

use common::{Counting, Machine, peer};
use console::Console;
use table::{Rule, TABLE, row};
use telling::{CHANNEL, prepared, session, telling_bodies};
use visible::{commands, look, request};

/// Where our BMC departs from the table on purpose, and what it does instead.
const DEPARTURES: &[(&str, Access, &str)] = {
    const USER: Access = Access::Session(Privilege::User);
    const DEVICE_SDRS: &str = "ipmitool reads the SDRs of a BMC without repository over the LAN; \
                               OpenBMC and OpenIPMI let users do so";
    &[
        ("Get Device SDR Info", USER, DEVICE_SDRS),
        ("Get Device SDR", USER, DEVICE_SDRS),
        ("Reserve Device SDR Repository", USER, DEVICE_SDRS),
    ]
};

/// Commands that whoever may run them is refused for some of what they can say, below administrator.
const IN_PART: &[(&str, &str)] = &[
    ("Close Session", "another's session takes an administrator"),
    ("Send Message", "other channels than the system interface take an operator"),
    ("Set System Boot Options", "going past the machine's passwords takes an administrator"),
];

/// What our BMC has, of what makes commands mandatory.
const HAS: &[&str] = &[
    "always",
    "power control",
    "LAN",
    "sessions",
    "IPMI v1.5 sessions",
    // A LAN channel beside the system interface.
    "messaging",
    "manual re-arm sensors",
    "PEF",
    "DCMI",
    "DCMI power management",
    "firmware firewall",
];

/// What it has not.
const HAS_NOT: &[&str] = &[
    "never",
    "alerting",
    "BT",
    "callback",
    "command forwarding",
    // It has them only where it has no repository, as in personality `RecordsIn::Device`.
    "device SDRs",
    "event generator on IPMB",
    "gratuitous ARP",
    "HPM.1",
    "ICMB",
    "IPMB",
    "LAN alerting",
    "modal SDR repository",
    "non-linear sensors",
    "OEM payloads",
    "payloads",
    "PPP proxy",
    "serial",
    "SOL",
    "SSIF",
    "TAP paging",
];

/// Mandatory commands that are not there yet. An entry leaves this list when its command lands.
const MISSING: &[(&str, &str)] = &[];

/// The privilege levels that a session can have here.
const LEVELS: [Privilege; 4] =
    [Privilege::Callback, Privilege::User, Privilege::Operator, Privilege::Administrator];

fn expected(entry: &Entry) -> Rule {
    let departure = DEPARTURES.iter().find(|(name, ..)| *name == entry.name);
    match departure {
        Some((_, Access::Session(privilege), _)) => Rule::Session(*privilege),
        Some((_, other, _)) => panic!("{other:?}"),
        None => row(entry.id).rule,
    }
}

/// Holds an answer to the table; whether it was a refusal for want of privilege.
fn judge(entry: &Entry, origin: Origin, code: CompletionCode) -> bool {
    let refused = code == CompletionCode::INSUFFICIENT_PRIVILEGE;
    let administrator = match origin {
        Origin::Session { privilege, .. } => privilege >= Privilege::Administrator,
        Origin::Sessionless { .. } => false,
        Origin::SystemInterface => true,
    };
    let in_part = !administrator && IN_PART.iter().any(|(name, _)| *name == entry.name);
    match allows(expected(entry), origin) {
        Some(true) => assert!(!refused || in_part, "{entry:?} from {origin:?}: {code}"),
        Some(false) => assert!(refused, "{entry:?} from {origin:?}: {code}"),
        None => {}
    }
    refused
}

/// Whether a command of this rule may be run from there. `None`: the table leaves it open.
fn allows(rule: Rule, origin: Origin) -> Option<bool> {
    Some(match (rule, origin) {
        (Rule::SentByBmc, _) => false,
        (Rule::BeforeSession, _) | (_, Origin::SystemInterface) => true,
        (_, Origin::Sessionless { .. }) | (Rule::SystemInterface | Rule::Local, _) => false,
        (Rule::Session(needed), Origin::Session { privilege, .. }) => privilege >= needed,
        (Rule::Depends, Origin::Session { privilege: Privilege::Administrator, .. }) => true,
        (Rule::Depends, Origin::Session { .. }) => return None,
    })
}

#[test]
fn the_table_says_where_its_sources_disagree_and_follows_the_specification() {
    assert!(TABLE.len() > 200);
    for row in TABLE.values() {
        let (sources, name) = (row.written.sources(), &row.written.name);
        assert!(!sources.is_empty(), "{name}");
        let letters: BTreeSet<char> =
            sources.iter().flat_map(|(_, letters)| letters.chars()).filter(|c| *c != '/').collect();
        assert!(letters.iter().all(|letter| "PCUOASLBD".contains(*letter)), "{name}: {letters:?}");
        if letters.len() > 1 {
            assert!(row.written.note.is_some(), "{name}: {letters:?} and no note");
        }
        for (source, said) in &sources {
            if row.written.note.is_none() || *source == "v1.5" && *name != "Callback" {
                assert_eq!(*said, row.rule.letter().to_string(), "{name}: {source}");
            }
        }
        let condition = row.written.mandatory.as_str();
        let known = HAS.contains(&condition) || HAS_NOT.contains(&condition);
        let by_name = TABLE.values().any(|row| row.written.name == condition);
        assert!(known || by_name, "{name}: {condition:?} is no condition");
        assert!(row.written.codes.iter().all(|code| (0x80..=0xbe).contains(code)), "{name}");
        // They would break the page.
        let texts = [Some(name), row.written.note.as_ref(), row.written.also.as_ref()];
        assert!(texts.into_iter().flatten().all(|text| !text.contains(['|', '\n'])), "{name}");
    }
}

#[test]
fn the_registry_is_in_the_table_with_the_same_names_sections_privileges_and_codes() {
    for entry in registry::all() {
        let row = row(entry.id);
        let names = [Some(&row.written.name), row.written.also.as_ref()];
        assert!(names.into_iter().flatten().any(|name| name == entry.name), "{entry:?}: {names:?}");
        assert_eq!(entry.section, row.section, "{entry:?}");
        let access = match expected(entry) {
            Rule::BeforeSession => Access::PreSession,
            Rule::Session(privilege) => Access::Session(privilege),
            Rule::SystemInterface | Rule::Local => Access::SystemInterfaceOnly,
            Rule::SentByBmc => panic!("{entry:?} is never a request to a BMC"),
            // As low as anybody has it; what decides is in its handler.
            Rule::Depends => {
                assert!(matches!(entry.access, Access::Session(p) if p <= Privilege::User));
                continue;
            }
        };
        assert_eq!(entry.access, access, "{entry:?}: {}", row.written.privilege);
    }
    for entry in registry::all() {
        let explained: Vec<u8> =
            (0x80..=0xbe).filter(|code| (entry.explain)((*code).into()).is_some()).collect();
        let codes = &row(entry.id).written.codes;
        assert!(explained.iter().all(|code| codes.contains(code)), "{entry:?}: {explained:02x?}");
    }
    // A departure that is none has to go.
    for (name, access, _) in DEPARTURES {
        let entry = registry::all().find(|entry| entry.name == *name).unwrap();
        assert!(entry.access == *access && row(entry.id).rule == Rule::Local, "{name}");
    }
}

#[test]
fn mandatory_commands_that_are_missing_are_known_by_name() {
    let served: BTreeSet<_> = served().into_iter().collect();
    let served_name =
        |name: &str| TABLE.values().any(|row| row.written.name == name && served.contains(&row.id));
    let missing: BTreeSet<&str> = TABLE
        .values()
        .filter(|row| !served.contains(&row.id))
        .filter(|row| {
            let condition = row.written.mandatory.as_str();
            HAS.contains(&condition) || served_name(condition)
        })
        .map(|row| row.written.name.as_str())
        .collect();
    let expected: BTreeSet<&str> = MISSING.iter().map(|(name, _)| *name).collect();
    let come: Vec<_> = expected.difference(&missing).collect();
    assert!(come.is_empty(), "these are there and have to leave the list: {come:?}");
    let gone: Vec<_> = missing.difference(&expected).collect();
    assert!(gone.is_empty(), "these are not there and not in the list: {gone:?}");
    assert_eq!(expected.len(), MISSING.len());
}

#[test]
fn every_command_from_everywhere_is_run_or_refused_as_the_table_has_it() {
    let bodies = telling_bodies();
    let mut origins = vec![Origin::SystemInterface, Origin::Sessionless { channel: CHANNEL }];
    origins.extend(LEVELS.map(session));
    for entry in commands() {
        let pristine = look(&mut prepared(entry));
        for origin in &origins {
            // With something to do, without, and with far too much. A group's code is part of what
            // command it is.
            let code = match entry.id.body {
                Body::Group(code) => vec![code],
                Body::None | Body::Oem(_) => Vec::new(),
            };
            let much = [code.clone(), vec![0; 200]].concat();
            for body in [bodies[entry.name].clone(), code, much] {
                let mut machine = prepared(entry);
                let answer = machine.request(*origin, &request(entry, body));
                if judge(entry, *origin, answer.completion) {
                    assert_eq!(machine.keep(), 0, "{entry:?} from {origin:?}");
                    assert_eq!(look(&mut machine), pristine, "{entry:?} from {origin:?}");
                }
            }
        }
    }
}

/// Appendix G's note to Set System Boot Options.
#[test]
fn one_bit_of_the_boot_flags_takes_an_administrator() {
    const BYPASS: u8 = 0x08;
    let mut machine = Machine::new();
    machine.keep();
    let mut set = |origin, third| {
        let data = vec![5, 0x80, 0x04, third, 0, 0];
        let request = Request { netfn: NetFn::Chassis, lun: 0, cmd: 0x08, data };
        (machine.request(origin, &request).completion.0, machine.keep())
    };
    assert_eq!(set(session(Privilege::Operator), BYPASS), (0xd4, 0));
    assert_eq!(set(session(Privilege::Operator), 0), (0, 1));
    assert_eq!(set(session(Privilege::Administrator), BYPASS), (0, 1));
    assert_eq!(set(Origin::SystemInterface, BYPASS | 0x02), (0, 1));
}

#[test]
fn what_is_not_served_is_unknown_to_everybody_alike() {
    let served = served();
    let mut machine = Machine::new();
    let before = look(&mut machine);
    machine.keep();
    let mut origins = vec![Origin::SystemInterface, Origin::Sessionless { channel: CHANNEL }];
    origins.extend(LEVELS.map(session));
    for row in TABLE.values().filter(|row| !served.contains(&row.id)) {
        let body = match row.id.body {
            Body::Group(code) => vec![code, 0, 0],
            _ => vec![0, 0],
        };
        for origin in &origins {
            let (netfn, cmd) = (row.id.netfn, row.id.cmd);
            let request = Request { netfn, lun: 0, cmd, data: body.clone() };
            let answer = machine.request(*origin, &request);
            let unknown = Response::code(CompletionCode::INVALID_COMMAND);
            assert_eq!(answer, unknown, "{} from {origin:?}", row.written.name);
        }
    }
    assert_eq!((machine.keep(), look(&mut machine)), (0, before));
}

/// The same, as a console sees it: through sessions that were opened for a privilege.
#[test]
fn sessions_over_the_lan_can_do_what_the_table_allows_their_privilege() {
    let bodies = telling_bodies();
    for entry in commands() {
        for privilege in LEVELS {
            let mut console = Console::login(prepared(entry), privilege);
            let body = bodies[entry.name].clone();
            console.machine.keep();
            let before = look(&mut console.machine);
            let code = console.ask(request(entry, body));
            if judge(entry, session(privilege), code) {
                assert_eq!(console.machine.keep(), 0, "{entry:?} as {privilege}");
                assert_eq!(look(&mut console.machine), before, "{entry:?} as {privilege}");
            }
        }
    }
}

#[test]
fn datagrams_outside_of_sessions_can_do_what_the_table_allows() {
    let bodies = telling_bodies();
    let mut machine = Machine::new();
    let mut entropy = Counting(9);
    for entry in commands() {
        let message =
            LanMessage::request(1, &request(entry, bodies[entry.name].clone())).to_bytes();
        let v15 = V15Packet::sessionless(&message).to_datagram().unwrap();
        let v20 = V20Header::sessionless(PayloadType::Ipmi).to_datagram(&message).unwrap();
        for datagram in [v15, v20] {
            machine.now += std::time::Duration::from_millis(10);
            let reply = machine.bmc.handle_datagram(machine.now, peer(), &datagram, &mut entropy);
            // Only what sets up a session of IPMI v1.5 is not answered, while there are none.
            let Some(reply) = reply else {
                assert_eq!(row(entry.id).written.mandatory, "IPMI v1.5 sessions", "{entry:?}");
                continue;
            };
            let packet = match SessionPacket::decode_datagram(&reply).unwrap() {
                Some(SessionPacket::V15(packet)) => packet.payload.to_vec(),
                Some(SessionPacket::V20(packet)) => packet.payload.to_vec(),
                None => panic!("no packet of a session: {reply:02x?}"),
            };
            let answer = LanMessage::decode_exact(&packet).unwrap();
            judge(entry, Origin::Sessionless { channel: CHANNEL }, answer.data[0].into());
        }
    }
    // As if only time had passed.
    let mut untouched = Machine::new();
    untouched.wait(machine.now.duration_since(machine.start));
    assert_eq!(machine.keep(), untouched.keep());
    assert_eq!(look(&mut machine), look(&mut untouched));
}
