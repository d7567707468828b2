//! Serial over LAN.

use ipmi_client::sol::{SolChange, SolPlanned, SolSettings};
use ipmi_client::{Told, Written};
use ipmi_wire::Channel;
use ipmi_wire::cmd::chassis::SetInProgress;
use ipmi_wire::cmd::transport::{BitRate, SolParameter};
use schemars::JsonSchema;
use serde::Serialize;

use super::View;
use super::setting::{self, Change, Value, because};
use super::table::Fields;
use crate::error::Exit;

/// A console that was ended.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Deactivated {
    pub(crate) instance: u8,
    /// Whether anybody had it.
    pub(crate) was_active: bool,
}

impl View for Deactivated {
    const SCHEMA: &'static str = "lantern.sol_deactivated/1";

    fn text(&self, _: Option<u16>) -> String {
        match self.was_active {
            true => format!("console {} is ended\n", self.instance),
            false => format!("nobody had console {}\n", self.instance),
        }
    }
}

/// What came of activating a console over and over: it worked each time.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Looped {
    pub(crate) instance: u8,
    pub(crate) times: u32,
}

impl View for Looped {
    const SCHEMA: &'static str = "lantern.sol_looptest/1";

    fn text(&self, _: Option<u16>) -> String {
        format!("console {} was activated and ended {} times\n", self.instance, self.times)
    }
}

/// How Serial over LAN is set on a channel. What the BMC does not tell is null, and in `absent`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Info {
    /// 14 is the one of the session.
    channel: u8,
    #[schemars(extend("enum" = ["complete", "in_progress", "commit_write", null]))]
    set_in_progress: Option<&'static str>,
    enabled: Option<bool>,
    force_encryption: Option<bool>,
    force_authentication: Option<bool>,
    /// What a console takes: user, operator, administrator, oem, or a number of the BMC's own.
    privilege_level: Option<Value>,
    /// So long characters are gathered.
    character_accumulate_level_milliseconds: Option<u16>,
    /// So many characters are sent at once.
    character_send_threshold: Option<u8>,
    retry_count: Option<u8>,
    retry_interval_milliseconds: Option<u16>,
    /// Bits per second after a start of the BMC; or "serial": as the serial channel is set.
    non_volatile_bit_rate: Option<Value>,
    /// Bits per second now; or "serial".
    volatile_bit_rate: Option<Value>,
    payload_channel: Option<u8>,
    payload_port: Option<u16>,
    absent: Vec<Absent>,
}

/// A parameter that the BMC does not tell.
#[derive(Debug, Serialize, JsonSchema)]
struct Absent {
    parameter: u8,
    reason: String,
}

impl Info {
    pub(crate) fn new(channel: Channel, settings: &SolSettings) -> Self {
        let mut absent = Vec::new();
        let mut keep = |parameter, reason: Option<String>| {
            absent.extend(reason.map(|reason| Absent { parameter, reason }));
        };
        keep(0, reason(&settings.progress));
        keep(1, reason(&settings.enabled));
        keep(2, reason(&settings.authentication));
        keep(3, reason(&settings.accumulate));
        keep(4, reason(&settings.retry));
        keep(5, reason(&settings.non_volatile_rate));
        keep(6, reason(&settings.volatile_rate));
        keep(7, reason(&settings.payload_channel));
        keep(8, reason(&settings.payload_port));
        let authentication = settings.authentication.as_ref().ok();
        let accumulate = settings.accumulate.as_ref().ok();
        let retry = settings.retry.as_ref().ok();
        Self {
            channel: channel.number(),
            set_in_progress: settings.progress.as_ref().ok().map(|progress| match progress {
                SetInProgress::Complete => "complete",
                SetInProgress::InProgress => "in_progress",
                SetInProgress::CommitWrite => "commit_write",
            }),
            enabled: settings.enabled.as_ref().ok().copied(),
            force_encryption: authentication.map(|bits| bits.force_encryption),
            force_authentication: authentication.map(|bits| bits.force_authentication),
            privilege_level: authentication.map(|bits| privilege(bits.privilege)),
            character_accumulate_level_milliseconds: accumulate
                .map(|accumulate| u16::from(accumulate.interval).saturating_mul(5)),
            character_send_threshold: accumulate.map(|accumulate| accumulate.threshold),
            retry_count: retry.map(|retry| retry.count),
            retry_interval_milliseconds: retry
                .map(|retry| u16::from(retry.interval).saturating_mul(10)),
            non_volatile_bit_rate: settings.non_volatile_rate.as_ref().ok().map(|r| rate(*r)),
            volatile_bit_rate: settings.volatile_rate.as_ref().ok().map(|r| rate(*r)),
            payload_channel: settings.payload_channel.as_ref().ok().map(|c| c.number()),
            payload_port: settings.payload_port.as_ref().ok().copied(),
            absent,
        }
    }
}

fn reason<T>(told: &Told<T>) -> Option<String> {
    told.as_ref().err().map(because)
}

fn privilege(number: u8) -> Value {
    match number {
        2 => "user".into(),
        3 => "operator".into(),
        4 => "administrator".into(),
        5 => "oem".into(),
        number => number.into(),
    }
}

fn rate(rate: BitRate) -> Value {
    match rate {
        BitRate::SERIAL => "serial".into(),
        BitRate::B9600 => 9_600_u32.into(),
        BitRate::B19200 => 19_200_u32.into(),
        BitRate::B38400 => 38_400_u32.into(),
        BitRate::B57600 => 57_600_u32.into(),
        BitRate::B115200 => 115_200_u32.into(),
        other => format!("reserved_{}", other.number()).into(),
    }
}

