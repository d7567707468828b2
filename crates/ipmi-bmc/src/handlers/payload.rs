//! Payloads: what there is beside IPMI messages, and who may have it. IPMI v2.0 §24.4 to §24.9.
//!
//! No payload can be activated yet. What may be activated once one can be is kept all the same.

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::app::{
    ChannelPayloadSupport, ChannelPayloadVersion, GetChannelPayloadSupport,
    GetChannelPayloadVersion, GetPayloadActivationStatus, GetPayloadInstanceInfo,
    GetUserPayloadAccess, PayloadAccess, PayloadActivationStatus, PayloadInstanceInfo,
    SetUserPayloadAccess, UserPayloadAccess,
};
use ipmi_wire::session::PayloadType;

use super::session::lan_channel;
use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};

pub(super) fn register(table: &mut Table) {
    table
        .on(get_payload_activation_status)
        .on(get_payload_instance_info)
        .on(set_user_payload_access)
        .on(get_user_payload_access)
        .on(get_channel_payload_support)
        .on(get_channel_payload_version);
}

/// How many instances of Serial over LAN there can be: one serial port, one console.
const SOL_INSTANCES: u8 = 1;

fn get_payload_activation_status(
    _: &mut Bmc,
    _: &Context,
    request: GetPayloadActivationStatus,
) -> Outcome<PayloadActivationStatus> {
    activatable(request.payload_type)?;
    Ok(PayloadActivationStatus { capacity: SOL_INSTANCES, active: 0 })
}

fn get_payload_instance_info(
    _: &mut Bmc,
    _: &Context,
    request: GetPayloadInstanceInfo,
) -> Outcome<PayloadInstanceInfo> {
    activatable(request.payload_type)?;
    if !(1..=SOL_INSTANCES).contains(&request.instance) {
        return Err(CompletionCode::INVALID_DATA_FIELD);
    }
    // §24.5: an ID of 0 is an instance that is not active.
    Ok(PayloadInstanceInfo { session_id: 0, data: [0; 8] })
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
const CARRIED: [PayloadType; 7] = [
    PayloadType::Ipmi,
    PayloadType::OpenSessionRequest,
    PayloadType::OpenSessionResponse,
    PayloadType::Rakp1,
    PayloadType::Rakp2,
    PayloadType::Rakp3,
    PayloadType::Rakp4,
];

fn get_channel_payload_support(
    _: &mut Bmc,
    context: &Context,
    request: GetChannelPayloadSupport,
) -> Outcome<ChannelPayloadSupport> {
    lan_channel(context, request.channel)?;
    let all = CARRIED.iter().fold(0u64, |all, kind| all | 1 << (kind.number() & 0x3f));
    let [a, b, c, d, e, f, ..] = all.to_le_bytes();
    Ok(ChannelPayloadSupport {
        standard: u16::from_le_bytes([a, b]),
        session_setup: u16::from_le_bytes([c, d]),
        oem: u16::from_le_bytes([e, f]),
    })
}

fn get_channel_payload_version(
    _: &mut Bmc,
    context: &Context,
    request: GetChannelPayloadVersion,
) -> Outcome<ChannelPayloadVersion> {
    const NOT_CARRIED: CompletionCode = CompletionCode(0x80);
    lan_channel(context, request.channel)?;
    let carried = CARRIED.iter().any(|kind| kind.number() == request.payload_type);
    carried.then_some(ChannelPayloadVersion { major: 1, minor: 0 }).ok_or(NOT_CARRIED)
}
