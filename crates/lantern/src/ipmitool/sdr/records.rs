//! Records: the BMC's, or those of a file that `sdr dump` has made (`-S`).

use ipmi_wire::sdr::{Record, RecordHeader};

use crate::ipmitool::tool::{Failed, Tool};
use crate::ipmitool::word;

/// A record, and what it is read from: the original takes names and a few other things as they lie there.
#[derive(Clone, Debug)]
pub(in crate::ipmitool) struct Entry {
    pub(in crate::ipmitool) kind: u8,
    /// What follows the header.
    pub(in crate::ipmitool) body: Vec<u8>,
    pub(in crate::ipmitool) record: Record,
}

/// Kinds that the original keeps; it forgets all others as soon as it sees them.
const KEPT: [u8; 7] = [
    RecordHeader::FULL_SENSOR,
    RecordHeader::COMPACT_SENSOR,
    RecordHeader::EVENT_ONLY_SENSOR,
    RecordHeader::ENTITY_ASSOCIATION,
    RecordHeader::GENERIC_DEVICE_LOCATOR,
    RecordHeader::FRU_DEVICE_LOCATOR,
    RecordHeader::MC_DEVICE_LOCATOR,
];

/// The longest name that is shown.
const NAME: usize = 16;

impl Entry {
    fn new(bytes: &[u8]) -> Option<Self> {
        let kind = *bytes.get(3)?;
        KEPT.contains(&kind).then_some(())?;
        let record = Record::decode(bytes).ok()?;
        let body = bytes.get(RecordHeader::LEN..)?.to_vec();
        Some(Self { kind, body, record })
    }

    /// The type/length byte of the name; 0 if there is no name.
    fn id_code(&self) -> u8 {
        self.id_place().and_then(|place| self.body.get(place)).copied().unwrap_or(0)
    }

    const fn id_place(&self) -> Option<usize> {
        Some(match self.kind {
            RecordHeader::FULL_SENSOR => 42,
            RecordHeader::COMPACT_SENSOR => 26,
            RecordHeader::EVENT_ONLY_SENSOR => 11,
            RecordHeader::GENERIC_DEVICE_LOCATOR
            | RecordHeader::FRU_DEVICE_LOCATOR
            | RecordHeader::MC_DEVICE_LOCATOR => 10,
            _ => return None,
        })
    }

    /// At most so many bytes of the name, whatever its encoding; it ends where C's strings end.
    fn id(&self, most: usize) -> &[u8] {
        let place = self.id_place().and_then(|place| place.checked_add(1));
        let id = place.and_then(|place| self.body.get(place..)).unwrap_or_default();
        let id = id.get(..most).unwrap_or(id);
        id.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    /// The length of the name as its first byte has it.
    fn id_length(&self) -> usize {
        usize::from(self.id_code() & 0x1f)
    }

    /// The name of a sensor that can be read.
    pub(in crate::ipmitool) fn name(&self) -> String {
        latin(self.id(self.id_length().min(NAME)))
    }

    /// The name of anything else: the original takes one byte more, if there is any.
    pub(in crate::ipmitool) fn label(&self) -> String {
        match self.id_code() {
            0 => String::new(),
            _ => latin(self.id(self.id_length().saturating_add(1).min(NAME))),
        }
    }

    /// All that is there of the name.
    pub(in crate::ipmitool) fn whole_name(&self) -> String {
        latin(self.id(usize::MAX))
    }

    /// Whether it has this name.
    pub(in crate::ipmitool) fn is_called(&self, name: &str) -> bool {
        let name = word::bytes(name);
        let compared = self.id_length().max(name.len());
        self.id_place().is_some() && self.id(compared) == &*name
    }
}

/// Bytes as characters of the same number, so that they can be filled up to a width; see
/// [`put`](super::Sdr::put).
pub(in crate::ipmitool) fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The records: those of the file if there is one that can be opened, else the BMC's.
pub(in crate::ipmitool) async fn entries(tool: &Tool) -> Result<Vec<Entry>, Failed> {
    match tool.options.sdr_file.as_deref().and_then(|path| of_file(tool, path)) {
        Some(entries) => Ok(entries),
        None => entries_of_bmc(tool).await,
    }
}

/// The BMC's records, whatever file there is.
pub(in crate::ipmitool) async fn entries_of_bmc(tool: &Tool) -> Result<Vec<Entry>, Failed> {
    let dump = dump_of_bmc(tool).await?;
    let records = ipmi_client::sdr::parse_dump(&dump).unwrap_or_default();
    Ok(records.iter().filter_map(|bytes| Entry::new(bytes)).collect())
}

/// The BMC's records, one after the other.
pub(super) async fn dump_of_bmc(tool: &Tool) -> Result<Vec<u8>, Failed> {
    let set = match tool.bmc() {
        Ok(bmc) => bmc.sdrs().await,
        Err(Failed) => {
            tool.error("Unable to open SDR for reading");
            return Err(Failed);
        }
    };
    let set = set.inspect(|set| tool.look_at("Sensor data records", set.ending()));
    set.map(|set| set.dump()).map_err(|error| {
        tool.info(&error.to_string());
        tool.error("Unable to open SDR for reading");
        Failed
    })
}

/// The records of a file, as far as it can be understood.
fn of_file(tool: &Tool, path: &str) -> Option<Vec<Entry>> {
    let Ok(content) = std::fs::read(word::path(path)) else {
        tool.error(&format!("Unable to open SDR cache {path} for reading"));
        return None;
    };
    let mut entries = Vec::new();
    let mut rest = content.as_slice();
    while let [first, second, version, kind, length, behind @ ..] = rest {
        if *length == 0 {
            rest = behind;
            continue;
        }
        if !matches!(version, 0x01 | 0x02 | 0x51) {
            tool.error(&format!("invalid sdr header version {version:02x}"));
            break;
        }
        let length = usize::from(*length);
        let Some((body, next)) = behind.split_at_checked(length) else {
            let (id, is) = (u16::from_le_bytes([*first, *second]), behind.len());
            tool.error(&format!("record {id:04x} read {is} bytes, expected {length}"));
            break;
        };
        rest = next;
        if KEPT.contains(kind) {
            let header = [*first, *second, *version, *kind, body.len().to_le_bytes()[0]];
            entries.extend(Entry::new(&[&header, body].concat()));
        }
    }
    Some(entries)
}
