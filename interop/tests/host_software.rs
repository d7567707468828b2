//! What people have on their hosts, in a guest: FreeIPMI, ipmiutil, OpenIPMI's library and ipmievd find in
//! our BMC what it says over the network, and what they change is seen from there. How Linux itself speaks
//! of its end is in `host_kernel.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use common::{Bmc, unix_host};
use lantern_bmcd::MachineKind;
use lantern_testkit::guest::{Guest, Image, Kit, MODULES};
use lantern_testkit::peers::{FreeIpmi, Ipmitool, Peer};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// A machine with these programs, its BMC, and consoles outside.
struct Host {
    guest: Guest,
    ipmitool: Ipmitool,
    freeipmi: FreeIpmi,
    _bmc: Bmc,
    _directory: TempDir,
}

impl Host {
    /// `None` if a program is not there.
    fn with(installed: &[&str], unpacked: &[&str]) -> Option<Self> {
        let kit = Kit::find()?;
        let mut image = Image::new(&kit)
            // With this FreeIPMI's programs keep out of each other's way.
            .file("/var/lib/freeipmi/ipckey", 0o644, "")
            .file("/var/log/freeipmi/.keep", 0o644, "");
        let installed = installed.iter().map(|name| Peer::find(name));
        let unpacked = unpacked.iter().map(|name| Peer::unpacked(name));
        for peer in installed.chain(unpacked) {
            let peer = peer?;
            image = image.program(&format!("/usr/bin/{}", peer.name()), peer.path());
        }
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("host");
        let bmc = Bmc::frozen_with(|config| {
            config.system_interface = Some(unix_host(&socket));
            config.machine = Some(MachineKind::Vm);
        });
        let (ipmitool, freeipmi) = (bmc.ipmitool(17)?, bmc.freeipmi(17)?);
        let guest = Guest::start_at(&kit, &image, &socket, "isa-ipmi-kcs,irq=5");
        let host = Self { guest, ipmitool, freeipmi, _bmc: bmc, _directory: directory };
        host.wait_for("chassis power status", "is on");
        Some(host)
    }

    fn inside(&mut self, script: &str) -> String {
        self.guest.agent.run(script).expect_success().to_owned()
    }

    fn outside(&self, words: &str) -> String {
        self.ipmitool.run(words).expect_success().to_owned()
    }

