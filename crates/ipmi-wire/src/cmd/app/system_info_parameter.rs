//! The system info parameters: what the machine and its software are called. IPMI v2.0 §22.14b,
//! Table 22-16c.
//!
//! A text of up to 255 bytes goes over the wire in blocks of 16. The first begins with the text's
//! encoding (low four bits: 0 ASCII with Latin 1, 1 UTF-8, 2 UCS-2) and its length.

use crate::cmd::chassis::SetInProgress;
use crate::codec::{DecodeError, Reader};

/// A system info parameter and its value, or a part of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemInfoParameter {
    /// 0: whether somebody is setting others.
    SetInProgress(SetInProgress),
    /// 1 to 7: a block of a text.
    Text {
        /// Which text: one of the constants of [`SystemInfoParameter`].
        selector: u8,
        /// Which block, from 0.
        set: u8,
        /// Its bytes, 16 at the most.
        data: Vec<u8>,
    },
    /// Any other, as it came.
    Other {
        /// Its number.
        selector: u8,
        /// Its value.
        data: Vec<u8>,
    },
}

impl SystemInfoParameter {
    /// Version of the system's firmware.
    pub const FIRMWARE_VERSION: u8 = 1;
    /// Name of the system.
    pub const SYSTEM_NAME: u8 = 2;
    /// Name of the operating system that is meant to run.
    pub const PRIMARY_OS_NAME: u8 = 3;
    /// Name of the operating system that runs.
    pub const OS_NAME: u8 = 4;
    /// Version of the operating system that runs.
    pub const OS_VERSION: u8 = 5;
    /// Where the controller can be reached.
    pub const BMC_URL: u8 = 6;
    /// Where the base operating system or hypervisor can be reached.
    pub const HYPERVISOR_URL: u8 = 7;

    /// Bytes in a block.
    pub const BLOCK: usize = 16;
    /// Bytes before the text in the first block: encoding and length.
    pub const HEAD: usize = 2;

    /// Its number.
    #[must_use]
    pub const fn selector(&self) -> u8 {
        match self {
            Self::SetInProgress(_) => 0,
            Self::Text { selector, .. } | Self::Other { selector, .. } => *selector,
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
            Self::FIRMWARE_VERSION..=Self::HYPERVISOR_URL => {
                let set = r.u8("set selector")?;
                let length = r.remaining().min(Self::BLOCK);
                Self::Text { selector, set, data: r.bytes("text", length)?.to_vec() }
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
            Self::Text { set, data, .. } => {
                out.push(*set);
                out.extend(data.iter().take(Self::BLOCK));
            }
            Self::Other { data, .. } => out.extend_from_slice(data),
        }
    }
}
