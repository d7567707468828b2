//! FRU information of real makers: what can be read is read, what is wrong is named, and an edit
//! changes nothing but what it says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::path::PathBuf;

use ipmi_wire::fru::{
    Area, Board, Chassis, ChassisType, Encoding, Field, FieldError, Fru, FruError, FruFault,
    Language, ManufacturingDate, MultiRecord, MultiRecordContent, MultiRecords, Product,
};
use proptest::prelude::*;

const ALL: [&str; 10] = [
    "adi-fmcomms1",
    "asrock-rack",
    "creotech-afc",
    "frugy-demo",
    "google-gprods",
    "google-leaflock",
    "google-spicy16",
    "openbmc-akita",
    "samsung-dimm",
    "xilinx-smk-k26",
];

fn bytes(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/fru");
    let text = std::fs::read_to_string(path.join(format!("{name}.hex"))).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let words = lines.flat_map(str::split_whitespace);
    words.map(|word| u8::from_str_radix(word, 16).unwrap()).collect()
}

fn read(name: &str) -> (Fru, Vec<FruFault>) {
    Fru::decode(&bytes(name)).unwrap()
}

fn texts(fru: &Fru, area: Area) -> Vec<String> {
    let count = fru.fields(area).unwrap().len();
    (0..count).map(|index| fru.text(area, index).unwrap()).collect()
}

#[test]
fn an_fmc_of_analog_devices() {
    let (fru, faults) = read("adi-fmcomms1");
    assert_eq!(faults, []);
    let board = fru.board.as_ref().unwrap();
    assert_eq!(
        texts(&fru, Area::Board),
        ["Analog Devices", "FMC Comms 1", "d463212", "AD-FMCOMMS1-EBZ", "", "B"]
    );
    // 2013-01-18 00:46:00 UTC.
    assert_eq!((board.language, board.manufactured.unix()), (Language(25), Some(1_358_469_960)));
    let records = &fru.multirecords.as_ref().unwrap().records;
    let kinds: Vec<_> = records.iter().map(MultiRecord::type_name).collect();
    let [load, output] = ["DC load", "DC output"];
    assert_eq!(kinds, [load, load, load, output, output, output, "OEM", "OEM"]);
    let MultiRecordContent::DcLoad(p12v) = records[2].content() else { panic!("{records:?}") };
    assert_eq!((p12v.number, p12v.nominal_voltage, p12v.milliamperes()), (2, 1200, (0, 1000)));
    // VITA's, with its own record type first: 57.1 §5.5.1.
    let MultiRecordContent::Oem { manufacturer, data, .. } = records[6].content() else { panic!() };
    assert_eq!((manufacturer, data[0]), (0x12a2, 0));
}

#[test]
fn a_wrong_checksum_costs_nothing_but_a_fault() {
    let (fru, faults) = read("asrock-rack");
    assert_eq!(faults, [FruFault::Checksum(Area::Board)]);
    assert_eq!(fru.text(Area::Board, Board::MANUFACTURER).unwrap(), "ASRockRack");
    assert_eq!(fru.text(Area::Product, Product::MANUFACTURER).unwrap(), "ASRockRack");
}

#[test]
fn a_device_that_was_read_in_part() {
    let (fru, faults) = read("creotech-afc");
    let expected = [
        FruFault::Checksum(Area::Product),
        FruFault::MissingEndMark(Area::Product),
        FruFault::Unreadable(Area::MultiRecord),
    ];
    assert_eq!(faults, expected);
    let board = ["Creotech-Atmos", "AFC:3.1", "CN00078", "AFC", "AFCFRU"];
    assert_eq!(texts(&fru, Area::Board), board);
    assert_eq!(texts(&fru, Area::Product)[..2], ["CNPEM", ""]);
}

#[test]
fn a_chassis_alone() {
    let (fru, faults) = read("frugy-demo");
    assert_eq!(faults, []);
    let chassis = fru.chassis.as_ref().unwrap();
    assert_eq!(chassis.chassis_type, ChassisType::RACK_MOUNT);
    assert_eq!(texts(&fru, Area::Chassis), ["4711", "12345"]);
    let (empty, faults) = read("openbmc-akita");
    assert_eq!((texts(&empty, Area::Chassis), faults), (vec![String::new(); 2], vec![]));
}

#[test]
fn texts_end_at_their_nul() {
    let (fru, faults) = read("google-gprods");
    assert_eq!((texts(&fru, Area::Board)[..2].join(" "), faults), ("gmaker gprods".into(), vec![]));
    let (fru, faults) = read("google-spicy16");
    assert_eq!((texts(&fru, Area::Board)[1].as_str(), faults), ("Spicy16", vec![]));
}

