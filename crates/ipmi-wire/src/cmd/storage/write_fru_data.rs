//! Write FRU Data: overwrites a piece of a FRU device's memory.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Write FRU Data. IPMI v2.0 §34.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteFruData {
    /// Which FRU device of the controller.
    pub fru_device_id: u8,
    /// First unit to write, in units of the device's [`FruAccess`](super::FruAccess).
    pub offset: u16,
    /// What to write: whole units.
    pub data: Vec<u8>,
}

/// The answer to [`WriteFruData`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FruWritten {
    /// How many units were written.
    pub count: u8,
}

impl Command for WriteFruData {
    type Response = FruWritten;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x12);
    const NAME: &'static str = "Write FRU Data";
    const SECTION: &'static str = "IPMI v2.0 §34.3";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        match code.0 {
            0x80 => Some("this part of the FRU device is write-protected"),
            0x81 => Some("the FRU device is busy, try again"),
            _ => None,
        }
    }
}

impl Encode for WriteFruData {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.fru_device_id);
        out.extend(self.offset.to_le_bytes());
        out.extend(&self.data);
    }
}

impl Decode for WriteFruData {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            fru_device_id: r.u8("FRU device ID")?,
            offset: r.u16("FRU inventory offset")?,
            data: r.take_rest().to_vec(),
        })
    }
}

impl Encode for FruWritten {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.count);
    }
}

impl Decode for FruWritten {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { count: r.u8("count written")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_goes_where_it_belongs() {
        // By hand from §34.3.
        let bytes = [0x01, 0x10, 0x02, 0xc1, 0x00];
        let request = WriteFruData::decode_exact(&bytes).unwrap();
        let expected = WriteFruData { fru_device_id: 1, offset: 0x0210, data: vec![0xc1, 0x00] };
        assert_eq!(request, expected);
        assert_eq!(request.to_bytes(), bytes);
        assert_eq!(request.effect(), Effect::Idempotent);
        for length in 0..3 {
            assert!(WriteFruData::decode_exact(&bytes[..length]).is_err());
        }
        let written = FruWritten::decode_exact(&[2]).unwrap();
        assert_eq!((written.count, written.to_bytes()), (2, vec![2]));
        assert!(FruWritten::decode_exact(&[]).is_err());
        assert!(WriteFruData::explain(CompletionCode(0x80)).is_some());
        assert!(WriteFruData::explain(CompletionCode(0x82)).is_none());
    }
}
