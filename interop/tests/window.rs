//! Several requests in flight over a line with a round trip of 20 ms: how many exchanges and round
//! trips a sweep takes, beside ipmitool's; and that a BMC which mixes its answers up when it is
//! pressed never makes a sensor read what another one reads.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::Bmc;
use ipmi_bmc::faults::{Fault, FaultKind};
use ipmi_client::sensors::{Reading, Sensor};
use ipmi_client::{Cache, Credentials, Endpoint, Window};
use ipmi_wire::Privilege;
use lantern_testkit::tap::{Direction, Line, Tap};

/// Half a round trip.
const DELAY: Duration = Duration::from_millis(10);

fn line(bmc: &Bmc, delay: Duration) -> Tap {
    Tap::over(bmc.addr, Line { delay, ..Line::PERFECT }, 1)
}

struct Sweep {
    sensors: Vec<Sensor>,
    exchanges: usize,
    took: Duration,
}

/// All sensors, as a new process reads them.
async fn sweep(tap: &Tap, cache: Option<&Path>, window: Window) -> Sweep {
    tap.clear();
    let endpoint = Endpoint::bind().unwrap();
    let credentials = Credentials { window, ..common::credentials(Privilege::User) };
    let mut client = ipmi_client::Bmc::new(&endpoint, tap.addr(), credentials);
    if let Some(cache) = cache {
        client = client.with_cache(&Cache::at(cache.to_owned()));
    }
    let begun = Instant::now();
    let sensors = client.sensors(false).await.unwrap();
    let (took, exchanges) = (begun.elapsed(), tap.count(Direction::ToConsole));
    endpoint.shutdown().await;
    tokio::time::sleep(4 * DELAY).await;
    Sweep { sensors, exchanges, took }
}

/// What a sensor reads, to compare.
fn read(sensor: &Sensor) -> (String, String) {
    let reading = match &sensor.reading {
        Reading::Analog { raw, .. } => format!("{raw}"),
        Reading::Discrete { states, .. } => format!("states {states:04x}"),
        Reading::None(why) => format!("{why:?}"),
        Reading::Failed(error) => panic!("{}: {error}", sensor.info.name),
    };
    (sensor.info.name.clone(), reading)
}

fn readings(sweep: &Sweep) -> Vec<(String, String)> {
    sweep.sensors.iter().map(read).collect()
}

/// A sensor whose reading is further from the right one than it can have moved.
fn wrong(found: &Sweep, right: &Sweep) -> Vec<String> {
    let number = |reading: &str| reading.parse::<i32>().ok();
    readings(found)
        .into_iter()
        .zip(readings(right))
        .filter(|((name, found), (same, right))| {
            assert_eq!(name, same);
            match (number(found), number(right)) {
                (Some(found), Some(right)) => (found - right).abs() > 4,
                _ => found != right,
            }
        })
        .map(|(found, right)| format!("{found:?} and not {right:?}"))
        .collect()
}

#[tokio::test]
async fn a_window_makes_a_sweep_short_and_changes_nothing() {
    let bmc = Bmc::specimens();
    let tap = line(&bmc, DELAY);
    let directory = tempfile::tempdir().unwrap();
    let one = sweep(&tap, None, Window::UpTo(1)).await;
    assert!(one.exchanges <= 150 + 2, "{} exchanges", one.exchanges);
    let cold = sweep(&tap, None, Window::UpTo(8)).await;
    assert_eq!(wrong(&cold, &one), [""; 0]);
    let widest = sweep(&tap, None, Window::UpTo(16)).await;
    assert_eq!(wrong(&widest, &one), [""; 0]);

    // By itself: the first time records abreast and readings one by one; then, because that took
    // long, some readings are tried abreast; from then on all are.
    let cache = directory.path().join("cache");
    let first = sweep(&tap, Some(&cache), Window::Auto).await;
    let second = sweep(&tap, Some(&cache), Window::Auto).await;
    let third = sweep(&tap, Some(&cache), Window::Auto).await;
    for sweep in [&first, &second, &third] {
        assert_eq!(wrong(sweep, &one), [""; 0]);
    }
    let count = one.sensors.len();
    assert!(second.exchanges <= count + 6 + 17, "{} exchanges", second.exchanges);
    assert!(third.exchanges <= count + 6, "{} exchanges", third.exchanges);
    let times = |sweep: &Sweep| sweep.took.as_secs_f64();
    // Two thirds of what one at a time takes, or less, whatever else this machine does.
    assert!(times(&third) * 3.0 < times(&second) * 2.0, "{:?}, {:?}", third.took, second.took);
    let rows = [
        ("lantern, cold, one at a time", &one),
        ("lantern, cold, `--window 8`", &cold),
        ("lantern, cold, `--window 16`", &widest),
        ("lantern, cold", &first),
        ("lantern, warm, which tries readings abreast", &second),
        ("lantern, warm from then on", &third),
    ];
    let mut table = format!(
        "72 records, {count} readings, round trip 20 ms.\n\n| what | exchanges | s |\n|---|---:|---:|\n"
    );
    for (what, sweep) in rows {
        table += &format!("| {what} | {} | {:.2} |\n", sweep.exchanges, times(sweep));
    }
    if let Some(ipmitool) = common::ipmitool_at(tap.addr(), 17) {
        tap.clear();
        let begun = Instant::now();
        ipmitool.run("sdr list all").expect_success();
        let took = begun.elapsed().as_secs_f64();
        let exchanges = tap.count(Direction::ToConsole);
        table += &format!("| ipmitool, `sdr list all` | {exchanges} | {took:.2} |\n");
        assert!(one.exchanges * 2 < exchanges + 20, "{} and {exchanges}", one.exchanges);
    }
    // For `cargo xtask bench`, which writes it down.
    println!("{TABLE}{table}{TABLE}");
}

