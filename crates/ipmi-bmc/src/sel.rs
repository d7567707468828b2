//! The System Event Log.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipmi_wire::CompletionCode;
use ipmi_wire::sdr::SensorType;
use ipmi_wire::sel::SelRecord;

use crate::dispatch::Outcome;
use crate::feed::LogWatch;
use crate::nvram::{Journal, KeptLog, Key, LogHeader, Room, setting};
use crate::reservation::Reservation;
use crate::sensors::SensorEvent;

/// How much a log holds, and what happens then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPolicy {
    /// How many events there is room for: 1 to [`MAX`](Self::MAX).
    pub capacity: u16,
    /// What happens to an event that finds the log full.
    pub when_full: WhenFull,
}

/// What happens to an event that finds the log full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum WhenFull {
    /// It is lost, and the log says so: what came first is what explains a failure.
    #[default]
    Stop,
    /// The oldest event gives way.
    Wrap,
}

impl LogPolicy {
    /// The most events that a log can hold: record IDs but 0000h and FFFFh.
    pub const MAX: u16 = 0xfffe;
}

impl Default for LogPolicy {
    fn default() -> Self {
        Self { capacity: 1024, when_full: WhenFull::Stop }
    }
}

/// Events, oldest first. A copy shares them until either changes.
#[derive(Debug)]
pub struct Sel {
    policy: LogPolicy,
    /// By order, which is the key in the store.
    records: Arc<BTreeMap<u32, SelRecord>>,
    /// Order by record ID.
    orders: Arc<BTreeMap<u16, u32>>,
    header: LogHeader,
    pub(crate) reservation: Reservation,
    /// Somebody watches what happens to it.
    pub(crate) watch: LogWatch,
}

impl Sel {
    /// A log of these events, oldest first, as it leaves the factory. They keep their record IDs,
    /// and the next one counts on from the newest; an event without one (0000h, or FFFFh, which
    /// means "last"), or with one that an older event has, gets the next.
    #[must_use]
    pub(crate) fn new(policy: LogPolicy, events: Vec<SelRecord>, journal: &mut Journal) -> Self {
        let mut sel = Self::empty(policy);
        for event in events {
            let id = event.id();
            if id != 0x0000 && id != 0xffff && !sel.orders.contains_key(&id) {
                sel.header.next_id = id;
            }
            // Events of a kind without a time say nothing of when they came.
            let time = event.timestamp().map_or(sel.header.last_addition, |time| time.raw());
            sel.append(event, time, journal);
        }
        journal.put(setting::SEL, &sel.header);
        sel
    }

    /// The log as it was kept.
    pub(crate) fn restore(policy: LogPolicy, kept: KeptLog) -> Self {
        let KeptLog { header, records } = kept;
        let orders = records.iter().map(|(order, record)| (record.id(), *order));
        let orders = Arc::new(orders.collect());
        Self { header, records: Arc::new(records), orders, ..Self::empty(policy) }
    }

    /// The same log at another BMC, which nobody watches.
    pub(crate) fn sibling(&self) -> Self {
        Self {
            records: Arc::clone(&self.records),
            orders: Arc::clone(&self.orders),
            header: self.header,
            ..Self::empty(self.policy)
        }
    }

    fn empty(policy: LogPolicy) -> Self {
        Self {
            policy,
            records: Arc::default(),
            orders: Arc::default(),
            header: LogHeader::default(),
            reservation: Reservation::default(),
            watch: LogWatch::default(),
        }
    }

    /// Appends an event under the next ID.
    ///
    /// # Errors
    /// C4h if the log is full, which is remembered.
    pub(crate) fn add(
        &mut self,
        event: SelRecord,
        now: u32,
        journal: &mut Journal,
    ) -> Outcome<u16> {
        let full = self.records.len() >= self.policy.capacity.into();
        if full && self.policy.when_full == WhenFull::Stop {
            if !self.header.overflow {
                self.header.overflow = true;
                journal.put(setting::SEL, &self.header);
            }
            return Err(CompletionCode::OUT_OF_SPACE);
        }
        if full {
            // A capacity that was made smaller takes more than one.
            while self.records.len() >= self.policy.capacity.max(1).into() {
                let records = Arc::make_mut(&mut self.records);
                let Some((order, oldest)) = records.pop_first() else { break };
                Arc::make_mut(&mut self.orders).remove(&oldest.id());
                journal.remove(key(order));
            }
            self.header.overflow = true;
            // §31.4: what a reader holds may be gone.
            self.reservation.cancel();
        }
        let id = self.append(event, now, journal);
        journal.put(setting::SEL, &self.header);
        Ok(id)
    }

    fn append(&mut self, event: SelRecord, now: u32, journal: &mut Journal) -> u16 {
        // Fewer events than IDs, so this finds one.
        let mut id = self.header.next_id;
        while self.orders.contains_key(&id) {
            id = after(id);
        }
        let event = event.with_id(id);
        self.header.next_id = after(id);
        self.header.last_addition = now;
        let order = self.records.last_key_value().map_or(0, |(order, _)| order.saturating_add(1));
        Arc::make_mut(&mut self.records).insert(order, event);
        Arc::make_mut(&mut self.orders).insert(id, order);
        self.watch.added(&event);
        journal.put(key(order), &event);
        id
    }

