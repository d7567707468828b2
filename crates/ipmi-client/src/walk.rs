//! Walking a repository: whole records where the BMC gives them, pieces where it does not, and
//! no trust in its chain of record IDs.

use std::collections::HashSet;
use std::future::Future;

use ipmi_wire::CompletionCode;

use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};

/// How a record is read piece by piece.
pub(crate) trait Repository {
    /// What is done, for errors.
    const DOING: &'static str;
    /// Bytes of a record's header, after which its length is known.
    const HEADER: u8;
    /// The length of a whole record whose first `HEADER` bytes are these.
    fn length(header: &[u8]) -> usize;
    /// Takes a reservation, without which pieces are not given out.
    fn reserve(bmc: &Bmc) -> impl Future<Output = Result<u16, Error>> + Send;
    /// Reads `count` bytes from `offset`: the next record's ID, and the bytes.
    fn read(
        bmc: &Bmc,
        reservation: u16,
        record_id: u16,
        offset: u8,
        count: u8,
    ) -> impl Future<Output = Result<(u16, Vec<u8>), Error>> + Send;
}

/// Record ID of the first record when asked for, of "none" when answered.
const FIRST: u16 = 0x0000;
const NONE: u16 = 0xffff;
/// "The whole record."
const WHOLE: u8 = 0xff;
/// Sizes of pieces, largest first, in which a record is tried.
const PIECES: [u8; 4] = [32, 22, 16, 8];
/// How often a reservation that somebody else took is taken again for one record.
const RESERVATIONS: u32 = 8;
/// More records than a repository can hold: ids are 16 bits, 0000h and FFFFh are not among them.
const RECORDS_MAX: usize = 0xfffe;

/// All records of a repository, in its order, each with the ID it was asked for by: some BMCs put
/// another one into the record (`research/freeipmi.md` §3.1).
pub(crate) async fn walk<R: Repository>(bmc: &Bmc) -> Result<Vec<(u16, Vec<u8>)>, Error> {
    let mut reader = Reader::<R> { bmc, piece: None, reservation: 0, _repository: PhantomData };
    let mut records = Vec::new();
    let mut seen = HashSet::new();
    let mut id = FIRST;
    while records.len() < RECORDS_MAX {
        let (next, record) = match reader.record(id).await {
            Ok(read) => read,
            // An empty repository has no first record.
            Err(error)
                if id == FIRST && error.completion() == Some(CompletionCode::NOT_PRESENT) =>
            {
                break;
            }
            Err(error) => return Err(error),
        };
        records.push((id, record));
        // A chain that bites its own tail ends where it does.
        if next == NONE || next == FIRST || !seen.insert(next) {
            break;
        }
        id = next;
    }
    Ok(records)
}

use std::marker::PhantomData;

struct Reader<'a, R> {
    bmc: &'a Bmc,
    /// Index into [`PIECES`] of what works; `None` while whole records do.
    piece: Option<usize>,
    reservation: u16,
    _repository: PhantomData<R>,
}

impl<R: Repository> Reader<'_, R> {
    async fn record(&mut self, id: u16) -> Result<(u16, Vec<u8>), Error> {
        if self.piece.is_none() {
            match R::read(self.bmc, 0, id, 0, WHOLE).await {
                Ok((next, bytes)) if bytes.len() >= whole_length::<R>(&bytes) => {
                    return Ok((next, bytes));
                }
                // A short answer is a BMC that gives what it can and does not say so.
                Ok(_) => self.piece = Some(0),
                Err(error) if asks_for_less(&error) => self.piece = Some(0),
                Err(error) => return Err(error),
            }
        }
        for _ in 0..RESERVATIONS {
            match self.in_pieces(id).await {
                Err(error) if error.completion() == Some(CompletionCode::RESERVATION_CANCELED) => {
                    self.reservation = 0;
                }
                Err(error) if asks_for_less(&error) && self.shrink() => {}
                outcome => return outcome,
            }
        }
        let why = "its reservation was taken away again and again: another program reads or \
                   changes the same records";
        Err(self.bmc.error(R::DOING, ErrorKind::Inconsistent(why)))
    }

    async fn in_pieces(&mut self, id: u16) -> Result<(u16, Vec<u8>), Error> {
        if self.reservation == 0 {
            self.reservation = R::reserve(self.bmc).await?;
        }
        let reservation = self.reservation;
        let (next, mut record) = R::read(self.bmc, reservation, id, 0, R::HEADER).await?;
        let length = whole_length::<R>(&record);
        while record.len() < length {
            let piece = self.piece.and_then(|at| PIECES.get(at)).copied().unwrap_or(8);
            let missing = length.saturating_sub(record.len());
            let count = u8::try_from(missing).unwrap_or(u8::MAX).min(piece);
            // A record has at most 260 bytes; what lies beyond offset 255 cannot be asked for.
            let Ok(offset) = u8::try_from(record.len()) else { break };
            let (_, bytes) = R::read(self.bmc, reservation, id, offset, count).await?;
            if bytes.is_empty() {
                let why = "the BMC gives nothing where its record should go on";
                return Err(self.bmc.error(R::DOING, ErrorKind::Inconsistent(why)));
            }
            // Some BMCs give more than was asked for.
            record.extend(bytes.into_iter().take(count.into()));
        }
        Ok((next, record))
    }

    /// Goes on with smaller pieces; whether there are any.
    fn shrink(&mut self) -> bool {
        let next = self.piece.map_or(0, |at| at.saturating_add(1));
        self.piece = Some(next);
        next < PIECES.len()
    }
}

fn whole_length<R: Repository>(start: &[u8]) -> usize {
    match start.get(..R::HEADER.into()) {
        Some(header) => R::length(header),
        None => R::HEADER.into(),
    }
}

/// Completion codes by which BMCs refuse a read for its size.
///
/// Source: `research/freeipmi.md` §3.1 (CAh, FFh) and `research/fleet.md` §3 (C8h).
fn asks_for_less(error: &Error) -> bool {
    matches!(
        error.completion(),
        Some(
            CompletionCode::CANNOT_RETURN_BYTES
                | CompletionCode::FIELD_LENGTH_EXCEEDED
                | CompletionCode::DATA_LENGTH_INVALID
                | CompletionCode::UNSPECIFIED
        )
    )
}
