//! FreeIPMI reads the FRU information that we write, without a complaint.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::path::PathBuf;

use ipmi_wire::fru::{
    Area, Board, Chassis, ChassisType, DcOutput, Encoding, Field, Fru, Language, ManagementAccess,
    ManagementAccessKind, ManufacturingDate, MultiRecordContent, MultiRecords, PowerSupply,
    PowerSupplyFlags, Product,
};
use lantern_testkit::peers::{PATIENCE, Peer};
use lantern_testkit::process;

/// What ipmi-fru prints of `bytes`.
fn read(peer: &Peer, name: &str, bytes: &[u8]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    let mut command = peer.command();
    command.arg("--fru-file").arg(&path);
    let output = process::run(&mut command, PATIENCE);
    let text = output.expect_success().to_owned();
    // It exits with 0 whatever it finds.
    assert!(!text.contains("Error"), "{name}:\n{text}");
    text
}

fn expect(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|other| other.trim() == *line), "no `{line}` in\n{text}");
    }
}

#[test]
fn every_area_and_the_common_encodings() {
    let Some(peer) = Peer::find("ipmi-fru") else { return };
    let mut fru = Fru::new();
    let chassis = Chassis::new(ChassisType::RACK_MOUNT);
    fru.chassis = Some(chassis.with(Chassis::SERIAL_NUMBER, "C-0001").unwrap());
    let date = ManufacturingDate::from_unix(1_700_000_000).unwrap();
    let mut board = Board::new(date)
        .with(Board::MANUFACTURER, "Lantern")
        .unwrap()
        // A single character, which must not become an end mark.
        .with(Board::PRODUCT_NAME, "x")
        .unwrap();
    board.fields.push(Field::binary(vec![0xbe, 0xef]).unwrap());
    fru.board = Some(board);
    let product = Product::new().with(Product::NAME, "Software BMC").unwrap();
    fru.product = Some(product.with(Product::ASSET_TAG, &"a".repeat(63)).unwrap());
    let supply = PowerSupply {
        capacity: 550,
        peak_va: 600,
        inrush_current: 35,
        inrush_interval: 5,
        input_voltage_1: (10_000, 24_000),
        input_voltage_2: (0, 0),
        input_frequency: (47, 63),
        dropout_tolerance: 12,
        flags: PowerSupplyFlags { hot_swap: true, ..PowerSupplyFlags::default() },
        peak_capacity: 600,
        hold_up_time: 10,
        combined_outputs: (2, 3),
        combined_capacity: 100,
        fan_threshold: 10,
    };
    let output = DcOutput {
        extended: false,
        number: 1,
        standby: true,
        coarse: false,
        nominal_voltage: -1200,
        lowest_voltage: -1260,
        highest_voltage: -1140,
        ripple: 120,
        min_current: 0,
        max_current: 1500,
    };
    let name = ManagementAccess { kind: ManagementAccessKind::SystemName, data: b"node7".to_vec() };
    let contents = [
        MultiRecordContent::PowerSupply(supply),
        MultiRecordContent::DcOutput(output),
        MultiRecordContent::ManagementAccess(name),
        MultiRecordContent::Oem { type_id: 0xc0, manufacturer: 0x315a, data: vec![0x16, 0, 0x4b] },
    ];
    fru.multirecords = Some(MultiRecords::new(contents.into_iter().map(Into::into).collect()));
    let text = read(&peer, "every-area", &fru.encode(Some(512)).unwrap());
    let asset_tag = format!("FRU Product Asset Tag: {}", "a".repeat(63));
    expect(
        &text,
        &[
            "FRU Chassis Type: Rack Mount Chassis",
            "FRU Chassis Serial Number: C-0001",
            "FRU Board Manufacturing Date/Time: 11/14/23 - 22:13:00",
            "FRU Board Manufacturer: Lantern",
            "FRU Board Product Name: x",
            "FRU Board Custom Info: BEh EFh",
            "FRU Product Name: Software BMC",
            &asset_tag,
            "FRU OEM Manufacturer ID: PICMG (315Ah)",
            "FRU OEM Data: 16h 00h 4Bh",
        ],
    );
    for word in ["550", "-12000", "1500", "node7"] {
        assert!(text.contains(word), "no {word} in\n{text}");
    }
}

#[test]
fn six_bit_text_is_kept_by_an_edit() {
    let Some(peer) = Peer::find("ipmi-fru") else { return };
    // By hand: a chassis whose part number is "IPMI" in 6-bit ASCII.
    let bytes = [
        0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0xfe, 0x01, 0x02, 0x17, 0x83, 0x29, 0xdc, 0xa6,
        0xc0, 0xc1, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x37,
    ];
    let (mut fru, faults) = Fru::decode(&bytes).unwrap();
    assert_eq!(faults, []);
    expect(&read(&peer, "six-bit", &bytes), &["FRU Chassis Part Number: IPMI"]);
    fru.set_field(Area::Chassis, Chassis::PART_NUMBER, "LANTERN-7").unwrap();
    fru.set_field(Area::Chassis, Chassis::SERIAL_NUMBER, "lower case").unwrap();
    let edited = fru.encode(Some(64)).unwrap();
    assert_eq!(edited[11] >> 6, 2);
    expect(
        &read(&peer, "six-bit-edited", &edited),
        &["FRU Chassis Part Number: LANTERN-7", "FRU Chassis Serial Number: lower case"],
    );
}

#[test]
fn mended_contents_of_real_devices() {
    let Some(peer) = Peer::find("ipmi-fru") else { return };
    let vectors = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors/fru");
    let mut count = 0;
    for entry in std::fs::read_dir(vectors).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "hex") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let words = lines.flat_map(str::split_whitespace);
        let bytes: Vec<u8> = words.map(|word| u8::from_str_radix(word, 16).unwrap()).collect();
        let (mut fru, _) = Fru::decode(&bytes).unwrap();
        fru.mend();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let printed = read(&peer, name, &fru.encode(None).unwrap());
        for (area, index) in [(Area::Board, Board::SERIAL_NUMBER), (Area::Product, Product::NAME)] {
            let field = fru.fields(area).and_then(|fields| fields.get(index));
            // It prints binary data in another way.
            let Some(field) = field.filter(|field| field.encoding() != Encoding::Binary) else {
                continue;
            };
            let text = field.text(Language::ENGLISH);
            assert!(printed.contains(text.trim_end()), "{name}: no `{text}` in\n{printed}");
        }
        count += 1;
    }
    assert!(count >= 8, "{count}");
}
