//! Get Self Test Results: whether the controller believes itself to be well.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Self Test Results. IPMI v2.0 §20.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSelfTestResults;

/// The answer to [`GetSelfTestResults`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfTestResults {
    /// The outcome.
    pub result: SelfTest,
}

/// The outcome of the controller's self test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SelfTest {
    /// 55h: no error.
    Passed,
    /// 56h: there is no self test.
    NotImplemented,
    /// 57h: data or devices are corrupted or cannot be reached.
    Corrupted {
        /// Bit 7 SEL device, 6 SDR repository device, 5 BMC FRU device, 4 IPMB lines; 3 SDR
        /// repository is empty, 2 BMC FRU internal use area is corrupted, 1 boot block and 0
        /// operational firmware are corrupted.
        flags: u8,
    },
    /// 58h: fatal hardware error; the controller should be taken for inoperative.
    Fatal {
        /// The manufacturer's code.
        code: u8,
    },
    /// Any other result: the manufacturer's own.
    Other {
        /// First byte.
        result: u8,
        /// Second byte.
        detail: u8,
    },
}

impl Command for GetSelfTestResults {
    type Response = SelfTestResults;
    const ID: CommandId = CommandId::new(NetFn::App, 0x04);
    const NAME: &'static str = "Get Self Test Results";
    const SECTION: &'static str = "IPMI v2.0 §20.4";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetSelfTestResults);

impl Encode for SelfTestResults {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(match self.result {
            SelfTest::Passed => [0x55, 0],
            SelfTest::NotImplemented => [0x56, 0],
            SelfTest::Corrupted { flags } => [0x57, flags],
            SelfTest::Fatal { code } => [0x58, code],
            SelfTest::Other { result, detail } => [result, detail],
        });
    }
}

impl Decode for SelfTestResults {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let result = r.u8("self test result")?;
        let detail = r.u8("self test detail")?;
        let result = match result {
            0x55 => SelfTest::Passed,
            0x56 => SelfTest::NotImplemented,
            0x57 => SelfTest::Corrupted { flags: detail },
            0x58 => SelfTest::Fatal { code: detail },
            _ => SelfTest::Other { result, detail },
        };
        Ok(Self { result })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_outcome_survives() {
        // By hand from §20.4.
        let cases = [
            ([0x55, 0x00], SelfTest::Passed),
            ([0x56, 0x00], SelfTest::NotImplemented),
            ([0x57, 0x08], SelfTest::Corrupted { flags: 8 }),
            ([0x58, 0x12], SelfTest::Fatal { code: 0x12 }),
            ([0x59, 0x34], SelfTest::Other { result: 0x59, detail: 0x34 }),
        ];
        for (bytes, result) in cases {
            assert_eq!(SelfTestResults::decode_exact(&bytes).unwrap().result, result);
            assert_eq!(SelfTestResults { result }.to_bytes(), bytes);
        }
    }
}
