//! The SDR repository: records as they were written, whatever they say.
//!
//! It describes sensors and does not make them: what the controller measures is the personality's.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipmi_wire::sdr::{Record, RecordHeader};
use ipmi_wire::{CompletionCode, Decode, Encode, Reader};

use crate::dispatch::Outcome;
use crate::nvram::{Journal, KeptRepository, Key, Room, setting};
use crate::reservation::Reservation;

/// Sensor Data Records, in order. A copy shares them until either changes.
#[derive(Clone, Debug)]
pub(crate) struct SdrRepository {
    /// By order, which is the key in the store. Each begins with its record ID.
    records: Arc<BTreeMap<u32, Vec<u8>>>,
    /// Order by record ID.
    orders: Arc<BTreeMap<u16, u32>>,
    /// What is in the store is the whole of it; until then, nothing is.
    kept: bool,
    pub(crate) reservation: Reservation,
    /// When a record was last added, and when one was last taken out.
    pub(crate) last_addition: u32,
    pub(crate) last_erase: u32,
}

impl SdrRepository {
    /// What the repository has room for, in bytes: as much as its free-space field can say.
    const CAPACITY: usize = 0xfffe;
    /// Bytes of the longest record.
    pub(crate) const LONGEST_RECORD: usize = RecordHeader::LEN + u8::MAX as usize;
    /// Bytes that room is counted in; no record takes a part of one.
    pub(crate) const UNIT: u16 = 16;
    /// How many of those there are.
    pub(crate) const UNITS: u16 = 0xfffe / Self::UNIT;
    /// How many of those the longest record takes.
    pub(crate) const LARGEST_RECORD: u8 = 17;

    /// A repository of these records, numbered from 1, as it leaves the factory.
    pub(crate) fn new(records: &[Record], last_addition: u32) -> Self {
        let numbered = (1..).zip(records).map(|(id, record): (u16, _)| {
            let bytes = record.clone().with_record_id(id).to_bytes();
            (u32::from(id), bytes)
        });
        let mut repository = Self::empty(last_addition, u32::MAX);
        repository.records = Arc::new(numbered.collect());
        repository.index();
        repository
    }

    /// The repository as it was kept.
    pub(crate) fn restore(kept: KeptRepository) -> Self {
        let KeptRepository { last_addition, last_erase, records } = kept;
        let records = Arc::new(records);
        let mut repository = Self { records, kept: true, ..Self::empty(last_addition, last_erase) };
        repository.index();
        repository
    }

    fn empty(last_addition: u32, last_erase: u32) -> Self {
        Self {
            records: Arc::default(),
            orders: Arc::default(),
            kept: false,
            reservation: Reservation::new(),
            last_addition,
            last_erase,
        }
    }

    fn index(&mut self) {
        let orders = self.records.iter().map(|(order, bytes)| (id_of(bytes), *order));
        self.orders = Arc::new(orders.collect());
    }

    /// Adds a record at the end, under an ID of our choosing, which is returned.
    ///
    /// # Errors
    /// C7h if the record is not as long as its header says, C4h if there is no room.
    pub(crate) fn add(
        &mut self,
        mut record: Vec<u8>,
        now: u32,
        journal: &mut Journal,
    ) -> Outcome<u16> {
        let header = RecordHeader::decode(&mut Reader::new(&record))
            .map_err(|_| CompletionCode::DATA_LENGTH_INVALID)?;
        if header.record_len() != record.len() {
            return Err(CompletionCode::DATA_LENGTH_INVALID);
        }
        if self.used().saturating_add(record.len()) > Self::CAPACITY {
            return Err(CompletionCode::OUT_OF_SPACE);
        }
        let id = self.free_id().ok_or(CompletionCode::OUT_OF_SPACE)?;
        let numbered = RecordHeader { record_id: id, ..header }.to_bytes();
        record.splice(..RecordHeader::LEN.min(record.len()), numbered);
        let order = self.records.last_key_value().map_or(0, |(order, _)| order.saturating_add(1));
        self.change(journal);
        journal.put_bytes(key(order), &*record);
        Arc::make_mut(&mut self.records).insert(order, record);
        Arc::make_mut(&mut self.orders).insert(id, order);
        self.last_addition = now;
        self.put_header(journal);
        Ok(id)
    }

    /// Takes a record out; its ID.
    ///
    /// # Errors
    /// CBh if there is none.
    pub(crate) fn delete(&mut self, id: u16, now: u32, journal: &mut Journal) -> Outcome<u16> {
        let (order, bytes) = self.find(id)?;
        let id = id_of(bytes);
        self.change(journal);
        journal.remove(key(order));
        Arc::make_mut(&mut self.records).remove(&order);
        Arc::make_mut(&mut self.orders).remove(&id);
        self.last_erase = now;
        self.put_header(journal);
        Ok(id)
    }

    /// Takes all records out.
    pub(crate) fn clear(&mut self, now: u32, journal: &mut Journal) {
        (self.records, self.orders) = (Arc::default(), Arc::default());
        self.kept = true;
        self.reservation.cancel();
        self.last_erase = now;
        journal.clear(Room::Sdr);
        self.put_header(journal);
    }

    /// The records that are understood.
    pub(crate) fn understood(&self) -> impl Iterator<Item = Record> {
        self.records.values().filter_map(|bytes| Record::decode(bytes).ok())
    }

    /// The record with this ID, or the first or last for 0000h and FFFFh, and the ID after it.
    pub(crate) fn get(&self, id: u16) -> Outcome<(&[u8], u16)> {
        let (order, bytes) = self.find(id)?;
        let mut later = self.records.range(order..).skip(1);
        Ok((bytes, later.next().map_or(0xffff, |(_, bytes)| id_of(bytes))))
    }

