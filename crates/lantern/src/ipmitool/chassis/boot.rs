//! `chassis bootdev` and `chassis bootparam`: from what the machine is to start.

use std::cell::Cell;

use ipmi_wire::cmd::chassis::{
    BootDevice, BootFlags, BootParameter, BootVerbosity, ConsoleRedirection, GetSystemBootOptions,
    SetInProgress, SetSystemBootOptions,
};
use ipmi_wire::{CompletionCode, Request};

use super::parameter::{self, Shown};
use crate::ipmitool::number::number;
use crate::ipmitool::text;
use crate::ipmitool::tool::{Ended, Failed, Refusal, Tool};

/// Boot parameters while they are being set: beside each change the BMC is told that it comes, and
/// that it is over. One that knows nothing of that is not told again.
pub(super) struct Setting<'a> {
    tool: &'a Tool,
    tells: Cell<bool>,
}

impl<'a> Setting<'a> {
    pub(super) fn begin(tool: &'a Tool) -> Self {
        Self { tool, tells: Cell::new(true) }
    }

    pub(super) async fn progress(&self, state: SetInProgress) {
        if !self.tells.get() {
            return;
        }
        let parameter = BootParameter::SetInProgress(state);
        let told = self.tool.send(&SetSystemBootOptions::with(parameter)).await;
        if told.is_err() && state == SetInProgress::InProgress {
            self.tells.set(false);
        }
    }

    pub(super) async fn set(&self, parameter: BootParameter) -> Result<(), Refusal> {
        let number = parameter.selector();
        // As bytes, for these are sent with all that the user may: to go past the machine's passwords takes
        // more than the command does.
        let request = Request::of(&SetSystemBootOptions::with(parameter));
        let set = match self.tool.send_raw(request).await.map(|answer| answer.completion) {
            Some(CompletionCode::OK) => Ok(()),
            Some(code) => Err(Refusal::Code(code)),
            None => Err(Refusal::Silent),
        };
        set.inspect_err(|refusal| match refusal {
            Refusal::Code(code) => {
                let why = match code.0 {
                    0x80 => "Unsupported parameter".to_owned(),
                    0x81 => "Attempt to set 'in progress' while not in 'complete' state".to_owned(),
                    0x82 => "Parameter is read-only".to_owned(),
                    _ => text::completion(*code),
                };
                self.tool.error(&format!("Set Chassis Boot Parameter {number} failed: {why}"));
            }
            _ => self.tool.error(&format!("Error setting Chassis Boot Parameter {number}")),
        })
    }

    /// Takes back that these have seen the boot flags.
    pub(super) async fn forget(&self, whose: u8) -> Result<(), Refusal> {
        self.set(BootParameter::Acknowledge { mask: whose, data: whose }).await
    }
}

/// Those who say that they have seen the boot flags: firmware, and what loads the system.
pub(super) const FIRMWARE: u8 = 1;
pub(super) const LOADER: u8 = 2;

fn known(device: &str) -> Option<BootDevice> {
    Some(match device.strip_prefix("force_").unwrap_or(device) {
        "none" if device == "none" => BootDevice::NO_OVERRIDE,
        "pxe" => BootDevice::PXE,
        "disk" => BootDevice::DISK,
        "safe" => BootDevice::DISK_SAFE_MODE,
        "diag" => BootDevice::DIAGNOSTICS,
        "cdrom" => BootDevice::CD,
        "floppy" => BootDevice::FLOPPY,
        "bios" => BootDevice::SETUP,
        _ => return None,
    })
}

/// `bootdev`.
pub(super) async fn device(tool: &Tool, words: &[String]) -> Ended {
    let (device, option) = match words {
        [] => return device_help(tool),
        [device, ..] if device == "help" => return device_help(tool),
        [device] => (device, None),
        [device, option @ ..] => (device, Some(option)),
    };
    let option: Option<Vec<&str>> = option.map(|words| words.iter().map(String::as_str).collect());
    let option = option.as_deref();
    // The original does not look at what it does not know: `persistent` is once, then.
    let options = match option {
        None | Some(["clear-cmos=no"]) => Some(""),
        Some(["clear-cmos=yes"]) => Some("clear-cmos"),
        Some([option]) => option.strip_prefix("options="),
        Some(_) => None,
    };
    let Some(options) = options else {
        let words = option.unwrap_or_default().join(" ");
        tool.error(&format!("Invalid option: {words}"));
        return device_help(tool);
    };
    let flags = flags(tool, options)?;
    set_device(&Setting::begin(tool), device, flags).await
}

