//! What a BMC says of its commands.

use ipmi_wire::cmd::app::{
    CommandAt, CommandMask, CommandRange, CommandSpace, CommandsAt, GetCommandEnables,
    GetCommandSubFunctionEnables, GetCommandSubFunctionSupport, GetCommandSupport,
    GetConfigurableCommandSubFunctions, GetConfigurableCommands, GetNetFnSupport, LunSupport,
    NetFnSupport, SubFunctions,
};
use ipmi_wire::{Body, Channel, Command, NetFn};

use super::Meant;
use crate::ipmitool::text;
use crate::ipmitool::tool::{Failed, Refusal, Tool};

/// The commands of a network function at a logical unit, in halves. What is not told is zero on the wire, and that
/// says of support that all is there.
#[derive(Clone, Copy)]
pub(super) struct Masks {
    pub(super) supported: [CommandMask; 2],
    pub(super) configurable: [CommandMask; 2],
    pub(super) enabled: [CommandMask; 2],
    /// Of the commands that are supported, those that were told to be.
    pub(super) available: [CommandMask; 2],
}

/// The sub-functions of a command.
#[derive(Clone, Copy, Default)]
pub(super) struct Parts {
    /// Bits of what the original takes for the mask: it looks for it three bytes too early, at the specification's
    /// version.
    pub(super) missing: u32,
    pub(super) configurable: SubFunctions,
    pub(super) enabled: SubFunctions,
}

/// What was asked for; `None` if it is not supported.
pub(super) struct State {
    pub(super) masks: Vec<(u8, u8, Masks)>,
    pub(super) parts: Parts,
    /// Something of it was not told.
    pub(super) incomplete: bool,
    /// The same of the sub-functions.
    pub(super) parts_incomplete: bool,
}

impl State {
    /// Of a network function that was asked for.
    pub(super) fn of(&self, lun: u8, netfn: u8) -> Option<Masks> {
        let found = self.masks.iter().find(|(at, of, _)| (*at, of >> 1) == (lun, netfn >> 1));
        found.map(|(_, _, masks)| *masks)
    }
}

pub(super) fn at(meant: Meant, lun: u8, netfn: u8, range: CommandRange) -> CommandsAt {
    CommandsAt { channel: Channel::new(meant.channel), space: space(lun, netfn), range }
}

fn space(lun: u8, netfn: u8) -> CommandSpace {
    CommandSpace { netfn: NetFn::from_number(netfn), body: Body::None, lun }
}

/// One command.
pub(super) fn one(meant: Meant, lun: u8, netfn: u8, cmd: u8) -> CommandAt {
    CommandAt { channel: Channel::new(meant.channel), space: space(lun, netfn), cmd }
}

/// Gathers what the BMC says. What it does not say is told, and missing from the rest.
pub(super) async fn gather(tool: &Tool, meant: Meant) -> State {
    let mut state = State {
        masks: Vec::new(),
        parts: Parts::default(),
        incomplete: false,
        parts_incomplete: false,
    };
    let channel = Channel::new(meant.channel);
    let support = match tool.send(&GetNetFnSupport { channel }).await {
        Ok(support) => support,
        Err(refusal) => {
            complain(tool, "Get NetFn Support command failed", refusal);
            NetFnSupport::default()
        }
    };
    let has = |lun: u8, pair: u8| {
        let lun = usize::from(lun);
        support.luns.get(lun).is_some_and(|has| *has != LunSupport::None)
            && support.pairs.get(lun).is_some_and(|pairs| pairs >> pair & 1 == 1)
    };
    if let (Some(lun), Some(netfn)) = (meant.lun, meant.netfn) {
        if !has(lun, netfn >> 1) {
            tool.error(&format!("LUN or LUN/NetFn pair {lun},{netfn} not supported"));
            return state;
        }
        let (masks, complete) = masks(tool, meant, lun, netfn).await;
        state.masks.push((lun, netfn, masks));
        state.incomplete = !complete;
        if let (true, Some(command)) = (complete, meant.command) {
            let (parts, complete) = parts(tool, meant, lun, netfn, command).await;
            (state.parts, state.parts_incomplete) = (parts, !complete);
        }
        return state;
    }
    let luns = meant.lun.map_or(0..4, |lun| lun..lun.saturating_add(1));
    for lun in luns {
        for pair in (0..32_u8).filter(|pair| has(lun, *pair)) {
            let netfn = pair.saturating_mul(2);
            // One that does not tell all is not shown.
            if let (masks, true) = masks(tool, meant, lun, netfn).await {
                state.masks.push((lun, netfn, masks));
            }
        }
    }
    state
}

