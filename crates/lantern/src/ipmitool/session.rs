//! From options to a session; and the lines that programs look for when there is none.

mod local;

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use ipmi_client::{Agreed, Bmc, Cache, Credentials, Endpoint, Error, Protocol, Timing};
use ipmi_session::Secret;
use ipmi_session::console::{SessionError, Stage};
use ipmi_wire::bridge::{Hop, Route};
use ipmi_wire::cmd::app::SetSessionPrivilegeLevel;
use ipmi_wire::session::{AuthType, CipherSuite, RmcpPlusStatus};
use ipmi_wire::{Channel, CompletionCode, Privilege};

use super::options::{Family, Options, ask_password};
use super::tool::{Ended, Failed, Tool};
use crate::connect::Memory;
use crate::learned::cache_directory;
use crate::settings::DEADLINE;

/// Which protocol `-I` names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Interface {
    Lan,
    LanPlus,
    /// The machine's own BMC, by the kernel's device.
    Open,
}

/// Types of `-o`. None changes what is sent: what they stand for is found out (`docs/quirks.md`).
const OEM: [(&str, &str); 8] = [
    ("supermicro", "Supermicro"),
    ("intelwv2", "Intel, Westville 2"),
    ("intelplus", "Intel, IPMI 2.0"),
    ("icts", "ICTS"),
    ("ibm", "IBM"),
    ("i82571spt", "Intel 82571"),
    ("kontron", "Kontron"),
    ("quanta", "Quanta"),
];

pub(super) fn oem_types() {
    eprintln!("\nOEM types:");
    for (name, about) in OEM {
        eprintln!("\t{name:<12} {about}");
    }
    eprintln!();
}

/// Logs in.
pub(super) async fn open(tool: &mut Tool) -> Ended {
    let options = &mut tool.options;
    if options.host.is_some()
        && options.password.is_none()
        && options.auth_type != Some(AuthType::None)
    {
        options.password = ask_password();
    }
    // With newer sessions, too, where it means nothing else.
    if options.auth_type == Some(AuthType::None) {
        options.password = None;
    }
    let name = match (&options.interface, &options.host) {
        (Some(name), _) => name.clone(),
        (None, Some(_)) => "lan".to_owned(),
        (None, None) => "open".to_owned(),
    };
    let longest = [("lan", 16), ("lanplus", 20)].into_iter().find(|(known, _)| *known == name);
    if let (Some((name, most)), Some(password)) = (longest, &options.password)
        && password.len() > most
    {
        eprintln!("{name}: password is longer than {most} bytes.");
        return Err(Failed);
    }
    let interface = match name.as_str() {
        "lan" => Interface::Lan,
        "lanplus" => Interface::LanPlus,
        "open" => Interface::Open,
        other => {
            eprintln!("Error loading interface {other}");
            return Err(Failed);
        }
    };
    if let Some(oem) = &options.oem {
        let lacks_file = oem == "ibm" && std::env::var_os("IPMI_OEM_IBM_DATAFILE").is_none();
        if lacks_file {
            eprintln!("Unable to read IPMI_OEM_IBM_DATAFILE from environment");
        }
        if lacks_file || !OEM.iter().any(|(known, _)| known == oem) {
            eprintln!("OEM setup for \"{oem}\" failed");
            return Err(Failed);
        }
    }
    if interface == Interface::Open {
        return local::open(tool);
    }
    let Some(host) = options.host.clone() else {
        eprintln!("No hostname specified!");
        return Err(Failed);
    };
    let Some(address) = resolve(&host, options) else {
        eprintln!("Address lookup for {host} failed");
        eprintln!("Could not open socket!");
        return match interface {
            Interface::LanPlus => failed(interface),
            Interface::Lan | Interface::Open => Err(Failed),
        };
    };
    if options.privilege_wrong {
        return failed(interface);
    }
    if let (Interface::Lan, Some(name)) = (interface, options.auth_type_wrong) {
        eprintln!("Authentication type {name} not supported");
        return failed(interface);
    }
    let Some(route) = route(options, interface) else { return Err(Failed) };
    let Some(credentials) = credentials(options, interface) else { return failed(interface) };
    let Ok(endpoint) = Endpoint::bind_to(None, 0) else {
        eprintln!("Could not open socket!");
        return failed(interface);
    };
    // With -C the suite is taken as it is named.
    let memory = (options.suite.is_none() && interface == Interface::LanPlus).then(Memory::load);
    let suites = credentials.suites.clone();
    let mut bmc = Bmc::new(&endpoint, address, credentials);
    let mut lesser = None;
    if let Some(memory) = &memory {
        (bmc, lesser) = memory.recall(&endpoint, bmc, address, &suites);
    }
    if let Some(cache) = cache_directory().map(Cache::at) {
        bmc = bmc.with_cache(&cache);
    }
    let info = match bmc.connect().await {
        Ok(info) => info,
        Err(error) => {
            tell_session_id(tool, &bmc, interface);
            explain(tool, &error);
            return failed(interface);
        }
    };
    if let Some(memory) = &memory {
        memory.take_note_of_suite(&bmc, &info);
    }
    if let Some(lesser) = lesser.filter(|suite| info.agreed.and_then(Agreed::suite) == Some(*suite))
    {
        // Success is silent here.
        tool.info(&format!("> {lesser} is used: a better one was refused within the last hour"));
    }
    tell_session_id(tool, &bmc, interface);
    if !raise(tool, &bmc).await {
        bmc.close().await;
        return failed(interface);
    }
    if let Some(route) = route {
        bmc = bmc.behind(route);
    }
    tool.opened(Some(endpoint), bmc, memory);
    enlarge(tool);
    Ok(())
}

