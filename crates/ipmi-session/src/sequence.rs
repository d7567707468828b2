//! Session sequence numbers: which packets are new, which are replays.

/// The receiver's view of a session's sequence numbers.
///
/// Source: IPMI v2.0 §6.12.13: a window of 32 numbers around the highest seen, 15 above to 16
/// below, each number accepted once; number 0 is not used inside a session. The limit above guards
/// receivers that cannot tell a forged packet; where an integrity code has already proven that the
/// peer sent it, numbers much further ahead are accepted, so that sixteen lost packets in a row do
/// not end the session (docs/decisions/0003). Not any number: a few leaps would lead round the
/// circle, and what was accepted a round ago looks new. A console that counts with its bytes in
/// reverse now and then, for want of an answer, leaps like that.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    highest: u32,
    /// Bit n: `highest - n` was seen.
    seen: u32,
}

impl Window {
    const AHEAD: u32 = 15;
    /// As [`AHEAD`](Self::AHEAD), of what is proven: more packets than any line loses in a row.
    const PROVEN_AHEAD: u32 = 1 << 16;
    const BEHIND: u32 = 16;

    /// A window for a session whose first packet has sequence number 1.
    #[must_use]
    pub const fn new() -> Self {
        Self::starting_at(1)
    }

    /// A window for a session whose first packet has this number: what comes before it is no part
    /// of the session.
    #[must_use]
    pub const fn starting_at(first: u32) -> Self {
        Self { highest: first.wrapping_sub(1), seen: u32::MAX }
    }

    /// Whether this number comes after all that were accepted.
    #[must_use]
    pub const fn is_ahead(&self, sequence: u32) -> bool {
        let ahead = sequence.wrapping_sub(self.highest);
        ahead != 0 && ahead < 1 << 31
    }

    /// Whether a packet with this number is new; remembers it if so. `proven` says that an
    /// integrity code vouches for the number.
    pub const fn accept(&mut self, sequence: u32, proven: bool) -> bool {
        if sequence == 0 {
            return false;
        }
        if self.is_ahead(sequence) {
            let ahead = sequence.wrapping_sub(self.highest);
            let limit = if proven { Self::PROVEN_AHEAD } else { Self::AHEAD };
            if ahead > limit {
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

impl Default for Window {
    fn default() -> Self {
        Self::new()
    }
}

/// The sequence numbers of an RMCP+ session in one direction as its receiver sees them: those of
/// authenticated packets and those of others count apart, so that nothing that is not authenticated
/// uses up a number of something that is.
///
/// Source: IPMI v2.0 §6.12.13.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Windows {
    authenticated: Window,
    unauthenticated: Window,
}

impl Windows {
    /// As [`Window::is_ahead`], of the packets of its kind.
    pub(crate) const fn is_ahead(&self, sequence: u32, authenticated: bool) -> bool {
        let Self { authenticated: proven, unauthenticated } = self;
        if authenticated { proven.is_ahead(sequence) } else { unauthenticated.is_ahead(sequence) }
    }

    /// As [`Window::accept`]. `authenticated` says that the packet has a code, and that it is right.
    pub(crate) const fn accept(&mut self, sequence: u32, authenticated: bool) -> bool {
        let window =
            if authenticated { &mut self.authenticated } else { &mut self.unauthenticated };
        window.accept(sequence, authenticated)
    }
}

/// The sequence numbers of an RMCP+ session in one direction as its sender gives them: as
/// [`Windows`], in two rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    authenticated: u32,
    unauthenticated: u32,
}

impl Default for Numbers {
    fn default() -> Self {
        Self { authenticated: 1, unauthenticated: 1 }
    }
}

impl Numbers {
    /// The number of the next packet of this kind.
    pub(crate) const fn next(&mut self, authenticated: bool) -> u32 {
        let row = if authenticated { &mut self.authenticated } else { &mut self.unauthenticated };
        let number = *row;
        *row = after(number, 1);
        number
    }
}

/// The number `step` after `number`. Number 0 is not used inside a session (§6.12.13).
pub(crate) const fn after(number: u32, step: u32) -> u32 {
    match number.wrapping_add(step) {
        0 => 1,
        next => next,
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
        assert!(!window.accept(1001 + (1 << 16), true));
        assert!(window.accept(1000 + (1 << 16), true));
    }

    /// Found by the fuzzer `session`: an IPMI v1.5 console that tried both orders of the bytes.
    #[test]
    fn no_leaps_lead_round_to_what_was_accepted() {
        let mut window = Window::starting_at(0x00a2_4974);
        assert!(window.accept(0x00a2_4974, true));
        for leap in 1..64u32 {
            let leap = 0x00a2_4974 + leap;
            assert!(window.accept(leap, true));
            assert!(!window.accept(leap.swap_bytes(), true));
        }
        for again in 0..64 {
            assert!(!window.accept(0x00a2_4974 + again, true));
        }
    }

    #[test]
    fn nothing_comes_before_the_first() {
        for first in [1, 2, 0x8000_0000, u32::MAX] {
            let mut window = Window::starting_at(first);
            for before in 1..32 {
                assert!(!window.accept(first.wrapping_sub(before), true), "{first} - {before}");
            }
            assert!(
                window.is_ahead(first) && window.accept(first, false) && !window.is_ahead(first)
            );
            assert!(!window.accept(first, true));
        }
    }

    #[test]
    fn the_two_kinds_count_apart() {
        let mut windows = Windows::default();
        assert!(windows.accept(1000, true) && windows.is_ahead(1, false));
        assert!(windows.accept(1, false) && !windows.accept(1, false));
        assert!(!windows.accept(1000, true) && !windows.accept(1000, false));
        let mut numbers = Numbers::default();
        assert_eq!([numbers.next(true), numbers.next(true), numbers.next(false)], [1, 2, 1]);
        numbers.authenticated = u32::MAX;
        assert_eq!([numbers.next(true), numbers.next(true)], [u32::MAX, 1]);
    }

    /// Two models of the same paragraph: the window, and a list of all that was accepted.
    #[test]
    fn every_number_is_accepted_once_whatever_the_order() {
        let mut seed = 7u32;
        let mut window = Window::starting_at(0xffff_ff00);
        let (mut highest, mut seen) = (0xffff_feffu32, std::collections::HashSet::new());
        for _ in 0..100_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let sequence = highest.wrapping_add(seed >> 26).wrapping_sub(32);
            let distance = sequence.wrapping_sub(highest) as i32;
            let new = sequence != 0
                && (-16..=15).contains(&distance)
                && (distance > 0 || sequence.wrapping_sub(0xffff_ff00) < 1 << 31)
                && !seen.contains(&sequence);
            assert_eq!(window.accept(sequence, false), new, "{sequence} at {highest}");
            if new {
                seen.insert(sequence);
                highest = if distance > 0 { sequence } else { highest };
            }
        }
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
