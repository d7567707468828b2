//! The System Event Log.
//!
//! Records are numbered, and each names the next: there is no way back from a record to the one
//! before it, and the numbers may have holes and start anew. So the newest records are found by
//! guessing ([`recent`](Bmc::sel_recent)), and new ones by going on from the last one seen
//! ([`Follow`]).

mod change;
mod follow;
mod recent;

use std::collections::HashMap;

use ipmi_wire::cmd::storage::{
    AllocationInfo, GetSelAllocationInfo, GetSelEntry, GetSelInfo, GetSelTime, GetSelTimeUtcOffset,
    RepositoryTime, ReservationId, ReserveSel, SelInfo, SetSelTime, SetSelTimeUtcOffset, UtcOffset,
};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Command, CompletionCode, Decode, DecodeError, Encode, Reader};

pub use change::{Deletion, Replayed};
pub use follow::{Follow, Followed, Gap, Start};

use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};
use crate::sdr::unless_unknown;
use crate::walk::{Ending, FIRST, ReadSize, Repository, Walked, walk, walk_from};

/// The log, or a part of it.
#[derive(Clone, Debug, PartialEq)]
pub struct SelLog {
    /// The records, oldest first, each with the number that it is found under.
    pub records: Vec<SelRecord>,
    /// Whether these are all, and if not, why.
    pub ending: Ending,
    /// What the log said of itself when the records were read.
    pub info: SelInfo,
}

/// What was logged after a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Since {
    /// The records after it; the whole log if it is not there any more.
    pub log: SelLog,
    /// Whether it was there.
    pub found: bool,
}

/// How often a log that changes while it is read is read anew, or on.
const ATTEMPTS: u32 = 4;
/// "The SEL is being erased." IPMI v2.0 §31.2 to §31.8.
pub(super) const BEING_ERASED: CompletionCode = CompletionCode(0x81);

impl Bmc {
    /// What the log says of itself.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn sel_info(&self) -> Result<SelInfo, Error> {
        self.send_patiently(0, &GetSelInfo, BEING_ERASED).await
    }

    /// All events, oldest first: those of [`sel_log`](Self::sel_log).
    ///
    /// # Errors
    /// As [`sel_log`](Self::sel_log).
    pub async fn sel_entries(&self) -> Result<Vec<SelRecord>, Error> {
        self.sel_log().await.map(|log| log.records)
    }

    /// The whole log. What is added while it is read is read too; if something is removed, it is
    /// read anew. One exchange a record, and two more.
    ///
    /// # Errors
    /// As [`Bmc::send`], if the first record cannot be read or the session is lost. A later record
    /// that the BMC does not give ends the list; [`SelLog::ending`] says so.
    pub async fn sel_log(&self) -> Result<SelLog, Error> {
        let mut before = self.sel_info().await?;
        let mut walked = walk(&Log(self), Some(before.entries.into())).await?;
        for _ in 0..ATTEMPTS {
            let after = self.sel_info().await?;
            if after == before {
                return Ok(log(walked, after));
            }
            let removed = after.last_erase != before.last_erase || after.entries < before.entries;
            walked = match walked.records.last() {
                Some((id, last)) if !removed && *id != FIRST => {
                    let (id, last) = (*id, last.clone());
                    match self.go_on(walked, id, &last).await? {
                        Some(walked) => walked,
                        None => walk(&Log(self), Some(after.entries.into())).await?,
                    }
                }
                _ => walk(&Log(self), Some(after.entries.into())).await?,
            };
            before = after;
        }
        walked.ending = Ending::Changing;
        Ok(log(walked, before))
    }

    /// What was logged after the record with this number.
    ///
    /// # Errors
    /// As [`sel_log`](Self::sel_log).
    pub async fn sel_since(&self, id: u16) -> Result<Since, Error> {
        let info = self.sel_info().await?;
        match walk_from(&Log(self), id, None).await {
            Ok(mut walked) if is_numbered(&walked, id) => {
                walked.records.remove(0);
                Ok(Since { log: log(walked, info), found: true })
            }
            Err(error) if error.completion().is_none() => Err(error),
            // Gone, or the BMC gave another one in its place.
            _ => Ok(Since { log: self.sel_log().await?, found: false }),
        }
    }

    /// One record; `None` if there is none with this number. 0000h is the first, FFFFh the last.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn sel_entry(&self, id: u16) -> Result<Option<SelRecord>, Error> {
        match crate::walk::Reader::new(&Log(self)).record(id).await {
            Ok((_, bytes)) => Ok(record(id, &bytes)),
            Err(error) if error.completion().is_some_and(is_missing) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How the log hands out its space; `None` if the BMC does not tell.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn sel_allocation_info(&self) -> Result<Option<AllocationInfo>, Error> {
        unless_unknown(self.send_until_free(0, &GetSelAllocationInfo).await)
    }

    /// The log's clock.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn sel_time(&self) -> Result<RepositoryTime, Error> {
        self.send_until_free(0, &GetSelTime).await
    }

    /// Sets the log's clock: seconds since 1970 began, in whatever time the log is kept.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_sel_time(&self, time: u32) -> Result<(), Error> {
        self.send_until_free(0, &SetSelTime { time }).await
    }

    /// How far the log's clock is from UTC; `None` if the BMC does not know the command, as it need
    /// not before IPMI v2.0 with errata 4.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn sel_utc_offset(&self) -> Result<Option<UtcOffset>, Error> {
        unless_unknown(self.send_until_free(0, &GetSelTimeUtcOffset).await)
    }

    /// Says how far the log's clock is from UTC. The clock itself stays.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_sel_utc_offset(&self, offset: UtcOffset) -> Result<(), Error> {
        self.send_until_free(0, &SetSelTimeUtcOffset { offset }).await
    }

    /// Reads what comes after the last record read; `None` if that is not there any more.
    async fn go_on(
        &self,
        mut walked: Walked,
        id: u16,
        last: &[u8],
    ) -> Result<Option<Walked>, Error> {
        match walk_from(&Log(self), id, None).await {
            Ok(more) if more.records.first().is_some_and(|(_, first)| first == last) => {
                walked.records.extend(more.records.into_iter().skip(1));
                walked.ending = more.ending;
                Ok(Some(walked))
            }
            Err(error) if error.completion().is_none() => Err(error),
            _ => Ok(None),
        }
    }
}

