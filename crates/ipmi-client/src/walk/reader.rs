//! Reading one record, in whatever way the BMC gives it.

use std::time::Duration;

use ipmi_wire::CompletionCode;

use super::{Repository, concerns_one_record};
use crate::error::{Error, ErrorKind};

/// In what sizes a BMC gives its records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum ReadSize {
    /// Whole, as far as is known.
    #[default]
    Whole,
    /// So many bytes at a time.
    Pieces(u8),
}

impl ReadSize {
    /// As one byte, for files: FFh is whole, as in the commands.
    pub(crate) const fn to_byte(self) -> u8 {
        match self {
            Self::Whole => WHOLE,
            Self::Pieces(bytes) => bytes,
        }
    }

    /// From a byte; sizes that are never tried count as nothing known.
    pub(crate) fn from_byte(byte: u8) -> Self {
        if PIECES.contains(&byte) { Self::Pieces(byte) } else { Self::Whole }
    }
}

/// "The whole record."
pub(super) const WHOLE: u8 = 0xff;
/// Sizes of pieces, largest first, in which a record is tried.
const PIECES: [u8; 4] = [32, 22, 16, 8];
/// The size that every BMC can answer in, after one that was too large for it to say so.
const SMALL: u8 = 16;
/// How often a reservation that somebody else took is taken again for one record.
pub(super) const RESERVATIONS: u32 = 8;
/// Half of the longest pause before the third try; it doubles from then on.
const BACKOFF: Duration = Duration::from_millis(5);

/// Reads single records, and remembers how that works best.
pub(crate) struct Reader<'a, R> {
    repository: &'a R,
    size: ReadSize,
    /// The BMC does not like to be asked for more than a record has.
    header_first: bool,
    /// The BMC wants a reservation for whole records, too.
    reserves_wholes: bool,
    reservation: Option<u16>,
    /// The longest record that came whole.
    longest: usize,
}

impl<'a, R: Repository> Reader<'a, R> {
    pub(crate) fn new(repository: &'a R) -> Self {
        let size = repository.read_size();
        let (header_first, reserves_wholes) = (false, false);
        Self { repository, size, header_first, reserves_wholes, reservation: None, longest: 0 }
    }

    /// The record `id`, and the ID of the next.
    pub(crate) async fn record(&mut self, id: u16) -> Result<(u16, Vec<u8>), Error> {
        let before = self.size;
        let outcome = match before {
            ReadSize::Whole => self.at_best_whole(id).await,
            ReadSize::Pieces(_) => self.in_pieces(id).await,
        };
        if outcome.is_err() {
            // A record that is not given in any size says nothing about the others.
            self.resize(before);
        }
        outcome
    }

    /// What one exchange gives of the record `id`, from its beginning, and the ID of the next.
    pub(crate) async fn start(&mut self, id: u16) -> Result<(u16, Vec<u8>), Error> {
        // At offset 0, no reservation is needed (§33.12).
        match self.repository.read(0, id, 0, self.piece()).await {
            Ok((next, mut bytes)) => {
                bytes.truncate(whole_length::<R>(&bytes).min(self.piece().into()));
                Ok((next, bytes))
            }
            Err(error) if asks_for_less(&error) || R::begins_anew(&error) => self.record(id).await,
            Err(error) => Err(error),
        }
    }

    async fn at_best_whole(&mut self, id: u16) -> Result<(u16, Vec<u8>), Error> {
        let short = match self.whole(id).await {
            Ok((next, mut bytes)) => {
                let length = whole_length::<R>(&bytes);
                if bytes.len() >= length {
                    self.longest = self.longest.max(length);
                    // What a BMC appends is not the record's (`ipmi_sim`, HP DL585 G7).
                    bytes.truncate(length);
                    return Ok((next, bytes));
                }
                // A BMC that gives what it can and does not say so (Xyratex), or a record that is
                // shorter than it says.
                Some((next, bytes))
            }
            Err(error) if asks_for_less(&error) => None,
            Err(error) if is_unanswered(&error) => return self.after_silence(id, error).await,
            Err(error) => return Err(error),
        };
        let [largest, ..] = PIECES;
        self.resize(ReadSize::Pieces(largest));
        let outcome = self.in_pieces(id).await;
        match (short, outcome) {
            // The pieces gave no more than the whole: it is the record's fault, and no reason to
            // read the others piece by piece.
            (Some((_, whole)), Ok((next, record))) if record.len() <= whole.len() => {
                self.resize(ReadSize::Whole);
                Ok((next, whole))
            }
            (Some((next, whole)), Err(error)) if concerns_one_record(&error) => {
                self.resize(ReadSize::Whole);
                Ok((next, whole))
            }
            (_, outcome) => outcome,
        }
    }

