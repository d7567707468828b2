//! The kernel's modules for IPMI: which are there, loaded or built in.

use super::Machine;

pub(super) const MSGHANDLER: &str = "ipmi_msghandler";
pub(super) const DEVINTF: &str = "ipmi_devintf";
pub(super) const SI: &str = "ipmi_si";
pub(super) const SSIF: &str = "ipmi_ssif";

/// All that matter, in the order in which they are loaded.
const ALL: [&str; 7] =
    [MSGHANDLER, DEVINTF, SI, SSIF, "ipmi_watchdog", "ipmi_poweroff", "acpi_ipmi"];

/// A module of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its name.
    pub name: &'static str,
    /// Whether it is there.
    pub state: ModuleState,
}

/// Whether a module is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleState {
    /// It was loaded.
    Loaded,
    /// It is part of this kernel.
    BuiltIn,
    /// This kernel has it, and it was not loaded.
    NotLoaded,
    /// It is nowhere to be found for this kernel.
    Missing,
}

impl ModuleState {
    /// Whether its code is in the kernel.
    #[must_use]
    pub const fn is_there(self) -> bool {
        matches!(self, Self::Loaded | Self::BuiltIn)
    }

    /// `loaded`, `built_in`, `not_loaded` or `missing`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::BuiltIn => "built_in",
            Self::NotLoaded => "not_loaded",
            Self::Missing => "missing",
        }
    }
}

pub(super) fn all(machine: &Machine) -> Vec<Module> {
    let loaded = machine.text("/proc/modules").unwrap_or_default();
    let loaded: Vec<_> = loaded.lines().filter_map(|line| line.split(' ').next()).collect();
    let release = machine.text("/proc/sys/kernel/osrelease").unwrap_or_default();
    let listed = |file: &str| {
        // Where `/lib` is a link, its target is meant; an old machine has nothing else.
        let list = |top: &str| machine.text(format!("{top}/modules/{release}/{file}"));
        list("/lib").or_else(|| list("/usr/lib")).unwrap_or_default()
    };
    let (built_in, loadable) = (listed("modules.builtin"), listed("modules.dep"));
    let state = |name: &'static str| {
        if loaded.contains(&name) {
            return ModuleState::Loaded;
        }
        // A loaded one has an entry, too; one that is built in has it if it has parameters.
        let there = machine.path(format!("/sys/module/{name}")).is_dir();
        if there || lists(&built_in, name) {
            ModuleState::BuiltIn
        } else if lists(&loadable, name) {
            ModuleState::NotLoaded
        } else {
            ModuleState::Missing
        }
    };
    ALL.into_iter().map(|name| Module { name, state: state(name) }).collect()
}

/// Whether a list of the kernel's modules has this one: `kernel/drivers/char/ipmi/ipmi_si.ko.xz: …`.
fn lists(list: &str, name: &str) -> bool {
    let own = |line: &str| {
        let path = line.split(':').next().unwrap_or(line);
        let file = path.rsplit('/').next().unwrap_or(path);
        let stem = file.split('.').next().unwrap_or(file);
        stem.replace('-', "_") == name
    };
    list.lines().any(own)
}
