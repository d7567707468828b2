//! `chassis` and `power`: what the machine is doing, and what it is to do next.

mod boot;
mod mailbox;
mod parameter;

use ipmi_wire::cmd::app::{GetSelfTestResults, SelfTest};
use ipmi_wire::cmd::chassis::{
    ChassisControl, ChassisIdentify, ChassisStatus, GetChassisStatus, GetPohCounter,
    GetSystemRestartCause, PowerAction, PowerRestorePolicy, RestartCause, SetPowerRestorePolicy,
};

use super::number::number;
use super::text;
use super::tool::{Ended, Failed, Refusal, Tool};

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let Some((word, rest)) = words.split_first() else {
        help(tool);
        return Err(Failed);
    };
    match word.as_str() {
        // That somebody has asked for it makes no difference to the original.
        "help" => {
            help(tool);
            Err(Failed)
        }
        "status" => status(tool).await,
        "power" => power(tool, rest).await,
        "identify" => identify(tool, rest).await,
        "policy" => policy(tool, rest).await,
        "restart_cause" => restart_cause(tool).await,
        "poh" => power_on_hours(tool).await,
        "selftest" => self_test(tool).await,
        "bootdev" => boot::device(tool, rest).await,
        "bootparam" => boot::parameter(tool, rest).await,
        "bootmbox" => mailbox::run(tool, rest).await,
        other => {
            tool.error(&format!("Invalid chassis command: {other}"));
            Err(Failed)
        }
    }
}

fn help(tool: &Tool) {
    tool.notice("Chassis Commands: status, power, policy, restart_cause, poh, identify, selftest,");
    tool.notice("                  bootdev, bootparam, bootmbox");
}

/// Says why there is no answer: `silent`, or `refused` and why.
fn told(tool: &Tool, refusal: Refusal, silent: &str, refused: &str) -> Failed {
    match refusal {
        Refusal::Code(code) => tool.error(&format!("{refused}: {}", text::completion(code))),
        Refusal::Silent | Refusal::Malformed => tool.error(silent),
    }
    Failed
}

pub(super) async fn power(tool: &Tool, words: &[String]) -> Ended {
    use PowerAction as A;
    let (action, text) = match words.first().map(String::as_str) {
        None | Some("help") => {
            tool.notice("chassis power Commands: status, on, off, cycle, reset, diag, soft");
            return Ok(());
        }
        Some("status") => return power_status(tool).await,
        Some("on" | "up") => (A::On, "Up/On"),
        Some("off" | "down") => (A::Off, "Down/Off"),
        Some("cycle") => (A::Cycle, "Cycle"),
        Some("reset") => (A::Reset, "Reset"),
        Some("diag") => (A::DiagnosticInterrupt, "Diag"),
        Some("soft" | "acpi") => (A::SoftOff, "Soft"),
        Some(other) => {
            tool.error(&format!("Invalid chassis power command: {other}"));
            return Err(Failed);
        }
    };
    match tool.send(&ChassisControl { action }).await {
        Ok(()) => {
            tool.print(&format!("Chassis Power Control: {text}\n"));
            Ok(())
        }
        Err(refusal) => {
            let silent = format!("Unable to set Chassis Power Control to {text}");
            let refused = format!("Set Chassis Power Control to {text} failed");
            Err(told(tool, refusal, &silent, &refused))
        }
    }
}

async fn power_status(tool: &Tool) -> Ended {
    match tool.send(&GetChassisStatus).await {
        Ok(status) => {
            let on = if status.power_on { "on" } else { "off" };
            tool.print(&format!("Chassis Power is {on}\n"));
            Ok(())
        }
        Err(refusal) => Err(told(
            tool,
            refusal,
            "Unable to get Chassis Power Status",
            "Get Chassis Power Status failed",
        )),
    }
}

async fn status(tool: &Tool) -> Ended {
    let what = "Error sending Chassis Status command";
    let status = tool.send(&GetChassisStatus).await;
    let status = status.map_err(|refusal| told(tool, refusal, what, what))?;
    tool.print(&status_lines(&status));
    Ok(())
}

