//! The System Event Log.

use ipmi_wire::CompletionCode;
use ipmi_wire::sel::SelRecord;

use crate::dispatch::Outcome;
use crate::reservation::Reservation;

/// Events, oldest first.
#[derive(Debug)]
pub struct Sel {
    records: Vec<SelRecord>,
    next_id: u16,
    overflow: bool,
    pub(crate) reservation: Reservation,
    /// When an event was last added.
    pub(crate) last_addition: u32,
}

impl Sel {
    /// How many events there is room for.
    pub const CAPACITY: usize = 1024;

    /// A log of these events, numbered from 1.
    #[must_use]
    pub fn new(events: Vec<SelRecord>, now: u32) -> Self {
        let mut sel = Self {
            records: Vec::new(),
            next_id: 1,
            overflow: false,
            reservation: Reservation::default(),
            last_addition: now,
        };
        for event in events {
            sel.add(event, now);
        }
        sel
    }

    /// Appends an event under the next ID; `None` if the log is full, which is remembered.
    pub fn add(&mut self, event: SelRecord, now: u32) -> Option<u16> {
        if self.records.len() >= Self::CAPACITY {
            self.overflow = true;
            return None;
        }
        let id = self.next_id;
        // 0000h and FFFFh mean "first" and "last".
        self.next_id = if id >= 0xfffe { 1 } else { id.saturating_add(1) };
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

    pub(crate) fn count(&self) -> u16 {
        u16::try_from(self.records.len()).unwrap_or(u16::MAX)
    }

    pub(crate) fn free_space(&self) -> u16 {
        let free = Self::CAPACITY.saturating_sub(self.records.len());
        u16::try_from(free.saturating_mul(16)).unwrap_or(0xffff)
    }
}
