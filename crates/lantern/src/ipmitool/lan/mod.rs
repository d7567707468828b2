//! `lan`: how a channel is reached by IPv4.

mod alert;
mod parameter;
mod set;

use ipmi_wire::Channel;
use ipmi_wire::cmd::transport::{GetIpUdpRmcpStatistics, IpUdpRmcpStatistics};

use super::access::{self, at, ipv4, mac};
use super::channel::auth_types;
use super::number::number;
use super::tool::{Ended, Failed, Refusal, Tool};
use parameter::{Parameter, get};

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let Some((word, rest)) = words.split_first() else { return misused(tool) };
    match word.as_str() {
        "help" => {
            help(tool);
            Ok(())
        }
        "print" | "printconf" => match rest {
            [] | [_] => print(tool, chosen(tool, rest.first()).await?).await,
            _ => misused(tool),
        },
        "set" => set::run(tool, rest).await,
        "alert" => alert::run(tool, rest).await,
        "stats" => {
            let Some((what, rest)) = rest.split_first() else { return misused(tool) };
            let named = if let [channel] = rest { Some(channel) } else { None };
            let channel = chosen(tool, named).await?;
            match what.as_str() {
                "get" => statistics(tool, channel, false).await,
                "clear" => statistics(tool, channel, true).await,
                _ => misused(tool),
            }
        }
        other => {
            tool.notice(&format!("Invalid LAN command: {other}"));
            Err(Failed)
        }
    }
}

/// The channel of a word, or the first that is a network.
async fn chosen(tool: &Tool, word: Option<&String>) -> Result<Channel, Failed> {
    let channel = match word {
        Some(word) => number_of_channel(tool, word)?,
        None => access::first_lan(tool).await,
    };
    match access::is_lan(tool, channel).await {
        true => Ok(Channel::new(channel)),
        false => {
            tool.error(&format!("Invalid channel: {channel}"));
            Err(Failed)
        }
    }
}

fn number_of_channel(tool: &Tool, word: &str) -> Result<u8, Failed> {
    number::<u8>(word).ok_or_else(|| {
        tool.error(&format!("Invalid channel: {word}"));
        Failed
    })
}

async fn print(tool: &Tool, channel: Channel) -> Ended {
    for parameter in [
        parameter::SET_IN_PROGRESS,
        parameter::AUTH_TYPES,
        parameter::AUTH_ENABLES,
        parameter::SOURCE,
        parameter::ADDRESS,
        parameter::NETMASK,
        parameter::MAC,
        parameter::COMMUNITY,
        parameter::HEADER,
        parameter::ARP,
        parameter::ARP_INTERVAL,
        parameter::GATEWAY,
        parameter::GATEWAY_MAC,
        parameter::BACKUP,
        parameter::BACKUP_MAC,
        parameter::VLAN,
        parameter::VLAN_PRIORITY,
        parameter::SUITE_COUNT,
        parameter::SUITE_LIMITS,
        parameter::BAD_PASSWORDS,
    ] {
        let data = match get(tool, channel, parameter).await {
            Ok(data) => data,
            // Without a VLAN it goes on, whatever is said of it.
            Err(Failed) if matches!(parameter.selector, 20 | 21) => None,
            Err(Failed) => return Err(Failed),
        };
        if parameter.selector == parameter::SUITE_COUNT.selector {
            if let Some(count) = data {
                suites(tool, channel, at(&count, 0)).await?;
            }
            continue;
        }
        let data = data.as_deref();
        for value in shown(parameter, data) {
            tool.print_bytes(&value);
            tool.print("\n");
        }
    }
    Ok(())
}

/// A line: what it is, and its value.
fn line(name: &str, value: &str) -> Vec<u8> {
    format!("{name:<24}: {value}").into_bytes()
}

/// The lines that stand for a parameter.
fn shown(parameter: Parameter, data: Option<&[u8]>) -> Vec<Vec<u8>> {
    let Parameter { selector, name } = parameter;
    match (selector, data) {
        (24, data) => suite_limits(name, data),
        (26, data) => bad_passwords(name, data),
        (_, None) => Vec::new(),
        (2, Some(data)) => {
            let levels = ["Callback", "User", "Operator", "Admin", "OEM"];
            let of = |(place, level): (usize, &&str)| {
                let name = if place == 0 { name } else { "" };
                line(name, &format!("{level:<9}: {}", auth_types(at(data, place))))
            };
            levels.iter().enumerate().map(of).collect()
        }
        (16, Some(data)) => {
            let mut line = line(name, "");
            line.extend(data.iter().take_while(|byte| **byte != 0));
            vec![line]
        }
        (selector, Some(data)) => vec![line(name, &value(selector, data))],
    }
}

