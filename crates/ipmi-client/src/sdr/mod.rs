//! Sensor data records: read once, kept while they are the BMC's, and asked for names.
//!
//! Reading a repository costs an exchange a record or more, and is wanted by nearly everything else.
//! So a set of records is kept, in memory and in a [`Cache`](crate::Cache) if there is one, together
//! with what the BMC said of itself at that time ([`Stamp`]). At each use the BMC is asked again:
//! one command (Get SDR Repository Info), and Get Device ID once a session. Whatever differs makes
//! the set worthless.
//!
//! Some BMCs say nothing that could differ: their clock was never set, so that the times of the last
//! changes mean nothing; or they share their GUID with others, so that another machine may answer
//! at the address. There, the last record is read and compared too, and the set lives for an hour.
//! The same goes for a list whose last record a trouble that may pass has cost.

mod repository;
mod source;
mod stamp;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ipmi_wire::cmd::storage::GetSdr;
use ipmi_wire::sdr::{Record, RecordHeader};
use ipmi_wire::{Command, CompletionCode, Decode, DecodeError, Reader};

use tokio::time::Instant;

use crate::bmc::Bmc;
use crate::cache::{Cache, Entry, Key};
use crate::error::{Error, ErrorKind};
use crate::sensors::KnownFactors;
use crate::walk::{Ending, LAST};

pub(crate) use repository::unless_unknown;
pub use repository::{Filled, parse_dump};
pub use source::SdrSource;
pub(crate) use stamp::{Population, Stamp};

/// The records of a BMC.
#[derive(Clone, Debug, PartialEq)]
pub struct SdrSet {
    source: SdrSource,
    ending: Ending,
    raw: Vec<RawRecord>,
    records: Vec<Record>,
}

/// A record as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawRecord {
    /// The LUN that it was asked for at.
    pub(crate) lun: u8,
    /// From the header on, with the ID that it is found under.
    pub(crate) bytes: Vec<u8>,
}

/// A set of records with what the BMC said of itself when it was read.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) stamp: Stamp,
    pub(crate) read: SystemTime,
    pub(crate) set: Arc<SdrSet>,
}

/// How long a set is kept if what the BMC says proves that nothing changed, and if not. Firmware
/// that changes its records without a word is on record (`research/freeipmi.md` §9.1, 5).
const PROVEN: Duration = Duration::from_secs(24 * 3600);
const UNPROVEN: Duration = Duration::from_secs(3600);
/// How often a list that changes while it is read is read anew.
const ATTEMPTS: u32 = 3;

impl SdrSet {
    pub(crate) fn new(source: SdrSource, ending: Ending, raw: Vec<RawRecord>) -> Self {
        let records = raw.iter().filter_map(|record| decode(&record.bytes)).collect();
        Self { source, ending, raw, records }
    }

    /// The records, in the BMC's order. One that is not what its type says is kept as
    /// [`Record::Other`].
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Where they are from.
    #[must_use]
    pub const fn source(&self) -> SdrSource {
        self.source
    }

    /// Whether these are all, and if not, why.
    #[must_use]
    pub const fn ending(&self) -> &Ending {
        &self.ending
    }

    /// The records one after the other as they came, the form that `ipmitool sdr dump` writes and
    /// [`parse_dump`] reads.
    #[must_use]
    pub fn dump(&self) -> Vec<u8> {
        self.raw.iter().flat_map(|record| record.bytes.iter().copied()).collect()
    }

    /// Whether something cut it short that may have passed by now.
    fn is_doubtful(&self) -> bool {
        matches!(self.ending, Ending::Unreadable { completion, .. } if completion.is_none_or(passes))
    }

    pub(crate) fn raw(&self) -> &[RawRecord] {
        &self.raw
    }
}

impl Bmc {
    /// The BMC's records: those of before, if they are still the same.
    ///
    /// A BMC without an SDR repository, or with an empty one, is asked for the records of its own
    /// device (Get Device SDR, IPMI v2.0 §35.3).
    ///
    /// # Errors
    /// As [`Bmc::send`], if the first record cannot be read or the session is lost. A later record
    /// that the BMC does not give ends the list; [`SdrSet::ending`] says so.
    pub async fn sdrs(&self) -> Result<Arc<SdrSet>, Error> {
        let (key, stamp) = self.sdr_key_and_stamp().await?;
        let known = self.sdrs_in_memory(&key);
        if let Some(known) = &known
            && self.is_still_good(known, &stamp, &key).await?
        {
            return Ok(Arc::clone(&known.set));
        }
        let _turn = self.reading_turn().await;
        // Whoever had the turn before may have done the work.
        let since = self.sdrs_in_memory(&key);
        if let Some(since) = since
            && known.is_none_or(|known| !Arc::ptr_eq(&known.set, &since.set))
            && self.is_still_good(&since, &stamp, &key).await?
        {
            return Ok(since.set);
        }
        let (known, factors) = match self.cache() {
            Some(cache) => self.cached_sdrs(cache, &key, stamp).await?,
            None => (self.read_sdrs(&key, stamp).await?, KnownFactors::default()),
        };
        let set = Arc::clone(&known.set);
        let mut memory = self.memory();
        (memory.factors, memory.unsaved) = (factors, false);
        memory.sdrs = is_worth_keeping(&known).then_some((key, known));
        Ok(set)
    }

