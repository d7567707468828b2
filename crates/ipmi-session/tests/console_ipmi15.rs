//! The console's sessions of IPMI v1.5, with BMCs that do as specified and with those that do not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

#[path = "common/bmc15.rs"]
#[allow(unreachable_pub, reason = "a module of tests")]
mod bmc15;
mod common;

use std::time::{Duration, Instant};

use bmc15::Bmc15;
use common::{Seeded, config};
use ipmi_session::console::{
    Agreed, Call, Config, Event, Failure, Protocol, Session, SessionError, Stage,
};
use ipmi_session::{Quirk, Quirks, Secret};
use ipmi_wire::cmd::app::{ColdReset, GetDeviceId};
use ipmi_wire::session::AuthType;
use ipmi_wire::{CompletionCode, Privilege};

fn ipmi15(types: &[AuthType]) -> Config {
    Config { protocol: Protocol::Ipmi15(types.to_vec()), ..config() }
}

fn md5() -> Config {
    ipmi15(&[AuthType::Md5])
}

fn only(quirk: Quirk) -> Quirks {
    Quirks::NONE.with(quirk)
}

struct Bench {
    start: Instant,
    now: Instant,
    rng: Seeded,
    console: Session,
    bmc: Bmc15,
    /// Whether a datagram to the BMC gets through, by its number.
    deliver: fn(usize) -> bool,
    /// Whether an answer gets through.
    deliver_back: fn(usize) -> bool,
    sent: Vec<Vec<u8>>,
    answers: Vec<Vec<u8>>,
    events: Vec<Event>,
    noticed: Vec<Quirk>,
}

impl Bench {
    fn new(config: Config, bmc: Bmc15) -> Self {
        Self::seeded(3, config, bmc)
    }

    fn seeded(seed: u64, config: Config, bmc: Bmc15) -> Self {
        let (now, mut rng) = (Instant::now(), Seeded(seed));
        let console = Session::open(now, config, 1, &mut rng);
        Self {
            start: now,
            now,
            rng,
            console,
            bmc,
            deliver: |_| true,
            deliver_back: |_| true,
            sent: Vec::new(),
            answers: Vec::new(),
            events: Vec::new(),
            noticed: Vec::new(),
        }
    }

    fn run(&mut self) {
        for _ in 0..1000 {
            while let Some(datagram) = self.console.poll_transmit() {
                self.sent.push(datagram.clone());
                if !(self.deliver)(self.sent.len() - 1) {
                    continue;
                }
                if let Some(answer) = self.bmc.answer(&datagram) {
                    self.answers.push(answer.clone());
                    if (self.deliver_back)(self.answers.len() - 1) {
                        self.console.handle_datagram(self.now, &answer, &mut self.rng);
                    }
                }
            }
            while let Some(event) = self.console.poll_event() {
                match event {
                    Event::Noticed(quirk) => self.noticed.push(quirk),
                    event => self.events.push(event),
                }
            }
            let Some(due) = self.console.poll_timeout() else { return };
            self.now = due;
            self.console.handle_timeout(due, &mut self.rng);
        }
        panic!("the console never rests");
    }

    /// Logs in and runs some commands, all of which are to be answered.
    fn answered(config: Config, bmc: Bmc15) -> Self {
        let mut bench = Self::new(config, bmc);
        for privilege in [Privilege::User, Privilege::Operator, Privilege::User] {
            let call = Call { needs: privilege, ..Call::of(&GetDeviceId) };
            bench.console.call(bench.now, call, &mut bench.rng);
        }
        bench.console.call(bench.now, Call::of(&ColdReset), &mut bench.rng);
        bench.run();
        let answers = bench.events.iter().filter(|e| matches!(e, Event::Answer(..))).count();
        assert_eq!(answers, 4, "{:?}", bench.events);
        assert_eq!(bench.bmc.executed.iter().filter(|cmd| **cmd == 2).count(), 1);
        bench
    }

