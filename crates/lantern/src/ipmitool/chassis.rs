//! `chassis` and `power`.

use ipmi_wire::cmd::chassis::{ChassisControl, GetChassisStatus, PowerAction};

use super::tool::{Ended, Failed, Refusal, Tool};

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let Some((word, rest)) = words.split_first() else {
        help(tool);
        return Err(Failed);
    };
    match word.as_str() {
        "help" => {
            help(tool);
            Ok(())
        }
        "power" => power(tool, rest).await,
        other => {
            tool.error(&format!("Invalid chassis command: {other}"));
            Err(Failed)
        }
    }
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
        Err(Refusal::Code(code)) => {
            let why = super::text::completion(code);
            tool.error(&format!("Set Chassis Power Control to {text} failed: {why}"));
            Err(Failed)
        }
        Err(_) => {
            tool.error(&format!("Unable to set Chassis Power Control to {text}"));
            Err(Failed)
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
        Err(Refusal::Code(code)) => {
            let why = super::text::completion(code);
            tool.error(&format!("Get Chassis Power Status failed: {why}"));
            Err(Failed)
        }
        Err(_) => {
            tool.error("Unable to get Chassis Power Status");
            Err(Failed)
        }
    }
}

fn help(tool: &Tool) {
    tool.notice("Chassis Commands: status, power, policy, restart_cause, poh, identify, selftest,");
    tool.notice("                  bootdev, bootparam, bootmbox");
}