    /// Needs no reservation (§33.12). A BMC that wants one all the same gets it: the common clients
    /// always send one, so that nobody would have noticed.
    async fn whole(&mut self, id: u16) -> Result<(u16, Vec<u8>), Error> {
        let mut lost = 0;
        loop {
            let reservation = if self.reserves_wholes { self.reserve().await? } else { 0 };
            match self.repository.read(reservation, id, 0, WHOLE).await {
                Err(error) if R::begins_anew(&error) && lost < RESERVATIONS => {
                    self.reserves_wholes = true;
                    self.lose_reservation(&mut lost).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Some BMCs do not answer at all when the answer would be too long for them. Whether this is
    /// one, or a message was lost, small pieces tell.
    async fn after_silence(&mut self, id: u16, silence: Error) -> Result<(u16, Vec<u8>), Error> {
        self.resize(ReadSize::Pieces(SMALL));
        match self.in_pieces(id).await {
            Ok((next, record)) => {
                // Answers of that length came before.
                if record.len() <= self.longest {
                    self.resize(ReadSize::Whole);
                }
                Ok((next, record))
            }
            Err(error) if error.completion().is_some() => Err(error),
            // That the second question failed too adds nothing.
            Err(_) => Err(silence),
        }
    }

    /// Whoever took the reservation is given time to finish one record: two that take it from each
    /// other without a pause would never come to an end.
    async fn lose_reservation(&mut self, lost: &mut u32) {
        self.reservation = None;
        if *lost > 0 {
            let mut random = [0];
            ipmi_io::fill_random(&mut random);
            let [random] = random;
            let most = BACKOFF.saturating_mul(1 << (*lost).min(RESERVATIONS));
            tokio::time::sleep(most.mul_f64(f64::from(random) / f64::from(u8::MAX))).await;
        }
        *lost = lost.saturating_add(1);
    }

    async fn in_pieces(&mut self, id: u16) -> Result<(u16, Vec<u8>), Error> {
        let mut lost = 0;
        while lost < RESERVATIONS {
            match self.piece_by_piece(id).await {
                Err(error) if R::begins_anew(&error) => self.lose_reservation(&mut lost).await,
                // That ends by itself, and says nothing about the reservation.
                Err(error) if asks_for_less(&error) && self.shrink() => {}
                outcome => return outcome,
            }
        }
        let why = "its reservation was taken away again and again: another program reads or \
                   changes the same records";
        Err(self.repository.error(ErrorKind::Inconsistent(why)))
    }

    async fn piece_by_piece(&mut self, id: u16) -> Result<(u16, Vec<u8>), Error> {
        let reservation = self.reserve().await?;
        let piece = self.piece();
        let (next, mut record) = self.first_piece(reservation, id, piece).await?;
        let length = whole_length::<R>(&record);
        while record.len() < length {
            let missing = length.saturating_sub(record.len());
            let count = u8::try_from(missing).unwrap_or(u8::MAX).min(piece);
            // A record has at most 260 bytes; what lies beyond offset 255 cannot be asked for.
            let Ok(offset) = u8::try_from(record.len()) else { break };
            let bytes = match self.repository.read(reservation, id, offset, count).await {
                Ok((_, bytes)) => bytes,
                Err(error) if is_beyond_the_end(&error) => Vec::new(),
                Err(error) => return Err(error),
            };
            if bytes.is_empty() {
                // What there is of the record is kept; it may be too little to be understood.
                tracing::warn!(record_id = id, "the BMC gives nothing where its record goes on");
                break;
            }
            // Some BMCs give more than was asked for.
            record.extend(bytes.into_iter().take(count.into()));
        }
        record.truncate(length);
        Ok((next, record))
    }

    /// The first piece has the header in it, which saves reading that for itself.
    async fn first_piece(
        &mut self,
        reservation: u16,
        id: u16,
        piece: u8,
    ) -> Result<(u16, Vec<u8>), Error> {
        let count = piece.min(R::LONGEST).max(R::HEADER);
        if !self.header_first {
            match self.repository.read(reservation, id, 0, count).await {
                // Too much for the BMC, or more than there is of the record? The header knows.
                Err(error) if asks_for_less(&error) => {
                    let first = self.repository.read(reservation, id, 0, R::HEADER).await?;
                    if whole_length::<R>(&first.1) >= piece.into() {
                        return Err(error);
                    }
                    self.header_first = true;
                    return Ok(first);
                }
                outcome => return outcome,
            }
        }
        self.repository.read(reservation, id, 0, R::HEADER).await
    }

    async fn reserve(&mut self) -> Result<u16, Error> {
        if let Some(reservation) = self.reservation {
            return Ok(reservation);
        }
        let reservation = match self.repository.reserve().await {
            // A BMC without reservations has to give pieces without (`research/freeipmi.md` §3.5).
            Err(error) if error.completion() == Some(CompletionCode::INVALID_COMMAND) => 0,
            outcome => outcome?,
        };
        self.reservation = Some(reservation);
        Ok(reservation)
    }

    const fn piece(&self) -> u8 {
        match self.size {
            ReadSize::Pieces(bytes) => bytes,
            ReadSize::Whole => WHOLE,
        }
    }

    /// Goes on with smaller pieces; whether there are any.
    fn shrink(&mut self) -> bool {
        let piece = self.piece();
        let smaller = PIECES.into_iter().find(|size| *size < piece);
        if let Some(size) = smaller {
            self.resize(ReadSize::Pieces(size));
        }
        smaller.is_some()
    }

    fn resize(&mut self, size: ReadSize) {
        self.size = size;
        self.repository.learn(size);
    }
}

pub(super) fn is_unanswered(error: &Error) -> bool {
    error.is_unanswered()
}

pub(super) fn whole_length<R: Repository>(start: &[u8]) -> usize {
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

/// Completion codes for an offset that is not in the record, although its header says so.
fn is_beyond_the_end(error: &Error) -> bool {
    matches!(
        error.completion(),
        Some(
            CompletionCode::PARAMETER_OUT_OF_RANGE
                | CompletionCode::NOT_PRESENT
                | CompletionCode::INVALID_DATA_FIELD
        )
    )
}
