//! `firewall enable`, `disable` and `reset`.
//!
//! What is not configurable stays as it is, and so does Set Command Enables itself without `force`. What the BMC
//! did not tell is never written: the original writes zeros then, which disables.

use ipmi_wire::cmd::app::{
    CommandMask, CommandRange, SetCommandEnables, SetCommandSubFunctionEnables, SubFunctions,
};
use ipmi_wire::{Channel, Command};

use super::Meant;
use super::state::{Masks, at, gather, one, set};
use crate::ipmitool::tool::{Ended, Failed, Tool};

/// Network function of Set Command Enables.
const APP: u8 = 0x06;

pub(super) async fn run(tool: &Tool, enable: bool, meant: Meant) -> Ended {
    let state = gather(tool, meant).await;
    let (Some(lun), Some(netfn)) = (meant.lun, meant.netfn) else { return Ok(()) };
    let masks = state.of(lun, netfn).filter(|_| !state.incomplete).ok_or(Failed)?;
    let Some(command) = meant.command else {
        let all = if enable { CommandMask::ALL } else { CommandMask::NONE };
        return commands(tool, meant, (lun, netfn), &masks, [all; 2]).await;
    };
    let parts = state.parts;
    let wanted = match (meant.sub_function, enable) {
        (Some(number), enable) => parts.enabled.with(number, enable),
        (None, true) => SubFunctions(u64::from(u32::MAX)),
        (None, false) => SubFunctions::NONE,
    };
    let configurable = parts.configurable.0;
    let enabled = SubFunctions((configurable & wanted.0) | (!configurable & parts.enabled.0));
    let parts_set = if state.parts_incomplete {
        Err(Failed)
    } else {
        let request = SetCommandSubFunctionEnables { at: one(meant, lun, netfn, command), enabled };
        set(tool, &request, || {
            format!(
                "Set Command Sub-function Enables (LUN={lun}, NetFn={netfn}, command={command}) \
                 command failed"
            )
        })
        .await
        .map(drop)
    };
    if meant.sub_function.is_some() {
        return parts_set;
    }
    let [lower, upper] = masks.enabled;
    let wanted = match command {
        0..0x80 => [lower.with(command, enable), upper],
        _ => [lower, upper.with(command, enable)],
    };
    let ended = commands(tool, meant, (lun, netfn), &masks, wanted).await;
    parts_set.and(ended)
}

/// Sets what commands are enabled, as far as that can be configured.
async fn commands(
    tool: &Tool,
    meant: Meant,
    (lun, netfn): (u8, u8),
    masks: &Masks,
    wanted: [CommandMask; 2],
) -> Ended {
    let now = masks.enabled.into_iter().zip(masks.configurable).zip(wanted);
    for (nth, (range, ((enabled, configurable), wanted))) in
        CommandRange::ALL.into_iter().zip(now).enumerate()
    {
        let mut next = configurable.and(wanted).or(enabled.without(configurable));
        let own = SetCommandEnables::ID.cmd;
        if netfn & !1 == APP && !meant.force && range == CommandRange::of(own) {
            next = next.with(own, enabled.has(own) || configurable.has(own));
        }
        let request = SetCommandEnables { at: at(meant, lun, netfn, range), enabled: next };
        set(tool, &request, || {
            format!("Set Command Enables (LUN={lun}, NetFn={netfn}, op={nth}) command failed")
        })
        .await?;
    }
    Ok(())
}

/// Everything that can be configured is enabled: what is meant by the original, which writes zeros for each
/// sub-function of each command that can be.
pub(super) async fn reset(tool: &Tool, meant: Meant) -> Ended {
    let bmc = tool.bmc()?;
    let channel = Channel::new(meant.channel);
    let failed = |error: ipmi_client::Error| {
        tool.error(&error.to_string());
        Failed
    };
    let plan = bmc.plan_firewall_reset(channel).await.map_err(failed)?;
    bmc.apply_firewall(&plan).await.map_err(failed)?;
    Ok(())
}
