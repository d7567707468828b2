//! The PEF configuration parameters. IPMI v2.0 §30.4, Table 30-6.

use super::{
    AlertPolicy, AlertStringBlock, AlertStringKeys, EventFilter, FilterConfiguration, GroupControl,
    PefActions, PefControl, PetGuid,
};
use crate::cmd::chassis::SetInProgress;
use crate::cmd::transport::{progress, progress_number};
use crate::codec::{Decode, DecodeError, Encode, Reader};

/// A PEF configuration parameter and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PefParameter {
    /// 0: whether somebody is setting others.
    SetInProgress(SetInProgress),
    /// 1: PEF as a whole.
    Control(PefControl),
    /// 2: the actions that are enabled.
    ActionGlobalControl(PefActions),
    /// 3: seconds without filtering after a start of the machine.
    StartupDelay(u8),
    /// 4: seconds without alerts after a start of the machine.
    AlertStartupDelay(u8),
    /// 5: how many event filters there are. Read-only.
    FilterCount(u8),
    /// 6: an event filter.
    Filter(EventFilter),
    /// 7: the first byte of an event filter alone.
    FilterData1 {
        /// The filter's number.
        number: u8,
        /// The byte.
        configuration: FilterConfiguration,
    },
    /// 8: how many entries the alert policy table has, 7 bits. Read-only.
    PolicyCount(u8),
    /// 9: one of them.
    Policy(AlertPolicy),
    /// 10: the GUID in traps.
    Guid(PetGuid),
    /// 11: how many alert strings there are beside the volatile one, 7 bits. Read-only.
    StringCount(u8),
    /// 12: what an alert string is found by.
    StringKeys(AlertStringKeys),
    /// 13: a piece of an alert string.
    String(AlertStringBlock),
    /// 14: how many entries the group control table has. Read-only.
    GroupCount(u8),
    /// 15: one of them.
    Group(GroupControl),
    /// Any other, as it came.
    Other {
        /// Its number.
        selector: u8,
        /// Its value.
        data: Vec<u8>,
    },
}

impl PefParameter {
    /// Its number.
    #[must_use]
    pub const fn selector(&self) -> u8 {
        match self {
            Self::SetInProgress(_) => 0,
            Self::Control(_) => 1,
            Self::ActionGlobalControl(_) => 2,
            Self::StartupDelay(_) => 3,
            Self::AlertStartupDelay(_) => 4,
            Self::FilterCount(_) => 5,
            Self::Filter(_) => 6,
            Self::FilterData1 { .. } => 7,
            Self::PolicyCount(_) => 8,
            Self::Policy(_) => 9,
            Self::Guid(_) => 10,
            Self::StringCount(_) => 11,
            Self::StringKeys(_) => 12,
            Self::String(_) => 13,
            Self::GroupCount(_) => 14,
            Self::Group(_) => 15,
            Self::Other { selector, .. } => *selector,
        }
    }

    /// Which of a set it is, such as an event filter; 0 for what there is one of.
    #[must_use]
    pub const fn set(&self) -> u8 {
        match self {
            Self::Filter(filter) => filter.number,
            Self::FilterData1 { number, .. } => *number,
            Self::Policy(policy) => policy.entry,
            Self::StringKeys(keys) => keys.selector,
            Self::String(block) => block.selector,
            Self::Group(group) => group.entry,
            _ => 0,
        }
    }

    /// Which block of that; 0 for what has none.
    #[must_use]
    pub const fn block(&self) -> u8 {
        match self {
            Self::String(block) => block.block,
            _ => 0,
        }
    }

    /// Reads the data of the parameter `selector`.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode(selector: u8, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match selector {
            0 => Self::SetInProgress(progress(r)?),
            1 => Self::Control(PefControl::from_bits(r.u8("PEF control")?)),
            2 => Self::ActionGlobalControl(PefActions::from_bits(r.u8("action global control")?)),
            3 => Self::StartupDelay(r.u8("PEF startup delay")?),
            4 => Self::AlertStartupDelay(r.u8("PEF alert startup delay")?),
            5 => Self::FilterCount(r.u8("number of event filters")?),
            6 => Self::Filter(EventFilter::decode(r)?),
            7 => Self::FilterData1 {
                number: r.u8("filter number")?,
                configuration: FilterConfiguration::from_bits(r.u8("filter configuration")?),
            },
            8 => Self::PolicyCount(r.u8("number of alert policy entries")? & 0x7f),
            9 => Self::Policy(AlertPolicy::decode(r)?),
            10 => Self::Guid(PetGuid::decode(r)?),
            11 => Self::StringCount(r.u8("number of alert strings")? & 0x7f),
            12 => Self::StringKeys(AlertStringKeys::decode(r)?),
            13 => Self::String(AlertStringBlock::decode(r)?),
            14 => Self::GroupCount(r.u8("number of group control table entries")?),
            15 => Self::Group(GroupControl::decode(r)?),
            _ => Self::Other { selector, data: r.take_rest().to_vec() },
        })
    }
}

