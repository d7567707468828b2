//! An entry as a block of lines: with `-v`, and in `sel get`.

use ipmi_wire::sdr::Record;

use super::clock;
use super::entry::{Entry, hex};
use super::line::{Events, module};
use super::sensors;

impl Events<'_> {
    /// The block of an entry alone.
    pub(super) fn block(&self, entry: &Entry) -> Vec<u8> {
        let mut block = format!("SEL Record ID          : {:04x}\n", entry.id).into_bytes();
        if let Some(panic) = entry.panic() {
            block.extend(linux(&panic));
            return block;
        }
        let mut put = |text: &str| block.extend_from_slice(text.as_bytes());
        let whose = match entry.kind {
            0xc0..0xe0 => "  (OEM timestamped)",
            0xe0.. => "  (OEM non-timestamped)",
            _ => "",
        };
        put(&format!(" Record Type           : {:02x}{whose}\n", entry.kind));
        if entry.is_timed() {
            put(&self.timestamp(entry));
        }
        if entry.is_oem() {
            let data = entry.oem_data();
            if entry.is_timed() {
                put(&format!(" Manufactacturer ID    : {}\n", entry.manufacturer()));
            }
            put(&format!(" OEM Defined           : {} [{}]\n\n", hex(data), letters(data)));
            if !entry.is_timed() {
                put(&self.translation(entry));
            }
            return block;
        }
        put(&self.origin(entry));
        put(&format!(" Event Data            : {}\n", hex(&entry.data)));
        put(&self.description(entry));
        block
    }

    /// The block of an event with what its sensor's record says of it.
    pub(super) fn block_with(&self, entry: &Entry, record: &Record) -> Vec<u8> {
        let mut block = format!("SEL Record ID          : {:04x}\n", entry.id);
        block.push_str(&format!(" Record Type           : {:02x}\n", entry.kind));
        if entry.is_timed() {
            block.push_str(&self.timestamp(entry));
        }
        block.push_str(&self.origin(entry));
        block.push_str(&format!(" Event Data (RAW)      : {}\n", hex(&entry.data)));
        block.push_str(&data(entry, record));
        block.push_str(&self.description(entry));
        block.into_bytes()
    }

    /// The date twice: the original keeps both in the same place before it prints them.
    fn timestamp(&self, entry: &Entry) -> String {
        // The original has one place for both texts, and shows what is there twice.
        let date = clock(self.tool).date(entry.timestamp);
        format!(" Timestamp             : {date} {date}\n")
    }

    fn origin(&self, entry: &Entry) -> String {
        let direction = if entry.is_deasserted { "Deassertion" } else { "Assertion" };
        [
            format!(" Generator ID          : {:04x}\n", entry.generator),
            format!(" EvM Revision          : {:02x}\n", entry.evm_rev),
            format!(" Sensor Type           : {}\n", self.maker.sensor_type(entry.sensor_type)),
            format!(" Sensor Number         : {:02x}\n", entry.sensor),
            format!(" Event Type            : {}\n", event_type(entry.event_type)),
            format!(" Event Direction       : {direction} Event\n"),
        ]
        .concat()
    }

    fn description(&self, entry: &Entry) -> String {
        let text = self.maker.describe(entry).unwrap_or_default();
        format!(" Description           : {text}\n\n")
    }
}

fn linux(panic: &[u8]) -> Vec<u8> {
    let mut block = b" Record Type           : Linux kernel panic (OEM record f0)\n".to_vec();
    block.extend_from_slice(b" Panic string          : ");
    block.extend_from_slice(panic);
    block.extend_from_slice(b"\n\n");
    block
}

const fn event_type(code: u8) -> &'static str {
    match code {
        0x00 => "Unspecified",
        0x01 => "Threshold",
        0x02..=0x0b => "Generic Discrete",
        0x6f => "Sensor-specific Discrete",
        0x70..=0x7f => "OEM",
        _ => "Reserved",
    }
}

/// Bytes as letters. Digits and signs are none to the original.
fn letters(bytes: &[u8]) -> String {
    let is_letter = |byte: &u8| matches!(byte, 0x40..=0x7e);
    bytes.iter().map(|byte| if is_letter(byte) { char::from(*byte) } else { '.' }).collect()
}

/// What the bytes of event data are, one by one.
fn data(entry: &Entry, record: &Record) -> String {
    let [first, second, third] = entry.data;
    match (entry.event_type, record) {
        (0x01, Record::Full(_)) => {
            let what = |kind: u8, byte: u8, reading: &str| match kind & 3 {
                0 => String::new(),
                1 => {
                    let (value, unit) = (sensors::value(record, byte), sensors::unit(record));
                    format!(" {reading:<22}: {value:.3}{unit}\n")
                }
                2 => format!(" OEM Data              : {byte:02x}\n"),
                _ => format!(" Sensor Extension Code : {byte:02x}\n"),
            };
            let reading = what(first >> 6, second, "Trigger Reading");
            reading + &what(first >> 4, third, "Trigger Threshold")
        }
        (0x02..=0x0c | 0x70..=0x7f, _) => String::new(),
        (0x6f, _) => match module(entry) {
            Some(module) => format!(" Event Data            : {module}\n"),
            None if entry.sensor_type == 0x2b && first == 0xc1 => String::new(),
            None => " Event Interpretation  : Missing\n".to_owned(),
        },
        _ => format!(" Event Data            : {}\n", hex(&entry.data)),
    }
}
