//! Handshakes in progress: a small table that no one source can fill.

use std::net::{IpAddr, SocketAddr};
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

/// The table. When it is full the newcomer takes the place of the oldest entry of the source that
/// has most: a flood evicts itself first.
#[derive(Debug, Default)]
pub(super) struct HalfOpenTable {
    /// Oldest first.
    entries: Vec<HalfOpen>,
}

impl HalfOpenTable {
    const CAPACITY: usize = 64;
    const PER_SOURCE: usize = 16;

    pub(super) fn insert(&mut self, entry: HalfOpen) {
        let source = entry.from.ip();
        if self.count(source) >= Self::PER_SOURCE {
            self.evict_oldest_of(source);
        }
        if self.entries.len() >= Self::CAPACITY
            && let Some(greediest) =
                self.entries.iter().map(|e| e.from.ip()).max_by_key(|source| self.count(*source))
        {
            self.evict_oldest_of(greediest);
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

    pub(super) fn expire(&mut self, now: Instant) {
        self.entries.retain(|e| e.expires > now);
    }

    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.entries.iter().map(|e| e.expires).min()
    }

    fn count(&self, source: IpAddr) -> usize {
        self.entries.iter().filter(|e| e.from.ip() == source).count()
    }

    fn evict_oldest_of(&mut self, source: IpAddr) {
        if let Some(at) = self.entries.iter().position(|e| e.from.ip() == source) {
            self.entries.remove(at);
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
}
