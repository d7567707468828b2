//! Records: the SDR repository and the System Event Log.

use ipmi_wire::cmd::storage::{
    GetSdr, GetSdrRepositoryInfo, GetSelEntry, GetSelInfo, RecordData, ReservationId,
    ReserveSdrRepository, ReserveSel, SdrOperations, SdrRepositoryInfo, SelInfo, SelOperations,
};
use ipmi_wire::sel::Timestamp;
use ipmi_wire::{CompletionCode, Encode};

use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};

pub(super) fn register(table: &mut Table) {
    table
        .on(get_sdr_repository_info)
        .on(reserve_sdr_repository)
        .on(get_sdr)
        .on(get_sel_info)
        .on(reserve_sel)
        .on(get_sel_entry);
}

/// Format version of SDR repository and SEL: 1.5, as BCD with the digits swapped.
const VERSION: u8 = 0x51;

/// §37.1: a time that is not known. Nothing was ever erased.
const NEVER: u32 = Timestamp::Unspecified.raw();

fn get_sdr_repository_info(
    bmc: &mut Bmc,
    _: &Context,
    _: GetSdrRepositoryInfo,
) -> Outcome<SdrRepositoryInfo> {
    Ok(SdrRepositoryInfo {
        version: VERSION,
        record_count: bmc.sdr.count(),
        free_space: bmc.sdr.free_space(),
        last_addition: bmc.sdr.last_addition,
        last_erase: NEVER,
        operations: SdrOperations { reserve: true, ..SdrOperations::default() },
    })
}

fn reserve_sdr_repository(
    bmc: &mut Bmc,
    _: &Context,
    _: ReserveSdrRepository,
) -> Outcome<ReservationId> {
    Ok(ReservationId(bmc.sdr.reservation.take()))
}

fn get_sdr(bmc: &mut Bmc, _: &Context, request: GetSdr) -> Outcome<RecordData> {
    // §33.12: a reservation is needed for partial reads that do not start at the beginning.
    if request.offset > 0 && !bmc.sdr.reservation.holds(request.reservation.0) {
        return Err(CompletionCode::RESERVATION_CANCELED);
    }
    let (record, next_record_id) = bmc.sdr.get(request.record_id)?;
    let data = piece(&record.to_bytes(), request.offset, request.count)?;
    Ok(RecordData { next_record_id, data })
}

fn get_sel_info(bmc: &mut Bmc, _: &Context, _: GetSelInfo) -> Outcome<SelInfo> {
    Ok(SelInfo {
        version: VERSION,
        entries: bmc.sel.count(),
        free_space: bmc.sel.free_space(),
        last_addition: bmc.sel.last_addition,
        last_erase: NEVER,
        operations: SelOperations {
            overflow: bmc.sel.overflow(),
            reserve: true,
            ..SelOperations::default()
        },
    })
}

fn reserve_sel(bmc: &mut Bmc, _: &Context, _: ReserveSel) -> Outcome<ReservationId> {
    Ok(ReservationId(bmc.sel.reservation.take()))
}

fn get_sel_entry(bmc: &mut Bmc, _: &Context, request: GetSelEntry) -> Outcome<RecordData> {
    // §31.5: as with Get SDR.
    if request.offset > 0 && !bmc.sel.reservation.holds(request.reservation.0) {
        return Err(CompletionCode::RESERVATION_CANCELED);
    }
    let (record, next_record_id) = bmc.sel.get(request.record_id)?;
    let data = piece(&record.to_bytes(), request.offset, request.count)?;
    Ok(RecordData { next_record_id, data })
}

/// `count` bytes of a record from `offset` on, or all that follow if there are fewer.
fn piece(record: &[u8], offset: u8, count: u8) -> Outcome<Vec<u8>> {
    let rest = record.get(offset.into()..).unwrap_or_default();
    if rest.is_empty() {
        return Err(CompletionCode::PARAMETER_OUT_OF_RANGE);
    }
    Ok(rest.iter().take(count.into()).copied().collect())
}
