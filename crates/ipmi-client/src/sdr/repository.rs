//! The SDR repository itself: what it says of itself, and filling it.

use std::time::Duration;

use ipmi_wire::cmd::storage::{
    AddSdr, AllocationInfo, ClearSdrRepository, EnterSdrRepositoryUpdateMode, EraseAction,
    ExitSdrRepositoryUpdateMode, GetSdrRepositoryAllocationInfo, GetSdrRepositoryInfo,
    GetSdrRepositoryTime, PartialAddSdr, RecordId, RepositoryTime, ReservationId,
    ReserveSdrRepository, SdrRepositoryInfo, SetSdrRepositoryTime,
};
use ipmi_wire::sdr::RecordHeader;
use ipmi_wire::{Command, CompletionCode, Decode, DecodeError, Reader};

use crate::bmc::Bmc;
use crate::erase::{Erasable, erase, erased};
use crate::error::{Error, ErrorKind};
use crate::outcome::{Observation, Verdict};

/// What became of filling a repository.
#[derive(Debug)]
pub struct Filled {
    /// The numbers that the BMC gave the records, in their order; `None` where its answer was lost
    /// and the record is there all the same.
    pub added: Vec<Option<u16>>,
    /// Why the rest is missing; the record after the last of `added` is the one that failed.
    pub failed: Option<Error>,
}

/// How long clearing may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Sizes in which a record is handed over that does not go as a whole.
const PIECES: [usize; 3] = [32, 16, 8];
/// How often a record is begun anew because the reservation was lost.
const RESERVATIONS: u32 = 8;

/// The records in `dump`, which has them one after the other: what [`SdrSet::dump`] and
/// `ipmitool sdr dump` make.
///
/// # Errors
/// If it ends inside a record.
///
/// [`SdrSet::dump`]: super::SdrSet::dump
pub fn parse_dump(dump: &[u8]) -> Result<Vec<Vec<u8>>, DecodeError> {
    let mut records = Vec::new();
    let mut rest = dump;
    while !rest.is_empty() {
        let header = RecordHeader::decode(&mut Reader::new(rest))?;
        let mut r = Reader::new(rest);
        records.push(r.bytes("record", header.record_len())?.to_vec());
        rest = r.take_rest();
    }
    Ok(records)
}

