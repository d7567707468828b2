//! What the BMC says of the host's own interface, and what Linux and the peers in a guest make of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::Bmc;
use ipmi_bmc::SystemInterfaceKind;
use lantern_testkit::guest::{Guest, Image, Kit, MODULES};
use lantern_testkit::peers::Peer;

/// A guest whose BMC is behind this device of QEMU's, with the kernel's driver loaded; what follows is
/// told of it.
fn inside(
    kind: SystemInterfaceKind,
    device: &str,
    modules: &[&str],
    then: impl FnOnce(&mut Guest, &Bmc),
) {
    let (Some(kit), Some(ipmitool)) = (Kit::find(), Peer::find("ipmitool")) else { return };
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("host");
    let bmc = Bmc::of_host(&socket, |config| {
        config.system_interface.as_mut().unwrap().interface = kind;
    });
    let image = Image::new(&kit).program("/usr/bin/ipmitool", ipmitool.path());
    let mut guest = Guest::start_at(&kit, &image, &socket, device);
    guest.load(modules);
    then(&mut guest, &bmc);
}

/// The first three records of the repository, which are longer than a transaction of SMBus, both ways of
/// asking, and a message that is longer than one on its way in.
fn is_usable(guest: &mut Guest, bmc: &Bmc) {
    let outside = bmc.ipmitool(17).unwrap().run("sdr list all");
    let inside = guest.agent.run("ipmitool sdr list all");
    assert_eq!(inside.expect_success().lines().count(), outside.expect_success().lines().count());
    let name = "A name that does not fit into one transaction of SMBus";
    let set = guest.agent.run(&format!("ipmitool mc setsysinfo system_name '{name}'"));
    let _ = set.expect_success();
    let told = guest.agent.run("ipmitool mc getsysinfo system_name");
    assert!(told.expect_success().contains(name), "{told}");
    // Sixty bytes in one message: an event log's record is not that long, so raw.
    let long = format!("ipmitool raw 0x0a 0x12 0 0 0{}", " 0x2a".repeat(60));
    let _ = guest.agent.run(&long).expect_success();
    let read = guest.agent.run("ipmitool raw 0x0a 0x11 0 0 0 60");
    assert_eq!(read.expect_success().matches("2a").count(), 60, "{read}");
}

#[test]
fn linux_takes_an_ssif_at_its_word() {
    let modules = ["i2c-smbus", "i2c-i801", "ipmi_msghandler", "ipmi_devintf", "ipmi_ssif"];
    inside(SystemInterfaceKind::Ssif, "smbus-ipmi,address=0x10", &modules, |guest, bmc| {
        let told = guest.agent.run("ipmitool raw 6 0x57 0");
        assert_eq!(told.expect_success().trim(), "00 80 ff ff");
        let channel = guest.agent.run("ipmitool channel info 15");
        assert!(channel.expect_success().contains("IPMI-SMBus"), "{channel}");
        // The driver tries messages of 65 bytes at its start. It may find an answer of theirs in QEMU's
        // device when it looks for the next one (two warnings), and goes on.
        let dmesg = guest.agent.run("dmesg | grep -i ssif").stdout;
        assert!(dmesg.contains("Found new BMC"), "{dmesg}");
        is_usable(guest, bmc);
    });
}

#[test]
fn linux_takes_bt_at_its_word() {
    inside(SystemInterfaceKind::Bt, "isa-ipmi-bt,irq=5", &MODULES, |guest, bmc| {
        // QEMU's device answers this one itself; consoles come to hear ours.
        let told = guest.agent.run("ipmitool raw 6 0x36");
        assert_eq!(told.expect_success().trim(), "01 ff ff 0a 00");
        let told = bmc.ipmitool(17).unwrap().run("raw 6 0x36");
        assert_eq!(told.expect_success().trim(), "01 ff ff 05 02");
        let channel = guest.agent.run("ipmitool channel info 15");
        assert!(channel.expect_success().contains("BT-15"), "{channel}");
        is_usable(guest, bmc);
    });
}
