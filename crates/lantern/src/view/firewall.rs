//! The firmware firewall: the commands of a BMC, and what was enabled or disabled of them.

use ipmi_client::Written;
use ipmi_client::firewall::{Applied, CommandState, Commands, PartState};
use ipmi_wire::cmd::app::{CommandSpace, LunSupport, sub_function_name};
use ipmi_wire::{Body, Channel, CommandId, registry};
use schemars::JsonSchema;
use serde::Serialize;

use super::setting::{because, reason};
use super::table::{Table, left, right};
use super::{Rows, View, yes_no};
use crate::error::Exit;

/// The commands that a BMC has on a channel.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Info {
    /// As it was asked for; 14 is the one of the session.
    channel: u8,
    luns: Vec<Lun>,
    commands: Vec<Row>,
    /// Those of the one command that was asked for; null for more than one, or if they are not told.
    sub_functions: Option<Vec<Part>>,
    /// Why something is not told.
    reasons: Vec<String>,
}

/// A logical unit.
#[derive(Debug, Serialize, JsonSchema)]
struct Lun {
    lun: u8,
    /// Whether it has commands as the specification has them, or some that may be kept back.
    #[schemars(extend("enum" = ["none", "base", "restricted", "reserved"]))]
    support: &'static str,
}

/// A command, and where it is.
#[derive(Debug, Serialize, JsonSchema)]
struct Place {
    lun: u8,
    netfn: u8,
    netfn_name: String,
    /// The group's code or the enterprise number that defines the command, if one does.
    body: Option<u32>,
    command: u8,
    /// The specification's; null for one that it does not know.
    name: Option<&'static str>,
}

impl Place {
    fn new(space: CommandSpace, cmd: u8) -> Self {
        let known = registry::find(space.command(cmd));
        Self {
            lun: space.lun,
            netfn: space.netfn.number(),
            netfn_name: space.netfn.to_string(),
            body: match space.body {
                Body::None => None,
                Body::Group(code) => Some(code.into()),
                Body::Oem(iana) => Some(iana),
            },
            command: cmd,
            name: known.map(|entry| entry.name),
        }
    }

    fn cells(&self) -> [String; 4] {
        let body = self.body.map(|body| format!(" {body:02X}h")).unwrap_or_default();
        [
            self.lun.to_string(),
            format!("{:02X}h {}{body}", self.netfn, self.netfn_name),
            format!("{:02X}h", self.command),
            self.name.unwrap_or("-").to_owned(),
        ]
    }
}

/// A command that the BMC has. What it does not tell is null.
#[derive(Debug, Serialize, JsonSchema)]
struct Row {
    #[serde(flatten)]
    place: Place,
    /// Whether it can be enabled and disabled.
    configurable: Option<bool>,
    /// Whether the BMC runs it on this channel.
    enabled: Option<bool>,
}

/// A part of a command.
#[derive(Debug, Serialize, JsonSchema)]
struct Part {
    number: u8,
    name: Option<&'static str>,
    configurable: bool,
    enabled: bool,
}

impl Info {
    pub(crate) fn new(found: &Commands) -> Self {
        let luns = (0..4).zip(found.luns).map(|(lun, support)| Lun {
            lun,
            support: match support {
                LunSupport::None => "none",
                LunSupport::Base => "base",
                LunSupport::Restricted => "restricted",
                LunSupport::Reserved => "reserved",
            },
        });
        let row = |command: &CommandState| Row {
            place: Place::new(command.space, command.cmd),
            configurable: command.configurable,
            enabled: command.enabled,
        };
        let id = found.commands.first().map(CommandState::id);
        let part = |part: &PartState| Part {
            number: part.number,
            name: id.and_then(|id| sub_function_name(id, part.number)),
            configurable: part.configurable,
            enabled: part.enabled,
        };
        let refused = found.refused.iter();
        Self {
            channel: found.channel.number(),
            luns: luns.collect(),
            commands: found.commands.iter().map(row).collect(),
            sub_functions: found.parts.as_ref().map(|parts| parts.iter().map(part).collect()),
            reasons: refused
                .map(|(space, error)| format!("{}: {}", space.netfn, because(error)))
                .collect(),
        }
    }
}

fn told(yes: Option<bool>) -> String {
    yes.map_or_else(|| "-".to_owned(), yes_no)
}

impl View for Info {
    const SCHEMA: &'static str = "lantern.firewall/1";
    const ROWS: Option<Rows> = Some(Rows { key: "commands", schema: "lantern.firewall_command/1" });

    fn text(&self, width: Option<u16>) -> String {
        let columns = [
            right("LUN"),
            left("NETFN"),
            right("CMD"),
            left("COMMAND").flexible(),
            left("CONFIGURABLE"),
            left("ENABLED"),
        ];
        let mut table = Table::new(&columns);
        for row in &self.commands {
            let [lun, netfn, cmd, name] = row.place.cells();
            table.row([lun, netfn, cmd, name, told(row.configurable), told(row.enabled)]);
        }
        let mut text = table.text(width);
        match self.sub_functions.as_deref() {
            None => {}
            Some([]) => text.push_str("It has no sub-functions.\n"),
            Some(parts) => {
                let columns = [
                    right("SUB-FUNCTION"),
                    left("WHAT").flexible(),
                    left("CONFIGURABLE"),
                    left("ENABLED"),
                ];
                let mut table = Table::new(&columns);
                for part in parts {
                    table.row([
                        part.number.to_string(),
                        part.name.unwrap_or("-").to_owned(),
                        yes_no(part.configurable),
                        yes_no(part.enabled),
                    ]);
                }
                text.push('\n');
                text.push_str(&table.text(width));
            }
        }
        for reason in &self.reasons {
            text.push_str(&format!("Not told: {reason}\n"));
        }
        text
    }
}

