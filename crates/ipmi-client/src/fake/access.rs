//! Its users, its one LAN channel, and its sessions.

use ipmi_wire::cmd::app::{
    AccessCopy, AccessFlags, AccessMode, ActiveSession, ChannelAccess, ChannelInfo, ChannelMedium,
    ChannelProtocol, ChannelSecurityKeys, CloseSession, GetChannelAccess, GetChannelInfo,
    GetSessionInfo, GetUserAccess, GetUserName, GetUserPayloadAccess, KeyBytes, KeyLock,
    KeyOperation, Password, PasswordOperation, PayloadAccess, SecurityKey, SessionInfo, SessionLan,
    SessionSelector, SessionSupport, SetChannelAccess, SetChannelSecurityKeys, SetUserAccess,
    SetUserName, SetUserPassword, SetUserPayloadAccess, UserAccess, UserFlags, UserName,
    UserPayloadAccess, UserStatus,
};
use ipmi_wire::session::Username;
use ipmi_wire::{Channel, CompletionCode, Privilege, Request, Response};

use super::{World, code, of};

/// A user.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    pub(crate) name: Username,
    pub(crate) password: Option<Password>,
    pub(crate) enabled: bool,
    pub(crate) flags: UserFlags,
    pub(crate) limit: Option<Privilege>,
    pub(crate) payloads: PayloadAccess,
}

impl Slot {
    /// Somebody who gets in.
    pub(crate) fn enabled(name: &str, limit: Privilege) -> Self {
        let flags = UserFlags { messaging: true, ..UserFlags::default() };
        let name = Username::new(name.as_bytes()).unwrap();
        Self { name, enabled: true, flags, limit: Some(limit), ..Self::default() }
    }
}

/// A channel that lets everybody in.
pub(super) const OPEN: ChannelAccess = ChannelAccess {
    flags: AccessFlags {
        alerting_disabled: false,
        per_message_auth_disabled: false,
        user_level_auth_disabled: false,
        mode: AccessMode::Always,
    },
    limit: Some(Privilege::Administrator),
};

/// A session of this user, from this port.
pub(crate) const fn session(user_id: u8, port: u16) -> ActiveSession {
    ActiveSession {
        user_id,
        privilege: Some(Privilege::Administrator),
        protocol: 1,
        channel: Channel::new(1),
        lan: Some(SessionLan { ip: [192, 0, 2, 9], mac: [0; 6], port }),
    }
}

fn done() -> Response {
    Response { completion: CompletionCode::OK, data: Vec::new() }
}

impl World {
    /// Puts somebody into a slot.
    pub(crate) fn user(&mut self, id: u8, name: &str, limit: Privilege) {
        self.slots.insert(id, Slot::enabled(name, limit));
    }

    pub(super) fn answer_access(&mut self, request: &Request) -> Option<Response> {
        self.answer_users(request)
            .or_else(|| self.answer_channel(request))
            .or_else(|| self.answer_sessions(request))
    }

    fn answer_users(&mut self, request: &Request) -> Option<Response> {
        if let Some(GetUserAccess { user_id, .. }) = of(request) {
            if user_id > self.max_user_id {
                return Some(code(0xc9));
            }
            let slot = self.slots.get(&user_id).cloned().unwrap_or_default();
            let enabled = self.slots.values().filter(|slot| slot.enabled).count();
            return Some(Response::ok(&UserAccess {
                max_user_id: self.max_user_id,
                enabled_users: enabled.try_into().unwrap(),
                fixed_names: self.fixed_names,
                status: if slot.enabled { UserStatus::Enabled } else { UserStatus::Disabled },
                flags: slot.flags,
                limit: slot.limit,
            }));
        }
        if let Some(GetUserName { user_id }) = of(request) {
            let name = self.slots.get(&user_id).map(|slot| slot.name).unwrap_or_default();
            return Some(Response::ok(&UserName { name }));
        }
        if let Some(GetUserPayloadAccess { user_id, .. }) = of(request) {
            let payloads = self.slots.get(&user_id).map(|slot| slot.payloads).unwrap_or_default();
            return Some(Response::ok(&UserPayloadAccess { payloads }));
        }
        if let Some(SetUserName { user_id, name }) = of(request) {
            self.slots.entry(user_id).or_default().name = name;
        } else if let Some(SetUserAccess { user_id, flags, limit, .. }) = of(request) {
            let slot = self.slots.entry(user_id).or_default();
            slot.flags = flags.unwrap_or(slot.flags);
            slot.limit = limit;
        } else if let Some(SetUserPayloadAccess { user_id, enable, payloads, .. }) = of(request) {
            let slot = self.slots.entry(user_id).or_default();
            slot.payloads = match enable {
                true => slot.payloads.with(payloads),
                false => slot.payloads.without(payloads),
            };
        } else if let Some(SetUserPassword { user_id, operation }) = of(request) {
            let slot = self.slots.entry(user_id).or_default();
            match operation {
                PasswordOperation::Disable => slot.enabled = false,
                PasswordOperation::Enable if slot.password.is_none() => return Some(code(0xd5)),
                PasswordOperation::Enable => slot.enabled = true,
                PasswordOperation::Set(password) => slot.password = Some(password),
                PasswordOperation::Test(password) => match &slot.password {
                    Some(kept) if kept.size() != password.size() => return Some(code(0x81)),
                    Some(kept) if *kept == password => {}
                    _ => return Some(code(0x80)),
                },
            }
        } else {
            return None;
        }
        Some(done())
    }

