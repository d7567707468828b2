//! Where a request comes from, and what that allows.

use std::time::Instant;

use ipmi_wire::{Access, Channel, CompletionCode, Privilege};

/// Everything about a request but its contents.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// When it arrived.
    pub now: Instant,
    /// Whence.
    pub origin: Origin,
}

/// Whence a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A session on a LAN channel.
    Session {
        /// The managed system's session ID.
        session_id: u32,
        /// The channel it came in on.
        channel: Channel,
        /// Who.
        user_id: u8,
        /// The session's privilege at this moment.
        privilege: Privilege,
    },
    /// A LAN channel, outside any session.
    Sessionless {
        /// The channel it came in on.
        channel: Channel,
    },
    /// The host's own interface: KCS, BT or SSIF. No session, all commands.
    SystemInterface,
}

impl Origin {
    /// The channel that "the present one" means.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Session { channel, .. } | Self::Sessionless { channel } => *channel,
            Self::SystemInterface => Channel::SYSTEM_INTERFACE,
        }
    }

    /// The session that it comes in, if there is one.
    #[must_use]
    pub const fn session_id(&self) -> Option<u32> {
        match self {
            Self::Session { session_id, .. } => Some(*session_id),
            Self::Sessionless { .. } | Self::SystemInterface => None,
        }
    }

    /// Whether a command of this access may come from here.
    ///
    /// # Errors
    /// D4h if not.
    pub fn check(&self, access: Access) -> Result<(), CompletionCode> {
        let allowed = match (self, access) {
            (Self::SystemInterface, _) | (_, Access::PreSession) => true,
            (Self::Session { privilege, .. }, Access::Session(needed)) => *privilege >= needed,
            (Self::Sessionless { .. } | Self::Session { .. }, _) => false,
        };
        if allowed { Ok(()) } else { Err(CompletionCode::INSUFFICIENT_PRIVILEGE) }
    }
}
