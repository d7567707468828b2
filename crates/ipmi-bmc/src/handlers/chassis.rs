//! Power and identification.

use std::time::Duration;

use ipmi_wire::Channel;
use ipmi_wire::cmd::chassis::{
    ChassisCapabilities, ChassisControl, ChassisIdentify, ChassisStatus, GetChassisCapabilities,
    GetChassisStatus, GetPohCounter, GetSystemRestartCause, IdentifyState, LastPowerEvent,
    PohCounter, PowerRestorePolicies, RestartCause, SetPowerRestorePolicy, SystemRestartCause,
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
        .on(chassis_identify)
        .on(set_power_restore_policy)
        .on(get_system_restart_cause)
        .on(get_poh_counter);
}

fn get_chassis_capabilities(
    bmc: &mut Bmc,
    _: &Context,
    _: GetChassisCapabilities,
) -> Outcome<ChassisCapabilities> {
    Ok(ChassisCapabilities {
        intrusion_sensor: bmc.sensors.intrusion().is_some(),
        front_panel_lockout: false,
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
    Ok(ChassisStatus {
        power_on: bmc.platform.is_on(),
        overload: false,
        interlock: false,
        fault: false,
        control_fault: false,
        restore_policy: bmc.restore_policy,
        last_event: LastPowerEvent {
            ac_failed: bmc.chassis.mains_failed,
            overload: false,
            interlock: false,
            fault: false,
            on_by_command: bmc.chassis.on_by_command(),
        },
        // Also after it was closed again, if the sensor is one that latches.
        intrusion: bmc.sensors.intrusion().unwrap_or(false),
        front_panel_lockout: false,
        drive_fault: false,
        fan_fault: false,
        identify: Some(match bmc.chassis.light() {
            IdentifyLight::Off => IdentifyState::Off,
            IdentifyLight::Until(_) => IdentifyState::Temporary,
            IdentifyLight::Indefinitely => IdentifyState::Indefinite,
        }),
        buttons: Some(bmc.chassis.buttons),
    })
}

fn chassis_control(bmc: &mut Bmc, context: &Context, request: ChassisControl) -> Outcome<()> {
    bmc.chassis.control(context.now, &mut *bmc.platform, request.action)
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
    let cause = bmc.chassis.restart_cause();
    let channel = match cause {
        RestartCause::ChassisControl => Bmc::LAN_CHANNEL,
        _ => Channel::new(0),
    };
    Ok(SystemRestartCause { cause, channel })
}

fn get_poh_counter(bmc: &mut Bmc, _: &Context, _: GetPohCounter) -> Outcome<PohCounter> {
    let hours = bmc.chassis.on_time().as_secs() / 3600;
    Ok(PohCounter { minutes_per_count: 60, counter: u32::try_from(hours).unwrap_or(u32::MAX) })
}
