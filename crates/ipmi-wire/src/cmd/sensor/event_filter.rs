//! An entry of the event filter table. IPMI v2.0 §17.7, Table 17-2.

use super::PefActions;
use crate::codec::{Decode, DecodeError, Encode, Reader};

/// Which events an action is meant for, and which action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EventFilter {
    /// Its number in the table, from 1.
    pub number: u8,
    /// Whether it is in force, and whose it is.
    pub configuration: FilterConfiguration,
    /// What is done about events that match.
    pub actions: PefActions,
    /// Whether a group control operation is done, too.
    pub group_control: bool,
    /// The policy set that an alert follows, 4 bits.
    pub policy: u8,
    /// The entry of the group control table that a group control operation follows, 3 bits.
    pub group: u8,
    /// How bad the event is, for the trap that tells of it: bit 1 information, 2 OK, 3 non-critical,
    /// 4 critical, 5 non-recoverable, 0 is being monitored; 0 if that is not specified. It selects
    /// no events.
    pub severity: u8,
    /// Slave address or software ID of the event's generator, and channel and LUN; FFh each is any.
    pub generator: [u8; 2],
    /// Sensor type; FFh is any.
    pub sensor_type: u8,
    /// Sensor number; FFh is any.
    pub sensor_number: u8,
    /// Event direction and event/reading type, as in the event; FFh is any.
    pub trigger: u8,
    /// Event offsets that match: the low four bits of the first byte of event data, as bits.
    pub offsets: u16,
    /// How the three bytes of event data are compared.
    pub data: [DataMatch; 3],
}

impl EventFilter {
    /// What stands for any value of a generator's byte, a sensor type, a sensor number, a trigger.
    pub const ANY: u8 = 0xff;
    /// Bytes of an entry with its number.
    pub const LEN: usize = 21;
}

/// Whether a filter is in force, and whose it is: the first byte of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FilterConfiguration {
    /// In force.
    pub enabled: bool,
    /// Whose it is.
    pub kind: FilterKind,
}

impl FilterConfiguration {
    /// From the byte on the wire.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self { enabled: bits & 0x80 != 0, kind: FilterKind((bits >> 5) & 3) }
    }

    /// The byte on the wire.
    #[must_use]
    pub fn bits(self) -> u8 {
        (u8::from(self.enabled) << 7) | (self.kind.number() << 5)
    }
}

/// Whose a filter is, 2 bits; 1 and 3 are reserved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FilterKind(u8);

impl FilterKind {
    /// Software may configure it.
    pub const CONFIGURABLE: Self = Self(0);
    /// The manufacturer has: software may enable and disable it, and nothing else.
    pub const PRECONFIGURED: Self = Self(2);

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// How a byte of event data is compared. §17.8.
///
/// The byte is cut to `mask` first. Where `exact` is 1, its bits have to be those of `value`; where it
/// is 0, one of them being so is enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DataMatch {
    /// Event Data AND Mask.
    pub mask: u8,
    /// Event Data Compare 1.
    pub exact: u8,
    /// Event Data Compare 2.
    pub value: u8,
}

impl DataMatch {
    /// Whether `byte` matches.
    #[must_use]
    pub const fn accepts(self, byte: u8) -> bool {
        let same = !((byte & self.mask) ^ self.value);
        same & self.exact == self.exact && (self.exact == 0xff || same & !self.exact != 0)
    }
}

/// The entry with its number.
impl Encode for EventFilter {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            self.number,
            self.configuration.bits(),
            self.actions.bits() | (u8::from(self.group_control) << 6),
            ((self.group & 7) << 4) | (self.policy & 0x0f),
            self.severity,
        ]);
        out.extend(self.generator);
        out.extend([self.sensor_type, self.sensor_number, self.trigger]);
        out.extend(self.offsets.to_le_bytes());
        for DataMatch { mask, exact, value } in self.data {
            out.extend([mask, exact, value]);
        }
    }
}

impl Decode for EventFilter {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let number = r.u8("filter number")?;
        let configuration = FilterConfiguration::from_bits(r.u8("filter configuration")?);
        let actions = r.u8("event filter action")?;
        let policy = r.u8("alert policy number")?;
        let severity = r.u8("event severity")?;
        let generator = r.array("generator ID")?;
        let [sensor_type, sensor_number, trigger] = r.array("sensor and event trigger")?;
        let offsets = r.u16("event data 1 offset mask")?;
        let mut data = [DataMatch::default(); 3];
        for of in &mut data {
            let [mask, exact, value] = r.array("event data mask and comparisons")?;
            *of = DataMatch { mask, exact, value };
        }
        Ok(Self {
            number,
            configuration,
            actions: PefActions::from_bits(actions),
            group_control: actions & 0x40 != 0,
            policy: policy & 0x0f,
            group: (policy >> 4) & 7,
            severity,
            generator,
            sensor_type,
            sensor_number,
            trigger,
            offsets,
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_factory_filter_is_understood() {
        // Built by hand from Table 17-2: temperature, critical and non-recoverable thresholds
        // passed, an alert by policy 1.
        let bytes = [
            1, 0xc0, 0x01, 0x01, 0x10, 0xff, 0xff, 0x01, 0xff, 0x01, 0x14, 0x0a, 0, 0, 0, 0, 0, 0,
            0, 0, 0,
        ];
        let filter = EventFilter::decode_exact(&bytes).unwrap();
        assert_eq!(filter.to_bytes(), bytes);
        assert_eq!(filter.configuration.kind, FilterKind::PRECONFIGURED);
        assert!(filter.configuration.enabled && filter.actions.alert && !filter.actions.reset);
        assert_eq!((filter.policy, filter.severity, filter.offsets), (1, 0x10, 0x0a14));
        for length in 0..bytes.len() {
            assert!(EventFilter::decode_exact(&bytes[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn data_is_compared_as_the_specification_has_it() {
        let accepts = |mask, exact, value| {
            (0..=0xff).filter(move |byte| DataMatch { mask, exact, value }.accepts(*byte))
        };
        // Whatever it is: what is masked out is 0, and that is asked for.
        assert_eq!(accepts(0, 0, 0).count(), 256);
        assert_eq!(accepts(0, 0xff, 0).count(), 256);
        // This one and no other.
        assert_eq!(accepts(0xff, 0xff, 0x35).collect::<Vec<_>>(), [0x35]);
        // Low nibble 5, whatever is above it.
        assert!(accepts(0x0f, 0xff, 0x05).all(|byte| byte & 0x0f == 5));
        assert_eq!(accepts(0x0f, 0xff, 0x05).count(), 16);
        // At least one of the low four bits.
        assert_eq!(accepts(0x0f, 0xf0, 0x0f).collect::<Vec<_>>().len(), 240);
        assert!(accepts(0x0f, 0xf0, 0x0f).all(|byte| byte & 0x0f != 0));
        // What the mask cuts off and the comparison wants cannot be.
        assert_eq!(accepts(0x0f, 0xff, 0x15).count(), 0);
    }

    proptest! {
        #[test]
        fn exact_bits_all_and_one_of_the_others(mask: u8, exact: u8, value: u8, byte: u8) {
            let bit = |of: u8, n: u8| of >> n & 1;
            let fits = |n: &u8| bit(byte & mask, *n) == bit(value, *n);
            let (must, may): (Vec<u8>, Vec<u8>) = (0..8).partition(|n| bit(exact, *n) == 1);
            let expected = must.iter().all(fits) && (may.is_empty() || may.iter().any(fits));
            prop_assert_eq!(DataMatch { mask, exact, value }.accepts(byte), expected);
        }
    }
}
