//! Handshakes in progress: a small table that no one source can fill.

use std::cmp::Reverse;
use std::net::SocketAddr;
use std::time::Instant;

use ipmi_wire::Privilege;
use ipmi_wire::session::{CipherSuite, OpenSessionRequest, Rakp1, RmcpPlusStatus};

use crate::keys::Exchange;
use crate::managed::Account;
use crate::managed::source::Source;

/// A handshake after Open Session, and perhaps after RAKP 1.
#[derive(Debug)]
pub(super) struct HalfOpen {
    pub(super) from: SocketAddr,
    pub(super) expires: Instant,
    pub(super) request: OpenSessionRequest,
    pub(super) managed_session_id: u32,
    pub(super) suite: CipherSuite,
    /// The most that this channel and suite allow, and that was asked for.
    pub(super) limit: Privilege,
    pub(super) challenge: Option<Box<Challenge>>,
}

/// What RAKP 1 brought and RAKP 2 answered.
#[derive(Debug)]
pub(super) struct Challenge {
    pub(super) rakp1: Rakp1,
    pub(super) exchange: Exchange,
    /// Perhaps nobody's, where names are hidden.
    pub(super) account: Account,
    pub(super) role: Privilege,
    /// Why there will be no session, which is told to nobody but who has proven to be the user.
    pub(super) hidden: Option<RmcpPlusStatus>,
}

/// Something that is begun and not finished, and holds a place until then.
pub(super) trait Begun {
    /// Who began it.
    fn from(&self) -> SocketAddr;
    /// The session ID that goes with it.
    fn id(&self) -> u32;
    /// When its place is taken back.
    fn expires(&self) -> Instant;
    /// Whether an answer of ours has come back from there, so that the source is real.
    fn is_answered(&self) -> bool;
    /// The user whom it is about, if that is known.
    fn user_id(&self) -> Option<u8>;
}

impl Begun for HalfOpen {
    fn from(&self) -> SocketAddr {
        self.from
    }

    fn id(&self) -> u32 {
        self.managed_session_id
    }

    fn expires(&self) -> Instant {
        self.expires
    }

    /// RAKP 1 names the session ID, which a made-up source never learns.
    fn is_answered(&self) -> bool {
        self.challenge.is_some()
    }

    fn user_id(&self) -> Option<u8> {
        self.challenge.as_ref().and_then(|challenge| challenge.account.owner())
    }
}

/// The table. When it is full the newcomer takes a place of the source that has most: a flood
/// evicts itself first. Sources that have equally many, as those of a flood under made-up
/// addresses, lose first what was never answered from there, and of that the oldest. So a handshake
/// outlives what came before it, and after RAKP 1 all that prove less.
#[derive(Debug)]
pub(super) struct Table<T> {
    /// Oldest first.
    entries: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<T: Begun> Table<T> {
    pub(super) const CAPACITY: usize = 64;
    const PER_SOURCE: usize = 16;

    pub(super) fn insert(&mut self, entry: T) {
        let source = Source::of(entry.from());
        let of_this = || self.places().filter(|place| place.source == source);
        let victim = if of_this().count() >= Self::PER_SOURCE {
            of_this().min()
        } else if self.entries.len() >= Self::CAPACITY {
            self.of_the_greediest()
        } else {
            None
        };
        if let Some(Place { at, .. }) = victim {
            self.entries.remove(at);
        }
        self.entries.push(entry);
    }

    /// What was begun from there and is as described.
    pub(super) fn find(&self, from: SocketAddr, is_it: impl Fn(&T) -> bool) -> Option<&T> {
        self.entries.iter().find(|e| e.from() == from && is_it(e))
    }

    pub(super) fn get_mut(&mut self, from: SocketAddr, id: u32) -> Option<&mut T> {
        self.entries.iter_mut().find(|e| e.from() == from && e.id() == id)
    }

    pub(super) fn contains(&self, id: u32) -> bool {
        self.entries.iter().any(|e| e.id() == id)
    }

    pub(super) fn take(&mut self, from: SocketAddr, id: u32) -> Option<T> {
        let at = self.entries.iter().position(|e| e.from() == from && e.id() == id)?;
        Some(self.entries.remove(at))
    }

    /// Drops what is about this user: what was found of the account no longer holds.
    pub(super) fn drop_user(&mut self, user_id: u8) {
        self.entries.retain(|entry| entry.user_id() != Some(user_id));
    }

    /// What is about this user.
    pub(super) fn of_user_mut(&mut self, user_id: u8) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().filter(move |entry| entry.user_id() == Some(user_id))
    }

