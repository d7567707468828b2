//! Master Write-Read: bytes to and from a device on an I²C bus, past everything that knows it.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Master Write-Read. IPMI v2.0 §22.11.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterWriteRead {
    /// Of which channel a public bus is; 0 with private ones.
    pub channel: Channel,
    /// Which bus.
    pub bus: I2cBus,
    /// 7-bit address of the device.
    pub address: u8,
    /// How many bytes are read, after the writing.
    pub read: u8,
    /// What is written.
    pub write: Vec<u8>,
}

/// A bus behind the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum I2cBus {
    /// That of [`MasterWriteRead::channel`]; its number, 3 bits, is always 0.
    Public(u8),
    /// One of the controller's own, by its number, 3 bits.
    Private(u8),
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct I2cData(pub Vec<u8>);

impl Command for MasterWriteRead {
    type Response = I2cData;
    const ID: CommandId = CommandId::new(NetFn::App, 0x52);
    const NAME: &'static str = "Master Write-Read";
    const SECTION: &'static str = "IPMI v2.0 §22.11";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    /// What a device does about bytes that are written, nobody knows here; reading alone is meant
    /// to change nothing.
    fn effect(&self) -> Effect {
        if self.write.is_empty() { Effect::Read } else { Effect::Once }
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code.0 {
            0x81 => "lost arbitration: another master used the bus",
            0x82 => "bus error",
            0x83 => "no acknowledgement: nobody is at this address, or it does not take the bytes",
            0x84 => "the device ended the reading early",
            _ => return None,
        })
    }
}

/// Bit 0 of the first byte: the bus is private.
const PRIVATE: u8 = 1;

impl Encode for MasterWriteRead {
    fn encode(&self, out: &mut Vec<u8>) {
        let bus = match self.bus {
            I2cBus::Public(number) => (number & 7) << 1,
            I2cBus::Private(number) => ((number & 7) << 1) | PRIVATE,
        };
        out.extend([self.channel.number() << 4 | bus, self.address << 1, self.read]);
        out.extend(&self.write);
    }
}

impl Decode for MasterWriteRead {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bus = r.u8("bus ID")?;
        let number = (bus >> 1) & 7;
        Ok(Self {
            channel: Channel::new(bus >> 4),
            bus: match bus & PRIVATE {
                0 => I2cBus::Public(number),
                _ => I2cBus::Private(number),
            },
            // Bit 0 is reserved: the direction is what the controller makes of it.
            address: r.u8("slave address")? >> 1,
            read: r.u8("read count")?,
            write: r.take_rest().to_vec(),
        })
    }
}

impl Encode for I2cData {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(&self.0);
    }
}

impl Decode for I2cData {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self(r.take_rest().to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ipmitool_sends_is_understood() {
        // `ipmitool i2c bus=1 chan=0 0xa0 4 0x00` (lib/ipmi_raw.c of 1.8.19): private bus 1, address
        // A0h as it is on the wire, four bytes from offset 0.
        let bytes = [0x03, 0xa0, 0x04, 0x00];
        let request = MasterWriteRead::decode_exact(&bytes).unwrap();
        let expected = MasterWriteRead {
            channel: Channel::new(0),
            bus: I2cBus::Private(1),
            address: 0x50,
            read: 4,
            write: vec![0],
        };
        assert_eq!((&request, request.effect()), (&expected, Effect::Once));
        assert_eq!(request.to_bytes(), bytes);
        // `ipmitool i2c bus=public chan=7 0x20 1`.
        let public = MasterWriteRead::decode_exact(&[0x70, 0x20, 0x01]).unwrap();
        assert_eq!((public.bus, public.channel.number()), (I2cBus::Public(0), 7));
        assert_eq!((public.address, public.effect()), (0x10, Effect::Read));
        let answer = public.decode_response(&mut Reader::new(&[0x5a])).unwrap();
        assert_eq!((answer.to_bytes(), answer), (vec![0x5a], I2cData(vec![0x5a])));
    }

    #[test]
    fn half_a_request_is_none() {
        for length in 0..3 {
            assert!(MasterWriteRead::decode_exact(&[3, 0xa0, 4][..length]).is_err());
        }
    }

    #[test]
    fn its_own_codes_are_explained() {
        for code in 0x81..=0x84 {
            assert!(MasterWriteRead::explain(CompletionCode(code)).is_some());
        }
        assert_eq!(MasterWriteRead::explain(CompletionCode(0x80)), None);
    }
}
