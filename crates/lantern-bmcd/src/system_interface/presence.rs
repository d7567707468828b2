//! The host, as the BMC has it: whether it is there, what it can be made to do, and the way to have it do
//! that.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipmi_bmc::platform::PowerSignal;
use ipmi_wire::vm::Capabilities;
use tokio::sync::mpsc;

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
    signals: mpsc::Receiver<PowerSignal>,
}

/// The BMC's end.
#[derive(Clone)]
pub(crate) struct Seen {
    state: Arc<Mutex<State>>,
    signals: mpsc::Sender<PowerSignal>,
    wake: Wake,
}

#[derive(Debug, Default)]
struct State {
    guest: Option<Guest>,
    /// It was reset, and nobody has asked yet.
    was_reset: bool,
}

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
    let seen = Seen { state: Arc::default(), signals: sender, wake: Arc::clone(wake) };
    (Presence { seen: seen.clone(), signals }, seen)
}

impl Presence {
    /// This is who is there. Signals to who was there before are not for the next one.
    pub(crate) fn set(&mut self, guest: Option<Guest>) {
        if guest.is_none() {
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

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
