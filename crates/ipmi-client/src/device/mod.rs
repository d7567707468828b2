//! The BMC of the machine that this runs on, through the kernel's IPMI device.
//!
//! There is no session here and no key: who may open the node is an administrator. The kernel numbers
//! and queues what is asked, and asks a controller behind the BMC again by itself; the task in
//! `driver` finds out whose answer is whose, and `bridge` says what a message is to the kernel.
//!
//! What the kernel keeps for itself cannot be sent: Send Message, Get Message and Read Event Message
//! Buffer to the BMC. Events come by [`Device::events`] instead.

mod bridge;
mod driver;
mod exchanges;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ipmi_io::{IpmiAddress, IpmiDevice, IpmiMessage, IpmiReceived, Retries};
use ipmi_session::console::{Call, Failure};
use ipmi_wire::{CompletionCode, Effect, Response};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

use crate::error::ErrorKind;
use crate::location::Location;
use driver::{Command, Driver};

/// What answers like the kernel's device; [`IpmiDevice`] does, and simulations may.
pub trait Node: Send + 'static {
    /// Queues a message.
    ///
    /// # Errors
    /// Those of the system.
    fn send(
        &mut self,
        address: &IpmiAddress,
        id: i64,
        message: IpmiMessage<'_>,
        retries: Option<Retries>,
    ) -> io::Result<()>;

    /// Takes what has come.
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<IpmiReceived>>;

    /// Whether events come, too.
    ///
    /// # Errors
    /// Those of the system.
    fn set_gets_events(&mut self, on: bool) -> io::Result<()>;

    /// The slave address that the kernel takes for the BMC's.
    ///
    /// # Errors
    /// Those of the system.
    fn set_my_address(&mut self, address: u8) -> io::Result<()>;
}

impl Node for IpmiDevice {
    fn send(
        &mut self,
        address: &IpmiAddress,
        id: i64,
        message: IpmiMessage<'_>,
        retries: Option<Retries>,
    ) -> io::Result<()> {
        Self::send(self, address, id, message, retries)
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<IpmiReceived>> {
        Self::poll_receive(self, context)
    }

    fn set_gets_events(&mut self, on: bool) -> io::Result<()> {
        Self::set_gets_events(self, on)
    }

    fn set_my_address(&mut self, address: u8) -> io::Result<()> {
        Self::set_my_address(self, address)
    }
}

/// The device of this machine's BMC. Clones share it; it is closed when the last one is gone.
#[derive(Clone, Debug)]
pub struct Device {
    node: Arc<Path>,
    commands: mpsc::UnboundedSender<Command>,
}

/// Events that the BMC has put into its message buffer, from the moment that they are listened for:
/// 16 bytes each, as the log has them (IPMI v2.0 §22.8).
#[derive(Debug)]
pub struct Events(mpsc::Receiver<[u8; 16]>);

impl Events {
    /// The next one; `None` if the device is gone.
    pub async fn next(&mut self) -> Option<[u8; 16]> {
        self.0.recv().await
    }
}

/// Events that nobody has taken yet; what comes when there are so many is lost, as in the kernel.
const EVENTS: usize = 64;

/// How long a busy BMC is given before each further try, as over a network.
const BUSY_PAUSES: [Duration; 6] = [
    Duration::from_millis(30),
    Duration::from_millis(60),
    Duration::from_millis(120),
    Duration::from_millis(240),
    Duration::from_millis(480),
    Duration::from_millis(960),
];

impl Device {
    /// Opens the node at `path`. With `own_address`, tells the kernel that this is the BMC's slave
    /// address, which holds for all who use the device. Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// Those of the system; [`local`](crate::local) finds out what they mean.
    pub fn open(path: &Path, own_address: Option<u8>) -> io::Result<Self> {
        Self::over(path, Box::new(IpmiDevice::open(path)?), own_address)
    }

    /// A device that is `node`, for simulations. Has to be called inside a tokio runtime.
    ///
    /// # Errors
    /// Those of the node.
    pub fn over(path: &Path, mut node: Box<dyn Node>, own_address: Option<u8>) -> io::Result<Self> {
        if let Some(address) = own_address {
            node.set_my_address(address)?;
        }
        let (commands, receiver) = mpsc::unbounded_channel();
        tokio::spawn(Driver::new(node).run(receiver));
        Ok(Self { node: path.into(), commands })
    }

    /// Where the node is.
    #[must_use]
    pub fn location(&self) -> Location {
        Location::Device(Arc::clone(&self.node))
    }

    /// Has the kernel pass on what the BMC puts into its event message buffer. Who listened before
    /// hears nothing more.
    ///
    /// # Errors
    /// Those of the system.
    pub async fn events(&self) -> io::Result<Events> {
        let (sender, events) = mpsc::channel(EVENTS);
        let (reply, done) = oneshot::channel();
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.commands.send(Command::Listen { events: sender, reply }).map_err(|_| gone())?;
        done.await.map_err(|_| gone())??;
        Ok(Events(events))
    }

    /// Makes a call, within `deadline`. What must not run twice is sent once; the rest is asked again
    /// while the BMC says that it is busy.
    pub(crate) async fn call(
        &self,
        call: &Call,
        deadline: Duration,
    ) -> Result<Response, ErrorKind> {
        let begun = Instant::now();
        let patience = call.patience.map_or(deadline, |patience| patience.min(deadline));
        let patience = if call.route.is_some() { patience.min(bridge::PATIENCE) } else { patience };
        let limit = begun.checked_add(patience).unwrap_or(begun);
        let mut pauses = BUSY_PAUSES.into_iter();
        loop {
            let left = limit.saturating_duration_since(Instant::now());
            let outcome = match timeout_at(limit, self.ask(call, left)).await {
                Ok(outcome) => outcome?,
                Err(_) => return Err(ErrorKind::Call(silence(call, begun.elapsed()))),
            };
            let busy = outcome.completion == CompletionCode::NODE_BUSY;
            let pause = pauses.next().filter(|_| busy && call.effect != Effect::Once);
            match pause {
                Some(pause) if begun.elapsed() < patience.saturating_sub(pause) => {
                    sleep(pause).await;
                }
                _ => return bridge::understand(call, outcome, begun.elapsed(), patience),
            }
        }
    }

    /// One request, one answer.
    async fn ask(&self, call: &Call, left: Duration) -> Result<Response, ErrorKind> {
        let (reply, answer) = oneshot::channel();
        let message = bridge::message(call, left);
        self.commands.send(Command::Ask { message, reply }).map_err(|_| ErrorKind::EndpointGone)?;
        answer.await.map_err(|_| ErrorKind::EndpointGone)?.map_err(refused)
    }
}

/// What the system says of a message that it did not take.
fn refused(error: io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::InvalidInput => {
            let why = "this machine's kernel does not let it through: Send Message, Get Message and \
                       Read Event Message Buffer are its own, and so is what is too long";
            ErrorKind::NotPossible(why.to_owned())
        }
        _ => ErrorKind::Io(error),
    }
}

/// What becomes of a call that nothing came of.
fn silence(call: &Call, waited: Duration) -> Failure {
    match (call.effect, call.route) {
        (Effect::Once, _) => Failure::Uncertain,
        (_, Some(route)) => Failure::SilentBehind { route, sent: 0, waited },
        (_, None) => Failure::NoAnswer { sent: 0, waited },
    }
}

#[cfg(test)]
mod tests;
