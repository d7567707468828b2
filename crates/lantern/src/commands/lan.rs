//! `lan`.

use ipmi_client::ErrorKind;
use ipmi_client::lan::{LanPlan, LanQuery, LanSetOptions, LanSetting, Risk};
use ipmi_wire::cmd::transport::{
    AddressSource, ArpControl, GetIpUdpRmcpStatistics, GetLanConfigurationParameters,
    SetLanConfigurationParameters, SuspendBmcArps,
};
use ipmi_wire::{Channel, CompletionCode, Privilege};

use super::{Context, Outcome, ask, of};
use crate::cli::{How, Lan, LanAlert, LanArp};
use crate::error::{Error, Exit};
use crate::view::lan::{Alerts, Arps, Set, Show, Stats, impossible, label, plan_text};

/// The least privilege that `command` can do with.
pub(super) fn needs(command: &Lan) -> Privilege {
    match command {
        Lan::Set(set) if !set.how.dry_run => of::<SetLanConfigurationParameters>(),
        Lan::Alert(LanAlert::Set(set)) if !set.how.dry_run => of::<SetLanConfigurationParameters>(),
        Lan::Show { .. } | Lan::Set(_) | Lan::Alert(_) => of::<GetLanConfigurationParameters>(),
        Lan::Stats { .. } => of::<GetIpUdpRmcpStatistics>(),
        Lan::Arp(_) => of::<SuspendBmcArps>(),
    }
}

/// What can be judged before anything is sent.
pub(super) fn check(command: &Lan) -> Result<(), Error> {
    match command {
        Lan::Set(set) => {
            let settings = set.settings.given();
            check_source(&settings)?;
            check_twice(&settings)
        }
        Lan::Arp(LanArp::Suspend { gratuitous: false, yes, .. }) => ask::possible(*yes),
        _ => Ok(()),
    }
}

/// An address that is given and one that is got do not go together.
fn check_source(settings: &[LanSetting]) -> Result<(), Error> {
    let is_got = settings.contains(&LanSetting::Source(AddressSource::DHCP));
    let given = settings.iter().find(|setting| {
        matches!(setting, LanSetting::Address(_) | LanSetting::Netmask(_) | LanSetting::Gateway(_))
    });
    match given.filter(|_| is_got) {
        Some(given) => {
            Err(Error::usage(format!("{} comes by DHCP, and cannot be given", label(given)))
                .next("leave it out, or give --source static"))
        }
        None => Ok(()),
    }
}

/// The same thing twice is a mistake.
fn check_twice(settings: &[LanSetting]) -> Result<(), Error> {
    let names: Vec<_> = settings.iter().map(label).collect();
    let mut sorted = names.clone();
    sorted.sort();
    match sorted.windows(2).find(|pair| pair.first() == pair.last()) {
        Some(pair) => {
            let name = pair.first().map_or("", String::as_str);
            Err(Error::usage(format!("{name} is given twice")))
        }
        None => Ok(()),
    }
}

pub(super) async fn run(command: &Lan, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    Ok(match command {
        Lan::Show { channel, ipv6, alerts, all } => {
            let query = LanQuery {
                ipv6: *ipv6 || *all,
                alerts: *alerts || *all,
                rest: *all,
                no_ipv4: false,
            };
            let channel = number(context, *channel).await?;
            let config = bmc.lan_config(channel, query).await.map_err(no_lan)?;
            Box::new(Show::new(&config, query))
        }
        Lan::Set(command) => {
            set(context, command.channel, &command.settings.given(), command.how).await?
        }
        Lan::Alert(LanAlert::List { channel, vlan }) => {
            let channel = number(context, *channel).await?;
            let query = LanQuery { alerts: true, rest: *vlan, no_ipv4: true, ipv6: false };
            let config = bmc.lan_config(channel, query).await.map_err(no_lan)?;
            let why = config.destinations().err();
            let alerts = Alerts::new(&config).ok_or_else(|| {
                let why = why.map(|why| why.to_string()).unwrap_or_default();
                Error::told(Exit::Failed, format!("no alert destinations: {why}"))
                    .cause("this BMC does not tell how many there are (parameter 17)")
                    .next("'lantern lan show' shows what else it has on this channel")
            })?;
            Box::new(alerts)
        }
        Lan::Alert(LanAlert::Set(command)) => {
            let settings = command.settings.given(command.destination);
            set(context, command.channel, &settings, command.how).await?
        }
        Lan::Stats { channel, clear } => {
            let channel = number(context, *channel).await?;
            match clear {
                false => Box::new(Stats::new(channel, &bmc.lan_statistics(channel).await?, None)),
                true => {
                    let cleared = bmc.clear_lan_statistics(channel).await?;
                    Box::new(Stats::new(channel, &cleared.before, Some(&cleared.done)))
                }
            }
        }
        Lan::Arp(command) => arp(context, command).await?,
    })
}

