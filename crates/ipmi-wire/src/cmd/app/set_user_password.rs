//! Set User Password: sets or tests a password, and enables or disables its user.

use core::fmt;

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set User Password. IPMI v2.0 §22.30.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetUserPassword {
    /// Whose, 1 to 63.
    pub user_id: u8,
    /// What to do.
    pub operation: PasswordOperation,
}

/// What [`SetUserPassword`] can do. IPMI v2.0 §22.30, byte 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordOperation {
    /// Disable the user.
    Disable,
    /// Enable the user.
    Enable,
    /// Give the user this password.
    Set(Password),
    /// See whether this is the user's password, and stored with this size.
    Test(Password),
}

/// A password as the command carries it: 16 or 20 bytes, filled up with zeros. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    bytes: [u8; PasswordSize::Twenty.bytes()],
    size: PasswordSize,
}

/// The size that a password is stored with. One of 20 bytes is not good for IPMI v1.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PasswordSize {
    /// 16 bytes, as in IPMI v1.5.
    Sixteen,
    /// 20 bytes.
    Twenty,
}

impl PasswordSize {
    /// How many bytes that is.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Sixteen => 16,
            Self::Twenty => 20,
        }
    }
}

impl Password {
    /// A password to be stored with this size; `None` if it is longer than that: nothing is cut.
    #[must_use]
    pub fn new(size: PasswordSize, password: &[u8]) -> Option<Self> {
        let mut bytes = [0; PasswordSize::Twenty.bytes()];
        bytes.get_mut(..size.bytes())?.get_mut(..password.len())?.copy_from_slice(password);
        Some(Self { bytes, size })
    }

    /// Its size.
    #[must_use]
    pub const fn size(&self) -> PasswordSize {
        self.size
    }

    /// Its bytes, all 16 or 20 of them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.size.bytes()).unwrap_or_default()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes: _, size } = self;
        write!(f, "Password(.. {} bytes)", size.bytes())
    }
}

impl Command for SetUserPassword {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x47);
    const NAME: &'static str = "Set User Password";
    const SECTION: &'static str = "IPMI v2.0 §22.30";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        match self.operation {
            PasswordOperation::Test(_) => Effect::Read,
            _ => Effect::Idempotent,
        }
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        match code.0 {
            0x80 => Some("this is not the user's password"),
            0x81 => Some("the user's password is stored with the other size"),
            _ => None,
        }
    }
}

/// Bit 7: the password has 20 bytes.
const TWENTY: u8 = 0x80;

impl Encode for SetUserPassword {
    fn encode(&self, out: &mut Vec<u8>) {
        // Enabling and disabling need no password, but Sun's X4140 and Intel's Windmill insist on
        // one (a workaround in FreeIPMI 1.6.10's ipmi-config), and ipmitool always sends one.
        let none = Password { bytes: [0; _], size: PasswordSize::Sixteen };
        let (number, password) = match &self.operation {
            PasswordOperation::Disable => (0, &none),
            PasswordOperation::Enable => (1, &none),
            PasswordOperation::Set(password) => (2, password),
            PasswordOperation::Test(password) => (3, password),
        };
        let size = match password.size {
            PasswordSize::Sixteen => 0,
            PasswordSize::Twenty => TWENTY,
        };
        out.extend([size | (self.user_id & 0x3f), number]);
        out.extend(password.as_bytes());
    }
}

