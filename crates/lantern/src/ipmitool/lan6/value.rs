//! Values of `lan6`: printed, saved as commands, and read from words.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::parameter::{Kind, Parameter, name};
use crate::ipmitool::access::{at, mac, named, unknown};
use crate::ipmitool::number::number;

const ENABLES: [(&str, u8); 3] = [("ipv4", 0), ("ipv6", 1), ("both", 2)];
const SWITCH: [(&str, u8); 2] = [("disable", 0x00), ("enable", 0x80)];
const SOURCES: [(&str, u8); 3] = [("static", 0), ("SLAAC", 1), ("DHCPv6", 2)];
const STATES: [(&str, u8); 6] = [
    ("active", 0),
    ("disabled", 1),
    ("pending", 2),
    ("failed", 3),
    ("deprecated", 4),
    ("invalid", 5),
];
const TIMING: [(&str, u8); 3] = [("not supported", 0), ("global", 1), ("per interface", 2)];
const ROUTERS: [(&str, u8); 3] = [("static", 1), ("dynamic", 2), ("both", 3)];

/// The RFCs' names of what DHCPv6 can be told, in the order of the specification.
const DHCPV6: [&str; 22] = [
    "SOL_MAX_DELAY",
    "SOL_TIMEOUT",
    "SOL_MAX_RT",
    "REQ_TIMEOUT",
    "REQ_MAX_RT",
    "REQ_MAX_RC",
    "CNF_MAX_DELAY",
    "CNF_TIMEOUT",
    "CNF_MAX_RT",
    "CNF_MAX_RD",
    "REN_TIMEOUT",
    "REN_MAX_RT",
    "REB_TIMEOUT",
    "REB_MAX_RT",
    "INF_MAX_DELAY",
    "INF_TIMEOUT",
    "INF_MAX_RT",
    "REL_TIMEOUT",
    "REL_MAX_RC",
    "DEC_TIMEOUT",
    "DEC_MAX_RC",
    "HOP_COUNT_LIMIT",
];

/// And those of neighbour discovery.
const NEIGHBOR: [&str; 13] = [
    "MAX_RTR_SOLICITATION_DELAY",
    "RTR_SOLICITATION_INTERVAL",
    "MAX_RTR_SOLICITATIONS",
    "DupAddrDetectTransmits",
    "MAX_MULTICAST_SOLICIT",
    "MAX_UNICAST_SOLICIT",
    "MAX_ANYCAST_DELAY_TIME",
    "MAX_NEIGHBOR_ADVERTISEMENT",
    "REACHABLE_TIME",
    "RETRANS_TIMER",
    "DELAY_FIRST_PROBE_TIME",
    "MAX_RANDOM_FACTOR",
    "MIN_RANDOM_FACTOR",
];

/// An address as C prints it: one whose first 96 bits are zeros ends like one of IPv4.
fn ipv6(data: &[u8], from: usize) -> String {
    let mut octets = [0; 16];
    let bytes = data.get(from..).unwrap_or_default();
    octets.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
    match octets {
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] if a != 0 || b != 0 => {
            format!("::{}", Ipv4Addr::new(a, b, c, d))
        }
        octets => Ipv6Addr::from(octets).to_string(),
    }
}

/// So many bytes in hexadecimal.
fn hex(data: &[u8], from: usize, length: usize) -> String {
    let places = from..from.saturating_add(length);
    places.map(|place| format!("{:02x}", at(data, place))).collect()
}

const fn yes(bits: u8, bit: u8) -> &'static str {
    if bits & bit != 0 { "yes" } else { "no" }
}

