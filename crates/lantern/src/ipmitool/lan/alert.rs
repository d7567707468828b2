//! `lan alert`: where alerts go.

use ipmi_wire::Channel;

use super::parameter::{self, Parameter, get, get_of, must, set_unseen};
use super::set::{ipv4_of, mac_of};
use crate::ipmitool::access::{self, at, ipv4, mac};
use crate::ipmitool::number::number;
use crate::ipmitool::tool::{Ended, Failed, Tool};

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let Some((word, rest)) = words.split_first() else { return misused(tool) };
    match word.to_ascii_lowercase().as_str() {
        "help" => {
            help(tool);
            Ok(())
        }
        "print" => print(tool, rest).await,
        "set" => set(tool, rest).await,
        _ => Ok(()),
    }
}

async fn chosen(tool: &Tool, word: Option<&String>) -> Result<Channel, Failed> {
    let channel = match word {
        Some(word) => super::number_of_channel(tool, word)?,
        None => access::first_lan(tool).await,
    };
    if access::is_lan(tool, channel).await {
        return Ok(Channel::new(channel));
    }
    tool.error(&format!("Channel {channel} is not a LAN channel"));
    Err(Failed)
}

async fn destination(tool: &Tool, channel: Channel, word: &str) -> Result<u8, Failed> {
    let Some(alert) = number::<u8>(word) else {
        tool.error(&format!("Invalid alert: {word}"));
        return Err(Failed);
    };
    let count = get(tool, channel, parameter::DESTINATIONS).await.unwrap_or_default();
    if count.is_some_and(|count| alert <= at(&count, 0) & 0x0f) {
        return Ok(alert);
    }
    tool.error(&format!("Alert {alert} is not a valid destination"));
    Err(Failed)
}

async fn print(tool: &Tool, words: &[String]) -> Ended {
    if words.first().is_some_and(|word| word.eq_ignore_ascii_case("help")) {
        help(tool);
        return Ok(());
    }
    let channel = chosen(tool, words.first()).await?;
    if let Some(word) = words.get(1) {
        let alert = destination(tool, channel, word).await?;
        return one(tool, channel, alert).await;
    }
    let count = at(&must(tool, channel, parameter::DESTINATIONS).await?, 0) & 0x0f;
    for alert in 0..=count {
        // One that cannot be read is left out.
        let _ = one(tool, channel, alert).await;
    }
    Ok(())
}

async fn one(tool: &Tool, channel: Channel, alert: u8) -> Ended {
    let kind = get_of(tool, channel, parameter::DESTINATION_TYPE, alert).await?;
    let kind = kind.filter(|kind| kind.len() >= 4).ok_or(Failed)?;
    let address = get_of(tool, channel, parameter::DESTINATION_ADDRESS, alert).await?;
    let address = address.filter(|address| address.len() >= 13).ok_or(Failed)?;
    let is_acknowledged = at(&kind, 1) & 0x80 != 0;
    let (acknowledge, timeout) = match is_acknowledged {
        true => ("Acknowledged", "Acknowledge Timeout"),
        false => ("Unacknowledged", "Retry Interval"),
    };
    let name = match at(&kind, 1) & 7 {
        0 => "PET Trap",
        6 => "OEM 1",
        7 => "OEM 2",
        _ => "Unknown",
    };
    let mut lines = vec![
        ("Alert Destination", at(&kind, 0).to_string()),
        ("Alert Acknowledge", acknowledge.to_owned()),
        ("Destination Type", name.to_owned()),
        (timeout, at(&kind, 2).to_string()),
        ("Number of Retries", (at(&kind, 3) & 7).to_string()),
    ];
    // Only IPv4 is known here.
    if at(&address, 1) & 0xf0 == 0 {
        let gateway = if at(&address, 2) & 1 != 0 { "Backup" } else { "Default" };
        lines.extend([
            ("Alert Gateway", gateway.to_owned()),
            ("Alert IP Address", ipv4(address.get(3..).unwrap_or_default())),
            ("Alert MAC Address", mac(address.get(7..).unwrap_or_default())),
        ]);
    }
    for (name, value) in lines {
        tool.print(&format!("{name:<24}: {value}\n"));
    }
    tool.print("\n");
    Ok(())
}

