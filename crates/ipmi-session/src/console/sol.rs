//! Serial over LAN in an established session. Activating it is a call like any other; this is what
//! surrounds that call:
//!
//! 1. [`Session::open_sol`]: packets are taken from now on, for the BMC may send the first ones
//!    before its answer to Activate Payload arrives.
//! 2. Activate Payload.
//! 3. [`Session::start_sol`] with the size in its answer: from now on, characters are sent.
//! 4. [`Session::close_sol`], and Deactivate Payload.

use std::time::{Duration, Instant};

use ipmi_wire::session::SolPacket;

use super::active::Active;
use super::{Core, Event, Session, State};
use crate::entropy::Entropy;
use crate::protection::Cover;
use crate::sol::{Link, Piece, Settings};

/// A line and how its packets are protected.
#[derive(Debug)]
pub(super) struct Line {
    link: Link,
    cover: Cover,
    probe: Option<Duration>,
    /// Levels and room as the owner was last told of them.
    told: (u8, bool),
}

impl Line {
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.link.poll_timeout()
    }

    /// After how much silence the BMC is asked whether it is there.
    pub(super) const fn probe_after(&self) -> Option<Duration> {
        self.probe
    }
}

impl Active {
    pub(super) fn handle_sol(
        &mut self,
        core: &mut Core,
        now: Instant,
        order: u32,
        packet: &SolPacket,
        entropy: &mut dyn Entropy,
    ) {
        let Some(line) = &mut self.line else { return };
        line.link.receive(now, order, packet);
        self.pump_sol(core, now, entropy);
    }

    /// Sends what is due, and tells the owner that there is something to see.
    pub(super) fn pump_sol(&mut self, core: &mut Core, now: Instant, entropy: &mut dyn Entropy) {
        let Some(line) = &mut self.line else { return };
        while let Some(packet) = line.link.poll(now) {
            if let Some(datagram) = self.envelope.seal_sol(line.cover, &packet, entropy) {
                core.transmit(datagram);
            }
        }
        let state = (line.link.levels(), line.link.room() > 0);
        let is_new = std::mem::replace(&mut line.told, state) != state;
        if (is_new || line.link.is_readable()) && core.events.back() != Some(&Event::Sol) {
            core.events.push_back(Event::Sol);
        }
    }
}

impl Session {
    /// Takes packets of Serial over LAN from now on that are protected like this at least.
    /// `probe` is after how much silence of the BMC it is asked whether it is there; with no answer,
    /// the session ends as [`Lost`](super::SessionError::Lost). Whether there is a session that can
    /// have it: one of RMCP+.
    pub fn open_sol(
        &mut self,
        now: Instant,
        settings: Settings,
        cover: Cover,
        probe: Option<Duration>,
    ) -> bool {
        let State::Active(active) = &mut self.state else { return false };
        if matches!(active.envelope, super::envelope::Envelope::V15(_)) {
            return false;
        }
        active.envelope.expect_sol(Some(cover));
        let link = Link::new(now, settings);
        active.line = Some(Line { link, cover, probe, told: (0, true) });
        true
    }

    /// Sends characters from now on, in payloads of at most `payload` bytes.
    pub fn start_sol(&mut self, now: Instant, payload: u16, entropy: &mut dyn Entropy) {
        self.with_line(now, entropy, |link| link.start(payload));
    }

    /// Takes and sends no more packets of Serial over LAN.
    pub fn close_sol(&mut self) {
        if let State::Active(active) = &mut self.state {
            active.envelope.expect_sol(None);
            active.line = None;
        }
    }

    /// Sends as many of these characters as there is room for; how many.
    pub fn write_sol(
        &mut self,
        now: Instant,
        characters: &[u8],
        entropy: &mut dyn Entropy,
    ) -> usize {
        self.with_line(now, entropy, |link| link.write(now, characters)).unwrap_or(0)
    }

    /// Sends flags of [`SolOperation`](ipmi_wire::session::SolOperation) behind what was written.
    pub fn write_sol_flags(&mut self, now: Instant, flags: u8, entropy: &mut dyn Entropy) {
        self.with_line(now, entropy, |link| link.write_flags(now, flags));
    }

    /// What has come: up to `max` characters, or flags of
    /// [`SolStatus`](ipmi_wire::session::SolStatus).
    pub fn read_sol(
        &mut self,
        now: Instant,
        max: usize,
        entropy: &mut dyn Entropy,
    ) -> Option<Piece> {
        // What is read makes room, which the BMC is told.
        self.with_line(now, entropy, |link| link.read(max)).flatten()
    }

    /// The line, to look at.
    #[must_use]
    pub fn sol(&self) -> Option<&Link> {
        match &self.state {
            State::Active(active) => active.line.as_ref().map(|line| &line.link),
            _ => None,
        }
    }

    fn with_line<T>(
        &mut self,
        now: Instant,
        entropy: &mut dyn Entropy,
        what: impl FnOnce(&mut Link) -> T,
    ) -> Option<T> {
        let State::Active(active) = &mut self.state else { return None };
        let done = what(&mut active.line.as_mut()?.link);
        active.pump_sol(&mut self.core, now, entropy);
        Some(done)
    }
}
