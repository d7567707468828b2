//! Get DCMI Capabilities Info: whether a controller knows DCMI, and what of it.

use super::{Capabilities, Conformance, GROUP, group};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command};
use crate::netfn::CommandId;

/// Get DCMI Capabilities Info. DCMI v1.5 §6.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetDcmiCapabilitiesInfo {
    /// Which parameter: 1 to 5.
    pub selector: u8,
}

/// The answer to [`GetDcmiCapabilitiesInfo`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DcmiCapabilitiesInfo {
    /// Which specification.
    pub conformance: Conformance,
    /// The parameter.
    pub capabilities: Capabilities,
}

impl Command for GetDcmiCapabilitiesInfo {
    type Response = DcmiCapabilitiesInfo;
    const ID: CommandId = CommandId::group(GROUP, 0x01);
    const NAME: &'static str = "Get DCMI Capabilities Info";
    const SECTION: &'static str = "DCMI v1.5 §6.1.1";
    const ACCESS: Access = Access::PreSession;

    fn decode_response(&self, r: &mut Reader<'_>) -> Result<Self::Response, DecodeError> {
        let conformance = Conformance::decode(r)?;
        Ok(DcmiCapabilitiesInfo {
            conformance,
            capabilities: Capabilities::decode(self.selector, r)?,
        })
    }
}

impl Encode for GetDcmiCapabilitiesInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([GROUP, self.selector]);
    }
}

impl Decode for GetDcmiCapabilitiesInfo {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        Ok(Self { selector: r.u8("parameter selector")? })
    }
}

impl Encode for DcmiCapabilitiesInfo {
    fn encode(&self, out: &mut Vec<u8>) {
        self.conformance.encode(out);
        self.capabilities.encode(out);
    }
}

impl Decode for DcmiCapabilitiesInfo {
    /// Without its request a value is not understood.
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let conformance = Conformance::decode(r)?;
        let capabilities = Capabilities::Other { selector: 0, data: r.take_rest().to_vec() };
        Ok(Self { conformance, capabilities })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        AccessAttributes, AveragePeriod, MandatoryAttributes, OptionalAttributes,
        SupportedCapabilities, TimeUnit,
    };
    use super::*;

    fn told(selector: u8, bytes: &[u8]) -> DcmiCapabilitiesInfo {
        let info = GetDcmiCapabilitiesInfo { selector }
            .decode_response(&mut Reader::new(bytes))
            .unwrap();
        assert_eq!(info.capabilities.selector(), selector);
        assert_eq!(info.to_bytes(), bytes);
        info
    }

    #[test]
    fn what_a_controller_has_is_told_in_five_parameters() {
        // `ipmitool dcmi discover` (lib/ipmi_dcmi.c) of a controller of DCMI 1.5.
        assert_eq!(GetDcmiCapabilitiesInfo { selector: 1 }.to_bytes(), [0xdc, 1]);
        let info = told(1, &[0xdc, 1, 5, 2, 0, 1, 0x01]);
        assert_eq!(info.conformance, Conformance::V15);
        let supported = SupportedCapabilities {
            power_management: true,
            system_interface: true,
            ..SupportedCapabilities::default()
        };
        assert_eq!(info.capabilities, Capabilities::Supported(supported));
        let mandatory = MandatoryAttributes {
            sel_entries: 0x200,
            sel_rollover: true,
            flush_records: true,
            asset_tag: true,
            sampling_period: Some(5),
            ..MandatoryAttributes::default()
        };
        let info = told(2, &[0xdc, 1, 5, 2, 0x00, 0xa2, 0x04, 0x00, 5]);
        assert_eq!(info.capabilities, Capabilities::Mandatory(mandatory));
        // ipmitool takes 40h for "20h (BMC)", FreeIPMI the upper seven bits.
        let info = told(3, &[0xdc, 1, 5, 2, 0x40, 0x01]);
        let optional = OptionalAttributes { address: 0x20, channel: 0, revision: 1 };
        assert_eq!(info.capabilities, Capabilities::Optional(optional));
        let info = told(4, &[0xdc, 1, 5, 2, 1, 0xff, 0xff]);
        let access = AccessAttributes { primary_lan: Some(1), secondary_lan: None, serial: None };
        assert_eq!(info.capabilities, Capabilities::Access(access));
        let info = told(5, &[0xdc, 1, 5, 2, 3, 0x05, 0x41, 0x81]);
        let Capabilities::Enhanced(periods) = info.capabilities else { panic!() };
        assert_eq!(periods.iter().map(|p| p.seconds()).collect::<Vec<_>>(), [5, 60, 3600]);
        assert_eq!((AveragePeriod(0xc2).unit(), AveragePeriod(0xc2).count()), (TimeUnit::Days, 2));
        told(0x10, &[0xdc, 1, 5, 2, 9]);
    }

    #[test]
    fn controllers_of_1_0_say_in_other_bits_what_goes_without_saying_later() {
        let info = told(1, &[0xdc, 1, 0, 1, 0x0f, 0x01, 0x39]);
        let Capabilities::Supported(supported) = info.capabilities else { panic!() };
        assert!(supported.identification && supported.sel && supported.temperature);
        assert!(supported.primary_lan && supported.sol && supported.vlan && !supported.serial);
        let info = told(2, &[0xdc, 1, 1, 1, 0xff, 0x0f, 0x07, 0x07]);
        let Capabilities::Mandatory(mandatory) = info.capabilities else { panic!() };
        assert_eq!((mandatory.sel_entries, mandatory.sampling_period), (4095, None));
        assert!(mandatory.guid && mandatory.inlet && mandatory.processors && mandatory.baseboard);
    }

    #[test]
    fn what_is_cut_short_or_of_another_group_is_refused() {
        let decode = |selector, bytes: &[u8]| {
            GetDcmiCapabilitiesInfo { selector }.decode_response(&mut Reader::new(bytes))
        };
        for (selector, bytes) in [
            (1, &[0xdc, 1, 5, 2, 0, 1][..]),
            (2, &[0xdc, 1, 5, 2, 0, 1, 4]),
            (3, &[0xdc, 1, 5, 2, 0x40]),
            (4, &[0xdc, 1, 5, 2, 1, 0xff]),
            (5, &[0xdc, 1, 5, 2, 2, 5]),
            (1, &[0xdc, 1, 5]),
            (1, &[0x00, 1, 5, 2, 0, 1, 1]),
        ] {
            decode(selector, bytes).unwrap_err();
        }
        assert!(GetDcmiCapabilitiesInfo::decode_exact(&[0xdc]).is_err());
        assert!(GetDcmiCapabilitiesInfo::decode_exact(&[0xdc, 1, 0]).is_err());
    }
}
