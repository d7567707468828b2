//! `dcmi`.

use ipmi_client::Told;
use ipmi_client::dcmi::ENTITIES;
use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::dcmi::{
    ConfigurationParameter, DiscoveryConfiguration, GetDcmiCapabilitiesInfo, PowerLimit,
    ThermalLimit,
};

use super::{Context, Outcome};
use crate::cli::{Action, Dcmi, DcmiConfig, DcmiLimit, DcmiThermal};
use crate::error::{Error, Exit};
use crate::view::dcmi::{
    Averages, Capabilities, Changed, Configuration, Limit, Power, Sensors, Temperatures, Text,
    Thermal, changes_of,
};

/// DCMI's entity for the air at the inlet.
const INLET: u8 = 0x40;

pub(super) async fn run(command: &Dcmi, context: &Context<'_>) -> Outcome {
    match ask(command, context).await {
        Err(Trouble::Client(error))
            if error.is_without_dcmi()
                || error.completion() == Some(CompletionCode::INSUFFICIENT_PRIVILEGE) =>
        {
            // It may be but this one command that it does not know.
            let first = context.bmc.send(&GetDcmiCapabilitiesInfo { selector: 1 }).await;
            match first {
                Err(answer) if answer.is_without_dcmi() => {
                    Err(Error::told(Exit::Failed, "this BMC does not know DCMI")
                        .cause(format!("{}: {}", answer.doing, answer.kind))
                        .next("'lantern sensor list' may have a sensor of its power"))
                }
                _ => Err(error.into()),
            }
        }
        Err(Trouble::Client(error)) => Err(error.into()),
        Err(Trouble::Told(error)) => Err(error),
        Ok(view) => Ok(view),
    }
}

/// What went wrong, before it is put into words.
enum Trouble {
    Client(ipmi_client::Error),
    Told(Error),
}