/// The parameter, as it is printed.
pub(super) fn text(parameter: &Parameter, set: i32, block: i32, data: &[u8]) -> String {
    let byte = |place| at(data, place);
    let name = name(parameter.selector);
    let first = byte(0);
    let list = |names: &[&str], width: usize, places: &mut dyn Iterator<Item = usize>| {
        let line = |(name, place): (&&str, usize)| {
            format!("    {:<width$} {}\n", format!("{name}:"), byte(place))
        };
        format!("{name} {set}:\n{}", names.iter().zip(places).map(line).collect::<String>())
    };
    match parameter.kind {
        Kind::Number => format!("{name}: {first}\n"),
        Kind::Support => format!(
            "{name}:\n    IPv6 only: {}\n    IPv4 and IPv6: {}\n    IPv6 Destination Addresses for LAN \
             alerting: {}\n",
            yes(first, 1),
            yes(first, 2),
            yes(first, 4)
        ),
        Kind::Enables => format!("{name}: {}\n", named(&ENABLES, first)),
        Kind::FlowLabel => format!("{name}: {}\n", flow_label(data)),
        Kind::Status => format!(
            "{name}:\n    Static address max:  {first}\n    Dynamic address max: {}\n    DHCPv6 \
             support:      {}\n    SLAAC support:       {}\n",
            byte(1),
            yes(byte(2), 1),
            yes(byte(2), 2)
        ),
        Kind::StaticAddress | Kind::DynamicAddress => {
            let address = format!("    Address:        {}/{}\n", ipv6(data, 2), byte(18));
            let status = format!("    Status:         {}\n", named(&STATES, byte(19) & 0x0f));
            if parameter.kind == Kind::StaticAddress {
                let enabled = yes(byte(1), 0x80);
                format!("{name} {set}:\n    Enabled:        {enabled}\n{address}{status}")
            } else {
                let source = named(&SOURCES, byte(1) & 0x0f);
                format!("{name} {set}:\n    Source/Type:    {source}\n{address}{status}")
            }
        }
        Kind::Duid => {
            let head = if block == 0 { duid_head(name, set, data) } else { String::new() };
            format!("{head}    {}\n", hex(data, 2, 16))
        }
        Kind::TimingSupport => format!("{name}: {}\n", named(&TIMING, first)),
        Kind::Dhcpv6Timing => list(&DHCPV6, 16, &mut (2..18).chain(20..26)),
        Kind::NeighborTiming => list(&NEIGHBOR, 27, &mut (2..15)),
        Kind::RouterControl => format!(
            "{name}:\n    Enable static router address:  {}\n    Enable dynamic router address: {}\n",
            yes(first, 1),
            yes(first, 2)
        ),
        Kind::StaticRouter | Kind::DynamicRouter => {
            let name = match parameter.kind {
                Kind::StaticRouter => "IPv6 Static Router",
                _ => "IPv6 Dynamic Router",
            };
            let router = Router::of(data);
            format!(
                "{name} {set}:\n    Address: {}\n    MAC:     {}\n    Prefix:  {}/{}\n",
                router.address, router.mac, router.prefix, router.length
            )
        }
    }
}

fn duid_head(name: &str, set: i32, data: &[u8]) -> String {
    let kind = match u16::from_be_bytes([at(data, 3), at(data, 4)]) {
        0 => "unknown".to_owned(),
        1 => "DUID-LLT".to_owned(),
        2 => "DUID-EN".to_owned(),
        3 => "DUID-LL".to_owned(),
        other => unknown(other),
    };
    format!("{name} {set}:\n    Length:   {}\n    Type:     {kind}\n", at(data, 2))
}

fn flow_label(data: &[u8]) -> u32 {
    u32::from_be_bytes([0, at(data, 0), at(data, 1), at(data, 2)])
}

/// The four parameters of a router, which come one behind the other.
struct Router {
    address: String,
    mac: String,
    prefix: String,
    length: u8,
}

impl Router {
    fn of(data: &[u8]) -> Self {
        Self {
            address: ipv6(data, 1),
            mac: mac(data.get(18..).unwrap_or_default()),
            prefix: ipv6(data, 27),
            length: at(data, 25),
        }
    }
}

/// The words that would set it to what it is.
pub(super) fn saved(parameter: &Parameter, data: &[u8]) -> String {
    let byte = |place| at(data, place);
    match parameter.kind {
        Kind::Enables => named(&ENABLES, byte(0)),
        // The last letter is a slip of the original that files have by now.
        Kind::FlowLabel => format!("0x{:x}d", flow_label(data)),
        Kind::StaticAddress => format!(
            "{} {} {} {}",
            named(&SWITCH, byte(1)),
            ipv6(data, 2),
            byte(18),
            named(&STATES, byte(19))
        ),
        Kind::Duid | Kind::NeighborTiming => hex(data, 2, 16),
        Kind::Dhcpv6Timing => format!("{} {}", hex(data, 2, 16), hex(data, 20, 6)),
        Kind::RouterControl => named(&ROUTERS, byte(0)),
        Kind::StaticRouter => {
            let router = Router::of(data);
            format!("{} {} {} {}", router.address, router.mac, router.prefix, router.length)
        }
        _ => byte(0).to_string(),
    }
}

