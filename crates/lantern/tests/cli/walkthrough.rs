//! The mission, walked through (docs/walkthrough.md tells it in words): a machine with a kernel in
//! it, its BMC, the people inside and outside, and the days on which things go wrong.
//!
//! The steps follow each other as they would; each is a function that takes the house as the one
//! before has left it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use lantern_testkit::guest::{Agent, Image, Kit, arguments};
use lantern_testkit::peers::{Ipmitool, Peer};
use lantern_testkit::process::Output;
use lantern_testkit::terminal::Terminal;
use tempfile::TempDir;

use crate::support::{Bmc, PASSWORD, finish, lantern};

/// How long a guest may take to boot, on a machine that is busy with other tests.
const BOOT: Duration = Duration::from_secs(120);
/// Far more than anything else here takes.
const SOON: Duration = Duration::from_secs(60);
/// What the mission sets.
const NEW: &str = "Complex_Pass_2";

/// The machine, its BMC and who has to do with them.
struct House {
    bmc: Bmc,
    inside: Agent,
    directory: TempDir,
}

#[test]
fn the_mission_is_walked_through() {
    let (Some(kit), Some(ipmitool)) = (Kit::find(), Peer::find("ipmitool")) else { return };
    let mut house = move_in(&kit, &ipmitool);
    load_the_modules(&mut house);
    set_the_address(&mut house);
    set_the_user(&mut house);
    read_the_sensors_and_the_log(&mut house);
    let mut console = sit_at_the_console(&house);
    see_one_state_from_both_sides(&mut house);
    reset_from_afar(&mut house, &mut console);
    panic_and_be_woken_by_the_watchdog(&mut house, &mut console);
    stop_the_machine_and_ask_its_bmc(&mut house);
    switch_off_twice_and_read_what_happened(&mut house);
    clear_a_latched_intrusion(&mut house);
    switch_on_from_another_device(&mut house, &mut console);
}

/// The configuration, after examples/qemu.toml.
fn config(kit: &Kit, directory: &Path) -> String {
    let mut machine = arguments(kit, &directory.join("image"), &directory.join("agent"));
    let pid = pid_file(directory).display().to_string();
    machine.extend(["-pidfile".to_owned(), pid]);
    let qemu = kit.qemu().display().to_string();
    let command: Vec<_> = [qemu].iter().chain(&machine).map(|word| format!("{word:?}")).collect();
    format!(
        r#"
[bmc]
name = "gallery-1"
control = {control:?}

[lan]
listen = ["127.0.0.1:0"]

[machine]
power = "on"

[qemu]
command = [{command}]
directory = {runtime:?}

[[user]]
id = 2
name = "admin"
password = "{PASSWORD}"
privilege = "administrator"
"#,
        control = directory.join("control"),
        runtime = directory.join("machine"),
        command = command.join(", "),
    )
}

fn move_in(kit: &Kit, ipmitool: &Peer) -> House {
    let directory = tempfile::tempdir().unwrap();
    // Without the names of makers the real one complains of every command.
    let makers = Path::new("/usr/share/misc/enterprise-numbers.txt");
    let makers = std::fs::read(makers).expect("Debian's ipmitool brings the names of makers");
    Image::new(kit)
        .program("/usr/bin/ipmitool", ipmitool.path())
        .file("/usr/share/misc/enterprise-numbers.txt", 0o644, makers)
        .program("/usr/bin/lantern", Path::new(env!("CARGO_BIN_EXE_lantern")))
        .write(&directory.path().join("image"));
    let state = directory.path().join("state");
    let options = ["--state", state.to_str().unwrap()];
    let bmc = Bmc::with(&config(kit, directory.path()), &options);
    let inside = Agent::connect(&directory.path().join("agent"), BOOT);
    House { bmc, inside, directory }
}

impl House {
    /// From outside, with the real ipmitool and this password.
    fn outside_as(&self, password: &str, command: &str) -> Output {
        let console = Ipmitool::new(self.bmc.address, "admin", password).unwrap();
        console.options(["-C", "17"]).run(command)
    }

