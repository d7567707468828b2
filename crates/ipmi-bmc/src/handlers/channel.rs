//! Channels: what they are, whom they let in, their keys. IPMI v2.0 §22.9, §22.22 to §22.25.

use ipmi_session::Secret;
use ipmi_wire::cmd::app::{
    AccessCopy, BtInterfaceCapabilities, ChannelAccess, ChannelInfo, ChannelMedium,
    ChannelProtocol, ChannelSecurityKeys, GetBtInterfaceCapabilities, GetChannelAccess,
    GetChannelInfo, GetSystemInterfaceCapabilities, KeyBytes, KeyLock, KeyOperation, SecurityKey,
    SessionSupport, SetChannelAccess, SetChannelSecurityKeys, SystemInterfaceCapabilities,
};
use ipmi_wire::{Channel, CompletionCode};

use super::session::lan_channel;
use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};

pub(super) fn register(table: &mut Table) {
    table
        .on(get_channel_info)
        .on(set_channel_access)
        .on(get_channel_access)
        .on(set_channel_security_keys)
        .on(get_system_interface_capabilities)
        .only_if(
            |bmc, _| bmc.system_interface.bt().is_some(),
            |table| {
                table.on(get_bt_interface_capabilities);
            },
        );
}

fn get_channel_info(
    bmc: &mut Bmc,
    context: &Context,
    request: GetChannelInfo,
) -> Outcome<ChannelInfo> {
    let channel = request.channel.resolve(context.origin.channel());
    let lan = ChannelInfo {
        channel,
        medium: ChannelMedium::LAN,
        protocol: ChannelProtocol::IPMB,
        session_support: SessionSupport::MultiSession,
        active_sessions: u8::try_from(bmc.sessions.len()).unwrap_or(0x3f).min(0x3f),
        // §22.24: the IPMI forum's own number for channels defined by the specification.
        vendor_iana: 7154,
        aux: [0; 2],
    };
    match channel {
        Bmc::LAN_CHANNEL => Ok(lan),
        Channel::SYSTEM_INTERFACE => Ok(ChannelInfo {
            medium: ChannelMedium::SYSTEM_INTERFACE,
            protocol: bmc.system_interface.protocol(),
            session_support: SessionSupport::SessionLess,
            active_sessions: 0,
            // Which interrupt of the host it is, is the host's to know. Zeros would be IRQ 0.
            aux: [UNSPECIFIED_INTERRUPT; 2],
            ..lan
        }),
        _ => Err(CompletionCode::INVALID_DATA_FIELD),
    }
}

/// §22.24, Table 22-28.
const UNSPECIFIED_INTERRUPT: u8 = 0xff;

/// Whether this channel has access to speak of: the system interface has no sessions.
fn has_access(context: &Context, channel: Channel) -> Outcome<()> {
    const SESSION_LESS: CompletionCode = CompletionCode(0x82);
    if channel.resolve(context.origin.channel()) == Channel::SYSTEM_INTERFACE {
        return Err(SESSION_LESS);
    }
    lan_channel(context, channel).map(drop)
}

fn set_channel_access(bmc: &mut Bmc, context: &Context, request: SetChannelAccess) -> Outcome<()> {
    let SetChannelAccess { channel, access, limit } = request;
    has_access(context, channel)?;
    bmc.lan_access.set(access, limit, &mut bmc.journal)?;
    let set = [access.map(|(copy, _)| copy), limit.map(|(copy, _)| copy)];
    if set.contains(&Some(AccessCopy::Volatile)) {
        bmc.restrict_sessions(None, context.origin.session_id());
    }
    Ok(())
}

fn get_channel_access(
    bmc: &mut Bmc,
    context: &Context,
    request: GetChannelAccess,
) -> Outcome<ChannelAccess> {
    has_access(context, request.channel)?;
    let (flags, limit) = bmc.lan_access.read(request.copy);
    Ok(ChannelAccess { flags, limit: Some(limit) })
}

/// Sessions that are open go on with the keys that they have.
fn set_channel_security_keys(
    bmc: &mut Bmc,
    context: &Context,
    request: SetChannelSecurityKeys,
) -> Outcome<ChannelSecurityKeys> {
    /// The random numbers come from elsewhere.
    const NO_K_R: CompletionCode = CompletionCode(0x84);
    let SetChannelSecurityKeys { channel, key, operation } = request;
    lan_channel(context, channel)?;
    if key == SecurityKey::Random {
        return Err(NO_K_R);
    }
    let mut told = KeyBytes::default();
    match operation {
        KeyOperation::Set(KeyBytes(key)) => bmc.lan_key.set(&key, &mut bmc.journal)?,
        KeyOperation::Lock => bmc.lan_key.lock(&mut bmc.journal),
        KeyOperation::Read if bmc.lan_key.is_locked() => {}
        // Without a key, zeros: the two are the same.
        KeyOperation::Read => {
            told.0 = bmc.lan_key.get().map_or([0; Secret::MAX], |key| *key.padded()).to_vec();
        }
    }
    let lock = if bmc.lan_key.is_locked() { KeyLock::Locked } else { KeyLock::Unlocked };
    Ok(ChannelSecurityKeys { lock: Some(lock), key: told })
}

fn get_system_interface_capabilities(
    bmc: &mut Bmc,
    _: &Context,
    request: GetSystemInterfaceCapabilities,
) -> Outcome<SystemInterfaceCapabilities> {
    let capabilities = bmc.system_interface.capabilities(request.interface);
    capabilities.ok_or(CompletionCode::INVALID_DATA_FIELD)
}

fn get_bt_interface_capabilities(
    bmc: &mut Bmc,
    _: &Context,
    _: GetBtInterfaceCapabilities,
) -> Outcome<BtInterfaceCapabilities> {
    bmc.system_interface.bt().ok_or(CompletionCode::INVALID_COMMAND)
}