/// What was enabled or disabled.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Changed {
    /// As it was asked for; 14 is the one of the session.
    channel: u8,
    changes: Vec<Change>,
}

/// A command, or a part of one, that was enabled or disabled, or was so already.
#[derive(Debug, Serialize, JsonSchema)]
struct Change {
    #[serde(flatten)]
    place: Place,
    /// The part; null for the whole command.
    sub_function: Option<u8>,
    sub_function_name: Option<&'static str>,
    /// Whether it was enabled before.
    before: bool,
    /// Whether it was to be.
    asked: bool,
    /// Whether it is, read back; null if it cannot be read.
    now: Option<bool>,
    /// Whether the BMC kept it; null if it does not tell.
    kept: Option<bool>,
    /// Why there is nothing to tell.
    reason: Option<String>,
}

/// What is said of one bit of a mask.
struct Bit {
    before: bool,
    asked: bool,
    now: Option<bool>,
}

/// The bits that were to be different; if that is none, there was nothing to do.
fn bits<M: Copy>(
    written: &Written<M>,
    numbers: impl Iterator<Item = u8>,
    has: impl Fn(M, u8) -> bool,
) -> Vec<(u8, Bit)> {
    let bit = |number| {
        let asked = has(written.asked, number);
        Bit {
            before: written.before.map_or(asked, |mask| has(mask, number)),
            asked,
            now: written.now.as_ref().ok().map(|mask| has(*mask, number)),
        }
    };
    let is_changed =
        |bit: &Bit| bit.before != bit.asked || bit.now.is_some_and(|now| now != bit.asked);
    numbers.map(|number| (number, bit(number))).filter(|(_, bit)| is_changed(bit)).collect()
}

impl Changed {
    pub(crate) fn new(channel: Channel, applied: &[Applied]) -> Self {
        let mut changes = Vec::new();
        for step in applied {
            match step {
                Applied::Commands { at, written } => {
                    let numbers = ipmi_wire::cmd::app::CommandMask::ALL.numbers(at.range);
                    let bits = bits(written, numbers, |mask, number| mask.has(number));
                    changes.extend(bits.into_iter().map(|(cmd, bit)| {
                        change(Place::new(at.space, cmd), None, bit, reason(&written.now))
                    }));
                }
                Applied::Parts { at, written } => {
                    let bits = bits(written, 0..64, |mask, number| mask.has(number));
                    changes.extend(bits.into_iter().map(|(number, bit)| {
                        let part = Some((at.id(), number));
                        change(Place::new(at.space, at.cmd), part, bit, reason(&written.now))
                    }));
                }
            }
        }
        Self { channel: channel.number(), changes }
    }
}

fn change(place: Place, part: Option<(CommandId, u8)>, bit: Bit, reason: Option<String>) -> Change {
    Change {
        place,
        sub_function: part.map(|(_, number)| number),
        sub_function_name: part.and_then(|(id, number)| sub_function_name(id, number)),
        before: bit.before,
        asked: bit.asked,
        now: bit.now,
        kept: bit.now.map(|now| now == bit.asked),
        reason,
    }
}

fn state(enabled: bool) -> String {
    if enabled { "enabled" } else { "disabled" }.to_owned()
}

impl View for Changed {
    const SCHEMA: &'static str = "lantern.firewall_changed/1";
    const ROWS: Option<Rows> = Some(Rows { key: "changes", schema: "lantern.firewall_change/1" });

    fn text(&self, width: Option<u16>) -> String {
        if self.changes.is_empty() {
            return "Nothing to do: it is so already.\n".to_owned();
        }
        let columns = [
            right("LUN"),
            left("NETFN"),
            right("CMD"),
            left("COMMAND"),
            left("BEFORE"),
            left("NOW"),
            left("").flexible(),
        ];
        let mut table = Table::new(&columns);
        for change in &self.changes {
            let [lun, netfn, cmd, mut name] = change.place.cells();
            if let Some(number) = change.sub_function {
                let what = change.sub_function_name.map(|name| format!(" ({name})"));
                name.push_str(&format!(", sub-function {number}{}", what.unwrap_or_default()));
            }
            let asked = state(change.asked);
            let remark = match (change.kept, &change.reason) {
                (Some(true), _) => String::new(),
                (Some(false), _) => format!("the BMC took '{asked}' and did not keep it"),
                (None, Some(reason)) => format!("{asked}, not read back: {reason}"),
                (None, None) => format!("{asked}; it cannot be read back"),
            };
            let now = change.now.map_or_else(|| "-".to_owned(), state);
            table.row([lun, netfn, cmd, name, state(change.before), now, remark]);
        }
        table.text(width)
    }

    fn exit(&self) -> Option<Exit> {
        self.changes.iter().any(|change| change.kept == Some(false)).then_some(Exit::Failed)
    }
}
