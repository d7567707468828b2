//! The Data Center Manageability Interface. DCMI v1.5 §6.

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::dcmi::{
    AccessAttributes, Acknowledged, ActivatePowerLimit, Capabilities, Conformance,
    DcmiCapabilitiesInfo, DcmiConfiguration, DcmiSensorInfo, GetAssetTag, GetDcmiCapabilitiesInfo,
    GetDcmiConfigurationParameters, GetDcmiSensorInfo, GetManagementControllerIdentifierString,
    GetPowerLimit, GetPowerReading, GetTemperatureReadings, GetThermalLimit, Instances,
    MandatoryAttributes, OptionalAttributes, PowerLimitSet, PowerReading, SetAssetTag,
    SetDcmiConfigurationParameters, SetManagementControllerIdentifierString, SetPowerLimit,
    SetThermalLimit, SupportedCapabilities, TEMPERATURE, TemperatureReading, TemperatureReadings,
    TextLength, TextPiece, ThermalLimitSet,
};

use crate::bmc::Bmc;
use crate::context::Context;
use crate::dcmi::PERIODS;
use crate::dispatch::{Outcome, Table};
use crate::machine::Temperature;
use crate::sel::WhenFull;

pub(super) fn register(table: &mut Table) {
    table
        .on(get_capabilities)
        .on(get_power_reading)
        .on_coded(get_power_limit)
        .on(set_power_limit)
        .on(activate_power_limit)
        .on(get_asset_tag)
        .on(set_asset_tag)
        .on(get_identifier)
        .on(set_identifier)
        .on(get_sensor_info)
        .on(get_temperature_readings)
        .on(get_thermal_limit)
        .on(set_thermal_limit)
        .on(get_configuration)
        .on(set_configuration);
}

/// Seconds between two looks at a temperature.
const SAMPLING_PERIOD: u8 = 1;
/// The 7-bit address that stands for the BMC itself, as ipmitool has it.
const OURSELVES: u8 = 0x20;
/// The revision of the configuration parameters.
const CONFIGURATION_REVISION: u8 = 1;

fn get_capabilities(
    bmc: &mut Bmc,
    _: &Context,
    request: GetDcmiCapabilitiesInfo,
) -> Outcome<DcmiCapabilitiesInfo> {
    // What DCMI v1.5 makes mandatory goes without saying, and its bits are reserved.
    let capabilities = match request.selector {
        1 => Capabilities::Supported(SupportedCapabilities {
            power_management: bmc.dcmi.measures_power(),
            system_interface: true,
            ..SupportedCapabilities::default()
        }),
        2 => {
            let policy = bmc.sel.policy();
            let wraps = policy.when_full == WhenFull::Wrap;
            Capabilities::Mandatory(MandatoryAttributes {
                sel_entries: policy.capacity.min(0x0fff),
                sel_rollover: wraps,
                flush_records: wraps,
                asset_tag: true,
                sampling_period: Some(SAMPLING_PERIOD),
                ..MandatoryAttributes::default()
            })
        }
        3 => Capabilities::Optional(OptionalAttributes {
            address: OURSELVES,
            channel: 0,
            revision: bmc.device_id.device_revision,
        }),
        4 => Capabilities::Access(AccessAttributes {
            primary_lan: Some(Bmc::LAN_CHANNEL.number()),
            secondary_lan: None,
            serial: None,
        }),
        5 => Capabilities::Enhanced(PERIODS.to_vec()),
        _ => return Err(CompletionCode::INVALID_DATA_FIELD),
    };
    Ok(DcmiCapabilitiesInfo { conformance: Conformance::V15, capabilities })
}

fn get_power_reading(
    bmc: &mut Bmc,
    context: &Context,
    request: GetPowerReading,
) -> Outcome<PowerReading> {
    let period = match request {
        GetPowerReading::System => None,
        GetPowerReading::Enhanced(period) => Some(period),
        GetPowerReading::Other { .. } => return Err(CompletionCode::INVALID_DATA_FIELD),
    };
    bmc.dcmi.reading(context.now, bmc.clock.now(context.now), period)
}

fn get_power_limit(
    bmc: &mut Bmc,
    _: &Context,
    _: GetPowerLimit,
) -> Outcome<(CompletionCode, PowerLimitSet)> {
    let (code, limit) = bmc.dcmi.power_limit();
    Ok((code, PowerLimitSet(limit)))
}

fn set_power_limit(
    bmc: &mut Bmc,
    context: &Context,
    SetPowerLimit(limit): SetPowerLimit,
) -> Outcome<Acknowledged> {
    bmc.dcmi.set_power_limit(context.now, limit, &mut *bmc.platform, &mut bmc.journal)?;
    Ok(Acknowledged)
}

fn activate_power_limit(
    bmc: &mut Bmc,
    context: &Context,
    request: ActivatePowerLimit,
) -> Outcome<Acknowledged> {
    bmc.dcmi.activate(context.now, request.active, &mut *bmc.platform, &mut bmc.journal)?;
    Ok(Acknowledged)
}

fn get_asset_tag(bmc: &mut Bmc, _: &Context, request: GetAssetTag) -> Outcome<TextPiece> {
    bmc.dcmi.tag.get(request.offset, request.count)
}

