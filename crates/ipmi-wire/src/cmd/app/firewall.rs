//! What the firmware firewall's commands share: which commands are meant, and masks of them.
//!
//! Bits and layouts: IPMI v2.0 §21, after FreeIPMI 1.6.10
//! (`ipmi-firmware-firewall-command-discovery-cmds-templates.h`), ipmitool 1.8.19 (`ipmi_firewall.c`)
//! and the MegaRAC firmware's `ipmi_firewall.h`, which agree.

use core::fmt;

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::netfn::{Body, CommandId, NetFn};
use crate::privilege::Channel;

/// A network function at a logical unit, with the body that defines its commands where there is
/// one. IPMI v2.0 §21.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandSpace {
    /// Network function.
    pub netfn: NetFn,
    /// For [`NetFn::GroupExtension`] a group's code, for [`NetFn::OemGroup`] an enterprise number,
    /// for all others nothing.
    pub body: Body,
    /// Logical unit, 0 to 3.
    pub lun: u8,
}

impl CommandSpace {
    /// Where this command is, at LUN 0.
    #[must_use]
    pub const fn of(id: CommandId) -> Self {
        Self { netfn: id.netfn, body: id.body, lun: 0 }
    }

    /// The command of this number.
    #[must_use]
    pub const fn command(self, cmd: u8) -> CommandId {
        CommandId { netfn: self.netfn, cmd, body: self.body }
    }

    /// Whether its commands have a body, and which.
    pub(super) fn encode_body(self, out: &mut Vec<u8>) {
        match self.body {
            Body::None => {}
            Body::Group(code) => out.push(code),
            Body::Oem(iana) => {
                let [a, b, c, _] = iana.to_le_bytes();
                out.extend([a, b, c]);
            }
        }
    }

    pub(super) fn decode_body(netfn: NetFn, r: &mut Reader<'_>) -> Result<Body, DecodeError> {
        Ok(match netfn {
            NetFn::GroupExtension => Body::Group(r.u8("group code")?),
            NetFn::OemGroup => Body::Oem(r.u24("OEM IANA")?),
            _ => Body::None,
        })
    }
}

/// One half of a network function's commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CommandRange {
    /// 00h to 7Fh.
    Lower,
    /// 80h to FFh.
    Upper,
}

impl CommandRange {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Lower, Self::Upper];

    /// Which one a command is in.
    #[must_use]
    pub const fn of(cmd: u8) -> Self {
        if cmd < 0x80 { Self::Lower } else { Self::Upper }
    }

    const fn first(self) -> u8 {
        match self {
            Self::Lower => 0,
            Self::Upper => 0x80,
        }
    }
}

/// Half of the commands of a network function, as they are asked about on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CommandsAt {
    /// On which channel.
    pub channel: Channel,
    /// Where.
    pub space: CommandSpace,
    /// Which half.
    pub range: CommandRange,
}

impl CommandsAt {
    pub(super) fn encode_head(self, out: &mut Vec<u8>) {
        let operation = match self.range {
            CommandRange::Lower => 0x00,
            CommandRange::Upper => 0x40,
        };
        let netfn = self.space.netfn.number() | operation;
        out.extend([self.channel.number(), netfn, self.space.lun & 0x03]);
    }

    /// All but the body, which may not come next.
    pub(super) fn decode_head(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        let netfn = r.u8("network function and operation")?;
        let range = match netfn >> 6 {
            0 => CommandRange::Lower,
            1 => CommandRange::Upper,
            operation => {
                return Err(DecodeError::Invalid { field: "operation", value: operation.into() });
            }
        };
        let netfn = NetFn::from_number(netfn & 0x3f);
        let lun = r.u8("LUN")? & 0x03;
        Ok(Self { channel, space: CommandSpace { netfn, body: Body::None, lun }, range })
    }
}

impl Encode for CommandsAt {
    fn encode(&self, out: &mut Vec<u8>) {
        self.encode_head(out);
        self.space.encode_body(out);
    }
}

impl Decode for CommandsAt {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut at = Self::decode_head(r)?;
        at.space.body = CommandSpace::decode_body(at.space.netfn, r)?;
        Ok(at)
    }
}

/// One command, as its sub-functions are asked about on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CommandAt {
    /// On which channel.
    pub channel: Channel,
    /// Where.
    pub space: CommandSpace,
    /// Which command.
    pub cmd: u8,
}

impl CommandAt {
    /// The command.
    #[must_use]
    pub const fn id(self) -> CommandId {
        self.space.command(self.cmd)
    }
}

impl Encode for CommandAt {
    fn encode(&self, out: &mut Vec<u8>) {
        let (netfn, lun) = (self.space.netfn.number(), self.space.lun & 0x03);
        out.extend([self.channel.number(), netfn, lun, self.cmd]);
        self.space.encode_body(out);
    }
}

impl Decode for CommandAt {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channel = Channel::new(r.u8("channel")?);
        let netfn = NetFn::from_number(r.u8("network function")? & 0x3f);
        let lun = r.u8("LUN")? & 0x03;
        let cmd = r.u8("command")?;
        let body = CommandSpace::decode_body(netfn, r)?;
        Ok(Self { channel, space: CommandSpace { netfn, body, lun }, cmd })
    }
}

