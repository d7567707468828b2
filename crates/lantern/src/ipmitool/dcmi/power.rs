//! `dcmi power`: what the machine draws, and how much it may.

use ipmi_wire::cmd::dcmi::{
    ActivatePowerLimit, AveragePeriod, ExceptionAction, GetPowerReading, PowerLimit, SetPowerLimit,
};

use super::{lookup, told, told_by_client};
use crate::ipmitool::clock::Clock;
use crate::ipmitool::number::number;
use crate::ipmitool::tool::{Ended, Failed, Tool};

/// Times that readings can be averaged over, by the codes that stand for them.
const PERIODS: [(&str, u8); 9] = [
    ("5_sec", 0x05),
    ("15_sec", 0x0f),
    ("30_sec", 0x1e),
    ("1_min", 0x41),
    ("3_min", 0x43),
    ("7_min", 0x47),
    ("15_min", 0x4f),
    ("30_min", 0x5e),
    ("1_hour", 0x81),
];

/// Those of the actions that have names of their own; `oem_02` to `oem_10` are the others.
const ACTIONS: [(&str, u8); 3] = [("no_action", 0x00), ("power_off", 0x01), ("sel_logging", 0x11)];

pub(super) async fn run(tool: &Tool, words: &[&str]) -> Ended {
    let command = words.first().map(|word| word.to_ascii_lowercase());
    match command.as_deref() {
        Some("reading") => reading(tool, words.get(1).copied()).await,
        Some("get_limit") => show_limit(tool).await,
        Some("set_limit") => set_limit(tool, words).await,
        Some("activate") => activate(tool, true).await,
        Some("deactivate") => activate(tool, false).await,
        _ => {
            help(tool);
            Ok(())
        }
    }
}

pub(super) fn help(tool: &Tool) {
    tool.error("dcmi power: reading [<period>], get_limit, set_limit, activate, deactivate");
}

async fn reading(tool: &Tool, period: Option<&str>) -> Ended {
    let period = match period.map(|word| lookup(word, &PERIODS).ok_or(Failed)).transpose() {
        Ok(period) => period,
        Err(failed) => {
            let names = PERIODS.map(|(name, _)| name);
            tool.error(&format!("Invalid sample time. Valid times are: {}", names.join(", ")));
            // In the original the names are on standard error, and what is between them is not.
            tool.print(&" | ".repeat(PERIODS.len().saturating_sub(1)));
            tool.print("\n");
            return Err(failed);
        }
    };
    let question = match period {
        Some(period) => GetPowerReading::Enhanced(AveragePeriod(period)),
        None => GetPowerReading::System,
    };
    let reading = told(tool, tool.send(&question).await)?;
    let time = Clock { utc: tool.options.utc }.numeric(reading.timestamp);
    let sampling = match period {
        None => format!("{:08} Seconds.", reading.period / 1000),
        Some(_) => match PERIODS.iter().find(|(_, code)| u32::from(*code) == reading.period) {
            Some((name, _)) => format!("{name} "),
            None => format!("Unknown (0x{:x}) ", reading.period & 0xffff),
        },
    };
    let state = if reading.active { "activated" } else { "deactivated" };
    tool.print(&format!(
        "\n    Instantaneous power reading:              {:8} Watts\n    \
         Minimum during sampling period:           {:8} Watts\n    \
         Maximum during sampling period:           {:8} Watts\n    \
         Average power reading over sample period: {:8} Watts\n    \
         IPMI timestamp:                           {time}    \
         Sampling period:                          {sampling}\n    \
         Power reading state is:                   {state}\n\n",
        reading.current, reading.minimum, reading.maximum, reading.average
    ));
    Ok(())
}

/// The limit; one that is not told is one of zeros.
async fn limit(tool: &Tool) -> Result<(bool, PowerLimit), Failed> {
    let state = told_by_client(tool, tool.bmc()?.power_limit().await)?;
    Ok((state.active, state.limit.unwrap_or_default()))
}

