//! Its FRU devices.

use ipmi_wire::cmd::storage::{
    FruData, FruInventoryAreaInfo, FruWritten, GetFruInventoryAreaInfo, ReadFruData, WriteFruData,
};
use ipmi_wire::{Request, Response};

use super::{World, code, of};

impl World {
    pub(super) fn answer_fru(&mut self, request: &Request) -> Option<Response> {
        let access = self.fru_access;
        if let Some(get) = of::<GetFruInventoryAreaInfo>(request) {
            let Some(bytes) = self.frus.get(&get.fru_device_id) else { return Some(code(0xcb)) };
            let size = self.fru_size.unwrap_or(u16::try_from(bytes.len()).unwrap());
            return Some(Response::ok(&FruInventoryAreaInfo { size, access }));
        }
        if let Some(read) = of::<ReadFruData>(request) {
            if self.fru_busy > 0 {
                self.fru_busy -= 1;
                return Some(code(0x81));
            }
            let Some(bytes) = self.frus.get(&read.fru_device_id) else { return Some(code(0xcb)) };
            let (at, count) = (access.bytes(read.offset), access.bytes(read.count.into()));
            if count > self.fru_most.into() {
                return Some(code(0xca));
            }
            if at >= bytes.len() {
                return Some(code(0xc9));
            }
            let data: Vec<u8> = bytes[at..].iter().take(count).copied().collect();
            return Some(Response::ok(&FruData::new(data, access)));
        }
        let write = of::<WriteFruData>(request)?;
        let Some(bytes) = self.frus.get_mut(&write.fru_device_id) else { return Some(code(0xcb)) };
        let at = access.bytes(write.offset);
        for (index, byte) in write.data.iter().enumerate() {
            if self.fru_protected_from.is_none_or(|from| at + index < from) {
                bytes[at + index] = *byte;
            }
        }
        let count = u8::try_from(write.data.len() / usize::from(access.unit())).unwrap();
        Some(Response::ok(&FruWritten { count }))
    }
}
