//! The system's serial port, and the consoles that share it: Serial over LAN as the BMC sees it.
//! IPMI v2.0 §15.
//!
//! What the system sends goes into a [`History`]; each console reads on in it from a place of its
//! own, as fast as its line allows. One console writes, instance 1; the others, if there may be any,
//! only read. A console that comes is shown what nobody has acknowledged yet: what was said while no
//! console was there is what somebody comes for.

mod history;
mod view;

use std::time::Instant;

use ipmi_session::managed::Sessions;
use ipmi_session::sol::{Accumulate, End, Link, Piece, Retry, Settings};
use ipmi_session::{Cover, Entropy};
use ipmi_wire::session::{SolOperation, SolStatus};

use crate::sol::LineParameters;
use history::History;
pub use view::SerialView;

/// The serial port of the managed system, as the BMC is wired to it. Nothing here blocks.
pub trait Serial: Send {
    /// Whether characters can get to the system. As long as they cannot, consoles are told so.
    fn is_available(&self) -> bool;

    /// Something that the system has sent, if there is more.
    fn read(&mut self, now: Instant) -> Option<Heard>;

    /// Passes characters on; how many were taken. What was not will be offered again.
    fn write(&mut self, now: Instant, characters: &[u8]) -> usize;

    /// Sends a break.
    fn send_break(&mut self, now: Instant);

    /// The machine's main power came or went, or the machine was reset.
    fn set_power(&mut self, now: Instant, on: bool) {
        let _ = (now, on);
    }

    /// When there may be something to [`read`](Self::read); `None` if somebody wakes the BMC then.
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Whether what there is to read keeps until a console comes. Then nobody reads it before: of a
    /// hundred thousand simulated machines, those that nobody looks at need neither time nor room.
    fn keeps(&self) -> bool {
        false
    }

    /// What the port is wired to, for people.
    fn source(&self) -> String;
}

/// Something that the system has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Characters.
    Characters(Vec<u8>),
    /// A break.
    Break,
}

/// How the port is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialPolicy {
    /// Characters that are kept.
    pub history: usize,
    /// Consoles that may read while another writes: 0 to 14.
    pub readers: u8,
    /// Whether a console is told in the text how many characters are lost, where some are.
    pub mark_gaps: bool,
}

impl Default for SerialPolicy {
    fn default() -> Self {
        Self { history: 64 * 1024, readers: 3, mark_gaps: true }
    }
}

/// What the system said last, as it is kept over a restart of the BMC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptHistory {
    /// How many characters there have been, ever.
    pub end: u64,
    /// The last of them.
    pub characters: Vec<u8>,
    /// Up to where a console has acknowledged them.
    pub acknowledged: u64,
}

impl KeptHistory {
    /// How many there were before these.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.end.saturating_sub(self.characters.len() as u64)
    }
}

/// The port and its consoles.
pub(crate) struct Port {
    serial: Box<dyn Serial>,
    policy: SerialPolicy,
    history: History,
    /// By instance, from 1.
    consoles: Vec<Option<Console>>,
    /// Up to where the one that writes is known to have read.
    acknowledged: u64,
    /// What it has typed that the port did not take yet.
    typed: Vec<u8>,
    available: bool,
    counted: Counted,
    /// The end of the history, and what was acknowledged of it, when it was last taken to be kept.
    noted: (u64, u64),
}

/// What went through a port.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    /// Characters that the system has taken.
    taken: u64,
    /// Breaks sent to it.
    breaks: u64,
    /// Characters that were gone before a console could read them, summed over consoles.
    lost: u64,
}

#[derive(Clone, Copy, Debug)]
struct Console {
    session_id: u32,
    place: u64,
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { policy, consoles, .. } = self;
        f.debug_struct("Port").field("policy", policy).field("consoles", consoles).finish()
    }
}

/// The instance that writes.
pub(crate) const WRITER: u8 = 1;
/// The largest payload either way: a header, and as many characters as can be counted.
pub(crate) const PAYLOAD: u16 = 259;
/// So many characters are read from the port before the consoles have their turn again.
const TURN: usize = 64 * 1024;

impl Port {
    pub(crate) fn new(serial: Box<dyn Serial>, policy: SerialPolicy) -> Self {
        let readers = usize::from(policy.readers.min(14));
        let available = serial.is_available();
        Self {
            serial,
            policy,
            history: History::new(policy.history),
            consoles: vec![None; readers.saturating_add(1)],
            acknowledged: 0,
            typed: Vec::new(),
            available,
            counted: Counted::default(),
            noted: (0, 0),
        }
    }

    /// How many instances there can be.
    pub(crate) fn capacity(&self) -> u8 {
        u8::try_from(self.consoles.len()).unwrap_or(15)
    }

