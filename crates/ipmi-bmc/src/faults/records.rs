//! Faults of what is stored and measured: SDR repository, event log, inventory, sensors.
//!
//! Records and inventories are read in pieces. What is wrong with a byte is wrong in whatever piece
//! it comes.

use ipmi_wire::cmd::sensor::GetSensorReading;
use ipmi_wire::cmd::storage::{
    GetFruInventoryAreaInfo, GetSdr, GetSdrRepositoryInfo, GetSelEntry, GetSelInfo, ReadFruData,
    ReserveSel,
};
use ipmi_wire::{Command, CommandId, CompletionCode, Request, Response};

use super::FaultKind::{
    AssumeBmcOwner, AssumeMaxSdrRecordCount, AssumeSystemEvent, IgnoreScanningDisabled, NoFru,
    NoSelEntry, NoSelReserve, SdrCount, SdrExcess, SdrInfoDenied, SdrLastUnreadable, SdrShortRead,
    SdrWrongId, SelCount, SensorCode, ShortStates, SkipChecks,
};
use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::carry_out;

pub(super) fn spoil(
    bmc: &mut Bmc,
    context: &Context,
    id: CommandId,
    request: &Request,
    response: &mut Response,
) {
    if !response.completion.is_ok() {
        return;
    }
    match id {
        GetSdr::ID => spoil_sdr(bmc, context, request, response),
        GetSdrRepositoryInfo::ID | GetSelInfo::ID => spoil_info(bmc, id, response),
        GetSelEntry::ID | ReserveSel::ID => spoil_sel(bmc, id, request, response),
        GetFruInventoryAreaInfo::ID | ReadFruData::ID => spoil_fru(bmc, id, request, response),
        GetSensorReading::ID => spoil_reading(bmc, request, response),
        _ => {}
    }
}

/// §33.12: the answer is the next record's ID and a piece of this one.
fn spoil_sdr(bmc: &mut Bmc, context: &Context, request: &Request, response: &mut Response) {
    let [_, _, _, _, offset, count] = request.data.as_slice() else { return };
    let (offset, whole) = (usize::from(*offset), *count == 0xff);
    let is_last = response.data.get(..2) == Some(&LAST);
    let Some(faults) = &bmc.faults else { return };
    if is_last && faults.has(SdrLastUnreadable) {
        *response = Response::code(CompletionCode::TIMEOUT);
        return;
    }
    if faults.has(SdrWrongId) {
        change(&mut response.data, 2, offset, 1, |byte| byte ^ 0x10);
    }
    if faults.has(AssumeBmcOwner) && is_about_sensor(bmc, request) {
        change(&mut response.data, 2, offset, OWNER, |_| OTHER_CONTROLLER);
    }
    let Some(faults) = &bmc.faults else { return };
    if whole && faults.has(SdrShortRead) {
        response.data.truncate(SHORT_READ);
    }
    if whole && let Some(bytes) = faults.amount(SdrExcess) {
        let bytes = usize::try_from(bytes).unwrap_or_default();
        response.data.extend(core::iter::repeat_n(0xff, bytes));
    }
    if is_last && faults.has(AssumeMaxSdrRecordCount) {
        // The ID at the start of the first record.
        let first = Request { data: vec![0, 0, 0, 0, 0, 2], ..request.clone() };
        let first = carry_out(bmc, context, &first);
        let id = first.data.get(2..4).unwrap_or(&LAST);
        response.data.iter_mut().zip(id).for_each(|(to, from)| *to = *from);
    }
}

/// Whether the record that is asked for describes a sensor: those have an owner.
fn is_about_sensor(bmc: &Bmc, request: &Request) -> bool {
    let [_, _, low, high, ..] = request.data.as_slice() else { return false };
    let repository = bmc.sdr.as_ref();
    let record = repository.map(|sdr| sdr.get(u16::from_le_bytes([*low, *high])));
    let Some(Ok((record, _))) = record else { return false };
    matches!(record.get(3), Some(0x01..=0x03))
}

