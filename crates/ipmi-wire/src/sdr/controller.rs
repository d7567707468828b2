//! Records about management controllers: where they are, who they were, how the BMC's channels
//! are wired.

use crate::cmd::app::Guid;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::privilege::Channel;
use crate::sdr::record::Body;
use crate::sdr::{EntityId, IdString, RecordHeader};

/// A management controller device locator record, type 12h. IPMI v2.0 §43.9.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct McDeviceLocator {
    /// The record's number in its repository.
    pub record_id: u16,
    /// Record format version, 51h.
    pub version: u8,
    /// The controller's slave address, bit 0 clear; the BMC is 20h.
    pub slave_address: u8,
    /// The channel that it is on.
    pub channel: Channel,
    /// It is to be told when the system's power state changes.
    pub acpi_system_power_notification: bool,
    /// It is to be told when its device's power state changes.
    pub acpi_device_power_notification: bool,
    /// It is always there; if not, it may come and go.
    pub is_static: bool,
    /// Failures to initialize it belong into the log of this controller.
    pub logs_initialization_errors: bool,
    /// Failures to reach it during initialization belong into the log.
    pub log_initialization_errors: bool,
    /// What an initialization agent does about its event messages.
    pub event_messages: EventMessageSetup,
    /// What it can do, one bit each: sensor, SDR repository, SEL, FRU inventory, IPMB event
    /// receiver, IPMB event generator, bridge, chassis.
    pub capabilities: u8,
    /// What it belongs to.
    pub entity: EntityId,
    /// The manufacturer's own.
    pub oem: u8,
    /// Name.
    pub id: IdString,
}

/// What an initialization agent does about a controller's event messages. IPMI v2.0 §43.9, byte 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventMessageSetup {
    /// Enables them: sets the event receiver.
    Enable,
    /// Disables them: sets the event receiver to FFh.
    Disable,
    /// Leaves the controller alone.
    Skip,
    /// Number 3.
    Reserved,
}

/// A management controller confirmation record, type 13h: what was found at an address when the
/// system was put together. IPMI v2.0 §43.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct McConfirmation {
    /// The record's number in its repository.
    pub record_id: u16,
    /// Record format version, 51h.
    pub version: u8,
    /// The controller's slave address, bit 0 clear.
    pub slave_address: u8,
    /// Device ID.
    pub device_id: u8,
    /// The channel that it is on.
    pub channel: Channel,
    /// Device revision, 0 to 15.
    pub device_revision: u8,
    /// Major firmware revision, 0 to 127.
    pub firmware_major: u8,
    /// Minor firmware revision, as its BCD byte.
    pub firmware_minor: u8,
    /// IPMI version, as its BCD byte with the digits swapped: 02h is 2.0.
    pub ipmi_version: u8,
    /// IANA enterprise number.
    pub manufacturer_id: u32,
    /// The manufacturer's number of the product.
    pub product_id: u16,
    /// The controller's GUID; zero if it has none.
    pub guid: Guid,
}

/// A BMC message channel info record, type 14h: what IPMI v1.0 had before there was Get Channel
/// Info. IPMI v2.0 §43.11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BmcMessageChannelInfo {
    /// The record's number in its repository.
    pub record_id: u16,
    /// Record format version, 51h.
    pub version: u8,
    /// Channels 0 to 7.
    pub channels: [MessageChannel; 8],
    /// Interrupt for messages, see [`NO_INTERRUPT`](Self::NO_INTERRUPT): 00h to 0Fh IRQ, 10h to
    /// 13h PCI A to D, 14h SMI, 15h SCI, 20h to 5Fh system interrupt, 60h assigned by ACPI or PnP.
    pub messaging_interrupt: u8,
    /// Interrupt for the event message buffer, in the same numbers.
    pub event_buffer_interrupt: u8,
}

/// One channel of a [`BmcMessageChannelInfo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageChannel {
    /// Send Message can send to it.
    pub can_transmit: bool,
    /// The LUN where its messages arrive, 0 to 7 as the field has three bits.
    pub receive_lun: u8,
    /// Protocol type number, 0 to 15: 0 is "there is no such channel", 1 IPMB, 4 IPMB-over-LAN.
    pub protocol: u8,
}

