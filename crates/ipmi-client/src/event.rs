//! Events that a console sends: for the log, for whoever filters events, and to see whether alarms
//! get to where they should. IPMI v2.0 §29.3.

use ipmi_wire::cmd::sensor::PlatformEvent;
use ipmi_wire::cmd::storage::GetSelEntry;
use ipmi_wire::sel::SelRecord;
use ipmi_wire::Decode;

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
            sensor_type,
            sensor_number,
            assertion,
            event_type,
            data,
            ..
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

