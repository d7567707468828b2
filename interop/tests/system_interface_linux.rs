//! The system interface as Linux has it: Debian's kernel in QEMU finds our BMC, takes its interrupts, and
//! does what the BMC has its machine do.
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
use lantern_bmcd::MachineKind;
use lantern_testkit::guest::{Guest, Image, Kit, MODULES};
use lantern_testkit::peers::{Ipmitool, Peer};

const PATIENCE: Duration = Duration::from_secs(120);

/// A BMC whose machine is whoever connects to `path`.
fn bmc(path: &Path) -> Bmc {
    Bmc::of_host(path, |config| config.machine = Some(MachineKind::Vm))
}

fn start(kit: &Kit, ipmitool: &Peer, path: &Path, device: &str) -> Guest {
    let image = Image::new(kit).program("/usr/bin/ipmitool", ipmitool.path());
    Guest::start_at(kit, &image, path, device)
}

/// Waits until the machine is on, or off.
fn wait_for_power(ipmitool: &Ipmitool, expected: &str) {
    let start = Instant::now();
    while !ipmitool.run("chassis power status").expect_success().contains(expected) {
        assert!(start.elapsed() < PATIENCE, "it never is {expected}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// A number that the kernel's driver counts of its interface.
fn count(guest: &mut Guest, what: &str) -> u64 {
    let ran = guest.agent.run(&format!("cat /sys/class/ipmi/ipmi0/device/{what}"));
    ran.expect_success().trim().parse().unwrap()
}

#[test]
fn linux_finds_it_takes_its_interrupts_and_does_as_it_is_told() {
    let (Some(kit), Some(tool)) = (Kit::find(), Peer::find("ipmitool")) else { return };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vm");
    let bmc = bmc(&path);
    let outside = bmc.ipmitool(17).unwrap();
    wait_for_power(&outside, "off");
    let mut guest = start(&kit, &tool, &path, "isa-ipmi-kcs,irq=5");
    wait_for_power(&outside, "on");
    guest.load(&MODULES);
    judge(&mut guest, "kcs");

    // One log, whoever writes it and reads it.
    let before = count(&mut guest, "events");
    let _ = guest.agent.run("ipmitool event 1").expect_success();
    let log = outside.run("sel list last 1").expect_success().to_owned();
    assert!(log.contains("Temperature"), "{log}");
    outside.run("event 2").expect_success();
    let log = guest.agent.run("ipmitool sel list last 1").expect_success().to_owned();
    assert!(log.contains("Voltage"), "{log}");
    // The driver has asked for events, and is told that there are some by the attention line.
    let start = Instant::now();
    while count(&mut guest, "events") < before + 2 {
        assert!(start.elapsed() < PATIENCE, "the driver is not told of events");
    }
    assert!(count(&mut guest, "attentions") > 0);

    // What the machine is made to do.
    let _ = guest.agent.run("dmesg -c >/dev/null").expect_success();
    outside.run("chassis power diag").expect_success();
    let _ = guest.agent.run("sleep 1; dmesg | grep -i NMI").expect_success();
    outside.run("chassis power reset").expect_success();
    guest.agent.wait(PATIENCE);
    guest.load(&MODULES);
    judge(&mut guest, "kcs");
    wait_for_power(&outside, "on");
    outside.run("chassis power soft").expect_success();
    assert!(guest.wait(PATIENCE), "it shuts down\n{}", guest.console());
    wait_for_power(&outside, "off");
}

#[test]
fn linux_finds_it_over_bt() {
    let (Some(kit), Some(tool)) = (Kit::find(), Peer::find("ipmitool")) else { return };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vm");
    let _bmc = bmc(&path);
    let mut guest = start(&kit, &tool, &path, "isa-ipmi-bt,irq=5");
    guest.load(&MODULES);
    judge(&mut guest, "bt");
}

/// Insists that the kernel has found the BMC, is content with it, and takes its interrupts.
fn judge(guest: &mut Guest, kind: &str) {
    let info = guest.agent.run("ipmitool mc info");
    assert!(info.expect_success().contains("Device Available          : yes"), "{info}");
    let log = guest.agent.run("dmesg | grep -i ipmi").expect_success().to_owned();
    for says in ["Found new BMC (man_id: 0x007ed9", &format!("IPMI {kind} interface initialized")] {
        assert!(log.contains(says), "{log}");
    }
    assert!(log.contains("Using irq 5"), "{log}");
    // Whatever it complains of has one of these words: `drivers/char/ipmi` of 6.1.
    for word in ["rror", "ail", "nable", "nvalid", "nexpected", "ncorrect", "no BMC", "imed out"] {
        assert!(!log.contains(word), "{word}: {log}");
    }
    assert_eq!(count(guest, "interrupts_enabled"), 1);
    assert!(count(guest, "interrupts") > 0);
    assert_eq!(count(guest, "hosed_count"), 0);
}
