//! Multirecords: what a power supply gives, what a board takes, where management is.

use ipmi_wire::enterprise;
use ipmi_wire::fru::{
    Compatibility as WireCompatibility, DcLoad, DcOutput, ManagementAccess, ManagementAccessKind,
    MultiRecord, MultiRecordContent, PowerSupply as WirePowerSupply,
};
use ipmi_wire::sdr::EntityId;
use schemars::JsonSchema;
use serde::Serialize;

use crate::view::table::Fields;
use crate::view::{hex, list, set};

/// A multirecord: what its type is has contents here, the others are null.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Multirecord {
    #[serde(rename = "type")]
    kind: &'static str,
    type_raw: u8,
    /// Its checksum fits.
    intact: bool,
    power_supply: Option<PowerSupply>,
    dc_output: Option<Dc>,
    dc_load: Option<Dc>,
    management_access: Option<Access>,
    compatibility: Option<Compatibility>,
    oem: Option<Oem>,
    /// All of it, in hexadecimal.
    data: String,
}

/// What a power supply can do.
#[derive(Debug, Serialize, JsonSchema)]
struct PowerSupply {
    capacity_watts: u16,
    peak_volt_amperes: Option<u16>,
    inrush_amperes: Option<u8>,
    inrush_milliseconds: u8,
    input_volts: Range,
    /// The second range, if there is one.
    input_volts_2: Option<Range>,
    input_hertz: Range,
    dropout_tolerance_milliseconds: u8,
    supports: Vec<&'static str>,
    peak_capacity_watts: u16,
    peak_seconds: u8,
    /// What two of the outputs may give together, if that is less than the sum.
    combined_watts: Option<u16>,
    combined_outputs: Option<[&'static str; 2]>,
    fan_failure_rps: u8,
}

/// From, to.
#[derive(Debug, Serialize, JsonSchema)]
struct Range {
    min: f64,
    max: f64,
}

/// An output, or what is taken from it.
#[derive(Debug, Serialize, JsonSchema)]
struct Dc {
    number: u8,
    /// Of an output: whether it is there in standby.
    standby: Option<bool>,
    nominal_volts: f64,
    min_volts: f64,
    max_volts: f64,
    ripple_millivolts: u16,
    min_amperes: f64,
    max_amperes: f64,
}

/// Where to find management.
#[derive(Debug, Serialize, JsonSchema)]
struct Access {
    kind: &'static str,
    kind_raw: u8,
    value: String,
}

/// What a component can replace.
#[derive(Debug, Serialize, JsonSchema)]
struct Compatibility {
    manufacturer_id: u32,
    manufacturer: Option<&'static str>,
    entity: &'static str,
    base: u8,
    codes: Vec<u16>,
}

/// A maker's own.
#[derive(Debug, Serialize, JsonSchema)]
struct Oem {
    manufacturer_id: u32,
    manufacturer: Option<&'static str>,
    /// In hexadecimal.
    data: String,
}

impl From<&MultiRecord> for Multirecord {
    fn from(record: &MultiRecord) -> Self {
        let mut view = Self {
            kind: record.type_name(),
            type_raw: record.type_id,
            intact: record.is_intact(),
            power_supply: None,
            dc_output: None,
            dc_load: None,
            management_access: None,
            compatibility: None,
            oem: None,
            data: hex(&record.data),
        };
        match record.content() {
            MultiRecordContent::PowerSupply(supply) => view.power_supply = Some((&supply).into()),
            MultiRecordContent::DcOutput(output) => view.dc_output = Some((&output).into()),
            MultiRecordContent::DcLoad(load) => view.dc_load = Some((&load).into()),
            MultiRecordContent::ManagementAccess(access) => {
                view.management_access = Some((&access).into());
            }
            MultiRecordContent::BaseCompatibility(what)
            | MultiRecordContent::ExtendedCompatibility(what) => {
                view.compatibility = Some((&what).into());
            }
            MultiRecordContent::Oem { manufacturer, data, .. } => {
                view.oem = Some(Oem {
                    manufacturer_id: manufacturer,
                    manufacturer: enterprise::name(manufacturer),
                    data: hex(&data),
                });
            }
            _ => {}
        }
        view
    }
}

impl From<&WirePowerSupply> for PowerSupply {
    fn from(supply: &WirePowerSupply) -> Self {
        let volts = |(min, max): (u16, u16)| Range {
            min: f64::from(min) / 100.0,
            max: f64::from(max) / 100.0,
        };
        let flags = &supply.flags;
        let (first, second) = supply.combined_outputs;
        let combined = (supply.combined_capacity != 0).then_some(supply.combined_capacity);
        Self {
            capacity_watts: supply.capacity,
            peak_volt_amperes: (supply.peak_va != u16::MAX).then_some(supply.peak_va),
            inrush_amperes: (supply.inrush_current != u8::MAX).then_some(supply.inrush_current),
            inrush_milliseconds: supply.inrush_interval,
            input_volts: volts(supply.input_voltage_1),
            input_volts_2: (supply.input_voltage_2 != (0, 0))
                .then(|| volts(supply.input_voltage_2)),
            input_hertz: Range {
                min: supply.input_frequency.0.into(),
                max: supply.input_frequency.1.into(),
            },
            dropout_tolerance_milliseconds: supply.dropout_tolerance,
            supports: set([
                (flags.predictive_fail, "predictive_fail"),
                (flags.power_factor_correction, "power_factor_correction"),
                (flags.autoswitch, "autoswitch"),
                (flags.hot_swap, "hot_swap"),
            ]),
            peak_capacity_watts: supply.peak_capacity,
            peak_seconds: supply.hold_up_time,
            combined_watts: combined,
            combined_outputs: combined.map(|_| [first, second].map(output)),
            fan_failure_rps: supply.fan_threshold,
        }
    }
}

const fn output(code: u8) -> &'static str {
    match code {
        0 => "12 V",
        1 => "-12 V",
        2 => "5 V",
        3 => "3.3 V",
        _ => "reserved",
    }
}

