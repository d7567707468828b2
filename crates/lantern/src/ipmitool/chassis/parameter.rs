//! A boot parameter as ipmitool shows it: `chassis bootparam get`. Ironic reads parameter 5.

use ipmi_wire::cmd::chassis::{
    BootFlags, BootParameter, BootVerbosity, ConsoleRedirection, GetSystemBootOptions,
};
use ipmi_wire::{Decode, Request};

use crate::ipmitool::clock::Clock;
use crate::ipmitool::text;
use crate::ipmitool::tool::{Ended, Failed, Refusal, Tool};

/// What is shown beside the value.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// The value alone: what is common to all was shown before.
    pub(super) value_only: bool,
    /// Of a mailbox, all blocks are shown, one after the other.
    pub(super) all_blocks: bool,
    /// A block of a mailbox is a text.
    pub(super) as_text: bool,
}

/// Says why a parameter cannot be read.
pub(super) fn refused(tool: &Tool, selector: u8, refusal: Refusal) {
    let Refusal::Code(code) = refusal else {
        tool.error(&format!("Error Getting Chassis Boot Parameter {selector}"));
        return;
    };
    let why = match code.0 {
        0x80 => "Unsupported parameter".to_owned(),
        _ => text::completion(code),
    };
    tool.error(&format!("Get Chassis Boot Parameter {selector} failed: {why}"));
}

pub(super) async fn show(tool: &Tool, selector: u8, set: u8, shown: Shown) -> Ended {
    /// The mailbox ends here.
    const OUT_OF_RANGE: u8 = 0xc9;
    // As bytes: they are shown as they are, with what is reserved in them.
    let request = Request::of(&GetSystemBootOptions { selector, set, block: 0 });
    let Some(answer) = tool.send_raw(request).await else {
        refused(tool, selector, Refusal::Silent);
        return Err(Failed);
    };
    if !answer.completion.is_ok() {
        if !(shown.value_only && answer.completion.0 == OUT_OF_RANGE) {
            refused(tool, selector, Refusal::Code(answer.completion));
        }
        return Err(Failed);
    }
    let [version, first, value @ ..] = answer.data.as_slice() else {
        refused(tool, selector, Refusal::Malformed);
        return Err(Failed);
    };
    let number = first & 0x7f;
    if !shown.value_only {
        let state = if first & 0x80 == 0 { "valid/unlocked" } else { "invalid/locked" };
        let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        tool.print(&format!(
            "Boot parameter version: {version}\nBoot parameter {number} is {state}\nBoot parameter data: {hex}\n"
        ));
    }
    if number == 7 {
        mailbox(tool, value, shown);
    } else {
        tool.print(&value_lines(tool, number, value));
    }
    Ok(())
}

/// Bytes of the longest of these parameters.
const LONGEST: usize = 9;

fn value_lines(tool: &Tool, number: u8, value: &[u8]) -> String {
    // What a BMC has left out is 0.
    let mut bytes = [0; LONGEST];
    bytes.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
    let [first, second, ..] = bytes;
    let listed = |head: &str, indent: usize, bits: u8, texts: &[(u8, &str)]| {
        let set = texts.iter().filter(|(bit, _)| bits & bit != 0);
        let lines: String = set.map(|(_, text)| format!("{:indent$}- {text}\n", "")).collect();
        match lines.is_empty() {
            true => format!(" {head} :\n     No flag set\n"),
            false => format!(" {head} :\n{lines}"),
        }
    };
    match number {
        0 => {
            let state = match first & 3 {
                0 => "set complete",
                1 => "set in progress",
                2 => "commit write",
                _ => "error, reserved bit",
            };
            format!(" Set In Progress : {state}\n")
        }
        1 if first == 0 => " Service Partition Selector : unspecified\n".to_owned(),
        1 => format!(" Service Partition Selector : {first}\n"),
        2 => listed(
            "Service Partition Scan",
            5,
            first,
            &[(1, "Request BIOS to scan"), (2, "Service Partition Discovered")],
        ),
        3 => listed(
            "BMC boot flag valid bit clearing",
            5,
            first,
            &[
                (0x10, "Don't clear valid bit on reset/power cycle cause by PEF"),
                (0x08, "Don't automatically clear boot flag valid bit on timeout"),
                (0x04, "Don't clear valid bit on reset/power cycle cause by watchdog"),
                (0x02, "Don't clear valid bit on push button reset // soft reset"),
                (0x01, "Don't clear valid bit on power up via power push button or wake event"),
            ],
        ),
        4 => listed(
            "Boot Info Acknowledge",
            4,
            second,
            &[
                (0x10, "OEM has handled boot info"),
                (0x08, "SMS has handled boot info"),
                (0x04, "OS // service partition has handled boot info"),
                (0x02, "OS Loader has handled boot info"),
                (0x01, "BIOS/POST has handled boot info"),
            ],
        ),
        5 => {
            let [a, b, c, d, e, ..] = bytes;
            BootFlags::decode_exact(&[a, b, c, d, e])
                .map_or_else(|_| String::new(), |flags| flag_lines(&flags))
        }
        6 => {
            let [channel, a, b, c, d, e, f, g, h] = bytes;
            let clock = Clock { utc: tool.options.utc };
            format!(
                " Boot Initiator Info :\n    Channel Number : {}\n    Session Id     : {:08X}h\n    Timestamp      : {}\n",
                channel & 0x0f,
                u32::from_le_bytes([a, b, c, d]),
                clock.numeric(u32::from_le_bytes([e, f, g, h])),
            )
        }
        other => format!(" Unsupported parameter {other}\n"),
    }
}

