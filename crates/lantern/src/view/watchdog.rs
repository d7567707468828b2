//! The watchdog.

use ipmi_client::controller::{Watchdog, WatchdogChange};
use ipmi_wire::cmd::app::{PreTimeoutInterrupt, TimeoutAction, TimerUse, WatchdogSettings};
use schemars::JsonSchema;
use serde::Serialize;

use super::number::short;
use super::table::Fields;
use super::{View, list, set};
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