/// What `-z` does, as far as anybody sees.
fn enlarge(tool: &Tool) {
    let size = tool.options.large_buffer;
    if size != 0 {
        tool.print(&format!("Setting large buffer to {size}\n"));
    }
}

/// How xCAT knows that there is a BMC, be the password right or wrong. The original puts this on
/// standard output, and all of the handshake around it.
fn tell_session_id(tool: &Tool, bmc: &Bmc, interface: Interface) {
    if let Some(id) = bmc.managed_session_id()
        && interface == Interface::LanPlus
        && tool.verbose.get() >= 2
    {
        tool.print(&format!("<<  BMC Session ID                     : 0x{id:08x}\n"));
    }
}

/// All of the privilege that was asked for, at once: whether the user has it is what the exit code tells. The
/// session takes note of it, so that no later command has to raise it.
async fn raise(tool: &Tool, bmc: &Bmc) -> bool {
    let wanted = bmc.privilege();
    if wanted <= Privilege::User {
        return true;
    }
    let name = wanted.to_string().to_uppercase();
    match bmc.send(&SetSessionPrivilegeLevel { level: Some(wanted) }).await {
        Ok(_) => {
            tool.debug(&format!("Set Session Privilege Level to {name}\n"));
            true
        }
        Err(error) => {
            let why = error.completion().map(super::text::completion);
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            tool.error(&format!("Set Session Privilege Level to {name} failed{why}"));
            false
        }
    }
}

fn failed(interface: Interface) -> Ended {
    match interface {
        Interface::Lan => {
            eprintln!("Error: Unable to establish LAN session");
            eprintln!("Error: Unable to establish IPMI v1.5 / RMCP session");
        }
        Interface::LanPlus => eprintln!("Error: Unable to establish IPMI v2 / RMCP+ session"),
        Interface::Open => {}
    }
    Err(Failed)
}

