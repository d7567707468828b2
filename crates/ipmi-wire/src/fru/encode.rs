//! From areas to bytes, with as little change as possible.

use super::decode::{self, Place};
use super::{Area, Fru, FruError, HEADER, UNIT, VERSION, without_filling};
use crate::codec::checksum;

/// See [`Fru::encode`].
pub(super) fn encode(fru: &Fru, size: Option<usize>) -> Result<Vec<u8>, FruError> {
    // A device that was never read has no image, which is too short to be one.
    let old = decode::parts(&fru.image).ok();
    let (old_fru, places, faults) = old.map_or_else(
        || (Fru::default(), Vec::new(), Vec::new()),
        |parts| (parts.fru, parts.places, parts.faults),
    );
    let damaged = |area| faults.iter().any(|fault| fault.area() == Some(area));
    let blurred = |area| faults.iter().any(|fault| fault.blurs(area));
    if !fru.image.is_empty() && *fru == old_fru && fits(fru.image.len(), size) {
        return Ok(fru.image.clone());
    }
    let mut blocks = Vec::new();
    for area in Area::ALL {
        let place = places.iter().find(|place| place.area == area);
        let same = fru.same(&old_fru, area);
        if !fru.has(area) {
            // What could not be read is still there; if it is blank, it gives way.
            if let Some(place) = place.filter(|_| same) {
                let bytes = fru.image.get(place.range()).unwrap_or_default().to_vec();
                let blank = !bytes.is_empty() && without_filling(&bytes).is_empty();
                let packed = bytes.clone();
                blocks.push(Block { area, start: place.start, bytes, packed, blank });
            }
            continue;
        }
        let present = place.and_then(|place| fru.image.get(place.range())).unwrap_or_default();
        let packed = contents(fru, area, 0)?;
        let (bytes, packed) = match (same && !present.is_empty(), damaged(area)) {
            // Where it ends was a guess: what was read of it is made whole.
            _ if blurred(area) => (packed.clone(), packed),
            (true, true) => (present.to_vec(), present.to_vec()),
            (true, false) => (present.to_vec(), packed),
            (false, _) => (contents(fru, area, present.len())?, packed),
        };
        let start = place.map_or(0, |place| place.start);
        blocks.push(Block { area, start, bytes, packed, blank: false });
    }
    // As they are now; what is new comes after the rest, and multirecords last of all.
    blocks.sort_by_key(|block| {
        let new = (block.start == 0).then_some(block.area);
        (new.is_some(), new, block.start, block.area)
    });
    if let Some(index) = blocks.iter().position(|block| block.area == Area::MultiRecord)
        && blocks.iter().any(|block| block.start == 0)
    {
        let multirecord = blocks.remove(index);
        blocks.push(multirecord);
    }
    let internal_use = blocks.last_mut().filter(|block| block.area == Area::InternalUse);
    if let Some(block) = internal_use {
        block.packed = without_filling(&block.packed).to_vec();
    }
    // With as little change as possible.
    for give_way in [false, true] {
        let there = blocks.iter().filter(|block| !(give_way && block.blank));
        let layout = lay_out(there.map(|block| (block.area, block.start, block.bytes.as_slice())));
        if let Ok(layout) = &layout
            && fits(layout.end, size)
        {
            return Ok(write(fru, size, &places, layout));
        }
    }
    let there = blocks.iter().filter(|block| !block.blank);
    let layout = lay_out(there.map(|block| match block.packed.as_slice() {
        [] => (block.area, block.start, &[][..]),
        packed => (block.area, 0, packed),
    }))?;
    match size {
        Some(size) if layout.end > size => Err(FruError::TooLarge { needed: layout.end, size }),
        _ => Ok(write(fru, size, &places, &layout)),
    }
}

/// An area that is to be written.
struct Block {
    area: Area,
    /// Where it is now; 0 if it is new.
    start: usize,
    /// Its bytes, no fewer than it has now.
    bytes: Vec<u8>,
    /// Its bytes, as few as possible.
    packed: Vec<u8>,
    /// There is a pointer to it, and nothing there.
    blank: bool,
}

/// Where everything goes.
struct Layout<'a> {
    areas: Vec<(Area, usize, &'a [u8])>,
    end: usize,
}

