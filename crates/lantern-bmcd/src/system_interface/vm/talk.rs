//! What is said on a connection: to the host, and to one that waits to be it.

use std::future::Future;
use std::pin::Pin;

use ipmi_bmc::platform::PowerSignal;
use ipmi_bmc::vm::Event;
use ipmi_wire::{CompletionCode, Response};

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
    let mut order: Option<Order> = None;
    connection.link.attend(desk.attention());
    loop {
        there.0.set(Some(connection.guest()));
        let has_room = connection.link.has_room();
        tokio::select! {
            Some(response) = given(&mut answer) => {
                answer = None;
                connection.link.attend(desk.attention());
                connection.link.answer(&response);
                there.0.answered();
            }
            () = desk.attention_changed() => connection.link.attend(desk.attention()),
            signal = there.0.signal(), if order.is_none() => {
                let seen = there.0.seen();
                order = Some((signal, Box::pin(async move { seen.has_read().await })));
            }
            signal = due(&mut order), if has_room => {
                order = None;
                control(connection, signal);
            }
            event = connection.event() => match event {
                Ok(Event::Request(request)) => {
                    there.0.asked();
                    answer = Some(desk.ask(request));
                }
                Ok(Event::Peer(says)) => connection.meet(says),
                Ok(Event::Reset) => there.0.was_reset(),
                Ok(Event::Fault(fault)) => connection.complain(&fault),
                Err(error) => return connection.end(error),
            },
        }
    }
}

/// What the host is to be made to do, and what that waits for.
type Order = (PowerSignal, Pin<Box<dyn Future<Output = ()> + Send>>);

/// The signal, once it is time. It may be given up, and nothing is lost.
async fn due(order: &mut Option<Order>) -> PowerSignal {
    match order {
        Some((signal, moment)) => {
            moment.await;
            *signal
        }
        None => std::future::pending().await,
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
