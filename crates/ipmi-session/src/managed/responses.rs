//! Answers that may have to be given again: what a request does, it does once, however often its
//! console sends it.
//!
//! A console that got no answer asks again in a new packet: same message, same `rqSeq`, a new
//! session sequence number (`research/ipmitool.md` §4.3). Such a repeat gets the answer that was
//! given, and while that is still being worked on, nothing: it is under way.
//!
//! `rqSeq` has six bits, and every console has its own way with it, so it names a request only
//! together with everything else in the message, and only for a while: until its console moves on
//! (another request with a newer number, or with the same one), and for [`VALID`] at most. A packet
//! that was *sent* before that and comes late is told by its session sequence number: what it asks
//! for was done, and who asked has moved on, so it is dropped, however late it comes: somebody may
//! have kept it back.
//!
//! An answer that took so long that its console has come round to the same `rqSeq`, or may soon, would
//! be taken for another request's: it is not sent.
//!
//! Of a request nothing is kept that could be read: it may hold a password.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ipmi_wire::lan::LanMessage;
use ipmi_wire::{CompletionCode, Effect, Privilege, registry};
use sha2::{Digest, Sha256};

/// How long an answer is good. IPMB's requesters give up a number after as long (IPMI v2.0, sequence
/// number expiration interval).
const VALID: Duration = Duration::from_secs(5);
/// How long the answer to a request that changes something is good, if it is asked for again and
/// again with no more than [`VALID`] between: ipmitool asks after 1, 3 and 6 seconds. A reading that
/// old would mislead a console that polls with one and the same `rqSeq`.
const VALID_FOR_CHANGES: Duration = Duration::from_secs(12);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The latest requests of one session.
#[derive(Debug, Default)]
pub(super) struct Responses {
    /// Oldest first.
    entries: VecDeque<Entry>,
    /// What the session's requests were last allowed to do.
    privilege: Option<Privilege>,
    /// How many requests were let in.
    admitted: u64,
}

#[derive(Debug)]
struct Entry {
    /// Its place among all that were let in.
    number: u64,
    key: Key,
    /// Whether it may have changed something.
    changes: bool,
    /// When it came first, and when last.
    first: Instant,
    last: Instant,
    state: State,
}

/// A request to the BMC, by which it is known again.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    /// Who asks: address and LUN.
    origin: (u8, u8),
    sequence: u8,
    to_lun: u8,
    netfn: u8,
    cmd: u8,
    /// SHA-256.
    data: [u8; 32],
}

#[derive(Debug)]
enum State {
    /// The answer is being worked on.
    Pending,
    Answered(LanMessage),
    /// Answered, and the console has moved on since.
    Passed,
    /// Being worked on, and its number names another request by now.
    Abandoned,
}

/// What is to become of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is new: carry it out. The number is for [`Responses::answered`].
    New(u64),
    /// Give this answer again.
    Again(LanMessage),
    /// Nothing: its answer is under way, or nobody waits for it any more.
    Drop,
}

impl Responses {
    /// Twice as many as the sequence window has numbers that may come late, and half of all `rqSeq`.
    /// One is enough for a console that waits for each answer.
    const CAPACITY: usize = 32;
    /// After so many other requests a console may soon come round to the same `rqSeq`.
    const HALF_ROUND: u64 = 32;

