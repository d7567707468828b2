//! How what was set at the LAN channel is kept: access, and `K_G`.

use ipmi_wire::cmd::app::{AccessFlags, AccessMode, ChannelAccess};
use ipmi_wire::{Decode, DecodeError, Encode, Privilege, Reader};

use super::KeptPassword;

/// A channel's non-volatile access settings, once a command has set them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptChannel {
    /// The limit that the configuration had when they were set. Once it has another one, that holds,
    /// and all of this is gone.
    pub seed: Privilege,
    /// What it lets in.
    pub flags: AccessFlags,
    /// The most that anybody may do on it.
    pub limit: Privilege,
}

impl KeptChannel {
    /// As delivered with this limit.
    #[must_use]
    pub const fn delivered(limit: Privilege) -> Self {
        let flags = AccessFlags {
            alerting_disabled: false,
            per_message_auth_disabled: false,
            user_level_auth_disabled: false,
            mode: AccessMode::Always,
        };
        Self { seed: limit, flags, limit }
    }
}

/// A channel's `K_G`, once a command has set or locked it. It does not print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptKey {
    /// The configuration's, when it was set: see [`KeptChannel::seed`].
    pub seed: KeptPassword,
    /// The key.
    pub key: KeptPassword,
    /// Whether nobody can read or set it any more.
    pub locked: bool,
}

impl Encode for KeptChannel {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.seed.number());
        ChannelAccess { flags: self.flags, limit: Some(self.limit) }.encode(out);
    }
}

impl Decode for KeptChannel {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let seed = Privilege::decode_number(r.u8("configured limit")?, "configured limit")?;
        let ChannelAccess { flags, limit } = ChannelAccess::decode(r)?;
        let limit = limit.ok_or(DecodeError::Invalid { field: "channel limit", value: 0 })?;
        Ok(Self { seed, flags, limit })
    }
}

impl Encode for KeptKey {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.locked.into());
        self.seed.encode(out);
        self.key.encode(out);
    }
}

impl Decode for KeptKey {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let locked = r.u8("key lock")? != 0;
        Ok(Self { locked, seed: KeptPassword::decode(r)?, key: KeptPassword::decode(r)? })
    }
}

#[cfg(test)]
mod tests {
    use ipmi_session::Secret;

    use super::*;

    #[test]
    fn what_was_set_comes_back_and_no_key_is_shown() {
        let delivered = KeptChannel::delivered(Privilege::Administrator);
        let flags = AccessFlags { mode: AccessMode::Disabled, ..delivered.flags };
        for kept in [delivered, KeptChannel { flags, limit: Privilege::User, ..delivered }] {
            assert_eq!(KeptChannel::decode_exact(&kept.to_bytes()), Ok(kept));
        }
        for bytes in [[0, 2, 4], [4, 2, 0], [4, 4, 4]] {
            assert!(KeptChannel::decode_exact(&bytes).is_err());
        }
        let key = KeptPassword::sizeless(Secret::new(b"Complex_Key").unwrap());
        let kept = KeptKey { seed: KeptPassword::default(), key, locked: true };
        let bytes = kept.to_bytes();
        assert_eq!(KeptKey::decode_exact(&bytes).as_ref(), Ok(&kept));
        for length in 0..bytes.len() {
            assert!(KeptKey::decode_exact(&bytes[..length]).is_err());
        }
        assert!(!format!("{kept:?}").contains("Complex"));
    }
}