    /// The sessions of the instances that are active.
    pub(crate) fn active(&self) -> impl Iterator<Item = (u8, u32)> {
        let number = |(at, console): (usize, &Option<Console>)| {
            Some((u8::try_from(at).ok()?.checked_add(1)?, console.as_ref()?.session_id))
        };
        self.consoles.iter().enumerate().filter_map(number)
    }

    /// The session that an instance is active in.
    pub(crate) fn session_of(&self, instance: u8) -> Option<u32> {
        self.active().find(|(active, _)| *active == instance).map(|(_, session)| session)
    }

    /// Activates an instance that is free in a session; whether that can have it.
    pub(crate) fn activate(
        &mut self,
        now: Instant,
        sessions: &mut Sessions,
        instance: u8,
        session_id: u32,
        parameters: LineParameters,
        cover: Cover,
    ) -> bool {
        let LineParameters { accumulate, retry } = parameters;
        let settings = Settings {
            end: End::Managed,
            outbound: 1024,
            inbound: 1024,
            accumulate: Accumulate { interval: accumulate.0, threshold: accumulate.1 },
            retry: Retry::Parameter { count: retry.0, interval: retry.1 },
        };
        if !sessions.open_sol(now, session_id, settings, cover, PAYLOAD) {
            return false;
        }
        let place = self.acknowledged;
        if let Some(slot) = self.slot(instance) {
            *slot = Some(Console { session_id, place });
        }
        self.offer(now, sessions, instance);
        true
    }

    /// Ends an instance. `tell` says that its console is told.
    pub(crate) fn deactivate(
        &mut self,
        now: Instant,
        sessions: &mut Sessions,
        instance: u8,
        tell: bool,
    ) {
        let Some(console) = self.slot(instance).and_then(Option::take) else { return };
        sessions.close_sol(now, console.session_id, tell);
    }

    /// Ends all instances.
    pub(crate) fn deactivate_all(&mut self, now: Instant, sessions: &mut Sessions, tell: bool) {
        for instance in 1..=self.capacity() {
            self.deactivate(now, sessions, instance, tell);
        }
    }

    pub(crate) fn set_power(&mut self, now: Instant, on: bool) {
        self.serial.set_power(now, on);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        if self.rests() { None } else { self.serial.poll_timeout() }
    }

    /// Whether nothing has to be read.
    fn rests(&self) -> bool {
        self.serial.keeps() && self.active().next().is_none()
    }

    /// Reads what the system has sent; whether there was a break.
    fn hear(&mut self, now: Instant) -> bool {
        let (mut heard, mut breaks) = (0usize, false);
        while heard < TURN {
            match self.serial.read(now) {
                Some(Heard::Characters(characters)) => {
                    heard = heard.saturating_add(characters.len().max(1));
                    self.history.push(&characters);
                }
                Some(Heard::Break) => {
                    heard = heard.saturating_add(1);
                    breaks = true;
                }
                None => break,
            }
        }
        breaks
    }

    /// Carries characters from the port to the consoles and back.
    pub(crate) fn pump(&mut self, now: Instant, sessions: &mut Sessions) {
        if self.rests() {
            return;
        }
        let writer = self.session_of(WRITER);
        if let Some(link) = writer.and_then(|session_id| sessions.sol_mut(session_id)) {
            // First: what is echoed is heard below.
            self.take_in(now, link);
        }
        let breaks = self.hear(now);
        let was_available = std::mem::replace(&mut self.available, self.serial.is_available());
        if was_available && !self.available {
            // It was meant for a system that is gone: whoever comes in its place must not get it.
            self.typed.clear();
        }
        for instance in 1..=self.capacity() {
            let Some(session_id) = self.session_of(instance) else { continue };
            if sessions.sol_mut(session_id).is_none() {
                // Its session has ended.
                self.deactivate(now, sessions, instance, false);
                continue;
            }
            if was_available != self.available {
                self.offer(now, sessions, instance);
            }
            let Some(link) = sessions.sol_mut(session_id) else { continue };
            if instance != WRITER {
                // What a reader types goes nowhere, and it is told so.
                while link.read(usize::MAX).is_some() {}
            }
            self.feed(now, instance, link);
            if breaks {
                link.write_flags(now, SolStatus::BREAK);
            }
        }
    }

    /// Passes on what a console has typed, as far as the port takes it.
    fn take_in(&mut self, now: Instant, link: &mut Link) {
        loop {
            if !self.typed.is_empty() {
                let taken = self.serial.write(now, &self.typed).min(self.typed.len());
                self.typed.drain(..taken);
                self.counted.taken = self.counted.taken.saturating_add(taken as u64);
                if !self.typed.is_empty() {
                    return;
                }
            }
            match link.read(1024) {
                Some(Piece::Characters(typed)) => self.typed = typed,
                Some(Piece::Flags(flags)) => {
                    if flags & SolOperation::BREAK != 0 {
                        self.serial.send_break(now);
                        self.counted.breaks = self.counted.breaks.saturating_add(1);
                    }
                }
                None => return,
            }
        }
    }

