//! What the reference machine's inventory says: the machine itself, and its power supplies.

use ipmi_bmc::FruDevice;
use ipmi_wire::fru::{
    Board, Chassis, ChassisType, Fru, ManufacturingDate, MultiRecordContent, MultiRecords, Product,
};

use crate::personality::supply::supply_750;

/// What a device holds, or why it cannot.
type Contents = Result<Vec<u8>, Box<dyn std::error::Error>>;

/// Bytes of each device.
const SIZE: u16 = 1024;
/// 2026-01-15 12:00 UTC in minutes since 1996.
const MADE: ManufacturingDate = ManufacturingDate(15_800_400);

/// FRU device IDs of the power supplies.
pub(super) const SUPPLIES: [u8; 2] = [1, 2];

/// The devices, by ID.
pub(super) fn devices() -> Vec<FruDevice> {
    // A test holds all of them to what can be encoded.
    let machine = machine().unwrap_or_default();
    let supplies = SUPPLIES.map(|id| (id, supply(id).unwrap_or_default()));
    std::iter::once((0, machine))
        .chain(supplies)
        .map(|(id, contents)| FruDevice { id, size: SIZE, contents, write_protected: false })
        .collect()
}

fn machine() -> Contents {
    let mut fru = Fru::new();
    fru.chassis = Some(
        Chassis::new(ChassisType::RACK_MOUNT)
            .with(Chassis::PART_NUMBER, "LN-CH-2U")?
            .with(Chassis::SERIAL_NUMBER, "LNC00001")?,
    );
    fru.board = Some(
        Board::new(MADE)
            .with(Board::MANUFACTURER, "Lantern")?
            .with(Board::PRODUCT_NAME, "Reference Board")?
            .with(Board::SERIAL_NUMBER, "LNB00001")?
            .with(Board::PART_NUMBER, "LN-MB-2S")?,
    );
    fru.product = Some(
        Product::new()
            .with(Product::MANUFACTURER, "Lantern")?
            .with(Product::NAME, "Reference Server")?
            .with(Product::PART_NUMBER, "LN-REF-2S")?
            .with(Product::VERSION, env!("CARGO_PKG_VERSION"))?
            .with(Product::SERIAL_NUMBER, "LNS00001")?
            .with(Product::ASSET_TAG, "unassigned")?,
    );
    Ok(fru.encode(Some(SIZE.into()))?)
}

fn supply(id: u8) -> Contents {
    let mut fru = Fru::new();
    fru.product = Some(
        Product::new()
            .with(Product::MANUFACTURER, "Lantern")?
            .with(Product::NAME, "Power Supply 750 W")?
            .with(Product::PART_NUMBER, "LN-PSU-750")?
            .with(Product::SERIAL_NUMBER, &format!("LNP0000{id}"))?,
    );
    let record = MultiRecordContent::PowerSupply(supply_750());
    fru.multirecords = Some(MultiRecords::new(vec![record.into()]));
    Ok(fru.encode(Some(SIZE.into()))?)
}
