//! Discovery of commands, and the firmware firewall. IPMI v2.0 §21.

use std::collections::BTreeSet;

use ipmi_wire::cmd::app::{
    CommandAt, CommandMask, CommandRange, CommandSupport, CommandsAt, GetCommandEnables,
    GetCommandSubFunctionEnables, GetCommandSubFunctionSupport, GetCommandSupport,
    GetConfigurableCommandSubFunctions, GetConfigurableCommands, GetNetFnSupport,
    GetOemNetFnIanaSupport, LunSupport, NetFnSupport, OemNetFnIanaSupport, SetCommandEnables,
    SetCommandSubFunctionEnables, SubFunctionSupport, SubFunctions,
};
use ipmi_wire::{Body, Channel, CompletionCode, NetFn};

use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Discovered, Outcome, Table, served_on};
use crate::firewall::is_configurable;

pub(super) fn register(table: &mut Table) {
    table
        .on(get_netfn_support)
        .on(get_command_support)
        .on(get_command_sub_function_support)
        .on(get_configurable_commands)
        .on(get_configurable_command_sub_functions)
        .on(set_command_enables)
        .on(get_command_enables)
        .on(set_command_sub_function_enables)
        .on(get_command_sub_function_enables)
        .on(get_oem_netfn_iana_support);
}

/// The channel that is meant, if there is one.
fn known(context: &Context, channel: Channel) -> Outcome<Channel> {
    match channel.resolve(context.origin.channel()) {
        channel @ (Bmc::LAN_CHANNEL | Channel::SYSTEM_INTERFACE) => Ok(channel),
        _ => Err(CompletionCode::INVALID_DATA_FIELD),
    }
}

/// The commands of a network function's half; none at a logical unit that has none.
fn commands(bmc: &Bmc, channel: Channel, at: CommandsAt) -> impl Iterator<Item = Discovered> {
    served_on(bmc, channel).filter(move |command| {
        at.space.lun == 0
            && (command.id.netfn, command.id.body) == (at.space.netfn, at.space.body)
            && CommandRange::of(command.id.cmd) == at.range
    })
}

/// Those of them that `is_in` says yes to.
fn mask(
    bmc: &Bmc,
    context: &Context,
    at: CommandsAt,
    is_in: impl Fn(Channel, Discovered) -> bool,
) -> Outcome<CommandMask> {
    let channel = known(context, at.channel)?;
    let commands = commands(bmc, channel, at).filter(|command| is_in(channel, *command));
    Ok(CommandMask::of(commands.map(|command| command.id.cmd)))
}

/// The sub-functions of a command; none of one that there is not.
fn parts(bmc: &Bmc, context: &Context, at: CommandAt) -> Outcome<(Channel, SubFunctions)> {
    let channel = known(context, at.channel)?;
    let found = served_on(bmc, channel).find(|command| command.id == at.id());
    let found = found.filter(|_| at.space.lun == 0);
    Ok((channel, found.map_or(SubFunctions::NONE, |command| command.parts)))
}

fn get_netfn_support(
    bmc: &mut Bmc,
    context: &Context,
    request: GetNetFnSupport,
) -> Outcome<NetFnSupport> {
    let channel = known(context, request.channel)?;
    let pairs = served_on(bmc, channel)
        .fold(0_u32, |pairs, command| pairs | 1 << (command.id.netfn.number() >> 1));
    let lun = support(bmc, channel, |_| true);
    Ok(NetFnSupport {
        luns: [lun, LunSupport::None, LunSupport::None, LunSupport::None],
        pairs: [pairs, 0, 0, 0],
    })
}

/// What LUN 0 has of the commands that `is_in` says yes to.
fn support(bmc: &Bmc, channel: Channel, is_in: impl Fn(Discovered) -> bool) -> LunSupport {
    let restricted = served_on(bmc, channel)
        .filter(|command| is_in(*command))
        .any(|command| !bmc.firewall.closed(channel, command.id).is_nothing());
    if restricted { LunSupport::Restricted } else { LunSupport::Base }
}

fn get_command_support(
    bmc: &mut Bmc,
    context: &Context,
    request: GetCommandSupport,
) -> Outcome<CommandSupport> {
    mask(bmc, context, request.0, |_, _| true).map(CommandSupport)
}

