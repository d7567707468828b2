//! The virtual machine at the other end of the system interface, which somebody else starts.
//!
//! It is on while it is connected: there is no other sign of it. What is asked of its power goes out over
//! the same way, if it has said that it can do it. It cannot be switched on, for nobody here
//! could start it. What its sensors say is simulated, as the air around a virtual machine is.

use std::time::{Duration, Instant};

use ipmi_bmc::platform::{
    BootOrder, Platform, PlatformError, PlatformEvent, PowerCause, PowerSignal,
};
use ipmi_bmc::vm::is_capable;
use ipmi_wire::cmd::chassis::BootDevice;

use super::sim::SimPlatform;
use crate::system_interface::{Guest, Seen};

#[cfg(test)]
mod tests;

/// How long a machine that is on may be out of sight. QEMU connects again after a second, if it is told to
/// (`reconnect=1`), and a BMC that is started again wants to find it as it was.
const GRACE: Duration = Duration::from_secs(3);

/// A virtual machine.
#[derive(Debug)]
pub(crate) struct VmPlatform {
    host: Seen,
    /// What its sensors say, and all else that a machine has beside its power.
    body: SimPlatform,
    /// It is taken for off then, if it does not come into sight.
    lost_at: Option<Instant>,
    /// It was told to go off: out of sight, it has.
    is_ending: bool,
    events: std::collections::VecDeque<PlatformEvent>,
}

impl VmPlatform {
    /// The machine that `host` sees. It is taken for on if `body` is, until it is found to be not.
    pub(crate) fn new(now: Instant, host: Seen, body: SimPlatform) -> Self {
        let lost_at = body.is_on().then(|| after(now, GRACE));
        Self { host, body, lost_at, is_ending: false, events: Default::default() }
    }

    /// The machine, if it is there.
    fn guest(&self) -> Option<Guest> {
        // Who has connected and says nothing is none.
        self.host.guest().filter(|guest| guest.is_known)
    }

    /// It has gone on or off.
    fn turn(&mut self, now: Instant, on: bool) {
        let signal = if on { PowerSignal::On } else { PowerSignal::Off };
        // A simulated machine does as it is told.
        let _ = self.body.power(now, signal);
        self.events.push_back(match on {
            // Somebody has started it by hand, or a program for them.
            true => PlatformEvent::PoweredOn(PowerCause::Button),
            false => PlatformEvent::PoweredOff(PowerCause::OperatingSystem),
        });
        (self.lost_at, self.is_ending) = (None, false);
    }
}

fn after(now: Instant, time: Duration) -> Instant {
    now.checked_add(time).unwrap_or(now)
}

impl Platform for VmPlatform {
    fn advance(&mut self, now: Instant) {
        self.body.advance(now);
        let was_reset = self.host.take_reset();
        match (self.body.is_on(), self.guest()) {
            (false, Some(_)) => self.turn(now, true),
            (false, None) => {}
            (true, Some(_)) => {
                self.lost_at = None;
                if was_reset {
                    self.events.push_back(PlatformEvent::Reset(PowerCause::OperatingSystem));
                }
            }
            (true, None) => {
                let lost_at = *self.lost_at.get_or_insert_with(|| after(now, GRACE));
                if self.is_ending || now >= lost_at {
                    self.turn(now, false);
                }
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.lost_at.into_iter().chain(self.body.poll_timeout()).min()
    }

    fn is_on(&self) -> bool {
        // Also before somebody lets time pass: without mains nobody does.
        self.body.is_on() && !(self.is_ending && self.guest().is_none())
    }

    fn can_switch_on(&self) -> bool {
        false
    }

    fn power(&mut self, now: Instant, action: PowerSignal) -> Result<(), PlatformError> {
        self.advance(now);
        match (action, self.is_on()) {
            (PowerSignal::On, true) | (PowerSignal::Off | PowerSignal::SoftShutdown, false) => {
                return Ok(());
            }
            (_, false) => return Err(PlatformError::WrongState),
            (_, true) => {}
        }
        let guest = self.guest().ok_or(PlatformError::Failed)?;
        if !is_capable(guest.capabilities, action) {
            return Err(PlatformError::Unsupported);
        }
        if !self.host.send(action) {
            return Err(PlatformError::Failed);
        }
        self.is_ending |= action == PowerSignal::Off;
        Ok(())
    }

    fn can_boot_from(&self, device: BootDevice) -> bool {
        self.body.can_boot_from(device)
    }

    fn boot_from(&mut self, now: Instant, order: Option<BootOrder>) {
        self.body.boot_from(now, order);
    }

    fn body(&mut self) -> Option<&mut dyn Platform> {
        Some(&mut self.body)
    }

    fn poll_event(&mut self) -> Option<PlatformEvent> {
        // What the body tells of its power, it was told by us.
        self.events.pop_front()
    }
}
