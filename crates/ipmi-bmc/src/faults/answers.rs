//! Faults of any answer: refused as busy, too short, too long; another GUID.

use ipmi_wire::cmd::app::{GetDeviceGuid, GetSystemGuid, Guid};
use ipmi_wire::{Command, CommandId, CompletionCode, Response};

use super::{FaultKind, Faults, is_about_sessions};
use crate::bmc::Bmc;

/// C0h, if it is time for one.
pub(super) fn instead(bmc: &mut Bmc, id: CommandId) -> Option<Response> {
    let faults = bmc.faults.as_mut()?;
    if is_about_sessions(id) {
        return None;
    }
    faults.requests = faults.requests.wrapping_add(1);
    let owed = faults.busy_for > 0;
    faults.busy_for = faults.busy_for.saturating_sub(1);
    let every = faults.amount(FaultKind::Busy);
    let due = every.is_some_and(|every| faults.requests.checked_rem(every) == Some(0));
    (owed || due).then(|| Response::code(CompletionCode::NODE_BUSY))
}

pub(super) fn spoil(bmc: &Bmc, id: CommandId, response: &mut Response) {
    let Some(faults) = &bmc.faults else { return };
    if !response.completion.is_ok() {
        return;
    }
    if [GetSystemGuid::ID, GetDeviceGuid::ID].contains(&id) && faults.has(FaultKind::GuidFormat) {
        response.data = smbios_order(&response.data);
    }
    if is_about_sessions(id) {
        return;
    }
    if let Some(bytes) = faults.amount(FaultKind::ShortAnswer) {
        let length = response.data.len().saturating_sub(size(bytes));
        response.data.truncate(length);
    }
    if let Some(bytes) = faults.amount(FaultKind::LongAnswer) {
        let length = response.data.len().saturating_add(size(bytes));
        response.data.resize(length, 0);
    }
}

/// A GUID as SMBIOS writes it: of RFC 4122's order (the reverse of IPMI's), the first three fields
/// with their least significant byte first.
fn smbios_order(guid: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = guid.iter().rev().copied().collect();
    if let Some((low, rest)) = bytes.split_at_mut_checked(4) {
        low.reverse();
        rest.chunks_mut(2).take(2).for_each(<[u8]>::reverse);
    }
    bytes
}

fn size(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

impl Faults {
    /// The GUID that is told for `guid`: after a board was replaced, say.
    pub(crate) fn guid(&self, guid: Guid) -> Guid {
        if !self.has(FaultKind::NewGuid) {
            return guid;
        }
        // The node, which leaves version and variant what they are.
        let mut bytes = guid.0;
        bytes.iter_mut().take(6).for_each(|byte| *byte ^= 0xa5);
        Guid(bytes)
    }
}
