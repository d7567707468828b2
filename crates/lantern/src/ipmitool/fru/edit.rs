//! `fru edit`: a field of a device gets another text.
//!
//! What the original says of how it moves areas about is said here as well; what is written is laid out anew
//! by us, so that no device loses an area that the original would have forgotten.

use ipmi_client::fru::FruId;
use ipmi_wire::fru::Area;

use super::areas::field;
use super::image::{self, Header, Image};
use super::{absent, device};
use crate::ipmitool::tool::{Ended, Failed, Tool};
use crate::ipmitool::word;

/// The longest text of a field.
const LONGEST: usize = 63;

pub(super) async fn run(tool: &Tool, words: &[&str]) -> Ended {
    let [id, rest @ ..] = words else {
        tool.error("Not enough parameters given.");
        help(tool);
        return Err(Failed);
    };
    if *id == "help" {
        help(tool);
        return Ok(());
    }
    let id = device(tool, id)?;
    if tool.verbose.get() > 0 {
        tool.print(&format!("FRU ID           : {id}\n"));
    }
    match rest {
        ["field", area, index, text] => {
            let area = area.bytes().next().unwrap_or(0);
            let index = index.bytes().next().unwrap_or(0).wrapping_sub(b'0');
            edit(tool, id, area, index, text).await
        }
        ["field", ..] => {
            tool.error("Not enough parameters given.");
            help(tool);
            Err(Failed)
        }
        [] | ["oem", ..] => {
            tool.error("fru edit of multirecords: unsupported");
            Err(Failed)
        }
        [other, ..] => {
            tool.error(&format!("Invalid command: {other}"));
            help(tool);
            Err(Failed)
        }
    }
}

fn help(tool: &Tool) {
    tool.notice("fru edit <fruid> field <section> <index> <string>");
}

async fn edit(tool: &Tool, id: u8, letter: u8, index: u8, text: &str) -> Ended {
    let (bmc, fru) = (tool.bmc()?, FruId::new(id));
    let image = match image::info(bmc, fru).await {
        Ok(info) if info.size == 0 => {
            tool.print(" Invalid FRU size 0");
            return Err(Failed);
        }
        Ok(info) => Image::whole(bmc, fru, info).await,
        Err(why) => Err(why),
    };
    let image = image.map_err(|why| {
        absent(tool, why);
        Failed
    })?;
    let Some(header) = image.header() else {
        let version = image.bytes().first().copied().unwrap_or(0);
        tool.print(&format!(" Unknown FRU header version 0x{version:02x}"));
        return Err(Failed);
    };
    let (area, from, first) = match letter {
        b'c' => (Area::Chassis, header.chassis, 3),
        b'b' => (Area::Board, header.board, 6),
        b'p' => (Area::Product, header.product, 3),
        _ => {
            tool.print("Wrong field type.");
            return Err(Failed);
        }
    };
    // An area that is not there is not found; the original takes the device's header for it.
    let bytes = image.area(from).unwrap_or_default();
    let (mut at, mut next, mut before) = (first, first, Vec::new());
    for _ in 0..=index {
        at = next;
        before = field(&bytes, &mut next);
    }
    if before.is_empty() {
        tool.print("Field not found !\n");
        return Err(Failed);
    }
    let new = word::bytes(text);
    if new.len() > LONGEST {
        tool.error("A field has 63 bytes at most");
        return Err(Failed);
    }
    let shown = word::of(&before);
    let is_resized = before.len() != new.len();
    let resized = Resized::new(&image, header, letter, from, at, &before, &new);
    // Where the original's way is none, fields are texts.
    let as_text = std::str::from_utf8(&new);
    if resized.image.is_none() && as_text.is_err() {
        tool.error("The text is not UTF-8");
        return Err(Failed);
    }
    if is_resized {
        tool.print("String size are not equal, resizing fru to fit new string\n");
        tool.print(&resized.told(&image, header));
    } else {
        tool.print(&format!("Updating Field '{shown}' with '{text}' ...\n"));
    }
    let written = match &resized.image {
        Some(image) => bmc.write_fru(fru, image).await,
        // Areas in another order than the original thinks of, or no room: it would lose some of them.
        None => {
            let text = as_text.unwrap_or_default();
            bmc.edit_fru_field(fru, area, index.into(), text).await
        }
    };
    if let Err(error) = written {
        return not_written(tool, &error.to_string());
    }
    if !is_resized {
        return Ok(());
    }
    tool.print("Done.\n");
    // To the original, this way of it ends in failure even if it does not fail.
    Err(Failed)
}

