//! Configurations with real files, programs and threads, asked through a BMC.
//!
//! Nothing here is timed: what should happen is waited for, for much longer than it takes, and what
//! should not is shown by something else that does.

use std::path::Path;
use std::sync::Condvar;
use std::sync::Mutex;
use std::time::Duration;

use ipmi_bmc::nvram::Memory;
use ipmi_bmc::{Bmc, LanPolicy, LogPolicy, Origin, Settings};
use ipmi_session::Quirks;
use ipmi_session::managed::Limits;
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::cmd::chassis::GetChassisStatus;
use ipmi_wire::cmd::sensor::{
    EventDataBytes, GetSensorReading, GetSensorThresholds, SensorReading, SetSensorReading,
    StatusBits,
};
use ipmi_wire::sdr::{FullSensor, Record, ThresholdKind};
use ipmi_wire::{Command, Reader, Request};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;
use crate::Config;
use crate::personality::built;
use crate::personality::reference::reference;
use crate::platform::sim::SimPlatform;

const PATIENCE: Duration = Duration::from_secs(60);

/// A BMC with the sensors of a configuration, and somebody who notices when they have something.
struct Rig {
    bmc: Bmc,
    personality: Personality,
    news: Arc<(Mutex<u64>, Condvar)>,
    seen: u64,
}

impl Rig {
    fn new(sensors: &str) -> Self {
        let text = format!("[bmc]\nname = \"t\"\n[lan]\nlisten = [\"127.0.0.1:0\"]\n{sensors}");
        let config = Config::parse(&text, Path::new("bmc.toml")).unwrap();
        let now = Instant::now();
        let mut personality = reference(1_800_000_000);
        let news = Arc::new((Mutex::new(0), Condvar::new()));
        let wake: Wake = {
            let news = Arc::clone(&news);
            Arc::new(move || {
                *news.0.lock().unwrap() += 1;
                news.1.notify_all();
            })
        };
        let machine = Box::new(SimPlatform::new(1, now, true));
        let machine = equip(&config.sensors, &mut personality, machine, &wake);
        let settings = Settings {
            guid: Guid([7; 16]),
            users: Vec::new(),
            lan: LanPolicy::default(),
            limits: Limits::default(),
            quirks: Quirks::NONE,
            epoch: 1_800_000_000,
            log: LogPolicy::default(),
            nonvolatile: false,
        };
        let bmc = Bmc::new(now, personality.clone(), settings, machine, Memory::default());
        Self { bmc, personality, news, seen: 0 }
    }

    fn ask<C: Command>(&mut self, command: &C) -> C::Response {
        let request = Request::of(command);
        let response = self.bmc.handle_request(Instant::now(), Origin::SystemInterface, &request);
        assert!(response.completion.is_ok(), "{:?}", response.completion);
        command.decode_response(&mut Reader::new(&response.data)).unwrap()
    }

    fn record(&self, name: &str) -> &Record {
        let named = |record: &&Record| record.name().is_some_and(|id| id.to_string() == name);
        self.personality.sdrs.iter().find(named).unwrap_or_else(|| panic!("no sensor {name}"))
    }

    fn full(&self, name: &str) -> FullSensor {
        let Record::Full(full) = self.record(name) else { panic!("{name} has no value") };
        full.clone()
    }

    fn reading(&mut self, name: &str) -> SensorReading {
        let number = self.record(name).sensor_number().unwrap();
        self.ask(&GetSensorReading { number })
    }

    /// The value of a sensor that has one.
    fn value(&mut self, name: &str) -> Option<f64> {
        let reading = self.reading(name);
        reading.is_valid().then(|| self.full(name).value(reading.raw).unwrap())
    }

    /// Waits as the daemon does, for time and for sensors, until this holds.
    fn until(&mut self, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
        let begin = Instant::now();
        while !holds(self) {
            assert!(begin.elapsed() < PATIENCE, "{what} does not come");
            let due = self.bmc.poll_timeout().unwrap_or_else(|| Instant::now() + PATIENCE);
            let news = Arc::clone(&self.news);
            let count = news.0.lock().unwrap();
            let nothing_new = |count: &mut u64| *count == self.seen;
            let wait = due.saturating_duration_since(Instant::now());
            let (count, _) = news.1.wait_timeout_while(count, wait, nothing_new).unwrap();
            self.seen = *count;
            drop(count);
            self.bmc.handle_timeout(Instant::now());
        }
    }