fn status_lines(status: &ChassisStatus) -> String {
    let truth = |flag| if flag { "true" } else { "false" };
    let active = |flag| if flag { "active" } else { "inactive" };
    let policy = match status.restore_policy {
        PowerRestorePolicy::AlwaysOff => "always-off",
        PowerRestorePolicy::Previous => "previous",
        PowerRestorePolicy::AlwaysOn => "always-on",
        PowerRestorePolicy::Unknown => "unknown",
    };
    let last = &status.last_event;
    let last: String = [
        (last.ac_failed, "ac-failed "),
        (last.overload, "overload "),
        (last.interlock, "interlock "),
        (last.fault, "fault "),
        (last.on_by_command, "command"),
    ]
    .into_iter()
    .filter_map(|(given, text)| given.then_some(text))
    .collect();
    let mut lines = vec![
        ("System Power", if status.power_on { "on" } else { "off" }),
        ("Power Overload", truth(status.overload)),
        ("Power Interlock", active(status.interlock)),
        ("Main Power Fault", truth(status.fault)),
        ("Power Control Fault", truth(status.control_fault)),
        ("Power Restore Policy", policy),
        ("Last Power Event", &last),
        ("Chassis Intrusion", active(status.intrusion)),
        ("Front-Panel Lockout", active(status.front_panel_lockout)),
        ("Drive Fault", truth(status.drive_fault)),
        ("Cooling/Fan Fault", truth(status.fan_fault)),
    ];
    if let Some(buttons) = &status.buttons {
        let allowed = |flag| if flag { "allowed" } else { "not allowed" };
        if *buttons == Default::default() {
            lines.push(("Front Panel Control", "none"));
        } else {
            lines.extend([
                ("Sleep Button Disable", allowed(buttons.standby_disable_allowed)),
                ("Diag Button Disable", allowed(buttons.diagnostic_disable_allowed)),
                ("Reset Button Disable", allowed(buttons.reset_disable_allowed)),
                ("Power Button Disable", allowed(buttons.power_disable_allowed)),
                ("Sleep Button Disabled", truth(buttons.standby_disabled)),
                ("Diag Button Disabled", truth(buttons.diagnostic_disabled)),
                ("Reset Button Disabled", truth(buttons.reset_disabled)),
                ("Power Button Disabled", truth(buttons.power_disabled)),
            ]);
        }
    }
    lines.into_iter().map(|(key, value)| format!("{key:<21}: {value}\n")).collect()
}

async fn identify(tool: &Tool, words: &[String]) -> Ended {
    let (identify, text) = match words.first().map(String::as_str) {
        None => {
            let command = ChassisIdentify { interval: None, force: None };
            (command, "default (15 seconds)".to_owned())
        }
        Some("help") => {
            tool.notice("chassis identify [seconds: 15 if left out, 0 is off | force: for good]");
            return Err(Failed);
        }
        // Not every BMC takes the second byte, so it is sent when it matters.
        Some("force") => {
            let command = ChassisIdentify { interval: Some(0), force: Some(true) };
            (command, "indefinite".to_owned())
        }
        Some(word) => {
            let Some(seconds) = number::<u8>(word) else {
                tool.error(match number::<i64>(word) {
                    Some(_) => "Given interval is too big.",
                    None => "Invalid interval given.",
                });
                return Err(Failed);
            };
            let command = ChassisIdentify { interval: Some(seconds), force: None };
            let text = match seconds {
                0 => "off".to_owned(),
                seconds => format!("{seconds} seconds"),
            };
            (command, text)
        }
    };
    if let Err(refusal) = tool.send(&identify).await {
        let silent = "Unable to set Chassis Identify";
        let failed = told(tool, refusal, silent, "Set Chassis Identify failed");
        if identify.force.is_some() && matches!(refusal, Refusal::Code(_)) {
            tool.error("Chassis may not support Force Identify On");
        }
        return Err(failed);
    }
    tool.print(&format!("Chassis identify interval: {text}\n"));
    Ok(())
}

