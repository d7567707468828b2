//! Inventory: ipmitool, FreeIPMI and our client read the same fields of the same devices, ours and
//! `ipmi_sim`'s.
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
use ipmi_client::fru::{FruId, FruPlace};
use ipmi_wire::fru::{Area, Encoding, Field, Fru, FruError, FruFault, MultiRecordContent};
use jiff::Timestamp;
use lantern_testkit::peers::freeipmi::parse::{FruDump, ipmi_fru};
use lantern_testkit::peers::ipmitool::parse::{FruPrint, fru_print};
use lantern_testkit::peers::{Fields, IpmiSim, Machine};

/// What the programs call the fields, in the order of [`Area::field_names`], and the custom ones.
const NAMES: [(Area, &[&str], &[&str]); 3] = [
    (
        Area::Chassis,
        &["Chassis Part Number", "Chassis Serial", "Chassis Extra"],
        &["Chassis Part Number", "Chassis Serial Number", "Chassis Custom Info"],
    ),
    (
        Area::Board,
        &[
            "Board Mfg",
            "Board Product",
            "Board Serial",
            "Board Part Number",
            "Board FRU ID",
            "Board Extra",
        ],
        &[
            "Board Manufacturer",
            "Board Product Name",
            "Board Serial Number",
            "Board Part Number",
            "FRU File ID",
            "Board Custom Info",
        ],
    ),
    (
        Area::Product,
        &[
            "Product Manufacturer",
            "Product Name",
            "Product Part Number",
            "Product Version",
            "Product Serial",
            "Product Asset Tag",
            "Product FRU ID",
            "Product Extra",
        ],
        &[
            "Product Manufacturer Name",
            "Product Name",
            "Product Part/Model Number",
            "Product Version",
            "Product Serial Number",
            "Product Asset Tag",
            "FRU File ID",
            "Product Custom Info",
        ],
    ),
];

/// What our client makes of a device; `None` if nothing is on it.
async fn read(pair: &Pair, device: u8) -> Option<(Fru, Vec<FruFault>)> {
    let image = pair.client.read_fru(FruId::new(device)).await.unwrap().unwrap();
    assert_eq!((image.cut, image.bytes.len()), (None, usize::from(image.info.size)));
    match Fru::decode(&image.bytes) {
        Err(FruError::Blank) => None,
        decoded => Some(decoded.unwrap()),
    }
}

/// Each field of each area as a program printed it, against ours; how many there are.
fn check_fields(fru: &Fru, said: &[&Fields], names: fn(usize) -> &'static [&'static str]) -> usize {
    let mut compared = 0;
    for (at, (area, ..)) in NAMES.iter().enumerate() {
        let names = names(at);
        let printed = |name: &str| -> Vec<String> {
            // FreeIPMI calls the file IDs of both areas alike.
            let of_area: Vec<&&Fields> = said
                .iter()
                .filter(|fields| {
                    said.len() == 1
                        || names.iter().any(|n| *n != "FRU File ID" && fields.get(n).is_some())
                })
                .collect();
            of_area.iter().flat_map(|fields| fields.all(name)).map(str::to_owned).collect()
        };
        let Some(fields) = fru.fields(*area) else {
            assert!(names.iter().all(|name| printed(name).is_empty()), "{area}");
            continue;
        };
        let (fixed, custom) = names.split_at(names.len() - 1);
        for (index, field) in fields.iter().enumerate() {
            let name = fixed.get(index).unwrap_or(&custom[0]);
            let nth = index.saturating_sub(fixed.len());
            let printed = printed(name);
            if field.is_empty() {
                assert!(printed.is_empty(), "{name}: {printed:?}");
                continue;
            }
            let said = printed.get(nth).unwrap_or_else(|| panic!("no `{name}`"));
            check_field(fru, *area, index, field, said);
            compared += 1;
        }
    }
    compared
}

