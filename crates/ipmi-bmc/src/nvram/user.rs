//! How a user is kept.

use ipmi_session::Secret;
use ipmi_wire::cmd::app::{Password, PasswordSize, PayloadAccess, UserFlags};
use ipmi_wire::session::Username;
use ipmi_wire::{Decode, DecodeError, Encode, Privilege, Reader};
use subtle::ConstantTimeEq;

/// A user as kept, under the user's ID. The default is a free ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptUser {
    /// What the configuration said when it was last followed; `None` if it does not know this ID.
    /// As long as it says the same, what follows holds.
    pub seed: Option<Seed>,
    /// Name; empty if there is no such user.
    pub name: Username,
    /// Password.
    pub password: KeptPassword,
    /// Whether the user is enabled.
    pub enabled: bool,
    /// What name and password are good for.
    pub flags: UserFlags,
    /// The most that the user may do; `None` is no access.
    pub limit: Option<Privilege>,
    /// Which payloads the user may activate.
    pub payloads: PayloadAccess,
}

impl Default for KeptUser {
    /// Nobody. IPMI messages are allowed already: `ipmitool user priv`, which many take for all
    /// that it needs, says nothing of them. So is Serial over LAN, as with OpenBMC: what it takes is
    /// a privilege level, too.
    fn default() -> Self {
        Self {
            seed: None,
            name: Username::default(),
            password: KeptPassword::default(),
            enabled: false,
            flags: UserFlags { messaging: true, ..UserFlags::default() },
            limit: None,
            payloads: PayloadAccess::SOL,
        }
    }
}

/// A user as the configuration has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// Name.
    pub name: Username,
    /// Password.
    pub password: KeptPassword,
    /// The most that the user may do.
    pub limit: Privilege,
    /// Whether the user is enabled.
    pub enabled: bool,
}

/// A password, if there is one, and the size that it was set with. It does not print.
#[derive(Clone, Debug, Default)]
pub struct KeptPassword {
    secret: Option<Secret>,
    size: Option<PasswordSize>,
}

/// Why a password is not the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongPassword {
    /// It was set with the other size.
    Size,
    /// It is another.
    Bytes,
}

impl KeptPassword {
    /// A password of which nobody said what size it has: it is good for every one that it fits.
    #[must_use]
    pub fn sizeless(secret: Secret) -> Self {
        Self { secret: Some(secret).filter(|secret| !secret.is_empty()), size: None }
    }

    /// A password as a command brings it. The zeros at its end are filling.
    #[must_use]
    pub fn sized(password: &Password) -> Self {
        let bytes = password.as_bytes();
        let filling = bytes.iter().rev().take_while(|byte| **byte == 0).count();
        let length = bytes.len().saturating_sub(filling);
        let secret = bytes.get(..length).and_then(Secret::new);
        Self { size: Some(password.size()), ..secret.map(Self::sizeless).unwrap_or_default() }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.secret.is_none()
    }

    /// The password.
    #[must_use]
    pub const fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// Whether `password` is this one, in time that does not depend on what is in either.
    ///
    /// # Errors
    /// [`WrongPassword::Size`] whatever the bytes are, as §22.30 has it.
    pub fn test(&self, password: &Password) -> Result<(), WrongPassword> {
        let size = password.size();
        let fits = self.secret.as_ref().is_none_or(|secret| secret.len() <= size.bytes());
        if self.size.is_some_and(|own| own != size) || !fits {
            return Err(WrongPassword::Size);
        }
        let other = Self::sized(password);
        let right = !self.is_empty() && bool::from(self.padded().ct_eq(other.padded()));
        if right { Ok(()) } else { Err(WrongPassword::Bytes) }
    }

    fn padded(&self) -> &[u8; Secret::MAX] {
        self.secret.as_ref().map_or(&[0; Secret::MAX], Secret::padded)
    }
}

impl PartialEq for KeptPassword {
    fn eq(&self, other: &Self) -> bool {
        let Self { secret, size } = self;
        let length = |secret: &Option<Secret>| secret.as_ref().map(Secret::len);
        *size == other.size
            && length(secret) == length(&other.secret)
            && bool::from(self.padded().ct_eq(other.padded()))
    }
}

impl Eq for KeptPassword {}

