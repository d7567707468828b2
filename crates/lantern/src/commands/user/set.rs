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
    let mut done: Vec<&str> = Vec::new();
    if command.disable {
        changed.enabled(&bmc.enable_user(id, false).await?);
        done.push("disabled");
    }
    if let Some(name) = command.name {
        changed.name(&bmc.set_user_name(id, name).await.map_err(|error| after(error, &done))?);
        done.push("the name");
    }
    if let Some((secret, size)) = &secret {
        let written = bmc.set_user_password(id, secret, *size).await;
        changed.password(&written.map_err(|error| after(error, &done))?);
        done.push("the password");
    }
    let (change, parts) = access(&command.access);
    if !parts.is_empty() {
        let written = bmc.set_user_access(channel, id, &change).await;
        changed.access(&written.map_err(|error| after(error, &done))?, &parts);
        done.push("access");
    }
    if command.enable {
        if changed.is_lost() {
            context.voice.warning("the user was not enabled: not everything before it was kept");
        } else {
            let written = bmc.enable_user(id, true).await;
            changed.enabled(&written.map_err(|error| after(error, &done))?);
        }
    }
    Ok(Box::new(changed))
}

/// What went wrong, and what had been changed by then.
fn after(error: ipmi_client::Error, done: &[&str]) -> Error {
    let error = Error::from(error);
    match done.is_empty() {
        true => error,
        false => error.next(format!(
            "what was set before stays set: {}; 'lantern user get' shows the user as it is now",
            done.join(", ")
        )),
    }
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
