//! The repository as ipmitool, FreeIPMI and our client see it: dumped, filled, changed under a cache,
//! and kept in the device instead.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::pair::Pair;
use common::{Bmc, rows, truth};
use ipmi_client::Cache;
use ipmi_client::sdr::{SdrSource, parse_dump};
use ipmi_wire::Privilege;
use ipmi_wire::sdr::{IdString, Record};
use lantern_testkit::peers::freeipmi::parse::ipmi_sensors;
use lantern_testkit::peers::ipmitool::parse::{sdr_elist, sensor_list};

/// The value of a line `name : value`.
#[track_caller]
fn line<'a>(text: &'a str, name: &str) -> &'a str {
    let found = text.lines().find_map(|line| {
        let (of, value) = line.split_once(':')?;
        (of.trim() == name).then(|| value.trim())
    });
    found.unwrap_or_else(|| panic!("no `{name}` in\n{text}"))
}

#[tokio::test]
async fn what_the_repository_says_of_itself() {
    let bmc = Bmc::specimens();
    let Some(pair) = Pair::at(&bmc) else { return };
    let info = pair.client.sdr_repository_info().await.unwrap();
    let allocation = pair.client.sdr_allocation_info().await.unwrap().unwrap();
    let said = pair.ipmitool.run("sdr info");
    let said = said.expect_success();
    assert_eq!(line(said, "Record Count"), info.record_count.to_string());
    assert_eq!(line(said, "Free Space"), format!("{} bytes", info.free_space));
    assert_eq!(line(said, "Most recent Erase"), "Unspecified");
    assert_eq!(line(said, "SDR overflow"), "no");
    let said = pair.freeipmi.run("ipmi-sensors", "--sdr-info");
    let said = said.expect_success();
    assert_eq!(line(said, "SDR record count"), info.record_count.to_string());
    assert_eq!(line(said, "Free space remaining"), format!("{} bytes", info.free_space));
    let units = line(said, "Number of free allocation units");
    assert_eq!(units, allocation.free_units.to_string());
    pair.endpoint.shutdown().await;
}

#[tokio::test]
async fn dumped_and_filled_again() {
    let bmc = Bmc::specimens();
    let Some(pair) = Pair::at(&bmc) else { return };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sdr");
    pair.ipmitool.run(&format!("sdr dump {}", path.display())).expect_success();
    let dump = std::fs::read(&path).unwrap();
    let before = pair.client.sdrs().await.unwrap();
    assert_eq!(dump, before.dump(), "byte by byte what our client writes");
    assert_eq!(parse_dump(&dump).unwrap().len(), 72);

    // ipmitool clears the repository and adds each record in pieces.
    let filled = pair.ipmitool.run(&format!("sdr fill file {}", path.display()));
    filled.expect_success();
    let after = truth::records(&pair.client).await;
    assert_eq!(after, before.records());
    let info = pair.client.sdr_repository_info().await.unwrap();
    assert!(info.last_erase > 0 && info.last_addition >= info.last_erase);
    let said = pair.ipmitool.run("sdr info");
    assert_ne!(line(said.expect_success(), "Most recent Erase"), "Unspecified");
    // The sensors behind them are the same and speak.
    let listed = pair.ipmitool.run("sensor list");
    assert_eq!(sensor_list(listed.expect_success()).len(), 56);
    // What our client writes, ipmitool reads back.
    let few = parse_dump(&dump).unwrap().into_iter().rev().take(10).collect::<Vec<_>>();
    let filled = pair.client.fill_sdr_repository(&few).await.unwrap();
    assert!(filled.failed.is_none());
    pair.ipmitool.run(&format!("sdr dump {}", path.display())).expect_success();
    let again = parse_dump(&std::fs::read(&path).unwrap()).unwrap();
    // But for the numbers, which the BMC gives.
    let body = |record: &Vec<u8>| record[2..].to_vec();
    assert_eq!(
        again.iter().map(body).collect::<Vec<_>>(),
        few.iter().map(body).collect::<Vec<_>>()
    );
    pair.endpoint.shutdown().await;
}