fn set_asset_tag(bmc: &mut Bmc, _: &Context, request: SetAssetTag) -> Outcome<TextLength> {
    bmc.dcmi.tag.set(request.offset, &request.data, &mut bmc.journal)
}

fn get_identifier(
    bmc: &mut Bmc,
    _: &Context,
    request: GetManagementControllerIdentifierString,
) -> Outcome<TextPiece> {
    bmc.dcmi.identifier.get(request.offset, request.count)
}

fn set_identifier(
    bmc: &mut Bmc,
    _: &Context,
    request: SetManagementControllerIdentifierString,
) -> Outcome<TextLength> {
    bmc.dcmi.identifier.set(request.offset, &request.data, &mut bmc.journal)
}

/// Those of the temperatures of an entity that are asked about, each with its instance; and how many
/// there are.
fn asked(bmc: &Bmc, asked: Instances) -> Outcome<(u8, Vec<(u8, Temperature)>)> {
    if asked.sensor_type != TEMPERATURE {
        return Err(CompletionCode::INVALID_DATA_FIELD);
    }
    let all = bmc.temperatures(asked.entity).ok_or(CompletionCode::INVALID_DATA_FIELD)?;
    let total = u8::try_from(all.len()).unwrap_or(u8::MAX);
    let numbered = (1..=total).zip(all);
    let some: Vec<_> = match asked.instance {
        0 => {
            let from = numbered.filter(|(at, _)| *at >= asked.start);
            from.take(Instances::MOST.into()).collect()
        }
        one => numbered.filter(|(at, _)| *at == one).collect(),
    };
    if some.is_empty() && asked.instance != 0 {
        return Err(CompletionCode::NOT_PRESENT);
    }
    Ok((total, some))
}

fn get_sensor_info(
    bmc: &mut Bmc,
    _: &Context,
    GetDcmiSensorInfo(instances): GetDcmiSensorInfo,
) -> Outcome<DcmiSensorInfo> {
    let (total, some) = asked(bmc, instances)?;
    Ok(DcmiSensorInfo { total, records: some.iter().map(|(_, sensor)| sensor.record).collect() })
}

fn get_temperature_readings(
    bmc: &mut Bmc,
    context: &Context,
    GetTemperatureReadings(instances): GetTemperatureReadings,
) -> Outcome<TemperatureReadings> {
    let (total, some) = asked(bmc, instances)?;
    // One that says nothing is left out: there is no value that would mean so.
    let readings = some.iter().filter_map(|(instance, sensor)| {
        let celsius = bmc.sensors.value(context.now, sensor.number)?;
        Some(TemperatureReading { instance: *instance, celsius: whole_degrees(celsius) })
    });
    Ok(TemperatureReadings { total, readings: readings.collect() })
}

/// The field has room for 127 degrees either way.
#[allow(clippy::cast_possible_truncation, reason = "it is clamped")]
fn whole_degrees(celsius: f64) -> i8 {
    celsius.round().clamp(-127.0, 127.0) as i8
}

/// The instance of the inlet that a limit is for.
fn inlet(bmc: &Bmc, entity: u8, instance: u8) -> Outcome<u8> {
    const INLET: [u8; 2] = [0x40, 0x37];
    if !INLET.contains(&entity) {
        return Err(CompletionCode::INVALID_DATA_FIELD);
    }
    let all = bmc.temperatures(entity).unwrap_or_default();
    let exists = instance > 0 && usize::from(instance) <= all.len();
    if exists { Ok(instance) } else { Err(CompletionCode::NOT_PRESENT) }
}

fn get_thermal_limit(
    bmc: &mut Bmc,
    _: &Context,
    request: GetThermalLimit,
) -> Outcome<ThermalLimitSet> {
    let instance = inlet(bmc, request.entity, request.instance)?;
    Ok(ThermalLimitSet(bmc.dcmi.thermal.get(instance)))
}

fn set_thermal_limit(
    bmc: &mut Bmc,
    _: &Context,
    request: SetThermalLimit,
) -> Outcome<Acknowledged> {
    let instance = inlet(bmc, request.entity, request.instance)?;
    bmc.dcmi.thermal.set(instance, request.limit, &mut bmc.journal)?;
    Ok(Acknowledged)
}

fn get_configuration(
    bmc: &mut Bmc,
    _: &Context,
    request: GetDcmiConfigurationParameters,
) -> Outcome<DcmiConfiguration> {
    let parameter = bmc.dcmi.parameter(request.selector)?;
    one_set(request.set)?;
    let conformance = Conformance { revision: CONFIGURATION_REVISION, ..Conformance::V15 };
    Ok(DcmiConfiguration { conformance, parameter })
}

fn set_configuration(
    bmc: &mut Bmc,
    _: &Context,
    request: SetDcmiConfigurationParameters,
) -> Outcome<Acknowledged> {
    bmc.dcmi.parameter(request.parameter.selector())?;
    one_set(request.set)?;
    bmc.dcmi.set_parameter(&request.parameter, &mut bmc.journal)?;
    Ok(Acknowledged)
}

/// No parameter is one of a set.
const fn one_set(set: u8) -> Outcome<()> {
    match set {
        0 => Ok(()),
        _ => Err(CompletionCode::PARAMETER_OUT_OF_RANGE),
    }
}
