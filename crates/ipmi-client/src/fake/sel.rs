//! Its log.

use ipmi_wire::cmd::storage::{
    AddSelEntry, ClearSel, DeleteSelEntry, EraseAction, EraseProgress, GetSelEntry, GetSelInfo,
    RecordData, RecordId, ReservationId, ReserveSel,
};
use ipmi_wire::{Encode, Request, Response};

use super::{World, code, of};

impl World {
    /// Logs an event that differs from all others in its data.
    pub(crate) fn log(&mut self, data: u8) -> u16 {
        // By hand from §32.1: a threshold sensor's, the state in the middle byte of the data.
        let mut record = [0, 0, 2, 0, 0, 0, 0, 0x20, 0, 4, 1, 1, 1, 0x57, data, 0x50];
        record[3..7].copy_from_slice(&self.sel_info.last_addition.to_le_bytes());
        self.log_record(record)
    }

    pub(crate) fn log_record(&mut self, mut record: [u8; 16]) -> u16 {
        let id = self.next_event;
        record[..2].copy_from_slice(&id.to_le_bytes());
        self.sel.push(record);
        self.next_event = if id == 0xfffe { 1 } else { id + 1 };
        self.sel_info.last_addition += 1;
        self.count_events();
        id
    }

    pub(crate) fn forget(&mut self, which: impl Fn(u16) -> bool) {
        self.sel.retain(|record| !which(id_of(record)));
        self.sel_info.last_erase += 1;
        self.count_events();
    }

    pub(crate) fn clear_sel(&mut self) {
        self.forget(|_| true);
        self.next_event = 1;
    }

    fn count_events(&mut self) {
        self.sel_info.entries = u16::try_from(self.sel.len()).unwrap();
    }

    pub(super) fn answer_sel(&mut self, request: &Request) -> Option<Response> {
        if of::<GetSelInfo>(request).is_some() {
            return Some(Response::ok(&self.sel_info));
        }
        if of::<ReserveSel>(request).is_some() {
            return Some(Response::ok(&ReservationId(self.reserve())));
        }
        if let Some(get) = of::<GetSelEntry>(request) {
            return Some(self.give_event(&get));
        }
        if let Some(add) = of::<AddSelEntry>(request) {
            let mut record = [0; 16];
            record.copy_from_slice(&add.record.to_bytes());
            record[3..7].copy_from_slice(&self.sel_info.last_addition.to_le_bytes());
            return Some(Response::ok(&RecordId(self.log_record(record))));
        }
        if let Some(delete) = of::<DeleteSelEntry>(request) {
            if !self.is_reserved(delete.reservation.0) {
                return Some(code(0xc5));
            }
            if !self.sel.iter().any(|record| id_of(record) == delete.record_id) {
                return Some(code(0xcb));
            }
            self.forget(|id| id == delete.record_id);
            return Some(Response::ok(&RecordId(delete.record_id)));
        }
        let clear = of::<ClearSel>(request)?;
        Some(match clear.action {
            EraseAction::Initiate if !self.is_reserved(clear.reservation.0) => code(0xc5),
            EraseAction::Initiate => {
                self.clear_sel();
                self.reserve();
                Response::ok(&EraseProgress::InProgress)
            }
            EraseAction::Status if self.erasing > 0 => {
                self.erasing -= 1;
                Response::ok(&EraseProgress::InProgress)
            }
            EraseAction::Status => Response::ok(&EraseProgress::Completed),
        })
    }

    fn give_event(&mut self, get: &GetSelEntry) -> Response {
        if get.count > self.most {
            return code(0xca);
        }
        if get.offset > 0 && !self.is_reserved(get.reservation.0) {
            return code(0xc5);
        }
        let at = match get.record_id {
            GetSelEntry::FIRST => Some(0),
            GetSelEntry::LAST => self.sel.len().checked_sub(1),
            id => self.sel.iter().position(|record| id_of(record) == id),
        };
        let Some(record) = at.and_then(|at| self.sel.get(at)) else { return code(0xcb) };
        let next = at.and_then(|at| self.sel.get(at + 1)).map_or(0xffff, id_of);
        let data = record.iter().skip(get.offset.into()).take(get.count.into()).copied().collect();
        Response::ok(&RecordData { next_record_id: next, data })
    }
}

fn id_of(record: &[u8; 16]) -> u16 {
    u16::from_le_bytes([record[0], record[1]])
}
