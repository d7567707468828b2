//! The machine around a guest.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Agent, Image, Kit};
use crate::process::{kill_group, wait_until};

/// What a machine with this image is made of, for QEMU's command line, but for its first serial port
/// and its BMC: an emulated PC without a screen, with its [`Agent`]'s socket at `agent`.
#[must_use]
pub fn arguments(kit: &Kit, image: &Path, agent: &Path) -> Vec<String> {
    let path = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    let agent = format!("socket,id=agent,path={},server=on,wait=off", path(agent));
    let kernel = path(&kit.kernel());
    let image = path(image);
    let fixed = "-M q35,accel=tcg -cpu max -m 512 -nodefaults -no-user-config -display none";
    let mut arguments: Vec<String> = fixed.split(' ').map(str::to_owned).collect();
    let rest = [
        "-kernel",
        &kernel,
        "-initrd",
        &image,
        "-append",
        "console=ttyS0,115200 panic=-1 quiet",
        "-chardev",
        &agent,
        // The second one, whatever becomes of the first.
        "-device",
        "isa-serial,chardev=agent,iobase=0x2f8,irq=3,index=1",
    ];
    arguments.extend(rest.map(str::to_owned));
    arguments
}

/// A machine that runs until it is dropped.
#[derive(Debug)]
pub struct Guest {
    child: Child,
    /// Its agent, if nobody has taken it.
    pub agent: Agent,
    directory: TempDir,
}

/// How long a guest may take to boot, on a machine that is busy with other tests.
const BOOT: Duration = Duration::from_secs(120);

impl Guest {
    /// Starts a machine with this image, and waits until it has booted. `extra` goes to QEMU.
    ///
    /// # Panics
    /// If it does not boot; what it said on its console is in the message.
    #[must_use]
    pub fn start(kit: &Kit, image: &Image, extra: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        let (file, socket, console) = (at("image"), at("agent"), at("console"));
        image.write(&file);
        let errors = fs::File::create(at("errors")).expect("a file");
        let log = format!("file,id=console,path={}", console.display());
        let child = Command::new(kit.qemu())
            .args(arguments(kit, &file, &socket))
            .args(["-chardev", &log, "-device", "isa-serial,chardev=console,index=0"])
            .args(extra)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .process_group(0)
            .spawn()
            .expect("QEMU can be started");
        let started = Instant::now();
        let tell = Teller { child: Some(child), directory: Some(directory) };
        let agent = Agent::connect(&socket, BOOT);
        eprintln!("the guest has booted within {:.1?}", started.elapsed());
        let (child, directory) = tell.release();
        Self { child, agent, directory }
    }

    /// The same whose BMC listens at `socket`, and is reached through `device`, an interface of QEMU's.
    ///
    /// # Panics
    /// If it does not boot.
    #[must_use]
    pub fn start_at(kit: &Kit, image: &Image, socket: &Path, device: &str) -> Self {
        let chardev = format!("socket,id=host,path={},reconnect=1", socket.display());
        let bmc = "ipmi-bmc-extern,id=bmc,chardev=host";
        let device = format!("{device},bmc=bmc");
        let extra = ["-chardev", &chardev, "-device", bmc, "-device", &device];
        Self::start(kit, image, &extra)
    }

    /// As [`Agent::load`].
    ///
    /// # Panics
    /// As that.
    pub fn load(&mut self, modules: &[&str]) {
        self.agent.load(modules);
    }

    /// What it has said on its console so far.
    #[must_use]
    pub fn console(&self) -> String {
        read(&self.directory.path().join("console"))
    }

    /// The process ID of QEMU.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where its files are.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// Waits for QEMU's end; whether it came.
    pub fn wait(&mut self, patience: Duration) -> bool {
        wait_until(&mut self.child, Instant::now() + patience).is_some()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        kill_group(&self.child);
        let _ = self.child.wait();
    }
}

/// Ends a machine that did not boot, and tells what it said.
struct Teller {
    child: Option<Child>,
    directory: Option<TempDir>,
}

impl Teller {
    fn release(mut self) -> (Child, TempDir) {
        let child = self.child.take().expect("it was not released before");
        (child, self.directory.take().expect("it was not released before"))
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        if let (Some(child), Some(directory)) = (&mut self.child, &self.directory) {
            kill_group(child);
            let _ = child.wait();
            for name in ["errors", "console"] {
                eprintln!("--- {name}\n{}", read(&directory.path().join(name)));
            }
        }
    }
}

fn read(path: &Path) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
