//! `mc watchdog`: the timer that resets a machine that hangs.

use ipmi_wire::Request;
use ipmi_wire::cmd::app::{
    GetWatchdogTimer, PreTimeoutInterrupt, ResetWatchdogTimer, SetWatchdogTimer, TimeoutAction,
    TimerUse, WatchdogSettings,
};

use super::told;
use crate::ipmitool::text;
use crate::ipmitool::tool::{Ended, Failed, Refusal, Tool};

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let Some((word, rest)) = words.split_first() else {
        tool.error("Not enough parameters given.");
        help(tool);
        return Err(Failed);
    };
    match (word.as_str(), rest) {
        ("help", _) => {
            help(tool);
            Ok(())
        }
        ("set", []) => {
            tool.error("Not enough parameters given.");
            help(tool);
            Err(Failed)
        }
        ("set", options) => set(tool, options).await,
        ("get", _) => get(tool).await,
        ("off", _) => off(tool).await,
        ("reset", _) => reset(tool).await,
        (other, _) => {
            tool.error(&format!("Invalid mc/bmc watchdog command: {other}"));
            help(tool);
            Err(Failed)
        }
    }
}

fn help(tool: &Tool) {
    tool.notice("usage: watchdog get | reset | off | set <option[=value]> ...");
    tool.notice("   timeout=<1-6553> pretimeout=<1-255> int=<smi|nmi|msg>");
    tool.notice("   use=<frb2|post|osload|sms|oem> clear=<frb2|post|osload|sms|oem>");
    tool.notice("   action=<reset|poweroff|cycle|none> nolog dontstop");
}

fn use_name(number: u8) -> &'static str {
    match number {
        1 => "BIOS FRB2",
        2 => "BIOS/POST",
        3 => "OS Load",
        4 => "SMS/OS",
        5 => "OEM",
        _ => "Reserved",
    }
}

async fn get(tool: &Tool) -> Ended {
    let what = "Get Watchdog Timer command failed";
    // As bytes: two of them are shown as they are, and what is reserved has a name.
    let Some(answer) = tool.send_raw(Request::of(&GetWatchdogTimer)).await else {
        return Err(told(tool, what, Refusal::Silent));
    };
    if !answer.completion.is_ok() {
        return Err(told(tool, what, Refusal::Code(answer.completion)));
    }
    // What a BMC has left out is 0.
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(&answer.data).for_each(|(to, from)| *to = *from);
    let [timer_use, actions, pre_timeout, expired, a, b, c, d] = bytes;
    let seconds = |low, high| f64::from(u16::from_le_bytes([low, high])) / 10.0;
    let action = match actions & 7 {
        0 => "No action",
        1 => "Hard Reset",
        2 => "Power Down",
        3 => "Power Cycle",
        _ => "Reserved",
    };
    let interrupt = match actions >> 4 & 7 {
        0 => "None",
        1 => "SMI",
        2 => "NMI/Diagnostic",
        3 => "Messaging",
        _ => "Reserved",
    };
    let running = if timer_use & 0x40 == 0 { "Stopped" } else { "Started/Running" };
    let logging = if timer_use & 0x80 == 0 { "On" } else { "Off" };
    let none = if expired == 0 { "None " } else { "" };
    tool.print(&format!(
        "Watchdog Timer Use:     {} (0x{timer_use:02x})\n\
         Watchdog Timer Is:      {running}\n\
         Watchdog Timer Logging: {logging}\n\
         Watchdog Timer Action:  {action} (0x{actions:02x})\n\
         Pre-timeout interrupt:  {interrupt}\n\
         Pre-timeout interval:   {pre_timeout} seconds\n\
         Timer Expiration Flags: {none}(0x{expired:02x})\n",
        use_name(timer_use & 7),
    ));
    for bit in (0..8).filter(|bit| expired >> bit & 1 != 0) {
        tool.print(&format!("{:24}* {}\n", "", use_name(bit)));
    }
    tool.print(&format!(
        "Initial Countdown:      {:.1} sec\nPresent Countdown:      {:.1} sec\n",
        seconds(a, b),
        seconds(c, d)
    ));
    Ok(())
}

async fn set(tool: &Tool, words: &[String]) -> Ended {
    if words.first().is_some_and(|word| word == "help") {
        help(tool);
        return Ok(());
    }
    // The original sends what it has read before an error.
    let command = command(tool, words).inspect_err(|Failed| help(tool))?;
    // If the BMC refuses it says so, and that all is well: a machine that somebody takes for guarded.
    let sent = tool.send(&command).await;
    sent.map_err(|refusal| told(tool, "Set Watchdog Timer command failed", refusal))
}

