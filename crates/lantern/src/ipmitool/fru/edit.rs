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
    if text.len() > LONGEST {
        tool.error("A field has 63 bytes at most");
        return Err(Failed);
    }
    let shown = String::from_utf8_lossy(&before);
    if before.len() == text.len() {
        tool.print(&format!("Updating Field '{shown}' with '{text}' ...\n"));
    } else {
        tool.print("String size are not equal, resizing fru to fit new string\n");
        let moved = Moved { image: &image, header, letter, from, at: from.saturating_add(at) };
        tool.print(&moved.text(&bytes, &before, text));
    }
    let edited = bmc.edit_fru_field(fru, area, index.into(), text).await;
    edited.map_err(|error| {
        tool.error(&error.to_string());
        tool.print("Write to FRU data failed.\n");
        Failed
    })?;
    if before.len() != text.len() {
        tool.print("Done.\n");
    }
    Ok(())
}

/// What the original says of an area that gets longer or shorter.
struct Moved<'a> {
    image: &'a Image,
    header: Header,
    letter: u8,
    /// Where the area is, and the field.
    from: usize,
    at: usize,
}

impl Moved<'_> {
    fn text(&self, area: &[u8], before: &[u8], text: &str) -> String {
        let byte = |place: usize| self.image.bytes().get(place).copied().unwrap_or(0);
        let signed = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let length = |place: usize| i64::from(byte(place.saturating_add(1))).saturating_mul(8);
        let size = area.len();
        // What fills the area up, before its last byte, the checksum.
        let padding = area.iter().rev().skip(1).take_while(|byte| **byte == 0).count();
        let padding = padding.min(size.saturating_sub(2));
        let change = signed(text.len()).saturating_sub(signed(before.len()));
        let end = self.from.saturating_add(size);
        let mut lines = vec![
            "Read All FRU area".to_owned(),
            format!("Fru Size       : {} bytes", self.image.size),
            "Copy to new FRU".to_owned(),
            format!("Section Length: {size}"),
            format!("Padding Length: {padding}"),
            format!("NumByte Change: {change}"),
            format!("Start SecChnge: {:x}", byte(self.at)),
            format!(
                "End SecChnge  : {:x}",
                byte(self.at.saturating_add(text.len()).saturating_add(1))
            ),
            format!("Start Section : {:x}", byte(self.from)),
            format!("End Sec wo Pad: {:x}", byte(end.saturating_sub(2).saturating_sub(padding))),
            format!("End Section   : {:x}", byte(end.saturating_sub(1))),
        ];
        let mut left = signed(padding).saturating_sub(change);
        let mut size = signed(size);
        lines.push(format!("New Padding Length: {left}"));
        if !(0..8).contains(&left) {
            let steps = if left >= 8 { -(left / 8) } else { 1 - (left + 1) / 8 };
            let moved = steps.saturating_mul(8);
            size = size.saturating_add(moved);
            left = left.saturating_add(moved);
            let [board, product] = [self.header.board, self.header.product].map(signed);
            lines.extend([
                format!("change_size_by_8: {steps}"),
                format!("New Padding Length: {left}"),
                format!("change_size_by_8: {steps}"),
                format!("header.offset.board: {}", board / 8),
            ]);
            if self.letter == b'c' {
                let to = board.saturating_add(moved);
                lines.push(format!("Moving Section Chassis, from {board} to {to}"));
            }
            let mut new_product = product;
            if self.letter != b'p' {
                new_product = product.saturating_add(moved);
                lines.push(format!("Moving Section Product, from {product} to {new_product}"));
            }
            let records = signed(self.header.multirecords) / 8;
            let to = records.saturating_add(steps);
            lines.push(format!("Change multi offset from {records} to {to}"));
            let rest = product.saturating_add(length(self.header.product));
            let grown = if self.letter == b'p' { moved } else { 0 };
            let to = new_product.saturating_add(length(self.header.product)).saturating_add(grown);
            lines.push(format!("Moving Remaining Bytes (Multi-Rec , etc..), from {rest} to {to}"));
        }
        let shown = String::from_utf8_lossy(before);
        let (kind, new_kind) = (byte(self.at), text.len().saturating_add(0xc0));
        lines.push(format!(
            "Updating Field : '{shown}' with '{text}' ... (Length from '{kind}' to '{new_kind}')"
        ));
        let behind = signed(self.from).saturating_add(size).saturating_sub(1);
        let field = signed(self.at).saturating_add(signed(text.len())).saturating_add(1);
        lines.push(format!("Copying remaining of sections: {} ", behind.saturating_sub(field)));
        lines
            .push(format!("Calculate New Checksum: {:x}", self.checksum(area, text, before, left)));
        lines.push("Writing new FRU.".to_owned());
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// The negative sum of the area's bytes, as C prints a negative number.
    fn checksum(&self, area: &[u8], text: &str, before: &[u8], padding: i64) -> u32 {
        let at = self.at.saturating_sub(self.from);
        let content = area.len().saturating_sub(1);
        let head = area.get(..at).unwrap_or_default();
        let tail = at.saturating_add(1).saturating_add(before.len());
        let tail = area.get(tail..content).unwrap_or_default();
        let kind = u8::try_from(text.len().saturating_add(0xc0)).unwrap_or(u8::MAX);
        let grown = {
            let old = area.get(1).copied().unwrap_or(0);
            let blocks = head.len().saturating_add(1).saturating_add(text.len());
            let used = tail.iter().rev().skip_while(|byte| **byte == 0).count();
            let size = blocks.saturating_add(used).saturating_add(1);
            let size = i64::try_from(size).unwrap_or(0).saturating_add(padding);
            u8::try_from(size / 8).unwrap_or(old).wrapping_sub(old)
        };
        let sum = head
            .iter()
            .chain(tail)
            .chain(text.as_bytes())
            .fold(kind.wrapping_add(grown), |sum, byte| sum.wrapping_add(*byte));
        0_u32.wrapping_sub(sum.into())
    }
}
