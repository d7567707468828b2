//! The books: what consoles asked for, what the BMC did, what the consoles were told. And the laws
//! that bind the three.
//!
//! * No effect without a request: every change of state is one datagram's doing, which a console
//!   that knows the password sent, from where it sent it.
//! * Nothing happens twice that must not, and no packet acts twice.
//! * What a console is told was done is done, and stays done; what it is told was not sent was not.
//! * Every request ends once, by its deadline, with its own answer or a failure that is true.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use ipmi_bmc::platform::PowerSignal;
use ipmi_session::console::Failure;
use ipmi_wire::Response;
use ipmi_wire::sel::SelRecord;

use super::rng::fingerprint;
use super::trace::{Note, Trace};
use super::work::{EVENTS, Work, serial_of};
use super::{Report, Violation};

/// What one datagram did to the BMC.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) signals: Vec<PowerSignal>,
    pub(super) events: Vec<SelRecord>,
    pub(super) inventory: bool,
    pub(super) opened: bool,
    pub(super) closed: bool,
    /// What no console ever asks for.
    pub(super) others: bool,
}

impl Effects {
    fn acts(&self) -> bool {
        !self.signals.is_empty() || !self.events.is_empty() || self.inventory
    }
}

/// How a request ended, as its console knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was answered.
    Answer(Response),
    /// It came to nothing in its session.
    Failed(Failure),
    /// There was no session: it was not sent.
    NoSession,
    /// The console's process ended.
    Died,
}

#[derive(Debug)]
struct Entry {
    console: u16,
    work: Work,
    started: Duration,
    deadline: Duration,
    /// Its console sends it again, whatever it is.
    resends: bool,
    /// The sessions that it was sent in.
    sessions: BTreeSet<u32>,
    carried_out: u32,
    /// When last.
    at: Duration,
    told: Option<Told>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Done(Option<u16>),
    /// Nothing was sent, or it was refused.
    NotDone,
    Unknown,
    Nothing,
}

/// A datagram that a console sent.
#[derive(Debug)]
struct Genuine {
    from: SocketAddr,
    task: Option<usize>,
    acted: bool,
}

/// The books.
pub(super) struct Ledger {
    entries: Vec<Entry>,
    genuine: HashMap<u64, Genuine>,
    /// Ends of genuine datagrams: in RAKP 3 that is the proof.
    proofs: HashSet<u64>,
    /// How often each datagram of a handshake was sent.
    copies: HashMap<u64, u32>,
    pub(super) most_copies: u32,
    pub(super) datagrams: u64,
    trace: Trace,
}

/// How long the BMC knows what it has done.
const REMEMBERED: Duration = Duration::from_secs(5);
/// The RMCP header: nothing covers it, and nobody looks at its sequence number.
const UNCOVERED: usize = 4;

/// The session that a datagram is for.
fn session(bytes: &[u8]) -> Option<u32> {
    const RMCP_PLUS: u8 = 6;
    let at = if *bytes.get(UNCOVERED)? == RMCP_PLUS { 6 } else { 9 };
    let id = u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
    (id != 0).then_some(id)
}

/// The end of a datagram's payload, in which RAKP 3 has its code. What follows the payload of an
/// RMCP+ packet outside a session belongs to nothing.
fn proof(bytes: &[u8]) -> Option<u64> {
    const HEADER: usize = 16;
    const SHORTEST: usize = 16;
    let length = u16::from_le_bytes(bytes.get(HEADER - 2..HEADER)?.try_into().ok()?);
    let payload = bytes.get(HEADER..)?.get(..length.into())?;
    payload.last_chunk::<SHORTEST>().map(|end| fingerprint(end))
}

impl Ledger {
    pub(super) fn new(trace: Trace) -> Self {
        Self {
            entries: Vec::new(),
            genuine: HashMap::new(),
            proofs: HashSet::new(),
            copies: HashMap::new(),
            most_copies: 0,
            datagrams: 0,
            trace,
        }
    }

    /// A console begins with `work`, which is to end `within` this time.
    pub(super) fn begin(
        &mut self,
        now: Duration,
        console: u16,
        work: Work,
        within: Duration,
        resends: bool,
    ) -> usize {
        let task = self.entries.len();
        self.trace.note(now, Note::Begins { task, console, what: format!("{work:?}") });
        self.entries.push(Entry {
            console,
            work,
            started: now,
            deadline: now + within,
            resends,
            sessions: BTreeSet::new(),
            carried_out: 0,
            at: now,
            told: None,
        });
        task
    }

    /// Whether requests of this number are under way.
    pub(super) fn work(&self, task: usize) -> Work {
        self.entries[task].work
    }

