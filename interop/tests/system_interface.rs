//! The system interface with QEMU's own KCS and BT at its other end, and a program in the place of firmware
//! that asks: what the host is told, that it and the LAN see one state, and who may come in.
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
use lantern_bmcd::{MachineKind, SystemInterfaceConfig, SystemInterfaceSource};
use lantern_testkit::peers::Ipmitool;
use lantern_testkit::rom::{Answer, Interface, Rom};
use tempfile::TempDir;

/// A BMC with a system interface at a Unix socket.
struct Stage {
    bmc: Bmc,
    directory: TempDir,
}

impl Stage {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut lantern_bmcd::Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let bmc = Bmc::of_host(&directory.path().join("vm"), change);
        Self { bmc, directory }
    }

    /// Where a machine connects to.
    fn chardev(&self) -> String {
        chardev(&self.directory.path().join("vm"))
    }

    fn run(&self, rom: &Rom) -> Option<Vec<Answer>> {
        rom.run(&self.chardev())
    }

    fn ipmitool(&self) -> Option<Ipmitool> {
        self.bmc.ipmitool(17)
    }
}

fn chardev(path: &Path) -> String {
    format!("path={},reconnect=1", path.display())
}

/// The bytes that ipmitool shows of a raw answer: the data, without the completion code.
fn raw(tool: &Ipmitool, words: &str) -> Vec<u8> {
    let output = tool.run(&format!("raw {words}"));
    let text = output.expect_success();
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

/// Software that does not answer: an event of a lid that was opened, by hand from §32.1.
const LID: [u8; 16] = [0, 0, 2, 0, 0, 0, 0, 0x41, 0, 4, 5, 0x40, 0x6f, 0, 0xff, 0xff];
/// A record of a maker's that holds every byte that means something on the way.
const AWKWARD: [u8; 16] =
    [0, 0, 0xe0, 0xa0, 0xa1, 0xaa, 0xb0, 0xb1, 0xba, 0xaa, 0xa0, 0xaa, 0xa1, 0xaa, 0xaa, 0xa0];

fn add(record: &[u8; 16]) -> Vec<u8> {
    [&[0x28, 0x44][..], record].concat()
}

#[test]
fn a_host_is_answered_over_kcs_and_bt() {
    for interface in Interface::ALL {
        let stage = Stage::new();
        let rom = Rom::new(interface)
            // Self test, global enables, and a command that is not there.
            .ask(&[0x18, 0x04])
            .ask(&[0x18, 0x2e, 0x0f])
            .ask(&[0x18, 0x2f])
            .ask(&[0x18, 0x05, 1])
            .ask(&add(&AWKWARD))
            .ask(&[0x28, 0x43, 0, 0, 0xff, 0xff, 0, 0xff])
            // The watchdog: SMS/OS, hard reset after 100 s.
            .ask(&[0x18, 0x24, 0x04, 0x01, 0x00, 0x10, 0xe8, 0x03])
            .ask(&[0x18, 0x25]);
        let Some(answers) = stage.run(&rom) else { return };
        assert_eq!(answers.len(), 9);
        let expected: [(u8, u8, &[u8]); 9] = [
            (0x1c, 0x01, &[0x00]),
            (0x1c, 0x04, &[0x00, 0x55, 0x00]),
            (0x1c, 0x2e, &[0x00]),
            (0x1c, 0x2f, &[0x00, 0x0f]),
            (0x1c, 0x05, &[0xc1]),
            (0x2c, 0x44, &[0x00]),
            (0x2c, 0x43, &[0x00, 0xff, 0xff]),
            (0x1c, 0x24, &[0x00]),
            (0x1c, 0x25, &[0x00, 0x04, 0x01, 0x00, 0x00, 0xe8, 0x03, 0xe8, 0x03]),
        ];
        for (answer, (netfn, cmd, data)) in answers.iter().zip(expected) {
            assert_eq!(answer.message[..2], [netfn, cmd], "{interface:?}: {answers:02x?}");
            assert!(answer.data().starts_with(data), "{interface:?}: {answer:02x?}");
        }
        assert_eq!(answers[6].data()[5..], AWKWARD[2..], "{interface:?}");
        let Some(ipmitool) = stage.ipmitool() else { return };
        assert_eq!(raw(&ipmitool, "6 1"), answers[0].data()[1..], "{interface:?}");
    }
}

#[test]
fn host_and_lan_see_one_state() {
    for interface in Interface::ALL {
        let stage = Stage::new();
        let Some(ipmitool) = stage.ipmitool() else { return };
        let rom = Rom::new(interface)
            .ask(&add(&LID))
            // User 5 is "inband", with a password; boot from PXE once; the watchdog as an operating system
            // sets it.
            .ask(&[&[0x18, 0x45, 5][..], b"inband\0\0\0\0\0\0\0\0\0\0"].concat())
            .ask(&[0x00, 0x08, 5, 0x80, 0x04, 0, 0, 0])
            .ask(&[0x18, 0x24, 0x04, 0x01, 0x00, 0x10, 0xb8, 0x0b]);
        let Some(answers) = stage.run(&rom) else { return };
        assert!(answers.iter().all(|answer| answer.data()[0] == 0), "{answers:02x?}");
        let last = ipmitool.run("sel list last 1");
        assert!(last.expect_success().contains("Physical Security"), "{last}");
        let users = ipmitool.run("user list 1");
        assert!(users.expect_success().contains("inband"), "{users}");
        let boot = ipmitool.run("chassis bootparam get 5");
        assert!(boot.expect_success().contains("Force PXE"), "{boot}");
        let watchdog = ipmitool.run("mc watchdog get");
        assert!(watchdog.expect_success().contains("SMS/OS"), "{watchdog}");
        assert!(watchdog.stdout.contains("300"), "{watchdog}");

        // And the other way round.
        let words: Vec<_> = AWKWARD.iter().map(|byte| format!("{byte:#04x}")).collect();
        raw(&ipmitool, &format!("0x0a 0x44 {}", words.join(" ")));
        ipmitool.run("user set name 6 outside").expect_success();
        ipmitool.run("chassis bootdev bios").expect_success();
        ipmitool.run("mc watchdog off").expect_success();
        let rom = Rom::new(interface)
            .ask(&[0x28, 0x43, 0, 0, 0xff, 0xff, 0, 0xff])
            .ask(&[0x18, 0x46, 6])
            .ask(&[0x00, 0x09, 5, 0, 0])
            .ask(&[0x18, 0x25]);
        let answers = stage.run(&rom).unwrap();
        assert_eq!(answers[1].data()[5..], AWKWARD[2..]);
        assert_eq!(answers[2].data(), b"\0outside\0\0\0\0\0\0\0\0\0");
        // Valid, to the setup.
        assert_eq!(answers[3].data()[3..5], [0x80, 0x18], "{answers:02x?}");
        assert_eq!(answers[4].data()[1] & 0x40, 0, "the watchdog has stopped");
    }
}

#[test]
fn what_software_is_to_look_at_is_seen_at_the_interface() {
    for interface in Interface::ALL {
        let stage = Stage::new();
        let Some(ipmitool) = stage.ipmitool() else { return };
        // The event buffer is on, and nothing raises interrupts.
        let rom = Rom::new(interface)
            .ask(&[0x18, 0x2e, 0x0c])
            .await_attention()
            .ask(&[0x18, 0x31])
            .ask(&[0x18, 0x35])
            .ask(&[0x18, 0x31]);
        let Some(mut machine) = rom.start(&stage.chardev()) else { return };
        machine.wait_for(2);
        // A lid is opened, as Platform Event has it.
        raw(&ipmitool, "0x04 0x02 0x41 0x04 0x05 0x40 0x6f 0x00 0xff 0xff");
        let answers = machine.finish();
        let is_waiting: Vec<_> = answers.iter().map(|answer| answer.attention).collect();
        assert_eq!(is_waiting, [false, false, true, false, false], "{interface:?}: {answers:02x?}");
        assert_eq!(answers[2].data(), [0, 0x02]);
        assert_eq!(answers[3].data().len(), 17);
        assert_eq!(answers[4].data(), [0, 0x00]);
        assert!(answers.iter().all(|answer| !answer.interrupt), "{interface:?}: {answers:02x?}");

        // Now answers are to raise interrupts, and one on the way to it is not.
        let rom = Rom::new(interface).ask(&[0x18, 0x2e, 0x09]).ask(&[0x18, 0x2f]);
        let answers = stage.run(&rom).unwrap();
        assert!(!answers[0].interrupt, "{interface:?}: {answers:02x?}");
        assert!(answers[2].interrupt, "{interface:?}: {answers:02x?}");
        // It is so for who connects next, and not when it is turned off.
        let rom = Rom::new(interface).ask(&[0x18, 0x2f]);
        assert!(stage.run(&rom).unwrap()[1].interrupt);
        let rom = Rom::new(interface).ask(&[0x18, 0x2e, 0x08]);
        stage.run(&rom).unwrap();
        let rom = Rom::new(interface).ask(&[0x18, 0x2f]);
        assert!(!stage.run(&rom).unwrap()[1].interrupt);

        // An event that waits raises one by itself.
        let rom = Rom::new(interface)
            .ask(&[0x18, 0x2e, 0x0f])
            .await_attention()
            .await_interrupt()
            .ask(&[0x18, 0x35]);
        let mut machine = rom.start(&stage.chardev()).unwrap();
        machine.wait_for(2);
        raw(&ipmitool, "0x04 0x02 0x41 0x04 0x05 0x40 0x6f 0x00 0xff 0xff");
        assert_eq!(machine.finish()[2].data().len(), 17, "{interface:?}");
    }
}

#[test]
fn a_host_that_is_killed_or_stands_still_keeps_nobody_waiting() {
    let stage = Stage::new();
    let Some(ipmitool) = stage.ipmitool() else { return };
    let waits = Rom::new(Interface::Kcs).await_attention();
    let Some(mut machine) = waits.start(&stage.chardev()) else { return };
    machine.wait_for(1);
    machine.kill();
    // The next one is let in at once.
    let answers = stage.run(&Rom::new(Interface::Bt)).unwrap();
    assert_eq!(answers.len(), 1);
    // One that stands still keeps its place, and nobody else waits.
    let mut machine = waits.start(&stage.chardev()).unwrap();
    machine.wait_for(1);
    machine.stand_still(true);
    let start = Instant::now();
    ipmitool.run("chassis power status").expect_success();
    for _ in 0..5 {
        raw(&ipmitool, "0x04 0x02 0x41 0x04 0x05 0x40 0x6f 0x00 0xff 0xff");
    }
    assert!(start.elapsed() < Duration::from_secs(20));
    machine.kill();
}

#[test]
fn of_two_hosts_the_first_one_stays_and_the_second_one_comes_when_it_is_gone() {
    let stage = Stage::new();
    let Some(ipmitool) = stage.ipmitool() else { return };
    let first =
        Rom::new(Interface::Kcs).ask(&[0x18, 0x2e, 0x0c]).await_attention().ask(&[0x18, 0x2f]);
    let Some(mut first) = first.start(&stage.chardev()) else { return };
    first.wait_for(2);
    let mut second = Rom::new(Interface::Bt).start(&stage.chardev()).unwrap();
    assert!(!second.ends_within(Duration::from_millis(1500)), "{:02x?}", second.wait_for(1));
    raw(&ipmitool, "0x04 0x02 0x41 0x04 0x05 0x40 0x6f 0x00 0xff 0xff");
    assert_eq!(first.finish().len(), 3, "nobody has disturbed it");
    assert_eq!(second.finish().len(), 1);
}

#[test]
fn a_bmc_that_is_started_again_is_found_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vm");
    let start = || {
        Bmc::keeping(&directory.path().join("state"), |config| {
            let source = SystemInterfaceSource::UnixListen(path.clone());
            config.system_interface = Some(SystemInterfaceConfig::of(source));
        })
    };
    let bmc = start();
    let rom = Rom::new(Interface::Kcs)
        .ask(&[0x18, 0x2e, 0x0c])
        .ask(&add(&AWKWARD))
        .await_attention()
        .ask(&[0x28, 0x43, 0, 0, 0xff, 0xff, 0, 0xff]);
    let Some(mut machine) = rom.start(&chardev(&path)) else { return };
    machine.wait_for(3);
    drop(bmc);
    let bmc = start();
    let Some(ipmitool) = bmc.ipmitool(17) else { return };
    // A BMC that starts has forgotten that its buffer was on.
    let start = Instant::now();
    while !stands(&ipmitool) {
        assert!(start.elapsed() < Duration::from_secs(20));
    }
    machine.kill();
}

