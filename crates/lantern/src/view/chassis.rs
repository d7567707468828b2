//! The chassis.

use ipmi_wire::cmd::chassis::{
    ChassisCapabilities, ChassisStatus, FrontPanelButtons, IdentifyState, PohCounter, RestartCause,
    SystemRestartCause,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::power::on_off;
use super::sensor::intrusion_steps;
use super::table::{Fields, fields};
use super::{View, list, set, yes_no};
use crate::cli::Identify;

/// Get Chassis Status.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Status {
    #[schemars(extend("enum" = ["on", "off"]))]
    power: &'static str,
    power_faults: Vec<&'static str>,
    #[schemars(extend("enum" = ["always_off", "previous", "always_on", "unknown"]))]
    restore_policy: &'static str,
    last_power_event: Vec<&'static str>,
    intrusion: bool,
    front_panel_lockout: bool,
    drive_fault: bool,
    fan_fault: bool,
    #[schemars(extend("enum" = ["off", "temporary", "indefinite", "reserved", null]))]
    identify: Option<&'static str>,
    buttons_disabled: Option<Vec<&'static str>>,
    /// How to get rid of an intrusion that stays reported: steps to take until it is gone.
    how_to_clear: Vec<String>,
}

impl From<&ChassisStatus> for Status {
    fn from(status: &ChassisStatus) -> Self {
        let last = &status.last_event;
        Self {
            power: on_off(status.power_on),
            power_faults: set([
                (status.overload, "overload"),
                (status.interlock, "interlock"),
                (status.fault, "main_power_fault"),
                (status.control_fault, "control_fault"),
            ]),
            restore_policy: super::panel::policy(status.restore_policy),
            last_power_event: set([
                (last.ac_failed, "ac_failed"),
                (last.overload, "overload"),
                (last.interlock, "interlock"),
                (last.fault, "fault"),
                (last.on_by_command, "on_by_command"),
            ]),
            intrusion: status.intrusion,
            front_panel_lockout: status.front_panel_lockout,
            drive_fault: status.drive_fault,
            fan_fault: status.fan_fault,
            identify: status.identify.map(|identify| match identify {
                IdentifyState::Off => "off",
                IdentifyState::Temporary => "temporary",
                IdentifyState::Indefinite => "indefinite",
                IdentifyState::Reserved => "reserved",
            }),
            buttons_disabled: status.buttons.as_ref().map(disabled),
            how_to_clear: if status.intrusion { intrusion_steps(None) } else { Vec::new() },
        }
    }
}

fn disabled(buttons: &FrontPanelButtons) -> Vec<&'static str> {
    set([
        (buttons.power_disabled, "power"),
        (buttons.reset_disabled, "reset"),
        (buttons.diagnostic_disabled, "diagnostic"),
        (buttons.standby_disabled, "standby"),
    ])
}

impl View for Status {
    const SCHEMA: &'static str = "lantern.chassis_status/1";

    fn text(&self, width: Option<u16>) -> String {
        let unsaid = || "the BMC does not say".to_owned();
        let mut steps = Fields::default();
        if !self.how_to_clear.is_empty() {
            steps.heading("How to clear the intrusion, step by step until it is gone");
            steps.steps(&self.how_to_clear);
        }
        let status = fields(
            width,
            [
                ("Power", self.power.to_owned()),
                ("Power faults", list(&self.power_faults)),
                ("Restore policy", list(&[self.restore_policy])),
                ("Last power event", list(&self.last_power_event)),
                ("Chassis intrusion", yes_no(self.intrusion)),
                ("Front panel lockout", yes_no(self.front_panel_lockout)),
                ("Drive fault", yes_no(self.drive_fault)),
                ("Fan fault", yes_no(self.fan_fault)),
                ("Identify light", self.identify.map_or_else(unsaid, str::to_owned)),
                (
                    "Buttons disabled",
                    self.buttons_disabled.as_ref().map_or_else(unsaid, |b| list(b)),
                ),
            ],
        );
        status + &steps.text(width)
    }
}

/// Chassis Identify, done.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Identified {
    #[schemars(extend("enum" = ["off", "temporary", "indefinite"]))]
    identify: &'static str,
    seconds: Option<u8>,
}

impl From<Identify> for Identified {
    fn from(how: Identify) -> Self {
        let (identify, seconds) = match how {
            Identify::Off | Identify::Seconds(0) => ("off", None),
            Identify::Seconds(seconds) => ("temporary", Some(seconds)),
            Identify::Force => ("indefinite", None),
        };
        Self { identify, seconds }
    }
}

impl View for Identified {
    const SCHEMA: &'static str = "lantern.chassis_identify/1";

