//! FRU inventory devices: small memories that consoles read and write as bytes.
//!
//! Source: IPMI v2.0 §34.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipmi_wire::CompletionCode;

use crate::dispatch::Outcome;
use crate::nvram::{Journal, Key, Memory, Room};

/// An inventory device as it leaves the factory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FruDevice {
    /// FRU device ID; 0 is the one that holds the controller.
    pub id: u8,
    /// How many bytes it has.
    pub size: u16,
    /// What is in it at first; the rest is as erased, FFh.
    pub contents: Vec<u8>,
    /// Refuses to be written.
    pub write_protected: bool,
}

/// The devices, by ID. A copy shares what is in them until either changes.
#[derive(Clone, Debug)]
pub(crate) struct Inventory(Arc<BTreeMap<u8, Device>>);

#[derive(Clone, Debug)]
struct Device {
    bytes: Arc<Vec<u8>>,
    write_protected: bool,
    /// What is in the store is the whole of it; until then, nothing is. Areas and their checksums
    /// go over the edges of pages: half of it from the store, half from another release's factory
    /// would be neither.
    kept: bool,
}

/// What is kept at a time: a write of one field costs one page, but for the first.
const PAGE: usize = 256;

impl Inventory {
    pub(crate) fn new(devices: Vec<FruDevice>, memory: &Memory) -> Self {
        let mut inventory = BTreeMap::new();
        for FruDevice { id, size, mut contents, write_protected } in devices {
            contents.resize(size.into(), 0xff);
            let pages = contents.len().div_ceil(PAGE);
            let kept = memory.fru_pages.keys().filter(|(device, _)| *device == id).count();
            let kept = kept > 0 && kept >= pages;
            inventory.insert(id, Device { bytes: Arc::new(contents), write_protected, kept });
        }
        for ((id, page), kept) in &memory.fru_pages {
            let Some(device) = inventory.get_mut(id) else { continue };
            let pages = Arc::make_mut(&mut device.bytes).chunks_mut(PAGE);
            // A device that has become smaller keeps what it has room for.
            if let Some(page) = pages.into_iter().nth((*page).into()) {
                page.iter_mut().zip(kept).for_each(|(byte, kept)| *byte = *kept);
            }
        }
        Self(Arc::new(inventory))
    }

    /// How many bytes device `id` has.
    pub(crate) fn size(&self, id: u8) -> Outcome<u16> {
        let device = self.0.get(&id).ok_or(CompletionCode::NOT_PRESENT)?;
        Ok(u16::try_from(device.bytes.len()).unwrap_or(u16::MAX))
    }

    /// Up to `count` bytes of device `id`: fewer at its end.
    pub(crate) fn read(&self, id: u8, offset: u16, count: u8) -> Outcome<&[u8]> {
        let device = self.0.get(&id).ok_or(CompletionCode::NOT_PRESENT)?;
        let rest = device.bytes.get(offset.into()..).unwrap_or_default();
        if rest.is_empty() && count > 0 {
            return Err(CompletionCode::PARAMETER_OUT_OF_RANGE);
        }
        Ok(rest.get(..count.into()).unwrap_or(rest))
    }

