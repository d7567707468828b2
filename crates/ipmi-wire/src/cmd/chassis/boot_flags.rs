//! Boot flags: from what the machine is to start, and how. IPMI v2.0 §28.13, Table 28-14,
//! parameter 5.

use core::fmt;

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// How to start the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct BootFlags {
    /// The flags are meant for the next start.
    pub valid: bool,
    /// They are meant for all that follow, too.
    pub persistent: bool,
    /// The start is to be by EFI, not by PC-compatible firmware.
    pub efi: bool,
    /// Firmware settings are to be cleared.
    pub clear_cmos: bool,
    /// The keyboard is to be locked.
    pub lock_keyboard: bool,
    /// From what to start.
    pub device: BootDevice,
    /// The screen is to stay blank.
    pub blank_screen: bool,
    /// The reset button is to be locked.
    pub lock_reset: bool,
    /// The power button is to be locked.
    pub lock_power: bool,
    /// How much the firmware is to show.
    pub verbosity: BootVerbosity,
    /// Progress is to be reported as event traps.
    pub progress_traps: bool,
    /// The user password of the firmware is not to be asked for.
    pub bypass_password: bool,
    /// The sleep button is to be locked.
    pub lock_sleep: bool,
    /// What becomes of the firmware's console redirection.
    pub redirection: ConsoleRedirection,
    /// The firmware is to share the serial port.
    pub shared_mode: bool,
    /// Who gets the serial port at the end, 3 bits: 0 as the firmware recommends, 1 the controller,
    /// 2 the system.
    pub mux: u8,
    /// Which device of several of its kind, 5 bits; 0 is any.
    pub instance: u8,
}

/// From what to start, 4 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct BootDevice(pub u8);

#[allow(missing_docs, reason = "the specification's own names; texts are in `name`")]
impl BootDevice {
    pub const NO_OVERRIDE: Self = Self(0x0);
    pub const PXE: Self = Self(0x1);
    pub const DISK: Self = Self(0x2);
    pub const DISK_SAFE_MODE: Self = Self(0x3);
    pub const DIAGNOSTICS: Self = Self(0x4);
    pub const CD: Self = Self(0x5);
    pub const SETUP: Self = Self(0x6);
    pub const REMOTE_FLOPPY: Self = Self(0x7);
    pub const REMOTE_CD: Self = Self(0x8);
    pub const REMOTE_MEDIA: Self = Self(0x9);
    pub const REMOTE_DISK: Self = Self(0xb);
    pub const FLOPPY: Self = Self(0xf);
}

impl BootDevice {
    /// What it is.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            0x0 => "no override",
            0x1 => "PXE",
            0x2 => "default hard drive",
            0x3 => "default hard drive, safe mode",
            0x4 => "diagnostic partition",
            0x5 => "CD/DVD",
            0x6 => "firmware setup",
            0x7 => "remote floppy or primary removable media",
            0x8 => "remote CD/DVD",
            0x9 => "primary remote media",
            0xb => "remote hard drive",
            0xf => "floppy or primary removable media",
            _ => "reserved",
        }
    }
}

impl fmt::Display for BootDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for BootDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BootDevice({:#x}: {self})", self.0)
    }
}

/// How much firmware is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum BootVerbosity {
    /// As it is set up.
    #[default]
    Default,
    /// Little.
    Quiet,
    /// Much.
    Verbose,
    /// Number 3.
    Reserved,
}

/// What becomes of firmware's console redirection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum ConsoleRedirection {
    /// As it is set up.
    #[default]
    Default,
    /// None.
    Skip,
    /// It is to be on.
    Enable,
    /// Number 3.
    Reserved,
}

/// Gathers bits, bit 7 first.
fn bits<const N: usize>(flags: [(bool, u8); N]) -> u8 {
    flags.into_iter().filter(|(set, _)| *set).fold(0, |bits, (_, bit)| bits | (1 << (bit & 7)))
}