fn check_field(fru: &Fru, area: Area, index: usize, field: &Field, said: &str) {
    let ours = fru.text(area, index).unwrap();
    let name = area.field_name(index);
    match field.encoding() {
        // ipmitool: `deadbeef`, FreeIPMI: `DEh ADh BEh EFh`.
        Encoding::Binary => {
            let digits: String = said.chars().filter(|c| c.is_ascii_hexdigit()).collect();
            assert_eq!(digits.to_lowercase(), ours, "{area}: {name}");
        }
        // FreeIPMI takes each byte for one digit (`_bcd_to_ascii`, ipmi-fru.c:1719).
        Encoding::BcdPlus if said.starts_with("Error") => {
            assert_eq!(said, "Error 'FRU invalid BCD encoding'");
        }
        // And knows no language but English.
        _ if said.starts_with("Error") => {
            assert_eq!(said, "Error 'FRU language code not supported'");
            assert!(area == Area::Product && !fru.product.as_ref().unwrap().language.is_english());
        }
        // Both hand on the bytes, which are Latin-1 here.
        Encoding::Text => assert_eq!(said, String::from_utf8_lossy(field.as_bytes()), "{name}"),
        Encoding::BcdPlus | Encoding::SixBitAscii => assert_eq!(said, ours, "{area}: {name}"),
    }
    // What is ASCII is the same text to all.
    if !said.starts_with("Error") && field.encoding() == Encoding::Text && ours.is_ascii() {
        assert_eq!(said, ours, "{area}: {name}");
    }
}

fn ipmitool_names(at: usize) -> &'static [&'static str] {
    NAMES[at].1
}

fn freeipmi_names(at: usize) -> &'static [&'static str] {
    NAMES[at].2
}

/// Compares what all three say of the devices of a BMC: fields compared of each device.
async fn check_devices(pair: &Pair) -> Vec<(usize, usize)> {
    let devices = pair.client.fru_devices().await.unwrap();
    // FreeIPMI lists what is behind the BMC, by number.
    let out = pair.freeipmi.run("ipmi-fru", "--quiet-cache");
    let dumps = ipmi_fru(out.expect_success());
    let mut compared = Vec::new();
    for device in &devices {
        let FruPlace::Bmc(id) = device.place else { continue };
        let out = pair.ipmitool.run(&format!("-v fru print {}", id.device));
        let dump = dumps.iter().find(|dump| dump.id == id.device).unwrap();
        let Some((fru, faults)) = read(pair, id.device).await else {
            assert!(out.stderr.contains("Unknown FRU header version 0xff"), "{out}");
            assert_eq!(dump.get("Error"), Some("common header checksum invalid"));
            continue;
        };
        let print = fru_print(&out.stdout).remove(0);
        check_dates(&fru, &print, dump);
        let theirs = check_fields(&fru, &[&print.fields], ipmitool_names);
        if faults.is_empty() {
            let areas: Vec<&Fields> = dump.areas.iter().collect();
            compared.push((theirs, check_fields(&fru, &areas, freeipmi_names)));
        } else {
            // ipmitool never looks at checksums; FreeIPMI leaves out what does not add up.
            assert_eq!(dump.get("Error"), Some("board info area checksum invalid"));
            compared.push((theirs, 0));
        }
    }
    compared
}

/// Chassis type and date of manufacture.
fn check_dates(fru: &Fru, print: &FruPrint, dump: &FruDump) {
    if let Some(chassis) = &fru.chassis {
        let plain = |text: &str| text.to_lowercase().replace('-', " ");
        let ours = plain(chassis.chassis_type.name());
        assert_eq!(plain(print.fields.expect("Chassis Type")), ours);
        assert_eq!(plain(dump.get("Chassis Type").unwrap()), ours);
    }
    let Some(board) = &fru.board else { return };
    let Some(made) = board.manufactured.unix() else {
        assert_eq!(print.fields.expect("Board Mfg Date"), "Unspecified");
        return;
    };
    let made = Timestamp::from_second(i64::try_from(made).unwrap()).unwrap();
    let said = made.strftime("%a %b %e %H:%M:%S %Y UTC").to_string();
    assert_eq!(print.fields.expect("Board Mfg Date"), said);
    let said = made.strftime("%m/%d/%y - %H:%M:%S").to_string();
    assert_eq!(dump.get("Board Manufacturing Date/Time"), Some(&*said));
}

