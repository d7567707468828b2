//! Thresholds set by ipmitool, FreeIPMI and our client, the events when a sensor crosses them, and a
//! state that stays until somebody lets go of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::pair::Pair;
use common::{Bmc, measured_otherwise};
use ipmi_client::sensors::{Reading, Sensor, SensorRef, SensorState};
use ipmi_wire::cmd::chassis::{GetChassisStatus, PowerAction};
use ipmi_wire::sdr::ThresholdKind;
use ipmi_wire::sel::SelRecord;
use lantern_bmcd::SourceConfig;
use lantern_testkit::peers::PATIENCE;
use lantern_testkit::peers::freeipmi::parse::{ipmi_sel, ipmi_sensors};
use lantern_testkit::peers::ipmitool::parse::{sel_rows, sensor_list};
use lantern_testkit::process;

const CPU: &str = "CPU1 Temp";
const LID: &str = "Chassis Intru";

/// A reference BMC one of whose sensors reads a file.
struct Rig {
    _bmc: Bmc,
    _directory: tempfile::TempDir,
    file: PathBuf,
    pair: Pair,
    sensor: &'static str,
}

impl Rig {
    async fn new(sensor: &'static str, value: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("value");
        std::fs::write(&file, value).unwrap();
        let mut source = measured_otherwise(sensor, SourceConfig::File(file.clone()));
        source.interval = Some(Duration::from_millis(20));
        let bmc = Bmc::with(|config| config.sensors.sensors = vec![source]);
        let pair = Pair::at(&bmc)?;
        pair.client.sel_clear(Duration::from_secs(5)).await.unwrap();
        Some(Self { _bmc: bmc, _directory: directory, file, pair, sensor })
    }

    async fn read(&self) -> Sensor {
        let wanted = SensorRef::Name(self.sensor.to_owned());
        self.pair.client.get_sensor(wanted, true).await.unwrap().remove(0)
    }

    /// Makes the sensor read something else, and waits until it does.
    async fn set(&self, value: &str, reached: impl Fn(&Sensor) -> bool) {
        // A scan never sees half of it.
        let new = self.file.with_extension("new");
        std::fs::write(&new, value).unwrap();
        std::fs::rename(&new, &self.file).unwrap();
        self.wait(reached).await;
    }

    async fn wait(&self, reached: impl Fn(&Sensor) -> bool) {
        self.wait_doing(async || {}, reached).await;
    }