/// The parameter's data, without its selector.
impl Encode for PefParameter {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::SetInProgress(state) => out.push(progress_number(*state)),
            Self::Control(control) => out.push(control.bits()),
            Self::ActionGlobalControl(actions) => out.push(actions.bits()),
            Self::StartupDelay(number)
            | Self::AlertStartupDelay(number)
            | Self::FilterCount(number)
            | Self::GroupCount(number) => out.push(*number),
            Self::PolicyCount(number) | Self::StringCount(number) => out.push(number & 0x7f),
            Self::Filter(filter) => filter.encode(out),
            Self::FilterData1 { number, configuration } => {
                out.extend([*number, configuration.bits()]);
            }
            Self::Policy(policy) => policy.encode(out),
            Self::Guid(guid) => guid.encode(out),
            Self::StringKeys(keys) => keys.encode(out),
            Self::String(block) => block.encode(out),
            Self::Group(group) => group.encode(out),
            Self::Other { data, .. } => out.extend(data),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{FilterKind, GroupMember, PolicyRule};
    use super::*;
    use crate::cmd::app::Guid;
    use crate::privilege::Channel;

    fn decode(selector: u8, bytes: &[u8]) -> Result<PefParameter, DecodeError> {
        let mut r = Reader::new(bytes);
        let parameter = PefParameter::decode(selector, &mut r)?;
        r.finish()?;
        Ok(parameter)
    }

    /// As ipmitool 1.8.19 (lib/ipmi_pef.c) reads and FreeIPMI 1.6.10 writes them; the last one's
    /// bytes are as Wireshark 4.0 takes them apart.
    #[test]
    fn every_parameter_has_its_form() {
        use PefParameter as P;
        let alert = PefActions { alert: true, ..PefActions::default() };
        let actions = PefActions { power_down: true, diagnostic_interrupt: true, ..alert };
        let control = PefControl { enabled: true, event_messages: true, ..PefControl::default() };
        let policy = AlertPolicy {
            entry: 2,
            policy: 1,
            enabled: true,
            rule: PolicyRule::NEXT_ENTRY,
            channel: Channel::new(1),
            destination: 3,
            event_specific: true,
            string: 5,
        };
        let guid: [u8; 16] = core::array::from_fn(|n| u8::try_from(n).unwrap());
        let member = |group, any| GroupMember { group, any, member: 2 };
        let group = GroupControl {
            entry: 1,
            force: true,
            delayed: true,
            channel: 1,
            members: [
                member(0x11, true),
                member(0x21, false),
                member(0x31, true),
                member(0x41, false),
            ],
            retries: 5,
            operation: 3,
        };
        let configuration = FilterConfiguration { enabled: true, kind: FilterKind::PRECONFIGURED };
        let cases: Vec<(P, u8, Vec<u8>)> = vec![
            (P::SetInProgress(SetInProgress::InProgress), 0, vec![1]),
            (P::Control(control), 1, vec![3]),
            (P::ActionGlobalControl(actions), 2, vec![0x23]),
            (P::StartupDelay(60), 3, vec![60]),
            (P::AlertStartupDelay(61), 4, vec![61]),
            (P::FilterCount(16), 5, vec![16]),
            (P::FilterData1 { number: 3, configuration }, 7, vec![3, 0xc0]),
            (P::PolicyCount(8), 8, vec![8]),
            (P::Policy(policy), 9, vec![2, 0x19, 0x13, 0x85]),
            (P::Guid(PetGuid { used: true, guid: Guid(guid) }), 10, [&[1][..], &guid].concat()),
            (P::StringCount(4), 11, vec![4]),
            (P::StringKeys(AlertStringKeys { selector: 1, filter: 9, set: 2 }), 12, vec![1, 9, 2]),
            (P::GroupCount(0), 14, vec![0]),
            (
                P::Group(group),
                15,
                vec![0x01, 0x31, 0x11, 0x12, 0x21, 0x02, 0x31, 0x12, 0x41, 0x02, 0x53],
            ),
        ];
        for (parameter, selector, bytes) in cases {
            assert_eq!(decode(selector, &bytes).as_ref(), Ok(&parameter), "{bytes:02x?}");
            assert_eq!((parameter.selector(), parameter.to_bytes()), (selector, bytes.clone()));
            assert!(decode(selector, &[&bytes[..], &[0]].concat()).is_err(), "{parameter:?}");
            assert!(decode(selector, &bytes[..bytes.len() - 1]).is_err(), "{parameter:?}");
        }
        // A string is as long as it is, and ends with the block.
        let data = b"Fan".to_vec();
        let block = P::String(AlertStringBlock { selector: 1, block: 2, data });
        assert_eq!(decode(13, b"\x01\x02Fan").as_ref(), Ok(&block));
        assert_eq!((block.to_bytes(), block.set(), block.block()), (b"\x01\x02Fan".to_vec(), 1, 2));
        assert!(decode(13, &[1; 19]).is_err() && decode(13, &[1]).is_err());
        assert_eq!(decode(96, &[1, 2]), Ok(P::Other { selector: 96, data: vec![1, 2] }));
        assert!(decode(0, &[3]).is_err());
    }

    proptest! {
        #[test]
        fn a_value_comes_back(
            selector in 0u8..=17,
            body in prop::collection::vec(any::<u8>(), 0..24),
        ) {
            if let Ok(parameter) = PefParameter::decode(selector, &mut Reader::new(&body)) {
                prop_assert_eq!(parameter.selector(), selector);
                let again = parameter.to_bytes();
                let back = PefParameter::decode(selector, &mut Reader::new(&again)).unwrap();
                prop_assert_eq!(back, parameter);
            }
        }
    }
}
