//! Faults of what can be set: users, channels, LAN, boot options, system info, watchdog.

use std::time::Duration;

use ipmi_wire::cmd::app::{
    GetUserAccess, GetUserName, SetUserAccess, SetUserName, SetUserPassword,
};
use ipmi_wire::cmd::chassis::{GetSystemBootOptions, SetSystemBootOptions};
use ipmi_wire::{Command, CommandId, CompletionCode, NetFn, Request, Response};

use super::FaultKind::{
    BootExtra, BusyAfterUser, EnableNeedsPassword, IgnoreStateFlag, MacIgnored, MaskClearsGateway,
    NameFirst, NvChangesVolatile, OsNameShort, PasswordFirst, PasswordPolicy, ReadOnlyCode,
    ReservedLimit, SameName, SlowCommit, SolChannelAssumeLanChannel, SolChannelSupport, SolStatus,
    SysInfoDenied, WatchdogEmpty,
};
use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::carry_out;

/// What is answered instead of setting anything.
pub(super) fn instead(
    bmc: &mut Bmc,
    context: &Context,
    id: CommandId,
    request: &Request,
) -> Option<Response> {
    if let Some(code) = refusal(bmc, id, request) {
        return Some(Response::code(code));
    }
    let faults = bmc.faults.as_mut()?;
    let is_mac = id == SET_LAN && request.data.get(1) == Some(&LAN_MAC);
    let mut lost = is_mac && faults.has(MacIgnored);
    if SETTINGS.contains(&id) && faults.has(SlowCommit) {
        let last = faults.set_at.replace(context.now);
        lost |= last.is_some_and(|at| context.now.saturating_duration_since(at) < SLOW);
    }
    lost.then(|| Response::code(CompletionCode::OK))
}

/// What is refused that a better BMC would do.
fn refusal(bmc: &Bmc, id: CommandId, request: &Request) -> Option<CompletionCode> {
    let faults = bmc.faults.as_ref()?;
    let denied = |kind, code| faults.has(kind).then_some(code);
    match id {
        SetUserPassword::ID => refuse_password(bmc, &request.data),
        SetUserName::ID | GetUserName::ID | SetUserAccess::ID | GET_USER_PAYLOAD => {
            refuse_user(bmc, id, &request.data)
        }
        CHANNEL_PAYLOAD_SUPPORT => denied(SolChannelSupport, CompletionCode::INVALID_COMMAND),
        PAYLOAD_STATUS => denied(SolStatus, CompletionCode::INVALID_DATA_FIELD),
        SET_SYSTEM_INFO | GET_SYSTEM_INFO => {
            denied(SysInfoDenied, CompletionCode::INSUFFICIENT_PRIVILEGE)
        }
        _ => None,
    }
}

/// §22.30: user ID, operation, password.
fn refuse_password(bmc: &Bmc, data: &[u8]) -> Option<CompletionCode> {
    let faults = bmc.faults.as_ref()?;
    let [id, operation, password @ ..] = data else { return None };
    let user = bmc.users.get(id & 0x3f).ok()?;
    match operation & 3 {
        0 | 1 if faults.has(EnableNeedsPassword) && password.len() < 16 => {
            Some(CompletionCode::DATA_LENGTH_INVALID)
        }
        1 if faults.has(PasswordFirst) && user.password.is_empty() => {
            Some(CompletionCode::NOT_SUPPORTED_IN_STATE)
        }
        2 => {
            let filling = password.iter().rev().take_while(|byte| **byte == 0).count();
            let length = password.len().saturating_sub(filling);
            let least = faults.amount(PasswordPolicy)?;
            let least = usize::try_from(least).unwrap_or(usize::MAX);
            (length < least).then_some(REJECTED_BY_POLICY)
        }
        _ => None,
    }
}

fn refuse_user(bmc: &Bmc, id: CommandId, data: &[u8]) -> Option<CompletionCode> {
    let faults = bmc.faults.as_ref()?;
    // Those that begin with a channel have the user after it.
    let at = usize::from(id == SetUserAccess::ID || id == GET_USER_PAYLOAD);
    let user = bmc.users.get(data.get(at)? & 0x3f).ok()?;
    if id == SetUserName::ID {
        let name = data.get(1..)?;
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        let is_same = !user.name.is_empty() && Some(user.name.as_bytes()) == name.get(..end);
        return (is_same && faults.has(SameName)).then_some(CompletionCode::INVALID_DATA_FIELD);
    }
    let refused = faults.has(NameFirst) && user.name.is_empty();
    refused.then_some(CompletionCode::INVALID_DATA_FIELD)
}

