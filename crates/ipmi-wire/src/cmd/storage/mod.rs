//! NetFn Storage (0Ah): FRU inventory, sensor data records and the event log.

mod allocation_info;
mod erasure;
mod piece;
mod record_data;
mod record_id;
mod repository_time;

pub use allocation_info::AllocationInfo;
pub use erasure::{EraseAction, EraseProgress};
pub(super) use piece::PieceToRead;
pub use record_data::RecordData;
pub use record_id::RecordId;
pub use repository_time::RepositoryTime;

use crate::command::commands;

commands! {
    get_fru_inventory_area_info: GetFruInventoryAreaInfo;
    read_fru_data: ReadFruData;
    write_fru_data: WriteFruData;
    get_sdr_repository_info: GetSdrRepositoryInfo;
    get_sdr_repository_allocation_info: GetSdrRepositoryAllocationInfo;
    reserve_sdr_repository: ReserveSdrRepository;
    get_sdr: GetSdr;
    add_sdr: AddSdr;
    partial_add_sdr: PartialAddSdr;
    delete_sdr: DeleteSdr;
    clear_sdr_repository: ClearSdrRepository;
    get_sdr_repository_time: GetSdrRepositoryTime;
    set_sdr_repository_time: SetSdrRepositoryTime;
    enter_sdr_repository_update_mode: EnterSdrRepositoryUpdateMode;
    exit_sdr_repository_update_mode: ExitSdrRepositoryUpdateMode;
    run_initialization_agent: RunInitializationAgent;
    get_sel_info: GetSelInfo;
    get_sel_allocation_info: GetSelAllocationInfo;
    reserve_sel: ReserveSel;
    get_sel_entry: GetSelEntry;
    add_sel_entry: AddSelEntry;
    partial_add_sel_entry: PartialAddSelEntry;
    delete_sel_entry: DeleteSelEntry;
    clear_sel: ClearSel;
    get_sel_time: GetSelTime;
    set_sel_time: SetSelTime;
    get_sel_time_utc_offset: GetSelTimeUtcOffset;
    set_sel_time_utc_offset: SetSelTimeUtcOffset;
}
