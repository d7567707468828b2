//! The programs that others wrote and that judge ours; `lantern-testkit` runs them.

mod debian;
mod guest;
mod python;
mod unpacked;

use std::path::Path;

use anyhow::{Result, bail};

use crate::args::Args;
use crate::shell;

/// A program, the Debian package it is in, and how it is asked for its version.
struct Peer {
    program: &'static str,
    package: &'static str,
    version: &'static str,
}

const PEERS: [Peer; 14] = [
    Peer { program: "ipmitool", package: "ipmitool", version: "-V" },
    Peer { program: "bmc-info", package: "freeipmi-tools", version: "-V" },
    Peer { program: "ipmi-sensors", package: "freeipmi-tools", version: "-V" },
    Peer { program: "ipmi-sel", package: "freeipmi-tools", version: "-V" },
    Peer { program: "ipmipower", package: "freeipmi-tools", version: "-V" },
    Peer { program: "ipmi_sim", package: "openipmi", version: "-v" },
    Peer { program: "fence_ipmilan", package: "fence-agents", version: "--version" },
    Peer { program: "conman", package: "conman", version: "-V" },
    Peer { program: "expect", package: "expect", version: "-v" },
    Peer { program: "socat", package: "socat", version: "-V" },
    Peer { program: "python3", package: "python3-venv", version: "--version" },
    Peer { program: "qemu-system-x86_64", package: "qemu-system-x86", version: "--version" },
    Peer { program: "xz", package: "xz-utils", version: "--version" },
    Peer { program: "tshark", package: "tshark", version: "-v" },
];

/// What is no program: a file, and the package it is in.
const FILES: [(&str, &str); 1] = [("/usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf")];

/// `cargo xtask peers`.
pub(crate) fn run(args: &Args) -> Result<()> {
    args.finish()?;
    ensure()
}

/// Finds all peers, or installs what is missing where that can be done.
pub(crate) fn ensure() -> Result<()> {
    let packages = missing();
    if !packages.is_empty() {
        install(&packages)?;
    }
    for Peer { program, package, version } in PEERS {
        let Some(path) = shell::find(program) else {
            bail!("{program} is still missing although {package} is installed");
        };
        println!("{program:<13} {}", describe(&path, package, version));
    }
    for (path, package) in FILES {
        if !Path::new(path).is_file() {
            bail!("{path} is still missing although {package} is installed");
        }
        println!("{package:<13} {path} ({package} {})", debian(package)?);
    }
    guest::ensure()?;
    unpacked::ensure()?;
    python::ensure()
}

fn missing() -> Vec<&'static str> {
    let missing = PEERS.iter().filter(|peer| shell::find(peer.program).is_none());
    let mut packages: Vec<_> = missing.map(|peer| peer.package).collect();
    let files = FILES.into_iter().filter(|(path, _)| !Path::new(path).is_file());
    packages.extend(files.map(|(_, package)| package));
    packages.dedup();
    packages
}

fn install(packages: &[&str]) -> Result<()> {
    let install = ["install", "-y", "--no-install-recommends"];
    let is_root = shell::output(shell::program("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || shell::find("apt-get").is_none() {
        let (words, packages) = (install.join(" "), packages.join(" "));
        bail!(
            "missing: {packages}. On Debian or Ubuntu:\n\n    \
             sudo apt-get update && sudo apt-get {words} {packages}\n"
        );
    }
    let apt_get = |arguments: &[&str]| {
        let mut command = shell::program("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        shell::run(&mut command)
    };
    apt_get(&["update"])?;
    apt_get(&[&install, packages].concat())
}

/// What it says of itself, and what Debian says: `ipmi_sim` gives a number that is not its
/// release's.
fn describe(path: &Path, package: &str, version: &str) -> String {
    let own = shell::program(path).arg(version).output().ok();
    let own = own.map(|own| String::from_utf8_lossy(&own.stdout).into_owned()).unwrap_or_default();
    let own = own.lines().next().unwrap_or("(says no version)").to_owned();
    match debian(package) {
        Ok(debian) => format!("{own} ({package} {debian})"),
        Err(_) => own,
    }
}

/// The version of a package that is installed.
fn debian(package: &str) -> Result<String> {
    let mut query = shell::program("dpkg-query");
    shell::output(query.args(["-W", "-f", "${Version}", package]))
}