    fn text(&self, _: Option<u16>) -> String {
        match (self.identify, self.seconds) {
            (_, Some(seconds)) => format!("Identify light: on for {seconds} s\n"),
            ("off", None) => "Identify light: off\n".to_owned(),
            (_, None) => "Identify light: on until switched off\n".to_owned(),
        }
    }
}

/// Get System Restart Cause.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Restart {
    cause: &'static str,
    cause_raw: u8,
    channel: u8,
    #[serde(skip)]
    words: &'static str,
}

impl From<&SystemRestartCause> for Restart {
    fn from(answer: &SystemRestartCause) -> Self {
        let (cause, words) = match answer.cause {
            RestartCause::Unknown => ("unknown", "unknown"),
            RestartCause::ChassisControl => ("chassis_control", "a chassis control command"),
            RestartCause::ResetButton => ("reset_button", "the reset button"),
            RestartCause::PowerButton => ("power_button", "the power button"),
            RestartCause::Watchdog => ("watchdog", "the watchdog"),
            RestartCause::Oem => ("oem", "the manufacturer's own"),
            RestartCause::PowerRestoredAlways => {
                ("power_restored_always_on", "mains power came back, policy always on")
            }
            RestartCause::PowerRestoredPrevious => {
                ("power_restored_previous", "mains power came back, policy as before")
            }
            RestartCause::PefReset => ("pef_reset", "event filtering: reset"),
            RestartCause::PefPowerCycle => ("pef_power_cycle", "event filtering: power cycle"),
            RestartCause::SoftReset => ("soft_reset", "a soft reset"),
            RestartCause::RtcWakeup => ("rtc_wakeup", "the real-time clock"),
            RestartCause::Other(_) => ("reserved", "a reserved number"),
        };
        Self { cause, cause_raw: answer.cause.number(), channel: answer.channel.number(), words }
    }
}

impl View for Restart {
    const SCHEMA: &'static str = "lantern.chassis_restart_cause/1";

    fn text(&self, _: Option<u16>) -> String {
        let channel = match self.cause {
            "chassis_control" => format!(" on channel {}", self.channel),
            _ => String::new(),
        };
        format!("Restart cause: {}{channel}\n", self.words)
    }
}

/// Get POH Counter.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Poh {
    power_on_minutes: u64,
    minutes_per_count: u8,
    count: u32,
}

impl From<&PohCounter> for Poh {
    fn from(poh: &PohCounter) -> Self {
        Self {
            power_on_minutes: poh.minutes(),
            minutes_per_count: poh.minutes_per_count,
            count: poh.counter,
        }
    }
}

impl View for Poh {
    const SCHEMA: &'static str = "lantern.chassis_poh/1";

    fn text(&self, _: Option<u16>) -> String {
        let hours = self.power_on_minutes / 60;
        format!("Power-on time: {hours} h {} min\n", self.power_on_minutes % 60)
    }
}

/// Get Chassis Capabilities.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Capabilities {
    intrusion_sensor: bool,
    front_panel_lockout: bool,
    diagnostic_interrupt: bool,
    power_interlock: bool,
    fru_device_address: u8,
    sdr_device_address: u8,
    sel_device_address: u8,
    system_management_device_address: u8,
    bridge_device_address: Option<u8>,
}

impl From<&ChassisCapabilities> for Capabilities {
    fn from(capabilities: &ChassisCapabilities) -> Self {
        Self {
            intrusion_sensor: capabilities.intrusion_sensor,
            front_panel_lockout: capabilities.front_panel_lockout,
            diagnostic_interrupt: capabilities.diagnostic_interrupt,
            power_interlock: capabilities.power_interlock,
            fru_device_address: capabilities.fru_address,
            sdr_device_address: capabilities.sdr_address,
            sel_device_address: capabilities.sel_address,
            system_management_device_address: capabilities.sm_address,
            bridge_device_address: capabilities.bridge_address,
        }
    }
}

impl View for Capabilities {
    const SCHEMA: &'static str = "lantern.chassis_capabilities/1";

    fn text(&self, width: Option<u16>) -> String {
        let address = |address: u8| format!("0x{address:02x}");
        fields(
            width,
            [
                ("Intrusion sensor", yes_no(self.intrusion_sensor)),
                ("Front panel lockout", yes_no(self.front_panel_lockout)),
                ("Diagnostic interrupt", yes_no(self.diagnostic_interrupt)),
                ("Power interlock", yes_no(self.power_interlock)),
                ("FRU device address", address(self.fru_device_address)),
                ("SDR device address", address(self.sdr_device_address)),
                ("SEL device address", address(self.sel_device_address)),
                ("System management device", address(self.system_management_device_address)),
                (
                    "Bridge device address",
                    self.bridge_device_address.map_or_else(|| "the BMC's".to_owned(), address),
                ),
            ],
        )
    }
}
