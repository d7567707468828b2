//! `pef policy`: whom alerts go to.

use ipmi_wire::cmd::app::GetChannelInfo;
use ipmi_wire::cmd::sensor::{AlertPolicy, PefParameter, SetPefConfigurationParameters};
use ipmi_wire::cmd::transport::{GetLanConfigurationParameters, LanParameter};
use ipmi_wire::{Channel, Encode, NetFn, Request};

use super::shown::Fields;
use super::{not_implemented, parameter, policy_count, retrieved, told};
use crate::ipmitool::number::number;
use crate::ipmitool::tool::{Ended, Failed, Refusal, Tool};

pub(super) async fn run(tool: &Tool, words: &[&str]) -> Ended {
    match *words {
        [] => {
            tool.error("Not enough parameters given.");
            help(tool);
            Err(Failed)
        }
        ["help", ..] => {
            help(tool);
            Ok(())
        }
        ["list", ..] => list(tool).await,
        [what @ ("enable" | "disable"), word] => match number::<u8>(word) {
            Some(policy @ 1..=127) => enable(tool, policy, what == "enable").await,
            Some(_) => {
                tool.error("PEF Policy ID out of range. Valid range is <1..127>.");
                Err(Failed)
            }
            None => {
                tool.error(&format!("Invalid PEF Policy ID given: {word}"));
                Err(Failed)
            }
        },
        ["enable" | "disable", ..] => {
            tool.error("Not enough arguments given.");
            help(tool);
            Err(Failed)
        }
        ["create" | "delete", ..] => not_implemented(tool),
        [other, ..] => {
            tool.error(&format!("Invalid PEF Policy command: {other}"));
            help(tool);
            Ok(())
        }
    }
}

fn help(tool: &Tool) {
    tool.notice("pef policy list");
    tool.notice("pef policy enable|disable <number>");
}

async fn policy(tool: &Tool, number: u8) -> Result<AlertPolicy, Refusal> {
    parameter(tool, 9, number, |parameter| match parameter {
        PefParameter::Policy(policy) => Some(policy),
        _ => None,
    })
    .await
}

async fn enable(tool: &Tool, number: u8, enabled: bool) -> Ended {
    let count = policy_count(tool).await?;
    if count == 0 {
        tool.error("PEF Policy isn't supported.");
        return Err(Failed);
    }
    if number > count {
        tool.error(&format!("PEF Policy ID out of range. Valid range is (1..{count})."));
        return Err(Failed);
    }
    let before = told(tool, policy(tool, number).await)?;
    let parameter = PefParameter::Policy(AlertPolicy { entry: number, enabled, ..before });
    let able = if enabled { "enable" } else { "disable" };
    told(tool, tool.send(&SetPefConfigurationParameters { parameter }).await)
        .inspect_err(|_| tool.error(&format!("Failed to {able} PEF Policy ID {number}.")))?;
    tool.print(&format!("PEF Policy ID {number} is {able}d now.\n"));
    Ok(())
}

async fn list(tool: &Tool) -> Ended {
    let count = policy_count(tool).await?;
    if count == 0 {
        tool.error("PEF Alert Policy isn't supported.");
        return Err(Failed);
    }
    for number in 1..=count {
        let Ok(policy) = told(tool, policy(tool, number).await) else { continue };
        let fields = Fields::new(tool);
        fields.number("Alert policy table entry", policy.entry);
        fields.number("Policy set", policy.policy);
        fields.text("State", if policy.enabled { "enabled" } else { "disabled" });
        let rule = RULES.get(usize::from(policy.rule.0)).copied().unwrap_or("None");
        fields.text("Policy entry rule", rule);
        if policy.event_specific {
            fields.text("Event-specific", "true");
        }
        let channel = policy.channel;
        let info = told(tool, tool.send(&GetChannelInfo { channel }).await);
        // As in the original, the line is left as it is.
        let Ok(info) = info else { continue };
        fields.number("Channel number", info.channel.number());
        let medium = info.medium.0;
        let place = usize::from(medium).checked_sub(1);
        let name = place.and_then(|place| MEDIA.get(place)).copied().unwrap_or("None");
        fields.text("Channel medium", name);
        match medium {
            LAN => lan_destination(&fields, tool, info.channel, policy.destination).await,
            SERIAL => serial_destination(&fields, tool, info.channel, policy.destination).await,
            _ => fields.number("Destination ID", policy.destination),
        }
        tool.print("\n");
    }
    Ok(())
}

