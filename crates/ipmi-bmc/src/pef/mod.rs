//! Platform Event Filtering: what the controller does by itself about events.
//!
//! Every event that the controller takes in is held against the event filters, once; what those that
//! match ask for, as far as it is enabled, happens to the machine the way Chassis Control does it. Pure,
//! as all of the controller: [`Pef::poll`] says what is due, and whoever has the machine carries it
//! out.
//!
//! Events wait while software has armed the postpone timer and for the startup delay, and are held
//! against the filters then, unless software has said that it has seen to them (Set Last Processed
//! Event ID). **Nothing else lets an old event act**: what came while PEF was disabled is past, and so
//! is what waited when the controller stopped. Nobody is switched off for what was true once. Records
//! that software writes into the log (Add SEL Entry) are no events. IPMI v2.0 §17.

mod factory;
mod matching;
mod parameters;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ipmi_wire::cmd::chassis::SetInProgress;
use ipmi_wire::cmd::sensor::{ArmPefPostponeTimer, PefActions, PefParameter, PefPostponeTimer};
use ipmi_wire::sel::SelRecord;

use crate::dispatch::Outcome;
use crate::lan::{Holder, Staging};
use crate::nvram::{Journal, KeptPef, Key, Room};
pub(crate) use parameters::FILTERS;
use parameters::Parameters;

/// Platform Event Filtering.
#[derive(Debug)]
pub(crate) struct Pef {
    /// Shared with siblings until either changes.
    values: Arc<Parameters>,
    staging: Staging<(u8, u8, u8), PefParameter>,
    postponed: Postponed,
    /// The machine has started, and events wait until then.
    quiet_until: Option<Instant>,
    waiting: VecDeque<Waiting>,
    pub(crate) processed: Processed,
}

/// How far events have been seen to, by record ID; 0000h is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Processed {
    pub(crate) by_software: u16,
    pub(crate) by_bmc: u16,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Postponed {
    #[default]
    No,
    Until(Instant),
    Held,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// When it came.
    at: Instant,
    /// Its record, if it is in the log.
    record: Option<u16>,
    event: SelRecord,
}

/// What is to be done about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// Of what happens to the machine, one thing at most.
    pub(crate) actions: PefActions,
    /// Whether an event is to tell of it.
    pub(crate) told: bool,
}

/// The actions that there are.
pub(crate) const ACTIONS: PefActions = PefActions {
    alert: false,
    power_down: true,
    reset: true,
    power_cycle: true,
    oem: false,
    diagnostic_interrupt: true,
};

/// Between what an event leads to, and what is done about that.
const PAUSE: Duration = Duration::from_millis(100);
/// How many events wait at most; then the oldest is given up.
const WAITING: usize = 256;

impl Pef {
    /// As it was kept, or as delivered.
    pub(crate) fn new(kept: &KeptPef) -> Self {
        let mut values = Parameters::delivered();
        for parameter in &kept.parameters {
            // Of a later program with the same format: what it added does not concern this one.
            let _ = values.set(parameter);
        }
        let (by_software, by_bmc) = kept.processed.unwrap_or_default();
        Self {
            values: Arc::new(values),
            staging: Staging::default(),
            postponed: Postponed::No,
            quiet_until: None,
            waiting: VecDeque::new(),
            processed: Processed { by_software, by_bmc },
        }
    }

    /// The same at another BMC.
    pub(crate) fn sibling(&self) -> Self {
        Self {
            values: Arc::clone(&self.values),
            staging: Staging::default(),
            postponed: Postponed::No,
            quiet_until: None,
            waiting: VecDeque::new(),
            processed: Processed::default(),
        }
    }

    /// Lets go of what nobody completes.
    pub(crate) fn expire(&mut self, now: Instant, by: Holder, is_open: impl Fn(u32) -> bool) {
        self.staging.expire(now, is_open);
        self.staging.prolong(now, by);
    }

