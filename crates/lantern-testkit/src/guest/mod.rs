//! A small Linux in QEMU: the kernel is the judge that cannot be argued with.
//!
//! Debian's kernel, its busybox, and what a test puts beside them ([`Image`]) boot within seconds
//! under emulation. An [`Agent`] inside runs a test's commands, and tells what they said byte by byte.
//! [`Guest`] is a machine that a test starts itself; one that a BMC owns gets the same
//! [`arguments`].
//!
//! It is always emulated: an accelerator that is there need not work.

mod agent;
mod image;
mod machine;

use std::env;
use std::path::{Path, PathBuf};

pub use agent::{Agent, MODULES, Ran};
pub use image::Image;
pub use machine::{Guest, arguments};

use crate::peers::Peer;

/// What guests are made of: `cargo xtask peers` puts it below the target directory.
#[derive(Clone, Debug)]
pub struct Kit {
    directory: PathBuf,
    qemu: Peer,
}

impl Kit {
    /// Looks for it. `None`, with a line that says so, if it is not there and was not required.
    ///
    /// # Panics
    /// If it is not there and [`REQUIRE`](crate::peers::REQUIRE) is set.
    #[must_use]
    pub fn find() -> Option<Self> {
        let qemu = Peer::find("qemu-system-x86_64")?;
        // A test runs from somewhere below the target directory, whatever that is called.
        let test = env::current_exe().unwrap_or_default();
        let found = test
            .ancestors()
            .map(|directory| directory.join("peers").join("guest"))
            .find(|directory| directory.join("packages.txt").is_file());
        let found = Peer::insist("the kernel for guests", found);
        found.map(|directory| Self { directory, qemu })
    }

    /// The emulator.
    #[must_use]
    pub fn qemu(&self) -> &Path {
        self.qemu.path()
    }

    /// The kernel.
    #[must_use]
    pub fn kernel(&self) -> PathBuf {
        self.directory.join("kernel")
    }

    fn busybox(&self) -> PathBuf {
        self.directory.join("busybox")
    }

    /// What lies in a guest's root directory anyway: the kernel's modules.
    fn root(&self) -> PathBuf {
        self.directory.join("root")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_boots_and_the_real_ipmitool_speaks_to_the_emulators_own_bmc() {
        let (Some(kit), Some(ipmitool)) = (Kit::find(), Peer::find("ipmitool")) else { return };
        let image = Image::new(&kit).program("/usr/bin/ipmitool", ipmitool.path());
        let bmc = ["-device", "ipmi-bmc-sim,id=bmc", "-device", "isa-ipmi-kcs,bmc=bmc,irq=5"];
        let mut guest = Guest::start(&kit, &image, &bmc);
        let said = guest.agent.run("echo out; echo err >&2; exit 3");
        assert_eq!((said.status, &*said.stdout, &*said.stderr), (3, "out\n", "err\n"));
        let load = "modprobe ipmi_msghandler && modprobe ipmi_devintf && modprobe ipmi_si";
        let _ = guest.agent.run(load).expect_success();
        let info = guest.agent.run("ipmitool mc info");
        assert!(info.expect_success().contains("Device ID                 : 32\n"), "{info}");
        // The guest boots again, and its agent with it.
        guest.agent.begin("poweroff -f");
        assert!(guest.wait(std::time::Duration::from_secs(60)), "{}", guest.console());
    }
}
