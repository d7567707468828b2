//! FRU devices: which there are, what is on them, and changing that.

mod extent;
mod write;

use ipmi_wire::bridge::Hop;
use ipmi_wire::cmd::storage::{
    FruAccess, FruInventoryAreaInfo, GetFruInventoryAreaInfo, ReadFruData,
};
use ipmi_wire::lan::BMC_ADDRESS;
use ipmi_wire::sdr::{EntityId, Record};
use ipmi_wire::{Command, CompletionCode};

pub use write::{FruState, FruWriteError, FruWriteFailure};

use crate::bmc::{Bmc, means_absent};
use crate::error::{Error, ErrorKind};
use crate::sdr::SdrSet;

/// A FRU device that the BMC's records name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FruDevice {
    /// Where it is.
    pub place: FruPlace,
    /// Its name; empty if no record gives one.
    pub name: String,
    /// What it belongs to, if a record says.
    pub entity: Option<EntityId>,
}

/// Where a FRU device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FruPlace {
    /// Behind the BMC, which reads it for whoever asks.
    Bmc(FruId),
    /// Behind another controller, which is asked over the BMC.
    Behind {
        /// That controller.
        controller: Hop,
        /// The device there.
        fru: FruId,
    },
    /// A chip on a bus, which nobody reads for others.
    Elsewhere {
        /// The controller whose bus it is on.
        controller: u8,
        /// Its slave address there.
        device: u8,
    },
}

/// A FRU device of the BMC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FruId {
    /// Device number; 0 is the BMC's own board.
    pub device: u8,
    /// LUN of the BMC that it is asked for at.
    pub lun: u8,
}

/// What was read from a FRU device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FruImage {
    /// What the BMC says of the device.
    pub info: FruInventoryAreaInfo,
    /// The bytes, from the beginning.
    pub bytes: Vec<u8>,
    /// Why there are fewer than were wanted: the BMC says that the device is larger than it is.
    pub cut: Option<CompletionCode>,
}

/// How much of a device to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Much {
    All,
    /// Up to the end of the last area.
    Areas,
}

/// "The FRU device is busy." IPMI v2.0 §34.2.
const BUSY: CompletionCode = CompletionCode(0x81);
/// Bytes at a time, largest first. An answer of 128 fits every LAN packet; many BMCs take no more
/// than 32, those that pass the question on over a slow bus no more than 16.
const SIZES: [u8; 5] = [128, 64, 32, 16, 8];
/// The one that every BMC can answer in.
const SMALL: u8 = 16;

impl FruId {
    /// The device with this number, at LUN 0.
    #[must_use]
    pub const fn new(device: u8) -> Self {
        Self { device, lun: 0 }
    }
}

impl SdrSet {
    /// The FRU devices that these records name, that of the BMC itself first: the records need not
    /// mention it.
    ///
    /// Source: IPMI v2.0 §38, §43.8, §43.9.
    #[must_use]
    pub fn fru_devices(&self) -> Vec<FruDevice> {
        self.fru_devices_of(BMC_ADDRESS)
    }

    /// As [`fru_devices`](Self::fru_devices), where these are the records of the controller with this
    /// slave address. To itself, it is the BMC as well.
    #[must_use]
    pub fn fru_devices_of(&self, own_address: u8) -> Vec<FruDevice> {
        let is_own = |address: u8| address == own_address || address == BMC_ADDRESS;
        let own = FruPlace::Bmc(FruId::new(0));
        let mut devices = vec![FruDevice { place: own, name: String::new(), entity: None }];
        for record in self.records() {
            let (place, name, entity) = match record {
                Record::FruDeviceLocator(fru) => {
                    let place = match fru.fru_id() {
                        Some(device) if is_own(fru.access_address) => {
                            FruPlace::Bmc(FruId { device, lun: fru.lun & 3 })
                        }
                        Some(device) if fru.access_address != 0 => FruPlace::Behind {
                            controller: Hop { channel: fru.channel, address: fru.access_address },
                            fru: FruId { device, lun: fru.lun & 3 },
                        },
                        _ => FruPlace::Elsewhere {
                            controller: fru.access_address,
                            device: fru.device,
                        },
                    };
                    (place, fru.id.text(), fru.entity)
                }
                Record::McDeviceLocator(mc) if mc.capabilities & FRU_INVENTORY != 0 => {
                    let place = match mc.slave_address {
                        address if is_own(address) => own,
                        address => FruPlace::Behind {
                            controller: Hop { channel: mc.channel, address },
                            fru: FruId::new(0),
                        },
                    };
                    (place, mc.id.text(), mc.entity)
                }
                _ => continue,
            };
            match devices.iter_mut().find(|device| device.place == place) {
                // A FRU locator says more of a device than the locator of its controller.
                Some(known)
                    if known.name.is_empty() || matches!(record, Record::FruDeviceLocator(_)) =>
                {
                    (known.name, known.entity) = (name, Some(entity));
                }
                Some(_) => {}
                None => devices.push(FruDevice { place, name, entity: Some(entity) }),
            }
        }
        devices
    }
}

