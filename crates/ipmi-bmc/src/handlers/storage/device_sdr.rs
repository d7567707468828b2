//! Device SDRs: the records of a controller that has no repository. IPMI v2.0 §35.2 to §35.4.

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::sensor::{
    DeviceSdrCount, DeviceSdrInfo, GetDeviceSdr, GetDeviceSdrInfo, ReserveDeviceSdrRepository,
};
use ipmi_wire::cmd::storage::{RecordData, ReservationId};

use super::{piece, require};
use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};
use crate::sdr::SdrRepository;

pub(super) fn register(table: &mut Table) {
    table.only_if(
        |bmc, _| bmc.device_sdr.is_some(),
        |table| {
            table.on(get_device_sdr_info).on(get_device_sdr).on(reserve_device_sdr_repository);
        },
    );
}

/// The device's records; C1h for a controller that has a repository.
fn device(bmc: &mut Bmc) -> Outcome<&mut SdrRepository> {
    bmc.device_sdr.as_mut().ok_or(CompletionCode::INVALID_COMMAND)
}

fn get_device_sdr_info(
    bmc: &mut Bmc,
    _: &Context,
    request: GetDeviceSdrInfo,
) -> Outcome<DeviceSdrInfo> {
    let sdr = device(bmc)?;
    let count = match request.count {
        Some(DeviceSdrCount::Records) => sdr.count().into(),
        Some(DeviceSdrCount::Sensors) | None => {
            sdr.understood().filter(|record| record.sensor().is_some()).count()
        }
    };
    Ok(DeviceSdrInfo {
        count: u8::try_from(count).unwrap_or(u8::MAX),
        dynamic: false,
        // All sensors are at LUN 0.
        luns: 1,
        population_change: None,
    })
}

fn get_device_sdr(bmc: &mut Bmc, _: &Context, request: GetDeviceSdr) -> Outcome<RecordData> {
    let sdr = device(bmc)?;
    require(&sdr.reservation, request.reservation, request.offset > 0)?;
    let (record, next_record_id) = sdr.get(request.record_id)?;
    let data = piece(record, request.offset, request.count)?;
    Ok(RecordData { next_record_id, data })
}

fn reserve_device_sdr_repository(
    bmc: &mut Bmc,
    _: &Context,
    _: ReserveDeviceSdrRepository,
) -> Outcome<ReservationId> {
    Ok(ReservationId(device(bmc)?.reservation.take()))
}