fn not_written(tool: &Tool, why: &str) -> Ended {
    tool.error(why);
    tool.print("Write to FRU data failed.\n");
    Err(Failed)
}

/// An area that gets longer or shorter.
struct Resized<'a> {
    letter: u8,
    before: &'a [u8],
    text: &'a [u8],
    /// Where the area is, and the field.
    from: usize,
    at: usize,
    /// Zeros before the checksum, before and after.
    padding: i64,
    left: i64,
    /// Bytes of the area.
    size: i64,
    /// By how many times eight bytes it grows.
    steps: i64,
    /// The sum that the area's last byte makes up for.
    checksum: u8,
    /// The new bytes of the device, if its areas are where they are to be.
    image: Option<Vec<u8>>,
}

fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> Option<usize> {
    usize::try_from(number).ok()
}

impl<'a> Resized<'a> {
    fn new(
        image: &Image,
        header: Header,
        letter: u8,
        from: usize,
        at: usize,
        before: &'a [u8],
        text: &'a [u8],
    ) -> Self {
        let area = image.area(from).unwrap_or_default();
        let size = signed(area.len());
        // What fills the area up, before its last byte, the checksum.
        let padding = area.iter().rev().skip(1).take_while(|byte| **byte == 0).count();
        let padding = signed(padding.min(area.len().saturating_sub(2)));
        let mut left =
            padding.saturating_add(signed(before.len())).saturating_sub(signed(text.len()));
        let steps = match left {
            0..8 => 0,
            8.. => -(left / 8),
            ..0 => 1 - (left + 1) / 8,
        };
        left = left.saturating_add(steps.saturating_mul(8));
        let mut resized = Self {
            letter,
            before,
            text,
            from,
            at: from.saturating_add(at),
            padding,
            left,
            size,
            steps,
            checksum: 0,
            image: None,
        };
        if let Some(area) = resized.area(&area, at) {
            resized.checksum = area.last().copied().unwrap_or(0);
            resized.image = resized.laid_out(image, header, &area);
        }
        resized
    }

    /// The area with its new text.
    fn area(&self, old: &[u8], at: usize) -> Option<Vec<u8>> {
        let (head, field) = old.split_at_checked(at)?;
        let kind = *field.first()?;
        // The original takes every field for 8-bit text that is there to its end.
        (kind >> 6 == 3 && usize::from(kind & 0x3f) == self.before.len()).then_some(())?;
        let tail = field.get(self.before.len().checked_add(1)?..)?;
        let content = tail.len().checked_sub(unsigned(self.padding)?.checked_add(1)?)?;
        let length = u8::try_from(self.text.len()).ok()?;
        let mut area = head.to_vec();
        let blocks = area.get_mut(1)?;
        *blocks = u8::try_from(i64::from(*blocks).checked_add(self.steps)?).ok()?;
        area.push(0xc0 | length);
        area.extend_from_slice(self.text);
        area.extend_from_slice(tail.get(..content)?);
        area.resize(area.len().checked_add(unsigned(self.left)?)?, 0);
        let sum = area.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        area.push(0_u8.wrapping_sub(sum));
        Some(area)
    }