/// The same numbers with other names: whoever believes an old copy gives sensors wrong names.
#[tokio::test]
async fn names_that_change_under_a_cache() {
    let bmc = Bmc::specimens();
    let Some(pair) = Pair::at(&bmc) else { return };
    let directory = tempfile::tempdir().unwrap();
    let (path, old) = (directory.path().join("new"), directory.path().join("old"));
    pair.ipmitool.run(&format!("sdr dump {}", old.display())).expect_success();
    let endpoint = ipmi_client::Endpoint::bind().unwrap();
    let credentials = || common::credentials(Privilege::User);
    let cached = || {
        let cache = Cache::at(directory.path().join("cache"));
        ipmi_client::Bmc::new(&endpoint, bmc.addr, credentials()).with_cache(&cache)
    };
    assert_eq!(cached().sensors(false).await.unwrap()[0].name(), "Linear unsigned");
    let options = "--quiet-cache --comma-separated-output";
    let warm = pair.freeipmi.run("ipmi-sensors", options);
    assert_eq!(ipmi_sensors(warm.expect_success())[0].name, "Linear unsigned");

    // Every name gets another sensor; nothing else changes, not even a length.
    let mut records = truth::records(&pair.client).await;
    for record in &mut records {
        if let Record::Full(full) = record {
            full.id = IdString::new(&format!("No. {:03}", full.sensor.key.number)).unwrap();
        }
    }
    let bytes: Vec<u8> = records.iter().flat_map(Record::to_bytes).collect();
    std::fs::write(&path, bytes).unwrap();
    pair.ipmitool.run(&format!("sdr fill file {}", path.display())).expect_success();

    let sensors = cached().sensors(false).await.unwrap();
    for sensor in sensors.iter().filter(|sensor| sensor.info.full().is_some()) {
        assert_eq!(sensor.name(), format!("No. {:03}", sensor.info.key.number));
    }
    // A client that knew the records before looks, too.
    assert_eq!(pair.client.sensors(false).await.unwrap()[0].name(), "No. 001");
    // FreeIPMI notices and stops.
    let stale = pair.freeipmi.run("ipmi-sensors", options);
    assert!(stale.expect_failure().contains("out of date"), "{stale}");
    pair.freeipmi.run("ipmi-sensors", "--flush-cache").expect_success();
    let fresh = pair.freeipmi.run("ipmi-sensors", options);
    assert_eq!(ipmi_sensors(fresh.expect_success())[0].name, "No. 001");
    // ipmitool believes whatever file it is given.
    let wrong = pair.ipmitool.run(&format!("-S {} sdr elist all", old.display()));
    assert_eq!(sdr_elist(wrong.expect_success())[0].name, "Linear unsigned");
    endpoint.shutdown().await;
    pair.endpoint.shutdown().await;
}

/// `records = "device"`: no repository; the controller gives the records of its own sensors.
#[tokio::test]
async fn records_in_the_device() {
    let (bmc, repository) = (Bmc::device_records(), Bmc::specimens());
    let Some(pair) = Pair::at(&bmc) else { return };
    let Some(other) = Pair::at(&repository) else { return };
    let set = pair.client.sdrs().await.unwrap();
    assert_eq!(set.source(), SdrSource::Device);
    assert_eq!(set.records(), other.client.sdrs().await.unwrap().records());
    let ours = pair.client.sensors(false).await.unwrap();
    assert_eq!(ours.len(), other.client.sensors(false).await.unwrap().len());
    for command in ["sdr elist all", "sensor list", "sdr elist all -v"] {
        let [here, there] = [&pair, &other].map(|pair| pair.ipmitool.run(command));
        assert_eq!(here.expect_success(), there.expect_success(), "{command}");
        assert!(rows(here.expect_success()).len() >= 56, "{here}");
    }
    let refused = pair.ipmitool.run("sdr info");
    assert!(refused.expect_failure().contains("Invalid command"), "{refused}");
    // FreeIPMI knows repositories only: it asks for the repository's information first, and that is
    // an error to it (`ipmi_sdr_cache_create`, ipmi-sdr-cache-create.c).
    let refused = pair.freeipmi.run("ipmi-sensors", "--quiet-cache");
    assert!(refused.expect_failure().contains("ipmi_sdr_cache_create"), "{refused}");
    pair.endpoint.shutdown().await;
    other.endpoint.shutdown().await;
}