    /// Gives a console what it has not read, as far as its line takes it.
    fn feed(&mut self, now: Instant, instance: u8, link: &mut Link) {
        let (marks, end) = (self.policy.mark_gaps, self.history.end());
        let Self { history, consoles, counted, .. } = self;
        let at = usize::from(instance).checked_sub(1);
        let Some(console) = at.and_then(|at| consoles.get_mut(at)?.as_mut()) else { return };
        // The console has its terminal say "stop".
        let is_stopped = link.levels() & SolOperation::CTS_OFF != 0;
        if !is_stopped && console.place < end && link.room() > 0 {
            let (lost, _) = history.read(console.place, 0);
            if lost > 0 {
                counted.lost = counted.lost.saturating_add(lost);
                link.write_flags(now, SolStatus::OVERRUN);
                let mark = format!("\r\n[{lost} characters lost]\r\n");
                if marks {
                    link.write(now, mark.as_bytes());
                }
                console.place = history.start();
            }
            let (_, characters) = history.read(console.place, link.room());
            let taken = link.write(now, &characters);
            console.place = console.place.saturating_add(taken as u64);
        }
        if instance == WRITER {
            let sure = console.place.saturating_sub(link.unacknowledged() as u64);
            self.acknowledged = self.acknowledged.max(sure);
        }
    }

    /// Tells a console's line whether characters can be passed on.
    fn offer(&self, now: Instant, sessions: &mut Sessions, instance: u8) {
        let takes = self.available && instance == WRITER;
        let session = self.session_of(instance);
        if let Some(link) = session.and_then(|session_id| sessions.sol_mut(session_id)) {
            link.set_available(now, takes);
        }
    }

    fn slot(&mut self, instance: u8) -> Option<&mut Option<Console>> {
        self.consoles.get_mut(usize::from(instance).checked_sub(1)?)
    }
}

impl crate::Bmc {
    /// Gives the BMC a serial port of the system to share, or takes it away: with none, there is no
    /// Serial over LAN.
    pub fn set_serial(&mut self, now: Instant, port: Option<(Box<dyn Serial>, SerialPolicy)>) {
        if let Some(port) = &mut self.serial {
            port.deactivate_all(now, &mut self.sessions, true);
        }
        self.sol_config.set_port(port.is_some());
        self.serial = port.map(|(serial, policy)| Box::new(Port::new(serial, policy)));
        let on = self.is_on();
        if let Some(port) = &mut self.serial {
            port.set_power(now, on);
        }
    }

    /// Goes on behind what an earlier run of the BMC has heard: to be called before the port is used.
    pub fn restore_heard(&mut self, kept: &KeptHistory) {
        if let Some(port) = &mut self.serial {
            port.history = History::restore(port.policy.history, kept.end, &kept.characters);
            port.acknowledged = kept.acknowledged.min(kept.end);
            port.noted = (kept.end, port.acknowledged);
        }
    }

    /// What was heard since the last time, and how much of everything a console has acknowledged;
    /// `None` if nothing has changed.
    pub fn take_heard(&mut self) -> Option<KeptHistory> {
        let port = self.serial.as_mut()?;
        let (end, acknowledged) = (port.history.end(), port.acknowledged);
        let before = std::mem::replace(&mut port.noted, (end, acknowledged));
        let (_, characters) = port.history.read(before.0, usize::MAX);
        (before != port.noted).then_some(KeptHistory { end, characters, acknowledged })
    }

    /// Whether a console has the system's serial port: then there may be packets that nobody asked
    /// for, and their way has to be known.
    #[must_use]
    pub fn has_consoles(&self) -> bool {
        self.serial.as_ref().is_some_and(|port| port.active().next().is_some())
    }

    /// The next packet of Serial over LAN, and where it goes.
    pub(crate) fn poll_sol(
        &mut self,
        now: Instant,
        entropy: &mut dyn Entropy,
    ) -> Option<(std::net::SocketAddr, Vec<u8>)> {
        if let Some(port) = &mut self.serial {
            port.pump(now, &mut self.sessions);
        }
        // Also without a port: that it is gone has to be said.
        loop {
            let (peer, datagram) = self.sessions.poll_sol(now, entropy)?;
            if let Some(datagram) = self.send_unasked(now, peer, datagram, entropy) {
                return Some((peer, datagram));
            }
        }
    }
}