    fn until_value(&mut self, name: &str, expected: f64) {
        let step =
            self.full(name).factors.difference(1, self.full(name).sensor.units.analog_format);
        let step = step.unwrap().abs();
        self.until(&format!("{name} = {expected}"), |rig| {
            rig.value(name).is_some_and(|value| (value - expected).abs() <= step / 2.0 + 1e-9)
        });
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[test]
fn a_file_is_a_sensor_with_thresholds() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("temperature");
    write(&file, "41500\n");
    let mut rig = Rig::new(&format!(
        "[[sensor]]\nname = \"GPU Temp\"\ntype = \"temperature\"\nrange = [-20, 120]\n\
         thresholds = {{ upper_non_critical = 80, upper_critical = 90 }}\nhysteresis = 2\n\
         interval = 0.05\nfile = {file:?}\nscale = 0.001\n"
    ));
    rig.until_value("GPU Temp", 41.5);
    let full = rig.full("GPU Temp");
    assert_eq!(full.sensor.key.number, 0x80);
    assert_eq!((full.positive_hysteresis, full.factors.m, full.factors.r_exp), (4, 55, -2));
    let thresholds = rig.ask(&GetSensorThresholds { number: 0x80 });
    assert_eq!(thresholds.readable.iter().count(), 2);
    let critical = full.value(thresholds.get(ThresholdKind::UpperCritical).unwrap()).unwrap();
    assert!((critical - 90.0).abs() <= 0.275);
    // Consoles have to notice that there is another sensor.
    assert_ne!(rig.personality.sdrs_built, reference(1_800_000_000).sdrs_built);
    assert_eq!(rig.personality.sdrs_built, built(&rig.personality.sdrs));

    let before = rig.bmc.sel().records().len();
    write(&file, "91000\n");
    rig.until_value("GPU Temp", 91.0);
    assert_eq!(rig.bmc.sel().records().len(), before + 2);
    // What is no number is no reading.
    write(&file, "N/A\n");
    rig.until("a reading that is unavailable", |rig| !rig.reading("GPU Temp").is_valid());
    std::fs::remove_file(&file).unwrap();
    write(&file, "40000\n");
    rig.until_value("GPU Temp", 40.0);
}

#[test]
fn a_sensor_of_the_personality_can_be_measured_otherwise() {
    let directory = tempfile::tempdir().unwrap();
    let lid = directory.path().join("lid");
    write(&lid, "0");
    let mut rig = Rig::new(&format!(
        "[[sensor]]\nname = \"Chassis Intru\"\nfile = {lid:?}\ninterval = 0.05\n\
         [[sensor]]\nname = \"CPU1 Temp\"\ncommand = [\"echo\", \"66.4\"]\n"
    ));
    rig.until_value("CPU1 Temp", 66.0);
    assert_eq!(rig.personality.sdrs, reference(1_800_000_000).sdrs);
    rig.until("the lid", |rig| rig.reading("Chassis Intru").is_valid());
    assert!(!rig.ask(&GetChassisStatus).intrusion);
    write(&lid, "1");
    rig.until("the open lid", |rig| rig.reading("Chassis Intru").states == 1);
    write(&lid, "0");
    // The machine's other sensors go on, and the latch is the personality's.
    assert!(rig.value("CPU2 Temp").is_some());
    assert!(rig.ask(&GetChassisStatus).intrusion);
}

#[test]
fn a_sensor_with_a_source_can_be_made_to_say_something() {
    let directory = tempfile::tempdir().unwrap();
    let [file, other, fifo] =
        ["temperature", "other", "lid"].map(|name| directory.path().join(name));
    write(&file, "40");
    write(&other, "40");
    // A source that hangs says nothing, and is made to speak all the same.
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let mut rig = Rig::new(&format!(
        "[[sensor]]\nname = \"CPU1 Temp\"\nfile = {file:?}\ninterval = 0.05\nbus = \"a\"\n\
         [[sensor]]\nname = \"CPU2 Temp\"\nfile = {other:?}\ninterval = 0.05\nbus = \"a\"\n\
         [[sensor]]\nname = \"Chassis Intru\"\nfile = {fifo:?}\ninterval = 0.05\nbus = \"b\"\n\
         [[bus]]\nname = \"a\"\n[[bus]]\nname = \"b\"\n"
    ));
    rig.until_value("CPU1 Temp", 40.0);
    let number = |rig: &Rig, name| rig.record(name).sensor_number().unwrap();
    let (cpu, lid) = (number(&rig, "CPU1 Temp"), number(&rig, "Chassis Intru"));
    let now = Instant::now();
    rig.bmc.override_sensor(now, cpu, Some(Measurement::Value(96.0))).unwrap();
    rig.bmc.override_sensor(now, lid, Some(Measurement::States(1))).unwrap();
    assert_eq!(rig.value("CPU1 Temp"), Some(96.0));
    assert!(rig.ask(&GetChassisStatus).intrusion);
    // The bus goes on, and changes nothing.
    for value in ["41", "42"] {
        write(&file, value);
        write(&other, value);
        rig.until_value("CPU2 Temp", value.parse().unwrap());
    }
    assert_eq!(rig.value("CPU1 Temp"), Some(96.0));
    let now = Instant::now();
    rig.bmc.override_sensor(now, cpu, None).unwrap();
    rig.until_value("CPU1 Temp", 42.0);
    // Its lid is somebody else's to open.
    assert_eq!(rig.bmc.move_lid(Instant::now(), true), Err(PlatformError::Unsupported));
}

#[test]
fn what_hangs_holds_up_its_own_bus_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let (behind, beside) = (directory.path().join("behind"), directory.path().join("beside"));
    write(&behind, "20");
    write(&beside, "30");
    let mut rig = Rig::new(&format!(
        "[[bus]]\nname = \"b\"\n\
         [[sensor]]\nname = \"stuck\"\ntype = \"temperature\"\nfile = {fifo:?}\ninterval = 0.05\n\
         [[sensor]]\nname = \"behind\"\ntype = \"temperature\"\nfile = {behind:?}\ninterval = 0.05\n\
         [[sensor]]\nname = \"beside\"\ntype = \"temperature\"\nfile = {beside:?}\nbus = \"b\"\n\
         interval = 0.05\n\
         [[sensor]]\nname = \"program\"\ntype = \"temperature\"\ncommand = [\"sleep\", \"600\"]\n\
         timeout = 600\ninterval = 0.05\n"
    ));
    rig.until_value("beside", 30.0);
    // Many rounds of the other bus later, neither the one nor the other has said anything, and
    // everything was answered at once.
    for round in 0..20 {
        write(&beside, &format!("{}", 30 + round % 2));
        rig.until_value("beside", f64::from(30 + round % 2));
    }
    for name in ["stuck", "behind", "program"] {
        assert!(!rig.reading(name).is_valid(), "{name}");
    }
    assert!(rig.value("CPU1 Temp").is_some());
    // Somebody writes at last, and closes: the number is there, and the bus moves on. (It gets
    // stuck again with the next scan, and what it said is believed for a while.)
    write(&fifo, "50\n");
    rig.until_value("behind", 20.0);
    // Dropped with a thread in a system call and a program that is not done: nobody waits.
    drop(rig);
}

