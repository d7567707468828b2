//! An entry of the log, with its fields as the original reads them: whatever type a record has, if it is none
//! of an OEM's, it is an event.

use ipmi_wire::Encode;
use ipmi_wire::sel::SelRecord;

/// Bytes of an entry.
pub(super) const LEN: usize = 16;

/// What there is in an entry. Those of OEMs have few of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// As it is in files: the manufacturer of an OEM's timed record is turned round there.
    pub(super) bytes: [u8; LEN],
    pub(super) id: u16,
    pub(super) kind: u8,
    pub(super) timestamp: u32,
    pub(super) generator: u16,
    pub(super) evm_rev: u8,
    pub(super) sensor_type: u8,
    pub(super) sensor: u8,
    pub(super) event_type: u8,
    pub(super) is_deasserted: bool,
    pub(super) data: [u8; 3],
}

impl Entry {
    /// From a record of the BMC.
    pub(super) fn new(record: &SelRecord) -> Option<Self> {
        let mut bytes: [u8; LEN] = record.to_bytes().try_into().ok()?;
        if let [_, _, 0xc0..=0xdf, _, _, _, _, first, _, last, ..] = &mut bytes {
            std::mem::swap(first, last);
        }
        Some(Self::of(bytes))
    }

    /// From a file.
    pub(super) const fn of(bytes: [u8; LEN]) -> Self {
        let [id, id2, kind, t, t2, t3, t4, generator, generator2, evm_rev, ..] = bytes;
        let [.., sensor_type, sensor, event, d1, d2, d3] = bytes;
        Self {
            bytes,
            id: u16::from_le_bytes([id, id2]),
            kind,
            timestamp: u32::from_le_bytes([t, t2, t3, t4]),
            generator: u16::from_le_bytes([generator, generator2]),
            evm_rev,
            sensor_type,
            sensor,
            event_type: event & 0x7f,
            is_deasserted: event & 0x80 != 0,
            data: [d1, d2, d3],
        }
    }

    /// Whether it is of an OEM's type.
    pub(super) const fn is_oem(&self) -> bool {
        self.kind >= 0xc0
    }

    /// Whether it has a time.
    pub(super) const fn is_timed(&self) -> bool {
        self.kind < 0xe0
    }

    /// What a panicking Linux had to say.
    pub(super) fn panic(&self) -> Option<Vec<u8>> {
        let text = self.bytes.get(5..).filter(|_| self.kind == 0xf0)?;
        Some(text.iter().copied().take_while(|byte| *byte != 0).collect())
    }

    /// The manufacturer of an OEM's timed record, in hexadecimal.
    pub(super) fn manufacturer(&self) -> String {
        hex(self.bytes.get(7..10).unwrap_or_default())
    }

    /// What is the OEM's own.
    pub(super) fn oem_data(&self) -> &[u8] {
        let from = if self.is_timed() { 10 } else { 3 };
        self.bytes.get(from..).unwrap_or_default()
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
