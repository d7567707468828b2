//! Channels and sessions: discovery, privilege, the end.

use std::net::{IpAddr, SocketAddr};

use ipmi_session::Quirk;
use ipmi_session::console::Agreed;
use ipmi_session::managed::{ADVERTISED, Active};
use ipmi_wire::cmd::app::{
    ActivateSession, ActivatedSession, ActiveSession, AlgorithmTag, AuthTypes,
    ChannelAuthenticationCapabilities, ChannelCipherSuites, CipherSuiteRecord, CloseSession,
    GetChannelAuthenticationCapabilities, GetChannelCipherSuites, GetSessionChallenge,
    GetSessionInfo, SessionChallenge, SessionInfo, SessionLan, SessionPrivilegeLevel,
    SessionSelector, SetSessionPrivilegeLevel,
};
use ipmi_wire::session::CipherSuite;
use ipmi_wire::{Channel, CompletionCode, Privilege};

use crate::bmc::Bmc;
use crate::context::{Context, Origin};
use crate::dispatch::{Outcome, Table};
use crate::lan::enabled_for;

pub(super) fn register(table: &mut Table) {
    table
        .on(get_channel_authentication_capabilities)
        .on(get_channel_cipher_suites)
        .only_if(
            |bmc, channel| channel == Bmc::LAN_CHANNEL && !bmc.lan.ipmi15.is_empty(),
            |table| {
                table.on(get_session_challenge).on(activate_session);
            },
        )
        .only_if(
            |_, channel| channel != Channel::SYSTEM_INTERFACE,
            |table| {
                table.on(set_session_privilege_level);
            },
        )
        .on(close_session)
        .on(get_session_info);
}

/// The LAN channel, if that is what `channel` means here.
pub(super) fn lan_channel(context: &Context, channel: Channel) -> Outcome<Channel> {
    match channel.resolve(context.origin.channel()) {
        Bmc::LAN_CHANNEL => Ok(Bmc::LAN_CHANNEL),
        _ => Err(CompletionCode::INVALID_DATA_FIELD),
    }
}

fn get_channel_authentication_capabilities(
    bmc: &mut Bmc,
    context: &Context,
    request: GetChannelAuthenticationCapabilities,
) -> Outcome<ChannelAuthenticationCapabilities> {
    let channel = lan_channel(context, request.channel)?;
    let quirks = bmc.sessions.quirks();
    // But for the authentication types the answer is the same for every privilege, also for one above
    // the channel's limit: a console asks for administrator before it knows, and RAKP 2 refuses it by
    // name.
    let capabilities = ChannelAuthenticationCapabilities {
        channel,
        extended: request.ipmi20,
        // With none of them, there is nothing to offer to a console that does not ask for IPMI v2.0
        // data.
        auth_types: enabled_for(&bmc.lan.auth_enables, request.privilege),
        kg_nonzero: bmc.lan_key.is_set(),
        // A session's packets are all authenticated as agreed. Whoever is told to say otherwise
        // does not mean it.
        per_message_auth_disabled: quirks.has(Quirk::UnexpectedAuth)
            || quirks.has(Quirk::ForcePerMsg),
        user_level_auth_disabled: false,
        non_null_users: bmc.users.iter().any(|user| user.enabled && !user.name.is_empty()),
        null_users: bmc
            .users
            .iter()
            .any(|user| user.enabled && user.name.is_empty() && !user.password.is_empty()),
        anonymous_login: bmc
            .users
            .iter()
            .any(|user| user.enabled && user.name.is_empty() && user.password.is_empty()),
        supports_ipmi15: request.ipmi20 && !bmc.lan.ipmi15.is_empty(),
        supports_ipmi20: request.ipmi20,
        oem_iana: 0,
        oem_aux: 0,
    };
    Ok(if quirks.has(Quirk::AuthCap) { lie(capabilities) } else { capabilities })
}

/// The bits that some BMCs get wrong, wrong: [`Quirk::AuthCap`].
fn lie(truth: ChannelAuthenticationCapabilities) -> ChannelAuthenticationCapabilities {
    ChannelAuthenticationCapabilities {
        auth_types: AuthTypes::default(),
        kg_nonzero: !truth.kg_nonzero,
        non_null_users: !truth.non_null_users,
        null_users: !truth.null_users,
        anonymous_login: !truth.anonymous_login,
        ..truth
    }
}

fn get_channel_cipher_suites(
    bmc: &mut Bmc,
    context: &Context,
    request: GetChannelCipherSuites,
) -> Outcome<ChannelCipherSuites> {
    let channel = lan_channel(context, request.channel)?;
    let quirks = bmc.sessions.quirks();
    let mut suites: Vec<_> = bmc.lan.suites.iter().map(|(suite, _)| *suite).collect();
    if quirks.has(Quirk::SuiteAdvertised) && !suites.contains(&ADVERTISED) {
        suites.push(ADVERTISED);
    }
    let mut records: Vec<_> = suites.into_iter().filter_map(CipherSuiteRecord::standard).collect();
    if quirks.has(Quirk::SuitesFromOne) {
        for record in &mut records {
            record.suite = CipherSuite(record.suite.0.wrapping_add(1));
        }
    }
    let list = if request.by_suite {
        CipherSuiteRecord::encode_list(&records)
    } else {
        let mut tags: Vec<_> =
            records.iter().flat_map(|r| &r.algorithms).copied().map(AlgorithmTag::byte).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    };
    let piece = list.chunks(ChannelCipherSuites::PIECE).nth(request.index.into());
    Ok(ChannelCipherSuites { channel, data: piece.unwrap_or_default().to_vec() })
}

