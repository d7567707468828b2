//! What a store gave back, decoded: the one place that knows how values are written.

use std::collections::BTreeMap;
use std::time::Duration;

use ipmi_wire::cmd::app::Guid;
use ipmi_wire::cmd::chassis::{PowerRestorePolicy, SetFrontPanelEnables, SetSystemBootOptions};
use ipmi_wire::cmd::transport::{LanParameter, SolParameter};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::{Decode, DecodeError, Encode, Reader};

use super::{KeptChannel, KeptDcmi, KeptFirewall, KeptKey, KeptPef, KeptUser, Key, Room, setting};
use crate::lan;

/// What a BMC remembers from before. What is `None` was never kept, and the personality's or the
/// configuration's holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// System GUID.
    pub guid: Option<Guid>,
    /// Whether the machine was on.
    pub power_on: Option<bool>,
    /// How long it had been on, in all.
    pub on_time: Option<Duration>,
    /// SEL time less the host's, in seconds.
    pub clock_offset: Option<i64>,
    /// SEL time's UTC offset in minutes.
    pub utc_offset: Option<i16>,
    /// The log.
    pub log: Option<KeptLog>,
    /// The SDR repository.
    pub sdrs: Option<KeptRepository>,
    /// Pages of FRU devices, by device ID and page.
    pub fru_pages: BTreeMap<(u8, u16), Vec<u8>>,
    /// What was set at sensors, by number.
    pub sensors: BTreeMap<u8, KeptSensor>,
    /// What the machine does when mains power comes back.
    pub restore_policy: Option<PowerRestorePolicy>,
    /// Users, by ID.
    pub users: BTreeMap<u8, KeptUser>,
    /// What was set at the LAN channel.
    pub lan_channel: Option<KeptChannel>,
    /// Its `K_G`.
    pub kg: Option<KeptKey>,
    /// Boot options, as the commands that set them.
    pub boot_options: Vec<SetSystemBootOptions>,
    /// LAN configuration parameters.
    pub lan_parameters: Vec<LanParameter>,
    /// Privilege levels of cipher suites, by their number; 0 is switched off.
    pub suite_privileges: BTreeMap<u8, u8>,
    /// What the configuration said of the network when it was last followed.
    pub lan_seed: Option<Vec<u8>>,
    /// SOL configuration parameters.
    pub sol_parameters: Vec<SolParameter>,
    /// Front panel buttons, as the command that set them.
    pub buttons: Option<SetFrontPanelEnables>,
    /// Off phase of a power cycle, in seconds.
    pub cycle_interval: Option<u8>,
    /// System info texts, by parameter.
    pub system_info: BTreeMap<u8, Vec<u8>>,
    /// What was set of DCMI.
    pub dcmi: KeptDcmi,
    /// What is disabled.
    pub firewall: KeptFirewall,
    /// What was set of PEF.
    pub pef: KeptPef,
}

/// The log as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptLog {
    /// Its header.
    pub header: LogHeader,
    /// Events by their order, which never changes and only grows.
    pub records: BTreeMap<u32, SelRecord>,
}

/// What is kept of a log beside its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHeader {
    /// When an event was last added; FFFFFFFFh if never.
    pub last_addition: u32,
    /// When events were last deleted or all erased; FFFFFFFFh if never.
    pub last_erase: u32,
    /// The record ID that is tried first for the next event.
    pub next_id: u16,
    /// Whether an event was lost.
    pub overflow: bool,
}

impl Default for LogHeader {
    fn default() -> Self {
        Self { last_addition: u32::MAX, last_erase: u32::MAX, next_id: 1, overflow: false }
    }
}

/// The SDR repository as it was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptRepository {
    /// When a record was last added; FFFFFFFFh if never.
    pub last_addition: u32,
    /// When records were last deleted; FFFFFFFFh if never.
    pub last_erase: u32,
    /// Records by their order.
    pub records: BTreeMap<u32, Vec<u8>>,
}

/// What was set at a sensor; `None` is as delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptSensor {
    /// Tells the sensor's record from another one, for which the rest would mean nothing.
    pub record: u32,
    /// Thresholds, raw, in the order of the Set Sensor Thresholds command.
    pub thresholds: Option<[u8; 6]>,
    /// Positive and negative hysteresis, raw.
    pub hysteresis: Option<[u8; 2]>,
    /// Event messages and scanning enabled; assertion and deassertion events enabled.
    pub enables: Option<(bool, bool, u16, u16)>,
    /// Sensor type and event/reading type.
    pub kind: Option<(u8, u8)>,
    /// States that stay until they are cleared.
    pub latched: u16,
    /// Events that were the case when last looked at, so that a restart neither repeats what was
    /// told nor misses what has passed meanwhile.
    pub active: Option<u16>,
}

/// A value in the store is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("value {number} in room {room:?}: {source}")]
pub struct Damaged {
    /// The room.
    pub room: Room,
    /// The key.
    pub number: u32,
    /// What is wrong.
    #[source]
    pub source: DecodeError,
}

