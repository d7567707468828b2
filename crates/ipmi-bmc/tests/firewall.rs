//! Command discovery says what is really answered, and what the firewall takes away is really gone:
//! on its channel alone, and still after a restart.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::collections::BTreeSet;

use common::{LAN, Machine};
use ipmi_bmc::nvram::{Key, Room};
use ipmi_bmc::personality::RecordsIn;
use ipmi_bmc::{LogPolicy, Origin};
use ipmi_wire::cmd::app::{
    CloseSession, CommandAt, CommandMask, CommandRange, CommandSpace, CommandsAt,
    GetCommandEnables, GetCommandSubFunctionEnables, GetCommandSubFunctionSupport,
    GetCommandSupport, GetConfigurableCommandSubFunctions, GetConfigurableCommands, GetDeviceId,
    GetNetFnSupport, GetOemNetFnIanaSupport, LunSupport, SetCommandEnables,
    SetCommandSubFunctionEnables, SubFunctions, WarmReset,
};
use ipmi_wire::cmd::chassis::{ChassisControl, ChassisIdentify, GetChassisStatus, PowerAction};
use ipmi_wire::cmd::sensor::GetDeviceSdr;
use ipmi_wire::cmd::storage::GetSdr;
use ipmi_wire::{Body, Channel, Command, CommandId, CompletionCode, NetFn, Request};

const FORBIDDEN: CompletionCode = CompletionCode::INSUFFICIENT_PRIVILEGE;
const LAN_CHANNEL: Channel = Channel::new(1);
const SYSTEM: Channel = Channel::SYSTEM_INTERFACE;
const ON: ChassisControl = ChassisControl { action: PowerAction::On };

fn at(channel: Channel, id: CommandId) -> CommandsAt {
    CommandsAt { channel, space: CommandSpace::of(id), range: CommandRange::of(id.cmd) }
}

fn one(channel: Channel, id: CommandId) -> CommandAt {
    CommandAt { channel, space: CommandSpace::of(id), cmd: id.cmd }
}

/// All that is discovered on a channel: from the network functions to their bodies to commands.
fn discovered(machine: &mut Machine, channel: Channel) -> BTreeSet<CommandId> {
    let support = machine.ask(&GetNetFnSupport { channel }).unwrap();
    assert_eq!(support.pairs[1..], [0; 3], "all is at LUN 0");
    let mut found = BTreeSet::new();
    for netfn in support.netfns(0) {
        let mut bodies = Vec::new();
        for index in 0.. {
            let command = GetOemNetFnIanaSupport { channel, netfn, index };
            let Ok(told) = machine.ask(&command) else { break };
            bodies.push(told.body);
            if told.is_last {
                break;
            }
        }
        if bodies.is_empty() {
            bodies.push(Body::None);
        }
        for body in bodies {
            let space = CommandSpace { netfn, body, lun: 0 };
            for range in CommandRange::ALL {
                let at = CommandsAt { channel, space, range };
                let told = machine.ask(&GetCommandSupport(at)).unwrap().0;
                found.extend(told.numbers(range).map(|cmd| space.command(cmd)));
            }
        }
    }
    found
}

/// What is not answered with C1h or D4h, of all numbers there are.
fn answered(records_in: RecordsIn, origin: Origin) -> BTreeSet<CommandId> {
    let mut found = BTreeSet::new();
    for netfn in (0..0x40).step_by(2).map(NetFn::from_number) {
        for cmd in 0..=0xff {
            let bodies = match netfn {
                NetFn::GroupExtension => vec![Body::Group(0), Body::Group(0xdc)],
                NetFn::OemGroup => vec![Body::Oem(343)],
                _ => vec![Body::None],
            };
            for body in bodies {
                let mut data = match body {
                    Body::None => vec![],
                    Body::Group(code) => vec![code],
                    Body::Oem(_) => vec![0x57, 1, 0],
                };
                // Too long for nearly all: next to nothing is done.
                data.extend([0xee; 250]);
                let mut machine = Machine::with(records_in, LogPolicy::default());
                let answer = machine.request(origin, &Request { netfn, lun: 0, cmd, data });
                if ![CompletionCode::INVALID_COMMAND, FORBIDDEN].contains(&answer.completion) {
                    found.insert(CommandId { netfn, cmd, body });
                }
            }
        }
    }
    found
}

