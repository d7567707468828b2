//! What PEF configuration parameters consist of, event filters apart. IPMI v2.0 §30.4, Table 30-6.

use crate::cmd::app::Guid;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::privilege::Channel;

/// Actions, as far as there are, are enabled, or are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PefActions {
    /// An alert.
    pub alert: bool,
    /// The machine goes off.
    pub power_down: bool,
    /// The machine is reset.
    pub reset: bool,
    /// The machine goes off and on again.
    pub power_cycle: bool,
    /// The OEM's.
    pub oem: bool,
    /// A diagnostic interrupt (NMI).
    pub diagnostic_interrupt: bool,
}

impl PefActions {
    /// From the bits on the wire, 0 to 5.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self {
            alert: bits & 1 != 0,
            power_down: bits & 2 != 0,
            reset: bits & 4 != 0,
            power_cycle: bits & 8 != 0,
            oem: bits & 0x10 != 0,
            diagnostic_interrupt: bits & 0x20 != 0,
        }
    }

    /// The bits on the wire.
    #[must_use]
    pub fn bits(self) -> u8 {
        u8::from(self.alert)
            | (u8::from(self.power_down) << 1)
            | (u8::from(self.reset) << 2)
            | (u8::from(self.power_cycle) << 3)
            | (u8::from(self.oem) << 4)
            | (u8::from(self.diagnostic_interrupt) << 5)
    }
}

/// PEF as a whole: parameter 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PefControl {
    /// Events are filtered.
    pub enabled: bool,
    /// An event tells of each action.
    pub event_messages: bool,
    /// After a start of the machine nothing is filtered for the time of parameter 3.
    pub startup_delay: bool,
    /// After a start of the machine no alert is sent for the time of parameter 4.
    pub alert_startup_delay: bool,
}

impl PefControl {
    pub(super) const fn from_bits(bits: u8) -> Self {
        Self {
            enabled: bits & 1 != 0,
            event_messages: bits & 2 != 0,
            startup_delay: bits & 4 != 0,
            alert_startup_delay: bits & 8 != 0,
        }
    }

    pub(super) fn bits(self) -> u8 {
        u8::from(self.enabled)
            | (u8::from(self.event_messages) << 1)
            | (u8::from(self.startup_delay) << 2)
            | (u8::from(self.alert_startup_delay) << 3)
    }
}

/// An entry of the alert policy table: parameter 9, and §17.11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AlertPolicy {
    /// Its number in the table, 7 bits, from 1.
    pub entry: u8,
    /// The policy set that it belongs to, 4 bits; 0 is none.
    pub policy: u8,
    /// In force.
    pub enabled: bool,
    /// What becomes of it if the alert before it has gone out.
    pub rule: PolicyRule,
    /// The channel that the alert goes out on.
    pub channel: Channel,
    /// The channel's destination, 4 bits.
    pub destination: u8,
    /// Whether the alert string is looked up by the event's filter as well.
    pub event_specific: bool,
    /// The alert string set, 7 bits; without `event_specific` the string's selector.
    pub string: u8,
}

/// What becomes of a policy's entry if the alert before it has gone out, 3 bits. Table 17-4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PolicyRule(pub u8);

impl PolicyRule {
    /// The alert is sent in any case.
    pub const ALWAYS: Self = Self(0);
    /// It is not; the next entry is looked at.
    pub const NEXT_ENTRY: Self = Self(1);
    /// It is not, and neither is any other of the set.
    pub const STOP: Self = Self(2);
    /// It is not; the next entry with another channel is looked at.
    pub const NEXT_CHANNEL: Self = Self(3);
    /// It is not; the next entry with another type of destination is looked at.
    pub const NEXT_DESTINATION: Self = Self(4);
}

impl Default for AlertPolicy {
    fn default() -> Self {
        Self {
            entry: 0,
            policy: 0,
            enabled: false,
            rule: PolicyRule::ALWAYS,
            channel: Channel::PRIMARY_IPMB,
            destination: 0,
            event_specific: false,
            string: 0,
        }
    }
}

impl Encode for AlertPolicy {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([
            self.entry & 0x7f,
            (self.policy << 4) | (u8::from(self.enabled) << 3) | (self.rule.0 & 7),
            (self.channel.number() << 4) | (self.destination & 0x0f),
            (u8::from(self.event_specific) << 7) | (self.string & 0x7f),
        ]);
    }
}