impl Encode for KeptUser {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { seed, name, password, enabled, flags, limit, payloads } = self;
        let UserFlags { callback_only, link_authentication, messaging } = *flags;
        let bits = [*enabled, callback_only, link_authentication, messaging, seed.is_some()];
        out.push(bits.iter().rev().fold(0, |bits, bit| (bits << 1) | u8::from(*bit)));
        out.push(limit.map_or(0, Privilege::number));
        encode_name(name, out);
        password.encode(out);
        if let Some(Seed { name, password, limit, enabled }) = seed {
            out.extend([u8::from(*enabled), limit.number()]);
            encode_name(name, out);
            password.encode(out);
        }
        // Earlier programs know nothing of it, and end here.
        if *payloads != PayloadAccess::SOL {
            out.extend([payloads.standard, payloads.oem]);
        }
    }
}

impl Decode for KeptUser {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bits = r.u8("user's flags")?;
        let limit = match r.u8("user's limit")? {
            0 => None,
            number => Some(Privilege::decode_number(number, "user's limit")?),
        };
        let (name, password) = (decode_name(r)?, KeptPassword::decode(r)?);
        let seed = if bits & 0x10 == 0 {
            None
        } else {
            let enabled = r.u8("configured flags")? != 0;
            let limit = Privilege::decode_number(r.u8("configured limit")?, "configured limit")?;
            let (name, password) = (decode_name(r)?, KeptPassword::decode(r)?);
            Some(Seed { name, password, limit, enabled })
        };
        let flags = UserFlags {
            callback_only: bits & 2 != 0,
            link_authentication: bits & 4 != 0,
            messaging: bits & 8 != 0,
        };
        let payloads = if r.is_empty() {
            PayloadAccess::SOL
        } else {
            PayloadAccess { standard: r.u8("payloads")?, oem: r.u8("OEM payloads")? }
        };
        Ok(Self { seed, name, password, enabled: bits & 1 != 0, flags, limit, payloads })
    }
}

impl Encode for KeptPassword {
    fn encode(&self, out: &mut Vec<u8>) {
        let length = self.secret.as_ref().map_or(0, Secret::len);
        out.push(match self.size {
            None => 0,
            Some(PasswordSize::Sixteen) => 16,
            Some(PasswordSize::Twenty) => 20,
        });
        // At most 20.
        out.push(u8::try_from(length).unwrap_or_default());
        out.extend(self.padded().iter().take(length));
    }
}

impl Decode for KeptPassword {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let size = match r.u8("password size")? {
            0 => None,
            16 => Some(PasswordSize::Sixteen),
            20 => Some(PasswordSize::Twenty),
            other => {
                return Err(DecodeError::Invalid { field: "password size", value: other.into() });
            }
        };
        let length = r.u8("password length")?;
        let secret = Secret::new(r.bytes("password", length.into())?)
            .ok_or(DecodeError::Invalid { field: "password length", value: length.into() })?;
        Ok(Self { size, ..Self::sizeless(secret) })
    }
}

fn encode_name(name: &Username, out: &mut Vec<u8>) {
    out.push(name.len());
    out.extend(name.as_bytes());
}

