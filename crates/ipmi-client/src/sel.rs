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
        let records = walk(&Log(self)).await?;
        let decode = |(id, bytes): (u16, Vec<u8>)| match SelRecord::decode(&mut Reader::new(&bytes))
        {
            Ok(record) => Some(record),
            // One that is cut off must not hide the rest.
            Err(error) => {
                tracing::warn!(%error, record_id = id, ?bytes, "an event that cannot be understood");
                None
            }
        };
        Ok(records.into_iter().filter_map(decode).collect())
    }
}

struct Log<'a>(&'a Bmc);

impl Repository for Log<'_> {
    const HEADER: u8 = 16;

    fn length(_: &[u8]) -> usize {
        SelRecord::LEN
    }

    async fn reserve(&self) -> Result<u16, Error> {
        self.0.send(&ReserveSel).await.map(|ReservationId(id)| id)
    }

    async fn read(
        &self,
        reservation: u16,
        record_id: u16,
        offset: u8,
        count: u8,
    ) -> Result<(u16, Vec<u8>), Error> {
        let reservation = ReservationId(reservation);
        let answer = self.0.send(&GetSelEntry { reservation, record_id, offset, count }).await?;
        Ok((answer.next_record_id, answer.data))
    }

    fn error(&self, kind: ErrorKind) -> Error {
        self.0.error(GetSelEntry::NAME, kind)
    }
}
