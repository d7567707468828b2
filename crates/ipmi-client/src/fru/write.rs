//! Changing what is on a FRU device, and never losing what was.
//!
//! The device is read first, only what differs is written, and what was written is read again. The
//! common header comes last: until then the areas are found as before. Should anything go wrong, the
//! error has the bytes from before, the bytes that were to be, and those that are now.

use std::ops::Range;

use ipmi_wire::cmd::storage::{FruAccess, FruInventoryAreaInfo, WriteFruData};
use ipmi_wire::fru::{Area, Fru, FruError};

use super::{BUSY, FruId, FruImage};
use crate::bmc::Bmc;
use crate::error::Error;

/// Why a FRU device does not have the bytes that it was to have, and what it has.
#[derive(Debug, thiserror::Error)]
#[error("{failure}; {}", self.state())]
pub struct FruWriteError {
    /// What went wrong.
    #[source]
    pub failure: FruWriteFailure,
    /// The device's bytes before, as far as they were read.
    pub original: Vec<u8>,
    /// The bytes that were to be; empty if it did not come to that.
    pub wanted: Vec<u8>,
    /// The device's bytes afterwards; `None` if they could not be read, or nothing was written.
    pub now: Option<Vec<u8>>,
    /// Whether anything was sent that may have changed the device.
    pub touched: bool,
}

/// What can go wrong with writing a FRU device.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FruWriteFailure {
    /// There is no such device.
    #[error("there is no FRU device {}", .0.device)]
    Absent(FruId),
    /// It could not be read completely, so that nothing is known of the rest.
    #[error("the device gives only {read} of its {size} bytes")]
    Incomplete {
        /// Bytes that it gave.
        read: usize,
        /// Bytes that it is said to have.
        size: usize,
    },
    /// The bytes do not fit.
    #[error("{wanted} bytes do not fit on a device of {size}")]
    TooLarge {
        /// Bytes to write.
        wanted: usize,
        /// Bytes that it has.
        size: usize,
    },
    /// What is on it cannot be changed like this.
    #[error(transparent)]
    Contents(FruError),
    /// The BMC declined, or did not answer.
    #[error(transparent)]
    Bmc(Error),
    /// The BMC took the bytes, and gives others when they are read.
    #[error("the BMC took the bytes, but from byte {at} on it gives others when they are read")]
    NotKept {
        /// The first byte that differs.
        at: usize,
    },
}

/// In what state a device is that was to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FruState {
    /// As before.
    Untouched,
    /// With the new bytes, all of them.
    Written,
    /// These ranges differ from before.
    Changed(Vec<Range<usize>>),
    /// It could not be read afterwards.
    Unknown,
}

/// Bytes to write at a time: what a BMC that passes them on over IPMB can take.
const PIECE: usize = 16;

impl Bmc {
    /// Writes `image` to the beginning of a device and reads it back. What is beyond `image` stays.
    ///
    /// # Errors
    /// See [`FruWriteError`].
    pub async fn write_fru(&self, fru: FruId, image: &[u8]) -> Result<(), FruWriteError> {
        let (info, original) = self.original(fru).await?;
        self.replace(fru, info, original, image.to_vec()).await
    }

    /// Changes what is on a device: reads it, lets `change` do its work, and writes what differs.
    ///
    /// # Errors
    /// See [`FruWriteError`].
    pub async fn edit_fru(
        &self,
        fru: FruId,
        change: impl FnOnce(&mut Fru) -> Result<(), FruError>,
    ) -> Result<(), FruWriteError> {
        let (info, original) = self.original(fru).await?;
        let edit = || {
            let (mut contents, faults) = Fru::decode(&original)?;
            for fault in faults {
                tracing::debug!(device = fru.device, %fault, "a fault on the device");
            }
            change(&mut contents)?;
            contents.encode(Some(info.size.into()))
        };
        match edit() {
            Ok(wanted) => self.replace(fru, info, original, wanted).await,
            Err(error) => Err(untouched(FruWriteFailure::Contents(error), original)),
        }
    }

    /// Writes `text` into a field, or adds one: see [`Fru::set_field`].
    ///
    /// # Errors
    /// See [`FruWriteError`].
    pub async fn edit_fru_field(
        &self,
        fru: FruId,
        area: Area,
        index: usize,
        text: &str,
    ) -> Result<(), FruWriteError> {
        self.edit_fru(fru, |contents| contents.set_field(area, index, text)).await
    }

    /// The device's bytes, all of them.
    async fn original(&self, fru: FruId) -> Result<(FruInventoryAreaInfo, Vec<u8>), FruWriteError> {
        let image = self.read_fru(fru).await;
        let image = image.map_err(|error| untouched(FruWriteFailure::Bmc(error), Vec::new()))?;
        match image {
            None => Err(untouched(FruWriteFailure::Absent(fru), Vec::new())),
            Some(FruImage { info, bytes, .. }) if bytes.len() < info.size.into() => {
                let (read, size) = (bytes.len(), info.size.into());
                Err(untouched(FruWriteFailure::Incomplete { read, size }, bytes))
            }
            Some(FruImage { info, bytes, .. }) => Ok((info, bytes)),
        }
    }

