//! Who is setting parameters: the "set in progress" that is parameter 0 of several groups of them.
//!
//! It keeps two from setting at a time, and nothing else: what is set holds at once, so that there
//! is nothing to commit or to take back (LAN and SOL parameters are set as one: `lan/staging.rs`). A
//! claim that is left hanging lapses.

use std::time::Instant;

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::chassis::SetInProgress;

use crate::context::Context;
use crate::dispatch::Outcome;
use crate::lan::{Holder, IN_PROGRESS, PATIENCE};

/// Whose turn it is.
#[derive(Debug, Default)]
pub(crate) struct Claim(Option<Held>);

#[derive(Debug)]
struct Held {
    by: Holder,
    until: Instant,
}

impl Claim {
    /// What parameter 0 says.
    pub(crate) fn progress(&self, now: Instant) -> SetInProgress {
        match &self.0 {
            Some(held) if now < held.until => SetInProgress::InProgress,
            _ => SetInProgress::Complete,
        }
    }

    /// Sets parameter 0.
    ///
    /// # Errors
    /// 81h if somebody else is at it; CCh for a commit. The owner may claim again: who has heard no
    /// answer cannot know that the first time was enough.
    pub(crate) fn set(&mut self, context: &Context, state: SetInProgress) -> Outcome<()> {
        match state {
            SetInProgress::CommitWrite => Err(CompletionCode::INVALID_DATA_FIELD),
            SetInProgress::Complete => {
                self.0 = None;
                Ok(())
            }
            SetInProgress::InProgress => {
                let by = Holder::of(&context.origin);
                let free = self.progress(context.now) == SetInProgress::Complete;
                if !free && self.0.as_ref().is_some_and(|held| held.by != by) {
                    return Err(IN_PROGRESS);
                }
                self.hold(context.now, by);
                Ok(())
            }
        }
    }

    /// Something else was set.
    pub(crate) fn prolong(&mut self, context: &Context) {
        let by = Holder::of(&context.origin);
        if self.progress(context.now) == SetInProgress::InProgress
            && self.0.as_ref().is_some_and(|held| held.by == by)
        {
            self.hold(context.now, by);
        }
    }

    /// Nobody is at it.
    pub(crate) fn release(&mut self) {
        self.0 = None;
    }

    fn hold(&mut self, now: Instant, by: Holder) {
        self.0 = now.checked_add(PATIENCE).map(|until| Held { by, until });
    }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::{Channel, Privilege};

    use super::*;
    use crate::context::Origin;

    fn at(now: Instant, session_id: u32) -> Context {
        let origin = Origin::Session {
            session_id,
            channel: Channel::new(1),
            user_id: 2,
            privilege: Privilege::Administrator,
        };
        Context { now, origin }
    }

    #[test]
    fn two_cannot_set_at_a_time() {
        let now = Instant::now();
        let (mut claim, one, other) = (Claim::default(), at(now, 1), at(now, 2));
        claim.set(&one, SetInProgress::InProgress).unwrap();
        assert_eq!(claim.set(&other, SetInProgress::InProgress), Err(CompletionCode(0x81)));
        let local = Context { now, origin: Origin::SystemInterface };
        assert_eq!(claim.set(&local, SetInProgress::InProgress), Err(CompletionCode(0x81)));
        claim.set(&one, SetInProgress::InProgress).unwrap();
        let commit = claim.set(&one, SetInProgress::CommitWrite);
        assert_eq!(commit, Err(CompletionCode::INVALID_DATA_FIELD));
        assert_eq!(claim.progress(now), SetInProgress::InProgress);
        // Anybody may say that it is over.
        claim.set(&other, SetInProgress::Complete).unwrap();
        assert_eq!(claim.progress(now), SetInProgress::Complete);
    }

    #[test]
    fn a_claim_that_hangs_lapses_and_work_prolongs_it() {
        let now = Instant::now();
        let (half, end) = (now + PATIENCE / 2, now + PATIENCE);
        let mut claim = Claim::default();
        claim.set(&at(now, 1), SetInProgress::InProgress).unwrap();
        claim.prolong(&at(half, 2));
        claim.prolong(&at(half, 1));
        assert_eq!(claim.progress(end), SetInProgress::InProgress);
        let later = half + PATIENCE;
        assert_eq!(claim.progress(later), SetInProgress::Complete);
        // A late word of the old owner takes nothing from the new one.
        claim.set(&at(later, 2), SetInProgress::InProgress).unwrap();
        claim.prolong(&at(later, 1));
        assert_eq!(claim.set(&at(later, 1), SetInProgress::InProgress), Err(CompletionCode(0x81)));
    }
}