/// By their numbers.
const RULES: [&str; 5] =
    ["Match-always", "Try-next-entry", "Try-next-set", "Try-next-channel", "Try-next-destination"];

/// From 1 on.
const MEDIA: [&str; 12] = [
    "IPMB (I2C)",
    "ICMB v1.0",
    "ICMB v0.9",
    "802.3 LAN",
    "Serial/Modem (RS-232)",
    "Other LAN",
    "PCI SMBus",
    "SMBus v1.0/1.1",
    "SMBus v2.0",
    "USB 1.x",
    "USB 2.x",
    "System I/F (KCS,SMIC,BT)",
];

const LAN: u8 = 4;
const SERIAL: u8 = 5;

/// A destination of alerts on a LAN channel. What is missing is told, and the rest shown.
async fn lan_destination(fields: &Fields<'_>, tool: &Tool, channel: Channel, destination: u8) {
    let ask = async |selector, set, what: &str| {
        let of = GetLanConfigurationParameters::of(channel, selector);
        let question = GetLanConfigurationParameters { set, ..of };
        retrieved(tool, &question, what).await.map(|answer| answer.parameter)
    };
    let missing = |what: &str| tool.error(&format!(" **Error retrieving {what}"));
    if ask(17, 0, "Alert destination count").await.is_err() {
        return;
    }
    let kind = match ask(18, destination, "Alert destination type").await {
        Ok(Some(LanParameter::DestinationType(kind))) if kind.selector == destination => kind,
        Ok(_) => return missing("Alert destination type"),
        Err(Failed) => return,
    };
    let name = match kind.kind {
        0 => "PET",
        6 => "OEM 1",
        7 => "OEM 2",
        _ => "None",
    };
    fields.text("Alert destination type", name);
    if kind.kind == 0 {
        match ask(16, 0, "PET community").await {
            Ok(Some(LanParameter::CommunityString(community))) => {
                let text = community.split(|byte| *byte == 0).next().unwrap_or_default();
                fields.text("PET Community", &String::from_utf8_lossy(text));
            }
            Ok(_) => missing("PET community"),
            Err(Failed) => {}
        }
    }
    fields.number("ACK timeout/retry (secs)", kind.timeout);
    fields.number("Retries", kind.retries);
    match ask(19, destination, "Alert destination info").await {
        Ok(Some(LanParameter::DestinationAddress(of))) if of.selector == destination => {
            // The original takes every address for one of IPv4.
            let mut bytes = Vec::new();
            of.encode(&mut bytes);
            let part = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default();
            let ip: Vec<_> = part(3, 7).iter().map(u8::to_string).collect();
            let mac: Vec<_> = part(7, 13).iter().map(|byte| format!("{byte:02x}")).collect();
            fields.text("IP address", &ip.join("."));
            fields.text("MAC address", &mac.join(":"));
        }
        Ok(_) => missing("Alert destination info"),
        Err(Failed) => {}
    }
}

/// Get Serial/Modem Configuration. IPMI v2.0 §25.2.
const GET_SERIAL_CONFIGURATION: u8 = 0x11;

/// A destination of alerts on a serial channel, without what is dialled.
async fn serial_destination(fields: &Fields<'_>, tool: &Tool, channel: Channel, destination: u8) {
    let ask = async |selector, set| {
        let data = vec![channel.number(), selector, set, 0];
        let cmd = GET_SERIAL_CONFIGURATION;
        let request = Request { netfn: NetFn::Transport, lun: 0, cmd, data };
        let answer = tool.send_raw(request).await?;
        answer.completion.is_ok().then_some(answer.data)
    };
    let Some(count) = ask(16, 0).await.and_then(|data| data.get(1).map(|count| count & 0x0f))
    else {
        tool.error(" **Error retrieving Alert destination count");
        return;
    };
    // None, or one of the original's for a maker.
    if destination == 0 || destination > count {
        return;
    }
    let info = ask(17, destination).await;
    match info.as_deref() {
        Some([_, set, kind, timeout, retries, ..]) if *set == destination => {
            let kind = usize::from(kind & 0x0f);
            fields.text("Alert destination type", SERIAL_TYPES.get(kind).unwrap_or(&"None"));
            fields.number("ACK timeout (secs)", *timeout);
            fields.number("Retries", retries & 0x07);
        }
        _ => tool.error(" **Error retrieving Alert destination info"),
    }
}

/// By their numbers.
const SERIAL_TYPES: [&str; 5] = ["None", "TAP page", "PPP PET", "Basic callback", "PPP callback"];