impl From<&DcOutput> for Dc {
    fn from(output: &DcOutput) -> Self {
        let (min, max) = output.milliamperes();
        Self {
            number: output.number,
            standby: Some(output.standby),
            nominal_volts: centi(output.nominal_voltage),
            min_volts: centi(output.lowest_voltage),
            max_volts: centi(output.highest_voltage),
            ripple_millivolts: output.ripple,
            min_amperes: f64::from(min) / 1000.0,
            max_amperes: f64::from(max) / 1000.0,
        }
    }
}

impl From<&DcLoad> for Dc {
    fn from(load: &DcLoad) -> Self {
        let (min, max) = load.milliamperes();
        Self {
            number: load.number,
            standby: None,
            nominal_volts: centi(load.nominal_voltage),
            min_volts: centi(load.lowest_voltage),
            max_volts: centi(load.highest_voltage),
            ripple_millivolts: load.ripple,
            min_amperes: f64::from(min) / 1000.0,
            max_amperes: f64::from(max) / 1000.0,
        }
    }
}

/// Hundredths.
fn centi(value: i16) -> f64 {
    f64::from(value) / 100.0
}

impl From<&ManagementAccess> for Access {
    fn from(access: &ManagementAccess) -> Self {
        let kind: ManagementAccessKind = access.kind;
        Self {
            kind: kind.name(),
            kind_raw: kind.number(),
            value: access.text().unwrap_or_else(|| hex(&access.data)),
        }
    }
}

