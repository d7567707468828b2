//! `lan set`.

use ipmi_wire::Channel;
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::{
    AccessCopy, AccessFlags, AccessMode, ChannelAccess, GetChannelAccess, Password,
    PasswordOperation, PasswordSize, SetChannelAccess, SetUserAccess, SetUserPassword,
};

use super::parameter::{self, Parameter, get, must, set};
use crate::ipmitool::access::{self, at, evaluated, ipv4, mac};
use crate::ipmitool::channel::AUTH_TYPES;
use crate::ipmitool::number::number;
use crate::ipmitool::tool::{Ended, Failed, Tool};
use crate::ipmitool::word;

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let (channel, what, rest) = match words {
        [] | [_] => return misused(tool),
        [channel, what, ..] if channel == "help" || what == "help" => {
            help(tool);
            return Ok(());
        }
        [channel, what, rest @ ..] => (channel, what, rest),
    };
    let channel = super::number_of_channel(tool, channel)?;
    if !access::is_lan(tool, channel).await {
        tool.error(&format!("Channel {channel} is not a LAN channel!"));
        return misused(tool);
    }
    let channel = Channel::new(channel);
    let values: Vec<&str> = rest.iter().map(String::as_str).collect();
    match (what.as_str(), values.as_slice()) {
        ("user", _) => default_user(tool, channel).await,
        ("password", values) => password(tool, values.first().copied()).await,
        ("access", ["on", ..]) => channel_access(tool, channel, AccessMode::Always).await,
        ("access", ["off", ..]) => channel_access(tool, channel, AccessMode::Disabled).await,
        ("arp", [what, values @ ..]) => arp(tool, channel, what, values.first().copied()).await,
        ("alert", values) => alerting(tool, channel, values.first().copied()).await,
        // Help is a success, and so is much that is not understood.
        ("access" | "auth" | "ipsrc" | "snmp", ["help", ..])
        | ("defgw" | "bakgw" | "vlan", ["help", _, ..])
        | ("cipher_privs" | "bad_pass_thresh", ["help"]) => {
            help(tool);
            Ok(())
        }
        ("auth", [levels, types, ..]) => auth(tool, channel, levels, types).await,
        ("auth", [_]) => Err(Failed),
        ("ipsrc", [source, ..]) => {
            let number = match *source {
                "none" => 0,
                "static" => 1,
                "dhcp" => 2,
                "bios" => 3,
                _ => return misused(tool),
            };
            set(tool, channel, parameter::SOURCE, &[number]).await
        }
        ("snmp", [text, ..]) => community(tool, channel, text).await,
        ("ipaddr", [value]) => address(tool, channel, parameter::ADDRESS, value).await,
        ("netmask", [value]) => address(tool, channel, parameter::NETMASK, value).await,
        ("macaddr", [value]) => hardware(tool, channel, parameter::MAC, value).await,
        ("defgw", ["ipaddr", value, ..]) => address(tool, channel, parameter::GATEWAY, value).await,
        ("defgw", ["macaddr", value, ..]) => {
            hardware(tool, channel, parameter::GATEWAY_MAC, value).await
        }
        ("bakgw", ["ipaddr", value, ..]) => address(tool, channel, parameter::BACKUP, value).await,
        ("bakgw", ["macaddr", value, ..]) => {
            hardware(tool, channel, parameter::BACKUP_MAC, value).await
        }
        // Of these two the original never tells whether they went well.
        ("vlan", ["id", value, ..]) => vlan(tool, channel, value).await,
        ("vlan", ["priority", value, ..]) => vlan_priority(tool, channel, value).await,
        ("cipher_privs", [levels]) => suite_limits(tool, channel, levels).await,
        ("bad_pass_thresh", [threshold, log, reset, lockout, ..]) => {
            let numbers = (number::<u8>(threshold), number(log), number(reset), number(lockout));
            let (Some(threshold), Some(log @ 0..=1), Some(reset), Some(lockout)) = numbers else {
                return misused(tool);
            };
            let [a, b] = u16::to_le_bytes(reset);
            let [c, d] = u16::to_le_bytes(lockout);
            set(tool, channel, parameter::BAD_PASSWORDS, &[log, threshold, a, b, c, d]).await
        }
        _ => misused(tool),
    }
}

/// Four numbers with points between them, as C's `sscanf` finds them: what comes then is ignored.
pub(super) fn ipv4_of(tool: &Tool, text: &str) -> Option<[u8; 4]> {
    let numbers = scan(text, '.', |text| {
        let text = text.strip_prefix('+').unwrap_or(text);
        let length = text.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = text.split_at_checked(length)?;
        Some((digits.parse().ok()?, rest))
    });
    if numbers.is_none() {
        tool.error(&format!("Invalid IP address: {text}"));
    }
    numbers
}

