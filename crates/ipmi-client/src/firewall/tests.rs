use std::sync::{Arc, Mutex};

use ipmi_wire::cmd::app::{
    CommandSupport, GetChannelInfo, OemNetFnIanaSupport, SetCommandEnables,
    SetCommandSubFunctionEnables, SetSessionPrivilegeLevel, SubFunctionSupport,
};
use ipmi_wire::cmd::chassis::ChassisControl;
use ipmi_wire::{Request, Response};

use super::*;
use crate::fake::{Machine, code, is, of};

const HERE: Channel = Channel::PRESENT;

/// A BMC with a firewall: the chassis at LUN 0, sessions, DCMI.
struct Walled {
    enabled: [(NetFn, CommandMask); 3],
    parts: SubFunctions,
    /// What can be disabled, of App.
    app: CommandMask,
    is_forgetful: bool,
}

fn commands(netfn: NetFn) -> CommandMask {
    CommandMask::of(match netfn {
        NetFn::Chassis => vec![0, 1, 2, 4],
        NetFn::App => vec![0x01, 0x09, 0x0a, 0x3b, 0x60],
        _ => vec![1, 2],
    })
}

impl Walled {
    fn enabled(&mut self, netfn: NetFn) -> &mut CommandMask {
        let found = self.enabled.iter_mut().find(|(of, _)| *of == netfn);
        &mut found.unwrap().1
    }

    fn configurable(&self, netfn: NetFn) -> CommandMask {
        if netfn == NetFn::App { self.app } else { commands(netfn) }
    }

    fn answer(&mut self, request: &Request) -> Option<Response> {
        let is_there = |at: &CommandsAt| {
            at.range == CommandRange::Lower
                && at.space.lun == 0
                && (at.space.netfn != NetFn::GroupExtension || at.space.body == Body::Group(0xdc))
        };
        if is::<GetNetFnSupport>(request) {
            let (none, base) = (LunSupport::None, LunSupport::Base);
            // Of LUN 1 it has nothing to say, whatever its pairs are.
            let pairs = [0x40_0009, 0xffff_ffff, 0, 0];
            return Some(Response::ok(&NetFnSupport { luns: [base, none, none, none], pairs }));
        }
        if let Some(GetOemNetFnIanaSupport { netfn, .. }) = of(request) {
            assert_eq!(netfn, NetFn::GroupExtension);
            // As some do, it never says which is the last.
            let luns = [LunSupport::Base; 4];
            let body = Body::Group(0xdc);
            return Some(Response::ok(&OemNetFnIanaSupport { is_last: false, luns, body }));
        }
        if let Some(GetCommandSupport(at)) = of(request) {
            let some = if is_there(&at) { commands(at.space.netfn) } else { CommandMask::NONE };
            return Some(Response::ok(&CommandSupport(some)));
        }
        if let Some(GetConfigurableCommands(at)) = of(request) {
            assert!(is_there(&at), "nothing there was told of");
            return Some(Response::ok(&self.configurable(at.space.netfn)));
        }
        if let Some(GetCommandEnables(at)) = of(request) {
            assert!(is_there(&at), "nothing there was told of");
            return Some(Response::ok(self.enabled(at.space.netfn)));
        }
        if let Some(SetCommandEnables { at, enabled }) = of(request) {
            let fixed = commands(at.space.netfn).without(self.configurable(at.space.netfn));
            if fixed.without(enabled) != CommandMask::NONE {
                return Some(code(0x80));
            }
            if !self.is_forgetful {
                *self.enabled(at.space.netfn) = enabled;
            }
            return Some(Response::ok(&()));
        }
        let is_control = |at: CommandAt| at.id() == ChassisControl::ID;
        let all = |at| if is_control(at) { SubFunctions(0x3f) } else { SubFunctions::NONE };
        if let Some(GetCommandSubFunctionSupport(at)) = of(request) {
            let supported = all(at);
            let support =
                SubFunctionSupport { edition: 7, version: 0x20, revision: 0x11, supported };
            return Some(Response::ok(&support));
        }
        if let Some(GetConfigurableCommandSubFunctions(at)) = of(request) {
            return Some(Response::ok(&all(at)));
        }
        if let Some(GetCommandSubFunctionEnables(at)) = of(request) {
            assert!(is_control(at));
            return Some(Response::ok(&self.parts));
        }
        if let Some(SetCommandSubFunctionEnables { at, enabled }) = of(request) {
            assert!(is_control(at));
            self.parts = enabled;
            return Some(Response::ok(&()));
        }
        None
    }
}

