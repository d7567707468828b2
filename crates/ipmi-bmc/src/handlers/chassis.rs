//! Power and identification.

use std::time::Duration;

use ipmi_wire::Encode;
use ipmi_wire::cmd::app::SubFunctions;
use ipmi_wire::cmd::chassis::{
    ChassisCapabilities, ChassisControl, ChassisIdentify, ChassisReset, ChassisStatus,
    GetChassisCapabilities, GetChassisStatus, GetPohCounter, GetSystemRestartCause, IdentifyState,
    PohCounter, PowerAction, PowerRestorePolicies, RestartCause, SetFrontPanelEnables,
    SetPowerCycleInterval, SetPowerRestorePolicy, SystemRestartCause,
};
use ipmi_wire::lan::BMC_ADDRESS;

use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};
use crate::nvram::setting;
use crate::platform::IdentifyLight;

pub(super) fn register(table: &mut Table) {
    table
        .on(get_chassis_capabilities)
        .on(get_chassis_status)
        .on(chassis_control)
        .on(chassis_reset)
        .on(chassis_identify)
        .on(set_power_restore_policy)
        .on(get_system_restart_cause)
        .on(get_poh_counter)
        .on(set_front_panel_enables)
        .on(set_power_cycle_interval)
        // Appendix H numbers them as the request does.
        .parts(SubFunctions(0x3f), |request: &ChassisControl| request.to_bytes().first().copied())
        .parts(SubFunctions(1), |request: &ChassisIdentify| {
            (request.force == Some(true)).then_some(0)
        });
}

fn get_chassis_capabilities(
    bmc: &mut Bmc,
    _: &Context,
    _: GetChassisCapabilities,
) -> Outcome<ChassisCapabilities> {
    Ok(ChassisCapabilities {
        intrusion_sensor: bmc.sensors.intrusion().is_some(),
        front_panel_lockout: true,
        diagnostic_interrupt: true,
        power_interlock: false,
        // Everything is the BMC itself.
        fru_address: BMC_ADDRESS,
        sdr_address: BMC_ADDRESS,
        sel_address: BMC_ADDRESS,
        sm_address: BMC_ADDRESS,
        bridge_address: None,
    })
}

fn get_chassis_status(bmc: &mut Bmc, _: &Context, _: GetChassisStatus) -> Outcome<ChassisStatus> {
    let buttons = bmc.chassis.buttons;
    Ok(ChassisStatus {
        power_on: bmc.platform.is_on(),
        overload: false,
        interlock: false,
        fault: bmc.chassis.fault(),
        control_fault: bmc.chassis.control_fault(),
        restore_policy: bmc.restore_policy,
        last_event: bmc.chassis.last_event(),
        // Also after it was closed again, if the sensor is one that latches.
        intrusion: bmc.sensors.intrusion().unwrap_or(false),
        front_panel_lockout: buttons.power_disabled && buttons.reset_disabled,
        drive_fault: bmc.sensors.drive_fault(),
        fan_fault: bmc.sensors.fan_fault(),
        identify: Some(match bmc.chassis.light() {
            IdentifyLight::Off => IdentifyState::Off,
            IdentifyLight::Until(_) => IdentifyState::Temporary,
            IdentifyLight::Indefinitely => IdentifyState::Indefinite,
        }),
        buttons: Some(buttons),
    })
}

fn chassis_control(bmc: &mut Bmc, context: &Context, request: ChassisControl) -> Outcome<()> {
    bmc.control(context.now, request.action, commanded(context))?;
    bmc.boot.expect_start(context.now);
    Ok(())
}

/// As a hard reset by Chassis Control: there is nothing else in the chassis that could be reset.
fn chassis_reset(bmc: &mut Bmc, context: &Context, _: ChassisReset) -> Outcome<()> {
    bmc.control(context.now, PowerAction::Reset, commanded(context))
}

const fn commanded(context: &Context) -> SystemRestartCause {
    SystemRestartCause { cause: RestartCause::ChassisControl, channel: context.origin.channel() }
}

fn set_front_panel_enables(
    bmc: &mut Bmc,
    _: &Context,
    request: SetFrontPanelEnables,
) -> Outcome<()> {
    bmc.chassis.disable_buttons(request);
    bmc.journal.put(setting::BUTTONS, &request);
    Ok(())
}

fn set_power_cycle_interval(
    bmc: &mut Bmc,
    _: &Context,
    request: SetPowerCycleInterval,
) -> Outcome<()> {
    bmc.chassis.cycle_interval = Duration::from_secs(request.seconds.into());
    bmc.journal.put_bytes(setting::CYCLE_INTERVAL, [request.seconds]);
    Ok(())
}

fn chassis_identify(bmc: &mut Bmc, context: &Context, request: ChassisIdentify) -> Outcome<()> {
    let light = match (request.force, request.interval) {
        (Some(true), _) => IdentifyLight::Indefinitely,
        (_, Some(0)) => IdentifyLight::Off,
        (_, interval) => {
            let seconds = interval.unwrap_or(ChassisIdentify::DEFAULT_INTERVAL);
            let end = context.now.checked_add(Duration::from_secs(seconds.into()));
            end.map_or(IdentifyLight::Indefinitely, IdentifyLight::Until)
        }
    };
    bmc.chassis.identify(context.now, &mut *bmc.platform, light);
    Ok(())
}

fn set_power_restore_policy(
    bmc: &mut Bmc,
    _: &Context,
    request: SetPowerRestorePolicy,
) -> Outcome<PowerRestorePolicies> {
    if let Some(policy) = request.policy
        && (policy != bmc.restore_policy || bmc.journal.is_in_doubt())
    {
        bmc.restore_policy = policy;
        bmc.journal.put_bytes(setting::RESTORE_POLICY, [policy.number()]);
    }
    Ok(PowerRestorePolicies { always_off: true, previous: true, always_on: true })
}

fn get_system_restart_cause(
    bmc: &mut Bmc,
    _: &Context,
    _: GetSystemRestartCause,
) -> Outcome<SystemRestartCause> {
    Ok(bmc.chassis.restarted_by())
}

fn get_poh_counter(bmc: &mut Bmc, _: &Context, _: GetPohCounter) -> Outcome<PohCounter> {
    let hours = bmc.chassis.on_time().as_secs() / 3600;
    Ok(PohCounter { minutes_per_count: 60, counter: u32::try_from(hours).unwrap_or(u32::MAX) })
}