/// Bit of a management controller's capabilities. IPMI v2.0 §43.9, byte 9.
const FRU_INVENTORY: u8 = 0x08;

impl Bmc {
    /// The FRU devices that the BMC's records name, its own first.
    ///
    /// # Errors
    /// As [`Bmc::sdrs`].
    pub async fn fru_devices(&self) -> Result<Vec<FruDevice>, Error> {
        Ok(self.sdrs().await?.fru_devices_of(self.slave_address()))
    }

    /// A handle to the controller that reads a device, and what it is there; `None` if nobody does.
    #[must_use]
    pub fn fru_at(&self, place: FruPlace) -> Option<(Self, FruId)> {
        match place {
            FruPlace::Bmc(fru) => Some((self.clone(), fru)),
            FruPlace::Behind { controller, fru } => Some((self.neighbour(controller)?, fru)),
            FruPlace::Elsewhere { .. } => None,
        }
    }

    /// How large a device is; `None` if it is not there. BMCs say so with any of several codes
    /// (CEh: Fujitsu RX1330, `research/freeipmi.md` §4.8).
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn fru_info(&self, fru: FruId) -> Result<Option<FruInventoryAreaInfo>, Error> {
        let command = GetFruInventoryAreaInfo { fru_device_id: fru.device };
        match self.send_patiently(fru.lun, &command, BUSY).await {
            Ok(info) => Ok(Some(info)),
            Err(error) if error.completion().is_some_and(means_absent) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All bytes of a device; `None` if it is not there.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn read_fru(&self, fru: FruId) -> Result<Option<FruImage>, Error> {
        self.read_much(fru, Much::All).await
    }

    /// The bytes of a device up to the end of its last area: all that is needed to show what is on
    /// it, and often a tenth of it. `None` if it is not there.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn read_fru_areas(&self, fru: FruId) -> Result<Option<FruImage>, Error> {
        self.read_much(fru, Much::Areas).await
    }

    async fn read_much(&self, fru: FruId, much: Much) -> Result<Option<FruImage>, Error> {
        let Some(info) = self.fru_info(fru).await? else { return Ok(None) };
        let mut reader = FruReader::new(self, fru, info.access);
        let size = usize::from(info.size);
        loop {
            let wanted = match much {
                Much::All => size,
                Much::Areas => extent::needed(&reader.bytes).min(size),
            };
            if reader.bytes.len() >= wanted || reader.cut.is_some() {
                break;
            }
            // Reading a little more costs nothing as long as it is the same exchange.
            match reader.read_some(size).await {
                // No device behind the number after all.
                Err(error)
                    if reader.bytes.is_empty() && error.completion().is_some_and(means_absent) =>
                {
                    return Ok(None);
                }
                outcome => outcome?,
            }
        }
        Ok(Some(FruImage { info, bytes: reader.bytes, cut: reader.cut }))
    }

    /// The bytes of a device from `offset` to `end`, or as many as it gives.
    async fn read_fru_range(
        &self,
        fru: FruId,
        access: FruAccess,
        offset: usize,
        end: usize,
    ) -> Result<Vec<u8>, Error> {
        let mut reader = FruReader { offset, ..FruReader::new(self, fru, access) };
        while reader.at() < end && reader.cut.is_none() {
            reader.read_some(end).await?;
        }
        Ok(reader.bytes)
    }
}

/// Reads a device piece by piece.
struct FruReader<'a> {
    bmc: &'a Bmc,
    fru: FruId,
    access: FruAccess,
    /// Where the reading began.
    offset: usize,
    bytes: Vec<u8>,
    cut: Option<CompletionCode>,
}

