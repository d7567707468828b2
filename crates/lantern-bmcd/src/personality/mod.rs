//! What the daemon's machines are: their sensors, their SDRs, their identity, their past.

use ipmi_wire::sdr::Record;

pub mod reference;
pub mod sensors;
pub mod specimens;
mod supply;

/// When a repository with these records was last changed, in seconds since 1970.
///
/// Consoles keep copies of a repository and believe them for as long as this time is what it was.
/// What they need of it is that other records have another time and the same ones the same, at
/// every start and on every machine; so the records themselves make it: some second of the first
/// hundred days of 2026.
#[must_use]
pub fn built(records: &[Record]) -> u32 {
    const NEW_YEAR_2026: u32 = 1_767_225_600;
    const HUNDRED_DAYS: u32 = 100 * 86_400;
    // FNV-1a: nobody gains from a collision.
    let bytes = records.iter().flat_map(Record::to_bytes);
    let hash = bytes
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    NEW_YEAR_2026 + hash % HUNDRED_DAYS
}