#[test]
fn a_program_that_takes_too_long_is_no_reading_and_the_next_has_its_turn() {
    let mut rig = Rig::new(
        "[[sensor]]\nname = \"slow\"\ntype = \"power\"\ncommand = [\"sleep\", \"600\"]\n\
         timeout = 0.05\ninterval = 0.05\n\
         [[sensor]]\nname = \"quick\"\ntype = \"power\"\ncommand = [\"echo\", \"200 W\"]\n\
         interval = 0.05\n",
    );
    rig.until_value("quick", 200.0);
    assert!(!rig.reading("slow").is_valid());
}

/// A tree as `/sys/class/hwmon` has it: a CPU, a super I/O chip, two of a kind, and junk.
fn chips(root: &Path) {
    for (file, text) in [
        ("hwmon0/name", "coretemp"),
        ("hwmon0/temp1_input", "47000"),
        ("hwmon0/temp1_label", "Package id 0"),
        ("hwmon0/temp1_max", "80000"),
        ("hwmon0/temp1_crit", "100000"),
        ("hwmon0/temp1_crit_alarm", "0"),
        ("hwmon1/name", "nct6798"),
        ("hwmon1/in0_input", "1048"),
        ("hwmon1/in0_min", "900"),
        ("hwmon1/in0_max", "1200"),
        ("hwmon1/fan2_input", "1280"),
        ("hwmon1/fan2_min", "300"),
        ("hwmon1/intrusion0_alarm", "1"),
        ("hwmon1/temp10_input", "-5000"),
        // Unset limits: nothing, and the largest number there is.
        ("hwmon1/temp10_max", "0"),
        ("hwmon1/temp10_crit", "65261850000"),
        ("hwmon2/name", "nvme"),
        ("hwmon2/temp1_input", "35850"),
        ("hwmon2/temp1_label", "Composite"),
        ("hwmon3/name", "nvme"),
        ("hwmon3/temp1_input", "36850"),
        ("hwmon3/temp1_label", "Composite"),
        ("hwmon4/name", "power_meter"),
        ("hwmon4/power1_average", "215000000"),
        ("hwmon4/curr1_input", "17500"),
        ("hwmon5/temp1_input", "1000"),
        ("hwmon6/name", "broken"),
        ("hwmon6/temp1_input", "no number"),
        ("hwmon6/temp1_max", "90000"),
        ("hwmon6/temp1_crit", "20000"),
    ] {
        write(&root.join(file), text);
    }
}