impl<'a> FruReader<'a> {
    const fn new(bmc: &'a Bmc, fru: FruId, access: FruAccess) -> Self {
        Self { bmc, fru, access, offset: 0, bytes: Vec::new(), cut: None }
    }

    const fn at(&self) -> usize {
        self.offset.saturating_add(self.bytes.len())
    }

    /// Reads the next piece, up to `end` at most, in the size that this BMC takes.
    async fn read_some(&mut self, end: usize) -> Result<(), Error> {
        let known = self.size();
        let mut size = known;
        let mut silence = None;
        loop {
            let error = match self.read_piece(end, size).await {
                Ok(bytes) => {
                    // Where pieces of that size were answered before, silence says nothing of sizes.
                    let lost = silence.is_some() && !self.bytes.is_empty();
                    self.learn(if lost { known } else { size });
                    if bytes.is_empty() {
                        self.cut = Some(CompletionCode::OK);
                    }
                    self.bytes.extend(bytes);
                    return Ok(());
                }
                Err(error) => error,
            };
            let Some(code) = error.completion() else {
                // Some do not answer at all when the answer would be too long for them.
                let silent = error.is_unanswered();
                if silent && silence.is_none() && size > SMALL {
                    (silence, size) = (Some(error), SMALL);
                    continue;
                }
                return Err(silence.unwrap_or(error));
            };
            let smaller = SIZES.into_iter().find(|smaller| *smaller < size);
            match smaller {
                Some(smaller) if asks_for_less(code) => size = smaller,
                // It is not the size: there is nothing at this place.
                _ if !self.bytes.is_empty() && (asks_for_less(code) || means_absent(code)) => {
                    self.learn(known);
                    self.cut = Some(code);
                    return Ok(());
                }
                _ => return Err(error),
            }
        }
    }

    async fn read_piece(&self, end: usize, size: u8) -> Result<Vec<u8>, Error> {
        let unit = usize::from(self.access.unit());
        let left = end.saturating_sub(self.at()).next_multiple_of(unit);
        let bytes = left.min(usize::from(size)).max(unit);
        let units = |bytes: usize| u16::try_from(bytes).ok().and_then(|b| self.access.units(b));
        let (Some(offset), Some(count)) = (units(self.at()), units(bytes)) else {
            let why = "it gives half a word, where it has said that it gives words";
            return Err(self.bmc.error(ReadFruData::NAME, ErrorKind::Inconsistent(why)));
        };
        let command = ReadFruData {
            fru_device_id: self.fru.device,
            offset,
            count: u8::try_from(count).unwrap_or(u8::MAX),
        };
        let answer = self.bmc.send_patiently(self.fru.lun, &command, BUSY).await?;
        // Some give more than was asked for.
        let came = answer.bytes(self.access);
        Ok(came.get(..bytes).unwrap_or(came).to_vec())
    }

    fn size(&self) -> u8 {
        let known = self.bmc.memory().sizes.fru;
        let [largest, ..] = SIZES;
        if SIZES.contains(&known) { known } else { largest }
    }

    fn learn(&self, size: u8) {
        self.bmc.memory().sizes.fru = size;
    }
}

/// Completion codes by which BMCs refuse a read for its size; C3h is a bus too slow for it.
const fn asks_for_less(code: CompletionCode) -> bool {
    matches!(
        code,
        CompletionCode::CANNOT_RETURN_BYTES
            | CompletionCode::FIELD_LENGTH_EXCEEDED
            | CompletionCode::DATA_LENGTH_INVALID
            | CompletionCode::DATA_TRUNCATED
            | CompletionCode::PARAMETER_OUT_OF_RANGE
            | CompletionCode::TIMEOUT
            | CompletionCode::UNSPECIFIED
    )
}

#[cfg(test)]
mod tests;