/// What went wrong, as far as the original tells.
fn explain(tool: &Tool, error: &Error) {
    match error.session_error() {
        Some(SessionError::SuitesRefused(refused)) => {
            for (_, status) in refused {
                let text = status_text(*status);
                tool.error(&format!("Error in open session response message : {text}\n"));
            }
        }
        Some(SessionError::Refused { stage: Stage::OpenSession, status }) => {
            let text = status_text(*status);
            tool.error(&format!("Error in open session response message : {text}\n"));
        }
        Some(SessionError::Refused { stage, status }) => {
            let text = status_text(*status);
            let message = if *stage == Stage::Rakp3 { 4 } else { 2 };
            tool.info(&format!("RAKP {message} message indicates an error : {text}"));
        }
        Some(SessionError::WrongPassword) => tool.info("> RAKP 2 HMAC is invalid"),
        Some(SessionError::WrongKg) => {
            tool.info("> RAKP 4 message has invalid integrity check value");
        }
        Some(SessionError::UnsupportedAuthType(_)) => {
            unsupported_auth_type(tool);
        }
        Some(SessionError::WrongCode { stage: Stage::ActivateSession }) => {
            tool.error("Activate Session command failed");
        }
        // The original looks at what the BMC offers; a BMC that is asked refuses what it does not, and
        // the command itself if it has no IPMI v1.5. rubyipmi takes lanplus then.
        Some(SessionError::Refused15 { stage: Stage::SessionChallenge, completion, .. })
            if completion.0 == 0xc1 || completion.0 == 0xcc && tool.options.auth_type.is_some() =>
        {
            unsupported_auth_type(tool);
        }
        Some(SessionError::Refused15 { stage, completion, .. }) => {
            tool.error(&refused_15(*stage, *completion));
        }
        Some(SessionError::NoAnswer {
            stage: Stage::OpenSession | Stage::Capabilities, ..
        }) => {
            tool.info("Get Auth Capabilities error");
            tool.info("Error issuing Get Channel Authentication Capabilities request");
        }
        Some(other) => tool.info(&format!("> {other}")),
        None => tool.info(&format!("> {error}")),
    }
}

fn unsupported_auth_type(tool: &Tool) {
    let name = match tool.options.auth_type {
        Some(AuthType::Md2) => "MD2",
        Some(AuthType::Md5) => "MD5",
        Some(AuthType::Password) => "PASSWORD",
        _ => "NONE",
    };
    tool.error(&format!("Authentication type {name} not supported"));
}

/// What is said of IPMI v1.5's commands for logging in.
fn refused_15(stage: Stage, code: CompletionCode) -> String {
    let text = match (stage, code.0) {
        (Stage::SessionChallenge, 0x81) => return "Invalid user name".to_owned(),
        (Stage::SessionChallenge, 0x82) => return "NULL user name not enabled".to_owned(),
        (Stage::ActivateSession, 0x81) => "No session slot available",
        (Stage::ActivateSession, 0x82) => "No slot available for given user - limit reached",
        (Stage::ActivateSession, 0x83) => {
            "No slot available to support user due to maximum privilege capacity"
        }
        (Stage::ActivateSession, 0x84) => "Session sequence out of range",
        (Stage::ActivateSession, 0x85) => "Invalid session ID in request",
        (Stage::ActivateSession, 0x86) => "Requested privilege level exceeds limit",
        (Stage::ActivateSession, _) => &super::text::completion(code),
        (stage, _) => return format!("{stage} command failed: {}", super::text::completion(code)),
    };
    format!("Activate Session error:\t{text}")
}

/// What a status of RMCP+ is called. Ironic tries another suite after the first and the last.
fn status_text(status: RmcpPlusStatus) -> String {
    let text = match status.0 {
        0x01 => "insufficient resources for session",
        0x02 => "invalid session ID",
        0x03 => "invalid payload type",
        0x04 => "invalid authentication algorithm",
        0x05 => "invalid integrity algorithm",
        0x06 => "no matching authentication algorithm",
        0x07 => "no matching integrity payload",
        0x08 => "inactive session ID",
        0x09 => "invalid role",
        0x0a => "unauthorized role requested",
        0x0b => "insufficient resources for role",
        0x0c => "invalid name length",
        0x0d => "unauthorized name",
        0x0e => "unauthorized GUID",
        0x0f => "invalid integrity check value",
        0x10 => "invalid confidentiality algorithm",
        0x11 => "no matching cipher suite",
        0x12 => "illegal parameter",
        other => return format!("Unknown (0x{other:02X})"),
    };
    text.to_owned()
}