impl BmcMessageChannelInfo {
    /// There is no such interrupt, or nobody knows which.
    pub const NO_INTERRUPT: u8 = 0xff;
}

impl Body for McDeviceLocator {
    const TYPE: u8 = RecordHeader::MC_DEVICE_LOCATOR;

    fn encode_body(&self, out: &mut Vec<u8>) {
        let setup = match self.event_messages {
            EventMessageSetup::Enable => 0,
            EventMessageSetup::Disable => 1,
            EventMessageSetup::Skip => 2,
            EventMessageSetup::Reserved => 3,
        };
        out.extend([
            self.slave_address & 0xfe,
            self.channel.number(),
            (u8::from(self.acpi_system_power_notification) << 7)
                | (u8::from(self.acpi_device_power_notification) << 6)
                | (u8::from(self.is_static) << 5)
                | (u8::from(self.logs_initialization_errors) << 3)
                | (u8::from(self.log_initialization_errors) << 2)
                | setup,
            self.capabilities,
            0,
            0,
            0,
        ]);
        self.entity.encode(out);
        out.push(self.oem);
        self.id.encode(out);
    }

    fn decode_body(header: &RecordHeader, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [slave_address, channel] = r.array("slave address, channel")?;
        let setup = r.u8("power state notification, global initialization")?;
        let [capabilities, _, _, _] = r.array("device capabilities")?;
        Ok(Self {
            record_id: header.record_id,
            version: header.version,
            slave_address: slave_address & 0xfe,
            channel: Channel::new(channel),
            acpi_system_power_notification: setup & 0x80 != 0,
            acpi_device_power_notification: setup & 0x40 != 0,
            is_static: setup & 0x20 != 0,
            logs_initialization_errors: setup & 0x08 != 0,
            log_initialization_errors: setup & 0x04 != 0,
            event_messages: match setup & 3 {
                0 => EventMessageSetup::Enable,
                1 => EventMessageSetup::Disable,
                2 => EventMessageSetup::Skip,
                _ => EventMessageSetup::Reserved,
            },
            capabilities,
            entity: EntityId::decode(r)?,
            oem: r.u8("OEM")?,
            id: IdString::decode(r),
        })
    }
}

impl Body for McConfirmation {
    const TYPE: u8 = RecordHeader::MC_CONFIRMATION;

    fn encode_body(&self, out: &mut Vec<u8>) {
        let [a, b, c, _] = self.manufacturer_id.to_le_bytes();
        out.extend([
            self.slave_address & 0xfe,
            self.device_id,
            (self.channel.number() << 4) | (self.device_revision & 0x0f),
            self.firmware_major & 0x7f,
            self.firmware_minor,
            self.ipmi_version,
            a,
            b,
            c,
        ]);
        out.extend(self.product_id.to_le_bytes());
        self.guid.encode(out);
    }

    fn decode_body(header: &RecordHeader, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [slave_address, device_id, place] = r.array("slave address, device ID, channel")?;
        Ok(Self {
            record_id: header.record_id,
            version: header.version,
            slave_address: slave_address & 0xfe,
            device_id,
            channel: Channel::new(place >> 4),
            device_revision: place & 0x0f,
            firmware_major: r.u8("firmware revision 1")? & 0x7f,
            firmware_minor: r.u8("firmware revision 2")?,
            ipmi_version: r.u8("IPMI version")?,
            manufacturer_id: r.u24("manufacturer ID")?,
            product_id: r.u16("product ID")?,
            guid: Guid::decode(r)?,
        })
    }
}

impl Body for BmcMessageChannelInfo {
    const TYPE: u8 = RecordHeader::BMC_MESSAGE_CHANNEL_INFO;

    fn encode_body(&self, out: &mut Vec<u8>) {
        out.extend(self.channels.map(|channel| {
            (u8::from(channel.can_transmit) << 7)
                | ((channel.receive_lun & 7) << 4)
                | (channel.protocol & 0x0f)
        }));
        out.extend([self.messaging_interrupt, self.event_buffer_interrupt, 0]);
    }

