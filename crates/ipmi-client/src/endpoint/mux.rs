//! Which datagram belongs to which session, and which session wakes next. No I/O.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use ipmi_session::console::{Call, Config, Event, Session, Token, Unreachable};
use ipmi_session::{Entropy, Lessons};
use ipmi_wire::Reader;
use ipmi_wire::session::SessionPacket;

/// Sessions by this console's session ID.
#[derive(Debug, Default)]
pub(crate) struct Mux {
    sessions: HashMap<u32, Entry>,
    /// The sessions with each peer, oldest first, for answers that name none.
    by_peer: HashMap<SocketAddr, Vec<u32>>,
    timers: BTreeSet<(Instant, u32)>,
    outbox: VecDeque<Outgoing>,
    events: VecDeque<(u32, Event)>,
    /// The BMCs' IDs of sessions that have ended, until the end has been told.
    ended: HashMap<u32, u32>,
}

#[derive(Debug)]
struct Entry {
    peer: SocketAddr,
    session: Session,
    timer: Option<Instant>,
}

/// A datagram to send.
pub(crate) struct Outgoing {
    /// Whose it is.
    pub(crate) session: u32,
    pub(crate) peer: SocketAddr,
    pub(crate) datagram: Vec<u8>,
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
        self.by_peer.entry(peer).or_default().push(id);
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

    /// Does something to a session; `None` if there is none.
    pub(crate) fn with_session<T>(
        &mut self,
        id: u32,
        what: impl FnOnce(&mut Session) -> T,
    ) -> Option<T> {
        let done = what(&mut self.sessions.get_mut(&id)?.session);
        self.drain(id);
        Some(done)
    }

    /// The GUID of the BMC that a session is with, once it is established.
    pub(crate) fn managed_guid(&self, id: u32) -> Option<[u8; 16]> {
        self.sessions.get(&id)?.session.managed_guid()
    }

    /// The BMC's ID of a session, also of one that has just ended; that is asked once.
    pub(crate) fn take_managed_session_id(&mut self, id: u32) -> Option<u32> {
        let ended = self.ended.remove(&id);
        ended.or_else(|| self.sessions.get(&id)?.session.managed_session_id())
    }

    /// What a session has taught about its BMC so far.
    pub(crate) fn lessons(&self, id: u32) -> Option<Lessons> {
        Some(self.sessions.get(&id)?.session.lessons())
    }

    /// Takes back a call that was not sent yet; whether there was one.
    pub(crate) fn cancel(&mut self, id: u32, token: Token) -> bool {
        let canceled = self.sessions.get_mut(&id).is_some_and(|e| e.session.cancel(token));
        self.drain(id);
        canceled
    }

    /// Ends a session without a word.
    pub(crate) fn abandon(&mut self, id: u32) {
        if let Some(entry) = self.sessions.get_mut(&id) {
            entry.session.abandon();
            self.drain(id);
        }
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
        let mut ids: Vec<_> = self.sessions.keys().copied().collect();
        // What is sent must not depend on a hash.
        ids.sort_unstable();
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
        match Address::of(datagram) {
            Some(Address::Session(id)) => drop(self.deliver(now, from, id, datagram, entropy)),
            Some(Address::Handshake(Some(id))) if self.sessions.contains_key(&id) => {
                self.deliver(now, from, id, datagram, entropy);
            }
            // A refusal may name nobody, and IPMI v1.5 names the BMC's session: it is for the newest
            // session that makes something of it.
            Some(Address::Handshake(_) | Address::Peer) => {
                for id in self.by_peer.get(&from).cloned().unwrap_or_default().into_iter().rev() {
                    if self.deliver(now, from, id, datagram, entropy) {
                        return;
                    }
                }
            }
            None => {}
        }
    }

    /// Tells every session with `peer` what the network says of a datagram to it.
    pub(crate) fn handle_unreachable(&mut self, now: Instant, peer: SocketAddr, what: Unreachable) {
        for id in self.by_peer.get(&peer).cloned().unwrap_or_default() {
            if let Some(entry) = self.sessions.get_mut(&id) {
                entry.session.handle_unreachable(now, what);
                self.drain(id);
            }
        }
    }

