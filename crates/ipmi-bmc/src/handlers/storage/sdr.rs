//! The SDR repository. IPMI v2.0 §33.

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::storage::{
    AddSdr, AllocationInfo, ClearSdrRepository, DeleteSdr, EnterSdrRepositoryUpdateMode,
    EraseAction, EraseProgress, ExitSdrRepositoryUpdateMode, GetSdr,
    GetSdrRepositoryAllocationInfo, GetSdrRepositoryInfo, GetSdrRepositoryTime,
    InitializationStatus, PartialAddSdr, RecordData, RecordId, RepositoryTime, ReservationId,
    ReserveSdrRepository, RunInitializationAgent, SdrOperations, SdrRepositoryInfo,
    SetSdrRepositoryTime,
};

use super::{VERSION, piece, require};
use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};
use crate::partial::{PartialAdd, Piece, Progress};
use crate::sdr::SdrRepository;

pub(super) fn register(table: &mut Table) {
    table.only_if(
        |bmc, _| bmc.sdr.is_some(),
        |table| {
            table
                .on(get_sdr_repository_info)
                .on(get_sdr_repository_allocation_info)
                .on(reserve_sdr_repository)
                .on(get_sdr)
                .on(add_sdr)
                .on(partial_add_sdr)
                .on(delete_sdr)
                .on(clear_sdr_repository)
                .on(get_sdr_repository_time)
                .on(set_sdr_repository_time)
                .on(enter_sdr_repository_update_mode)
                .on(exit_sdr_repository_update_mode)
                .on(run_initialization_agent);
        },
    );
}

/// The repository; C1h for a controller that keeps its records as a device.
fn repository(bmc: &mut Bmc) -> Outcome<&mut SdrRepository> {
    bmc.sdr.as_mut().ok_or(CompletionCode::INVALID_COMMAND)
}

fn get_sdr_repository_info(
    bmc: &mut Bmc,
    _: &Context,
    _: GetSdrRepositoryInfo,
) -> Outcome<SdrRepositoryInfo> {
    let sdr = repository(bmc)?;
    Ok(SdrRepositoryInfo {
        version: VERSION,
        record_count: sdr.count(),
        free_space: sdr.free_space(),
        last_addition: sdr.last_addition,
        last_erase: sdr.last_erase,
        operations: SdrOperations {
            overflow: false,
            // §33.9: records may be changed at any time, or between Enter and Exit.
            modal_update: true,
            non_modal_update: true,
            delete: true,
            partial_add: true,
            reserve: true,
            allocation_info: true,
        },
    })
}

fn get_sdr_repository_allocation_info(
    bmc: &mut Bmc,
    _: &Context,
    _: GetSdrRepositoryAllocationInfo,
) -> Outcome<AllocationInfo> {
    let free = repository(bmc)?.free_space() / SdrRepository::UNIT;
    Ok(AllocationInfo {
        units: SdrRepository::UNITS,
        unit_size: SdrRepository::UNIT,
        free_units: free,
        largest_free: free,
        largest_record: SdrRepository::LARGEST_RECORD,
    })
}

fn reserve_sdr_repository(
    bmc: &mut Bmc,
    _: &Context,
    _: ReserveSdrRepository,
) -> Outcome<ReservationId> {
    Ok(ReservationId(repository(bmc)?.reservation.take()))
}

fn get_sdr(bmc: &mut Bmc, _: &Context, request: GetSdr) -> Outcome<RecordData> {
    let sdr = repository(bmc)?;
    require(&sdr.reservation, request.reservation, request.offset > 0)?;
    let (record, next_record_id) = sdr.get(request.record_id)?;
    let data = piece(record, request.offset, request.count)?;
    Ok(RecordData { next_record_id, data })
}

fn add_sdr(bmc: &mut Bmc, context: &Context, request: AddSdr) -> Outcome<RecordId> {
    add(bmc, context, request.record)
}

fn partial_add_sdr(bmc: &mut Bmc, context: &Context, request: PartialAddSdr) -> Outcome<RecordId> {
    let PartialAddSdr { reservation, record_id, offset, last, data } = request;
    let sdr = repository(bmc)?;
    require(&sdr.reservation, reservation, offset > 0)?;
    let piece = Piece { record_id, offset, last, data };
    match bmc.partial_sdr.take(piece, SdrRepository::LONGEST_RECORD)? {
        Progress::More(id) => Ok(RecordId(id)),
        Progress::Whole(record) => add(bmc, context, record).map_err(|code| match code {
            CompletionCode::DATA_LENGTH_INVALID => PartialAdd::REJECTED,
            code => code,
        }),
    }
}

fn add(bmc: &mut Bmc, context: &Context, record: Vec<u8>) -> Outcome<RecordId> {
    let now = bmc.clock.now(context.now);
    let sdr = bmc.sdr.as_mut().ok_or(CompletionCode::INVALID_COMMAND)?;
    sdr.add(record, now, &mut bmc.journal).map(RecordId)
}

fn delete_sdr(bmc: &mut Bmc, context: &Context, request: DeleteSdr) -> Outcome<RecordId> {
    let now = bmc.clock.now(context.now);
    let sdr = bmc.sdr.as_mut().ok_or(CompletionCode::INVALID_COMMAND)?;
    require(&sdr.reservation, request.reservation, true)?;
    sdr.delete(request.record_id, now, &mut bmc.journal).map(RecordId)
}

fn clear_sdr_repository(
    bmc: &mut Bmc,
    context: &Context,
    request: ClearSdrRepository,
) -> Outcome<EraseProgress> {
    let now = bmc.clock.now(context.now);
    let sdr = bmc.sdr.as_mut().ok_or(CompletionCode::INVALID_COMMAND)?;
    if request.action == EraseAction::Initiate {
        require(&sdr.reservation, request.reservation, true)?;
        sdr.clear(now, &mut bmc.journal);
    }
    Ok(EraseProgress::Completed)
}

/// One clock serves both repositories, as on most controllers.
fn get_sdr_repository_time(
    bmc: &mut Bmc,
    context: &Context,
    _: GetSdrRepositoryTime,
) -> Outcome<RepositoryTime> {
    repository(bmc)?;
    Ok(RepositoryTime(bmc.clock.now(context.now)))
}

fn set_sdr_repository_time(
    bmc: &mut Bmc,
    context: &Context,
    request: SetSdrRepositoryTime,
) -> Outcome<()> {
    repository(bmc)?;
    bmc.clock.set(context.now, request.time, &mut bmc.journal);
    Ok(())
}

/// Changes are taken at any time, so the mode is a courtesy to those who ask for it: nobody else
/// is shut out by a console that never leaves it.
fn enter_sdr_repository_update_mode(
    bmc: &mut Bmc,
    _: &Context,
    _: EnterSdrRepositoryUpdateMode,
) -> Outcome<()> {
    repository(bmc).map(drop)
}

fn exit_sdr_repository_update_mode(
    bmc: &mut Bmc,
    _: &Context,
    _: ExitSdrRepositoryUpdateMode,
) -> Outcome<()> {
    repository(bmc).map(drop)
}

/// §33.21: sets sensors up from the repository's records.
fn run_initialization_agent(
    bmc: &mut Bmc,
    context: &Context,
    request: RunInitializationAgent,
) -> Outcome<InitializationStatus> {
    repository(bmc)?;
    if request.run {
        bmc.initialize_sensors(context.now);
    }
    Ok(InitializationStatus { completed: true })
}