/// Records as they are on the wire, 16 bytes each, one after the other. `ipmitool sel writeraw`
/// writes the same, except that it turns round the manufacturer's bytes in OEM records with a time.
#[must_use]
pub fn to_raw(records: &[SelRecord]) -> Vec<u8> {
    records.iter().flat_map(Encode::to_bytes).collect()
}

/// Reads what [`to_raw`] makes.
///
/// # Errors
/// If it ends inside a record.
pub fn from_raw(raw: &[u8]) -> Result<Vec<SelRecord>, DecodeError> {
    let mut r = Reader::new(raw);
    let mut records = Vec::new();
    while r.remaining() > 0 {
        records.push(SelRecord::decode(&mut r)?);
    }
    Ok(records)
}

fn log(walked: Walked, info: SelInfo) -> SelLog {
    SelLog { records: records(&walked.records), ending: walked.ending, info }
}

/// What was read, in words. A record that is found under two numbers (H8QME, `research/freeipmi.md`
/// §3.5) is one: the second time it still carries its first number.
fn records(walked: &[(u16, Vec<u8>)]) -> Vec<SelRecord> {
    let found: HashMap<u16, &[u8]> =
        walked.iter().map(|(id, bytes)| (*id, bytes.as_slice())).collect();
    let is_again = |id: u16, bytes: &[u8]| {
        let inside = number_in(bytes);
        inside != id && inside != FIRST && found.get(&inside).is_some_and(|first| *first == bytes)
    };
    walked
        .iter()
        .filter(|(id, bytes)| *id == FIRST || !is_again(*id, bytes))
        .filter_map(|(id, bytes)| record(*id, bytes))
        .collect()
}

/// The record that is found under `id`.
fn record(id: u16, bytes: &[u8]) -> Option<SelRecord> {
    match SelRecord::decode(&mut Reader::new(bytes)) {
        // Asked for by its place, it has only the number inside.
        Ok(record) if matches!(id, FIRST | GetSelEntry::LAST) => Some(record),
        Ok(record) => Some(record.with_id(id)),
        // One that is cut off must not hide the rest.
        Err(error) => {
            tracing::warn!(%error, record_id = id, ?bytes, "an event that cannot be understood");
            None
        }
    }
}

fn number_in(bytes: &[u8]) -> u16 {
    bytes.first_chunk().map_or(FIRST, |id| u16::from_le_bytes(*id))
}

/// Whether the first record carries the number that it was asked for by.
fn is_numbered(walked: &Walked, id: u16) -> bool {
    walked.records.first().is_some_and(|(_, bytes)| number_in(bytes) == id)
}

/// Whether the code says that there is no such record.
const fn is_missing(code: CompletionCode) -> bool {
    matches!(
        code,
        CompletionCode::NOT_PRESENT
            | CompletionCode::PARAMETER_OUT_OF_RANGE
            | CompletionCode::INVALID_DATA_FIELD
    )
}

/// The log as a list of records.
struct Log<'a>(&'a Bmc);

impl Repository for Log<'_> {
    // Number and type.
    const HEADER: u8 = 3;
    const LONGEST: u8 = 16;

    fn length(_: &[u8]) -> usize {
        SelRecord::LEN
    }

    async fn reserve(&self) -> Result<u16, Error> {
        let answer = self.0.send_patiently(0, &ReserveSel, BEING_ERASED).await;
        answer.map(|ReservationId(id)| id)
    }

    async fn read(
        &self,
        reservation: u16,
        record_id: u16,
        offset: u8,
        count: u8,
    ) -> Result<(u16, Vec<u8>), Error> {
        let reservation = ReservationId(reservation);
        let command = GetSelEntry { reservation, record_id, offset, count };
        let answer = self.0.send_patiently(0, &command, BEING_ERASED).await?;
        Ok((answer.next_record_id, answer.data))
    }

    async fn read_whole(&self, record_id: u16) -> Result<(u16, Vec<u8>), Error> {
        let answer = self.0.send_abreast(0, &GetSelEntry::whole(record_id), self.abreast()).await?;
        Ok((answer.next_record_id, answer.data))
    }

    fn abreast(&self) -> u8 {
        self.0.records_abreast()
    }

    fn distrust(&self) {
        self.0.distrust("events");
    }

    fn error(&self, kind: ErrorKind) -> Error {
        self.0.error(GetSelEntry::NAME, kind)
    }

    fn read_size(&self) -> ReadSize {
        self.0.memory().sizes.log
    }

    fn learn(&self, size: ReadSize) {
        self.0.memory().sizes.log = size;
    }
}

#[cfg(test)]
mod tests;