/// Six pairs of hexadecimal digits, found the same way.
pub(super) fn mac_of(tool: &Tool, text: &str) -> Option<[u8; 6]> {
    let numbers = scan(text, ':', |text| {
        let length = text.bytes().take(2).take_while(u8::is_ascii_hexdigit).count();
        let (digits, rest) = text.split_at_checked(length)?;
        Some((u8::from_str_radix(digits, 16).ok()?, rest))
    });
    if numbers.is_none() {
        tool.error(&format!("Invalid MAC address: {text}"));
    }
    numbers
}

/// Numbers of a byte, with a character between them and blanks before each.
fn scan<const N: usize>(
    text: &str,
    between: char,
    one: impl Fn(&str) -> Option<(u8, &str)>,
) -> Option<[u8; N]> {
    let mut numbers = [0; N];
    let mut rest = text;
    for (place, number) in numbers.iter_mut().enumerate() {
        if place > 0 {
            rest = rest.strip_prefix(between)?;
        }
        (*number, rest) = one(rest.trim_start_matches(|c: char| c.is_ascii_whitespace()))?;
    }
    Some(numbers)
}

async fn address(tool: &Tool, channel: Channel, parameter: Parameter, text: &str) -> Ended {
    let address = ipv4_of(tool, text).ok_or(Failed)?;
    tool.print(&format!("Setting LAN {} to {}\n", parameter.name, ipv4(&address)));
    set(tool, channel, parameter, &address).await
}

async fn hardware(tool: &Tool, channel: Channel, parameter: Parameter, text: &str) -> Ended {
    let address = mac_of(tool, text).ok_or(Failed)?;
    tool.print(&format!("Setting LAN {} to {}\n", parameter.name, mac(&address)));
    set(tool, channel, parameter, &address).await
}

async fn community(tool: &Tool, channel: Channel, text: &str) -> Ended {
    let mut bytes = [0; 18];
    let text = word::bytes(text);
    bytes.iter_mut().zip(text.iter()).for_each(|(to, from)| *to = *from);
    tool.print(&format!("Setting LAN {} to ", parameter::COMMUNITY.name));
    tool.print_bytes(text.get(..bytes.len()).unwrap_or(&text));
    tool.print("\n");
    set(tool, channel, parameter::COMMUNITY, &bytes).await
}

/// Administrator for user 1: what the original calls enabling the default user.
async fn default_user(tool: &Tool, channel: Channel) -> Ended {
    let limit = Some(Privilege::Administrator);
    let command = SetUserAccess { channel, flags: None, user_id: 1, limit, session_limit: Some(0) };
    if evaluated(tool, tool.send(&command).await).is_err() {
        tool.error(&format!("Set User Access for channel {channel} failed"));
        return Err(Failed);
    }
    // The line has no end.
    tool.print(&format!("Set User Access for channel {channel} was successful."));
    Ok(())
}

/// That of user 1, in 16 bytes.
async fn password(tool: &Tool, given: Option<&str>) -> Ended {
    let size = PasswordSize::Sixteen;
    let bytes = word::bytes(given.unwrap_or_default());
    let stored = Password::new(size, bytes.get(..size.bytes()).unwrap_or(&bytes)).ok_or(Failed)?;
    let operation = PasswordOperation::Set(stored);
    if evaluated(tool, tool.send(&SetUserPassword { user_id: 1, operation }).await).is_err() {
        tool.error("Unable to Set LAN Password for user 1");
        return Err(Failed);
    }
    let done = if given.is_some() { "set" } else { "cleared" };
    tool.print(&format!("Password {done} for user 1\n"));
    Ok(())
}

async fn read_access(
    tool: &Tool,
    channel: Channel,
    copy: AccessCopy,
) -> Result<ChannelAccess, Failed> {
    evaluated(tool, tool.send(&GetChannelAccess { channel, copy }).await).inspect_err(|Failed| {
        let name = name(copy);
        tool.error(&format!("Unable to Get Channel Access({name}) for channel {channel}"));
    })
}

async fn write_access(tool: &Tool, copy: AccessCopy, command: SetChannelAccess) -> Ended {
    evaluated(tool, tool.send(&command).await).inspect_err(|Failed| {
        let (name, channel) = (name(copy), command.channel);
        tool.error(&format!("Unable to Set Channel Access({name}) for channel {channel}"));
    })
}

const fn name(copy: AccessCopy) -> &'static str {
    match copy {
        AccessCopy::NonVolatile => "non-volatile",
        AccessCopy::Volatile => "volatile",
    }
}

