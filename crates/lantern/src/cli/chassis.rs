//! `chassis policy`, `boot`, `front-panel` and `cycle-interval` as they are typed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::words::byte;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Policy {
    /// Which is set, and which there are
    #[command(alias = "list")]
    Show,
    /// It goes on
    AlwaysOn,
    /// It goes back to how it was
    Previous,
    /// It stays off
    AlwaysOff,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Boot {
    /// All boot options, as the BMC has them
    Show,
    /// Say from what the machine is to start next, and how
    #[command(after_help = BOOT)]
    Set(BootSet),
    /// Take it back: no boot flags are valid any more
    Clear {
        #[command(flatten)]
        over: TakeOver,
    },
    /// The mailbox in which whoever starts the machine leaves word for its loader
    #[command(subcommand)]
    Mailbox(BootMailbox),
}

#[derive(Debug, Args)]
pub(crate) struct BootSet {
    /// From what to start; 'none' is no override
    #[arg(value_enum)]
    pub(crate) device: BootWord,
    /// Start by EFI, not by PC-compatible firmware
    #[arg(long, alias = "efi")]
    pub(crate) uefi: bool,
    /// For all starts, not just the next one
    #[arg(long)]
    pub(crate) persistent: bool,
    /// Clear the firmware's settings
    #[arg(long)]
    pub(crate) clear_cmos: bool,
    /// Lock the keyboard
    #[arg(long)]
    pub(crate) lock_keyboard: bool,
    /// Keep the screen blank
    #[arg(long)]
    pub(crate) blank_screen: bool,
    /// Lock the reset button
    #[arg(long)]
    pub(crate) lock_reset: bool,
    /// Lock the power button
    #[arg(long)]
    pub(crate) lock_power: bool,
    /// Lock the sleep button
    #[arg(long)]
    pub(crate) lock_sleep: bool,
    /// How much the firmware shows [default: as it is set up]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) verbosity: Option<VerbosityWord>,
    /// Report the firmware's progress as event traps
    #[arg(long)]
    pub(crate) progress_traps: bool,
    /// Do not ask for the firmware's user password; takes an administrator
    #[arg(long)]
    pub(crate) bypass_password: bool,
    /// Console redirection [default: as it is set up]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) console_redirection: Option<RedirectionWord>,
    /// Which device of several of its kind: external-1 to -15, internal-1 to -15, or a number
    #[arg(long, value_name = "N", value_parser = instance, default_value = "0")]
    #[arg(hide_default_value = true)]
    pub(crate) instance: u8,
    /// What does not take the flags back [default: as it is]; 'none' lets all of them
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(crate) keep_after: Vec<KeepWord>,
    #[command(flatten)]
    pub(crate) over: TakeOver,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct TakeOver {
    /// End what somebody else has under way (81h), or left so
    #[arg(long)]
    pub(crate) take_over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BootWord {
    /// No override
    None,
    /// Network
    Pxe,
    /// Default hard drive
    Disk,
    /// Default hard drive, safe mode
    Safe,
    /// Diagnostic partition
    Diag,
    /// CD or DVD
    #[value(alias = "cd")]
    Cdrom,
    /// Firmware setup
    #[value(alias = "setup")]
    Bios,
    /// Floppy, or primary removable media
    Floppy,
    /// Remote floppy, or primary removable media
    RemoteFloppy,
    /// Remote CD or DVD
    RemoteCdrom,
    /// Primary remote media
    RemoteMedia,
    /// Remote hard drive
    RemoteDisk,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerbosityWord {
    /// Little
    Quiet,
    /// Much
    Verbose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RedirectionWord {
    /// None
    Skip,
    /// It is to be on
    Enable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeepWord {
    /// Nothing: each of the following takes them back
    None,
    /// A start by the power button, or by a wake event
    PowerButton,
    /// A start by the reset button, or a soft reset
    ResetButton,
    /// A start by the watchdog
    Watchdog,
    /// A minute without a command that starts the machine
    Timeout,
    /// A start by event filtering
    Pef,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BootMailbox {
    /// What is in it
    Show,
    /// Leave word: text, or the bytes of a file
    Set {
        /// Whose words they are: an enterprise number of IANA's
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=0xff_ffff))]
        enterprise: u32,
        /// Text
        #[arg(required_unless_present = "file")]
        text: Option<String>,
        /// Bytes; - is standard input
        #[arg(long, value_name = "FILE", conflicts_with = "text")]
        file: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum FrontPanel {
    /// Which buttons work, and which can be disabled
    Show,
    /// Let buttons work
    Enable {
        /// Which
        #[arg(value_enum, required = true, value_name = "BUTTON")]
        buttons: Vec<ButtonWord>,
    },
    /// Keep buttons from working; a disabled power button still switches on
    Disable {
        /// Which
        #[arg(value_enum, required = true, value_name = "BUTTON")]
        buttons: Vec<ButtonWord>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ButtonWord {
    Power,
    Reset,
    #[value(alias = "nmi")]
    Diagnostic,
    #[value(alias = "sleep")]
    Standby,
    /// All four
    All,
}

const BOOT: &str = "\
The flags are read back: what the BMC did not keep is named, and the command ends with 1.

For one start they are used up by that start. Until then a BMC takes them back after a minute in
which nothing starts the machine, and when it is started by a button, the watchdog, event filtering
or its operating system, unless --keep-after says otherwise (boot option 3).";

/// IPMI v2.0 §28.13, Table 28-14, parameter 5, byte 5: bit 4 is internal.
fn instance(text: &str) -> Result<u8, String> {
    let wrong = || "external-1 to external-15, internal-1 to internal-15, or 0 to 31".to_owned();
    let (digits, range, internal) =
        match (text.strip_prefix("external-"), text.strip_prefix("internal-")) {
            (Some(digits), _) => (digits, 1..=15, 0),
            (_, Some(digits)) => (digits, 1..=15, 0x10),
            _ => (text, 0..=31, 0),
        };
    let number = byte(digits).ok().filter(|number| range.contains(number));
    number.map(|number| number | internal).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_have_numbers_inside_and_outside() {
        let all = ["0", "external-3", "internal-1", "0x1f"].map(|text| instance(text).unwrap());
        assert_eq!(all, [0, 3, 0x11, 0x1f]);
        for wrong in ["external-0", "internal-16", "32", "x", ""] {
            assert!(instance(wrong).is_err(), "{wrong}");
        }
    }
}