#[test]
fn a_missing_end_mark_is_named_and_filling_is_no_field() {
    let (fru, faults) = read("google-leaflock");
    assert_eq!(faults, [FruFault::MissingEndMark(Area::Board)]);
    let board = ["gmaker", "LeafLock", "PFLQSH123900011", "42000311-01", ""];
    assert_eq!(texts(&fru, Area::Board), board);
}

#[test]
fn a_dimm_with_binary_fields() {
    let (fru, faults) = read("samsung-dimm");
    assert_eq!(faults, []);
    let product = texts(&fru, Area::Product);
    assert_eq!(product[..5], ["ce80", "0c", "M393A4K40BB2-CTD    ", "00", "3447b1ae"]);
    let serial = fru.fields(Area::Product).unwrap().get(Product::SERIAL_NUMBER).unwrap();
    assert_eq!((serial.encoding(), serial.as_bytes().len()), (Encoding::Binary, 4));
}

#[test]
fn custom_fields_and_an_area_past_the_end() {
    let (fru, faults) = read("xilinx-smk-k26");
    assert_eq!(faults, [FruFault::BeyondEnd { area: Area::MultiRecord, offset: 104 }]);
    let board = texts(&fru, Area::Board);
    assert_eq!(board[..4], ["XILINX", "SMK-K26-XCL2G", "XFL1T31H1FIC", "5057-01  "]);
    // The revision, the PCIe IDs and the UUID.
    assert_eq!(board[5..], ["1", "10ee000000000000", "d889ddee30fd44f3b1c05ed70c6ae344"]);
    // What is past the end must not be overwritten, as nobody has read it.
    let mut fru = fru;
    fru.set_field(Area::Board, 8, "a field too many").unwrap();
    assert_eq!(fru.encode(None), Err(FruError::Unread(Area::MultiRecord)));
}

#[test]
fn what_is_not_changed_stays_as_it_is() {
    for name in ALL {
        let original = bytes(name);
        let (fru, _) = read(name);
        let same = fru.encode(Some(original.len())).unwrap();
        assert_eq!(same, original, "{name}");
        assert_eq!(Fru::decode(&same).unwrap().0, fru, "{name}");
    }
}

#[test]
fn mended_contents_have_no_faults_left() {
    for name in ALL {
        let (mut fru, _) = read(name);
        fru.mend();
        let (again, faults) = Fru::decode(&fru.encode(None).unwrap()).unwrap();
        assert_eq!((again, faults), (fru, vec![]), "{name}");
    }
}

#[test]
fn an_edit_that_fits_moves_nothing() {
    let original = bytes("adi-fmcomms1");
    let (mut fru, _) = read("adi-fmcomms1");
    fru.set_field(Area::Board, Board::SERIAL_NUMBER, "d463213").unwrap();
    let edited = fru.encode(Some(original.len())).unwrap();
    let differing = edited.iter().zip(&original).enumerate().filter(|(_, (a, b))| a != b);
    // The last digit, and the checksum.
    assert_eq!(differing.map(|(at, _)| at).collect::<Vec<_>>(), [0x30, 0x47]);
}

#[test]
fn an_edit_that_does_not_fit_moves_what_is_behind() {
    let original = bytes("adi-fmcomms1");
    let (mut fru, _) = read("adi-fmcomms1");
    fru.set_field(Area::Board, Board::SERIAL_NUMBER, "d463212-0001").unwrap();
    let edited = fru.encode(Some(256)).unwrap();
    assert_eq!(edited.len(), 256);
    // Eight bytes more for the board, so the multirecords are eight bytes further on.
    assert_eq!(edited[5], original[5] + 1);
    assert_eq!(edited[0x50..0xd5], original[0x48..0xcd]);
    assert_eq!(edited[0xd5..], original[0xd5..]);
    let (again, faults) = Fru::decode(&edited).unwrap();
    assert_eq!((again, faults), (fru, vec![]));
}

#[test]
fn what_does_not_fit_into_the_device_is_refused() {
    let (mut fru, _) = read("frugy-demo");
    fru.set_field(Area::Chassis, Chassis::SERIAL_NUMBER, "0123456789abcdef").unwrap();
    assert_eq!(fru.encode(Some(24)), Err(FruError::TooLarge { needed: 40, size: 24 }));
    assert_eq!(fru.encode(Some(40)).unwrap().len(), 40);
}

