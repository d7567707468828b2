//! The task that owns the socket and the clock.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ipmi_io::{ReceiveBuffer, UdpSocket};
use ipmi_session::Entropy;
use ipmi_session::console::{Call, Config, Event, Failure, SessionError, Token};
use ipmi_wire::Response;
use tokio::sync::{mpsc, oneshot};

use super::mux::Mux;
use super::{Counters, Opened};

/// What the handles ask of the task.
#[derive(Debug)]
pub(super) enum Command {
    Open {
        peer: SocketAddr,
        config: Box<Config>,
        reply: oneshot::Sender<Result<Opened, SessionError>>,
    },
    Call {
        session: u32,
        call: Call,
        reply: oneshot::Sender<Result<Response, Failure>>,
    },
    Close {
        session: u32,
        done: Option<oneshot::Sender<()>>,
    },
    Shutdown {
        done: oneshot::Sender<()>,
    },
}

/// Socket, sessions, and who waits for what.
pub(super) struct Driver {
    v4: UdpSocket,
    v6: Option<UdpSocket>,
    commands: mpsc::UnboundedReceiver<Command>,
    counters: Arc<Counters>,
    mux: Mux,
    opening: HashMap<u32, oneshot::Sender<Result<Opened, SessionError>>>,
    calls: HashMap<(u32, Token), oneshot::Sender<Result<Response, Failure>>>,
    /// Answered once what was queued before is on the wire.
    flushed: Vec<oneshot::Sender<()>>,
}

/// The operating system's random source.
struct OsEntropy;

impl Entropy for OsEntropy {
    #[allow(clippy::expect_used, reason = "without randomness there is no safe way on")]
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system's random source works");
    }
}

impl Driver {
    pub(super) fn new(
        v4: UdpSocket,
        v6: Option<UdpSocket>,
        commands: mpsc::UnboundedReceiver<Command>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            v4,
            v6,
            commands,
            counters,
            mux: Mux::default(),
            opening: HashMap::new(),
            calls: HashMap::new(),
            flushed: Vec::new(),
        }
    }

    pub(super) async fn run(mut self) {
        let (mut buffer4, mut buffer6) = (ReceiveBuffer::new(), ReceiveBuffer::new());
        loop {
            self.flush().await;
            let now = Instant::now();
            let sleep = self
                .mux
                .poll_timeout()
                .map_or(Duration::from_secs(3600), |due| due.saturating_duration_since(now));
            tokio::select! {
                biased;
                received = self.v4.receive(&mut buffer4) => self.take_in(received, &buffer4),
                received = receive_some(self.v6.as_ref(), &mut buffer6) => {
                    self.take_in(received, &buffer6);
                }
                () = tokio::time::sleep(sleep) => {
                    self.mux.handle_timeout(Instant::now(), &mut OsEntropy);
                }
                command = self.commands.recv() => {
                    let Some(command) = command else { break };
                    self.obey(command);
                    // One task may have queued many: take them all before the next system call.
                    while let Ok(command) = self.commands.try_recv() {
                        self.obey(command);
                    }
                }
            }
        }
        self.mux.close_all(&mut OsEntropy);
        self.flush().await;
    }

    fn obey(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            Command::Open { peer, config, reply } => {
                let id = self.mux.open(now, peer, *config, &mut OsEntropy);
                self.opening.insert(id, reply);
            }
            Command::Call { session, call, reply } => {
                match self.mux.call(now, session, call, &mut OsEntropy) {
                    Some(token) => {
                        self.calls.insert((session, token), reply);
                    }
                    None => drop(reply.send(Err(Failure::NotSent))),
                }
            }
            Command::Close { session, done } => {
                self.mux.close(session, &mut OsEntropy);
                self.flushed.extend(done);
            }
            Command::Shutdown { done } => {
                self.mux.close_all(&mut OsEntropy);
                self.flushed.push(done);
            }
        }
    }

    fn take_in(&mut self, received: std::io::Result<()>, buffer: &ReceiveBuffer) {
        // An error here is an earlier datagram's: the session it belongs to times out.
        if let Err(error) = received {
            tracing::debug!(%error, "receive");
            return;
        }
        let now = Instant::now();
        for datagram in buffer.iter() {
            self.counters.received.fetch_add(1, Ordering::Relaxed);
            self.mux.handle_datagram(now, datagram.peer, datagram.bytes, &mut OsEntropy);
        }
    }

    /// Hands out events and sends what is to be sent.
    async fn flush(&mut self) {
        while let Some((id, event)) = self.mux.poll_event() {
            self.hand_out(id, event);
        }
        let (mut batch4, mut batch6) = (Vec::new(), Vec::new());
        while let Some((peer, datagram)) = self.mux.poll_transmit() {
            if peer.is_ipv4() { &mut batch4 } else { &mut batch6 }.push((peer, datagram));
        }
        let sent = batch4.len().saturating_add(batch6.len());
        self.counters.sent.fetch_add(sent as u64, Ordering::Relaxed);
        let mut failures = self.v4.send_batch(&batch4).await;
        if let Some(v6) = &self.v6 {
            failures.extend(v6.send_batch(&batch6).await);
        }
        for (peer, error) in failures {
            tracing::debug!(%peer, %error, "send");
        }
        for done in self.flushed.drain(..) {
            let _ = done.send(());
        }
    }

    /// A waiter that has gone away is not told.
    fn hand_out(&mut self, id: u32, event: Event) {
        match event {
            Event::Established { suite, refused } => {
                if let Some(reply) = self.opening.remove(&id)
                    && reply.send(Ok(Opened { id, suite, refused })).is_err()
                {
                    // Nobody will ever use or close it: give the BMC its slot back.
                    self.mux.close(id, &mut OsEntropy);
                }
            }
            Event::Answer(token, response) => {
                if let Some(reply) = self.calls.remove(&(id, token)) {
                    let _ = reply.send(Ok(response));
                }
            }
            Event::Failed(token, failure) => {
                if let Some(reply) = self.calls.remove(&(id, token)) {
                    let _ = reply.send(Err(failure));
                }
            }
            Event::Closed(why) => {
                if let (Some(reply), Some(why)) = (self.opening.remove(&id), why) {
                    let _ = reply.send(Err(why));
                }
            }
        }
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
