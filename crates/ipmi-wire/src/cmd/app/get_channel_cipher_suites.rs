//! Get Channel Cipher Suites: which algorithms an RMCP+ session may use.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Channel;
use crate::session::{
    AuthenticationAlgorithm, CipherSuite, ConfidentialityAlgorithm, IntegrityAlgorithm,
};

/// Get Channel Cipher Suites. IPMI v2.0 §22.15.
///
/// The list comes in pieces of 16 bytes: ask for index 0, 1, ... until a piece is shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetChannelCipherSuites {
    /// Which channel; usually [`Channel::PRESENT`].
    pub channel: Channel,
    /// Payload type, 6 bits: 0 IPMI, 1 SOL.
    pub payload_type: u8,
    /// List the suites rather than the bare algorithms.
    pub by_suite: bool,
    /// Which piece of 16 bytes: 0 to 63.
    pub index: u8,
}

/// The answer to [`GetChannelCipherSuites`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelCipherSuites {
    /// The channel, by its number.
    pub channel: Channel,
    /// A piece of the list, at most 16 bytes; all pieces together are for
    /// [`CipherSuiteRecord::parse_list`].
    pub data: Vec<u8>,
}

impl ChannelCipherSuites {
    /// The most bytes that one piece has.
    pub const PIECE: usize = 16;
}

/// One cipher suite of the list. IPMI v2.0 §22.15.1, Table 22-18.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CipherSuiteRecord {
    /// The suite's number.
    pub suite: CipherSuite,
    /// Whose number that is, if not the specification's: IANA enterprise number, 24 bits.
    pub oem_iana: Option<u32>,
    /// The algorithms, in the order listed.
    pub algorithms: Vec<AlgorithmTag>,
}

/// An algorithm and what it is for: one byte of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlgorithmTag {
    /// Tag 0.
    Authentication(AuthenticationAlgorithm),
    /// Tag 1.
    Integrity(IntegrityAlgorithm),
    /// Tag 2.
    Confidentiality(ConfidentialityAlgorithm),
}

impl AlgorithmTag {
    /// The algorithm of a byte of the list; `None` if a record starts there (tag 3).
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte >> 6 {
            0 => Self::Authentication(AuthenticationAlgorithm::from_number(byte)),
            1 => Self::Integrity(IntegrityAlgorithm::from_number(byte)),
            2 => Self::Confidentiality(ConfidentialityAlgorithm::from_number(byte)),
            _ => return None,
        })
    }

    /// The byte of the list.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Authentication(algorithm) => algorithm.number(),
            Self::Integrity(algorithm) => 0x40 | algorithm.number(),
            Self::Confidentiality(algorithm) => 0x80 | algorithm.number(),
        }
    }
}

/// A record starts: a suite of the specification's.
const STANDARD: u8 = 0xc0;
/// A record starts: an OEM's suite.
const OEM: u8 = 0xc1;

impl CipherSuiteRecord {
    /// The record of one of the specification's suites; `None` if it has none of that number.
    #[must_use]
    pub fn standard(suite: CipherSuite) -> Option<Self> {
        let algorithms = suite.algorithms()?;
        let algorithms = vec![
            AlgorithmTag::Authentication(algorithms.authentication),
            AlgorithmTag::Integrity(algorithms.integrity),
            AlgorithmTag::Confidentiality(algorithms.confidentiality),
        ];
        Some(Self { suite, oem_iana: None, algorithms })
    }

    /// Reads a whole list, its pieces joined. What is not a record is skipped, and a record cut
    /// off by the end of the list is kept if its number is there: a controller's mistake in one
    /// suite is no reason to give up on the others.
    #[must_use]
    pub fn parse_list(list: &[u8]) -> Vec<Self> {
        let mut r = Reader::new(list);
        let mut records: Vec<Self> = Vec::new();
        while let Some(byte) = r.optional_u8() {
            if let Some(algorithm) = AlgorithmTag::from_byte(byte) {
                if let Some(record) = records.last_mut() {
                    record.algorithms.push(algorithm);
                }
                continue;
            }
            let oem = match byte {
                STANDARD => false,
                OEM => true,
                _ => continue,
            };
            let Some(suite) = r.optional_u8().map(CipherSuite) else { break };
            let oem_iana = match oem {
                true => match r.u24("OEM IANA") {
                    Ok(iana) => Some(iana),
                    Err(_) => break,
                },
                false => None,
            };
            records.push(Self { suite, oem_iana, algorithms: Vec::new() });
        }
        records
    }