#[test]
fn a_blank_area_gives_way() {
    let (mut fru, _) = read("creotech-afc");
    let custom = "x".repeat(60);
    fru.set_field(Area::Product, Product::SERIAL_NUMBER, &custom).unwrap();
    let edited = fru.encode(Some(220)).unwrap();
    assert_eq!((edited.len(), edited[4], edited[5]), (220, 8, 0));
    let (again, faults) = Fru::decode(&edited).unwrap();
    assert_eq!((again, faults), (fru, vec![]));
}

#[test]
fn gaps_are_given_up_only_when_there_is_no_other_room() {
    let mut fru = Fru::new();
    fru.chassis = Some(Chassis::new(ChassisType::RACK_MOUNT));
    fru.board = Some(Board::new(ManufacturingDate::UNSPECIFIED));
    let mut image = fru.encode(None).unwrap();
    assert_eq!(image.len(), 8 + 8 + 16);
    // Move the board one unit down: a gap of eight bytes.
    image.splice(16..16, [0; 8]);
    image[3] += 1;
    image[7] -= 1;
    let (mut fru, faults) = Fru::decode(&image).unwrap();
    assert_eq!(faults, []);
    fru.set_field(Area::Chassis, 0, "1234").unwrap();
    let edited = fru.encode(Some(40)).unwrap();
    assert_eq!((edited[2], edited[3], edited[9]), (1, 3, 2));
    fru.set_field(Area::Board, 0, "12345678").unwrap();
    assert_eq!(fru.encode(Some(48)).unwrap()[3], 3);
    let (mut fru, _) = Fru::decode(&image).unwrap();
    fru.set_field(Area::Board, 0, "12345678").unwrap();
    let edited = fru.encode(Some(40)).unwrap();
    assert_eq!((edited.len(), edited[3]), (40, 2));
    assert_eq!(Fru::decode(&edited).unwrap(), (fru, vec![]));
}

#[test]
fn fields_are_found_by_number() {
    let (mut fru, _) = read("frugy-demo");
    fru.set_field(Area::Chassis, 2, "first of the maker's own").unwrap();
    assert_eq!(texts(&fru, Area::Chassis).len(), 3);
    let refused = fru.set_field(Area::Chassis, 4, "x").unwrap_err();
    assert_eq!(refused, FruError::NoField { area: Area::Chassis, index: 4, count: 3 });
    assert_eq!(fru.set_field(Area::Board, 0, "x"), Err(FruError::NoArea(Area::Board)));
    assert_eq!(fru.set_field(Area::MultiRecord, 0, ""), Err(FruError::NoArea(Area::MultiRecord)));
    let refused = fru.set_field(Area::Chassis, 0, &"x".repeat(64)).unwrap_err();
    let too_long =
        FruError::Field { area: Area::Chassis, index: 0, source: FieldError::TooLong(64) };
    assert_eq!(refused, too_long);
    // Dell's R610 ends the fields early: those it leaves out can be set all the same.
    fru.product = Some(Product { language: Language::ENGLISH, fields: Default::default() });
    fru.set_field(Area::Product, Product::ASSET_TAG, "rack 7").unwrap();
    assert_eq!(texts(&fru, Area::Product).len(), 6);
    let (again, faults) = Fru::decode(&fru.encode(None).unwrap()).unwrap();
    assert_eq!(again, fru);
    assert_eq!(faults, [FruFault::EarlyEnd { area: Area::Product, fields: 6 }]);
    assert!(faults[0].is_harmless());
}

#[test]
fn only_the_common_header_is_indispensable() {
    assert_eq!(Fru::decode(&[1; 7]).unwrap_err(), FruError::TooShort(7));
    assert_eq!(Fru::decode(&[0xff; 256]).unwrap_err(), FruError::Blank);
    assert_eq!(Fru::decode(&[0; 256]).unwrap_err(), FruError::Blank);
    // github.com/ipmitool/ipmitool/issues/256; and a DDR4 SPD, issues/242.
    let bad = [0, 0, 0, 0, 0, 0, 0, 0xfa, 0xc1];
    assert_eq!(Fru::decode(&bad).unwrap_err(), FruError::Version(0));
    let spd = [0x23, 0x11, 0x0c, 0x01, 0x84, 0x21, 0x00, 0x08];
    assert_eq!(Fru::decode(&spd).unwrap_err(), FruError::Version(3));
    let mut header = bytes("frugy-demo");
    header[7] ^= 1;
    let (fru, faults) = Fru::decode(&header).unwrap();
    assert_eq!((fru, faults), (read("frugy-demo").0, vec![FruFault::HeaderChecksum]));
}

