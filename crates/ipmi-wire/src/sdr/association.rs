//! Entity associations: which entities are inside which.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::privilege::Channel;
use crate::sdr::record::Body;
use crate::sdr::{EntityId, RecordHeader};

/// An entity association record, type 08h. IPMI v2.0 §43.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityAssociation {
    /// The record's number in its repository.
    pub record_id: u16,
    /// Record format version, 51h.
    pub version: u8,
    /// The entity that contains the others.
    pub container: EntityId,
    /// How to read `contained`.
    pub flags: AssociationFlags,
    /// Four entities, or two ranges of them: first and last. ID 0 is an unused place.
    pub contained: [EntityId; 4],
}

/// A device-relative entity association record, type 09h. IPMI v2.0 §43.5.
///
/// As type 08h, for entities whose instances count per controller: each has its controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceRelativeEntityAssociation {
    /// The record's number in its repository.
    pub record_id: u16,
    /// Record format version, 51h.
    pub version: u8,
    /// The entity that contains the others.
    pub container: DeviceEntity,
    /// How to read `contained`.
    pub flags: AssociationFlags,
    /// Four entities, or two ranges of them: first and last. ID 0 is an unused place.
    pub contained: [DeviceEntity; 4],
}

/// How an entity association is to be read. IPMI v2.0 §43.4, byte 8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AssociationFlags {
    /// The contained entities are two ranges rather than four single ones.
    pub ranges: bool,
    /// There are more records with the same container.
    pub linked: bool,
    /// The container's presence sensor can always be read, even while the container is off.
    pub presence_sensor_always_accessible: bool,
}

/// An entity together with the controller that its instance counts on. IPMI v2.0 §43.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceEntity {
    /// The controller's slave address, bit 0 clear; 0 if the instance counts per system.
    pub address: u8,
    /// The channel that the controller is on.
    pub channel: Channel,
    /// The entity.
    pub entity: EntityId,
}

/// The contained entities, or the ranges of them, as pairs of first and last.
fn ranges<T: Copy>(all: [T; 4], flags: AssociationFlags, used: fn(&T) -> bool) -> Vec<(T, T)> {
    let [a, b, c, d] = all;
    let pairs =
        if flags.ranges { vec![(a, b), (c, d)] } else { vec![(a, a), (b, b), (c, c), (d, d)] };
    pairs.into_iter().filter(|(first, _)| used(first)).collect()
}

impl EntityAssociation {
    /// The contained entities as ranges: the first and the last of each. Single entities are
    /// ranges of one.
    #[must_use]
    pub fn contained_ranges(&self) -> Vec<(EntityId, EntityId)> {
        ranges(self.contained, self.flags, |entity| entity.id != 0)
    }

    /// Whether `entity` is inside the container, as far as this record says.
    #[must_use]
    pub fn contains(&self, entity: EntityId) -> bool {
        self.contained_ranges().iter().any(|(first, last)| {
            first.id == entity.id && (first.instance..=last.instance).contains(&entity.instance)
        })
    }
}

impl DeviceRelativeEntityAssociation {
    /// The contained entities as ranges: the first and the last of each. Single entities are
    /// ranges of one.
    #[must_use]
    pub fn contained_ranges(&self) -> Vec<(DeviceEntity, DeviceEntity)> {
        ranges(self.contained, self.flags, |one| one.entity.id != 0)
    }

    /// Whether `one` is inside the container, as far as this record says.
    #[must_use]
    pub fn contains(&self, one: DeviceEntity) -> bool {
        self.contained_ranges().iter().any(|(first, last)| {
            (first.address, first.channel, first.entity.id)
                == (one.address, one.channel, one.entity.id)
                && (first.entity.instance..=last.entity.instance).contains(&one.entity.instance)
        })
    }
}

impl Encode for AssociationFlags {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(
            (u8::from(self.ranges) << 7)
                | (u8::from(self.linked) << 6)
                | (u8::from(self.presence_sensor_always_accessible) << 5),
        );
    }
}

impl Decode for AssociationFlags {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let flags = r.u8("association flags")?;
        Ok(Self {
            ranges: flags & 0x80 != 0,
            linked: flags & 0x40 != 0,
            presence_sensor_always_accessible: flags & 0x20 != 0,
        })
    }
}

impl DeviceEntity {
    fn encode_place(&self, out: &mut Vec<u8>) {
        out.extend([self.address & 0xfe, self.channel.number() << 4]);
    }

    fn decode_place(r: &mut Reader<'_>) -> Result<(u8, Channel), DecodeError> {
        let address = r.u8("entity device address")? & 0xfe;
        Ok((address, Channel::new(r.u8("entity device channel")? >> 4)))
    }
}

/// Place first, as the contained entities are written; the container has it the other way round.
impl Encode for DeviceEntity {
    fn encode(&self, out: &mut Vec<u8>) {
        self.encode_place(out);
        self.entity.encode(out);
    }
}

