//! The host, as the BMC has it: whether it is there, what it can be made to do, and the way to have it do
//! that.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ipmi_bmc::platform::PowerSignal;
use ipmi_wire::vm::Capabilities;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::platform::sources::Wake;

/// A host that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guest {
    /// Who that is, as far as the way there tells.
    pub(crate) peer: String,
    /// It has said something that makes sense, so that it is a host.
    pub(crate) is_known: bool,
    /// What it can be made to do.
    pub(crate) capabilities: Capabilities,
}

/// The back end's end: it says who is there, and does as it is told.
#[derive(Debug)]
pub(crate) struct Presence {
    seen: Seen,
    exchange: watch::Sender<Exchange>,
    signals: mpsc::Receiver<PowerSignal>,
}

/// The BMC's end.
#[derive(Clone)]
pub(crate) struct Seen {
    state: Arc<Mutex<State>>,
    signals: mpsc::Sender<PowerSignal>,
    exchange: watch::Receiver<Exchange>,
    wake: Wake,
}

/// Where host and BMC are in what they say to each other.
#[derive(Clone, Copy, Debug, Default)]
struct Exchange {
    /// An answer is on its way.
    is_answering: bool,
    /// When the last one was given.
    answered: Option<Instant>,
}

#[derive(Debug, Default)]
struct State {
    guest: Option<Guest>,
    /// It was reset, and nobody has asked yet.
    was_reset: bool,
}

/// So long a host may take to read an answer.
const READING: Duration = Duration::from_millis(100);
/// So many signals may be on their way: a host that does not take them does not react.
const SIGNALS: usize = 16;

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seen").field("state", &self.state).finish_non_exhaustive()
    }
}

/// Both ends; `wake` is called whenever there is something new for the BMC.
pub(crate) fn presence(wake: &Wake) -> (Presence, Seen) {
    let (sender, signals) = mpsc::channel(SIGNALS);
    let (exchange, exchanged) = watch::channel(Exchange::default());
    let (state, wake) = (Arc::default(), Arc::clone(wake));
    let seen = Seen { state, signals: sender, exchange: exchanged, wake };
    (Presence { seen: seen.clone(), exchange, signals }, seen)
}

impl Presence {
    /// This is who is there. Signals to who was there before are not for the next one.
    pub(crate) fn set(&mut self, guest: Option<Guest>) {
        if guest.is_none() {
            self.exchange.send_replace(Exchange::default());
            while self.signals.try_recv().is_ok() {}
        }
        {
            let mut state = self.seen.lock();
            if state.guest == guest {
                return;
            }
            state.guest = guest;
        }
        (self.seen.wake)();
    }

    /// The BMC's end.
    pub(crate) fn seen(&self) -> Seen {
        self.seen.clone()
    }

    /// The host asks something.
    pub(crate) fn asked(&self) {
        self.exchange.send_modify(|exchange| exchange.is_answering = true);
    }

    /// It was answered.
    pub(crate) fn answered(&self) {
        let answered = Some(Instant::now());
        self.exchange.send_replace(Exchange { is_answering: false, answered });
    }

    /// The host was reset.
    pub(crate) fn was_reset(&self) {
        self.seen.lock().was_reset = true;
        (self.seen.wake)();
    }

    /// What the host is to be made to do.
    pub(crate) async fn signal(&mut self) -> PowerSignal {
        match self.signals.recv().await {
            Some(signal) => signal,
            // We hold a sender ourselves.
            None => std::future::pending().await,
        }
    }
}

impl Seen {
    /// Who is there.
    pub(crate) fn guest(&self) -> Option<Guest> {
        self.lock().guest.clone()
    }

    /// Whether the host was reset since this was last asked.
    pub(crate) fn take_reset(&self) -> bool {
        std::mem::take(&mut self.lock().was_reset)
    }

    /// Has the host do this; whether that is on its way.
    pub(crate) fn send(&self, signal: PowerSignal) -> bool {
        self.signals.try_send(signal).is_ok()
    }

    /// Waits until the host has had the time to read the answer to what it has asked so far. What it asks
    /// later puts nothing off.
    ///
    /// What is done to a machine it may have asked for itself, and is to read the answer first. What it
    /// has not read would stay in its interface: QEMU's devices are not reset with their machine, and
    /// software that speaks to them without a kernel's driver (ipmiutil) does not know how to go on from
    /// there.
    pub(crate) async fn has_read(&self) {
        let mut exchange = self.exchange.clone();
        let now = *exchange.borrow_and_update();
        let answered = match now.is_answering {
            // Or it is gone, and so may who would have said so be.
            true => match exchange.changed().await {
                Ok(()) => exchange.borrow().answered,
                Err(_) => None,
            },
            false => now.answered,
        };
        if let Some(read) = answered.and_then(|answered| answered.checked_add(READING)) {
            sleep_until(read).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