    /// Writes a whole list, to be cut into pieces.
    #[must_use]
    pub fn encode_list(records: &[Self]) -> Vec<u8> {
        let mut out = Vec::new();
        records.iter().for_each(|record| record.encode(&mut out));
        out
    }
}

impl Encode for CipherSuiteRecord {
    fn encode(&self, out: &mut Vec<u8>) {
        match self.oem_iana {
            None => out.extend([STANDARD, self.suite.0]),
            Some(iana) => {
                let [a, b, c, _] = iana.to_le_bytes();
                out.extend([OEM, self.suite.0, a, b, c]);
            }
        }
        out.extend(self.algorithms.iter().map(|algorithm| algorithm.byte()));
    }
}

impl Command for GetChannelCipherSuites {
    type Response = ChannelCipherSuites;
    const ID: CommandId = CommandId::new(NetFn::App, 0x54);
    const NAME: &'static str = "Get Channel Cipher Suites";
    const SECTION: &'static str = "IPMI v2.0 §22.15";
    const ACCESS: Access = Access::PreSession;
}

impl Encode for GetChannelCipherSuites {
    fn encode(&self, out: &mut Vec<u8>) {
        let by_suite = if self.by_suite { 0x80 } else { 0 };
        let index = by_suite | (self.index & 0x3f);
        out.extend([self.channel.number(), self.payload_type & 0x3f, index]);
    }
}

impl Decode for GetChannelCipherSuites {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        let payload_type = r.u8("payload type")? & 0x3f;
        let index = r.u8("list index")?;
        Ok(Self { channel, payload_type, by_suite: index & 0x80 != 0, index: index & 0x3f })
    }
}

impl Encode for ChannelCipherSuites {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.channel.number());
        out.extend(self.data.iter().take(Self::PIECE));
    }
}

impl Decode for ChannelCipherSuites {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        let data = r.take_rest().iter().take(Self::PIECE).copied().collect();
        Ok(Self { channel, data })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_is_read_and_written() {
        // Suites 3 and 17 and one of Intel's (343), by hand from Table 22-18.
        let list = [
            0xc0, 0x03, 0x01, 0x41, 0x81, 0xc0, 0x11, 0x03, 0x44, 0x81, 0xc1, 0x80, 0x57, 0x01,
            0x00, 0x30,
        ];
        let records = CipherSuiteRecord::parse_list(&list);
        assert_eq!(records[0], CipherSuiteRecord::standard(CipherSuite::SUITE_3).unwrap());
        assert_eq!(records[1], CipherSuiteRecord::standard(CipherSuite::SUITE_17).unwrap());
        let algorithm = AuthenticationAlgorithm::Other(0x30);
        let oem = CipherSuiteRecord {
            suite: CipherSuite(0x80),
            oem_iana: Some(343),
            algorithms: vec![AlgorithmTag::Authentication(algorithm)],
        };
        assert_eq!(records[2..], [oem]);
        assert_eq!(CipherSuiteRecord::encode_list(&records), list);
    }

    #[test]
    fn one_bad_record_does_not_spoil_the_others() {
        let suites = |list: &[u8]| -> Vec<u8> {
            CipherSuiteRecord::parse_list(list).iter().map(|record| record.suite.0).collect()
        };
        // Rubbish before the first, a reserved start byte between, the last one cut.
        assert_eq!(suites(&[0x00, 0x41, 0xc0, 0x03, 0x01, 0xff, 0xc0, 0x11, 0x03]), [3, 17]);
        assert_eq!(suites(&[0xc0, 0x03, 0x01, 0xc0]), [3]);
        assert_eq!(suites(&[0xc0, 0x03, 0xc1, 0x80, 0x57]), [3]);
        assert_eq!(suites(&[]), []);
    }

    #[test]
    fn the_index_byte_carries_two_fields() {
        let request = GetChannelCipherSuites::decode_exact(&[0x0e, 0x00, 0x82]).unwrap();
        assert_eq!((request.by_suite, request.index), (true, 2));
        assert_eq!(request.to_bytes(), [0x0e, 0x00, 0x82]);
    }

    proptest! {
        #[test]
        fn what_is_parsed_is_written_to_the_same(
            list in proptest::collection::vec(
                prop_oneof![Just(0xc0u8), Just(0xc1), any::<u8>()], 0..80),
        ) {
            let records = CipherSuiteRecord::parse_list(&list);
            let again = CipherSuiteRecord::parse_list(&CipherSuiteRecord::encode_list(&records));
            prop_assert_eq!(again, records);
        }
    }
}
