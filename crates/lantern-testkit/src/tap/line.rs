//! A bad line: what it does to a datagram is drawn, from a seed.
//!
//! Each direction has draws of its own, so that what one end sends does not change what becomes of
//! the other's datagrams. Which datagram meets which fate depends on the seed alone; when it does,
//! on the real clock.

use std::time::Duration;

use super::{Direction, Verdict};

/// What a line does, in either direction alike. Chances are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// How long each datagram is on its way: half the round-trip time.
    pub delay: Duration,
    /// The chance that a datagram is lost.
    pub loss: f64,
    /// The chance that one that is not lost arrives twice.
    pub duplication: f64,
    /// The chance that a datagram is held up by [`held_up`](Self::held_up), so that later ones
    /// overtake it.
    pub reordering: f64,
    /// For how long.
    pub held_up: Duration,
}

impl Line {
    /// A line that delivers everything, at once.
    pub const PERFECT: Self = Self {
        delay: Duration::ZERO,
        loss: 0.0,
        duplication: 0.0,
        reordering: 0.0,
        held_up: Duration::ZERO,
    };

    /// What decides about each datagram on this line: for [`Tap::with_hook`](super::Tap::with_hook).
    pub fn hook(self, seed: u64) -> impl FnMut(Direction, &[u8]) -> Verdict + Send + 'static {
        let mut draws = [Draws(seed), Draws(!seed)];
        move |direction, _| {
            let draws = match direction {
                Direction::ToBmc => &mut draws[0],
                Direction::ToConsole => &mut draws[1],
            };
            // The same number of draws for each datagram, whatever becomes of it.
            let [lost, doubled, first, second] =
                [self.loss, self.duplication, self.reordering, self.reordering]
                    .map(|chance| draws.happens(chance));
            let arrives = |held_up| if held_up { self.delay + self.held_up } else { self.delay };
            match (lost, doubled) {
                (true, _) => Verdict::Drop,
                (false, false) => Verdict::Delay(arrives(first)),
                (false, true) => Verdict::Copies(vec![arrives(first), arrives(second)]),
            }
        }
    }
}

/// SplitMix64: small, and good enough for coins.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn happens(&mut self, chance: f64) -> bool {
        // 32 bits fit into a float exactly.
        let draw = u32::try_from(self.next() >> 32).expect("32 bits are left");
        f64::from(draw) < chance * 2f64.powi(32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAD: Line = Line {
        delay: Duration::from_millis(5),
        loss: 0.2,
        duplication: 0.1,
        reordering: 0.1,
        held_up: Duration::from_millis(20),
    };

    fn fates(line: Line, seed: u64, direction: Direction) -> Vec<Verdict> {
        let mut hook = line.hook(seed);
        (0..10_000).map(|_| hook(direction, b"?")).collect()
    }

    #[test]
    fn it_is_as_bad_as_it_was_told_to_be() {
        for direction in [Direction::ToBmc, Direction::ToConsole] {
            let fates = fates(BAD, 7, direction);
            let count = |test: fn(&Verdict) -> bool| fates.iter().filter(|v| test(v)).count();
            let lost = count(|v| *v == Verdict::Drop);
            assert!((1_850..2_150).contains(&lost), "{lost} lost");
            let doubled = count(|v| matches!(v, Verdict::Copies(_)));
            assert!((700..900).contains(&doubled), "{doubled} doubled");
            let late = count(|v| *v == Verdict::Delay(Duration::from_millis(25)));
            assert!((620..820).contains(&late), "{late} held up");
        }
    }

    #[test]
    fn the_seed_decides() {
        use Direction::{ToBmc, ToConsole};
        assert_eq!(fates(BAD, 1, ToBmc), fates(BAD, 1, ToBmc));
        assert_ne!(fates(BAD, 1, ToBmc), fates(BAD, 2, ToBmc));
        assert_ne!(fates(BAD, 1, ToBmc), fates(BAD, 1, ToConsole));
    }

    #[test]
    fn a_perfect_line_changes_nothing() {
        let fates = fates(Line::PERFECT, 1, Direction::ToBmc);
        assert!(fates.iter().all(|fate| *fate == Verdict::Delay(Duration::ZERO)));
    }
}