async fn show_limit(tool: &Tool) -> Ended {
    let (active, limit) = limit(tool).await?;
    let state = if active { "Power Limit Active" } else { "No Active Power Limit" };
    let action = match limit.action.number() {
        0x00 => "No Action".to_owned(),
        0x01 => "Hard Power Off & Log Event to SEL".to_owned(),
        0x11 => "Log Event to SEL".to_owned(),
        oem @ 0x02..=0x10 => format!("OEM reserved ({oem:02x}h)"),
        other => format!("Unknown (0x{other:x})"),
    };
    tool.print(&format!(
        "\n    Current Limit State: {state}\n    \
         Exception actions:   {action}\n    \
         Power Limit:         {} Watts\n    \
         Correction time:     {} milliseconds\n    \
         Sampling period:     {} seconds\n\n",
        limit.watts,
        limit.correction_ms.cast_signed(),
        limit.sampling_seconds
    ));
    Ok(())
}

async fn activate(tool: &Tool, active: bool) -> Ended {
    told(tool, tool.send(&ActivatePowerLimit { active }).await)?;
    let state = if active { "activated" } else { "deactivated" };
    tool.print(&format!("\n    Power limit successfully {state}\n"));
    Ok(())
}

async fn set_limit(tool: &Tool, words: &[&str]) -> Ended {
    if words.len() < 3 {
        tool.error("dcmi power set_limit {action | limit | correction | sample} <value> ...");
        return Err(Failed);
    }
    // The original looks at the places of four pairs and not at their names, and sets fewer one by one, those
    // behind a mistake, too.
    let pairs = words.get(1..).unwrap_or_default().chunks(2);
    let pairs = pairs.map(|pair| part(tool, pair)).collect::<Result<Vec<_>, _>>()?;
    let names = ["action", "limit", "correction", "sample"];
    let is_whole = names.iter().all(|name| pairs.iter().any(|part| part.name() == *name));
    let mut limit = if is_whole { PowerLimit::default() } else { limit(tool).await?.1 };
    for part in pairs {
        match part {
            Part::Action(action) => limit.action = action,
            Part::Limit(watts) => limit.watts = watts,
            Part::Correction(milliseconds) => limit.correction_ms = milliseconds,
            Part::Sample(seconds) => limit.sampling_seconds = seconds,
        }
    }
    told(tool, tool.send(&SetPowerLimit(limit)).await)?;
    show_limit(tool).await
}

/// A value of the limit.
enum Part {
    Action(ExceptionAction),
    Limit(u16),
    Correction(u32),
    Sample(u16),
}

impl Part {
    const fn name(&self) -> &'static str {
        match self {
            Self::Action(_) => "action",
            Self::Limit(_) => "limit",
            Self::Correction(_) => "correction",
            Self::Sample(_) => "sample",
        }
    }
}

fn part(tool: &Tool, pair: &[&str]) -> Result<Part, Failed> {
    let [what, value] = *pair else {
        let what = pair.first().copied().unwrap_or_default();
        tool.error(&format!("Nothing is given for {what}."));
        return Err(Failed);
    };
    let wrong = || {
        tool.error(&format!("Given {what} '{value}' is invalid."));
        Failed
    };
    Ok(match what.to_ascii_lowercase().as_str() {
        "action" => {
            Part::Action(ExceptionAction::from_number(action_number(value).ok_or_else(wrong)?))
        }
        "limit" => Part::Limit(number(value).ok_or_else(wrong)?),
        "correction" => Part::Correction(number(value).ok_or_else(wrong)?),
        "sample" => Part::Sample(number(value).ok_or_else(wrong)?),
        _ => {
            tool.error(&format!("Given option '{what}' is unknown."));
            return Err(Failed);
        }
    })
}

fn action_number(word: &str) -> Option<u8> {
    let oem = || {
        let word = word.to_ascii_lowercase();
        let number = u8::from_str_radix(word.strip_prefix("oem_")?, 16).ok()?;
        (word.len() == 6 && (0x02..=0x10).contains(&number)).then_some(number)
    };
    lookup(word, &ACTIONS).or_else(oem)
}
