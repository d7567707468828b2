use std::sync::Arc;

use ipmi_wire::cmd::storage::WriteFruData;
use ipmi_wire::fru::{Area, Board, Fru, ManufacturingDate, Product};
use proptest::prelude::*;

use super::*;
use crate::fake::{Machine, code, full_sensor, is, lost, of};

const BUILTIN: FruId = FruId::new(0);

/// A board and a product on a device of `size` bytes, filled up as new ones are.
fn image(size: usize) -> Vec<u8> {
    let mut fru = Fru::new();
    let board = Board::new(ManufacturingDate::UNSPECIFIED)
        .with(Board::MANUFACTURER, "Lantern")
        .and_then(|board| board.with(Board::SERIAL_NUMBER, "L-0001"));
    fru.board = Some(board.unwrap());
    fru.product = Some(Product::new().with(Product::ASSET_TAG, "rack 12, unit 7").unwrap());
    let mut bytes = fru.encode(Some(size)).unwrap();
    bytes.resize(size, 0xff);
    bytes
}

/// That only this range differs.
fn changed(range: std::ops::Range<usize>) -> FruState {
    FruState::Changed(std::iter::once(range).collect())
}

fn machine(image: Vec<u8>) -> Arc<Machine> {
    let machine = Machine::new();
    machine.world().frus.insert(0, image);
    machine
}

#[tokio::test]
async fn a_device_is_read_in_the_largest_pieces_that_the_bmc_gives() {
    for (most, first, then) in [(255, 3, 3), (64, 6, 5), (32, 11, 9), (16, 20, 17), (8, 37, 33)] {
        let machine = machine(image(256));
        machine.world().fru_most = most;
        let bmc = machine.bmc();
        let read = bmc.read_fru(BUILTIN).await.unwrap().unwrap();
        assert_eq!((read.bytes, read.cut), (image(256), None));
        assert_eq!(machine.requests(), first, "{most}");
        bmc.read_fru(BUILTIN).await.unwrap();
        assert_eq!(machine.requests(), then, "{most}");
    }
}

#[tokio::test]
async fn what_is_on_a_device_needs_only_its_areas() {
    let machine = machine(image(2048));
    let bmc = machine.bmc();
    let read = bmc.read_fru_areas(BUILTIN).await.unwrap().unwrap();
    assert_eq!(machine.requests(), 2);
    let (fru, _) = Fru::decode(&read.bytes).unwrap();
    assert_eq!(fru.text(Area::Product, Product::ASSET_TAG).as_deref(), Some("rack 12, unit 7"));
    // Nothing on it.
    machine.world().frus.insert(0, vec![0xff; 2048]);
    bmc.read_fru_areas(BUILTIN).await.unwrap().unwrap();
    assert_eq!(machine.requests(), 2);
}

#[tokio::test]
async fn words_are_read_and_written_as_words() {
    let machine = machine(image(128));
    machine.world().fru_access = FruAccess::Words;
    machine.world().fru_most = 32;
    let bmc = machine.bmc();
    assert_eq!(bmc.read_fru(BUILTIN).await.unwrap().unwrap().bytes, image(128));
    bmc.edit_fru_field(BUILTIN, Area::Board, Board::SERIAL_NUMBER, "L-0002").await.unwrap();
    let (fru, faults) = Fru::decode(&machine.world().frus[&0]).unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(fru.text(Area::Board, Board::SERIAL_NUMBER).as_deref(), Some("L-0002"));
}

#[tokio::test(start_paused = true)]
async fn a_busy_device_is_waited_for() {
    let machine = machine(image(80));
    machine.world().fru_busy = 4;
    assert_eq!(machine.bmc().read_fru(BUILTIN).await.unwrap().unwrap().bytes, image(80));
}

#[tokio::test]
async fn a_device_that_is_not_there_is_no_error() {
    let bmc = Machine::new().bmc();
    assert_eq!(bmc.read_fru(FruId::new(7)).await.unwrap(), None);
    // CEh: Fujitsu's RX1330, which says so only when it is read.
    for refusal in [0xcb, 0xce] {
        let machine = machine(image(80));
        machine.hook(move |_, request| is::<ReadFruData>(request).then(|| Ok(code(refusal))));
        assert_eq!(machine.bmc().read_fru(BUILTIN).await.unwrap(), None, "{refusal:02x}");
    }
}

