//! The chassis' and the controller's settings: set, read back, and seen by ipmitool and FreeIPMI as
//! they were set; and what becomes of them on BMCs that get it wrong.

use lantern_testkit::peers::{FreeIpmi, IpmiSim, Ipmitool};
use lantern_testkit::process::Output;
use serde_json::{Value, json};

use crate::support::{Bmc, PASSWORD, example, finish, lantern};

fn ipmitool(bmc: &Bmc) -> Option<Ipmitool> {
    Ipmitool::new(bmc.address, "admin", PASSWORD).map(|tool| tool.suite(17))
}

fn freeipmi(bmc: &Bmc) -> Option<FreeIpmi> {
    FreeIpmi::new(bmc.address, "admin", PASSWORD).map(|tool| tool.suite(17))
}

/// Insists that the peer says all this, each on a line of its own.
#[track_caller]
fn says(output: &Output, lines: &[&str]) {
    output.expect_success();
    let text = format!("{}{}", output.stdout, output.stderr);
    for line in lines {
        assert!(text.lines().any(|l| l.trim() == *line), "no `{line}` in\n{output}");
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// A BMC with these faults.
fn faulty(faults: &str) -> Bmc {
    let config = example();
    let with = config.replacen("[bmc]\n", &format!("[bmc]\nfaults = [{faults}]\n"), 1);
    assert_ne!(with, config);
    Bmc::with(&with, &[])
}

#[test]
fn boot_options_are_what_ipmitool_and_freeipmi_read() {
    let bmc = Bmc::start();
    let set = "chassis boot set cdrom --uefi --persistent --lock-reset --verbosity verbose \
               --console-redirection enable --instance external-3 --keep-after timeout,watchdog";
    let set = bmc.json(&words(set));
    assert_eq!((&set["kept"], &set["dropped"]), (&json!(true), &json!([])));
    assert_eq!(set["flags_kept_after"], json!(["watchdog", "timeout"]));
    let mailbox = ["chassis", "boot", "mailbox", "set", "--enterprise", "343"];
    let text = "more than one block of text for the loader";
    assert_eq!(bmc.json(&[&mailbox[..], &[text]].concat())["kept"], true);
    let shown = bmc.json(&["chassis", "boot", "show"]);
    let flags = &shown["flags"];
    assert_eq!((&flags["device"], &flags["efi"]), (&json!("cdrom"), &json!(true)));
    assert_eq!((&flags["persistent"], &flags["instance"]), (&json!(true), &json!(3)));
    assert_eq!(shown["mailbox"]["text"], text);
    assert_eq!(bmc.json(&["chassis", "boot", "mailbox", "show"])["text"], text);
    let people = bmc.text(&["chassis", "boot", "show"]);
    for part in ["valid, for all starts", "CD/DVD, external 3", "EFI", "verbose firmware"] {
        assert!(people.contains(part), "no `{part}` in\n{people}");
    }

    let Some(tool) = ipmitool(&bmc) else { return };
    for parameter in shown["parameters"].as_array().unwrap() {
        let number = parameter["number"].as_u64().unwrap();
        // The mailbox is read by the block.
        if number == 7 {
            continue;
        }
        let raw = parameter["raw"].as_str().unwrap();
        let data = format!("Boot parameter data: {raw}");
        says(&tool.run(&format!("chassis bootparam get {number}")), &[&data]);
    }
    says(
        &tool.run("chassis bootparam get 5"),
        &[
            "- Boot Flag Valid",
            "- Options apply to all future boots",
            "- BIOS EFI boot",
            "- Boot Device Selector : Force Boot from CD/DVD",
            "- Console Redirection control : Request console redirection be enabled",
            "- BIOS verbosity : Request Verbose Display",
        ],
    );
    says(&tool.run("chassis bootparam get 0"), &["Set In Progress : set complete"]);
    let mailbox = tool.run("chassis bootmbox get text");
    let blocks: String = mailbox.expect_success().split('\'').skip(1).step_by(2).collect();
    assert_eq!(blocks, text);
    // What ipmitool sets, we read.
    tool.run("chassis bootdev pxe options=efiboot").expect_success();
    let shown = bmc.json(&["chassis", "boot", "show"]);
    assert_eq!((&shown["flags"]["device"], &shown["flags"]["efi"]), (&json!("pxe"), &json!(true)));
    assert_eq!(shown["flags"]["persistent"], false);

    let Some(tool) = freeipmi(&bmc) else { return };
    bmc.text(&words("chassis boot set safe --clear-cmos --instance internal-2 --persistent"));
    let checkout = tool.run("ipmi-config", "--category=chassis --checkout");
    let text = checkout.expect_success();
    for pair in [
        ("Boot_Flags_Persistent", "Yes"),
        ("BIOS_Boot_Type", "PC-COMPATIBLE"),
        ("CMOS_Clear", "Yes"),
        ("Boot_Device", "HARD-DRIVE-SAFE-MODE"),
        ("Device_Instance_Selector", "Internal-2"),
    ] {
        let found = text.lines().any(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some(pair.0) && words.next() == Some(pair.1)
        });
        assert!(found, "no `{pair:?}` in\n{checkout}");
    }
    // Taken back.
    let cleared = bmc.json(&["chassis", "boot", "clear"]);
    assert_eq!((&cleared["kept"], &cleared["now"]["valid"]), (&json!(true), &json!(false)));
    let tool = ipmitool(&bmc).unwrap();
    says(&tool.run("chassis bootparam get 5"), &["- Boot Flag Invalid"]);
}

#[test]
fn the_machines_passwords_are_gone_past_by_an_administrator_only() {
    let bmc = Bmc::start();
    bmc.text(&["chassis", "boot", "set", "pxe", "--bypass-password"]);
    let shown = bmc.json(&["chassis", "boot", "show"]);
    assert_eq!(shown["flags"]["bypass_password"], true, "{shown}");
    let mut command = lantern();
    command.args(["-H", &bmc.address.to_string(), "-U", "oper", "-L", "operator"]);
    command.args(["chassis", "boot", "set", "disk", "--bypass-password"]);
    let refused = finish(command.env("LANTERN_PASSWORD", "Oper_Pass_3"));
    assert!(refused.code() == Some(1) && refused.stderr.contains("privilege"), "{refused}");
}

#[test]
fn every_boot_device_is_the_one_that_ipmitool_names() {
    let bmc = Bmc::start();
    let Some(tool) = ipmitool(&bmc) else { return };
    for (device, says_it) in [
        ("pxe", "Force PXE"),
        ("disk", "Force Boot from default Hard-Drive"),
        ("safe", "Force Boot from default Hard-Drive, request Safe-Mode"),
        ("diag", "Force Boot from Diagnostic Partition"),
        ("cdrom", "Force Boot from CD/DVD"),
        ("bios", "Force Boot into BIOS Setup"),
        ("floppy", "Force Boot from Floppy/primary removable media"),
        ("none", "No override"),
    ] {
        let text = bmc.text(&["chassis", "boot", "set", device]);
        assert!(text.contains("within a minute"), "{text}");
        let selector = format!("- Boot Device Selector : {says_it}");
        says(&tool.run("chassis bootparam get 5"), &[&selector, "- Boot Flag Valid"]);
    }
}

#[test]
fn somebody_else_who_sets_boot_options_is_told_and_can_be_ended() {
    let bmc = Bmc::start();
    // A console that has begun, and never ends.
    bmc.text(&words("raw 0 8 0 1"));
    let busy = bmc.run(&words("chassis boot set pxe"));
    assert_eq!(busy.code(), Some(1), "{busy}");
    assert!(busy.stderr.contains("somebody else has setting under way (81h)"), "{busy}");
    assert_eq!(bmc.json(&words("chassis boot show"))["flags"]["valid"], false);
    bmc.text(&words("chassis boot set pxe --take-over"));
    let shown = bmc.json(&words("chassis boot show"));
    assert_eq!(
        (&shown["flags"]["device"], &shown["set_in_progress"]),
        (&json!("pxe"), &json!("complete"))
    );
}

#[test]
fn a_policy_and_the_buttons_are_what_both_peers_say() {
    let bmc = Bmc::start();
    let policy = bmc.json(&words("chassis policy show"));
    assert_eq!(policy["supported"], json!(["always_off", "previous", "always_on"]));
    for (word, key, freeipmi_says) in [
        ("always-on", "always_on", "Always on"),
        ("always-off", "always_off", "Always off"),
        ("previous", "previous", "Restore"),
    ] {
        let set = bmc.json(&["chassis", "policy", word]);
        assert_eq!((&set["now"], &set["kept"]), (&json!(key), &json!(true)));
        let Some(tool) = ipmitool(&bmc) else { return };
        says(&tool.run("chassis status"), &[&format!("Power Restore Policy : {word}")]);
        let Some(tool) = freeipmi(&bmc) else { return };
        let status = tool.run("ipmi-chassis", "--get-chassis-status");
        assert!(status.expect_success().contains(&format!(": {freeipmi_says}\n")), "{status}");
    }
    bmc.text(&words("chassis front-panel disable reset"));
    let set = bmc.json(&words("chassis front-panel disable standby"));
    assert_eq!((&set["now_disabled"], &set["kept"]), (&json!(["reset", "standby"]), &json!(true)));
    let shown = bmc.json(&words("chassis front-panel show"));
    let enabled: Vec<_> =
        shown["buttons"].as_array().unwrap().iter().map(|one| one["enabled"].clone()).collect();
    assert_eq!(enabled, [json!(true), json!(false), json!(true), json!(false)]);
    let Some(tool) = freeipmi(&bmc) else { return };
    let status = tool.run("ipmi-chassis", "--get-chassis-status");
    says(
        &status,
        &[
            "Power off button                    : enabled",
            "Reset button                        : disabled",
            "Diagnostic Interrupt button         : enabled",
            "Standby button                      : disabled",
        ],
    );
    bmc.text(&words("chassis front-panel enable all"));
    let status = tool.run("ipmi-chassis", "--get-chassis-status");
    says(&status, &["Reset button                        : enabled"]);
    assert_eq!(bmc.json(&words("chassis cycle-interval 1"))["seconds"], 1);
}

#[test]
fn power_is_waited_for_until_it_is_so_or_the_time_is_up() {
    let bmc = Bmc::start();
    for (command, power) in [("off", "off"), ("on", "on"), ("cycle", "on"), ("soft", "off")] {
        let waited = bmc.json(&["power", command, "--wait"]);
        assert_eq!(waited["waited"]["reached"], true, "{command}: {waited}");
        assert_eq!(waited["waited"]["power"], power, "{command}");
        assert_eq!(bmc.json(&["power", "status"])["power"], power, "{command}");
    }
    bmc.text(&["power", "on", "--wait"]);
    // Without waiting, nothing is said of it; and it is not waited for forever.
    assert_eq!(bmc.json(&["power", "soft"])["waited"], Value::Null);
    bmc.text(&["power", "on", "--wait"]);
    bmc.text(&words("chassis cycle-interval 30"));
    let late = bmc.run(&words("power cycle --wait --timeout 0.5 -o json"));
    assert_eq!(late.code(), Some(1), "{late}");
    let object: Value = serde_json::from_str(&late.stdout).unwrap();
    crate::schemas::check(&object);
    assert_eq!(
        (&object["waited"]["reached"], &object["waited"]["power"]),
        (&json!(false), &json!("off"))
    );
    assert_eq!(bmc.run(&words("power on --timeout 5")).code(), Some(2));
}

#[test]
fn the_watchdog_is_the_one_that_the_peers_see() {
    let bmc = Bmc::start();
    let set = "mc watchdog set --timeout 100 --use os-load --action power-cycle \
               --interrupt messaging --pre-timeout 7 --log off";
    let set = bmc.json(&words(set));
    assert_eq!((&set["dropped"], &set["running"]), (&json!([]), &json!(false)));
    // What is not named stays.
    bmc.text(&words("mc watchdog set --pre-timeout 9"));
    if let Some(tool) = ipmitool(&bmc) {
        let lines = [
            "Watchdog Timer Use:     OS Load (0x83)",
            "Watchdog Timer Is:      Stopped",
            "Watchdog Timer Logging: Off",
            "Watchdog Timer Action:  Power Cycle (0x33)",
            "Pre-timeout interrupt:  Messaging",
            "Pre-timeout interval:   9 seconds",
            "Initial Countdown:      100.0 sec",
        ];
        says(&tool.run("mc watchdog get"), &lines);
        let reset = bmc.json(&words("mc watchdog reset"));
        assert_eq!((&reset["running"], &reset["counting"]), (&json!(true), &json!(true)));
        says(&tool.run("mc watchdog get"), &["Watchdog Timer Is:      Started/Running"]);
        let going = bmc.json(&words("mc watchdog set --timeout 200 --dont-stop"));
        assert_eq!((&going["running"], &going["timeout_seconds"]), (&json!(true), &json!(200.0)));
        let off = bmc.json(&words("mc watchdog off"));
        assert_eq!((&off["running"], &off["use"]), (&json!(false), &json!("os_load")));
        let lines = ["Watchdog Timer Use:     OS Load (0x83)", "Watchdog Timer Is:      Stopped"];
        says(&tool.run("mc watchdog get"), &lines);
        tool.run("mc watchdog set timeout=10 use=sms action=reset").expect_success();
        let shown = bmc.json(&words("mc watchdog show"));
        assert_eq!((&shown["use"], &shown["action"]), (&json!("sms_os"), &json!("reset")));
        assert_eq!((&shown["log"], &shown["left_seconds"]), (&json!(true), &json!(10.0)));
    }
}

#[test]
fn names_are_the_same_for_all() {
    let bmc = Bmc::start();
    let long = "a_rather_long_name_of_a_system_that_needs_all_of_four_blocks";
    let url = "https://bmc.example/a/path/that/is/longer/than/one/block";
    for (name, text) in [
        ("firmware-version", "BIOS_1.2.3"),
        ("system-name", long),
        ("primary-os-name", "Debian_12"),
        ("os-name", "GNU/Linux"),
        ("os-version", "6.1.0"),
        ("bmc-url", url),
        ("hypervisor-url", "https://host.example/"),
    ] {
        let set = bmc.json(&["mc", "sysinfo", "set", name, text]);
        assert_eq!((&set["now"], &set["kept"]), (&json!(text), &json!(true)), "{name}");
    }
    let shown = bmc.json(&words("mc sysinfo show"));
    assert_eq!(shown["names"][1]["text"], long);
    assert_eq!(shown["set_in_progress"], "complete");
    let one = bmc.json(&words("mc sysinfo show bmc-url"));
    assert_eq!(
        (one["names"].as_array().unwrap().len(), &one["names"][0]["text"]),
        (1, &json!(url))
    );
    if let Some(tool) = ipmitool(&bmc) {
        assert_eq!(tool.run("mc getsysinfo system_name").expect_success(), format!("{long}\n"));
        tool.run("mc setsysinfo system_name web1").expect_success();
        assert_eq!(bmc.json(&words("mc sysinfo show system-name"))["names"][0]["text"], "web1");
    }
    if let Some(tool) = freeipmi(&bmc) {
        let info = tool.run("bmc-info", "--get-system-info");
        says(&info, &["Operating System Name         : GNU/Linux"]);
        says(&info, &[&format!("BMC URL                       : {url}")]);
    }
    // Nothing is cut.
    let long = "x".repeat(256);
    let refused = bmc.run(&["mc", "sysinfo", "set", "system-name", &long]);
    assert_eq!(refused.code(), Some(2), "{refused}");
    // Beyond ASCII it is UTF-8, and says so.
    bmc.text(&["mc", "sysinfo", "set", "system-name", "Müller"]);
    let shown = bmc.json(&words("mc sysinfo show system-name"));
    assert_eq!(shown["names"][0]["encoding"], "utf8");
}

#[test]
fn enables_states_and_interfaces_are_told_and_what_is_forbidden_is_one_error() {
    let bmc = Bmc::start();
    let enables = bmc.json(&words("mc enables show"));
    if let Some(tool) = ipmitool(&bmc) {
        let text = tool.run("mc getenables");
        for (key, name) in [
            ("receive_interrupt", "Receive Message Queue Interrupt"),
            ("event_interrupt", "Event Message Buffer Full Interrupt"),
            ("event_buffer", "Event Message Buffer"),
            ("logging", "System Event Logging"),
        ] {
            let state = if enables[key] == true { "enabled" } else { "disabled" };
            says(&text, &[&format!("{name:40} : {state}")]);
        }
    }
    // That is for software on the machine itself.
    let refused = bmc.run(&words("mc enables set --logging off"));
    assert_eq!(refused.code(), Some(1), "{refused}");
    assert!(refused.stderr.contains("the system interface only"), "{refused}");
    let set = bmc.json(&words("mc acpi set --system s3 --device d2"));
    assert_eq!((&set["system_raw"], &set["kept"]), (&json!(3), &json!(true)));
    if let Some(tool) = freeipmi(&bmc) {
        let state = tool.run("bmc-device", "--get-acpi-power-state");
        says(&state, &["ACPI System Power State : S3", "ACPI Device Power State : D2"]);
    }
    let told = bmc.json(&words("mc interfaces"));
    let kcs = &told["interfaces"][1];
    assert_eq!((&kcs["interface"], &kcs["input_bytes"]), (&json!("kcs"), &json!(255)));
    assert!(told["interfaces"][0]["absent_reason"].as_str().unwrap().contains("CCh"), "{told}");
}

#[test]
fn what_a_bmc_gets_wrong_does_no_harm() {
    // Settings within a second of the last one are lost: it takes its time.
    let bmc = faulty("\"slowcommit\"");
    let set = bmc.json(&words("chassis boot set pxe --uefi --persistent"));
    assert_eq!((&set["kept"], &set["slowly"]), (&json!(true), &json!(true)));
    let shown = bmc.json(&words("chassis boot show"));
    assert_eq!(
        (&shown["flags"]["efi"], &shown["set_in_progress"]),
        (&json!(true), &json!("complete"))
    );

    let bmc = faulty("\"bootextra\", \"osnameshort\", \"ignorestateflag\", \"watchdogempty\"");
    bmc.json(&words("chassis boot set pxe --uefi --persistent"));
    assert_eq!(bmc.json(&words("chassis boot show"))["flags"]["device"], "pxe");
    let names = bmc.json(&words("mc sysinfo show"));
    let name = |nth: usize| names["names"][nth].clone();
    assert!(name(2)["absent_reason"].as_str().unwrap().contains("missing"), "{names}");
    assert_eq!(name(1)["absent_reason"], Value::Null);
    bmc.json(&words("mc watchdog set --use sms-os --timeout 100"));
    let shown = bmc.json(&words("mc watchdog show"));
    assert_eq!((&shown["running"], &shown["counting"]), (&json!(true), &json!(false)));
    bmc.json(&words("mc watchdog reset"));
    assert_eq!(bmc.json(&words("mc watchdog show"))["counting"], true);
    bmc.json(&words("mc watchdog off"));

    // All of it refused is an error; busy now and then is not.
    let bmc = faulty("\"sysinfodenied\", \"busy=3\"");
    let denied = bmc.run(&words("mc sysinfo show"));
    assert_eq!(denied.code(), Some(1), "{denied}");
    assert!(denied.stderr.contains("(D4h)"), "{denied}");
    for command in [
        "chassis boot show",
        "chassis boot set pxe",
        "chassis policy always-on",
        "chassis front-panel disable reset",
        "mc watchdog set --use sms-os --timeout 100",
        "mc watchdog off",
        "mc acpi set --system s1",
        "mc interfaces",
        "event send --sample 1",
        "power cycle --wait",
    ] {
        bmc.text(&words(command));
    }

    // What is too short is said to be, and nothing breaks.
    let bmc = faulty("\"shortanswer=1\"");
    for command in ["chassis boot show", "mc watchdog show", "mc sysinfo show", "mc interfaces"] {
        let output = bmc.run(&words(command));
        assert!(matches!(output.code(), Some(0 | 1)), "{output}");
        assert!(!output.stderr.contains("panicked"), "{output}");
    }
    let bmc = faulty("\"longanswer=12\"");
    for command in ["chassis policy show", "mc watchdog show", "mc enables show", "mc acpi show"] {
        bmc.json(&words(command));
    }
}

#[test]
fn ipmi_sim_has_little_of_it_and_says_so() {
    let Some(sim) = IpmiSim::start() else { return };
    let admin = sim.machine().accounts.iter().find(|a| a.privilege == "admin").unwrap().clone();
    let run = |line: &str| {
        let mut command = lantern();
        let host = sim.addr().to_string();
        command.args(["-H", &host, "-U", &admin.name, "-C", "3"]).args(line.split(' '));
        finish(command.env("LANTERN_PASSWORD", &admin.password))
    };
    let tool = Ipmitool::new(sim.addr(), &admin.name, &admin.password).unwrap().suite(3);
    // Its watchdog leaves out what is left of the countdown.
    let set = run("mc watchdog set --use os-load --action none --timeout 30 -o json");
    let object: Value = serde_json::from_str(set.expect_success()).unwrap();
    crate::schemas::check(&object);
    assert_eq!((&object["timeout_seconds"], &object["left_seconds"]), (&json!(30.0), &Value::Null));
    says(&tool.run("mc watchdog get"), &["Initial Countdown:      30.0 sec"]);
    let raw = run("raw 6 1");
    let ours: Vec<_> = raw.expect_success().split_whitespace().collect();
    let theirs = tool.run("raw 6 1");
    assert_eq!(ours, theirs.expect_success().split_whitespace().collect::<Vec<_>>());
    // It says "done" to boot flags, and has other ones: that does not pass for success.
    let set = run("chassis boot set pxe --uefi -o json");
    assert_eq!(set.code(), Some(1), "{set}");
    let object: Value = serde_json::from_str(&set.stdout).unwrap();
    crate::schemas::check(&object);
    assert_eq!((&object["kept"], &object["exclusive"]), (&json!(false), &json!(false)));
    assert!(object["dropped"].as_array().unwrap().contains(&json!("device")), "{object}");
    let shown = run("chassis boot show -o json");
    let shown: Value = serde_json::from_str(shown.expect_success()).unwrap();
    let raw = shown["parameters"][5]["raw"].as_str().unwrap();
    says(&tool.run("chassis bootparam get 5"), &[&format!("Boot parameter data: {raw}")]);
    assert!(
        shown["parameters"][4]["absent_reason"].as_str().unwrap().contains("malformed"),
        "{shown}"
    );
    let policy = run("chassis policy show -o json");
    let policy: Value = serde_json::from_str(policy.expect_success()).unwrap();
    assert!(policy["absent_reason"].as_str().unwrap().contains("C1h"), "{policy}");
    // As ipmitool says of it after that, too: its timer does not start.
    let wound = run("mc watchdog reset");
    let says_stopped = tool.run("mc watchdog get").stdout.contains("Is:      Stopped");
    assert_eq!(wound.code(), Some(i32::from(says_stopped)), "{wound}");
    // What it does not serve is an error each, and nothing else.
    for line in ["mc sysinfo show", "mc acpi show", "mc enables set --logging on", "i2c 0x50 1"] {
        let output = run(line);
        assert_eq!(output.code(), Some(1), "{output}");
        assert!(output.stderr.starts_with("error: "), "{output}");
    }
}
