//! What consoles ask for, and how an answer shows whose it is.
//!
//! Everything that can be read says of itself where it was read; everything that can be written
//! bears the number of who wrote it; so neither an answer nor an effect can pass for another's.

use ipmi_session::console::Call;
use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::cmd::chassis::{ChassisControl, PowerAction};
use ipmi_wire::cmd::sensor::{GetSensorReading, SensorReading};
use ipmi_wire::cmd::storage::{
    AddSelEntry, FruData, FruWritten, GetSelEntry, ReadFruData, RecordData, RecordId, WriteFruData,
};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Decode, Encode, Reader, Response};

use super::rng::Rng;

/// One thing to have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Reads a piece of the inventory in which no two places are alike.
    ReadInventory { offset: u16, count: u8 },
    /// Reads one of the events that were there from the start.
    ReadEvent { id: u16 },
    /// Reads a sensor; each always says the same, and no two do.
    ReadSensor { number: u8 },
    /// Says nothing of itself.
    DeviceId,
    /// Writes `serial` into a place of the second inventory. `Idempotent`.
    Write { slot: u16, serial: u32 },
    /// Logs an event that bears `serial`. `Once`.
    AddEvent { serial: u32 },
    /// Pulses the reset line. `Once`.
    Reset,
    /// Pulses the interrupt line. `Once`.
    Interrupt,
}

/// Inventory that is only read, and inventory that is only written.
pub(super) const READ: u8 = 0;
pub(super) const WRITTEN: u8 = 1;
pub(super) const INVENTORY: u16 = 1024;
/// Bytes of a place of the second.
pub(super) const SLOT: u16 = 4;
pub(super) const SLOTS_EACH: u16 = 4;
/// Events that are there from the start.
pub(super) const EVENTS: u16 = 16;
pub(super) const SENSORS: [u8; 4] = [0x10, 0x11, 0x20, 0x21];
const RECORD_TYPE: u8 = 0xe7;

impl Work {
    /// Something to do for console `console`; `serial` is nobody else's.
    pub(super) fn drawn(rng: &mut Rng, console: u16, serial: u32, once: u32) -> Self {
        if rng.chance(once) {
            return match rng.below(4) {
                0 => Self::Reset,
                1 => Self::Interrupt,
                _ => Self::AddEvent { serial },
            };
        }
        match rng.below(10) {
            0..3 => {
                let count = rng.between(2, 32) as u8 & !1;
                let offset = rng.below(u64::from(INVENTORY - u16::from(count))) as u16 & !1;
                Self::ReadInventory { offset, count }
            }
            3..5 => Self::ReadEvent { id: rng.between(1, EVENTS.into()) as u16 },
            5..7 => Self::ReadSensor { number: *rng.pick(&SENSORS) },
            7 => Self::DeviceId,
            _ => {
                let slot = console * SLOTS_EACH + rng.below(SLOTS_EACH.into()) as u16;
                Self::Write { slot, serial }
            }
        }
    }

    /// Whether carrying it out twice is wrong.
    pub(super) const fn is_once(self) -> bool {
        matches!(self, Self::AddEvent { .. } | Self::Reset | Self::Interrupt)
    }

    /// Whether it changes anything.
    pub(super) const fn acts(self) -> bool {
        self.is_once() || matches!(self, Self::Write { .. })
    }

    /// The request of it.
    pub(super) fn call(self) -> Call {
        match self {
            Self::ReadInventory { offset, count } => {
                Call::of(&ReadFruData { fru_device_id: READ, offset, count })
            }
            Self::ReadEvent { id } => Call::of(&GetSelEntry::whole(id)),
            Self::ReadSensor { number } => Call::of(&GetSensorReading { number }),
            Self::DeviceId => Call::of(&GetDeviceId),
            Self::Write { slot, serial } => Call::of(&write(slot, serial)),
            Self::AddEvent { serial } => Call::of(&AddSelEntry { record: event(serial) }),
            Self::Reset => Call::of(&ChassisControl { action: PowerAction::Reset }),
            Self::Interrupt => {
                Call::of(&ChassisControl { action: PowerAction::DiagnosticInterrupt })
            }
        }
    }

    /// What is wrong with this answer to it. Gives the ID of a record that was added.
    pub(super) fn judge(self, response: &Response) -> Result<Option<u16>, String> {
        if !response.completion.is_ok() {
            return Err(format!("refused with {}", response.completion));
        }
        let data = &response.data;
        let right = match self {
            Self::ReadInventory { offset, count } => {
                let expected = inventory(offset, count.into());
                *data == FruData { count, data: expected }.to_bytes()
            }
            Self::ReadEvent { id } => RecordData::decode(&mut Reader::new(data))
                .is_ok_and(|answer| answer.data == old_event(id).to_bytes()),
            Self::ReadSensor { number } => {
                let answer = SensorReading::decode(&mut Reader::new(data));
                answer.is_ok_and(|answer| !answer.is_valid() || answer.raw == reading(number))
            }
            Self::DeviceId => data.first() == Some(&DEVICE_ID) && data.len() >= 11,
            Self::Write { .. } => *data == FruWritten { count: SLOT as u8 }.to_bytes(),
            Self::AddEvent { .. } => {
                let id = RecordId::decode_exact(data).map_err(|error| error.to_string())?;
                return Ok(Some(id.0));
            }
            Self::Reset | Self::Interrupt => data.is_empty(),
        };
        if right { Ok(None) } else { Err(format!("another's answer: {data:02x?}")) }
    }
}

/// The first byte of the answer to Get Device ID.
pub(super) const DEVICE_ID: u8 = 0x20;

/// What is read from the first inventory: each word is its own number.
pub(super) fn inventory(offset: u16, count: u16) -> Vec<u8> {
    let bytes = (0..INVENTORY / 2).flat_map(u16::to_le_bytes);
    bytes.skip(offset.into()).take(count.into()).collect()
}

/// What a sensor always says.
pub(super) const fn reading(number: u8) -> u8 {
    number.wrapping_mul(3)
}

/// An event that is there from the start.
pub(super) const fn old_event(id: u16) -> SelRecord {
    let [low, high] = id.to_le_bytes();
    let data = [0x01, low, high, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    SelRecord::Oem { id, record_type: RECORD_TYPE, data }
}

/// A console's event.
pub(super) const fn event(serial: u32) -> SelRecord {
    let [a, b, c, d] = serial.to_le_bytes();
    let data = [0xa5, a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0];
    SelRecord::Oem { id: 0, record_type: RECORD_TYPE, data }
}

/// Whose event this is.
pub(super) const fn serial_of(record: &SelRecord) -> Option<u32> {
    match record {
        SelRecord::Oem { record_type: RECORD_TYPE, data: [0xa5, a, b, c, d, ..], .. } => {
            Some(u32::from_le_bytes([*a, *b, *c, *d]))
        }
        _ => None,
    }
}

pub(super) fn write(slot: u16, serial: u32) -> WriteFruData {
    let data = serial.to_le_bytes().to_vec();
    WriteFruData { fru_device_id: WRITTEN, offset: slot * SLOT, data }
}