impl Encode for BootFlags {
    fn encode(&self, out: &mut Vec<u8>) {
        let verbosity = match self.verbosity {
            BootVerbosity::Default => 0,
            BootVerbosity::Quiet => 0x20,
            BootVerbosity::Verbose => 0x40,
            BootVerbosity::Reserved => 0x60,
        };
        let redirection = match self.redirection {
            ConsoleRedirection::Default => 0,
            ConsoleRedirection::Skip => 1,
            ConsoleRedirection::Enable => 2,
            ConsoleRedirection::Reserved => 3,
        };
        out.extend([
            bits([(self.valid, 7), (self.persistent, 6), (self.efi, 5)]),
            bits([
                (self.clear_cmos, 7),
                (self.lock_keyboard, 6),
                (self.blank_screen, 1),
                (self.lock_reset, 0),
            ]) | ((self.device.0 & 0x0f) << 2),
            bits([
                (self.lock_power, 7),
                (self.progress_traps, 4),
                (self.bypass_password, 3),
                (self.lock_sleep, 2),
            ]) | verbosity
                | redirection,
            bits([(self.shared_mode, 3)]) | (self.mux & 0x07),
            self.instance & 0x1f,
        ]);
    }
}

impl Decode for BootFlags {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [first, second, third, fourth, fifth] = r.array("boot flags")?;
        Ok(Self {
            valid: first & 0x80 != 0,
            persistent: first & 0x40 != 0,
            efi: first & 0x20 != 0,
            clear_cmos: second & 0x80 != 0,
            lock_keyboard: second & 0x40 != 0,
            device: BootDevice((second >> 2) & 0x0f),
            blank_screen: second & 0x02 != 0,
            lock_reset: second & 0x01 != 0,
            lock_power: third & 0x80 != 0,
            verbosity: match (third >> 5) & 3 {
                0 => BootVerbosity::Default,
                1 => BootVerbosity::Quiet,
                2 => BootVerbosity::Verbose,
                _ => BootVerbosity::Reserved,
            },
            progress_traps: third & 0x10 != 0,
            bypass_password: third & 0x08 != 0,
            lock_sleep: third & 0x04 != 0,
            redirection: match third & 3 {
                0 => ConsoleRedirection::Default,
                1 => ConsoleRedirection::Skip,
                2 => ConsoleRedirection::Enable,
                _ => ConsoleRedirection::Reserved,
            },
            shared_mode: fourth & 0x08 != 0,
            mux: fourth & 0x07,
            instance: fifth & 0x1f,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pxe_by_efi_for_ever() {
        // `ipmitool chassis bootdev pxe options=efiboot,persistent` (lib/ipmi_chassis.c, 1.8.19).
        let flags = BootFlags::decode_exact(&[0xe0, 0x04, 0x00, 0x00, 0x00]).unwrap();
        assert!(flags.valid && flags.persistent && flags.efi && !flags.clear_cmos);
        assert_eq!(flags.device, BootDevice::PXE);
        assert_eq!(flags.to_bytes(), [0xe0, 0x04, 0x00, 0x00, 0x00]);
        for length in 0..5 {
            assert!(BootFlags::decode_exact(&[0xe0, 4, 0, 0, 0][..length]).is_err());
        }
    }

    #[test]
    fn every_bit_has_its_field() {
        let reserved = [0x1f, 0x00, 0x00, 0xf0, 0xe0];
        for index in 0..5 {
            for bit in 0..8 {
                let mut bytes = [0; 5];
                bytes[index] = 1 << bit;
                let back = BootFlags::decode_exact(&bytes).unwrap();
                let kept = reserved[index] & bytes[index] == 0;
                assert_eq!(back.to_bytes() == bytes, kept, "byte {index} bit {bit}");
                assert_eq!(back != BootFlags::default(), kept, "byte {index} bit {bit}");
            }
        }
    }

    #[test]
    fn what_is_reserved_is_told_as_it_is() {
        let flags = BootFlags::decode_exact(&[0x80, 0x28, 0x63, 0x07, 0x1f]).unwrap();
        assert_eq!((flags.device, flags.device.name()), (BootDevice(0x0a), "reserved"));
        assert_eq!(flags.verbosity, BootVerbosity::Reserved);
        assert_eq!(flags.redirection, ConsoleRedirection::Reserved);
        assert_eq!(flags.to_bytes(), [0x80, 0x28, 0x63, 0x07, 0x1f]);
    }
}
