//! The Data Center Manageability Interface.

mod change;
mod power;
mod temperature;

pub(crate) use change::{Changed, changes_of};
pub(crate) use power::{Averages, Limit, Power};
pub(crate) use temperature::{Sensors, Temperatures, Thermal};

use ipmi_client::Told;
use ipmi_client::dcmi::Dcmi;
use ipmi_wire::cmd::dcmi::{Capabilities as Told5, ConfigurationParameter};
use schemars::JsonSchema;
use serde::Serialize;

use super::setting::because;
use super::table::Fields;
use super::{View, hex, yes_no};

/// What a BMC has of DCMI. What it does not tell is null, and `reasons` says why.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Capabilities {
    /// The specification's version.
    version: String,
    parameter_revision: u8,
    power_management: Option<bool>,
    system_interface: Option<bool>,
    serial: Option<bool>,
    secondary_lan: Option<bool>,
    sel_entries: Option<u16>,
    sel_rollover: Option<bool>,
    asset_tag: Option<bool>,
    dhcp_host_name: Option<bool>,
    /// Seconds between two looks at a temperature.
    temperature_sampling_seconds: Option<u8>,
    /// The 7-bit address of whoever manages the power; 32 is the BMC.
    power_manager_address: Option<u8>,
    power_manager_channel: Option<u8>,
    power_manager_revision: Option<u8>,
    primary_lan_channel: Option<u8>,
    secondary_lan_channel: Option<u8>,
    serial_channel: Option<u8>,
    /// The periods that there are averages of, in seconds.
    average_seconds: Option<Vec<u32>>,
    /// Why something is not told.
    reasons: Vec<String>,
}

impl Capabilities {
    pub(crate) fn new(dcmi: &Dcmi) -> Self {
        let conformance = dcmi.conformance;
        let mut all = Self {
            version: format!("{}.{}", conformance.major, conformance.minor),
            parameter_revision: conformance.revision,
            ..Self::default()
        };
        for parameter in &dcmi.parameters {
            match parameter {
                Ok(Told5::Supported(supported)) => {
                    all.power_management = Some(supported.power_management);
                    all.system_interface = Some(supported.system_interface);
                    all.serial = Some(supported.serial);
                    all.secondary_lan = Some(supported.secondary_lan);
                }
                Ok(Told5::Mandatory(mandatory)) => {
                    all.sel_entries = Some(mandatory.sel_entries);
                    all.sel_rollover = Some(mandatory.sel_rollover);
                    all.asset_tag = Some(mandatory.asset_tag);
                    all.dhcp_host_name = Some(mandatory.dhcp_host_name);
                    all.temperature_sampling_seconds = mandatory.sampling_period;
                }
                Ok(Told5::Optional(optional)) => {
                    all.power_manager_address = Some(optional.address);
                    all.power_manager_channel = Some(optional.channel);
                    all.power_manager_revision = Some(optional.revision);
                }
                Ok(Told5::Access(access)) => {
                    all.primary_lan_channel = access.primary_lan;
                    all.secondary_lan_channel = access.secondary_lan;
                    all.serial_channel = access.serial;
                }
                Ok(Told5::Enhanced(periods)) => {
                    all.average_seconds = Some(periods.iter().map(|p| p.seconds()).collect());
                }
                Ok(Told5::Other { .. }) => {}
                Err(error) => all.reasons.push(because(error)),
            }
        }
        all
    }
}

