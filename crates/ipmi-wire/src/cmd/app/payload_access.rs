//! Which payloads a user may activate: shared by the question and the command.

use crate::codec::{DecodeError, Reader};

/// Payload types, as a user may activate them. IPMI v2.0 §24.6, bytes 3 to 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct PayloadAccess {
    /// Standard payloads: bit n is payload type n. Bit 0, IPMI messages, is reserved.
    pub standard: u8,
    /// OEM payloads: bit n is payload type 20h + n.
    pub oem: u8,
}

impl PayloadAccess {
    /// Serial over LAN, and nothing else.
    pub const SOL: Self = Self { standard: 0x02, oem: 0 };

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self { standard: self.standard | other.standard, oem: self.oem | other.oem }
    }

    /// This without the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self { standard: self.standard & !other.standard, oem: self.oem & !other.oem }
    }

    pub(super) fn encode(self, out: &mut Vec<u8>) {
        out.extend([self.standard & !1, 0, self.oem, 0]);
    }

    pub(super) fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let standard = r.u8("standard payload enables 1")? & !1;
        let _reserved = r.u8("standard payload enables 2")?;
        let oem = r.u8("OEM payload enables 1")?;
        let _reserved = r.u8("OEM payload enables 2")?;
        Ok(Self { standard, oem })
    }
}