async fn channel_access(tool: &Tool, channel: Channel, mode: AccessMode) -> Ended {
    for copy in [AccessCopy::NonVolatile, AccessCopy::Volatile] {
        let now = read_access(tool, channel, copy).await?;
        let access = Some((copy, AccessFlags { mode, ..now.flags }));
        let limit = Some((copy, Privilege::Administrator));
        write_access(tool, copy, SetChannelAccess { channel, access, limit }).await?;
    }
    if mode == AccessMode::Disabled {
        // Nobody would answer.
        tool.abandoned.set(true);
    }
    tool.print(&format!("Set Channel Access for channel {channel} was successful.\n"));
    Ok(())
}

async fn alerting(tool: &Tool, channel: Channel, value: Option<&str>) -> Ended {
    let on = match value {
        Some("on" | "enable") => true,
        Some("off" | "disable") => false,
        _ => {
            tool.notice("LAN set alert must be 'on' or 'off'");
            return Err(Failed);
        }
    };
    let doing = if on { "Enabling" } else { "Disabling" };
    tool.print(&format!("{doing} PEF alerts for LAN channel {channel}\n"));
    let now = read_access(tool, channel, AccessCopy::NonVolatile).await?;
    // The bit says that there are none, and the original sets it to have some. Scripts that know
    // that, and say "off" for "on", are to have what they mean.
    let flags = AccessFlags { alerting_disabled: on, ..now.flags };
    for copy in [AccessCopy::NonVolatile, AccessCopy::Volatile] {
        let access = Some((copy, flags));
        write_access(tool, copy, SetChannelAccess { channel, access, limit: None }).await?;
    }
    let done = if on { "enabled" } else { "disabled" };
    tool.print(&format!("PEF alerts for channel {channel} {done}.\n"));
    Ok(())
}

async fn arp(tool: &Tool, channel: Channel, what: &str, value: Option<&str>) -> Ended {
    let switch = || match value {
        Some("on") => Ok(true),
        Some("off") => Ok(false),
        _ => {
            help(tool);
            Err(Failed)
        }
    };
    match what {
        "interval" => {
            let Some(seconds) = value.and_then(number::<u8>) else {
                let value = value.unwrap_or("(null)");
                tool.error(&format!("Given ARP interval '{value}' is invalid."));
                return Err(Failed);
            };
            arp_interval(tool, channel, seconds).await
        }
        "generate" => {
            let on = switch()?;
            arp_switch(tool, channel, on, 1, "BMC-generated Gratuitous ARPs").await
        }
        "respond" => {
            let on = switch()?;
            arp_switch(tool, channel, on, 2, "BMC-generated ARP responses").await
        }
        _ => {
            help(tool);
            if what == "help" { Ok(()) } else { Err(Failed) }
        }
    }
}

async fn arp_switch(tool: &Tool, channel: Channel, on: bool, bit: u8, what: &str) -> Ended {
    let now = at(&must(tool, channel, parameter::ARP).await?, 0);
    let doing = if on { "Enabling" } else { "Disabling" };
    tool.print(&format!("{doing} {what}\n"));
    let then = if on { now | bit } else { now & !bit };
    set(tool, channel, parameter::ARP, &[then]).await
}

async fn arp_interval(tool: &Tool, channel: Channel, seconds: u8) -> Ended {
    let now = at(&must(tool, channel, parameter::ARP_INTERVAL).await?, 0);
    if seconds > 127 {
        tool.error(&format!("Given ARP interval '{seconds}' is too big."));
        return Err(Failed);
    }
    // Half seconds, of which the first does not count; 0 is a question.
    let halves = if seconds == 0 { now } else { seconds.saturating_mul(2).saturating_sub(1) };
    let ended = match seconds {
        0 => Ok(()),
        _ => set(tool, channel, parameter::ARP_INTERVAL, &[halves]).await,
    };
    let seconds = super::interval(halves);
    tool.print(&format!("BMC-generated Gratuitous ARP interval:  {seconds}\n"));
    ended
}

async fn auth(tool: &Tool, channel: Channel, levels: &str, types: &str) -> Ended {
    let mut data = must(tool, channel, parameter::AUTH_ENABLES).await?;
    data.resize(5, 0);
    // All of it has to be understood: the original writes what is left, and that nobody may log in, if that is
    // nothing. Of a list it knows the last name only.
    let mut bits = 0;
    for name in types.split(',') {
        let is = |known: &str| {
            known.eq_ignore_ascii_case(name)
                || (known == "PASSWORD" && name.eq_ignore_ascii_case("key"))
        };
        match AUTH_TYPES.iter().find(|(known, _)| is(known)) {
            Some((_, bit)) => bits |= bit,
            None => {
                tool.error(&format!("Invalid authentication type: {name}"));
                return Err(Failed);
            }
        }
    }
    for name in levels.split(',') {
        let place = ["callback", "user", "operator", "admin"]
            .iter()
            .position(|level| level.eq_ignore_ascii_case(name));
        match place.and_then(|place| data.get_mut(place)) {
            Some(byte) => *byte = bits,
            None => {
                tool.error(&format!("Invalid authentication level: {name}"));
                return Err(Failed);
            }
        }
    }
    set(tool, channel, parameter::AUTH_ENABLES, &data).await
}