    /// From outside, until it says so.
    fn wait_for(&self, words: &str, expected: &str) {
        let start = Instant::now();
        loop {
            let said = self.outside(words);
            if said.contains(expected) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{words}: never {expected:?}: {said}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Inside, until a program that writes into this file has written that.
    fn wait_for_file(&mut self, file: &str, expected: &str) -> String {
        let start = Instant::now();
        loop {
            let said = self.guest.agent.run(&format!("cat {file}")).stdout;
            if said.contains(expected) {
                return said;
            }
            assert!(start.elapsed() < PATIENCE, "{file}: never {expected:?}: {said}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// One of FreeIPMI's programs ends and says inside as outside.
    fn same(&mut self, tool: &str, words: &str) -> String {
        let outside = self.freeipmi.run(tool, words);
        let inside = self.guest.agent.run(&format!("{tool} -D OPENIPMI {words}"));
        assert_eq!(inside.stdout, outside.stdout, "{inside}\n{outside}");
        assert_eq!(inside.status == 0, outside.is_success(), "{inside}\n{outside}");
        inside.stdout
    }
}

const FREEIPMI: [&str; 10] = [
    "bmc-device",
    "bmc-info",
    "ipmi-chassis",
    "ipmi-config",
    "ipmi-dcmi",
    "ipmi-fru",
    "ipmi-locate",
    "ipmi-raw",
    "ipmi-sel",
    "ipmi-sensors",
];

#[test]
fn freeipmi_says_inside_what_it_says_outside_and_changes_what_is_seen_there() {
    let Some(mut host) = Host::with(&FREEIPMI, &["bmc-watchdog"]) else { return };
    let host = &mut host;
    let found = host.inside("ipmi-locate");
    let kcs = "Probing KCS device using SMBIOS... done\nIPMI Version: 2.0\n";
    assert!(found.contains(kcs) && found.contains("BMC I/O base address: 0xCA2\n"), "{found}");
    // Debian's build of its own driver has no instruction for ports in it: it fails on any machine.
    let direct = host.guest.agent.run("bmc-info -D KCS --get-device-id");
    assert!(direct.stderr.contains("driver busy"), "{direct}");

    host.guest.load(&MODULES);
    let sensors = "--quiet-cache --output-sensor-thresholds --output-event-bitmask";
    assert!(host.same("ipmi-sensors", sensors).contains("CPU1 Temp"));
    for (tool, words) in [
        ("ipmi-sel", "--quiet-cache"),
        ("ipmi-fru", "--quiet-cache"),
        ("bmc-info", "--get-device-id"),
        ("bmc-info", "--get-device-guid"),
        ("bmc-info", "--get-system-guid"),
        ("ipmi-raw", "0 6 1"),
        ("ipmi-chassis", "--get-chassis-status"),
        ("ipmi-chassis", "--get-chassis-capabilities"),
        ("ipmi-chassis", "--get-system-restart-cause"),
        ("bmc-device", "--get-self-test-results"),
        ("bmc-device", "--get-acpi-power-state"),
        ("bmc-device", "--get-kcs-interface-capabilities"),
        ("bmc-device", "--get-ssif-interface-capabilities"),
        ("bmc-device", "--get-bt-interface-capabilities"),
        ("ipmi-dcmi", "--get-dcmi-capability-info"),
        ("ipmi-dcmi", "--get-dcmi-sensor-info"),
        ("ipmi-dcmi", "--get-power-limit"),
        ("ipmi-config", "--checkout"),
        ("ipmi-config", "--category=chassis --checkout"),
        ("ipmi-config", "--category=dcmi --checkout"),
    ] {
        host.same(tool, words);
    }

    for (inside, outside, says) in [
        ("bmc-device --set-system-name=gallery", "mc getsysinfo system_name", "gallery"),
        ("ipmi-dcmi --set-asset-tag=rack7", "dcmi asset_tag", "rack7"),
        (
            "ipmi-config --category=chassis --commit -e Chassis_Boot_Flags:Boot_Device=PXE",
            "chassis bootparam get 5",
            "Force PXE",
        ),
        (
            "ipmi-config --category=chassis --commit \
             -e Chassis_Power_Conf:Power_Restore_Policy=On_State_AC_Apply",
            "chassis status",
            "Power Restore Policy : always-on",
        ),
        ("ipmi-config --commit -e User5:Username=visitor", "user list 1", "visitor"),
        (
            "bmc-device --quiet-cache --platform-event='0x41 4 2 0x24 1 assertion 0x52 0x80 0x8c'",
            "sel list last 1",
            "Voltage #0x24 | Lower Critical going low ",
        ),
        ("ipmi-sel --quiet-cache --delete=1", "sel list first 1", "   2 |"),
    ] {
        host.inside(inside);
        let said = host.outside(outside);
        assert!(said.contains(says), "{inside}: {outside}: {said}");
    }
    host.inside("ipmi-chassis --chassis-identify=FORCE");
    assert!(host.same("ipmi-chassis", "--get-chassis-status").contains("Indefinite on"));
    host.inside("ipmi-sel --quiet-cache --clear");
    assert!(host.outside("sel info").contains("Entries          : 0"));
    bmc_watchdog(host);
}

/// Its commands one by one, and then as what it is meant for.
fn bmc_watchdog(host: &mut Host) {
    let timer = |host: &mut Host, command: &str, is: &[&str]| {
        host.inside(&format!("bmc-watchdog {command}"));
        let outside = host.outside("mc watchdog get");
        for words in is {
            assert!(outside.contains(words), "{command}: {words}: {outside}");
        }
        host.inside("bmc-watchdog --get")
    };
    let set = "--set -u 4 -a 3 -p 3 -z 5 -l 0 -i 60";
    let said = timer(host, set, &["Stopped", "Messaging", "Power Cycle", "60.0 sec"]);
    for line in [
        "Timer Use:                   SMS/OS\n",
        "Timer:                       Stopped\n",
        "Timeout Action:              Power Cycle\n",
        "Pre-Timeout Interrupt:       Messaging Interrupt\n",
        "Pre-Timeout Interval:        5 seconds\n",
        "Initial Countdown:           60 seconds\n",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    timer(host, "--start", &["Started/Running"]);
    timer(host, "--reset", &["Started/Running", "60.0 sec"]);
    timer(host, "--stop", &["Stopped", "Power Cycle"]);
    timer(host, "--clear", &["Stopped", "No action", "Initial Countdown:      0.0 sec"]);
    // As a daemon it winds the timer up each second, and stops it when it is asked to go.
    host.inside("bmc-watchdog -d -u 4 -p 0 -a 1 -i 60 -e 1");
    host.wait_for("mc watchdog get", "Started/Running");
    host.inside("sleep 12");
    let said = host.outside("mc watchdog get");
    let left = said.lines().find_map(|line| line.strip_prefix("Present Countdown:")).unwrap();
    let left: f64 = left.trim().trim_end_matches(" sec").parse().unwrap();
    // A machine that is busy with other tests winds it up late, but not only once.
    assert!((48.5..=60.0).contains(&left), "it winds it up: {said}");
    host.inside("killall bmc-watchdog");
    host.wait_for("mc watchdog get", "Stopped");
    assert!(host.outside("chassis power status").contains("is on"));
}

/// What ipmiutil says of the sensors with a figure: name, figure, unit.
fn ipmiutil_figures(said: &str) -> BTreeMap<String, (f64, String)> {
    let lines = said.lines().filter_map(|line| line.split_once(" snum "));
    let figures = lines.filter_map(|(_, rest)| {
        let (name, rest) = rest.get(3..)?.split_once(" = ")?;
        let (_, rest) = rest.split_once(" OK   ")?;
        let (figure, unit) = rest.split_once(' ')?;
        Some((name.trim().to_owned(), (figure.parse().ok()?, unit.trim().to_owned())))
    });
    figures.collect()
}

#[test]
fn ipmiutil_drives_the_ports_itself_and_says_the_same_through_the_kernel() {
    let Some(mut host) = Host::with(&[], &["ipmiutil"]) else { return };
    let host = &mut host;
    // It looks for its own machine's firmware tables with a program that is not here.
    let commands = ["health", "sensor -v", "sel", "fru", "lan", "config", "wdt", "dcmi", "leds"];
    let run = |host: &mut Host, driver: &str| -> Vec<String> {
        let say = |command| host.inside(&format!("ipmiutil {command} -F {driver}"));
        commands.into_iter().map(say).collect()
    };
    let direct = run(host, "kcs");
    let figures = ipmiutil_figures(&direct[1]);
    let mut compared = 0;
    for line in host.outside("-c sdr list full").lines() {
        let [name, figure, unit, "ok"] = line.split(',').collect::<Vec<_>>()[..] else { continue };
        let Some((theirs, their_unit)) = figures.get(name) else { panic!("{name}: {figures:?}") };
        let (figure, digits) = (figure.parse::<f64>().unwrap(), 0.005001);
        assert!((figure - theirs).abs() < digits || figure == theirs.round(), "{line}: {theirs}");
        assert_eq!(their_unit, unit, "{line}");
        compared += 1;
    }
    assert_eq!((compared, figures.len()), (30, 30), "{figures:?}");
    let log = host.outside("sel list");
    let seen = direct[2].lines().filter(|line| line.contains("/26 ")).collect::<Vec<_>>();
    assert_eq!(seen.len(), log.lines().count(), "{seen:?}");
    for (ours, theirs) in log.lines().zip(seen) {
        let [id, day, time] = [0, 1, 2].map(|n| ours.split('|').nth(n).unwrap().trim());
        let id = u16::from_str_radix(id, 16).unwrap();
        let start = format!("{id:04x} {day} {}", time.trim_end_matches(" UTC"));
        assert!(theirs.starts_with(&start), "{start}: {theirs}");
    }
    assert!(direct[0].contains("chassis_power       = on"), "{}", direct[0]);
    for serial in ["LNC00001", "LNB00001", "LNS00001", "LNP00001", "LNP00002"] {
        assert!(direct[3].contains(serial), "{}", direct[3]);
    }

    host.inside("ipmiutil wdt -F kcs -e -t 40 && ipmiutil wdt -F kcs -r");
    let timer = host.outside("mc watchdog get");
    assert!(timer.contains("Started/Running") && timer.contains("40.0 sec"), "{timer}");
    host.inside("ipmiutil wdt -F kcs -d");
    assert!(host.outside("mc watchdog get").contains("Stopped"));
    host.inside("ipmiutil leds -F kcs -i5");
    let status = host.freeipmi.run("ipmi-chassis", "--get-chassis-status");
    assert!(status.expect_success().contains("Timed on"), "{status}");
    host.inside("ipmiutil getevt -F kcs -s -o -t 60 >/tmp/events 2>&1 & sleep 1");
    host.wait_for_file("/tmp/events", "Waiting");
    host.outside("event 3");
    host.wait_for_file("/tmp/events", "Correctable ECC");

    // The machine is gone before the program ends, but not before it has read the answer: QEMU's port is
    // in order after the reset, for who does not know how to put it in order.
    host.guest.agent.begin("touch /tmp/before; ipmiutil reset -F kcs -r");
    host.wait_for("chassis restart_cause", "chassis power control command");
    std::thread::sleep(Duration::from_secs(1));
    host.guest.agent.wait(PATIENCE);
    assert_ne!(host.guest.agent.run("ls /tmp/before").status, 0, "it is a new start");
    let again = host.inside("ipmiutil health -F kcs");
    assert!(again.contains("completed successfully"), "{again}");

    host.guest.load(&MODULES);
    let kernel = run(host, "open");
    for ((command, direct), kernel) in commands.iter().zip(direct).zip(kernel) {
        if matches!(*command, "sel" | "wdt" | "dcmi" | "health") {
            // There are more events; times; the driver's name.
            continue;
        }
        assert_eq!(kernel, direct, "{command}");
    }
    host.guest.agent.begin("ipmiutil reset -F open -d");
    assert!(host.guest.wait(PATIENCE), "{}", host.guest.console());
    host.wait_for("chassis power status", "is off");
}

#[test]
fn openipmis_library_and_ipmievd_find_all_sensors_and_hear_of_events() {
    let programs = ["openipmish", "openipmicmd", "ipmitool", "ipmievd"];
    let Some(mut host) = Host::with(&programs, &[]) else { return };
    let host = &mut host;
    host.guest.load(&MODULES);
    let raw = host.inside("openipmicmd -k '0f 00 06 01' smi 0");
    let id: Vec<_> = raw.split_whitespace().skip(5).collect();
    let outside = host.outside("raw 6 1");
    assert_eq!(id.join(" "), outside.split_whitespace().collect::<Vec<_>>().join(" "));

    host.inside("mkfifo /tmp/ask; openipmish </tmp/ask >/tmp/said 2>&1 & sleep 600 >/tmp/ask &");
    host.inside("echo 'domain open d smi 0' >/tmp/ask");
    let said = host.wait_for_file("/tmp/said", "Operation: Domain fully up");
    let sensors: BTreeMap<_, _> = said
        .split("Object Type: Sensor\n  Name: d(")
        .skip(1)
        .filter_map(|text| text.lines().next()?.split_once(")."))
        .map(|(entity, name)| (name.to_owned(), entity.to_owned()))
        .collect();
    let listed = host.outside("sdr elist all");
    let mut compared = 0;
    for line in listed.lines() {
        let [name, _, _, entity, ..] = line.split('|').map(str::trim).collect::<Vec<_>>()[..]
        else {
            panic!("{line}");
        };
        // Locators are no sensors, and of those that only tell events the library spoils the name.
        if line.contains("MC @") || line.contains("FRU @") || name == "Session Audit" {
            continue;
        }
        assert_eq!(sensors.get(name).map(String::as_str), Some(entity), "{line}\n{sensors:?}");
        compared += 1;
    }
    assert_eq!((compared, sensors.len()), (38, 39), "{sensors:?}");

    // The first program that opens the device is given what the kernel has kept, so this comes second.
    host.inside("ipmievd open nodaemon >/tmp/heard 2>&1 & echo $! >/tmp/ipmievd");
    host.wait_for_file("/tmp/heard", "Waiting for events...");
    host.outside("sensor thresh VBAT lnc 3.1");
    let log = host.outside("sel elist last 1");
    assert!(log.contains("VBAT | Lower Non-critical going low"), "{log}");
    host.wait_for_file(
        "/tmp/heard",
        "VBAT Lower Non-critical going low  Asserted (Reading 2.99 < Threshold",
    );
    let said = host.wait_for_file("/tmp/said", "Operation: Event\n");
    let event = said.split("  Operation: Event\n").nth(1).unwrap();
    let id = log.split('|').next().unwrap().trim();
    let id = u16::from_str_radix(id, 16).unwrap();
    for words in [
        "  Threshold: lower non-critical\n  High/Low: going-low\n  Direction: assertion\n",
        &format!("Record ID: {id}\n"),
        "0x20 0x00 0x04 0x02",
    ] {
        assert!(event.contains(words), "{words}: {event}");
    }
    host.inside("kill $(cat /tmp/ipmievd); echo 'mc info d(0.20)' >/tmp/ask");
    let said = host.wait_for_file("/tmp/said", "sensor_device_support: true");
    assert!(said.contains("chassis_support: true\n") && said.contains("manufacturer_id: 0x7ed9\n"));
}
