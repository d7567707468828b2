//! The two places that records come from, read in the same way.

use ipmi_wire::cmd::sensor::{GetDeviceSdr, ReserveDeviceSdrRepository};
use ipmi_wire::cmd::storage::{GetSdr, ReservationId, ReserveSdrRepository};
use ipmi_wire::sdr::{Record, RecordHeader};
use ipmi_wire::{Command, CompletionCode, Decode, Reader};

use super::{Population, RawRecord, SdrSet, decode, numbered};
use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};
use crate::walk::{self, LAST, ReadSize, Repository, Walked, walk};

/// Where records come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SdrSource {
    /// The SDR repository, which describes the whole system. IPMI v2.0 §33.
    Repository,
    /// The BMC's own device, which describes its own sensors. IPMI v2.0 §35.2 to §35.4.
    Device,
}

impl Bmc {
    pub(super) async fn read_sdrs_from(&self, population: Population) -> Result<SdrSet, Error> {
        match population {
            Population::Repository(info) => {
                let walked = walk(&Main(self), Some(info.record_count.into())).await?;
                let (ending, raw) = raw(0, walked);
                Ok(SdrSet::new(SdrSource::Repository, ending, raw))
            }
            Population::Device(info) => {
                let announced = Some(info.count.into());
                let walked = walk(&Device { bmc: self, lun: 0 }, announced).await?;
                let (mut ending, mut records) = raw(0, walked);
                // Most controllers give all records at any LUN. Where sensors are said to be of
                // which there was no record, it is asked for there.
                for lun in (1..4).filter(|lun| info.luns & (1 << lun) != 0) {
                    if records.iter().any(|record| is_at_lun(&record.bytes, lun)) {
                        continue;
                    }
                    let walked = match walk(&Device { bmc: self, lun }, announced).await {
                        Ok(walked) => walked,
                        // It has sensors there, and its records elsewhere or nowhere.
                        Err(error) if error.completion().is_some() => {
                            tracing::debug!(lun, %error, "no records at a LUN with sensors");
                            continue;
                        }
                        Err(error) => return Err(error),
                    };
                    let (also, more) = raw(lun, walked);
                    ending = if ending.is_complete() { also } else { ending };
                    let new = |record: &RawRecord| records.iter().all(|r| r.bytes != record.bytes);
                    let more: Vec<_> = more.into_iter().filter(new).collect();
                    records.extend(more);
                }
                Ok(SdrSet::new(SdrSource::Device, ending, records))
            }
        }
    }

    /// A record as far as one exchange gives it, and the ID of the next.
    pub(super) async fn read_sdr_start(
        &self,
        source: SdrSource,
        lun: u8,
        id: u16,
    ) -> Result<(u16, Vec<u8>), Error> {
        match source {
            SdrSource::Repository => walk::Reader::new(&Main(self)).start(id).await,
            SdrSource::Device => walk::Reader::new(&Device { bmc: self, lun }).start(id).await,
        }
    }

    /// The last record of the repository.
    pub(super) async fn last_sdr(&self) -> Result<Vec<u8>, Error> {
        let main = Main(self);
        walk::Reader::new(&main).record(LAST).await.map(|(_, bytes)| bytes)
    }
}

fn raw(lun: u8, walked: Walked) -> (walk::Ending, Vec<RawRecord>) {
    let raw = |(id, bytes)| RawRecord { lun, bytes: numbered(id, bytes) };
    (walked.ending, walked.records.into_iter().map(raw).collect())
}

fn is_at_lun(bytes: &[u8], lun: u8) -> bool {
    let record = decode(bytes);
    record.as_ref().and_then(Record::sensor).is_some_and(|sensor| sensor.key.lun() == lun)
}

fn record_length(header: &[u8]) -> usize {
    match RecordHeader::decode(&mut Reader::new(header)) {
        Ok(header) => header.record_len(),
        Err(_) => RecordHeader::LEN,
    }
}

/// Five bytes, so that a u8 says it.
const HEADER: u8 = 5;

struct Main<'a>(&'a Bmc);

impl Repository for Main<'_> {
    const HEADER: u8 = HEADER;

    fn length(header: &[u8]) -> usize {
        record_length(header)
    }

    async fn reserve(&self) -> Result<u16, Error> {
        let answer = self.0.send_until_free(0, &ReserveSdrRepository).await;
        answer.map(|ReservationId(id)| id)
    }

    async fn read(
        &self,
        reservation: u16,
        record_id: u16,
        offset: u8,
        count: u8,
    ) -> Result<(u16, Vec<u8>), Error> {
        let reservation = ReservationId(reservation);
        let command = GetSdr { reservation, record_id, offset, count };
        let answer = self.0.send_until_free(0, &command).await?;
        Ok((answer.next_record_id, answer.data))
    }

    async fn read_whole(&self, record_id: u16) -> Result<(u16, Vec<u8>), Error> {
        let (reservation, count) = (ReservationId::NONE, u8::MAX);
        let command = GetSdr { reservation, record_id, offset: 0, count };
        let answer = self.0.send_abreast(0, &command, self.abreast()).await?;
        Ok((answer.next_record_id, answer.data))
    }

    fn abreast(&self) -> u8 {
        self.0.records_abreast()
    }

    fn distrust(&self) {
        self.0.distrust("records");
    }

    fn error(&self, kind: ErrorKind) -> Error {
        self.0.error(GetSdr::NAME, kind)
    }

    fn read_size(&self) -> ReadSize {
        self.0.memory().sizes.repository
    }

    fn learn(&self, size: ReadSize) {
        self.0.memory().sizes.repository = size;
    }
}

struct Device<'a> {
    bmc: &'a Bmc,
    lun: u8,
}

impl Repository for Device<'_> {
    const HEADER: u8 = HEADER;

    fn length(header: &[u8]) -> usize {
        record_length(header)
    }

    async fn reserve(&self) -> Result<u16, Error> {
        let answer = self.bmc.send_until_free(self.lun, &ReserveDeviceSdrRepository).await;
        answer.map(|ReservationId(id)| id)
    }

    async fn read(
        &self,
        reservation: u16,
        record_id: u16,
        offset: u8,
        count: u8,
    ) -> Result<(u16, Vec<u8>), Error> {
        let reservation = ReservationId(reservation);
        let command = GetDeviceSdr { reservation, record_id, offset, count };
        let answer = self.bmc.send_until_free(self.lun, &command).await?;
        Ok((answer.next_record_id, answer.data))
    }

    async fn read_whole(&self, record_id: u16) -> Result<(u16, Vec<u8>), Error> {
        let (reservation, count) = (ReservationId::NONE, u8::MAX);
        let command = GetDeviceSdr { reservation, record_id, offset: 0, count };
        let answer = self.bmc.send_abreast(self.lun, &command, self.abreast()).await?;
        Ok((answer.next_record_id, answer.data))
    }

    fn abreast(&self) -> u8 {
        self.bmc.records_abreast()
    }

    fn distrust(&self) {
        self.bmc.distrust("records");
    }

    fn error(&self, kind: ErrorKind) -> Error {
        self.bmc.error(GetDeviceSdr::NAME, kind)
    }

    fn read_size(&self) -> ReadSize {
        self.bmc.memory().sizes.device
    }

    fn learn(&self, size: ReadSize) {
        self.bmc.memory().sizes.device = size;
    }

    /// 80h: the record changed since its first piece was read. IPMI v2.0 §35.3.
    fn begins_anew(error: &Error) -> bool {
        matches!(
            error.completion(),
            Some(CompletionCode::RESERVATION_CANCELED | CompletionCode(0x80))
        )
    }
}