/// Some of the 128 commands of one [`CommandRange`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CommandMask(u128);

impl CommandMask {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self(u128::MAX);

    /// These commands; of their numbers, the half they are in does not count.
    #[must_use]
    pub fn of(commands: impl IntoIterator<Item = u8>) -> Self {
        commands.into_iter().fold(Self::NONE, |mask, cmd| mask.with(cmd, true))
    }

    /// Whether a command is one of them.
    #[must_use]
    pub const fn has(self, cmd: u8) -> bool {
        self.0 & Self::bit(cmd) != 0
    }

    /// With or without a command.
    #[must_use]
    pub const fn with(self, cmd: u8, is_in: bool) -> Self {
        if is_in { Self(self.0 | Self::bit(cmd)) } else { Self(self.0 & !Self::bit(cmd)) }
    }

    /// Those that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are in one of them.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are in this one alone.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Their numbers, if they are of this half.
    pub fn numbers(self, range: CommandRange) -> impl Iterator<Item = u8> {
        (0..0x80_u8).filter(move |bit| self.has(*bit)).map(move |bit| bit | range.first())
    }

    const fn bit(cmd: u8) -> u128 {
        1 << (cmd & 0x7f)
    }

    /// As masks are where a bit that is set says no.
    pub(super) const fn inverted(self) -> Self {
        Self(!self.0)
    }
}

impl fmt::Debug for CommandMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<_> =
            self.numbers(CommandRange::Lower).map(|bit| format!("{bit:02X}")).collect();
        write!(f, "CommandMask({})", numbers.join(" "))
    }
}

impl Encode for CommandMask {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_le_bytes());
    }
}

impl Decode for CommandMask {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array("command mask").map(u128::from_le_bytes).map(Self)
    }
}

/// Some of a command's sub-functions: bit n is sub-function n. Those from 32 on come in a second
/// word, which is there if it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct SubFunctions(pub u64);

impl SubFunctions {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// Whether it is one of them.
    #[must_use]
    pub const fn has(self, number: u8) -> bool {
        number < 64 && self.0 & Self::bit(number) != 0
    }

    /// With or without one.
    #[must_use]
    pub const fn with(self, number: u8, is_in: bool) -> Self {
        match is_in {
            _ if number >= 64 => self,
            true => Self(self.0 | Self::bit(number)),
            false => Self(self.0 & !Self::bit(number)),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Their numbers.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        (0..64_u8).filter(move |number| self.has(*number))
    }

    const fn bit(number: u8) -> u64 {
        1 << (number & 0x3f)
    }

    const fn words(self) -> ([u8; 4], [u8; 4]) {
        let [a, b, c, d, e, f, g, h] = self.0.to_le_bytes();
        ([a, b, c, d], [e, f, g, h])
    }

    /// As they are where a bit that is set says no.
    pub(super) fn encode_inverted(self, out: &mut Vec<u8>) {
        let (first, second) = self.words();
        out.extend(first.map(|byte| !byte));
        if second != [0; 4] {
            out.extend(second.map(|byte| !byte));
        }
    }

    pub(super) fn decode_inverted(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let first = !r.u32("sub-functions 0 to 31")?;
        let second = if r.is_empty() { 0 } else { !r.u32("sub-functions 32 to 63")? };
        Ok(Self(u64::from(first) | (u64::from(second) << 32)))
    }
}

impl Encode for SubFunctions {
    fn encode(&self, out: &mut Vec<u8>) {
        let (first, second) = self.words();
        out.extend(first);
        if second != [0; 4] {
            out.extend(second);
        }
    }
}

impl Decode for SubFunctions {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let first = r.u32("sub-functions 0 to 31")?;
        let second = if r.is_empty() { 0 } else { r.u32("sub-functions 32 to 63")? };
        Ok(Self(u64::from(first) | (u64::from(second) << 32)))
    }
}

/// What a logical unit has. IPMI v2.0 §21.2, byte 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum LunSupport {
    /// No commands at all.
    #[default]
    None,
    /// Commands as the specification has them.
    Base,
    /// Commands, of which the firewall may keep some back.
    Restricted,
    /// Number 3.
    Reserved,
}

impl LunSupport {
    const fn from_number(number: u8) -> Self {
        match number & 0x03 {
            0 => Self::None,
            1 => Self::Base,
            2 => Self::Restricted,
            _ => Self::Reserved,
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Base => 1,
            Self::Restricted => 2,
            Self::Reserved => 3,
        }
    }

    pub(super) fn encode_four(all: [Self; 4]) -> u8 {
        all.iter().rev().fold(0, |byte, support| (byte << 2) | support.number())
    }

    pub(super) fn decode_four(byte: u8) -> [Self; 4] {
        [0, 2, 4, 6].map(|shift| Self::from_number(byte >> shift))
    }
}

