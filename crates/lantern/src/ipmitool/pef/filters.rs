//! `pef filter`: events that something is done about.

use ipmi_wire::cmd::sensor::{
    EventFilter, FilterConfiguration, GetPefCapabilities, PefParameter,
    SetPefConfigurationParameters,
};

use super::shown::{self, Fields};
use super::{filter_count, not_implemented, parameter, told};
use crate::ipmitool::number::number;
use crate::ipmitool::tool::{Ended, Failed, Tool};

pub(super) async fn run(tool: &Tool, words: &[&str]) -> Ended {
    match *words {
        [] => {
            tool.error("Not enough parameters given.");
            help(tool);
            Err(Failed)
        }
        ["help", ..] => {
            help(tool);
            Ok(())
        }
        ["list", ..] => list(tool).await,
        [what @ ("enable" | "disable"), word] => match number::<u8>(word) {
            Some(0) => {
                tool.error("PEF Event Filter ID out of range. Valid range is <1..255>.");
                Err(Failed)
            }
            Some(filter) => enable(tool, filter, what == "enable").await,
            None => {
                tool.error(&format!("Invalid PEF Event Filter ID given: {word}"));
                Err(Failed)
            }
        },
        ["enable" | "disable", ..] => {
            tool.error("Not enough arguments given.");
            help(tool);
            Err(Failed)
        }
        ["create" | "delete", ..] => not_implemented(tool),
        [other, ..] => {
            tool.error(&format!("Invalid PEF Filter command: {other}"));
            help(tool);
            Ok(())
        }
    }
}

fn help(tool: &Tool) {
    tool.notice("pef filter list");
    tool.notice("pef filter enable|disable <number>");
}

async fn enable(tool: &Tool, number: u8, enabled: bool) -> Ended {
    let count = filter_count(tool).await?;
    if count == 0 {
        tool.error("PEF Filter isn't supported.");
        return Err(Failed);
    }
    if number > count {
        tool.error(&format!("PEF Filter ID out of range. Valid range is (1..{count})."));
        return Err(Failed);
    }
    // The original begins with zeros, and with them the mark of a filter that came with the machine is lost.
    let before = parameter(tool, 7, number, |parameter| match parameter {
        PefParameter::FilterData1 { number: of, configuration } if of == number => {
            Some(configuration)
        }
        _ => None,
    });
    let configuration = FilterConfiguration { enabled, ..told(tool, before.await)? };
    let parameter = PefParameter::FilterData1 { number, configuration };
    let able = if enabled { "enable" } else { "disable" };
    told(tool, tool.send(&SetPefConfigurationParameters { parameter }).await)
        .inspect_err(|_| tool.error(&format!("Failed to {able} PEF Filter ID {number}.")))?;
    tool.print(&format!("PEF Filter ID {number} is {able}d now.\n"));
    Ok(())
}

async fn list(tool: &Tool) -> Ended {
    let count = told(tool, tool.send(&GetPefCapabilities).await)?.filters;
    if count == 0 {
        tool.error("PEF Event Filtering isn't supported.");
        return Err(Failed);
    }
    for number in 1..=count {
        let filter = parameter(tool, 6, number, |parameter| match parameter {
            PefParameter::Filter(filter) => Some(filter),
            _ => None,
        });
        match told(tool, filter.await) {
            Ok(filter) => show(tool, &filter),
            Err(Failed) => {
                tool.error(&format!("Failed to get PEF Event Filter Entry {number}."));
            }
        }
    }
    Ok(())
}

fn show(tool: &Tool, filter: &EventFilter) {
    let fields = Fields::new(tool);
    fields.number("PEF Filter Table entry", filter.number);
    let FilterConfiguration { enabled, kind } = filter.configuration;
    let able = if enabled { "en" } else { "dis" };
    let kind = match kind.number() {
        0 => "configurable",
        2 => "pre-configured",
        _ => "reserved",
    };
    fields.text("Status", &format!("{able}abled, {kind}"));
    if enabled {
        conditions(&fields, filter);
        let set = shown::actions(filter.actions).into_iter().filter(|action| action.1);
        let set: Vec<_> = set.map(|action| action.0).collect();
        let set = if set.is_empty() { "None".to_owned() } else { set.join(",") };
        fields.text("Action", &set);
        if filter.actions.alert {
            fields.number("Policy set", filter.policy);
        }
    }
    tool.print("\n");
}

