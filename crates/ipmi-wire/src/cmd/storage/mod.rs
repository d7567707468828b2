//! NetFn Storage (0Ah): sensor data records and the event log.

mod record_data;

pub use record_data::RecordData;

use crate::command::commands;

commands! {
    get_sdr_repository_info: GetSdrRepositoryInfo;
    reserve_sdr_repository: ReserveSdrRepository;
    get_sdr: GetSdr;
    get_sel_info: GetSelInfo;
    reserve_sel: ReserveSel;
    get_sel_entry: GetSelEntry;
}
