//! From bytes to areas, and where each of them is.

use core::ops::Range;

use super::{
    Area, Board, Chassis, Fru, FruError, FruFault, HEADER, MultiRecords, Product, UNIT, VERSION,
};
use crate::codec::{DecodeError, Reader, checksum};

/// What is in a device, and where.
pub(super) struct Parts {
    pub(super) fru: Fru,
    pub(super) faults: Vec<FruFault>,
    pub(super) places: Vec<Place>,
}

/// Where an area is.
pub(super) struct Place {
    pub(super) area: Area,
    /// Where the header says that it starts; maybe past the end.
    pub(super) start: usize,
    /// Up to where it goes; never past the end.
    pub(super) end: usize,
}

impl Place {
    pub(super) const fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// Reads the common header and every area that it points to.
pub(super) fn parts(bytes: &[u8]) -> Result<Parts, FruError> {
    let Some((header, _)) = bytes.split_first_chunk::<HEADER>() else {
        return Err(FruError::TooShort(bytes.len()));
    };
    if *header == [0; HEADER] || *header == [0xff; HEADER] {
        return Err(FruError::Blank);
    }
    let [version, internal_use, chassis, board, product, multirecord, _, _] = *header;
    if version & 0x0f != VERSION {
        return Err(FruError::Version(version & 0x0f));
    }
    let mut faults = Vec::new();
    if checksum(header) != 0 {
        faults.push(FruFault::HeaderChecksum);
    }
    let starts = [internal_use, chassis, board, product, multirecord]
        .map(|offset| usize::from(offset).saturating_mul(UNIT));
    let mut fru = Fru { image: bytes.to_vec(), ..Fru::default() };
    let mut places = Vec::new();
    for (area, start) in Area::ALL.into_iter().zip(starts) {
        if start == 0 {
            continue;
        }
        // An area without a length of its own goes up to the next.
        let next = starts.into_iter().filter(|other| *other > start).min();
        let room = start..next.unwrap_or(bytes.len()).min(bytes.len());
        let length = match bytes.get(start..).filter(|rest| !rest.is_empty()) {
            Some(rest) => read(&mut fru, area, rest, room.len(), &mut faults),
            None => {
                faults.push(FruFault::BeyondEnd { area, offset: start });
                0
            }
        };
        places.push(Place { area, start, end: start.saturating_add(length) });
    }
    places.sort_by_key(|place| (place.start, place.area));
    for pair in places.windows(2) {
        if let [first, second] = pair
            && first.end > second.start
        {
            faults.push(FruFault::Overlap { area: first.area, other: second.area });
        }
    }
    Ok(Parts { fru, faults, places })
}

/// Reads `area` from the start of `rest`, which has `room` bytes before the next area; tells how
/// many it takes.
fn read(fru: &mut Fru, area: Area, rest: &[u8], room: usize, faults: &mut Vec<FruFault>) -> usize {
    let in_room = rest.get(..room).unwrap_or(rest);
    match area {
        Area::InternalUse => {
            fru.internal_use = Some(in_room.to_vec());
            in_room.len()
        }
        Area::Chassis => {
            let (chassis, length) = info(area, rest, in_room, faults, Chassis::decode);
            fru.chassis = chassis;
            length
        }
        Area::Board => {
            let (board, length) = info(area, rest, in_room, faults, Board::decode);
            fru.board = board;
            length
        }
        Area::Product => {
            let (product, length) = info(area, rest, in_room, faults, Product::decode);
            fru.product = product;
            length
        }
        Area::MultiRecord => {
            let (records, length) = MultiRecords::decode(in_room, faults);
            fru.multirecords = records;
            length
        }
    }
}

/// Reads an info area: version, length, contents, checksum. Also tells how many bytes it takes.
fn info<T>(
    area: Area,
    rest: &[u8],
    in_room: &[u8],
    faults: &mut Vec<FruFault>,
    decode: impl FnOnce(&mut Reader<'_>, &mut Vec<FruFault>) -> Result<T, DecodeError>,
) -> (Option<T>, usize) {
    let (version, announced) = match rest {
        [version, length, ..] => (version & 0x0f, usize::from(*length).saturating_mul(UNIT)),
        _ => (0, 0),
    };
    let (bytes, sound) = match rest.get(..announced) {
        Some([]) => {
            // Zero, or not even two bytes.
            faults.push(FruFault::ZeroLength(area));
            (in_room, false)
        }
        Some(bytes) if checksum(bytes) == 0 => (bytes, true),
        Some(bytes) => {
            faults.push(FruFault::Checksum(area));
            // If it also runs into the next area, it is the length that is wrong.
            if bytes.len() > in_room.len() {
                faults.push(FruFault::WrongLength(area));
                (in_room, false)
            } else {
                (bytes, false)
            }
        }
        None => {
            let missing = announced.saturating_sub(rest.len());
            faults.push(FruFault::PastEnd { area, missing });
            (in_room, false)
        }
    };
    // An area with a length of its own ends with a checksum, right or wrong.
    let contents = match bytes.split_last() {
        Some((_, contents)) if bytes.len() == announced => contents,
        _ => bytes,
    };
    if version != VERSION {
        faults.push(FruFault::Version { area, version });
    }
    let mut r = Reader::new(contents.get(INFO_HEADER..).unwrap_or_default());
    // Neither the version nor the checksum: a blank memory, or something else altogether.
    let readable = sound || version == VERSION;
    match readable.then(|| decode(&mut r, faults)) {
        Some(Ok(read)) => (Some(read), bytes.len()),
        None | Some(Err(_)) => {
            faults.push(FruFault::Unreadable(area));
            (None, in_room.len())
        }
    }
}

/// Version and length.
const INFO_HEADER: usize = 2;
