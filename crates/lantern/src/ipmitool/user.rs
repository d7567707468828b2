//! `user`.

use std::sync::atomic::{AtomicBool, Ordering};

use ipmi_wire::Channel;
use ipmi_wire::cmd::app::{
    Password, PasswordOperation, PasswordSize, SetUserAccess, SetUserName, SetUserPassword,
};
use ipmi_wire::session::Username;
use zeroize::Zeroizing;

use super::access::{self, evaluated};
use super::number::number;
use super::options::prompt;
use super::tool::{Ended, Failed, Refusal, Tool};
use super::{text, word};

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let Some((word, rest)) = words.split_first() else {
        tool.error("Not enough parameters given.");
        return misused(tool);
    };
    match word.as_str() {
        "help" => {
            help(tool);
            Ok(())
        }
        "summary" => summary(tool, rest).await,
        "list" => list(tool, rest).await,
        "test" => test(tool, rest).await,
        "priv" => limit(tool, rest).await,
        "enable" => enable(tool, rest, PasswordOperation::Enable).await,
        "disable" => enable(tool, rest, PasswordOperation::Disable).await,
        "set" => match rest.split_first() {
            Some((what, rest)) if what == "password" && !rest.is_empty() => {
                password(tool, rest).await
            }
            Some((what, rest)) if what == "name" => name(tool, rest).await,
            _ => misused(tool),
        },
        other => {
            tool.error(&format!("Invalid user command: '{other}'\n"));
            misused(tool)
        }
    }
}

async fn summary(tool: &Tool, words: &[String]) -> Ended {
    if words.len() > 1 {
        return misused(tool);
    }
    let channel = access::channel_or_present(tool, words.first())?;
    let of = evaluated(tool, access::user_access(tool, channel, 1).await)?;
    let (max, enabled, fixed) = (of.max_id, of.enabled, of.fixed);
    tool.print(&match tool.csv.get() {
        true => format!("{max},{enabled},{fixed}\n"),
        false => format!(
            "Maximum IDs\t    : {max}\nEnabled User Count  : {enabled}\nFixed Name Count    : {fixed}\n"
        ),
    });
    Ok(())
}

async fn list(tool: &Tool, words: &[String]) -> Ended {
    if words.len() > 1 {
        return misused(tool);
    }
    let channel = access::channel_or_present(tool, words.first())?;
    for id in 1..=63 {
        let of = evaluated(tool, access::user_access(tool, channel, id).await)?;
        let name = evaluated(tool, access::user_name(tool, id).await)?;
        let level = access::level(of.limit);
        let [callin, link, messaging] = [!of.callback_only, of.link, of.messaging];
        if tool.csv.get() {
            tool.print(&format!("{id},"));
            tool.print_bytes(&name);
            tool.print(&format!(",{callin},{link},{messaging},{level}\n"));
        } else {
            header(tool);
            tool.print(&format!("{id:<4}"));
            tool.print_bytes(&name);
            let blank = 17_usize.saturating_sub(name.len());
            let [callin, link, messaging] =
                [callin, link, messaging].map(|yes| if yes { "true " } else { "false" });
            let blanks = " ".repeat(blank);
            tool.print(&format!("{blanks}{callin:<8}{link:<11}{messaging:<11}{level}\n"));
        }
        if id >= of.max_id {
            break;
        }
    }
    Ok(())
}

/// Stands above the first list only, as long as the program runs: also in `shell` and `exec`.
fn header(tool: &Tool) {
    static PRINTED: AtomicBool = AtomicBool::new(false);
    if !PRINTED.swap(true, Ordering::Relaxed) {
        tool.print("ID  Name\t     Callin  Link Auth\tIPMI Msg   Channel Priv Limit\n");
    }
}

/// A password that is stored with this size; what does not fit is cut, as the original cuts it.
fn stored(password: &[u8], size: PasswordSize) -> Option<Password> {
    Password::new(size, password.get(..size.bytes()).unwrap_or(password))
}

fn ask(id: u8) -> Result<Zeroizing<Vec<u8>>, Failed> {
    prompt(&format!("Password for user {id}: ")).ok_or(Failed)
}

