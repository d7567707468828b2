//! Parameters of a LAN channel: read, written the way that the original writes them, and read back.

use std::time::Duration;

use ipmi_wire::cmd::chassis::SetInProgress;
use ipmi_wire::cmd::transport::{
    GetLanConfigurationParameters, LanParameter, SetLanConfigurationParameters,
};
use ipmi_wire::{Channel, CompletionCode};

use crate::ipmitool::access;
use crate::ipmitool::text;
use crate::ipmitool::tool::{Ended, Failed, Refusal, Tool};

/// A parameter, by number and by what the original calls it.
#[derive(Clone, Copy)]
pub(super) struct Parameter {
    pub(super) selector: u8,
    pub(super) name: &'static str,
}

macro_rules! parameters {
    ($($constant:ident = $selector:literal, $name:literal;)*) => {
        $(pub(super) const $constant: Parameter = Parameter { selector: $selector, name: $name };)*
    };
}

parameters! {
    SET_IN_PROGRESS = 0, "Set in Progress";
    AUTH_TYPES = 1, "Auth Type Support";
    AUTH_ENABLES = 2, "Auth Type Enable";
    ADDRESS = 3, "IP Address";
    SOURCE = 4, "IP Address Source";
    MAC = 5, "MAC Address";
    NETMASK = 6, "Subnet Mask";
    HEADER = 7, "IP Header";
    ARP = 10, "BMC ARP Control";
    ARP_INTERVAL = 11, "Gratituous ARP Intrvl";
    GATEWAY = 12, "Default Gateway IP";
    GATEWAY_MAC = 13, "Default Gateway MAC";
    BACKUP = 14, "Backup Gateway IP";
    BACKUP_MAC = 15, "Backup Gateway MAC";
    COMMUNITY = 16, "SNMP Community String";
    DESTINATIONS = 17, "Number of Destinations";
    DESTINATION_TYPE = 18, "Destination Type";
    DESTINATION_ADDRESS = 19, "Destination Addresses";
    VLAN = 20, "802.1q VLAN ID";
    VLAN_PRIORITY = 21, "802.1q VLAN Priority";
    SUITE_COUNT = 22, "RMCP+ Cipher Suite Count";
    SUITES = 23, "RMCP+ Cipher Suites";
    SUITE_LIMITS = 24, "Cipher Suite Priv Max";
    BAD_PASSWORDS = 26, "Bad Password Threshold";
}

/// Reads a parameter. `None` is one that the BMC does not have, by any of the codes that say so.
pub(super) async fn get(
    tool: &Tool,
    channel: Channel,
    parameter: Parameter,
) -> Result<Option<Vec<u8>>, Failed> {
    get_of(tool, channel, parameter, 0).await
}

/// The same of one that there is a set of.
pub(super) async fn get_of(
    tool: &Tool,
    channel: Channel,
    parameter: Parameter,
    set: u8,
) -> Result<Option<Vec<u8>>, Failed> {
    let Parameter { selector, name } = parameter;
    let command = GetLanConfigurationParameters {
        set,
        ..GetLanConfigurationParameters::of(channel, selector)
    };
    let refusal = match access::bytes(tool, &command).await {
        Ok(answer) => return Ok(Some(answer.get(1..).unwrap_or_default().to_vec())),
        Err(refusal) => refusal,
    };
    match refusal {
        Refusal::Code(code) => {
            tool.info(&format!("Get LAN Parameter '{name}' command failed: {}", why(code)));
            if matches!(code.0, 0x80 | 0xc9 | 0xcc) { Ok(None) } else { Err(Failed) }
        }
        _ => {
            tool.info(&format!("Get LAN Parameter '{name}' command failed"));
            Err(Failed)
        }
    }
}

pub(super) fn why(code: CompletionCode) -> String {
    match code.0 {
        0x80 => "Unsupported parameter".to_owned(),
        _ => text::completion(code),
    }
}

/// A parameter that there must be.
pub(super) async fn must(
    tool: &Tool,
    channel: Channel,
    parameter: Parameter,
) -> Result<Vec<u8>, Failed> {
    get(tool, channel, parameter).await?.ok_or(Failed)
}