#[test]
fn lengths_that_lie_end_at_the_next_area() {
    let whole = bytes("asrock-rack");
    let (expected, _) = read("asrock-rack");
    for (length, fault) in [
        (0x00, FruFault::ZeroLength(Area::Board)),
        (0x04, FruFault::WrongLength(Area::Board)),
        (0xff, FruFault::PastEnd { area: Area::Board, missing: 2040 - 56 }),
    ] {
        let mut bytes = whole.clone();
        bytes[9] = length;
        let (fru, faults) = Fru::decode(&bytes).unwrap();
        assert!(faults.contains(&fault), "{length:02x}: {faults:?}");
        assert_eq!(texts(&fru, Area::Board), texts(&expected, Area::Board));
        assert_eq!(fru.product, expected.product);
        assert_eq!(fru.encode(None).unwrap(), bytes);
    }
}

#[test]
fn areas_that_overlap_are_both_read() {
    let mut bytes = bytes("asrock-rack");
    // Both at the same place.
    bytes[4] = 1;
    bytes[7] += 3;
    let (fru, faults) = Fru::decode(&bytes).unwrap();
    let overlap = FruFault::Overlap { area: Area::Board, other: Area::Product };
    assert!(faults.contains(&overlap), "{faults:?}");
    assert!(fru.board.is_some() && fru.product.is_some());
}

#[test]
fn records_are_kept_damaged_as_they_are() {
    let mut image = bytes("adi-fmcomms1");
    // The third record's data; the fifth one's header.
    image[0x72] ^= 0x40;
    image[0x92] ^= 0x40;
    let (mut fru, faults) = Fru::decode(&image).unwrap();
    let expected = [
        FruFault::RecordChecksum(2),
        FruFault::RecordHeader(4),
        FruFault::RecordCut { index: 4, missing: 0 },
    ];
    assert_eq!(faults[..2], expected[..2], "{faults:?}");
    let records = fru.multirecords.as_ref().unwrap();
    assert!(!records.records[2].is_intact());
    fru.set_field(Area::Board, Board::SERIAL_NUMBER, "d463212-0001").unwrap();
    let (again, later) = Fru::decode(&fru.encode(Some(256)).unwrap()).unwrap();
    assert_eq!((again, later), (fru, faults));
}

#[test]
fn picmg_records_keep_their_number() {
    // MicroTCA-Tech-Lab/frugy, tests/test_multirecords.py at 2584978: module current
    // requirements, 7.5 A.
    let bytes = [0xc0, 0x82, 0x06, 0x14, 0xa4, 0x5a, 0x31, 0x00, 0x16, 0x00, 0x4b];
    let mut fru = Fru::new();
    let data = vec![0x16, 0x00, 0x4b];
    let content = MultiRecordContent::Oem { type_id: 0xc0, manufacturer: 0x315a, data };
    fru.multirecords = Some(MultiRecords::new(vec![content.clone().into()]));
    let image = fru.encode(None).unwrap();
    assert_eq!(image[8..], bytes);
    let (again, faults) = Fru::decode(&image).unwrap();
    assert_eq!(faults, []);
    assert_eq!(again.multirecords.unwrap().records[0].content(), content);
}

#[test]
fn a_new_device() {
    let date = ManufacturingDate::from_unix(1_700_000_000).unwrap();
    let board = Board::new(date).with(Board::MANUFACTURER, "Lantern").unwrap();
    let product = Product::new().with(Product::NAME, "BMC").unwrap();
    let mut fru = Fru::new();
    fru.board = Some(board);
    fru.product = Some(product);
    let bytes = fru.encode(Some(64)).unwrap();
    assert_eq!(bytes.len() % 8, 0);
    assert_eq!(Fru::decode(&bytes).unwrap(), (fru.clone(), vec![]));
    assert_eq!(fru.encode(Some(40)), Err(FruError::TooLarge { needed: bytes.len(), size: 40 }));
}

fn field() -> impl Strategy<Value = Field> {
    prop_oneof![
        "[ -~]{0,20}".prop_map(|text| Field::new(&text, Language::ENGLISH).unwrap()),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(|data| Field::binary(data).unwrap()),
    ]
}