#[tokio::test]
async fn every_field_of_our_bmc() {
    let bmc = Bmc::specimens();
    let Some(pair) = Pair::at(&bmc) else { return };
    // Device 4 is blank, and 3 has a wrong checksum.
    assert_eq!(check_devices(&pair).await, [(15, 15), (6, 6), (4, 4), (6, 0)]);
    let (_, faults) = read(&pair, 3).await.unwrap();
    assert_eq!(faults[0].area(), Some(Area::Board));
    // The satellite's inventory is not the BMC's to give.
    let out = pair.ipmitool.run("fru print");
    let prints = fru_print(&out.stdout);
    assert_eq!(prints.iter().filter(|print| print.id.is_some()).count(), 5);
    pair.endpoint.shutdown().await;

    let bmc = Bmc::reference();
    let Some(pair) = Pair::at(&bmc) else { return };
    for (ipmitool, freeipmi) in check_devices(&pair).await {
        assert!(ipmitool >= 4 && freeipmi >= 4);
    }
    pair.endpoint.shutdown().await;
}

#[tokio::test]
async fn every_field_of_ipmi_sim() {
    let Some(sim) = IpmiSim::start_with(Machine::rich()) else { return };
    let Some(pair) = Pair::at_sim(&sim) else { return };
    assert_eq!(check_devices(&pair).await, [(15, 15), (15, 15)]);
    for (device, contents) in sim.machine().frus.iter().enumerate() {
        let id = FruId::new(u8::try_from(device).unwrap());
        assert_eq!(pair.client.read_fru(id).await.unwrap().unwrap().bytes, *contents);
    }
    pair.endpoint.shutdown().await;
}

#[tokio::test]
async fn multirecords() {
    let bmc = Bmc::specimens();
    let Some(pair) = Pair::at(&bmc) else { return };
    let (fru, _) = read(&pair, 2).await.unwrap();
    let out = pair.ipmitool.run("-v fru print 2");
    let print = fru_print(out.expect_success()).remove(0);
    let out = pair.freeipmi.run("ipmi-fru", "--quiet-cache --device-id=2");
    let dump = ipmi_fru(out.expect_success()).remove(0);
    let ours = fru.multirecords.unwrap();
    assert_eq!(print.records.len(), ours.records.len());
    let theirs = dump.areas.iter().filter(|area| area.get("Product Name").is_none());
    for ((record, (_, print)), dump) in ours.records.iter().zip(&print.records).zip(theirs) {
        match record.content() {
            MultiRecordContent::PowerSupply(supply) => {
                assert_eq!(print.expect("Capacity"), format!("{} W", supply.capacity));
                assert_eq!(print.expect("Inrush Current"), format!("{} A", supply.inrush_current));
                let (low, high) = supply.input_voltage_1;
                let volts = format!("{}-{} V", low / 100, high / 100);
                assert_eq!(print.expect("Input Voltage Range 1"), volts);
                let mv = format!("{} mV", u32::from(low) * 10);
                assert_eq!(dump.expect("Power Supply Low End Input Voltage 1"), mv);
                let hold_up = format!("{} s", supply.hold_up_time);
                assert_eq!(print.expect("Peak capacity holdup"), hold_up);
                assert_eq!(dump.expect("Power Supply Hold Up Time"), hold_up);
            }
            MultiRecordContent::DcOutput(output) => {
                let volts = f64::from(output.nominal_voltage) / 100.0;
                assert_eq!(print.expect("Nominal voltage"), format!("{volts:.2} V"));
                let mv = format!("{} mV", i32::from(output.nominal_voltage) * 10);
                assert_eq!(dump.expect("DC Output Nominal Voltage"), mv);
                let ma = format!("{} mA", output.max_current);
                assert_eq!(dump.expect("DC Output Maximum Current Draw"), ma);
                let standby = if output.standby { "Yes" } else { "No" };
                assert_eq!(print.expect("Standby power"), standby);
            }
            MultiRecordContent::DcLoad(load) => {
                let amperes = f64::from(load.max_current) / 1000.0;
                assert_eq!(print.expect("Maximum current load"), format!("{amperes:.3} A"));
                let number = load.number.to_string();
                assert_eq!(dump.expect("DC Load Output Number"), number);
            }
            other => panic!("{other:?}"),
        }
    }
    pair.endpoint.shutdown().await;
}