#[test]
fn what_is_discovered_is_what_is_answered() {
    let mut machine = Machine::new();
    for (channel, origin) in [(LAN_CHANNEL, LAN), (SYSTEM, Origin::SystemInterface)] {
        let found = discovered(&mut machine, channel);
        let known = answered(RecordsIn::Repository, origin);
        let unknown: Vec<_> = found.difference(&known).collect();
        assert!(unknown.is_empty(), "on {channel}: {unknown:?}");
        for id in known.difference(&found) {
            // Of a wrong length, these are known before it is clear that there is nothing to them.
            let entry = ipmi_wire::registry::find(*id).unwrap();
            let others =
                ["Device SDR", "Get Session Challenge", "Activate Session", "BT Interface"];
            let of_sessions = ["Set Session Privilege Level", "Activate Payload"];
            let own = channel == SYSTEM && of_sessions.contains(&entry.name);
            assert!(own || others.iter().any(|part| entry.name.contains(part)), "{entry:?}");
        }
    }
    let (lan, system) = (discovered(&mut machine, LAN_CHANNEL), discovered(&mut machine, SYSTEM));
    let only: Vec<_> = system.difference(&lan).collect();
    assert!(only.contains(&&CommandId::new(NetFn::App, 0x35)), "{only:?}");
    assert!(lan.contains(&GetSdr::ID) && !lan.contains(&GetDeviceSdr::ID));
    assert!(lan.contains(&CommandId::group(0xdc, 0x02)));
    let mut machine = Machine::with(RecordsIn::Device, LogPolicy::default());
    let found = discovered(&mut machine, LAN_CHANNEL);
    assert!(!found.contains(&GetSdr::ID) && found.contains(&GetDeviceSdr::ID));
}

#[test]
fn a_command_is_gone_on_its_channel_until_it_is_given_back() {
    let mut machine = Machine::new();
    let here = at(LAN_CHANNEL, ChassisControl::ID);
    let before = machine.ask(&GetCommandEnables(here)).unwrap();
    assert_eq!(
        machine.ask(&GetNetFnSupport { channel: LAN_CHANNEL }).unwrap().luns[0],
        LunSupport::Base
    );
    let without = before.with(ChassisControl::ID.cmd, false);
    machine.ask_by_lan(&SetCommandEnables { at: here, enabled: without }).unwrap();
    for _ in 0..2 {
        assert_eq!(machine.ask_by_lan(&ON), Err(FORBIDDEN));
        machine.ask_by_lan(&GetChassisStatus).unwrap();
        machine.ask(&ON).unwrap();
        assert_eq!(machine.ask(&GetCommandEnables(here)), Ok(without));
        assert!(machine.ask(&GetCommandSupport(here)).unwrap().0.has(ChassisControl::ID.cmd));
        let elsewhere = at(SYSTEM, ChassisControl::ID);
        assert_eq!(machine.ask(&GetCommandEnables(elsewhere)), Ok(before));
        let luns = |machine: &mut Machine, channel| {
            machine.ask(&GetNetFnSupport { channel }).unwrap().luns
        };
        assert_eq!(luns(&mut machine, LAN_CHANNEL)[0], LunSupport::Restricted);
        assert_eq!(luns(&mut machine, SYSTEM)[0], LunSupport::Base);
        // A sibling is of the same make.
        assert_eq!(machine.sibling().ask_by_lan(&ON), Err(FORBIDDEN));
        machine.restart();
    }
    machine.ask_by_lan(&SetCommandEnables { at: here, enabled: before }).unwrap();
    machine.ask_by_lan(&ON).unwrap();
    machine.restart();
    machine.ask_by_lan(&ON).unwrap();
    let is_left = |key: &Key| key.room == Room::Settings && key.number >= 64;
    assert!(!machine.store.keys().any(is_left), "nothing is left of it");
}

#[test]
fn the_host_can_be_kept_out_as_well() {
    let mut machine = Machine::new();
    let here = at(SYSTEM, WarmReset::ID);
    let enabled = machine.ask(&GetCommandEnables(here)).unwrap().with(WarmReset::ID.cmd, false);
    machine.ask_by_lan(&SetCommandEnables { at: here, enabled }).unwrap();
    assert_eq!(machine.ask(&WarmReset), Err(FORBIDDEN));
    machine.ask_by_lan(&WarmReset).unwrap();
}