fn command(tool: &Tool, words: &[String]) -> Result<SetWatchdogTimer, Failed> {
    let settings = WatchdogSettings {
        timer_use: TimerUse::Reserved(0),
        dont_log: false,
        interrupt: PreTimeoutInterrupt::None,
        action: TimeoutAction::None,
        pre_timeout: 0,
        initial: 0,
    };
    let mut command = SetWatchdogTimer { settings, dont_stop: false, clear: 0 };
    for word in words {
        let (_, value) = word.split_once('=').unwrap_or((word, ""));
        let invalid = |what: &str| {
            tool.error(&format!("{what} '{value}' is not valid"));
            Failed
        };
        let settings = &mut command.settings;
        // The first letter is enough.
        match word.chars().next() {
            Some('t') => {
                let tenths = within(tool, "Timeout", value, 6553)?.saturating_mul(10);
                settings.initial = tenths;
            }
            Some('p') => {
                let seconds = within(tool, "Pretimeout", value, 255)?;
                settings.pre_timeout = u8::try_from(seconds).map_err(|_| Failed)?;
            }
            Some('i') => {
                settings.interrupt = match value {
                    "none" => PreTimeoutInterrupt::None,
                    "smi" => PreTimeoutInterrupt::Smi,
                    "nmi" => PreTimeoutInterrupt::Nmi,
                    "msg" => PreTimeoutInterrupt::Messaging,
                    _ => return Err(invalid("Interrupt type")),
                };
            }
            Some('u') => {
                settings.timer_use = timer_use(value).ok_or_else(|| invalid("Use"))?;
            }
            Some('a') => {
                settings.action = match value {
                    "none" => TimeoutAction::None,
                    "reset" => TimeoutAction::Reset,
                    "poweroff" => TimeoutAction::PowerDown,
                    "cycle" => TimeoutAction::PowerCycle,
                    _ => return Err(invalid("Use")),
                };
            }
            Some('c') => {
                command.clear |= 1 << timer_use(value).ok_or_else(|| invalid("Use"))?.number();
            }
            Some('n') => settings.dont_log = true,
            Some('d') => command.dont_stop = true,
            // The original says so, and sets what is left: a watchdog that does nothing, say.
            _ => {
                tool.error(&format!("Invalid option '{word}'"));
                return Err(Failed);
            }
        }
    }
    Ok(command)
}

fn timer_use(name: &str) -> Option<TimerUse> {
    Some(match name {
        "none" => TimerUse::Reserved(0),
        "frb2" => TimerUse::BiosFrb2,
        "post" => TimerUse::BiosPost,
        "osload" => TimerUse::OsLoad,
        "sms" => TimerUse::SmsOs,
        "oem" => TimerUse::Oem,
        _ => return None,
    })
}

/// The number that a value begins with, 1 to `most`.
fn within(tool: &Tool, what: &str, value: &str, most: u16) -> Result<u16, Failed> {
    let value = value.trim_start();
    let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let number = value.get(..digits).and_then(|digits| digits.parse::<u16>().ok());
    number.filter(|number| (1..=most).contains(number)).ok_or_else(|| {
        tool.error(&format!("{what} value {value} is out of range (1-{most})"));
        Failed
    })
}

async fn off(tool: &Tool) -> Ended {
    let settings = WatchdogSettings {
        timer_use: TimerUse::SmsOs,
        dont_log: false,
        interrupt: PreTimeoutInterrupt::None,
        action: TimeoutAction::None,
        pre_timeout: 0,
        initial: 3000,
    };
    let clear = 1 << TimerUse::SmsOs.number();
    match tool.send(&SetWatchdogTimer { settings, dont_stop: false, clear }).await {
        Ok(()) => {
            tool.print("Watchdog Timer Shutoff successful -- timer stopped\n");
            Ok(())
        }
        Err(Refusal::Code(code)) => {
            let why = text::completion(code);
            tool.error(&format!("Watchdog Timer Shutoff command failed! {why}"));
            Err(Failed)
        }
        Err(_) => {
            tool.error("Watchdog Timer Shutoff command failed!");
            Err(Failed)
        }
    }
}

async fn reset(tool: &Tool) -> Ended {
    match tool.send(&ResetWatchdogTimer).await {
        Ok(()) => {
            tool.print("IPMI Watchdog Timer Reset -  countdown restarted!\n");
            Ok(())
        }
        Err(Refusal::Code(code)) => {
            let why = match code {
                ResetWatchdogTimer::UNINITIALIZED => {
                    "Attempt to reset uninitialized watchdog".to_owned()
                }
                _ => text::completion(code),
            };
            tool.error(&format!("Reset Watchdog Timer command failed: {why}"));
            Err(Failed)
        }
        Err(_) => {
            tool.error("Reset Watchdog Timer command failed!");
            Err(Failed)
        }
    }
}