    /// Does something again and again until it shows.
    async fn wait_doing(&self, what: impl AsyncFn(), reached: impl Fn(&Sensor) -> bool) {
        let started = Instant::now();
        loop {
            what().await;
            let sensor = self.read().await;
            if reached(&sensor) {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(10), "{sensor:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The events about the sensor, as our client has them: offset, and whether it was asserted.
    async fn events(&self) -> Vec<(u8, bool)> {
        let number = self.read().await.info.key.number;
        let log = self.pair.client.sel_entries().await.unwrap();
        let ours = log.iter().filter_map(|record| match record {
            SelRecord::System { sensor_number, assertion, data, .. }
                if *sensor_number == number =>
            {
                Some((data[0] & 0x0f, *assertion))
            }
            _ => None,
        });
        ours.collect()
    }

    /// What ipmitool and FreeIPMI list about the sensor: description and direction.
    fn listed(&self) -> [Vec<String>; 2] {
        let out = self.pair.ipmitool.run("sel elist");
        let rows = sel_rows(out.expect_success()).into_iter();
        let ipmitool = rows.filter(|row| row.rest[0].ends_with(self.sensor));
        let ipmitool = ipmitool.map(|row| format!("{}, {}", row.rest[1], row.rest[2]));
        let out = self.pair.freeipmi.run("ipmi-sel", "--quiet-cache -v --comma-separated-output");
        let events = ipmi_sel(out.expect_success()).into_iter();
        let freeipmi = events.filter(|event| event.name == self.sensor);
        let freeipmi =
            freeipmi.map(|event| format!("{}, {}", event.event[0], event.direction.unwrap()));
        [ipmitool.collect(), freeipmi.collect()]
    }
}

fn value(sensor: &Sensor) -> Option<f64> {
    match sensor.reading {
        Reading::Analog { value, .. } => value,
        _ => None,
    }
}

/// The upper thresholds, non-critical first, as all three see them.
async fn uppers(rig: &Rig) -> [f64; 3] {
    let kinds = [
        ThresholdKind::UpperNonCritical,
        ThresholdKind::UpperCritical,
        ThresholdKind::UpperNonRecoverable,
    ];
    let sensor = rig.read().await;
    let ours = kinds.map(|kind| sensor.thresholds.iter().find(|(of, _)| *of == kind).unwrap().1);
    let out = rig.pair.ipmitool.run("sensor list");
    let row = sensor_list(out.expect_success()).into_iter().find(|row| row.name == CPU).unwrap();
    assert_eq!([3, 4, 5].map(|at| row.thresholds[at].unwrap().value), ours);
    let options = "--quiet-cache --output-sensor-thresholds --comma-separated-output";
    let out = rig.pair.freeipmi.run("ipmi-sensors", options);
    let line =
        ipmi_sensors(out.expect_success()).into_iter().find(|line| line.name == CPU).unwrap();
    assert_eq!([3, 4, 5].map(|at| line.thresholds.unwrap()[at].unwrap().value), ours);
    ours
}

#[tokio::test]
async fn set_by_each_and_seen_by_all() {
    let Some(rig) = Rig::new(CPU, "50").await else { return };
    rig.wait(|sensor| value(sensor) == Some(50.0)).await;
    assert_eq!(uppers(&rig).await, [85.0, 95.0, 100.0]);
    // ipmitool.
    let mut command = rig.pair.ipmitool.command("sensor thresh");
    command.args([CPU, "upper", "60", "70", "80"]);
    let out = process::run(&mut command, PATIENCE);
    assert!(out.expect_success().contains("Upper Critical threshold to 70.000"), "{out}");
    assert_eq!(uppers(&rig).await, [60.0, 70.0, 80.0]);
    // FreeIPMI, a hysteresis with it.
    let commit = "--category=sensors --commit --quiet-cache \
                  --key-pair=1_CPU1_Temp:Upper_Critical_Threshold=75 \
                  --key-pair=1_CPU1_Temp:Positive_Going_Threshold_Hysteresis=4";
    rig.pair.freeipmi.run("ipmi-config", commit).expect_success();
    assert_eq!(uppers(&rig).await, [60.0, 75.0, 80.0]);
    let details = rig.pair.client.sensor_details(rig.read().await).await.unwrap();
    assert_eq!(details.hysteresis.unwrap().positive, 4);
    // Our client; and FreeIPMI's checkout says so.
    let info = rig.read().await.info;
    let wanted =
        [(ThresholdKind::UpperNonCritical, 61.0), (ThresholdKind::UpperNonRecoverable, 81.0)];
    let changes = rig.pair.client.set_thresholds(&info, &wanted).await.unwrap();
    assert!(changes.iter().all(|change| change.taken && change.now == Some(change.asked)));
    assert_eq!(uppers(&rig).await, [61.0, 75.0, 81.0]);
    let checkout = "--category=sensors --checkout --quiet-cache --section=1_CPU1_Temp";
    let out = rig.pair.freeipmi.run("ipmi-config", checkout);
    for (key, wanted) in [
        ("Upper_Non_Critical_Threshold", "61.000000"),
        ("Upper_Critical_Threshold", "75.000000"),
        ("Upper_Non_Recoverable_Threshold", "81.000000"),
        ("Positive_Going_Threshold_Hysteresis", "4.000000"),
        ("Enable_Assertion_Event_Upper_Critical_Going_High", "Yes"),
    ] {
        let line = out.expect_success().lines().find(|line| line.trim().starts_with(key));
        assert!(line.unwrap().trim_end().ends_with(wanted), "{key}: {out}");
    }
    // In the wrong order they are refused, and nothing changes.
    let mut command = rig.pair.ipmitool.command("sensor thresh");
    command.args([CPU, "ucr", "20"]);
    process::run(&mut command, PATIENCE).expect_failure();
    assert_eq!(uppers(&rig).await, [61.0, 75.0, 81.0]);
    rig.pair.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_sensor_that_crosses_them_is_logged() {
    let Some(rig) = Rig::new(CPU, "50").await else { return };
    rig.wait(|sensor| value(sensor) == Some(50.0)).await;
    let mut command = rig.pair.ipmitool.command("sensor thresh");
    command.args([CPU, "upper", "60", "70", "80"]);
    process::run(&mut command, PATIENCE).expect_success();
    assert_eq!(rig.events().await, []);

    rig.set("72", |sensor| sensor.state == SensorState::Critical).await;
    // Upper non-critical going high is offset 7, upper critical 9.
    assert_eq!(rig.events().await, [(7, true), (9, true)]);
    let out = rig.pair.ipmitool.run("sensor list");
    let row = sensor_list(out.expect_success()).into_iter().find(|row| row.name == CPU).unwrap();
    assert_eq!(row.status, "cr");
    // The record's hysteresis is two: 69 is not back yet, 68 is.
    rig.set("69", |sensor| value(sensor) == Some(69.0)).await;
    assert_eq!(rig.events().await.len(), 2);
    rig.set("50", |sensor| sensor.state == SensorState::Nominal).await;
    let events = rig.events().await;
    assert_eq!(events.len(), 4);
    assert!(events.contains(&(7, false)) && events.contains(&(9, false)), "{events:?}");
    let [ipmitool, freeipmi] = rig.listed();
    let (non_critical, critical) = if events[2].0 == 9 { (3, 2) } else { (2, 3) };
    assert_eq!(ipmitool[0], "Upper Non-critical going high, Asserted");
    assert_eq!(ipmitool[1], "Upper Critical going high, Asserted");
    assert_eq!(ipmitool[critical], "Upper Critical going high, Deasserted");
    assert_eq!(ipmitool[non_critical], "Upper Non-critical going high, Deasserted");
    assert_eq!(freeipmi[1], "Upper Critical - going high, Assertion Event");
    assert_eq!(freeipmi[critical], "Upper Critical - going high, Deassertion Event");
    assert_eq!((ipmitool.len(), freeipmi.len()), (4, 4));
    rig.pair.endpoint.shutdown().await;
}

/// An opened lid stays on record: closing it, an empty log and power off change nothing; power on or a
/// cold reset do, as long as the lid is closed.
#[tokio::test]
async fn an_intrusion_is_latched() {
    let Some(rig) = Rig::new(LID, "0").await else { return };
    let states = |sensor: &Sensor| match sensor.reading {
        Reading::Discrete { states, .. } => Some(states),
        _ => None,
    };
    let says = async |wanted: bool| {
        let status = rig.pair.client.send(&GetChassisStatus).await.unwrap();
        assert_eq!(status.intrusion, wanted);
        let out = rig.pair.ipmitool.run("chassis status");
        let word = if wanted { "active" } else { "inactive" };
        let line = format!("Chassis Intrusion    : {word}");
        assert!(out.expect_success().lines().any(|l| l == line), "{out}");
        let options = "--quiet-cache --comma-separated-output";
        let out = rig.pair.freeipmi.run("ipmi-sensors", options);
        let line = ipmi_sensors(out.expect_success()).into_iter().find(|line| line.name == LID);
        assert_eq!(line.unwrap().event.contains("General Chassis Intrusion"), wanted, "{out}");
    };
    rig.wait(|sensor| states(sensor) == Some(0)).await;
    says(false).await;
    rig.set("1", |sensor| states(sensor) == Some(1)).await;
    says(true).await;
    assert_eq!(rig.events().await, [(0, true)]);
    rig.set("0", |_| true).await;
    rig.pair.ipmitool.run("sel clear").expect_success();
    rig.pair.ipmitool.run("mc reset warm").expect_success();
    rig.pair.client.power(PowerAction::Off).await.unwrap();
    says(true).await;

    // The scan that sees the lid closed may still be to come; then it takes another power cycle.
    rig.wait_doing(
        async || {
            rig.pair.client.power(PowerAction::Off).await.unwrap();
            rig.pair.client.power(PowerAction::On).await.unwrap();
        },
        |sensor| states(sensor) == Some(0),
    )
    .await;
    says(false).await;

    // Open at a cold reset, it stays; closed, it goes. Every session ends there, ours too.
    let reset = async || {
        rig.pair.ipmitool.run("mc reset cold").expect_success();
        rig.pair.client.forget_session().await;
    };
    rig.set("1", |sensor| states(sensor) == Some(1)).await;
    reset().await;
    rig.wait(|sensor| states(sensor) == Some(1)).await;
    says(true).await;
    rig.set("0", |_| true).await;
    rig.wait_doing(reset, |sensor| states(sensor) == Some(0)).await;
    says(false).await;
    rig.pair.endpoint.shutdown().await;
}