const TABLE: &str = "<!-- table -->\n";

/// A BMC with this fault never makes a sensor read what another one reads.
async fn no_reading_is_wrong(kind: FaultKind) {
    let faults = vec![Fault { kind, amount: 0 }];
    let bmc = Bmc::with(|config| {
        config.personality = lantern_bmcd::PersonalityName::Specimens;
        config.faults = faults;
    });
    let tap = line(&bmc, DELAY / 2);
    let one = sweep(&tap, None, Window::UpTo(1)).await;
    let names = |sweep: &Sweep| -> Vec<String> {
        sweep.sensors.iter().map(|sensor| sensor.info.name.clone()).collect()
    };
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("cache");
    for round in 0..2 {
        let auto = sweep(&tap, Some(&cache), Window::Auto).await;
        assert_eq!(wrong(&auto, &one), [""; 0], "round {round}");
        assert_eq!(names(&auto), names(&one), "records were mixed up");
    }
    // Even where the administrator vouches for it.
    for window in [8, 16] {
        let forced = sweep(&tap, None, Window::UpTo(window)).await;
        assert_eq!(wrong(&forced, &one), [""; 0], "forced, {window}");
    }
}

#[tokio::test]
async fn a_bmc_that_drops_what_comes_too_soon_yields_no_wrong_reading() {
    no_reading_is_wrong(FaultKind::PressedDrop).await;
}

#[tokio::test]
async fn a_bmc_that_merges_answers_yields_no_wrong_reading() {
    no_reading_is_wrong(FaultKind::PressedMerge).await;
}

#[tokio::test]
async fn a_bmc_that_reorders_answers_yields_no_wrong_reading() {
    no_reading_is_wrong(FaultKind::PressedReorder).await;
}

/// The LAN's parameters, and how long it took.
async fn lan(tap: &Tap, window: Window) -> (ipmi_client::lan::LanConfig, Duration) {
    let endpoint = Endpoint::bind().unwrap();
    let credentials = Credentials { window, ..common::credentials(Privilege::Operator) };
    let client = ipmi_client::Bmc::new(&endpoint, tap.addr(), credentials);
    let begun = Instant::now();
    let channel = ipmi_wire::Channel::new(1);
    let config = client.lan_config(channel, ipmi_client::lan::LanQuery::default()).await.unwrap();
    let took = begun.elapsed();
    endpoint.shutdown().await;
    (config, took)
}

#[tokio::test]
async fn lan_parameters_are_the_same_several_at_a_time_and_there_sooner() {
    for kind in [None, Some(FaultKind::PressedMerge), Some(FaultKind::PressedReorder)] {
        let bmc = Bmc::with(|config| {
            config.faults = kind.map(|kind| Fault { kind, amount: 0 }).into_iter().collect();
        });
        let tap = line(&bmc, DELAY);
        let (alone, serial) = lan(&tap, Window::UpTo(1)).await;
        let (together, took) = lan(&tap, Window::UpTo(8)).await;
        assert_eq!(together, alone, "{kind:?}");
        if kind.is_none() {
            assert!(took * 3 < serial * 2, "{took:?} and {serial:?}");
            if let Some(ipmitool) = common::ipmitool_at(tap.addr(), 17) {
                let begun = Instant::now();
                ipmitool.run("lan print 1").expect_success();
                println!("lan: {took:?}, alone {serial:?}; ipmitool {:?}", begun.elapsed());
            }
        }
    }
}

/// The users, and how long it took.
async fn users(tap: &Tap, window: Window) -> (ipmi_client::users::UserList, Duration) {
    let endpoint = Endpoint::bind().unwrap();
    let credentials = Credentials { window, ..common::credentials(Privilege::Operator) };
    let client = ipmi_client::Bmc::new(&endpoint, tap.addr(), credentials);
    let begun = Instant::now();
    let list = client.users(ipmi_wire::Channel::new(1), false).await.unwrap();
    let took = begun.elapsed();
    endpoint.shutdown().await;
    (list, took)
}

#[tokio::test]
async fn users_are_the_same_several_at_a_time_and_there_sooner() {
    for kind in [
        None,
        Some(FaultKind::PressedDrop),
        Some(FaultKind::PressedMerge),
        Some(FaultKind::PressedReorder),
    ] {
        let bmc = Bmc::with(|config| {
            config.faults = kind.map(|kind| Fault { kind, amount: 0 }).into_iter().collect();
        });
        let tap = line(&bmc, DELAY);
        let (alone, serial) = users(&tap, Window::UpTo(1)).await;
        let (together, took) = users(&tap, Window::UpTo(8)).await;
        assert_eq!(together, alone, "{kind:?}");
        if kind.is_none() {
            println!("users: {took:?}, alone {serial:?}");
            assert!(took * 3 < serial * 2, "{took:?} and {serial:?}");
        }
    }
}
