//! What the configuration says of the machine.

use ipmi_wire::cmd::chassis::BootDevice;
use toml::Spanned;

use super::{Fault, fault};
use crate::platform::sim::BOOT_DEVICES;

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
