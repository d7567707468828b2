//! What is said on a connection: to the host, and to one that waits to be it.

use std::time::Duration;

use ipmi_bmc::platform::PowerSignal;
use ipmi_bmc::vm::Event;
use ipmi_wire::{CompletionCode, Response};
use tokio::time::{Instant, sleep_until};

use super::super::desk::Answer;
use super::super::{Desk, Presence};
use super::connection::{Connection, End};

/// Answers the host, until its connection ends.
pub(super) async fn talk(
    connection: &mut Connection,
    desk: &mut Desk,
    presence: &mut Presence,
) -> End {
    let there = There(presence);
    let mut answer: Option<Answer> = None;
    let mut order = Order::default();
    connection.link.attend(desk.attention());
    loop {
        there.0.set(Some(connection.guest()));
        let has_room = connection.link.has_room();
        tokio::select! {
            Some(response) = given(&mut answer) => {
                answer = None;
                connection.link.attend(desk.attention());
                connection.link.answer(&response);
                order.answered(Instant::now());
            }
            () = desk.attention_changed() => connection.link.attend(desk.attention()),
            signal = there.0.signal(), if order.signal.is_none() => {
                order.give(signal, Instant::now(), answer.is_some());
            }
            signal = order.due(), if has_room => {
                order.signal = None;
                control(connection, signal);
            }
            event = connection.event() => match event {
                Ok(Event::Request(request)) => answer = Some(desk.ask(request)),
                Ok(Event::Peer(says)) => connection.meet(says),
                Ok(Event::Reset) => there.0.was_reset(),
                Ok(Event::Fault(fault)) => connection.complain(&fault),
                Err(error) => return connection.end(error),
            },
        }
    }
}

/// What the host is to be made to do, and when.
///
/// It may have asked for it itself, and is to read the answer first. What it has not read would stay in its
/// interface: QEMU's devices are not reset with their machine, and software that speaks to them without a
/// kernel's driver (ipmiutil) does not know how to go on from there.
#[derive(Debug, Default)]
struct Order {
    signal: Option<PowerSignal>,
    /// Not before this moment. `None` as long as an answer is on its way to the host.
    not_before: Option<Instant>,
    /// When the last answer was given.
    answered: Option<Instant>,
}

/// So long a host may take to read an answer. What it asks later does not put anything off.
const READING: Duration = Duration::from_millis(100);

impl Order {
    fn give(&mut self, signal: PowerSignal, now: Instant, is_answering: bool) {
        self.signal = Some(signal);
        let read = self.answered.and_then(|answered| answered.checked_add(READING));
        self.not_before = (!is_answering).then(|| read.unwrap_or(now));
    }

    fn answered(&mut self, now: Instant) {
        self.answered = Some(now);
        if self.not_before.is_none() {
            self.not_before = now.checked_add(READING);
        }
    }

    /// The signal, once it is time. It may be given up, and nothing is lost.
    async fn due(&self) -> PowerSignal {
        let (Some(signal), Some(moment)) = (self.signal, self.not_before) else {
            return std::future::pending().await;
        };
        sleep_until(moment).await;
        signal
    }
}

/// What has become of one that waits.
pub(super) enum Waited {
    /// It has shown that it is a host.
    Known,
    /// It is gone.
    Gone(End),
}

/// Keeps one that waits to be the host in line, until it shows that it is one, or is gone. All that it asks
/// is answered as a BMC does that is not ready yet (D2h), which QEMU itself answers when it is
/// not connected. It may be given up, and nothing is lost.
pub(super) async fn hold(connection: &mut Connection) -> Waited {
    let was_known = connection.link.peer().is_known;
    loop {
        match connection.event().await {
            Ok(Event::Request(_)) => {
                connection.link.answer(&Response::code(CompletionCode::BMC_INITIALIZING));
            }
            Ok(Event::Peer(says)) => connection.meet(says),
            Ok(Event::Reset) => {}
            Ok(Event::Fault(fault)) => connection.complain(&fault),
            Err(error) => return Waited::Gone(connection.end(error)),
        }
        if connection.link.peer().is_known && !was_known {
            return Waited::Known;
        }
    }
}

/// Nobody is there once this is over, however that comes about.
struct There<'a>(&'a mut Presence);

impl Drop for There<'_> {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

/// The answer that is waited for, once it is there.
async fn given(answer: &mut Option<Answer>) -> Option<Response> {
    match answer {
        Some(answer) => Some(answer.await),
        None => None,
    }
}

fn control(connection: &mut Connection, signal: PowerSignal) {
    let outcome = connection.link.signal(signal);
    let peer = &connection.peer;
    match outcome {
        Ok(()) => tracing::debug!(peer, ?signal, "sent to the host"),
        // It was another host's that could.
        Err(error) => tracing::warn!(peer, ?signal, %error, "not sent to the host"),
    }
}
