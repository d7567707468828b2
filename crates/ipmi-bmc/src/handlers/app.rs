//! The controller itself.

use ipmi_wire::cmd::app::{
    ColdReset, DeviceId, GetDeviceGuid, GetDeviceId, GetSelfTestResults, GetSystemGuid, Guid,
    SelfTest, SelfTestResults, WarmReset,
};

use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};

pub(super) fn register(table: &mut Table) {
    table
        .on(get_device_id)
        .on(get_self_test_results)
        .on(get_device_guid)
        .on(get_system_guid)
        .on(cold_reset)
        .on(warm_reset);
}

fn get_device_id(bmc: &mut Bmc, _: &Context, _: GetDeviceId) -> Outcome<DeviceId> {
    Ok(bmc.device_id)
}

/// The tests there are: SDR repository, log and inventory were built, or the BMC would not run, and
/// what changes of them is kept.
fn get_self_test_results(
    bmc: &mut Bmc,
    _: &Context,
    _: GetSelfTestResults,
) -> Outcome<SelfTestResults> {
    /// SEL, SDR repository and FRU device cannot be accessed.
    const MEMORIES: u8 = 0xe0;
    let result = match bmc.unkept {
        None => SelfTest::Passed,
        Some(_) => SelfTest::Corrupted { flags: MEMORIES },
    };
    Ok(SelfTestResults { result })
}

/// The controller and the system share one GUID, as OpenBMC's do.
fn get_device_guid(bmc: &mut Bmc, _: &Context, _: GetDeviceGuid) -> Outcome<Guid> {
    Ok(bmc.guid())
}

fn get_system_guid(bmc: &mut Bmc, _: &Context, _: GetSystemGuid) -> Outcome<Guid> {
    Ok(bmc.guid())
}

/// Ends every session, once it is answered.
fn cold_reset(bmc: &mut Bmc, _: &Context, _: ColdReset) -> Outcome<()> {
    bmc.cancel_reservations();
    bmc.sensors.reset();
    bmc.lan_access.restart();
    bmc.cold_reset_pending = true;
    Ok(())
}

/// §20.3: a warm reset leaves the interfaces' set-up alone, and consoles close their session after
/// it (ipmitool waits ten seconds for the answer), so sessions live on.
fn warm_reset(bmc: &mut Bmc, _: &Context, _: WarmReset) -> Outcome<()> {
    bmc.cancel_reservations();
    Ok(())
}
