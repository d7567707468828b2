//! The System Event Log. IPMI v2.0 §31.

use ipmi_wire::cmd::storage::{
    AddSelEntry, AllocationInfo, ClearSel, DeleteSelEntry, EraseAction, EraseProgress,
    GetSelAllocationInfo, GetSelEntry, GetSelInfo, GetSelTime, GetSelTimeUtcOffset,
    PartialAddSelEntry, RecordData, RecordId, RepositoryTime, ReservationId, ReserveSel, SelInfo,
    SelOperations, SetSelTime, SetSelTimeUtcOffset, UtcOffset,
};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{CompletionCode, Decode, Encode};

use super::{VERSION, piece, require};
use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};
use crate::partial::{PartialAdd, Piece, Progress};

pub(super) fn register(table: &mut Table) {
    table
        .on(get_sel_info)
        .on(get_sel_allocation_info)
        .on(reserve_sel)
        .on(get_sel_entry)
        .on(add_sel_entry)
        .on(partial_add_sel_entry)
        .on(delete_sel_entry)
        .on(clear_sel)
        .on(get_sel_time)
        .on(set_sel_time)
        .on(get_sel_time_utc_offset)
        .on(set_sel_time_utc_offset);
}

fn get_sel_info(bmc: &mut Bmc, _: &Context, _: GetSelInfo) -> Outcome<SelInfo> {
    let [last_addition, last_erase] = bmc.sel.times();
    Ok(SelInfo {
        version: VERSION,
        entries: bmc.sel.count(),
        free_space: bmc.sel.free_space(),
        last_addition,
        last_erase,
        operations: SelOperations {
            overflow: bmc.sel.overflow(),
            delete: true,
            partial_add: true,
            reserve: true,
            allocation_info: true,
        },
    })
}

fn get_sel_allocation_info(
    bmc: &mut Bmc,
    _: &Context,
    _: GetSelAllocationInfo,
) -> Outcome<AllocationInfo> {
    Ok(AllocationInfo {
        units: bmc.sel.capacity(),
        // A record is 16 bytes, and so is a unit.
        unit_size: 16,
        free_units: bmc.sel.free(),
        largest_free: bmc.sel.free(),
        largest_record: 1,
    })
}

fn reserve_sel(bmc: &mut Bmc, _: &Context, _: ReserveSel) -> Outcome<ReservationId> {
    Ok(ReservationId(bmc.sel.reservation.take()))
}

fn get_sel_entry(bmc: &mut Bmc, _: &Context, request: GetSelEntry) -> Outcome<RecordData> {
    require(&bmc.sel.reservation, request.reservation, request.offset > 0)?;
    let (record, next_record_id) = bmc.sel.get(request.record_id)?;
    let data = piece(&record.to_bytes(), request.offset, request.count)?;
    Ok(RecordData { next_record_id, data })
}

fn add_sel_entry(bmc: &mut Bmc, context: &Context, request: AddSelEntry) -> Outcome<RecordId> {
    add(bmc, context, request.record)
}

fn partial_add_sel_entry(
    bmc: &mut Bmc,
    context: &Context,
    request: PartialAddSelEntry,
) -> Outcome<RecordId> {
    let PartialAddSelEntry { reservation, record_id, offset, last, data } = request;
    require(&bmc.sel.reservation, reservation, offset > 0)?;
    let piece = Piece { record_id, offset, last, data };
    match bmc.partial_event.take(piece, SelRecord::LEN)? {
        Progress::More(id) => Ok(RecordId(id)),
        Progress::Whole(bytes) => {
            let record = SelRecord::decode_exact(&bytes).map_err(|_| PartialAdd::REJECTED)?;
            add(bmc, context, record)
        }
    }
}

/// §31.6: number and time are the log's to give.
fn add(bmc: &mut Bmc, context: &Context, record: SelRecord) -> Outcome<RecordId> {
    let now = bmc.clock.now(context.now);
    bmc.sel.add(record.with_timestamp(now), now, &mut bmc.journal).map(RecordId)
}

fn delete_sel_entry(
    bmc: &mut Bmc,
    context: &Context,
    request: DeleteSelEntry,
) -> Outcome<RecordId> {
    require(&bmc.sel.reservation, request.reservation, true)?;
    let now = bmc.clock.now(context.now);
    bmc.sel.delete(request.record_id, now, &mut bmc.journal).map(RecordId)
}

/// The log is gone before the answer is; a question for the status finds it done.
fn clear_sel(bmc: &mut Bmc, context: &Context, request: ClearSel) -> Outcome<EraseProgress> {
    if request.action == EraseAction::Initiate {
        require(&bmc.sel.reservation, request.reservation, true)?;
        let now = bmc.clock.now(context.now);
        bmc.sel.clear(now, &mut bmc.journal);
        bmc.pef.forget_records(&mut bmc.journal);
    }
    Ok(EraseProgress::Completed)
}

fn get_sel_time(bmc: &mut Bmc, context: &Context, _: GetSelTime) -> Outcome<RepositoryTime> {
    Ok(RepositoryTime(bmc.clock.now(context.now)))
}

fn set_sel_time(bmc: &mut Bmc, context: &Context, request: SetSelTime) -> Outcome<()> {
    bmc.clock.set(context.now, request.time, &mut bmc.journal);
    Ok(())
}

fn get_sel_time_utc_offset(
    bmc: &mut Bmc,
    _: &Context,
    _: GetSelTimeUtcOffset,
) -> Outcome<UtcOffset> {
    Ok(UtcOffset(bmc.clock.utc_offset()))
}

fn set_sel_time_utc_offset(
    bmc: &mut Bmc,
    _: &Context,
    request: SetSelTimeUtcOffset,
) -> Outcome<()> {
    let UtcOffset(minutes) = request.offset;
    // §31.11b: a day either way, or unspecified.
    if minutes != UtcOffset::UNSPECIFIED.0 && !(-1440..=1440).contains(&minutes) {
        return Err(CompletionCode::PARAMETER_OUT_OF_RANGE);
    }
    bmc.clock.set_utc_offset(minutes, &mut bmc.journal);
    Ok(())
}