impl View for Capabilities {
    const SCHEMA: &'static str = "lantern.dcmi/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::titled(&format!("DCMI {}", self.version));
        let switch = |on: Option<bool>| on.map(yes_no);
        let number = |number: Option<u8>| number.map(|number| number.to_string());
        fields.maybe("Power management", &switch(self.power_management));
        fields.maybe("System interface", &switch(self.system_interface));
        fields.maybe("Serial channel in terminal mode", &switch(self.serial));
        fields.maybe("Second LAN channel", &switch(self.secondary_lan));
        fields.maybe("Events in the log", &self.sel_entries.map(|count| count.to_string()));
        fields.maybe("Log rolls over", &switch(self.sel_rollover));
        fields.maybe("Asset tag", &switch(self.asset_tag));
        fields.maybe("Host name by DHCP", &switch(self.dhcp_host_name));
        let every = self.temperature_sampling_seconds.map(|seconds| format!("every {seconds} s"));
        fields.maybe("Temperatures", &every);
        let address = self.power_manager_address.map(|address| format!("{address:02X}h"));
        fields.maybe("Power manager", &address);
        fields.maybe("First LAN channel", &number(self.primary_lan_channel));
        let averages = self.average_seconds.as_ref().map(|periods| {
            periods.iter().map(|seconds| format!("{seconds} s")).collect::<Vec<_>>().join(", ")
        });
        fields.maybe("Power averages", &averages);
        for reason in &self.reasons {
            fields.row("Not told", reason.clone());
        }
        fields.text(width)
    }
}

/// A text that the BMC keeps.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Text {
    #[schemars(extend("enum" = ["asset_tag", "controller_identifier"]))]
    what: &'static str,
    text: String,
    /// Its bytes, in hexadecimal: it may be of any encoding.
    raw: String,
}

impl Text {
    pub(crate) fn new(what: &'static str, bytes: &[u8]) -> Self {
        Self { what, text: String::from_utf8_lossy(bytes).into_owned(), raw: hex(bytes) }
    }
}

impl View for Text {
    const SCHEMA: &'static str = "lantern.dcmi_text/1";

    fn text(&self, _: Option<u16>) -> String {
        format!("{}\n", self.text)
    }
}

/// How a BMC makes itself known by DHCP. What it does not tell is null, and `reasons` says why.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Configuration {
    host_name: Option<bool>,
    vendor_class: Option<bool>,
    random_back_off: Option<bool>,
    initial_timeout_seconds: Option<u8>,
    contact_timeout_seconds: Option<u16>,
    contact_retry_seconds: Option<u16>,
    /// Why something is not told.
    reasons: Vec<String>,
}

impl Configuration {
    pub(crate) fn new(parameters: &[Told<ConfigurationParameter>]) -> Self {
        let mut all = Self::default();
        for parameter in parameters {
            match parameter {
                Ok(ConfigurationParameter::Discovery(discovery)) => {
                    all.host_name = Some(discovery.host_name);
                    all.vendor_class = Some(discovery.vendor_class);
                    all.random_back_off = Some(discovery.random_back_off);
                }
                Ok(ConfigurationParameter::InitialTimeout(seconds)) => {
                    all.initial_timeout_seconds = Some(*seconds);
                }
                Ok(ConfigurationParameter::ContactTimeout(seconds)) => {
                    all.contact_timeout_seconds = Some(*seconds);
                }
                Ok(ConfigurationParameter::ContactRetry(seconds)) => {
                    all.contact_retry_seconds = Some(*seconds);
                }
                Ok(_) => {}
                Err(error) => all.reasons.push(because(error)),
            }
        }
        all
    }
}

impl View for Configuration {
    const SCHEMA: &'static str = "lantern.dcmi_config/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::titled("DHCP");
        let seconds = |seconds: Option<u16>| seconds.map(|seconds| format!("{seconds} s"));
        fields.maybe("Tells its host name", &self.host_name.map(yes_no));
        fields.maybe("Tells its vendor class", &self.vendor_class.map(yes_no));
        fields.maybe("Random back-off", &self.random_back_off.map(yes_no));
        fields.maybe("Initial timeout", &seconds(self.initial_timeout_seconds.map(u16::from)));
        fields.maybe("Contact timeout", &seconds(self.contact_timeout_seconds));
        fields.maybe("Contact retry", &seconds(self.contact_retry_seconds));
        for reason in &self.reasons {
            fields.row("Not told", reason.clone());
        }
        fields.text(width)
    }
}
