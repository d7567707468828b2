//! A QEMU that really starts from network, by a PC's firmware and by EFI; and how a BMC sees a QEMU that
//! is stopped, killed, found again, or somebody else's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::Bmc;
use ipmi_bmc::serial::SerialPolicy;
use lantern_bmcd::control::client::Client;
use lantern_bmcd::control::protocol::{Nothing, Operation};
use lantern_bmcd::control::reply::{QemuEndKind, QemuInfo, QemuState, Status};
use lantern_bmcd::{Config, MachineKind, QemuConfig, SerialConfig, SerialSource};
use lantern_testkit::efi;
use lantern_testkit::peers::{Ipmitool, Peer};
use lantern_testkit::sector::{sector, write_disk};
use lantern_testkit::terminal::Terminal;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// Where the machine's disks are, what it gets from network, and its BMC's state.
struct Bench {
    directory: TempDir,
    qemu: PathBuf,
}

impl Bench {
    fn new() -> Option<Self> {
        Peer::find("ipmitool")?;
        let qemu = Peer::find("qemu-system-x86_64")?.path().to_owned();
        let directory = tempfile::Builder::new().prefix("lqb").tempdir().unwrap();
        std::fs::create_dir(directory.path().join("tftp")).unwrap();
        Some(Self { directory, qemu })
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// QEMU with a network of its own, on which it finds this file to start from.
    fn command(&self, memory: &str, file: &str, more: &[String]) -> Vec<String> {
        let network = format!("user,id=n0,restrict=on,tftp={},bootfile={file}", self.path("tftp"));
        let fixed = [
            &*self.qemu.display().to_string(),
            "-M",
            "q35,accel=tcg",
            "-m",
            memory,
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-netdev",
            &network,
            "-device",
            "virtio-net-pci,id=net0,netdev=n0,bootindex=2",
        ];
        fixed.map(str::to_owned).iter().chain(more).cloned().collect()
    }

    /// One that a PC's firmware starts.
    fn pc(&self) -> Vec<String> {
        std::fs::write(self.path("tftp/boot.0"), sector("net", true)).unwrap();
        write_disk(self.path("disk").as_ref(), &sector("disk", true));
        let disk = format!("file={},format=raw,if=none,id=d0", self.path("disk"));
        let more = ["-drive", &disk, "-device", "virtio-blk-pci,id=disk0,drive=d0,bootindex=1"];
        self.command("32", "boot.0", &more.map(str::to_owned))
    }

    /// A BMC with this machine, off at first. What the machine says goes into SOL's history.
    fn bmc(&self, command: &[String]) -> Bmc {
        Bmc::keeping(self.path("state").as_ref(), |config: &mut Config| {
            config.power_on = false;
            config.qemu = Some(QemuConfig::of(command.to_vec()));
            let policy = SerialPolicy::default();
            config.serial = Some(SerialConfig { source: SerialSource::Qemu, policy });
            config.control = Some(self.path("control").into());
        })
    }

    fn status(&self) -> Status {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut client = Client::connect(self.path("control").as_ref()).await.unwrap();
            client.ask(None, Operation::Status(Nothing {})).await.unwrap()
        })
    }

    fn info(&self) -> QemuInfo {
        self.status().qemu.unwrap()
    }

    fn until(&self, state: QemuState) -> QemuInfo {
        until(state.words(), || self.info().state == state);
        self.info()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // Whatever a test left behind has its directory in its command line.
        let ours = self.directory.path().display().to_string();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line);
            if line.contains("qemu-system") && line.contains(&ours) {
                signal(pid, Signal::KILL);
            }
        }
    }
}

