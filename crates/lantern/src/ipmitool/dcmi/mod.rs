//! `dcmi`: what the Data Center Manageability Interface tells and sets.

mod power;
mod sensors;
mod settings;
mod texts;

use ipmi_client::Error;
use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::dcmi::{Capabilities, GetDcmiCapabilitiesInfo};

use super::text;
use super::tool::{Ended, Failed, Refusal, Tool};

const COMMANDS: &str = "discover, power, sensors, asset_tag, set_asset_tag, get_mc_id_string, \
                        set_mc_id_string, thermalpolicy, get_temp_reading, get_conf_param, \
                        set_conf_param, oob_discover";

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let command = words.first().map(|word| word.to_ascii_lowercase());
    let rest = words.get(1..).unwrap_or_default();
    let ended = match command.as_deref() {
        Some("discover") => discover(tool).await,
        Some("power") => match rest {
            [] => {
                power::help(tool);
                return Err(Failed);
            }
            rest => power::run(tool, rest).await,
        },
        Some("sensors") => sensors::list(tool).await,
        Some("asset_tag") => texts::asset_tag(tool).await,
        Some("set_asset_tag") if !rest.is_empty() => texts::set_asset_tag(tool, rest).await,
        Some("get_mc_id_string") => texts::identifier(tool).await,
        Some("set_mc_id_string") if !rest.is_empty() => texts::set_identifier(tool, rest).await,
        Some("thermalpolicy") => settings::thermal(tool, rest).await,
        Some("get_temp_reading") => sensors::temperatures(tool).await,
        Some("get_conf_param") => settings::get_parameters(tool).await,
        Some("set_conf_param") => settings::set_parameter(tool, rest).await,
        // The session is what the original asks over; that it stands says all that this tells.
        Some("oob_discover") => Ok(()),
        _ => {
            tool.error(&format!("DCMI commands: {COMMANDS}"));
            return Err(Failed);
        }
    };
    match ended {
        // These end their output whatever came of it.
        Err(failed)
            if !matches!(command.as_deref(), Some("sensors" | "power" | "thermalpolicy")) =>
        {
            Err(failed)
        }
        ended => {
            tool.print("\n");
            ended
        }
    }
}

/// What a word stands for, in capitals or not.
fn lookup<T: Copy>(word: &str, table: &[(&str, T)]) -> Option<T> {
    table.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, value)| *value)
}

/// What was answered; if it was refused, that has been told.
fn told<T>(tool: &Tool, answer: Result<T, Refusal>) -> Result<T, Failed> {
    answer.map_err(|refusal| {
        tool.error(&match refusal {
            Refusal::Silent => "\n    Unable to get DCMI information".to_owned(),
            Refusal::Code(code) => {
                format!("\n    DCMI request failed because: {} ({:x})", why(code), code.0)
            }
            Refusal::Malformed => "\n    A valid DCMI command was not returned!".to_owned(),
        });
        Failed
    })
}

/// The same of what the client does in several steps.
fn told_by_client<T>(tool: &Tool, answer: Result<T, Error>) -> Result<T, Failed> {
    told(tool, answer.map_err(|error| Refusal::from(&error)))
}

/// What a code means here: DCMI has some of its own.
fn why(code: CompletionCode) -> String {
    let text = match code.0 {
        0x80 => "Parameter not supported",
        0x81 => "Something else has already claimed these parameters",
        0x82 => "Not supported or failed to write a read-only parameter",
        0x83 => "Access mode is not supported",
        0x84 => "Power/Thermal limit out of range",
        0x85 => "Correction/Exception time out of range",
        0x89 => "Sample/Statistics Reporting period out of range",
        0x8a => "Power limit already active",
        _ => return text::completion(code),
    };
    text.to_owned()
}

/// The four parameters that are told, as the original's errors call them.
const DISCOVERED: [&str; 4] =
    ["platform", "mandatory_attributes", "optional_attributes", "managebility access"];

async fn discover(tool: &Tool) -> Ended {
    for (selector, name) in (1_u8..).zip(DISCOVERED) {
        capabilities(tool, selector).await.inspect_err(|_| {
            tool.error(&format!("Error discovering {name} capabilities!\n"));
        })?;
    }
    Ok(())
}

