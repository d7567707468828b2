//! What is to be kept and is not yet, in no more room than what it is about.
//!
//! A store that cannot be written for a week must not cost a week's memory. Of changes of one value
//! only the last counts, and of a value that came and went while the store was away, nothing.

use std::collections::{BTreeMap, BTreeSet};

use ipmi_bmc::nvram::{Change, Key, Room};

/// Changes, with the earlier ones that they make void left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backlog {
    /// Rooms to clear before anything else.
    cleared: BTreeSet<Room>,
    /// What is under these keys afterwards.
    values: BTreeMap<Key, Option<Vec<u8>>>,
    /// Keys that may be in the store: what never was there need not be removed.
    known: BTreeSet<Key>,
}

/// A part of a backlog on its way to the store.
#[derive(Debug)]
pub(crate) struct Batch {
    cleared: BTreeSet<Room>,
    values: BTreeMap<Key, Option<Vec<u8>>>,
}

impl Backlog {
    /// Of a store with values under these keys.
    pub(crate) fn new(known: impl IntoIterator<Item = Key>) -> Self {
        Self { known: known.into_iter().collect(), ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cleared.is_empty() && self.values.is_empty()
    }

    /// Adds a change.
    pub(crate) fn add(&mut self, change: Change) {
        match change {
            Change::Put(key, value) => drop(self.values.insert(key, Some(value))),
            Change::Remove(key) => self.remove(key),
            Change::Clear(room) => {
                self.values.retain(|key, _| key.room != room);
                if self.known.iter().any(|key| key.room == room) {
                    self.cleared.insert(room);
                }
            }
        }
    }

    /// Takes all of it. It has to come back with [`kept`](Self::kept) or
    /// [`put_back`](Self::put_back) before the next is taken.
    pub(crate) fn take(&mut self) -> Batch {
        let values = std::mem::take(&mut self.values);
        // From here on it may be in the store, whatever comes of it.
        self.known.extend(values.iter().filter(|(_, value)| value.is_some()).map(|(key, _)| *key));
        Batch { cleared: std::mem::take(&mut self.cleared), values }
    }

    /// It is in the store.
    pub(crate) fn kept(&mut self, batch: Batch) {
        let Batch { cleared, values } = batch;
        let stays = |key: &Key| matches!(values.get(key), Some(Some(_)));
        self.known
            .retain(|key| stays(key) || !cleared.contains(&key.room) && !values.contains_key(key));
    }

    /// It is not in the store, or nobody knows: it comes before all that was added meanwhile.
    pub(crate) fn put_back(&mut self, batch: Batch) {
        let Batch { cleared, values } = batch;
        for (key, value) in values {
            if !self.cleared.contains(&key.room) {
                self.values.entry(key).or_insert(value);
            }
        }
        self.cleared.extend(cleared);
    }

    fn remove(&mut self, key: Key) {
        if self.known.contains(&key) && !self.cleared.contains(&key.room) {
            self.values.insert(key, None);
        } else {
            self.values.remove(&key);
        }
    }
}

impl Batch {
    /// The same as changes, in an order that holds.
    pub(crate) fn changes(&self) -> Vec<Change> {
        let cleared = self.cleared.iter().map(|room| Change::Clear(*room));
        let values = self.values.iter().map(|(key, value)| match value {
            Some(value) => Change::Put(*key, value.clone()),
            None => Change::Remove(*key),
        });
        cleared.chain(values).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::faults::{Load, apply};
    use crate::store::vault::Values;

    const fn event(number: u32) -> Key {
        Key { room: Room::Sel, number }
    }

    #[test]
    fn what_came_and_went_while_the_store_was_away_takes_no_room() {
        let mut backlog = Backlog::new([event(0)]);
        for number in 1..1000 {
            backlog.add(Change::Put(event(number), vec![1]));
            backlog.add(Change::Remove(event(number)));
        }
        assert!(backlog.is_empty());
        // A failed attempt may have left some of it behind, which has to be removed.
        backlog.add(Change::Put(event(1), vec![1]));
        let batch = backlog.take();
        backlog.put_back(batch);
        backlog.add(Change::Remove(event(1)));
        assert_eq!(backlog.take().changes(), [Change::Remove(event(1))]);
    }

    #[test]
    fn a_batch_makes_what_the_changes_would_have_made() {
        for seed in 0..50 {
            let mut load = Load::new(seed);
            let (mut direct, mut stored) = (Values::new(), Values::new());
            let mut backlog = Backlog::default();
            for _ in 0..100 {
                let changes = load.batch(&direct);
                apply(&mut direct, &changes);
                changes.into_iter().for_each(|change| backlog.add(change));
                if load.dice.below(3) != 0 {
                    continue;
                }
                let batch = backlog.take();
                // While it is on its way more comes.
                let more = load.batch(&direct);
                match load.dice.below(3) {
                    0 => {
                        apply(&mut stored, &batch.changes());
                        assert_eq!(stored, direct);
                        backlog.kept(batch);
                    }
                    // It failed, and yet is there.
                    1 => {
                        apply(&mut stored, &batch.changes());
                        more.iter().for_each(|change| backlog.add(change.clone()));
                        apply(&mut direct, &more);
                        backlog.put_back(batch);
                    }
                    _ => {
                        more.iter().for_each(|change| backlog.add(change.clone()));
                        apply(&mut direct, &more);
                        backlog.put_back(batch);
                    }
                }
            }
            apply(&mut stored, &backlog.take().changes());
            assert_eq!(stored, direct, "seed {seed}");
        }
    }
}
