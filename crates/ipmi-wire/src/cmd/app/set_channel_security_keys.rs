//! Set Channel Security Keys: sets, reads and locks the keys of a channel's RMCP+ sessions.

use core::fmt;

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Set Channel Security Keys. IPMI v2.0 §22.25.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetChannelSecurityKeys {
    /// Of which channel.
    pub channel: Channel,
    /// Which key.
    pub key: SecurityKey,
    /// What to do with it.
    pub operation: KeyOperation,
}

/// A key of a channel. IPMI v2.0 §22.25, byte 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecurityKey {
    /// `K_R`, from which some controllers make their random numbers.
    Random,
    /// `K_G`, the channel's own key beside each user's.
    Generating,
}

/// What is done with a key. IPMI v2.0 §22.25, byte 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOperation {
    /// Read it.
    Read,
    /// Make it this one.
    Set(KeyBytes),
    /// Let nobody read or set it any more.
    Lock,
}

/// The bytes of a key. They do not print.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct KeyBytes(pub Vec<u8>);

impl KeyBytes {
    /// How many bytes either key has.
    pub const LENGTH: usize = 20;
}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyBytes(.. {} bytes)", self.0.len())
    }
}

/// The answer to [`SetChannelSecurityKeys`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelSecurityKeys {
    /// Whether the key can be read and set; some controllers do not say.
    pub lock: Option<KeyLock>,
    /// The key, if it was to be read and may be; empty otherwise.
    pub key: KeyBytes,
}

/// Whether a key can be read and set. IPMI v2.0 §22.25, byte 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyLock {
    /// It can always.
    NotLockable,
    /// It cannot.
    Locked,
    /// It can, until it is locked.
    Unlocked,
    /// Number 3.
    Reserved,
}

impl Command for SetChannelSecurityKeys {
    type Response = ChannelSecurityKeys;
    const ID: CommandId = CommandId::new(NetFn::App, 0x56);
    const NAME: &'static str = "Set Channel Security Keys";
    const SECTION: &'static str = "IPMI v2.0 §22.25";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        match self.operation {
            KeyOperation::Read => Effect::Read,
            KeyOperation::Set(_) | KeyOperation::Lock => Effect::Idempotent,
        }
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code.0 {
            0x80 => "the key is locked",
            0x81 => "the key has too few bytes",
            0x82 => "the key has too many bytes",
            0x83 => "this is not a key of that kind",
            0x84 => "the controller has no use for K_R",
            _ => return None,
        })
    }
}

impl Encode for SetChannelSecurityKeys {
    fn encode(&self, out: &mut Vec<u8>) {
        let operation = match self.operation {
            KeyOperation::Read => 0,
            KeyOperation::Set(_) => 1,
            KeyOperation::Lock => 2,
        };
        let key = match self.key {
            SecurityKey::Random => 0,
            SecurityKey::Generating => 1,
        };
        out.extend([self.channel.number(), operation, key]);
        if let KeyOperation::Set(KeyBytes(bytes)) = &self.operation {
            out.extend(bytes);
        }
    }
}

impl Decode for SetChannelSecurityKeys {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        let operation = r.u8("operation")? & 3;
        let key = match r.u8("key ID")? {
            0 => SecurityKey::Random,
            1 => SecurityKey::Generating,
            other => return Err(DecodeError::Invalid { field: "key ID", value: other.into() }),
        };
        // A key that is too short or too long has completion codes of its own. Whoever reads or
        // locks one may send one all the same (§22.25: it is ignored).
        let bytes = r.take_rest();
        let operation = match operation {
            0 => KeyOperation::Read,
            1 => KeyOperation::Set(KeyBytes(bytes.to_vec())),
            2 => KeyOperation::Lock,
            other => return Err(DecodeError::Invalid { field: "operation", value: other.into() }),
        };
        Ok(Self { channel, key, operation })
    }
}

impl Encode for ChannelSecurityKeys {
    fn encode(&self, out: &mut Vec<u8>) {
        let Some(lock) = self.lock else { return };
        out.push(match lock {
            KeyLock::NotLockable => 0,
            KeyLock::Locked => 1,
            KeyLock::Unlocked => 2,
            KeyLock::Reserved => 3,
        });
        out.extend(&self.key.0);
    }
}

impl Decode for ChannelSecurityKeys {
    /// FreeIPMI 1.6.10 takes an answer without any data, so there may be such.
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let lock = r.optional_u8().map(|status| match status & 3 {
            0 => KeyLock::NotLockable,
            1 => KeyLock::Locked,
            2 => KeyLock::Unlocked,
            _ => KeyLock::Reserved,
        });
        Ok(Self { lock, key: KeyBytes(r.take_rest().to_vec()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Entry;

    #[test]
    fn a_key_is_read_set_and_locked() {
        // As FreeIPMI 1.6.10's ipmi-config reads K_g (ipmi-messaging-support-cmds.c).
        let bytes = [0x01, 0x00, 0x01];
        let request = SetChannelSecurityKeys::decode_exact(&bytes).unwrap();
        assert_eq!((request.key, &request.operation), (SecurityKey::Generating, &KeyOperation::Read));
        assert_eq!((request.effect(), request.to_bytes()), (Effect::Read, bytes.to_vec()));
        let bytes = [&[0x01, 0x01, 0x01][..], b"12345678901234567890"].concat();
        let request = SetChannelSecurityKeys::decode_exact(&bytes).unwrap();
        let KeyOperation::Set(key) = &request.operation else { panic!("{request:?}") };
        assert_eq!((key.0.as_slice(), request.to_bytes()), (&b"12345678901234567890"[..], bytes));
        let lock = SetChannelSecurityKeys::decode_exact(&[0x0e, 0x02, 0x00, 9, 9]).unwrap();
        assert_eq!((lock.key, lock.operation), (SecurityKey::Random, KeyOperation::Lock));
    }

    #[test]
    fn what_is_neither_key_nor_operation_is_refused() {
        for bytes in [[1, 3, 1], [1, 0, 2], [1, 1, 0xff]] {
            assert!(SetChannelSecurityKeys::decode_exact(&bytes).is_err());
        }
        for length in 0..3 {
            assert!(SetChannelSecurityKeys::decode_exact(&[1, 0, 1][..length]).is_err());
        }
    }

    #[test]
    fn an_answer_has_a_lock_and_perhaps_a_key() {
        // By hand from §22.25.
        let bytes = [&[2][..], &[0x55; 20]].concat();
        let answer = ChannelSecurityKeys::decode_exact(&bytes).unwrap();
        assert_eq!((answer.lock, answer.key.0.len()), (Some(KeyLock::Unlocked), 20));
        assert_eq!(answer.to_bytes(), bytes);
        for (bytes, lock) in [(&[][..], None), (&[0xfd][..], Some(KeyLock::Locked))] {
            let answer = ChannelSecurityKeys::decode_exact(bytes).unwrap();
            assert_eq!((answer.lock, answer.key.0.len()), (lock, 0));
        }
    }

    #[test]
    fn a_key_is_never_shown() {
        let request = [&[1, 1, 1][..], b"12345678901234567890"].concat();
        let entry = Entry::of::<SetChannelSecurityKeys>();
        let shown = [
            (entry.describe_request)(&request).unwrap(),
            (entry.describe_response)(&[1, 0, 1], &request[2..]).unwrap(),
        ];
        for text in shown {
            // Neither as text nor as numbers: 51 and 52 are `34`.
            assert!(text.contains(".. 20 bytes"), "{text}");
            assert!(!text.contains("34") && !text.contains("51, 52"), "{text}");
        }
    }
}
