//! Get Device ID: what kind of controller answers.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Device ID. IPMI v2.0 §20.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetDeviceId;

/// The answer to [`GetDeviceId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceId {
    /// Device ID; 0 is unspecified.
    pub device_id: u8,
    /// Whether the device provides Device SDRs.
    pub provides_device_sdrs: bool,
    /// Device revision, 0 to 15.
    pub device_revision: u8,
    /// Bit 7 of the first firmware byte: a firmware or SDR update is in progress.
    pub updating: bool,
    /// Major firmware revision, 0 to 127.
    pub firmware_major: u8,
    /// Minor firmware revision, as its BCD byte: 23h is ".23".
    pub firmware_minor: u8,
    /// IPMI version, as its BCD byte with the digits swapped: 02h is 2.0, 51h is 1.5.
    pub ipmi_version: u8,
    /// Additional Device Support, one bit each: sensor, SDR repository, SEL, FRU inventory, IPMB
    /// event receiver, IPMB event generator, bridge, chassis.
    pub additional_support: u8,
    /// IANA enterprise number, 20 bits.
    pub manufacturer_id: u32,
    /// The manufacturer's number of the product.
    pub product_id: u16,
    /// Auxiliary firmware revision, in the manufacturer's format; old devices leave it out.
    pub auxiliary_firmware: Option<[u8; 4]>,
}

impl DeviceId {
    /// IPMI version as major and minor.
    #[must_use]
    pub const fn ipmi_version(&self) -> (u8, u8) {
        (self.ipmi_version & 0x0f, self.ipmi_version >> 4)
    }
}

impl Command for GetDeviceId {
    type Response = DeviceId;
    const ID: CommandId = CommandId::new(NetFn::App, 0x01);
    const NAME: &'static str = "Get Device ID";
    const SECTION: &'static str = "IPMI v2.0 §20.1";
    const ACCESS: Access = Access::Session(Privilege::User);
}

impl Encode for GetDeviceId {
    fn encode(&self, _: &mut Vec<u8>) {}
}

impl Decode for GetDeviceId {
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

impl Encode for DeviceId {
    fn encode(&self, out: &mut Vec<u8>) {
        let sdrs = if self.provides_device_sdrs { 0x80 } else { 0 };
        let updating = if self.updating { 0x80 } else { 0 };
        out.extend([
            self.device_id,
            sdrs | (self.device_revision & 0x0f),
            updating | (self.firmware_major & 0x7f),
            self.firmware_minor,
            self.ipmi_version,
            self.additional_support,
        ]);
        let [a, b, c, _] = self.manufacturer_id.to_le_bytes();
        out.extend([a, b, c]);
        out.extend(self.product_id.to_le_bytes());
        out.extend(self.auxiliary_firmware.into_iter().flatten());
    }
}

impl Decode for DeviceId {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let device_id = r.u8("device ID")?;
        let revision = r.u8("device revision")?;
        let firmware = r.u8("firmware revision 1")?;
        Ok(Self {
            device_id,
            provides_device_sdrs: revision & 0x80 != 0,
            device_revision: revision & 0x0f,
            updating: firmware & 0x80 != 0,
            firmware_major: firmware & 0x7f,
            firmware_minor: r.u8("firmware revision 2")?,
            ipmi_version: r.u8("IPMI version")?,
            additional_support: r.u8("additional device support")?,
            // Bits 23:20 are reserved, but some vendors set them: keep what came.
            manufacturer_id: r.u24("manufacturer ID")?,
            product_id: r.u16("product ID")?,
            auxiliary_firmware: match r.remaining() {
                0..4 => None,
                _ => Some(r.array("auxiliary firmware revision")?),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OpenIPMI ipmi_sim 2.0.33, without auxiliary firmware revision.
    const IPMI_SIM: [u8; 11] =
        [0x00, 0x03, 0x09, 0x08, 0x02, 0x9f, 0x91, 0x12, 0x00, 0x02, 0x0f];

    #[test]
    fn reads_the_short_form() {
        let id = DeviceId::decode_exact(&IPMI_SIM).unwrap();
        assert_eq!((id.firmware_major, id.firmware_minor), (9, 8));
        assert_eq!(id.ipmi_version(), (2, 0));
        assert_eq!((id.manufacturer_id, id.product_id), (0x1291, 0x0f02));
        assert_eq!(id.auxiliary_firmware, None);
        assert_eq!(id.to_bytes(), IPMI_SIM);
    }

    #[test]
    fn reads_the_long_form() {
        let bytes = [&IPMI_SIM[..], &[1, 2, 3, 4]].concat();
        let id = DeviceId::decode_exact(&bytes).unwrap();
        assert_eq!(id.auxiliary_firmware, Some([1, 2, 3, 4]));
        assert_eq!(id.to_bytes(), bytes);
    }

    #[test]
    fn names_the_field_that_was_cut() {
        let err = DeviceId::decode_exact(&IPMI_SIM[..7]).unwrap_err();
        assert_eq!(err, DecodeError::Truncated { field: "manufacturer ID", missing: 2 });
    }
}
