//! `[qemu]`: the machine is a QEMU that the BMC starts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::machine::{boot_device, boot_device_names};
use super::{Fault, fault, yes};
use crate::platform::qemu::BootMeans;

/// A machine that is a QEMU process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QemuConfig {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// It has the BMC's serial port, if nothing else has.
    pub serial: bool,
    /// It has the BMC's system interface, if nothing else has.
    pub ipmi: bool,
    /// Where BMC and QEMU meet, if not where they would by themselves.
    pub directory: Option<PathBuf>,
    /// How long the operating system has to shut down before it is told of; `None` for as long as
    /// it likes.
    pub soft_off_timeout: Option<Duration>,
    /// Whether the machine is switched off then.
    pub soft_off_forces: bool,
    /// Whether it ends when the BMC is stopped.
    pub ends_with_bmc: bool,
    /// How it is made to start from what, by the number of the boot device.
    pub boot: BTreeMap<u8, BootMeans>,
    /// Arguments for a start by EFI.
    pub efi: Vec<String>,
}

impl QemuConfig {
    /// This command, and everything else as it is if nothing is said.
    #[must_use]
    pub const fn of(command: Vec<String>) -> Self {
        Self {
            command,
            serial: true,
            ipmi: true,
            directory: None,
            soft_off_timeout: Some(Duration::from_secs(SOFT_OFF)),
            soft_off_forces: false,
            ends_with_bmc: false,
            boot: BTreeMap::new(),
            efi: Vec::new(),
        }
    }
}

/// How long an operating system has to shut down, in seconds: longer than servers take.
const SOFT_OFF: u64 = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QemuSection {
    command: Spanned<Vec<String>>,
    #[serde(default = "yes")]
    serial: bool,
    #[serde(default = "yes")]
    ipmi: bool,
    directory: Option<Spanned<PathBuf>>,
    soft_off_timeout: Option<Spanned<u64>>,
    #[serde(default)]
    soft_off_then: SoftOffThen,
    #[serde(default)]
    on_stop: OnStop,
    #[serde(default)]
    boot: BTreeMap<String, Spanned<Means>>,
    #[serde(default)]
    efi: Vec<String>,
}

/// What is done about an operating system that does not shut down.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum SoftOffThen {
    #[default]
    Nothing,
    Off,
}

/// What becomes of the machine when the BMC is stopped.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum OnStop {
    #[default]
    Leave,
    Off,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "the ID of a device (\"nic0\"), or a list of arguments")]
enum Means {
    Device(String),
    Arguments(Vec<String>),
}

/// Reads the section.
pub(super) fn check(section: QemuSection) -> Result<QemuConfig, Fault> {
    let QemuSection {
        command,
        serial,
        ipmi,
        directory,
        soft_off_timeout,
        soft_off_then,
        on_stop,
        boot,
        efi,
    } = section;
    if command.get_ref().first().is_none_or(String::is_empty) {
        return fault(
            &command,
            "a program and its arguments: [\"qemu-system-x86_64\", \"-m\", \"1G\"]",
        );
    }
    if command.get_ref().iter().any(|argument| argument.trim_start_matches('-') == "daemonize") {
        return fault(
            &command,
            "without -daemonize: the BMC looks after QEMU, and QEMU outlives it",
        );
    }
    let directory = match directory {
        Some(directory) if !directory.get_ref().is_absolute() => {
            return fault(&directory, "an absolute path: the next BMC has to find it again");
        }
        directory => directory.map(Spanned::into_inner),
    };
    let soft_off_timeout = match soft_off_timeout {
        None => Some(Duration::from_secs(SOFT_OFF)),
        Some(seconds) => match *seconds.get_ref() {
            0 => None,
            time @ 1..=86_400 => Some(Duration::from_secs(time)),
            _ => {
                return fault(
                    &seconds,
                    "an operating system has 1 to 86400 seconds, or 0 for ever",
                );
            }
        },
    };
    let mut means = BTreeMap::new();
    for (name, value) in boot {
        let Some(device) = boot_device(&name) else {
            let all = boot_device_names();
            return fault(&value, &format!("there is no boot device {name:?}; there are {all}"));
        };
        let how = match value.get_ref() {
            Means::Device(id) if id.is_empty() || id.contains('/') => {
                return fault(
                    &value,
                    "the ID of a device, as in \"-device e1000,id=nic0\": \"nic0\"",
                );
            }
            Means::Device(id) => BootMeans::Device(id.clone()),
            Means::Arguments(arguments) if arguments.is_empty() => {
                return fault(
                    &value,
                    "arguments that QEMU is started with besides; none say nothing",
                );
            }
            Means::Arguments(arguments) => BootMeans::Arguments(arguments.clone()),
        };
        means.insert(device.0, how);
    }
    Ok(QemuConfig {
        command: command.into_inner(),
        serial,
        ipmi,
        directory,
        soft_off_timeout,
        soft_off_forces: soft_off_then == SoftOffThen::Off,
        ends_with_bmc: on_stop == OnStop::Off,
        boot: means,
        efi,
    })
}
