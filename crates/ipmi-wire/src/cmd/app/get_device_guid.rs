//! Get Device GUID: the identity of the controller.

use core::fmt;

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Device GUID. IPMI v2.0 §20.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetDeviceGuid;

/// A globally unique ID, in the order of the wire. IPMI v2.0 §20.8.
///
/// The specification sends the node first and the time last, every field low byte first: the
/// reverse of RFC 4122. Few controllers do. Most send what SMBIOS holds, where only the first
/// three fields are reversed, and some send RFC 4122's own order. Nothing in the bytes says
/// which, so the caller chooses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// As text, if the controller follows the specification: all bytes are reversed.
    #[must_use]
    pub fn to_string_spec(&self) -> String {
        let mut bytes = self.0;
        bytes.reverse();
        rfc4122(&bytes)
    }

    /// As text, if the controller copied the system UUID from its SMBIOS table: the first three
    /// fields are reversed, each for itself. What `dmidecode` prints on that machine.
    #[must_use]
    pub fn to_string_smbios(&self) -> String {
        let [a, b, c, d, e, f, g, h, rest @ ..] = self.0;
        let mut bytes = [d, c, b, a, f, e, h, g, 0, 0, 0, 0, 0, 0, 0, 0];
        bytes.iter_mut().skip(8).zip(rest).for_each(|(to, from)| *to = from);
        rfc4122(&bytes)
    }

    /// As text, if the controller sends RFC 4122's order: nothing is reversed.
    #[must_use]
    pub fn to_string_rfc4122(&self) -> String {
        rfc4122(&self.0)
    }

    /// The GUID that a controller following the specification sends for this RFC 4122 one.
    #[must_use]
    pub fn from_rfc4122(mut bytes: [u8; 16]) -> Self {
        bytes.reverse();
        Self(bytes)
    }

    /// Whether all bytes are equal to zero or to FFh: no identity at all, but often met.
    #[must_use]
    pub fn is_unset(&self) -> bool {
        self.0 == [0; 16] || self.0 == [0xff; 16]
    }
}

/// The bytes as they came.
impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Command for GetDeviceGuid {
    type Response = Guid;
    const ID: CommandId = CommandId::new(NetFn::App, 0x08);
    const NAME: &'static str = "Get Device GUID";
    const SECTION: &'static str = "IPMI v2.0 §20.8";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetDeviceGuid);

impl Encode for Guid {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0);
    }
}

impl Decode for Guid {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array("GUID").map(Self)
    }
}

/// 8-4-4-4-12 hexadecimal digits.
fn rfc4122(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    #[test]
    fn the_three_orders_are_three_texts() {
        let guid = Guid::decode_exact(&BYTES).unwrap();
        assert_eq!(guid.to_string_spec(), "0f0e0d0c-0b0a-0908-0706-050403020100");
        assert_eq!(guid.to_string_smbios(), "03020100-0504-0706-0809-0a0b0c0d0e0f");
        assert_eq!(guid.to_string_rfc4122(), "00010203-0405-0607-0809-0a0b0c0d0e0f");
        assert_eq!(Guid::from_rfc4122(BYTES).to_string_spec(), guid.to_string_rfc4122());
        assert_eq!(guid.to_bytes(), BYTES);
    }

    #[test]
    fn a_short_guid_is_an_error() {
        let err = Guid::decode_exact(&BYTES[..15]).unwrap_err();
        assert_eq!(err, DecodeError::Truncated { field: "GUID", missing: 1 });
    }
}
