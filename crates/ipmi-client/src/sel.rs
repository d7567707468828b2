//! The System Event Log.

use ipmi_wire::cmd::storage::{GetSelEntry, ReservationId, ReserveSel};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Command, Decode, Reader};

use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};
use crate::walk::{Repository, walk};

impl Bmc {
    /// All events, oldest first.
    ///
    /// # Errors
    /// As [`Bmc::send`]. A log that changes while it is read is read on from where it was.
    pub async fn sel_entries(&self) -> Result<Vec<SelRecord>, Error> {
        let records = walk::<Log>(self).await?;
        let decode = |(_, bytes): (u16, Vec<u8>)| {
            SelRecord::decode(&mut Reader::new(&bytes))
                .map_err(|source| self.error(Log::DOING, ErrorKind::Malformed { bytes, source }))
        };
        records.into_iter().map(decode).collect()
    }
}

struct Log;

impl Repository for Log {
    const DOING: &'static str = GetSelEntry::NAME;
    const HEADER: u8 = 16;

    fn length(_: &[u8]) -> usize {
        SelRecord::LEN
    }

    async fn reserve(bmc: &Bmc) -> Result<u16, Error> {
        bmc.send(&ReserveSel).await.map(|ReservationId(id)| id)
    }

    async fn read(
        bmc: &Bmc,
        reservation: u16,
        record_id: u16,
        offset: u8,
        count: u8,
    ) -> Result<(u16, Vec<u8>), Error> {
        let reservation = ReservationId(reservation);
        let answer = bmc.send(&GetSelEntry { reservation, record_id, offset, count }).await?;
        Ok((answer.next_record_id, answer.data))
    }
}
