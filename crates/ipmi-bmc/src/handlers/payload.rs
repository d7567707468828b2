//! Payloads: what there is beside IPMI messages, and who may have it. IPMI v2.0 §24.

use ipmi_session::Cover;
use ipmi_wire::cmd::app::{
    ActivatePayload, ChannelPayloadSupport, ChannelPayloadVersion, DeactivatePayload,
    GetChannelPayloadSupport, GetChannelPayloadVersion, GetPayloadActivationStatus,
    GetPayloadInstanceInfo, GetUserPayloadAccess, PayloadAccess, PayloadActivated,
    PayloadActivationStatus, PayloadEncryption, PayloadInstanceInfo, SetUserPayloadAccess,
    SolActivation, SuspendResumePayloadEncryption, UserPayloadAccess,
};
use ipmi_wire::cmd::transport::SolAuthentication;
use ipmi_wire::session::PayloadType;
use ipmi_wire::{Channel, CompletionCode, Privilege};

use super::session::lan_channel;
use crate::bmc::Bmc;
use crate::context::{Context, Origin};
use crate::dispatch::{Outcome, Table};
use crate::serial::PAYLOAD;

pub(super) fn register(table: &mut Table) {
    table
        .only_if(
            |_, channel| channel != Channel::SYSTEM_INTERFACE,
            |table| {
                table.on(activate_payload);
            },
        )
        .on(deactivate_payload)
        .on(suspend_resume_payload_encryption)
        .on(get_payload_activation_status)
        .on(get_payload_instance_info)
        .on(set_user_payload_access)
        .on(get_user_payload_access)
        .on(get_channel_payload_support)
        .on(get_channel_payload_version);
}

/// §24.1: it is active already.
const ACTIVE: CompletionCode = CompletionCode(0x80);
/// §24.1, §24.2: there is none, or it is turned off.
const DISABLED: CompletionCode = CompletionCode(0x81);

fn activate_payload(
    bmc: &mut Bmc,
    context: &Context,
    request: ActivatePayload,
) -> Outcome<PayloadActivated> {
    const NO_MORE: CompletionCode = CompletionCode(0x82);
    let Origin::Session { session_id, user_id, privilege, .. } = context.origin else {
        return Err(CompletionCode::NOT_SUPPORTED_IN_STATE);
    };
    let (_, instance) = sol(bmc, request.payload_type, request.instance)?;
    let authentication = bmc.sol_config.authentication();
    let allowed = bmc.users.get(user_id)?.payloads;
    if privilege.number() < authentication.privilege
        || allowed.without(PayloadAccess::SOL) == allowed
    {
        return Err(CompletionCode::INSUFFICIENT_PRIVILEGE);
    }
    let session = bmc.sessions.get(session_id).ok_or(CompletionCode::NOT_SUPPORTED_IN_STATE)?;
    let [asked, ..] = request.auxiliary;
    let cover = cover(SolActivation::from_number(asked), authentication, session.full_cover())?;
    let Some(port) = &mut bmc.serial else { return Err(DISABLED) };
    if port.session_of(instance).is_some_and(|active| bmc.sessions.has_sol(active)) {
        return Err(ACTIVE);
    }
    // One that has ended without a word is no longer in the way.
    port.deactivate(context.now, &mut bmc.sessions, instance, false);
    if port.active().any(|(_, active)| active == session_id) {
        return Err(NO_MORE);
    }
    let line = bmc.sol_config.line();
    if !port.activate(context.now, &mut bmc.sessions, instance, session_id, line, cover) {
        // Sessions of IPMI v1.5 carry nothing but messages.
        return Err(CompletionCode::NOT_SUPPORTED_IN_STATE);
    }
    Ok(PayloadActivated {
        auxiliary: [0; 4],
        inbound: PAYLOAD,
        outbound: PAYLOAD,
        port: bmc.lan.network.port,
        vlan: PayloadActivated::NO_VLAN,
    })
}