fn signal(pid: i32, signal: Signal) {
    let _ = kill_process(Pid::from_raw(pid).unwrap(), signal);
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

/// A console on the machine's serial port.
fn console(tool: &Ipmitool) -> Terminal {
    let mut terminal = Terminal::start(tool.command("sol activate"));
    terminal.wait_for("SOL Session operational", PATIENCE);
    terminal
}

#[test]
fn pxe_is_a_start_from_network_once() {
    let Some(bench) = Bench::new() else { return };
    let bmc = bench.bmc(&bench.pc());
    let tool = bmc.ipmitool(17).unwrap();
    let mut console = console(&tool);
    // From cold, and the next start of the same QEMU.
    told(&tool, "chassis bootdev pxe");
    told(&tool, "chassis power on");
    console.wait_for("BOOT:net", PATIENCE);
    told(&tool, "chassis power reset");
    console.wait_for("BOOT:disk", PATIENCE);
    // By a reset, and the next QEMU.
    told(&tool, "chassis bootdev pxe");
    told(&tool, "chassis power reset");
    console.wait_for("BOOT:net", PATIENCE);
    told(&tool, "chassis power cycle");
    console.wait_for("BOOT:disk", PATIENCE);
}

#[test]
fn ovmf_starts_from_what_it_is_told_to() {
    let Some(bench) = Bench::new() else { return };
    let Some([code, variables]) = Peer::ovmf() else { return };
    efi::write_system_partition(bench.path("esp").as_ref(), &efi::program("disk"));
    std::fs::write(bench.path("tftp/boot.efi"), efi::program("net")).unwrap();
    std::fs::copy(variables, bench.path("variables")).unwrap();
    let code = format!("if=pflash,format=raw,readonly=on,file={}", code.display());
    let variables = format!("if=pflash,format=raw,file={}", bench.path("variables"));
    let disk = format!("file=fat:{},format=raw,if=none,id=d0,readonly=on", bench.path("esp"));
    let disk0 = "virtio-blk-pci,id=disk0,drive=d0,bootindex=1";
    let drives = ["-drive", &code, "-drive", &variables, "-drive", &disk, "-device", disk0];
    let bmc = bench.bmc(&bench.command("128", "boot.efi", &drives.map(str::to_owned)));
    let tool = bmc.ipmitool(17).unwrap();
    let mut console = console(&tool);
    told(&tool, "chassis bootdev pxe options=efiboot");
    told(&tool, "chassis power on");
    console.wait_for("BOOT:net", PATIENCE);
    // OVMF writes down in which order it starts from what, and is told of another one.
    told(&tool, "chassis power reset");
    console.wait_for("BOOT:disk", PATIENCE);
    console.send("x");
    console.wait_for("x", PATIENCE);
    told(&tool, "chassis power soft");
    console.wait_for("BUTTON", PATIENCE);
    until("off", || told(&tool, "chassis power status") == "Chassis Power is off");
    let end = bench.until(QemuState::Off).last_end.unwrap();
    assert_eq!(end.kind, QemuEndKind::ShutDown);
}

#[test]
fn status_tells_of_the_machines_process() {
    let Some(bench) = Bench::new() else { return };
    let command = bench.pc();
    let bmc = bench.bmc(&command);
    let tool = bmc.ipmitool(17).unwrap();
    let info = bench.info();
    assert_eq!((info.state, info.pid, info.last_end), (QemuState::Off, None, None));
    told(&tool, "chassis power on");
    let pid = bench.until(QemuState::Running).pid.unwrap();
    signal(pid, Signal::STOP);
    assert_eq!(bench.until(QemuState::Stopped).pid, Some(pid));
    // A BMC that ends leaves a machine that stands still alone, and the next one finds it.
    drop(bmc);
    let bmc = bench.bmc(&command);
    let tool = bmc.ipmitool(17).unwrap();
    let info = bench.info();
    assert_eq!((info.state, info.pid, info.adopted), (QemuState::Stopped, Some(pid), true));
    signal(pid, Signal::CONT);
    bench.until(QemuState::Running);
    signal(pid, Signal::KILL);
    let end = bench.until(QemuState::Off).last_end.unwrap();
    assert_eq!((end.pid, end.kind), (Some(pid), QemuEndKind::Failed));
    // Switched off by us, and one that cannot be started.
    told(&tool, "chassis power on");
    bench.until(QemuState::Running);
    told(&tool, "chassis power off");
    let end = bench.until(QemuState::Off).last_end.unwrap();
    assert_eq!(end.kind, QemuEndKind::Ordered);
    assert_eq!(end.says.as_deref(), Some("exit status: 0"));
    drop(bmc);
    let bmc = bench.bmc(&[&command[..], &["-no-such-option".to_owned()]].concat());
    let tool = bmc.ipmitool(17).unwrap();
    told(&tool, "chassis power on");
    until("told", || bench.info().last_end.is_some());
    let end = bench.info().last_end.unwrap();
    assert_eq!(end.kind, QemuEndKind::NotStarted);
    assert!(end.printed.contains("-no-such-option: invalid option"), "{end:?}");
}

/// A QEMU that is not the BMC's.
struct Elsewhere(Child);

impl Drop for Elsewhere {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_hung_machine_of_somebody_elses_comes_back_by_a_watchdog_that_would_cycle_it() {
    let Some(bench) = Bench::new() else { return };
    let bmc = Bmc::of_host(bench.path("host").as_ref(), |config| {
        config.machine = Some(MachineKind::Vm);
    });
    let tool = bmc.ipmitool(17).unwrap();
    let host = format!("socket,id=h,path={},reconnect=1", bench.path("host"));
    let serial = format!("file:{}", bench.path("serial"));
    let command = bench.pc();
    let _elsewhere = Elsewhere(
        Command::new(&command[0])
            .args(&command[1..])
            .args(["-serial", &serial, "-chardev", &host])
            .args(["-device", "ipmi-bmc-extern,id=b,chardev=h", "-device", "isa-ipmi-kcs,bmc=b"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let starts = || {
        let said = std::fs::read_to_string(bench.path("serial")).unwrap_or_default();
        said.matches("BOOT:disk").count()
    };
    until("the machine", || told(&tool, "chassis power status") == "Chassis Power is on");
    until("its start", || starts() == 1);
    // One second, then a power cycle: for an operating system that hangs, as this one does.
    told(&tool, "raw 0x06 0x24 0x04 0x03 0x00 0x10 0x0a 0x00");
    told(&tool, "raw 0x06 0x22");
    until("another start", || starts() == 2);
    assert!(told(&tool, "chassis restart_cause").contains("watchdog"));
    assert!(told(&tool, "sel list").contains("Power cycle"));
    assert_eq!(told(&tool, "chassis power status"), "Chassis Power is on");
    // Who commands it is told.
    let refused = tool.run("chassis power cycle");
    assert!(refused.stderr.contains("Invalid data field"), "{refused}");
}