async fn policy(tool: &Tool, words: &[String]) -> Ended {
    use PowerRestorePolicy as P;
    let (policy, text) = match words.first().map(String::as_str) {
        None | Some("help") => {
            tool.notice("chassis policy list | always-on | previous | always-off");
            return Err(Failed);
        }
        Some("list") => (None, ""),
        Some("always-on") => (Some(P::AlwaysOn), "always-on"),
        Some("previous") => (Some(P::Previous), "previous"),
        Some("always-off") => (Some(P::AlwaysOff), "always-off"),
        Some(other) => {
            tool.error(&format!("Invalid chassis policy: {other}"));
            return Err(Failed);
        }
    };
    let known = tool.send(&SetPowerRestorePolicy { policy }).await.map_err(|refusal| {
        let silent = "Error in Power Restore Policy command";
        told(tool, refusal, silent, "Power Restore Policy command failed")
    })?;
    if policy.is_some() {
        tool.print(&format!("Set chassis power restore policy to {text}\n"));
        return Ok(());
    }
    let known: String = [
        (known.always_off, "always-off "),
        (known.always_on, "always-on "),
        (known.previous, "previous"),
    ]
    .into_iter()
    .filter_map(|(known, text)| known.then_some(text))
    .collect();
    tool.print(&format!("Supported chassis power policy:  {known}\n"));
    Ok(())
}

async fn restart_cause(tool: &Tool) -> Ended {
    use RestartCause as C;
    let answer = tool.send(&GetSystemRestartCause).await.map_err(|refusal| {
        let silent = "Unable to get Chassis Restart Cause";
        told(tool, refusal, silent, "Get Chassis Restart Cause failed")
    })?;
    let text = match answer.cause {
        C::Unknown => "unknown",
        C::ChassisControl => "chassis power control command",
        C::ResetButton => "reset via pushbutton",
        C::PowerButton => "power-up via pushbutton",
        C::Watchdog => "watchdog expired",
        C::Oem => "OEM",
        C::PowerRestoredAlways => "power-up due to always-restore power policy",
        C::PowerRestoredPrevious => "power-up due to restore-previous power policy",
        C::PefReset => "reset via PEF",
        C::PefPowerCycle => "power-cycle via PEF",
        C::SoftReset => "soft reset",
        C::RtcWakeup => "power-up via RTC wakeup",
        C::Other(number) => &format!("Unknown (0x{number:02X})"),
    };
    tool.print(&format!("System restart cause: {text}\n"));
    Ok(())
}

async fn power_on_hours(tool: &Tool) -> Ended {
    let answer = tool.send(&GetPohCounter).await.map_err(|refusal| {
        let silent = "Unable to get Chassis Power-On-Hours";
        told(tool, refusal, silent, "Get Chassis Power-On-Hours failed")
    })?;
    // In numbers of so few digits, as the original counts: a long time loses its minutes in both.
    let mut minutes = answer.counter as f32 * f32::from(answer.minutes_per_count);
    let days = (minutes / 1440.0) as u32;
    minutes -= days as f32 * 1440.0;
    let hours = (minutes / 60.0) as u32;
    minutes -= hours as f32 * 60.0;
    let rest = match answer.minutes_per_count {
        ..60 => format!(", {} minutes", minutes as i64),
        60.. => String::new(),
    };
    tool.print(&format!("POH Counter  : {days} days, {hours} hours{rest}\n"));
    Ok(())
}

async fn self_test(tool: &Tool) -> Ended {
    /// Bit 0 first.
    const DEVICES: [&str; 8] = [
        "firmware corrupted",
        "boot block corrupted",
        "FRU Internal Use Area corrupted",
        "SDR Repository empty",
        "IPMB not responding",
        "cannot access BMC FRU",
        "cannot access SDR Repository",
        "cannot access SEL Device",
    ];
    let what = "Error sending Get Self Test command";
    let answer = tool.send(&GetSelfTestResults).await;
    let answer = answer.map_err(|refusal| told(tool, refusal, what, what))?;
    let text = match answer.result {
        SelfTest::Passed => "passed\n".to_owned(),
        SelfTest::NotImplemented => "not implemented\n".to_owned(),
        SelfTest::Corrupted { flags } => {
            let bad = DEVICES.iter().enumerate().filter(|(bit, _)| flags >> bit & 1 != 0);
            let lines = bad.map(|(_, text)| format!("{:23}[{text}]\n", ""));
            format!("device error\n{}", lines.collect::<String>())
        }
        SelfTest::Fatal { code } => format!("Fatal hardware error: {code:02x}h\n"),
        SelfTest::Other { result, detail } => {
            format!("Device-specific failure {result:02x}h:{detail:02x}h\n")
        }
    };
    tool.print(&format!("Self Test Results    : {text}"));
    Ok(())
}