    /// Gives a datagram to a session; whether that moved it.
    fn deliver(
        &mut self,
        now: Instant,
        from: SocketAddr,
        id: u32,
        datagram: &[u8],
        entropy: &mut dyn Entropy,
    ) -> bool {
        let Some(entry) = self.sessions.get_mut(&id) else { return false };
        if entry.peer != from {
            return false;
        }
        let (sent, told) = (entry.session.sent(), self.events.len());
        entry.session.handle_datagram(now, datagram, entropy);
        let moved = entry.session.is_closed() || entry.session.sent() != sent;
        self.drain(id);
        moved || self.events.len() != told
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

    pub(crate) fn poll_transmit(&mut self) -> Option<Outgoing> {
        self.outbox.pop_front()
    }

    pub(crate) fn poll_event(&mut self) -> Option<(u32, Event)> {
        self.events.pop_front()
    }

    /// Takes over what a session has to say, and forgets it when it is closed.
    fn drain(&mut self, id: u32) {
        let Some(entry) = self.sessions.get_mut(&id) else { return };
        while let Some(datagram) = entry.session.poll_transmit() {
            self.outbox.push_back(Outgoing { session: id, peer: entry.peer, datagram });
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
            if let Some(managed) = entry.session.managed_session_id() {
                self.ended.insert(id, managed);
            }
            self.sessions.remove(&id);
            if let Some(ids) = self.by_peer.get_mut(&peer) {
                ids.retain(|other| *other != id);
                if ids.is_empty() {
                    self.by_peer.remove(&peer);
                }
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

/// Without its contents: a straight password of IPMI v1.5 may be among them.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { session, peer, datagram } = self;
        write!(f, "{} bytes of session {session:#010x} to {peer}", datagram.len())
    }
}

/// Whom a datagram is for.
#[derive(Clone, Copy, Debug)]
enum Address {
    /// An established session, named in the header.
    Session(u32),
    /// A handshake, named in the payload if that is long enough.
    Handshake(Option<u32>),
    /// One of IPMI v1.5. The header names the BMC's session, and not even that while it is being set
    /// up or with the quirk `idzero`: the sender's address is all there is to go by. So it is for
    /// RMCP's presence pong.
    Peer,
}

impl Address {
    fn of(datagram: &[u8]) -> Option<Self> {
        let packet = match SessionPacket::decode_datagram(datagram) {
            Ok(Some(SessionPacket::V20(packet))) => packet,
            Ok(Some(SessionPacket::V15(_))) => return Some(Self::Peer),
            // Perhaps the answer to a ping.
            Ok(None) => return Some(Self::Peer),
            Err(_) => return None,
        };
        if packet.header.session_id != 0 {
            return Some(Self::Session(packet.header.session_id));
        }
        let mut r = Reader::new(packet.payload);
        let named = r.u32("tag and status").ok().and_then(|_| r.u32("console session ID").ok());
        Some(Self::Handshake(named))
    }
}

#[cfg(test)]
mod tests {
    use ipmi_session::Secret;
    use ipmi_session::console::Protocol;
    use ipmi_wire::lan::LanMessage;
    use ipmi_wire::session::{AuthType, CipherSuite, PayloadType, Username, V15Packet, V20Header};
    use ipmi_wire::{CompletionCode, Decode, Encode, Response};

    use super::*;

    /// A sequence, so that IDs and tags differ.
    struct Counting(u8);

    impl Entropy for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                self.0 = self.0.wrapping_add(1);
                *byte = self.0;
            }
        }
    }

    /// The tag of the first message that goes out.
    fn tag(mux: &mut Mux) -> u8 {
        // RMCP header 4, session header 12.
        mux.poll_transmit().unwrap().datagram[16]
    }