async fn set(tool: &Tool, words: &[String]) -> Ended {
    let [channel, alert, what, value, ..] = words else { return misused(tool) };
    if channel.eq_ignore_ascii_case("help") {
        help(tool);
        return Ok(());
    }
    let channel = chosen(tool, Some(channel)).await?;
    let alert = destination(tool, channel, alert).await?;
    if what == "help" || value == "help" {
        help(tool);
        return Ok(());
    }
    let (what, lower) = (what.to_ascii_lowercase(), value.to_ascii_lowercase());
    let of = match what.as_str() {
        "ipaddr" | "macaddr" | "gateway" => parameter::DESTINATION_ADDRESS,
        "ack" | "type" | "time" | "retry" => parameter::DESTINATION_TYPE,
        _ => return misused(tool),
    };
    let says = |text: &str| tool.print(&format!("Setting LAN Alert {alert} {text}\n"));
    match (what.as_str(), lower.as_str()) {
        ("ipaddr", _) => {
            let Some(address) = ipv4_of(tool, value) else { return misused(tool) };
            change(tool, channel, alert, of, |data| {
                says(&format!("IP Address to {}", ipv4(&address)));
                put(data, 3, &address);
                Ok(())
            })
            .await
        }
        ("macaddr", _) => {
            let Some(address) = mac_of(tool, value) else { return misused(tool) };
            change(tool, channel, alert, of, |data| {
                says(&format!("MAC Address to {}", mac(&address)));
                put(data, 7, &address);
                Ok(())
            })
            .await
        }
        ("gateway", value) => {
            let (name, number) = match value {
                "def" | "default" => ("Default", 0),
                "bak" | "backup" => ("Backup", 1),
                _ => return misused(tool),
            };
            change(tool, channel, alert, of, |data| {
                says(&format!("to use {name} Gateway"));
                put(data, 2, &[number]);
                Ok(())
            })
            .await
        }
        ("ack", value) => {
            let (name, bit) = match value {
                "on" | "yes" => ("Acknowledged", 0x80),
                "off" | "no" => ("Unacknowledged", 0),
                _ => return misused(tool),
            };
            change(tool, channel, alert, of, |data| {
                says(&format!("to {name}"));
                let kind = at(data, 1) & 0x7f;
                put(data, 1, &[kind | bit]);
                Ok(())
            })
            .await
        }
        ("type", value) => {
            let (name, number) = match value {
                "pet" => ("PET Trap", 0),
                "oem1" => ("OEM 1", 6),
                "oem2" => ("OEM 2", 7),
                _ => return misused(tool),
            };
            change(tool, channel, alert, of, |data| {
                says(&format!("destination to {name}"));
                let kind = at(data, 1) & !7;
                put(data, 1, &[kind | number]);
                Ok(())
            })
            .await
        }
        (what, _) => {
            // There are three bits of retries: the original takes those of any number.
            let most = if what == "time" { u8::MAX } else { 7 };
            let Some(given) = number::<u8>(value).filter(|given| *given <= most) else {
                tool.error(&format!("Invalid {what}: {value}"));
                return Err(Failed);
            };
            change(tool, channel, alert, of, |data| {
                if what == "time" {
                    says(&format!("timeout/retry to {given} seconds"));
                    put(data, 2, &[given]);
                } else {
                    says(&format!("number of retries to {given}"));
                    put(data, 3, &[given]);
                }
                Ok(())
            })
            .await
        }
    }
}

/// Reads the destination, changes it and writes it.
async fn change(
    tool: &Tool,
    channel: Channel,
    alert: u8,
    of: Parameter,
    how: impl FnOnce(&mut [u8]) -> Ended,
) -> Ended {
    let mut data = get_of(tool, channel, of, alert).await?.ok_or(Failed)?;
    how(&mut data)?;
    set_unseen(tool, channel, of, &data).await
}

fn put(data: &mut [u8], from: usize, bytes: &[u8]) {
    let places = data.get_mut(from..).unwrap_or_default();
    places.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
}

fn misused(tool: &Tool) -> Ended {
    help(tool);
    Err(Failed)
}

fn help(tool: &Tool) {
    tool.notice("lan alert print [CHANNEL [DESTINATION]]");
    tool.notice("lan alert set CHANNEL DESTINATION ...");
    tool.notice("  ipaddr, macaddr ADDRESS");
    tool.notice("  gateway default|backup");
    tool.notice("  ack on|off");
    tool.notice("  type pet|oem1|oem2");
    tool.notice("  time SECONDS         until it is acknowledged, or sent again");
    tool.notice("  retry COUNT          0 to 7");
}
