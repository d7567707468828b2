//! The drop-in beside the real ipmitool, both by `/dev/ipmi0` of the same guest: the same bytes on
//! standard output, the same exit code.

use lantern_testkit::guest::Agent;

use crate::support::{OURS, machine};

/// What both are asked, each in its turn; what changes something is done twice to the same end.
const ASKED: [&str; 48] = [
    "mc info",
    "-I open mc info",
    "-c mc info",
    "mc guid",
    "mc getenables",
    "mc selftest",
    "mc watchdog get",
    "bmc info",
    "sdr list",
    "sdr elist full",
    "sdr elist compact",
    "sdr list mcloc",
    "sdr list fru",
    "sdr type Temperature",
    "sdr get 'Slot 3'",
    "sdr info",
    "-c sdr",
    "-v sdr list mcloc",
    "sensor list",
    "sensor get 'Temp 30'",
    "sel info",
    "sel list",
    "sel elist",
    "-c sel list",
    "sel add /tmp/events",
    "sel list",
    "sel get 0x01",
    "sel clear",
    "sel list",
    "chassis status",
    "chassis power status",
    "chassis restart_cause",
    "chassis bootparam get 5",
    "chassis bootdev pxe",
    "user list 1",
    "lan print 1",
    "channel info 1",
    "channel getaccess 1 2",
    "session info active",
    "fru",
    "fru print 0",
    "raw 0x06 0x01",
    "raw 0x0a 0x20",
    "raw 0x06 0x99",
    "-m 0x20 -t 0x20 raw 6 1",
    "-t 0x82 raw 6 1",
    "dcmi discover",
    "pef info",
];

fn events(agent: &mut Agent) {
    let lines = "0x04 0x01 0x30 0x01 0x59 0x5b 0x5f\n0x04 0x25 0x02 0x6f 0x01 0xff 0xff\n";
    let _ = agent.run(&format!("printf '{lines}' > /tmp/events")).expect_success();
}

fn all_the_same(interface: &str) {
    let Some(mut machine) = machine(interface) else { return };
    let agent = &mut machine.guest.agent;
    events(agent);
    let mut differ = Vec::new();
    for words in ASKED {
        let theirs = agent.run(&format!("ipmitool {words}"));
        let ours = agent.run(&format!("{OURS} {words}"));
        eprintln!("{words}: {:.2?} beside {:.2?}", ours.took, theirs.took);
        if (&ours.stdout, ours.status) != (&theirs.stdout, theirs.status) {
            differ.push(format!("{theirs}\n{ours}\n"));
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
}

#[test]
fn over_kcs_all_is_the_same() {
    all_the_same("isa-ipmi-kcs,irq=5");
}

#[test]
fn over_bt_all_is_the_same() {
    all_the_same("isa-ipmi-bt,irq=5");
}

#[test]
fn what_is_not_there_is_told_as_the_original_does() {
    let Some(mut machine) = machine("isa-ipmi-kcs,irq=5") else { return };
    let agent = &mut machine.guest.agent;
    let _ =
        agent.run("mkdir -p /dev/ipmidev; mknod /dev/ipmidev/4 c 1 3; mknod /dev/ipmi5 c 240 9");
    let _ = agent.run("adduser -D -H nobody");
    for words in [
        "ipmitool -d 3 mc info",
        "ipmitool -d 4 mc info",
        "ipmitool -d 5 mc info",
        "su nobody -c 'ipmitool mc info'",
        "ipmitool -I open -d 7 sdr list",
    ] {
        let theirs = agent.run(words);
        let ours = agent.run(&words.replace("ipmitool", OURS));
        let all = |ran: &lantern_testkit::guest::Ran| {
            (ran.status, ran.stdout.clone(), ran.stderr.clone())
        };
        assert_eq!(all(&ours), all(&theirs), "{words}");
        assert_eq!(theirs.status, 1, "{theirs}");
    }
}