    /// Takes in a request. `ahead` says that its packet was sent after all that came before.
    pub(super) fn admit(&mut self, now: Instant, request: &LanMessage, ahead: bool) -> Admission {
        let key = Key::of(request);
        let admitted = self.admitted;
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.key == key) {
            let valid = entry.is_valid(now) && !entry.is_far(admitted);
            if !ahead || valid && !matches!(entry.state, State::Passed | State::Abandoned) {
                if valid {
                    entry.last = now;
                }
                return match &entry.state {
                    State::Answered(answer) if valid => Admission::Again(answer.clone()),
                    _ => Admission::Drop,
                };
            }
        }
        self.entries.retain(|entry| entry.key != key);
        if ahead {
            for entry in &mut self.entries {
                entry.pass(&key);
            }
        }
        if self.entries.len() >= Self::CAPACITY {
            let settled = self.entries.iter().position(|entry| !entry.is_pending());
            self.entries.remove(settled.unwrap_or(0));
        }
        let changes = changes_something(request);
        let number = self.admitted;
        self.admitted = number.saturating_add(1);
        self.entries.push_back(Entry {
            number,
            key,
            changes,
            first: now,
            last: now,
            state: State::Pending,
        });
        Admission::New(number)
    }

    /// Notes the answer to the request of this number. Whether it is to be sent: somebody may wait for
    /// it, and will not take it for another.
    pub(super) fn answered(&mut self, number: u64, answer: &LanMessage) -> bool {
        let admitted = self.admitted;
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.number == number) else {
            return false;
        };
        let waits = entry.is_pending() && !entry.is_far(admitted);
        entry.state = if waits { State::Answered(answer.clone()) } else { State::Passed };
        waits
    }

    /// Notes an answer of somebody else's, to whichever request it fits. Whether it is to be sent: also
    /// if nothing is known of a request any more, for then nothing is known against it.
    pub(super) fn answered_by(&mut self, answer: &LanMessage) -> bool {
        let admitted = self.admitted;
        let mut entries = self.entries.iter_mut().rev().filter(|entry| entry.key.fits(answer));
        let Some(entry) = entries.next() else { return true };
        let waits = entry.is_pending() && !entry.is_far(admitted);
        entry.state = if waits { State::Answered(answer.clone()) } else { State::Passed };
        waits
    }

    /// Requests are allowed this from here on. If that is new, what was refused or only read may be
    /// answered otherwise now. What was done stays done.
    pub(super) fn allowed(&mut self, privilege: Privilege) {
        if self.privilege.replace(privilege) == Some(privilege) {
            return;
        }
        for entry in &mut self.entries {
            if matches!(&entry.state, State::Answered(a) if !entry.changes || is_denial(a)) {
                entry.state = State::Passed;
            }
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

impl Entry {
    const fn is_pending(&self) -> bool {
        matches!(self.state, State::Pending)
    }

    /// Whether so many were let in since that its console may soon come round.
    const fn is_far(&self, admitted: u64) -> bool {
        admitted.saturating_sub(self.number) > Responses::HALF_ROUND
    }

    fn is_valid(&self, now: Instant) -> bool {
        let age = now.saturating_duration_since(self.first);
        if self.is_pending() {
            return age < PATIENCE;
        }
        let rest = now.saturating_duration_since(self.last);
        age < VALID || rest < VALID && age < VALID_FOR_CHANGES && self.changes
    }

    /// Its session has sent another request since: has its console moved on?
    fn pass(&mut self, next: &Key) {
        // Modulo 64, half of all numbers are newer; the same number with another request is, too.
        let step = next.sequence.wrapping_sub(self.key.sequence) & 0x3f;
        if next.origin != self.key.origin || step >= 32 {
            return;
        }
        if !self.is_pending() {
            self.state = State::Passed;
        } else if step == 0 {
            self.state = State::Abandoned;
        }
    }
}

impl Key {
    fn of(request: &LanMessage) -> Self {
        let LanMessage { from_address, from_lun, sequence, to_lun, netfn, cmd, .. } = *request;
        let data = Sha256::digest(&request.data).into();
        Self { origin: (from_address, from_lun), sequence, to_lun, netfn, cmd, data }
    }
}

impl Key {
    /// Whether this may be the answer to it.
    const fn fits(&self, answer: &LanMessage) -> bool {
        let LanMessage { to_address, to_lun, sequence, from_lun, netfn, cmd, .. } = *answer;
        self.origin.0 == to_address
            && self.origin.1 == to_lun
            && self.sequence == sequence
            && self.to_lun == from_lun
            && self.netfn | 1 == netfn
            && self.cmd == cmd
    }
}

fn changes_something(request: &LanMessage) -> bool {
    let effect = request.to_request().and_then(|request| {
        let entry = registry::find(registry::identify(&request))?;
        (entry.effect)(&request.data).ok()
    });
    effect != Some(Effect::Read)
}

/// Whether the session was not allowed what it asked for.
fn is_denial(answer: &LanMessage) -> bool {
    answer.data.first() == Some(&CompletionCode::INSUFFICIENT_PRIVILEGE.0)
}

#[cfg(test)]
mod tests {
    use ipmi_wire::cmd::app::GetDeviceId;
    use ipmi_wire::cmd::chassis::{ChassisControl, PowerAction};
    use ipmi_wire::{CompletionCode, Request, Response};

    use super::*;

    const RESET: ChassisControl = ChassisControl { action: PowerAction::Reset };
    const CYCLE: ChassisControl = ChassisControl { action: PowerAction::Cycle };

    fn request(sequence: u8, control: ChassisControl) -> LanMessage {
        LanMessage::request(sequence, &Request::of(&control))
    }

    fn poll(sequence: u8) -> LanMessage {
        LanMessage::request(sequence, &Request::of(&GetDeviceId))
    }

    fn answer(request: &LanMessage) -> LanMessage {
        request.answer(&Response { completion: CompletionCode::OK, data: vec![request.sequence] })
    }

    const NEW: Admission = Admission::New(0);

    struct Bench {
        now: Instant,
        responses: Responses,
        /// Of the last new request.
        number: u64,
    }

    impl Bench {
        fn new() -> Self {
            Self { now: Instant::now(), responses: Responses::default(), number: 0 }
        }

        fn wait(&mut self, milliseconds: u64) {
            self.now += Duration::from_millis(milliseconds);
        }

        fn admit(&mut self, request: &LanMessage) -> Admission {
            let admission = self.responses.admit(self.now, request, true);
            assert!(self.responses.len() <= Responses::CAPACITY);
            self.note(admission)
        }

        fn admit_late(&mut self, request: &LanMessage) -> Admission {
            let admission = self.responses.admit(self.now, request, false);
            self.note(admission)
        }

        /// Whatever its number, a new one is `NEW`.
        fn note(&mut self, admission: Admission) -> Admission {
            let Admission::New(number) = admission else { return admission };
            self.number = number;
            NEW
        }

        /// Answers the last new request; whether that is to be sent.
        fn answered(&mut self, answer: &LanMessage) -> bool {
            self.responses.answered(self.number, answer)
        }

        /// A new request, answered at once.
        fn run(&mut self, request: &LanMessage) {
            assert_eq!(self.admit(request), NEW);
            assert!(self.answered(&answer(request)));
        }
    }

    #[test]
    fn a_repeat_waits_for_the_answer_and_gets_the_same() {
        let mut bench = Bench::new();
        let reset = request(5, RESET);
        assert_eq!(bench.admit(&reset), NEW);
        bench.wait(10_000);
        assert_eq!(bench.admit(&reset), Admission::Drop, "however long it takes");
        assert!(bench.answered(&answer(&reset)));
        assert_eq!(bench.admit(&reset), Admission::Again(answer(&reset)));
    }

    /// ipmitool's four tries come after 0, 1, 3 and 6 seconds (`research/ipmitool.md` §4.3).
    #[test]
    fn the_last_try_of_ipmitool_is_still_a_repeat() {
        let mut bench = Bench::new();
        let cycle = request(5, CYCLE);
        bench.run(&cycle);
        for pause in [1000, 2000, 3000] {
            bench.wait(pause);
            assert_eq!(bench.admit(&cycle), Admission::Again(answer(&cycle)));
        }
        bench.wait(5000);
        assert_eq!(bench.admit(&cycle), NEW);
    }

    #[test]
    fn who_polls_under_one_number_does_not_see_the_past() {
        let mut bench = Bench::new();
        bench.run(&poll(0));
        let mut fresh = 0;
        for _ in 0..20 {
            bench.wait(1000);
            if bench.admit(&poll(0)) == NEW {
                assert!(bench.answered(&answer(&poll(0))));
                fresh += 1;
            }
        }
        assert_eq!(fresh, 4, "once in five seconds");
        let reset = request(0, RESET);
        bench.run(&reset);
        bench.run(&poll(0));
        bench.run(&reset);
    }

    #[test]
    fn nothing_is_repeated_for_ever() {
        let mut bench = Bench::new();
        let reset = request(5, RESET);
        bench.run(&reset);
        let mut seconds = 0;
        while bench.admit(&reset) != NEW {
            bench.wait(1000);
            seconds += 1;
        }
        assert_eq!(seconds, 12);
    }

    #[test]
    fn each_part_of_a_message_makes_it_another() {
        let mut bench = Bench::new();
        let reset = request(5, RESET);
        bench.run(&reset);
        for other in [
            request(5, CYCLE),
            LanMessage { from_address: 0x83, ..reset.clone() },
            LanMessage { from_lun: 1, ..reset.clone() },
            LanMessage { to_lun: 1, ..reset.clone() },
            LanMessage { netfn: 0x2e, ..reset.clone() },
            LanMessage { cmd: 3, ..reset.clone() },
            LanMessage { sequence: 4, ..reset.clone() },
        ] {
            bench.run(&other);
        }
    }

    #[test]
    fn a_newer_number_ends_it_also_where_numbers_wrap() {
        for (number, next, ends) in [
            (5, 6, true),
            (63, 0, true),
            (40, 3, true),
            (5, 36, true),
            (5, 4, false),
            (5, 37, false),
        ] {
            let mut bench = Bench::new();
            let reset = request(number, RESET);
            bench.run(&reset);
            bench.run(&poll(next));
            let again = bench.admit(&reset);
            let expected = if ends { NEW } else { Admission::Again(answer(&reset)) };
            assert_eq!(again, expected, "{number}, {next}");
        }
        let mut bench = Bench::new();
        let reset = request(5, RESET);
        bench.run(&reset);
        bench.run(&LanMessage { from_lun: 1, ..poll(6) });
        assert_eq!(bench.admit(&reset), Admission::Again(answer(&reset)), "another requester's");
    }

    #[test]
    fn a_copy_that_was_overtaken_does_nothing() {
        let mut bench = Bench::new();
        let reset = request(5, RESET);
        bench.run(&reset);
        bench.run(&poll(6));
        assert_eq!(bench.admit_late(&reset), Admission::Drop);
        assert_eq!(bench.admit_late(&request(4, RESET)), NEW, "never seen");
        assert_eq!(bench.admit(&poll(6)), Admission::Again(answer(&poll(6))));
        bench.wait(5000);
        assert_eq!(bench.admit(&reset), NEW);
    }

    /// Somebody on the way keeps one of two copies back, and lets it go when it suits him.
    #[test]
    fn a_copy_that_was_kept_back_does_nothing_however_late_it_comes() {
        for seconds in [1, 5, 12, 59, 3600] {
            let mut bench = Bench::new();
            let cycle = request(5, CYCLE);
            bench.run(&cycle);
            bench.run(&poll(6));
            bench.wait(seconds * 1000);
            for number in 7..21 {
                bench.run(&poll(number));
            }
            assert_eq!(bench.admit_late(&cycle), Admission::Drop, "after {seconds} s");
            let (mut bench, cycle) = (Bench::new(), request(5, CYCLE));
            bench.run(&cycle);
            bench.wait(seconds * 1000);
            assert_ne!(bench.admit_late(&cycle), NEW, "after {seconds} s of silence");
        }
    }

    #[test]
    fn what_was_denied_or_read_is_asked_anew_with_another_privilege_and_what_was_done_is_not() {
        let mut bench = Bench::new();
        bench.responses.allowed(Privilege::User);
        let (reset, cycle) = (request(40, RESET), request(39, CYCLE));
        bench.admit(&reset);
        let denied = Response::code(CompletionCode::INSUFFICIENT_PRIVILEGE);
        assert!(bench.answered(&reset.answer(&denied)));
        // A console whose numbers go down: nothing it sends is newer.
        bench.run(&cycle);
        bench.run(&poll(38));
        bench.responses.allowed(Privilege::User);
        assert_eq!(bench.admit(&reset), Admission::Again(reset.answer(&denied)));
        bench.responses.allowed(Privilege::Operator);
        assert_eq!(bench.admit(&poll(38)), NEW);
        assert_eq!(bench.admit(&cycle), Admission::Again(answer(&cycle)));
        assert_eq!(bench.admit(&reset), NEW);
    }

    #[test]
    fn no_password_is_kept_and_none_printed() {
        let mut bench = Bench::new();
        let mut request = request(5, RESET);
        request.data = b"\x02\x02Complex_Pass".to_vec();
        bench.run(&request);
        let printed = format!("{:?}", bench.responses);
        let bytes = format!("{:?}", b"Complex_Pass");
        assert!(!printed.contains(bytes.trim_matches(['[', ']'])), "{printed}");
    }

    #[test]
    fn an_answer_of_software_finds_its_request() {
        let mut bench = Bench::new();
        let asked = LanMessage { to_lun: 2, ..request(5, RESET) };
        assert_eq!(bench.admit(&asked), NEW);
        bench.wait(3000);
        assert_eq!(bench.admit(&asked), Admission::Drop, "software has it already");
        let reply = answer(&asked);
        for other in [
            LanMessage { sequence: 6, ..reply.clone() },
            LanMessage { from_lun: 0, ..reply.clone() },
            LanMessage { cmd: 3, ..reply.clone() },
            LanMessage { to_lun: 1, ..reply.clone() },
        ] {
            assert!(bench.responses.answered_by(&other), "nothing is known of its request");
        }
        assert!(bench.responses.answered_by(&reply));
        assert_eq!(bench.admit(&asked), Admission::Again(reply.clone()));
        assert!(!bench.responses.answered_by(&reply), "it was answered");
    }

    /// Its console has given up, and asked something else under the same number.
    #[test]
    fn an_answer_that_would_be_taken_for_anothers_is_not_sent() {
        let mut bench = Bench::new();
        let (reset, cycle) = (request(5, RESET), request(5, CYCLE));
        assert_eq!(bench.admit(&reset), NEW);
        let first = bench.number;
        assert_eq!(bench.admit(&cycle), NEW);
        assert!(!bench.responses.answered(first, &answer(&reset)));
        assert!(bench.answered(&answer(&cycle)));
        assert_eq!(bench.admit_late(&reset), Admission::Drop);
        assert_eq!(bench.admit(&cycle), Admission::Again(answer(&cycle)));
    }

    /// The new request may be on its way while the answer to the old one is given.
    #[test]
    fn nor_is_one_after_half_a_round_of_numbers() {
        for (others, sent) in [(31, true), (32, false), (63, false)] {
            let mut bench = Bench::new();
            let reset = request(60, RESET);
            assert_eq!(bench.admit(&reset), NEW);
            let first = bench.number;
            for number in 0..others {
                bench.run(&poll((61 + number) & 0x3f));
            }
            assert_eq!(bench.responses.answered(first, &answer(&reset)), sent, "{others}");
            let again = bench.admit(&reset);
            assert_eq!(again == NEW, !sent, "{others}: the same once more is another request");
        }
    }

    #[test]
    fn what_is_in_flight_is_kept_longest() {
        let mut bench = Bench::new();
        let reset = request(60, RESET);
        assert_eq!(bench.admit(&reset), NEW);
        let first = bench.number;
        for number in 0..31 {
            bench.run(&poll(number));
        }
        assert_eq!(bench.admit(&reset), Admission::Drop);
        assert!(bench.responses.answered(first, &answer(&reset)));
        assert_eq!(bench.admit(&reset), Admission::Again(answer(&reset)));
    }
}