impl Decode for AlertPolicy {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let entry = r.u8("alert policy entry number")? & 0x7f;
        let policy = r.u8("policy number")?;
        let to = r.u8("channel and destination")?;
        let string = r.u8("alert string key")?;
        Ok(Self {
            entry,
            policy: policy >> 4,
            enabled: policy & 8 != 0,
            rule: PolicyRule(policy & 7),
            channel: Channel::new(to >> 4),
            destination: to & 0x0f,
            event_specific: string & 0x80 != 0,
            string: string & 0x7f,
        })
    }
}

/// The GUID in traps: parameter 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PetGuid {
    /// Whether traps carry this one, and not the one of Get System GUID.
    pub used: bool,
    /// GUID.
    pub guid: Guid,
}

impl Encode for PetGuid {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.used.into());
        out.extend(self.guid.0);
    }
}

impl Decode for PetGuid {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let used = r.u8("use of GUID")? & 1 != 0;
        Ok(Self { used, guid: Guid(r.array("GUID")?) })
    }
}

/// What an alert string is found by: parameter 12.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AlertStringKeys {
    /// The string's number, 7 bits; 0 is the volatile one.
    pub selector: u8,
    /// The event filter that it is for; 0 if for none.
    pub filter: u8,
    /// The alert string set that it belongs to, 7 bits; 0 if to none.
    pub set: u8,
}

impl Encode for AlertStringKeys {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.selector & 0x7f, self.filter, self.set & 0x7f]);
    }
}

impl Decode for AlertStringKeys {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [selector, filter, set] = r.array("alert string keys")?;
        Ok(Self { selector: selector & 0x7f, filter, set: set & 0x7f })
    }
}

/// A piece of an alert string: parameter 13.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AlertStringBlock {
    /// The string's number, 7 bits; 0 is the volatile one.
    pub selector: u8,
    /// Which block, from 1.
    pub block: u8,
    /// At most 16 bytes; a zero ends the string.
    pub data: Vec<u8>,
}

impl AlertStringBlock {
    /// Bytes in a block.
    pub const LEN: usize = 16;
}

impl Encode for AlertStringBlock {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.selector & 0x7f, self.block]);
        out.extend(self.data.iter().take(Self::LEN));
    }
}

impl Decode for AlertStringBlock {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let selector = r.u8("string selector")? & 0x7f;
        let block = r.u8("block selector")?;
        let count = r.remaining().min(Self::LEN);
        Ok(Self { selector, block, data: r.bytes("string data", count)?.to_vec() })
    }
}

/// An entry of the group control table: parameter 15.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GroupControl {
    /// Its number in the table, 7 bits, from 1.
    pub entry: u8,
    /// The operation is forced, not requested.
    pub force: bool,
    /// It is a delayed one.
    pub delayed: bool,
    /// The channel that the command goes out on, 4 bits.
    pub channel: u8,
    /// The groups that are meant.
    pub members: [GroupMember; 4],
    /// How often the command is sent again, 3 bits.
    pub retries: u8,
    /// What is done, 4 bits, as in Chassis Control.
    pub operation: u8,
}

/// A group of chassis, and who of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GroupMember {
    /// Group ID; 0 is unspecified, FFh all groups.
    pub group: u8,
    /// The member ID is not looked at.
    pub any: bool,
    /// Member ID, 4 bits.
    pub member: u8,
}

impl Encode for GroupControl {
    fn encode(&self, out: &mut Vec<u8>) {
        let how = (u8::from(self.force) << 5) | (u8::from(self.delayed) << 4);
        out.extend([self.entry & 0x7f, how | (self.channel & 0x0f)]);
        for GroupMember { group, any, member } in self.members {
            out.extend([group, (u8::from(any) << 4) | (member & 0x0f)]);
        }
        out.push(((self.retries & 7) << 4) | (self.operation & 0x0f));
    }
}

impl Decode for GroupControl {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let entry = r.u8("group control entry")? & 0x7f;
        let how = r.u8("group control channel")?;
        let mut members = [GroupMember::default(); 4];
        for of in &mut members {
            let [group, member] = r.array("group and member ID")?;
            *of = GroupMember { group, any: member & 0x10 != 0, member: member & 0x0f };
        }
        let operation = r.u8("retries and operation")?;
        Ok(Self {
            entry,
            force: how & 0x20 != 0,
            delayed: how & 0x10 != 0,
            channel: how & 0x0f,
            members,
            retries: (operation >> 4) & 7,
            operation: operation & 0x0f,
        })
    }
}
