//! Inventory devices. IPMI v2.0 §34.

use ipmi_wire::cmd::storage::{
    FruAccess, FruData, FruInventoryAreaInfo, FruWritten, GetFruInventoryAreaInfo, ReadFruData,
    WriteFruData,
};

use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};

pub(super) fn register(table: &mut Table) {
    table.on(get_fru_inventory_area_info).on(read_fru_data).on(write_fru_data);
}

fn get_fru_inventory_area_info(
    bmc: &mut Bmc,
    _: &Context,
    request: GetFruInventoryAreaInfo,
) -> Outcome<FruInventoryAreaInfo> {
    let size = bmc.inventory.size(request.fru_device_id)?;
    Ok(FruInventoryAreaInfo { size, access: FruAccess::Bytes })
}

fn read_fru_data(bmc: &mut Bmc, _: &Context, request: ReadFruData) -> Outcome<FruData> {
    let ReadFruData { fru_device_id, offset, count } = request;
    let data = bmc.inventory.read(fru_device_id, offset, count)?.to_vec();
    // No more than `count`, which is a byte.
    Ok(FruData { count: u8::try_from(data.len()).unwrap_or(u8::MAX), data })
}

fn write_fru_data(bmc: &mut Bmc, _: &Context, request: WriteFruData) -> Outcome<FruWritten> {
    let WriteFruData { fru_device_id, offset, data } = request;
    let count = bmc.inventory.write(fru_device_id, offset, &data, &mut bmc.journal)?;
    Ok(FruWritten { count })
}
