//! The boot option parameters. IPMI v2.0 §28.13, Table 28-14.

use super::BootFlags;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::privilege::Channel;

/// A boot option parameter and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BootParameter {
    /// 0: whether somebody is setting others.
    SetInProgress(SetInProgress),
    /// 1: which service partition is meant; 0 is unspecified.
    ServicePartition(u8),
    /// 2: looking for the service partition.
    ServicePartitionScan {
        /// The firmware is to look for it.
        scan: bool,
        /// It was found the last time.
        discovered: bool,
    },
    /// 3: what does not clear [`BootFlags::valid`], as bits: 0 power button or wake event, 1 reset
    /// button or soft reset, 2 watchdog, 3 sixty seconds without a command that boots, 4 event
    /// filtering.
    ValidBitClearing(u8),
    /// 4: who has still to handle the boot information, as bits that each of them clears when it
    /// has: 0 firmware, 1 loader, 2 operating system or service partition, 3 management software,
    /// 4 others.
    ///
    /// ipmitool reads them the other way round.
    Acknowledge {
        /// Which bits are written; reads as 0.
        mask: u8,
        /// The bits.
        data: u8,
    },
    /// 5: how to start.
    Flags(BootFlags),
    /// 6: who wants that.
    Initiator(BootInitiator),
    /// 7: what the initiator has to say to the loader.
    Mailbox {
        /// Which 16-byte block, from 0. The first begins with an enterprise number, three bytes.
        block: u8,
        /// Its bytes. Fewer than 16 are written to its beginning.
        data: Vec<u8>,
    },
    /// Any other, as it came.
    Other {
        /// Its number, 7 bits.
        selector: u8,
        /// Its value.
        data: Vec<u8>,
    },
}

/// The state of setting parameters. Table 28-14, parameter 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum SetInProgress {
    /// Nobody is at it.
    #[default]
    Complete,
    /// Somebody is.
    InProgress,
    /// What was set since is to hold; for controllers that would take it back otherwise.
    CommitWrite,
}

/// Who initiates a start. Table 28-14, parameter 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BootInitiator {
    /// Channel on which the command comes that starts the machine.
    pub channel: Channel,
    /// Its session.
    pub session_id: u32,
    /// SEL time, in seconds since 1970: what is old may be ignored.
    pub timestamp: u32,
}

impl Default for BootInitiator {
    fn default() -> Self {
        Self { channel: Channel::PRIMARY_IPMB, session_id: 0, timestamp: 0 }
    }
}

impl BootParameter {
    /// Bytes in a block of the mailbox.
    pub const MAILBOX_BLOCK: usize = 16;

    /// Its number.
    #[must_use]
    pub const fn selector(&self) -> u8 {
        match self {
            Self::SetInProgress(_) => 0,
            Self::ServicePartition(_) => 1,
            Self::ServicePartitionScan { .. } => 2,
            Self::ValidBitClearing(_) => 3,
            Self::Acknowledge { .. } => 4,
            Self::Flags(_) => 5,
            Self::Initiator(_) => 6,
            Self::Mailbox { .. } => 7,
            Self::Other { selector, .. } => *selector & 0x7f,
        }
    }

