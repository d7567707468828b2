//! Times, of which a BMC may know little.

use ipmi_wire::sel::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// A time as the BMC gave it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Time {
    /// ISO 8601, UTC; whether the BMC's clock runs in UTC nobody can tell.
    pub(super) time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time_reason: Option<&'static str>,
    pub(super) time_raw: u32,
}

impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Self {
        let (time, time_reason) = match timestamp {
            Timestamp::Unspecified => (None, Some("the BMC does not know")),
            Timestamp::SinceInit(_) => (None, Some("seconds since the BMC started")),
            Timestamp::Unix(seconds) => match jiff::Timestamp::from_second(seconds.into()) {
                Ok(time) => (Some(time.to_string()), None),
                Err(_) => (None, Some("not a time")),
            },
        };
        Self { time, time_reason, time_raw: timestamp.raw() }
    }
}

/// A time for people: `2026-09-20 14:03:07`.
pub(crate) fn text(timestamp: Timestamp) -> String {
    match timestamp {
        Timestamp::Unspecified => "-".to_owned(),
        Timestamp::SinceInit(seconds) => format!("{seconds} s after start"),
        Timestamp::Unix(_) => match Time::from(timestamp).time {
            Some(time) => time.replace('T', " ").trim_end_matches('Z').to_owned(),
            None => "-".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_or_say_what_they_are() {
        let timestamp = Timestamp::new(1_790_000_000);
        assert_eq!(text(timestamp), "2026-09-21 14:13:20");
        assert_eq!(Time::from(timestamp).time.unwrap(), "2026-09-21T14:13:20Z");
        assert_eq!(text(Timestamp::new(90)), "90 s after start");
        let unknown = Time::from(Timestamp::new(u32::MAX));
        assert!(unknown.time.is_none() && unknown.time_reason.is_some());
    }
}