    pub(super) fn expire(&mut self, now: Instant) {
        self.entries.retain(|e| e.expires() > now);
        if self.entries.is_empty() {
            self.entries.shrink_to_fit();
        }
    }

    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.entries.iter().map(Begun::expires).min()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn places(&self) -> impl Iterator<Item = Place> {
        self.entries.iter().enumerate().map(|(at, e)| Place {
            source: Source::of(e.from()),
            answered: e.is_answered(),
            at,
        })
    }

    /// The place that goes to somebody else. A flood has this done for each of its datagrams.
    fn of_the_greediest(&self) -> Option<Place> {
        let mut places: Vec<_> = self.places().collect();
        places.sort_unstable();
        places
            .chunk_by(|a, b| a.source == b.source)
            .filter_map(|of_one| Some((of_one.len(), *of_one.first()?)))
            .min_by_key(|(count, first)| (Reverse(*count), first.answered, first.at))
            .map(|(_, first)| first)
    }
}

/// A place that is taken. Of one source's, the least is the first to be given up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    source: Source,
    answered: bool,
    /// Older ones come first.
    at: usize,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ipmi_wire::session::AlgorithmProposal;

    use super::*;

    fn entry(source: u8, id: u32, now: Instant) -> HalfOpen {
        HalfOpen {
            from: SocketAddr::from(([127, 0, 0, source], 1000)),
            expires: now + Duration::from_secs(3),
            request: OpenSessionRequest {
                tag: 0,
                max_privilege: None,
                console_session_id: id,
                authentication: AlgorithmProposal::Any,
                integrity: AlgorithmProposal::Any,
                confidentiality: AlgorithmProposal::Any,
            },
            managed_session_id: id,
            suite: CipherSuite::SUITE_17,
            limit: Privilege::User,
            challenge: None,
        }
    }

    #[test]
    fn a_flood_from_one_source_evicts_itself() {
        let now = Instant::now();
        let mut table = Table::default();
        table.insert(entry(1, 1, now));
        for id in 2..1000 {
            table.insert(entry(2, id, now));
        }
        assert!(table.contains(1));
        assert_eq!(table.entries.len(), 1 + Table::<HalfOpen>::PER_SOURCE);
    }

    #[test]
    fn a_flood_from_many_sources_leaves_the_table_bounded() {
        let now = Instant::now();
        let mut table = Table::default();
        for id in 0..2000u32 {
            table.insert(entry((id % 200) as u8, id + 1, now));
        }
        assert_eq!(table.entries.len(), Table::<HalfOpen>::CAPACITY);
        table.expire(now + Duration::from_secs(3));
        assert!(table.entries.is_empty() && table.next_expiry().is_none());
    }

    #[test]
    fn sources_that_tie_lose_their_oldest() {
        let now = Instant::now();
        let mut table = Table::default();
        for id in 1..=64 {
            table.insert(entry(id as u8, id, now));
        }
        for id in 65..=127 {
            table.insert(entry(id as u8, id, now));
            assert!(table.contains(id) && table.contains(id - 63) && !table.contains(id - 64));
        }
    }

    #[test]
    fn a_whole_ipv6_prefix_is_one_source() {
        let now = Instant::now();
        let mut table = Table::default();
        let host = |host: u32, id| HalfOpen {
            from: format!("[2001:db8:0:1:{:x}:{:x}::1]:1000", host, host + 1).parse().unwrap(),
            ..entry(1, id, now)
        };
        for id in 1..1000 {
            table.insert(host(id, id));
        }
        assert_eq!(table.entries.len(), Table::<HalfOpen>::PER_SOURCE);
        let elsewhere = "[2001:db8:0:2::1]:1000".parse().unwrap();
        table.insert(HalfOpen { from: elsewhere, ..entry(1, 1000, now) });
        assert_eq!(table.entries.len(), Table::<HalfOpen>::PER_SOURCE + 1);
    }

    #[test]
    fn the_source_that_has_most_gives_way_to_others() {
        let now = Instant::now();
        let mut table = Table::default();
        for (source, places, first) in
            [(1, 16, 1), (2, 15, 101), (3, 16, 201), (4, 16, 301), (5, 1, 401)]
        {
            for id in first..first + places {
                table.insert(entry(source, id, now));
            }
        }
        assert_eq!(table.len(), 64);
        table.insert(entry(6, 501, now));
        assert!(!table.contains(1) && table.contains(101) && table.contains(201));
        table.insert(entry(6, 502, now));
        assert!(table.contains(2) && table.contains(101) && !table.contains(201));
    }
}
