//! Users: names, passwords, privileges. IPMI v2.0 §22.26 to §22.30.

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::app::{
    GetUserAccess, GetUserName, PasswordOperation, SetUserAccess, SetUserName, SetUserPassword,
    UserAccess, UserName, UserStatus,
};

use super::session::lan_channel;
use crate::bmc::Bmc;
use crate::context::{Context, Origin};
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
    Ok(UserAccess {
        max_user_id: Users::MAX_ID,
        enabled_users: bmc.users.enabled(),
        fixed_names: Users::fixed_names(),
        status: if user.enabled { UserStatus::Enabled } else { UserStatus::Disabled },
        flags: user.flags,
        limit: user.limit,
    })
}

fn set_user_name(bmc: &mut Bmc, context: &Context, request: SetUserName) -> Outcome<()> {
    bmc.users.rename(request.user_id, request.name, &mut bmc.journal)?;
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
        PasswordOperation::Enable => bmc.users.enable(user_id, true, &mut bmc.journal)?,
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

/// Leaves the sessions of user `id` no more than the user may do now: none at all, perhaps. The
/// asking one ends with its answer, so that ipmitool 1.8.19 waits ten seconds for that to its Close
/// Session.
fn restrict_sessions(bmc: &mut Bmc, context: &Context, id: u8) {
    bmc.sessions.cancel_logins(id);
    let access = bmc.users.get(id).ok().and_then(|user| user.access());
    for session_id in sessions_of(bmc, id) {
        let Some(session) = bmc.sessions.get_mut(session_id) else { continue };
        match access {
            Some(limit) => {
                session.limit = session.limit.min(limit);
                session.privilege = session.privilege.min(limit);
            }
            None if own(context) == Some(session_id) => session.close_after_answer(),
            None => {
                bmc.sessions.close(session_id);
            }
        }
    }
}

/// Ends the sessions of user `id` that somebody opened with the old password. Whoever set the new
/// one knows it, and goes on.
fn end_other_sessions(bmc: &mut Bmc, context: &Context, id: u8) {
    bmc.sessions.cancel_logins(id);
    for session_id in sessions_of(bmc, id) {
        if own(context) != Some(session_id) {
            bmc.sessions.close(session_id);
        }
    }
}

fn sessions_of(bmc: &Bmc, id: u8) -> Vec<u32> {
    let sessions = bmc.sessions.iter().filter(|session| session.user_id == id);
    sessions.map(|session| session.managed_session_id).collect()
}

/// The asking session.
const fn own(context: &Context) -> Option<u32> {
    match context.origin {
        Origin::Session { session_id, .. } => Some(session_id),
        Origin::Sessionless { .. } | Origin::SystemInterface => None,
    }
}