    /// From outside, as the mission has set it up.
    #[track_caller]
    fn outside(&self, command: &str) -> String {
        self.outside_as(NEW, command).expect_success().to_owned()
    }

    /// From outside, until it says so.
    #[track_caller]
    fn outside_until(&self, command: &str, words: &str) -> String {
        let deadline = Instant::now() + BOOT;
        loop {
            let out = self.outside_as(NEW, command);
            if out.stdout.contains(words) {
                return out.stdout;
            }
            assert!(Instant::now() < deadline, "not {words:?}: {out}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Inside, with the real ipmitool and with ours, which do not differ; what they say.
    #[track_caller]
    fn both(&mut self, command: &str) -> String {
        let theirs = self.inside.run(&format!("ipmitool {command}"));
        let ours = self.inside.run(&format!("lantern ipmitool {command}"));
        assert_eq!(
            (ours.status, &ours.stdout, &ours.stderr),
            (theirs.status, &theirs.stdout, &theirs.stderr),
            "{command}"
        );
        theirs.expect_success().to_owned()
    }

    /// Our program from outside, in its own words.
    fn lantern(&self, words: &[&str]) -> Output {
        finish(self.bmc.console(words).env("LANTERN_PASSWORD", NEW))
    }

    /// Somebody in front of the machine.
    fn hand(&self, words: &[&str]) {
        let control = self.directory.path().join("control");
        let mut command = lantern();
        command.args(["bmc", "ctl", "--socket"]).arg(control).args(words);
        finish(&mut command).expect_success();
    }

    /// Sends QEMU a signal.
    fn signal(&self, signal: &str) {
        assert!(signal_machine(self.directory.path(), signal));
    }

    /// Loads the modules after the machine has been started anew.
    fn boot_again(&mut self) {
        self.inside.wait(BOOT);
        load_the_modules(self);
    }
}

fn pid_file(directory: &Path) -> PathBuf {
    directory.join("pid")
}

fn signal_machine(directory: &Path, signal: &str) -> bool {
    let Ok(pid) = std::fs::read_to_string(pid_file(directory)) else { return false };
    Command::new("kill").args([signal, pid.trim()]).status().is_ok_and(|status| status.success())
}

/// The machine outlives its BMC, as it should, and is not to outlive the test.
impl Drop for House {
    fn drop(&mut self) {
        let _ = signal_machine(self.directory.path(), "-KILL");
    }
}

/// Step 1 of the mission.
fn load_the_modules(house: &mut House) {
    let before = house.inside.run("ipmitool mc info");
    assert_eq!(before.status, 1);
    assert!(before.stderr.contains("Could not open device at /dev/ipmi0"), "{before}");
    let ours = house.inside.run("lantern ipmitool mc info");
    assert_eq!((ours.status, ours.stderr), (before.status, before.stderr));
    let status = house.inside.run("lantern local status");
    assert!(status.stdout.contains("lantern local load"), "what to do is said: {status}");
    let _ = house
        .inside
        .run("modprobe ipmi_msghandler && modprobe ipmi_devintf && modprobe ipmi_si")
        .expect_success();
    let status = house.inside.run("lantern local status");
    assert!(status.expect_success().contains("kcs"), "{status}");
    let info = house.both("mc info");
    assert!(info.contains("IPMI Version              : 2.0\n"), "{info}");
    let native = house.inside.run("lantern mc info");
    assert!(native.expect_success().contains("2.0"), "{native}");
}

/// Step 2: with one program and the other, as it says, and both find what was set.
fn set_the_address(house: &mut House) {
    for (program, host) in [("ipmitool", 100), ("lantern ipmitool", 101)] {
        for words in [
            "ipsrc static".to_owned(),
            format!("ipaddr 192.168.1.{host}"),
            "netmask 255.255.255.0".to_owned(),
            "defgw ipaddr 192.168.1.1".to_owned(),
        ] {
            let set = house.inside.run(&format!("{program} lan set 1 {words}"));
            let _ = set.expect_success();
        }
        let shown = house.both("lan print 1");
        assert!(shown.contains("IP Address Source       : Static Address\n"), "{shown}");
        assert!(
            shown.contains(&format!("IP Address              : 192.168.1.{host}\n")),
            "{shown}"
        );
        assert!(shown.contains("Default Gateway IP      : 192.168.1.1\n"), "{shown}");
    }
    // In our own words it is one line.
    let set = "lantern lan set --source static --address 192.168.1.102 --netmask 255.255.255.0 \
               --gateway 192.168.1.1";
    let _ = house.inside.run(set).expect_success();
    assert!(house.both("lan print 1").contains("IP Address              : 192.168.1.102\n"));
}

/// Step 3. Until then, nobody outside knows the password; then, everybody needs the new one.
fn set_the_user(house: &mut House) {
    assert!(!house.outside_as(NEW, "mc info").is_success());
    let set = house.inside.run(&format!("ipmitool user set password 2 {NEW}"));
    let _ = set.expect_success();
    let _ = house.inside.run("lantern ipmitool user priv 2 4 1").expect_success();
    house.both("user list 1");
    assert!(house.outside("mc info").contains("IPMI Version              : 2.0\n"));
    assert!(!house.outside_as(PASSWORD, "mc info").is_success());
}

/// Step 4, and what the log says; from both sides the same.
fn read_the_sensors_and_the_log(house: &mut House) {
    let names = |text: &str| -> Vec<String> {
        text.lines().filter_map(|line| Some(line.split('|').next()?.trim().to_owned())).collect()
    };
    let theirs = house.inside.run("ipmitool sdr list").expect_success().to_owned();
    let ours = house.inside.run("lantern ipmitool sdr list").expect_success().to_owned();
    assert!(theirs.contains("degrees C") && theirs.contains("RPM") && theirs.contains("Volts"));
    assert_eq!(names(&ours), names(&theirs));
    assert_eq!(names(&house.outside("sdr list")), names(&theirs));
    assert_eq!(house.both("sel list"), house.outside("sel list"));
}

/// A console from outside, at which somebody logs in.
fn sit_at_the_console(house: &House) -> Terminal {
    let mut command = house.bmc.console(&["sol", "activate"]);
    command.env("LANTERN_PASSWORD", NEW);
    let mut console = Terminal::start(command);
    console.wait_for("? for help]", SOON);
    console.send("\r");
    console.wait_for("guest login: ", SOON);
    console.send("root\r");
    console.wait_for("Password: ", SOON);
    console.send("lantern\r");
    console.wait_for("# ", SOON);
    console.send("echo $((6 * 7)) answers\r");
    console.wait_for("42 answers", SOON);
    console
}

fn see_one_state_from_both_sides(house: &mut House) {
    let _ = house.inside.run("ipmitool event 1").expect_success();
    // The kernel gives the event to whoever wants events: to the sender, if that is still there,
    // or else to the next. The original does want them, on opening the device, and takes one for
    // the answer to its first question; so what this says is nothing to go by.
    let _ = house.inside.run("ipmitool mc info");
    let log = house.outside("sel list");
    assert_eq!(house.both("sel list"), log);
    assert!(log.lines().last().unwrap().contains("Temperature"), "{log}");
    house.outside("user set name 5 visitor");
    assert!(house.both("user list 1").contains("visitor"));
    house.outside("chassis bootdev cdrom");
    assert!(house.both("chassis bootparam get 5").contains("CD/DVD"));
    let _ = house.inside.run("ipmitool chassis bootdev none").expect_success();
    assert!(!house.outside("chassis bootparam get 5").contains("CD/DVD"));
    let set = house.inside.run("ipmitool raw 6 0x24 0x04 0x00 0x00 0x00 0x58 0x02");
    let _ = set.expect_success();
    assert!(house.outside("mc watchdog get").contains("Initial Countdown:      60.0 sec"));
    // What only software on the host may do is refused from afar, whoever asks.
    let refused = house.outside_as(NEW, "raw 6 0x35");
    assert!(!refused.is_success(), "{refused}");
}

/// Step 5.
fn reset_from_afar(house: &mut House, console: &mut Terminal) {
    house.inside.begin("touch /tmp/before");
    house.outside("chassis power reset");
    console.wait_for("guest login: ", BOOT);
    house.boot_again();
    let files = house.inside.run("ls /tmp/before");
    assert_ne!(files.status, 0, "it is a new start: {files}");
    let cause = house.both("chassis restart_cause");
    assert!(cause.contains("chassis power control command"), "{cause}");
}

/// The kernel panics and stays so; its BMC answers on, and its watchdog starts it anew.
fn panic_and_be_woken_by_the_watchdog(house: &mut House, console: &mut Terminal) {
    house.outside("sel clear");
    let watch = "modprobe ipmi_watchdog timeout=30 panic_wdt_timeout=8 action=reset nowayout=1 && \
                 echo 0 >/proc/sys/kernel/panic && echo 1 >/proc/sys/kernel/sysrq && \
                 echo . >/dev/watchdog";
    let _ = house.inside.run(watch).expect_success();
    assert!(house.outside("mc watchdog get").contains("Started/Running"));
    house.inside.begin("echo c >/proc/sysrq-trigger");
    console.wait_for("Kernel panic - not syncing", SOON);
    assert!(house.outside("chassis power status").contains("Chassis Power is on"));
    assert!(house.outside("sdr list").contains("degrees C"));
    house.outside_until("sel list", "Hard reset");
    console.wait_for("guest login: ", BOOT);
    house.boot_again();
    let cause = house.both("chassis restart_cause");
    assert!(cause.contains("watchdog expired"), "{cause}");
}

/// A machine that does not do anything at all any more.
fn stop_the_machine_and_ask_its_bmc(house: &mut House) {
    house.signal("-STOP");
    assert!(!house.inside.is_alive(Duration::from_secs(1)));
    let started = Instant::now();
    assert!(house.outside("mc info").contains("IPMI Version"));
    assert!(house.outside("chassis power status").contains("Chassis Power is on"));
    assert!(house.outside("sdr list").contains("degrees C"));
    assert!(house.lantern(&["sel", "list"]).is_success());
    // Five seconds is what a console waits before it gives up; nobody came near.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    house.signal("-CONT");
    assert!(house.inside.is_alive(SOON));
}

fn switch_off_twice_and_read_what_happened(house: &mut House) {
    house.outside("chassis power off");
    house.outside_until("chassis power status", "Chassis Power is off");
    // Nothing to do, and no error.
    house.outside("chassis power off");
    assert!(house.lantern(&["power", "off"]).is_success());
    assert!(!house.inside.is_alive(Duration::from_secs(1)));
    assert!(house.outside("sel list").contains("Watchdog"));
}

fn clear_a_latched_intrusion(house: &mut House) {
    house.hand(&["lid", "open"]);
    house.outside_until("sel elist", "General Chassis intrusion | Asserted");
    house.hand(&["lid", "close"]);
    let latched =
        |house: &House| house.outside("chassis status").contains("Chassis Intrusion    : active");
    assert!(latched(house));
    house.outside("sel clear");
    house.outside("mc reset cold");
    std::thread::sleep(Duration::from_secs(3));
    house.outside_until("mc info", "IPMI Version");
    assert!(!latched(house));
}

/// The console is still the same one: its session has lived through all of this.
fn switch_on_from_another_device(house: &mut House, console: &mut Terminal) {
    house.outside("chassis bootdev pxe");
    assert!(house.outside("chassis bootparam get 5").contains("Boot Flag Valid"));
    house.outside("chassis power on");
    house.outside_until("chassis power status", "Chassis Power is on");
    assert!(house.outside("chassis bootparam get 5").contains("Boot Flag Invalid"));
    console.wait_for("guest login: ", BOOT);
    house.boot_again();
    // The guest is asked to go, and goes.
    house.outside("chassis power soft");
    house.outside_until("chassis power status", "Chassis Power is off");
    console.send("\r~.");
    assert_eq!(console.wait(SOON).code(), Some(0), "{}", console.transcript());
}
