//! The controller's own settings: watchdog, enables, system info, ACPI states, interfaces.

use ipmi_client::controller::{
    InterfaceTold, SystemText, SystemTextChange, SystemTexts, Watchdog, WatchdogChange,
};
use ipmi_client::settings::Change;
use ipmi_wire::cmd::app::{
    AcpiPowerState, GlobalEnables, PreTimeoutInterrupt, SystemInfoParameter, SystemInterface,
    SystemInterfaceCapabilities, TimeoutAction, TimerUse, WatchdogSettings,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::number::short;
use super::table::{Fields, Table, left};
use super::{Rows, View, hex, list, reason, set};
use crate::error::Exit;

/// Get Watchdog Timer.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WatchdogView {
    /// What the BMC says.
    running: bool,
    /// Whether the countdown was seen to go down; null if that was not looked at.
    counting: Option<bool>,
    #[schemars(extend("enum" = USES))]
    #[serde(rename = "use")]
    timer_use: &'static str,
    use_raw: u8,
    #[schemars(extend("enum" = ["none", "reset", "power_down", "power_cycle"]))]
    action: &'static str,
    #[schemars(extend("enum" = ["none", "smi", "nmi", "messaging"]))]
    interrupt: &'static str,
    pre_timeout_seconds: u8,
    timeout_seconds: f64,
    /// Null if the BMC does not tell.
    left_seconds: Option<f64>,
    log: bool,
    /// The uses for which it has expired.
    expired: Vec<&'static str>,
    /// What the BMC did not keep; null if nothing was set.
    dropped: Option<Vec<&'static str>>,
}

const USES: [&str; 6] = ["reserved", "bios_frb2", "bios_post", "os_load", "sms_os", "oem"];

const fn timer_use(timer_use: TimerUse) -> &'static str {
    match timer_use {
        TimerUse::BiosFrb2 => "bios_frb2",
        TimerUse::BiosPost => "bios_post",
        TimerUse::OsLoad => "os_load",
        TimerUse::SmsOs => "sms_os",
        TimerUse::Oem => "oem",
        TimerUse::Reserved(_) => "reserved",
    }
}

fn seconds(tenths: u16) -> f64 {
    f64::from(tenths) / 10.0
}

impl From<&Watchdog> for WatchdogView {
    fn from(watchdog: &Watchdog) -> Self {
        let timer = &watchdog.timer;
        let settings: &WatchdogSettings = &timer.settings;
        let expired = |number: u8| timer.expired & (1 << number) != 0;
        Self {
            running: timer.running,
            counting: watchdog.counting,
            timer_use: timer_use(settings.timer_use),
            use_raw: settings.timer_use.number(),
            action: match settings.action {
                TimeoutAction::None => "none",
                TimeoutAction::Reset => "reset",
                TimeoutAction::PowerDown => "power_down",
                TimeoutAction::PowerCycle => "power_cycle",
            },
            interrupt: match settings.interrupt {
                PreTimeoutInterrupt::None => "none",
                PreTimeoutInterrupt::Smi => "smi",
                PreTimeoutInterrupt::Nmi => "nmi",
                PreTimeoutInterrupt::Messaging => "messaging",
            },
            pre_timeout_seconds: settings.pre_timeout,
            timeout_seconds: seconds(settings.initial),
            left_seconds: timer.present.map(seconds),
            log: !settings.dont_log,
            expired: set([
                (expired(1), "bios_frb2"),
                (expired(2), "bios_post"),
                (expired(3), "os_load"),
                (expired(4), "sms_os"),
                (expired(5), "oem"),
            ]),
            dropped: None,
        }
    }
}

impl From<&WatchdogChange> for WatchdogView {
    fn from(change: &WatchdogChange) -> Self {
        Self { dropped: Some(change.dropped()), ..Self::from(&change.now) }
    }
}

impl WatchdogView {
    /// After it was told to stop, or to run.
    pub(crate) fn told(watchdog: &Watchdog, obeyed: bool, not: &'static str) -> Self {
        let dropped = if obeyed { Vec::new() } else { vec![not] };
        Self { dropped: Some(dropped), ..Self::from(watchdog) }
    }
}

impl View for WatchdogView {
    const SCHEMA: &'static str = "lantern.mc_watchdog/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::default();
        let state = match (self.running, self.counting) {
            (false, _) => "stopped",
            (true, Some(false)) => {
                "stopped: the BMC says that it runs, but the countdown stands still"
            }
            (true, _) => "running",
        };
        fields.row("Watchdog", state);
        let used = match (self.timer_use, self.use_raw) {
            ("reserved", 0) => "nothing yet".to_owned(),
            ("reserved", number) => format!("reserved ({number})"),
            (name, _) => list(&[name]),
        };
        fields.row("Used for", used);
        fields.row("Action", list(&[self.action]));
        let before = match self.interrupt {
            "none" => "nothing".to_owned(),
            name => format!("{name}, {} s before", self.pre_timeout_seconds),
        };
        fields.row("Before that", before);
        fields.row("Timeout", format!("{} s", short(self.timeout_seconds, 1)));
        let left = self.left_seconds.map(|left| format!("{} s", short(left, 1)));
        fields.row("Left", left.unwrap_or_else(|| "the BMC does not say".to_owned()));
        fields.row("Logged", if self.log { "yes" } else { "no" });
        fields.row("Has expired for", list(&self.expired));
        let dropped = self.dropped.as_deref().unwrap_or_default();
        if !dropped.is_empty() {
            fields.row("Not taken", list(dropped));
        }
        fields.flush(width)
    }

    fn exit(&self) -> Option<Exit> {
        self.dropped.as_ref().is_some_and(|dropped| !dropped.is_empty()).then_some(Exit::Failed)
    }
}

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

