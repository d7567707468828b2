//! What happens, to whoever wants to know.
//!
//! All BMCs of a socket tell one hub. It keeps so many events and no more: who does not read is
//! left behind, and then dropped; nobody ever waits for somebody who follows.

use std::sync::Arc;

use ipmi_bmc::Bmc;
use ipmi_bmc::feed::News;
use tokio::sync::broadcast::{self, error::RecvError};

use super::operations::{entry, names, session};
use super::reply::{Event, EventKind};

/// How many events somebody may be behind.
const KEPT: usize = 1024;

/// Where events go.
#[derive(Debug)]
pub(crate) struct Hub {
    events: broadcast::Sender<Arc<Told>>,
}

/// An event, ready to be sent.
#[derive(Debug)]
struct Told {
    bmc: String,
    line: String,
}

impl Default for Hub {
    fn default() -> Self {
        Self { events: broadcast::Sender::new(KEPT) }
    }
}

impl Hub {
    /// Whether anybody listens.
    fn is_heard(&self) -> bool {
        self.events.receiver_count() > 0
    }

    fn tell(&self, event: &Event) {
        // These structs have nothing that JSON cannot say.
        let line = serde_json::to_string(event).unwrap_or_default() + "\n";
        // If they are all gone by now, there is nobody to tell.
        let _ = self.events.send(Arc::new(Told { bmc: event.bmc.clone(), line }));
    }

    /// That somebody did something over the socket.
    pub(crate) fn tell_control(&self, bmc: &str, operation: &str) {
        if self.is_heard() {
            let operation = Some(operation.to_owned());
            self.tell(&Event { operation, ..event(bmc, EventKind::Control) });
        }
    }

    /// What happens from now on, to one BMC or to all.
    pub(super) fn follow(&self, bmc: Option<String>) -> Follower {
        Follower { events: self.events.subscribe(), bmc }
    }
}

/// Somebody who follows.
#[derive(Debug)]
pub(super) struct Follower {
    events: broadcast::Receiver<Arc<Told>>,
    bmc: Option<String>,
}

impl Follower {
    /// The next line; `None` if some were missed. Waiting may be given up and taken up again.
    pub(super) async fn next(&mut self) -> Option<String> {
        loop {
            match self.events.recv().await {
                Ok(told) if self.bmc.as_ref().is_none_or(|bmc| *bmc == told.bmc) => {
                    return Some(told.line.clone());
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
            }
        }
    }
}

/// What a BMC tells its hub by.
#[derive(Debug)]
pub(crate) struct Reporter {
    pub(crate) name: String,
    pub(crate) hub: Arc<Hub>,
}

impl Reporter {
    /// Tells what has happened to the BMC. To be called after anything may have.
    pub(crate) fn report(&self, bmc: &mut Bmc) {
        if !bmc.is_watched() {
            return;
        }
        if !self.hub.is_heard() {
            bmc.watch(false);
            return;
        }
        let news = bmc.take_news();
        if news.is_empty() {
            return;
        }
        let logged = news.iter().any(|news| matches!(news, News::Logged(_)));
        let names = if logged { names(bmc) } else { Vec::new() };
        for news in news {
            let event = |kind| event(&self.name, kind);
            self.hub.tell(&match news {
                News::Mains(on) => Event { now: Some(on.into()), ..event(EventKind::Mains) },
                News::Power(on) => Event { now: Some(on.into()), ..event(EventKind::Power) },
                News::Identify(on) => Event { now: Some(on.into()), ..event(EventKind::Identify) },
                News::SessionOpened(view) => {
                    Event { session: Some(session(&view)), ..event(EventKind::SessionOpened) }
                }
                News::SessionClosed(view) => {
                    Event { session: Some(session(&view)), ..event(EventKind::SessionClosed) }
                }
                News::Logged(record) => {
                    Event { entry: Some(entry(&record, &names)), ..event(EventKind::SelAdded) }
                }
                News::Deleted(id) => Event { record_id: Some(id), ..event(EventKind::SelDeleted) },
                News::Cleared => event(EventKind::SelCleared),
                News::Missed(count) => Event { missed: Some(count), ..event(EventKind::SelMissed) },
            });
        }
    }
}

/// Something that happened just now.
fn event(bmc: &str, event: EventKind) -> Event {
    let now = jiff::Timestamp::now();
    Event {
        event,
        bmc: bmc.to_owned(),
        time: format!("{now:.3}"),
        now: None,
        session: None,
        entry: None,
        record_id: None,
        missed: None,
        operation: None,
    }
}