    fn answer_channel(&mut self, request: &Request) -> Option<Response> {
        let lan = |channel: Channel| channel.resolve(Channel::new(1)) == Channel::new(1);
        if let Some(GetChannelInfo { channel }) = of(request) {
            return Some(match lan(channel) {
                false => code(0xcc),
                true => Response::ok(&ChannelInfo {
                    channel: Channel::new(1),
                    medium: ChannelMedium::LAN,
                    protocol: ChannelProtocol::IPMB,
                    session_support: SessionSupport::MultiSession,
                    active_sessions: 1,
                    vendor_iana: 7154,
                    aux: [0; 2],
                }),
            });
        }
        if let Some(GetChannelAccess { copy, .. }) = of(request) {
            return Some(Response::ok(
                &self.channel_access[usize::from(copy == AccessCopy::NonVolatile)],
            ));
        }
        if let Some(SetChannelAccess { access, limit, .. }) = of(request) {
            let at = |copy| usize::from(copy == AccessCopy::NonVolatile);
            if let Some((copy, flags)) = access {
                self.channel_access[at(copy)].flags = flags;
            }
            if let Some((copy, limit)) = limit {
                self.channel_access[at(copy)].limit = Some(limit);
            }
            return Some(done());
        }
        let SetChannelSecurityKeys { key, operation, .. } = of(request)?;
        let (kept, lock) = &mut self.kg;
        Some(match (key, operation) {
            (SecurityKey::Random, _) => code(0x84),
            (_, KeyOperation::Lock) => {
                *lock = KeyLock::Locked;
                Response::ok(&ChannelSecurityKeys { lock: Some(*lock), key: KeyBytes::default() })
            }
            _ if *lock == KeyLock::Locked => code(0x80),
            (_, KeyOperation::Set(KeyBytes(bytes))) => {
                kept.copy_from_slice(&bytes);
                Response::ok(&ChannelSecurityKeys { lock: Some(*lock), key: KeyBytes::default() })
            }
            (_, KeyOperation::Read) => {
                let key = KeyBytes(kept.to_vec());
                Response::ok(&ChannelSecurityKeys { lock: Some(*lock), key })
            }
        })
    }

    fn answer_sessions(&mut self, request: &Request) -> Option<Response> {
        if let Some(CloseSession { handle, .. }) = of(request) {
            let before = self.sessions.len();
            self.sessions.retain(|(of, _)| Some(*of) != handle);
            return Some(if self.sessions.len() < before { done() } else { code(0x88) });
        }
        let GetSessionInfo { selector } = of(request)?;
        let found = match selector {
            SessionSelector::Current => self.sessions.first(),
            SessionSelector::Index(index) => self.sessions.get(usize::from(index) - 1),
            SessionSelector::Handle(handle) => self.sessions.iter().find(|(of, _)| *of == handle),
            SessionSelector::Id(_) => None,
        };
        Some(Response::ok(&SessionInfo {
            handle: found.map_or(0, |(handle, _)| *handle),
            possible: 5,
            active: self.sessions.len().try_into().unwrap(),
            session: found.map(|(_, session)| *session),
        }))
    }
}