async fn number(context: &Context<'_>, channel: Option<Channel>) -> Result<Channel, Error> {
    Ok(context.bmc.lan_channel(channel).await.map_err(no_lan)?.channel)
}

async fn set(
    context: &Context<'_>,
    channel: Option<Channel>,
    settings: &[LanSetting],
    how: How,
) -> Outcome {
    let bmc = context.bmc;
    let channel = bmc.lan_channel(channel).await.map_err(no_lan)?;
    let plan = bmc.plan_lan(channel, settings).await.map_err(no_lan)?;
    let lacks = plan.impossible();
    if !lacks.is_empty() {
        return Err(Error::told(Exit::Failed, format!("nothing was set: {}", impossible(&lacks)))
            .cause("this BMC does not have it, or does not tell the rest of its parameter")
            .next("leave it out; 'lantern lan show --all' shows what this channel has"));
    }
    if plan.contradicts_dhcp() {
        return Err(Error::told(Exit::Failed, "nothing was set: the address comes by DHCP")
            .cause("what is set by hand is refused then, or lasts until the next lease")
            .next("add --source static"));
    }
    if how.dry_run {
        return Ok(Box::new(Set::dry_run(&plan)));
    }
    if let Some(question) = question(&plan) {
        ask::possible(how.yes)?;
        ask::confirm(how.yes, question).await?;
    }
    let options = LanSetOptions { ignore_lock: how.ignore_lock };
    let done = bmc.set_lan(&plan, options).await.map_err(locked)?;
    Ok(Box::new(Set::new(&plan, &done)))
}

/// What has to be asked before, if anything.
fn question(plan: &LanPlan) -> Option<String> {
    let risks = plan.risks();
    let what = match risks.first()? {
        Risk::Moves(_) => "This may put the BMC out of reach of this very session",
        Risk::LocksOut(_) => "This shuts out sessions like this one",
    };
    Some(format!("{}{what}.\n", plan_text(plan)))
}

/// An error that says what to do about a channel that is none.
fn no_lan(error: ipmi_client::Error) -> Error {
    let is_none = matches!(*error.kind, ErrorKind::NotPossible(_));
    let error = Error::from(error);
    match is_none {
        true => error
            .cause("channels that are not a LAN have no such parameters")
            .next("without a number it is the channel of this session, else the first LAN"),
        false => error,
    }
}

/// An error that says how to get past somebody else.
fn locked(error: ipmi_client::Error) -> Error {
    let is_locked = error.completion() == Some(CompletionCode(0x81));
    let error = Error::from(error);
    match is_locked {
        true => error
            .cause(
                "another console, or the machine's firmware, is setting LAN parameters; or one \
                    never said that it is done. Nothing was written",
            )
            .next("try again in a minute; --ignore-lock goes on all the same"),
        false => error,
    }
}

async fn arp(context: &Context<'_>, command: &LanArp) -> Outcome {
    let (channel, suspend) = match command {
        LanArp::Suspend { channel, gratuitous, responses, yes } => {
            if !gratuitous {
                let question = "Without answers to ARP requests the BMC may be out of reach of \
                                this very session soon.\n";
                ask::confirm(*yes, question.to_owned()).await?;
            }
            (channel, ArpControl { gratuitous: !responses, responses: !gratuitous })
        }
        LanArp::Resume { channel } => (channel, ArpControl::default()),
    };
    let channel = number(context, *channel).await?;
    let now = context.bmc.suspend_arps(channel, suspend).await?;
    Ok(Box::new(Arps::new(channel, suspend, now)))
}
