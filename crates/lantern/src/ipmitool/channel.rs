//! `channel`.

use ipmi_wire::cmd::app::{
    AccessCopy, ChannelCipherSuites, GetChannelAccess, GetChannelCipherSuites, GetChannelInfo,
    SetUserAccess, UserFlags,
};
use ipmi_wire::{Channel, NetFn, Request};

use super::access::{self, at, evaluated, exactly, named};
use super::number::number;
use super::text;
use super::tool::{Ended, Failed, Refusal, Tool};

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let Some((word, rest)) = words.split_first() else {
        tool.error("Not enough parameters given.");
        return misused(tool);
    };
    match (word.as_str(), rest) {
        ("help", _) => {
            help(tool);
            Ok(())
        }
        ("authcap", [channel, limit]) => {
            let channel = access::channel(tool, channel)?;
            authentication(tool, channel, access::limit(tool, limit)?).await
        }
        ("getaccess", [channel]) => all_access(tool, access::channel(tool, channel)?, None).await,
        ("getaccess", [channel, id]) => {
            let channel = access::channel(tool, channel)?;
            all_access(tool, channel, Some(access::user_id(tool, id)?)).await
        }
        ("setaccess", rest) => set_access(tool, rest).await,
        ("info", []) => info(tool, Channel::PRESENT).await,
        ("info", [channel]) => info(tool, access::channel(tool, channel)?).await,
        ("getciphers", [payload, rest @ ..])
            if rest.len() <= 1 && matches!(payload.as_str(), "ipmi" | "sol") =>
        {
            let channel = access::channel_or_present(tool, rest.first())?;
            ciphers(tool, u8::from(payload == "sol"), channel).await
        }
        ("authcap" | "info" | "getciphers", _) => misused(tool),
        ("getaccess", _) => {
            tool.error("Not enough parameters given.");
            misused(tool)
        }
        (other, _) => {
            tool.error(&format!("Invalid CHANNEL command: {other}\n"));
            misused(tool)
        }
    }
}

const MEDIA: [(&str, u8); 13] = [
    ("reserved", 0x00),
    ("IPMB (I2C)", 0x01),
    ("ICMB v1.0", 0x02),
    ("ICMB v0.9", 0x03),
    ("802.3 LAN", 0x04),
    ("Serial/Modem", 0x05),
    ("Other LAN", 0x06),
    ("PCI SMBus", 0x07),
    ("SMBus v1.0/v1.1", 0x08),
    ("SMBus v2.0", 0x09),
    ("USB 1.x", 0x0a),
    ("USB 2.x", 0x0b),
    ("System Interface", 0x0c),
];

const PROTOCOLS: [(&str, u8); 14] = [
    ("reserved", 0x00),
    ("IPMB-1.0", 0x01),
    ("ICMB-1.0", 0x02),
    ("reserved", 0x03),
    ("IPMI-SMBus", 0x04),
    ("KCS", 0x05),
    ("SMIC", 0x06),
    ("BT-10", 0x07),
    ("BT-15", 0x08),
    ("TMode", 0x09),
    ("OEM 1", 0x1c),
    ("OEM 2", 0x1d),
    ("OEM 3", 0x1e),
    ("OEM 4", 0x1f),
];

async fn info(tool: &Tool, channel: Channel) -> Ended {
    let answer = access::bytes(tool, &GetChannelInfo { channel }).await.and_then(exactly::<9>);
    let Ok([channel, medium, protocol, sessions, a, b, c, ..]) = evaluated(tool, answer) else {
        tool.error("Unable to Get Channel Info");
        return Err(Failed);
    };
    let (channel, medium) = (Channel::new(channel), medium & 0x7f);
    let support = match sessions >> 6 {
        0 => "session-less",
        1 => "single-session",
        2 => "multi-session",
        _ => "session-based",
    };
    tool.print(&format!(
        "Channel 0x{:x} info:\n  Channel Medium Type   : {}\n  Channel Protocol Type : {}\n  Session \
         Support       : {support}\n  Active Session Count  : {}\n  Protocol Vendor ID    : {}\n",
        channel.number(),
        named(&MEDIA, medium),
        named(&PROTOCOLS, protocol & 0x1f),
        sessions & 0x3f,
        u32::from_le_bytes([a, b, c, 0]),
    ));
    if !access::is_lan_medium(medium) {
        return Ok(());
    }
    for (copy, title, name) in [
        (AccessCopy::Volatile, "Volatile(active) Settings", "volatile"),
        (AccessCopy::NonVolatile, "Non-Volatile Settings", "non-volatile"),
    ] {
        let answer = access::bytes(tool, &GetChannelAccess { channel, copy }).await;
        let Ok([access, _]) = evaluated(tool, answer.and_then(exactly::<2>)) else {
            tool.error(&format!("Unable to Get Channel Access ({name})"));
            return Err(Failed);
        };
        let unless = |bit: u8| if access & bit != 0 { "disabled" } else { "enabled" };
        let mode = match access & 7 {
            0 => "disabled",
            1 => "pre-boot only",
            2 => "always available",
            3 => "shared",
            _ => "unknown",
        };
        tool.print(&format!(
            "  {title}\n    Alerting            : {}\n    Per-message Auth    : {}\n    User Level \
             Auth     : {}\n    Access Mode         : {mode}\n",
            unless(0x20),
            unless(0x10),
            unless(0x08),
        ));
    }
    Ok(())
}

