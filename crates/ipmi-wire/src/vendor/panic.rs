//! Panics of the Linux kernel: one text over several records of the log.
//!
//! Source: Linux, `Documentation/driver-api/ipmi.rst`, "Panic logging", and `IPMI_PANIC_STRING` in
//! `drivers/char/ipmi/Kconfig`: records of type F0h with the slave address of who panicked, a
//! sequence number from 0, and eleven characters each.

use super::expression::characters;
use crate::sel::SelRecord;

/// Record type of a part of a panic's text.
const PART: u8 = 0xf0;

/// Texts are cut at 1 KiB or less.
const LAST_PART: u8 = 0x1f;

/// What a kernel said when it panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    /// The numbers of the records that the text is in, in its order.
    pub records: Vec<u16>,
    /// The text, as far as it is in the log.
    pub text: String,
    /// Whether its beginning is there.
    pub begins: bool,
}

/// The panics in a log, in its order.
#[must_use]
pub fn panics(log: &[SelRecord]) -> Vec<Panic> {
    let mut found: Vec<Panic> = Vec::new();
    // Who says the part that comes next, and its number.
    let mut expected = None;
    for record in log {
        let SelRecord::Oem { id, record_type: PART, data } = record else { continue };
        let [address, sequence, text @ ..] = data;
        // The number is any maker's to use: what is no text is none of a kernel's.
        let printable = text
            .iter()
            .take_while(|byte| **byte != 0)
            .all(|byte| (0x20..0x7f).contains(byte) || *byte == b'\n');
        if !printable || text.first() == Some(&0) || *sequence > LAST_PART {
            continue;
        }
        let text = characters(text);
        match found.last_mut() {
            Some(panic) if expected == Some((*address, *sequence)) => {
                panic.records.push(*id);
                panic.text.push_str(&text);
            }
            _ => {
                found.push(Panic { records: vec![*id], text, begins: *sequence == 0 });
            }
        }
        expected = Some((*address, sequence.wrapping_add(1)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(id: u16, sequence: u8, text: &str) -> SelRecord {
        let mut data = [0; 13];
        data[0] = 0x20;
        data[1] = sequence;
        data[2..2 + text.len()].copy_from_slice(text.as_bytes());
        SelRecord::Oem { id, record_type: PART, data }
    }

    #[test]
    fn parts_are_put_together_in_their_order() {
        let other = SelRecord::Oem { id: 3, record_type: 0xe0, data: [1; 13] };
        let log = [
            part(1, 0, "Fatal excep"),
            part(2, 1, "tion in int"),
            other,
            part(4, 2, "errupt"),
            part(5, 0, "again"),
            part(6, 7, "lost"),
        ];
        let found = panics(&log);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].text, "Fatal exception in interrupt");
        assert_eq!((&found[0].records[..], found[0].begins), (&[1, 2, 4][..], true));
        assert_eq!((found[1].text.as_str(), found[1].begins), ("again", true));
        assert_eq!((found[2].text.as_str(), found[2].begins), ("lost", false));
        assert_eq!(panics(&[other]), []);
    }
}
