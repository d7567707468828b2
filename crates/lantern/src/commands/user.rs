//! `user`.

mod add;
mod password;
mod set;

use ipmi_client::users::PasswordTest;
use ipmi_wire::Channel;
use ipmi_wire::cmd::app::{PasswordSize, PayloadAccess};

use super::{Context, Outcome, ask};
use crate::cli::{On, User, Who};
use crate::error::{Error, Exit};
use crate::view::user::{
    Changed, Info, List, PayloadsOf, Removed, Summary, Tested, name as name_of, number,
};

pub(super) async fn run(command: &User, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    Ok(match command {
        User::List { on, all } => {
            let channel = channel(*on);
            Box::new(List::new(channel, &bmc.users(channel, *all).await?))
        }
        User::Get { user, on } => {
            let id = find(context, user.who, Meant::First).await?;
            let channel = channel(*on);
            Box::new(Info::new(channel, &bmc.user(channel, id).await?))
        }
        User::Summary { on } => Box::new(Summary::from(bmc.user_summary(channel(*on)).await?)),
        User::Add(new) => add::run(new, context).await?,
        User::Set(command) => set::run(command, context).await?,
        User::Remove { user, on, yes } => {
            let id = find(context, user.who, Meant::Only).await?;
            let name = bmc.user_name(id).await?;
            let own = match is_own(context, id, user.who).await? {
                true => " It is the one that you are logged in as.",
                false => "",
            };
            let question = format!(
                "User {id} '{}' would be gone, and the password with it.{own}",
                name_of(&name)
            );
            ask::confirm(*yes, question).await?;
            Box::new(Removed::new(id, &bmc.remove_user(channel(*on), id).await?))
        }
        User::Test { user, new_password_file, size } => {
            let password = password::tried(new_password_file.as_deref());
            let id = find(context, user.who, Meant::Only).await?;
            let secret = password.get(&format!("user {id}, to try it"), false).await?;
            let size_tried = password::size(&secret, *size)?;
            let mut tested = (size_tried, bmc.test_user_password(id, &secret, size_tried).await?);
            // Nobody said which, so either will do.
            if tested.1 == PasswordTest::WrongSize && size.is_none() {
                let other = match size_tried {
                    PasswordSize::Sixteen => Some(PasswordSize::Twenty),
                    PasswordSize::Twenty => None,
                };
                if let Some(other) = other {
                    tested = (other, bmc.test_user_password(id, &secret, other).await?);
                }
            }
            Box::new(Tested::new(id, tested.0, tested.1))
        }
        User::Payload { user, on, sol, oem } => {
            let channel = channel(*on);
            if sol.is_none() && oem.is_empty() {
                let id = find(context, user.who, Meant::First).await?;
                let access = bmc.user_payloads(channel, id).await?;
                return Ok(Box::new(PayloadsOf::new(id, channel, access)));
            }
            let id = find(context, user.who, Meant::Only).await?;
            let (mut allow, mut forbid) = (PayloadAccess::default(), PayloadAccess::default());
            let mut add = |on: bool, payload: PayloadAccess| {
                let side = if on { &mut allow } else { &mut forbid };
                *side = side.with(payload);
            };
            if let Some(on) = *sol {
                add(on, PayloadAccess::SOL);
            }
            for (payload, on) in oem {
                add(*on, PayloadAccess { standard: 0, oem: 1 << (payload & 7) });
            }
            let written = bmc.set_user_payloads(channel, id, allow, forbid).await?;
            let mut changed = Changed::new(id, number(channel));
            if sol.is_some() {
                changed.sol(&written);
            }
            oem.iter().for_each(|(payload, _)| changed.oem(&written, *payload));
            Box::new(changed)
        }
    })
}

/// Whether somebody would have to be asked for a password that is to be set or tried.
pub(super) fn asks_for_a_secret(command: &User) -> Result<bool, Error> {
    let missing = |new: crate::secret::New<'_>| new.given().map(|given| given.is_none());
    match command {
        User::Add(add) => missing(password::new(add.new_password_file.as_deref())),
        User::Set(set) if set.changes_password() => {
            missing(password::new(set.new_password_file.as_deref()))
        }
        User::Test { new_password_file, .. } => {
            missing(password::tried(new_password_file.as_deref()))
        }
        _ => Ok(false),
    }
}

/// What can be judged before anything is sent.
pub(super) fn check(command: &User) -> Result<(), Error> {
    match command {
        User::Add(new) => add::check(new),
        User::Set(command) => set::check(command),
        User::Remove { yes, .. } => ask::possible(*yes),
        User::Test { new_password_file, size, .. } => {
            let given = password::tried(new_password_file.as_deref()).check()?;
            given.map_or(Ok(()), |secret| password::size(&secret, *size).map(drop))
        }
        _ => Ok(()),
    }
}

fn channel(on: On) -> Channel {
    on.channel.unwrap_or(Channel::PRESENT)
}

/// What a name means that several users have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meant {
    /// To look: the first of them.
    First,
    /// To change something: nobody.
    Only,
}

/// Who is meant.
async fn find(context: &Context<'_>, who: Who, meant: Meant) -> Result<u8, Error> {
    let name = match who {
        Who::Id(id) => return Ok(id),
        Who::Name(name) => name,
    };
    let found = context.bmc.find_users(&name).await?;
    let all = || {
        let ids: Vec<_> = found.iter().map(ToString::to_string).collect();
        ids.join(", ")
    };
    match (found.as_slice(), meant) {
        ([], _) => Err(Error::told(Exit::Failed, format!("there is no user '{}'", name_of(&name)))
            .next("'lantern user list --all' shows who there is")),
        ([id], _) => Ok(*id),
        ([id, ..], Meant::First) => {
            context.voice.warning(&format!("users {} have that name; this is the first", all()));
            Ok(*id)
        }
        _ => Err(Error::told(Exit::Failed, format!("users {} all have that name", all()))
            .next("say which one by its ID")),
    }
}

/// Whether this is the user that the session is of. A BMC that does not tell is believed to have it
/// by the name that one logged in with.
async fn is_own(context: &Context<'_>, id: u8, who: Who) -> Result<bool, Error> {
    Ok(match context.bmc.own_user_id().await? {
        Some(own) => own == id,
        None => {
            let own = context.bmc.username();
            match who {
                Who::Name(name) => name == own,
                Who::Id(_) => context.bmc.user_name(id).await? == own,
            }
        }
    })
}
