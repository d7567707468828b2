//! Power: readings, averages, the limit.

use ipmi_client::Told;
use ipmi_client::dcmi::LimitState;
use ipmi_wire::cmd::dcmi::{AveragePeriod, ExceptionAction, PowerReading};
use ipmi_wire::sel::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::view::setting::reason;
use crate::view::table::{Fields, Table, left, right};
use crate::view::time::Time;
use crate::view::{Rows, View, yes_no};

/// What the machine draws. All but `active` is null if nothing is measured.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Power {
    /// Whether power is measured.
    active: bool,
    current_watts: Option<u16>,
    minimum_watts: Option<u16>,
    maximum_watts: Option<u16>,
    average_watts: Option<u16>,
    /// The period that minimum, maximum and average are about.
    period_ms: Option<u32>,
    /// When it ended.
    end: Option<Time>,
}

impl Power {
    pub(crate) fn new(reading: &PowerReading) -> Self {
        let some = |watts: u16| reading.active.then_some(watts);
        Self {
            active: reading.active,
            current_watts: some(reading.current),
            minimum_watts: some(reading.minimum),
            maximum_watts: some(reading.maximum),
            average_watts: some(reading.average),
            period_ms: reading.active.then_some(reading.period),
            end: reading.active.then(|| Time::from(Timestamp::new(reading.timestamp))),
        }
    }
}

fn watts(watts: Option<u16>) -> Option<String> {
    watts.map(|watts| format!("{watts} W"))
}

impl View for Power {
    const SCHEMA: &'static str = "lantern.dcmi_power/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::titled("Power");
        fields.row("Measured", yes_no(self.active));
        fields.maybe("Now", &watts(self.current_watts));
        fields.maybe("Least", &watts(self.minimum_watts));
        fields.maybe("Most", &watts(self.maximum_watts));
        fields.maybe("Average", &watts(self.average_watts));
        let over = self.period_ms.map(|ms| format!("{} s", f64::from(ms) / 1000.0));
        fields.maybe("Over", &over);
        fields.text(width)
    }
}

/// What the machine draws, over each period that the BMC has averages of.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Averages {
    readings: Vec<Average>,
}

/// What the machine draws over a period.
#[derive(Debug, Serialize, JsonSchema)]
struct Average {
    period_seconds: u32,
    current_watts: Option<u16>,
    minimum_watts: Option<u16>,
    maximum_watts: Option<u16>,
    average_watts: Option<u16>,
    /// Why nothing is told of it.
    reason: Option<String>,
}

impl Averages {
    pub(crate) fn new(readings: &[(AveragePeriod, Told<PowerReading>)]) -> Self {
        let average = |(period, told): &(AveragePeriod, Told<PowerReading>)| {
            let reading = told.as_ref().ok().filter(|reading| reading.active);
            let idle = told.as_ref().ok().filter(|reading| !reading.active);
            Average {
                period_seconds: period.seconds(),
                current_watts: reading.map(|reading| reading.current),
                minimum_watts: reading.map(|reading| reading.minimum),
                maximum_watts: reading.map(|reading| reading.maximum),
                average_watts: reading.map(|reading| reading.average),
                reason: reason(told).or(idle.map(|_| "power is not measured".to_owned())),
            }
        };
        Self { readings: readings.iter().map(average).collect() }
    }
}

impl View for Averages {
    const SCHEMA: &'static str = "lantern.dcmi_power_averages/1";
    const ROWS: Option<Rows> =
        Some(Rows { key: "readings", schema: "lantern.dcmi_power_average/1" });

    fn text(&self, width: Option<u16>) -> String {
        let mut table = Table::new(&[
            right("SECONDS"),
            right("LEAST W"),
            right("AVERAGE W"),
            right("MOST W"),
            left("").flexible(),
        ]);
        let number = |watts: Option<u16>| watts.map_or("-".to_owned(), |watts| watts.to_string());
        for reading in &self.readings {
            table.row([
                reading.period_seconds.to_string(),
                number(reading.minimum_watts),
                number(reading.average_watts),
                number(reading.maximum_watts),
                reading.reason.clone().unwrap_or_default(),
            ]);
        }
        table.text(width)
    }
}

/// How much the machine may draw. The limit is null if the BMC does not tell one that is not in
/// force.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Limit {
    /// Whether it is in force.
    active: bool,
    watts: Option<u16>,
    /// What is done about a machine that stays above.
    #[schemars(extend("enum" = ["none", "log", "power_off", "other", null]))]
    action: Option<&'static str>,
    action_raw: Option<u8>,
    correction_ms: Option<u32>,
    /// What power statistics are about.
    sampling_seconds: Option<u16>,
}

/// The name of an action.
pub(super) const fn action(action: ExceptionAction) -> &'static str {
    match action {
        ExceptionAction::None => "none",
        ExceptionAction::Log => "log",
        ExceptionAction::PowerOff => "power_off",
        ExceptionAction::Other(_) => "other",
    }
}

impl Limit {
    pub(crate) fn new(state: &LimitState) -> Self {
        let limit = state.limit;
        Self {
            active: state.active,
            watts: limit.map(|limit| limit.watts),
            action: limit.map(|limit| action(limit.action)),
            action_raw: limit.map(|limit| limit.action.number()),
            correction_ms: limit.map(|limit| limit.correction_ms),
            sampling_seconds: limit.map(|limit| limit.sampling_seconds),
        }
    }
}

impl View for Limit {
    const SCHEMA: &'static str = "lantern.dcmi_limit/1";

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::titled("Power limit");
        fields.row("In force", yes_no(self.active));
        fields.maybe("Limit", &watts(self.watts));
        fields.maybe("Action", &self.action.map(|word| word.replace('_', " ")));
        fields.maybe("Correction time", &self.correction_ms.map(|ms| format!("{ms} ms")));
        fields.maybe("Statistics over", &self.sampling_seconds.map(|s| format!("{s} s")));
        fields.text(width)
    }
}
