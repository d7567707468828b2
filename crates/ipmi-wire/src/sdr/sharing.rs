//! Several sensors in one record: how they are counted and told apart.

use crate::codec::{DecodeError, Reader};
use crate::sdr::{Direction, EntityId, IdString, SensorKey};

/// How several sensors share a compact or event-only record. IPMI v2.0 §43.2, bytes 24 and 25, and
/// §43.3, bytes 13 and 14.
///
/// The record describes the first one; the others are numbered upwards from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordSharing {
    /// How the sensors' names are told apart.
    pub id_modifier: IdModifier,
    /// How many sensors share the record: 0 and 1 mean one, 15 is the most.
    pub share_count: u8,
    /// Whether the sensors' entity instances count upwards too, or all are the same.
    pub entity_instances_differ: bool,
    /// What the first sensor's name is modified with: 0 to 127.
    pub modifier_offset: u8,
}

/// What is appended to the names of sensors that share a record. IPMI v2.0 §43.2, byte 24.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdModifier {
    /// A decimal number.
    Numeric,
    /// Letters: offset 0 is A, 25 Z, 26 AA.
    Alpha,
    /// Number 2 or 3.
    Reserved(u8),
}

/// One of the sensors of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SharedSensor {
    /// Owner and number.
    pub key: SensorKey,
    /// What it belongs to.
    pub entity: EntityId,
    /// Name, with its own ending if it shares the record with others.
    pub name: String,
}

impl RecordSharing {
    /// One sensor alone.
    pub const NONE: Self = Self {
        id_modifier: IdModifier::Numeric,
        share_count: 1,
        entity_instances_differ: false,
        modifier_offset: 0,
    };

    /// How many sensors share the record: 1 to 15.
    #[must_use]
    pub fn count(&self) -> u8 {
        (self.share_count & 0x0f).max(1)
    }

    /// What the name of the sensor `nth` (from 0) ends in; empty if it is alone.
    #[must_use]
    pub fn suffix(&self, nth: u8) -> String {
        if self.count() == 1 {
            return String::new();
        }
        let number = u32::from(self.modifier_offset & 0x7f).saturating_add(nth.into());
        match self.id_modifier {
            IdModifier::Alpha => letters(number),
            // FreeIPMI, too, counts where the modifier is reserved.
            IdModifier::Numeric | IdModifier::Reserved(_) => number.to_string(),
        }
    }

    /// All sensors of the record whose first one has this key, entity and name.
    ///
    /// Numbers end at FFh; what would come after is left out.
    pub(super) fn expand(
        &self,
        key: SensorKey,
        entity: EntityId,
        id: &IdString,
    ) -> Vec<SharedSensor> {
        let text = id.text();
        (0..self.count())
            .map_while(|nth| {
                let number = key.number.checked_add(nth)?;
                let step = if self.entity_instances_differ { nth } else { 0 };
                let instance = entity.instance.saturating_add(step) & 0x7f;
                Some(SharedSensor {
                    key: SensorKey { number, ..key },
                    entity: EntityId { instance, ..entity },
                    name: join(&text, &self.suffix(nth)),
                })
            })
            .collect()
    }

    /// The direction is in the same byte.
    pub(super) fn encode(&self, direction: Direction, out: &mut Vec<u8>) {
        let modifier = match self.id_modifier {
            IdModifier::Numeric => 0,
            IdModifier::Alpha => 1,
            IdModifier::Reserved(number) => number & 3,
        };
        let differ = if self.entity_instances_differ { 0x80 } else { 0 };
        out.extend([
            (direction.number() << 6) | (modifier << 4) | (self.share_count & 0x0f),
            differ | (self.modifier_offset & 0x7f),
        ]);
    }

    pub(super) fn decode(r: &mut Reader<'_>) -> Result<(Direction, Self), DecodeError> {
        let [share, offset] = r.array("record sharing")?;
        let sharing = Self {
            id_modifier: match (share >> 4) & 3 {
                0 => IdModifier::Numeric,
                1 => IdModifier::Alpha,
                other => IdModifier::Reserved(other),
            },
            share_count: share & 0x0f,
            entity_instances_differ: offset & 0x80 != 0,
            modifier_offset: offset & 0x7f,
        };
        Ok((Direction::from_number(share >> 6), sharing))
    }
}

