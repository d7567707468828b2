//! The management controller.

use ipmi_client::outcome::Done;
use ipmi_wire::cmd::app::{DeviceId, Guid, SelfTest};
use ipmi_wire::enterprise;
use schemars::JsonSchema;
use serde::Serialize;

use super::outcome::{OutcomeView, proof};
use super::table::fields;
use super::{View, list, set, version, yes_no};
use crate::cli::Reset;

/// Get Device ID.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Info {
    device_id: u8,
    device_revision: u8,
    firmware: String,
    auxiliary_firmware: Option<String>,
    ipmi_version: String,
    manufacturer_id: u32,
    manufacturer: Option<&'static str>,
    product_id: u16,
    available: bool,
    provides_device_sdrs: bool,
    supports: Vec<&'static str>,
}

impl From<&DeviceId> for Info {
    fn from(id: &DeviceId) -> Self {
        let support = |bit: u8| id.additional_support & (1 << bit) != 0;
        Self {
            device_id: id.device_id,
            device_revision: id.device_revision,
            firmware: format!("{}.{:02x}", id.firmware_major, id.firmware_minor),
            auxiliary_firmware: id
                .auxiliary_firmware
                .map(|bytes| format!("{:08x}", u32::from_be_bytes(bytes))),
            ipmi_version: version(id.ipmi_version),
            manufacturer_id: id.manufacturer_id,
            // Bits 23:20 are reserved; some vendors set them.
            manufacturer: enterprise::name(id.manufacturer_id)
                .or_else(|| enterprise::name(id.manufacturer_id & 0x000f_ffff)),
            product_id: id.product_id,
            available: !id.updating,
            provides_device_sdrs: id.provides_device_sdrs,
            supports: set([
                (support(0), "sensors"),
                (support(1), "sdr_repository"),
                (support(2), "sel"),
                (support(3), "fru_inventory"),
                (support(4), "event_receiver"),
                (support(5), "event_generator"),
                (support(6), "bridge"),
                (support(7), "chassis"),
            ]),
        }
    }
}

impl Info {
    /// Who made it.
    pub(crate) fn maker(&self) -> String {
        let name = self.manufacturer.unwrap_or("not in IANA's registry");
        format!("{name} ({})", self.manufacturer_id)
    }
}

impl View for Info {
    const SCHEMA: &'static str = "lantern.mc_info/1";

    fn text(&self, width: Option<u16>) -> String {
        let available = match self.available {
            true => "yes",
            false => "no: firmware or SDR update in progress",
        };
        fields(
            width,
            [
                ("Manufacturer", self.maker()),
                ("Product ID", format!("{} (0x{:04x})", self.product_id, self.product_id)),
                ("Device ID", self.device_id.to_string()),
                ("Device revision", self.device_revision.to_string()),
                ("Firmware", self.firmware.clone()),
                (
                    "Auxiliary firmware",
                    self.auxiliary_firmware.as_ref().map_or("-".into(), |hex| format!("0x{hex}")),
                ),
                ("IPMI version", self.ipmi_version.clone()),
                ("Available", available.to_owned()),
                ("Device SDRs", yes_no(self.provides_device_sdrs)),
                ("Supports", list(&self.supports)),
            ],
        )
    }
}

/// Get System GUID. Three byte orders are in use and nothing in the bytes says which, so the
/// likely one is given, and all.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct GuidView {
    guid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guid_reason: Option<&'static str>,
    #[schemars(extend("enum" = ["ipmi", "smbios", "rfc4122", null]))]
    encoding: Option<&'static str>,
    as_ipmi: String,
    as_smbios: String,
    as_rfc4122: String,
    raw: String,
}

impl From<&Guid> for GuidView {
    fn from(guid: &Guid) -> Self {
        let (as_ipmi, as_smbios, as_rfc4122) =
            (guid.to_string_spec(), guid.to_string_smbios(), guid.to_string_rfc4122());
        let raw = format!("{guid:?}");
        let orders = [("ipmi", &as_ipmi), ("smbios", &as_smbios), ("rfc4122", &as_rfc4122)];
        let likely = orders.iter().find(|(_, text)| is_uuid(text)).or(orders.first());
        let (guid, guid_reason, encoding) = match likely {
            Some((encoding, text)) if !guid.is_unset() => {
                (Some((*text).clone()), None, Some(*encoding))
            }
            _ => (None, Some("the BMC has none: all bytes are alike"), None),
        };
        Self { guid, guid_reason, encoding, as_ipmi, as_smbios, as_rfc4122, raw }
    }
}

/// Whether this text has a version and a variant that RFC 4122 (or 9562) knows.
fn is_uuid(text: &str) -> bool {
    let digit = |at: usize| text.as_bytes().get(at).copied().unwrap_or_default();
    matches!(digit(14), b'1'..=b'8') && matches!(digit(19), b'8' | b'9' | b'a' | b'b')
}

