//! What was learned about one BMC, for as long as its handle lives.

use ipmi_wire::cmd::app::{DeviceId, Guid};
use tokio::time::Instant;

use crate::cache::Key;
use crate::learned::Learned;
use crate::sdr::Known;
use crate::sensors::KnownFactors;
use crate::together::Trust;
use crate::walk::ReadSize;

#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// What it said of itself, and in which session.
    pub(crate) device_id: Option<(u32, DeviceId)>,
    /// Its GUID, if it was asked for one; `Some(None)` if it has none to tell.
    pub(crate) guid: Option<Option<Guid>>,
    pub(crate) sizes: Sizes,
    pub(crate) learned: Learned,
    /// The records that were read last, and whose they are: another machine may answer at the
    /// address by now.
    pub(crate) sdrs: Option<(Key, Known)>,
    /// When they were last read from the BMC itself.
    pub(crate) records_read: Option<Instant>,
    pub(crate) factors: KnownFactors,
    /// Something was learned that is not in the cache.
    pub(crate) unsaved: bool,
}

/// In what sizes the BMC gives what it keeps, and how many at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) repository: ReadSize,
    pub(crate) device: ReadSize,
    pub(crate) log: ReadSize,
    /// Bytes at a time; 0 if nothing is known.
    pub(crate) fru: u8,
    /// What it can be trusted with.
    pub(crate) trust: Trust,
}