    /// Takes an event out; its ID. The reservation stays: only its holder can delete, and knows
    /// what is gone. `ipmitool sel delete 1 2 3` takes one for all three, and `ipmi_sim` lets it.
    ///
    /// # Errors
    /// CBh if there is none.
    pub(crate) fn delete(&mut self, id: u16, now: u32, journal: &mut Journal) -> Outcome<u16> {
        let (order, record) = self.find(id)?;
        let id = record.id();
        Arc::make_mut(&mut self.records).remove(&order);
        Arc::make_mut(&mut self.orders).remove(&id);
        self.header.last_erase = now;
        self.watch.deleted(id);
        journal.remove(key(order));
        journal.put(setting::SEL, &self.header);
        Ok(id)
    }

    /// Takes all events out. IDs begin at 1 again.
    pub(crate) fn clear(&mut self, now: u32, journal: &mut Journal) {
        (self.records, self.orders) = (Arc::default(), Arc::default());
        self.header = LogHeader { last_erase: now, next_id: 1, overflow: false, ..self.header };
        self.reservation.cancel();
        self.watch.cleared();
        journal.clear(Room::Sel);
        journal.put(setting::SEL, &self.header);
    }

    /// All events, oldest first.
    pub fn records(&self) -> impl ExactSizeIterator<Item = &SelRecord> + DoubleEndedIterator {
        self.records.values()
    }

    /// Whether an event was lost because the log was full.
    #[must_use]
    pub const fn overflow(&self) -> bool {
        self.header.overflow
    }

    /// When an event was last added and when events were last taken out; FFFFFFFFh is never.
    pub(crate) const fn times(&self) -> [u32; 2] {
        [self.header.last_addition, self.header.last_erase]
    }

    /// The event with this ID, or the first or last for 0000h and FFFFh, and the ID after it.
    pub(crate) fn get(&self, id: u16) -> Outcome<(&SelRecord, u16)> {
        let (order, record) = self.find(id)?;
        let mut later = self.records.range(order..).skip(1);
        Ok((record, later.next().map_or(0xffff, |(_, record)| record.id())))
    }

    fn find(&self, id: u16) -> Outcome<(u32, &SelRecord)> {
        let found = match id {
            0x0000 => self.records.first_key_value(),
            0xffff => self.records.last_key_value(),
            id => self.orders.get(&id).and_then(|order| self.records.get_key_value(order)),
        };
        found.map(|(order, record)| (*order, record)).ok_or(CompletionCode::NOT_PRESENT)
    }

    pub(crate) fn count(&self) -> u16 {
        u16::try_from(self.records.len()).unwrap_or(u16::MAX)
    }

    /// How many more events there is room for.
    pub(crate) fn free(&self) -> u16 {
        self.policy.capacity.saturating_sub(self.count())
    }

    pub(crate) fn free_space(&self) -> u16 {
        self.free().saturating_mul(16)
    }

    /// How much it holds, and what happens then.
    pub(crate) const fn policy(&self) -> LogPolicy {
        self.policy
    }

    /// Where in the log an event is, if it is there: those that came later have higher places.
    pub(crate) fn place_of(&self, id: u16) -> Option<u32> {
        self.orders.get(&id).copied()
    }

    /// How many events there is room for.
    pub(crate) const fn capacity(&self) -> u16 {
        self.policy.capacity
    }

    /// What the log says of itself as a sensor of type Event Logging Disabled: bit 4 full, bit 5
    /// almost full. IPMI v2.0 §42.2, Table 42-3.
    pub(crate) fn states(&self) -> u16 {
        self.states_with(self.count())
    }

    /// Whether an event is about these states.
    pub(crate) fn is_about_fullness(event: &SensorEvent) -> bool {
        let [first, ..] = event.data;
        event.sensor_type == SensorType::EVENT_LOGGING_DISABLED && matches!(first & 0x0f, 4 | 5)
    }

    /// Whether an event about these states can go into the log: where there is room for it, and it
    /// does not make untrue what it says. (Else a log that is emptied one by one would fill itself
    /// again, and one that is full would have lost its own word about that, and nothing else.)
    pub(crate) fn can_tell_of_itself(&self) -> bool {
        self.free() > 0 && self.states_with(self.count().saturating_add(1)) == self.states()
    }

    fn states_with(&self, count: u16) -> u16 {
        const ALMOST_PERCENT: u32 = 75;
        let capacity = self.policy.capacity;
        let almost = u32::from(count).saturating_mul(100)
            >= u32::from(capacity).saturating_mul(ALMOST_PERCENT);
        (u16::from(count >= capacity) << 4) | (u16::from(almost) << 5)
    }
}

const fn key(order: u32) -> Key {
    Key { room: Room::Sel, number: order }
}