impl View for GuidView {
    const SCHEMA: &'static str = "lantern.mc_guid/1";

    fn text(&self, width: Option<u16>) -> String {
        let Some(guid) = &self.guid else {
            return format!("System GUID  none ({})\n", self.raw);
        };
        let mark = |encoding| if self.encoding == Some(encoding) { "  (likely)" } else { "" };
        fields(
            width,
            [
                ("System GUID", guid.clone()),
                ("  in IPMI's order", format!("{}{}", self.as_ipmi, mark("ipmi"))),
                ("  in SMBIOS's order", format!("{}{}", self.as_smbios, mark("smbios"))),
                ("  in RFC 4122's order", format!("{}{}", self.as_rfc4122, mark("rfc4122"))),
            ],
        )
    }
}

/// Get Self Test Results.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SelfTestView {
    #[schemars(extend("enum" = ["passed", "not_implemented", "corrupted", "fatal", "oem"]))]
    result: &'static str,
    faults: Vec<&'static str>,
    detail_raw: u8,
    #[serde(skip)]
    words: String,
}

impl From<SelfTest> for SelfTestView {
    fn from(test: SelfTest) -> Self {
        let mut faults = Vec::new();
        let (result, detail_raw, words) = match test {
            SelfTest::Passed => ("passed", 0, "passed".to_owned()),
            SelfTest::NotImplemented => ("not_implemented", 0, "not implemented".to_owned()),
            SelfTest::Corrupted { flags } => {
                let flag = |bit: u8| flags & (1 << bit) != 0;
                faults = set([
                    (flag(7), "sel_inaccessible"),
                    (flag(6), "sdr_repository_inaccessible"),
                    (flag(5), "fru_inaccessible"),
                    (flag(4), "ipmb_lines_fail"),
                    (flag(3), "sdr_repository_empty"),
                    (flag(2), "fru_internal_use_area_corrupted"),
                    (flag(1), "boot_block_corrupted"),
                    (flag(0), "operational_firmware_corrupted"),
                ]);
                ("corrupted", flags, format!("failed: {}", list(&faults)))
            }
            SelfTest::Fatal { code } => {
                ("fatal", code, format!("fatal hardware error, code 0x{code:02x}"))
            }
            SelfTest::Other { result, detail } => {
                ("oem", detail, format!("the manufacturer's own result {result:02x} {detail:02x}"))
            }
        };
        Self { result, faults, detail_raw, words }
    }
}

impl View for SelfTestView {
    const SCHEMA: &'static str = "lantern.mc_selftest/1";

    fn text(&self, _: Option<u16>) -> String {
        format!("Self test: {}\n", self.words)
    }
}

/// Cold or Warm Reset, accepted.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ResetView {
    #[schemars(extend("enum" = ["cold", "warm"]))]
    reset: &'static str,
    accepted: bool,
    /// What proves that it happened, where the BMC's answer was lost; else null.
    outcome: Option<OutcomeView>,
}

impl ResetView {
    pub(crate) fn new(how: Reset, done: &Done) -> Self {
        let reset = match how {
            Reset::Cold => "cold",
            Reset::Warm => "warm",
        };
        Self { reset, accepted: true, outcome: proof(done) }
    }
}

impl View for ResetView {
    const SCHEMA: &'static str = "lantern.mc_reset/1";

    fn text(&self, width: Option<u16>) -> String {
        let name = if self.reset == "cold" { "Cold" } else { "Warm" };
        match &self.outcome {
            None => format!("{name} reset: accepted; the controller is away for a while\n"),
            Some(outcome) => {
                let happened = format!("{name} reset: happened, although the answer was lost\n");
                happened + &outcome.text(width)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likely_order_of_a_guid_is_found() {
        let number = 0x6c61_6e74_6572_4e00_8000_0000_0000_0001_u128;
        let uuid = "6c616e74-6572-4e00-8000-000000000001";
        let ipmi = GuidView::from(&Guid(number.to_le_bytes()));
        assert_eq!((ipmi.guid.as_deref(), ipmi.encoding), (Some(uuid), Some("ipmi")));
        let plain = GuidView::from(&Guid(number.to_be_bytes()));
        assert_eq!((plain.guid.as_deref(), plain.encoding), (Some(uuid), Some("rfc4122")));
        let mut smbios = number.to_be_bytes();
        smbios[..4].reverse();
        smbios[4..6].reverse();
        smbios[6..8].reverse();
        let smbios = GuidView::from(&Guid(smbios));
        assert_eq!((smbios.guid.as_deref(), smbios.encoding), (Some(uuid), Some("smbios")));
        assert!(GuidView::from(&Guid([0xff; 16])).guid.is_none());
    }

    #[test]
    fn a_failed_self_test_says_what_failed() {
        let view = SelfTestView::from(SelfTest::Corrupted { flags: 0x88 });
        assert_eq!(view.text(None), "Self test: failed: sel inaccessible, sdr repository empty\n");
    }
}
