//! Reservation IDs: the way a repository tells a reader that it has changed under its feet.

/// The one reservation of a repository. Taking it cancels the one before.
///
/// Source: IPMI v2.0 §31.4 (SEL), §33.11 (SDR repository).
#[derive(Clone, Debug, Default)]
pub(crate) struct Reservation {
    last: u16,
    valid: bool,
}

impl Reservation {
    /// None taken yet.
    pub(crate) const fn new() -> Self {
        Self { last: 0, valid: false }
    }

    /// Takes the reservation. IDs run from 1 and never are 0, which means "none".
    pub(crate) fn take(&mut self) -> u16 {
        self.last = self.last.checked_add(1).unwrap_or(1);
        self.valid = true;
        self.last
    }

    /// Whether `id` is the valid reservation.
    pub(crate) const fn holds(&self, id: u16) -> bool {
        self.valid && id == self.last
    }

    /// Takes the reservation away from whoever holds it.
    pub(crate) const fn cancel(&mut self) {
        self.valid = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_reservation_cancels_the_old_one_and_none_is_zero() {
        let mut reservation = Reservation { last: u16::MAX - 1, valid: false };
        let first = reservation.take();
        let second = reservation.take();
        assert_eq!((first, second), (u16::MAX, 1));
        assert!(!reservation.holds(first) && reservation.holds(second));
        reservation.cancel();
        assert!(!reservation.holds(second));
    }
}
