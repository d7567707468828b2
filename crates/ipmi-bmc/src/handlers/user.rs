//! Users: names, passwords, privileges. IPMI v2.0 §22.26 to §22.30.

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::app::{
    GetUserAccess, GetUserName, PasswordOperation, SetUserAccess, SetUserName, SetUserPassword,
    UserAccess, UserName, UserStatus,
};

use super::session::lan_channel;
use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};
use crate::nvram::WrongPassword;
use crate::users::Users;

pub(super) fn register(table: &mut Table) {
    table
        .on(set_user_access)
        .on(get_user_access)
        .on(set_user_name)
        .on(get_user_name)
        .on(set_user_password);
}

fn set_user_access(bmc: &mut Bmc, context: &Context, request: SetUserAccess) -> Outcome<()> {
    let SetUserAccess { channel, flags, user_id, limit, session_limit } = request;
    lan_channel(context, channel)?;
    // §22.26: what is not supported is refused; sessions are not counted by user.
    if session_limit.is_some_and(|limit| limit != 0) {
        return Err(CompletionCode::INVALID_DATA_FIELD);
    }
    bmc.users.set_access(user_id, flags, limit, &mut bmc.journal)?;
    restrict_sessions(bmc, context, user_id);
    Ok(())
}

fn get_user_access(
    bmc: &mut Bmc,
    context: &Context,
    request: GetUserAccess,
) -> Outcome<UserAccess> {
    lan_channel(context, request.channel)?;
    let user = bmc.users.get(request.user_id)?;
    // §23.2, parameter 26: who is locked out is disabled for that time.
    let is_locked = |id| bmc.is_locked_out(context.now, id);
    let enabled = user.enabled && !is_locked(request.user_id);
    Ok(UserAccess {
        max_user_id: Users::MAX_ID,
        enabled_users: bmc.users.enabled(is_locked),
        fixed_names: Users::fixed_names(),
        status: if enabled { UserStatus::Enabled } else { UserStatus::Disabled },
        flags: user.flags,
        limit: user.limit,
    })
}

fn set_user_name(bmc: &mut Bmc, context: &Context, request: SetUserName) -> Outcome<()> {
    bmc.users.rename(request.user_id, request.name, &mut bmc.journal)?;
    // It may be somebody else from here on.
    bmc.lockouts.forget(request.user_id);
    restrict_sessions(bmc, context, request.user_id);
    Ok(())
}

fn get_user_name(bmc: &mut Bmc, _: &Context, request: GetUserName) -> Outcome<UserName> {
    Ok(UserName { name: bmc.users.get(request.user_id)?.name })
}

fn set_user_password(bmc: &mut Bmc, context: &Context, request: SetUserPassword) -> Outcome<()> {
    let SetUserPassword { user_id, operation } = request;
    match operation {
        PasswordOperation::Disable => bmc.users.enable(user_id, false, &mut bmc.journal)?,
        PasswordOperation::Enable => {
            bmc.users.enable(user_id, true, &mut bmc.journal)?;
            bmc.lockouts.forget(user_id);
        }
        PasswordOperation::Set(password) => {
            bmc.users.set_password(user_id, &password, &mut bmc.journal)?;
            end_other_sessions(bmc, context, user_id);
        }
        PasswordOperation::Test(password) => {
            const WRONG: CompletionCode = CompletionCode(0x80);
            const WRONG_SIZE: CompletionCode = CompletionCode(0x81);
            let user = bmc.users.get(user_id)?;
            return user.password.test(&password).map_err(|wrong| match wrong {
                WrongPassword::Bytes => WRONG,
                WrongPassword::Size => WRONG_SIZE,
            });
        }
    }
    restrict_sessions(bmc, context, user_id);
    Ok(())
}

/// Leaves the sessions of user `id` no more than the user may do now.
fn restrict_sessions(bmc: &mut Bmc, context: &Context, id: u8) {
    bmc.restrict_sessions(Some(id), context.origin.session_id());
}

/// Ends the sessions of user `id` that somebody opened with the old password. Whoever set the new
/// one knows it, and goes on.
fn end_other_sessions(bmc: &mut Bmc, context: &Context, id: u8) {
    bmc.sessions.cancel_logins(id);
    for session_id in sessions_of(bmc, id) {
        if context.origin.session_id() != Some(session_id) {
            bmc.sessions.close(session_id);
        }
    }
}

fn sessions_of(bmc: &Bmc, id: u8) -> Vec<u32> {
    let sessions = bmc.sessions.iter().filter(|session| session.user_id == id);
    sessions.map(|session| session.managed_session_id).collect()
}
