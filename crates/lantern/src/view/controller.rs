//! What the controller does for the machine's own interface, ACPI states, and interfaces.

use ipmi_client::controller::InterfaceTold;
use ipmi_client::settings::Change;
use ipmi_wire::cmd::app::{
    AcpiPowerState, GlobalEnables, SystemInterface, SystemInterfaceCapabilities,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::table::{Fields, Table, left};
use super::{Rows, View, list, reason};
use crate::error::Exit;

/// Get BMC Global Enables, or what was set of them.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EnablesView {
    receive_interrupt: bool,
    event_interrupt: bool,
    event_buffer: bool,
    logging: bool,
    oem0: bool,
    oem1: bool,
    oem2: bool,
    /// Whether the BMC kept what was set; null if nothing was, or if it does not tell.
    kept: Option<bool>,
}

impl From<&GlobalEnables> for EnablesView {
    fn from(enables: &GlobalEnables) -> Self {
        let oem = |bit: u8| enables.oem & (1 << bit) != 0;
        Self {
            receive_interrupt: enables.receive_interrupt,
            event_interrupt: enables.event_interrupt,
            event_buffer: enables.event_buffer,
            logging: enables.logging,
            oem0: oem(0),
            oem1: oem(1),
            oem2: oem(2),
            kept: None,
        }
    }
}

impl From<&Change<GlobalEnables>> for EnablesView {
    fn from(change: &Change<GlobalEnables>) -> Self {
        let now = change.now.as_ref().unwrap_or(&change.asked);
        Self { kept: change.is_kept(), ..Self::from(now) }
    }
}

impl View for EnablesView {
    const SCHEMA: &'static str = "lantern.mc_enables/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::default();
        for (name, on) in [
            ("Receive interrupt", self.receive_interrupt),
            ("Event interrupt", self.event_interrupt),
            ("Event buffer", self.event_buffer),
            ("Logging", self.logging),
            ("OEM 0", self.oem0),
            ("OEM 1", self.oem1),
            ("OEM 2", self.oem2),
        ] {
            fields.row(name, if on { "on" } else { "off" });
        }
        if self.kept == Some(false) {
            fields.row("", "The BMC did not take what was asked for");
        }
        fields.flush(width)
    }

    fn exit(&self) -> Option<Exit> {
        (self.kept == Some(false)).then_some(Exit::Failed)
    }
}

/// Get ACPI Power State, or what was set of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AcpiView {
    system: &'static str,
    system_raw: u8,
    device: String,
    device_raw: u8,
    /// Whether the BMC kept what was set; null if nothing was, or if it does not tell.
    kept: Option<bool>,
}

impl From<&AcpiPowerState> for AcpiView {
    fn from(state: &AcpiPowerState) -> Self {
        Self {
            system: state.system.name(),
            system_raw: state.system.number(),
            device: match state.device.number() {
                number @ 0..=3 => format!("D{number}"),
                _ => "unknown".to_owned(),
            },
            device_raw: state.device.number(),
            kept: None,
        }
    }
}

impl From<&Change<AcpiPowerState>> for AcpiView {
    fn from(change: &Change<AcpiPowerState>) -> Self {
        let now = change.now.as_ref().unwrap_or(&change.asked);
        Self { kept: change.is_kept(), ..Self::from(now) }
    }
}

impl View for AcpiView {
    const SCHEMA: &'static str = "lantern.mc_acpi/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::default();
        fields.row("System", self.system);
        fields.row("Devices", self.device.clone());
        if self.kept == Some(false) {
            fields.row("", "The BMC did not take what was asked for");
        }
        fields.flush(width)
    }

    fn exit(&self) -> Option<Exit> {
        (self.kept == Some(false)).then_some(Exit::Failed)
    }
}

/// Get System Interface Capabilities: all kinds.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Interfaces {
    interfaces: Vec<Interface>,
}

/// A kind of system interface.
#[derive(Debug, Serialize, JsonSchema)]
struct Interface {
    #[schemars(extend("enum" = ["ssif", "kcs", "smic"]))]
    interface: &'static str,
    /// Null if the BMC does not tell.
    version: Option<u8>,
    /// The longest message that it takes, in bytes.
    input_bytes: Option<u8>,
    /// The longest message that it gives, in bytes; KCS and SMIC do not say.
    output_bytes: Option<u8>,
    /// Of an SSIF.
    #[schemars(extend("enum" = ["single", "multi_start_end", "multi_start_middle_end", "reserved", null]))]
    transactions: Option<&'static str>,
    /// Of an SSIF.
    packet_error_codes: Option<bool>,
    /// Why the BMC does not tell.
    absent_reason: Option<String>,
}

impl From<&InterfaceTold> for Interface {
    fn from((interface, told): &InterfaceTold) -> Self {
        let interface = match *interface {
            SystemInterface::SSIF => "ssif",
            SystemInterface::KCS => "kcs",
            _ => "smic",
        };
        let mut view = Self {
            interface,
            version: None,
            input_bytes: None,
            output_bytes: None,
            transactions: None,
            packet_error_codes: None,
            absent_reason: told.as_ref().err().map(reason),
        };
        match told {
            Ok(SystemInterfaceCapabilities::Ssif { transactions, input, output }) => {
                view.version = Some(transactions & 7);
                (view.input_bytes, view.output_bytes) = (Some(*input), Some(*output));
                view.packet_error_codes = Some(transactions & 8 != 0);
                view.transactions = Some(match transactions >> 6 {
                    0 => "single",
                    1 => "multi_start_end",
                    2 => "multi_start_middle_end",
                    _ => "reserved",
                });
            }
            Ok(SystemInterfaceCapabilities::Chip { version, input }) => {
                (view.version, view.input_bytes) = (Some(*version), Some(*input));
            }
            Err(_) => {}
        }
        view
    }
}

impl Interfaces {
    pub(crate) fn new(told: &[InterfaceTold]) -> Self {
        Self { interfaces: told.iter().map(Interface::from).collect() }
    }
}

impl View for Interfaces {
    const SCHEMA: &'static str = "lantern.mc_interfaces/1";
    const ROWS: Option<Rows> = Some(Rows { key: "interfaces", schema: "lantern.mc_interface/1" });

    fn text(&self, width: Option<u16>) -> String {
        let columns =
            [left("INTERFACE"), left("VERSION"), left("TAKES"), left("GIVES"), left("").flexible()];
        let mut table = Table::new(&columns);
        for one in &self.interfaces {
            let bytes = |bytes: Option<u8>| bytes.map_or("-".to_owned(), |n| format!("{n} bytes"));
            let version = one.version.map_or("-".to_owned(), |version| version.to_string());
            let note = match (&one.absent_reason, one.transactions) {
                (Some(why), _) => why.clone(),
                (None, Some(transactions)) => {
                    let codes = one.packet_error_codes == Some(true);
                    let codes = if codes { ", packet error codes" } else { "" };
                    format!("{} transactions{codes}", list(&[transactions]))
                }
                (None, None) => String::new(),
            };
            table.row([
                one.interface.to_uppercase(),
                version,
                bytes(one.input_bytes),
                bytes(one.output_bytes),
                note,
            ]);
        }
        table.text(width)
    }
}