fn walled() -> (Arc<Machine>, Arc<Mutex<Walled>>) {
    let machine = Machine::new();
    let netfns = [NetFn::Chassis, NetFn::App, NetFn::GroupExtension];
    let wall = Walled {
        enabled: netfns.map(|netfn| (netfn, commands(netfn))),
        parts: SubFunctions(0x3f),
        app: CommandMask::NONE,
        is_forgetful: false,
    };
    let wall = Arc::new(Mutex::new(wall));
    let own = wall.clone();
    machine.hook(move |_, request| own.lock().unwrap().answer(request).map(Ok));
    (machine, wall)
}

const CHASSIS: CommandSpace = CommandSpace::of(ChassisControl::ID);
const CONTROL: Target = Target { space: CHASSIS, cmd: Some(ChassisControl::ID.cmd), part: None };

#[tokio::test]
async fn nothing_is_asked_about_what_is_not_there() {
    let (machine, _) = walled();
    let found = machine.bmc().commands(Scope::all(HERE)).await.unwrap();
    assert_eq!((found.commands.len(), found.refused.len(), found.parts), (11, 0, None));
    assert!(found.commands.iter().any(|c| c.id() == CommandId::group(0xdc, 2)));
    let fixed = found.commands.iter().find(|c| c.id() == SetCommandEnables::ID).unwrap();
    assert_eq!((fixed.configurable, fixed.enabled), (Some(false), Some(true)));
    // The session's own, network functions, two for the group, four for each of three.
    let asked = machine.world().requests.iter().filter(|r| r.netfn == NetFn::App).count();
    assert!(asked <= 1 + 1 + 2 + 12, "{asked}");
}

#[tokio::test]
async fn one_command_comes_with_its_parts() {
    let (machine, wall) = walled();
    wall.lock().unwrap().parts = SubFunctions(0x37);
    let scope = Scope { netfn: Some(NetFn::Chassis), command: Some(2), ..Scope::all(HERE) };
    let found = machine.bmc().commands(scope).await.unwrap();
    assert_eq!(found.commands.len(), 1);
    let parts = found.parts.unwrap();
    let off: Vec<_> = parts.iter().filter(|part| !part.enabled).map(|part| part.number).collect();
    assert_eq!((parts.len(), off), (6, vec![3]));
    for scope in [
        Scope { command: Some(0x7f), ..scope },
        Scope { netfn: Some(NetFn::Storage), ..scope },
        Scope { lun: Some(1), ..scope },
    ] {
        let error = machine.bmc().commands(scope).await.unwrap_err();
        assert!(error.to_string().contains("there are no"), "{error}");
    }
}

#[tokio::test]
async fn a_bmc_that_tells_half_of_it_is_told_of_so_far() {
    let (machine, wall) = walled();
    machine.hook(move |_, request| match is::<GetCommandEnables>(request) {
        true => Some(Ok(code(0xc1))),
        false => wall.lock().unwrap().answer(request).map(Ok),
    });
    let found = machine.bmc().commands(Scope::all(HERE)).await.unwrap();
    assert_eq!((found.commands.len(), found.refused.len()), (11, 3));
    assert!(found.commands.iter().all(|c| c.enabled.is_none() && c.configurable.is_some()));
    machine.bmc().plan_firewall_reset(HERE).await.unwrap_err();
    for (refusal, is_without) in [(0xc1, true), (0xd4, true), (0xcc, false)] {
        machine.hook(move |_, _| Some(Ok(code(refusal))));
        let error = machine.bmc().commands(Scope::all(HERE)).await.unwrap_err();
        assert_eq!(error.is_without_discovery(), is_without);
    }
}