    /// Which BMC answers, and what it says of its records, both in one session.
    async fn sdr_key_and_stamp(&self) -> Result<(Key, Stamp), Error> {
        let mut key = self.sdr_key().await?;
        for _ in 0..ATTEMPTS {
            let stamp = self.sdr_stamp().await?;
            let after = self.sdr_key().await?;
            if after == key {
                return Ok((key, stamp));
            }
            key = after;
        }
        Err(self.another_bmc())
    }

    /// Costs nothing as long as there is a session.
    async fn sdr_key(&self) -> Result<Key, Error> {
        let guid = self.identity().await?;
        Ok(Key::new(guid, self.location()).with_route(self.route()))
    }

    fn sdrs_in_memory(&self, key: &Key) -> Option<Known> {
        let memory = self.memory();
        memory.sdrs.as_ref().filter(|(whose, _)| whose == key).map(|(_, known)| known.clone())
    }

    fn another_bmc(&self) -> Error {
        let why = "another BMC answered at this address while its records were read";
        self.error(GetSdr::NAME, ErrorKind::Inconsistent(why))
    }

    /// The BMC's records, in its order: those of [`sdrs`](Self::sdrs).
    ///
    /// # Errors
    /// As [`sdrs`](Self::sdrs).
    pub async fn sdr_records(&self) -> Result<Vec<Record>, Error> {
        self.sdrs().await.map(|set| set.records.clone())
    }

    /// The BMC's records, read now, whatever is known of them.
    ///
    /// # Errors
    /// As [`sdrs`](Self::sdrs).
    pub async fn sdrs_afresh(&self) -> Result<Arc<SdrSet>, Error> {
        let (key, stamp) = self.sdr_key_and_stamp().await?;
        let _turn = self.reading_turn().await;
        self.read_sdrs(&key, stamp).await.map(|known| known.set)
    }

    /// Factors of non-linear sensors that were learned since the records were read go where those
    /// are.
    pub(crate) async fn save_learned(&self) -> Result<(), Error> {
        let Some(cache) = self.cache() else { return Ok(()) };
        let entry = {
            let mut memory = self.memory();
            if !std::mem::take(&mut memory.unsaved) {
                return Ok(());
            }
            let (sizes, factors) = (memory.sizes, memory.factors.clone());
            memory.sdrs.clone().map(|(key, known)| (key, Entry { known, sizes, factors }))
        };
        if let Some((key, entry)) = entry {
            cache.store(&key, entry).await;
        }
        Ok(())
    }

    async fn cached_sdrs(
        &self,
        cache: &Cache,
        key: &Key,
        stamp: Stamp,
    ) -> Result<(Known, KnownFactors), Error> {
        let found = cache.load(key).await;
        if let Some(entry) = &found {
            // Firmware that changed may give records in other sizes.
            if entry.known.stamp.device == stamp.device {
                self.memory().sizes = entry.sizes;
            }
            if self.is_still_good(&entry.known, &stamp, key).await? {
                return Ok((entry.known.clone(), entry.factors.clone()));
            }
        }
        let lock = cache.lock(key).await;
        // Whoever held the lock may have done the work.
        if let Some(entry) = cache.load(key).await
            && found.is_none_or(|found| found.known.read != entry.known.read)
            && self.is_still_good(&entry.known, &stamp, key).await?
        {
            return Ok((entry.known, entry.factors));
        }
        let known = self.read_sdrs(key, stamp).await?;
        if is_worth_keeping(&known) {
            let sizes = self.memory().sizes;
            let factors = KnownFactors::default();
            cache.store(key, Entry { known: known.clone(), sizes, factors }).await;
        }
        drop(lock);
        Ok((known, KnownFactors::default()))
    }

    /// Whether a set that was read before is what the BMC has now.
    async fn is_still_good(&self, known: &Known, stamp: &Stamp, key: &Key) -> Result<bool, Error> {
        if known.stamp != *stamp {
            return Ok(false);
        }
        let proven = stamp.proves() && key.is_an_identity() && !known.set.is_doubtful();
        let age = SystemTime::now().duration_since(known.read);
        // A time to come is another clock's: nobody knows how old that is.
        if age.map_or(true, |age| age > if proven { PROVEN } else { UNPROVEN }) {
            return Ok(false);
        }
        if proven { Ok(true) } else { self.has_last_record(&known.set).await }
    }