/// §31.2 and §33.9: both have the number of entries in the second and third byte.
fn spoil_info(bmc: &Bmc, id: CommandId, response: &mut Response) {
    let Some(faults) = &bmc.faults else { return };
    let (kind, denied) = match id {
        GetSelInfo::ID => (SelCount, false),
        _ => (SdrCount, faults.has(SdrInfoDenied)),
    };
    if denied {
        *response = Response::code(CompletionCode::INSUFFICIENT_PRIVILEGE);
        return;
    }
    if let Some(more) = faults.amount(kind)
        && let [_, low, high, ..] = response.data.as_mut_slice()
    {
        let more = u16::try_from(more).unwrap_or(u16::MAX);
        [*low, *high] = u16::from_le_bytes([*low, *high]).saturating_add(more).to_le_bytes();
    }
}

/// §31.5: as an SDR, but records have 16 bytes.
fn spoil_sel(bmc: &Bmc, id: CommandId, request: &Request, response: &mut Response) {
    let Some(faults) = &bmc.faults else { return };
    let missing = if id == ReserveSel::ID { NoSelReserve } else { NoSelEntry };
    if faults.has(missing) {
        *response = Response::code(CompletionCode::INVALID_COMMAND);
    } else if id == GetSelEntry::ID && faults.has(AssumeSystemEvent) {
        let offset = request.data.get(4).copied().unwrap_or_default().into();
        let illegal = |byte| if byte == SYSTEM_EVENT { 0 } else { byte };
        change(&mut response.data, 2, offset, 2, illegal);
    }
}

fn spoil_fru(bmc: &Bmc, id: CommandId, request: &Request, response: &mut Response) {
    let Some(faults) = &bmc.faults else { return };
    if faults.has(NoFru) {
        *response = Response::code(CompletionCode::RESPONSE_UNAVAILABLE);
    } else if id == ReadFruData::ID
        && faults.has(SkipChecks)
        && let [_, low, high, _] = request.data.as_slice()
    {
        let offset = u16::from_le_bytes([*low, *high]).into();
        change(&mut response.data, 1, offset, HEADER_CHECKSUM, |byte| byte ^ 0x5a);
    }
}

/// §35.14: reading, flags, states.
fn spoil_reading(bmc: &Bmc, request: &Request, response: &mut Response) {
    let Some(faults) = &bmc.faults else { return };
    let number = request.data.first().copied().unwrap_or_default();
    if let Some(code) = faults.amount(SensorCode)
        && number % 4 == 0
    {
        let code = u8::try_from(code).map_or(CompletionCode::NOT_PRESENT, CompletionCode);
        *response = Response::code(code);
        return;
    }
    if faults.has(IgnoreScanningDisabled)
        && let Some(flags) = response.data.get_mut(1)
    {
        *flags &= !SCANNING;
    }
    if faults.has(ShortStates) {
        response.data.truncate(2);
    }
}

/// Changes byte `at` of what is read in pieces, if it is in the piece from `offset` on, which
/// begins after `head` bytes of the answer.
fn change(data: &mut [u8], head: usize, offset: usize, at: usize, new: impl Fn(u8) -> u8) {
    let place = at.checked_sub(offset).and_then(|place| place.checked_add(head));
    if let Some(byte) = place.and_then(|place| data.get_mut(place)) {
        *byte = new(*byte);
    }
}

/// The record ID after the last.
const LAST: [u8; 2] = [0xff, 0xff];
/// The sensor owner's ID in a sensor's record (§43.1 to §43.3), and one that is not ours.
const OWNER: usize = 5;
const OTHER_CONTROLLER: u8 = 0x22;
/// What is left of a whole record: the next one's ID, the header and a few bytes.
const SHORT_READ: usize = 2 + 16;
/// Record type of a system event (§32.1).
const SYSTEM_EVENT: u8 = 0x02;
/// The checksum of the common header of an inventory (FRU Information Storage Definition §8).
const HEADER_CHECKSUM: usize = 7;
/// Scanning is enabled (§35.14, byte 2).
const SCANNING: u8 = 0x40;
