//! What the log says of the seconds since a request was sent, by the log's own clock.

use ipmi_wire::Command;
use ipmi_wire::cmd::chassis::{PowerAction, RestartCause};
use ipmi_wire::cmd::storage::{GetSelEntry, GetSelTime};
use ipmi_wire::sdr::{EventReadingType, SensorType};
use ipmi_wire::sel::{SelRecord, Timestamp};
use tokio::time::Instant;

use super::{Observation, Verdict};
use crate::bmc::Bmc;

/// How many of the newest records are looked at.
const NEWEST: usize = 8;
/// A record may be newer than the clock that was read before it; one from further in the future is
/// from another time.
const AHEAD: u32 = 60;

impl Bmc {
    /// The records that were certainly logged after `sent`, each with what `proves` makes of it.
    pub(super) async fn events_since(
        &self,
        sent: Instant,
        proves: impl Fn(&SelRecord) -> Option<Verdict>,
    ) -> Vec<Observation> {
        let passed = sent.elapsed().as_secs();
        let clock = match self.sel_time().await {
            Ok(time) => time.timestamp(),
            Err(error) => return vec![Observation::failed::<GetSelTime>(&error)],
        };
        let Some(window) = Window::new(clock, passed) else {
            return vec![Observation::of::<GetSelTime>("the log's clock does not know the time")];
        };
        let records = match self.sel_recent(NEWEST).await {
            Ok(log) => log.records,
            Err(error) => return vec![Observation::failed::<GetSelEntry>(&error)],
        };
        let told: Vec<_> = records
            .iter()
            .filter(|record| record.timestamp().is_some_and(|stamp| window.has(stamp)))
            .map(|record| Observation {
                asked: GetSelEntry::NAME,
                seen: format!("since the request, event {}: {}", record.id(), words(record)),
                proves: proves(record),
            })
            .collect();
        match told.is_empty() {
            true => vec![Observation::of::<GetSelEntry>("no event since the request")],
            false => told,
        }
    }
}

/// The times by the log's clock that are certainly after the request.
#[derive(Clone, Copy, Debug)]
struct Window {
    first: u32,
    last: u32,
    /// Seconds since the controller started, or since 1970: the two cannot be compared.
    since_init: bool,
}

impl Window {
    /// The clock shows whole seconds, and so do the records. `passed` seconds, rounded down, went by
    /// from the request to the reading of the clock, so that at the request it showed no more than
    /// `clock - passed` and a part of a second: the next one is the first that is certain.
    fn new(clock: Timestamp, passed: u64) -> Option<Self> {
        let (now, since_init) = match clock {
            Timestamp::Unspecified => return None,
            Timestamp::SinceInit(now) => (now, true),
            Timestamp::Unix(now) => (now, false),
        };
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        Some(Self {
            first: now.saturating_add(1).saturating_sub(passed),
            last: now.saturating_add(AHEAD),
            since_init,
        })
    }

    fn has(self, stamp: Timestamp) -> bool {
        let (time, since_init) = match stamp {
            Timestamp::Unspecified => return false,
            Timestamp::SinceInit(time) => (time, true),
            Timestamp::Unix(time) => (time, false),
        };
        since_init == self.since_init && (self.first..=self.last).contains(&time)
    }
}

fn words(record: &SelRecord) -> String {
    let SelRecord::System { sensor_type, .. } = record else {
        return format!("an OEM record of type {:02X}h", record.record_type());
    };
    match record.describe() {
        Some(text) => format!("{}: {text}", sensor_type.name()),
        None => sensor_type.name().to_owned(),
    }
}

/// What an event that was logged after the request says of it. `was_on`: a machine that was off may
/// have been switched on by anybody.
///
/// Source: IPMI v2.0 §42.2, Table 42-3: Power Unit 09h, Critical Interrupt 13h, System Boot /
/// Restart Initiated 1Dh.
pub(super) fn proof(action: PowerAction, was_on: bool, record: &SelRecord) -> Option<Verdict> {
    let SelRecord::System { sensor_type, event_type, assertion: true, data, .. } = record else {
        return None;
    };
    if *event_type != EventReadingType::SENSOR_SPECIFIC {
        return None;
    }
    let [first, second, _] = *data;
    // Byte 2 is of this kind, and its cause is numbered as in Get System Restart Cause.
    let by_command =
        first & 0xc0 == 0xc0 && RestartCause::from_number(second) == RestartCause::ChassisControl;
    let happened = match (action, *sensor_type, first & 0x0f) {
        (PowerAction::Cycle, SensorType::POWER_UNIT, 0x01) => true,
        // By power up. A hard reset is none, and may be anybody's.
        (PowerAction::Cycle, SensorType::SYSTEM_BOOT_INITIATED, 0x00) => was_on,
        (PowerAction::Reset, SensorType::SYSTEM_BOOT_INITIATED, 0x01) => true,
        (PowerAction::Cycle | PowerAction::Reset, SensorType::SYSTEM_BOOT_INITIATED, 0x07) => {
            by_command && was_on
        }
        // Diagnostic interrupt.
        (PowerAction::DiagnosticInterrupt, SensorType::CRITICAL_INTERRUPT, 0x00) => true,
        _ => false,
    };
    happened.then_some(Verdict::Happened)
}

