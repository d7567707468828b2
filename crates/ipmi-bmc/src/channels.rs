//! The LAN channel's settings: who gets in at all, and how far. IPMI v2.0 §6.6, §22.22 to §22.25.
//!
//! There are two copies. What is set in the volatile one holds at once, until the controller starts
//! again; what is set in the other holds from then on, and is kept.

use ipmi_session::Secret;
use ipmi_wire::cmd::app::{AccessCopy, AccessFlags, AccessMode};
use ipmi_wire::{CompletionCode, Privilege};

use crate::dispatch::Outcome;
use crate::nvram::{Journal, KeptChannel, KeptKey, KeptPassword, Key, Memory, Room, setting};

/// Access to the LAN channel.
#[derive(Clone, Debug)]
pub(crate) struct LanAccess {
    /// What is in force.
    volatile: KeptChannel,
    /// What the controller starts with.
    nonvolatile: KeptChannel,
}

const KEY: Key = Key { room: Room::Channels, number: 1 };

impl LanAccess {
    /// Of a BMC that starts, whose configuration has this limit.
    pub(crate) fn new(limit: Privilege, memory: &Memory, journal: &mut Journal) -> Self {
        let kept = memory.lan_channel;
        let nonvolatile = match kept {
            Some(kept) if kept.seed == limit => kept,
            _ => KeptChannel::delivered(limit),
        };
        if kept.is_some_and(|kept| kept != nonvolatile) {
            journal.remove(KEY);
        }
        Self { volatile: nonvolatile, nonvolatile }
    }

    /// What the controller does when it starts again by itself.
    pub(crate) const fn restart(&mut self) {
        self.volatile = self.nonvolatile;
    }

    /// Whether there are sessions on the channel.
    pub(crate) fn is_open(&self) -> bool {
        self.volatile.flags.mode != AccessMode::Disabled
    }

    /// The most that anybody may do on it.
    pub(crate) const fn limit(&self) -> Privilege {
        self.volatile.limit
    }

    /// What this copy says.
    pub(crate) const fn read(&self, copy: AccessCopy) -> (AccessFlags, Privilege) {
        let KeptChannel { flags, limit, .. } = match copy {
            AccessCopy::Volatile => self.volatile,
            AccessCopy::NonVolatile => self.nonvolatile,
        };
        (flags, limit)
    }

    /// Sets all that is given, or nothing.
    ///
    /// # Errors
    /// 83h for a mode that is a serial channel's, CCh for packets without authentication.
    pub(crate) fn set(
        &mut self,
        access: Option<(AccessCopy, AccessFlags)>,
        limit: Option<(AccessCopy, Privilege)>,
        journal: &mut Journal,
    ) -> Outcome<()> {
        const MODE: CompletionCode = CompletionCode(0x83);
        if let Some((_, flags)) = access {
            match flags.mode {
                AccessMode::Disabled | AccessMode::Always => {}
                AccessMode::PreBoot | AccessMode::Shared => return Err(MODE),
            }
            // What is agreed for a session holds for each packet of it.
            if flags.per_message_auth_disabled || flags.user_level_auth_disabled {
                return Err(CompletionCode::INVALID_DATA_FIELD);
            }
        }
        let before = self.nonvolatile;
        if let Some((copy, flags)) = access {
            self.copy(copy).flags = flags;
        }
        if let Some((copy, limit)) = limit {
            self.copy(copy).limit = limit;
        }
        if self.nonvolatile != before || journal.is_in_doubt() {
            journal.put(KEY, &self.nonvolatile);
        }
        Ok(())
    }

    const fn copy(&mut self, copy: AccessCopy) -> &mut KeptChannel {
        match copy {
            AccessCopy::Volatile => &mut self.volatile,
            AccessCopy::NonVolatile => &mut self.nonvolatile,
        }
    }
}

/// The LAN channel's `K_G`.
#[derive(Clone, Debug)]
pub(crate) struct LanKey(KeptKey);

impl LanKey {
    /// Of a BMC that starts, whose configuration has this key.
    pub(crate) fn new(kg: Option<Secret>, memory: &Memory, journal: &mut Journal) -> Self {
        let seed = kg.map(KeptPassword::sizeless).unwrap_or_default();
        match &memory.kg {
            Some(kept) if kept.seed == seed => return Self(kept.clone()),
            Some(_) => journal.remove(setting::KG),
            None => {}
        }
        Self(KeptKey { key: seed.clone(), seed, locked: false })
    }

    /// The key, if there is one.
    pub(crate) const fn get(&self) -> Option<&Secret> {
        self.0.key.secret()
    }

    /// Whether sessions are keyed with it. One of zeros is none.
    pub(crate) fn is_set(&self) -> bool {
        self.get().is_some_and(|kg| !kg.is_zero())
    }

    /// Whether it can neither be read nor set.
    pub(crate) const fn is_locked(&self) -> bool {
        self.0.locked
    }

    /// Makes it `key`, of 20 bytes.
    ///
    /// # Errors
    /// 80h if it is locked, 81h and 82h for a key that is too short or too long.
    pub(crate) fn set(&mut self, key: &[u8], journal: &mut Journal) -> Outcome<()> {
        const LOCKED: CompletionCode = CompletionCode(0x80);
        const SHORT: CompletionCode = CompletionCode(0x81);
        const LONG: CompletionCode = CompletionCode(0x82);
        if self.0.locked {
            return Err(LOCKED);
        }
        if key.len() < Secret::MAX {
            return Err(SHORT);
        }
        let key = KeptPassword::sizeless(Secret::new(key).ok_or(LONG)?);
        self.change(KeptKey { key, ..self.0.clone() }, journal);
        Ok(())
    }

    /// Lets nobody read or set it any more.
    pub(crate) fn lock(&mut self, journal: &mut Journal) {
        self.change(KeptKey { locked: true, ..self.0.clone() }, journal);
    }

    fn change(&mut self, kept: KeptKey, journal: &mut Journal) {
        if kept != self.0 || journal.is_in_doubt() {
            journal.put(setting::KG, &kept);
        }
        self.0 = kept;
    }
}