#[tokio::test]
async fn a_size_that_lies_gives_what_there_is() {
    let machine = machine(image(100));
    machine.world().fru_size = Some(4096);
    let bmc = machine.bmc();
    let read = bmc.read_fru(BUILTIN).await.unwrap().unwrap();
    assert_eq!((read.bytes, read.cut), (image(100), Some(CompletionCode::PARAMETER_OUT_OF_RANGE)));
    // The refusals were about the place, and have taught nothing about sizes.
    assert_eq!(bmc.memory().sizes.fru, 128);
    // A BMC that gives nothing and calls it success.
    machine.hook(|_, request| {
        let beyond = of::<ReadFruData>(request).is_some_and(|read| read.offset >= 100);
        beyond.then(|| Ok(ipmi_wire::Response { completion: CompletionCode::OK, data: vec![0] }))
    });
    let read = bmc.read_fru(BUILTIN).await.unwrap().unwrap();
    assert_eq!((read.bytes.len(), read.cut), (100, Some(CompletionCode::OK)));
    // Whoever writes has to know what is overwritten.
    let error = bmc.write_fru(BUILTIN, &[0; 10]).await.unwrap_err();
    assert!(matches!(error.failure, FruWriteFailure::Incomplete { read: 100, size: 4096 }));
    assert_eq!((error.state(), error.original), (FruState::Untouched, image(100)));
}

#[tokio::test]
async fn only_what_differs_is_written_and_the_header_last() {
    let machine = machine(image(256));
    let bmc = machine.bmc();
    bmc.edit_fru_field(BUILTIN, Area::Product, Product::ASSET_TAG, "rack 12, unit 8")
        .await
        .unwrap();
    // One character, and the area's checksum.
    assert_eq!(machine.count::<WriteFruData>(), 2);
    bmc.edit_fru_field(BUILTIN, Area::Product, Product::ASSET_TAG, "rack 12, unit 8")
        .await
        .unwrap();
    assert_eq!(machine.count::<WriteFruData>(), 2, "nothing to change");
    machine.requests();
    bmc.write_fru(BUILTIN, &vec![0xaa; 256]).await.unwrap();
    let offsets: Vec<_> = machine
        .world()
        .requests
        .iter()
        .filter_map(|request| of::<WriteFruData>(request).map(|write| write.offset))
        .collect();
    assert_eq!(offsets.len(), 16);
    assert_eq!(machine.world().frus[&0], vec![0xaa; 256]);
    // A longer text moves what is behind it; the header says where to.
    machine.world().frus.insert(0, image(256));
    machine.requests();
    let long = "a serial number that does not fit where the old one was";
    bmc.edit_fru_field(BUILTIN, Area::Board, Board::SERIAL_NUMBER, long).await.unwrap();
    let world = machine.world();
    let last = world.requests.iter().rev().find_map(of::<WriteFruData>).unwrap();
    assert_eq!(last.offset, 4, "the product area's place in the header");
    let (fru, faults) = Fru::decode(&world.frus[&0]).unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(fru.text(Area::Board, Board::SERIAL_NUMBER).as_deref(), Some(long));
    assert_eq!(fru.text(Area::Product, Product::ASSET_TAG).as_deref(), Some("rack 12, unit 7"));
}

#[tokio::test]
async fn an_image_shorter_than_the_device_leaves_the_rest() {
    let machine = machine(vec![0x11; 64]);
    machine.bmc().write_fru(BUILTIN, &[0x22; 40]).await.unwrap();
    assert_eq!(machine.world().frus[&0], [vec![0x22; 40], vec![0x11; 24]].concat());
    let error = machine.bmc().write_fru(BUILTIN, &[0; 65]).await.unwrap_err();
    assert!(matches!(error.failure, FruWriteFailure::TooLarge { wanted: 65, size: 64 }));
    let error = machine.bmc().write_fru(FruId::new(9), &[0]).await.unwrap_err();
    assert!(matches!(error.failure, FruWriteFailure::Absent(_)));
}

#[tokio::test]
async fn a_device_that_does_not_keep_what_it_is_given_is_found_out() {
    let machine = machine(vec![0x11; 64]);
    machine.world().fru_protected_from = Some(20);
    let error = machine.bmc().write_fru(BUILTIN, &[0x22; 64]).await.unwrap_err();
    assert!(matches!(error.failure, FruWriteFailure::NotKept { at: 20 }), "{error}");
    assert_eq!(error.state(), changed(0..20));
    assert_eq!((error.original, error.wanted), (vec![0x11; 64], vec![0x22; 64]));
}

#[tokio::test]
async fn a_failure_midway_tells_what_is_on_the_device_and_what_was() {
    for (refused, state) in [
        (Some(0x80), changed(32..64)),
        // The last write came, its answer did not.
        (None, changed(16..64)),
    ] {
        let machine = machine(vec![0x11; 64]);
        machine.hook(move |world, request| {
            let write = of::<WriteFruData>(request)?;
            let second_half = write.offset < 32;
            second_half.then(|| match refused {
                Some(refusal) => Ok(code(refusal)),
                None => {
                    world.frus.get_mut(&0).unwrap()[16..32].fill(0x22);
                    Err(lost(request))
                }
            })
        });
        // Two ranges, far enough apart; the second is written first.
        let mut wanted = vec![0x22; 64];
        wanted[..8].fill(0x11);
        wanted[8..16].fill(0x11);
        wanted[24..32].fill(0x11);
        let error = machine.bmc().write_fru(BUILTIN, &wanted).await.unwrap_err();
        assert!(matches!(error.failure, FruWriteFailure::Bmc(_)));
        assert_eq!((error.state(), &error.original), (state, &vec![0x11; 64]));
        assert!(error.to_string().contains("the device differs from before at"), "{error}");
    }
    // Nobody can tell any more.
    let machine = machine(vec![0x11; 64]);
    let mut gone = false;
    machine.hook(move |_, request| {
        gone |= is::<WriteFruData>(request);
        gone.then(|| Err(lost(request)))
    });
    let error = machine.bmc().write_fru(BUILTIN, &[0x22; 64]).await.unwrap_err();
    assert_eq!((error.state(), error.original), (FruState::Unknown, vec![0x11; 64]));
}

