//! Which datagram belongs to which session, and which session wakes next. No I/O.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use ipmi_session::Entropy;
use ipmi_session::console::{Call, Config, Event, Session, Token};
use ipmi_wire::Reader;
use ipmi_wire::session::SessionPacket;

/// Sessions by this console's session ID.
#[derive(Debug, Default)]
pub(crate) struct Mux {
    sessions: HashMap<u32, Entry>,
    /// The newest session with each peer, for answers that name none.
    by_peer: HashMap<SocketAddr, u32>,
    timers: BTreeSet<(Instant, u32)>,
    outbox: VecDeque<(SocketAddr, Vec<u8>)>,
    events: VecDeque<(u32, Event)>,
}

#[derive(Debug)]
struct Entry {
    peer: SocketAddr,
    session: Session,
    timer: Option<Instant>,
}

impl Mux {
    /// Starts a session; its ID.
    pub(crate) fn open(
        &mut self,
        now: Instant,
        peer: SocketAddr,
        config: Config,
        entropy: &mut dyn Entropy,
    ) -> u32 {
        let id = self.fresh_id(entropy);
        let session = Session::open(now, config, id, entropy);
        self.sessions.insert(id, Entry { peer, session, timer: None });
        self.by_peer.insert(peer, id);
        self.drain(id);
        id
    }

    /// Queues a call; `None` if there is no such session.
    pub(crate) fn call(
        &mut self,
        now: Instant,
        id: u32,
        call: Call,
        entropy: &mut dyn Entropy,
    ) -> Option<Token> {
        let token = self.sessions.get_mut(&id)?.session.call(now, call, entropy);
        self.drain(id);
        Some(token)
    }

    /// Ends a session.
    pub(crate) fn close(&mut self, id: u32, entropy: &mut dyn Entropy) {
        if let Some(entry) = self.sessions.get_mut(&id) {
            entry.session.close(entropy);
            self.drain(id);
        }
    }

    /// Ends all sessions.
    pub(crate) fn close_all(&mut self, entropy: &mut dyn Entropy) {
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            self.close(id, entropy);
        }
    }

    pub(crate) fn handle_datagram(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        entropy: &mut dyn Entropy,
    ) {
        let Some(id) = self.route(from, datagram) else { return };
        if let Some(entry) = self.sessions.get_mut(&id)
            && entry.peer == from
        {
            entry.session.handle_datagram(now, datagram, entropy);
            self.drain(id);
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, entropy: &mut dyn Entropy) {
        while let Some((due, id)) = self.timers.first().copied()
            && due <= now
        {
            let Some(entry) = self.sessions.get_mut(&id) else {
                self.timers.remove(&(due, id));
                continue;
            };
            entry.session.handle_timeout(now, entropy);
            self.drain(id);
            if self.timers.contains(&(due, id)) {
                // A session that is due again at once has nothing new to say.
                break;
            }
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|(due, _)| *due)
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.outbox.pop_front()
    }

    pub(crate) fn poll_event(&mut self) -> Option<(u32, Event)> {
        self.events.pop_front()
    }

    /// Whose datagram this is: the session ID in the header, or in the payload of a handshake
    /// message. A refusal too short to name one belongs to the peer's newest session; the session
    /// itself checks its tag.
    fn route(&self, from: SocketAddr, datagram: &[u8]) -> Option<u32> {
        let Ok(Some(SessionPacket::V20(packet))) = SessionPacket::decode_datagram(datagram) else {
            return None;
        };
        if packet.header.session_id != 0 {
            return Some(packet.header.session_id);
        }
        let mut r = Reader::new(packet.payload);
        let named = r.u32("tag and status").ok().and_then(|_| r.u32("console session ID").ok());
        named
            .filter(|id| self.sessions.contains_key(id))
            .or_else(|| self.by_peer.get(&from).copied())
    }

    /// Takes over what a session has to say, and forgets it when it is closed.
    fn drain(&mut self, id: u32) {
        let Some(entry) = self.sessions.get_mut(&id) else { return };
        while let Some(datagram) = entry.session.poll_transmit() {
            self.outbox.push_back((entry.peer, datagram));
        }
        while let Some(event) = entry.session.poll_event() {
            self.events.push_back((id, event));
        }
        let timer = entry.session.poll_timeout();
        if timer != entry.timer {
            if let Some(old) = entry.timer {
                self.timers.remove(&(old, id));
            }
            if let Some(new) = timer {
                self.timers.insert((new, id));
            }
            entry.timer = timer;
        }
        if entry.session.is_closed() {
            let peer = entry.peer;
            self.sessions.remove(&id);
            if self.by_peer.get(&peer) == Some(&id) {
                self.by_peer.remove(&peer);
            }
        }
    }

    fn fresh_id(&self, entropy: &mut dyn Entropy) -> u32 {
        loop {
            let mut bytes = [0; 4];
            entropy.fill(&mut bytes);
            let id = u32::from_le_bytes(bytes);
            if id != 0 && !self.sessions.contains_key(&id) {
                return id;
            }
        }
    }
}