    /// A console sends a datagram, for this task if for any.
    pub(super) fn sent(&mut self, from: SocketAddr, task: Option<usize>, bytes: &[u8]) {
        self.datagrams += 1;
        let covered = bytes.get(UNCOVERED..).unwrap_or_default();
        let print = fingerprint(covered);
        let copies = self.copies.entry(print).or_default();
        *copies += 1;
        self.most_copies = self.most_copies.max(*copies);
        self.proofs.extend(proof(bytes));
        if let Some(task) = task {
            self.entries[task].sessions.extend(session(bytes));
        }
        self.genuine.entry(print).or_insert(Genuine { from, task, acted: false });
    }

    /// A datagram had these effects.
    pub(super) fn observe(
        &mut self,
        now: Duration,
        from: SocketAddr,
        bytes: &[u8],
        effects: &Effects,
    ) -> Result<(), Violation> {
        if effects.others {
            return Err(Violation::new(format!("what nobody asks for: {effects:?}")));
        }
        if !effects.acts() && !effects.opened && !effects.closed {
            return Ok(());
        }
        let print = fingerprint(bytes.get(UNCOVERED..).unwrap_or_default());
        let Some(genuine) = self.genuine.get_mut(&print) else {
            // RAKP 3 is not covered as a whole; what opens a session is the proof in it.
            let is_proof = proof(bytes).is_some_and(|proof| self.proofs.contains(&proof));
            if effects.acts() || effects.closed || !is_proof {
                return Err(Violation::new(format!("an effect of a forged datagram: {effects:?}")));
            }
            return Ok(());
        };
        if genuine.from != from {
            return Err(Violation::new(format!(
                "{effects:?} by a datagram from elsewhere, {from}"
            )));
        }
        if !effects.acts() {
            return Ok(());
        }
        if std::mem::replace(&mut genuine.acted, true) {
            return Err(Violation::new(format!("the same packet acted twice: {effects:?}")));
        }
        let Some(task) = genuine.task else {
            return Err(Violation::new(format!("{effects:?} for no request")));
        };
        self.carried_out(now, task, effects)
    }

    fn carried_out(
        &mut self,
        now: Duration,
        task: usize,
        effects: &Effects,
    ) -> Result<(), Violation> {
        self.trace.note(now, Note::Done { task });
        let entry = &mut self.entries[task];
        let mut serials = effects.events.iter().map(serial_of);
        let event = serials.next();
        let fits = serials.next().is_none()
            && match entry.work {
                Work::Write { .. } => {
                    effects.inventory && event.is_none() && effects.signals.is_empty()
                }
                Work::AddEvent { serial } => {
                    event == Some(Some(serial)) && !effects.inventory && effects.signals.is_empty()
                }
                Work::Reset => effects.signals == [PowerSignal::Reset] && event.is_none(),
                Work::Interrupt => {
                    effects.signals == [PowerSignal::DiagnosticInterrupt] && event.is_none()
                }
                _ => false,
            };
        if !fits {
            return Err(Violation::new(format!("{:?} had {effects:?}", entry.work)));
        }
        entry.carried_out += 1;
        // A console that resends has the BMC's memory of answers, and no longer.
        let may = entry.resends && now - entry.at > REMEMBERED;
        if entry.work.is_once() && entry.carried_out > 1 && !may {
            let work = entry.work;
            return Err(Violation::new(format!("task {task}, {work:?}, was carried out twice")));
        }
        entry.at = now;
        if entry.told == Some(Told::NotDone) {
            return Err(Violation::new(format!(
                "task {task} was carried out after its console was told that it was not sent"
            )));
        }
        Ok(())
    }

    /// A task ends.
    pub(super) fn end(&mut self, now: Duration, task: usize, end: &End) -> Result<(), Violation> {
        let how = match end {
            End::Answer(response) => response.completion.to_string(),
            End::Failed(failure) => failure.to_string(),
            End::NoSession => "no session".into(),
            End::Died => "died".into(),
        };
        self.trace.note(now, Note::Ends { task, how });
        let entry = &mut self.entries[task];
        let wrong =
            |what: String| Err(Violation::new(format!("task {task}, {:?}: {what}", entry.work)));
        if entry.told.is_some() {
            return wrong("it ended twice".into());
        }
        if now > entry.deadline && *end != End::Died {
            return wrong(format!("it took {:?}", now - entry.started));
        }
        let once = entry.work.is_once();
        let told = match end {
            End::Answer(response) => match entry.work.judge(response) {
                Ok(id) => Told::Done(id),
                Err(what) => return wrong(what),
            },
            End::NoSession
            | End::Failed(Failure::NotSent | Failure::TooLong | Failure::PrivilegeRefused { .. }) => {
                Told::NotDone
            }
            End::Failed(Failure::Uncertain) if !once => {
                return wrong("it may be repeated, and ended as uncertain".into());
            }
            End::Failed(Failure::Uncertain) => Told::Unknown,
            End::Failed(failure) if once && entry.carried_out > 0 => {
                return wrong(format!("it was carried out, and its console told: {failure}"));
            }
            End::Failed(_) => Told::Unknown,
            End::Died => Told::Nothing,
        };
        match told {
            Told::Done(_) if entry.carried_out == 0 && entry.work.acts() => {
                return wrong("its console was told that it was done, and it was not".into());
            }
            Told::NotDone if entry.carried_out > 0 => {
                return wrong("its console was told that it was not sent, and it was done".into());
            }
            _ => {}
        }
        entry.told = Some(told);
        Ok(())
    }