/// Name and ending, with one space in between, as FreeIPMI does; there may be one already.
fn join(name: &str, suffix: &str) -> String {
    match (name.trim_end_matches(' '), suffix) {
        (_, "") => name.to_owned(),
        ("", suffix) => suffix.to_owned(),
        (name, suffix) => format!("{name} {suffix}"),
    }
}

/// 0 is A, 25 Z, 26 AA, 27 AB, 51 AZ, 52 BA.
fn letters(number: u32) -> String {
    let letter = |number: u32| ('A'..='Z').nth(usize::try_from(number % 26).unwrap_or(0));
    match number.checked_sub(26) {
        None => letter(number).into_iter().collect(),
        Some(rest) => [letter(rest / 26), letter(rest)].into_iter().flatten().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sharing: RecordSharing, name: &str) -> Vec<String> {
        let id = IdString::new(name).unwrap();
        let all = sharing.expand(SensorKey::bmc(0x40), EntityId::new(0x20, 0x60), &id);
        all.into_iter().map(|sensor| sensor.name).collect()
    }

    #[test]
    fn names_are_those_of_the_specifications_example() {
        // IPMI v2.0 §43.2, byte 24: share count 3, numeric from 5, then letters from 26.
        let numeric = RecordSharing {
            id_modifier: IdModifier::Numeric,
            share_count: 3,
            entity_instances_differ: false,
            modifier_offset: 5,
        };
        assert_eq!(names(numeric, "Temp"), ["Temp 5", "Temp 6", "Temp 7"]);
        assert_eq!(names(numeric, "Temp "), ["Temp 5", "Temp 6", "Temp 7"]);
        let alpha =
            RecordSharing { id_modifier: IdModifier::Alpha, modifier_offset: 26, ..numeric };
        assert_eq!(names(alpha, "Temp"), ["Temp AA", "Temp AB", "Temp AC"]);
        let alpha = RecordSharing { modifier_offset: 24, ..alpha };
        assert_eq!(names(alpha, "Temp"), ["Temp Y", "Temp Z", "Temp AA"]);
        assert_eq!(names(alpha, ""), ["Y", "Z", "AA"]);
        assert_eq!(letters(51), "AZ");
        assert_eq!(letters(52), "BA");
        assert_eq!(letters(127 + 14), "EL");
    }

    #[test]
    fn a_sensor_alone_keeps_its_name() {
        assert_eq!(names(RecordSharing::NONE, "Temp "), ["Temp "]);
        let zero = RecordSharing { share_count: 0, modifier_offset: 9, ..RecordSharing::NONE };
        assert_eq!(names(zero, "Temp"), ["Temp"]);
    }

    #[test]
    fn entity_instances_count_only_if_they_differ() {
        let id = IdString::new("DIMM").unwrap();
        let expand = |entity_instances_differ, first| {
            let sharing =
                RecordSharing { share_count: 3, entity_instances_differ, ..RecordSharing::NONE };
            sharing.expand(SensorKey::bmc(first), EntityId::new(0x20, 1), &id)
        };
        let instances = |all: &[SharedSensor]| -> Vec<u8> {
            all.iter().map(|sensor| sensor.entity.instance).collect()
        };
        let differ = expand(true, 0x40);
        assert_eq!(instances(&differ), [1, 2, 3]);
        assert_eq!(differ.last().unwrap().key, SensorKey::bmc(0x42));
        assert_eq!(instances(&expand(false, 0x40)), [1, 1, 1]);
        assert_eq!(expand(true, 0xfe).len(), 2);
    }

    #[test]
    fn both_bytes_survive() {
        for first in 0..=0xff {
            let bytes = [first, first ^ 0xa5];
            let (direction, sharing) = RecordSharing::decode(&mut Reader::new(&bytes)).unwrap();
            let mut out = Vec::new();
            sharing.encode(direction, &mut out);
            assert_eq!(out, bytes);
        }
    }
}
