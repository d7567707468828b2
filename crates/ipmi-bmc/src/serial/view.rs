//! A look at the port from inside, and a hand on it.

use std::time::Instant;

use super::{Counted, Port};
use crate::bmc::Bmc;

/// The serial port and what went through it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialView {
    /// What it is wired to.
    pub source: String,
    /// Whether characters can get to the system.
    pub available: bool,
    /// Whether there is Serial over LAN: SOL parameter 1.
    pub enabled: bool,
    /// The instances that are active, and the (managed system's) IDs of their sessions.
    pub active: Vec<(u8, u32)>,
    /// How many instances there can be.
    pub instances: u8,
    /// Characters that came from the system.
    pub heard: u64,
    /// Characters that went to it.
    pub typed: u64,
    /// Breaks that went to it.
    pub breaks: u64,
    /// Characters that are kept, and how many can be.
    pub history: (usize, usize),
    /// Characters that were gone before a console could read them.
    pub lost: u64,
}

impl Port {
    fn view(&self, enabled: bool) -> SerialView {
        let Counted { taken, breaks, lost } = self.counted;
        let (start, end) = (self.history.start(), self.history.end());
        let kept = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        SerialView {
            source: self.serial.source(),
            available: self.serial.is_available(),
            enabled,
            active: self.active().collect(),
            instances: self.capacity(),
            heard: end,
            typed: taken,
            breaks,
            history: (kept, self.history.capacity()),
            lost,
        }
    }
}

impl Bmc {
    /// The serial port, if there is one.
    pub fn serial_view(&mut self, now: Instant) -> Option<SerialView> {
        let enabled = self.sol_config.is_enabled();
        let port = self.live_port(now)?;
        let mut view = port.view(enabled);
        view.active.retain(|(_, session)| self.sessions.has_sol(*session));
        Some(view)
    }

    /// The last characters that came from the system, `most` at most.
    pub fn serial_tail(&mut self, now: Instant, most: usize) -> Option<Vec<u8>> {
        let history = &self.live_port(now)?.history;
        let from = history.end().saturating_sub(most as u64).max(history.start());
        Some(history.read(from, most).1)
    }

    /// Types something as if it came from a console, without being one; how many characters were
    /// taken.
    pub fn serial_type(&mut self, now: Instant, characters: &[u8]) -> Option<usize> {
        let port = self.live_port(now)?;
        // What a console has typed before goes first.
        let is_free = port.typed.is_empty();
        let taken = if is_free { port.serial.write(now, characters) } else { 0 };
        port.counted.taken = port.counted.taken.saturating_add(taken as u64);
        Some(taken)
    }

    /// The port, once what can be heard is heard. Without mains nothing is.
    fn live_port(&mut self, now: Instant) -> Option<&mut Port> {
        let has_mains = self.has_mains;
        let Self { serial, sessions, .. } = self;
        let port = serial.as_mut()?;
        if has_mains && port.rests() {
            port.hear(now);
        } else if has_mains {
            port.pump(now, sessions);
        }
        Some(port)
    }
}
