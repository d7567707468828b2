//! What the BMC and the task that looks after QEMU share: what is to be done, and what has happened.
//!
//! Neither waits for the other. What is to be done is bounded: switching off makes all that was asked
//! before it pointless, and who asks for the same again while it waits asks for nothing.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ipmi_bmc::platform::{BootOrder, PlatformEvent, PowerCause};
use rustix::process::{Signal, pidfd_send_signal};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use super::boot::Kind;
use super::status::{Seen, Status};
use crate::control::reply::{QemuEnd, QemuInfo};
use crate::platform::sources::Wake;

/// What is to be done to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Start it, from this.
    On(Option<BootOrder>),
    /// End it.
    Off,
    /// Reset it, and let it start from this.
    Reset(Option<BootOrder>),
    /// It has just started by itself: let it start from this.
    Redirect(Option<BootOrder>),
    /// Ask its operating system to shut down.
    SoftOff,
    /// A diagnostic interrupt.
    Interrupt,
}

/// More than this does not wait.
const ACTIONS: usize = 8;
/// Nor is more than this told: whoever does not ask for so long has missed it.
const EVENTS: usize = 64;

/// What both ends hold.
pub(super) struct Shared {
    state: Mutex<State>,
    /// There is something to do.
    changed: Notify,
    /// The BMC should look.
    wake: Wake,
    /// Whether there is a QEMU.
    running: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    actions: VecDeque<Action>,
    events: VecDeque<PlatformEvent>,
    /// What the machine was last found to have to start from.
    devices: Option<Vec<Kind>>,
    /// The QEMU that there is.
    process: Option<OwnedFd>,
    /// Who looks after it.
    task: Option<AbortHandle>,
    /// How it is, and how the last one ended.
    status: Status,
}

impl Shared {
    pub(super) fn new(wake: Wake) -> Self {
        let (running, _) = watch::channel(false);
        Self { state: Mutex::default(), changed: Notify::new(), wake, running }
    }

    /// Asks for something; whether it will be done.
    pub(super) fn ask(&self, action: Action) -> bool {
        let accepted = self.lock().ask(action);
        self.changed.notify_one();
        accepted
    }

    /// What is to be done next.
    pub(super) fn take(&self) -> Option<Action> {
        self.lock().actions.pop_front()
    }

    /// Waits until there may be something to do.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Tells the BMC of something. It is not told of an end that it has asked for.
    pub(super) fn tell(&self, event: PlatformEvent) {
        {
            let mut state = self.lock();
            let is_end = matches!(event, PlatformEvent::PoweredOff(_) | PlatformEvent::StayedOff);
            if is_end {
                if state.actions.contains(&Action::Off) {
                    return;
                }
                // What was to be done to it is not for the next one.
                state.actions.retain(|action| matches!(action, Action::On(_)));
            }
            if state.events.len() >= EVENTS {
                state.events.pop_front();
            }
            state.events.push_back(event);
        }
        (self.wake)();
    }

    /// What has happened, oldest first.
    pub(super) fn events(&self) -> VecDeque<PlatformEvent> {
        std::mem::take(&mut self.lock().events)
    }

    /// Notes what the machine can start from.
    pub(super) fn set_devices(&self, devices: Vec<Kind>) {
        self.lock().devices = Some(devices);
    }

    /// Whether the machine can have a device of this kind. Of one that has never run nobody knows.
    pub(super) fn may_have(&self, kind: Kind) -> bool {
        self.lock().devices.as_ref().is_none_or(|devices| devices.contains(&kind))
    }

    /// Notes which process is the machine.
    pub(super) fn set_process(&self, process: Option<OwnedFd>) {
        let is_running = process.is_some();
        self.lock().process = process;
        self.running.send_replace(is_running);
    }

    /// Notes how QEMU is.
    pub(super) fn note(&self, seen: Option<Seen>) {
        self.lock().status.seen = seen;
    }

    /// Notes how QEMU has ended.
    pub(super) fn note_end(&self, end: QemuEnd) {
        self.lock().status.last_end = Some(end);
    }

    /// How QEMU is.
    pub(super) fn info(&self) -> QemuInfo {
        let status = self.lock().status.clone();
        // The system is asked without the lock.
        status.info()
    }

    /// Says who looks after QEMU.
    pub(super) fn set_task(&self, task: AbortHandle) {
        self.lock().task = Some(task);
    }

    /// Nobody looks after QEMU any more.
    pub(super) fn close(&self) {
        if let Some(task) = self.lock().task.take() {
            task.abort();
        }
    }

    /// Whether there is a QEMU.
    #[cfg(test)]
    pub(super) fn running(&self) -> watch::Receiver<bool> {
        self.running.subscribe()
    }

    /// Waits until there is no QEMU.
    pub(super) async fn ended(&self) {
        // The sender is ours, so there is always one.
        let _ = self.running.subscribe().wait_for(|is_running| !is_running).await;
    }

    /// Has QEMU end, without waiting for it.
    pub(super) fn terminate(&self) {
        if let Some(process) = self.lock().process.take() {
            // One that is stopped hears of it when it goes on.
            for signal in [Signal::TERM, Signal::CONT] {
                let _ = pidfd_send_signal(&process, signal);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn ask(&mut self, action: Action) -> bool {
        if action == Action::Off {
            self.actions.clear();
        }
        if self.actions.back() == Some(&action) {
            return true;
        }
        let has_room = self.actions.len() < ACTIONS;
        if has_room {
            self.actions.push_back(action);
        }
        has_room
    }
}

/// Why QEMU has ended, by the reason that it gave.
pub(super) fn cause_of(reason: &str, is_by_guest: bool) -> PowerCause {
    match reason {
        "host-error" => PowerCause::Fault,
        // Somebody at the host, who is to the machine who stands before it.
        "host-signal" | "host-ui" | "host-qmp-quit" | "host-qmp-system-reset" => PowerCause::Button,
        _ if is_by_guest => PowerCause::OperatingSystem,
        _ => PowerCause::Button,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_waits_is_bounded_and_off_outdoes_it() {
        let shared = Shared::new(Arc::new(|| {}));
        for _ in 0..20 {
            assert!(shared.ask(Action::SoftOff));
        }
        assert_eq!((shared.take(), shared.take()), (Some(Action::SoftOff), None));
        let mut refused = 0;
        for _ in 0..20 {
            refused += usize::from(!shared.ask(Action::Reset(None)));
            refused += usize::from(!shared.ask(Action::Interrupt));
        }
        // The last one that waits may be asked for again.
        assert_eq!(refused, 20 - ACTIONS / 2);
        assert!(shared.ask(Action::Off) && shared.ask(Action::On(None)));
        assert_eq!((shared.take(), shared.take()), (Some(Action::Off), Some(Action::On(None))));
    }

    #[test]
    fn an_end_that_was_asked_for_is_no_news() {
        let shared = Shared::new(Arc::new(|| {}));
        let end = PlatformEvent::PoweredOff(PowerCause::Fault);
        shared.ask(Action::Off);
        shared.ask(Action::On(None));
        shared.tell(end);
        assert!(shared.events().is_empty());
        assert_eq!(shared.take(), Some(Action::Off));
        shared.take();
        shared.ask(Action::Reset(None));
        shared.tell(end);
        assert_eq!((shared.events().pop_front(), shared.take()), (Some(end), None));
    }
}