impl Decode for SetUserPassword {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let first = r.u8("user ID")?;
        let number = r.u8("operation")? & 3;
        let mut password = || {
            let size =
                if first & TWENTY == 0 { PasswordSize::Sixteen } else { PasswordSize::Twenty };
            let mut bytes = [0; PasswordSize::Twenty.bytes()];
            let given = r.bytes("password", size.bytes())?;
            bytes.iter_mut().zip(given).for_each(|(to, from)| *to = *from);
            Ok(Password { bytes, size })
        };
        let operation = match number {
            0 => PasswordOperation::Disable,
            1 => PasswordOperation::Enable,
            2 => PasswordOperation::Set(password()?),
            _ => PasswordOperation::Test(password()?),
        };
        if number < 2 {
            // FreeIPMI sends nothing, ipmitool 16 zeros.
            let surplus = r.remaining().min(PasswordSize::Twenty.bytes());
            r.bytes("password", surplus)?;
        }
        Ok(Self { user_id: first & 0x3f, operation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Entry;

    fn twenty(text: &[u8]) -> Password {
        Password::new(PasswordSize::Twenty, text).unwrap()
    }

    #[test]
    fn all_bytes_of_either_size_are_kept() {
        // `ipmitool user set password 5 Complex_Pass 20` (lib/ipmi_user.c of 1.8.19).
        let bytes = *b"\x85\x02Complex_Pass\0\0\0\0\0\0\0\0";
        let request = SetUserPassword::decode_exact(&bytes).unwrap();
        let operation = PasswordOperation::Set(twenty(b"Complex_Pass"));
        assert_eq!(request, SetUserPassword { user_id: 5, operation });
        assert_eq!(request.to_bytes(), bytes);
        // Every byte counts, also zeros in the middle.
        let bytes = *b"\x05\x030123456\x0089abcdef";
        let request = SetUserPassword::decode_exact(&bytes).unwrap();
        let PasswordOperation::Test(password) = &request.operation else { panic!("{request:?}") };
        assert_eq!(password.as_bytes(), b"0123456\x0089abcdef");
        assert_eq!(password.size(), PasswordSize::Sixteen);
        assert_eq!((request.effect(), request.to_bytes()), (Effect::Read, bytes.to_vec()));
    }

    #[test]
    fn the_sizes_length_and_no_other_is_taken() {
        for (first, right) in [(0x05u8, 16), (0x85, 20)] {
            for operation in [2, 3] {
                for length in 0..=24 {
                    let bytes = [vec![first, operation], vec![b'x'; length]].concat();
                    let outcome = SetUserPassword::decode_exact(&bytes);
                    assert_eq!(outcome.is_ok(), length == right, "{first:02x} {length}");
                }
            }
        }
        assert!(SetUserPassword::decode_exact(&[0x05]).is_err());
    }

    #[test]
    fn enabling_and_disabling_need_no_password_but_may_have_one() {
        for (number, operation) in [(0, PasswordOperation::Disable), (1, PasswordOperation::Enable)]
        {
            let expected = SetUserPassword { user_id: 5, operation };
            for length in [0, 16, 20] {
                let bytes = [vec![5, number], vec![0; length]].concat();
                assert_eq!(SetUserPassword::decode_exact(&bytes).as_ref(), Ok(&expected));
            }
            assert_eq!(expected.to_bytes(), [vec![5, number], vec![0; 16]].concat());
            assert!(SetUserPassword::decode_exact(&[&[5, number][..], &[0; 21]].concat()).is_err());
        }
    }

    #[test]
    fn a_password_is_never_cut() {
        assert!(Password::new(PasswordSize::Sixteen, &[b'x'; 16]).is_some());
        assert!(Password::new(PasswordSize::Sixteen, &[b'x'; 17]).is_none());
        assert!(Password::new(PasswordSize::Twenty, &[b'x'; 20]).is_some());
        assert!(Password::new(PasswordSize::Twenty, &[b'x'; 21]).is_none());
    }

    #[test]
    fn a_password_is_never_shown() {
        let operation = PasswordOperation::Set(twenty(b"Complex_Pass"));
        let request = SetUserPassword { user_id: 5, operation };
        let described = Entry::of::<SetUserPassword>();
        for text in [
            format!("{request:?} {request:#?}"),
            (described.describe_request)(&request.to_bytes()).unwrap(),
        ] {
            // Neither as text nor as numbers: 67 and 111 are `Co`.
            assert!(!text.contains("Complex") && !text.contains("67"), "{text}");
            assert!(text.contains("user_id: 5") && text.contains(".. 20 bytes"), "{text}");
        }
    }
}