async fn vlan(tool: &Tool, channel: Channel, value: &str) -> Ended {
    let data = if value == "off" {
        match get(tool, channel, parameter::VLAN).await {
            Ok(Some(now)) if now.len() > 1 => {
                let [low, high] = [at(&now, 0), at(&now, 1) & 0x0f];
                match u16::from_le_bytes([low, high]) {
                    0 => {
                        tool.print(&format!("VLAN is already disabled for channel {channel}\n"));
                        return Ok(());
                    }
                    4095 => {
                        tool.error("Retrieved VLAN ID 4095 is out of range <1..4094>.");
                        return Err(Failed);
                    }
                    _ => [low, high],
                }
            }
            // Without VLANs there is none to be switched off.
            Ok(None) => {
                let _ = set(tool, channel, parameter::VLAN, &[0, 0]).await;
                return Ok(());
            }
            _ => [0, 0],
        }
    } else {
        let Some(id) = number::<i32>(value) else {
            tool.error(&format!("Given VLAN ID '{value}' is invalid."));
            return Err(Failed);
        };
        match u16::try_from(id) {
            Ok(id @ 1..=4094) => (id | 0x8000).to_le_bytes(),
            _ => {
                tool.notice("VLAN ID must be between 1 and 4094.");
                return Err(Failed);
            }
        }
    };
    set(tool, channel, parameter::VLAN, &data).await
}

async fn vlan_priority(tool: &Tool, channel: Channel, value: &str) -> Ended {
    match number::<i32>(value).map(u8::try_from) {
        Some(Ok(priority @ 0..=7)) => {
            set(tool, channel, parameter::VLAN_PRIORITY, &[priority]).await
        }
        Some(_) => {
            tool.notice("VLAN priority must be between 0 and 7.");
            Err(Failed)
        }
        None => {
            tool.error(&format!("Given VLAN priority '{value}' is invalid."));
            Err(Failed)
        }
    }
}

/// Fifteen letters, one for each suite.
async fn suite_limits(tool: &Tool, channel: Channel, letters: &str) -> Ended {
    let level = |letter: u8| {
        let places: [u8; 6] = *b"XcuoaO";
        let place = places.iter().position(|known| *known == letter);
        place.and_then(|place| u8::try_from(place).ok())
    };
    let levels: Option<Vec<u8>> = letters.bytes().map(level).collect();
    let Some(levels) = levels.filter(|levels| levels.len() == 15) else {
        match letters.len() {
            15 => tool.error("Invalid privilege specification char"),
            length => {
                tool.error(&format!("Invalid privilege specification length: {length}"));
            }
        }
        help(tool);
        return Err(Failed);
    };
    let mut data = vec![0];
    data.extend(levels.chunks(2).map(|pair| at(pair, 0) | (at(pair, 1) << 4)));
    set(tool, channel, parameter::SUITE_LIMITS, &data).await
}

fn misused(tool: &Tool) -> Ended {
    help(tool);
    Err(Failed)
}

fn help(tool: &Tool) {
    tool.notice("lan set CHANNEL ...");
    tool.notice("  ipaddr, netmask, macaddr ADDRESS");
    tool.notice("  defgw, bakgw ipaddr|macaddr ADDRESS    default and backup gateway");
    tool.notice("  ipsrc none|static|dhcp|bios");
    tool.notice("  vlan id ID|off                         1 to 4094");
    tool.notice("  vlan priority PRIORITY                 0 to 7");
    tool.notice("  arp respond|generate on|off");
    tool.notice("  arp interval SECONDS");
    tool.notice("  snmp COMMUNITY");
    tool.notice("  access on|off, alert on|off");
    tool.notice("  user                                   administrator for user 1");
    tool.notice("  password [PASSWORD]                    of user 1");
    tool.notice("  auth callback|user|operator|admin none|md2|md5|password|oem");
    tool.notice(
        "  cipher_privs XXXXXXXXXXXXXXX           X unused, c callback, u user, o operator,",
    );
    tool.notice("                                         a administrator, O OEM");
    tool.notice("  bad_pass_thresh COUNT 1|0 RESET LOCKOUT   log it or not; tens of seconds");
}
