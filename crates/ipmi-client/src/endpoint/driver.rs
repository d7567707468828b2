//! The task that owns the socket and the clock.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ipmi_io::{ReceiveBuffer, UdpSocket, fill_random};
use ipmi_session::Quirks;
use ipmi_session::console::{Call, Config, Event, Failure, Token};
use ipmi_wire::Response;
use ipmi_wire::cmd::app::Guid;
use tokio::sync::{mpsc, oneshot};

use super::mux::{Mux, Outgoing};
use super::{Counters, Delivery, OpenError, Opened, same};
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

/// Socket, sessions, and who waits for what.
pub(super) struct Driver {
    v4: UdpSocket,
    /// The error is for whoever asks for an IPv6 peer.
    v6: io::Result<UdpSocket>,
    /// For deliveries to come back by.
    commands: mpsc::WeakUnboundedSender<Command>,
    counters: Arc<Counters>,
    mux: Mux,
    opening: HashMap<u32, OpenReply>,
    noticed: HashMap<u32, Quirks>,
    calls: HashMap<u32, HashMap<Token, CallReply>>,
    /// Answered once what was queued before is on the wire.
    flushed: Vec<oneshot::Sender<()>>,
}

impl Driver {
    pub(super) fn new(
        v4: UdpSocket,
        v6: io::Result<UdpSocket>,
        commands: mpsc::WeakUnboundedSender<Command>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            v4,
            v6,
            commands,
            counters,
            mux: Mux::default(),
            opening: HashMap::new(),
            noticed: HashMap::new(),
            calls: HashMap::new(),
            flushed: Vec::new(),
        }
    }

    pub(super) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        let (mut buffer4, mut buffer6) = (ReceiveBuffer::new(), ReceiveBuffer::new());
        loop {
            // Every turn serves commands and timers before it takes in one more batch, so that a
            // flood of datagrams holds up neither. Commands come first: one that takes a call back
            // has to be heard before the session sends what is next.
            while let Ok(command) = commands.try_recv() {
                if self.obey(command) == Next::Stop {
                    return self.flush().await;
                }
            }
            self.mux.handle_timeout(Instant::now(), &mut fill_random);
            self.flush().await;
            let now = Instant::now();
            let sleep = self
                .mux
                .poll_timeout()
                .map_or(Duration::from_secs(3600), |due| due.saturating_duration_since(now));
            tokio::select! {
                received = self.v4.receive(&mut buffer4) => self.take_in(received, &buffer4),
                received = receive_some(self.v6.as_ref().ok(), &mut buffer6) => {
                    self.take_in(received, &buffer6);
                }
                () = tokio::time::sleep(sleep) => {}
                command = commands.recv() => {
                    // Without any handle left nobody will ask for anything.
                    let next = command.map_or(Next::Stop, |command| self.obey(command));
                    if next == Next::Stop {
                        self.mux.close_all(&mut fill_random);
                        return self.flush().await;
                    }
                }
            }
        }
    }

    fn obey(&mut self, command: Command) -> Next {
        let now = Instant::now();
        match command {
            Command::Open { peer, config, reply } => {
                // Nobody waits any more: the BMC need not hear of it.
                if !reply.is_closed() {
                    let id = self.mux.open(now, peer, *config, &mut fill_random);
                    self.opening.insert(id, reply);
                }
            }
            Command::Call { session, call, reply } => {
                if reply.is_closed() {
                    return Next::GoOn;
                }
                match self.mux.call(now, session, call, &mut fill_random) {
                    Some(token) => {
                        self.calls.entry(session).or_default().insert(token, reply);
                    }
                    None => drop(reply.send(Err(ErrorKind::Call(Failure::NotSent)))),
                }
            }
            Command::Withdraw { session } => self.withdraw(session),
            Command::Close { session, done } => {
                self.mux.close(session, &mut fill_random);
                self.flushed.extend(done);
            }
            Command::Abandon { session } => self.mux.abandon(session),
            Command::Shutdown { done } => {
                self.mux.close_all(&mut fill_random);
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

    fn take_in(&mut self, received: io::Result<()>, buffer: &ReceiveBuffer) {
        if let Err(error) = received {
            tracing::debug!(%error, "receive");
            return;
        }
        let now = Instant::now();
        for datagram in buffer.iter() {
            self.counters.received.fetch_add(1, Ordering::Relaxed);
            self.mux.handle_datagram(now, datagram.peer, datagram.bytes, &mut fill_random);
        }
    }

    /// Hands out events and sends what is to be sent.
    async fn flush(&mut self) {
        self.hand_out_all();
        let (mut batch4, mut batch6) = (Batch::default(), Batch::default());
        while let Some(outgoing) = self.mux.poll_transmit() {
            if outgoing.peer.is_ipv4() { &mut batch4 } else { &mut batch6 }.push(outgoing);
        }
        let mut failures = batch4.send(Ok(&self.v4), &self.counters).await;
        failures.extend(batch6.send(self.v6.as_ref(), &self.counters).await);
        for (session, error) in failures {
            self.cannot_send(session, error);
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
                    let opened = Opened {
                        id,
                        agreed,
                        noticed: self.noticed.remove(&id).unwrap_or_default(),
                        refused,
                        guid,
                    };
                    let _ = reply.send(Ok(Delivery::new(opened, self.commands.clone())));
                }
            }
            Event::Noticed(quirk) => {
                tracing::info!(quirk = quirk.name(), "the BMC departs from the specification");
                self.noticed.entry(id).or_default().insert(quirk);
            }
            Event::Answer(token, response) => self.answer(id, token, Ok(response)),
            Event::Failed(token, failure) => self.answer(id, token, Err(ErrorKind::Call(failure))),
            Event::Closed(why) => {
                if let (Some(reply), Some(why)) = (self.opening.remove(&id), why) {
                    let _ = reply.send(Err(OpenError::Session(why)));
                }
                self.calls.remove(&id);
                self.noticed.remove(&id);
            }
        }
    }

    fn answer(&mut self, id: u32, token: Token, outcome: Result<Response, ErrorKind>) {
        if let Some(reply) = self.calls.get_mut(&id).and_then(|calls| calls.remove(&token)) {
            let _ = reply.send(outcome);
        }
    }
}

/// What goes out in one go, and for which sessions.
#[derive(Default)]
struct Batch {
    sessions: Vec<u32>,
    datagrams: Vec<(SocketAddr, Vec<u8>)>,
}

impl Batch {
    fn push(&mut self, Outgoing { session, peer, datagram }: Outgoing) {
        self.sessions.push(session);
        self.datagrams.push((peer, datagram));
    }

    /// The sessions whose datagrams could not be sent, and why.
    async fn send(
        self,
        socket: Result<&UdpSocket, &io::Error>,
        counters: &Counters,
    ) -> Vec<(u32, io::Error)> {
        let socket = match socket {
            Ok(socket) => socket,
            Err(error) => return self.sessions.into_iter().map(|id| (id, same(error))).collect(),
        };
        let failures = socket.send_batch(&self.datagrams).await;
        let sent = self.datagrams.len().saturating_sub(failures.len());
        counters.sent.fetch_add(sent as u64, Ordering::Relaxed);
        let named = |(at, error)| Some((*self.sessions.get(at)?, error));
        failures.into_iter().filter_map(named).collect()
    }
}

async fn receive_some(
    socket: Option<&UdpSocket>,
    buffer: &mut ReceiveBuffer,
) -> std::io::Result<()> {
    match socket {
        Some(socket) => socket.receive(buffer).await,
        None => std::future::pending().await,
    }
}