    #[test]
    fn an_older_session_gets_the_refusal_that_names_nobody_after_the_newer_one_is_gone() {
        let (mut mux, mut entropy) = (Mux::default(), Counting(0));
        let now = Instant::now();
        let peer = ([192, 0, 2, 1], 623).into();
        let mut config = Config::new(Username::default(), Secret::new(b"").unwrap());
        config.suites = vec![CipherSuite::SUITE_17];
        let older = mux.open(now, peer, config.clone(), &mut entropy);
        let tag = tag(&mut mux);
        let newer = mux.open(now, peer, config, &mut entropy);
        let open = |mux: &Mux| mux.by_peer.get(&peer).cloned().unwrap_or_default();
        assert_eq!(open(&mux), [older, newer]);

        // Two bytes, as `ipmi_sim` sends them: tag and "no cipher suite match".
        let refusal = |tag| {
            let header = V20Header::sessionless(PayloadType::OpenSessionResponse);
            header.to_datagram(&[tag, 0x11]).unwrap()
        };
        mux.handle_datagram(now, ([192, 0, 2, 9], 623).into(), &refusal(tag), &mut entropy);
        mux.abandon(newer);
        assert_eq!(open(&mux), [older]);
        mux.handle_datagram(now, peer, &refusal(tag), &mut entropy);
        // A refusal that proves nothing is believed only when nothing better comes; then the suite
        // is tried once more, with another tag.
        let mut refused = tag;
        while let Some(due) = mux.poll_timeout() {
            mux.handle_timeout(due, &mut entropy);
            while let Some(Outgoing { datagram, .. }) = mux.poll_transmit() {
                if datagram[16] != refused {
                    refused = datagram[16];
                    mux.handle_datagram(due, peer, &refusal(refused), &mut entropy);
                }
            }
        }
        let ended = std::iter::from_fn(|| mux.poll_event())
            .find_map(|(id, event)| match event {
                Event::Closed(Some(why)) if id == older => Some(why.to_string()),
                _ => None,
            })
            .unwrap();
        assert!(ended.contains("no cipher suite match"), "{ended}");
        assert!(mux.by_peer.is_empty() && mux.timers.is_empty());
    }

    /// The question in the next datagram of `session`, if it is one outside of sessions of IPMI v1.5.
    fn question(mux: &mut Mux, session: u32) -> Option<LanMessage> {
        let outgoing = std::iter::from_fn(|| mux.poll_transmit()).find(|o| o.session == session)?;
        match SessionPacket::decode_datagram(&outgoing.datagram) {
            Ok(Some(SessionPacket::V15(packet))) => {
                LanMessage::decode(&mut Reader::new(packet.payload)).ok()
            }
            _ => None,
        }
    }

    #[test]
    fn an_answer_of_ipmi_15_gets_to_the_session_that_asked() {
        let (mut mux, mut entropy) = (Mux::default(), Counting(0));
        let now = Instant::now();
        let peer = ([192, 0, 2, 1], 623).into();
        let mut config = Config::new(Username::default(), Secret::new(b"").unwrap());
        let rmcp_plus = config.clone();
        config.protocol = Protocol::Ipmi15(vec![AuthType::Md5]);
        let older = mux.open(now, peer, config.clone(), &mut entropy);
        let asked = question(&mut mux, older).unwrap();
        // Sessions of either kind that came later do not take it away.
        mux.open(now, peer, rmcp_plus, &mut entropy);
        let newer = mux.open(now, peer, config, &mut entropy);
        assert_ne!(question(&mut mux, newer).unwrap().sequence, asked.sequence);

        // Channel 1, MD5, users with names.
        let data = vec![0x01, 0x04, 0x04, 0, 0, 0, 0, 0];
        let answer = asked.answer(&Response { completion: CompletionCode::OK, data });
        let answer = V15Packet::sessionless(&answer.to_bytes()).to_datagram().unwrap();
        mux.handle_datagram(now, ([192, 0, 2, 9], 623).into(), &answer, &mut entropy);
        assert!(mux.outbox.is_empty(), "it is from somebody else");
        mux.handle_datagram(now, peer, &answer, &mut entropy);
        assert!(mux.outbox.iter().all(|outgoing| outgoing.session == older));
        let next = question(&mut mux, older).unwrap();
        assert_eq!((next.netfn, next.cmd), (0x06, 0x39), "Get Session Challenge");
    }
}
