//! What is told natively: what there is, and why there is no way if there is none.

use lantern_testkit::guest::{Agent, MODULES, Ran};

use crate::support::{NOBODY, bare_machine, machine};

fn fails(agent: &mut Agent, script: &str, code: &str, words: &[&str]) -> Ran {
    let ran = agent.run(script);
    assert_eq!(ran.status, 3, "{ran}");
    for word in [code].iter().chain(words) {
        assert!(ran.stderr.contains(word), "no '{word}': {ran}");
    }
    ran
}

/// What it said, whatever space is between.
fn words_of(ran: &Ran) -> String {
    ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn from_a_bare_machine_to_an_answer() {
    let Some(mut machine) = bare_machine(Some("isa-ipmi-kcs,irq=5")) else { return };
    let agent = &mut machine.guest.agent;
    let missing = ["ipmi_msghandler ipmi_devintf ipmi_si", "SMBIOS", "lantern local load"];
    fails(agent, "lantern mc info", "L0901", &missing);
    let status = agent.run("lantern local status");
    assert_eq!(status.status, 1, "{status}");
    for words in ["ipmi_si not loaded", "type 38 KCS, I/O port 0xca2, irq 5", "BMC none answers"] {
        assert!(words_of(&status).contains(words), "no '{words}': {status}");
    }
    // Some of it by hand, the rest by the command.
    let _ = agent.run("modprobe ipmi_msghandler; modprobe ipmi_devintf").expect_success();
    fails(agent, "lantern mc info", "L0901", &["modprobe -a ipmi_si'"]);
    let load = agent.run("lantern local load");
    assert!(load.expect_success().contains("/dev/ipmi0"), "{load}");
    assert!(load.stdout.contains("ipmi_si"), "{load}");
    let again = agent.run("lantern -o json local load");
    assert!(again.expect_success().contains("\"ready\": true"), "{again}");

    let status = agent.run("lantern local status");
    let _ = status.expect_success();
    let said = words_of(&status);
    for words in [
        "answers at /dev/ipmi0: Super Micro",
        "ipmi_devintf loaded",
        "ACPI IPI0001 IPI0001:00",
        "kcs,i/o,0xca2",
        "/dev/ipmi0 crw",
    ] {
        assert!(said.contains(words), "no '{words}': {status}");
    }
    let info = agent.run("lantern -o json mc info");
    assert!(info.expect_success().contains("\"address\": \"/dev/ipmi0\""), "{info}");
    let _ = agent.run("lantern --local-device 0 power status").expect_success();
    let _ = agent.run("lantern --local-device /dev/ipmi0 sel list").expect_success();
    let _ = agent.run("lantern sensor list").expect_success();

    fails(agent, "lantern --local-device 3 mc info", "L0903", &["--local-device /dev/ipmi0"]);
    fails(agent, "lantern --local-device /dev/null mc info", "L0906", &[]);
    let _ = agent.run(NOBODY).expect_success();
    fails(agent, "su nobody -c 'lantern mc info'", "L0904", &["sudo", "root"]);
    // What is for others is not taken for this one.
    let wrong = agent.run("lantern -U admin -P x power off");
    assert_eq!(wrong.status, 2, "{wrong}");
    let wrong = agent.run("lantern sol activate");
    assert_eq!(wrong.status, 2, "{wrong}");
    // Without a node it is a container, as far as anybody can tell.
    let _ = agent.run("rm /dev/ipmi0");
    fails(agent, "lantern mc info", "L0903", &["container"]);
}

#[test]
fn a_machine_without_a_bmc_is_told_from_one_without_modules() {
    let Some(mut machine) = bare_machine(None) else { return };
    let agent = &mut machine.guest.agent;
    fails(agent, "lantern mc info", "L0901", &["neither SMBIOS", "if the machine has a BMC"]);
    let _ = agent.run(&format!("for name in {}; do modprobe $name; done", MODULES.join(" ")));
    let ran = agent.run("lantern mc info");
    let by_module = ran.stderr.contains("L0902") || ran.stderr.contains("L0901");
    assert!(by_module && ran.status == 3, "{ran}");
    assert!(ran.stderr.contains("neither SMBIOS"), "{ran}");
    let load = agent.run("lantern local load");
    assert_eq!(load.status, 1, "{load}");
}

#[test]
fn a_bmc_over_bt_and_one_on_a_pci_card_answer() {
    for interface in ["isa-ipmi-bt,irq=5", "pci-ipmi-kcs"] {
        let Some(mut machine) = machine(interface) else { return };
        let status = machine.guest.agent.run("lantern local status");
        assert!(status.expect_success().contains("answers at /dev/ipmi0"), "{status}");
    }
}