    pub(super) fn decode(selector: u8, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match selector {
            0 => Self::SetInProgress(match r.u8("set in progress")? & 3 {
                0 => SetInProgress::Complete,
                1 => SetInProgress::InProgress,
                2 => SetInProgress::CommitWrite,
                other => {
                    let field = "set in progress";
                    return Err(DecodeError::Invalid { field, value: other.into() });
                }
            }),
            1 => Self::ServicePartition(r.u8("service partition selector")?),
            2 => {
                // As FreeIPMI has it; ipmitool prints the two bits in each other's place.
                let bits = r.u8("service partition scan")?;
                Self::ServicePartitionScan { scan: bits & 2 != 0, discovered: bits & 1 != 0 }
            }
            3 => Self::ValidBitClearing(r.u8("boot flag valid bit clearing")? & 0x1f),
            4 => {
                let mask = r.u8("acknowledge write mask")?;
                Self::Acknowledge { mask, data: r.u8("boot initiator acknowledge data")? }
            }
            5 => Self::Flags(BootFlags::decode(r)?),
            6 => Self::Initiator(BootInitiator {
                channel: Channel::new(r.u8("channel")?),
                session_id: r.u32("session ID")?,
                timestamp: r.u32("boot info timestamp")?,
            }),
            7 => {
                let block = r.u8("mailbox block")?;
                let length = r.remaining().min(Self::MAILBOX_BLOCK);
                Self::Mailbox { block, data: r.bytes("block data", length)?.to_vec() }
            }
            _ => Self::Other { selector, data: r.take_rest().to_vec() },
        })
    }

    /// The parameter's data, without its selector.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::SetInProgress(state) => out.push(match state {
                SetInProgress::Complete => 0,
                SetInProgress::InProgress => 1,
                SetInProgress::CommitWrite => 2,
            }),
            Self::ServicePartition(selector) => out.push(*selector),
            Self::ServicePartitionScan { scan, discovered } => {
                out.push((u8::from(*scan) << 1) | u8::from(*discovered));
            }
            Self::ValidBitClearing(bits) => out.push(bits & 0x1f),
            Self::Acknowledge { mask, data } => out.extend([*mask, *data]),
            Self::Flags(flags) => flags.encode(out),
            Self::Initiator(initiator) => {
                out.push(initiator.channel.number());
                out.extend(initiator.session_id.to_le_bytes());
                out.extend(initiator.timestamp.to_le_bytes());
            }
            Self::Mailbox { block, data } => {
                out.push(*block);
                out.extend(data.iter().take(Self::MAILBOX_BLOCK));
            }
            Self::Other { data, .. } => out.extend(data),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(parameter: &BootParameter) -> Vec<u8> {
        let mut out = Vec::new();
        parameter.encode(&mut out);
        out
    }

    /// By hand from Table 28-14.
    #[test]
    fn every_parameter_has_its_form() {
        let initiator = BootInitiator {
            channel: Channel::new(1),
            session_id: 0x0403_0201,
            timestamp: 0x6b49_d200,
        };
        let data = b"\x57\x01\0text".to_vec();
        let parameters: [(BootParameter, &[u8]); 9] = [
            (BootParameter::SetInProgress(SetInProgress::InProgress), &[1]),
            (BootParameter::ServicePartition(3), &[3]),
            (BootParameter::ServicePartitionScan { scan: true, discovered: false }, &[2]),
            (BootParameter::ValidBitClearing(0x1f), &[0x1f]),
            (BootParameter::Acknowledge { mask: 0xff, data: 0xfe }, &[0xff, 0xfe]),
            (BootParameter::Flags(BootFlags::default()), &[0; 5]),
            (BootParameter::Initiator(initiator), &[1, 1, 2, 3, 4, 0x00, 0xd2, 0x49, 0x6b]),
            (BootParameter::Mailbox { block: 0, data }, b"\0\x57\x01\0text"),
            (BootParameter::Other { selector: 96, data: vec![1, 2] }, &[1, 2]),
        ];
        for (parameter, expected) in parameters {
            assert_eq!(bytes(&parameter), expected);
            let selector = parameter.selector();
            let back = BootParameter::decode(selector, &mut Reader::new(expected));
            assert_eq!(back.as_ref(), Ok(&parameter));
            let cut = &expected[..expected.len().saturating_sub(1)];
            if selector < 7 {
                assert!(BootParameter::decode(selector, &mut Reader::new(cut)).is_err());
            }
        }
    }

    #[test]
    fn a_block_has_sixteen_bytes_at_most() {
        let mut r = Reader::new(&[7; 18]);
        let parameter = BootParameter::decode(7, &mut r).unwrap();
        assert_eq!(parameter, BootParameter::Mailbox { block: 7, data: vec![7; 16] });
        assert_eq!(r.remaining(), 1);
        assert!(BootParameter::decode(0, &mut Reader::new(&[3])).is_err());
    }

    proptest! {
        #[test]
        fn a_value_comes_back(selector in 0u8..=9, body in prop::collection::vec(any::<u8>(), 0..20)) {
            let mut r = Reader::new(&body);
            if let Ok(parameter) = BootParameter::decode(selector, &mut r) {
                prop_assert_eq!(parameter.selector(), selector);
                let again = bytes(&parameter);
                let back = BootParameter::decode(selector, &mut Reader::new(&again)).unwrap();
                prop_assert_eq!(back, parameter);
            }
        }
    }
}