fn resolve(host: &str, options: &Options) -> Option<SocketAddr> {
    let port = if options.port == 0 { 623 } else { options.port };
    let found = (host, port).to_socket_addrs().ok()?;
    let fits = |address: &SocketAddr| match options.family {
        Some(Family::V4) => address.is_ipv4(),
        Some(Family::V6) => address.is_ipv6(),
        None => true,
    };
    found.into_iter().find(fits)
}

/// `Some(None)` is the BMC itself; `None` that it is not clear who is meant.
fn route(options: &Options, interface: Interface) -> Option<Option<Route>> {
    let Options {
        target_address,
        target_channel,
        transit_address,
        transit_channel,
        local_address,
        ..
    } = *options;
    if target_address == 0 {
        if transit_address != 0 {
            eprintln!(
                "Transit address/channel {transit_address:#x}/{transit_channel:#x} ignored. Target \
                 address must be specified!"
            );
            return None;
        }
        return Some(None);
    }
    let hop = |address, channel: u8| Hop { channel: Channel::new(channel & 0x0f), address };
    // A transit that is the requester itself, `-m`, is none.
    let transit = (transit_address != 0 && transit_address != local_or_bmc(local_address))
        .then(|| hop(transit_address, transit_channel));
    let target = hop(target_address, target_channel);
    // What is addressed to the BMC itself is not bridged.
    if transit.is_none() && target_address == local_or_bmc(local_address) {
        return Some(None);
    }
    // Over RMCP+ and with one controller in between only, the original names the remote console as the sender,
    // whatever `-m` says.
    let names_itself = transit.is_some() || interface != Interface::LanPlus;
    let local_address = names_itself.then_some(local_or_bmc(local_address));
    Some(Some(Route { target, transit, local_address }))
}

const fn local_or_bmc(local: u8) -> u8 {
    if local == 0 { 0x20 } else { local }
}

fn credentials(options: &Options, interface: Interface) -> Option<Credentials> {
    let password = options.password.as_ref().map_or(&[][..], |password| password.as_slice());
    let credentials = Credentials::new(&options.user, password)?;
    let suites = match options.suite {
        Some(suite) if ipmi_session::is_supported(CipherSuite(suite)) => vec![CipherSuite(suite)],
        Some(suite) => {
            eprintln!("Unsupported cipher suite ID : {suite}\n");
            return None;
        }
        None => vec![CipherSuite::SUITE_17, CipherSuite::SUITE_3],
    };
    Some(Credentials {
        kg: options.kg.as_ref().and_then(|key| Secret::new(key)),
        privilege: options.privilege.unwrap_or(Privilege::Administrator),
        name_only_lookup: !options.lookup_by_privilege,
        suites,
        timing: timing(options),
        protocol: match interface {
            Interface::LanPlus | Interface::Open => Protocol::RmcpPlus,
            Interface::Lan => Protocol::Ipmi15(match options.auth_type {
                Some(auth_type) => vec![auth_type],
                None => vec![AuthType::Md5, AuthType::Md2],
            }),
        },
        ..credentials
    })
}

/// All the time that `-R` and `-N` give to a request: each further try is given a second more.
fn timing(options: &Options) -> Timing {
    let Options { tries, seconds, .. } = *options;
    let mut timing = Timing { deadline: DEADLINE, ..Timing::default() };
    if tries > 0 || seconds > 0 {
        let tries = if tries == 0 { 4 } else { tries.min(100) };
        let first = seconds.clamp(1, 3600);
        let all = (0..tries)
            .fold(0_u64, |all, nth| all.saturating_add(u64::from(first) + u64::from(nth)));
        timing.deadline = Duration::from_secs(all);
    }
    timing
}
