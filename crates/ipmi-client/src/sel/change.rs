//! Adding to the log, and taking from it.

use std::time::Duration;

use ipmi_wire::cmd::storage::{
    AddSelEntry, ClearSel, DeleteSelEntry, EraseAction, GetSelEntry, GetSelInfo, RecordId,
    ReservationId, ReserveSel, SelInfo,
};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Command, CompletionCode, Encode};

use super::{BEING_ERASED, Log, is_missing, number_in};
use crate::bmc::Bmc;
use crate::erase::{Erasable, erase, erased};
use crate::error::{Error, ErrorKind};
use crate::outcome::{Observation, Verdict};
use crate::walk::{FIRST, LAST, Reader, walk_from};

/// What became of adding records.
#[derive(Debug)]
pub struct Replayed {
    /// The numbers that the log gave them, in their order.
    pub added: Vec<u16>,
    /// Why the rest was not added.
    pub failed: Option<Error>,
}

/// What became of deleting a record.
#[derive(Debug)]
pub enum Deletion {
    /// It is gone.
    Deleted,
    /// There was none with this number.
    NotThere,
    /// The BMC declined.
    Refused(Error),
    /// The answer was lost, and it could not be found out whether the record is gone.
    Unknown(Error),
    /// Nothing was tried, because of what happened to one before it.
    NotTried,
}

/// How often a reservation that somebody else took is taken again.
const RESERVATIONS: u32 = 8;
/// How often a record is added, or deleted, that provably was not before.
const TRIES: u32 = 3;

impl Bmc {
    /// Adds a record and returns the number that the log gave it. Its own number, and its time,
    /// are not kept: the log has its own.
    ///
    /// # Errors
    /// As [`Bmc::send`]. If the answer is lost, the log tells what became of the request; what it
    /// does not tell is [`ErrorKind::AnswerLost`].
    pub async fn sel_add(&self, record: &SelRecord) -> Result<u16, Error> {
        let Replayed { added, failed } = self.sel_replay(std::slice::from_ref(record)).await?;
        match (added.first(), failed) {
            (Some(id), None) => Ok(*id),
            (_, Some(error)) => Err(error),
            // One record is either added or not.
            (None, None) => Err(self.contradiction()),
        }
    }

    /// Adds records, in their order.
    ///
    /// # Errors
    /// As [`Bmc::send`], if the log cannot be read. That a record cannot be added is in
    /// [`Replayed::failed`].
    pub async fn sel_replay(&self, records: &[SelRecord]) -> Result<Replayed, Error> {
        // The newest record from before: what comes after it is new.
        let mut newest = self.sel_entry(LAST).await?.map_or(FIRST, |record| record.id());
        let mut replayed = Replayed { added: Vec::new(), failed: None };
        for record in records {
            match self.add_after(record, newest).await {
                Ok(id) => {
                    replayed.added.push(id);
                    newest = id;
                }
                Err(error) => {
                    replayed.failed = Some(error);
                    break;
                }
            }
        }
        Ok(replayed)
    }

    async fn add_after(&self, record: &SelRecord, newest: u16) -> Result<u16, Error> {
        let command = AddSelEntry { record: *record };
        let mut tries: u32 = 0;
        loop {
            tries = tries.saturating_add(1);
            match self.send_patiently(0, &command, BEING_ERASED).await {
                Ok(RecordId(id)) => return Ok(id),
                Err(error) if error.completion().is_some() && !error.leaves_doubt() => {
                    return Err(error);
                }
                // The answer was lost. Either the record is there now, or it may be sent again.
                Err(error) => match self.find_after(record, newest).await {
                    Ok(Some(id)) => return Ok(id),
                    Ok(None) if tries < TRIES => {}
                    Ok(None) => {
                        let seen = "the log was read to its end, and the event is not there";
                        let seen = Observation::of::<GetSelEntry>(seen).proving(Verdict::NotDone);
                        return Err(error.having_seen(seen));
                    }
                    Err(why) => {
                        return Err(error.having_seen(Observation::failed::<GetSelEntry>(&why)));
                    }
                },
            }
        }
    }