impl View for Info {
    const SCHEMA: &'static str = "lantern.sol_info/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::default();
        let mut row = |name: &str, number: u8, value: Option<String>| {
            let reason = self.absent.iter().find(|absent| absent.parameter == number);
            let absent =
                || reason.map_or("-".to_owned(), |absent| format!("- ({})", absent.reason));
            fields.row(name, value.unwrap_or_else(absent));
        };
        let switch = |on: Option<bool>| on.map(|on| Value::from(on).text());
        let time = |time: Option<u16>| time.map(|time| format!("{time} ms"));
        let speed = |rate: &Option<Value>| {
            rate.as_ref().map(|rate| match rate {
                Value::Number(rate) => format!("{rate} bit/s"),
                word if word.text() == "serial" => "as the serial channel is set".to_owned(),
                word => word.text(),
            })
        };
        let state = self.set_in_progress.map(|state| state.replace('_', " "));
        row("set in progress", 0, state);
        row("enabled", 1, switch(self.enabled));
        row("force encryption", 2, switch(self.force_encryption));
        row("force authentication", 2, switch(self.force_authentication));
        row("privilege level", 2, self.privilege_level.as_ref().map(Value::text));
        row("character accumulate level", 3, time(self.character_accumulate_level_milliseconds));
        let threshold = self.character_send_threshold.map(|count| count.to_string());
        row("character send threshold", 3, threshold);
        row("retry count", 4, self.retry_count.map(|count| count.to_string()));
        row("retry interval", 4, time(self.retry_interval_milliseconds));
        row("non-volatile bit rate", 5, speed(&self.non_volatile_bit_rate));
        row("volatile bit rate", 6, speed(&self.volatile_bit_rate));
        row("payload channel", 7, self.payload_channel.map(|channel| channel.to_string()));
        row("payload port", 8, self.payload_port.map(|port| port.to_string()));
        fields.flush(width)
    }
}

/// Settings of Serial over LAN that were changed, or would be.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Set {
    /// 14 is the one of the session.
    channel: u8,
    /// Nothing was written.
    dry_run: bool,
    settings: Vec<Change>,
}

impl Set {
    pub(crate) fn new(
        channel: Channel,
        change: &SolChange,
        written: &[Written<SolParameter>],
    ) -> Self {
        let mut settings = Vec::new();
        for one in written {
            for name in names(change, &one.asked) {
                settings.push(Change::part(name, one, |parameter| value(name, parameter)));
            }
        }
        Self { channel: channel.number(), dry_run: false, settings }
    }

    pub(crate) fn dry_run(channel: Channel, change: &SolChange, plan: &[SolPlanned]) -> Self {
        let mut settings = Vec::new();
        for SolPlanned { before, asked } in plan {
            for name in names(change, asked) {
                let before = before.as_ref().map(|before| value(name, before));
                settings.push(Change::planned(name, before, value(name, asked)));
            }
        }
        Self { channel: channel.number(), dry_run: true, settings }
    }
}

impl View for Set {
    const SCHEMA: &'static str = "lantern.sol_set/1";

    fn text(&self, width: Option<u16>) -> String {
        match self.dry_run {
            true => setting::planned_text(&self.settings, width),
            false => setting::text(&self.settings, width),
        }
    }

    fn exit(&self) -> Option<Exit> {
        setting::exit(&self.settings)
    }
}

/// What shall change of a parameter, of all that it has in it.
pub(crate) fn names(change: &SolChange, parameter: &SolParameter) -> Vec<&'static str> {
    let all: &[(&str, bool)] = match parameter {
        SolParameter::Enable(_) => &[("enabled", true)],
        SolParameter::Authentication(_) => &[
            ("force_encryption", change.force_encryption.is_some()),
            ("force_authentication", change.force_authentication.is_some()),
            ("privilege_level", change.privilege.is_some()),
        ],
        SolParameter::Accumulate { .. } => &[
            ("character_accumulate_level_milliseconds", change.accumulate_interval.is_some()),
            ("character_send_threshold", change.send_threshold.is_some()),
        ],
        SolParameter::Retry { .. } => &[
            ("retry_count", change.retry_count.is_some()),
            ("retry_interval_milliseconds", change.retry_interval.is_some()),
        ],
        SolParameter::NonVolatileBitRate(_) => &[("non_volatile_bit_rate", true)],
        SolParameter::VolatileBitRate(_) => &[("volatile_bit_rate", true)],
        _ => &[],
    };
    all.iter().filter(|(_, is_meant)| *is_meant).map(|(name, _)| *name).collect()
}

/// One setting of a parameter.
fn value(name: &str, parameter: &SolParameter) -> Value {
    match parameter {
        SolParameter::Enable(enabled) => (*enabled).into(),
        SolParameter::Authentication(bits) => match name {
            "force_encryption" => bits.force_encryption.into(),
            "force_authentication" => bits.force_authentication.into(),
            _ => privilege(bits.privilege),
        },
        SolParameter::Accumulate { interval, threshold } => match name {
            "character_send_threshold" => (*threshold).into(),
            _ => u16::from(*interval).saturating_mul(5).into(),
        },
        SolParameter::Retry { count, interval } => match name {
            "retry_count" => (*count).into(),
            _ => u16::from(*interval).saturating_mul(10).into(),
        },
        SolParameter::NonVolatileBitRate(bits) | SolParameter::VolatileBitRate(bits) => rate(*bits),
        _ => "".into(),
    }
}
