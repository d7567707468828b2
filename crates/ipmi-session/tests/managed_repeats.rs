//! Requests that are sent again, and packets that come late: nothing is done twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod managed_common;

use ipmi_session::Quirk;
use ipmi_session::managed::Received;
use ipmi_wire::cmd::chassis::{ChassisControl, PowerAction};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::AuthType;
use ipmi_wire::{CompletionCode, Response};

use managed_common::{Bmc, Console15, Console20, host, poll, request, v15};

fn reset(sequence: u8) -> LanMessage {
    request(sequence, &ChassisControl { action: PowerAction::Reset })
}

/// ipmitool asks again under the same rqSeq and a new session sequence number
/// (`research/ipmitool.md` §4.3).
#[test]
fn what_is_asked_again_is_answered_again_and_done_once() {
    for suite in [17, 3, 0] {
        let mut bmc = Bmc::new();
        let mut console = Console20::login(&mut bmc, host(1), suite);
        let first = console.ask(&mut bmc, &reset(5)).unwrap();
        for (number, pause) in [(2, 1000), (3, 2000), (4, 3000)] {
            bmc.wait(pause);
            let again = console.ask(&mut bmc, &reset(5)).unwrap();
            assert_eq!(again, (number, first.1.clone()));
        }
        assert_eq!(bmc.executed, [reset(5)]);
        let next = console.ask(&mut bmc, &reset(6)).unwrap();
        assert_ne!(next.1, first.1);
        assert_eq!(bmc.executed.len(), 2);
    }
}

#[test]
fn so_it_is_with_ipmi_15() {
    let mut bmc = Bmc::new();
    let mut console = Console15::login(&mut bmc, host(1), AuthType::Md5);
    let first = console.ask(&mut bmc, &reset(5)).unwrap();
    let again = console.ask(&mut bmc, &reset(5)).unwrap();
    let (first, again) = (v15(&first), v15(&again));
    assert_eq!(first.1, again.1);
    assert_eq!(again.0.sequence, first.0.sequence + 1);
    assert_eq!(bmc.executed.len(), 1);
}

#[test]
fn a_repeat_of_what_is_in_progress_waits_for_its_answer() {
    let mut bmc = Bmc::new();
    let mut console = Console20::login(&mut bmc, host(1), 17);
    let packet = console.packet(&reset(5));
    let Received::Request { ticket, message } = bmc.receive(console.from, &packet) else {
        panic!("a request");
    };
    let again = console.packet(&reset(5));
    assert!(matches!(bmc.receive(console.from, &again), Received::Nothing));
    // Another one overtakes it.
    assert!(console.ask(&mut bmc, &poll(6)).is_some());
    let response = Response::code(CompletionCode::OUT_OF_SPACE);
    let answer = bmc.sessions.seal(ticket, &message.answer(&response), &mut bmc.rng).unwrap();
    assert_eq!(console.read(&answer).1.to_response(), Some(response));
    let again = console.ask(&mut bmc, &reset(5)).unwrap();
    assert_eq!(again.1, console.read(&answer).1, "as it was sent");
}

/// Two copies on their way, and the console has gone on: the network delivers the second last.
#[test]
fn a_copy_that_comes_after_the_next_request_does_nothing() {
    let mut bmc = Bmc::new();
    let mut console = Console20::login(&mut bmc, host(1), 17);
    let (first, copy, next) =
        (console.packet(&reset(5)), console.packet(&reset(5)), console.packet(&poll(6)));
    assert!(bmc.send(host(1), &first).is_some());
    assert!(bmc.send(host(1), &next).is_some());
    assert!(bmc.send(host(1), &copy).is_none());
    assert_eq!(bmc.executed, [reset(5), poll(6)]);
    // A request that the network has kept for so long is another matter.
    let (late, soon) = (console.packet(&reset(7)), console.packet(&poll(8)));
    assert!(bmc.send(host(1), &soon).is_some());
    assert!(bmc.send(host(1), &late).is_some());
    assert_eq!(bmc.executed.len(), 4);
}

#[test]
fn the_same_packet_is_dropped_however_often_it_comes() {
    for suite in [17, 2, 0] {
        let mut bmc = Bmc::new();
        let mut console = Console20::login(&mut bmc, host(1), suite);
        let packet = console.packet(&reset(5));
        assert!(bmc.send(host(1), &packet).is_some());
        for _ in 0..100 {
            assert!(bmc.send(host(1), &packet).is_none());
        }
        assert_eq!((bmc.executed.len(), bmc.sessions.dropped()), (1, 100));
    }
}

#[test]
fn only_proven_numbers_may_jump() {
    for (suite, jumps) in [(17, true), (2, true), (0, false)] {
        let mut bmc = Bmc::new();
        let console = Console20::login(&mut bmc, host(1), suite);
        let mut takes =
            |sequence| bmc.send(host(1), &console.packet_at(sequence, &poll(1))).is_some();
        assert!(takes(1) && takes(16), "suite {suite}");
        assert_eq!(takes(32), jumps);
        assert_eq!(takes(1000), jumps);
        assert_eq!(takes(984), jumps, "sixteen behind");
        assert!(!takes(983) && !takes(0));
    }
}

#[test]
fn who_is_told_to_accept_replays_does() {
    let mut bmc = Bmc::with(&[Quirk::AcceptsReplays]);
    let mut console = Console20::login(&mut bmc, host(1), 17);
    let packet = console.packet(&reset(5));
    for count in 1..=3 {
        assert!(bmc.send(host(1), &packet).is_some());
        assert!(console.ask(&mut bmc, &reset(5)).is_some());
        assert_eq!(bmc.executed.len(), 2 * count);
    }
}
