//! The System Event Log.

use ipmi_wire::CompletionCode;
use ipmi_wire::sel::{SelRecord, Timestamp};

use crate::dispatch::Outcome;
use crate::reservation::Reservation;

/// Events, oldest first.
#[derive(Debug)]
pub struct Sel {
    records: Vec<SelRecord>,
    next_id: u16,
    overflow: bool,
    pub(crate) reservation: Reservation,
    /// When an event was last added: the time of the newest, or 0 if there never was one.
    pub(crate) last_addition: u32,
}

impl Sel {
    /// How many events there is room for.
    pub const CAPACITY: usize = 1024;

    /// A log of these events, oldest first. They keep their record IDs, and the next one counts on
    /// from the newest; an event without one (0000h, or FFFFh, which means "last"), or with one that
    /// an older event has, gets the next.
    #[must_use]
    pub fn new(events: Vec<SelRecord>) -> Self {
        let mut sel = Self {
            records: Vec::new(),
            next_id: 1,
            overflow: false,
            reservation: Reservation::default(),
            last_addition: Timestamp::Unspecified.raw(),
        };
        for event in events {
            let id = event.id();
            if id != 0x0000 && id != 0xffff && !sel.has(id) {
                sel.next_id = id;
            }
            // Events of a kind without a time say nothing of when they came.
            let time = event.timestamp().map_or(sel.last_addition, |time| time.raw());
            sel.add(event, time);
        }
        sel
    }

    /// Appends an event under the next ID; `None` if the log is full, which is remembered.
    pub fn add(&mut self, event: SelRecord, now: u32) -> Option<u16> {
        if self.records.len() >= Self::CAPACITY {
            self.overflow = true;
            return None;
        }
        // Fewer events than IDs, so this finds one.
        let mut id = self.next_id;
        while self.has(id) {
            id = after(id);
        }
        self.next_id = after(id);
        self.records.push(event.with_id(id));
        self.last_addition = now;
        Some(id)
    }

    /// All events.
    #[must_use]
    pub fn records(&self) -> &[SelRecord] {
        &self.records
    }

    /// Whether an event was lost because the log was full.
    #[must_use]
    pub const fn overflow(&self) -> bool {
        self.overflow
    }

    /// The event with this ID, or the first or last for 0000h and FFFFh, and the ID after it.
    pub(crate) fn get(&self, id: u16) -> Outcome<(&SelRecord, u16)> {
        let at = match id {
            0x0000 => Some(0),
            0xffff => self.records.len().checked_sub(1),
            id => self.records.iter().position(|record| record.id() == id),
        };
        let at = at.ok_or(CompletionCode::NOT_PRESENT)?;
        let record = self.records.get(at).ok_or(CompletionCode::NOT_PRESENT)?;
        let next = self.records.get(at.saturating_add(1)).map_or(0xffff, SelRecord::id);
        Ok((record, next))
    }

    fn has(&self, id: u16) -> bool {
        self.records.iter().any(|record| record.id() == id)
    }

    pub(crate) fn count(&self) -> u16 {
        u16::try_from(self.records.len()).unwrap_or(u16::MAX)
    }

    pub(crate) fn free_space(&self) -> u16 {
        let free = Self::CAPACITY.saturating_sub(self.records.len());
        u16::try_from(free.saturating_mul(16)).unwrap_or(0xffff)
    }
}

/// The record ID that follows. 0000h and FFFFh mean "first" and "last".
const fn after(id: u16) -> u16 {
    if id >= 0xfffe { 1 } else { id.saturating_add(1) }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::Decode;

    use super::*;

    /// A lid that was opened at `time`, by hand from §32.1.
    fn event(id: u16, time: u8) -> SelRecord {
        let [low, high] = id.to_le_bytes();
        let bytes = [low, high, 2, time, 0, 0, 0, 0x20, 0, 4, 5, 0x40, 0x6f, 0, 0xff, 0xff];
        SelRecord::decode_exact(&bytes).unwrap()
    }

    fn ids(sel: &Sel) -> Vec<u16> {
        sel.records().iter().map(SelRecord::id).collect()
    }

    #[test]
    fn factory_events_are_numbered_and_kept_ones_keep_their_number() {
        let factory = Sel::new(vec![event(0, 5), event(0, 9)]);
        assert_eq!((ids(&factory), factory.last_addition), (vec![1, 2], 9));
        let mut kept = Sel::new(vec![event(7, 5), event(9, 6)]);
        assert_eq!((kept.add(event(0, 7), 7), kept.last_addition), (Some(10), 7));
        assert_eq!(ids(&kept), [7, 9, 10]);
        assert_eq!(Sel::new(Vec::new()).last_addition, u32::MAX);
    }

    #[test]
    fn no_number_is_given_twice() {
        // Round the end of the numbers, with a damaged file's repeats and numbers that are none.
        let sel = Sel::new([2, 0xfffe, 0, 0, 2, 0xffff].map(|id| event(id, 1)).to_vec());
        assert_eq!(ids(&sel), [2, 0xfffe, 1, 3, 4, 5]);
    }
}