/// How packets are protected: as asked for, or better where SOL parameter 2 wants it.
fn cover(asked: SolActivation, forced: SolAuthentication, session: Cover) -> Outcome<Cover> {
    const NOT_WITH_ENCRYPTION: CompletionCode = CompletionCode(0x83);
    const NOT_WITHOUT_ENCRYPTION: CompletionCode = CompletionCode(0x84);
    if forced.force_encryption && !(asked.encrypt && session.encrypted) {
        return Err(NOT_WITHOUT_ENCRYPTION);
    }
    if asked.encrypt && !session.encrypted {
        return Err(NOT_WITH_ENCRYPTION);
    }
    if forced.force_authentication && !session.authenticated {
        return Err(CompletionCode::NOT_SUPPORTED_IN_STATE);
    }
    let authenticated =
        session.authenticated && (asked.authenticate || forced.force_authentication);
    Ok(Cover { encrypted: asked.encrypt, authenticated })
}

fn deactivate_payload(bmc: &mut Bmc, context: &Context, request: DeactivatePayload) -> Outcome<()> {
    const NOT_ACTIVE: CompletionCode = CompletionCode(0x80);
    let (_, instance) = sol(bmc, request.payload_type, request.instance)?;
    let owner = bmc.serial.as_ref().and_then(|port| port.session_of(instance));
    let owner = owner.filter(|owner| bmc.sessions.has_sol(*owner)).ok_or(NOT_ACTIVE)?;
    let is_own = context.origin.session_id() == Some(owner);
    check_privilege(bmc, context, is_own)?;
    if let Some(port) = &mut bmc.serial {
        port.deactivate(context.now, &mut bmc.sessions, instance, !is_own);
    }
    Ok(())
}

/// Whoever could have activated it may do something to another's console.
fn check_privilege(bmc: &Bmc, context: &Context, is_own: bool) -> Outcome<()> {
    let needed = bmc.sol_config.authentication().privilege.max(Privilege::Operator.number());
    match context.origin {
        Origin::Session { privilege, .. } if !is_own && privilege.number() < needed => {
            Err(CompletionCode::INSUFFICIENT_PRIVILEGE)
        }
        _ => Ok(()),
    }
}

fn suspend_resume_payload_encryption(
    bmc: &mut Bmc,
    context: &Context,
    request: SuspendResumePayloadEncryption,
) -> Outcome<()> {
    const NOT_SUPPORTED: CompletionCode = CompletionCode(0x80);
    const NOT_ALLOWED: CompletionCode = CompletionCode(0x81);
    const NOT_AVAILABLE: CompletionCode = CompletionCode(0x82);
    const NOT_ACTIVE: CompletionCode = CompletionCode(0x83);
    let (_, instance) = sol(bmc, request.payload_type, request.instance)?;
    let owner = bmc.serial.as_ref().and_then(|port| port.session_of(instance)).ok_or(NOT_ACTIVE)?;
    let session = bmc.sessions.get(owner).ok_or(NOT_ACTIVE)?.full_cover();
    check_privilege(bmc, context, context.origin.session_id() == Some(owner))?;
    let forced = bmc.sol_config.authentication();
    let encrypted = match request.operation {
        PayloadEncryption::Suspend if forced.force_encryption => return Err(NOT_ALLOWED),
        PayloadEncryption::Suspend => false,
        PayloadEncryption::Resume if !session.encrypted => return Err(NOT_AVAILABLE),
        PayloadEncryption::Resume => true,
        // That is for xRC4, which has a state.
        PayloadEncryption::Regenerate => return Err(NOT_SUPPORTED),
    };
    let authenticated = session.authenticated;
    if bmc.sessions.cover_sol(owner, Cover { encrypted, authenticated }) {
        Ok(())
    } else {
        Err(NOT_ACTIVE)
    }
}

/// The instance of Serial over LAN that is meant, and how many there can be.
fn sol(bmc: &Bmc, payload_type: u8, instance: u8) -> Outcome<(u8, u8)> {
    activatable(payload_type)?;
    let Some(port) = bmc.serial.as_ref().filter(|_| bmc.sol_config.is_enabled()) else {
        return Err(DISABLED);
    };
    let capacity = port.capacity();
    if (1..=capacity).contains(&instance) {
        Ok((capacity, instance))
    } else {
        Err(CompletionCode::INVALID_DATA_FIELD)
    }
}

fn get_payload_activation_status(
    bmc: &mut Bmc,
    _: &Context,
    request: GetPayloadActivationStatus,
) -> Outcome<PayloadActivationStatus> {
    activatable(request.payload_type)?;
    let Some(port) = &bmc.serial else {
        // 0 is reserved.
        return Ok(PayloadActivationStatus { capacity: 1, active: 0 });
    };
    let capacity = port.capacity();
    let is_there = |session: u32| bmc.sessions.has_sol(session);
    let bit = |instance: u8| 1u16.checked_shl(u32::from(instance).saturating_sub(1)).unwrap_or(0);
    let active = port.active().filter(|(_, session)| is_there(*session));
    let active = active.fold(0, |all, (instance, _)| all | bit(instance));
    Ok(PayloadActivationStatus { capacity, active })
}

