//! Answers that take their time, for tests of consoles: [`Quirk::SlowHandshake`].
//!
//! [`Quirk::SlowHandshake`]: crate::Quirk::SlowHandshake

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// An answer that is to be sent later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delayed {
    /// When.
    pub due: Instant,
    /// To whom.
    pub to: SocketAddr,
    /// What.
    pub datagram: Vec<u8>,
}

/// How long each step of a slow handshake takes.
pub(super) const DELAY: Duration = Duration::from_secs(1);
/// How many answers may wait to be fetched. Whoever fetches them after each datagram finds one.
const CAPACITY: usize = 64;

pub(super) fn put_off(
    delayed: &mut VecDeque<Delayed>,
    now: Instant,
    to: SocketAddr,
    datagram: Vec<u8>,
) {
    if delayed.len() >= CAPACITY {
        delayed.pop_front();
    }
    delayed.push_back(Delayed { due: now.checked_add(DELAY).unwrap_or(now), to, datagram });
}
