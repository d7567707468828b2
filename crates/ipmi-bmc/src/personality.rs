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
    /// The events that are in the SEL from the factory, oldest first. The log gives the record IDs.
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