fn get_configurable_commands(
    bmc: &mut Bmc,
    context: &Context,
    request: GetConfigurableCommands,
) -> Outcome<CommandMask> {
    mask(bmc, context, request.0, |_, command| is_configurable(command))
}

fn get_command_enables(
    bmc: &mut Bmc,
    context: &Context,
    request: GetCommandEnables,
) -> Outcome<CommandMask> {
    mask(bmc, context, request.0, |channel, command| {
        !bmc.firewall.closed(channel, command.id).command
    })
}

/// All or nothing: what cannot be as it is asked for is refused, and nobody believes that it is.
fn set_command_enables(
    bmc: &mut Bmc,
    context: &Context,
    request: SetCommandEnables,
) -> Outcome<()> {
    let SetCommandEnables { at, enabled } = request;
    let channel = known(context, at.channel)?;
    let known: Vec<_> = commands(bmc, channel, at).collect();
    let numbers = |configurable: bool| {
        let which = known.iter().filter(move |command| is_configurable(**command) == configurable);
        CommandMask::of(which.map(|command| command.id.cmd))
    };
    if enabled.without(numbers(true)) != numbers(false) {
        return Err(SetCommandEnables::NOT_CONFIGURABLE);
    }
    let set = known.iter().filter(|command| is_configurable(**command));
    let set = set.map(|command| (command.id, enabled.has(command.id.cmd)));
    bmc.firewall.set_commands(channel, set, &mut bmc.journal);
    Ok(())
}

fn get_command_sub_function_support(
    bmc: &mut Bmc,
    context: &Context,
    request: GetCommandSubFunctionSupport,
) -> Outcome<SubFunctionSupport> {
    let (_, supported) = parts(bmc, context, request.0)?;
    // IPMI v2.0 revision 1.1 with errata 7, or DCMI v1.5.
    let [edition, version, revision] = match request.0.space.body {
        Body::None => [0x07, 0x20, 0x11],
        Body::Group(_) | Body::Oem(_) => [0x00, 0x15, 0x10],
    };
    Ok(SubFunctionSupport { edition, version, revision, supported })
}

/// All that there are.
fn get_configurable_command_sub_functions(
    bmc: &mut Bmc,
    context: &Context,
    request: GetConfigurableCommandSubFunctions,
) -> Outcome<SubFunctions> {
    parts(bmc, context, request.0).map(|(_, all)| all)
}

fn get_command_sub_function_enables(
    bmc: &mut Bmc,
    context: &Context,
    request: GetCommandSubFunctionEnables,
) -> Outcome<SubFunctions> {
    let (channel, all) = parts(bmc, context, request.0)?;
    let disabled = bmc.firewall.closed(channel, request.0.id()).parts;
    Ok(SubFunctions(all.0 & !disabled.0))
}

fn set_command_sub_function_enables(
    bmc: &mut Bmc,
    context: &Context,
    request: SetCommandSubFunctionEnables,
) -> Outcome<()> {
    let SetCommandSubFunctionEnables { at, enabled } = request;
    let (channel, all) = parts(bmc, context, at)?;
    if enabled.0 & !all.0 != 0 {
        return Err(SetCommandSubFunctionEnables::NOT_CONFIGURABLE);
    }
    let disabled = SubFunctions(all.0 & !enabled.0);
    bmc.firewall.set_parts(channel, at.id(), disabled, &mut bmc.journal);
    Ok(())
}

fn get_oem_netfn_iana_support(
    bmc: &mut Bmc,
    context: &Context,
    request: GetOemNetFnIanaSupport,
) -> Outcome<OemNetFnIanaSupport> {
    let channel = known(context, request.channel)?;
    let has_body = matches!(request.netfn, NetFn::GroupExtension | NetFn::OemGroup);
    let bodies: BTreeSet<Body> = served_on(bmc, channel)
        .filter(|command| has_body && command.id.netfn == request.netfn)
        .map(|command| command.id.body)
        .collect();
    let index = usize::from(request.index);
    let body = *bodies.iter().nth(index).ok_or(CompletionCode::INVALID_DATA_FIELD)?;
    let lun = support(bmc, channel, |command| {
        (command.id.netfn, command.id.body) == (request.netfn, body)
    });
    Ok(OemNetFnIanaSupport {
        is_last: index.saturating_add(1) == bodies.len(),
        luns: [lun, LunSupport::None, LunSupport::None, LunSupport::None],
        body,
    })
}
