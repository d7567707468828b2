//! What `lan`, `lan6`, `user`, `channel` and `session` share: numbers of channels and users, what these may do,
//! and answers as they came, because the original prints numbers that no type keeps.

use ipmi_wire::cmd::app::{GetChannelInfo, GetUserAccess, GetUserName};
use ipmi_wire::{Channel, Command, CompletionCode, Privilege, Request};

use super::number::number;
use super::text;
use super::tool::{Failed, Refusal, Tool};

/// Sends a command for the bytes of its answer.
pub(super) async fn bytes<C: Command>(tool: &Tool, command: &C) -> Result<Vec<u8>, Refusal> {
    request(tool, Request::of(command)).await
}

/// The same for a request that no command can stand for.
pub(super) async fn request(tool: &Tool, request: Request) -> Result<Vec<u8>, Refusal> {
    let answer = tool.send_raw(request).await.ok_or(Refusal::Silent)?;
    match answer.completion.is_ok() {
        true => Ok(answer.data),
        false => Err(Refusal::Code(answer.completion)),
    }
}

/// An answer of exactly so many bytes.
pub(super) fn exactly<const N: usize>(bytes: Vec<u8>) -> Result<[u8; N], Refusal> {
    bytes.try_into().map_err(|_| Refusal::Malformed)
}

/// Says what stands behind most failures.
pub(super) fn evaluated<T>(tool: &Tool, result: Result<T, Refusal>) -> Result<T, Failed> {
    result.map_err(|refusal| {
        tool.error(&match refusal {
            Refusal::Silent => "IPMI response is NULL.".to_owned(),
            Refusal::Malformed => "Unexpected data length received.".to_owned(),
            Refusal::Code(code) => format!("IPMI command failed: {}", text::completion(code)),
        });
        Failed
    })
}

/// The channel of a word: those that can be meant.
pub(super) fn channel(tool: &Tool, word: &str) -> Result<Channel, Failed> {
    match number::<u8>(word) {
        Some(channel @ (0..=0x0b | 0x0e | 0x0f)) => Ok(Channel::new(channel)),
        _ => {
            tool.error(&format!(
                "Given Channel number '{word}' is either invalid or out of range."
            ));
            tool.error("Channel number must be from ranges: <0x0..0xB>, <0xE..0xF>");
            Err(Failed)
        }
    }
}

/// The channel of a word that may be left out; else the one that is talked over.
pub(super) fn channel_or_present(tool: &Tool, word: Option<&String>) -> Result<Channel, Failed> {
    word.map_or(Ok(Channel::PRESENT), |word| channel(tool, word))
}

pub(super) fn user_id(tool: &Tool, word: &str) -> Result<u8, Failed> {
    match number::<u8>(word) {
        Some(id @ 1..=63) => Ok(id),
        _ => {
            tool.error(&format!("Given User ID '{word}' is either invalid or out of range."));
            tool.error("User ID is limited to range <1..63>.");
            Err(Failed)
        }
    }
}

/// The number of a privilege level, or 15 for none.
pub(super) fn limit(tool: &Tool, word: &str) -> Result<u8, Failed> {
    match number::<u8>(word) {
        Some(limit @ (1..=5 | NO_ACCESS)) => Ok(limit),
        _ => {
            tool.error(&format!("Given Privilege Limit '{word}' is invalid."));
            tool.error("Privilege Limit is limited to <0x1..0x5> and <0xF>.");
            Err(Failed)
        }
    }
}

pub(super) const NO_ACCESS: u8 = 0x0f;

/// What privilege levels are called.
const LEVELS: [(&str, u8); 6] = [
    ("CALLBACK", 1),
    ("USER", 2),
    ("OPERATOR", 3),
    ("ADMINISTRATOR", 4),
    ("OEM", 5),
    ("NO ACCESS", NO_ACCESS),
];

pub(super) fn level(number: u8) -> String {
    named(&LEVELS, number)
}

/// The level of that name.
pub(super) fn level_named(name: &str) -> Option<u8> {
    LEVELS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, number)| *number)
}

/// The name of a number, or what the original says of numbers without one.
pub(super) fn named(names: &[(&str, u8)], number: u8) -> String {
    names
        .iter()
        .find(|(_, known)| *known == number)
        .map_or_else(|| unknown(number), |(name, _)| (*name).to_owned())
}

pub(super) fn unknown(number: impl Into<u32>) -> String {
    format!("Unknown (0x{:02X})", number.into())
}

/// A level as commands carry it; `None` is no access, or a number that is none.
pub(super) const fn privilege(number: u8) -> Option<Privilege> {
    Privilege::from_number(number)
}

/// What a user may do on a channel, with the numbers that came.
pub(super) struct UserAccess {
    pub(super) max_id: u8,
    pub(super) enabled: u8,
    pub(super) fixed: u8,
    /// Two bits.
    pub(super) status: u8,
    pub(super) callback_only: bool,
    pub(super) link: bool,
    pub(super) messaging: bool,
    pub(super) limit: u8,
}

pub(super) async fn user_access(
    tool: &Tool,
    channel: Channel,
    user_id: u8,
) -> Result<UserAccess, Refusal> {
    let answer = bytes(tool, &GetUserAccess { channel, user_id }).await?;
    let [max_id, enabled, fixed, access] = exactly(answer)?;
    Ok(UserAccess {
        max_id: max_id & 0x3f,
        enabled: enabled & 0x3f,
        fixed: fixed & 0x3f,
        status: enabled >> 6,
        callback_only: access & 0x40 != 0,
        link: access & 0x20 != 0,
        messaging: access & 0x10 != 0,
        limit: access & 0x0f,
    })
}

/// A user's name; an ID that the BMC has no name for has an empty one.
pub(super) async fn user_name(tool: &Tool, user_id: u8) -> Result<Vec<u8>, Refusal> {
    match tool.send(&GetUserName { user_id }).await {
        Ok(answer) => Ok(answer.name.as_bytes().to_vec()),
        Err(Refusal::Code(CompletionCode(0xcc))) => Ok(Vec::new()),
        Err(refusal) => Err(refusal),
    }
}

/// Whether a channel is a network.
pub(super) async fn is_lan(tool: &Tool, channel: u8) -> bool {
    if !(1..=0x0e).contains(&channel) {
        return false;
    }
    match tool.send(&GetChannelInfo { channel: Channel::new(channel) }).await {
        Ok(info) => is_lan_medium(info.medium.0),
        Err(refusal) => {
            tool.info(&format!("Get Channel Info command failed: {}", refusal.text()));
            false
        }
    }
}

pub(super) const fn is_lan_medium(medium: u8) -> bool {
    matches!(medium, 4 | 6)
}

/// The first channel that is a network; 0 if there is none.
pub(super) async fn first_lan(tool: &Tool) -> u8 {
    for channel in 1..0x0e {
        if is_lan(tool, channel).await {
            return channel;
        }
    }
    0
}

/// A byte of what came; 0 is what stands for one that did not come.
pub(super) fn at(bytes: &[u8], place: usize) -> u8 {
    bytes.get(place).copied().unwrap_or_default()
}

/// A hardware address of what came.
pub(super) fn mac(bytes: &[u8]) -> String {
    let byte = |place| format!("{:02x}", at(bytes, place));
    (0..6).map(byte).collect::<Vec<_>>().join(":")
}

/// An IPv4 address of what came.
pub(super) fn ipv4(bytes: &[u8]) -> String {
    let byte = |place| at(bytes, place).to_string();
    (0..4).map(byte).collect::<Vec<_>>().join(".")
}
