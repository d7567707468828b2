//! Events that a console sends: for the log, for whoever filters events, and to see whether alarms
//! get to where they should. IPMI v2.0 §29.3.

use ipmi_wire::Decode;
use ipmi_wire::cmd::sensor::PlatformEvent;
use ipmi_wire::cmd::storage::GetSelEntry;
use ipmi_wire::sel::SelRecord;

use crate::bmc::Bmc;
use crate::error::Error;
use crate::outcome::{Done, Observation, Outcome, Verdict};
use crate::settings::tell;
use crate::walk::{FIRST, LAST};

/// An event that was sent.
#[derive(Debug)]
pub struct EventSent {
    /// How that is known.
    pub done: Done,
    /// The record that it became, or why none is known: events may be filtered, and logging may be
    /// off.
    pub record: Result<Option<u16>, Error>,
}

impl Bmc {
    /// Sends an event, once, and looks up in the log which record it became.
    ///
    /// If the answer is lost, the record proves that it was taken; that there is none proves
    /// nothing.
    ///
    /// # Errors
    /// As [`Bmc::send`]; [`ErrorKind::AnswerLost`](crate::ErrorKind::AnswerLost) if the answer was
    /// lost and there is no record.
    pub async fn send_event(&self, event: &PlatformEvent) -> Result<EventSent, Error> {
        // A BMC without a log takes events all the same.
        let newest = tell(self.sel_entry(LAST).await)?;
        let newest = newest.map(|record| record.map_or(FIRST, |record| record.id()));
        // One that is busy has not begun (IPMI v2.0 §5.2).
        let sent = self.send_until_free(0, event).await;
        if sent.as_ref().is_err_and(|error| !error.leaves_doubt()) {
            return sent.map(|()| EventSent { done: Done::Accepted, record: Ok(None) });
        }
        let record = match newest {
            Ok(newest) => self.find_new(newest, |bytes| is_of(event, bytes)).await,
            Err(error) => Err(error),
        };
        let Err(doubt) = sent else { return Ok(EventSent { done: Done::Accepted, record }) };
        match record {
            Ok(Some(id)) => {
                let seen = format!("since the request, event {id}, which is the one");
                let seen = Observation::of::<GetSelEntry>(seen).proving(Verdict::Happened);
                let done = Done::Proven(Outcome::of(vec![seen]));
                Ok(EventSent { done, record: Ok(Some(id)) })
            }
            Ok(None) => Err(doubt.having_seen(Observation::of::<GetSelEntry>(
                "no such event since the request; it may have been taken and not logged",
            ))),
            Err(error) => Err(doubt.having_seen(Observation::failed::<GetSelEntry>(&error))),
        }
    }
}

/// Whether a record of the log is this event, whoever the log says has sent it.
fn is_of(event: &PlatformEvent, bytes: &[u8]) -> bool {
    match SelRecord::decode_exact(bytes) {
        Ok(SelRecord::System {
            sensor_type, sensor_number, assertion, event_type, data, ..
        }) => {
            let of_record = (sensor_type, sensor_number, assertion, event_type, data);
            let of_event = (
                event.sensor_type,
                event.sensor_number,
                event.assertion,
                event.event_type,
                event.data,
            );
            of_record == of_event
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::Response;
    use ipmi_wire::sdr::{EventReadingType, SensorType};

    use super::*;
    use crate::fake::{Machine, is, lost, of};
    use crate::outcome::Verdict;

    fn event() -> PlatformEvent {
        PlatformEvent {
            generator: None,
            evm_rev: SelRecord::EVM_REV,
            sensor_type: SensorType::TEMPERATURE,
            sensor_number: 0x30,
            assertion: true,
            event_type: EventReadingType::THRESHOLD,
            data: [0x09, 0xff, 0xff],
        }
    }

    /// A machine that logs, and answers, or not.
    fn machine(logs: bool, answers: bool) -> std::sync::Arc<Machine> {
        let machine = Machine::new();
        machine.hook(move |world, request| {
            let event = of::<PlatformEvent>(request)?;
            if logs {
                let id = world.next_event;
                world.next_event += 1;
                let record = event.to_record(id, 7, 0x0081);
                world.sel.push(ipmi_wire::Encode::to_bytes(&record).try_into().unwrap());
            }
            Some(if answers { Ok(Response::code(0.into())) } else { Err(lost(request)) })
        });
        machine
    }

    #[tokio::test]
    async fn an_event_becomes_a_record_or_not() {
        let logging = machine(true, true);
        let first = logging.bmc().send_event(&event()).await.unwrap();
        assert_eq!((first.done, first.record.unwrap()), (Done::Accepted, Some(1)));
        // The same again is another one.
        let second = logging.bmc().send_event(&event()).await.unwrap();
        assert_eq!(second.record.unwrap(), Some(2));
        let silent = machine(false, true).bmc().send_event(&event()).await.unwrap();
        assert_eq!((silent.done, silent.record.unwrap()), (Done::Accepted, None));
    }

    #[tokio::test]
    async fn a_record_proves_that_it_was_taken_and_no_record_proves_nothing() {
        let logging = machine(true, false);
        let sent = logging.bmc().send_event(&event()).await.unwrap();
        assert!(matches!(sent.done, Done::Proven(_)));
        assert_eq!((sent.record.unwrap(), logging.count::<PlatformEvent>()), (Some(1), 1));
        let silent = machine(false, false);
        let error = silent.bmc().send_event(&event()).await.unwrap_err();
        assert!(error.is_unknown());
        assert_eq!(error.outcome().unwrap().verdict, Verdict::Unknown);
        assert_eq!(silent.count::<PlatformEvent>(), 1, "it was sent once");
    }

    #[tokio::test]
    async fn a_refusal_is_an_error_and_a_busy_bmc_is_asked_again() {
        let machine = Machine::new();
        let mut busy = 2;
        machine.hook(move |_, request| {
            if !is::<PlatformEvent>(request) {
                return None;
            }
            busy = i32::max(busy - 1, -1);
            Some(Ok(Response::code(if busy >= 0 { 0xc0.into() } else { 0xd4.into() })))
        });
        let error = machine.bmc().send_event(&event()).await.unwrap_err();
        assert_eq!(error.completion(), Some(0xd4.into()));
        assert_eq!(machine.count::<PlatformEvent>(), 3);
    }
}
