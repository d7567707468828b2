//! The machine that this runs on, and the way to its own BMC: what is there of drivers, firmware
//! tables and device nodes, and why there is no way if there is none.
//!
//! All that is looked at lies below one directory, `/` usually: a test, or a copy of another machine's
//! `/proc`, `/sys` and `/dev`, does as well.

mod drivers;
mod modules;
mod nodes;
mod trouble;

use std::io;
use std::path::{Path, PathBuf};

use ipmi_wire::Decode;
use ipmi_wire::smbios::{InterfaceType, IpmiDeviceInformation};

use crate::device::Device;
pub use drivers::Interface;
pub use modules::{Module, ModuleState};
pub use nodes::{Node, node_names};
pub use trouble::{Signs, Trouble, TroubleKind};

/// A machine, by the directory that its `/proc`, `/sys` and `/dev` are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    root: PathBuf,
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// The kernel's modules that matter, in the order in which they are loaded.
    pub modules: Vec<Module>,
    /// What the machine's firmware says of a BMC.
    pub smbios: Smbios,
    /// ACPI devices that are a BMC's (`IPI0001`).
    pub acpi: Vec<String>,
    /// Interfaces that a driver has found a BMC at.
    pub interfaces: Vec<Interface>,
    /// Device nodes.
    pub nodes: Vec<Node>,
}

/// What SMBIOS says of a BMC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Smbios {
    /// There is no entry of type 38, or no SMBIOS at all.
    Nothing,
    /// There is one that only root may read.
    Hidden,
    /// What the entries say; those that make no sense are left out.
    Found(Vec<IpmiDeviceInformation>),
}

impl Smbios {
    /// Whether there is a BMC by what it says.
    #[must_use]
    pub const fn is_seen(&self) -> bool {
        !matches!(self, Self::Nothing)
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::at("/")
    }
}

impl Machine {
    /// The machine whose directories are below `root`.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Opens the first of these nodes that there is; see [`Device::open`]. Has to be called inside a
    /// tokio runtime.
    ///
    /// # Errors
    /// What keeps it from being opened, as far as the machine tells.
    pub fn open(&self, nodes: &[PathBuf], own_address: Option<u8>) -> Result<Device, Box<Trouble>> {
        let mut worst: Option<(&PathBuf, io::Error)> = None;
        for node in nodes {
            match Device::open(&self.path(node), own_address) {
                Ok(device) => return Ok(device),
                // One that is there says more than those that are not.
                Err(error) if worst.is_none() || error.kind() != io::ErrorKind::NotFound => {
                    worst = Some((node, error));
                }
                Err(_) => {}
            }
        }
        let nothing = io::Error::from(io::ErrorKind::NotFound);
        let (node, error) = match worst {
            Some((node, error)) => (node.clone(), error),
            None => (PathBuf::new(), nothing),
        };
        Err(Box::new(self.survey().explain(nodes, &node, error)))
    }

    /// Looks at what is there. Whatever cannot be read is as if it were not there.
    #[must_use]
    pub fn survey(&self) -> Survey {
        Survey {
            modules: modules::all(self),
            smbios: self.smbios(),
            acpi: self.acpi(),
            interfaces: drivers::interfaces(self),
            nodes: nodes::all(self),
        }
    }

    fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// A short text file, without its line end.
    fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        let bytes = std::fs::read(self.path(path)).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }

    /// The names in a directory, in order.
    fn names(&self, path: impl AsRef<Path>) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(path)).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    fn smbios(&self) -> Smbios {
        const ENTRIES: &str = "/sys/firmware/dmi/entries";
        let (mut there, mut found) = (false, Vec::new());
        for name in self.names(ENTRIES).iter().filter(|name| name.starts_with("38-")) {
            there = true;
            let raw = std::fs::read(self.path(format!("{ENTRIES}/{name}/raw")));
            found.extend(raw.ok().and_then(|raw| IpmiDeviceInformation::decode_exact(&raw).ok()));
        }
        match (there, found.is_empty()) {
            (false, _) => Smbios::Nothing,
            (true, true) => Smbios::Hidden,
            (true, false) => Smbios::Found(found),
        }
    }

    fn acpi(&self) -> Vec<String> {
        let mut names = self.names("/sys/bus/acpi/devices");
        names.retain(|name| name.starts_with("IPI0001"));
        names
    }
}

impl Survey {
    /// The module that drives the kind of interface that the firmware names: `ipmi_si`, unless it is
    /// SSIF.
    #[must_use]
    pub fn interface_module(&self) -> &'static str {
        match &self.smbios {
            Smbios::Found(entries)
                if entries.iter().all(|entry| entry.interface == InterfaceType::Ssif) =>
            {
                modules::SSIF
            }
            _ => modules::SI,
        }
    }

    /// Modules that it takes, in order, and that are not there.
    #[must_use]
    pub fn missing_modules(&self) -> Vec<&'static str> {
        let needed = [modules::MSGHANDLER, modules::DEVINTF, self.interface_module()];
        let is_there = |name: &str| {
            self.modules.iter().any(|module| module.name == name && module.state.is_there())
        };
        let either = is_there(modules::SI) || is_there(modules::SSIF);
        let is_interface = |name: &str| name == modules::SI || name == modules::SSIF;
        let missing =
            needed.into_iter().filter(|name| !(is_there(name) || is_interface(name) && either));
        missing.collect()
    }
}

#[cfg(test)]
mod tests;