    /// The device with the new area, and those behind it moved.
    fn laid_out(&self, image: &Image, header: Header, area: &[u8]) -> Option<Vec<u8>> {
        let old = image.bytes();
        let end_of = |place: usize| {
            let blocks = old.get(place.checked_add(1)?)?;
            (place >= 8).then(|| place.saturating_add(usize::from(*blocks).saturating_mul(8)))
        };
        let Header { chassis, board, product, multirecords, .. } = header;
        let is_in_order = match self.letter {
            b'c' => end_of(chassis) == Some(board) && end_of(board) == Some(product),
            b'b' => end_of(board) == Some(product),
            _ => true,
        };
        let end = self.from.checked_add(unsigned(self.size)?)?;
        let is_last = end_of(product)? >= end;
        let is_behind = multirecords == 0 || multirecords >= end_of(product)?;
        (is_in_order && is_last && is_behind && old.len() == image.size).then_some(())?;
        let mut new = old.get(..self.from)?.to_vec();
        new.extend_from_slice(area);
        new.extend_from_slice(old.get(end..)?);
        if new.len() > old.len() {
            // Only what nobody uses may fall off the end.
            let lost = new.get(old.len()..)?;
            lost.iter().all(|byte| matches!(byte, 0x00 | 0xff)).then_some(())?;
            new.truncate(old.len());
        } else {
            // The original leaves there what was there.
            new.extend_from_slice(old.get(new.len()..)?);
        }
        let moved = |place: u8| u8::try_from(i64::from(place).checked_add(self.steps)?).ok();
        let [_, _, _, board, product, multirecords, _, sum, ..] = new.as_mut_slice() else {
            return None;
        };
        if self.letter == b'c' {
            *board = moved(*board)?;
        }
        if self.letter != b'p' {
            *product = moved(*product)?;
        }
        if *multirecords != 0 {
            *multirecords = moved(*multirecords)?;
        }
        *sum = 0;
        let header = new.get(..8)?.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        *new.get_mut(7)? = 0_u8.wrapping_sub(header);
        Some(new)
    }

    /// What the original says of it.
    fn told(&self, image: &Image, header: Header) -> String {
        let byte = |place: usize| image.bytes().get(place).copied().unwrap_or(0);
        let length = |place: usize| i64::from(byte(place.saturating_add(1))).saturating_mul(8);
        let Self { letter, before, text, from, at, padding, left, size, steps, .. } = *self;
        let end = from.saturating_add(unsigned(size).unwrap_or(0));
        let padded = unsigned(padding).unwrap_or(0);
        let moved = steps.saturating_mul(8);
        let mut lines = vec![
            "Read All FRU area".to_owned(),
            format!("Fru Size       : {} bytes", image.size),
            "Copy to new FRU".to_owned(),
            format!("Section Length: {size}"),
            format!("Padding Length: {padding}"),
            format!("NumByte Change: {}", signed(text.len()).saturating_sub(signed(before.len()))),
            format!("Start SecChnge: {:x}", byte(at)),
            format!("End SecChnge  : {:x}", byte(at.saturating_add(text.len()).saturating_add(1))),
            format!("Start Section : {:x}", byte(from)),
            format!("End Sec wo Pad: {:x}", byte(end.saturating_sub(2).saturating_sub(padded))),
            format!("End Section   : {:x}", byte(end.saturating_sub(1))),
            format!("New Padding Length: {}", left.saturating_sub(moved)),
        ];
        if steps != 0 {
            let (board, product) = (signed(header.board), signed(header.product));
            lines.extend([
                format!("change_size_by_8: {steps}"),
                format!("New Padding Length: {left}"),
                format!("change_size_by_8: {steps}"),
                format!("header.offset.board: {}", board / 8),
            ]);
            if letter == b'c' {
                let to = board.saturating_add(moved);
                lines.push(format!("Moving Section Chassis, from {board} to {to}"));
            }
            let mut new_product = product;
            if letter != b'p' {
                new_product = product.saturating_add(moved);
                lines.push(format!("Moving Section Product, from {product} to {new_product}"));
            }
            let records = signed(header.multirecords) / 8;
            let to = records.saturating_add(steps);
            lines.push(format!("Change multi offset from {records} to {to}"));
            let rest = product.saturating_add(length(header.product));
            let grown = if letter == b'p' { moved } else { 0 };
            let to = new_product.saturating_add(length(header.product)).saturating_add(grown);
            lines.push(format!("Moving Remaining Bytes (Multi-Rec , etc..), from {rest} to {to}"));
        }
        let (shown, shown_text) = (word::of(before), word::of(text));
        let (kind, new_kind) = (byte(at), text.len().saturating_add(0xc0));
        let behind = signed(from).saturating_add(size).saturating_add(moved).saturating_sub(1);
        let field = signed(at).saturating_add(signed(text.len())).saturating_add(1);
        let sum = 0_u32.wrapping_sub(0_u8.wrapping_sub(self.checksum).into());
        lines.extend([
            format!(
                "Updating Field : '{shown}' with '{shown_text}' ... (Length from '{kind}' to \
                 '{new_kind}')"
            ),
            format!("Copying remaining of sections: {} ", behind.saturating_sub(field)),
            format!("Calculate New Checksum: {sum:x}"),
            "Writing new FRU.".to_owned(),
        ]);
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}
