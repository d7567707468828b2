//! Single words of `lan set`, and what they stand for.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipmi_client::lan::{Community, LanSetting};
use ipmi_wire::cmd::app::AuthTypes;
use ipmi_wire::cmd::transport::{AddressingEnables, MacAddress, RouterField};
use ipmi_wire::{Channel, Privilege};

use crate::cli::words::privilege;

pub(super) fn channel(text: &str) -> Result<Channel, String> {
    if text.eq_ignore_ascii_case("e") {
        return Ok(Channel::PRESENT);
    }
    let number = crate::cli::byte(text).ok().filter(|number| matches!(number, 1..=11 | 14));
    number.map(Channel::new).ok_or_else(|| "1 to 11, or E for the present one".to_owned())
}

pub(super) fn mac(text: &str) -> Result<MacAddress, String> {
    let wrong = || "six bytes in hexadecimal, such as 02:00:5e:00:00:01".to_owned();
    let mut bytes = [0; 6];
    let mut parts = text.split([':', '-']);
    for byte in &mut bytes {
        let digits = parts.next().filter(|part| part.len() == 2).ok_or_else(wrong)?;
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        *byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex).ok_or_else(wrong)?;
    }
    if parts.next().is_some() { Err(wrong()) } else { Ok(MacAddress(bytes)) }
}

/// The address of a machine.
pub(super) fn host(text: &str) -> Result<Ipv4Addr, String> {
    let address: Ipv4Addr = text.parse().map_err(|_| "an IPv4 address".to_owned())?;
    if address.is_multicast() || address.is_broadcast() {
        return Err("the address of one machine".to_owned());
    }
    Ok(address)
}

/// The address of a machine, or `none`.
pub(super) fn gateway(text: &str) -> Result<Ipv4Addr, String> {
    if text == "none" { Ok(Ipv4Addr::UNSPECIFIED) } else { host(text) }
}

pub(super) fn alert_ip(text: &str) -> Result<Ipv4Addr, String> {
    gateway(text)
}

/// `255.255.255.0` or `/24`.
pub(super) fn netmask(text: &str) -> Result<Ipv4Addr, String> {
    let wrong = || "a subnet mask, such as 255.255.255.0 or /24".to_owned();
    if let Some(length) = text.strip_prefix('/') {
        let length = length.parse::<u32>().ok().filter(|length| *length <= 32).ok_or_else(wrong)?;
        let host_bits = 32_u32.saturating_sub(length);
        return Ok(Ipv4Addr::from(u32::MAX.checked_shl(host_bits).unwrap_or(0)));
    }
    let mask: Ipv4Addr = text.parse().map_err(|_| wrong())?;
    let bits = u32::from(mask);
    let is_mask = bits.leading_ones().saturating_add(bits.trailing_zeros()) >= 32;
    is_mask.then_some(mask).ok_or_else(wrong)
}

pub(super) fn vlan(text: &str) -> Result<LanSetting, String> {
    if text == "off" {
        return Ok(LanSetting::Vlan(None));
    }
    let id = text.parse().ok().filter(|id| (1..=4094).contains(id));
    id.map(|id| LanSetting::Vlan(Some(id))).ok_or_else(|| "1 to 4094, or 'off'".to_owned())
}

/// A number up to `MOST`.
pub(super) fn up_to<const MOST: u32>(text: &str) -> Result<u32, String> {
    let number = match text.strip_prefix("0x") {
        Some(digits) if !digits.starts_with('+') => u32::from_str_radix(digits, 16).ok(),
        Some(_) => None,
        None => text.parse().ok(),
    };
    number.filter(|number| *number <= MOST).ok_or_else(|| format!("0 to {MOST}"))
}

/// A small number up to `MOST`.
pub(super) fn small<const MOST: u32>(text: &str) -> Result<u8, String> {
    let number = up_to::<MOST>(text)?;
    u8::try_from(number).map_err(|_| format!("0 to {MOST}"))
}

pub(super) fn destination(text: &str) -> Result<u8, String> {
    small::<15>(text)
}

pub(super) fn retries(text: &str) -> Result<u8, String> {
    small::<7>(text)
}

pub(super) fn community(text: &str) -> Result<Community, String> {
    Community::new(text.as_bytes())
        .ok_or_else(|| "18 bytes at most, none of them zero: nothing is ever cut".to_owned())
}

/// Seconds between gratuitous ARPs, in halves; what goes on the wire is one less.
pub(super) fn arp_interval(text: &str) -> Result<u8, String> {
    let halves = text.parse::<f64>().ok().map(|seconds| seconds * 2.0);
    let halves = halves.filter(|halves| (1.0..=256.0).contains(halves) && halves.fract() == 0.0);
    // In range, and whole.
    let halves = halves.map(|halves| (halves - 1.0) as u8);
    halves.ok_or_else(|| "0.5 to 128 seconds, in steps of half a second".to_owned())
}