/// The name of a command's sub-function, as far as a source states it. IPMI v2.0 Appendix H, by
/// go-ipmi (`helpers_appendix_h.go`, which begins at 1) and the sub-functions that the MegaRAC
/// firmware supports (`FFConfig.c`: six of Chassis Control, one of Chassis Identify).
#[must_use]
pub fn sub_function_name(id: CommandId, number: u8) -> Option<&'static str> {
    let names: &[&str] = match (id.netfn, id.cmd) {
        (NetFn::Chassis, 0x02) => &[
            "power down",
            "power up",
            "power cycle",
            "hard reset",
            "pulse diagnostic interrupt",
            "initiate soft-shutdown via overtemp",
        ],
        (NetFn::Chassis, 0x04) => &["force on indefinitely"],
        _ => &[],
    };
    names.get(usize::from(number)).copied()
}

/// Whether the specification lists sub-functions of a command (IPMI v2.0 Appendix H, by the
/// MegaRAC firmware's `FFConfig.c`): of any other, nobody has to be asked.
#[must_use]
pub const fn has_sub_functions(id: CommandId) -> bool {
    match id.netfn {
        NetFn::App => matches!(id.cmd, 0x24 | 0x2e | 0x30 | 0x32 | 0x34 | 0x3c | 0x40 | 0x52),
        NetFn::Chassis => matches!(id.cmd, 0x02 | 0x04 | 0x08 | 0x0a),
        NetFn::SensorEvent => matches!(id.cmd, 0x11 | 0x12 | 0x16),
        NetFn::Storage => id.cmd == 0x5b,
        NetFn::Transport => matches!(id.cmd, 0x01 | 0x03 | 0x10 | 0x12 | 0x19 | 0x1a | 0x21),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_bit_by_bit_from_the_first_byte_on() {
        let mask = CommandMask::of([0x00, 0x09, 0x7f]);
        let mut bytes = [0; 16];
        (bytes[0], bytes[1], bytes[15]) = (0x01, 0x02, 0x80);
        assert_eq!(
            (mask.to_bytes(), CommandMask::decode_exact(&bytes)),
            (bytes.to_vec(), Ok(mask))
        );
        let numbers: Vec<_> = mask.numbers(CommandRange::Upper).collect();
        assert_eq!(numbers, [0x80, 0x89, 0xff]);
        assert!(mask.has(0x89) && !mask.has(1) && !mask.with(9, false).has(9));
        assert_eq!(mask.and(CommandMask::of([9])).or(CommandMask::NONE), CommandMask::of([9]));
        assert_eq!(mask.without(CommandMask::of([0, 0x7f])), CommandMask::of([9]));
        assert!(CommandMask::decode_exact(&bytes[..15]).is_err());
        assert_eq!(format!("{mask:?}"), "CommandMask(00 09 7F)");
    }

    #[test]
    fn sub_functions_take_a_second_word_if_they_need_it() {
        let first = SubFunctions(0x3f);
        assert_eq!(first.to_bytes(), [0x3f, 0, 0, 0]);
        let both = first.with(33, true);
        assert_eq!(both.to_bytes(), [0x3f, 0, 0, 0, 2, 0, 0, 0]);
        for value in [first, both] {
            assert_eq!(SubFunctions::decode_exact(&value.to_bytes()), Ok(value));
        }
        assert!(both.has(33) && !both.has(64) && both.with(64, true) == both);
        assert_eq!(both.numbers().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 33]);
        assert!(SubFunctions::decode_exact(&[0; 3]).is_err());
        assert!(SubFunctions::decode_exact(&[0; 6]).is_err());
    }

    #[test]
    fn groups_and_enterprises_are_named_after_the_rest() {
        let head = [0x0e, 0x2c, 0x00];
        assert!(CommandsAt::decode_exact(&head).is_err(), "a group without its code");
        let dcmi = CommandsAt::decode_exact(&[0x0e, 0x6c, 0x00, 0xdc]).unwrap();
        assert_eq!((dcmi.space.body, dcmi.range), (Body::Group(0xdc), CommandRange::Upper));
        assert_eq!(dcmi.to_bytes(), [0x0e, 0x6c, 0x00, 0xdc]);
        let oem = [0x01, 0x2e, 0x02, 0x57, 0x01, 0x00];
        let at = CommandsAt::decode_exact(&oem).unwrap();
        assert_eq!((at.space.body, at.space.lun, at.to_bytes()), (Body::Oem(343), 2, oem.to_vec()));
        for length in 0..oem.len() {
            assert!(CommandsAt::decode_exact(&oem[..length]).is_err());
        }
        // Operations 2 and 3 are reserved.
        assert!(CommandsAt::decode_exact(&[1, 0x80, 0]).is_err());
        let one = [0x0f, 0x2c, 0x00, 0x03, 0xdc];
        let at = CommandAt::decode_exact(&one).unwrap();
        assert_eq!((at.id(), at.to_bytes()), (CommandId::group(0xdc, 3), one.to_vec()));
        for length in 0..one.len() {
            assert!(CommandAt::decode_exact(&one[..length]).is_err());
        }
    }
}