impl From<&WireCompatibility> for Compatibility {
    fn from(what: &WireCompatibility) -> Self {
        let first = u16::from(what.first_code);
        let further = what.mask.iter().enumerate().flat_map(|(nth, byte)| {
            (0..8_u16).filter(move |bit| byte & (1 << bit) != 0).map(move |bit| {
                let before = u16::try_from(nth).unwrap_or(u16::MAX).saturating_mul(8);
                first.saturating_add(1).saturating_add(before).saturating_add(bit)
            })
        });
        Self {
            manufacturer_id: what.manufacturer,
            manufacturer: enterprise::name(what.manufacturer),
            entity: EntityId::new(what.entity_id, 0).name(),
            base: what.base,
            codes: std::iter::once(first).chain(further).collect(),
        }
    }
}

impl Multirecord {
    pub(super) fn show(&self, fields: &mut Fields) {
        let damaged = if self.intact { "" } else { ", damaged" };
        fields.heading(&format!("Record: {}{damaged}", self.kind));
        if let Some(supply) = &self.power_supply {
            supply.show(fields);
        } else if let Some(dc) = self.dc_output.as_ref().or(self.dc_load.as_ref()) {
            dc.show(fields);
        } else if let Some(access) = &self.management_access {
            fields.row(access.kind, access.value.clone());
        } else if let Some(what) = &self.compatibility {
            fields.row("Maker", maker(what.manufacturer, what.manufacturer_id));
            fields.row("Replaces", what.entity.to_owned());
            let codes: Vec<_> = what.codes.iter().map(ToString::to_string).collect();
            fields.row("Codes", format!("{} of base {}", codes.join(", "), what.base));
        } else if let Some(oem) = &self.oem {
            fields.row("Maker", maker(oem.manufacturer, oem.manufacturer_id));
            fields.row("Data", spaced(&oem.data));
        } else {
            fields.row("Type", format!("0x{:02x}", self.type_raw));
            fields.row("Data", spaced(&self.data));
        }
    }
}

impl PowerSupply {
    fn show(&self, fields: &mut Fields) {
        let range = |range: &Range, unit: &str| format!("{} to {} {unit}", range.min, range.max);
        fields.row("Capacity", format!("{} W", self.capacity_watts));
        let peak = format!("{} W for {} s", self.peak_capacity_watts, self.peak_seconds);
        fields.row("Peak", peak);
        fields.maybe("Peak apparent", &self.peak_volt_amperes.map(|peak| format!("{peak} VA")));
        let inrush = |amperes| format!("{amperes} A for {} ms", self.inrush_milliseconds);
        fields.maybe("Inrush", &self.inrush_amperes.map(inrush));
        fields.row("Input", range(&self.input_volts, "V"));
        fields.maybe("Input, second", &self.input_volts_2.as_ref().map(|volts| range(volts, "V")));
        fields.row("Frequency", range(&self.input_hertz, "Hz"));
        fields.row("Bears no input", format!("{} ms", self.dropout_tolerance_milliseconds));
        fields.row("Supports", list(&self.supports));
        if let (Some(watts), Some([first, second])) = (self.combined_watts, self.combined_outputs) {
            fields.row("Combined", format!("{watts} W on {first} and {second}"));
        }
    }
}

impl Dc {
    fn show(&self, fields: &mut Fields) {
        let standby = if self.standby == Some(true) { ", in standby too" } else { "" };
        fields.row("Output", format!("{}{standby}", self.number));
        let volts =
            format!("{} V ({} to {} V)", self.nominal_volts, self.min_volts, self.max_volts);
        fields.row("Voltage", volts);
        fields.row("Ripple", format!("{} mV", self.ripple_millivolts));
        fields.row("Current", format!("{} to {} A", self.min_amperes, self.max_amperes));
    }
}

fn maker(name: Option<&str>, id: u32) -> String {
    format!("{} ({id})", name.unwrap_or("not in IANA's registry"))
}

/// Hexadecimal digits in pairs, so that lines can be broken.
fn spaced(digits: &str) -> String {
    let pairs: Vec<_> = digits
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).into_owned())
        .collect();
    pairs.join(" ")
}