pub(super) fn spoil(
    bmc: &mut Bmc,
    context: &Context,
    id: CommandId,
    request: &Request,
    response: &mut Response,
) {
    if id == SET_LAN && response.completion == READ_ONLY {
        let code = bmc.faults.as_ref().and_then(|faults| faults.amount(ReadOnlyCode));
        if let Some(code) = code.and_then(|code| u8::try_from(code).ok()) {
            response.completion = CompletionCode(code);
        }
    }
    if !response.completion.is_ok() {
        return;
    }
    follow(bmc, context, id, request);
    let Some(faults) = bmc.faults.as_mut() else { return };
    match id {
        SetUserName::ID | SetUserAccess::ID | SetUserPassword::ID => {
            faults.busy_for = faults.amount(BusyAfterUser).unwrap_or(faults.busy_for);
        }
        GetUserAccess::ID if faults.has(ReservedLimit) => {
            let user = request.data.get(1).and_then(|id| bmc.users.get(id & 0x3f).ok());
            let unset = user.is_some_and(|user| user.name.is_empty());
            if unset && let Some(limit) = response.data.get_mut(3) {
                *limit &= 0xf0;
            }
        }
        GetSystemBootOptions::ID if faults.has(BootExtra) => response.data.extend([0; 12]),
        GET_SYSTEM_INFO if faults.has(OsNameShort) => {
            if matches!(request.data.get(1), Some(3 | 4)) {
                response.data.truncate(3);
            }
        }
        GET_SOL if faults.has(SolChannelAssumeLanChannel) => {
            if request.data.get(1) == Some(&SOL_CHANNEL)
                && let Some(channel) = response.data.get_mut(1)
            {
                *channel = NO_CHANNEL;
            }
        }
        GET_WATCHDOG => {
            if faults.has(IgnoreStateFlag)
                && let Some(timer_use) = response.data.first_mut()
            {
                *timer_use |= RUNNING;
            }
            if faults.has(WatchdogEmpty) {
                if !faults.watchdog_was_empty {
                    response.data.clear();
                }
                faults.watchdog_was_empty ^= true;
            }
        }
        _ => {}
    }
}

/// What one setting does to another.
fn follow(bmc: &mut Bmc, context: &Context, id: CommandId, request: &Request) {
    let Some(faults) = &bmc.faults else { return };
    let also = match (id, request.data.as_slice()) {
        (SET_LAN, [channel, LAN_MASK, ..]) if faults.has(MaskClearsGateway) => {
            vec![*channel, LAN_GATEWAY, 0, 0, 0, 0]
        }
        (SET_CHANNEL_ACCESS, [channel, access, limit])
            if faults.has(NvChangesVolatile) && access & 0xc0 == NON_VOLATILE =>
        {
            let volatile = |byte: u8| match byte & 0xc0 {
                NON_VOLATILE => byte & 0x3f | VOLATILE,
                _ => byte,
            };
            vec![*channel, volatile(*access), volatile(*limit)]
        }
        _ => return,
    };
    // Whether that succeeds is nobody's concern: it is not what was asked for.
    let _ = carry_out(bmc, context, &Request { data: also, ..request.clone() });
}

// Whatever the numbers of these mean is defined where the commands are; here they are bytes.
const GET_WATCHDOG: CommandId = CommandId::new(NetFn::App, 0x25);
const SET_CHANNEL_ACCESS: CommandId = CommandId::new(NetFn::App, 0x40);
const PAYLOAD_STATUS: CommandId = CommandId::new(NetFn::App, 0x4a);
const GET_USER_PAYLOAD: CommandId = CommandId::new(NetFn::App, 0x4d);
const CHANNEL_PAYLOAD_SUPPORT: CommandId = CommandId::new(NetFn::App, 0x4e);
const SET_SYSTEM_INFO: CommandId = CommandId::new(NetFn::App, 0x58);
const GET_SYSTEM_INFO: CommandId = CommandId::new(NetFn::App, 0x59);
const SET_LAN: CommandId = CommandId::new(NetFn::Transport, 0x01);
const SET_SOL: CommandId = CommandId::new(NetFn::Transport, 0x21);
const GET_SOL: CommandId = CommandId::new(NetFn::Transport, 0x22);

/// What configuration is made of, which [`SlowCommit`] loses.
const SETTINGS: [CommandId; 7] = [
    SetUserAccess::ID,
    SetUserName::ID,
    SetUserPassword::ID,
    SetSystemBootOptions::ID,
    SET_CHANNEL_ACCESS,
    SET_LAN,
    SET_SOL,
];
const SLOW: Duration = Duration::from_secs(1);

/// LAN parameters (§23.2, Table 23-4).
const LAN_MAC: u8 = 5;
const LAN_MASK: u8 = 6;
const LAN_GATEWAY: u8 = 12;
/// SOL parameter (§26.3, Table 26-5): the payload channel.
const SOL_CHANNEL: u8 = 7;
/// A channel that there is not.
const NO_CHANNEL: u8 = 2;
/// §23.1: an attempt to write a read-only parameter.
const READ_ONLY: CompletionCode = CompletionCode(0x82);
/// Dell's C6220: a password that its policy does not allow.
const REJECTED_BY_POLICY: CompletionCode = CompletionCode(0x8f);
/// §22.22, bits 7:6: which of the two settings is meant.
const NON_VOLATILE: u8 = 0x40;
const VOLATILE: u8 = 0x80;
/// §27.7, byte 1: the timer runs.
const RUNNING: u8 = 0x40;