/// The masks of a network function, and whether they are complete.
async fn masks(tool: &Tool, meant: Meant, lun: u8, netfn: u8) -> (Masks, bool) {
    let mut masks = Masks {
        supported: [CommandMask::ALL; 2],
        configurable: [CommandMask::NONE; 2],
        enabled: [CommandMask::NONE; 2],
        available: [CommandMask::NONE; 2],
    };
    let name = |what: &str, nth: usize| {
        format!("{what} (LUN={lun}, NetFn={netfn}, op={nth}) command failed")
    };
    let at = |nth: usize| {
        let range = if nth == 0 { CommandRange::Lower } else { CommandRange::Upper };
        at(meant, lun, netfn, range)
    };
    let mut complete = true;
    for nth in 0..2 {
        let answer = tool.send(&GetCommandSupport(at(nth))).await;
        let Ok(told) = or_complain(tool, answer, || name("Get Command Support", nth)) else {
            complete = false;
            break;
        };
        put(&mut masks.supported, nth, told.0);
        put(&mut masks.available, nth, told.0);
    }
    for nth in 0..2 {
        let answer = tool.send(&GetConfigurableCommands(at(nth))).await;
        let Ok(told) = or_complain(tool, answer, || name("Get Configurable Command", nth)) else {
            complete = false;
            break;
        };
        put(&mut masks.configurable, nth, told);
    }
    for nth in 0..2 {
        let answer = tool.send(&GetCommandEnables(at(nth))).await;
        let Ok(told) = or_complain(tool, answer, || name("Get Command Enables", nth)) else {
            complete = false;
            break;
        };
        put(&mut masks.enabled, nth, told);
    }
    (masks, complete)
}

fn put(masks: &mut [CommandMask; 2], nth: usize, mask: CommandMask) {
    if let Some(place) = masks.get_mut(nth) {
        *place = mask;
    }
}

/// The sub-functions of a command, and whether all is told of them.
async fn parts(tool: &Tool, meant: Meant, lun: u8, netfn: u8, command: u8) -> (Parts, bool) {
    let at = one(meant, lun, netfn, command);
    let name =
        |what: &str| format!("{what} (LUN={lun}, NetFn={netfn}, command={command}) command failed");
    let mut parts = Parts::default();
    let support = tool.send(&GetCommandSubFunctionSupport(at)).await;
    let support = or_complain(tool, support, || name("Get Command Sub-function Support"));
    if let Ok(told) = &support {
        let [first, ..] = told.supported.0.to_le_bytes();
        parts.missing = u32::from_le_bytes([told.edition, told.version, told.revision, !first]);
    }
    let configurable = tool.send(&GetConfigurableCommandSubFunctions(at)).await;
    let configurable =
        or_complain(tool, configurable, || name("Get Configurable Command Sub-function"));
    let enabled = tool.send(&GetCommandSubFunctionEnables(at)).await;
    let enabled = or_complain(tool, enabled, || name("Get Command Sub-function Enables"));
    let complete = support.is_ok() && configurable.is_ok() && enabled.is_ok();
    parts.configurable = configurable.unwrap_or_default();
    parts.enabled = enabled.unwrap_or_default();
    (parts, complete)
}

pub(super) fn or_complain<T>(
    tool: &Tool,
    answer: Result<T, Refusal>,
    what: impl Fn() -> String,
) -> Result<T, Failed> {
    answer.map_err(|refusal| {
        complain(tool, &what(), refusal);
        Failed
    })
}

fn complain(tool: &Tool, what: &str, refusal: Refusal) {
    tool.error(&match refusal {
        Refusal::Code(code) => format!("{what}: {}", text::completion(code)),
        _ => what.to_owned(),
    });
}

/// Sends a command that changes something.
pub(super) async fn set<C: Command>(
    tool: &Tool,
    command: &C,
    what: impl Fn() -> String,
) -> Result<C::Response, Failed> {
    or_complain(tool, tool.send(command).await, what)
}