/// Whether the record that a host has added is there.
fn stands(ipmitool: &Ipmitool) -> bool {
    raw(ipmitool, "0x0a 0x43 0 0 0xff 0xff 0 0xff")[4..] == AWKWARD[2..]
}

#[test]
fn a_machine_that_somebody_else_starts_is_on_while_it_is_connected() {
    let stage = Stage::with(|config| config.machine = Some(MachineKind::Vm));
    let Some(ipmitool) = stage.ipmitool() else { return };
    let power = |expected: &str| {
        let start = Instant::now();
        loop {
            let output = ipmitool.run("chassis power status");
            if output.expect_success().trim() == format!("Chassis Power is {expected}") {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{output}");
        }
    };
    power("off");
    let refused = ipmitool.run("chassis power on");
    assert!(refused.expect_failure().contains("not supported in present state"), "{refused}");
    let rom = Rom::new(Interface::Kcs).await_attention();
    let Some(mut machine) = rom.start(&stage.chardev()) else { return };
    machine.wait_for(1);
    power("on");
    let refused = ipmitool.run("chassis power cycle");
    assert!(refused.expect_failure().contains("Invalid data field"), "{refused}");
    // It asks again from the start.
    ipmitool.run("chassis power reset").expect_success();
    machine.wait_for(2);
    power("on");
    ipmitool.run("chassis power off").expect_success();
    assert!(machine.ends_within(Duration::from_secs(20)), "QEMU ends");
    power("off");
}

#[test]
fn a_host_is_reached_over_tcp_whoever_listens() {
    let bmc = Bmc::with(|config| {
        let source = SystemInterfaceSource::TcpListen("127.0.0.1:0".parse().unwrap());
        config.system_interface = Some(SystemInterfaceConfig::of(source));
    });
    let port = bmc.host.unwrap().port();
    let rom = Rom::new(Interface::Kcs);
    let Some(answers) = rom.run(&format!("host=127.0.0.1,port={port},reconnect=1")) else { return };
    assert_eq!(answers[0].data()[0], 0);
    // QEMU listens, at a path.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vm");
    let _bmc = Bmc::with(|config| {
        let source = SystemInterfaceSource::Unix(path.clone());
        config.system_interface = Some(SystemInterfaceConfig::of(source));
    });
    for interface in Interface::ALL {
        let chardev = format!("path={},server=on,wait=off", path.display());
        let answers = Rom::new(interface).run(&chardev).unwrap();
        assert_eq!(answers[0].data()[0], 0, "{interface:?}");
        std::fs::remove_file(&path).unwrap();
    }
}
