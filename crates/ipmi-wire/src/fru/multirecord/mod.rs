//! The multirecord area: a list of typed records, each with two checksums.

mod compatibility;
mod dc;
mod management_access;
mod power_supply;

pub use compatibility::Compatibility;
pub use dc::{DcLoad, DcOutput};
pub use management_access::{ManagementAccess, ManagementAccessKind};
pub use power_supply::{PowerSupply, PowerSupplyFlags};

use super::{Area, FruError, FruFault, without_filling};
use crate::codec::{Decode, Encode, Reader, checksum};

/// The records. FRU Definition §16.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MultiRecords {
    /// What could be read.
    pub records: Vec<MultiRecord>,
    /// What comes after it and cannot be told apart, kept as it is.
    unreadable: Vec<u8>,
}

/// A record: its type, and data that [`content`](Self::content) reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MultiRecord {
    /// What the data means: C0h and above are OEMs'.
    pub type_id: u8,
    /// Version of the format, 4 bits.
    pub version: u8,
    /// The data, at most 255 bytes.
    pub data: Vec<u8>,
    /// The checksum that does not fit the data, kept so that writing does not vouch for it.
    wrong_checksum: Option<u8>,
}

/// What a [`MultiRecord`] says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MultiRecordContent {
    /// Type 00h: what a power supply can do.
    PowerSupply(PowerSupply),
    /// Types 01h and 09h: an output of a power supply.
    DcOutput(DcOutput),
    /// Types 02h and 0Ah: what a load takes.
    DcLoad(DcLoad),
    /// Type 03h: where to find management.
    ManagementAccess(ManagementAccess),
    /// Type 04h: what it can replace.
    BaseCompatibility(Compatibility),
    /// Type 05h: what else it can replace.
    ExtendedCompatibility(Compatibility),
    /// Types C0h to FFh.
    Oem {
        /// Record type.
        type_id: u8,
        /// IANA enterprise number of who defines the data, 24 bits. The data of PICMG's, 315Ah,
        /// begins with a record ID.
        manufacturer: u32,
        /// The rest.
        data: Vec<u8>,
    },
    /// Any other type, or too short for its type.
    Other {
        /// Record type.
        type_id: u8,
        /// The data.
        data: Vec<u8>,
    },
}

impl MultiRecord {
    /// The version of the format that the definition prescribes.
    pub const VERSION: u8 = 2;
    /// The most data a record can have.
    pub const MAX: usize = 255;

    /// A record of type `type_id`.
    #[must_use]
    pub const fn new(type_id: u8, data: Vec<u8>) -> Self {
        Self { type_id, version: Self::VERSION, data, wrong_checksum: None }
    }

    /// What it says.
    #[must_use]
    pub fn content(&self) -> MultiRecordContent {
        let mut r = Reader::new(&self.data);
        let content = match self.type_id {
            0x00 => PowerSupply::decode(&mut r).map(MultiRecordContent::PowerSupply),
            0x01 | 0x09 => {
                let extended = self.type_id == 0x09;
                DcOutput::decode(&mut r, extended).map(MultiRecordContent::DcOutput)
            }
            0x02 | 0x0a => {
                let extended = self.type_id == 0x0a;
                DcLoad::decode(&mut r, extended).map(MultiRecordContent::DcLoad)
            }
            0x03 => ManagementAccess::decode(&mut r).map(MultiRecordContent::ManagementAccess),
            0x04 => Compatibility::decode(&mut r).map(MultiRecordContent::BaseCompatibility),
            0x05 => Compatibility::decode(&mut r).map(MultiRecordContent::ExtendedCompatibility),
            0xc0..=0xff => r.u24("manufacturer ID").map(|manufacturer| MultiRecordContent::Oem {
                type_id: self.type_id,
                manufacturer,
                data: r.take_rest().to_vec(),
            }),
            _ => Ok(self.other()),
        };
        content.unwrap_or_else(|_| self.other())
    }

    /// What its type is called.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self.type_id {
            0x00 => "power supply",
            0x01 => "DC output",
            0x02 => "DC load",
            0x03 => "management access",
            0x04 => "base compatibility",
            0x05 => "extended compatibility",
            0x06 => "ASF fixed SMBus device",
            0x07 => "ASF legacy-device alerts",
            0x08 => "ASF remote control",
            0x09 => "extended DC output",
            0x0a => "extended DC load",
            0x0b => "NVMe",
            0x0c => "NVMe PCIe port",
            0x0d => "NVMe topology",
            0xc0..=0xff => "OEM",
            _ => "reserved",
        }
    }

    /// Whether its checksum fits its data.
    #[must_use]
    pub const fn is_intact(&self) -> bool {
        self.wrong_checksum.is_none()
    }

    fn other(&self) -> MultiRecordContent {
        MultiRecordContent::Other { type_id: self.type_id, data: self.data.clone() }
    }

    fn encode(&self, index: usize, last: bool, out: &mut Vec<u8>) -> Result<(), FruError> {
        let Ok(length) = u8::try_from(self.data.len()) else {
            return Err(FruError::RecordTooLong { index, length: self.data.len() });
        };
        let sum = self.wrong_checksum.unwrap_or_else(|| checksum(&self.data));
        let flags = (u8::from(last) << 7) | (self.version & 0x0f);
        let header = [self.type_id, flags, length, sum];
        out.extend(header);
        out.push(checksum(&header));
        out.extend(&self.data);
        Ok(())
    }
}