    // FreeIPMI's template ends after the channels; what is missing there is unspecified.
    fn decode_body(header: &RecordHeader, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let channels: [u8; 8] = r.array("channels")?;
        Ok(Self {
            record_id: header.record_id,
            version: header.version,
            channels: channels.map(|channel| MessageChannel {
                can_transmit: channel & 0x80 != 0,
                receive_lun: (channel >> 4) & 7,
                protocol: channel & 0x0f,
            }),
            messaging_interrupt: r.optional_u8().unwrap_or(Self::NO_INTERRUPT),
            event_buffer_interrupt: r.optional_u8().unwrap_or(Self::NO_INTERRUPT),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::Record;

    #[test]
    fn a_bmcs_own_locator() {
        // By hand from §43.9: BMC, static, logs errors, everything but bridge; reserved bits set.
        let bytes = [
            0x40, 0x00, 0x51, 0x12, 0x0e, 0x21, 0xf0, 0x3c, 0xbf, 1, 2, 3, 0x2e, 0x01, 0x00, 0xc3,
            0x42, 0x4d, 0x43,
        ];
        let record = Record::decode(&bytes).unwrap();
        let Record::McDeviceLocator(mc) = &record else { panic!("not a controller") };
        assert_eq!((mc.slave_address, mc.channel.number(), mc.capabilities), (0x20, 0, 0xbf));
        assert!(mc.is_static && mc.log_initialization_errors && mc.logs_initialization_errors);
        assert!(!mc.acpi_system_power_notification && !mc.acpi_device_power_notification);
        assert_eq!(mc.event_messages, EventMessageSetup::Enable);
        assert_eq!(record.name().unwrap().text(), "BMC");
        assert_eq!(record.entity(), Some(EntityId::new(0x2e, 1)));
        let mut expected = bytes;
        expected[5..12].copy_from_slice(&[0x20, 0x00, 0x2c, 0xbf, 0, 0, 0]);
        assert_eq!(record.to_bytes(), expected);
        for length in 0..bytes.len() - RecordHeader::LEN {
            let mut bytes = bytes[..RecordHeader::LEN + length].to_vec();
            bytes[4] = u8::try_from(length).unwrap();
            assert_eq!(Record::decode(&bytes).is_ok(), length >= 10, "{length}");
        }
    }

    #[test]
    fn a_confirmation_remembers_a_controller() {
        // By hand from §43.10.
        let mut bytes = vec![
            0x41, 0x00, 0x51, 0x13, 0x1b, 0x72, 0x33, 0x64, 0x02, 0x15, 0x51, 0x57, 0x01, 0x00,
            0x34, 0x12,
        ];
        bytes.extend(1..=16);
        let record = Record::decode(&bytes).unwrap();
        let Record::McConfirmation(mc) = &record else { panic!("not a confirmation") };
        assert_eq!((mc.slave_address, mc.device_id), (0x72, 0x33));
        assert_eq!((mc.channel.number(), mc.device_revision), (6, 4));
        assert_eq!((mc.firmware_major, mc.firmware_minor, mc.ipmi_version), (2, 0x15, 0x51));
        assert_eq!((mc.manufacturer_id, mc.product_id), (343, 0x1234));
        assert_eq!((record.to_bytes(), record.name()), (bytes.clone(), None));
        bytes.pop();
        bytes[4] = 26;
        assert!(Record::decode(&bytes).is_err());
    }

    #[test]
    fn channels_end_where_the_record_does() {
        // By hand from §43.11: IPMB on channel 0, SMI for messages.
        let bytes = [0x42, 0, 0x51, 0x14, 0x0b, 0x91, 0, 0, 0, 0, 0, 0, 0x84, 0x14, 0xff, 0x00];
        let record = Record::decode(&bytes).unwrap();
        let Record::BmcMessageChannelInfo(info) = &record else { panic!("not channels") };
        let ipmb = MessageChannel { can_transmit: true, receive_lun: 1, protocol: 1 };
        assert_eq!((info.channels[0], info.channels[7].protocol), (ipmb, 4));
        assert_eq!(info.messaging_interrupt, 0x14);
        assert_eq!(record.to_bytes(), bytes);
        let mut short = bytes[..13].to_vec();
        short[4] = 8;
        let Record::BmcMessageChannelInfo(info) = Record::decode(&short).unwrap() else { panic!() };
        assert_eq!(info.messaging_interrupt, BmcMessageChannelInfo::NO_INTERRUPT);
        short[4] = 7;
        assert!(Record::decode(&short).is_err());
    }
}
