//! `channel`.

use ipmi_client::Secret;
use ipmi_client::channels::ChannelChange;
use ipmi_wire::cmd::app::{AccessCopy, AccessMode, KeyLock, SecurityKey};
use ipmi_wire::{Channel as Number, Privilege};

use super::{Context, Outcome, ask};
use crate::cli::{Channel, ChannelKeys, ChannelSet, Key, Payload};
use crate::error::Error;
use crate::secret::New;
use crate::view::channel::{Auth, Changed, Ciphers, Info, KeySet, Keys, List, Payloads};

pub(super) async fn run(command: &Channel, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    Ok(match command {
        Channel::List => Box::new(List::new(&bmc.channels().await?)),
        Channel::Info { at } => Box::new(Info::from(&bmc.channel(at.number()).await?)),
        Channel::Set(command) => set(command, context).await?,
        Channel::Auth { at, level } => {
            let told = bmc.channel_authentication(at.number(), *level).await?;
            Box::new(Auth::new(*level, &told))
        }
        Channel::Ciphers { at, payload } => {
            let suites = bmc.cipher_suites(at.number(), payload.number()).await?;
            let payload = match payload {
                Payload::Ipmi => "ipmi",
                Payload::Sol => "sol",
            };
            Box::new(Ciphers::new(payload, &suites))
        }
        Channel::Payloads { at } => {
            Box::new(Payloads::new(&bmc.channel_payloads(at.number()).await?))
        }
        Channel::Keys(command) => keys(command, context).await?,
    })
}

/// Whether somebody would have to be asked for a key that is to be set.
pub(super) fn asks_for_a_secret(command: &Channel) -> Result<bool, Error> {
    match command {
        Channel::Keys(ChannelKeys::Set { which, new_key_file, clear: false, .. }) => {
            Ok(new_key(which.key, new_key_file.as_deref()).given()?.is_none())
        }
        _ => Ok(false),
    }
}

/// What can be judged before anything is sent.
pub(super) fn check(command: &Channel) -> Result<(), Error> {
    match command {
        Channel::Keys(ChannelKeys::Set { which, new_key_file, clear: false, .. }) => {
            let given = new_key(which.key, new_key_file.as_deref()).check()?;
            given.map_or(Ok(()), |key| not_zero(&key))
        }
        Channel::Keys(ChannelKeys::Lock { yes, .. }) => ask::possible(*yes),
        _ => Ok(()),
    }
}

async fn set(command: &ChannelSet, context: &Context<'_>) -> Outcome {
    let (bmc, voice) = (context.bmc, context.voice);
    let change = ChannelChange {
        mode: command.mode.map(AccessMode::from),
        limit: command.limit,
        per_message_auth: command.per_message_auth,
        user_level_auth: command.user_level_auth,
        alerting: command.alerting,
    };
    let present = match bmc.channel_info(Number::PRESENT).await {
        Ok(info) => Some(info.channel),
        Err(error) if error.is_answer() => None,
        Err(error) => return Err(error.into()),
    };
    let channel = command.channel.resolve(present.unwrap_or(command.channel));
    // A BMC that does not tell may mean this one.
    let is_own = present.is_none_or(|present| present == channel);
    let closes = !matches!(change.mode, None | Some(AccessMode::Always | AccessMode::Shared));
    let lowers = change.limit.is_some_and(|limit| limit < Privilege::Administrator);
    if is_own && (closes || lowers) {
        ask::possible(command.yes)?;
        let when = match command.copies() {
            [AccessCopy::NonVolatile] => "from the BMC's next start on",
            _ => "from now on",
        };
        let what = if closes { "nobody gets in there" } else { "nobody can take this back there" };
        let question =
            format!("Channel {channel} is the one that this session is on: {what} {when}.");
        ask::confirm(command.yes, question).await?;
    }
    if change.per_message_auth == Some(false) || change.user_level_auth == Some(false) {
        voice.warning(
            "without authentication, anybody on the network can add packets to an IPMI 1.5 session",
        );
    }
    let written = bmc.set_channel_access(channel, command.copies(), &change).await?;
    // Some BMCs have but one copy (research/freeipmi.md §4.8).
    if command.non_volatile {
        let now = bmc.channel_access(channel, AccessCopy::Volatile).await;
        if let (Ok(now), Some((_, written))) = (now, written.first())
            && now == written.asked
            && written.before != Some(written.asked)
        {
            voice.note("what is in force is the same now: this BMC may have one copy only");
        }
    }
    Ok(Box::new(Changed::new(channel, &change, &written)))
}