impl From<ipmi_client::Error> for Trouble {
    fn from(error: ipmi_client::Error) -> Self {
        Self::Client(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Told(error)
    }
}

async fn ask(command: &Dcmi, context: &Context<'_>) -> Result<Box<dyn crate::view::Show>, Trouble> {
    let bmc = context.bmc;
    Ok(match command {
        Dcmi::Discover => Box::new(Capabilities::new(&bmc.dcmi().await?)),
        Dcmi::Power { enhanced: false } => Box::new(Power::new(&bmc.power_reading().await?)),
        Dcmi::Power { enhanced: true } => Box::new(Averages::new(&bmc.power_averages().await?)),
        Dcmi::Limit(command) => limit(command, context).await?,
        Dcmi::AssetTag { set: None } => Box::new(Text::new("asset_tag", &bmc.asset_tag().await?)),
        Dcmi::AssetTag { set: Some(text) } => {
            let written = bmc.set_asset_tag(text.as_bytes()).await?;
            Box::new(Changed::text("asset_tag", &written))
        }
        Dcmi::McId { set: None } => {
            Box::new(Text::new("controller_identifier", &bmc.controller_identifier().await?))
        }
        Dcmi::McId { set: Some(text) } => {
            let written = bmc.set_controller_identifier(text.as_bytes()).await?;
            Box::new(Changed::text("controller_identifier", &written))
        }
        Dcmi::Sensors => {
            let mut found = Vec::new();
            for entity in ENTITIES {
                found.push((entity, answered(bmc.dcmi_sensors(entity).await)?));
            }
            let records = context.sdrs().await?;
            Box::new(Sensors::new(&found, records.records()))
        }
        Dcmi::Temperature => {
            let mut found = Vec::new();
            for entity in ENTITIES {
                found.push((entity, answered(bmc.temperatures(entity).await)?));
            }
            Box::new(Temperatures::new(&found))
        }
        Dcmi::Thermal(DcmiThermal::Show { at }) => {
            let limit = bmc.thermal_limit(INLET, at.instance).await?;
            Box::new(Thermal::new(at.instance, &limit))
        }
        Dcmi::Thermal(DcmiThermal::Set { at, celsius, seconds, action, volatile }) => {
            let limit = ThermalLimit {
                persistent: !volatile,
                power_off: *action == Action::PowerOff,
                log: *action == Action::Log,
                celsius: *celsius,
                seconds: *seconds,
            };
            let written = bmc.set_thermal_limit(INLET, at.instance, limit).await?;
            Box::new(Changed::thermal(&written))
        }
        Dcmi::Config(command) => config(command, context).await?,
    })
}

/// What one entity comes to; a BMC that does not know DCMI at all is no matter of one.
fn answered<T>(outcome: Result<T, ipmi_client::Error>) -> Result<Told<T>, ipmi_client::Error> {
    match outcome {
        // Nor is one that may not be asked.
        Err(error)
            if !error.is_answer()
                || error.is_without_dcmi()
                || error.completion() == Some(CompletionCode::INSUFFICIENT_PRIVILEGE) =>
        {
            Err(error)
        }
        outcome => Ok(outcome),
    }
}

async fn limit(
    command: &DcmiLimit,
    context: &Context<'_>,
) -> Result<Box<dyn crate::view::Show>, Trouble> {
    let bmc = context.bmc;
    Ok(match command {
        DcmiLimit::Show => Box::new(Limit::new(&bmc.power_limit().await?)),
        DcmiLimit::On | DcmiLimit::Off => {
            let on = matches!(command, DcmiLimit::On);
            Box::new(Changed::active(&bmc.activate_power_limit(on).await?))
        }
        DcmiLimit::Set { watts, action, correction, sampling } => {
            let before = bmc.power_limit().await?;
            // A BMC that does not tell what is set cannot be told to keep it.
            let all = (*watts).zip(*action).zip((*correction).zip(*sampling));
            let old = match (before.limit, all) {
                (Some(limit), _) => limit,
                (None, Some(_)) => PowerLimit::default(),
                (None, None) => {
                    let what = "this BMC does not tell its limit, so all of it has to be said";
                    return Err(Error::usage(what)
                        .next("add --watts, --action, --correction and --sampling")
                        .into());
                }
            };
            let limit = PowerLimit {
                action: action.map_or(old.action, Into::into),
                watts: watts.unwrap_or(old.watts),
                correction_ms: correction.unwrap_or(old.correction_ms),
                sampling_seconds: sampling.unwrap_or(old.sampling_seconds),
            };
            let written = bmc.set_power_limit(before, limit).await?;
            if !before.active {
                context.voice.note("it is not in force: 'lantern dcmi limit on' puts it there");
            }
            Box::new(Changed::limit(&written))
        }
    })
}

async fn config(
    command: &DcmiConfig,
    context: &Context<'_>,
) -> Result<Box<dyn crate::view::Show>, Trouble> {
    let bmc = context.bmc;
    let DcmiConfig::Set {
        host_name,
        vendor_class,
        random_back_off,
        initial_timeout,
        contact_timeout,
        contact_retry,
    } = command
    else {
        return Ok(Box::new(Configuration::new(&bmc.dcmi_configuration().await?)));
    };
    let mut parameters = Vec::new();
    if host_name.or(*vendor_class).or(*random_back_off).is_some() {
        let ConfigurationParameter::Discovery(old) = bmc.dcmi_parameter(2).await? else {
            return Err(Error::told(Exit::Failed, "no discovery configuration was told").into());
        };
        parameters.push(ConfigurationParameter::Discovery(DiscoveryConfiguration {
            host_name: host_name.unwrap_or(old.host_name),
            vendor_class: vendor_class.unwrap_or(old.vendor_class),
            random_back_off: random_back_off.unwrap_or(old.random_back_off),
        }));
    }
    parameters.extend(initial_timeout.map(ConfigurationParameter::InitialTimeout));
    parameters.extend(contact_timeout.map(ConfigurationParameter::ContactTimeout));
    parameters.extend(contact_retry.map(ConfigurationParameter::ContactRetry));
    let mut changes = Vec::new();
    let mut done = 0usize;
    for parameter in parameters {
        let written = bmc.set_dcmi_parameter(parameter).await.map_err(|error| match done {
            0 => Error::from(error),
            done => Error::from(error).next(format!(
                "{done} parameter(s) before it stay set; 'lantern dcmi config show' shows all"
            )),
        })?;
        changes.extend(changes_of(&written));
        done = done.saturating_add(1);
    }
    Ok(Box::new(Changed::new(changes)))
}