fn conditions(fields: &Fields<'_>, filter: &EventFilter) {
    let sensor_type = match filter.sensor_type {
        EventFilter::ANY => Some("Any"),
        number => {
            let place = usize::from(number).checked_sub(1);
            place.and_then(|place| SENSOR_TYPES.get(place)).copied()
        }
    };
    fields.text("Sensor type", sensor_type.unwrap_or("None"));
    match filter.sensor_number {
        EventFilter::ANY => fields.text("Sensor number", "Any"),
        number => fields.number("Sensor number", number),
    }
    let severity = SEVERITIES.iter().find(|(bit, _)| filter.severity & bit != 0);
    fields.text("Event severity", severity.map_or("None", |(_, name)| name));
    let class = match filter.trigger {
        THRESHOLD => "Threshold",
        0..=SENSOR_SPECIFIC => "Discrete",
        _ => "OEM",
    };
    fields.text("Event class", class);
    fields.text("Event trigger(s)", &triggers(filter.trigger, filter.offsets));
}

const THRESHOLD: u8 = 0x01;
const SENSOR_SPECIFIC: u8 = 0x6f;

fn triggers(trigger: u8, offsets: u16) -> String {
    match trigger {
        _ if offsets == 0xffff => return "Any".to_owned(),
        EventFilter::ANY => return "Any".to_owned(),
        0 => return "Unspecified".to_owned(),
        SENSOR_SPECIFIC => return "Sensor-specific".to_owned(),
        _ if trigger > SENSOR_SPECIFIC => return "OEM".to_owned(),
        _ => {}
    }
    let mut text = format!("(0x{trigger:02x}/0x{offsets:04x})");
    let kind = usize::from(trigger).checked_sub(1).and_then(|place| GENERIC.get(place));
    // As many offsets as there are kinds of events, in the original.
    for offset in (0..GENERIC.len()).filter(|offset| offsets >> offset & 1 == 1) {
        let state = kind.map(|states| states.get(offset).copied().unwrap_or("None"));
        text.push_str(if state.is_some() { "," } else { ", " });
        text.push_str(state.unwrap_or("Unrecognized event trigger"));
    }
    text
}

const SEVERITIES: [(u8, &str); 6] = [
    (0x20, "Non-recoverable"),
    (0x10, "Critical"),
    (0x08, "Warning"),
    (0x04, "OK"),
    (0x02, "Information"),
    (0x01, "Monitor"),
];

/// From 1 on.
const SENSOR_TYPES: [&str; 41] = [
    "Temperature",
    "Voltage",
    "Current",
    "Fan",
    "Chassis Intrusion",
    "Platform security breach",
    "Processor",
    "Power supply",
    "Power Unit",
    "Cooling device",
    "Other (units-based)",
    "Memory",
    "Drive Slot",
    "POST memory resize",
    "POST error",
    "Logging disabled",
    "Watchdog 1",
    "System event",
    "Critical Interrupt",
    "Button",
    "Module/board",
    "uController/coprocessor",
    "Add-in card",
    "Chassis",
    "Chipset",
    "Other (FRU)",
    "Cable/interconnect",
    "Terminator",
    "System boot",
    "Boot error",
    "OS boot",
    "OS critical stop",
    "Slot/connector",
    "ACPI power state",
    "Watchdog 2",
    "Platform alert",
    "Entity presence",
    "Monitor ASIC/IC",
    "LAN",
    "Management subsystem health",
    "Battery",
];

/// What generic events are called, by their type from 1 on and their offset.
const GENERIC: [&[&str]; 12] = [
    &["<LNC", ">LNC", "<LC", ">LC", "<LNR", ">LNR", ">UNC", "<UNC", ">UC", "<UC", ">UNR", "<UNR"],
    &["transition to idle", "transition to active", "transition to busy"],
    &["state deasserted", "state asserted"],
    &["predictive failure deasserted", "predictive failure asserted"],
    &["limit not exceeded", "limit exceeded"],
    &["performance met", "performance lags"],
    &["ok", "<warn", "<fail", "<dead", ">warn", ">fail", "dead", "monitor", "informational"],
    &["device removed/absent", "device inserted/present"],
    &["device disabled", "device enabled"],
    &[
        "transition to running",
        "transition to in test",
        "transition to power off",
        "transition to online",
        "transition to offline",
        "transition to off duty",
        "transition to degraded",
        "transition to power save",
        "install error",
    ],
    &[
        "fully redundant",
        "redundancy lost",
        "redundancy degraded",
        "<non-redundant/sufficient",
        ">non-redundant/sufficient",
        "non-redundant/insufficient",
        "<redundancy degraded",
        ">redundancy degraded",
    ],
    &["D0 power state", "D1 power state", "D2 power state", "D3 power state"],
];
