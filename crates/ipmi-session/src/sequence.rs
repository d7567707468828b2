//! Session sequence numbers: which packets are new, which are replays.

/// The receiver's view of a session's sequence numbers.
///
/// Source: IPMI v2.0 §6.12.13: a window of 32 numbers around the highest seen, 15 above to 16
/// below, each number accepted once; number 0 is not used inside a session. The limit above guards
/// receivers that cannot tell a forged packet; where an integrity code has already proven that the
/// peer sent it, any number ahead is accepted, so that sixteen lost packets in a row do not end the
/// session (docs/decisions/0003).
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    highest: u32,
    /// Bit n: `highest - n` was seen.
    seen: u32,
}

impl Window {
    const AHEAD: u32 = 15;
    const BEHIND: u32 = 16;

    /// A window for a session whose first packet has sequence number 1.
    #[must_use]
    pub const fn new() -> Self {
        Self { highest: 0, seen: 1 }
    }

    /// Whether a packet with this number is new; remembers it if so. `proven` says that an
    /// integrity code vouches for the number.
    pub const fn accept(&mut self, sequence: u32, proven: bool) -> bool {
        if sequence == 0 {
            return false;
        }
        let ahead = sequence.wrapping_sub(self.highest);
        if ahead != 0 && ahead < 1 << 31 {
            if ahead > Self::AHEAD && !proven {
                return false;
            }
            self.seen = if ahead < 32 { self.seen << ahead | 1 } else { 1 };
            self.highest = sequence;
            return true;
        }
        let behind = self.highest.wrapping_sub(sequence);
        if behind > Self::BEHIND || self.seen & (1 << behind) != 0 {
            return false;
        }
        self.seen |= 1 << behind;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_counts_once() {
        let mut window = Window::new();
        for sequence in [1, 2, 4, 3] {
            assert!(window.accept(sequence, false));
        }
        for sequence in [1, 2, 3, 4, 0] {
            assert!(!window.accept(sequence, false), "{sequence} again");
        }
    }

    #[test]
    fn the_window_reaches_15_ahead_and_16_behind() {
        let mut window = Window::new();
        assert!(!window.accept(16, false));
        assert!(window.accept(15, false));
        assert!(window.accept(30, false));
        assert!(window.accept(14, false));
        assert!(!window.accept(13, false));
    }

    #[test]
    fn a_proven_number_may_jump_but_not_come_twice() {
        let mut window = Window::new();
        assert!(window.accept(1000, true));
        assert!(!window.accept(1000, true));
        assert!(window.accept(999, true));
        assert!(!window.accept(900, true));
    }

    #[test]
    fn numbers_wrap_around() {
        let mut window = Window { highest: u32::MAX - 1, seen: 1 };
        assert!(window.accept(u32::MAX, false));
        assert!(!window.accept(0, false));
        assert!(window.accept(2, false));
        assert!(window.accept(1, false));
        assert!(!window.accept(u32::MAX, false));
    }
}