    async fn replace(
        &self,
        fru: FruId,
        info: FruInventoryAreaInfo,
        original: Vec<u8>,
        wanted: Vec<u8>,
    ) -> Result<(), FruWriteError> {
        let size = usize::from(info.size);
        if wanted.len() > size {
            let failure = FruWriteFailure::TooLarge { wanted: wanted.len(), size };
            return Err(untouched(failure, original));
        }
        // What lies beyond the new bytes stays.
        let rest = original.get(wanted.len()..).unwrap_or_default();
        let wanted = [&wanted[..], rest].concat();
        let ranges = differences(&original, &wanted, info.access.unit().into());
        let Err(failure) = self.write_ranges(fru, info.access, &ranges, &wanted).await else {
            return Ok(());
        };
        let now = self.read_fru(fru).await.ok().flatten().map(|image| image.bytes);
        // Half of it does not tell what is on the device.
        let now = now.filter(|now| now.len() == original.len());
        Err(FruWriteError { failure, original, wanted, now, touched: true })
    }

    async fn write_ranges(
        &self,
        fru: FruId,
        access: FruAccess,
        ranges: &[Range<usize>],
        wanted: &[u8],
    ) -> Result<(), FruWriteFailure> {
        // The header last, so backwards.
        for range in ranges.iter().rev() {
            self.write_range(fru, access, range.clone(), wanted).await?;
        }
        for range in ranges {
            let read = self.read_fru_range(fru, access, range.start, range.end).await;
            let read = read.map_err(FruWriteFailure::Bmc)?;
            let kept = read.iter().zip(wanted.iter().skip(range.start)).take_while(|(a, b)| a == b);
            let at = range.start.saturating_add(kept.count());
            if at < range.end {
                return Err(FruWriteFailure::NotKept { at });
            }
        }
        Ok(())
    }

    async fn write_range(
        &self,
        fru: FruId,
        access: FruAccess,
        range: Range<usize>,
        wanted: &[u8],
    ) -> Result<(), FruWriteFailure> {
        let mut at = range.start;
        while at < range.end {
            let end = range.end.min(at.saturating_add(PIECE));
            let data = wanted.get(at..end).unwrap_or_default().to_vec();
            // Sizes are 16 bits, and ranges begin at whole units.
            let offset = u16::try_from(at).ok().and_then(|at| access.units(at)).unwrap_or(u16::MAX);
            let length = data.len();
            let command = WriteFruData { fru_device_id: fru.device, offset, data };
            let written = self.send_patiently(fru.lun, &command, BUSY).await;
            let written = access.bytes(written.map_err(FruWriteFailure::Bmc)?.count.into());
            match written.min(length) {
                // Some count nothing and write all the same: reading back will tell.
                0 => at = end,
                written => at = at.saturating_add(written),
            }
        }
        Ok(())
    }
}

fn untouched(failure: FruWriteFailure, original: Vec<u8>) -> FruWriteError {
    FruWriteError { failure, original, wanted: Vec::new(), now: None, touched: false }
}

/// Where two images differ, in whole units.
fn differences(before: &[u8], after: &[u8], unit: usize) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let unit = unit.max(1);
    for (index, (old, new)) in before.chunks(unit).zip(after.chunks(unit)).enumerate() {
        if old == new {
            continue;
        }
        let start = index.saturating_mul(unit);
        let end = start.saturating_add(unit).min(after.len());
        match ranges.last_mut() {
            // An equal byte or two in between are not worth a message of their own.
            Some(last) if start.saturating_sub(last.end) <= 4 => last.end = end,
            _ => ranges.push(start..end),
        }
    }
    ranges
}

impl FruWriteError {
    /// In what state the device is.
    #[must_use]
    pub fn state(&self) -> FruState {
        match &self.now {
            _ if !self.touched => FruState::Untouched,
            None => FruState::Unknown,
            Some(now) if *now == self.original => FruState::Untouched,
            Some(now) if *now == self.wanted => FruState::Written,
            Some(now) => FruState::Changed(differences(&self.original, now, 1)),
        }
    }
}

impl std::fmt::Display for FruState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Untouched => f.write_str("the device is as it was"),
            Self::Written => f.write_str("the device has the new bytes all the same"),
            Self::Unknown => f.write_str("nobody knows what is on the device now"),
            Self::Changed(ranges) => {
                f.write_str("the device differs from before at ")?;
                for (nth, Range { start, end }) in ranges.iter().enumerate() {
                    let comma = if nth == 0 { "" } else { ", " };
                    write!(f, "{comma}{start}..{end}")?;
                }
                Ok(())
            }
        }
    }
}