fn get_payload_instance_info(
    bmc: &mut Bmc,
    _: &Context,
    request: GetPayloadInstanceInfo,
) -> Outcome<PayloadInstanceInfo> {
    activatable(request.payload_type)?;
    let capacity = bmc.serial.as_ref().map_or(1, |port| port.capacity());
    if !(1..=capacity).contains(&request.instance) {
        return Err(CompletionCode::INVALID_DATA_FIELD);
    }
    let owner = bmc.serial.as_ref().and_then(|port| port.session_of(request.instance));
    let owner = owner.filter(|owner| bmc.sessions.has_sol(*owner));
    let port = if bmc.serial.is_some() { 1 } else { 0 };
    // §24.5: an ID of 0 is an instance that is not active.
    Ok(PayloadInstanceInfo { session_id: owner.unwrap_or(0), data: [port, 0, 0, 0, 0, 0, 0, 0] })
}

/// IPMI messages and what sets a session up are there without being activated.
fn activatable(payload_type: u8) -> Outcome<()> {
    if payload_type == PayloadType::Sol.number() {
        Ok(())
    } else {
        Err(CompletionCode::INVALID_DATA_FIELD)
    }
}

fn set_user_payload_access(
    bmc: &mut Bmc,
    context: &Context,
    request: SetUserPayloadAccess,
) -> Outcome<()> {
    let SetUserPayloadAccess { channel, user_id, enable, payloads } = request;
    lan_channel(context, channel)?;
    // What there is not can be taken from everybody and given to nobody.
    if enable && payloads.without(PayloadAccess::SOL) != PayloadAccess::default() {
        return Err(CompletionCode::INVALID_DATA_FIELD);
    }
    bmc.users.set_payloads(user_id, enable, payloads, &mut bmc.journal)
}

fn get_user_payload_access(
    bmc: &mut Bmc,
    context: &Context,
    request: GetUserPayloadAccess,
) -> Outcome<UserPayloadAccess> {
    lan_channel(context, request.channel)?;
    Ok(UserPayloadAccess { payloads: bmc.users.get(request.user_id)?.payloads })
}

/// The payload types that the channel carries, all of them in version 1.0.
const CARRIED: [PayloadType; 8] = [
    PayloadType::Ipmi,
    PayloadType::Sol,
    PayloadType::OpenSessionRequest,
    PayloadType::OpenSessionResponse,
    PayloadType::Rakp1,
    PayloadType::Rakp2,
    PayloadType::Rakp3,
    PayloadType::Rakp4,
];

/// Without a port there is no Serial over LAN.
fn carried(bmc: &Bmc) -> impl Iterator<Item = PayloadType> {
    let has_port = bmc.serial.is_some();
    CARRIED.into_iter().filter(move |kind| has_port || *kind != PayloadType::Sol)
}

fn get_channel_payload_support(
    bmc: &mut Bmc,
    context: &Context,
    request: GetChannelPayloadSupport,
) -> Outcome<ChannelPayloadSupport> {
    lan_channel(context, request.channel)?;
    let all = carried(bmc).fold(0u64, |all, kind| all | 1 << (kind.number() & 0x3f));
    let [a, b, c, d, e, f, ..] = all.to_le_bytes();
    Ok(ChannelPayloadSupport {
        standard: u16::from_le_bytes([a, b]),
        session_setup: u16::from_le_bytes([c, d]),
        oem: u16::from_le_bytes([e, f]),
    })
}

fn get_channel_payload_version(
    bmc: &mut Bmc,
    context: &Context,
    request: GetChannelPayloadVersion,
) -> Outcome<ChannelPayloadVersion> {
    const NOT_CARRIED: CompletionCode = CompletionCode(0x80);
    lan_channel(context, request.channel)?;
    let carried = carried(bmc).any(|kind| kind.number() == request.payload_type);
    carried.then_some(ChannelPayloadVersion { major: 1, minor: 0 }).ok_or(NOT_CARRIED)
}
