//! The SDR repository.

use ipmi_wire::CompletionCode;
use ipmi_wire::sdr::Record;

use crate::dispatch::Outcome;
use crate::reservation::Reservation;

/// Sensor Data Records, in order, numbered from 1.
#[derive(Debug)]
pub(crate) struct SdrRepository {
    records: Vec<Record>,
    pub(crate) reservation: Reservation,
    /// When records were last added.
    pub(crate) last_addition: u32,
}

impl SdrRepository {
    /// What the repository has room for, in bytes: as much as its free-space field can say.
    const CAPACITY: usize = 0xfffe;

    /// A repository of these records, the last of which was added at `last_addition`.
    pub(crate) fn new(records: Vec<Record>, last_addition: u32) -> Self {
        let records = (1..).zip(records).map(|(id, record)| record.with_record_id(id)).collect();
        Self { records, reservation: Reservation::default(), last_addition }
    }

    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// The record with this ID, or the first or last for 0000h and FFFFh, and the ID after it.
    pub(crate) fn get(&self, id: u16) -> Outcome<(&Record, u16)> {
        let at = match id {
            0x0000 => 0,
            0xffff => self.records.len().saturating_sub(1),
            id => usize::from(id).saturating_sub(1),
        };
        let record = self.records.get(at).ok_or(CompletionCode::NOT_PRESENT)?;
        let next = self.records.get(at.saturating_add(1)).map_or(0xffff, Record::record_id);
        Ok((record, next))
    }

    pub(crate) fn count(&self) -> u16 {
        u16::try_from(self.records.len()).unwrap_or(u16::MAX)
    }

    pub(crate) fn free_space(&self) -> u16 {
        let used: usize = self.records.iter().map(|record| record.to_bytes().len()).sum();
        u16::try_from(Self::CAPACITY.saturating_sub(used)).unwrap_or(u16::MAX)
    }
}