    /// Holds what is left in the end to what consoles were told.
    pub(super) fn settle(
        &self,
        log: &[SelRecord],
        kept: &[SelRecord],
        slot: impl Fn(u16) -> Option<[u8; 4]>,
    ) -> Result<(), Violation> {
        if let Some(task) = self.entries.iter().position(|entry| entry.told.is_none()) {
            return Err(Violation::new(format!("task {task} never ended")));
        }
        let by_id = |log: &[SelRecord]| {
            let mut log = log.to_vec();
            log.sort_by_key(SelRecord::id);
            log
        };
        if by_id(log) != by_id(kept) {
            return Err(Violation::new("the log and what is kept of it are not the same"));
        }
        self.settle_log(log)?;
        self.settle_inventory(slot)
    }

    fn settle_log(&self, log: &[SelRecord]) -> Result<(), Violation> {
        let mut logged = BTreeMap::new();
        for record in log.iter().skip(EVENTS.into()) {
            let Some(serial) = serial_of(record) else {
                return Err(Violation::new(format!("a strange event: {record:?}")));
            };
            let resent = |entry: &Entry| entry.resends && entry.work == Work::AddEvent { serial };
            if logged.insert(serial, record.id()).is_some() && !self.entries.iter().any(resent) {
                return Err(Violation::new(format!("event {serial} is there twice")));
            }
        }
        for (task, entry) in self.entries.iter().enumerate() {
            let (Work::AddEvent { serial }, Some(told)) = (entry.work, entry.told) else {
                continue;
            };
            let there = logged.get(&serial).copied();
            let right = match told {
                Told::Done(id) => there == id || entry.carried_out > 1,
                Told::NotDone => there.is_none(),
                Told::Unknown | Told::Nothing => true,
            };
            if !right {
                return Err(Violation::new(format!(
                    "task {task}, event {serial}: told {told:?}, and in the log it is {there:?}"
                )));
            }
        }
        Ok(())
    }

    /// In each place is what was written last, as far as anybody can know: a copy of what was given
    /// up may still be under way in a session that the BMC has not forgotten yet, whatever was
    /// written in another one since.
    fn settle_inventory(&self, slot: impl Fn(u16) -> Option<[u8; 4]>) -> Result<(), Violation> {
        let mut possible: BTreeMap<u16, (Option<u32>, Vec<u32>)> = BTreeMap::new();
        for entry in &self.entries {
            let Work::Write { slot, serial } = entry.work else { continue };
            let (last, late) = possible.entry(slot).or_default();
            match entry.told {
                Some(Told::NotDone) => continue,
                Some(Told::Done(_)) => *last = Some(serial),
                _ => late.push(serial),
            }
            if entry.sessions.len() > 1 {
                late.push(serial);
            }
        }
        for (at, (last, late)) in possible {
            let there = slot(at).map(u32::from_le_bytes).filter(|value| *value != u32::MAX);
            if there != last && !there.is_some_and(|there| late.contains(&there)) {
                return Err(Violation::new(format!(
                    "place {at} has {there:?}, last written was {last:?}, and unanswered {late:?}"
                )));
            }
        }
        Ok(())
    }

    /// The sums.
    pub(super) fn report(&self) -> Report {
        let count = |is: fn(&Entry) -> bool| self.entries.iter().filter(|e| is(e)).count() as u64;
        Report {
            commands: self.entries.len() as u64,
            once: count(|entry| entry.work.is_once()),
            answered: count(|entry| matches!(entry.told, Some(Told::Done(_)))),
            not_sent: count(|entry| entry.told == Some(Told::NotDone)),
            unknown: count(|entry| entry.told == Some(Told::Unknown)),
            consoles: self.entries.iter().map(|entry| entry.console + 1).max().unwrap_or(0),
            datagrams: self.datagrams,
            ..Report::default()
        }
    }
}