async fn put(tool: &Tool, channel: Channel, selector: u8, data: &[u8]) -> Result<(), Refusal> {
    // The bytes are to arrive as they are, reserved bits too.
    let parameter = LanParameter::Other { selector, data: data.to_vec() };
    tool.send(&SetLanConfigurationParameters { channel, parameter }).await
}

async fn progress(tool: &Tool, channel: Channel, state: SetInProgress) {
    let parameter = LanParameter::SetInProgress(state);
    // Many BMCs do without.
    let _ = tool.send(&SetLanConfigurationParameters { channel, parameter }).await;
}

/// Tells others that parameters are being changed, where a BMC has that.
async fn lock(tool: &Tool, channel: Channel) {
    for _ in 0..3 {
        match get(tool, channel, SET_IN_PROGRESS).await {
            Ok(Some(state)) if access::at(&state, 0) & 3 != 1 => {
                progress(tool, channel, SetInProgress::InProgress).await;
            }
            _ => return,
        }
    }
}

async fn unlock(tool: &Tool, channel: Channel) {
    progress(tool, channel, SetInProgress::CommitWrite).await;
    progress(tool, channel, SetInProgress::Complete).await;
}

/// How long a BMC is given to make up its mind, and how often.
const PAUSE: Duration = Duration::from_secs(3);
const TIMES: usize = 10;

/// Writes a parameter and reads it back, with the lock around.
pub(super) async fn set(tool: &Tool, channel: Channel, parameter: Parameter, data: &[u8]) -> Ended {
    lock(tool, channel).await;
    let ended = set_locked(tool, channel, parameter, data).await;
    unlock(tool, channel).await;
    ended
}

/// The same for those that are not read back.
pub(super) async fn set_unseen(
    tool: &Tool,
    channel: Channel,
    parameter: Parameter,
    data: &[u8],
) -> Ended {
    lock(tool, channel).await;
    let written = put(tool, channel, parameter.selector, data).await;
    unlock(tool, channel).await;
    match written {
        Ok(()) | Err(Refusal::Malformed) => Ok(()),
        // Whoever does not look does not see a refusal either; the original does not.
        Err(Refusal::Code(code)) => {
            tool.error(&format!("Set LAN Parameter failed: {}", why(code)));
            Err(Failed)
        }
        Err(Refusal::Silent) => {
            tool.error("Set LAN Parameter failed");
            Err(Failed)
        }
    }
}

async fn set_locked(tool: &Tool, channel: Channel, parameter: Parameter, data: &[u8]) -> Ended {
    let mut written = put(tool, channel, parameter.selector, data).await;
    if written == Err(Refusal::Code(CompletionCode(0xcc))) {
        // Some BMCs say so while they are busy with what came before.
        for _ in 0..TIMES {
            tool.debug("Retrying...");
            tokio::time::sleep(PAUSE).await;
            written = put(tool, channel, parameter.selector, data).await;
            if written.is_ok() {
                break;
            }
        }
    }
    match written {
        // And some say FFh and do it.
        Ok(()) | Err(Refusal::Malformed | Refusal::Code(CompletionCode(0xcc | 0xff))) => {}
        Err(Refusal::Code(code)) => {
            tool.debug(&format!("Warning: Set LAN Parameter failed: {}", why(code)));
            return Err(Failed);
        }
        Err(Refusal::Silent) => {
            tool.error("Set LAN Parameter failed");
            return Err(Failed);
        }
    }
    // What was refused all the time is looked at once; else it may take a while to show.
    let times = if written.is_ok() { TIMES } else { 0 };
    for left in (0..=times).rev() {
        match get(tool, channel, parameter).await {
            Ok(Some(now)) if now == data => return Ok(()),
            Ok(now) if left == 0 => {
                let length = now.unwrap_or_default().len();
                tool.error(&match length == data.len() {
                    true => "LAN Parameter Data does not match!  Write may have failed.".to_owned(),
                    false => format!("Mismatched data lengths: {length} != {}", data.len()),
                });
            }
            _ if left > 0 => tokio::time::sleep(PAUSE).await,
            _ => {}
        }
    }
    Err(Failed)
}
