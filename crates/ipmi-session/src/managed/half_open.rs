//! Handshakes in progress: a small table that no one source can fill.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;

use ipmi_wire::Privilege;
use ipmi_wire::session::{CipherSuite, OpenSessionRequest, Rakp1};

use crate::keys::Exchange;
use crate::managed::Account;

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
    pub(super) account: Account,
    pub(super) role: Privilege,
}

/// The table. When it is full the newcomer takes a place of the source that has most: a flood
/// evicts itself first. Sources that have equally many, as those of a flood under made-up
/// addresses, lose first what has no challenge yet (nothing has shown that its source is real: a
/// made-up one never learns the session ID that RAKP 1 needs), and of that the oldest. So a
/// handshake outlives what came before it, and after RAKP 1 all that prove less.
#[derive(Debug, Default)]
pub(super) struct HalfOpenTable {
    /// Oldest first.
    entries: Vec<HalfOpen>,
}

impl HalfOpenTable {
    const CAPACITY: usize = 64;
    const PER_SOURCE: usize = 16;

    pub(super) fn insert(&mut self, entry: HalfOpen) {
        let source = Source::of(entry.from);
        if self.count(source) >= Self::PER_SOURCE {
            self.evict(|e| Source::of(e.from) == source);
        }
        if self.entries.len() >= Self::CAPACITY {
            let most = self.entries.iter().map(|e| self.count(Source::of(e.from))).max();
            let greediest: Vec<Source> = self
                .entries
                .iter()
                .map(|e| Source::of(e.from))
                .filter(|source| Some(self.count(*source)) == most)
                .collect();
            self.evict(|e| greediest.contains(&Source::of(e.from)));
        }
        self.entries.push(entry);
    }

    /// The handshake that began with this very request from there.
    pub(super) fn find_request(
        &self,
        from: SocketAddr,
        request: &OpenSessionRequest,
    ) -> Option<&HalfOpen> {
        self.entries.iter().find(|e| e.from == from && e.request == *request)
    }

    pub(super) fn get_mut(
        &mut self,
        from: SocketAddr,
        managed_session_id: u32,
    ) -> Option<&mut HalfOpen> {
        self.entries
            .iter_mut()
            .find(|e| e.from == from && e.managed_session_id == managed_session_id)
    }

    pub(super) fn contains(&self, managed_session_id: u32) -> bool {
        self.entries.iter().any(|e| e.managed_session_id == managed_session_id)
    }

    pub(super) fn take(&mut self, from: SocketAddr, managed_session_id: u32) -> Option<HalfOpen> {
        let at = self
            .entries
            .iter()
            .position(|e| e.from == from && e.managed_session_id == managed_session_id)?;
        Some(self.entries.remove(at))
    }

    /// Drops the handshakes of this user: what RAKP 1 found of the account no longer holds.
    pub(super) fn drop_user(&mut self, user_id: u8) {
        let is_theirs = |entry: &HalfOpen| {
            entry.challenge.as_ref().is_some_and(|challenge| challenge.account.user_id == user_id)
        };
        self.entries.retain(|entry| !is_theirs(entry));
    }

    pub(super) fn expire(&mut self, now: Instant) {
        self.entries.retain(|e| e.expires > now);
    }

    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.entries.iter().map(|e| e.expires).min()
    }

    fn count(&self, source: Source) -> usize {
        self.entries.iter().filter(|e| Source::of(e.from) == source).count()
    }

    /// Removes one of the `candidates`: without a challenge if there is such a one, then the oldest.
    fn evict(&mut self, candidates: impl Fn(&HalfOpen) -> bool) {
        let victim = self
            .entries
            .iter()
            .enumerate()
            .filter(|(_, e)| candidates(e))
            // Of equals `min_by_key` takes the first.
            .min_by_key(|(_, e)| e.challenge.is_some())
            .map(|(at, _)| at);
        if let Some(at) = victim {
            self.entries.remove(at);
        }
    }
}

/// Who is counted as one: an IPv4 address, or an IPv6 /64, in which one machine can call itself
/// what it likes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    V4(Ipv4Addr),
    V6(u64),
}

impl Source {
    fn of(address: SocketAddr) -> Self {
        match address.ip().to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                let prefix = [a, b, c, d].into_iter();
                Self::V6(prefix.fold(0, |sum, part| sum << 16 | u64::from(part)))
            }
        }
    }
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
        let mut table = HalfOpenTable::default();
        table.insert(entry(1, 1, now));
        for id in 2..1000 {
            table.insert(entry(2, id, now));
        }
        assert!(table.contains(1));
        assert_eq!(table.entries.len(), 1 + HalfOpenTable::PER_SOURCE);
    }

    #[test]
    fn a_flood_from_many_sources_leaves_the_table_bounded() {
        let now = Instant::now();
        let mut table = HalfOpenTable::default();
        for id in 0..2000u32 {
            table.insert(entry((id % 200) as u8, id + 1, now));
        }
        assert_eq!(table.entries.len(), HalfOpenTable::CAPACITY);
        table.expire(now + Duration::from_secs(3));
        assert!(table.entries.is_empty() && table.next_expiry().is_none());
    }

    #[test]
    fn sources_that_tie_lose_their_oldest() {
        let now = Instant::now();
        let mut table = HalfOpenTable::default();
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
        let mut table = HalfOpenTable::default();
        let host = |host: u32, id| HalfOpen {
            from: format!("[2001:db8:0:1:{:x}:{:x}::1]:1000", host, host + 1).parse().unwrap(),
            ..entry(1, id, now)
        };
        for id in 1..1000 {
            table.insert(host(id, id));
        }
        assert_eq!(table.entries.len(), HalfOpenTable::PER_SOURCE);
        let elsewhere = "[2001:db8:0:2::1]:1000".parse().unwrap();
        table.insert(HalfOpen { from: elsewhere, ..entry(1, 1000, now) });
        assert_eq!(table.entries.len(), HalfOpenTable::PER_SOURCE + 1);
    }
}
