//! Locators of devices and of FRU inventories: things without sensors of their own.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::privilege::Channel;
use crate::sdr::record::Body;
use crate::sdr::{DeviceType, EntityId, IdString, RecordHeader};

/// A generic device locator record, type 10h: a chip on an I²C bus. IPMI v2.0 §43.7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenericDeviceLocator {
    /// The record's number in its repository.
    pub record_id: u16,
    /// Record format version, 51h.
    pub version: u8,
    /// Slave address of the controller that gives access to it; 0 if it is on the IPMB itself.
    pub access_address: u8,
    /// The device's own slave address, bit 0 clear.
    pub slave_address: u8,
    /// The channel that the controller is on.
    pub channel: Channel,
    /// LUN for Master Write-Read, 0 to 3.
    pub lun: u8,
    /// The controller's private bus that the device is on, 0 to 7.
    pub bus: u8,
    /// How many further addresses the device takes: 0 to 7.
    pub address_span: u8,
    /// What it is.
    pub device_type: DeviceType,
    /// What it belongs to.
    pub entity: EntityId,
    /// The manufacturer's own.
    pub oem: u8,
    /// Name.
    pub id: IdString,
}

/// An FRU device locator record, type 11h: an inventory. IPMI v2.0 §43.8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FruDeviceLocator {
    /// The record's number in its repository.
    pub record_id: u16,
    /// Record format version, 51h.
    pub version: u8,
    /// Slave address of the controller that gives access to it; 0 if it is on the IPMB itself.
    pub access_address: u8,
    /// What the next byte is: see [`fru_id`](Self::fru_id).
    pub logical: bool,
    /// The FRU ID of a logical device, the slave address of a chip, bit 0 clear.
    pub device: u8,
    /// LUN for the FRU commands or for Master Write-Read, 0 to 3.
    pub lun: u8,
    /// The controller's private bus that the chip is on, 0 to 7.
    pub bus: u8,
    /// The channel that the controller is on.
    pub channel: Channel,
    /// What it is.
    pub device_type: DeviceType,
    /// What it describes.
    pub entity: EntityId,
    /// The manufacturer's own.
    pub oem: u8,
    /// Name.
    pub id: IdString,
}

impl FruDeviceLocator {
    /// The number for Read FRU Data; `None` for a chip that has to be read by Master Write-Read.
    #[must_use]
    pub const fn fru_id(&self) -> Option<u8> {
        if self.logical { Some(self.device) } else { None }
    }
}

/// Bit 0 of a slave address is reserved.
const fn device_byte(logical: bool, device: u8) -> u8 {
    if logical { device } else { device & 0xfe }
}

impl Body for GenericDeviceLocator {
    const TYPE: u8 = RecordHeader::GENERIC_DEVICE_LOCATOR;

    fn encode_body(&self, out: &mut Vec<u8>) {
        let channel = self.channel.number();
        out.extend([
            self.access_address & 0xfe,
            // The channel's top bit has no better place.
            (self.slave_address & 0xfe) | (channel >> 3),
            (channel << 5) | ((self.lun & 3) << 3) | (self.bus & 7),
            self.address_span & 7,
            0,
            self.device_type.code,
            self.device_type.modifier,
        ]);
        self.entity.encode(out);
        out.push(self.oem);
        self.id.encode(out);
    }

    fn decode_body(header: &RecordHeader, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let access_address = r.u8("device access address")? & 0xfe;
        let slave_address = r.u8("device slave address")?;
        let place = r.u8("channel, LUN, bus")?;
        let [span, _] = r.array("address span")?;
        let [code, modifier] = r.array("device type")?;
        Ok(Self {
            record_id: header.record_id,
            version: header.version,
            access_address,
            slave_address: slave_address & 0xfe,
            channel: Channel::new(((slave_address & 1) << 3) | (place >> 5)),
            lun: (place >> 3) & 3,
            bus: place & 7,
            address_span: span & 7,
            device_type: DeviceType { code, modifier },
            entity: EntityId::decode(r)?,
            oem: r.u8("OEM")?,
            id: IdString::decode(r),
        })
    }
}

impl Body for FruDeviceLocator {
    const TYPE: u8 = RecordHeader::FRU_DEVICE_LOCATOR;

    fn encode_body(&self, out: &mut Vec<u8>) {
        out.extend([
            self.access_address & 0xfe,
            device_byte(self.logical, self.device),
            (u8::from(self.logical) << 7) | ((self.lun & 3) << 3) | (self.bus & 7),
            self.channel.number() << 4,
            0,
            self.device_type.code,
            self.device_type.modifier,
        ]);
        self.entity.encode(out);
        out.push(self.oem);
        self.id.encode(out);
    }