impl From<MultiRecordContent> for MultiRecord {
    fn from(content: MultiRecordContent) -> Self {
        match content {
            MultiRecordContent::PowerSupply(supply) => Self::new(0x00, supply.to_bytes()),
            MultiRecordContent::DcOutput(output) => {
                Self::new(if output.extended { 0x09 } else { 0x01 }, output.to_bytes())
            }
            MultiRecordContent::DcLoad(load) => {
                Self::new(if load.extended { 0x0a } else { 0x02 }, load.to_bytes())
            }
            MultiRecordContent::ManagementAccess(access) => Self::new(0x03, access.to_bytes()),
            MultiRecordContent::BaseCompatibility(what) => Self::new(0x04, what.to_bytes()),
            MultiRecordContent::ExtendedCompatibility(what) => Self::new(0x05, what.to_bytes()),
            MultiRecordContent::Oem { type_id, manufacturer, data } => {
                let [a, b, c, _] = manufacturer.to_le_bytes();
                let data = [a, b, c].into_iter().chain(data).collect();
                Self::new(type_id, data)
            }
            MultiRecordContent::Other { type_id, data } => Self::new(type_id, data),
        }
    }
}

impl MultiRecords {
    /// These records.
    #[must_use]
    pub const fn new(records: Vec<MultiRecord>) -> Self {
        Self { records, unreadable: Vec::new() }
    }

    /// What comes after the records and cannot be told apart.
    #[must_use]
    pub fn unreadable(&self) -> &[u8] {
        &self.unreadable
    }

    /// No longer keeps what is known to be damaged as it is.
    pub(super) fn mend(&mut self) {
        self.unreadable.clear();
        for record in &mut self.records {
            record.wrong_checksum = None;
        }
    }

    /// Reads the records at the start of `bytes`; also tells how many bytes they take. Nothing
    /// if there are none.
    pub(super) fn decode(bytes: &[u8], faults: &mut Vec<FruFault>) -> (Option<Self>, usize) {
        let mut records = Vec::new();
        let mut r = Reader::new(bytes);
        loop {
            let rest = r.clone().take_rest();
            let used = bytes.len().saturating_sub(rest.len());
            let Some((record, last)) = next(&mut r, records.len(), faults) else {
                let unreadable = without_filling(rest).to_vec();
                if records.is_empty() && unreadable.is_empty() {
                    faults.push(FruFault::Unreadable(Area::MultiRecord));
                    return (None, bytes.len());
                }
                faults.push(FruFault::NoLastRecord);
                let used = used.saturating_add(unreadable.len());
                return (Some(Self { records, unreadable }), used);
            };
            records.push(record);
            if last {
                return (Some(Self::new(records)), bytes.len().saturating_sub(r.remaining()));
            }
        }
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, FruError> {
        let mut out = Vec::new();
        let count = self.records.len();
        for (index, record) in self.records.iter().enumerate() {
            let last = index.saturating_add(1) == count && self.unreadable.is_empty();
            record.encode(index, last, &mut out)?;
        }
        out.extend(&self.unreadable);
        Ok(out)
    }
}

/// Reads a record, and whether it is the last. None if there is none, or if its length cannot be
/// trusted, so that nobody knows where the next begins.
fn next(
    r: &mut Reader<'_>,
    index: usize,
    faults: &mut Vec<FruFault>,
) -> Option<(MultiRecord, bool)> {
    let header: [u8; 5] = r.array("multirecord header").ok()?;
    if header == [0; 5] || header == [0xff; 5] {
        return None;
    }
    let [type_id, flags, length, sum, _] = header;
    let header_holds = checksum(&header) == 0;
    let missing = usize::from(length).saturating_sub(r.remaining());
    let Ok(data) = r.bytes("multirecord", length.into()) else {
        faults.push(FruFault::RecordCut { index, missing });
        return None;
    };
    let data_holds = checksum(data) == sum;
    let version = flags & 0x0f;
    if !header_holds {
        faults.push(FruFault::RecordHeader(index));
    }
    if !data_holds {
        faults.push(FruFault::RecordChecksum(index));
    }
    // Opal Kelly's EVB1006 forgets to mark its last record, and what follows is none. Nothing at
    // all proves nothing.
    let known = version == MultiRecord::VERSION;
    let believed = match (header_holds, data_holds) {
        (true, true) => known || !data.is_empty(),
        (true, false) => known,
        (false, true) => known && !data.is_empty(),
        (false, false) => false,
    };
    if !believed {
        return None;
    }
    let record = MultiRecord {
        type_id,
        version,
        data: data.to_vec(),
        wrong_checksum: (!data_holds).then_some(sum),
    };
    Some((record, flags & 0x80 != 0))
}