impl Memory {
    /// Decodes what a store holds.
    ///
    /// # Errors
    /// The first value that cannot be understood.
    pub fn decode<'a>(values: impl IntoIterator<Item = (Key, &'a [u8])>) -> Result<Self, Damaged> {
        let mut memory = Self::default();
        let (mut events, mut records) = (BTreeMap::new(), BTreeMap::new());
        for (key, value) in values {
            let mut r = Reader::new(value);
            let taken = match key.room {
                Room::Sel => SelRecord::decode(&mut r).map(|record| {
                    events.insert(key.number, record);
                }),
                Room::Sdr => {
                    records.insert(key.number, r.take_rest().to_vec());
                    Ok(())
                }
                _ => memory.take(key, &mut r),
            };
            taken.and_then(|()| r.finish()).map_err(|source| Damaged {
                room: key.room,
                number: key.number,
                source,
            })?;
        }
        if let Some(log) = &mut memory.log {
            log.records = events;
        }
        if let Some(sdrs) = &mut memory.sdrs {
            sdrs.records = records;
        }
        Ok(memory)
    }

    /// Whether a machine that gets power now is on: as its policy says, or as it was before, or, of
    /// a machine that was never here, as `delivered`.
    #[must_use]
    pub fn starts_on(&self, delivered: bool) -> bool {
        match self.restore_policy {
            Some(PowerRestorePolicy::AlwaysOff) => false,
            Some(PowerRestorePolicy::AlwaysOn) => true,
            _ => self.power_on.unwrap_or(delivered),
        }
    }

    fn take(&mut self, key: Key, r: &mut Reader<'_>) -> Result<(), DecodeError> {
        match key.room {
            Room::Settings => self.take_setting(key, r)?,
            Room::Fru => {
                let [page_low, page_high, device, _] = key.number.to_le_bytes();
                let page = u16::from_le_bytes([page_low, page_high]);
                self.fru_pages.insert((device, page), r.take_rest().to_vec());
            }
            Room::Sensors => {
                let [number, ..] = key.number.to_le_bytes();
                self.sensors.insert(number, KeptSensor::decode(r)?);
            }
            Room::Users => {
                let [id, ..] = key.number.to_le_bytes();
                self.users.insert(id, KeptUser::decode(r)?);
            }
            Room::BootOptions => self.boot_options.push(SetSystemBootOptions::decode(r)?),
            // There is one channel. Others are a later program's.
            Room::Channels if key.number == 1 => self.lan_channel = Some(KeptChannel::decode(r)?),
            Room::Lan if key == lan::SEED => self.lan_seed = Some(r.take_rest().to_vec()),
            Room::Lan => {
                let [selector, set, ..] = key.number.to_le_bytes();
                if selector == lan::SUITES {
                    self.suite_privileges.insert(set, r.u8("privilege level")?);
                } else {
                    self.lan_parameters.push(LanParameter::decode(selector, r)?);
                }
            }
            Room::Sol => {
                let [selector, ..] = key.number.to_le_bytes();
                self.sol_parameters.push(SolParameter::decode(selector, r)?);
            }
            Room::SystemInfo => {
                let [selector, ..] = key.number.to_le_bytes();
                self.system_info.insert(selector, r.take_rest().to_vec());
            }
            Room::Pef => self.pef.take(key, r)?,
            Room::Sel | Room::Sdr | Room::Channels => {
                r.take_rest();
            }
        }
        Ok(())
    }

    fn take_setting(&mut self, key: Key, r: &mut Reader<'_>) -> Result<(), DecodeError> {
        match key {
            setting::GUID => self.guid = Some(Guid(r.array("GUID")?)),
            setting::POWER => self.power_on = Some(r.u8("power")? != 0),
            setting::ON_TIME => {
                let seconds = u64::from_le_bytes(r.array("power-on time")?);
                self.on_time = Some(Duration::from_secs(seconds));
            }
            setting::CLOCK => self.clock_offset = Some(i64::from_le_bytes(r.array("clock")?)),
            setting::UTC_OFFSET => {
                self.utc_offset = Some(i16::from_le_bytes(r.array("UTC offset")?));
            }
            setting::SEL => {
                let header = LogHeader::decode(r)?;
                self.log = Some(KeptLog { header, records: BTreeMap::new() });
            }
            setting::SDR => {
                let last_addition = r.u32("last addition")?;
                let last_erase = r.u32("last erase")?;
                let records = BTreeMap::new();
                self.sdrs = Some(KeptRepository { last_addition, last_erase, records });
            }
            setting::RESTORE_POLICY => {
                let number = r.u8("power restore policy")?;
                self.restore_policy = Some(PowerRestorePolicy::from_number(number));
            }
            setting::KG => self.kg = Some(KeptKey::decode(r)?),
            setting::BUTTONS => self.buttons = Some(SetFrontPanelEnables::decode(r)?),
            setting::CYCLE_INTERVAL => self.cycle_interval = Some(r.u8("power cycle interval")?),
            // Of a later program with the same format: what it added does not concern this one.
            _ if !self.firewall.take(key, r)? && !self.dcmi.take(key, r)? => {
                r.take_rest();
            }
            _ => {}
        }
        Ok(())
    }
}

