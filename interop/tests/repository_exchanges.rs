//! What it costs to read every sensor of a repository with 72 records, in exchanges, the first time
//! and again: our client, ipmitool and FreeIPMI in one run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::Bmc;
use ipmi_client::sensors::Reading;
use ipmi_client::{Cache, Endpoint};
use ipmi_wire::Privilege;
use lantern_testkit::process::Output;
use lantern_testkit::tap::{Direction, Tap};

/// Answered exchanges of one run of ours, handshake included, and the sensors that were read. As a
/// new process has it: nothing is known but what the cache on disk knows.
async fn ours(tap: &Tap, cache: &Cache, thresholds: bool) -> (usize, usize) {
    tap.clear();
    let endpoint = Endpoint::bind().unwrap();
    let client = ipmi_client::Bmc::new(&endpoint, tap.addr(), common::credentials(Privilege::User))
        .with_cache(cache);
    let sensors = client.sensors(thresholds).await.unwrap();
    let read = |reading: &Reading| {
        matches!(reading, Reading::Analog { value: Some(_), .. } | Reading::Discrete { .. })
    };
    assert!(sensors.iter().all(|sensor| read(&sensor.reading)));
    assert_eq!(tap.count(Direction::ToBmc), tap.count(Direction::ToConsole), "all are answered");
    let exchanges = tap.count(Direction::ToConsole);
    endpoint.shutdown().await;
    // The session's end is on its way; it must not be counted for the next one.
    while tap.count(Direction::ToConsole) <= exchanges {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    (exchanges, sensors.len())
}

/// Exchanges of one run of a program that has ended.
fn theirs(tap: &Tap, run: impl FnOnce() -> Output) -> usize {
    tap.clear();
    run().expect_success();
    tap.count(Direction::ToBmc)
}

#[tokio::test]
async fn warm_costs_the_readings_and_at_most_six_more() {
    let bmc = Bmc::specimens();
    let tap = Tap::start(bmc.addr);
    let directory = tempfile::tempdir().unwrap();
    let cache = |name: &str| Cache::at(directory.path().join(name));
    let (cold, read) = ours(&tap, &cache("a"), false).await;
    let (warm, again) = ours(&tap, &cache("a"), false).await;
    assert_eq!(read, again);
    assert!(warm <= read + 6, "{warm} exchanges for {read} readings");
    // Each record once, the factors of two non-linear sensors, and a look whether all stood still.
    assert!(cold <= read + 6 + 72 + 2 + 2, "{cold} exchanges");
    let mut table =
        format!("72 records, {read} readings.\n\n| what | cold | warm |\n|---|---:|---:|\n");
    let mut row = |what: &str, cold, warm| table += &format!("| {what} | {cold} | {warm} |\n");
    row("lantern, every sensor", cold, warm);
    let (cold, _) = ours(&tap, &cache("b"), true).await;
    let (warm, _) = ours(&tap, &cache("b"), true).await;
    row("lantern, every sensor with its thresholds", cold, warm);

    let (Some(ipmitool), Some(_)) =
        (common::ipmitool_at(tap.addr(), 17), common::freeipmi_at(tap.addr(), 17))
    else {
        return;
    };
    let dump = directory.path().join("sdr").display().to_string();
    let dumped = theirs(&tap, || ipmitool.run(&format!("sdr dump {dump}")));
    for (command, what) in [
        ("sdr elist all", "ipmitool, `sdr elist all`; warm with `-S`"),
        ("sensor list", "ipmitool, `sensor list`; warm with `-S`"),
    ] {
        let cold = theirs(&tap, || ipmitool.run(command));
        let warm = theirs(&tap, || ipmitool.run(&format!("-S {dump} {command}")));
        row(what, cold, warm);
        assert!(warm > read, "{what}: {warm}");
    }
    row("ipmitool, `sdr dump`, which makes the file for `-S`", dumped, dumped);
    for (options, what) in [
        ("", "FreeIPMI, `ipmi-sensors`"),
        ("--output-sensor-thresholds", "FreeIPMI, `ipmi-sensors --output-sensor-thresholds`"),
    ] {
        // Each tool has a cache of its own.
        let tool = common::freeipmi_at(tap.addr(), 17).unwrap();
        let mut counts = [0; 2];
        for count in &mut counts {
            *count =
                theirs(&tap, || tool.run("ipmi-sensors", &format!("--shared-sensors {options}")));
        }
        row(what, counts[0], counts[1]);
        assert!(counts[1] > read, "{what}: {counts:?}");
    }
    // For `cargo xtask bench`, which writes it down.
    println!("{TABLE}{table}{TABLE}");
}

const TABLE: &str = "<!-- table -->\n";