fn decode_name(r: &mut Reader<'_>) -> Result<Username, DecodeError> {
    let length = r.u8("user name length")?;
    Username::new(r.bytes("user name", length.into())?)
        .ok_or(DecodeError::Invalid { field: "user name length", value: length.into() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::nvram::{Change, Key, Room};

    fn password(size: PasswordSize, bytes: &[u8]) -> Password {
        Password::new(size, bytes).unwrap()
    }

    fn user() -> KeptUser {
        KeptUser {
            seed: Some(Seed {
                name: Username::new(b"admin").unwrap(),
                password: KeptPassword::sizeless(Secret::new(b"Complex_Pass").unwrap()),
                limit: Privilege::Administrator,
                enabled: true,
            }),
            name: Username::new(b"abcdefghijklmnop").unwrap(),
            password: KeptPassword::sized(&password(PasswordSize::Twenty, &[b'x'; 20])),
            enabled: true,
            flags: UserFlags { messaging: true, ..UserFlags::default() },
            limit: Some(Privilege::Operator),
            payloads: PayloadAccess::SOL,
        }
    }

    #[test]
    fn payloads_come_after_all_that_earlier_programs_wrote() {
        let before = user().to_bytes();
        for payloads in [PayloadAccess::default(), PayloadAccess { standard: 0x82, oem: 0x10 }] {
            let kept = KeptUser { payloads, ..user() };
            let bytes = kept.to_bytes();
            assert_eq!(&bytes[..before.len()], before);
            assert_eq!(KeptUser::decode_exact(&bytes), Ok(kept));
            assert!(KeptUser::decode_exact(&bytes[..bytes.len() - 1]).is_err());
        }
        assert_eq!(KeptUser::decode_exact(&before).unwrap().payloads, PayloadAccess::SOL);
    }

    #[test]
    fn a_user_comes_back() {
        let flags = |callback_only, link_authentication, messaging| UserFlags {
            callback_only,
            link_authentication,
            messaging,
        };
        for kept in [
            user(),
            KeptUser::default(),
            KeptUser { seed: None, flags: flags(true, false, false), ..user() },
            KeptUser { enabled: false, flags: flags(false, true, true), limit: None, ..user() },
        ] {
            let bytes = kept.to_bytes();
            assert_eq!(KeptUser::decode_exact(&bytes).as_ref(), Ok(&kept));
            for length in 0..bytes.len() {
                assert!(KeptUser::decode_exact(&bytes[..length]).is_err(), "{length}");
            }
        }
        let key = Key { room: Room::Users, number: 2 };
        let shown = format!("{:?} {:?}", user(), Change::Put(key, user().to_bytes()));
        // Neither as text nor as numbers: 67 and 111 are `Co`.
        assert!(!shown.contains("Complex") && !shown.contains("67, 111"), "{shown}");
    }

    #[test]
    fn what_nobody_wrote_is_refused() {
        for (at, byte) in [(1, 6), (2, 17), (19, 8), (20, 21)] {
            let mut bytes = user().to_bytes();
            bytes[at] = byte;
            assert!(KeptUser::decode_exact(&bytes).is_err(), "{at}");
        }
    }

    #[test]
    fn a_password_is_tested_with_its_size() {
        use PasswordSize::{Sixteen, Twenty};
        let set = KeptPassword::sized(&password(Twenty, b"secret"));
        assert_eq!(set.test(&password(Twenty, b"secret")), Ok(()));
        assert_eq!(set.test(&password(Twenty, b"Secret")), Err(WrongPassword::Bytes));
        assert_eq!(set.test(&password(Sixteen, b"secret")), Err(WrongPassword::Size));
        let set = KeptPassword::sized(&password(Sixteen, b"secret"));
        assert_eq!(set.test(&password(Sixteen, b"secret")), Ok(()));
        assert_eq!(set.test(&password(Twenty, b"secret")), Err(WrongPassword::Size));
        // One that the configuration brought has no size, but may be too long for one.
        let sizeless = |bytes| KeptPassword::sizeless(Secret::new(bytes).unwrap());
        for size in [Sixteen, Twenty] {
            assert_eq!(sizeless(b"secret").test(&password(size, b"secret")), Ok(()));
        }
        let long = b"seventeen bytes !";
        assert_eq!(sizeless(long).test(&password(Twenty, long)), Ok(()));
        let wrong = sizeless(long).test(&password(Sixteen, &long[..16]));
        assert_eq!(wrong, Err(WrongPassword::Size));
        // No password is never the right one.
        let none = KeptPassword::default();
        assert_eq!(none.test(&password(Sixteen, b"")), Err(WrongPassword::Bytes));
        assert!(KeptPassword::sized(&password(Sixteen, b"")).is_empty());
    }

    #[test]
    fn only_the_filling_is_left_out() {
        let set = KeptPassword::sized(&password(PasswordSize::Sixteen, b"\0a\0b\0\0"));
        assert_eq!(set.secret().map(|secret| secret.len()), Some(4));
        assert_eq!(&set.padded()[..5], b"\0a\0b\0");
        let other = KeptPassword::sized(&password(PasswordSize::Twenty, b"\0a\0b"));
        assert_ne!(set, other, "the size counts");
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(
            head in prop::array::uniform2(0u8..0x20),
            name in prop::collection::vec(any::<u8>(), 0..18),
            secret in prop::collection::vec(any::<u8>(), 0..22),
            seed in prop::collection::vec(any::<u8>(), 0..8),
        ) {
            let sized = |bytes: &[u8]| [&[bytes.len() as u8], bytes].concat();
            let bytes = [head.to_vec(), sized(&name), vec![20], sized(&secret), seed].concat();
            if let Ok(user) = KeptUser::decode(&mut Reader::new(&bytes)) {
                prop_assert_eq!(KeptUser::decode_exact(&user.to_bytes()), Ok(user));
            }
        }
    }
}