    fn decode_body(header: &RecordHeader, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let access_address = r.u8("device access address")? & 0xfe;
        let device = r.u8("FRU device ID or slave address")?;
        let place = r.u8("logical/physical, LUN, bus")?;
        let [channel, _] = r.array("channel")?;
        let [code, modifier] = r.array("device type")?;
        Ok(Self {
            record_id: header.record_id,
            version: header.version,
            access_address,
            logical: place & 0x80 != 0,
            device: device_byte(place & 0x80 != 0, device),
            lun: (place >> 3) & 3,
            bus: place & 7,
            channel: Channel::new(channel >> 4),
            device_type: DeviceType { code, modifier },
            entity: EntityId::decode(r)?,
            oem: r.u8("OEM")?,
            id: IdString::decode(r),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdr::Record;

    /// A FRU device locator, Kontron, "Kontron MCMC": python-ipmi's tests/test_sdr.py.
    const KONTRON: [u8; 28] = [
        0x02, 0x00, 0x51, 0x11, 0x17, 0x82, 0x03, 0x80, 0x00, 0x00, 0x10, 0x02, 0xc2, 0x61, 0x00,
        0xcc, 0x4b, 0x6f, 0x6e, 0x74, 0x72, 0x6f, 0x6e, 0x20, 0x4d, 0x43, 0x4d, 0x43,
    ];

    #[test]
    fn a_real_inventory_behind_a_controller() {
        let record = Record::decode(&KONTRON).unwrap();
        let Record::FruDeviceLocator(fru) = &record else { panic!("not a FRU locator") };
        assert_eq!((fru.access_address, fru.fru_id()), (0x82, Some(3)));
        assert_eq!(fru.device_type, DeviceType::FRU_INVENTORY);
        assert_eq!(record.entity(), Some(EntityId::new(0xc2, 0x61)));
        assert_eq!(record.name().unwrap().text(), "Kontron MCMC");
        assert_eq!(record.to_bytes(), KONTRON);
        for length in 0..=KONTRON.len() - RecordHeader::LEN {
            let mut bytes = KONTRON[..RecordHeader::LEN + length].to_vec();
            bytes[4] = u8::try_from(length).unwrap();
            assert_eq!(Record::decode(&bytes).is_ok(), length >= 10, "{length}");
        }
    }

    #[test]
    fn a_chip_is_read_through_its_bus() {
        // By hand from §43.8: EEPROM A0h on bus 3 of the BMC, LUN 1, channel 0; reserved bits set.
        let bytes =
            [0x30, 0, 0x51, 0x11, 0x0b, 0x21, 0xa1, 0x6b, 0x0f, 0xff, 9, 2, 7, 1, 0x55, 0xc0];
        let record = Record::decode(&bytes).unwrap();
        let Record::FruDeviceLocator(fru) = &record else { panic!("not a FRU locator") };
        assert_eq!((fru.fru_id(), fru.device, fru.lun, fru.bus), (None, 0xa0, 1, 3));
        let again =
            [0x30, 0, 0x51, 0x11, 0x0b, 0x20, 0xa0, 0x0b, 0x00, 0x00, 9, 2, 7, 1, 0x55, 0xc0];
        assert_eq!(record.to_bytes(), again);
    }

    #[test]
    fn a_generic_devices_channel_is_in_two_bytes() {
        // By hand from §43.7: an LM75 at 90h, channel 9, LUN 2, bus 5, span 1; reserved bits set.
        let bytes = [
            0x31, 0, 0x51, 0x10, 0x0d, 0x21, 0x91, 0x35, 0xf9, 0xff, 4, 0, 7, 1, 0, 0xc2, 0x54,
            0x31,
        ];
        let record = Record::decode(&bytes).unwrap();
        let Record::GenericDeviceLocator(device) = &record else { panic!("not generic") };
        assert_eq!((device.slave_address, device.channel.number()), (0x90, 9));
        assert_eq!((device.lun, device.bus, device.address_span), (2, 5, 1));
        assert_eq!(device.device_type.name(), "LM75 temperature sensor");
        let again =
            [0x31, 0, 0x51, 0x10, 0x0d, 0x20, 0x91, 0x35, 0x01, 0, 4, 0, 7, 1, 0, 0xc2, 0x54, 0x31];
        assert_eq!(record.to_bytes(), again);
        for length in 0..bytes.len() - RecordHeader::LEN {
            let mut bytes = bytes[..RecordHeader::LEN + length].to_vec();
            bytes[4] = u8::try_from(length).unwrap();
            assert_eq!(Record::decode(&bytes).is_ok(), length >= 10, "{length}");
        }
    }
}
