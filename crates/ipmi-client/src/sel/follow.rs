//! New events as they come.
//!
//! At each look the log is asked how it is (one exchange). If it changed, what comes after the last
//! record seen is read. That record is read too, as proof: should it be another one, or gone, the
//! log was changed by somebody else, and is read from its beginning to find where it was left.
//!
//! In the BMC's own machine the kernel tells of events as they come: then it is looked at once. What
//! was told is still found in the log, for not all that is logged is told.

use std::collections::VecDeque;
use std::time::Duration;

use ipmi_wire::cmd::storage::{GetSelEntry, SelInfo};
use ipmi_wire::sel::{SelRecord, Timestamp};
use ipmi_wire::{Command, CompletionCode, Encode};
use tokio::time::{Instant, sleep_until};

use super::{Log, number_in, record};
use crate::SessionError;
use crate::bmc::Bmc;
use crate::device::Events;
use crate::error::{Error, ErrorKind};
use crate::sdr::numbered;
use crate::walk::{FIRST, LAST, Reader, walk};

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With what comes from now on.
    Now,
    /// With the oldest record of the log.
    Oldest,
    /// After this record, which was seen before.
    After(SelRecord),
}

/// What there is to tell.
#[derive(Debug)]
pub enum Followed {
    /// A new record. None is ever told twice.
    Event(SelRecord),
    /// Something may have been missed here.
    Gap(Gap),
    /// The BMC does not answer, or not sensibly. It is asked again until it does.
    Interrupted(Error),
    /// It answers again.
    Resumed,
}

/// Why something may have been missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gap {
    /// The log was cleared: what was logged after the last look and before that is gone. What
    /// follows is all that was logged since.
    Cleared,
    /// Records were deleted: some of them may not have been seen.
    Deleted,
    /// So much was logged that what was seen last is overwritten, and perhaps what came after it.
    Overwritten,
    /// The log is full, and the BMC says that events were lost.
    Overflow,
}

/// New events of one BMC: see [`Bmc::follow_sel`].
#[derive(Debug)]
pub struct Follow {
    bmc: Bmc,
    interval: Duration,
    start: Start,
    seen: Option<Seen>,
    due: Instant,
    /// Looks in vain since the BMC answered last.
    failures: u32,
    told: VecDeque<Followed>,
    /// What the kernel tells, once it was asked to.
    events: Option<Events>,
    is_asked: bool,
}

/// How far the log was seen.
#[derive(Debug)]
struct Seen {
    /// The log as it was; `None` if it has to be looked at in any case.
    info: Option<SelInfo>,
    /// The newest records seen, newest last, each with the number it is found under.
    tail: VecDeque<(u16, Vec<u8>)>,
    /// Something was removed, or events were lost, and that was not told yet.
    erased: bool,
    overflown: bool,
    /// Until then, the log may have changed without showing it: its times are whole seconds.
    unsettled: Instant,
}

/// How many records are kept to find the place again after the newest was deleted.
const TAIL: usize = 64;
/// How many are read to begin with. Without more than one, the deletion of that one could not be
/// told from clearing.
const FIRST_TAIL: usize = 4;
/// Times in the log are whole seconds, and its clock is not ours.
const SETTLING: Duration = Duration::from_secs(3);
/// A BMC that does not answer is asked this seldom at last.
const PATIENCE: Duration = Duration::from_secs(60);

impl Bmc {
    /// Follows the log, looking every `interval`: one exchange a look, and one or two more for what
    /// is new.
    #[must_use]
    pub fn follow_sel(&self, start: Start, interval: Duration) -> Follow {
        Follow {
            bmc: self.clone(),
            interval,
            start,
            seen: None,
            due: Instant::now(),
            failures: 0,
            told: VecDeque::new(),
            events: None,
            is_asked: false,
        }
    }
}

