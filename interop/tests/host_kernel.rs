//! What Linux itself has of its BMC beyond the driver: it writes down why it panicked, switches itself off
//! and on, has itself watched, and shows what it found. The log and the power are looked at from outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::Bmc;
use ipmi_bmc::serial::SerialPolicy;
use lantern_bmcd::{MachineKind, QemuConfig, SerialConfig, SerialSource};
use lantern_testkit::guest::{Agent, Guest, Image, Kit, MODULES, arguments};
use lantern_testkit::peers::{Ipmitool, Peer};
use rustix::process::{Pid, Signal, kill_process};

const PATIENCE: Duration = Duration::from_secs(120);

/// Loads the modules, the first with this parameter.
fn load(agent: &mut Agent, parameter: &str) {
    let [first, rest @ ..] = MODULES;
    agent.load(&[&[&*format!("{first} {parameter}")], &rest[..]].concat());
}

/// Asks from outside until the answer has these words; the answer.
fn until(ipmitool: &Ipmitool, command: &str, words: &str) -> String {
    let start = Instant::now();
    loop {
        let said = ipmitool.run(command).expect_success().to_owned();
        if said.contains(words) {
            return said;
        }
        assert!(start.elapsed() < PATIENCE, "{command}: never {words:?}: {said}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The log's records behind the number and the time, since it was cleared.
fn log(ipmitool: &Ipmitool) -> Vec<String> {
    let said = ipmitool.run("sel list").expect_success().to_owned();
    let records = said.lines().filter_map(|line| {
        let fields: Vec<_> = line.split('|').map(str::trim).collect();
        let rest = fields.iter().position(|field| field.ends_with(" UTC")).unwrap_or(0);
        Some(fields.get(rest + 1..)?.join(" | "))
    });
    records.collect()
}

/// Lets the kernel panic, and waits until it has written that down and booted again.
fn crash(guest: &mut Guest, ipmitool: &Ipmitool, last: &str) -> Vec<String> {
    ipmitool.run("sel clear").expect_success();
    guest.agent.begin("touch /tmp/before; echo c >/proc/sysrq-trigger");
    until(ipmitool, "sel list", last);
    guest.agent.wait(PATIENCE);
    assert_ne!(guest.agent.run("ls /tmp/before").status, 0, "it is a new start");
    log(ipmitool)
}

#[test]
fn linux_shows_its_bmc_writes_down_why_it_panicked_and_is_warned_by_the_watchdog() {
    let (Some(kit), Some(_)) = (Kit::find(), Peer::find("ipmitool")) else { return };
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("host");
    let bmc = Bmc::of_host(&socket, |config| config.machine = Some(MachineKind::Vm));
    let (ipmitool, freeipmi) = (bmc.ipmitool(17).unwrap(), bmc.freeipmi(17).unwrap());
    let mut guest = Guest::start_at(&kit, &Image::new(&kit), &socket, "isa-ipmi-kcs,irq=5");

    load(&mut guest.agent, "panic_op=string");
    let shown = guest.agent.run("cd /sys/class/ipmi/ipmi0/device/bmc && grep . [a-z]* 2>/dev/null");
    for line in [
        "device_id:32\n",
        "revision:1\n",
        "firmware_revision:0.1\n",
        "ipmi_version:2.0\n",
        "manufacturer_id:0x007ed9\n",
        "product_id:0x4c4e\n",
        "additional_device_support:0xaf\n",
        "provides_device_sdrs:0\n",
        // Linux takes the first byte for the first one.
        "guid:00000001-0000-8000-004e-7265746e616c\n",
    ] {
        assert!(shown.stdout.contains(line), "{line}: {shown}");
    }
    let stop = "OS Critical Stop #0x73 | Run-time critical stop | Asserted";
    let text = ["Linux kernel panic: sysrq trigg", "Linux kernel panic: ered crash"];
    let written = crash(&mut guest, &ipmitool, text[1]);
    assert_eq!(written, [stop, text[0], text[1]]);
    let sel = freeipmi.run("ipmi-sel", "--quiet-cache");
    assert!(sel.expect_success().contains("OS Critical Stop"), "{sel}");

    load(&mut guest.agent, "panic_op=event");
    assert_eq!(crash(&mut guest, &ipmitool, "Run-time critical stop"), [stop]);

    load(&mut guest.agent, "panic_op=string");
    let watched = |guest: &mut Guest, parameters: &str| {
        let begin = format!(
            "dmesg -c >/dev/null; modprobe ipmi_watchdog action=reset nowayout=0 {parameters} && \
             exec 3<>/dev/watchdog && printf . >&3 && sleep 1 && dmesg"
        );
        guest.agent.run(&begin).expect_success().to_owned()
    };
    // It has the interrupt tried out as it is loaded.
    ipmitool.run("sel clear").expect_success();
    let said = watched(&mut guest, "timeout=60 pretimeout=20 preaction=pre_nmi preop=preop_panic");
    assert!(!said.contains("NMI didn't seem to occur") && !said.contains("rror"), "{said}");
    assert_eq!(log(&ipmitool), ["Watchdog2 #0x46 | Timer interrupt | Asserted"]);
    let timer = ipmitool.run("mc watchdog get").expect_success().to_owned();
    for words in ["NMI", "Started/Running", "Initial Countdown:      60.0 sec", "20 seconds"] {
        assert!(timer.contains(words), "{words}: {timer}");
    }
    let stop_it = "printf V >/dev/watchdog; rmmod ipmi_watchdog";
    let _ = guest.agent.run(stop_it).expect_success();
    assert!(ipmitool.run("mc watchdog get").expect_success().contains("Stopped"));
    // QEMU's machine has no SMI: the BMC says so, and the kernel with it.
    let said = watched(&mut guest, "timeout=60 pretimeout=20 preaction=pre_smi preop=preop_none");
    assert!(said.contains("Error cc on cmd 24"), "{said}");
    let _ = guest.agent.run(stop_it).expect_success();
    // The warning is an event to software on the host, which ends it there and then.
    ipmitool.run("sel clear").expect_success();
    watched(&mut guest, "timeout=16 pretimeout=8 preaction=pre_int preop=preop_panic");
    until(&ipmitool, "sel list", "Linux kernel panic: e-timeout");
    let written = log(&ipmitool);
    let warning = "Watchdog2 #0x46 | Timer interrupt | Asserted";
    assert_eq!(written[0], warning, "{written:?}");
    assert!(written[1].starts_with("OS Critical Stop"), "{written:?}");
    assert_eq!(written[2], "Linux kernel panic: Watchdog pr", "{written:?}");
}

/// Ends the machine with the test.
struct Reaper(PathBuf);

impl Drop for Reaper {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(&self.0).ok();
        let pid = pid.and_then(|pid| Pid::from_raw(pid.trim().parse().ok()?));
        if let Some(pid) = pid {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

#[test]
fn linux_switches_itself_off_and_on_again_through_its_bmc() {
    let (Some(kit), Some(_)) = (Kit::find(), Peer::find("ipmitool")) else { return };
    let Some(ipmiutil) = Peer::unpacked("ipmiutil") else { return };
    let directory = tempfile::Builder::new().prefix("lk").tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    Image::new(&kit).program("/usr/bin/ipmiutil", ipmiutil.path()).write(&at("image"));
    let _reaper = Reaper(at("pid"));
    let bmc = Bmc::keeping(&at("state"), |config| {
        config.power_on = true;
        config.qemu = Some(QemuConfig::of(command(&kit, directory.path())));
        let policy = SerialPolicy::default();
        config.serial = Some(SerialConfig { source: SerialSource::Qemu, policy });
    });
    let ipmitool = bmc.ipmitool(17).unwrap();
    let mut agent = Agent::connect(&at("agent"), PATIENCE);
    // The answer is read before the reset: QEMU's port is in order then, for who cannot put it in order.
    agent.begin("touch /tmp/before; ipmiutil reset -F kcs -r");
    until(&ipmitool, "chassis restart_cause", "chassis power control command");
    std::thread::sleep(Duration::from_secs(1));
    agent.wait(PATIENCE);
    assert_ne!(agent.run("ls /tmp/before").status, 0, "it is a new start");
    let health = agent.run("ipmiutil health -F kcs");
    assert!(health.expect_success().contains("completed successfully"), "{health}");

    load(&mut agent, "");
    ipmitool.run("sel clear").expect_success();
    let _ = agent.run("modprobe ipmi_poweroff poweroff_powercycle=1").expect_success();
    agent.begin("touch /tmp/before; poweroff -f");
    until(&ipmitool, "sel list", "S0/G0: working");
    agent.wait(PATIENCE);
    assert_ne!(agent.run("ls /tmp/before").status, 0, "it is a new start");
    let power = |state| format!("System ACPI Power State #0x45 | {state} | Asserted");
    assert_eq!(log(&ipmitool), [power("S5/G2: soft-off"), power("S0/G0: working")]);
    until(&ipmitool, "chassis restart_cause", "chassis power control command");

    load(&mut agent, "");
    let _ = agent.run("modprobe ipmi_poweroff").expect_success();
    agent.begin("poweroff -f");
    until(&ipmitool, "chassis power status", "is off");
    assert_eq!(log(&ipmitool).last(), Some(&power("S5/G2: soft-off")));
    // It is not a failure.
    let status = ipmitool.run("chassis status").expect_success().to_owned();
    assert!(status.contains("Main Power Fault     : false"), "{status}");
    std::thread::sleep(Duration::from_secs(1));
    assert!(ipmitool.run("chassis power status").expect_success().contains("is off"));
}

/// A machine without ACPI, which would switch it off before Linux asked its BMC to.
fn command(kit: &Kit, directory: &Path) -> Vec<String> {
    let (image, agent) = (directory.join("image"), directory.join("agent"));
    let mut words = vec![kit.qemu().display().to_string()];
    words.extend(arguments(kit, &image, &agent));
    let append = words.iter().position(|word| word == "-append").unwrap() + 1;
    words[append].push_str(" acpi=off");
    words.extend(["-pidfile".to_owned(), directory.join("pid").display().to_string()]);
    words
}
