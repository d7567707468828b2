//! Two ends of a Serial over LAN line, and a script that is the network and both who sit there: what
//! is read is what was written, as far as it has got.

use std::time::{Duration, Instant};

use ipmi_session::Timing;
use ipmi_session::sol::{Accumulate, End, Link, Piece, Retry, Settings};
use ipmi_wire::session::SolPacket;
use ipmi_wire::{Decode, Encode};

/// Packets that are under way to an end, each with the session's number of it.
type Wire = Vec<(u32, Vec<u8>)>;

/// As far as an RMCP+ session lets a packet fall behind.
const WINDOW: u32 = 16;

struct Side {
    link: Link,
    order: u32,
    /// On the way from here.
    wire: Wire,
    written: Vec<u8>,
    read: Vec<u8>,
    newest: u32,
}

/// Runs a script.
///
/// # Panics
/// If a character is lost, doubled or out of place.
pub fn run(script: &[u8]) {
    let mut now = Instant::now();
    let managed = Settings {
        end: End::Managed,
        outbound: 300,
        inbound: usize::from(script.first().copied().unwrap_or(0)) + 1,
        accumulate: Accumulate { interval: Duration::from_millis(60), threshold: 9 },
        retry: Retry::Parameter { count: 3, interval: Duration::from_millis(200) },
    };
    let console = Settings { outbound: 300, ..Settings::console(Timing::default()) };
    let mut sides = [console, managed].map(|settings| {
        let mut link = Link::new(now, settings);
        link.start(20);
        let (wire, written, read) = (Wire::new(), Vec::new(), Vec::new());
        Side { link, order: 0, wire, written, read, newest: 0 }
    });
    let mut bytes = script.iter().skip(1).copied();
    let mut typed = 0u8;
    while let Some(byte) = bytes.next() {
        let (at, what, amount) = (usize::from(byte & 1), byte >> 1 & 7, usize::from(byte >> 4));
        let other = 1 - at;
        match what {
            0 | 1 => {
                let text: Vec<u8> = (0..=amount).map(|n| typed.wrapping_add(n as u8)).collect();
                typed = typed.wrapping_add(text.len() as u8);
                let taken = sides[at].link.write(now, &text);
                sides[at].written.extend(&text[..taken]);
            }
            2 => {
                let mut left = amount + 1;
                while left > 0 {
                    match sides[at].link.read(left) {
                        Some(Piece::Characters(some)) => {
                            left -= some.len().min(left);
                            sides[at].read.extend(some);
                        }
                        Some(Piece::Flags(_)) => {}
                        None => break,
                    }
                }
            }
            3 | 4 => deliver(&mut sides, at, other, amount, now, what == 4),
            5 => drop(take(&mut sides[at].wire, amount)),
            6 => now += Duration::from_millis(amount as u64 * 40),
            // Whatever else the protocol has.
            _ => match amount {
                0..4 => sides[at].link.write_flags(now, amount as u8 & 4),
                4..8 => sides[at].link.set_available(now, amount & 1 == 0),
                // What nobody has sent.
                _ => {
                    let length = usize::from(bytes.next().unwrap_or(0)) % 8;
                    let forged: Vec<u8> = bytes.by_ref().take(length).collect();
                    if let Ok(packet) = SolPacket::decode_exact(&forged) {
                        let mut alone = Link::new(now, console);
                        alone.start(20);
                        alone.write(now, b"abc");
                        alone.receive(now, 1, &packet);
                        while alone.read(9).is_some() {}
                        assert!(alone.unacknowledged() <= 3);
                    }
                }
            },
        }
        for side in &mut sides {
            while let Some(packet) = side.link.poll(now) {
                side.order += 1;
                side.wire.push((side.order, packet.to_bytes()));
            }
        }
        for (side, other) in [(0, 1), (1, 0)] {
            let (read, written) = (&sides[side].read, &sides[other].written);
            assert!(written.starts_with(read), "{read:?} of {written:?}");
        }
    }
}

fn take(wire: &mut Wire, at: usize) -> Option<(u32, Vec<u8>)> {
    let at = at.checked_rem(wire.len())?;
    Some(wire.remove(at))
}

/// Lets a packet arrive, once or twice, if a session would let it in.
fn deliver(sides: &mut [Side; 2], from: usize, to: usize, at: usize, now: Instant, again: bool) {
    let Some((order, bytes)) = take(&mut sides[from].wire, at) else { return };
    if order + WINDOW < sides[to].newest {
        return;
    }
    sides[to].newest = sides[to].newest.max(order);
    let packet = SolPacket::decode_exact(&bytes).expect("it was sent");
    sides[to].link.receive(now, order, &packet);
    if again {
        sides[to].link.receive(now, order, &packet);
    }
}