impl Follow {
    /// Waits for the next thing to tell. Dropping the future loses nothing: the next call goes on.
    ///
    /// # Errors
    /// What waiting does not mend: no login, no privilege, a BMC without a log.
    pub async fn next(&mut self) -> Result<Followed, Error> {
        loop {
            if let Some(item) = self.told.pop_front() {
                return Ok(item);
            }
            self.wait().await;
            let outcome = self.look().await;
            let now = Instant::now();
            match outcome {
                Ok(()) => {
                    self.due = later(now, self.interval);
                    if self.failures > 0 {
                        self.failures = 0;
                        self.told.push_front(Followed::Resumed);
                    }
                }
                Err(error) if mends(&error) => {
                    self.failures = self.failures.saturating_add(1);
                    let pause = self.interval.saturating_mul(self.failures).min(PATIENCE);
                    self.due = later(now, pause.max(self.interval));
                    if self.failures == 1 {
                        self.told.push_back(Followed::Interrupted(error));
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Until it is time, or the kernel tells of an event.
    async fn wait(&mut self) {
        if !self.is_asked {
            self.is_asked = true;
            if let Some(device) = self.bmc.device().filter(|_| self.bmc.route().is_none()) {
                self.events = device.events().await.ok();
            }
        }
        if let Some(events) = &mut self.events {
            tokio::select! {
                () = sleep_until(self.due) => return,
                event = events.next() => match event {
                    Some(_) => return,
                    // Somebody else listens now, or the device is gone.
                    None => self.events = None,
                },
            }
        }
        sleep_until(self.due).await;
    }

    /// The newest record told or passed over so far: where [`Start::After`] goes on.
    #[must_use]
    pub fn position(&self) -> Option<SelRecord> {
        let (id, bytes) = self.seen.as_ref()?.tail.back()?;
        record(*id, bytes)
    }

    async fn look(&mut self) -> Result<(), Error> {
        let info = self.bmc.sel_info().await?;
        let now = Instant::now();
        if let Some(seen) = &mut self.seen {
            let changed = seen.info != Some(info);
            if changed {
                seen.unsettled = later(now, SETTLING);
            } else if now >= seen.unsettled && shows_additions(&info) {
                return Ok(());
            }
        } else {
            let tail = self.first_tail().await?;
            let unsettled = later(now, SETTLING);
            let (erased, overflown) = (false, false);
            self.seen = Some(Seen { info: None, tail, erased, overflown, unsettled });
        }
        self.catch_up(info).await
    }

    async fn first_tail(&self) -> Result<VecDeque<(u16, Vec<u8>)>, Error> {
        let found = |record: SelRecord| (record.id(), record.to_bytes());
        Ok(match self.start {
            Start::Oldest => VecDeque::new(),
            Start::After(record) => VecDeque::from([found(record)]),
            Start::Now => {
                let log = self.bmc.sel_recent(FIRST_TAIL).await?;
                log.records.into_iter().map(found).collect()
            }
        })
    }

    /// Reads what is new. Each record is taken note of and told in one go, so that wherever this
    /// ends, the next look goes on after it.
    async fn catch_up(&mut self, info: SelInfo) -> Result<(), Error> {
        let bmc = self.bmc.clone();
        let log = Log(&bmc);
        let mut reader = Reader::new(&log);
        let Some(seen) = &mut self.seen else { return Ok(()) };
        if let Some(before) = seen.info {
            seen.erased |= before.last_erase != info.last_erase;
            seen.overflown |= !before.operations.overflow && info.operations.overflow;
        }
        // Whatever stops this half-way, the log has to be looked at again.
        seen.info = None;
        let place = match seen.tail.back() {
            // Nothing was seen of it yet: all is new.
            None => Place::Beginning,
            Some((id, last)) => match reader.record(*id).await {
                Ok((next, bytes)) if numbered(*id, bytes.clone()) == *last => Place::Before(next),
                Err(error) if error.completion().is_none() => return Err(error),
                _ => Place::Lost,
            },
        };
        if std::mem::take(&mut seen.overflown) {
            self.told.push_back(Followed::Gap(Gap::Overflow));
        }
        let first = match place {
            Place::Lost => {
                self.find_again(&bmc, info).await?;
                LAST
            }
            Place::Beginning | Place::Before(_) if seen.erased => {
                seen.erased = false;
                let gap = if seen.tail.is_empty() { Gap::Cleared } else { Gap::Deleted };
                self.told.push_back(Followed::Gap(gap));
                place.first()
            }
            Place::Beginning | Place::Before(_) => place.first(),
        };
        let mut id = first;
        while id != LAST {
            let (next, bytes) = match reader.record(id).await {
                Ok(read) => read,
                // An empty log, or one that changes just now: the next look will tell.
                Err(error) if error.completion().is_some_and(super::is_missing) => break,
                Err(error) => return Err(error),
            };
            if !self.tell(id, bytes) {
                break;
            }
            id = if next == FIRST { LAST } else { next };
        }
        if let Some(seen) = &mut self.seen {
            seen.info = Some(info);
        }
        Ok(())
    }

    /// Reads the whole log for what was seen of it before.
    async fn find_again(&mut self, bmc: &Bmc, info: SelInfo) -> Result<(), Error> {
        let mut walked = walk(&Log(bmc), Some(info.entries.into())).await?;
        let Some(seen) = &mut self.seen else { return Ok(()) };
        for (id, bytes) in &mut walked.records {
            *bytes = numbered(*id, std::mem::take(bytes));
        }
        let known = |bytes: &Vec<u8>| seen.tail.iter().any(|(_, old)| old == bytes);
        let place = walked.records.iter().rposition(|(_, bytes)| known(bytes));
        let old = || old_ones(&walked.records, seen.tail.back().map(|(_, last)| last), info);
        let (gap, new) = match place {
            Some(place) => (Gap::Deleted, place.saturating_add(1)),
            // What was seen may be in the part that is not given: nothing old is to be told.
            None if !walked.ending.is_complete() => {
                let why = "the log cannot be read to its end";
                return Err(bmc.error(GetSelEntry::NAME, ErrorKind::Inconsistent(why)));
            }
            None if seen.erased => match old() {
                0 => (Gap::Cleared, 0),
                old => (Gap::Deleted, old),
            },
            None => (Gap::Overwritten, 0),
        };
        if let Some(place) = place {
            // What came after it is gone, and must not be looked for again.
            let last = walked.records.get(place).map(|(_, bytes)| bytes);
            let keep = seen.tail.iter().rposition(|(_, old)| Some(old) == last);
            seen.tail.truncate(keep.map_or(0, |keep| keep.saturating_add(1)));
        } else {
            seen.tail.clear();
        }
        seen.erased = false;
        self.told.push_back(Followed::Gap(gap));
        for (id, bytes) in walked.records.into_iter().skip(new) {
            self.tell(id, bytes);
        }
        Ok(())
    }

    /// Takes note of a record and tells of it; `false` if it was told just before, which a chain
    /// that runs in a circle comes to.
    fn tell(&mut self, id: u16, bytes: Vec<u8>) -> bool {
        let Some(seen) = &mut self.seen else { return false };
        let bytes = numbered(id, bytes);
        let id = if id == FIRST { number_in(&bytes) } else { id };
        if seen.tail.iter().any(|(known, old)| *known == id && *old == bytes) {
            return false;
        }
        self.told.extend(record(id, &bytes).map(Followed::Event));
        seen.tail.push_back((id, bytes));
        if seen.tail.len() > TAIL {
            seen.tail.pop_front();
        }
        true
    }
}

/// How many records of a log from which something was erased are older than `last`, the newest one
/// seen, which is gone with all that was known. None, unless the log's first record is older than
/// the erasure: then it was cleared.
fn old_ones(log: &[(u16, Vec<u8>)], last: Option<&Vec<u8>>, info: SelInfo) -> usize {
    let age = |bytes: &Vec<u8>| match record(FIRST, bytes)?.timestamp()? {
        Timestamp::Unix(seconds) => Some((seconds, number_in(bytes))),
        _ => None,
    };
    let first = log.iter().find_map(|(_, bytes)| age(bytes));
    let (Some((first, _)), Some(last)) = (first, last.and_then(age)) else { return 0 };
    if !matches!(Timestamp::new(info.last_erase), Timestamp::Unix(erased) if first < erased) {
        return 0;
    }
    let old = log.iter().rposition(|(_, bytes)| age(bytes).is_some_and(|age| age <= last));
    old.map_or(0, |old| old.saturating_add(1))
}

/// Where the log goes on.
#[derive(Clone, Copy)]
enum Place {
    Beginning,
    /// With the record of this number.
    Before(u16),
    /// Nobody knows.
    Lost,
}

impl Place {
    /// The number to read first; the one that says "none" if there is nothing.
    const fn first(self) -> u16 {
        match self {
            Self::Beginning => FIRST,
            Self::Before(FIRST) | Self::Lost => LAST,
            Self::Before(next) => next,
        }
    }
}

/// Whether an addition shows in what the log says of itself. The count does not move when the
/// oldest record makes room for the newest, and a time only if there is a clock.
const fn shows_additions(info: &SelInfo) -> bool {
    let clock = !matches!(
        Timestamp::new(info.last_addition),
        Timestamp::Unspecified | Timestamp::SinceInit(0)
    );
    clock || info.entries == 0
}

/// Whether it is worth asking again: the BMC restarts, the network fails.
fn mends(error: &Error) -> bool {
    match &*error.kind {
        // While it restarts, its port is closed.
        ErrorKind::Session(why) => {
            why.is_transient() || matches!(why, SessionError::Unreachable { .. })
        }
        ErrorKind::EndpointGone => false,
        ErrorKind::Refused { completion, .. } => matches!(
            *completion,
            CompletionCode::NODE_BUSY
                | CompletionCode::TIMEOUT
                | CompletionCode::BMC_INITIALIZING
                | CompletionCode::FIRMWARE_UPDATE_MODE
                | CompletionCode::SDR_UPDATE_MODE
                | CompletionCode::RESERVATION_CANCELED
                | CompletionCode::UNSPECIFIED
                | super::BEING_ERASED
        ),
        ErrorKind::Call(_)
        | ErrorKind::AnswerLost(_)
        | ErrorKind::Malformed { .. }
        | ErrorKind::Inconsistent(_)
        | ErrorKind::NotPossible(_)
        | ErrorKind::Io(_) => true,
    }
}

/// `by` after `now`; in a year, should that be more than time can say.
fn later(now: Instant, by: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    now.checked_add(by).or_else(|| now.checked_add(YEAR)).unwrap_or(now)
}
