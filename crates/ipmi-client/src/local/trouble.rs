//! Why there is no way to the machine's own BMC: told apart by what the machine shows.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::modules::ModuleState;
use super::nodes::Node;
use super::{Smbios, Survey};
use crate::advice::{Advice, Cause};

/// A device that cannot be opened, and why.
#[derive(Debug)]
pub struct Trouble {
    /// Which node was tried, or would be.
    pub node: PathBuf,
    /// What it is.
    pub kind: TroubleKind,
    /// What the system said.
    pub error: io::Error,
}

/// What keeps a device from being opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// The kernel's modules are not loaded.
    NoDriver {
        /// Which, in order.
        missing: Vec<&'static str>,
        /// Those of them that are not even there to be loaded.
        nowhere: Vec<&'static str>,
        /// What speaks for a BMC.
        signs: Signs,
    },
    /// The modules are there, and have found no BMC.
    NoBmc {
        /// What speaks for one.
        signs: Signs,
    },
    /// A driver has found a BMC, and there is no node for it.
    NoNode {
        /// Nodes of other numbers.
        others: Vec<PathBuf>,
    },
    /// The node may not be opened by this user.
    MayNotOpen {
        /// Whose it is.
        node: Option<Node>,
    },
    /// The driver takes nobody more.
    Busy,
    /// What is at the path is no IPMI device, or one whose driver is gone.
    NotADevice,
    /// Something else.
    Other,
}

/// What of the machine speaks for a BMC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// SMBIOS has an entry of type 38.
    pub smbios: bool,
    /// ACPI has a device `IPI0001`.
    pub acpi: bool,
}

impl fmt::Display for Signs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.smbios, self.acpi) {
            (true, true) => "SMBIOS (type 38) and ACPI (IPI0001) say that there is one",
            (true, false) => "SMBIOS (type 38) says that there is one, ACPI (IPI0001) does not",
            (false, true) => "ACPI (IPI0001) says that there is one, SMBIOS (type 38) does not",
            (false, false) => "neither SMBIOS (type 38) nor ACPI (IPI0001) says that there is one",
        })
    }
}

impl Survey {
    /// What speaks for a BMC.
    #[must_use]
    pub fn signs(&self) -> Signs {
        Signs { smbios: self.smbios.is_seen(), acpi: !self.acpi.is_empty() }
    }

    /// Why `node`, or any of `nodes`, cannot be opened.
    pub(super) fn explain(&self, nodes: &[PathBuf], node: &Path, error: io::Error) -> Trouble {
        let kind = match Errno::from_io_error(&error) {
            Some(Errno::ACCESS | Errno::PERM) => {
                let found = self.nodes.iter().find(|found| found.path == node);
                TroubleKind::MayNotOpen { node: found.cloned() }
            }
            Some(Errno::BUSY) => TroubleKind::Busy,
            Some(Errno::NOTTY | Errno::INVAL | Errno::ISDIR) => TroubleKind::NotADevice,
            Some(Errno::NOENT | Errno::NOTDIR | Errno::NXIO | Errno::NODEV) | None => {
                self.explain_absence(nodes)
            }
            Some(_) => TroubleKind::Other,
        };
        Trouble { node: node.to_path_buf(), kind, error }
    }

    fn explain_absence(&self, nodes: &[PathBuf]) -> TroubleKind {
        let missing = self.missing_modules();
        let others: Vec<_> = self
            .nodes
            .iter()
            .map(|node| node.path.clone())
            .filter(|p| !nodes.contains(p))
            .collect();
        if !others.is_empty() {
            return TroubleKind::NoNode { others };
        }
        if !missing.is_empty() {
            let is_nowhere = |name: &&'static str| {
                let module = self.modules.iter().find(|module| module.name == *name);
                module.is_some_and(|module| module.state == ModuleState::Missing)
            };
            let nowhere = missing.iter().copied().filter(is_nowhere).collect();
            return TroubleKind::NoDriver { missing, nowhere, signs: self.signs() };
        }
        match self.interfaces.is_empty() {
            true => TroubleKind::NoBmc { signs: self.signs() },
            false => TroubleKind::NoNode { others },
        }
    }

    /// Why the machine's BMC cannot be reached, if that shows without opening anything.
    #[must_use]
    pub fn absence(&self, nodes: &[PathBuf]) -> Option<TroubleKind> {
        let there = nodes.iter().any(|node| self.nodes.iter().any(|found| found.path == *node));
        (!there).then(|| self.explain_absence(nodes))
    }
}

impl Trouble {
    /// What it most likely comes from.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.kind.cause()
    }

    /// The likely cause and the next step.
    #[must_use]
    pub fn advice(&self) -> Advice {
        self.kind.advice(&self.node)
    }
}

