//! The newest records, without reading all.

use std::collections::HashSet;

use super::{Log, SelLog, number_in, records};
use crate::bmc::Bmc;
use crate::error::Error;
use crate::walk::{Ending, FIRST, LAST, Reader};

/// A record with the number it was asked for by.
type Found = (u16, Vec<u8>);

/// How many numbers are tried that no record has.
const MISSES: u32 = 6;
/// With so few more records than are wanted, all are read: no guess can be cheaper.
const FEW: usize = 3;

impl Bmc {
    /// The newest `count` records, oldest first.
    ///
    /// `count + 2` exchanges if the log numbers its records one by one, or in equal steps, and up to
    /// six more if some were deleted. If the numbers make no sense, the whole log is read.
    ///
    /// # Errors
    /// As [`sel_log`](Self::sel_log).
    pub async fn sel_recent(&self, count: usize) -> Result<SelLog, Error> {
        let info = self.sel_info().await?;
        let all = usize::from(info.entries) <= count.saturating_add(FEW);
        if !all
            && count > 0
            && let Some(found) = self.newest(count, info.entries).await?
        {
            return Ok(SelLog { records: records(&found), ending: Ending::Complete, info });
        }
        if count == 0 {
            return Ok(SelLog { records: Vec::new(), ending: Ending::Complete, info });
        }
        let mut log = self.sel_log().await?;
        let surplus = log.records.len().saturating_sub(count);
        log.records.drain(..surplus);
        Ok(log)
    }

    /// The newest records by guessing the number of the first of them; `None` if that fails.
    async fn newest(&self, count: usize, entries: u16) -> Result<Option<Vec<Found>>, Error> {
        let log = Log(self);
        let mut reader = Reader::new(&log);
        let last = match reader.record(LAST).await {
            Ok((_, bytes)) => number_in(&bytes),
            // Not every BMC knows the last record by that name.
            Err(error) if error.completion().is_some() => return Ok(None),
            Err(error) => return Err(error),
        };
        if last == FIRST || last == LAST {
            return Ok(None);
        }
        // Some BMCs number records by where they lie, 16 or 20 apart.
        let even = last.checked_div(entries).filter(|step| step.checked_mul(entries) == Some(last));
        for step in [Some(1), even.filter(|step| *step > 1)].into_iter().flatten() {
            if let Some(found) = self.back_from(&mut reader, last, count, step).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The `count` records that end the log, if their numbers are `step` apart up to `last`, apart
    /// from a few holes.
    async fn back_from(
        &self,
        reader: &mut Reader<'_, Log<'_>>,
        last: u16,
        count: usize,
        step: u16,
    ) -> Result<Option<Vec<Found>>, Error> {
        let mut found: Vec<Found> = Vec::new();
        let mut misses: u32 = 0;
        // The first number that the records found so far begin with.
        let mut upto = None;
        let mut guess = last;
        loop {
            let missing = count.saturating_sub(found.len());
            let back = match upto {
                None => missing.saturating_sub(1),
                Some(_) => missing,
            };
            let steps = u16::try_from(back).ok().and_then(|back| back.checked_mul(step));
            // Beyond the first number: the numbers began anew since, and nobody knows where.
            let Some(start) = steps.and_then(|steps| guess.checked_sub(steps)) else {
                return Ok(None);
            };
            let mut start = start;
            let piece = loop {
                if start == FIRST {
                    return Ok(None);
                }
                match forward(reader, start, upto, missing).await? {
                    Some(piece) => break piece,
                    None if misses < MISSES => {
                        misses = misses.saturating_add(1);
                        let Some(before) = start.checked_sub(step) else { return Ok(None) };
                        start = before;
                    }
                    None => return Ok(None),
                }
            };
            found.splice(0..0, piece);
            if found.len() >= count {
                let surplus = found.len().saturating_sub(count);
                found.drain(..surplus);
                return Ok(Some(found));
            }
            (upto, guess) = (Some(start), start);
        }
    }
}

/// The records from `start` up to the one before `upto`, or to the end of the log; `None` if there
/// is no record with that number, or the chain does not lead there.
async fn forward(
    reader: &mut Reader<'_, Log<'_>>,
    start: u16,
    upto: Option<u16>,
    about: usize,
) -> Result<Option<Vec<Found>>, Error> {
    let mut found: Vec<Found> = Vec::new();
    let mut seen = HashSet::new();
    let mut id = start;
    // New ones may be logged meanwhile, but not without end.
    let most = about.saturating_mul(2).saturating_add(16);
    while found.len() < most && seen.insert(id) {
        let (next, bytes) = match reader.record(id).await {
            Ok(read) => read,
            Err(error) if error.completion().is_some() => return Ok(None),
            Err(error) => return Err(error),
        };
        // A BMC that gives some other record in place of one that it does not have.
        if number_in(&bytes) != id {
            return Ok(None);
        }
        found.push((id, bytes));
        if Some(next) == upto || (upto.is_none() && (next == LAST || next == FIRST)) {
            return Ok(Some(found));
        }
        id = next;
    }
    Ok(None)
}