async fn capabilities(tool: &Tool, selector: u8) -> Ended {
    let info = told(tool, tool.send(&GetDcmiCapabilitiesInfo { selector }).await)?;
    if !matches!((info.conformance.major, info.conformance.minor), (1, 0 | 1 | 5)) {
        tool.error("ERROR!  This command is not available on this platform");
        return Err(Failed);
    }
    if !matches!(info.conformance.revision, 1 | 2) {
        tool.error("ERROR!  This command is not compatible with this version");
        return Err(Failed);
    }
    let listed = |marks: &[(bool, &str)]| -> String {
        marks.iter().filter(|mark| mark.0).map(|mark| format!("        {}\n", mark.1)).collect()
    };
    let text = match info.capabilities {
        Capabilities::Supported(has) => {
            let mandatory = listed(&[
                (has.identification, "Identification support available"),
                (has.sel, "SEL logging available"),
                (has.chassis_power, "Chassis power available"),
                (has.temperature, "Temperature monitor available"),
            ]);
            let optional = listed(&[(has.power_management, "Power management available")]);
            let access = listed(&[
                (has.system_interface, "In-band KCS channel available"),
                (has.serial, "Out-of-band serial TMODE available"),
                (has.secondary_lan, "Out-of-band secondary LAN channel available"),
                (has.primary_lan, "Out-of-band primary LAN channel available"),
                (has.sol, "SOL enabled"),
                (has.vlan, "VLAN capable"),
            ]);
            format!(
                "    Supported DCMI capabilities:\n\
                 \n         Mandatory platform capabilities\n{mandatory}\
                 \n         Optional platform capabilities\n{optional}\
                 \n         Managebility access capabilities\n{access}"
            )
        }
        Capabilities::Mandatory(has) => {
            let rollover = if has.sel_rollover { "enabled" } else { "not present" };
            let identification = listed(&[
                (has.guid, "GUID"),
                (has.dhcp_host_name, "DHCP hostname"),
                (has.asset_tag, "Asset tag"),
            ]);
            let temperatures = listed(&[
                (has.inlet, "inlet"),
                (has.processors, "cpu"),
                (has.baseboard, "baseboard"),
            ]);
            format!(
                "\n    Mandatory platform attributes:\n\
                 \n         SEL Attributes: \
                 \n               SEL automatic rollover is {rollover}\
                 \n               {} SEL entries\n\
                 \n         Identification Attributes: \n{identification}\
                 \n         Temperature Monitoring Attributes: \n{temperatures}",
                has.sel_entries
            )
        }
        Capabilities::Optional(manager) => {
            let address = match manager.address {
                0x20 => "20h (BMC)".to_owned(),
                other => {
                    format!("{:x}h (8bits)(Satellite/External controller)", u16::from(other) << 1)
                }
            };
            let channel = match manager.channel {
                0 => "0h (Primary BMC)".to_owned(),
                other => format!("{other:x}h "),
            };
            format!(
                "\n    Optional Platform Attributes: \n\
                 \n         Power Management:\n                Slave address of device: {address}\n                \
                 Channel number is {channel}\n                    Device revision is {} \n",
                manager.revision
            )
        }
        Capabilities::Access(access) => {
            let lan = |which: &str, channel: Option<u8>| match channel {
                Some(channel) => {
                    format!("         {which} LAN channel number: {channel} is available\n")
                }
                None => format!("         {which} LAN channel is not available for OOB\n"),
            };
            let serial = match access.serial {
                Some(channel) => {
                    format!("         Serial channel number: {channel} is available\n")
                }
                None => "         No serial channel is available\n".to_owned(),
            };
            format!(
                "\n    Manageability Access Attributes: \n{}{}{serial}",
                lan("Primary", access.primary_lan),
                lan("Secondary", access.secondary_lan)
            )
        }
        Capabilities::Enhanced(_) | Capabilities::Other { .. } => String::new(),
    };
    tool.print(&text);
    Ok(())
}