/// What one user or all may do on a channel.
async fn all_access(tool: &Tool, channel: Channel, only: Option<u8>) -> Ended {
    let first = only.unwrap_or(1);
    let mut last = first;
    let mut id = first;
    while id <= last {
        let Ok(of) = evaluated(tool, access::user_access(tool, channel, id).await) else {
            tool.error(&format!("Unable to Get User Access (channel {channel} id {id})"));
            return Err(Failed);
        };
        let Ok(name) = evaluated(tool, access::user_name(tool, id).await) else {
            tool.error(&format!("Unable to Get User Name (id {id})"));
            return Err(Failed);
        };
        if id == first {
            tool.print(&format!(
                "Maximum User IDs     : {}\nEnabled User IDs     : {}\n",
                of.max_id, of.enabled
            ));
            last = if only.is_some() { first } else { of.max_id };
        }
        tool.print(&format!("\nUser ID              : {id}\nUser Name            : "));
        tool.print_bytes(&name);
        let able = |yes: bool| if yes { "enabled" } else { "disabled" };
        let status = match of.status {
            0 => "unknown",
            1 => "enabled",
            2 => "disabled",
            _ => "reserved",
        };
        tool.print(&format!(
            "\nFixed Name           : {}\nAccess Available     : {}\nLink Authentication  : {}\nIPMI \
             Messaging       : {}\nPrivilege Level      : {}\nEnable Status        : {status}\n",
            if id <= of.fixed { "Yes" } else { "No" },
            if of.callback_only { "callback" } else { "call-in / callback" },
            able(of.link),
            able(of.messaging),
            access::level(of.limit),
        ));
        id = id.saturating_add(1);
    }
    Ok(())
}

async fn set_access(tool: &Tool, words: &[String]) -> Ended {
    let (channel, id, settings) = match words {
        [word, ..] if word == "help" => {
            help(tool);
            return Ok(());
        }
        [channel, id, settings @ ..] if !settings.is_empty() => (channel, id, settings),
        _ => {
            tool.error("Not enough parameters given.");
            return misused(tool);
        }
    };
    let channel = access::channel(tool, channel)?;
    let user_id = access::user_id(tool, id)?;
    let Ok(now) = evaluated(tool, access::user_access(tool, channel, user_id).await) else {
        tool.error(&format!("Unable to Get User Access (channel {channel} id {user_id})"));
        return Err(Failed);
    };
    let mut flags = UserFlags {
        callback_only: now.callback_only,
        link_authentication: now.link,
        messaging: now.messaging,
    };
    let mut limit = now.limit;
    for setting in settings {
        let (name, value) = setting.split_once('=').unwrap_or(("", ""));
        let on = || {
            switched(value).ok_or_else(|| {
                tool.error(&format!("{name} is 'on' or 'off', but '{value}' given."));
                Failed
            })
        };
        match name {
            "callin" => flags.callback_only = !on()?,
            "link" => flags.link_authentication = on()?,
            "ipmi" => flags.messaging = on()?,
            "privilege" => limit = level(tool, value)?,
            _ => {
                tool.error(&format!("Invalid option: {setting}\n"));
                return Err(Failed);
            }
        }
    }
    let set = match access::privilege(limit) {
        None if limit != access::NO_ACCESS => {
            // No command of ours stands for a reserved level: the BMC is to judge it.
            let bits = (u8::from(flags.callback_only) << 6)
                | (u8::from(flags.link_authentication) << 5)
                | (u8::from(flags.messaging) << 4);
            let data = vec![0x80 | bits | channel.number(), user_id, limit, 0];
            let request = Request { netfn: NetFn::App, lun: 0, cmd: 0x43, data };
            access::request(tool, request).await.map(drop)
        }
        limit => {
            let flags = Some(flags);
            tool.send(&SetUserAccess { channel, flags, user_id, limit, session_limit: Some(0) })
                .await
        }
    };
    if evaluated(tool, set).is_err() {
        tool.error(&format!("Unable to Set User Access (channel {channel} id {user_id})"));
        return Err(Failed);
    }
    tool.print(&format!("Set User Access (channel {channel} id {user_id}) successful.\n"));
    Ok(())
}