#[test]
fn the_hosts_hardware_monitoring_becomes_sensors() {
    let directory = tempfile::tempdir().unwrap();
    chips(directory.path());
    let mut rig = Rig::new(&format!("[hwmon]\nroot = {:?}\ndiscover = true\n", directory.path()));
    let known = reference(1_800_000_000).sdrs.len();
    let names: Vec<String> = rig.personality.sdrs[known..]
        .iter()
        .map(|record| record.name().unwrap().to_string())
        .collect();
    assert_eq!(
        names,
        [
            "broken temp1",
            "Package id 0",
            "nct6798 fan2",
            "nct6798 in0",
            "nct6798 temp10",
            "nvme Composite",
            "nvme Composit #2",
            "power_mete curr1",
            "power_met power1",
        ]
    );
    for (name, expected) in [
        ("Package id 0", 47.0),
        ("nct6798 fan2", 1280.0),
        ("nct6798 in0", 1.048),
        ("nct6798 temp10", -5.0),
        ("nvme Composite", 35.85),
        ("nvme Composit #2", 36.85),
        ("power_met power1", 215.0),
        ("power_mete curr1", 17.5),
    ] {
        rig.until_value(name, expected);
    }
    assert!(!rig.reading("broken temp1").is_valid());
    for (name, thresholds) in [
        (
            "Package id 0",
            &[(ThresholdKind::UpperNonCritical, 80.0), (ThresholdKind::UpperCritical, 100.0)][..],
        ),
        (
            "nct6798 in0",
            &[(ThresholdKind::LowerNonCritical, 0.9), (ThresholdKind::UpperNonCritical, 1.2)],
        ),
        ("nct6798 fan2", &[(ThresholdKind::LowerCritical, 300.0)]),
        ("nct6798 temp10", &[]),
        // They contradict each other.
        ("broken temp1", &[]),
    ] {
        let full = rig.full(name);
        let present: Vec<_> = full.sensor.readable_thresholds().iter().collect();
        assert_eq!(present, thresholds.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), "{name}");
        for (kind, limit) in thresholds {
            let coded = full.value(full.thresholds.get(*kind)).unwrap();
            let step = full.factors.difference(1, full.sensor.units.analog_format).unwrap();
            assert!((coded - limit).abs() <= step / 2.0 + 1e-9, "{name}: {coded} for {limit}");
        }
    }
}

#[test]
fn single_channels_are_found_whatever_the_number_of_their_directory() {
    let directory = tempfile::tempdir().unwrap();
    chips(directory.path());
    let root = directory.path();
    let mut rig = Rig::new(&format!(
        "[hwmon]\nroot = {root:?}\ndiscover = [\"power_meter\"]\n\
         [[sensor]]\nname = \"Chassis Intru\"\n\
         hwmon = {{ chip = \"nct6798\", channel = \"intrusion0\" }}\n\
         [[sensor]]\nname = \"CPU1 Temp\"\ninterval = 0.05\n\
         hwmon = {{ chip = \"coretemp\", channel = \"temp1\" }}\n"
    ));
    rig.until_value("CPU1 Temp", 47.0);
    rig.until("the lid", |rig| rig.reading("Chassis Intru").states == 1);
    rig.until_value("power_met power1", 215.0);
    std::fs::rename(root.join("hwmon0"), root.join("hwmon9")).unwrap();
    write(&root.join("hwmon9/temp1_input"), "52000");
    rig.until_value("CPU1 Temp", 52.0);
}