#[test]
fn a_part_of_a_command_is_gone_and_the_rest_is_there() {
    let mut machine = Machine::new();
    let here = one(Channel::PRESENT, ChassisControl::ID);
    let all = SubFunctions(0x3f);
    assert_eq!(machine.ask_by_lan(&GetCommandSubFunctionSupport(here)).unwrap().supported, all);
    assert_eq!(machine.ask_by_lan(&GetConfigurableCommandSubFunctions(here)), Ok(all));
    let enabled = all.with(2, false).with(3, false);
    machine.ask_by_lan(&SetCommandSubFunctionEnables { at: here, enabled }).unwrap();
    machine.restart();
    assert_eq!(machine.ask_by_lan(&GetCommandSubFunctionEnables(here)), Ok(enabled));
    for (action, is_there) in
        [(PowerAction::Cycle, false), (PowerAction::Reset, false), (PowerAction::On, true)]
    {
        let answer = machine.ask_by_lan(&ChassisControl { action });
        let expected = if is_there { Ok(()) } else { Err(CompletionCode::SUBFUNCTION_DISABLED) };
        assert_eq!(answer, expected, "{action:?}");
    }
    machine.ask(&ChassisControl { action: PowerAction::Reset }).unwrap();
    // The light may blink, but not for ever.
    let identify = one(LAN_CHANNEL, ChassisIdentify::ID);
    let none = SubFunctions::NONE;
    machine.ask(&SetCommandSubFunctionEnables { at: identify, enabled: none }).unwrap();
    let light = |force| ChassisIdentify { interval: Some(9), force };
    assert_eq!(machine.ask_by_lan(&light(Some(true))), Err(CompletionCode::SUBFUNCTION_DISABLED));
    machine.ask_by_lan(&light(None)).unwrap();
    // Of most commands there are no parts.
    let status = one(LAN_CHANNEL, GetChassisStatus::ID);
    assert!(machine.ask(&GetCommandSubFunctionSupport(status)).unwrap().supported.is_empty());
    machine.ask(&SetCommandSubFunctionEnables { at: status, enabled: none }).unwrap();
    let refused =
        machine.ask(&SetCommandSubFunctionEnables { at: status, enabled: SubFunctions(1) });
    assert_eq!(refused, Err(CompletionCode(0x80)));
}

#[test]
fn nobody_locks_the_door_from_outside() {
    let mut machine = Machine::new();
    machine.keep();
    for channel in [LAN_CHANNEL, SYSTEM] {
        for id in [GetDeviceId::ID, CloseSession::ID, SetCommandEnables::ID] {
            let here = at(channel, id);
            assert!(!machine.ask(&GetConfigurableCommands(here)).unwrap().has(id.cmd));
            let enabled = machine.ask(&GetCommandEnables(here)).unwrap().with(id.cmd, false);
            let refused = machine.ask(&SetCommandEnables { at: here, enabled });
            assert_eq!(refused, Err(CompletionCode(0x80)), "{id} on {channel}");
        }
        // Nor is anything made up.
        let here = at(channel, CommandId::new(NetFn::Chassis, 0x7f));
        let enabled = CommandMask::ALL;
        assert_eq!(
            machine.ask(&SetCommandEnables { at: here, enabled }),
            Err(CompletionCode(0x80))
        );
    }
    assert_eq!(machine.keep(), 0);
    // Everything that can be: and back.
    let mut left = BTreeSet::new();
    for id in discovered(&mut machine, LAN_CHANNEL) {
        let here = at(LAN_CHANNEL, id);
        let fixed = machine.ask(&GetConfigurableCommands(here)).unwrap();
        let enabled = machine.ask(&GetCommandEnables(here)).unwrap().without(fixed);
        machine.ask_by_lan(&SetCommandEnables { at: here, enabled }).unwrap();
        left.extend(enabled.numbers(here.range).map(|cmd| here.space.command(cmd)));
    }
    let names: Vec<_> =
        left.iter().map(|id| ipmi_wire::registry::find(*id).unwrap().name).collect();
    assert_eq!(names.len(), 17, "{names:?}");
    machine.ask_by_lan(&GetDeviceId).unwrap();
    assert_eq!(machine.ask_by_lan(&GetChassisStatus), Err(FORBIDDEN));
    for id in discovered(&mut machine, LAN_CHANNEL) {
        let here = at(LAN_CHANNEL, id);
        let enabled = machine.ask_by_lan(&GetCommandSupport(here)).unwrap().0;
        machine.ask_by_lan(&SetCommandEnables { at: here, enabled }).unwrap();
    }
    machine.ask_by_lan(&GetChassisStatus).unwrap();
}

#[test]
fn other_channels_are_not_there_and_other_units_are_empty() {
    let mut machine = Machine::new();
    let refused = machine.ask(&GetNetFnSupport { channel: Channel::new(2) });
    assert_eq!(refused, Err(CompletionCode::INVALID_DATA_FIELD));
    let mut here = at(LAN_CHANNEL, ChassisControl::ID);
    here.space.lun = 2;
    assert!(machine.ask(&GetCommandSupport(here)).unwrap().0.is_empty());
    machine.ask(&SetCommandEnables { at: here, enabled: CommandMask::NONE }).unwrap();
    machine.ask_by_lan(&ON).unwrap();
    // The groups name themselves.
    let netfn = NetFn::GroupExtension;
    let command = GetOemNetFnIanaSupport { channel: LAN_CHANNEL, netfn, index: 0 };
    let told = machine.ask(&command).unwrap();
    assert_eq!((told.is_last, told.body), (true, Body::Group(0xdc)));
    let after = machine.ask(&GetOemNetFnIanaSupport { index: 1, ..command });
    assert_eq!(after, Err(CompletionCode::INVALID_DATA_FIELD));
}
