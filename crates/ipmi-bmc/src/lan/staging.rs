//! "Set in progress": one console's changes as one.
//!
//! It belongs to the session that has set it (or to the host), and ends with that session, with a
//! reset, or when nothing was asked for a minute: a console that dies half-way holds up nobody,
//! and what it has written is taken back. Another console that wants to set it meanwhile is told
//! 81h, and so is one that would commit or complete what is not its own. What another console writes
//! without it holds at once, as it does when nobody is at it: the specification locks nobody out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::chassis::SetInProgress;

use crate::context::Origin;
use crate::dispatch::Outcome;

/// Who sets parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A session, by its ID.
    Session(u32),
    /// Software on the host, which has none.
    Host,
}

impl Holder {
    pub(crate) const fn of(origin: &Origin) -> Self {
        match origin {
            Origin::Session { session_id, .. } => Self::Session(*session_id),
            Origin::Sessionless { .. } | Origin::SystemInterface => Self::Host,
        }
    }
}

/// What was written and does not hold yet, by its place.
#[derive(Debug)]
pub(crate) struct Staging<K, V>(Option<Held<K, V>>);

#[derive(Debug)]
struct Held<K, V> {
    by: Holder,
    until: Instant,
    writes: BTreeMap<K, V>,
}

impl<K, V> Default for Staging<K, V> {
    fn default() -> Self {
        Self(None)
    }
}

/// How long "set in progress" lives without a write.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// §23.1: setting is under way already.
pub(crate) const IN_PROGRESS: CompletionCode = CompletionCode(0x81);

impl<K: Ord, V> Staging<K, V> {
    /// What parameter 0 says.
    pub(crate) const fn state(&self) -> SetInProgress {
        match self.0 {
            Some(_) => SetInProgress::InProgress,
            None => SetInProgress::Complete,
        }
    }

    /// Forgets what nobody completes.
    pub(crate) fn expire(&mut self, now: Instant, is_open: impl Fn(u32) -> bool) {
        self.0.take_if(|held| {
            let is_gone = match held.by {
                Holder::Session(id) => !is_open(id),
                Holder::Host => false,
            };
            is_gone || now >= held.until
        });
    }

    pub(crate) fn reset(&mut self) {
        self.0 = None;
    }

    /// "Set in progress". Whose it is may say so again: who has heard no answer cannot know that the
    /// first time was enough.
    pub(crate) fn begin(&mut self, now: Instant, by: Holder) -> Outcome<()> {
        match self.own(by)? {
            Some(held) => held.until = later(now),
            None => self.0 = Some(Held { by, until: later(now), writes: BTreeMap::new() }),
        }
        Ok(())
    }

    /// Whose it is has asked for something, and lives.
    pub(crate) fn prolong(&mut self, now: Instant, by: Holder) {
        if let Ok(Some(held)) = self.own(by) {
            held.until = later(now);
        }
    }

    /// "Commit write": what is to hold now. Setting goes on.
    pub(crate) fn commit(&mut self, now: Instant, by: Holder) -> Outcome<Vec<V>> {
        let Some(held) = self.own(by)? else { return Ok(Vec::new()) };
        held.until = later(now);
        Ok(core::mem::take(&mut held.writes).into_values().collect())
    }

    /// "Set complete": what is to hold now.
    pub(crate) fn complete(&mut self, by: Holder) -> Outcome<Vec<V>> {
        self.own(by)?;
        let held = self.0.take();
        Ok(held.map(|held| held.writes.into_values().collect()).unwrap_or_default())
    }

    /// Keeps a write back, if it belongs to what is under way; else it is to hold at once.
    pub(crate) fn stage(&mut self, now: Instant, by: Holder, place: K, value: V) -> Option<V> {
        match &mut self.0 {
            Some(held) if held.by == by => {
                held.until = later(now);
                held.writes.insert(place, value);
                None
            }
            _ => Some(value),
        }
    }

    /// What `by` has written.
    pub(crate) fn of(&self, by: Holder) -> impl Iterator<Item = &V> {
        self.0.iter().filter(move |held| held.by == by).flat_map(|held| held.writes.values())
    }

    fn own(&mut self, by: Holder) -> Outcome<Option<&mut Held<K, V>>> {
        match &mut self.0 {
            Some(held) if held.by != by => Err(IN_PROGRESS),
            held => Ok(held.as_mut()),
        }
    }
}

fn later(now: Instant) -> Instant {
    now.checked_add(PATIENCE).unwrap_or(now)
}
