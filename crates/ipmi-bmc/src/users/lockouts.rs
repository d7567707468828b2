//! Who was locked out for wrong passwords, and who is on the way there: LAN parameter 26 carried
//! out. See `docs/decisions/0013-lockout.md`.
//!
//! All of it is forgotten when the controller starts again, except for a lockout without an end: that
//! disables the user, which is kept like any other.

use std::collections::BTreeMap;
use std::time::Instant;

use super::BadPasswordPolicy;

/// Wrong passwords, by user. Users without one have no entry.
#[derive(Debug, Default)]
pub(crate) struct Lockouts(BTreeMap<u8, Attempts>);

#[derive(Debug)]
struct Attempts {
    wrong: u8,
    last: Instant,
    locked_until: Option<Instant>,
}

impl Lockouts {
    /// Whether this user is locked out now.
    pub(crate) fn is_locked(&self, now: Instant, user_id: u8) -> bool {
        let attempts = self.0.get(&user_id);
        attempts.and_then(|attempts| attempts.locked_until).is_some_and(|until| now < until)
    }

    /// Counts a wrong password; whether it is the one too many.
    pub(crate) fn count(&mut self, now: Instant, user_id: u8, policy: &BadPasswordPolicy) -> bool {
        if self.is_locked(now, user_id) {
            // From a handshake that was under way: it is late for everything.
            return false;
        }
        let attempts =
            self.0.entry(user_id).or_insert(Attempts { wrong: 0, last: now, locked_until: None });
        let idle = now.saturating_duration_since(attempts.last);
        if policy.reset_after.is_some_and(|time| idle >= time) {
            attempts.wrong = 0;
        }
        attempts.wrong = attempts.wrong.saturating_add(1);
        attempts.last = now;
        if policy.threshold == 0 || attempts.wrong < policy.threshold {
            return false;
        }
        attempts.wrong = 0;
        attempts.locked_until = policy.lockout.and_then(|time| now.checked_add(time));
        true
    }

    /// Forgets what there was of this user: the password was right, or somebody who may has said so.
    pub(crate) fn forget(&mut self, user_id: u8) {
        self.0.remove(&user_id);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn policy() -> BadPasswordPolicy {
        BadPasswordPolicy {
            threshold: 3,
            reset_after: Some(MINUTE),
            lockout: Some(2 * MINUTE),
            log_lockout: true,
        }
    }

    #[test]
    fn so_many_in_a_row_lock_out_for_so_long() {
        let (mut lockouts, mut now) = (Lockouts::default(), Instant::now());
        for _ in 0..2 {
            let counted = [(); 3].map(|()| lockouts.count(now, 2, &policy()));
            assert_eq!(counted, [false, false, true]);
            assert!(lockouts.is_locked(now, 2) && !lockouts.is_locked(now, 3));
            assert!(!lockouts.count(now, 2, &policy()), "once is enough");
            assert!(lockouts.is_locked(now + 2 * MINUTE - Duration::from_nanos(1), 2));
            now += 2 * MINUTE;
            assert!(!lockouts.is_locked(now, 2));
        }
    }

    #[test]
    fn time_without_one_and_a_right_one_begin_anew() {
        let (mut lockouts, mut now) = (Lockouts::default(), Instant::now());
        for _ in 0..10 {
            // Two, a minute of rest.
            assert!(!lockouts.count(now, 2, &policy()) && !lockouts.count(now, 2, &policy()));
            now += MINUTE;
        }
        for _ in 0..10 {
            assert!(!lockouts.count(now, 2, &policy()) && !lockouts.count(now, 2, &policy()));
            lockouts.forget(2);
        }
        // Without a time, nothing but a right one does.
        let endless = BadPasswordPolicy { reset_after: None, ..policy() };
        lockouts.count(now, 2, &endless);
        lockouts.count(now + 1000 * MINUTE, 2, &endless);
        assert!(lockouts.count(now + 2000 * MINUTE, 2, &endless));
    }

    #[test]
    fn without_a_threshold_nobody_is_locked_out() {
        let (mut lockouts, now) = (Lockouts::default(), Instant::now());
        let never = BadPasswordPolicy { threshold: 0, ..policy() };
        assert!((0..1000).all(|_| !lockouts.count(now, 2, &never)));
        assert!(!lockouts.is_locked(now, 2));
    }

    #[test]
    fn a_lockout_without_an_end_is_for_somebody_else_to_keep() {
        let (mut lockouts, now) = (Lockouts::default(), Instant::now());
        let endless = BadPasswordPolicy { threshold: 1, lockout: None, ..policy() };
        assert!(lockouts.count(now, 2, &endless));
        assert!(!lockouts.is_locked(now, 2));
    }
}