fn whole() -> impl Strategy<Value = Fru> {
    let fields = || proptest::collection::vec(field(), 0..4);
    let record = (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..40))
        .prop_map(|(type_id, data)| MultiRecord::new(type_id, data));
    (
        proptest::option::of(proptest::collection::vec(any::<[u8; 8]>(), 1..4)),
        proptest::option::of((1..=255u8, fields())),
        proptest::option::of((0..0x100_0000u32, fields())),
        proptest::option::of(fields()),
        proptest::option::of(proptest::collection::vec(record, 1..5)),
    )
        .prop_map(|(internal_use, chassis, board, product, records)| {
            let mut fru = Fru::new();
            fru.internal_use = internal_use.map(|units| units.concat());
            fru.chassis = chassis.map(|(number, fields)| {
                let mut chassis = Chassis::new(ChassisType(number));
                fields.into_iter().for_each(|field| chassis.fields.push(field));
                chassis
            });
            fru.board = board.map(|(date, fields)| {
                let mut board = Board::new(ManufacturingDate(date));
                fields.into_iter().for_each(|field| board.fields.push(field));
                board
            });
            fru.product = product.map(|fields| {
                let mut product = Product::new();
                fields.into_iter().for_each(|field| product.fields.push(field));
                product
            });
            fru.multirecords = records.map(MultiRecords::new);
            fru
        })
}

/// An area that has fields, one of its fields, and what to write there.
fn edit() -> impl Strategy<Value = (Area, usize, String)> {
    let area = prop_oneof![Just(Area::Chassis), Just(Area::Board), Just(Area::Product)];
    (area, 0..8usize, "[ -~]{0,63}")
}

proptest! {
    #[test]
    fn what_is_made_is_read_back_without_a_fault(fru in whole()) {
        let bytes = fru.encode(None).unwrap();
        if bytes.len() > 8 {
            prop_assert_eq!(Fru::decode(&bytes), Ok((fru, vec![])));
        }
    }

    #[test]
    fn an_edit_changes_that_field_alone(
        fru in whole(),
        gap in 0..64usize,
        filling in prop_oneof![Just(0u8), Just(0xff)],
        (area, index, text) in edit(),
        spare in 0..100usize,
    ) {
        let mut image = fru.encode(None).unwrap();
        // An internal use area goes up to the end: what is added would be its own.
        let last = fru.chassis.is_none() && fru.board.is_none() && fru.product.is_none();
        if !(last && fru.multirecords.is_none()) {
            image.resize(image.len() + gap, filling);
        }
        let (mut edited, faults) = Fru::decode(&image).unwrap();
        prop_assert_eq!((&edited, faults), (&fru, vec![]));
        if edited.set_field(area, index, &text).is_err() {
            prop_assert_eq!(&edited, &fru);
            return Ok(());
        }
        prop_assert_eq!(edited.text(area, index), Some(text));
        let size = image.len() + spare;
        match edited.encode(Some(size)) {
            Ok(bytes) => {
                prop_assert!(bytes.len() <= size);
                let (again, faults) = Fru::decode(&bytes).unwrap();
                prop_assert_eq!((&again, faults), (&edited, vec![]));
                for other in Area::ALL {
                    if other != area {
                        prop_assert_eq!(format!("{:?}", again.fields(other)), format!("{:?}", fru.fields(other)));
                    }
                }
                prop_assert_eq!((&again.internal_use, &again.multirecords), (&fru.internal_use, &fru.multirecords));
            }
            Err(FruError::TooLarge { needed, size: told }) => {
                prop_assert!(needed > size && told == size);
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn damage_is_neither_fatal_nor_spread_by_an_edit(
        vector in 0..ALL.len(),
        hits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        (area, index, text) in edit(),
    ) {
        let mut image = bytes(ALL[vector]);
        for (at, value) in hits {
            // Not the header: it decides where everything is.
            let at = 8 + at.index(image.len() - 8);
            image[at] = value;
        }
        let (mut fru, _) = Fru::decode(&image).unwrap();
        prop_assert_eq!(fru.encode(None).unwrap(), image);
        // Where records that cannot be told apart end, filling decides, which may move.
        let clear = fru.multirecords.as_ref().is_none_or(|m| m.unreadable().is_empty());
        if clear
            && fru.set_field(area, index, &text).is_ok()
            && let Ok(bytes) = fru.encode(None)
        {
            prop_assert_eq!(Fru::decode(&bytes).unwrap().0, fru);
        }
    }

    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = 1;
        }
        if let Ok((mut fru, faults)) = Fru::decode(&bytes) {
            let _ = format!("{fru:?} {faults:?}");
            prop_assert_eq!(fru.encode(Some(bytes.len())).unwrap(), bytes);
            fru.mend();
            let _ = fru.encode(None);
        }
    }
}