/// Each area where it wants to be or, if that is taken, behind the one before it.
fn lay_out<'a>(
    blocks: impl Iterator<Item = (Area, usize, &'a [u8])>,
) -> Result<Layout<'a>, FruError> {
    let mut layout = Layout { areas: Vec::new(), end: HEADER };
    for (area, wanted, bytes) in blocks {
        if bytes.is_empty() {
            // Past the end of what was read: it is not ours to move.
            layout.areas.push((area, wanted, bytes));
            continue;
        }
        let start = layout.end.next_multiple_of(UNIT).max(wanted);
        if start > MAX {
            return Err(FruError::OutOfReach(area));
        }
        layout.areas.push((area, start, bytes));
        layout.end = start.saturating_add(bytes.len());
    }
    let taken = 1..layout.end;
    let mut unread = layout.areas.iter().filter(|(_, _, bytes)| bytes.is_empty());
    match unread.find(|(_, start, _)| taken.contains(start)) {
        Some((area, _, _)) => Err(FruError::Unread(*area)),
        None => Ok(layout),
    }
}

/// Puts the areas into what is there already.
fn write(fru: &Fru, size: Option<usize>, places: &[Place], layout: &Layout<'_>) -> Vec<u8> {
    let mut out = fru.image.clone();
    if let Some(size) = size {
        out.truncate(size);
    }
    out.resize(out.len().max(layout.end), 0);
    // What moves leaves nothing behind.
    for place in places {
        let stays =
            |(area, start, _): &(Area, usize, _)| (*area, *start) == (place.area, place.start);
        if !layout.areas.iter().any(stays) {
            put(&mut out, place.start, place.range().map(|_| 0));
        }
    }
    let mut header = [VERSION, 0, 0, 0, 0, 0, 0, 0];
    for (area, start, bytes) in &layout.areas {
        put(&mut out, *start, bytes.iter().copied());
        if *area == Area::InternalUse && !bytes.is_empty() {
            // It goes up to the next area, so what is left there must not become a part of it.
            let next =
                layout.areas.iter().map(|(_, other, _)| *other).filter(|other| other > start);
            let next = next.min().unwrap_or(out.len());
            let end = start.saturating_add(bytes.len());
            put(&mut out, end, (end..next).map(|_| 0));
        }
        // The offset of an area is in units; `lay_out` has seen that it fits.
        let index = Area::ALL.iter().position(|other| other == area).unwrap_or(0);
        if let Some(offset) = header.get_mut(index.saturating_add(1)) {
            *offset = start.checked_div(UNIT).and_then(|units| units.try_into().ok()).unwrap_or(0);
        }
    }
    let sum = checksum(&header);
    let [.., last] = &mut header;
    *last = sum;
    put(&mut out, 0, header.into_iter());
    out
}

/// Overwrites bytes from `start` on; there are as many.
fn put(out: &mut [u8], start: usize, bytes: impl Iterator<Item = u8>) {
    for (place, byte) in out.iter_mut().skip(start).zip(bytes) {
        *place = byte;
    }
}

/// The bytes of `area`: at least as many as it has now, if its length is its own to choose.
fn contents(fru: &Fru, area: Area, at_least: usize) -> Result<Vec<u8>, FruError> {
    let mut body = Vec::new();
    match area {
        Area::InternalUse => return Ok(fru.internal_use.clone().unwrap_or_default()),
        Area::MultiRecord => {
            return fru
                .multirecords
                .as_ref()
                .map_or_else(|| Ok(Vec::new()), |records| records.encode());
        }
        Area::Chassis => fru.chassis.iter().for_each(|chassis| chassis.encode(&mut body)),
        Area::Board => fru.board.iter().for_each(|board| board.encode(&mut body)),
        Area::Product => fru.product.iter().for_each(|product| product.encode(&mut body)),
    }
    // Version and length before, checksum after.
    let length = body.len().saturating_add(3).next_multiple_of(UNIT);
    let units = |length: usize| length.checked_div(UNIT).and_then(|units| u8::try_from(units).ok());
    let needed = units(length).ok_or(FruError::AreaTooLong { area, length })?;
    let count = units(at_least.next_multiple_of(UNIT)).unwrap_or(needed).max(needed);
    let mut out = vec![VERSION, count];
    out.extend(body);
    out.resize(usize::from(count).saturating_mul(UNIT).saturating_sub(1), 0);
    out.push(checksum(&out));
    Ok(out)
}

fn fits(length: usize, size: Option<usize>) -> bool {
    size.is_none_or(|size| length <= size)
}

/// The last place that the common header can point to.
const MAX: usize = 255 * UNIT;