/// What a word switches to. To the original whatever is not "off", "disable" or "no" is on: `OFF`, too.
fn switched(value: &str) -> Option<bool> {
    let is = |names: [&str; 4]| names.iter().any(|name| name.eq_ignore_ascii_case(value));
    match () {
        () if is(["on", "enable", "yes", "true"]) => Some(true),
        () if is(["off", "disable", "no", "false"]) => Some(false),
        () => None,
    }
}

/// A level by name or number. The original takes four bits of any: 20 makes an administrator.
fn level(tool: &Tool, value: &str) -> Result<u8, Failed> {
    match access::level_named(value).or_else(|| number::<u8>(value)) {
        Some(level @ (1..=5 | access::NO_ACCESS)) => Ok(level),
        _ => {
            tool.error(&format!("Numeric [1-15] value expected, but '{value}' given."));
            tool.error("Levels are 1 to 5, and 15 for no access.");
            Err(Failed)
        }
    }
}

/// Authentication types by their bits.
pub(super) const AUTH_TYPES: [(&str, u8); 5] =
    [("NONE", 0x01), ("MD2", 0x02), ("MD5", 0x04), ("PASSWORD", 0x10), ("OEM", 0x20)];

async fn authentication(tool: &Tool, channel: Channel, limit: u8) -> Ended {
    // Level 15 can be asked for here, so these are bytes; and again for those who know IPMI v1.5 only.
    let ask = |extended: u8| {
        let data = vec![extended | channel.number(), limit];
        access::request(tool, Request { netfn: NetFn::App, lun: 0, cmd: 0x38, data })
    };
    let answer = match ask(0x80).await {
        Ok(answer) => Ok(answer),
        Err(_) => ask(0).await,
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(Refusal::Code(code)) => {
            tool.error(&format!(
                "Get Channel Authentication Capabilities failed: {}",
                text::completion(code)
            ));
            return Err(Failed);
        }
        Err(_) => {
            tool.error("Unable to Get Channel Authentication Capabilities");
            return Err(Failed);
        }
    };
    let (types, status, versions) = (at(&answer, 1), at(&answer, 2), at(&answer, 3));
    let is_extended = types & 0x80 != 0;
    let yes = |byte: u8, bit: u8| if byte & bit != 0 { "yes" } else { "no" };
    let unless = |bit: u8| if status & bit != 0 { "disabled" } else { "enabled" };
    tool.print(&format!(
        "Channel number             : {}\nIPMI v1.5  auth types      : {}\n",
        at(&answer, 0),
        auth_types(types)
    ));
    if is_extended {
        let key = if status & 0x20 != 0 { "non-zero" } else { "default (all zeroes)" };
        tool.print(&format!("KG status                  : {key}\n"));
    }
    tool.print(&format!(
        "Per message authentication : {}\nUser level authentication  : {}\nNon-null user names exist  : \
         {}\nNull user names exist      : {}\nAnonymous login enabled    : {}\n",
        unless(0x10),
        unless(0x08),
        yes(status, 4),
        yes(status, 2),
        yes(status, 1),
    ));
    if is_extended {
        tool.print(&format!(
            "Channel supports IPMI v1.5 : {}\nChannel supports IPMI v2.0 : {}\n",
            yes(versions, 1),
            yes(versions, 2)
        ));
    }
    if types & 0x20 != 0 {
        let iana = u32::from_le_bytes([at(&answer, 4), at(&answer, 5), at(&answer, 6), 0]);
        tool.print(&format!(
            "IANA Number for OEM        : {iana}\nOEM Auxiliary Data         : 0x{:x}\n",
            at(&answer, 7)
        ));
    }
    Ok(())
}