    pub(crate) fn count(&self) -> u16 {
        u16::try_from(self.records.len()).unwrap_or(u16::MAX)
    }

    pub(crate) fn free_space(&self) -> u16 {
        u16::try_from(Self::CAPACITY.saturating_sub(self.used())).unwrap_or(u16::MAX)
    }

    fn used(&self) -> usize {
        self.records.values().map(Vec::len).sum()
    }

    fn find(&self, id: u16) -> Outcome<(u32, &[u8])> {
        let found = match id {
            0x0000 => self.records.first_key_value(),
            0xffff => self.records.last_key_value(),
            id => self.orders.get(&id).and_then(|order| self.records.get_key_value(order)),
        };
        found.map(|(order, bytes)| (*order, &**bytes)).ok_or(CompletionCode::NOT_PRESENT)
    }

    /// The next ID after the highest, or the lowest that is free.
    fn free_id(&self) -> Option<u16> {
        let highest = self.orders.last_key_value().map_or(0, |(id, _)| *id);
        let above = highest.checked_add(1).filter(|id| *id != 0xffff);
        above.or_else(|| (1..0xffff).find(|id| !self.orders.contains_key(id)))
    }

    /// What every change brings: readers have to begin anew, and the first one moves the whole
    /// repository into the store, for it is no longer the personality's.
    fn change(&mut self, journal: &mut Journal) {
        self.reservation.cancel();
        if !self.kept {
            self.kept = true;
            journal.clear(Room::Sdr);
            for (order, bytes) in &*self.records {
                journal.put_bytes(key(*order), &**bytes);
            }
        }
    }

    fn put_header(&self, journal: &mut Journal) {
        let mut header = self.last_addition.to_le_bytes().to_vec();
        header.extend(self.last_erase.to_le_bytes());
        journal.put_bytes(setting::SDR, header);
    }
}

const fn key(order: u32) -> Key {
    Key { room: Room::Sdr, number: order }
}

/// The ID that a record begins with.
fn id_of(record: &[u8]) -> u16 {
    record.first_chunk().map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nvram::{Change, Memory};

    /// An OEM record of documentation's enterprise number; by hand from §43.12.
    fn oem(last: u8) -> Vec<u8> {
        vec![0, 0, 0x51, 0xc0, 4, 0xd9, 0x7e, 0, last]
    }

    fn repository() -> SdrRepository {
        let records: Vec<_> = (1..=3).map(|n| Record::decode(&oem(n)).unwrap()).collect();
        SdrRepository::new(&records, 7)
    }

    fn last_bytes(repository: &SdrRepository) -> Vec<u8> {
        repository.records.values().filter_map(|bytes| bytes.last().copied()).collect()
    }

    #[test]
    fn a_record_that_lies_about_its_length_is_refused() {
        let (mut repository, mut journal) = (repository(), Journal::default());
        for record in [vec![0; 4], [&oem(1)[..], &[0]].concat(), oem(1)[..8].to_vec()] {
            let outcome = repository.add(record, 9, &mut journal);
            assert_eq!(outcome, Err(CompletionCode::DATA_LENGTH_INVALID));
        }
        assert_eq!((repository.count(), repository.last_addition), (3, 7));
        assert!(journal.take().is_empty());
    }

    #[test]
    fn ids_stay_with_their_records_and_changes_cancel_the_reservation() {
        let (mut repository, mut journal) = (repository(), Journal::default());
        let held = repository.reservation.take();
        assert_eq!(repository.delete(2, 8, &mut journal), Ok(2));
        assert!(!repository.reservation.holds(held));
        assert_eq!(repository.get(1).map(|(_, next)| next), Ok(3));
        assert_eq!(repository.get(2), Err(CompletionCode::NOT_PRESENT));
        assert_eq!(repository.add(oem(9), 9, &mut journal), Ok(4));
        assert_eq!(repository.get(4).map(|(bytes, next)| (bytes[0], next)), Ok((4, 0xffff)));
        assert_eq!((repository.last_addition, repository.last_erase), (9, 8));
        assert_eq!(last_bytes(&repository), [1, 3, 9]);
    }

    #[test]
    fn a_full_repository_says_so() {
        let mut repository = SdrRepository::empty(0, 0);
        let long = [&[0, 0, 0x51, 0xc0, 255][..], &[0; 255]].concat();
        let mut journal = Journal::default();
        let added = std::iter::repeat_with(|| repository.add(long.clone(), 1, &mut journal))
            .take_while(Result::is_ok)
            .count();
        assert_eq!((added, repository.free_space()), (252, 0xfffe - 252 * 260));
        let refused = repository.add(long, 1, &mut journal);
        assert_eq!(refused, Err(CompletionCode::OUT_OF_SPACE));
        repository.clear(5, &mut journal);
        assert_eq!((repository.count(), repository.last_erase), (0, 5));
        assert_eq!(repository.get(0), Err(CompletionCode::NOT_PRESENT));
    }

    #[test]
    fn the_store_has_all_of_it_or_nothing() {
        let (mut repository, mut journal) = (repository(), Journal::default());
        repository.delete(1, 8, &mut journal).unwrap();
        repository.add(oem(9), 9, &mut journal).unwrap();
        let mut store = BTreeMap::new();
        for change in journal.take() {
            match change {
                Change::Put(key, value) => drop(store.insert(key, value)),
                Change::Remove(key) => drop(store.remove(&key)),
                Change::Clear(room) => store.retain(|key, _| key.room != room),
            }
        }
        let values = store.iter().map(|(key, value)| (*key, &**value));
        let kept = Memory::decode(values).unwrap().sdrs.unwrap();
        let again = SdrRepository::restore(kept);
        assert_eq!(again.records, repository.records);
        assert_eq!((again.last_addition, again.last_erase), (9, 8));
    }
}