    fn closed(&mut self) -> SessionError {
        self.run();
        match self.events.pop() {
            Some(Event::Closed(Some(why))) => why,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_session_takes_three_exchanges_and_every_packet_has_its_code() {
    use AuthType as A;
    for (auth_type, bit) in [(A::Md5, 4), (A::Md2, 2), (A::Password, 0x10), (A::None, 1)] {
        let mut bmc = Bmc15::new(Quirks::NONE);
        (bmc.offered, bmc.taken) = (bit, vec![auth_type]);
        let bench = Bench::answered(ipmi15(&[auth_type]), bmc);
        let agreed = Agreed::Ipmi15(auth_type);
        assert_eq!(bench.events[0], Event::Established { agreed, refused: vec![] });
        // Three to log in, two to raise the privilege, four commands.
        assert_eq!(bench.sent.len(), 3 + 2 + 4);
        assert!(bench.bmc.seen.iter().all(|seen| *seen == auth_type));
        assert!(bench.noticed.is_empty(), "{:?}", bench.noticed);
        assert_eq!(bench.now, bench.start);
    }
}

/// Key and session ID are the same in both directions.
#[test]
fn what_the_console_sent_itself_moves_nothing() {
    for inbound in [0x0000_00fe, 0x7000_0000, 0xe000_0000] {
        let mut bmc = Bmc15::new(Quirks::NONE);
        bmc.inbound = inbound;
        let mut bench = Bench::answered(md5(), bmc);
        for datagram in bench.sent.clone() {
            bench.console.handle_datagram(bench.now, &datagram, &mut bench.rng);
        }
        bench.events.clear();
        bench.console.call(bench.now, Call::of(&GetDeviceId), &mut bench.rng);
        bench.run();
        assert!(matches!(bench.events[..], [Event::Answer(..)]), "{:?}", bench.events);
    }
}

#[test]
fn numbers_skip_0_and_close_is_sent() {
    let mut bmc = Bmc15::new(Quirks::NONE);
    bmc.inbound = u32::MAX;
    let mut bench = Bench::answered(md5(), bmc);
    bench.console.close(&mut bench.rng);
    bench.run();
    assert_eq!(bench.events.last(), Some(&Event::Closed(None)));
    assert_eq!(bench.bmc.executed.last(), Some(&0x3c));
    assert!(bench.sent[3..].iter().all(|datagram| datagram[5..9] != [0; 4]));
}

#[test]
fn every_single_loss_is_healed() {
    type Rule = fn(usize) -> bool;
    let losses: [Rule; 5] = [|n| n != 0, |n| n != 1, |n| n != 2, |n| n != 3, |n| n != 4];
    for lossless in losses {
        for answers in [false, true] {
            let mut bench = Bench::new(md5(), Bmc15::new(Quirks::NONE));
            if answers {
                bench.deliver_back = lossless;
            } else {
                bench.deliver = lossless;
            }
            let call = Call { needs: Privilege::Operator, ..Call::of(&GetDeviceId) };
            bench.console.call(bench.now, call, &mut bench.rng);
            bench.run();
            assert!(matches!(bench.events[..], [Event::Established { .. }, Event::Answer(..)]));
            assert_eq!(bench.now - bench.start, Duration::from_millis(150));
        }
    }
}

#[test]
fn the_first_type_of_the_list_that_is_offered_is_used_and_bits_are_hints() {
    use AuthType as A;
    let agreed = |types: &[A], offered, taken: &[A]| {
        let mut bmc = Bmc15::new(Quirks::NONE);
        (bmc.offered, bmc.taken) = (offered, taken.to_vec());
        let bench = Bench::answered(ipmi15(types), bmc);
        let Event::Established { agreed: Agreed::Ipmi15(auth_type), .. } = bench.events[0] else {
            panic!("{:?}", bench.events)
        };
        (auth_type, bench.noticed)
    };
    let all = [A::Md5, A::Md2, A::Password];
    assert_eq!(agreed(&all, 0x14, &all), (A::Md5, vec![]));
    assert_eq!(agreed(&all, 0x12, &all), (A::Md2, vec![]));
    assert_eq!(agreed(&all, 0x02, &[A::Password]), (A::Password, vec![Quirk::AuthCap]));
    assert_eq!(agreed(&all, 0x00, &all), (A::Md5, vec![Quirk::AuthCap]));
    // What is not on the list is not used, whatever is offered.
    let mut bmc = Bmc15::new(Quirks::NONE);
    (bmc.offered, bmc.taken) = (0x11, vec![A::Password, A::None]);
    let mut bench = Bench::new(md5(), bmc);
    let refused = SessionError::Refused15 {
        stage: Stage::SessionChallenge,
        completion: CompletionCode::INVALID_DATA_FIELD,
        explained: None,
    };
    assert_eq!(bench.closed(), refused);
}

#[test]
fn refusals_say_what_and_why() {
    for (cmd, code, stage) in [
        (0x39, 0x81, Stage::SessionChallenge),
        (0x39, 0x82, Stage::SessionChallenge),
        (0x3a, 0x81, Stage::ActivateSession),
        (0x3a, 0x82, Stage::ActivateSession),
        (0x3a, 0x83, Stage::ActivateSession),
        (0x3a, 0x84, Stage::ActivateSession),
        (0x3a, 0x85, Stage::ActivateSession),
        (0x3a, 0x86, Stage::ActivateSession),
    ] {
        let mut bmc = Bmc15::new(Quirks::NONE);
        bmc.refuse = Some((cmd, CompletionCode(code)));
        let mut bench = Bench::new(md5(), bmc);
        let error = bench.closed();
        let SessionError::Refused15 { stage: at, completion, explained: Some(why) } = &error else {
            panic!("{error:?}")
        };
        assert_eq!((*at, completion.0), (stage, code));
        assert!(
            error.to_string().contains(why) && bench.now - bench.start < Duration::from_secs(5)
        );
    }
}

#[test]
fn what_cannot_be_spoken_is_not_tried() {
    let refused =
        |config| match Session::open(Instant::now(), config, 1, &mut Seeded(1)).poll_event() {
            Some(Event::Closed(Some(why))) => why,
            other => panic!("{other:?}"),
        };
    let password = Secret::new(b"seventeen bytes !").unwrap();
    assert_eq!(refused(Config { password, ..md5() }), SessionError::PasswordTooLong(17));
    assert_eq!(refused(ipmi15(&[])), SessionError::UnsupportedAuthType(None));
    let oem = SessionError::UnsupportedAuthType(Some(AuthType::Oem));
    assert_eq!(refused(ipmi15(&[AuthType::Oem])), oem);
}

#[test]
fn departures_that_cost_nothing_are_dealt_with_and_told() {
    use Quirk as Q;
    for quirk in [Q::IdZero, Q::EndianSeq, Q::SeqOffByOne, Q::SeqByTwo] {
        let bench = Bench::answered(md5(), Bmc15::new(only(quirk)));
        assert_eq!(bench.noticed, [quirk]);
        assert_eq!(bench.now, bench.start, "{quirk:?}: nothing was repeated");
    }
    // Declared, it is the same; and declared of a BMC that has none of them, it does no harm.
    let workarounds = Quirk::ALL.into_iter().collect();
    for quirk in [Q::IdZero, Q::EndianSeq, Q::SeqOffByOne, Q::SeqByTwo] {
        Bench::answered(Config { workarounds, ..md5() }, Bmc15::new(only(quirk)));
    }
    Bench::answered(Config { workarounds, ..md5() }, Bmc15::new(Quirks::NONE));
}

/// A code over session ID 0 is right in any session with this password: whoever turns datagrams aside
/// could have one session's answer believed in another.
#[test]
fn an_answer_without_a_session_id_counts_in_its_own_session_alone() {
    let answers: Vec<_> = (10..40)
        .map(|seed| {
            let mut other = Bench::seeded(seed, md5(), Bmc15::new(only(Quirk::IdZero)));
            other.console.call(other.now, Call::of(&GetDeviceId), &mut other.rng);
            other.run();
            assert!(matches!(other.events.last(), Some(Event::Answer(..))));
            other.answers.pop().unwrap()
        })
        .collect();
    let mut bench = Bench::new(md5(), Bmc15::new(only(Quirk::IdZero)));
    bench.run();
    bench.console.call(bench.now, Call::of(&GetDeviceId), &mut bench.rng);
    for answer in &answers {
        bench.console.handle_datagram(bench.now, answer, &mut bench.rng);
    }
    assert_eq!(bench.console.poll_event(), None);
    bench.run();
    assert!(matches!(bench.events.last(), Some(Event::Answer(..))));
    assert_eq!(bench.noticed, [Quirk::IdZero]);
}

#[test]
fn nothing_secret_is_printed() {
    let mut bmc = Bmc15::new(Quirks::NONE);
    (bmc.offered, bmc.taken) = (0x10, vec![AuthType::Password]);
    let mut bench = Bench::new(ipmi15(&[AuthType::Password]), bmc);
    // As `derive` prints bytes.
    let password = format!("{:?}", b"Complex_Pass");
    let password = password.trim_matches(['[', ']']);
    for stage in 0..4 {
        let printed = format!("{:?}", bench.console);
        assert!(!printed.contains(password), "{printed}");
        if stage == 3 {
            break;
        }
        let datagram = bench.console.poll_transmit().unwrap();
        let answer = bench.bmc.answer(&datagram).unwrap();
        bench.console.handle_datagram(bench.now, &answer, &mut bench.rng);
        bench.console.call(bench.now, Call::of(&ColdReset), &mut bench.rng);
    }
}

#[test]
fn what_can_be_forged_in_front_of_an_answer_does_no_more_than_delay() {
    for (at, cmd) in [(0, 0x38), (1, 0x39), (2, 0x3a)] {
        for code in [0x00, 0x81, 0x86, 0xcc, 0xd4, 0xff] {
            let mut bench = Bench::new(md5(), Bmc15::new(Quirks::NONE));
            for _ in 0..at {
                let datagram = bench.console.poll_transmit().unwrap();
                let answer = bench.bmc.answer(&datagram).unwrap();
                bench.console.handle_datagram(bench.now, &answer, &mut bench.rng);
            }
            let datagram = bench.console.poll_transmit().unwrap();
            let answer = bench.bmc.answer(&datagram).unwrap();
            for sequence in 0..64 {
                let message = ipmi_wire::lan::LanMessage {
                    to_address: 0x81,
                    netfn: 7,
                    to_lun: 0,
                    from_address: 0x20,
                    sequence,
                    from_lun: 0,
                    cmd,
                    data: vec![code],
                };
                let payload = ipmi_wire::Encode::to_bytes(&message);
                let forged =
                    ipmi_wire::session::V15Packet::sessionless(&payload).to_datagram().unwrap();
                bench.console.handle_datagram(bench.now, &forged, &mut bench.rng);
            }
            bench.console.handle_datagram(bench.now, &answer, &mut bench.rng);
            bench.run();
            assert!(
                matches!(bench.events[..], [Event::Established { .. }]),
                "{cmd:02x} {code:02x}: {:?}",
                bench.events
            );
        }
    }
}

#[test]
fn a_bmc_without_codes_in_every_packet_gets_them_all_the_same() {
    let mut bmc = Bmc15::new(Quirks::NONE);
    bmc.bare = true;
    let bench = Bench::answered(md5(), bmc);
    assert!(bench.bmc.seen.iter().all(|seen| *seen == AuthType::Md5));
    assert!(bench.noticed.is_empty());

    for quirk in [Quirk::UnexpectedAuth, Quirk::ForcePerMsg] {
        let mut bmc = Bmc15::new(only(quirk));
        bmc.bare = true;
        let bench = Bench::answered(md5(), bmc);
        assert_eq!(bench.noticed, [quirk]);
    }
}

/// Whoever says, without a code, that codes are off: it is not believed.
#[test]
fn an_answer_without_a_code_is_not_believed_where_there_should_be_one() {
    let mut bmc = Bmc15::new(only(Quirk::ForcePerMsg));
    bmc.bare = true;
    let mut bench = Bench::new(md5(), bmc);
    bench.run();
    bench.console.call(bench.now, Call::of(&GetDeviceId), &mut bench.rng);
    let request = bench.console.poll_transmit().unwrap();
    let answer = bench.bmc.answer(&request).unwrap();
    let mut forged = [&answer[..13], &answer[29..]].concat();
    forged[4] = 0;
    bench.console.handle_datagram(bench.now, &forged, &mut bench.rng);
    assert_eq!(std::iter::from_fn(|| bench.console.poll_event()).count(), 0);
    bench.console.handle_datagram(bench.now, &answer, &mut bench.rng);
    assert!(matches!(bench.console.poll_event(), Some(Event::Answer(..))));
}

#[test]
fn wrong_codes_are_refused_by_name() {
    for auth_type in [AuthType::Md5, AuthType::Password] {
        let mut bmc = Bmc15::new(only(Quirk::NoAuthCodeCheck));
        bmc.taken = vec![auth_type];
        // Not even if somebody asks for it.
        let workarounds = only(Quirk::NoAuthCodeCheck);
        let mut bench = Bench::new(Config { workarounds, ..ipmi15(&[auth_type]) }, bmc);
        let read = bench.console.call(bench.now, Call::of(&GetDeviceId), &mut bench.rng);
        let once = Call { needs: Privilege::User, ..Call::of(&ColdReset) };
        let once = bench.console.call(bench.now, once, &mut bench.rng);
        bench.run();
        let Event::Failed(token, failure) = &bench.events[1] else { panic!("{:?}", bench.events) };
        assert_eq!(*token, read);
        assert!(matches!(failure, Failure::WrongCode { answers: 6, sent: 6, .. }), "{failure:?}");
        assert!(failure.to_string().contains("noauthcodecheck"));
        assert_eq!(bench.events[2], Event::Failed(once, Failure::Uncertain));
    }
}

#[test]
fn wrong_checksums_are_the_administrators_word_without_integrity() {
    // MD5 vouches for every byte.
    let bench = Bench::answered(md5(), Bmc15::new(only(Quirk::NoChecksumCheck)));
    assert_eq!(bench.noticed, [Quirk::NoChecksumCheck]);
    let password = || {
        let mut bmc = Bmc15::new(only(Quirk::NoChecksumCheck));
        (bmc.offered, bmc.taken) = (0x10, vec![AuthType::Password]);
        bmc
    };
    let mut bench = Bench::new(ipmi15(&[AuthType::Password]), password());
    bench.console.call(bench.now, Call::of(&GetDeviceId), &mut bench.rng);
    bench.run();
    assert!(matches!(bench.events[1], Event::Failed(_, Failure::NoAnswer { .. })));
    let workarounds = only(Quirk::NoChecksumCheck);
    let declared = Config { workarounds, ..ipmi15(&[AuthType::Password]) };
    assert_eq!(Bench::answered(declared, password()).noticed, [Quirk::NoChecksumCheck]);
}

#[test]
fn an_exact_privilege_is_found_and_not_used_up() {
    let mut bmc = Bmc15::new(only(Quirk::ExactPrivilege));
    bmc.limit = 4;
    let mut bench = Bench::new(Config { privilege: Privilege::Operator, ..md5() }, bmc);
    bench.run();
    assert!(matches!(bench.events[..], [Event::Established { .. }]), "{:?}", bench.events);
    assert_eq!(bench.noticed, [Quirk::ExactPrivilege]);
    // The session still goes no higher than was asked for.
    bench.console.call(bench.now, Call::of(&ColdReset), &mut bench.rng);
    let raise = bench.console.poll_transmit().unwrap();
    assert_eq!(raise[raise.len() - 2], Privilege::Operator.number());
}

#[test]
fn a_login_starts_over_where_a_repeated_challenge_is_not_answered() {
    let mut bench = Bench::new(md5(), Bmc15::new(Quirks::NONE));
    // The challenge, and everything that is the same: lost on the way back.
    bench.deliver_back = |n| !(1..4).contains(&n);
    bench.run();
    assert!(matches!(bench.events[..], [Event::Established { .. }]), "{:?}", bench.events);
    let sent = |cmd| bench.sent.iter().filter(|datagram| datagram[19] == cmd).count();
    assert_eq!((sent(0x38), sent(0x39)), (2, 4));
    assert!(bench.now - bench.start < Duration::from_secs(3));
}

#[test]
fn nothing_that_is_cut_or_flipped_does_harm() {
    let bench = Bench::answered(md5(), Bmc15::new(Quirks::NONE));
    let answers = bench.answers.clone();
    // Another session: in this one, some would be right.
    let mut fresh = Bench::seeded(4, md5(), Bmc15::new(Quirks::NONE));
    fresh.run();
    for answer in &answers {
        for cut in 0..answer.len() {
            fresh.console.handle_datagram(fresh.now, &answer[..cut], &mut fresh.rng);
        }
        for bit in 0..answer.len() * 8 {
            let mut flipped = answer.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fresh.console.handle_datagram(fresh.now, &flipped, &mut fresh.rng);
        }
    }
    assert!(!fresh.console.is_closed());
    fresh.console.call(fresh.now, Call::of(&GetDeviceId), &mut fresh.rng);
    fresh.run();
    assert!(matches!(fresh.events.last(), Some(Event::Answer(..))));
}

/// Whatever one bit of the login's answers becomes: the login succeeds, or ends with a reason.
#[test]
fn a_flipped_bit_in_a_login_costs_a_login_at_most() {
    let answers = Bench::answered(md5(), Bmc15::new(Quirks::NONE)).answers;
    for (at, answer) in answers.iter().enumerate().take(3) {
        for bit in 4 * 8..answer.len() * 8 {
            let mut bench = Bench::new(md5(), Bmc15::new(Quirks::NONE));
            for stage in 0..=at {
                let datagram = bench.console.poll_transmit().unwrap();
                let mut answer = bench.bmc.answer(&datagram).unwrap();
                if stage == at {
                    answer[bit / 8] ^= 1 << (bit % 8);
                }
                bench.console.handle_datagram(bench.now, &answer, &mut bench.rng);
            }
            bench.run();
            assert!(
                matches!(bench.events[..], [Event::Established { .. } | Event::Closed(Some(_))]),
                "answer {at}, bit {bit}: {:?}",
                bench.events
            );
            assert!(bench.now - bench.start <= Duration::from_secs(5));
        }
    }
}