impl Decode for DeviceEntity {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (address, channel) = Self::decode_place(r)?;
        Ok(Self { address, channel, entity: EntityId::decode(r)? })
    }
}

fn four<T: Decode>(r: &mut Reader<'_>) -> Result<[T; 4], DecodeError> {
    Ok([T::decode(r)?, T::decode(r)?, T::decode(r)?, T::decode(r)?])
}

impl Body for EntityAssociation {
    const TYPE: u8 = RecordHeader::ENTITY_ASSOCIATION;

    fn encode_body(&self, out: &mut Vec<u8>) {
        self.container.encode(out);
        self.flags.encode(out);
        self.contained.iter().for_each(|entity| entity.encode(out));
    }

    fn decode_body(header: &RecordHeader, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            record_id: header.record_id,
            version: header.version,
            container: EntityId::decode(r)?,
            flags: AssociationFlags::decode(r)?,
            contained: four(r)?,
        })
    }
}

impl Body for DeviceRelativeEntityAssociation {
    const TYPE: u8 = RecordHeader::DEVICE_RELATIVE_ENTITY_ASSOCIATION;

    fn encode_body(&self, out: &mut Vec<u8>) {
        self.container.entity.encode(out);
        self.container.encode_place(out);
        self.flags.encode(out);
        self.contained.iter().for_each(|one| one.encode(out));
        out.extend([0; 6]);
    }

    // The six reserved bytes at the end are not missed: nothing is in them.
    fn decode_body(header: &RecordHeader, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let entity = EntityId::decode(r)?;
        let (address, channel) = DeviceEntity::decode_place(r)?;
        Ok(Self {
            record_id: header.record_id,
            version: header.version,
            container: DeviceEntity { address, channel, entity },
            flags: AssociationFlags::decode(r)?,
            contained: four(r)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::Record;

    /// By hand from §43.4: power unit 1 contains power supplies 1 to 2 and fans 3 to 4; linked.
    const POWER_UNIT: [u8; 16] = [
        0x20, 0x00, 0x51, 0x08, 0x0b, 0x13, 0x01, 0xdf, 0x0a, 0x01, 0x0a, 0x02, 0x1d, 0x03, 0x1d,
        0x04,
    ];

    #[test]
    fn ranges_contain_what_is_between_their_ends() {
        let record = Record::decode(&POWER_UNIT).unwrap();
        let Record::EntityAssociation(mut association) = record.clone() else { panic!() };
        assert!(association.flags.linked);
        assert_eq!(record.entity(), Some(EntityId::new(0x13, 1)));
        let inside =
            |one: EntityAssociation, id, instance| one.contains(EntityId::new(id, instance));
        assert!(inside(association, 0x0a, 1) && inside(association, 0x0a, 2));
        assert!(inside(association, 0x1d, 4) && !inside(association, 0x1d, 2));
        assert_eq!(association.contained_ranges().len(), 2);
        association.flags.ranges = false;
        association.contained = [(0x0a, 1), (0x0a, 3), (0, 0), (0, 0)]
            .map(|(id, instance)| EntityId::new(id, instance));
        assert!(inside(association, 0x0a, 3) && !inside(association, 0x0a, 2));
        assert_eq!(association.contained_ranges().len(), 2);
        // Only the reserved bits of the flags are lost.
        let mut expected = POWER_UNIT;
        expected[7] = 0xc0;
        assert_eq!(record.to_bytes(), expected);
    }

    #[test]
    fn device_relative_entities_have_their_controller() {
        // By hand from §43.5: board 60h of controller 72h on channel 1 contains fan 61h of the
        // same; reserved bits are set.
        let mut bytes = vec![0x21, 0x00, 0x51, 0x09, 0x1b, 0x0b, 0x60, 0x73, 0x1f, 0x20];
        bytes.extend([0x73, 0x1f, 0x1d, 0x61]);
        bytes.extend([0; 18]);
        let record = Record::decode(&bytes).unwrap();
        let Record::DeviceRelativeEntityAssociation(association) = &record else { panic!() };
        let here = |entity| DeviceEntity { address: 0x72, channel: Channel::new(1), entity };
        assert_eq!(association.container, here(EntityId::new(0x0b, 0x60)));
        assert!(association.contains(here(EntityId::new(0x1d, 0x61))));
        let elsewhere = DeviceEntity { address: 0x74, ..here(EntityId::new(0x1d, 0x61)) };
        assert!(!association.contains(elsewhere));
        assert!(association.flags.presence_sensor_always_accessible);
        let again = record.to_bytes();
        assert_eq!(
            (again.len(), &again[7..9], &again[10..12]),
            (32, &[0x72, 0x10][..], &[0x72, 0x10][..])
        );
        // Without the reserved end it says the same.
        bytes.truncate(26);
        bytes[4] = 21;
        assert_eq!(Record::decode(&bytes).unwrap(), record);
        bytes.truncate(25);
        bytes[4] = 20;
        assert!(Record::decode(&bytes).is_err());
    }
}
