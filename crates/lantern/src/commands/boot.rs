//! `chassis boot`.

use ipmi_client::chassis::BootRequest;
use ipmi_wire::cmd::chassis::{BootDevice, BootFlags, BootVerbosity, ConsoleRedirection};

use super::{Context, Outcome, file};
use crate::cli::{Boot, BootMailbox, BootSet, BootWord, KeepWord, RedirectionWord, VerbosityWord};
use crate::error::Error;
use crate::view::boot::{Changed, MailboxView, Options};

pub(super) async fn run(command: &Boot, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    Ok(match command {
        Boot::Show => Box::new(Options::new(&bmc.boot_options().await?)),
        Boot::Set(set) => Box::new(Changed::new(&bmc.set_boot(&request(set)?).await?)),
        Boot::Clear { over } => {
            let request = BootRequest {
                flags: BootFlags::default(),
                keep_valid: None,
                take_over: over.take_over,
            };
            Box::new(Changed::new(&bmc.set_boot(&request).await?))
        }
        Boot::Mailbox(BootMailbox::Show) => Box::new(MailboxView::from(&bmc.boot_mailbox().await?)),
        Boot::Mailbox(BootMailbox::Set { enterprise, text, file }) => {
            let data = match (text, file) {
                (_, Some(path)) => file::read(path)?,
                (text, None) => text.clone().unwrap_or_default().into_bytes(),
            };
            Box::new(MailboxView::from(&bmc.set_boot_mailbox(*enterprise, &data).await?))
        }
    })
}

/// What can be judged before anything is sent.
pub(super) fn check(command: &Boot) -> Result<(), Error> {
    match command {
        Boot::Set(set) => request(set).map(drop),
        Boot::Mailbox(BootMailbox::Set { file: Some(path), .. }) if !file::is_standard(path) => {
            file::read(path).map(drop)
        }
        _ => Ok(()),
    }
}

fn request(set: &BootSet) -> Result<BootRequest, Error> {
    let flags = BootFlags {
        valid: true,
        persistent: set.persistent,
        efi: set.uefi,
        clear_cmos: set.clear_cmos,
        lock_keyboard: set.lock_keyboard,
        device: device(set.device),
        blank_screen: set.blank_screen,
        lock_reset: set.lock_reset,
        lock_power: set.lock_power,
        verbosity: match set.verbosity {
            None => BootVerbosity::Default,
            Some(VerbosityWord::Quiet) => BootVerbosity::Quiet,
            Some(VerbosityWord::Verbose) => BootVerbosity::Verbose,
        },
        progress_traps: set.progress_traps,
        bypass_password: set.bypass_password,
        lock_sleep: set.lock_sleep,
        redirection: match set.console_redirection {
            None => ConsoleRedirection::Default,
            Some(RedirectionWord::Skip) => ConsoleRedirection::Skip,
            Some(RedirectionWord::Enable) => ConsoleRedirection::Enable,
        },
        shared_mode: false,
        mux: 0,
        instance: set.instance,
    };
    let keep_valid = match set.keep_after.as_slice() {
        [] => None,
        [KeepWord::None] => Some(0),
        words if words.contains(&KeepWord::None) => {
            return Err(Error::usage("--keep-after none cannot stand beside others"));
        }
        words => Some(words.iter().fold(0, |bits, word| bits | bit(*word))),
    };
    Ok(BootRequest { flags, keep_valid, take_over: set.over.take_over })
}

const fn device(word: BootWord) -> BootDevice {
    match word {
        BootWord::None => BootDevice::NO_OVERRIDE,
        BootWord::Pxe => BootDevice::PXE,
        BootWord::Disk => BootDevice::DISK,
        BootWord::Safe => BootDevice::DISK_SAFE_MODE,
        BootWord::Diag => BootDevice::DIAGNOSTICS,
        BootWord::Cdrom => BootDevice::CD,
        BootWord::Bios => BootDevice::SETUP,
        BootWord::Floppy => BootDevice::FLOPPY,
        BootWord::RemoteFloppy => BootDevice::REMOTE_FLOPPY,
        BootWord::RemoteCdrom => BootDevice::REMOTE_CD,
        BootWord::RemoteMedia => BootDevice::REMOTE_MEDIA,
        BootWord::RemoteDisk => BootDevice::REMOTE_DISK,
    }
}

/// IPMI v2.0 §28.13, Table 28-14, parameter 3.
const fn bit(word: KeepWord) -> u8 {
    match word {
        KeepWord::None => 0,
        KeepWord::PowerButton => 1,
        KeepWord::ResetButton => 1 << 1,
        KeepWord::Watchdog => 1 << 2,
        KeepWord::Timeout => 1 << 3,
        KeepWord::Pef => 1 << 4,
    }
}