#[cfg(test)]
mod tests {
    use ipmi_wire::Decode;

    use super::*;

    fn unix(time: u32) -> Timestamp {
        Timestamp::Unix(time)
    }

    #[test]
    fn a_second_that_may_have_begun_before_the_request_proves_nothing() {
        let now = 0x6000_0000;
        // Sent 5.9 s ago, so when the clock showed `now - 6` or `now - 5`.
        let window = Window::new(unix(now), 5).unwrap();
        assert!(!window.has(unix(now - 5)) && window.has(unix(now - 4)) && window.has(unix(now)));
        assert!(window.has(unix(now + 1)) && !window.has(unix(now + 61)));
        // At once, nothing that was logged by now is certain.
        let window = Window::new(unix(now), 0).unwrap();
        assert!(!window.has(unix(now)) && window.has(unix(now + 1)));
    }

    #[test]
    fn a_clock_that_was_not_set_is_compared_with_its_own_kind_only() {
        let window = Window::new(Timestamp::SinceInit(100), 5).unwrap();
        assert!(window.has(Timestamp::SinceInit(98)));
        assert!(!window.has(unix(98)) && !window.has(Timestamp::Unspecified));
        assert!(Window::new(Timestamp::Unspecified, 5).is_none());
    }

    fn event(sensor_type: u8, event: [u8; 4]) -> SelRecord {
        let [kind, a, b, c] = event;
        let bytes = [1, 0, 2, 0, 0, 0, 0x60, 0x20, 0, 4, sensor_type, 1, kind, a, b, c];
        SelRecord::decode_exact(&bytes).unwrap()
    }

    #[test]
    fn events_prove_what_they_say_and_no_more() {
        use PowerAction::{Cycle, DiagnosticInterrupt, Reset};
        for (action, sensor_type, data, proven) in [
            (Cycle, 0x09, [0x6f, 0x01, 0xff, 0xff], true),
            // Off, which a cycle begins with, and much else too.
            (Cycle, 0x09, [0x6f, 0x00, 0xff, 0xff], false),
            (Cycle, 0x1d, [0x6f, 0x00, 0xff, 0xff], true),
            (Cycle, 0x1d, [0x6f, 0x01, 0xff, 0xff], false),
            (Reset, 0x1d, [0x6f, 0x00, 0xff, 0xff], false),
            (Reset, 0x1d, [0x6f, 0x01, 0xff, 0xff], true),
            // A warm reset is the operating system's.
            (Reset, 0x1d, [0x6f, 0x02, 0xff, 0xff], false),
            (Reset, 0x1d, [0x6f, 0xc7, 0x01, 0xff], true),
            (Reset, 0x1d, [0x6f, 0xc7, 0x03, 0xff], false),
            (Reset, 0x1d, [0x6f, 0x07, 0x01, 0xff], false),
            // Going, not coming.
            (Reset, 0x1d, [0xef, 0x01, 0xff, 0xff], false),
            (Reset, 0x1d, [0x01, 0x01, 0xff, 0xff], false),
            (DiagnosticInterrupt, 0x13, [0x6f, 0x00, 0xff, 0xff], true),
            (DiagnosticInterrupt, 0x13, [0x6f, 0x01, 0xff, 0xff], false),
            (DiagnosticInterrupt, 0x1d, [0x6f, 0x01, 0xff, 0xff], false),
        ] {
            let verdict = proof(action, true, &event(sensor_type, data));
            assert_eq!(verdict, proven.then_some(Verdict::Happened), "{action:?} {data:02x?}");
        }
        // Switched on, by a command perhaps: not cycled or reset.
        assert_eq!(proof(Cycle, false, &event(0x1d, [0x6f, 0x00, 0xff, 0xff])), None);
        assert_eq!(proof(Reset, false, &event(0x1d, [0x6f, 0xc7, 0x01, 0xff])), None);
    }
}