fn device_help(tool: &Tool) -> Ended {
    tool.notice("bootdev none|pxe|disk|safe|diag|cdrom|bios|floppy [clear-cmos=yes | options=...]");
    Err(Failed)
}

async fn set_device(setting: &Setting<'_>, name: &str, flags: BootFlags) -> Ended {
    let tool = setting.tool;
    // The original finds out when it has begun to set; what it does then changes nothing.
    let Some(device) = known(name) else {
        tool.error(&format!("Invalid argument: {name}"));
        return Err(Failed);
    };
    setting.progress(SetInProgress::InProgress).await;
    // A BMC without acknowledgements may well have boot flags.
    let mut set = match setting.forget(FIRMWARE).await {
        Err(Refusal::Silent) => Err(Refusal::Silent),
        _ => Ok(()),
    };
    if set.is_ok() {
        let flags = BootFlags { valid: true, device, ..flags };
        set = setting.set(BootParameter::Flags(flags)).await;
    }
    if set.is_ok() {
        setting.progress(SetInProgress::CommitWrite).await;
        tool.print(&format!("Set Boot Device to {name}\n"));
    }
    setting.progress(SetInProgress::Complete).await;
    // The original says that all is well if the BMC has refused. Who provisions machines with that
    // starts them from the wrong place.
    set.map_err(|_| Failed)
}

type Change = fn(&mut BootFlags);

const OPTIONS: &[(&str, Change)] = &[
    ("valid", |flags| flags.valid = true),
    ("persistent", |flags| flags.persistent = true),
    ("efiboot", |flags| flags.efi = true),
    ("clear-cmos", |flags| flags.clear_cmos = true),
    ("lockkbd", |flags| flags.lock_keyboard = true),
    ("screenblank", |flags| flags.blank_screen = true),
    ("lockoutreset", |flags| flags.lock_reset = true),
    ("lockout_power", |flags| flags.lock_power = true),
    ("verbose=default", |flags| flags.verbosity = BootVerbosity::Default),
    ("verbose=no", |flags| flags.verbosity = BootVerbosity::Quiet),
    ("verbose=yes", |flags| flags.verbosity = BootVerbosity::Verbose),
    ("force_pet", |flags| flags.progress_traps = true),
    ("upw_bypass", |flags| flags.bypass_password = true),
    ("lockout_sleep", |flags| flags.lock_sleep = true),
    ("cons_redirect=default", |flags| flags.redirection = ConsoleRedirection::Default),
    ("cons_redirect=skip", |flags| flags.redirection = ConsoleRedirection::Skip),
    ("cons_redirect=enable", |flags| flags.redirection = ConsoleRedirection::Enable),
];

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').filter(|item| !item.is_empty())
}

fn flags(tool: &Tool, options: &str) -> Result<BootFlags, Failed> {
    let mut flags = BootFlags::default();
    let mut all_known = true;
    for option in items(options) {
        match OPTIONS.iter().find(|(name, _)| *name == option) {
            Some((_, change)) => change(&mut flags),
            None if option == "help" => {
                all_known = false;
                break;
            }
            None => {
                tool.error(&format!("Invalid option: {option}"));
                all_known = false;
            }
        }
    }
    if all_known {
        return Ok(flags);
    }
    let names: Vec<_> = OPTIONS.iter().map(|(name, _)| *name).collect();
    tool.notice(&format!("Legal options settings are: {}", names.join(" ")));
    Err(Failed)
}