/// Seconds, of which there are tens on the wire.
pub(super) fn tens(text: &str) -> Result<u16, String> {
    let tens = text.parse::<u32>().ok().filter(|seconds| seconds % 10 == 0);
    let tens = tens.and_then(|seconds| u16::try_from(seconds / 10).ok());
    tens.ok_or_else(|| "seconds in steps of ten, up to 655350; 0 is never".to_owned())
}

/// `off`, or a number of tries.
pub(super) fn bad_passwords(text: &str) -> Result<u8, String> {
    if text == "off" {
        return Ok(0);
    }
    small::<255>(text).map_err(|_| "1 to 255, or 'off'".to_owned())
}

/// `LEVEL=TYPE+TYPE`, or `LEVEL=off`.
pub(super) fn auth(text: &str) -> Result<LanSetting, String> {
    let wrong = || "LEVEL=TYPES, such as admin=md5+password, or admin=off".to_owned();
    let (level, names) = text.split_once('=').ok_or_else(wrong)?;
    let level = match level {
        "oem" => Privilege::Oem,
        level => privilege(level)?,
    };
    let mut types = AuthTypes::default();
    if names != "off" {
        for name in names.split('+') {
            *match name {
                "none" => &mut types.none,
                "md2" => &mut types.md2,
                "md5" => &mut types.md5,
                "password" => &mut types.straight_password,
                "oem" => &mut types.oem,
                _ => return Err("types are none, md2, md5, password and oem".to_owned()),
            } = true;
        }
    }
    Ok(LanSetting::AuthTypes { level, types })
}

/// `SUITE=LEVEL`, or `SUITE=off`.
pub(super) fn cipher_privilege(text: &str) -> Result<LanSetting, String> {
    let wrong = || "SUITE=LEVEL, such as 3=administrator or 0=off".to_owned();
    let (suite, level) = text.split_once('=').ok_or_else(wrong)?;
    let suite = match suite.parse::<u8>() {
        Ok(suite @ 0..=15) => suite,
        Ok(suite) => {
            return Err(format!(
                "suite {suite} has no privilege of its own: there is room for 0 to 15"
            ));
        }
        Err(_) => return Err(wrong()),
    };
    let level = match level {
        "off" => None,
        "oem" => Some(Privilege::Oem),
        level => Some(privilege(level).map_err(|levels| format!("{levels}, or 'off'"))?),
    };
    Ok(LanSetting::CipherPrivilege { suite, level })
}

pub(super) fn ipv6(text: &str) -> Result<AddressingEnables, String> {
    match text {
        "off" => Ok(AddressingEnables::IPV4),
        "only" => Ok(AddressingEnables::IPV6),
        "both" => Ok(AddressingEnables::BOTH),
        _ => Err("off, only (without IPv4) or both".to_owned()),
    }
}

/// A word that may begin with a number and `=`.
fn numbered(text: &str, first: u8) -> Result<(u8, &str), String> {
    match text.split_once('=') {
        None => Ok((first, text)),
        Some((number, rest)) => {
            let number = number.parse().map_err(|_| format!("'{number}' is no number"))?;
            Ok((number, rest))
        }
    }
}

fn with_length(text: &str) -> Option<(Ipv6Addr, u8)> {
    let (address, length) = text.split_once('/')?;
    let length = length.parse().ok().filter(|length| *length <= 128)?;
    Some((address.parse().ok()?, length))
}

/// `[N=]ADDRESS/LENGTH`, or `[N=]off`.
pub(super) fn address6(text: &str) -> Result<LanSetting, String> {
    let (index, word) = numbered(text, 0)?;
    if word == "off" {
        return Ok(LanSetting::Address6 { index, address: None });
    }
    let address = with_length(word).filter(|(address, _)| !address.is_multicast());
    let address = address.ok_or("an address with the length of its prefix: 2001:db8::5/64")?;
    Ok(LanSetting::Address6 { index, address: Some(address) })
}

/// Which of the two static routers.
fn router(text: &str) -> Result<(bool, &str), String> {
    match numbered(text, 1)? {
        (1, word) => Ok((false, word)),
        (2, word) => Ok((true, word)),
        _ => Err("there are static routers 1 and 2".to_owned()),
    }
}

/// `[N=]ADDRESS`, or `[N=]none`.
pub(super) fn router_address(text: &str) -> Result<LanSetting, String> {
    let (second, word) = router(text)?;
    let address = match word {
        "none" => Ipv6Addr::UNSPECIFIED,
        word => word.parse().map_err(|_| "an IPv6 address, or 'none'".to_owned())?,
    };
    Ok(LanSetting::Router { second, field: RouterField::Address(address) })
}