async fn keys(command: &ChannelKeys, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    Ok(match command {
        ChannelKeys::Show { at } => {
            let mut told = Vec::new();
            for key in [SecurityKey::Generating, SecurityKey::Random] {
                match bmc.channel_key(at.number(), key).await {
                    Err(error) if !error.is_answer() => return Err(error.into()),
                    // If there is no such command, there is nothing more to ask.
                    Err(error) if is_unknown(&error) => return Err(error.into()),
                    outcome => told.push(outcome),
                }
            }
            match told.as_slice() {
                [kg, kr] => Box::new(Keys::new(kg, kr)),
                _ => return Err(Error::usage("no key was asked for")),
            }
        }
        ChannelKeys::Set { at, which, new_key_file, clear } => {
            let key = match clear {
                true => Secret::new(&[]).ok_or_else(|| Error::usage("no key at all"))?,
                false => {
                    let new = new_key(which.key, new_key_file.as_deref());
                    let name = |channel| format!("channel {channel}");
                    let channel = at.channel.map_or_else(|| "this channel".to_owned(), name);
                    let key = new.get(&channel, true).await?;
                    not_zero(&key)?;
                    key
                }
            };
            let written = bmc.set_channel_key(at.number(), which.key.into(), &key).await?;
            if which.key == Key::Kg && written.kept != Some(false) {
                context.voice.note(match clear {
                    true => "from the next login on no K_g is needed: leave out --kg-file and LANTERN_KG",
                    false => {
                        "from the next login on every console needs it: --kg-file or LANTERN_KG \
                         here, -k with ipmitool and FreeIPMI"
                    }
                });
            }
            Box::new(KeySet::set(which.key, *clear, written))
        }
        ChannelKeys::Lock { at, which, yes } => {
            let key = which.key.name();
            let state = bmc.channel_key(at.number(), which.key.into()).await;
            let set = match state.as_ref().ok().and_then(|state| state.is_set) {
                Some(true) => " It is set now.",
                Some(false) => " It is not set, and could not be set any more.",
                None => "",
            };
            if state.is_ok_and(|state| state.lock == Some(KeyLock::NotLockable)) {
                context.voice.warning("the BMC says that this key cannot be locked");
            }
            let question = format!(
                "Once {key} is locked nobody can read or set it, and no command of IPMI unlocks it.\
                 {set}"
            );
            ask::confirm(*yes, question).await?;
            let state = bmc.lock_channel_key(at.number(), which.key.into()).await?;
            Box::new(KeySet::locked(which.key, state))
        }
    })
}

fn is_unknown(error: &ipmi_client::Error) -> bool {
    error.completion() == Some(ipmi_wire::CompletionCode::INVALID_COMMAND)
}

fn new_key(key: Key, file: Option<&std::path::Path>) -> New<'_> {
    New {
        file,
        variable: "LANTERN_NEW_KG",
        option: "--new-key-file",
        what: match key {
            Key::Kg => "New K_g",
            Key::Kr => "New K_r",
        },
        is_key: true,
    }
}

/// Zeros are no key at all, which nobody should set by mistake.
fn not_zero(key: &Secret) -> Result<(), Error> {
    if key.is_zero() {
        return Err(Error::usage("a key of zeros is none").next("use --clear if that is meant"));
    }
    Ok(())
}
