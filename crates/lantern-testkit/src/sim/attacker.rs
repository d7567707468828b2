//! Somebody on the wire who sees everything, knows no password and may send anything from anywhere.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::rng::Rng;

/// What the attacker has seen, and how often it strikes.
#[derive(Debug)]
pub(super) struct Attacker {
    /// Per mille of the datagrams that it sees, it answers with one of its own.
    rate: u32,
    /// The last that it saw.
    seen: VecDeque<Datagram>,
}

/// A datagram with its addresses.
#[derive(Clone, Debug)]
pub(super) struct Datagram {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

/// What the attacker does.
pub(super) enum Attack {
    /// Sends this after a while.
    Send { what: &'static str, after: Duration, datagram: Datagram },
    /// Says that a console's datagram could not be delivered.
    Unreachable { to: SocketAddr },
}

/// How much it remembers.
const MEMORY: usize = 64;

impl Attacker {
    pub(super) const fn new(rate: u32) -> Self {
        Self { rate, seen: VecDeque::new() }
    }

    /// Sees a datagram; what it does about it.
    pub(super) fn sees(
        &mut self,
        datagram: &Datagram,
        bmc: SocketAddr,
        rng: &mut Rng,
    ) -> Vec<Attack> {
        if self.seen.len() >= MEMORY {
            self.seen.pop_front();
        }
        self.seen.push_back(datagram.clone());
        let mut attacks = Vec::new();
        if rng.chance(self.rate) {
            attacks.push(self.strike(bmc, rng));
        }
        // A flood: half-open sessions, or what looks like them.
        if rng.chance(self.rate / 50) {
            attacks.extend((0..40).map(|_| self.strike(bmc, rng)));
        }
        attacks
    }

    fn strike(&self, bmc: SocketAddr, rng: &mut Rng) -> Attack {
        let seen = |rng: &mut Rng| self.seen[rng.below(self.seen.len() as u64) as usize].clone();
        let mut datagram = seen(rng);
        let console = if datagram.to == bmc { datagram.from } else { datagram.to };
        let bytes = &mut datagram.bytes;
        let what = match rng.below(10) {
            0 | 1 => "replays",
            2 | 3 => {
                for _ in 0..rng.between(1, 3) {
                    let at = rng.below(bytes.len() as u64) as usize;
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << rng.below(8);
                    }
                }
                "flips bits of"
            }
            4 => {
                bytes.truncate(rng.below(bytes.len() as u64 + 1) as usize);
                "cuts"
            }
            5 => {
                let more = rng.between(1, 300);
                bytes.extend((0..more).map(|_| rng.next_u64() as u8));
                "lengthens"
            }
            6 => {
                let other = seen(rng).bytes;
                let at = rng.below(bytes.len().min(other.len()) as u64 + 1) as usize;
                bytes.truncate(at);
                bytes.extend(&other[at..]);
                "splices"
            }
            7 => {
                let length = rng.below(200);
                *bytes = (0..length).map(|_| rng.next_u64() as u8).collect();
                // RMCP, sequence FFh, class IPMI, format RMCP+: whatever follows is looked at.
                for (byte, head) in bytes.iter_mut().zip([6, 0, 0xff, 7, 6]) {
                    *byte = head;
                }
                "makes up"
            }
            // All it takes to change a number or an ID that is not covered by a code.
            8 => {
                let at = rng.between(4, 19) as usize;
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = rng.next_u64() as u8;
                }
                "changes the head of"
            }
            _ => return Attack::Unreachable { to: console },
        };
        match rng.below(8) {
            // From somewhere else.
            0 => datagram.from.set_port(rng.between(1024, 65_535) as u16),
            1 => datagram.from = ([192, 0, 2, rng.next_u64() as u8], 623).into(),
            // Back to whom it came from.
            2 => (datagram.from, datagram.to) = (datagram.to, datagram.from),
            _ => {}
        }
        let after = match rng.below(3) {
            0 => Duration::ZERO,
            1 => rng.duration(Duration::from_millis(100)),
            _ => rng.duration(Duration::from_secs(3)),
        };
        Attack::Send { what, after, datagram }
    }
}
