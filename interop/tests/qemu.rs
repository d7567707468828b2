//! The BMC owns a QEMU: power, boot devices, resets and failures as ipmitool sees them, with guests
//! of 512 bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Bmc, ipmitool_at};
use ipmi_bmc::serial::SerialPolicy;
use lantern_bmcd::platform::qemu::BootMeans;
use lantern_bmcd::{Config, QemuConfig, SerialConfig, SerialSource, Server};
use lantern_testkit::peers::{Ipmitool, Peer};
use lantern_testkit::sector::{sector, write_cd, write_disk};
use lantern_testkit::terminal::Terminal;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);
/// Within so long after a start the machine's resets belong to it.
const SETTLED: Duration = Duration::from_millis(3300);

/// Where the machine's disks are, and its BMC's state.
struct Bench {
    directory: TempDir,
    qemu: PathBuf,
}

impl Bench {
    /// With a disk, which obeys the power button, and a CD.
    fn new() -> Option<Self> {
        Peer::find("ipmitool")?;
        let qemu = Peer::find("qemu-system-x86_64")?.path().to_owned();
        let directory = tempfile::Builder::new().prefix("lq").tempdir().unwrap();
        write_disk(&directory.path().join("disk"), &sector("disk", true));
        write_cd(&directory.path().join("cd"), &sector("cd", true));
        Some(Self { directory, qemu })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn config(&self) -> QemuConfig {
        let disk = format!("file={},format=raw,if=virtio", self.path("disk").display());
        let cd = self.path("cd").display().to_string();
        let command = [
            "-M",
            "q35,accel=tcg",
            "-m",
            "32",
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-drive",
            &disk,
            "-cdrom",
            &cd,
            "-device",
            "pvpanic",
        ];
        let program = self.qemu.display().to_string();
        let command = std::iter::once(program).chain(command.map(str::to_owned)).collect();
        QemuConfig::of(command)
    }

    /// A BMC with this machine, off at first. What the machine says goes into SOL's history.
    fn bmc(&self, change: impl FnOnce(&mut Config)) -> Bmc {
        Bmc::keeping(&self.path("state"), |config| {
            config.power_on = false;
            config.qemu = Some(self.config());
            let policy = SerialPolicy::default();
            config.serial = Some(SerialConfig { source: SerialSource::Qemu, policy });
            change(config);
        })
    }

    /// The QEMU that runs for this bench, if one does.
    fn pid(&self) -> Option<i32> {
        let disk = self.path("disk").display().to_string();
        std::fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            let line = std::fs::read(entry.path().join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line);
            let is_ours = line.contains(&disk) && line.contains("qemu-system");
            // One that has ended and was not taken leave of has no command line.
            is_ours.then_some(number)
        })
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid().unwrap()).unwrap(), signal).unwrap();
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
        }
    }
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is() {
        assert!(begin.elapsed() < PATIENCE, "{what}: not in {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn told(tool: &Ipmitool, words: &str) -> String {
    tool.run(words).expect_success().trim().to_owned()
}

/// A line of `chassis status`.
fn status(tool: &Ipmitool, name: &str) -> String {
    let all = told(tool, "chassis status");
    let line = all.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_once(": ").map_or("", |(_, says)| says).trim().to_owned()
}

/// A console on the machine's serial port.
fn console(tool: &Ipmitool) -> Terminal {
    let mut terminal = Terminal::start(tool.command("sol activate"));
    terminal.wait_for("SOL Session operational", PATIENCE);
    terminal
}

/// What speaks to a BMC, and a console of its machine, which has been switched on and says `hello`.
fn switched_on(bmc: &Bmc, hello: &str) -> (Ipmitool, Terminal) {
    let tool = bmc.ipmitool(17).unwrap();
    let mut console = console(&tool);
    told(&tool, "chassis power on");
    console.wait_for(hello, PATIENCE);
    (tool, console)
}

#[test]
fn power_is_qemus() {
    let Some(bench) = Bench::new() else { return };
    let bmc = bench.bmc(|_| {});
    let tool = bmc.ipmitool(17).unwrap();
    assert_eq!(bench.pid(), None);
    assert_eq!(told(&tool, "chassis power status"), "Chassis Power is off");
    let mut console = console(&tool);
    told(&tool, "chassis power on");
    assert_eq!(told(&tool, "chassis power status"), "Chassis Power is on");
    console.wait_for("BOOT:disk", PATIENCE);
    let first = bench.pid().unwrap();
    assert!(told(&tool, "chassis restart_cause").contains("chassis power control command"));

    told(&tool, "chassis power diag");
    console.wait_for("NMI", PATIENCE);

    // The same QEMU, and the console lives on.
    told(&tool, "chassis power reset");
    console.wait_for("BOOT:disk", PATIENCE);
    assert_eq!(bench.pid(), Some(first));

    told(&tool, "chassis power cycle");
    assert_eq!(told(&tool, "chassis power status"), "Chassis Power is off");
    console.wait_for("BOOT:disk", PATIENCE);
    let second = bench.pid().unwrap();
    assert_ne!(second, first);

    // ACPI's power button, which this guest obeys.
    told(&tool, "chassis power soft");
    console.wait_for("BUTTON", PATIENCE);
    until("off", || status(&tool, "System Power") == "off");
    until("ended", || bench.pid().is_none());
    assert_eq!(status(&tool, "Main Power Fault"), "false");

    told(&tool, "chassis power on");
    console.wait_for("BOOT:disk", PATIENCE);
    told(&tool, "chassis power off");
    assert_eq!(told(&tool, "chassis power status"), "Chassis Power is off");
    until("ended", || bench.pid().is_none());
    let refused = tool.run("chassis power reset");
    assert!(refused.stderr.contains("Command not supported in present state"), "{refused}");
    // Two power-offs in a row are one.
    told(&tool, "chassis power off");
}

#[test]
fn the_machine_starts_from_what_it_is_told_to_once() {
    let Some(bench) = Bench::new() else { return };
    let bmc = bench.bmc(|config| {
        let qemu = config.qemu.as_mut().unwrap();
        let menu = ["-boot", "menu=on,splash-time=20000", "-fw_cfg", "name=opt/lantern,string=x"];
        let menu = BootMeans::Arguments(menu.map(str::to_owned).to_vec());
        qemu.boot.insert(ipmi_wire::cmd::chassis::BootDevice::SETUP.0, menu);
        config.boot_devices.retain(|device| *device != ipmi_wire::cmd::chassis::BootDevice::FLOPPY);
    });
    let tool = bmc.ipmitool(17).unwrap();
    let mut console = console(&tool);
    // What is not there is refused when it is asked for.
    for device in ["floppy", "safe", "diag"] {
        let refused = tool.run(&format!("chassis bootdev {device}"));
        assert!(refused.stderr.contains("Invalid data field"), "{refused}");
    }
    // A fresh start, and a reset behind it.
    told(&tool, "chassis bootdev cdrom");
    told(&tool, "chassis power on");
    console.wait_for("BOOT:cd", PATIENCE);
    std::thread::sleep(SETTLED);
    told(&tool, "chassis power reset");
    console.wait_for("BOOT:disk", PATIENCE);
    // Now it is known that there is no network to start from.
    let refused = tool.run("chassis bootdev pxe");
    assert!(refused.stderr.contains("Invalid data field"), "{refused}");
    // A reset of one that runs, and what the guest does of itself behind it.
    let pid = bench.pid();
    told(&tool, "chassis bootdev cdrom");
    told(&tool, "chassis power reset");
    console.wait_for("BOOT:cd", PATIENCE);
    std::thread::sleep(SETTLED);
    console.send("r");
    console.wait_for("BOOT:disk", PATIENCE);
    assert!(told(&tool, "raw 0x00 0x07").starts_with("0a"));
    // The guest restarts by itself, and the BMC has something to say about that.
    std::thread::sleep(SETTLED);
    told(&tool, "chassis bootdev cdrom");
    told(&tool, "raw 0x00 0x08 0x03 0x1f");
    console.send("r");
    console.wait_for("BOOT:cd", PATIENCE);
    assert_eq!(bench.pid(), pid);
    // All starts, until it is taken back.
    told(&tool, "chassis bootdev cdrom options=persistent");
    told(&tool, "chassis power cycle");
    console.wait_for("BOOT:cd", PATIENCE);
    std::thread::sleep(SETTLED);
    told(&tool, "chassis power reset");
    console.wait_for("BOOT:cd", PATIENCE);
    told(&tool, "chassis bootdev none");
    // What arguments stand for takes another QEMU, and so does what comes after.
    told(&tool, "chassis bootdev bios");
    told(&tool, "chassis power reset");
    let line = |pid: i32| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let has_menu = || {
        let line = bench.pid().map(line).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("menu=on")
    };
    until("setup", has_menu);
    std::thread::sleep(SETTLED);
    told(&tool, "chassis power reset");
    console.wait_for("BOOT:disk", PATIENCE);
    assert!(!has_menu());
}

#[test]
fn what_the_guest_does_is_noticed() {
    let Some(bench) = Bench::new() else { return };
    let bmc = bench.bmc(|_| {});
    let (tool, mut console) = switched_on(&bmc, "BOOT:disk");
    std::thread::sleep(SETTLED);
    // The watchdog belongs to what ran before the reset.
    told(&tool, "raw 0x06 0x24 0x04 0x00 0x00 0x10 0xb8 0x0b");
    told(&tool, "raw 0x06 0x22");
    assert!(told(&tool, "mc watchdog get").contains("Started/Running"));
    console.send("r");
    console.wait_for("BOOT:disk", PATIENCE);
    assert!(told(&tool, "raw 0x00 0x07").starts_with("0a"));
    assert!(told(&tool, "mc watchdog get").contains("Stopped"));
    // A panic is told, and the machine is on.
    console.send("p");
    until("told", || told(&tool, "sel list").contains("Run-time critical stop"));
    assert_eq!(status(&tool, "System Power"), "on");
    console.send("!");
    console.wait_for("!", PATIENCE);
    // Off by its operating system: nothing has failed.
    console.send("o");
    until("off", || status(&tool, "System Power") == "off");
    assert_eq!(status(&tool, "Main Power Fault"), "false");
    assert!(!told(&tool, "sel list").contains("Power Unit"));
}

#[test]
fn a_qemu_that_would_stay_is_ended_and_one_that_is_closed_is_off() {
    let Some(bench) = Bench::new() else { return };
    let bmc = bench.bmc(|config| {
        config.qemu.as_mut().unwrap().command.push("-no-shutdown".to_owned());
    });
    let (tool, mut console) = switched_on(&bmc, "BOOT:disk");
    console.send("o");
    until("off", || status(&tool, "System Power") == "off");
    until("ended", || bench.pid().is_none());
    told(&tool, "chassis power on");
    console.wait_for("BOOT:disk", PATIENCE);
    // As if somebody had closed its window. With -no-shutdown QEMU does not heed that by itself.
    bench.signal(Signal::TERM);
    until("off", || status(&tool, "System Power") == "off");
    until("ended", || bench.pid().is_none());
    assert_eq!(status(&tool, "Main Power Fault"), "false");
}

#[test]
fn a_qemu_that_is_killed_or_hangs_is_dealt_with() {
    let Some(bench) = Bench::new() else { return };
    let bmc = bench.bmc(|_| {});
    let (tool, mut console) = switched_on(&bmc, "BOOT:disk");
    bench.signal(Signal::KILL);
    until("off", || status(&tool, "System Power") == "off");
    assert_eq!(status(&tool, "Main Power Fault"), "true");
    assert_eq!(status(&tool, "Last Power Event"), "fault command");
    assert!(told(&tool, "sel list").contains("Power Unit | Failure detected | Asserted"));
    told(&tool, "chassis power on");
    assert_eq!(status(&tool, "Main Power Fault"), "false");
    console.wait_for("BOOT:disk", PATIENCE);

    // One that is stopped: nothing waits for it, and it does as it is told all the same.
    let pid = bench.pid();
    bench.signal(Signal::STOP);
    for words in ["power soft", "power diag", "power reset", "power status", "mc info"] {
        let begin = Instant::now();
        told(&tool, &format!("chassis {words}").replace("chassis mc", "mc"));
        assert!(begin.elapsed() < Duration::from_secs(3), "{words} took {:?}", begin.elapsed());
    }
    console.wait_for("BOOT:disk", PATIENCE);
    assert_ne!(bench.pid(), pid);
    bench.signal(Signal::STOP);
    told(&tool, "chassis power off");
    assert_eq!(told(&tool, "chassis power status"), "Chassis Power is off");
    until("ended", || bench.pid().is_none());
}

#[test]
fn a_qemu_that_does_not_start_is_told_of() {
    let Some(bench) = Bench::new() else { return };
    for command in [
        vec!["/no/such/qemu".to_owned()],
        vec![bench.qemu.display().to_string(), "-no-such-option".to_owned()],
        vec!["/bin/false".to_owned()],
    ] {
        let bmc = bench.bmc(|config| config.qemu.as_mut().unwrap().command = command.clone());
        let tool = bmc.ipmitool(17).unwrap();
        told(&tool, "sel clear");
        told(&tool, "chassis power on");
        until("fault", || status(&tool, "Power Control Fault") == "true");
        assert_eq!(status(&tool, "System Power"), "off", "{command:?}");
        // Once, not over and over.
        std::thread::sleep(Duration::from_millis(300));
        let log = told(&tool, "sel list");
        assert_eq!(log.matches("Power Unit | Soft-power control failure").count(), 1, "{log}");
    }
}

#[test]
fn an_operating_system_that_does_not_shut_down_is_switched_off_if_that_is_wanted() {
    let Some(bench) = Bench::new() else { return };
    write_disk(&bench.path("disk"), &sector("stubborn", false));
    let bmc = bench.bmc(|config| {
        let qemu = config.qemu.as_mut().unwrap();
        qemu.soft_off_timeout = Some(Duration::from_millis(1500));
        qemu.soft_off_forces = true;
    });
    let (tool, mut console) = switched_on(&bmc, "BOOT:stubborn");
    told(&tool, "chassis power soft");
    console.wait_for("BUTTON", PATIENCE);
    assert_eq!(status(&tool, "System Power"), "on");
    until("off", || status(&tool, "System Power") == "off");
    assert_eq!(status(&tool, "Main Power Fault"), "false");
}

#[test]
fn the_machine_goes_on_without_its_bmc_unless_that_is_not_wanted() {
    let Some(bench) = Bench::new() else { return };
    for ends in [false, true] {
        let set = |config: &mut Config| config.qemu.as_mut().unwrap().ends_with_bmc = ends;
        let bmc = bench.bmc(set);
        let tool = bmc.ipmitool(17).unwrap();
        told(&tool, "chassis power on");
        until("on", || bench.pid().is_some());
        let pid = bench.pid();
        drop(bmc);
        match ends {
            true => until("gone", || bench.pid().is_none()),
            false => assert_eq!(bench.pid(), pid),
        }
    }
    // It was on when the BMC stopped, so it is to be on again.
    let bmc = bench.bmc(|_| {});
    let tool = bmc.ipmitool(17).unwrap();
    assert_eq!(told(&tool, "chassis power status"), "Chassis Power is on");
    until("on", || bench.pid().is_some());
    assert_eq!(status(&tool, "Last Power Event"), "ac-failed");
}

/// The BMC of the next test, in a process of its own.
#[test]
fn a_bmc_in_a_process() {
    let Ok(directory) = std::env::var("LANTERN_TEST_QEMU_BMC") else { return };
    let directory = Path::new(&directory);
    let text = std::fs::read_to_string(directory.join("bmc.toml")).unwrap();
    let config = Config::parse(&text, Path::new("bmc.toml")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Server::start(&config, Some(&directory.join("state"))).unwrap();
        std::fs::write(directory.join("part"), server.addresses()[0].to_string()).unwrap();
        std::fs::rename(directory.join("part"), directory.join("address")).unwrap();
        std::future::pending::<()>().await;
    });
}