/// The names of all that are set, with a blank behind each.
pub(super) fn auth_types(bits: u8) -> String {
    let set = AUTH_TYPES.iter().filter(|(_, bit)| bits & bit != 0);
    set.map(|(name, _)| format!("{name} ")).collect()
}

/// The original lists no more, whatever the BMC has.
const MOST_SUITES: usize = 12;

async fn ciphers(tool: &Tool, payload_type: u8, channel: Channel) -> Ended {
    let mut list = Vec::new();
    for index in 0..64 {
        let question = GetChannelCipherSuites { channel, payload_type, by_suite: true, index };
        let answer = match access::bytes(tool, &question).await {
            Ok(answer) if (1..=17).contains(&answer.len()) => answer,
            Ok(_) => {
                tool.error("Get Channel Cipher Suites failed: Command completed normally");
                return Err(Failed);
            }
            Err(Refusal::Code(code)) => {
                let why = text::completion(code);
                tool.error(&format!("Get Channel Cipher Suites failed: {why}"));
                return Err(Failed);
            }
            Err(_) => {
                tool.error("Unable to Get Channel Cipher Suites");
                return Err(Failed);
            }
        };
        let piece = answer.get(1..).unwrap_or_default();
        list.extend_from_slice(piece);
        if piece.len() < ChannelCipherSuites::PIECE {
            break;
        }
    }
    let is_csv = tool.csv.get();
    if !is_csv {
        tool.print("ID   IANA    Auth Alg        Integrity Alg   Confidentiality Alg\n");
    }
    for (suite, iana, algorithms) in suites(&list).take(MOST_SUITES) {
        let iana = match iana {
            0 => "N/A".to_owned(),
            iana => format!("{iana:06x}"),
        };
        let [authentication, integrity, confidentiality] = algorithms.map(|tag| tag & 0x3f);
        let authentication = named(
            &[("none", 0), ("hmac_sha1", 1), ("hmac_md5", 2), ("hmac_sha256", 3)],
            authentication,
        );
        let integrity = named(
            &[
                ("none", 0),
                ("hmac_sha1_96", 1),
                ("hmac_md5_128", 2),
                ("md5_128", 3),
                ("sha256_128", 4),
            ],
            integrity,
        );
        let confidentiality = named(
            &[("none", 0), ("aes_cbc_128", 1), ("xrc4_128", 2), ("xrc4_40", 3)],
            confidentiality,
        );
        tool.print(&match is_csv {
            true => format!("{suite},{iana},{authentication},{integrity},{confidentiality}\n"),
            false => format!(
                "{suite:<4} {iana:<7} {authentication:<15} {integrity:<15} {confidentiality:<15}\n"
            ),
        });
    }
    Ok(())
}

/// The suites of a list, each with three algorithms; it ends where one is not like that.
fn suites(mut list: &[u8]) -> impl Iterator<Item = (u8, u32, [u8; 3])> {
    std::iter::from_fn(move || {
        let (suite, rest) = match list {
            [0xc0, suite, a, b, c, rest @ ..] => ((*suite, 0, [*a, *b, *c]), rest),
            [0xc1, suite, x, y, z, a, b, c, rest @ ..] => {
                ((*suite, u32::from_le_bytes([*x, *y, *z, 0]), [*a, *b, *c]), rest)
            }
            _ => return None,
        };
        list = rest;
        Some(suite)
    })
}

fn misused(tool: &Tool) -> Ended {
    help(tool);
    Err(Failed)
}

fn help(tool: &Tool) {
    tool.notice("Channel Commands: authcap CHANNEL LEVEL");
    tool.notice("                  getaccess CHANNEL [USER]");
    tool.notice(
        "                  setaccess CHANNEL USER [callin=on|off] [ipmi=on|off] [link=on|off]",
    );
    tool.notice("                            [privilege=LEVEL]");
    tool.notice("                  info [CHANNEL]");
    tool.notice("                  getciphers ipmi|sol [CHANNEL]");
    tool.notice("Levels: 1 callback, 2 user, 3 operator, 4 administrator, 5 OEM, 15 none");
}
