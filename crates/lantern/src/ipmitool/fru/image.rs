//! A device's bytes, and where its areas are.

use ipmi_client::Bmc;
use ipmi_client::fru::FruId;
use ipmi_wire::cmd::storage::{FruInventoryAreaInfo, GetFruInventoryAreaInfo, ReadFruData};

use crate::ipmitool::tool::Refusal;

/// What is known of a device.
pub(super) struct Image {
    /// What it says to have room for.
    pub(super) size: usize,
    /// What was read, from the beginning.
    bytes: Vec<u8>,
}

/// Where the areas of a device begin; 0 if there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) internal: usize,
    pub(super) chassis: usize,
    pub(super) board: usize,
    pub(super) product: usize,
    pub(super) multirecords: usize,
}

/// Bytes of the header.
const HEADER: usize = 8;

/// How large a device is.
pub(super) async fn info(bmc: &Bmc, fru: FruId) -> Result<FruInventoryAreaInfo, Refusal> {
    let command = GetFruInventoryAreaInfo { fru_device_id: fru.device };
    bmc.send(&command).await.map_err(|error| Refusal::from(&error))
}

impl Image {
    pub(super) const fn new(size: usize, bytes: Vec<u8>) -> Self {
        Self { size, bytes }
    }

    /// A device's areas, all but the room behind them.
    pub(super) async fn of_areas(
        bmc: &Bmc,
        fru: FruId,
        info: FruInventoryAreaInfo,
    ) -> Result<Self, Refusal> {
        let image = bmc.read_fru_areas(fru).await;
        Self::or_why(bmc, fru, info, image).await
    }

    /// All of a device.
    pub(super) async fn whole(
        bmc: &Bmc,
        fru: FruId,
        info: FruInventoryAreaInfo,
    ) -> Result<Self, Refusal> {
        let image = bmc.read_fru(fru).await;
        Self::or_why(bmc, fru, info, image).await
    }

    async fn or_why(
        bmc: &Bmc,
        fru: FruId,
        info: FruInventoryAreaInfo,
        image: Result<Option<ipmi_client::fru::FruImage>, ipmi_client::Error>,
    ) -> Result<Self, Refusal> {
        match image {
            Ok(Some(image)) => Ok(Self::new(info.size.into(), image.bytes)),
            Err(error) => Err(Refusal::from(&error)),
            Ok(None) => {
                let count = u8::try_from(HEADER).unwrap_or(u8::MAX) / info.access.unit();
                let command = ReadFruData { fru_device_id: fru.device, offset: 0, count };
                match bmc.send(&command).await {
                    Ok(_) => Err(Refusal::Malformed),
                    Err(error) => Err(Refusal::from(&error)),
                }
            }
        }
    }

    /// Where the areas are; `None` if it is of a version that nobody knows.
    pub(super) fn header(&self) -> Option<Header> {
        let places = |place: &u8| usize::from(*place).saturating_mul(8);
        let [1, internal, chassis, board, product, multirecords, ..] = self.bytes.as_slice() else {
            return None;
        };
        Some(Header {
            internal: places(internal),
            chassis: places(chassis),
            board: places(board),
            product: places(product),
            multirecords: places(multirecords),
        })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// So many bytes from a place on, zeros behind the end; `None` if they cannot be read.
    pub(super) fn part(&self, from: usize, length: usize) -> Option<Vec<u8>> {
        if from > self.size {
            return None;
        }
        let end = from.saturating_add(length).min(self.size);
        let mut part = self.bytes.get(from..end)?.to_vec();
        part.resize(length, 0);
        Some(part)
    }

    /// An area that says itself how long it is.
    pub(super) fn area(&self, from: usize) -> Option<Vec<u8>> {
        if from < HEADER {
            return None;
        }
        let start = self.part(from, 2)?;
        let length = start.get(1).map_or(0, |length| usize::from(*length).saturating_mul(8));
        if length == 0 { None } else { self.part(from, length) }
    }
}
