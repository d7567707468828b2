//! The task that owns the network, the clock and the randomness.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use ipmi_session::Entropy;
use ipmi_session::console::{Call, Config, Event, Failure, Token};
use ipmi_wire::Response;
use ipmi_wire::cmd::app::Guid;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};

use super::line::{LineCommand, Lines};
use super::mux::{Mux, Outgoing};
use super::net::{Arrival, Net, Piece};
use super::{Counters, Delivery, Observed, OpenError, Opened, now, same};
use crate::error::ErrorKind;

type OpenReply = oneshot::Sender<Result<Delivery, OpenError>>;
type CallReply = oneshot::Sender<Result<Response, ErrorKind>>;

/// What the handles ask of the task.
#[derive(Debug)]
pub(super) enum Command {
    Open {
        peer: SocketAddr,
        config: Box<Config>,
        reply: OpenReply,
    },
    Call {
        session: u32,
        call: Call,
        reply: CallReply,
    },
    /// Something for the Serial over LAN of a session.
    Line {
        session: u32,
        command: LineCommand,
    },
    /// Somebody who waits for this session no longer does.
    Withdraw {
        session: u32,
    },
    Close {
        session: u32,
        done: Option<oneshot::Sender<()>>,
    },
    Abandon {
        session: u32,
    },
    Shutdown {
        done: oneshot::Sender<()>,
    },
}

/// Whether the task goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    GoOn,
    Stop,
}

/// The network, the sessions, and who waits for what: in order, so that who is told first does not
/// depend on a hash.
pub(super) struct Driver {
    net: Net,
    entropy: Box<dyn Entropy + Send>,
    /// For deliveries to come back by.
    commands: mpsc::WeakUnboundedSender<Command>,
    counters: Arc<Counters>,
    mux: Mux,
    opening: BTreeMap<u32, OpenReply>,
    observed: BTreeMap<u32, Observed>,
    calls: BTreeMap<u32, BTreeMap<Token, CallReply>>,
    lines: Lines,
    /// Answered once what was queued before is on the wire.
    flushed: Vec<oneshot::Sender<()>>,
}

