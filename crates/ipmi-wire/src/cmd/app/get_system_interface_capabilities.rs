//! Get System Interface Capabilities: how the host's own interface takes messages.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get System Interface Capabilities. IPMI v2.0 §22.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSystemInterfaceCapabilities {
    /// Of which kind of interface.
    pub interface: SystemInterface,
}

/// A kind of system interface, 4 bits. IPMI v2.0 §22.9, byte 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SystemInterface(pub u8);

impl SystemInterface {
    /// SMBus.
    pub const SSIF: Self = Self(0);
    /// Keyboard controller style.
    pub const KCS: Self = Self(1);
    /// Server management interface chip.
    pub const SMIC: Self = Self(2);
}

/// The answer to [`GetSystemInterfaceCapabilities`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemInterfaceCapabilities {
    /// Of an SSIF.
    Ssif {
        /// Kind of transactions, packet error codes and version, as they are.
        transactions: u8,
        /// The longest message it takes, in bytes.
        input: u8,
        /// The longest message it gives, in bytes.
        output: u8,
    },
    /// Of KCS and SMIC.
    Chip {
        /// Version of the interface, 3 bits; 0 is the first.
        version: u8,
        /// The longest message it takes, in bytes.
        input: u8,
    },
}

impl Command for GetSystemInterfaceCapabilities {
    type Response = SystemInterfaceCapabilities;
    const ID: CommandId = CommandId::new(NetFn::App, 0x57);
    const NAME: &'static str = "Get System Interface Capabilities";
    const SECTION: &'static str = "IPMI v2.0 §22.9";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn decode_response(
        &self,
        r: &mut Reader<'_>,
    ) -> Result<SystemInterfaceCapabilities, DecodeError> {
        let _reserved = r.u8("reserved")?;
        if self.interface == SystemInterface::SSIF {
            let transactions = r.u8("transactions")? & 0xcf;
            let (input, output) = (r.u8("input message size")?, r.u8("output message size")?);
            return Ok(SystemInterfaceCapabilities::Ssif { transactions, input, output });
        }
        let version = r.u8("interface version")? & 0x07;
        Ok(SystemInterfaceCapabilities::Chip { version, input: r.u8("input message size")? })
    }
}

impl Encode for GetSystemInterfaceCapabilities {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.interface.0 & 0x0f);
    }
}

impl Decode for GetSystemInterfaceCapabilities {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { interface: SystemInterface(r.u8("system interface type")? & 0x0f) })
    }
}

impl Encode for SystemInterfaceCapabilities {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(0);
        match *self {
            Self::Ssif { transactions, input, output } => {
                out.extend([transactions & 0xcf, input, output]);
            }
            Self::Chip { version, input } => out.extend([version & 0x07, input]),
        }
    }
}

/// As the answer about KCS; about an SSIF, ask the request.
impl Decode for SystemInterfaceCapabilities {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        GetSystemInterfaceCapabilities { interface: SystemInterface::KCS }.decode_response(r)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_depends_on_what_was_asked_for() {
        let request = GetSystemInterfaceCapabilities::decode_exact(&[0x01]).unwrap();
        assert_eq!((request.interface, request.to_bytes()), (SystemInterface::KCS, vec![1]));
        // By hand from §22.9: version 1, 255 bytes.
        let bytes = [0x00, 0x00, 0xff];
        let answer = request.decode_response(&mut Reader::new(&bytes)).unwrap();
        assert_eq!(answer, SystemInterfaceCapabilities::Chip { version: 0, input: 255 });
        assert_eq!(answer.to_bytes(), bytes);
        for length in 0..3 {
            assert!(request.decode_response(&mut Reader::new(&bytes[..length])).is_err());
        }
        // Multi-part with a middle, packet error codes; as Linux's ipmi_ssif asks.
        let request = GetSystemInterfaceCapabilities::decode_exact(&[0x00]).unwrap();
        let bytes = [0x00, 0x88, 0xff, 0xff];
        let answer = request.decode_response(&mut Reader::new(&bytes)).unwrap();
        let expected =
            SystemInterfaceCapabilities::Ssif { transactions: 0x88, input: 255, output: 255 };
        assert_eq!((answer, answer.to_bytes()), (expected, bytes.to_vec()));
        assert!(GetSystemInterfaceCapabilities::decode_exact(&[]).is_err());
    }
}
