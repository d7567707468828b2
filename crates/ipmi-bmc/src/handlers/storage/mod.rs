//! Records: the SDR repository, the System Event Log, inventories.

mod device_sdr;
mod fru;
mod sdr;
mod sel;

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::storage::ReservationId;

use crate::dispatch::{Outcome, Table};
use crate::reservation::Reservation;

pub(super) fn register(table: &mut Table) {
    fru::register(table);
    sdr::register(table);
    device_sdr::register(table);
    sel::register(table);
}

/// Format version of SDR repository and SEL: 1.5, as BCD with the digits swapped.
const VERSION: u8 = 0x51;

/// `count` bytes of a record from `offset` on, or all that follow if there are fewer.
fn piece(record: &[u8], offset: u8, count: u8) -> Outcome<Vec<u8>> {
    let rest = record.get(offset.into()..).unwrap_or_default();
    if rest.is_empty() {
        return Err(CompletionCode::PARAMETER_OUT_OF_RANGE);
    }
    Ok(rest.iter().take(count.into()).copied().collect())
}

/// Insists on the reservation, where one is `needed`.
const fn require(reservation: &Reservation, given: ReservationId, needed: bool) -> Outcome<()> {
    if needed && !reservation.holds(given.0) {
        return Err(CompletionCode::RESERVATION_CANCELED);
    }
    Ok(())
}