/// What the machine and its software are called.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Names {
    #[schemars(extend("enum" = ["complete", "in_progress", "commit_write", null]))]
    set_in_progress: Option<&'static str>,
    names: Vec<Name>,
}

/// One name.
#[derive(Debug, Serialize, JsonSchema)]
struct Name {
    name: &'static str,
    parameter: u8,
    /// Null if the BMC does not tell.
    text: Option<String>,
    /// Why it does not tell.
    absent_reason: Option<String>,
    #[schemars(extend("enum" = ["latin1", "utf8", "ucs2", "reserved", null]))]
    encoding: Option<&'static str>,
    /// Hexadecimal digits.
    raw: Option<String>,
}

const fn text_name(selector: u8) -> (&'static str, &'static str) {
    match selector {
        SystemInfoParameter::FIRMWARE_VERSION => ("firmware_version", "Firmware version"),
        SystemInfoParameter::SYSTEM_NAME => ("system_name", "System name"),
        SystemInfoParameter::PRIMARY_OS_NAME => ("primary_os_name", "Primary OS name"),
        SystemInfoParameter::OS_NAME => ("os_name", "OS name"),
        SystemInfoParameter::OS_VERSION => ("os_version", "OS version"),
        SystemInfoParameter::BMC_URL => ("bmc_url", "BMC URL"),
        SystemInfoParameter::HYPERVISOR_URL => ("hypervisor_url", "Hypervisor URL"),
        _ => ("other", "Other"),
    }
}

const fn encoding(number: u8) -> &'static str {
    match number {
        0 => "latin1",
        1 => "utf8",
        2 => "ucs2",
        _ => "reserved",
    }
}

impl From<&SystemTexts> for Names {
    fn from(told: &SystemTexts) -> Self {
        use ipmi_wire::cmd::chassis::SetInProgress;
        let name = |(selector, told): &(u8, Result<SystemText, ipmi_client::Error>)| {
            let (text, why) = (told.as_ref().ok(), told.as_ref().err());
            Name {
                name: text_name(*selector).0,
                parameter: *selector,
                text: text.map(SystemText::text),
                absent_reason: why.map(reason),
                encoding: text.map(|text| encoding(text.encoding)),
                raw: text.map(|text| hex(&text.bytes)),
            }
        };
        Self {
            set_in_progress: told.progress.as_ref().ok().map(|state| match state {
                SetInProgress::Complete => "complete",
                SetInProgress::InProgress => "in_progress",
                SetInProgress::CommitWrite => "commit_write",
            }),
            names: told.texts.iter().map(name).collect(),
        }
    }
}

impl View for Names {
    const SCHEMA: &'static str = "lantern.mc_sysinfo/1";
    const ROWS: Option<Rows> = Some(Rows { key: "names", schema: "lantern.mc_sysinfo_name/1" });

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::default();
        for name in &self.names {
            let text = match (&name.text, &name.absent_reason) {
                (Some(text), _) if text.is_empty() => "-".to_owned(),
                (Some(text), _) => text.clone(),
                (None, why) => format!("not told: {}", why.as_deref().unwrap_or("no reason")),
            };
            fields.row(text_name(name.parameter).1, text);
        }
        fields.flush(width)
    }
}

/// A name that was set.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NameSet {
    name: &'static str,
    asked: String,
    /// Null if the BMC does not tell.
    now: Option<String>,
    /// Whether the BMC kept it; null if it does not tell.
    kept: Option<bool>,
    #[serde(skip)]
    title: &'static str,
}

impl NameSet {
    pub(crate) fn new(selector: u8, change: &SystemTextChange) -> Self {
        let (name, title) = text_name(selector);
        Self {
            name,
            asked: change.asked.text(),
            now: change.now.as_ref().map(SystemText::text),
            kept: change.now.as_ref().map(|now| *now == change.asked),
            title,
        }
    }
}

impl View for NameSet {
    const SCHEMA: &'static str = "lantern.mc_sysinfo_set/1";

    fn text(&self, _: Option<u16>) -> String {
        let now = self.now.as_ref().unwrap_or(&self.asked);
        let not = match self.kept {
            Some(false) => " (the BMC did not keep what was asked for)",
            Some(true) => "",
            None => " (the BMC does not tell whether it kept that)",
        };
        format!("{}: {now}{not}\n", self.title)
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
