//! Walking a repository: whole records where the BMC gives them, pieces where it does not, and
//! no trust in its chain of record IDs.

use std::collections::HashSet;
use std::future::Future;

use ipmi_wire::CompletionCode;

use crate::error::{Error, ErrorKind};

/// How a record is read piece by piece.
pub(crate) trait Repository {
    /// Bytes of a record's header, after which its length is known.
    const HEADER: u8;
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
    /// An error of this repository's.
    fn error(&self, kind: ErrorKind) -> Error;
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
pub(crate) async fn walk<R: Repository>(repository: &R) -> Result<Vec<(u16, Vec<u8>)>, Error> {
    let mut reader = Reader { repository, piece: None, reservation: 0 };
    let mut records: Vec<(u16, Vec<u8>)> = Vec::new();
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
            // Without this record nobody knows the next one's number: what was read has to do.
            Err(error) if !records.is_empty() && concerns_one_record(&error) => {
                tracing::warn!(%error, record_id = id, "the walk ends at a record that cannot be read");
                break;
            }
            Err(error) => return Err(error),
        };
        // The first record has a number too, which the chain may lead back to. What the record
        // itself says of it is not always right, so the whole of it decides.
        if records.first().is_some_and(|(_, first)| *first == record) {
            break;
        }
        records.push((id, record));
        // A chain that bites its own tail ends where it does.
        if next == NONE || next == FIRST || !seen.insert(next) {
            break;
        }
        id = next;
    }
    Ok(records)
}

struct Reader<'a, R> {
    repository: &'a R,
    /// Index into [`PIECES`] of what works; `None` while whole records do.
    piece: Option<usize>,
    reservation: u16,
}

impl<R: Repository> Reader<'_, R> {
    async fn record(&mut self, id: u16) -> Result<(u16, Vec<u8>), Error> {
        if self.piece.is_none() {
            match self.repository.read(0, id, 0, WHOLE).await {
                Ok((next, bytes)) if bytes.len() >= whole_length::<R>(&bytes) => {
                    return Ok((next, bytes));
                }
                // A short answer is a BMC that gives what it can and does not say so.
                Ok(_) => self.piece = Some(0),
                Err(error) if asks_for_less(&error) => self.piece = Some(0),
                Err(error) => return Err(error),
            }
        }
        let mut reservations = 0;
        while reservations < RESERVATIONS {
            match self.in_pieces(id).await {
                Err(error) if error.completion() == Some(CompletionCode::RESERVATION_CANCELED) => {
                    self.reservation = 0;
                    reservations = reservations.saturating_add(1);
                }
                // That ends by itself, and says nothing about the reservation.
                Err(error) if asks_for_less(&error) && self.shrink() => {}
                outcome => return outcome,
            }
        }
        let why = "its reservation was taken away again and again: another program reads or \
                   changes the same records";
        Err(self.repository.error(ErrorKind::Inconsistent(why)))
    }

    async fn in_pieces(&mut self, id: u16) -> Result<(u16, Vec<u8>), Error> {
        if self.reservation == 0 {
            self.reservation = self.repository.reserve().await?;
        }
        let reservation = self.reservation;
        let (next, mut record) = self.repository.read(reservation, id, 0, R::HEADER).await?;
        let length = whole_length::<R>(&record);
        while record.len() < length {
            let piece = self.piece.and_then(|at| PIECES.get(at)).copied().unwrap_or(8);
            let missing = length.saturating_sub(record.len());
            let count = u8::try_from(missing).unwrap_or(u8::MAX).min(piece);
            // A record has at most 260 bytes; what lies beyond offset 255 cannot be asked for.
            let Ok(offset) = u8::try_from(record.len()) else { break };
            let (_, bytes) = self.repository.read(reservation, id, offset, count).await?;
            if bytes.is_empty() {
                // What there is of the record is kept; it may be too little to be understood.
                tracing::warn!(record_id = id, "the BMC gives nothing where its record goes on");
                break;
            }
            // Some BMCs give more than was asked for.
            record.extend(bytes.into_iter().take(count.into()));
        }
        Ok((next, record))
    }

    /// Goes on with smaller pieces; whether there are any.
    fn shrink(&mut self) -> bool {
        let next = self.piece.map_or(0, |at| at.saturating_add(1));
        let smaller = next < PIECES.len();
        if smaller {
            self.piece = Some(next);
        }
        smaller
    }
}