async fn test(tool: &Tool, words: &[String]) -> Ended {
    let (id, size, given) = match words {
        [id, size] => (id, size, None),
        [id, size, password] => (id, size, Some(password)),
        _ => return misused(tool),
    };
    let id = access::user_id(tool, id)?;
    let size = match number::<i32>(size) {
        Some(16) => PasswordSize::Sixteen,
        Some(20) => PasswordSize::Twenty,
        _ => {
            tool.error(&format!("Given password length '{size}' is invalid."));
            tool.error("Expected value is either 16 or 20.");
            return Err(Failed);
        }
    };
    let password = match given {
        Some(password) => Zeroizing::new(word::bytes(password).into_owned()),
        None => ask(id)?,
    };
    let password = stored(&password, size).ok_or(Failed)?;
    let operation = PasswordOperation::Test(password);
    let (says, ended) = match tool.send(&SetUserPassword { user_id: id, operation }).await {
        Ok(()) => ("Success", Ok(())),
        Err(Refusal::Code(code)) if code.0 == 0x80 => ("Failure: password incorrect", Err(Failed)),
        Err(Refusal::Code(code)) if code.0 == 0x81 => ("Failure: wrong password size", Err(Failed)),
        Err(_) => ("Unknown error", Err(Failed)),
    };
    tool.print(&format!("{says}\n"));
    ended
}

async fn limit(tool: &Tool, words: &[String]) -> Ended {
    let (id, limit, channel) = match words {
        [id, limit] => (id, limit, Channel::PRESENT),
        [id, limit, channel] => (id, limit, access::channel(tool, channel)?),
        _ => return misused(tool),
    };
    let limit = access::privilege(access::limit(tool, limit)?);
    let user_id = access::user_id(tool, id)?;
    let command = SetUserAccess { channel, flags: None, user_id, limit, session_limit: Some(0) };
    if evaluated(tool, tool.send(&command).await).is_err() {
        tool.error(&format!("Set Privilege Level command failed (user {user_id})"));
        return Err(Failed);
    }
    tool.print(&format!("Set Privilege Level command successful (user {user_id})\n"));
    Ok(())
}

async fn enable(tool: &Tool, words: &[String], operation: PasswordOperation) -> Ended {
    let [id] = words else { return misused(tool) };
    let user_id = access::user_id(tool, id)?;
    set(tool, SetUserPassword { user_id, operation }).await
}

async fn set(tool: &Tool, command: SetUserPassword) -> Ended {
    evaluated(tool, tool.send(&command).await).inspect_err(|Failed| {
        tool.error(&format!("Set User Password command failed (user {})", command.user_id));
    })
}

async fn password(tool: &Tool, words: &[String]) -> Ended {
    let Some((id, rest)) = words.split_first() else { return misused(tool) };
    let user_id = access::user_id(tool, id)?;
    let password = match rest.first() {
        Some(password) => Zeroizing::new(word::bytes(password).into_owned()),
        None => {
            let password = ask(user_id)?;
            if ask(user_id)? != password {
                tool.error("Passwords do not match or are longer than 20");
                return Err(Failed);
            }
            password
        }
    };
    let size = match rest.get(1).map(|word| (word, number::<u8>(word))) {
        Some((_, Some(16))) => PasswordSize::Sixteen,
        Some((_, Some(20))) => PasswordSize::Twenty,
        Some((word, _)) => {
            tool.error(&format!("Invalid password length '{word}'"));
            return Err(Failed);
        }
        None if password.len() > PasswordSize::Sixteen.bytes() => PasswordSize::Twenty,
        None => PasswordSize::Sixteen,
    };
    let Some(stored) = Password::new(size, &password) else {
        tool.error(&format!("Password is too long (> {} bytes)", size.bytes()));
        return Err(Failed);
    };
    set(tool, SetUserPassword { user_id, operation: PasswordOperation::Set(stored) }).await?;
    tool.print(&format!("Set User Password command successful (user {user_id})\n"));
    Ok(())
}

async fn name(tool: &Tool, words: &[String]) -> Ended {
    let [id, name] = words else { return misused(tool) };
    let user_id = access::user_id(tool, id)?;
    let Some(username) = Username::new(&word::bytes(name)) else {
        tool.error("Username is too long (> 16 bytes)");
        return Err(Failed);
    };
    let what = format!("Set User Name command failed (user {user_id}, name {name})");
    match tool.send(&SetUserName { user_id, name: username }).await {
        Ok(()) => Ok(()),
        Err(Refusal::Code(code)) => {
            tool.error(&format!("{what}: {}", text::completion(code)));
            Err(Failed)
        }
        Err(_) => {
            tool.error(&what);
            Err(Failed)
        }
    }
}

fn misused(tool: &Tool) -> Ended {
    help(tool);
    Err(Failed)
}

fn help(tool: &Tool) {
    tool.notice("User Commands: summary [CHANNEL]");
    tool.notice("               list [CHANNEL]");
    tool.notice("               set name ID NAME");
    tool.notice("               set password ID [PASSWORD [16|20]]");
    tool.notice("               enable ID, disable ID");
    tool.notice("               priv ID LEVEL [CHANNEL]     (1 to 5: callback, user, operator,");
    tool.notice("                                           administrator, OEM; 15: none)");
    tool.notice("               test ID 16|20 [PASSWORD]");
}