#[tokio::test]
async fn an_edit_that_is_impossible_changes_nothing() {
    let machine = machine(image(256));
    let bmc = machine.bmc();
    let error = bmc.edit_fru_field(BUILTIN, Area::Chassis, 0, "x").await.unwrap_err();
    assert!(matches!(error.failure, FruWriteFailure::Contents(_)), "{error}");
    let error = bmc.edit_fru_field(BUILTIN, Area::Product, 99, "x").await.unwrap_err();
    assert_eq!(error.state(), FruState::Untouched);
    machine.world().frus.insert(0, vec![0xff; 64]);
    assert!(bmc.edit_fru_field(BUILTIN, Area::Board, 0, "x").await.is_err());
    assert_eq!(machine.count::<WriteFruData>(), 0);
}

#[tokio::test]
async fn the_records_name_the_devices() {
    // FRU locators by hand from §43.8: device 3 of the BMC at LUN 1; device 0 with a name; a chip
    // at A4h behind controller 82h. And the locator of the controller at 82h, which has a FRU
    // device, from §43.9.
    let locator = |address: u8, device: u8, flags: u8, entity: u8, name: &str| {
        let mut bytes =
            vec![0, 0, 0x51, 0x11, 0, address, device, flags, 0, 0, 0x10, 0, entity, 1, 0];
        bytes.push(0xc0 | u8::try_from(name.len()).unwrap());
        bytes.extend(name.bytes());
        bytes[4] = u8::try_from(bytes.len() - 5).unwrap();
        bytes
    };
    let mut controller = vec![0, 0, 0x51, 0x12, 0, 0x82, 0, 0, 0x08, 0, 0, 0, 0x2d, 1, 0];
    controller.extend(b"\xc2MC");
    controller[4] = u8::try_from(controller.len() - 5).unwrap();
    let machine = Machine::with_sdrs([
        full_sensor(1, "Sensor"),
        locator(0x20, 3, 0x88, 0x0a, "PSU 1"),
        locator(0x20, 0, 0x80, 0x07, "Board"),
        locator(0x82, 0xa4, 0x00, 0x08, "DIMM 1"),
        controller,
    ]);
    let devices = machine.bmc().fru_devices().await.unwrap();
    let told: Vec<_> = devices.iter().map(|device| (device.place, device.name.as_str())).collect();
    assert_eq!(
        told,
        [
            (FruPlace::Bmc(BUILTIN), "Board"),
            (FruPlace::Bmc(FruId { device: 3, lun: 1 }), "PSU 1"),
            (FruPlace::Elsewhere { controller: 0x82, device: 0xa4 }, "DIMM 1"),
            (FruPlace::Behind { controller: Hop::ipmb(0x82), fru: FruId::new(0) }, "MC"),
        ]
    );
    let devices = Machine::new().bmc().fru_devices().await.unwrap();
    assert_eq!(devices.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_what_is_there(
        before in proptest::collection::vec(0..3u8, 1..300),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0..3u8), 0..40),
        words: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut before = before;
            if words && before.len() % 2 == 1 {
                before.push(0);
            }
            let mut after = before.clone();
            for (index, byte) in changes {
                let at = index.index(after.len());
                after[at] = byte;
            }
            let machine = machine(before);
            machine.world().fru_access = if words { FruAccess::Words } else { FruAccess::Bytes };
            machine.bmc().write_fru(BUILTIN, &after).await.unwrap();
            assert_eq!(machine.world().frus[&0], after);
        });
    }
}

#[tokio::test]
async fn a_bmc_that_says_nothing_when_an_answer_would_be_too_long_is_read_in_pieces() {
    let machine = machine(image(256));
    machine.hook(|_, request| {
        let long = of::<ReadFruData>(request).is_some_and(|read| read.count > 32);
        long.then(|| Err(lost(request)))
    });
    let bmc = machine.bmc();
    assert_eq!(bmc.read_fru(BUILTIN).await.unwrap().unwrap().bytes, image(256));
    // One long wait, and never again.
    machine.requests();
    bmc.read_fru(BUILTIN).await.unwrap();
    assert_eq!(machine.requests(), 1 + 256 / 16);
    // A BMC that is gone is gone.
    machine.hook(|_, request| is::<ReadFruData>(request).then(|| Err(lost(request))));
    bmc.memory().sizes.fru = 0;
    assert!(bmc.read_fru(BUILTIN).await.is_err());
}
