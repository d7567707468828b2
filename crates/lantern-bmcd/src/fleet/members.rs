//! The BMCs of a fleet, asleep and awake, and one clock for all of them.
//!
//! A BMC is awake while anybody has a session with it: then its sensors are scanned as they are
//! anywhere. All others sleep. What has a time of its own happens to them all the same (the end of a
//! power cycle, of a shutdown, of a login that nobody finished); what can be made up for is made up
//! for when somebody asks. See `docs/decisions/0015-many-bmcs.md`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::time::Instant;

use ipmi_bmc::Bmc;
use ipmi_bmc::faults::Fault;
use ipmi_session::managed::Delayed;
use ipmi_session::{Entropy, Quirks};

use crate::routes::Outgoing;

/// All BMCs of a fleet, by number.
pub(super) struct Members {
    all: Vec<Member>,
    /// When which is next to be looked at. What is not [`Member::due`] is out of date.
    times: BinaryHeap<Reverse<(Instant, u32)>>,
}

struct Member {
    bmc: Bmc,
    /// The time in the heap that counts, if there is one.
    due: Option<Instant>,
}

impl Member {
    /// When it has something to do.
    fn poll_timeout(&self) -> Option<Instant> {
        let is_awake = self.bmc.sessions().iter().next().is_some();
        if is_awake { self.bmc.poll_timeout() } else { self.bmc.poll_timeout_asleep() }
    }

    fn outgoing(
        &mut self,
        now: Instant,
        index: u32,
        entropy: &mut dyn Entropy,
    ) -> impl Iterator<Item = Outgoing> {
        let next = move || self.bmc.poll_outgoing(now, entropy);
        std::iter::from_fn(next).map(move |(peer, datagram)| (index, peer, datagram))
    }
}

impl Members {
    /// No BMCs yet, and room for so many.
    pub(super) fn with_capacity(count: usize) -> Self {
        Self { all: Vec::with_capacity(count), times: BinaryHeap::new() }
    }

    /// One more, which gets the next number. It sleeps.
    pub(super) fn push(&mut self, bmc: Bmc) {
        self.all.push(Member { bmc, due: None });
    }

    /// A datagram for BMC `index`; the answer, if there is one.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        index: u32,
        from: SocketAddr,
        datagram: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Option<Vec<u8>> {
        let member = self.get_mut(index)?;
        let reply = member.bmc.handle_datagram(now, from, datagram, entropy);
        self.schedule(index);
        reply
    }

    /// An answer of BMC `index` that is to be sent later: see [`Bmc::poll_delayed`].
    pub(super) fn poll_delayed(&mut self, index: u32) -> Option<Delayed> {
        self.get_mut(index)?.bmc.poll_delayed()
    }

    /// What BMC `index` has to tell consoles unasked: to be asked for after each
    /// [`receive`](Self::receive). Those for whom time passes tell it then.
    pub(super) fn poll_outgoing(
        &mut self,
        now: Instant,
        index: u32,
        entropy: &mut dyn Entropy,
    ) -> Vec<Outgoing> {
        let outgoing =
            self.get_mut(index).map(|member| member.outgoing(now, index, entropy).collect());
        self.schedule(index);
        outgoing.unwrap_or_default()
    }

    /// Whether BMC `index` has consoles, and the one at `peer` a session with it.
    pub(super) fn has_console(&mut self, index: u32, peer: SocketAddr) -> bool {
        self.get_mut(index).is_some_and(|member| {
            let bmc = &member.bmc;
            bmc.has_consoles() && bmc.sessions().iter().any(|session| session.peer == peer)
        })
    }

    /// Lets time pass for those who are due, but for no more than `most` of them: the others are still
    /// due then, as [`poll_timeout`](Self::poll_timeout) says.
    /// What they have to tell consoles comes back.
    pub(super) fn handle_timeout(
        &mut self,
        now: Instant,
        most: usize,
        entropy: &mut dyn Entropy,
    ) -> Vec<Outgoing> {
        let mut outgoing = Vec::new();
        for _ in 0..most {
            let Some(Reverse((due, index))) = self.times.peek().copied().filter(|r| r.0.0 <= now)
            else {
                break;
            };
            self.times.pop();
            let Some(member) = self.get_mut(index).filter(|member| member.due == Some(due)) else {
                continue;
            };
            member.due = None;
            member.bmc.handle_timeout(now);
            outgoing.extend(member.outgoing(now, index, entropy));
            self.schedule(index);
        }
        outgoing
    }

    /// When [`handle_timeout`](Self::handle_timeout) next has something to do; perhaps a little early.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.times.peek().map(|Reverse((due, _))| *due)
    }

    /// Puts on these departures from the specification and no others, at all of them.
    pub(super) fn set_quirks(&mut self, quirks: Quirks) {
        for member in &mut self.all {
            member.bmc.set_quirks(quirks);
        }
    }

    /// Does these things wrong and no others, at all of them.
    pub(super) fn set_faults(&mut self, faults: &[Fault]) {
        for member in &mut self.all {
            member.bmc.set_faults(faults);
        }
    }

    /// BMC `index`.
    #[cfg(test)]
    pub(super) fn bmc(&mut self, index: u32) -> &mut Bmc {
        &mut self.get_mut(index).unwrap().bmc
    }

    fn get_mut(&mut self, index: u32) -> Option<&mut Member> {
        self.all.get_mut(usize::try_from(index).ok()?)
    }

    /// Sees to it that BMC `index` is looked at in time. Once too early does no harm, so that a time
    /// that is put off stays, and is put off when it comes.
    fn schedule(&mut self, index: u32) {
        let Some(member) = self.get_mut(index) else { return };
        let Some(due) = member.poll_timeout() else { return };
        if member.due.is_none_or(|planned| due < planned) {
            member.due = Some(due);
            self.times.push(Reverse((due, index)));
        }
    }
}