    /// What a reset of the controller does.
    pub(crate) fn reset(&mut self) {
        self.staging.reset();
        if self.values.has_volatile() {
            Arc::make_mut(&mut self.values).forget_volatile();
        }
        (self.postponed, self.quiet_until) = (Postponed::No, None);
        self.waiting.clear();
    }

    /// A parameter as `by` sees it.
    pub(crate) fn get(
        &self,
        by: Holder,
        selector: u8,
        set: u8,
        block: u8,
    ) -> Outcome<PefParameter> {
        match selector {
            0 => Ok(PefParameter::SetInProgress(self.staging.state())),
            _ => self.seen(by).get(selector, set, block),
        }
    }

    /// Sets a parameter.
    pub(crate) fn set(
        &mut self,
        now: Instant,
        by: Holder,
        parameter: &PefParameter,
        journal: &mut Journal,
    ) -> Outcome<()> {
        let written = match parameter {
            PefParameter::SetInProgress(SetInProgress::InProgress) => {
                self.staging.begin(now, by)?;
                Vec::new()
            }
            PefParameter::SetInProgress(SetInProgress::CommitWrite) => {
                self.staging.commit(now, by)?
            }
            PefParameter::SetInProgress(SetInProgress::Complete) => self.staging.complete(by)?,
            parameter => {
                // What is refused is refused when it is written, not when it is committed.
                let whole = self.seen(by).into_owned().set(parameter)?;
                let place = (whole.selector(), whole.set(), whole.block());
                self.staging.stage(now, by, place, whole).into_iter().collect()
            }
        };
        written.iter().for_each(|parameter| self.put(parameter, journal));
        Ok(())
    }

    /// Arm PEF Postpone Timer: what there is of it then.
    pub(crate) fn postpone(&mut self, now: Instant, request: ArmPefPostponeTimer) -> u8 {
        self.postponed = match request {
            ArmPefPostponeTimer::Get => self.postponed,
            ArmPefPostponeTimer::Disarm => Postponed::No,
            ArmPefPostponeTimer::Hold => Postponed::Held,
            ArmPefPostponeTimer::Arm(seconds) => {
                let end = now.checked_add(Duration::from_secs(seconds.into()));
                end.map_or(Postponed::Held, Postponed::Until)
            }
        };
        match self.postponed {
            Postponed::No => 0,
            Postponed::Held => PefPostponeTimer::HELD,
            Postponed::Until(end) => {
                let left = end.saturating_duration_since(now).as_millis().div_ceil(1000);
                u8::try_from(left).unwrap_or(u8::MAX).min(PefPostponeTimer::HELD.saturating_sub(1))
            }
        }
    }

    /// Says that somebody has got as far as the event `last`. What waits and came no later is past;
    /// `place` is where in the log a record is.
    ///
    /// A record that is gone from the log may have been seen to before it was deleted. Where it is not
    /// known any more what came when, everything is past: an action that is missing can be taken by
    /// hand, one too many cannot be taken back.
    pub(crate) fn set_processed(
        &mut self,
        processed: Processed,
        last: u16,
        place: impl Fn(u16) -> Option<u32>,
        journal: &mut Journal,
    ) {
        const NONE: u16 = 0;
        let until = place(last);
        let is_past = |waiting: &Waiting| match waiting.record {
            Some(record) if record == last => true,
            Some(record) => place(record).zip(until).is_some_and(|(at, until)| at <= until),
            None => false,
        };
        let is_gone = |waiting: &Waiting| waiting.record.is_some_and(|id| place(id).is_none());
        let past = match self.waiting.iter().rposition(is_past) {
            _ if last == NONE => 0,
            Some(found) => {
                let behind = self.waiting.iter().skip(found.saturating_add(1));
                let gone = behind.take_while(|waiting| is_gone(waiting)).count();
                found.saturating_add(1).saturating_add(gone)
            }
            None if until.is_none() => self.waiting.len(),
            None => 0,
        };
        self.waiting.drain(..past.min(self.waiting.len()));
        self.note_processed(processed, journal);
    }

