//! Serial over LAN in the sessions of a channel: whoever activates it opens a line in a session and
//! takes what comes out of [`Sessions::poll_sol`] to the consoles.

use std::net::SocketAddr;
use std::time::Instant;

use ipmi_wire::Encode;
use ipmi_wire::session::PayloadType;

use super::Sessions;
use super::active::{Active, Guard};
use crate::entropy::Entropy;
use crate::protection::Cover;
use crate::sol::{Link, Settings};

/// A line and how its packets are protected.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) link: Link,
    pub(super) cover: Cover,
    /// It is gone once it has said so.
    ending: bool,
}

impl Active {
    /// What of its protection a payload may have.
    #[must_use]
    pub const fn full_cover(&self) -> Cover {
        match &self.guard {
            Guard::V20(guard) => guard.protection.full(),
            Guard::V15(_) => Cover { encrypted: false, authenticated: false },
        }
    }

    pub(super) fn poll_line(&self) -> Option<Instant> {
        self.line.as_ref().and_then(|line| line.link.poll_timeout())
    }
}

impl Sessions {
    /// Opens a line in a session, in which packets have this protection at least and payloads at
    /// most this many bytes; whether there is such a session, and of RMCP+.
    pub fn open_sol(
        &mut self,
        now: Instant,
        session_id: u32,
        settings: Settings,
        cover: Cover,
        payload: u16,
    ) -> bool {
        let session = self.active.get_mut(&session_id);
        let Some(session) = session.filter(|s| matches!(s.guard, Guard::V20(_))) else {
            return false;
        };
        let mut link = Link::new(now, settings);
        link.start(payload);
        session.line = Some(Box::new(Line { link, cover, ending: false }));
        true
    }

    /// The line in a session. Whoever writes to it or reads from it has to see to
    /// [`poll_sol`](Self::poll_sol) afterwards.
    pub fn sol_mut(&mut self, session_id: u32) -> Option<&mut Link> {
        let line = self.active.get_mut(&session_id)?.line.as_mut()?;
        (!line.ending).then_some(&mut line.link)
    }

    /// Whether there is a line in a session.
    #[must_use]
    pub fn has_sol(&self, session_id: u32) -> bool {
        let line = self.active.get(&session_id).and_then(|session| session.line.as_ref());
        line.is_some_and(|line| !line.ending)
    }

    /// Changes how the packets of a line are protected; whether there is one.
    pub fn cover_sol(&mut self, session_id: u32, cover: Cover) -> bool {
        let line = self.active.get_mut(&session_id).and_then(|session| session.line.as_mut());
        line.map(|line| line.cover = cover).is_some()
    }

    /// Ends the line in a session. `tell` says that its console is told.
    pub fn close_sol(&mut self, now: Instant, session_id: u32, tell: bool) {
        let Some(session) = self.active.get_mut(&session_id) else { return };
        if !tell {
            session.line = None;
        } else if let Some(line) = &mut session.line {
            line.link.say_farewell(now);
            line.ending = true;
        }
    }

    /// The next packet of any line, and where it goes. To be asked for after each
    /// [`receive`](Self::receive), whenever time has passed, and after anything was done to a line,
    /// until there is none.
    pub fn poll_sol(
        &mut self,
        now: Instant,
        entropy: &mut dyn Entropy,
    ) -> Option<(SocketAddr, Vec<u8>)> {
        let quirks = self.quirks;
        for session in self.active.values_mut() {
            let Some(line) = &mut session.line else { continue };
            let Some(packet) = line.link.poll(now) else { continue };
            let (cover, ending) = (line.cover, line.ending);
            if ending {
                session.line = None;
            }
            let mut iv = [0; 16];
            entropy.fill(&mut iv);
            let Guard::V20(guard) = &mut session.guard else { continue };
            let (kind, id) = (PayloadType::Sol, session.console_session_id);
            let sealed = guard.seal_as(kind, cover, id, &packet.to_bytes(), iv, quirks);
            if let Some(datagram) = sealed {
                return Some((session.peer, datagram));
            }
        }
        None
    }
}