/// A process that is killed with this.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_bmc(bench: &Bench) -> (Killed, SocketAddr) {
    let address = bench.path("address");
    let _ = std::fs::remove_file(&address);
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_bmc_in_a_process", "--nocapture"])
        .env("LANTERN_TEST_QEMU_BMC", bench.directory.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let child = Killed(child);
    until("the BMC", || address.exists());
    (child, std::fs::read_to_string(address).unwrap().parse().unwrap())
}

#[test]
fn a_bmc_that_was_killed_finds_its_machine_again() {
    let Some(bench) = Bench::new() else { return };
    let command = format!("{:?}", bench.config().command);
    let text = format!(
        "[bmc]\nname = \"t\"\n[lan]\nlisten = [\"127.0.0.1:0\"]\n[machine]\npower = \"off\"\n\
         [qemu]\ncommand = {command}\n[[user]]\nid = 2\nname = \"admin\"\n\
         password = \"Complex_Pass\"\nprivilege = \"administrator\"\n"
    );
    std::fs::write(bench.path("bmc.toml"), text).unwrap();
    let (bmc, address) = start_bmc(&bench);
    let tool = ipmitool_at(address, 17).unwrap();
    told(&tool, "chassis power on");
    let mut seen = console(&tool);
    seen.wait_for("BOOT:disk", PATIENCE);
    let pid = bench.pid().unwrap();
    drop((seen, bmc));
    assert_eq!(bench.pid(), Some(pid));

    let (bmc, address) = start_bmc(&bench);
    let tool = ipmitool_at(address, 17).unwrap();
    assert_eq!(told(&tool, "chassis power status"), "Chassis Power is on");
    // QEMU connects its serial port again within a second.
    let mut seen = console(&tool);
    until("the serial port", || {
        seen.send("x");
        std::thread::sleep(Duration::from_millis(100));
        seen.transcript().contains('x')
    });
    told(&tool, "chassis power reset");
    seen.wait_for("BOOT:disk", PATIENCE);
    assert_eq!(bench.pid(), Some(pid));
    // Killed while neither is there to be told: a machine that stands still is not ended by that.
    bench.signal(Signal::STOP);
    drop((seen, bmc));
    assert_eq!(bench.pid(), Some(pid));
    let (_bmc, address) = start_bmc(&bench);
    let tool = ipmitool_at(address, 17).unwrap();
    assert_eq!(told(&tool, "chassis power status"), "Chassis Power is on");
    told(&tool, "chassis power off");
    until("ended", || bench.pid().is_none());
    assert_eq!(told(&tool, "chassis power status"), "Chassis Power is off");
}