    /// Whether the BMC's list ends as this set does. One exchange, as long as the BMC plays along:
    /// where it gives records in pieces, the first piece has to do.
    async fn has_last_record(&self, set: &SdrSet) -> Result<bool, Error> {
        let Some(last) = set.raw.last() else { return Ok(false) };
        // The first record is asked for by its place, and its own number may be wrong.
        let id = if set.raw.len() == 1 { 0 } else { id_of(&last.bytes).unwrap_or(LAST) };
        match self.read_sdr_start(set.source, last.lun, id).await {
            Ok((next, start)) => {
                let ends = next == LAST || next == 0 || !set.ending.is_complete();
                let start = numbered(id, start);
                let header = start.len() >= RecordHeader::LEN;
                Ok(ends && header && last.bytes.starts_with(&start))
            }
            Err(error) if error.completion().is_some() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads the records, again if they changed meanwhile. A session that is lost on the way may
    /// have ended at one BMC and begun at another.
    async fn read_sdrs(&self, key: &Key, mut stamp: Stamp) -> Result<Known, Error> {
        let mut attempts: u32 = 0;
        loop {
            let (read, begun) = (SystemTime::now(), Instant::now());
            let mut set = self.read_sdrs_from(stamp.population).await?;
            let after = self.sdr_stamp().await?;
            if self.sdr_key().await? != *key {
                return Err(self.another_bmc());
            }
            attempts = attempts.saturating_add(1);
            let same = after == stamp
                || (after.is_later(&stamp, begun.elapsed()) && self.has_last_record(&set).await?);
            if !same && attempts < ATTEMPTS {
                tracing::debug!(attempts, "the sensor data records changed while they were read");
                stamp = after;
                continue;
            }
            if !same {
                set.ending = Ending::Changing;
            }
            self.memory().records_read = Some(Instant::now());
            return Ok(Known { stamp: after, read, set: Arc::new(set) });
        }
    }
}

/// Whether the set can serve again. One whose end the BMC does not give is all that there is to be
/// had; one that something else cut short is not, or a trouble that may pass.
fn is_worth_keeping(Known { stamp, set, .. }: &Known) -> bool {
    let announced: usize = match stamp.population {
        Population::Repository(info) => info.record_count.into(),
        Population::Device(info) => info.count.into(),
    };
    let all = match &set.ending {
        Ending::Complete => true,
        // C3h instead of the last record is some BMCs' habit (`research/freeipmi.md` §3.1).
        Ending::Unreadable { completion: Some(_), .. } => {
            !set.is_doubtful() || set.raw.len().saturating_add(1) >= announced
        }
        Ending::Unreadable { completion: None, .. } => false,
        Ending::Loop { .. } => true,
        Ending::Changing => false,
    };
    // An empty set costs nothing to read, and may be that of a BMC that has only just started.
    all && !set.raw.is_empty()
}

/// Whether the code tells of the moment rather than of a record.
const fn passes(code: CompletionCode) -> bool {
    matches!(
        code,
        CompletionCode::NODE_BUSY
            | CompletionCode::TIMEOUT
            | CompletionCode::RESERVATION_CANCELED
            | CompletionCode::RESPONSE_UNAVAILABLE
            | CompletionCode::SDR_UPDATE_MODE
            | CompletionCode::FIRMWARE_UPDATE_MODE
            | CompletionCode::BMC_INITIALIZING
            | CompletionCode::NOT_SUPPORTED_IN_STATE
            | CompletionCode::UNSPECIFIED
    )
}

fn id_of(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().map(|id| u16::from_le_bytes(*id))
}

/// The record with the number that it is found under: the one inside is not always right. The
/// first one is found under none of its own.
pub(crate) fn numbered(id: u16, mut bytes: Vec<u8>) -> Vec<u8> {
    if id != 0
        && let Some(inside) = bytes.first_chunk_mut()
    {
        *inside = id.to_le_bytes();
    }
    bytes
}

/// One damaged record must not cost all the others, so only one without a header is left out.
fn decode(bytes: &[u8]) -> Option<Record> {
    let record = Record::decode(bytes).or_else(|error| {
        tracing::warn!(%error, ?bytes, "a record that cannot be understood");
        let mut rest = Reader::new(bytes);
        let header = RecordHeader::decode(&mut rest)?;
        let body = rest.take_rest();
        let body = body.get(..header.length.into()).unwrap_or(body).to_vec();
        Ok::<_, DecodeError>(Record::Other { header, body })
    });
    record.ok()
}

#[cfg(test)]
mod tests;