impl Encode for LogHeader {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.last_addition.to_le_bytes());
        out.extend(self.last_erase.to_le_bytes());
        out.extend(self.next_id.to_le_bytes());
        out.push(self.overflow.into());
    }
}

impl Decode for LogHeader {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            last_addition: r.u32("last addition")?,
            last_erase: r.u32("last erase")?,
            next_id: r.u16("next record ID")?,
            overflow: r.u8("overflow")? != 0,
        })
    }
}

impl Encode for KeptSensor {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { record, thresholds, hysteresis, enables, kind, latched, active } = self;
        out.push(
            u8::from(thresholds.is_some())
                | (u8::from(hysteresis.is_some()) << 1)
                | (u8::from(enables.is_some()) << 2)
                | (u8::from(kind.is_some()) << 3)
                | (u8::from(active.is_some()) << 4),
        );
        out.extend(record.to_le_bytes());
        out.extend(latched.to_le_bytes());
        out.extend(thresholds.iter().flatten());
        out.extend(hysteresis.iter().flatten());
        if let Some((messages, scanning, assertions, deassertions)) = enables {
            out.push(u8::from(*messages) | (u8::from(*scanning) << 1));
            out.extend(assertions.to_le_bytes());
            out.extend(deassertions.to_le_bytes());
        }
        if let Some((sensor_type, event_type)) = kind {
            out.extend([*sensor_type, *event_type]);
        }
        if let Some(active) = active {
            out.extend(active.to_le_bytes());
        }
    }
}

impl Decode for KeptSensor {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let given = r.u8("what is given")?;
        let record = r.u32("record")?;
        let latched = r.u16("latched states")?;
        let thresholds = (given & 1 != 0).then(|| r.array("thresholds")).transpose()?;
        let hysteresis = (given & 2 != 0).then(|| r.array("hysteresis")).transpose()?;
        let enables = if given & 4 == 0 {
            None
        } else {
            let flags = r.u8("event enables")?;
            let (assertions, deassertions) = (r.u16("assertions")?, r.u16("deassertions")?);
            Some((flags & 1 != 0, flags & 2 != 0, assertions, deassertions))
        };
        let kind = if given & 8 == 0 { None } else { Some((r.u8("type")?, r.u8("event type")?)) };
        let active = (given & 16 != 0).then(|| r.u16("active events")).transpose()?;
        Ok(Self { record, thresholds, hysteresis, enables, kind, latched, active })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_at_a_sensor_comes_back() {
        let all = KeptSensor {
            thresholds: Some([1, 2, 3, 4, 5, 6]),
            hysteresis: Some([7, 8]),
            enables: Some((true, false, 0x1234, 0x0fff)),
            kind: Some((1, 0x6f)),
            latched: 0x4001,
            record: 0x1234_5678,
            active: Some(0x4003),
        };
        for kept in [all, KeptSensor::default(), KeptSensor { thresholds: None, ..all }] {
            assert_eq!(KeptSensor::decode_exact(&kept.to_bytes()), Ok(kept));
        }
    }

    #[test]
    fn a_log_is_one_from_its_header_on() {
        let event = SelRecord::decode_exact(&[
            7, 0, 2, 5, 0, 0, 0, 0x20, 0, 4, 5, 0x40, 0x6f, 0, 0xff, 0xff,
        ])
        .unwrap();
        let key = Key { room: Room::Sel, number: 3 };
        let bytes = event.to_bytes();
        assert_eq!(Memory::decode([(key, &*bytes)]).unwrap().log, None);
        let header = LogHeader { next_id: 8, ..LogHeader::default() };
        let head = header.to_bytes();
        let memory = Memory::decode([(setting::SEL, &*head), (key, &*bytes)]).unwrap();
        assert_eq!(memory.log, Some(KeptLog { header, records: [(3, event)].into() }));
    }

    #[test]
    fn a_machine_starts_as_its_policy_says() {
        let starts = |policy: Option<u8>, was: Option<bool>| {
            let (policy, was) = (policy.map(|number| [number]), was.map(|on| [u8::from(on)]));
            let values = policy.iter().map(|value| (setting::RESTORE_POLICY, &value[..]));
            let values = values.chain(was.iter().map(|value| (setting::POWER, &value[..])));
            let memory = Memory::decode(values).unwrap();
            [memory.starts_on(false), memory.starts_on(true)]
        };
        assert_eq!(starts(None, None), [false, true]);
        for policy in [None, Some(1)] {
            assert_eq!(starts(policy, Some(true)), [true, true]);
            assert_eq!(starts(policy, Some(false)), [false, false]);
        }
        assert_eq!(starts(Some(0), Some(true)), [false, false]);
        assert_eq!(starts(Some(2), Some(false)), [true, true]);
    }

    #[test]
    fn a_damaged_value_is_named() {
        let error = Memory::decode([(setting::POWER, &[1u8, 2][..])]).unwrap_err();
        assert_eq!((error.room, error.number), (Room::Settings, 1));
        assert!(error.to_string().contains("trailing"), "{error}");
    }
}
