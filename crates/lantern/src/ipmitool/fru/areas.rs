//! The areas of text: chassis, board and product.

use super::image::{Header, Image};
use crate::ipmitool::clock::Clock;
use crate::ipmitool::tool::Tool;

/// The byte that ends an area's fields.
const END: u8 = 0xc1;

/// 1996 began so many seconds after 1970.
const FIRST_MINUTE: u32 = 820_454_400;

pub(super) fn print(tool: &Tool, image: &Image, header: Header) {
    let verbose = tool.verbose.get() > 0;
    if let Some(area) = image.area(header.chassis) {
        let kind = usize::from(area.get(2).copied().unwrap_or(0));
        let kind = CHASSIS.get(kind).copied().unwrap_or("Unknown");
        tool.print(&format!(" Chassis Type          : {kind}\n"));
        let names = [Some("Chassis Part Number"), Some("Chassis Serial")];
        fields(tool, &area, 3, &names, "Chassis Extra");
    }
    if let Some(area) = image.area(header.board) {
        let date = Clock { utc: tool.options.utc }.string(made(&area));
        tool.print(&format!(" Board Mfg Date        : {date}\n"));
        let names = [
            Some("Board Mfg"),
            Some("Board Product"),
            Some("Board Serial"),
            Some("Board Part Number"),
            verbose.then_some("Board FRU ID"),
        ];
        fields(tool, &area, 6, &names, "Board Extra");
    }
    if let Some(area) = image.area(header.product) {
        let names = [
            Some("Product Manufacturer"),
            Some("Product Name"),
            Some("Product Part Number"),
            Some("Product Version"),
            Some("Product Serial"),
            Some("Product Asset Tag"),
            verbose.then_some("Product FRU ID"),
        ];
        fields(tool, &area, 3, &names, "Product Extra");
    }
}

/// When a board was made, in seconds since 1970.
fn made(area: &[u8]) -> u32 {
    match area {
        [_, _, _, 0, 0, 0, ..] => u32::MAX,
        [_, _, _, low, middle, high, ..] => {
            let minutes = u32::from_le_bytes([*low, *middle, *high, 0]);
            minutes.wrapping_mul(60).wrapping_add(FIRST_MINUTE)
        }
        _ => u32::MAX,
    }
}

/// Prints those fields that say something. The prescribed ones are there even behind the end, to the original.
fn fields(tool: &Tool, area: &[u8], from: usize, names: &[Option<&str>], others: &str) {
    let mut at = from;
    let put = |name: &str, text: &[u8]| {
        if !text.is_empty() {
            tool.print(&format!(" {name:<22}: "));
            tool.print_bytes(text);
            tool.print("\n");
        }
    };
    for name in names {
        let text = field(area, &mut at);
        if let Some(name) = name {
            put(name, &text);
        }
    }
    while area.get(at).is_some_and(|byte| *byte != END) {
        let text = field(area, &mut at);
        put(others, &text);
    }
}

/// The field at a place, and where the next one is. Empty if it has nothing to show.
pub(super) fn field(area: &[u8], at: &mut usize) -> Vec<u8> {
    let Some(kind) = area.get(*at).copied() else { return Vec::new() };
    let length = usize::from(kind & 0x3f);
    let from = at.saturating_add(1);
    let end = from.saturating_add(length);
    *at = end;
    let mut data = area.get(from..end.min(area.len())).unwrap_or_default().to_vec();
    data.resize(length, 0);
    let text: Vec<u8> = match kind >> 6 {
        0 => data.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
        1 => data.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]).collect(),
        2 => data.chunks(3).flat_map(six_bits).collect(),
        _ => data,
    };
    text.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}

fn digit(digit: u8) -> u8 {
    b"0123456789 -.:,_".get(usize::from(digit)).copied().unwrap_or(b'_')
}

/// Four characters in three bytes. What is missing of them is blank.
fn six_bits(bytes: &[u8]) -> [u8; 4] {
    let byte = |place: usize| bytes.get(place).copied().unwrap_or(0);
    let [low, middle, high] = [byte(0), byte(1), byte(2)];
    [low, (low >> 6) | (middle << 2), (middle >> 4) | (high << 4), high >> 2]
        .map(|bits| (bits & 0x3f).saturating_add(0x20))
}

const CHASSIS: [&str; 30] = [
    "Unspecified",
    "Other",
    "Unknown",
    "Desktop",
    "Low Profile Desktop",
    "Pizza Box",
    "Mini Tower",
    "Tower",
    "Portable",
    "LapTop",
    "Notebook",
    "Hand Held",
    "Docking Station",
    "All in One",
    "Sub Notebook",
    "Space-saving",
    "Lunch Box",
    "Main Server Chassis",
    "Expansion Chassis",
    "SubChassis",
    "Bus Expansion Chassis",
    "Peripheral Chassis",
    "RAID Chassis",
    "Rack Mount Chassis",
    "Sealed-case PC",
    "Multi-system Chassis",
    "CompactPCI",
    "AdvancedTCA",
    "Blade",
    "Blade Enclosure",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(area: &[u8]) -> (String, usize) {
        let mut at = 0;
        let text = field(area, &mut at);
        (String::from_utf8(text).unwrap(), at)
    }

    #[test]
    fn fields_in_all_encodings() {
        assert_eq!(read(&[0x02, 0xab, 0x01]), ("ab01".to_owned(), 3));
        assert_eq!(read(&[0x42, 0x12, 0xbc]), ("12-.".to_owned(), 3));
        // "IPMI" of the FRU specification, §13.
        assert_eq!(read(&[0x83, 0x29, 0xdc, 0xa6]), ("IPMI".to_owned(), 4));
        assert_eq!(read(&[0x81, 0x29]), ("I   ".to_owned(), 2));
        assert_eq!(read(&[0xc3, b'a', 0, b'b']), ("a".to_owned(), 4));
        assert_eq!(read(&[0xc0]), (String::new(), 1));
        assert_eq!(read(&[0xc5, b'a']), ("a".to_owned(), 6));
    }
}