/// `bootparam`.
pub(super) async fn parameter(tool: &Tool, words: &[String]) -> Ended {
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | [_] | ["help", ..] => {
            tool.notice("bootparam get <param #> [set selector]");
            set_help(tool);
            Err(Failed)
        }
        ["get", rest @ ..] => get(tool, rest).await,
        ["set", "bootflag", device, rest @ ..] if *device != "help" => {
            set(tool, device, rest).await
        }
        ["set", ..] => {
            set_help(tool);
            Err(Failed)
        }
        _ => {
            tool.notice("bootparam get|set <option> [value ...]");
            Err(Failed)
        }
    }
}

fn set_help(tool: &Tool) {
    tool.notice("bootparam set bootflag <device> [options=...]");
    tool.notice(" Devices: none force_pxe force_disk force_safe force_diag force_cdrom force_bios");
    clearing_help(tool);
}

async fn get(tool: &Tool, words: &[&str]) -> Ended {
    let Some(selector) = words.first().and_then(|word| number::<u8>(word)) else {
        let word = words.first().copied().unwrap_or_default();
        tool.error(&format!("Invalid parameter '{word}' given instead of bootparam."));
        return Err(Failed);
    };
    let selector = selector & 0x7f;
    let set = match words.get(1) {
        None => 0,
        Some(word) => number::<u8>(word).ok_or_else(|| {
            tool.error(&format!("Invalid argument '{word}' given to bootparam {selector}"));
            Failed
        })?,
    };
    parameter::show(tool, selector, set, Shown::default()).await
}

/// When the flags are to be forgotten by themselves.
const CLEARING: [(&str, u8); 5] =
    [("PEF", 0x10), ("timeout", 0x08), ("watchdog", 0x04), ("reset", 0x02), ("power", 0x01)];

fn clearing_help(tool: &Tool) {
    let names: Vec<_> = CLEARING.iter().map(|(name, _)| *name).collect();
    tool.notice(&format!(" Legal options are: {}", names.join(" ")));
}

async fn set(tool: &Tool, device: &str, rest: &[&str]) -> Ended {
    // The original says what is wrong with these, and sets the device all the same.
    let clear = match rest {
        [] => 0,
        [options] => clearing(tool, options)?,
        [_, more, ..] => {
            tool.error(&format!("Invalid option: {more}"));
            clearing_help(tool);
            return Err(Failed);
        }
    };
    let setting = Setting::begin(tool);
    let set = set_device(&setting, device, BootFlags::default()).await;
    if clear == 0 {
        return set;
    }
    // With a device that nobody knows the original goes on here, and tells of success.
    set.and(set_clearing(&setting, clear).await)
}

fn clearing(tool: &Tool, options: &str) -> Result<u8, Failed> {
    let Some(options) = options.strip_prefix("options=") else {
        tool.error(&format!("No options= keyword found \"{options}\""));
        return Err(Failed);
    };
    let (mut bits, mut all_known) = (0, true);
    for option in items(options) {
        match CLEARING.iter().find(|(name, _)| *name == option) {
            Some((_, bit)) => bits |= bit,
            None if option == "help" => {
                all_known = false;
                break;
            }
            // `no-…`, too: the original's help has it, its code does not.
            None => {
                tool.error(&format!("Invalid option: {option}"));
                all_known = false;
            }
        }
    }
    if all_known {
        return Ok(bits);
    }
    clearing_help(tool);
    Err(Failed)
}

async fn set_clearing(setting: &Setting<'_>, clear: u8) -> Ended {
    let tool = setting.tool;
    setting.progress(SetInProgress::InProgress).await;
    let mut set = setting.forget(FIRMWARE).await.map_err(|_| Failed);
    if set.is_ok() {
        let get = GetSystemBootOptions { selector: 3, set: 0, block: 0 };
        set = match tool.send(&get).await.map(|options| options.parameter) {
            Ok(BootParameter::ValidBitClearing(bits)) => {
                let new = BootParameter::ValidBitClearing(bits & !clear);
                setting.set(new).await.map_err(|_| Failed)
            }
            Ok(_) => Err(Failed),
            Err(refusal) => {
                parameter::refused(tool, 3, refusal);
                tool.error("Failed to read boot valid flag");
                Err(Failed)
            }
        };
    }
    if set.is_ok() {
        setting.progress(SetInProgress::CommitWrite).await;
    }
    setting.progress(SetInProgress::Complete).await;
    set
}