impl Driver {
    pub(super) fn new(
        net: Net,
        entropy: Box<dyn Entropy + Send>,
        commands: mpsc::WeakUnboundedSender<Command>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            net,
            entropy,
            commands,
            counters,
            mux: Mux::default(),
            opening: BTreeMap::new(),
            observed: BTreeMap::new(),
            calls: BTreeMap::new(),
            lines: Lines::default(),
            flushed: Vec::new(),
        }
    }

    pub(super) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        loop {
            // Every turn serves commands and timers before it takes in one more batch, so that a
            // flood of datagrams holds up neither. Commands come first: one that takes a call back
            // has to be heard before the session sends what is next.
            if self.obey_all(&mut commands) == Next::Stop {
                return self.flush().await;
            }
            self.mux.handle_timeout(now(), &mut *self.entropy);
            self.flush().await;
            let due = self.mux.poll_timeout();
            tokio::select! {
                // No random choice, which a simulation could not repeat.
                biased;
                arrival = self.net.receive() => self.take_in(&arrival),
                command = commands.recv() => {
                    // None is the end, which the next turn finds out.
                    if command.is_some_and(|command| self.obey(command) == Next::Stop) {
                        return self.flush().await;
                    }
                }
                () = sleep_until(due) => {}
            }
        }
    }

    /// Obeys what there is. Without any handle left nobody will ask for anything.
    fn obey_all(&mut self, commands: &mut mpsc::UnboundedReceiver<Command>) -> Next {
        loop {
            let next = match commands.try_recv() {
                Ok(command) => self.obey(command),
                Err(TryRecvError::Empty) => return Next::GoOn,
                Err(TryRecvError::Disconnected) => {
                    self.mux.close_all(&mut *self.entropy);
                    Next::Stop
                }
            };
            if next == Next::Stop {
                return next;
            }
        }
    }

    fn obey(&mut self, command: Command) -> Next {
        let now = now();
        match command {
            Command::Open { peer, config, reply } => {
                // Nobody waits any more: the BMC need not hear of it.
                if !reply.is_closed() {
                    let id = self.mux.open(now, peer, *config, &mut *self.entropy);
                    self.opening.insert(id, reply);
                }
            }
            Command::Call { session, call, reply } => {
                if reply.is_closed() {
                    return Next::GoOn;
                }
                match self.mux.call(now, session, call, &mut *self.entropy) {
                    Some(token) => {
                        self.calls.entry(session).or_default().insert(token, reply);
                    }
                    None => drop(reply.send(Err(ErrorKind::Call(Failure::NotSent)))),
                }
            }
            Command::Line { session, command } => {
                self.lines.obey(now, session, command, &mut self.mux, &mut *self.entropy);
            }
            Command::Withdraw { session } => self.withdraw(session),
            Command::Close { session, done } => {
                self.mux.close(session, &mut *self.entropy);
                self.flushed.extend(done);
            }
            Command::Abandon { session } => self.mux.abandon(session),
            Command::Shutdown { done } => {
                self.mux.close_all(&mut *self.entropy);
                self.flushed.push(done);
                return Next::Stop;
            }
        }
        Next::GoOn
    }

    /// Takes back the calls of a session that nobody waits for. What is on the wire already stays,
    /// and its answer is dropped when it comes.
    fn withdraw(&mut self, session: u32) {
        let Some(calls) = self.calls.get_mut(&session) else { return };
        let mux = &mut self.mux;
        calls.retain(|token, reply| !(reply.is_closed() && mux.cancel(session, *token)));
    }

    fn take_in(&mut self, arrival: &Arrival) {
        let now = now();
        let Self { net, mux, entropy, counters, .. } = self;
        net.visit(arrival, |piece| match piece {
            Piece::Datagram(from, bytes) => {
                counters.received.fetch_add(1, Ordering::Relaxed);
                mux.handle_datagram(now, from, bytes, &mut **entropy);
            }
            Piece::Unreachable(peer, what) => mux.handle_unreachable(now, peer, what),
        });
    }

    /// Hands out events and sends what is to be sent.
    async fn flush(&mut self) {
        self.hand_out_all();
        let (mut sessions, mut datagrams) = (Vec::new(), Vec::new());
        while let Some(Outgoing { session, peer, datagram }) = self.mux.poll_transmit() {
            sessions.push(session);
            datagrams.push((peer, datagram));
        }
        if !datagrams.is_empty() {
            let failures = self.net.send(datagrams).await;
            let sent = sessions.len().saturating_sub(failures.len());
            self.counters.sent.fetch_add(sent as u64, Ordering::Relaxed);
            for (place, error) in failures {
                if let Some(session) = sessions.get(place) {
                    self.cannot_send(*session, error);
                }
            }
        }
        self.hand_out_all();
        for done in self.flushed.drain(..) {
            let _ = done.send(());
        }
    }

    /// Tells whoever waits for this session what the system says, and ends it: a repetition that
    /// went through later would act after the failure was reported. With nobody waiting (a
    /// keepalive), the next who asks will be told.
    fn cannot_send(&mut self, session: u32, error: io::Error) {
        tracing::debug!(%error, "send");
        if ipmi_io::is_passing(&error) {
            return;
        }
        let error = Arc::new(error);
        let opening = self.opening.remove(&session);
        let calls = self.calls.remove(&session).unwrap_or_default();
        if opening.is_none() && calls.is_empty() {
            return;
        }
        if let Some(reply) = opening {
            let _ = reply.send(Err(OpenError::Io(Arc::clone(&error))));
        }
        for reply in calls.into_values() {
            let _ = reply.send(Err(ErrorKind::Io(same(&error))));
        }
        self.mux.abandon(session);
    }

    fn hand_out_all(&mut self) {
        while let Some((id, event)) = self.mux.poll_event() {
            self.hand_out(id, event);
        }
    }

    /// A waiter that has gone away is not told.
    fn hand_out(&mut self, id: u32, event: Event) {
        match event {
            Event::Established { agreed, refused } => {
                if let Some(reply) = self.opening.remove(&id) {
                    // Not accepted, it comes back as a command to close it.
                    let guid = self.mux.managed_guid(id).map(Guid);
                    let managed_id = self.mux.take_managed_session_id(id);
                    let observed = self.observed.entry(id).or_default().clone();
                    let agreed = Some(agreed);
                    let opened = Opened { id, managed_id, agreed, observed, refused, guid };
                    let _ = reply.send(Ok(Delivery::new(opened, self.commands.clone())));
                }
            }
            Event::Noticed(quirk) => {
                tracing::info!(quirk = quirk.name(), "the BMC departs from the specification");
                self.observed.entry(id).or_default().notice(quirk);
            }
            Event::Answer(token, response) => {
                if let Some((observed, lessons)) = self.observed.get(&id).zip(self.mux.lessons(id))
                {
                    observed.learn(lessons);
                }
                self.answer(id, token, Ok(response));
            }
            Event::Failed(token, failure) => self.answer(id, token, Err(ErrorKind::Call(failure))),
            Event::Sol => self.lines.serve(now(), id, &mut self.mux, &mut *self.entropy),
            Event::Closed(why) => {
                let managed_id = self.mux.take_managed_session_id(id);
                if let (Some(reply), Some(why)) = (self.opening.remove(&id), why) {
                    let _ = reply.send(Err(OpenError::Session(why, managed_id)));
                }
                self.calls.remove(&id);
                self.lines.forget(id);
                self.observed.remove(&id);
            }
        }
    }

    fn answer(&mut self, id: u32, token: Token, outcome: Result<Response, ErrorKind>) {
        if let Some(reply) = self.calls.get_mut(&id).and_then(|calls| calls.remove(&token)) {
            let _ = reply.send(outcome);
        }
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