impl TroubleKind {
    /// What it most likely comes from.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::NoDriver { .. } => Cause::NoDriver,
            Self::NoBmc { .. } => Cause::NoBmcFound,
            Self::NoNode { .. } => Cause::NoDeviceNode,
            Self::MayNotOpen { .. } => Cause::MayNotOpenDevice,
            Self::Busy => Cause::DeviceBusy,
            Self::NotADevice => Cause::NotAnIpmiDevice,
            Self::Other => Cause::ThisMachine,
        }
    }

    /// The likely cause and the next step, for the one who wanted to open `node`.
    #[must_use]
    pub fn advice(&self, node: &Path) -> Advice {
        let node = node.display();
        let (cause, next) = match self {
            Self::NoDriver { missing, nowhere, signs } => {
                let (list, nowhere) = (missing.join(", "), &nowhere[..]);
                let what = match nowhere {
                    [] => format!("the kernel's IPMI modules are not loaded: {list}; {signs}"),
                    all if *all == missing[..] => {
                        format!("this kernel has no IPMI modules ({list}); {signs}")
                    }
                    _ => format!(
                        "the kernel's IPMI modules are not loaded: {list}; and this kernel has no \
                         {}; {signs}",
                        nowhere.join(", ")
                    ),
                };
                let load = format!("as root: 'modprobe -a {}'", missing.join(" "));
                let next = match (nowhere.is_empty(), *signs == Signs::default()) {
                    (true, false) => format!("{load}, or 'lantern local load'"),
                    (true, true) => format!(
                        "{load}, or 'lantern local load', if the machine has a BMC; another \
                         machine's is reached with -H HOST"
                    ),
                    (false, _) => "install the package with this kernel's modules (Debian's cloud \
                                   kernels have none for IPMI; Fedora: kernel-modules); another \
                                   machine's BMC is reached with -H HOST"
                        .to_owned(),
                };
                (what, next)
            }
            Self::NoBmc { signs } => (
                format!("the kernel's IPMI modules are there, and found no BMC: {signs}"),
                match signs.smbios || signs.acpi {
                    true => {
                        "it did not answer: see 'dmesg | grep -i ipmi', reset the BMC, or take \
                             the machine's power away for a minute"
                    }
                    false => {
                        "this machine has no BMC, or its interface is switched off in the \
                              firmware's settings; another machine's is reached with -H HOST"
                    }
                }
                .to_owned(),
            ),
            Self::NoNode { others } if others.is_empty() => (
                "the driver has found a BMC, and there is no device node for it: this is a \
                 container, or udev does not run"
                    .to_owned(),
                "give the container the device (docker: --device /dev/ipmi0); or as root: 'mknod \
                 /dev/ipmi0 c $(grep ipmidev /proc/devices | cut -d\" \" -f1) 0'"
                    .to_owned(),
            ),
            Self::NoNode { others } => {
                let list: Vec<_> = others.iter().map(|path| path.display().to_string()).collect();
                (
                    format!("this node does not exist; there is {}", list.join(", ")),
                    format!("--local-device {}", list.first().map_or("", String::as_str)),
                )
            }
            Self::MayNotOpen { node: found } => {
                let who = found.as_ref().map(|found| {
                    format!("{node} is {} {} {}", found.permissions(), found.owner(), found.group())
                });
                let who = who.unwrap_or_else(|| format!("{node} is not for this user"));
                let next = match found {
                    Some(Node { mode, group: (gid, _), .. })
                        if mode & 0o060 == 0o060 && *gid != 0 =>
                    {
                        let group = found.as_ref().map(Node::group).unwrap_or_default();
                        format!("run it with sudo, or join the group: 'usermod -aG {group} USER'")
                    }
                    _ => "run it with sudo; who may open the node is the BMC's administrator, so \
                          think before a udev rule gives it to others"
                        .to_owned(),
                };
                (who, next)
            }
            Self::Busy => (
                "the kernel lets only so many use a BMC at a time, or hands the device over"
                    .to_owned(),
                format!("see who has it open: 'fuser -v {node}'; then try again"),
            ),
            Self::NotADevice => (
                "this is no IPMI device, or its driver is gone".to_owned(),
                "'lantern local status' shows which nodes there are".to_owned(),
            ),
            Self::Other => (
                "the system refuses it".to_owned(),
                "see 'dmesg | tail' and 'lantern local status'".to_owned(),
            ),
        };
        Advice { cause, next }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.node.display(), plain(&self.error))
    }
}

/// What the system says, without its number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(words, _)| words).to_owned()
}

impl std::error::Error for Trouble {}

impl Smbios {
    /// Whether there is an entry that this user may not read.
    #[must_use]
    pub const fn is_hidden(&self) -> bool {
        matches!(self, Self::Hidden)
    }
}