/// The sessions themselves answer what sets up one of IPMI v1.5. What comes here came another way,
/// or while there are no such sessions.
fn get_session_challenge(
    _: &mut Bmc,
    _: &Context,
    _: GetSessionChallenge,
) -> Outcome<SessionChallenge> {
    Err(CompletionCode::INVALID_COMMAND)
}

fn activate_session(_: &mut Bmc, _: &Context, _: ActivateSession) -> Outcome<ActivatedSession> {
    Err(CompletionCode::INVALID_COMMAND)
}

fn set_session_privilege_level(
    bmc: &mut Bmc,
    context: &Context,
    request: SetSessionPrivilegeLevel,
) -> Outcome<SessionPrivilegeLevel> {
    const ABOVE_LIMIT: CompletionCode = CompletionCode(0x81);
    let Origin::Session { session_id, .. } = context.origin else {
        return Err(CompletionCode::INVALID_COMMAND);
    };
    let session = bmc.sessions.get_mut(session_id).ok_or(CompletionCode::NOT_PRESENT)?;
    match request.level {
        None => {}
        Some(Privilege::Callback) => return Err(CompletionCode::INVALID_DATA_FIELD),
        Some(level) if level > session.limit => return Err(ABOVE_LIMIT),
        Some(level) => session.privilege = level,
    }
    Ok(SessionPrivilegeLevel { level: session.privilege })
}

fn close_session(bmc: &mut Bmc, context: &Context, request: CloseSession) -> Outcome<()> {
    const INVALID_ID: CompletionCode = CompletionCode(0x87);
    const INVALID_HANDLE: CompletionCode = CompletionCode(0x88);
    let (own, privilege) = match context.origin {
        Origin::Session { session_id, privilege, .. } => (Some(session_id), privilege),
        Origin::SystemInterface => (None, Privilege::Administrator),
        Origin::Sessionless { .. } => return Err(CompletionCode::INSUFFICIENT_PRIVILEGE),
    };
    let target = match request.handle {
        Some(handle) => bmc
            .sessions
            .iter()
            .find(|session| session.handle == handle)
            .map(|session| session.managed_session_id)
            .ok_or(INVALID_HANDLE)?,
        None => request.session_id,
    };
    // §22.19: another's session takes an administrator.
    if own != Some(target) && privilege < Privilege::Administrator {
        return Err(match bmc.sessions.get(target) {
            Some(_) => CompletionCode::INSUFFICIENT_PRIVILEGE,
            None => INVALID_ID,
        });
    }
    let session = bmc.sessions.get_mut(target).ok_or(INVALID_ID)?;
    if own == Some(target) {
        session.close_after_answer();
    } else {
        bmc.sessions.close(target);
    }
    Ok(())
}

fn get_session_info(
    bmc: &mut Bmc,
    context: &Context,
    request: GetSessionInfo,
) -> Outcome<SessionInfo> {
    let mut sessions: Vec<_> = bmc.sessions.iter().collect();
    sessions.sort_unstable_by_key(|session| session.handle);
    let found = match (request.selector, context.origin) {
        (SessionSelector::Current, Origin::Session { session_id, .. }) => {
            sessions.iter().find(|s| s.managed_session_id == session_id)
        }
        (SessionSelector::Current, _) => return Err(CompletionCode::INVALID_DATA_FIELD),
        (SessionSelector::Index(n), _) => {
            usize::from(n).checked_sub(1).and_then(|at| sessions.get(at))
        }
        (SessionSelector::Handle(handle), _) => sessions.iter().find(|s| s.handle == handle),
        (SessionSelector::Id(id), _) => sessions.iter().find(|s| s.managed_session_id == id),
    };
    let possible = u8::try_from(bmc.sessions.limits().sessions).unwrap_or(0x3f).min(0x3f);
    let active = u8::try_from(sessions.len()).unwrap_or(0x3f).min(0x3f);
    Ok(SessionInfo {
        handle: found.map_or(0, |session| session.handle),
        possible,
        active,
        session: found.map(|session| describe(session)),
    })
}

fn describe(session: &Active) -> ActiveSession {
    ActiveSession {
        user_id: session.user_id,
        privilege: Some(session.privilege),
        // Session protocol auxiliary data: 0 is IPMI v1.5, 1 is v2.0.
        protocol: match session.agreed {
            Agreed::Ipmi15(_) => 0,
            Agreed::Suite(_) => 1,
        },
        channel: Bmc::LAN_CHANNEL,
        lan: lan_address(session.peer),
    }
}

/// §22.20 has room for an IPv4 address. The hardware address of a console is not known to a BMC
/// that speaks through sockets.
fn lan_address(peer: SocketAddr) -> Option<SessionLan> {
    let ip = match peer.ip() {
        IpAddr::V4(ip) => ip.octets(),
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or([0; 4], |ip| ip.octets()),
    };
    Some(SessionLan { ip, mac: [0; 6], port: peer.port() })
}