#[tokio::test]
async fn a_command_is_disabled_in_four_exchanges_and_enabled_with_its_parts() {
    let (machine, wall) = walled();
    let bmc = machine.bmc();
    let plan = bmc.plan_firewall(HERE, CONTROL, false).await.unwrap();
    assert!(plan.locks_out.is_empty());
    let applied = bmc.apply_firewall(&plan).await.unwrap();
    let [Applied::Commands { written, .. }] = applied.as_slice() else { panic!("{applied:?}") };
    assert!(written.is_kept() && !written.was_so_before());
    assert!(!wall.lock().unwrap().enabled(NetFn::Chassis).has(2));
    let asked = [
        machine.count::<GetConfigurableCommands>(),
        machine.count::<GetCommandEnables>(),
        machine.count::<SetCommandEnables>(),
    ];
    assert_eq!(asked, [1, 2, 1]);
    // As ipmitool leaves it: without the parts.
    wall.lock().unwrap().parts = SubFunctions::NONE;
    let plan = bmc.plan_firewall(HERE, CONTROL, true).await.unwrap();
    assert_eq!(bmc.apply_firewall(&plan).await.unwrap().len(), 2);
    assert_eq!(wall.lock().unwrap().parts, SubFunctions(0x3f));
    assert!(wall.lock().unwrap().enabled(NetFn::Chassis).has(2));
    // Again, there is nothing to write.
    let before = machine.count::<SetCommandEnables>();
    let plan = bmc.plan_firewall(HERE, CONTROL, true).await.unwrap();
    let applied = bmc.apply_firewall(&plan).await.unwrap();
    let [Applied::Commands { written, .. }] = applied.as_slice() else { panic!("{applied:?}") };
    assert!(written.was_so_before() && machine.count::<SetCommandEnables>() == before);
}

#[tokio::test]
async fn reset_gives_back_what_was_taken_and_writes_nothing_else() {
    let (machine, wall) = walled();
    let bmc = machine.bmc();
    assert!(bmc.plan_firewall_reset(HERE).await.unwrap().steps.is_empty());
    {
        let mut wall = wall.lock().unwrap();
        *wall.enabled(NetFn::GroupExtension) = CommandMask::of([1]);
        wall.parts = SubFunctions(1);
    }
    let plan = bmc.plan_firewall_reset(HERE).await.unwrap();
    assert_eq!(plan.steps.len(), 2);
    bmc.apply_firewall(&plan).await.unwrap();
    let mut wall = wall.lock().unwrap();
    assert_eq!(*wall.enabled(NetFn::GroupExtension), commands(NetFn::GroupExtension));
    assert_eq!(wall.parts, SubFunctions(0x3f));
}

#[tokio::test]
async fn what_would_lock_out_is_known_before_it_is_done() {
    let (machine, wall) = walled();
    wall.lock().unwrap().app = commands(NetFn::App);
    let bmc = machine.bmc();
    let space = CommandSpace { netfn: NetFn::App, body: Body::None, lun: 0 };
    let all = Target { space, cmd: None, part: None };
    let plan = bmc.plan_firewall(HERE, all, false).await.unwrap();
    assert_eq!(plan.locks_out, [SetSessionPrivilegeLevel::ID, SetCommandEnables::ID]);
    assert_eq!(machine.count::<SetCommandEnables>(), 0);
    // The machine's sessions are on channel 1.
    for (channel, count) in [(Channel::new(1), 2), (Channel::SYSTEM_INTERFACE, 0)] {
        let plan = bmc.plan_firewall(channel, all, false).await.unwrap();
        assert_eq!(plan.locks_out.len(), count, "{channel}");
    }
    assert_eq!(machine.count::<GetChannelInfo>(), 2);
    assert!(bmc.plan_firewall(HERE, all, true).await.unwrap().locks_out.is_empty());
}

#[tokio::test]
async fn what_cannot_be_done_is_not_tried_and_what_is_lost_is_seen() {
    let (machine, wall) = walled();
    let bmc = machine.bmc();
    let space = CommandSpace::of(SetCommandEnables::ID);
    let fixed = Target { space, cmd: Some(0x60), part: None };
    let none = Target { cmd: Some(0x7f), ..CONTROL };
    let part = Target { part: Some(9), ..CONTROL };
    let whole = Target { cmd: None, ..fixed };
    for (target, says) in [
        (fixed, "enable or disable Set Command Enables"),
        (none, "there is no command 00h/7Fh"),
        (part, "sub-function 9 of Chassis Control"),
        (whole, "no command of App"),
    ] {
        let error = bmc.plan_firewall(HERE, target, false).await.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    wall.lock().unwrap().is_forgetful = true;
    let plan = bmc.plan_firewall(HERE, CONTROL, false).await.unwrap();
    let applied = bmc.apply_firewall(&plan).await.unwrap();
    let [Applied::Commands { written, .. }] = applied.as_slice() else { panic!("{applied:?}") };
    assert!(!written.is_kept());
}