/// `[N=]MAC`.
pub(super) fn router_mac(text: &str) -> Result<LanSetting, String> {
    let (second, word) = router(text)?;
    Ok(LanSetting::Router { second, field: RouterField::Mac(mac(word)?) })
}

/// A router's prefix: two settings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefix(pub(super) [LanSetting; 2]);

/// `[N=]PREFIX/LENGTH`.
pub(super) fn router_prefix(text: &str) -> Result<Prefix, String> {
    let (second, word) = router(text)?;
    let (prefix, length) = with_length(word).ok_or("a prefix with its length: 2001:db8::/64")?;
    Ok(Prefix([
        LanSetting::Router { second, field: RouterField::PrefixLength(length) },
        LanSetting::Router { second, field: RouterField::Prefix(prefix) },
    ]))
}

/// Where routers are known from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Routers(pub(super) [LanSetting; 2]);

pub(super) fn routers(text: &str) -> Result<Routers, String> {
    let (fixed, dynamic) = match text {
        "none" => (false, false),
        "static" => (true, false),
        "dynamic" => (false, true),
        "both" => (true, true),
        _ => return Err("static, dynamic, both or none".to_owned()),
    };
    Ok(Routers([LanSetting::StaticRouters(fixed), LanSetting::DynamicRouters(dynamic)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_they_mean() {
        assert_eq!((channel("E"), channel("1")), (Ok(Channel::PRESENT), Ok(Channel::new(1))));
        assert!(["0", "12", "16", "x", ""].iter().all(|text| channel(text).is_err()));
        assert_eq!(mac("02-00-5e-00-00-0A"), Ok(MacAddress([2, 0, 0x5e, 0, 0, 10])));
        assert!(
            [
                "02:00",
                "02:00:5e:00:00:1",
                "02:00:5e:00:00:0g",
                "+2:00:5e:00:00:01",
                "02:00:5e:00:00:01:02"
            ]
            .iter()
            .all(|text| mac(text).is_err())
        );
        assert_eq!(netmask("/24"), Ok(Ipv4Addr::new(255, 255, 255, 0)));
        assert_eq!(
            (netmask("/0"), netmask("/32")),
            (Ok(Ipv4Addr::UNSPECIFIED), Ok(Ipv4Addr::BROADCAST))
        );
        assert!(["255.0.255.0", "/33", "24", ""].iter().all(|text| netmask(text).is_err()));
        assert!(host("224.0.0.1").is_err() && host("255.255.255.255").is_err());
        assert_eq!(arp_interval("2"), Ok(3));
        assert_eq!((arp_interval("0.5"), arp_interval("128")), (Ok(0), Ok(255)));
        assert!(["0", "0.3", "129", "NaN", "-1"].iter().all(|text| arp_interval(text).is_err()));
        assert_eq!((tens("300"), tens("655350")), (Ok(30), Ok(u16::MAX)));
        assert!(["5", "655360", "-10"].iter().all(|text| tens(text).is_err()));
        assert_eq!(up_to::<0xf_ffff>("0x12345"), Ok(0x12345));
        assert!(up_to::<0xf_ffff>("0x100000").is_err() && small::<7>("8").is_err());
    }

    #[test]
    fn what_has_several_parts_is_taken_apart() {
        let types = AuthTypes { md5: true, straight_password: true, ..AuthTypes::default() };
        let level = Privilege::Administrator;
        assert_eq!(auth("admin=md5+password"), Ok(LanSetting::AuthTypes { level, types }));
        assert!(auth("admin").is_err() && auth("admin=sha1").is_err() && auth("root=md5").is_err());
        let off = LanSetting::CipherPrivilege { suite: 0, level: None };
        assert_eq!(cipher_privilege("0=off"), Ok(off));
        assert!(cipher_privilege("17=admin").unwrap_err().contains("no privilege of its own"));
        assert!(cipher_privilege("3=root").is_err() && cipher_privilege("3").is_err());
        let address = Some(("2001:db8::5".parse().unwrap(), 64));
        assert_eq!(address6("2001:db8::5/64"), Ok(LanSetting::Address6 { index: 0, address }));
        assert_eq!(address6("1=off"), Ok(LanSetting::Address6 { index: 1, address: None }));
        assert!(
            ["2001:db8::5", "2001:db8::5/129", "ff02::1/64", "x=off"]
                .iter()
                .all(|text| address6(text).is_err())
        );
        assert!(matches!(router_address("2=fe80::1"), Ok(LanSetting::Router { second: true, .. })));
        assert!(router_address("3=fe80::1").is_err() && router_prefix("2001:db8::").is_err());
    }
}
