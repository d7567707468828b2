//! Inventory specimens: every area and kind of record, every encoding, and two that have seen
//! better days.

use ipmi_bmc::FruDevice;
use ipmi_wire::fru::{
    Board, Chassis, ChassisType, Compatibility, DcLoad, DcOutput, Field, FieldError, Fru, Language,
    ManagementAccess, ManagementAccessKind, ManufacturingDate, MultiRecordContent, MultiRecords,
    PowerSupply, Product,
};

use crate::personality::supply::supply_750;

/// What a device holds, or why it cannot.
type Contents = Result<Vec<u8>, Box<dyn std::error::Error>>;

/// Bytes of each device.
const SIZE: u16 = 512;
/// 2026-01-15 12:00 UTC in minutes since 1996.
const MADE: ManufacturingDate = ManufacturingDate(15_800_400);
/// French, for what is not English.
const FRENCH: Language = Language(14);

/// Devices 0 to 4.
pub(super) fn devices() -> Vec<FruDevice> {
    // A test holds all of them to what can be encoded.
    let whole = whole().unwrap_or_default();
    let mut damaged = packed().unwrap_or_default();
    // The last byte of the board area is its checksum.
    if let Some(byte) = board_checksum(&damaged).and_then(|at| damaged.get_mut(at)) {
        *byte = byte.wrapping_add(1);
    }
    let contents =
        [whole, packed().unwrap_or_default(), supply().unwrap_or_default(), damaged, Vec::new()];
    (0u8..)
        .zip(contents)
        .map(|(id, contents)| FruDevice { id, size: SIZE, contents, write_protected: false })
        .collect()
}

/// Where the board area's checksum is.
fn board_checksum(fru: &[u8]) -> Option<usize> {
    let start = usize::from(*fru.get(3)?).checked_mul(8)?;
    let length = usize::from(*fru.get(start.checked_add(1)?)?).checked_mul(8)?;
    start.checked_add(length)?.checked_sub(1)
}

/// All areas.
fn whole() -> Contents {
    let mut fru = Fru::new();
    fru.internal_use = Some(vec![1, b'l', b'a', b'n', b't', b'e', b'r', b'n']);
    fru.chassis = Some(
        Chassis::new(ChassisType::RACK_MOUNT)
            .with(Chassis::PART_NUMBER, "LN-CHASSIS")?
            .with(Chassis::SERIAL_NUMBER, "C0001")?
            .with(2, "a field of its own")?,
    );
    fru.board = Some(
        Board::new(MADE)
            .with(Board::MANUFACTURER, "Lantern")?
            .with(Board::PRODUCT_NAME, "Specimen Cabinet")?
            .with(Board::SERIAL_NUMBER, "B0001")?
            .with(Board::PART_NUMBER, "LN-BOARD")?
            .with(Board::FRU_FILE_ID, "specimens.bin")?,
    );
    fru.product = Some(
        Product::new()
            .with(Product::MANUFACTURER, "Lantern")?
            .with(Product::NAME, "Specimen Cabinet")?
            .with(Product::PART_NUMBER, "LN-SPECIMENS")?
            .with(Product::VERSION, "1.0")?
            .with(Product::SERIAL_NUMBER, "P0001")?
            .with(Product::ASSET_TAG, "in the dark gallery")?
            .with(Product::FRU_FILE_ID, "specimens.bin")?,
    );
    let access = |kind, text: &str| {
        MultiRecordContent::ManagementAccess(ManagementAccess {
            kind,
            data: text.as_bytes().to_vec(),
        })
    };
    let records = [
        access(ManagementAccessKind::new(1), "http://192.0.2.1/"),
        access(ManagementAccessKind::new(2), "Specimen Cabinet"),
        MultiRecordContent::BaseCompatibility(Compatibility {
            manufacturer: super::DOCUMENTATION_USE,
            entity_id: 0x07,
            base: 1,
            first_code: 1,
            mask: vec![0x05],
        }),
        MultiRecordContent::ExtendedCompatibility(Compatibility {
            manufacturer: super::DOCUMENTATION_USE,
            entity_id: 0x0b,
            base: 2,
            first_code: 9,
            mask: vec![0x80],
        }),
        MultiRecordContent::Oem {
            type_id: 0xc0,
            manufacturer: super::DOCUMENTATION_USE,
            data: vec![1, 2, 3, 4],
        },
    ];
    fru.multirecords = Some(MultiRecords::new(records.map(Into::into).to_vec()));
    Ok(fru.encode(Some(SIZE.into()))?)
}

/// Packed encodings, and another language.
fn packed() -> Contents {
    let mut fru = Fru::new();
    let mut board = Board::new(ManufacturingDate::UNSPECIFIED);
    board.fields.set(Board::MANUFACTURER, six_bit("LANTERN!")?);
    board.fields.set(Board::SERIAL_NUMBER, bcd("2026-11.22")?);
    board.fields.set(Board::PART_NUMBER, Field::binary(vec![0xde, 0xad, 0xbe, 0xef])?);
    fru.board = Some(board);
    let mut product = Product::new();
    product.language = FRENCH;
    fru.product = Some(
        product
            .with(Product::MANUFACTURER, "Lanterne")?
            .with(Product::NAME, "Lumi\u{e8}re")?
            .with(Product::SERIAL_NUMBER, "P0002")?,
    );
    Ok(fru.encode(Some(SIZE.into()))?)
}

/// A power supply.
fn supply() -> Contents {
    let mut fru = Fru::new();
    fru.product = Some(
        Product::new()
            .with(Product::MANUFACTURER, "Lantern")?
            .with(Product::NAME, "Supply 750")?
            .with(Product::PART_NUMBER, "LN-PSU-750")?
            .with(Product::SERIAL_NUMBER, "S0001")?,
    );
    let records = [
        MultiRecordContent::PowerSupply(PowerSupply {
            peak_va: 900,
            fan_threshold: 25,
            ..supply_750()
        }),
        MultiRecordContent::DcOutput(DcOutput {
            extended: false,
            number: 1,
            standby: false,
            coarse: false,
            nominal_voltage: 1_200,
            lowest_voltage: 1_140,
            highest_voltage: 1_260,
            ripple: 120,
            min_current: 500,
            max_current: 62_000,
        }),
        MultiRecordContent::DcOutput(DcOutput {
            extended: false,
            number: 2,
            standby: true,
            coarse: false,
            nominal_voltage: -1_200,
            lowest_voltage: -1_320,
            highest_voltage: -1_080,
            ripple: 120,
            min_current: 0,
            max_current: 2_000,
        }),
        MultiRecordContent::DcLoad(DcLoad {
            extended: false,
            number: 1,
            coarse: false,
            nominal_voltage: 1_200,
            lowest_voltage: 1_140,
            highest_voltage: 1_260,
            ripple: 120,
            min_current: 100,
            max_current: 20_000,
        }),
    ];
    fru.multirecords = Some(MultiRecords::new(records.map(Into::into).to_vec()));
    Ok(fru.encode(Some(SIZE.into()))?)
}

fn six_bit(text: &str) -> Result<Field, FieldError> {
    Field::encoded(ipmi_wire::fru::Encoding::SixBitAscii, text)
}

fn bcd(text: &str) -> Result<Field, FieldError> {
    Field::encoded(ipmi_wire::fru::Encoding::BcdPlus, text)
}
