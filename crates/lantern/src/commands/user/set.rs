//! Changing a user, in an order in which nothing is open meanwhile that is not to be: disabled first,
//! enabled last.

use ipmi_client::users::AccessChange;
use ipmi_wire::Privilege;

use super::{Meant, channel, find, is_own, password};
use crate::cli::{Access, Limit, UserSet};
use crate::commands::{Context, Outcome, ask};
use crate::error::Error;
use crate::view::user::{AccessPart, Changed, number};

pub(super) fn check(command: &UserSet) -> Result<(), Error> {
    if command.changes_password() {
        let given = password::new(command.new_password_file.as_deref()).check()?;
        given.map_or(Ok(()), |secret| password::size(&secret, command.size).map(drop))?;
    } else if command.size.is_some() {
        return Err(Error::usage("--size is the size of a new password, and none is to be set")
            .next("add --new-password or --new-password-file FILE"));
    }
    Ok(())
}

pub(super) async fn run(command: &UserSet, context: &Context<'_>) -> Outcome {
    let (bmc, channel) = (context.bmc, channel(command.on));
    let id = find(context, command.user.who, Meant::Only).await?;
    if let Some(loss) = shuts_out(command)
        && is_own(context, id, command.user.who).await?
    {
        ask::possible(command.yes)?;
        let question = format!("User {id} is the one that you are logged in as, and {loss}.");
        ask::confirm(command.yes, question).await?;
    }
    let secret = match command.changes_password() {
        true => {
            let new = password::new(command.new_password_file.as_deref());
            let secret = new.get(&format!("user {id}"), true).await?;
            let size = password::size(&secret, command.size)?;
            password::tell(size, command.size, context.voice);
            Some((secret, size))
        }
        false => None,
    };

    let mut changed = Changed::new(id, number(channel));
    if command.disable {
        changed.enabled(&bmc.enable_user(id, false).await?);
    }
    if let Some(name) = command.name {
        changed.name(&bmc.set_user_name(id, name).await?);
    }
    if let Some((secret, size)) = &secret {
        changed.password(&bmc.set_user_password(id, secret, *size).await?);
    }
    let (change, parts) = access(&command.access);
    if !parts.is_empty() {
        changed.access(&bmc.set_user_access(channel, id, &change).await?, &parts);
    }
    if command.enable {
        if changed.is_lost() {
            context.voice.warning("the user was not enabled: not everything before it was kept");
        } else {
            changed.enabled(&bmc.enable_user(id, true).await?);
        }
    }
    Ok(Box::new(changed))
}

/// What is to be different, and what of it to show.
pub(super) fn access(access: &Access) -> (AccessChange, Vec<AccessPart>) {
    let Access { limit, callin, link, ipmi, session_limit } = *access;
    let parts = [
        limit.map(|_| AccessPart::Limit),
        callin.map(|_| AccessPart::Callin),
        link.map(|_| AccessPart::Link),
        ipmi.map(|_| AccessPart::Messaging),
        session_limit.map(AccessPart::Sessions),
    ];
    let change = AccessChange {
        limit: limit.map(|Limit(limit)| limit),
        callback_only: callin.map(|callin| !callin),
        link_authentication: link,
        messaging: ipmi,
        session_limit,
    };
    (change, parts.into_iter().flatten().collect())
}

/// What whoever does this to the own user could do no more.
fn shuts_out(command: &UserSet) -> Option<&'static str> {
    let Access { limit, callin, ipmi, .. } = command.access;
    let lower = limit.is_some_and(|Limit(limit)| limit < Some(Privilege::Administrator));
    if command.disable || ipmi == Some(false) || callin == Some(false) {
        return Some("could not log in any more");
    }
    if lower {
        return Some("could not take this back with less than ADMINISTRATOR");
    }
    command.name.is_some().then_some("would have to log in by the new name")
}