/// What is to be written to which parameter; `None` if the words are wrong.
pub(super) fn parsed(
    parameter: &Parameter,
    set: i32,
    block: i32,
    words: &[String],
) -> Option<Vec<(u8, Vec<u8>)>> {
    let ([set_byte, ..], [block_byte, ..]) = (set.to_le_bytes(), block.to_le_bytes());
    let word = |place: usize| words.get(place).map(String::as_str);
    let selector = parameter.selector;
    let one = |data: Vec<u8>| vec![(selector, data)];
    Some(match parameter.kind {
        Kind::Enables => one(vec![value(&ENABLES, word(0)?)?]),
        Kind::RouterControl => one(vec![value(&ROUTERS, word(0)?)?]),
        Kind::FlowLabel => {
            let [_, a, b, c] = number::<u32>(word(0)?)?.to_be_bytes();
            one(vec![a & 0x0f, b, c])
        }
        Kind::Status => one(vec![number(word(0)?)?, number(word(1)?)?, number(word(2)?)?]),
        Kind::StaticAddress | Kind::DynamicAddress => {
            let names: &[_] =
                if parameter.kind == Kind::StaticAddress { &SWITCH } else { &SOURCES };
            let (source, length) = (word(0)?, word(2)?);
            let mut data = vec![set_byte, value(names, source)?];
            data.extend(address(word(1)?)?);
            data.push(number(length)?);
            let status = word(3).map_or(Some(0), |word| value(&STATES, word)).unwrap_or(0xff);
            data.push(status);
            one(data)
        }
        Kind::Duid | Kind::NeighborTiming => {
            let mut data = vec![set_byte, block_byte];
            data.extend(unhex(word(0)?, 16)?);
            one(data)
        }
        Kind::Dhcpv6Timing => {
            let mut first = vec![set_byte, 0];
            first.extend(unhex(word(0)?, 16)?);
            let mut second = vec![set_byte, 1];
            second.extend(word(1).map_or(Some(Vec::new()), |word| unhex(word, 6))?);
            second.resize(18, 0);
            vec![(selector, first), (selector, second)]
        }
        Kind::StaticRouter | Kind::DynamicRouter => {
            if parameter.kind == Kind::StaticRouter && set > 2 {
                return None;
            }
            let fields = [
                address(word(0)?)?.to_vec(),
                hardware(word(1)?)?.to_vec(),
                vec![number(word(3)?)?],
                address(word(2)?)?.to_vec(),
            ];
            let first = if set == 2 { 69 } else { selector };
            (first..).zip(fields).collect()
        }
        Kind::Number | Kind::Support | Kind::TimingSupport => one(vec![number(word(0)?)?]),
    })
}

fn value(names: &[(&str, u8)], word: &str) -> Option<u8> {
    names.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, value)| *value)
}

fn address(word: &str) -> Option<[u8; 16]> {
    word.parse::<Ipv6Addr>().ok().map(|address| address.octets())
}

fn hardware(word: &str) -> Option<[u8; 6]> {
    let bytes: Option<Vec<u8>> =
        word.split(':').map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
    bytes?.try_into().ok()
}

/// Digits in pairs; what is too much is dropped, and what is missing is zeros.
fn unhex(word: &str, length: usize) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Option<Vec<u8>> = word.bytes().map(digit).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    let pair = |pair: &[u8]| (at(pair, 0) << 4) | at(pair, 1);
    let mut bytes: Vec<u8> = digits.chunks(2).map(pair).collect();
    bytes.resize(length, 0);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_c() {
        let of = |text: &str| ipv6(&text.parse::<Ipv6Addr>().unwrap().octets(), 0);
        for text in ["::", "::1", "fe80::1", "::ffff:192.0.2.1", "::192.0.2.1", "2001:db8::5"] {
            assert_eq!(of(text), text);
        }
    }

    #[test]
    fn digits_come_in_pairs() {
        assert_eq!(unhex("0a0B", 3), Some(vec![10, 11, 0]));
        assert_eq!(unhex("0a0b0c", 2), Some(vec![10, 11]));
        assert_eq!(unhex("0a0", 3), None);
        assert_eq!(unhex("0g", 3), None);
    }
}