/// Drivers that are loaded again may get each other's numbers.
#[test]
fn a_chip_is_the_same_chip_wherever_its_directory_is() {
    let directory = tempfile::tempdir().unwrap();
    chips(directory.path());
    let root = directory.path();
    // Two of a kind are told apart by what they sit on.
    for (chip, device) in [("hwmon2", "nvme0"), ("hwmon3", "nvme1")] {
        std::fs::create_dir(root.join(device)).unwrap();
        std::os::unix::fs::symlink(root.join(device), root.join(chip).join("device")).unwrap();
    }
    let mut rig = Rig::new(&format!(
        "[hwmon]\nroot = {root:?}\ndiscover = true\n\
         [[sensor]]\nname = \"CPU1 Temp\"\ninterval = 0.05\n\
         hwmon = {{ chip = \"coretemp\", channel = \"temp1\" }}\n"
    ));
    rig.until_value("CPU1 Temp", 47.0);
    rig.until_value("Package id 0", 47.0);
    rig.until_value("nvme Composite", 35.85);
    rig.until_value("nvme Composit #2", 36.85);
    // The CPU's number is an SSD's now, and the SSDs have theirs exchanged.
    let at = |number: u8| root.join(format!("hwmon{number}"));
    let go = |from, to| std::fs::rename(at(from), at(to)).unwrap();
    write(&at(0).join("temp1_input"), "52000");
    write(&at(2).join("temp1_input"), "20000");
    write(&at(3).join("temp1_input"), "30000");
    go(0, 9);
    go(3, 0);
    go(2, 3);
    rig.until_value("CPU1 Temp", 52.0);
    rig.until_value("Package id 0", 52.0);
    rig.until_value("nvme Composite", 20.0);
    rig.until_value("nvme Composit #2", 30.0);
}

#[test]
fn two_of_a_kind_are_in_the_order_of_what_they_sit_on() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    chips(root);
    for (chip, device) in [("hwmon2", "nvme1"), ("hwmon3", "nvme0")] {
        std::fs::create_dir(root.join(device)).unwrap();
        std::os::unix::fs::symlink(root.join(device), root.join(chip).join("device")).unwrap();
    }
    let config = format!("[hwmon]\nroot = {root:?}\ndiscover = [\"nvme\"]\n");
    let mut rig = Rig::new(&config);
    rig.until_value("nvme Composite", 36.85);
    rig.until_value("nvme Composit #2", 35.85);
}

#[test]
fn a_number_that_becomes_infinite_is_no_reading() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("huge");
    write(&file, "1e300");
    let mut rig = Rig::new(&format!(
        "[[sensor]]\nname = \"Huge\"\ntype = \"power\"\nfile = {file:?}\nscale = 1e300\n\
         interval = 0.05\n\
         [[sensor]]\nname = \"Beside\"\ntype = \"power\"\ncommand = [\"echo\", \"7\"]\n\
         interval = 0.05\n"
    ));
    for _ in 0..3 {
        rig.until_value("Beside", 7.0);
        assert!(!rig.reading("Huge").is_valid());
        std::thread::sleep(Duration::from_millis(60));
    }
    write(&file, "1e-298");
    rig.until_value("Huge", 100.0);
}

#[test]
fn a_thread_ends_with_its_bus() {
    let names = || -> Vec<String> {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        tasks
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .collect()
    };
    let is_there = || names().iter().any(|name| name.trim() == "sensors 9999");
    let (sender, results) = channel();
    let (called, news) = channel();
    let wake: Wake = Arc::new(move || called.send(()).unwrap_or_default());
    let sensor = Wired {
        number: 1,
        name: "x".into(),
        bus: 9999,
        is_discrete: false,
        probe: probe::Probe::Command {
            argv: vec!["sleep".into(), "600".into()],
            timeout: Duration::from_secs(600),
        },
        scale: 1.0,
        offset: 0.0,
    };
    let worker = Worker::start(9999, vec![sensor], sender, wake);
    assert!(worker.request(1));
    let begin = Instant::now();
    while !is_there() {
        assert!(begin.elapsed() < PATIENCE);
    }
    drop(worker);
    while is_there() {
        assert!(begin.elapsed() < PATIENCE, "the thread lives on");
        std::thread::sleep(Duration::from_millis(1));
    }
    // It says nothing any more.
    assert!(results.try_recv().is_err() && news.try_recv().is_err());
}

#[test]
fn a_sensor_that_software_writes_waits_for_it() {
    let mut rig = Rig::new(
        "[[sensor]]\nname = \"OS Load\"\ntype = \"power\"\nrange = [0, 100]\nwritten = true\n",
    );
    assert!(!rig.reading("OS Load").is_valid());
    let raw = rig.full("OS Load").raw(42.0);
    rig.ask(&SetSensorReading {
        number: 0x80,
        reading: Some(raw),
        assertion: StatusBits::Keep,
        deassertion: StatusBits::Keep,
        event_data: EventDataBytes::Own,
    });
    assert_eq!(rig.value("OS Load"), Some(42.0));
}

#[test]
fn a_bus_of_the_simulated_machine_can_be_slow_too() {
    let mut rig = Rig::new(
        "[[bus]]\nname = \"i2c\"\nscan_time = 3600\n[[sensor]]\nname = \"CPU1 Temp\"\nbus = \"i2c\"\n",
    );
    assert_eq!(rig.value("CPU1 Temp"), None);
    assert!(rig.value("CPU2 Temp").is_some());
}