fn flag_lines(flags: &BootFlags) -> String {
    let device = match flags.device.0 {
        0x0 => "No override",
        0x1 => "Force PXE",
        0x2 => "Force Boot from default Hard-Drive",
        0x3 => "Force Boot from default Hard-Drive, request Safe-Mode",
        0x4 => "Force Boot from Diagnostic Partition",
        0x5 => "Force Boot from CD/DVD",
        0x6 => "Force Boot into BIOS Setup",
        0x7 => "Force Boot from remotely connected Floppy/primary removable media",
        0x8 => "Force Boot from remotely connected CD/DVD",
        0x9 => "Force Boot from primary remote media",
        0xb => "Force Boot from remotely connected Hard-Drive",
        0xf => "Force Boot from Floppy/primary removable media",
        _ => "Flag error",
    };
    let verbosity = match flags.verbosity {
        BootVerbosity::Default => "System Default",
        BootVerbosity::Quiet => "Request Quiet Display",
        BootVerbosity::Verbose => "Request Verbose Display",
        BootVerbosity::Reserved => "Flag error",
    };
    let redirection = match flags.redirection {
        ConsoleRedirection::Default => {
            "Console redirection occurs per BIOS configuration setting (default)"
        }
        ConsoleRedirection::Skip => "Suppress (skip) console redirection if enabled",
        ConsoleRedirection::Enable => "Request console redirection be enabled",
        ConsoleRedirection::Reserved => "Flag error",
    };
    let mux = match flags.mux {
        0 => "BIOS uses recommended setting of the mux at the end of POST",
        1 => "Requests BIOS to force mux to BMC at conclusion of POST/start of OS boot",
        2 => "Requests BIOS to force mux to system at conclusion of POST/start of OS boot",
        _ => "Flag error",
    };
    let either = |flag, yes: &str, no: &str| if flag { yes.to_owned() } else { no.to_owned() };
    let lines: [(bool, String); 16] = [
        (true, either(flags.valid, "Boot Flag Valid", "Boot Flag Invalid")),
        (
            true,
            either(
                flags.persistent,
                "Options apply to all future boots",
                "Options apply to only next boot",
            ),
        ),
        // The blanks at the ends are the original's.
        (true, either(flags.efi, "BIOS EFI boot ", "BIOS PC Compatible (legacy) boot ")),
        (flags.clear_cmos, "CMOS Clear".to_owned()),
        (flags.lock_keyboard, "Lock Keyboard".to_owned()),
        (true, format!("Boot Device Selector : {device}")),
        (flags.blank_screen, "Screen blank".to_owned()),
        (flags.lock_reset, "Lock out Reset buttons".to_owned()),
        (flags.lock_power, "Lock out (power off/sleep request) via Power Button".to_owned()),
        (true, format!("BIOS verbosity : {verbosity}")),
        (flags.progress_traps, "Force progress event traps".to_owned()),
        (flags.bypass_password, "User password bypass".to_owned()),
        (flags.lock_sleep, "Lock Out Sleep Button".to_owned()),
        (true, format!("Console Redirection control : {redirection}")),
        (flags.shared_mode, "BIOS Shared Mode Override".to_owned()),
        (true, format!("BIOS Mux Control Override : {mux}")),
    ];
    let lines = lines.into_iter().filter_map(|(shown, line)| shown.then_some(line));
    let lines: String = lines.map(|line| format!("   - {line}\n")).collect();
    format!(" Boot Flags :\n{lines}")
}

fn mailbox(tool: &Tool, value: &[u8], shown: Shown) {
    let Some((block, data)) = value.split_first() else { return };
    if !shown.all_blocks {
        tool.print(&format!(" Selector       : {block}\n"));
    }
    let mut data = data.get(..BootParameter::MAILBOX_BLOCK).unwrap_or(data);
    if let (0, [a, b, c, rest @ ..]) = (block, data) {
        let iana = u32::from_le_bytes([*a, *b, *c, 0]);
        tool.print(&format!(" IANA PEN       : {iana} [{}]\n", text::enterprise(iana)));
        data = rest;
    }
    match shown.all_blocks {
        true => tool.print(&format!(" Block {block:3} Data : ")),
        false => tool.print(" Block Data     : "),
    }
    if shown.as_text {
        tool.print("'");
        tool.print_bytes(data.split(|byte| *byte == 0).next().unwrap_or_default());
        tool.print("'\n");
    } else {
        let hex: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
        tool.print(&format!("{hex}\n"));
    }
}
