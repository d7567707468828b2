//! What the configuration says of the machine.

use ipmi_wire::cmd::chassis::BootDevice;
use serde::Deserialize;
use toml::Spanned;

use super::{Fault, fault};
use crate::platform::sim::BOOT_DEVICES;

/// Whose power the BMC looks after. Its sensors are the simulation's in any case, if nothing else
/// measures them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum MachineKind {
    /// That of a simulated machine.
    #[default]
    Sim,
    /// That of the virtual machine behind the system interface, which somebody else starts.
    Vm,
    /// That of a QEMU that the BMC starts: see [`QemuConfig`](super::QemuConfig).
    Qemu,
}

/// Boot devices by their names in the configuration, which are ipmitool's where it has one.
const NAMES: [(&str, BootDevice); 11] = [
    ("pxe", BootDevice::PXE),
    ("disk", BootDevice::DISK),
    ("safe", BootDevice::DISK_SAFE_MODE),
    ("diag", BootDevice::DIAGNOSTICS),
    ("cdrom", BootDevice::CD),
    ("bios", BootDevice::SETUP),
    ("floppy", BootDevice::FLOPPY),
    ("remote-floppy", BootDevice::REMOTE_FLOPPY),
    ("remote-cdrom", BootDevice::REMOTE_CD),
    ("remote-media", BootDevice::REMOTE_MEDIA),
    ("remote-disk", BootDevice::REMOTE_DISK),
];

/// The boot device of this name.
pub(super) fn boot_device(name: &str) -> Option<BootDevice> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, device)| *device)
}

/// All their names.
pub(super) fn boot_device_names() -> String {
    NAMES.map(|(name, _)| name).join(", ")
}

/// Whose power the BMC looks after.
pub(super) fn check_kind(
    kind: Option<Spanned<MachineKind>>,
    leads_to_vm: bool,
    has_qemu: bool,
) -> Result<Option<MachineKind>, Fault> {
    match &kind {
        Some(kind) if has_qemu && *kind.get_ref() != MachineKind::Qemu => {
            fault(kind, "\"qemu\", or leave it out: [qemu] says what the machine is")
        }
        Some(kind) if !has_qemu && *kind.get_ref() == MachineKind::Qemu => {
            fault(kind, "what QEMU is to be started how is for [qemu] to say, which is not there")
        }
        Some(kind) if *kind.get_ref() == MachineKind::Vm && !leads_to_vm => fault(
            kind,
            "the virtual machine is the one behind [system_interface], which is not there or leads to a \
             node; 'lantern bmc run --vm' takes it without this line",
        ),
        None if has_qemu => Ok(Some(MachineKind::Qemu)),
        _ => Ok(kind.map(Spanned::into_inner)),
    }
}

/// What the machine can start from.
pub(super) fn check_boot_devices(
    names: Option<Vec<Spanned<String>>>,
) -> Result<Vec<BootDevice>, Fault> {
    let Some(names) = names else { return Ok(BOOT_DEVICES.to_vec()) };
    names
        .iter()
        .map(|name| {
            boot_device(name.get_ref()).map_or_else(
                || {
                    let all = boot_device_names();
                    fault(name, &format!("there is no such boot device; there are {all}"))
                },
                Ok,
            )
        })
        .collect()
}
