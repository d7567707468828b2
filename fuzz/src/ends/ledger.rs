//! What was asked for, and what came of it.

use std::collections::HashMap;

use ipmi_session::console::{Failure, Token};
use ipmi_wire::Effect;

/// One call of one console.
pub(super) struct Entry {
    pub(super) console: usize,
    pub(super) once: bool,
    outcome: Option<Outcome>,
}

#[derive(Debug)]
enum Outcome {
    Answered,
    Failed(Failure),
}

/// All calls, numbered.
#[derive(Default)]
pub(super) struct Ledger {
    entries: Vec<Entry>,
    numbers: HashMap<(usize, Token), u16>,
}

impl Ledger {
    /// How many there may be: each is looked at again and again.
    pub(super) const ROOM: usize = 300;

    /// The number of the next call; `None` if there were enough.
    pub(super) fn next(&self) -> Option<u16> {
        u16::try_from(self.entries.len()).ok().filter(|number| usize::from(*number) < Self::ROOM)
    }

    pub(super) fn note(&mut self, console: usize, token: Token, effect: Effect) {
        let number = u16::try_from(self.entries.len()).expect("there is room");
        self.entries.push(Entry { console, once: effect == Effect::Once, outcome: None });
        let known = self.numbers.insert((console, token), number);
        assert!(known.is_none(), "two calls of one name");
    }

    /// Notes that a call was answered; its number.
    pub(super) fn answered(&mut self, console: usize, token: Token) -> Option<u16> {
        self.settle(console, token, Outcome::Answered)
    }

    pub(super) fn failed(&mut self, console: usize, token: Token, failure: Failure) {
        self.settle(console, token, Outcome::Failed(failure));
    }

    fn settle(&mut self, console: usize, token: Token, outcome: Outcome) -> Option<u16> {
        let number = *self.numbers.get(&(console, token)).expect("an outcome of no call");
        let entry = &mut self.entries[usize::from(number)];
        assert!(entry.outcome.is_none(), "{:?}, and then {outcome:?}", entry.outcome);
        entry.outcome = Some(outcome);
        Some(number)
    }

    /// All numbers, each with its call.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, &Entry)> {
        (0u16..).zip(&self.entries)
    }
}

impl Entry {
    /// Insists that there is an outcome and that it is true of a call that was carried out so often.
    pub(super) fn check_end(&self, executed: u32) {
        match self.outcome.as_ref().expect("a call without an outcome") {
            Outcome::Answered => {}
            Outcome::Failed(Failure::NotSent | Failure::TooLong) => {
                assert_eq!(executed, 0, "it was never sent");
            }
            // These say that asking again does no harm.
            Outcome::Failed(
                failure @ (Failure::NoAnswer { .. }
                | Failure::Unreachable(_)
                | Failure::Interrupted
                | Failure::PrivilegeRefused { .. }),
            ) if self.once => assert_eq!(executed, 0, "{failure:?}"),
            Outcome::Failed(_) => {}
        }
    }
}