/// The record ID that follows. 0000h and FFFFh mean "first" and "last".
const fn after(id: u16) -> u16 {
    if id >= 0xfffe { 1 } else { id.saturating_add(1) }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::Decode;
    use proptest::prelude::*;

    use super::*;
    use crate::nvram::{Change, Memory};

    /// A lid that was opened at `time`, by hand from §32.1.
    fn event(id: u16, time: u8) -> SelRecord {
        let [low, high] = id.to_le_bytes();
        let bytes = [low, high, 2, time, 0, 0, 0, 0x20, 0, 4, 5, 0x40, 0x6f, 0, 0xff, 0xff];
        SelRecord::decode_exact(&bytes).unwrap()
    }

    fn sel(events: Vec<SelRecord>) -> Sel {
        Sel::new(LogPolicy::default(), events, &mut Journal::default())
    }

    fn ids(sel: &Sel) -> Vec<u16> {
        sel.records().map(SelRecord::id).collect()
    }

    #[test]
    fn factory_events_are_numbered_and_kept_ones_keep_their_number() {
        let factory = sel(vec![event(0, 5), event(0, 9)]);
        assert_eq!((ids(&factory), factory.times()), (vec![1, 2], [9, u32::MAX]));
        let mut kept = sel(vec![event(7, 5), event(9, 6)]);
        assert_eq!(kept.add(event(0, 7), 7, &mut Journal::default()), Ok(10));
        assert_eq!((ids(&kept), kept.times()[0]), (vec![7, 9, 10], 7));
        assert_eq!(sel(Vec::new()).times(), [u32::MAX; 2]);
    }

    #[test]
    fn no_number_is_given_twice() {
        // Round the end of the numbers, with repeats and numbers that are none.
        let sel = sel([2, 0xfffe, 0, 0, 2, 0xffff].map(|id| event(id, 1)).to_vec());
        assert_eq!(ids(&sel), [2, 0xfffe, 1, 3, 4, 5]);
    }

    #[test]
    fn a_full_log_loses_the_new_or_the_old_as_it_was_told() {
        for (when_full, left) in [(WhenFull::Stop, [1, 2]), (WhenFull::Wrap, [2, 3])] {
            let mut journal = Journal::default();
            let policy = LogPolicy { capacity: 2, when_full };
            let mut sel = Sel::new(policy, vec![event(0, 1), event(0, 2)], &mut journal);
            assert!(!sel.overflow() && sel.states() == 0x30);
            let added = sel.add(event(0, 3), 3, &mut journal);
            assert_eq!(added.is_ok(), when_full == WhenFull::Wrap);
            assert!(sel.overflow());
            assert_eq!((ids(&sel), sel.free_space()), (left.to_vec(), 0));
            sel.clear(9, &mut journal);
            assert!(!sel.overflow() && sel.times()[1] == 9 && sel.states() == 0);
        }
    }

    #[test]
    fn deleting_leaves_the_order_and_the_reservation() {
        let mut journal = Journal::default();
        let mut sel = sel(vec![event(0, 1), event(0, 2), event(0, 3)]);
        let reservation = sel.reservation.take();
        assert_eq!(sel.delete(2, 5, &mut journal), Ok(2));
        assert!(sel.reservation.holds(reservation));
        assert_eq!(sel.get(1).map(|(_, next)| next), Ok(3));
        assert_eq!(sel.delete(2, 5, &mut journal), Err(CompletionCode::NOT_PRESENT));
        // The specification's "first" and "last" work here, too.
        assert_eq!((sel.delete(0, 5, &mut journal), ids(&sel)), (Ok(1), vec![3]));
    }

    proptest! {
        #[test]
        fn what_the_journal_tells_is_the_log(
            steps in proptest::collection::vec((0u8..8, 0u16..12), 0..60),
            wrap: bool,
        ) {
            let mut journal = Journal::default();
            let when_full = if wrap { WhenFull::Wrap } else { WhenFull::Stop };
            let policy = LogPolicy { capacity: 8, when_full };
            let mut sel = Sel::new(policy, vec![event(0, 1)], &mut journal);
            for (what, id) in steps {
                match what {
                    0 => sel.clear(3, &mut journal),
                    1 | 2 => drop(sel.delete(id, 4, &mut journal)),
                    _ => drop(sel.add(event(0, 2), 2, &mut journal)),
                }
            }
            let mut store = BTreeMap::new();
            for change in journal.take() {
                match change {
                    Change::Put(key, value) => drop(store.insert(key, value)),
                    Change::Remove(key) => drop(store.remove(&key)),
                    Change::Clear(room) => store.retain(|key, _| key.room != room),
                }
            }
            let values = store.iter().map(|(key, value)| (*key, &**value));
            let kept = Memory::decode(values).unwrap().log.unwrap();
            let again = Sel::restore(policy, kept);
            prop_assert_eq!(ids(&again), ids(&sel));
            prop_assert_eq!(again.header, sel.header);
        }
    }
}