    /// The log has been cleared: no record ID means anything any more. What waits has happened all the
    /// same.
    pub(crate) fn forget_records(&mut self, journal: &mut Journal) {
        self.waiting.iter_mut().for_each(|waiting| waiting.record = None);
        self.note_processed(Processed::default(), journal);
    }

    /// The machine has started, or else stopped: the postpone timer is disarmed either way (§30.2).
    pub(crate) fn note_turn(&mut self, now: Instant, is_on: bool) {
        self.postponed = Postponed::No;
        let control = self.values.control;
        let delay = Duration::from_secs(self.values.startup_delay.into());
        let delays = is_on && control.startup_delay;
        self.quiet_until = if delays { now.checked_add(delay) } else { None };
    }

    /// An event has come; `record` is its ID, if it could be logged.
    pub(crate) fn offer(&mut self, now: Instant, record: Option<u16>, event: SelRecord) {
        if !self.values.control.enabled {
            return;
        }
        if self.waiting.len() >= WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Waiting { at: now, record, event });
    }

    /// Leaves what waits, if anything does, for a little later.
    pub(crate) fn pause(&mut self, now: Instant) {
        if !self.waiting.is_empty() && self.time_to_look(now) == Some(now) {
            self.quiet_until = now.checked_add(PAUSE);
        }
    }

    /// How many events wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// What is to be done about the next event, if it is time; that may be nothing.
    pub(crate) fn poll(&mut self, now: Instant, journal: &mut Journal) -> Option<Due> {
        if self.time_to_look(now).is_none_or(|at| now < at) {
            return None;
        }
        if self.postponed != Postponed::Held {
            self.postponed = Postponed::No;
        }
        self.quiet_until = None;
        let Waiting { record, event, .. } = self.waiting.pop_front()?;
        self.note_processed(Processed { by_bmc: record.unwrap_or(0), ..self.processed }, journal);
        let wanted = matching::wanted(self.values.filters.iter().copied(), &event);
        let actions = matching::allowed(wanted, self.values.actions, ACTIONS);
        Some(Due { actions, told: self.values.control.event_messages })
    }

    /// When [`poll`](Self::poll) next has something to say.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let at = self.waiting.front()?.at;
        self.time_to_look(at)
    }

    /// The first instant from `at` on at which nothing has to wait, if that will be by itself.
    fn time_to_look(&self, at: Instant) -> Option<Instant> {
        let postponed = match self.postponed {
            Postponed::Held => return None,
            Postponed::No => at,
            Postponed::Until(end) => at.max(end),
        };
        Some(self.quiet_until.map_or(postponed, |end| postponed.max(end)))
    }

    /// What holds, with what `by` has written and not committed yet.
    fn seen(&self, by: Holder) -> Cow<'_, Parameters> {
        let mut seen = Cow::Borrowed(&*self.values);
        for parameter in self.staging.of(by) {
            // It was checked when it was written.
            let _ = seen.to_mut().set(parameter);
        }
        seen
    }

    /// Lets a parameter hold, and notes it.
    fn put(&mut self, parameter: &PefParameter, journal: &mut Journal) {
        // It was checked when it was written.
        let Ok(whole) = Arc::make_mut(&mut self.values).set(parameter) else { return };
        if !self.values.control.enabled {
            self.waiting.clear();
        }
        if !Parameters::is_volatile(&whole) {
            journal.put(key(&whole), &whole);
        }
    }

    fn note_processed(&mut self, processed: Processed, journal: &mut Journal) {
        if self.processed != processed || journal.is_in_doubt() {
            self.processed = processed;
            let (software, bmc) = (processed.by_software, processed.by_bmc);
            journal.put_bytes(PROCESSED, KeptPef::processed_bytes(software, bmc));
        }
    }
}

/// Where it is kept how far events have been seen to.
pub(crate) const PROCESSED: Key = Key { room: Room::Pef, number: 0xffff };

fn key(parameter: &PefParameter) -> Key {
    let place = [parameter.selector(), parameter.set(), parameter.block(), 0];
    Key { room: Room::Pef, number: u32::from_le_bytes(place) }
}
