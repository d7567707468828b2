//! What one model of BMC is, before it has lived: identity, sensors, what its log came with.

use ipmi_wire::cmd::app::DeviceId;
use ipmi_wire::sdr::Record;
use ipmi_wire::sel::SelRecord;

use crate::fru::FruDevice;
use crate::sensors::Plan;

/// The plain data that a BMC is built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Personality {
    /// The answer to Get Device ID.
    pub device_id: DeviceId,
    /// What the managed machine is called.
    pub product: Product,
    /// The sensor data records, in order: what the controller measures, and what it tells of that.
    pub sdrs: Vec<Record>,
    /// How the sensors are scanned.
    pub sensors: Plan,
    /// Where the records are found.
    pub records_in: RecordsIn,
    /// When the SDR repository was last changed, in seconds since 1970. Consoles keep a copy of the
    /// repository as long as this is what it was, so it belongs to the records, not to a start.
    pub sdrs_built: u32,
    /// The events that are in the SEL at first, oldest first. An event without a record ID (0, from
    /// the factory) gets one from the log; one with an ID (kept from before) keeps it.
    pub events: Vec<SelRecord>,
    /// Inventory devices.
    pub inventory: Vec<FruDevice>,
}

/// Where a controller keeps its sensor data records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RecordsIn {
    /// In an SDR repository, which can be changed.
    #[default]
    Repository,
    /// In itself: Device SDRs, fixed. It has no repository.
    Device,
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
