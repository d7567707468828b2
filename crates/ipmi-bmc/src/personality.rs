//! What one model of BMC is, before it has lived: identity, sensors, what its log came with.

use ipmi_wire::cmd::app::DeviceId;
use ipmi_wire::sdr::Record;
use ipmi_wire::sel::SelRecord;

/// The plain data that a BMC is built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Personality {
    /// The answer to Get Device ID.
    pub device_id: DeviceId,
    /// What the managed machine is called.
    pub product: Product,
    /// The SDR repository, in order. Record IDs are unique.
    pub sdrs: Vec<Record>,
    /// When the SDR repository was last changed, in seconds since 1970. Consoles keep a copy of the
    /// repository as long as this is what it was, so it belongs to the records, not to a start.
    pub sdrs_built: u32,
    /// The events that are in the SEL at first, oldest first. An event without a record ID (0, from
    /// the factory) gets one from the log; one with an ID (kept from before) keeps it.
    pub events: Vec<SelRecord>,
}

/// What a product is called, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Who makes it.
    pub manufacturer: String,
    /// Its name.
    pub name: String,
    /// Part or model number.
    pub part_number: String,
    /// Version.
    pub version: String,
}
