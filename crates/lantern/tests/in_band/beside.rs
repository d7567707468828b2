//! The drop-in beside the real ipmitool, both by `/dev/ipmi0` of the same guest: the same bytes on
//! standard output, the same exit code.

use lantern_testkit::guest::Agent;

use crate::programs::{Bmc, example};
use crate::support::{Machine, NOBODY, OURS, machine, machine_of_ours};

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
    "chassis identify 5",
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

fn all_the_same<'a>(machine: Option<Machine>, asked: impl IntoIterator<Item = &'a str>) {
    let Some(mut machine) = machine else { return };
    let agent = &mut machine.guest.agent;
    events(agent);
    let mut differ = Vec::new();
    for words in asked {
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
    all_the_same(machine("isa-ipmi-kcs,irq=5"), ASKED);
}

#[test]
fn over_bt_all_is_the_same() {
    all_the_same(machine("isa-ipmi-bt,irq=5"), ASKED);
}

/// What QEMU's simulator has nothing to say to.
const ASKED_OF_OURS: [&str; 14] = [
    "chassis bootdev pxe",
    "chassis bootparam get 5",
    "chassis policy list",
    "channel info 1",
    "channel getciphers ipmi 1",
    "dcmi discover",
    "dcmi power reading",
    "lan print 1",
    "lan set 1 ipaddr 192.0.2.7",
    "pef list",
    "sensor get 'CPU Temp'",
    "session info all",
    "sol info 1",
    "user list 1",
];

#[test]
fn with_our_own_bmc_all_is_the_same() {
    let config = example().replacen("[bmc]\n", "[bmc]\nfrozen = 1795900000\n", 1);
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("vm");
    let _bmc = Bmc::with(&config, &["--vm", socket.to_str().unwrap()]);
    let asked = ASKED.into_iter().chain(ASKED_OF_OURS);
    all_the_same(machine_of_ours(&socket), asked);
}

#[test]
fn what_is_not_there_is_told_as_the_original_does() {
    let Some(mut machine) = machine("isa-ipmi-kcs,irq=5") else { return };
    let agent = &mut machine.guest.agent;
    let _ =
        agent.run("mkdir -p /dev/ipmidev; mknod /dev/ipmidev/4 c 1 3; mknod /dev/ipmi5 c 240 9");
    let _ = agent.run(NOBODY).expect_success();
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

/// Requests that the kernel has sent to the BMC so far.
fn sent(agent: &mut Agent) -> u64 {
    let counter = "cat /sys/bus/platform/drivers/ipmi_si/IPI0001:00/complete_transactions";
    agent.run(counter).expect_success().trim().parse().unwrap()
}

/// What a command costs the BMC, whatever the machine costs.
fn requests_of(agent: &mut Agent, script: &str) -> u64 {
    let before = sent(agent);
    let _ = agent.run(script).expect_success();
    sent(agent) - before
}

#[test]
fn it_takes_half_the_requests() {
    let Some(mut machine) = machine("isa-ipmi-kcs,irq=5") else { return };
    let agent = &mut machine.guest.agent;
    for words in ["sdr list", "sensor list"] {
        let _ = agent.run("rm -rf ~/.cache");
        let theirs = requests_of(agent, &format!("ipmitool {words}"));
        let first = requests_of(agent, &format!("{OURS} {words}"));
        let next = requests_of(agent, &format!("{OURS} {words}"));
        eprintln!("{words}: {theirs} with ipmitool, {first} at first, {next} from then on");
        // 60 sensors have to be asked for what they read, whoever asks.
        assert!(first * 100 <= theirs * 60, "{words}: {first} of {theirs}");
        assert!(next * 2 <= theirs, "{words}: {next} of {theirs}");
    }
    assert_eq!(requests_of(agent, &format!("{OURS} mc info")), 1, "nothing is asked for nothing");
}