impl Bmc {
    /// What the SDR repository says of itself.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn sdr_repository_info(&self) -> Result<SdrRepositoryInfo, Error> {
        self.send_until_free(0, &GetSdrRepositoryInfo).await
    }

    /// How the SDR repository hands out its space; `None` if the BMC does not tell.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn sdr_allocation_info(&self) -> Result<Option<AllocationInfo>, Error> {
        unless_unknown(self.send_until_free(0, &GetSdrRepositoryAllocationInfo).await)
    }

    /// The clock of the SDR repository; `None` if it has none.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn sdr_time(&self) -> Result<Option<RepositoryTime>, Error> {
        unless_unknown(self.send_until_free(0, &GetSdrRepositoryTime).await)
    }

    /// Sets the clock of the SDR repository: seconds since 1970 began.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn set_sdr_time(&self, time: u32) -> Result<(), Error> {
        self.send_until_free(0, &SetSdrRepositoryTime { time }).await.map(drop)
    }

    /// Removes all records from the SDR repository.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn clear_sdr_repository(&self) -> Result<(), Error> {
        let before = self.sdr_repository_info().await?;
        erase(self, &Cleared { before }, PATIENCE).await?;
        // `ipmi_sim` calls it done, and keeps the records that its configuration has given it.
        if self.sdr_repository_info().await?.record_count == 0 {
            return Ok(());
        }
        let why = "the BMC says that it has cleared its repository, and still has records";
        Err(self.error(ClearSdrRepository::NAME, ErrorKind::Inconsistent(why)))
    }

    /// Replaces all records of the SDR repository by these, each from its header on. The BMC
    /// numbers them anew.
    ///
    /// The records from before are gone as soon as this begins: whoever may want them back keeps
    /// their [`dump`](super::SdrSet::dump).
    ///
    /// # Errors
    /// As [`Bmc::send`], if the repository cannot be cleared. That a record cannot be added is in
    /// [`Filled::failed`].
    pub async fn fill_sdr_repository(&self, records: &[Vec<u8>]) -> Result<Filled, Error> {
        let operations = self.sdr_repository_info().await?.operations;
        let modal = operations.modal_update && !operations.non_modal_update;
        if modal {
            self.send_until_free(0, &EnterSdrRepositoryUpdateMode).await?;
        }
        let outcome = match self.clear_sdr_repository().await {
            Ok(()) => Ok(self.add_sdrs(records).await),
            Err(error) => Err(error),
        };
        if modal && let Err(error) = self.send_until_free(0, &ExitSdrRepositoryUpdateMode).await {
            tracing::warn!(%error, "the BMC may still be in SDR update mode");
        }
        outcome
    }

    async fn add_sdrs(&self, records: &[Vec<u8>]) -> Filled {
        let mut filled = Filled { added: Vec::new(), failed: None };
        let mut way = Way::Whole;
        for record in records {
            match self.add_sdr(record, filled.added.len(), &mut way).await {
                Ok(id) => filled.added.push(id),
                Err(error) => {
                    filled.failed = Some(error);
                    break;
                }
            }
        }
        filled
    }

    /// Adds a record; `count` is how many there are. Its number, unless the answer was lost.
    async fn add_sdr(
        &self,
        record: &[u8],
        count: usize,
        way: &mut Way,
    ) -> Result<Option<u16>, Error> {
        let mut lost: u32 = 0;
        loop {
            let outcome = match *way {
                Way::Whole => self.send_until_free(0, &AddSdr { record: record.to_vec() }).await,
                Way::Pieces(size) => self.add_in_pieces(record, size).await,
            };
            let error = match outcome {
                Ok(RecordId(id)) => return Ok(Some(id)),
                Err(error) => error,
            };
            lost = lost.saturating_add(1);
            match error.completion() {
                Some(CompletionCode::RESERVATION_CANCELED) if lost < RESERVATIONS => {}
                Some(code) => match way.after(code) {
                    Some(next) => *way = next,
                    None => return Err(error),
                },
                // Whether it was added shows in how many there are; nobody else adds records just
                // after the repository was cleared.
                None => {
                    let now: usize = match self.sdr_repository_info().await {
                        Ok(info) => info.record_count.into(),
                        Err(why) => {
                            let seen = Observation::failed::<GetSdrRepositoryInfo>(&why);
                            return Err(error.having_seen(seen));
                        }
                    };
                    if now > count {
                        // Some BMCs count a record from its first piece on.
                        let whole = matches!(way, Way::Whole) || self.ends_with(record).await?;
                        return if whole { Ok(None) } else { Err(error) };
                    }
                    if lost >= RESERVATIONS {
                        let seen = format!("{now} records, as before the request");
                        let seen = Observation::of::<GetSdrRepositoryInfo>(seen);
                        return Err(error.having_seen(seen.proving(Verdict::NotDone)));
                    }
                }
            }
        }
    }

    /// Whether the last record is this one, whatever its number.
    async fn ends_with(&self, record: &[u8]) -> Result<bool, Error> {
        let last = self.last_sdr().await?;
        Ok(last.get(2..) == record.get(2..))
    }

    async fn add_in_pieces(&self, record: &[u8], size: usize) -> Result<RecordId, Error> {
        let reservation = match self.send_until_free(0, &ReserveSdrRepository).await {
            Err(error) if error.completion() == Some(CompletionCode::INVALID_COMMAND) => {
                ReservationId::NONE
            }
            outcome => outcome?,
        };
        let (mut record_id, mut offset) = (0, 0usize);
        let mut pieces = record.chunks(size).peekable();
        while let Some(piece) = pieces.next() {
            let command = PartialAddSdr {
                reservation,
                record_id,
                // A record has at most 260 bytes, so the last piece begins below 256.
                offset: u8::try_from(offset).unwrap_or(u8::MAX),
                last: pieces.peek().is_none(),
                data: piece.to_vec(),
            };
            RecordId(record_id) = self.send_until_free(0, &command).await?;
            offset = offset.saturating_add(piece.len());
        }
        Ok(RecordId(record_id))
    }
}

/// How records are handed over.
#[derive(Clone, Copy, Debug)]
enum Way {
    Whole,
    Pieces(usize),
}

impl Way {
    /// The next thing to try after this refusal: a BMC may not know Add SDR, or no message of that
    /// length.
    fn after(self, code: CompletionCode) -> Option<Self> {
        let unknown = code == CompletionCode::INVALID_COMMAND;
        let too_long = matches!(
            code,
            CompletionCode::CANNOT_RETURN_BYTES
                | CompletionCode::DATA_LENGTH_INVALID
                | CompletionCode::FIELD_LENGTH_EXCEEDED
                | CompletionCode::DATA_TRUNCATED
        );
        match self {
            Self::Whole if unknown || too_long => PIECES.first().copied().map(Self::Pieces),
            Self::Pieces(size) if too_long => {
                PIECES.into_iter().find(|smaller| *smaller < size).map(Self::Pieces)
            }
            _ => None,
        }
    }
}

struct Cleared {
    before: SdrRepositoryInfo,
}

impl Erasable for Cleared {
    type Reserve = ReserveSdrRepository;
    type Clear = ClearSdrRepository;

    const RESERVE: ReserveSdrRepository = ReserveSdrRepository;

    fn clear(reservation: ReservationId, action: EraseAction) -> ClearSdrRepository {
        ClearSdrRepository { reservation, action }
    }

    async fn look(&self, bmc: &Bmc) -> Result<Observation, Error> {
        let now = bmc.sdr_repository_info().await?;
        let before = (self.before.record_count, self.before.last_erase);
        let now = (now.record_count, now.last_erase);
        // Records have no times: those that are left may be old ones.
        Ok(erased::<GetSdrRepositoryInfo>("records", before, now, false))
    }
}

/// `None` if the BMC does not know the command.
pub(crate) fn unless_unknown<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.completion() == Some(CompletionCode::INVALID_COMMAND) => Ok(None),
        Err(error) => Err(error),
    }
}