    /// Writes `data` into device `id`, all of it or nothing; how many bytes that was.
    pub(crate) fn write(
        &mut self,
        id: u8,
        offset: u16,
        data: &[u8],
        journal: &mut Journal,
    ) -> Outcome<u8> {
        /// §34.3: write-protected offset.
        const WRITE_PROTECTED: CompletionCode = CompletionCode(0x80);
        let device = Arc::make_mut(&mut self.0).get_mut(&id).ok_or(CompletionCode::NOT_PRESENT)?;
        if device.write_protected {
            return Err(WRITE_PROTECTED);
        }
        let count = u8::try_from(data.len()).map_err(|_| CompletionCode::FIELD_LENGTH_EXCEEDED)?;
        let start = usize::from(offset);
        let end = start.saturating_add(data.len());
        let place = Arc::make_mut(&mut device.bytes).get_mut(start..end);
        place.ok_or(CompletionCode::PARAMETER_OUT_OF_RANGE)?.copy_from_slice(data);
        if data.is_empty() {
            return Ok(0);
        }
        let all = !core::mem::replace(&mut device.kept, true);
        for (number, page) in (0u16..).zip(device.bytes.chunks(PAGE)) {
            let begin = usize::from(number).saturating_mul(PAGE);
            if all || (begin < end && start < begin.saturating_add(PAGE)) {
                let [low, high] = number.to_le_bytes();
                let number = u32::from_le_bytes([low, high, id, 0]);
                journal.put_bytes(Key { room: Room::Fru, number }, page);
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nvram::Change;

    fn device(id: u8, size: u16) -> FruDevice {
        FruDevice { id, size, contents: vec![1, 2, 3], write_protected: id == 9 }
    }

    fn inventory(memory: &Memory) -> Inventory {
        Inventory::new(vec![device(0, 600), device(9, 8)], memory)
    }

    #[test]
    fn reads_end_where_the_device_does() {
        let inventory = inventory(&Memory::default());
        assert_eq!(inventory.read(9, 0, 4), Ok(&[1, 2, 3, 0xff][..]));
        assert_eq!(inventory.read(9, 6, 255), Ok(&[0xff, 0xff][..]));
        assert_eq!(inventory.read(9, 8, 1), Err(CompletionCode::PARAMETER_OUT_OF_RANGE));
        assert_eq!(inventory.read(1, 0, 1), Err(CompletionCode::NOT_PRESENT));
    }

    #[test]
    fn the_largest_device_ends_at_its_last_byte() {
        let mut journal = Journal::default();
        let mut inventory = Inventory::new(vec![device(0, u16::MAX)], &Memory::default());
        let beyond = Err(CompletionCode::PARAMETER_OUT_OF_RANGE);
        assert_eq!(inventory.size(0), Ok(u16::MAX));
        assert_eq!(inventory.write(0, 0xfffe, &[7], &mut journal), Ok(1));
        assert_eq!(inventory.write(0, 0xfffe, &[7, 7], &mut journal), beyond);
        assert_eq!(inventory.write(0, 0xffff, &[7; 255], &mut journal), beyond);
        assert_eq!(inventory.read(0, 0xfffd, 255), Ok(&[0xff, 7][..]));
        assert_eq!(inventory.read(0, 0xffff, 1).map(drop), beyond.map(drop));
        // Nothing is read and written anywhere.
        assert_eq!(inventory.read(0, 0xffff, 0), Ok(&[][..]));
        assert_eq!(inventory.write(0, 5, &[], &mut journal), Ok(0));
        assert_eq!(journal.take().len(), 256);
    }

    #[test]
    fn a_write_is_kept_whole_and_comes_back() {
        let (mut inventory, mut journal) = (inventory(&Memory::default()), Journal::default());
        assert_eq!(inventory.write(0, 250, &[7; 10], &mut journal), Ok(10));
        let refused = inventory.write(0, 595, &[7; 6], &mut journal);
        assert_eq!(refused, Err(CompletionCode::PARAMETER_OUT_OF_RANGE));
        let refused = inventory.write(9, 0, &[7], &mut journal);
        assert_eq!(refused, Err(CompletionCode(0x80)));
        let changes = journal.take();
        assert_eq!(changes.len(), 3, "all of it, the first time");
        inventory.write(0, 255, &[7; 2], &mut journal).unwrap();
        assert_eq!(journal.take().len(), 2, "and then the pages that it touches");
        let values = changes.iter().map(|change| match change {
            Change::Put(key, value) => (*key, &**value),
            other => panic!("{other:?}"),
        });
        let memory = Memory::decode(values).unwrap();
        let again = Inventory::new(vec![device(0, 600)], &memory);
        assert_eq!(again.0[&0].bytes, inventory.0[&0].bytes);
        // After an update with other contents: what was written, and what was there when it was.
        let other = FruDevice { contents: vec![9; 600], ..device(0, 600) };
        let mut updated = Inventory::new(vec![other], &memory);
        assert_eq!(updated.0[&0].bytes, inventory.0[&0].bytes);
        updated.write(0, 0, &[1], &mut journal).unwrap();
        assert_eq!(journal.take().len(), 1);
        // After an update that made the device smaller.
        let smaller = Inventory::new(vec![device(0, 253)], &memory);
        assert_eq!(smaller.read(0, 249, 255), Ok(&[0xff, 7, 7, 7][..]));
    }
}