/// The value of a parameter that fits on a line.
fn value(selector: u8, data: &[u8]) -> String {
    let [first, second, third] = [at(data, 0), at(data, 1), at(data, 2)];
    match selector {
        0 => ["Set Complete", "Set In Progress", "Commit Write", "Reserved"]
            .get(usize::from(first & 3))
            .copied()
            .unwrap_or_default()
            .to_owned(),
        1 => auth_types(first),
        4 => match first & 0x0f {
            0 => "Unspecified",
            1 => "Static Address",
            2 => "DHCP Address",
            3 => "BIOS Assigned Address",
            _ => "Other",
        }
        .to_owned(),
        5 | 13 | 15 => mac(data),
        7 => {
            let (flags, precedence, service) = (second & 0xe0, third & 0xe0, third & 0x1e);
            format!(
                "TTL=0x{first:02x} Flags=0x{flags:02x} Precedence=0x{precedence:02x} TOS=0x{service:02x}"
            )
        }
        10 => {
            let able = |bit| if first & bit != 0 { "En" } else { "Dis" };
            format!("ARP Responses {}abled, Gratuitous ARP {}abled", able(2), able(1))
        }
        11 => interval(first),
        20 if second & 0x80 == 0 => "Disabled".to_owned(),
        20 => (u16::from_le_bytes([first, second]) & 0x0fff).to_string(),
        21 => (first & 7).to_string(),
        _ => ipv4(data),
    }
}

/// Half seconds that start at one, in whole seconds, as the original rounds them.
fn interval(halves: u8) -> String {
    format!("{}.0 seconds", u16::from(halves).saturating_add(1) / 2)
}

async fn suites(tool: &Tool, channel: Channel, count: u8) -> Ended {
    let list = get(tool, channel, parameter::SUITES).await?;
    let value = match list {
        Some(list) if list.len() <= 17 => {
            let numbers =
                (1..=usize::from(count.min(16))).map(|place| at(&list, place).to_string());
            numbers.collect::<Vec<_>>().join(",")
        }
        _ => "None".to_owned(),
    };
    tool.print_bytes(&line(parameter::SUITES.name, &value));
    tool.print("\n");
    Ok(())
}

fn suite_limits(name: &str, data: Option<&[u8]>) -> Vec<Vec<u8>> {
    let Some(bytes) = data.filter(|data| data.len() == 9).and_then(|data| data.get(1..)) else {
        return vec![line(name, "Not Available")];
    };
    let letter = |level: u8| match level {
        1 => 'c',
        2 => 'u',
        3 => 'o',
        4 => 'a',
        5 => 'O',
        _ => 'X',
    };
    let levels = bytes.iter().flat_map(|byte| [byte & 0x0f, byte >> 4]).take(15);
    let legend =
        ["X=Cipher Suite Unused", "c=CALLBACK", "u=USER", "o=OPERATOR", "a=ADMIN", "O=OEM"];
    let mut lines = vec![line(name, &levels.map(letter).collect::<String>())];
    lines.extend(legend.map(|text| line("", &format!("    {text}"))));
    lines
}

fn bad_passwords(name: &str, data: Option<&[u8]>) -> Vec<Vec<u8>> {
    let Some([log, threshold, a, b, c, d]) = data else {
        return vec![line(name, "Not Available")];
    };
    let seconds = |low: &u8, high: &u8| {
        u32::from(u16::from_le_bytes([*low, *high])).saturating_mul(10).to_string()
    };
    vec![
        line(name, &threshold.to_string()),
        line("Invalid password disable", if log & 1 != 0 { "yes" } else { "no" }),
        line("Attempt Count Reset Int.", &seconds(a, b)),
        line("User Lockout Interval", &seconds(c, d)),
    ]
}

/// Prints the counters, or starts them again in silence.
async fn statistics(tool: &Tool, channel: Channel, clear: bool) -> Ended {
    let now = match tool.send(&GetIpUdpRmcpStatistics { channel, clear }).await {
        Ok(now) => now,
        Err(refusal) => {
            tool.error(&match refusal {
                Refusal::Code(code) => {
                    format!("Get LAN Stats command failed: {}", parameter::why(code))
                }
                _ => "Get LAN Stats command failed".to_owned(),
            });
            return Err(Failed);
        }
    };
    if clear {
        return Ok(());
    }
    let counters = counters(&now);
    if tool.verbose.get() > 1 {
        let pair = |(_, count): &(&str, u16)| {
            let [low, high] = count.to_le_bytes();
            format!("{low:02X} {high:02X} - ")
        };
        let pairs: String = counters.iter().map(pair).collect();
        tool.print(&format!("--- Rx Stats ---\n{pairs}\n"));
    }
    for (name, count) in counters {
        // Programs that read this know it with the bytes the wrong way round.
        tool.print(&format!("{name:<26}: {}\n", count.swap_bytes()));
    }
    Ok(())
}

const fn counters(of: &IpUdpRmcpStatistics) -> [(&'static str, u16); 9] {
    [
        ("IP Rx Packet", of.ip_received),
        ("IP Rx Header Errors", of.ip_header_errors),
        ("IP Rx Address Errors", of.ip_address_errors),
        ("IP Rx Fragmented", of.ip_fragments),
        ("IP Tx Packet", of.ip_transmitted),
        ("UDP Rx Packet", of.udp_received),
        ("RMCP Rx Valid", of.rmcp_received),
        ("UDP Proxy Packet Received", of.proxy_received),
        ("UDP Proxy Packet Dropped", of.proxy_dropped),
    ]
}

fn misused(tool: &Tool) -> Ended {
    help(tool);
    Err(Failed)
}

fn help(tool: &Tool) {
    tool.notice("LAN Commands:  print [CHANNEL]");
    tool.notice("               set CHANNEL PARAMETER VALUE");
    tool.notice("               alert print [CHANNEL [DESTINATION]]");
    tool.notice("               alert set CHANNEL DESTINATION PARAMETER VALUE");
    tool.notice("               stats get|clear [CHANNEL]");
}
