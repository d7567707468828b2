//! The task that owns the device.

use std::future::poll_fn;
use std::io;

use ipmi_io::{IpmiMessage, IpmiReceived};
use ipmi_wire::Response;
use tokio::sync::{mpsc, oneshot};

use super::Node;
use super::bridge::Message;
use super::exchanges::{Arrival, Exchanges};

type Reply = oneshot::Sender<io::Result<Response>>;

/// What handles ask of the task.
#[derive(Debug)]
pub(super) enum Command {
    Ask { message: Message, reply: Reply },
    Listen { events: mpsc::Sender<[u8; 16]>, reply: oneshot::Sender<io::Result<()>> },
}

/// The device, and who waits for what.
pub(super) struct Driver {
    node: Box<dyn Node>,
    exchanges: Exchanges<Reply>,
    events: Option<mpsc::Sender<[u8; 16]>>,
}

impl Driver {
    pub(super) fn new(node: Box<dyn Node>) -> Self {
        Self { node, exchanges: Exchanges::new(), events: None }
    }

    /// Until no handle is left, or the device is gone: then all who wait, and who will, are told.
    pub(super) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        loop {
            let node = &mut self.node;
            tokio::select! {
                // Answers first: what is asked for next may depend on them.
                biased;
                received = poll_fn(|context| node.poll_receive(context)) => match received {
                    Ok(received) => self.take_in(received),
                    Err(error) => {
                        tracing::debug!(%error, "receive");
                        return self.fail(&error);
                    }
                },
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            // Nobody waits any more: the BMC need not hear of it.
            Command::Ask { reply, .. } if reply.is_closed() => {}
            Command::Ask { message: Message { address, request, retries }, reply } => {
                self.exchanges.forget(oneshot::Sender::is_closed);
                let number = self.exchanges.number();
                let message = IpmiMessage {
                    netfn: request.netfn.number(),
                    cmd: request.cmd,
                    data: &request.data,
                };
                tracing::trace!(number, ?address, netfn = message.netfn, cmd = message.cmd, "send");
                match self.node.send(&address, number, message, retries) {
                    Ok(()) => self.exchanges.sent(number, reply),
                    Err(error) => drop(reply.send(Err(error))),
                }
            }
            Command::Listen { events, reply } => {
                let outcome = self.node.set_gets_events(true);
                if outcome.is_ok() {
                    self.events = Some(events);
                }
                let _ = reply.send(outcome);
            }
        }
    }

    fn take_in(&mut self, received: IpmiReceived) {
        match self.exchanges.take_in(received) {
            // A waiter that has gone away is not told.
            Arrival::Answer(reply, response) => drop(reply.send(Ok(response))),
            Arrival::Event(event) => {
                let events = self.events.as_ref();
                if events.is_some_and(|events| events.try_send(event).is_err()) {
                    tracing::warn!("an event was lost: nobody takes them");
                }
            }
            Arrival::Nothing => {}
        }
    }

    fn fail(mut self, error: &io::Error) {
        for reply in self.exchanges.drain() {
            let _ = reply.send(Err(match error.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(error.kind(), error.to_string()),
            }));
        }
    }
}