    /// The number under which the log has this record, if it came after `newest`.
    async fn find_after(&self, record: &SelRecord, newest: u16) -> Result<Option<u16>, Error> {
        let wanted = payload(&record.to_bytes());
        self.find_new(newest, |bytes| payload(bytes) == wanted).await
    }

    /// The number of the first record after `newest` that `is_it`.
    pub(crate) async fn find_new(
        &self,
        newest: u16,
        is_it: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<u16>, Error> {
        let walked = match walk_from(&Log(self), newest, None).await {
            Ok(walked) => walked,
            // The log was empty and is so still.
            Err(error) if newest == FIRST && error.completion().is_some_and(is_missing) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        // With a log that was not empty, the first is the newest of before.
        let new = walked.records.iter().skip(usize::from(newest != FIRST));
        let mut same = new.filter(|(_, bytes)| is_it(bytes));
        match same.next() {
            Some((id, bytes)) => Ok(Some(if *id == FIRST { number_in(bytes) } else { *id })),
            None if walked.ending.is_complete() => Ok(None),
            // It may be among those that cannot be read.
            None => Err(self.contradiction()),
        }
    }

    /// Deletes the records with these numbers. Each is an outcome of its own, in the order given.
    ///
    /// The records are read first: should the reservation be lost, which is how a BMC says that
    /// numbers may mean other records by now (IPMI v2.0 §31.4), only the same record is deleted.
    ///
    /// # Errors
    /// As [`Bmc::send`], if not even a reservation can be had.
    pub async fn sel_delete(&self, ids: &[u16]) -> Result<Vec<(u16, Deletion)>, Error> {
        let mut reservation = self.reserve_sel().await?;
        let mut wanted = Vec::new();
        for id in ids.iter().copied() {
            // To the BMC these mean "the first" and "the last", whichever that is.
            let named = id != FIRST && id != LAST;
            let record = if named { self.sel_bytes(id).await } else { Ok(None) };
            if let Err(error) = record.as_ref()
                && error.completion().is_none()
            {
                return record.map(|_| Vec::new());
            }
            wanted.push((id, record));
        }
        let mut outcomes = Vec::new();
        let mut wanted = wanted.into_iter();
        for (id, record) in wanted.by_ref() {
            let outcome = match record {
                Ok(None) => Deletion::NotThere,
                // One that is not given may be removed all the same.
                record => self.delete(id, record.ok().flatten(), &mut reservation).await,
            };
            let renumbered = |error: &Error| matches!(*error.kind, ErrorKind::Inconsistent(_));
            let stop = match &outcome {
                Deletion::Unknown(_) => true,
                Deletion::Refused(error) => renumbered(error),
                _ => false,
            };
            outcomes.push((id, outcome));
            if stop {
                break;
            }
        }
        outcomes.extend(wanted.map(|(id, _)| (id, Deletion::NotTried)));
        Ok(outcomes)
    }

    async fn delete(
        &self,
        id: u16,
        record: Option<Vec<u8>>,
        reservation: &mut ReservationId,
    ) -> Deletion {
        let mut lost: u32 = 0;
        // How often an answer was lost although the record is still there.
        let mut tries: u32 = 0;
        loop {
            let command = DeleteSelEntry { reservation: *reservation, record_id: id };
            let error = match self.send_patiently(0, &command, BEING_ERASED).await {
                Ok(RecordId(deleted)) => {
                    if deleted != id {
                        tracing::warn!(id, deleted, "the BMC names another record as deleted");
                    }
                    return Deletion::Deleted;
                }
                Err(error) => error,
            };
            match error.completion() {
                Some(CompletionCode::RESERVATION_CANCELED) if lost < RESERVATIONS => {
                    lost = lost.saturating_add(1);
                    match self.reserve_sel().await {
                        Ok(fresh) => *reservation = fresh,
                        Err(error) => return Deletion::Refused(error),
                    }
                    match self.sel_bytes(id).await {
                        Ok(now) if now.is_some() && now == record => {}
                        Ok(Some(_)) => {
                            let why =
                                "the log was changed, and the number means another record now";
                            let kind = ErrorKind::Inconsistent(why);
                            return Deletion::Refused(self.error(DeleteSelEntry::NAME, kind));
                        }
                        Ok(None) => return Deletion::NotThere,
                        Err(error) => return Deletion::Refused(error),
                    }
                }
                // After a try whose answer was lost, that is what it was to come to.
                Some(code) if is_missing(code) && tries > 0 => return Deletion::Deleted,
                Some(code) if is_missing(code) => return Deletion::NotThere,
                Some(_) if !error.leaves_doubt() => return Deletion::Refused(error),
                _ => match self.sel_bytes(id).await {
                    Ok(None) => return Deletion::Deleted,
                    Ok(now) if now != record => {
                        let seen = "another event has this number now";
                        let seen = Observation::of::<GetSelEntry>(seen);
                        return Deletion::Unknown(error.having_seen(seen));
                    }
                    Ok(_) if tries.saturating_add(1) < TRIES => tries = tries.saturating_add(1),
                    Ok(_) => {
                        let seen = Observation::of::<GetSelEntry>("the event is still there");
                        let seen = seen.proving(Verdict::NotDone);
                        return Deletion::Refused(error.having_seen(seen));
                    }
                    Err(why) => {
                        let seen = Observation::failed::<GetSelEntry>(&why);
                        return Deletion::Unknown(error.having_seen(seen));
                    }
                },
            }
        }
    }

    /// A record as it comes; `None` if there is none with this number.
    async fn sel_bytes(&self, id: u16) -> Result<Option<Vec<u8>>, Error> {
        match Reader::new(&Log(self)).record(id).await {
            Ok((_, bytes)) => Ok(Some(bytes)),
            Err(error) if error.completion().is_some_and(is_missing) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn reserve_sel(&self) -> Result<ReservationId, Error> {
        match self.send_patiently(0, &ReserveSel, BEING_ERASED).await {
            // A BMC without reservations has to delete without (`research/freeipmi.md` §3.5).
            Err(error) if error.completion() == Some(CompletionCode::INVALID_COMMAND) => {
                Ok(ReservationId::NONE)
            }
            outcome => outcome,
        }
    }

    /// Empties the log and waits until that is done, for `patience` at most.
    ///
    /// # Errors
    /// As [`Bmc::send`]. The request is sent once: if its answer is lost, the log tells what became
    /// of it; what it does not tell is [`ErrorKind::AnswerLost`].
    pub async fn sel_clear(&self, patience: Duration) -> Result<(), Error> {
        let before = self.sel_info().await?;
        erase(self, &Cleared { before }, patience).await
    }

    fn contradiction(&self) -> Error {
        let kind = ErrorKind::Inconsistent("the record was neither added nor refused");
        self.error(AddSelEntry::NAME, kind)
    }
}

/// What of a record the log keeps as it was given: all but the number and, where the type has one,
/// the time.
fn payload(bytes: &[u8]) -> Vec<u8> {
    let mut payload = bytes.to_vec();
    let stamped = matches!(bytes.get(2), Some(0x02 | 0xc0..=0xdf));
    let own = if stamped { &[0, 1, 3, 4, 5, 6][..] } else { &[0, 1] };
    for at in own {
        if let Some(byte) = payload.get_mut(*at) {
            *byte = 0;
        }
    }
    payload
}

struct Cleared {
    before: SelInfo,
}

impl Erasable for Cleared {
    type Reserve = ReserveSel;
    type Clear = ClearSel;

    const RESERVE: ReserveSel = ReserveSel;

    fn clear(reservation: ReservationId, action: EraseAction) -> ClearSel {
        ClearSel { reservation, action }
    }

    async fn look(&self, bmc: &Bmc) -> Result<Observation, Error> {
        let now = bmc.sel_info().await?;
        let before = (self.before.entries, self.before.last_erase);
        // By the same clock: what is left after a single one was deleted is older.
        let oldest = match now.entries {
            0 => None,
            _ => bmc.sel_entry(FIRST).await?.and_then(|record| record.timestamp()),
        };
        let all_new = oldest.is_some_and(|oldest| oldest.raw() >= now.last_erase);
        Ok(erased::<GetSelInfo>("events", before, (now.entries, now.last_erase), all_new))
    }
}
