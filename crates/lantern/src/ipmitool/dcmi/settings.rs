//! `dcmi thermalpolicy`, and the parameters of how a controller makes itself known by DHCP.

use ipmi_wire::cmd::dcmi::{
    ConfigurationParameter, GetDcmiConfigurationParameters, GetThermalLimit,
    SetDcmiConfigurationParameters, SetThermalLimit, ThermalLimit, ThermalLimitSet,
};

use super::{lookup, told};
use crate::ipmitool::number::number;
use crate::ipmitool::tool::{Ended, Failed, Tool};

/// Words for what happens at the limit, in their places. To the original they are alike, and any other is "no".
type Flags = [(&'static str, bool); 3];
const PERSISTENCE: Flags = [("volatile", false), ("nonvolatile", true), ("disabled", false)];
const POWER_OFF: Flags = [("poweroff", true), ("nopoweroff", false), ("disabled", false)];
const LOG: Flags = [("sel", true), ("nosel", false), ("disabled", false)];

pub(super) async fn thermal(tool: &Tool, words: &[&str]) -> Ended {
    let is_set = match words.first().map(|word| word.to_ascii_lowercase()).as_deref() {
        None | Some("get") => false,
        Some("set") => true,
        Some(_) => {
            tool.error("dcmi thermalpolicy: get, set");
            return Err(Failed);
        }
    };
    let [_, entity, instance, rest @ ..] = words else {
        let what = if is_set { "Set" } else { "Get" };
        tool.notice(&format!("{what} <entityID> <instanceID>"));
        return Err(Failed);
    };
    let invalid = |what: &str, value: &str| {
        tool.error(&format!("Given {what} '{value}' is invalid."));
        Failed
    };
    let ids = || -> Result<(u8, u8), Failed> {
        let entity = number(entity).ok_or_else(|| invalid("Entity ID", entity))?;
        Ok((entity, number(instance).ok_or_else(|| invalid("Instance ID", instance))?))
    };
    if !is_set {
        let (entity, instance) = ids()?;
        let question = GetThermalLimit { entity, instance };
        let ThermalLimitSet(limit) = told(tool, tool.send(&question).await)?;
        show_thermal(tool, limit);
        return Ok(());
    }
    let [persistence, power_off, log, celsius, seconds, ..] = rest else {
        tool.error(
            "dcmi thermalpolicy set <entity> <instance> {volatile | nonvolatile} \
             {poweroff | nopoweroff} {sel | nosel} <degrees> <seconds>",
        );
        return Err(Failed);
    };
    let (entity, instance) = ids()?;
    let flag = |what: &str, word: &str, flags: &Flags| {
        lookup(word, flags).ok_or_else(|| invalid(what, word))
    };
    let limit = ThermalLimit {
        persistent: flag("Persistence", persistence, &PERSISTENCE)?,
        power_off: flag("Power Off", power_off, &POWER_OFF)?,
        log: flag("Log", log, &LOG)?,
        celsius: number(celsius).ok_or_else(|| invalid("Temp Limit", celsius))?,
        seconds: number(seconds).ok_or_else(|| invalid("Sampling Time", seconds))?,
    };
    told(tool, tool.send(&SetThermalLimit { entity, instance, limit }).await)?;
    tool.print(&format!(
        "\nThermal policy {instance} for {entity:X}h entity successfully set.\n\n"
    ));
    Ok(())
}

fn show_thermal(tool: &Tool, limit: ThermalLimit) {
    let active = |on: bool| if on { "active" } else { "inactive" };
    tool.print(&format!(
        "\n    Persistence flag is:                      {}\n    \
         Exception Actions, taken if the Temperature Limit exceeded:\n        \
         Hard Power Off system and log event:  {}\n        \
         Log event to SEL only:                {}\n    \
         Temperature Limit                         {} degrees\n    \
         Exception Time                            {} seconds\n\n\n",
        if limit.persistent { "set" } else { "notset" },
        active(limit.power_off),
        active(limit.log),
        limit.celsius,
        limit.seconds
    ));
}

pub(super) async fn get_parameters(tool: &Tool) -> Ended {
    for selector in 2..=5 {
        let question = GetDcmiConfigurationParameters { selector, set: 0 };
        let answer = told(tool, tool.send(&question).await)
            .inspect_err(|_| tool.error("Error Get DCMI Configuration Parameters!"))?;
        let able = |on: bool| if on { "enabled" } else { "disabled" };
        tool.print(&match answer.parameter {
            ConfigurationParameter::Discovery(told) => format!(
                "\n\tDHCP Discovery method\t: \n\t\tManagement Controller ID String is {}\n\t\t\
                 Vendor class identifier DCMI IANA and Vendor class-specific Informationa are {}",
                able(told.host_name),
                able(told.vendor_class)
            ),
            ConfigurationParameter::InitialTimeout(seconds) => {
                format!("\n\tInitial timeout interval\t: {seconds} seconds")
            }
            ConfigurationParameter::ContactTimeout(seconds) => {
                format!("\n\tServer contact timeout interval\t: {seconds} seconds")
            }
            ConfigurationParameter::ContactRetry(seconds) => {
                format!("\n\tServer contact retry interval\t: {seconds} seconds")
            }
            ConfigurationParameter::ActivateDhcp(_) | ConfigurationParameter::Other { .. } => {
                String::new()
            }
        });
    }
    Ok(())
}

/// Parameters that can be set, by their numbers.
const PARAMETERS: [(&str, u8); 5] =
    [("activate_dhcp", 1), ("dhcp_config", 2), ("init", 3), ("timeout", 4), ("retry", 5)];

pub(super) async fn set_parameter(tool: &Tool, words: &[&str]) -> Ended {
    let parameter = match *words {
        ["activate_dhcp"] | ["activate_dhcp", _] => ConfigurationParameter::ActivateDhcp(true),
        [name, value] if name != "help" => {
            let Some(selector) = lookup(name, &PARAMETERS) else {
                tool.error(&format!("Given parameter '{name}' is unknown."));
                return Err(Failed);
            };
            let most = if selector > 3 { u16::MAX } else { u8::MAX.into() };
            let Some(value) = number::<u16>(value).filter(|value| *value <= most) else {
                tool.error(&format!("Given {name} '{value}' is invalid."));
                return Err(Failed);
            };
            let [low, high] = value.to_le_bytes();
            let data = if selector > 3 { vec![low, high] } else { vec![low] };
            // What means nothing is for the BMC to refuse.
            ConfigurationParameter::Other { selector, data }
        }
        _ => {
            let names = PARAMETERS.map(|(name, _)| name);
            tool.error(&format!("dcmi set_conf_param: {}", names.join(", ")));
            return Err(Failed);
        }
    };
    let command = SetDcmiConfigurationParameters { set: 0, parameter };
    // In the original this succeeds even if it was refused.
    told(tool, tool.send(&command).await)
        .inspect_err(|_| tool.error("Error Set DCMI Configuration Parameters!"))
        .map(drop)
}
