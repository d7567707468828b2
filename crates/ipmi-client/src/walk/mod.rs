//! Walking a repository: whole records where the BMC gives them, pieces where it does not, and
//! no trust in its chain of record IDs.

mod ahead;
mod reader;

use std::collections::HashSet;
use std::future::Future;

use ipmi_wire::CompletionCode;

use crate::error::{Error, ErrorKind};
use ahead::Ahead;
pub(crate) use reader::{ReadSize, Reader};
use reader::{is_unanswered, whole_length};

/// How a record is read piece by piece.
pub(crate) trait Repository {
    /// Bytes of a record's header, after which its length is known.
    const HEADER: u8;
    /// No record has more bytes.
    const LONGEST: u8 = u8::MAX;
    /// The length of a whole record whose first `HEADER` bytes are these.
    fn length(header: &[u8]) -> usize;
    /// Takes a reservation, without which pieces are not given out.
    fn reserve(&self) -> impl Future<Output = Result<u16, Error>> + Send;
    /// Reads `count` bytes from `offset`: the next record's ID, and the bytes.
    fn read(
        &self,
        reservation: u16,
        record_id: u16,
        offset: u8,
        count: u8,
    ) -> impl Future<Output = Result<(u16, Vec<u8>), Error>> + Send;
    /// Asks for a whole record ahead of its turn, while others are in flight.
    fn read_whole(
        &self,
        record_id: u16,
    ) -> impl Future<Output = Result<(u16, Vec<u8>), Error>> + Send {
        self.read(0, record_id, 0, reader::WHOLE)
    }
    /// How many requests may be in flight.
    fn abreast(&self) -> u8 {
        1
    }
    /// The BMC has given another record than it was asked for, because others were asked for, too.
    fn distrust(&self) {}
    /// An error of this repository's.
    fn error(&self, kind: ErrorKind) -> Error;
    /// In what sizes this BMC gave records before.
    fn read_size(&self) -> ReadSize;
    /// Remembers in what size this BMC gives records.
    fn learn(&self, size: ReadSize);
    /// Whether the error tells that the record has to be begun anew under another reservation.
    fn begins_anew(error: &Error) -> bool {
        error.completion() == Some(CompletionCode::RESERVATION_CANCELED)
    }
}

/// How reading a list of records came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All records were read.
    Complete,
    /// A record could not be read, and nobody knows what comes after it.
    Unreadable {
        /// Which.
        record_id: u16,
        /// The BMC's answer, if it was an answer.
        completion: Option<CompletionCode>,
        /// What went wrong.
        why: String,
    },
    /// A record names one as its successor that came before: what follows cannot be reached.
    Loop {
        /// The record that leads back.
        record_id: u16,
    },
    /// The list changed again and again while it was read.
    Changing,
}

impl Ending {
    /// Whether all records were read.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(self, Self::Complete)
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Complete => f.write_str("complete"),
            Self::Unreadable { record_id, why, .. } => {
                write!(f, "the list ends at record {record_id:04x}h, which cannot be read: {why}")
            }
            Self::Loop { record_id } => {
                write!(f, "the list ends at record {record_id:04x}h, which leads back in a circle")
            }
            Self::Changing => f.write_str("the list changed again and again while it was read"),
        }
    }
}

/// The records of a repository, in its order, each with the ID it was asked for by: some BMCs put
/// another one into the record (`research/freeipmi.md` §3.1). The first was asked for as 0000h.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Walked {
    pub(crate) records: Vec<(u16, Vec<u8>)>,
    pub(crate) ending: Ending,
}

/// Record ID of the first record when asked for, of "none" when answered.
pub(crate) const FIRST: u16 = 0x0000;
/// Record ID of the last record when asked for, of "none" when answered.
pub(crate) const LAST: u16 = 0xffff;
/// More records than a repository can hold: ids are 16 bits, 0000h and FFFFh are not among them.
const RECORDS_MAX: usize = 0xfffe;

/// All records of a repository. `announced` is how many it says that it has: many say something
/// else than they have, so it only tells a circle that was walked to its end from one that cuts
/// the list.
pub(crate) async fn walk<R: Repository>(
    repository: &R,
    announced: Option<usize>,
) -> Result<Walked, Error> {
    walk_from(repository, FIRST, announced).await
}

/// The record `from` and those after it.
pub(crate) async fn walk_from<R: Repository>(
    repository: &R,
    from: u16,
    announced: Option<usize>,
) -> Result<Walked, Error> {
    let mut reader = Reader::new(repository);
    let mut records: Vec<(u16, Vec<u8>)> = Vec::new();
    let mut seen = HashSet::new();
    let mut id = from;
    let mut ahead = Ahead::new(repository.abreast());
    let ending = loop {
        let outcome = match ahead.take(id) {
            Some(read) => Ok(read),
            None => reader.record(id).await,
        };
        let (next, record) = match outcome {
            Ok(read) => read,
            // An empty repository has no first record, which BMCs say in several ways.
            Err(error)
                if id == FIRST
                    && error.completion().is_some_and(|code| {
                        code == CompletionCode::NOT_PRESENT || announced == Some(0)
                    }) =>
            {
                break Ending::Complete;
            }
            // Without this record nobody knows the next one's number: what was read has to do.
            Err(error) if !records.is_empty() && concerns_one_record(&error) => {
                let (completion, why) = (error.completion(), error.to_string());
                break Ending::Unreadable { record_id: id, completion, why };
            }
            Err(error) => return Err(error),
        };
        ahead.compare(repository, id, &record);
        // The first record has a number too, which the chain may lead back to. What the record
        // itself says of it is not always right, so the whole of it decides, and that it leads
        // where the chain has been. Then the whole circle was walked; whether that was all of the list,
        // the BMC has said.
        let back = seen.contains(&next) || next == LAST || next == FIRST;
        if back && records.first().is_some_and(|(_, first)| *first == record) {
            let last = records.last().map_or(id, |(last, _)| *last);
            let all = announced.is_none_or(|count| records.len() >= count);
            break if all { Ending::Complete } else { Ending::Loop { record_id: last } };
        }
        records.push((id, record.clone()));
        if next == LAST || next == FIRST {
            break Ending::Complete;
        }
        // A chain that bites its own tail ends where it does.
        if next == from || !seen.insert(next) || records.len() >= RECORDS_MAX {
            let all = next == from || announced.is_some_and(|count| records.len() >= count);
            break if all { Ending::Complete } else { Ending::Loop { record_id: id } };
        }
        if repository.abreast() > 1 && repository.read_size() == ReadSize::Whole {
            // Asked for as "the first", it says its number itself.
            let number = record.first_chunk().map_or(id, |id| u16::from_le_bytes(*id));
            let id = if records.len() == 1 { number } else { id };
            let left = announced.unwrap_or_default().saturating_sub(records.len());
            ahead.guess(repository, id, next, left).await;
        }
        id = next;
    };
    if !ending.is_complete() {
        tracing::warn!(records = records.len(), "{ending}");
    }
    Ok(Walked { records, ending })
}

/// Whether the error may tell of a record rather than of the session or the whole repository. C3h is
/// how some BMCs answer for records that they list and do not have. Silence may be the BMC's end,
/// which shows when it is asked how its list is after the walk.
fn concerns_one_record(error: &Error) -> bool {
    is_unanswered(error)
        || matches!(
            *error.kind,
            ErrorKind::Refused { .. } | ErrorKind::Malformed { .. } | ErrorKind::Inconsistent(_)
        )
}

#[cfg(test)]
mod tests;
