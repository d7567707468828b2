//! How what is disabled on channels is kept.

use std::collections::BTreeMap;

use ipmi_wire::cmd::app::SubFunctions;
use ipmi_wire::{Body, Channel, CommandId, DecodeError, NetFn, Reader};

use super::{Key, setting};

/// The commands that are disabled in whole or in part, by channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptFirewall(pub BTreeMap<(Channel, CommandId), Closed>);

/// What is disabled of a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// All of it.
    pub command: bool,
    /// These of its sub-functions.
    pub parts: SubFunctions,
}

impl Closed {
    /// Nothing.
    pub(crate) const fn is_nothing(self) -> bool {
        !self.command && self.parts.is_empty()
    }
}

impl KeptFirewall {
    /// What is kept of a channel: 15 bytes for each command.
    pub(crate) fn bytes(&self, channel: Channel) -> Vec<u8> {
        let mut bytes = Vec::new();
        for ((_, id), closed) in self.0.iter().filter(|((at, _), _)| *at == channel) {
            let (kind, body) = match id.body {
                Body::None => (0, 0),
                Body::Group(code) => (1, code.into()),
                Body::Oem(iana) => (2, iana),
            };
            bytes.extend([id.netfn.number(), id.cmd, kind]);
            let [a, b, c, _] = body.to_le_bytes();
            bytes.extend([a, b, c, closed.command.into()]);
            bytes.extend(closed.parts.0.to_le_bytes());
        }
        bytes
    }

    /// Takes a value that is one of these; whether it was.
    pub(super) fn take(&mut self, key: Key, r: &mut Reader<'_>) -> Result<bool, DecodeError> {
        let Some(channel) = setting::firewall_channel(key) else { return Ok(false) };
        while !r.is_empty() {
            let netfn = NetFn::from_number(r.u8("network function")?);
            let cmd = r.u8("command")?;
            let kind = r.u8("kind of body")?;
            let body = r.u24("body")?;
            let [group, ..] = body.to_le_bytes();
            let body = match kind {
                0 => Body::None,
                1 => Body::Group(group),
                2 => Body::Oem(body),
                kind => {
                    return Err(DecodeError::Invalid { field: "kind of body", value: kind.into() });
                }
            };
            let command = r.u8("whole command")? != 0;
            let parts = SubFunctions(u64::from_le_bytes(r.array("sub-functions")?));
            self.0.insert((channel, CommandId { netfn, cmd, body }), Closed { command, parts });
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nvram::Memory;

    #[test]
    fn each_channel_has_a_value() {
        let (lan, system) = (Channel::new(1), Channel::SYSTEM_INTERFACE);
        let whole = Closed { command: true, ..Closed::default() };
        let part = Closed { command: false, parts: SubFunctions(0x8000_0000_0000_0002) };
        let oem = CommandId { netfn: NetFn::OemGroup, cmd: 0x80, body: Body::Oem(343) };
        let kept = KeptFirewall(BTreeMap::from([
            ((lan, CommandId::new(NetFn::Chassis, 2)), part),
            ((lan, CommandId::group(0xdc, 4)), whole),
            ((system, oem), whole),
        ]));
        let values = [lan, system].map(|at| (setting::firewall(at), kept.bytes(at)));
        assert_eq!(values.each_ref().map(|(_, bytes)| bytes.len()), [30, 15]);
        let read = |values: &[(Key, Vec<u8>)]| {
            Memory::decode(values.iter().map(|(key, bytes)| (*key, bytes.as_slice())))
        };
        assert_eq!(read(&values).unwrap().firewall, kept);
        let [(key, bytes), _] = values;
        for length in (0..bytes.len()).filter(|length| length % 15 != 0) {
            assert!(read(&[(key, bytes[..length].to_vec())]).is_err());
        }
    }
}
