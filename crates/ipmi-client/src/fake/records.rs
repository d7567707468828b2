//! Its sensor data records.

use ipmi_wire::cmd::sensor::{GetDeviceSdr, GetDeviceSdrInfo, ReserveDeviceSdrRepository};
use ipmi_wire::cmd::storage::{
    AddSdr, ClearSdrRepository, EraseAction, EraseProgress, GetSdr, GetSdrRepositoryInfo,
    PartialAddSdr, RecordData, RecordId, ReservationId, ReserveSdrRepository,
};
use ipmi_wire::{Command, Request, Response};

use super::{World, code, of};

/// gebn/bmc's "CPU Temp" under another name and number: signed degrees, all six thresholds.
pub(crate) fn full_sensor(number: u8, name: &str) -> Vec<u8> {
    let mut bytes = vec![
        0x00, 0x00, 0x51, 0x01, 0x00, 0x20, 0x00, number, 0x03, 0x01, 0x7f, 0x68, 0x01, 0x01, 0x00,
        0x72, 0x00, 0x72, 0x3f, 0x3f, 0x80, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x07, 0x28, 0x59, 0xfc, 0x7f, 0x80, 0x64, 0x64, 0x5f, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00,
        0x00, 0x00,
    ];
    named(&mut bytes, name)
}

/// A compact record, by hand from §43.2: discrete, of this entity, type and event type, with these
/// states.
pub(crate) fn presence_sensor(
    number: u8,
    name: &str,
    entity: (u8, u8),
    types: (u8, u8),
    mask: u16,
) -> Vec<u8> {
    let mut bytes = vec![0x00, 0x00, 0x51, 0x02, 0x00, 0x20, 0x00, number, entity.0, entity.1];
    bytes.extend([0x7f, 0x40, types.0, types.1, 0, 0, 0, 0]);
    bytes.extend(mask.to_le_bytes());
    bytes.extend([0xc0, 0, 0, 0x01, 0, 0, 0, 0, 0, 0, 0]);
    named(&mut bytes, name)
}

fn named(bytes: &mut Vec<u8>, name: &str) -> Vec<u8> {
    bytes.push(0xc0 | u8::try_from(name.len()).unwrap());
    bytes.extend(name.bytes());
    bytes[4] = u8::try_from(bytes.len() - 5).unwrap();
    std::mem::take(bytes)
}

impl World {
    pub(crate) fn set_sdrs(&mut self, records: impl IntoIterator<Item = Vec<u8>>) {
        self.sdrs.clear();
        for record in records {
            self.add_sdr(record);
        }
    }

    pub(crate) fn add_sdr(&mut self, mut record: Vec<u8>) -> u16 {
        let id = u16::try_from(self.sdrs.len() + 1).unwrap();
        record[..2].copy_from_slice(&id.to_le_bytes());
        self.sdrs.push(record);
        self.sdr_info.record_count = id;
        id
    }

    pub(super) fn answer_records(&mut self, request: &Request) -> Option<Response> {
        if of::<GetSdrRepositoryInfo>(request).is_some() {
            return Some(if self.repository { Response::ok(&self.sdr_info) } else { code(0xc1) });
        }
        if of::<ReserveSdrRepository>(request).is_some()
            || of::<ReserveDeviceSdrRepository>(request).is_some()
        {
            return Some(Response::ok(&ReservationId(self.reserve())));
        }
        if let Some(get) = of::<GetSdr>(request) {
            let records = self.sdrs.clone();
            let part = (get.offset, get.count);
            return Some(self.give(&records, get.reservation, get.record_id, part));
        }
        if let Some(get) = of::<GetDeviceSdr>(request) {
            let records = self.device_sdrs[usize::from(request.lun)].clone();
            let part = (get.offset, get.count);
            return Some(self.give(&records, get.reservation, get.record_id, part));
        }
        if of::<GetDeviceSdrInfo>(request).is_some() {
            return Some(self.device_info.as_ref().map_or(code(0xc1), Response::ok));
        }
        if let Some(clear) = of::<ClearSdrRepository>(request) {
            return Some(self.clear_sdrs(clear));
        }
        if let Some(add) = of::<AddSdr>(request) {
            return Some(Response::ok(&RecordId(self.add_sdr(add.record))));
        }
        let add = of::<PartialAddSdr>(request)?;
        if !self.is_reserved(add.reservation.0) {
            return Some(code(0xc5));
        }
        if add.data.len() > self.most.into() {
            return Some(code(0xc7));
        }
        if add.offset == 0 {
            return Some(Response::ok(&RecordId(self.add_sdr(add.data))));
        }
        let record = &mut self.sdrs[usize::from(add.record_id) - 1];
        assert_eq!(record.len(), usize::from(add.offset));
        record.extend(&add.data);
        assert_eq!(add.last, record.len() == usize::from(record[4]) + 5);
        Some(Response::ok(&RecordId(add.record_id)))
    }

    fn clear_sdrs(&mut self, clear: ClearSdrRepository) -> Response {
        assert_eq!(ClearSdrRepository::ID.cmd, 0x27);
        match clear.action {
            EraseAction::Initiate if !self.is_reserved(clear.reservation.0) => code(0xc5),
            EraseAction::Initiate => {
                self.set_sdrs([]);
                self.sdr_info.record_count = 0;
                self.sdr_info.last_erase += 1;
                Response::ok(&EraseProgress::InProgress)
            }
            EraseAction::Status => Response::ok(&EraseProgress::Completed),
        }
    }

    fn give(
        &mut self,
        records: &[Vec<u8>],
        ReservationId(reservation): ReservationId,
        id: u16,
        (offset, count): (u8, u8),
    ) -> Response {
        if count > self.most {
            return code(0xca);
        }
        if offset > 0 && !self.is_reserved(reservation) {
            return code(0xc5);
        }
        let id_of = |record: &Vec<u8>| u16::from_le_bytes([record[0], record[1]]);
        let at = match id {
            0 => Some(0),
            0xffff => records.len().checked_sub(1),
            id => records.iter().position(|record| id_of(record) == id),
        };
        let Some(record) = at.and_then(|at| records.get(at)) else { return code(0xcb) };
        let next = at.and_then(|at| records.get(at + 1)).map_or(0xffff, id_of);
        let data = record.iter().skip(offset.into()).take(count.into()).copied().collect();
        Response::ok(&RecordData { next_record_id: next, data })
    }
}
