//! The controller itself.

use ipmi_wire::cmd::app::{
    AcpiPowerState, ColdReset, DeviceId, GetAcpiPowerState, GetDeviceGuid, GetDeviceId,
    GetSelfTestResults, GetSystemGuid, Guid, SelfTestResults, SetAcpiPowerState, WarmReset,
};

use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};

pub(super) fn register(table: &mut Table) {
    table
        .on(get_device_id)
        .on(get_self_test_results)
        .on(set_acpi_power_state)
        .on(get_acpi_power_state)
        .on(get_device_guid)
        .on(get_system_guid)
        .on(cold_reset)
        .on(warm_reset);
}

fn get_device_id(bmc: &mut Bmc, _: &Context, _: GetDeviceId) -> Outcome<DeviceId> {
    Ok(bmc.device_id)
}

fn get_self_test_results(
    bmc: &mut Bmc,
    _: &Context,
    _: GetSelfTestResults,
) -> Outcome<SelfTestResults> {
    Ok(SelfTestResults { result: bmc.self_test() })
}

/// The controller and the system share one GUID, as OpenBMC's do.
fn get_device_guid(bmc: &mut Bmc, _: &Context, _: GetDeviceGuid) -> Outcome<Guid> {
    Ok(bmc.guid())
}

fn set_acpi_power_state(bmc: &mut Bmc, _: &Context, request: SetAcpiPowerState) -> Outcome<()> {
    bmc.acpi.set(&request);
    Ok(())
}

fn get_acpi_power_state(
    bmc: &mut Bmc,
    _: &Context,
    _: GetAcpiPowerState,
) -> Outcome<AcpiPowerState> {
    Ok(bmc.acpi.get(bmc.platform.is_on()))
}

fn get_system_guid(bmc: &mut Bmc, _: &Context, _: GetSystemGuid) -> Outcome<Guid> {
    Ok(bmc.guid())
}

/// Ends every session, once it is answered, and then answers nobody for a while.
fn cold_reset(bmc: &mut Bmc, context: &Context, _: ColdReset) -> Outcome<()> {
    bmc.cold_reset(context.now);
    Ok(())
}

/// §20.3: a warm reset leaves the interfaces' set-up alone (and the watchdog, which is not one), and consoles close their session after
/// it (ipmitool waits ten seconds for the answer), so sessions live on.
fn warm_reset(bmc: &mut Bmc, _: &Context, _: WarmReset) -> Outcome<()> {
    bmc.cancel_reservations();
    Ok(())
}
