//! Inventory is written by ipmitool and by our client, and each reads what the other wrote; FreeIPMI
//! finds nothing wrong with it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::Bmc;
use common::pair::Pair;
use ipmi_client::fru::FruId;
use ipmi_wire::fru::{Area, Fru};
use lantern_testkit::peers::freeipmi::parse::{FruDump, ipmi_fru};
use lantern_testkit::peers::ipmitool::parse::{FruPrint, fru_print};
use lantern_testkit::peers::{IpmiSim, Machine, PATIENCE};
use lantern_testkit::process::{self, Output};

async fn bytes(pair: &Pair, device: u8) -> Vec<u8> {
    pair.client.read_fru(FruId::new(device)).await.unwrap().unwrap().bytes
}

/// What our client makes of a device without a fault.
async fn decoded(pair: &Pair, device: u8) -> Fru {
    let (fru, faults) = Fru::decode(&bytes(pair, device).await).unwrap();
    assert_eq!(faults, []);
    fru
}

fn printed(pair: &Pair, device: u8) -> FruPrint {
    fru_print(pair.ipmitool.run(&format!("fru print {device}")).expect_success()).remove(0)
}

fn dumped(pair: &Pair, device: u8) -> FruDump {
    let out = pair.freeipmi.run("ipmi-fru", &format!("--quiet-cache --device-id={device}"));
    ipmi_fru(out.expect_success()).remove(0)
}

/// `fru edit DEVICE field AREA INDEX TEXT`.
fn edit(pair: &Pair, device: u8, area: char, index: u8, text: &str) -> Output {
    let mut command = pair.ipmitool.command(&format!("fru edit {device} field {area} {index}"));
    command.arg(text);
    process::run(&mut command, PATIENCE)
}

#[tokio::test]
async fn read_and_written_whole() {
    let bmc = Bmc::specimens();
    let Some(pair) = Pair::at(&bmc) else { return };
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).display().to_string();
    // Read: the same bytes.
    for device in 0..5 {
        let path = file("read");
        pair.ipmitool.run(&format!("fru read {device} {path}")).expect_success();
        assert_eq!(std::fs::read(&path).unwrap(), bytes(&pair, device).await, "device {device}");
    }
    // Written by ipmitool: device 0's contents onto the blank one and the damaged one.
    let whole = file("whole");
    pair.ipmitool.run(&format!("fru read 0 {whole}")).expect_success();
    for device in [3, 4] {
        pair.ipmitool.run(&format!("fru write {device} {whole}")).expect_success();
        assert_eq!(bytes(&pair, device).await, bytes(&pair, 0).await);
        assert_eq!(dumped(&pair, device).areas, dumped(&pair, 0).areas);
    }
    // Written by our client: the supply's.
    let supply = bytes(&pair, 2).await;
    pair.client.write_fru(FruId::new(4), &supply).await.unwrap();
    let path = file("written");
    pair.ipmitool.run(&format!("fru read 4 {path}")).expect_success();
    assert_eq!(std::fs::read(&path).unwrap(), supply);
    assert_eq!(printed(&pair, 4).fields, printed(&pair, 2).fields);
    pair.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_field_edited_by_each() {
    let bmc = Bmc::specimens();
    let Some(pair) = Pair::at(&bmc) else { return };
    // By ipmitool, as long as before. It counts prescribed fields from 0 like we do.
    let before = decoded(&pair, 2).await;
    edit(&pair, 2, 'p', 4, "S9999").expect_success();
    let mut expected = before;
    expected.set_field(Area::Product, 4, "S9999").unwrap();
    assert_eq!(decoded(&pair, 2).await, expected);
    assert_eq!(dumped(&pair, 2).get("Product Serial Number"), Some("S9999"));

    // By our client: longer, so that what follows moves, multirecords too; and a field more.
    let serial = "S-2026-11-22-0001";
    let device = FruId::new(2);
    pair.client.edit_fru_field(device, Area::Product, 4, serial).await.unwrap();
    pair.client.edit_fru_field(device, Area::Product, 5, "cellar").await.unwrap();
    let print = printed(&pair, 2);
    assert_eq!(print.fields.expect("Product Serial"), serial);
    assert_eq!(print.fields.expect("Product Asset Tag"), "cellar");
    let dump = dumped(&pair, 2);
    assert_eq!(dump.get("Product Serial Number"), Some(serial));
    assert_eq!(dump.get("Power Supply Overall Capacity"), Some("750 Watts"));
    assert_eq!(dump.get("Error"), None);

    // In a packed encoding, ours keeps it, and both read it.
    pair.client.edit_fru_field(FruId::new(1), Area::Board, 0, "GALLERY?").await.unwrap();
    assert_eq!(printed(&pair, 1).fields.expect("Board Mfg"), "GALLERY?");
    assert_eq!(dumped(&pair, 1).get("Board Manufacturer"), Some("GALLERY?"));
    pair.endpoint.shutdown().await;
}

/// ipmitool writes the characters over the packed ones, as many as there are (`ipmi_fru_set_field_string`,
/// ipmi_fru.c): what follows is overwritten. Our client still makes sense of the rest.
#[tokio::test]
async fn ipmitool_spoils_a_packed_field() {
    let bmc = Bmc::specimens();
    let Some(pair) = Pair::at(&bmc) else { return };
    edit(&pair, 1, 'b', 0, "EDITED99");
    let (fru, _) = Fru::decode(&bytes(&pair, 1).await).unwrap();
    assert_ne!(fru.text(Area::Board, 0).as_deref(), Some("EDITED99"));
    assert_eq!(fru.text(Area::Product, 4).as_deref(), Some("P0002"));
    pair.endpoint.shutdown().await;
}

#[tokio::test]
async fn written_on_ipmi_sim() {
    let Some(sim) = IpmiSim::start_with(Machine::rich()) else { return };
    let Some(pair) = Pair::at_sim(&sim) else { return };
    edit(&pair, 1, 'p', 4, "P-9999").expect_success();
    assert_eq!(decoded(&pair, 1).await.text(Area::Product, 4).as_deref(), Some("P-9999"));
    let device = FruId::new(0);
    pair.client.edit_fru_field(device, Area::Board, 2, "B-2026-0001").await.unwrap();
    assert_eq!(printed(&pair, 0).fields.expect("Board Serial"), "B-2026-0001");
    assert_eq!(dumped(&pair, 0).get("Board Serial Number"), Some("B-2026-0001"));
    pair.endpoint.shutdown().await;
}
