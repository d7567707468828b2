//! `pef`: platform event filtering. Of the original's commands, those that it has itself: `capabilities`, `event`,
//! `timer` and `pet ack` are in its help alone.

mod filters;
mod policies;
mod shown;

use ipmi_wire::cmd::app::GetSystemGuid;
use ipmi_wire::cmd::sensor::{
    GetLastProcessedEventId, GetPefCapabilities, GetPefConfigurationParameters, PefParameter,
};
use ipmi_wire::sel::Timestamp;
use ipmi_wire::{Command, CompletionCode};

use super::clock::Clock;
use super::text;
use super::tool::{Ended, Failed, Refusal, Tool};
use shown::{Fields, Kind};

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => {
            tool.error("Not enough parameters given.");
            help(tool);
            Err(Failed)
        }
        ["help", ..] => {
            help(tool);
            Ok(())
        }
        ["capabilities" | "event" | "pet" | "timer", ..] => not_implemented(tool),
        ["filter", rest @ ..] => filters::run(tool, rest).await,
        ["policy", rest @ ..] => policies::run(tool, rest).await,
        ["info", ..] => info(tool).await,
        ["status", ..] => status(tool).await,
        [other, ..] => {
            tool.error(&format!("Invalid PEF command: '{other}'\n"));
            Err(Failed)
        }
    }
}

/// That is no failure.
fn not_implemented(tool: &Tool) -> Ended {
    tool.error("Not implemented.");
    Ok(())
}

/// What was answered; if it was refused, that has been told.
fn told<T>(tool: &Tool, answer: Result<T, Refusal>) -> Result<T, Failed> {
    answer.map_err(|refusal| {
        tool.error(&match refusal {
            Refusal::Silent => "IPMI response is NULL.".to_owned(),
            Refusal::Malformed => "Unexpected data length received.".to_owned(),
            Refusal::Code(code) => format!("IPMI command failed: {}", text::completion(code)),
        });
        Failed
    })
}

/// The same where the original says what it is that is missing, and nothing of a parameter that is not supported.
async fn retrieved<C: Command>(
    tool: &Tool,
    command: &C,
    what: &str,
) -> Result<C::Response, Failed> {
    tool.send(command).await.map_err(|refusal| {
        match refusal {
            Refusal::Code(CompletionCode(0x80)) | Refusal::Silent | Refusal::Malformed => {}
            Refusal::Code(code) => {
                tool.error(&format!(" **Error {:x} in '{what}' command", code.0));
            }
        }
        tool.error(&format!(" **Error retrieving {what}"));
        Failed
    })
}

/// A parameter of PEF, if `pick` finds in it what it is to be.
async fn parameter<T>(
    tool: &Tool,
    selector: u8,
    set: u8,
    pick: impl FnOnce(PefParameter) -> Option<T>,
) -> Result<T, Refusal> {
    let answer = tool.send(&GetPefConfigurationParameters::entry(selector, set)).await?;
    answer.parameter.and_then(pick).ok_or(Refusal::Malformed)
}

async fn policy_count(tool: &Tool) -> Result<u8, Failed> {
    let count = parameter(tool, 8, 0, |parameter| match parameter {
        PefParameter::PolicyCount(count) => Some(count),
        _ => None,
    });
    told(tool, count.await)
}

async fn filter_count(tool: &Tool) -> Result<u8, Failed> {
    let count = parameter(tool, 5, 0, |parameter| match parameter {
        PefParameter::FilterCount(count) => Some(count & 0x7f),
        _ => None,
    });
    told(tool, count.await)
}

async fn info(tool: &Tool) -> Ended {
    let policies = policy_count(tool).await.unwrap_or_else(|_| {
        tool.error("Failed to get size of PEF Policy Table.");
        0
    });
    let capabilities = told(tool, tool.send(&GetPefCapabilities).await)
        .inspect_err(|_| tool.error("Failed to get PEF Capabilities."))?;
    let fields = Fields::new(tool);
    fields.text("Version", &format!("0x{:02x}", capabilities.version));
    fields.text("PEF Event Filter count", &capabilities.filters.to_string());
    fields.text("PEF Alert Policy Table size", &policies.to_string());
    let own = parameter(tool, 10, 0, |parameter| match parameter {
        PefParameter::Guid(guid) => Some(guid),
        _ => None,
    });
    let guid = match own.await {
        Ok(guid) if guid.used => Some(guid.guid),
        Ok(_) | Err(Refusal::Code(CompletionCode(0x80))) => tool.send(&GetSystemGuid).await.ok(),
        Err(refusal) => {
            told::<()>(tool, Err(refusal)).ok();
            tool.error("Failed to get PEF System GUID.");
            return Err(Failed);
        }
    };
    if let Some(guid) = guid {
        fields.guid(guid.0);
    }
    fields.flags(&shown::actions(capabilities.actions), Kind::Supported);
    tool.print("\n");
    Ok(())
}

async fn status(tool: &Tool) -> Ended {
    let processed = retrieved(tool, &GetLastProcessedEventId, "Last S/W processed ID").await?;
    let added = match processed.last_addition {
        Timestamp::Unspecified => u32::MAX,
        known => known.raw(),
    };
    let fields = Fields::new(tool);
    fields.text("Last SEL addition", &Clock { utc: tool.options.utc }.numeric(added));
    for (name, id) in [
        ("Last SEL record ID", processed.last_record),
        ("Last S/W processed ID", processed.by_software),
        ("Last BMC processed ID", processed.by_bmc),
    ] {
        fields.text(name, &format!("0x{id:04x}"));
    }
    let control = retrieved(tool, &GetPefConfigurationParameters::of(1), "PEF control").await?;
    if let Some(PefParameter::Control(control)) = control.parameter {
        let flags = [
            ("PEF", control.enabled),
            ("PEF event messages", control.event_messages),
            ("PEF startup delay", control.startup_delay),
            ("Alert startup delay", control.alert_startup_delay),
        ];
        fields.flags(&flags, Kind::Enabled);
    }
    let actions = retrieved(tool, &GetPefConfigurationParameters::of(2), "PEF action").await?;
    if let Some(PefParameter::ActionGlobalControl(actions)) = actions.parameter {
        fields.flags(&shown::actions(actions), Kind::Active);
    }
    tool.print("\n");
    Ok(())
}

fn help(tool: &Tool) {
    tool.notice("pef info");
    tool.notice("pef status");
    tool.notice("pef filter list");
    tool.notice("pef filter enable|disable <number>");
    tool.notice("pef policy list");
    tool.notice("pef policy enable|disable <number>");
}
