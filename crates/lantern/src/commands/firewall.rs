//! `firewall`.

use ipmi_client::ErrorKind;
use ipmi_client::firewall::{Plan, Scope, Target};
use ipmi_wire::cmd::app::CommandSpace;
use ipmi_wire::{Body, Channel, NetFn, registry};

use super::{Context, Outcome};
use crate::cli::{Firewall, FirewallCommand, FirewallTarget, FirewallWhich};
use crate::error::{Error, Exit};
use crate::view::firewall::{Changed, Info};

pub(super) async fn run(command: &Firewall, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    let (channel, plan, force) = match command {
        Firewall::Info(info) => {
            let Which { netfn, body, command } = resolve(&info.which)?;
            let channel = info.at.number();
            let scope = Scope { channel, lun: info.lun, netfn, body, command };
            let found = bmc.commands(scope).await.map_err(told)?;
            return Ok(Box::new(Info::new(&found)));
        }
        Firewall::Enable(target) => (target.at.number(), plan(target, true, context).await?, true),
        Firewall::Disable { target, force } => {
            (target.at.number(), plan(target, false, context).await?, *force)
        }
        Firewall::Reset { at } => {
            let plan = bmc.plan_firewall_reset(at.number()).await.map_err(told)?;
            (at.number(), plan, true)
        }
    };
    if !plan.locks_out.is_empty() && !force {
        return Err(locked_out(&plan));
    }
    let applied = bmc.apply_firewall(&plan).await.map_err(told)?;
    Ok(Box::new(Changed::new(channel, &applied)))
}

/// What can be judged before anything is sent.
pub(super) fn check(command: &Firewall) -> Result<(), Error> {
    match command {
        Firewall::Info(info) => resolve(&info.which).map(drop),
        Firewall::Enable(target) | Firewall::Disable { target, .. } => aim(target).map(drop),
        Firewall::Reset { .. } => Ok(()),
    }
}

async fn plan(target: &FirewallTarget, enable: bool, context: &Context<'_>) -> Result<Plan, Error> {
    let channel: Channel = target.at.number();
    context.bmc.plan_firewall(channel, aim(target)?, enable).await.map_err(told)
}

/// What network function, body and command are meant.
struct Which {
    netfn: Option<NetFn>,
    body: Option<Body>,
    command: Option<u8>,
}

fn resolve(which: &FirewallWhich) -> Result<Which, Error> {
    let (netfn, named) = which.netfn.map_or((None, None), |(netfn, body)| (Some(netfn), body));
    let body = match (netfn, which.body) {
        (_, None) => named,
        (Some(NetFn::GroupExtension), Some(code)) => match u8::try_from(code) {
            Ok(code) => Some(Body::Group(code)),
            Err(_) => return Err(Error::usage("a group's code is one byte")),
        },
        (Some(NetFn::OemGroup), Some(iana)) => Some(Body::Oem(iana)),
        (_, Some(_)) => {
            return Err(Error::usage("only 'group' and 'oem' have commands of several bodies")
                .next("leave out --body"));
        }
    };
    match which.command {
        None => Ok(Which { netfn, body, command: None }),
        Some(FirewallCommand::Number(_)) if netfn.is_none() => {
            Err(Error::usage("a command's number means nothing without its network function")
                .next("add --netfn, or name the command, as in --command chassis-control"))
        }
        Some(FirewallCommand::Number(cmd)) => Ok(Which { netfn, body, command: Some(cmd) }),
        Some(FirewallCommand::Known(id)) => {
            let is_other = netfn.is_some_and(|netfn| netfn != id.netfn)
                || body.is_some_and(|body| body != id.body);
            if is_other {
                let name = registry::find(id).map_or("this command", |entry| entry.name);
                return Err(Error::usage(format!("{name} is a command of {}", id.netfn))
                    .next("leave out --netfn"));
            }
            Ok(Which { netfn: Some(id.netfn), body: Some(id.body), command: Some(id.cmd) })
        }
    }
}

fn aim(target: &FirewallTarget) -> Result<Target, Error> {
    let Which { netfn, body, command } = resolve(&target.which)?;
    let netfn = netfn.ok_or_else(|| Error::usage("no network function"))?;
    let body = match (netfn, body) {
        (NetFn::GroupExtension | NetFn::OemGroup, None) => {
            return Err(Error::usage(format!("whose commands of {netfn} are meant?"))
                .next("add --body with the group's code or the enterprise number"));
        }
        (_, body) => body.unwrap_or(Body::None),
    };
    let space = CommandSpace { netfn, body, lun: target.lun };
    Ok(Target { space, cmd: command, part: target.sub_function })
}

fn told(error: ipmi_client::Error) -> Error {
    if matches!(*error.kind, ErrorKind::NotPossible(_)) {
        return Error::from(error)
            .cause("the BMC says so itself; nothing was changed")
            .next("'lantern firewall info' shows what there is, and what can be disabled");
    }
    if !error.is_without_discovery() {
        return error.into();
    }
    Error::told(Exit::Failed, "this BMC has no firmware firewall, and does not tell its commands")
        .cause(format!("{}: {}", error.doing, error.kind))
        .next("'lantern channel set --limit' bounds what can be done on a channel by privilege")
}

fn locked_out(plan: &Plan) -> Error {
    let names: Vec<_> = plan
        .locks_out
        .iter()
        .map(|id| registry::find(*id).map_or_else(|| id.to_string(), |entry| entry.name.to_owned()))
        .collect();
    let names = names.join(", ");
    Error::told(Exit::Failed, "this would lock you out: nothing was done")
        .cause(format!(
            "this session is on that channel, and without {names} nobody gets in there, or can \
             enable anything again"
        ))
        .next("leave these commands out; --force does it all the same, if there is another way in")
}
