//! Boot flags: how the machine is to start.

use ipmi_wire::cmd::chassis::{BootDevice, BootFlags, BootVerbosity, ConsoleRedirection};
use schemars::JsonSchema;
use serde::Serialize;

use crate::view::table::Fields;
use crate::view::{list, set};

/// How the machine is to start.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Flags {
    pub(super) valid: bool,
    pub(super) persistent: bool,
    efi: bool,
    #[schemars(extend("enum" = DEVICES))]
    device: &'static str,
    device_raw: u8,
    /// Which device of several of its kind; bit 4 is internal, and 0 is any.
    instance: u8,
    clear_cmos: bool,
    lock_keyboard: bool,
    blank_screen: bool,
    lock_reset: bool,
    lock_power: bool,
    lock_sleep: bool,
    #[schemars(extend("enum" = ["default", "quiet", "verbose", "reserved"]))]
    verbosity: &'static str,
    progress_traps: bool,
    bypass_password: bool,
    #[schemars(extend("enum" = ["default", "skip", "enable", "reserved"]))]
    console_redirection: &'static str,
    shared_mode: bool,
    /// Who gets the serial port at the end: 0 as the firmware recommends, 1 the controller, 2 the
    /// system.
    mux: u8,
}

const DEVICES: [&str; 13] = [
    "none",
    "pxe",
    "disk",
    "safe",
    "diag",
    "cdrom",
    "bios",
    "remote_floppy",
    "remote_cdrom",
    "remote_media",
    "remote_disk",
    "floppy",
    "reserved",
];

const fn device(device: BootDevice) -> &'static str {
    match device {
        BootDevice::NO_OVERRIDE => "none",
        BootDevice::PXE => "pxe",
        BootDevice::DISK => "disk",
        BootDevice::DISK_SAFE_MODE => "safe",
        BootDevice::DIAGNOSTICS => "diag",
        BootDevice::CD => "cdrom",
        BootDevice::SETUP => "bios",
        BootDevice::REMOTE_FLOPPY => "remote_floppy",
        BootDevice::REMOTE_CD => "remote_cdrom",
        BootDevice::REMOTE_MEDIA => "remote_media",
        BootDevice::REMOTE_DISK => "remote_disk",
        BootDevice::FLOPPY => "floppy",
        BootDevice(_) => "reserved",
    }
}

impl From<&BootFlags> for Flags {
    fn from(flags: &BootFlags) -> Self {
        Self {
            valid: flags.valid,
            persistent: flags.persistent,
            efi: flags.efi,
            device: device(flags.device),
            device_raw: flags.device.0,
            instance: flags.instance,
            clear_cmos: flags.clear_cmos,
            lock_keyboard: flags.lock_keyboard,
            blank_screen: flags.blank_screen,
            lock_reset: flags.lock_reset,
            lock_power: flags.lock_power,
            lock_sleep: flags.lock_sleep,
            verbosity: match flags.verbosity {
                BootVerbosity::Default => "default",
                BootVerbosity::Quiet => "quiet",
                BootVerbosity::Verbose => "verbose",
                BootVerbosity::Reserved => "reserved",
            },
            progress_traps: flags.progress_traps,
            bypass_password: flags.bypass_password,
            console_redirection: match flags.redirection {
                ConsoleRedirection::Default => "default",
                ConsoleRedirection::Skip => "skip",
                ConsoleRedirection::Enable => "enable",
                ConsoleRedirection::Reserved => "reserved",
            },
            shared_mode: flags.shared_mode,
            mux: flags.mux,
        }
    }
}

impl Flags {
    /// For people: what they say, if they are meant.
    pub(super) fn rows(&self, fields: &mut Fields) {
        let meant = match (self.valid, self.persistent) {
            (false, _) => "not valid: the machine starts as it is set up",
            (true, false) => "valid, for the next start",
            (true, true) => "valid, for all starts",
        };
        fields.row("Boot flags", meant);
        fields.row("  Device", self.device_words());
        fields.row("  Firmware", if self.efi { "EFI" } else { "PC-compatible" });
        fields.row("  Also", list(&self.also()));
    }

    fn device_words(&self) -> String {
        let name = BootDevice(self.device_raw).name();
        let number = self.instance & 0x0f;
        match (self.instance, self.instance & 0x10) {
            (0, _) => name.to_owned(),
            (_, 0) => format!("{name}, external {number}"),
            _ => format!("{name}, internal {number}"),
        }
    }

    /// What else is not as usual.
    fn also(&self) -> Vec<&'static str> {
        set([
            (self.clear_cmos, "clear_cmos"),
            (self.lock_keyboard, "lock_keyboard"),
            (self.blank_screen, "blank_screen"),
            (self.lock_reset, "lock_reset_button"),
            (self.lock_power, "lock_power_button"),
            (self.lock_sleep, "lock_sleep_button"),
            (self.verbosity == "quiet", "quiet_firmware"),
            (self.verbosity == "verbose", "verbose_firmware"),
            (self.progress_traps, "progress_traps"),
            (self.bypass_password, "no_user_password"),
            (self.console_redirection == "skip", "no_console_redirection"),
            (self.console_redirection == "enable", "console_redirection"),
            (self.shared_mode, "shared_serial_port"),
            (self.mux == 1, "serial_port_to_the_controller"),
            (self.mux == 2, "serial_port_to_the_system"),
        ])
    }

    pub(super) fn on_one_line(&self) -> String {
        let firmware = if self.efi { " by EFI" } else { "" };
        let also = self.also();
        let also = if also.is_empty() { String::new() } else { format!(" ({})", list(&also)) };
        format!("{}{firmware}{also}", self.device_words())
    }
}