/// Whether the error tells of a record rather than of the session or the whole repository. C3h is
/// how some BMCs answer for records that they list and do not have.
fn concerns_one_record(error: &Error) -> bool {
    matches!(*error.kind, ErrorKind::Refused { .. } | ErrorKind::Malformed { .. })
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use ipmi_wire::Privilege;
    use ipmi_wire::session::Username;

    use super::*;

    /// Records of a length byte and that many others, with the reads that were made of them.
    #[derive(Default)]
    struct Fake {
        /// By the ID they are asked for by: the next one's, and the bytes or the code.
        records: HashMap<u16, (u16, Result<Vec<u8>, u8>)>,
        /// More bytes than this are refused with CAh.
        most: Option<u8>,
        /// How many pieces are refused because the reservation is gone.
        cancellations: Mutex<u32>,
        reads: Mutex<u32>,
    }

    impl Fake {
        fn of(records: impl IntoIterator<Item = (u16, u16, Result<Vec<u8>, u8>)>) -> Self {
            let records = records.into_iter().map(|(id, next, what)| (id, (next, what))).collect();
            Self { records, ..Self::default() }
        }

        fn refusal(&self, code: u8) -> Error {
            let completion = CompletionCode(code);
            self.error(ErrorKind::Refused { completion, explained: None, access: None })
        }
    }

    impl Repository for Fake {
        const HEADER: u8 = 1;

        fn length(header: &[u8]) -> usize {
            1 + usize::from(header[0])
        }

        async fn reserve(&self) -> Result<u16, Error> {
            Ok(1)
        }

        async fn read(
            &self,
            reservation: u16,
            record_id: u16,
            offset: u8,
            count: u8,
        ) -> Result<(u16, Vec<u8>), Error> {
            *self.reads.lock().unwrap() += 1;
            assert!(*self.reads.lock().unwrap() < 1000, "the walk does not end");
            if self.most.is_some_and(|most| count > most) {
                return Err(self.refusal(0xca));
            }
            if offset > 0 {
                assert_eq!(reservation, 1);
                let mut left = self.cancellations.lock().unwrap();
                if *left > 0 {
                    *left -= 1;
                    return Err(self.refusal(0xc5));
                }
            }
            let (next, what) = self.records.get(&record_id).ok_or_else(|| self.refusal(0xcb))?;
            let bytes = what.as_ref().map_err(|code| self.refusal(*code))?;
            let bytes = bytes.iter().skip(offset.into()).take(count.into()).copied().collect();
            Ok((*next, bytes))
        }

        fn error(&self, kind: ErrorKind) -> Error {
            Error {
                address: None,
                doing: "walk",
                user: Username::default(),
                privilege: Privilege::User,
                kind: Box::new(kind),
            }
        }
    }

    async fn ids(fake: &Fake) -> Vec<u16> {
        walk(fake).await.unwrap().into_iter().map(|(id, _)| id).collect()
    }

    #[tokio::test]
    async fn a_chain_that_leads_back_to_its_first_record_yields_none_twice() {
        let first = || Ok(vec![1, 0xa1]);
        let fake = Fake::of([
            (FIRST, 2, first()),
            (1, 2, first()),
            (2, 3, Ok(vec![1, 0xa2])),
            (3, 1, Ok(vec![1, 0xa3])),
        ]);
        assert_eq!(ids(&fake).await, [FIRST, 2, 3]);
    }

    #[tokio::test]
    async fn a_record_that_cannot_be_read_does_not_take_the_others_with_it() {
        // C3h: seen at the end of some BMCs' repositories; FFh: wherever.
        for code in [0xc3, 0xcb, 0xff] {
            let fake = Fake::of([
                (FIRST, 2, Ok(vec![1, 0xa1])),
                (2, 3, Ok(vec![1, 0xa2])),
                (3, NONE, Err(code)),
            ]);
            assert_eq!(ids(&fake).await, [FIRST, 2], "{code:02x}");
        }
        let fake = Fake::of([(FIRST, NONE, Err(0xc3))]);
        assert_eq!(walk(&fake).await.unwrap_err().completion(), Some(CompletionCode(0xc3)));
        assert!(ids(&Fake::default()).await.is_empty());
    }

    #[tokio::test]
    async fn shrinking_pieces_do_not_use_up_the_patience_with_lost_reservations() {
        let record: Vec<u8> = (0..=40).map(|n| if n == 0 { 40 } else { n }).collect();
        let mut fake = Fake::of([(FIRST, NONE, Ok(record.clone()))]);
        fake.most = Some(8);
        fake.cancellations = Mutex::new(RESERVATIONS - 1);
        assert_eq!(walk(&fake).await.unwrap(), [(FIRST, record)]);

        fake.cancellations = Mutex::new(RESERVATIONS);
        let error = walk(&fake).await.unwrap_err();
        assert!(matches!(*error.kind, ErrorKind::Inconsistent(_)), "{error}");
    }

    #[tokio::test]
    async fn a_record_shorter_than_it_says_is_kept_and_the_walk_goes_on() {
        let fake = Fake::of([(FIRST, 2, Ok(vec![9, 0xa1])), (2, NONE, Ok(vec![1, 0xa2]))]);
        let records = walk(&fake).await.unwrap();
        assert_eq!(records, [(FIRST, vec![9, 0xa1]), (2, vec![1, 0xa2])]);
    }
}
