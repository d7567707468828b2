//! Both ends, face to face: a console and a managed system with a virtual clock between them.
//!
//! That they agree proves little by itself (`vectors/` and the interop tests prove the rest), but
//! here every refusal, repeat and loss can be staged.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

#[path = "common/pair.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]
mod common;

use std::time::Duration;

use common::{Pair, config};
use ipmi_session::Secret;
use ipmi_session::console::{Agreed, Call, Config, Event, Failure, SessionError, Stage};
use ipmi_wire::cmd::app::{ColdReset, GetDeviceId, SetSessionPrivilegeLevel};
use ipmi_wire::session::{
    AlgorithmProposal, AuthenticationAlgorithm, CipherSuite, ConfidentialityAlgorithm,
    IntegrityAlgorithm, OpenSessionRequest, OpenSessionResponse, PayloadType, Rakp1, Rakp2, Rakp3,
    Rakp4, RmcpPlusStatus, SessionPacket, Username, V20Header,
};
use ipmi_wire::{CompletionCode, Decode, Encode, Privilege, Response};

#[test]
fn a_handshake_takes_three_exchanges_and_a_command_one_more() {
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    assert_eq!((pair.to_bmc.len(), pair.to_console.len()), (3, 3));
    let token = pair.console.call(pair.now, Call::of(&GetDeviceId), &mut pair.rng);
    pair.run(Duration::from_secs(60));
    let answer = Response { completion: CompletionCode::OK, data: vec![1, 1] };
    assert_eq!(pair.events.pop_front(), Some(Event::Answer(token, answer)));
    assert_eq!((pair.to_bmc.len(), pair.to_console.len()), (4, 4));
    pair.console.close(&mut pair.rng);
    pair.run(Duration::from_secs(60));
    assert_eq!(pair.to_bmc.len(), 5);
    assert_eq!(pair.events.pop_back(), Some(Event::Closed(None)));
    assert_eq!(pair.elapsed(), Duration::ZERO);
}

#[test]
fn every_suite_that_is_spoken_works_and_the_best_is_tried_first() {
    for suite in [0, 1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17] {
        let suites = vec![CipherSuite(suite)];
        let mut pair = Pair::new(Config { suites, ..config("admin", "Complex_Pass") });
        pair.users.suites = vec![suite];
        pair.run(Duration::from_secs(60));
        let established =
            Event::Established { agreed: Agreed::Suite(CipherSuite(suite)), refused: vec![] };
        assert_eq!(pair.events.pop_front(), Some(established));
        assert_eq!(pair.console.managed_guid(), Some([0x47; 16]));
        pair.console.call(pair.now, Call::of(&GetDeviceId), &mut pair.rng);
        pair.run(Duration::from_secs(60));
        assert!(matches!(pair.events.pop_front(), Some(Event::Answer(..))), "suite {suite}");
    }
    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    pair.run(Duration::from_secs(60));
    assert!(matches!(
        pair.events.pop_front(),
        Some(Event::Established { agreed: Agreed::Suite(CipherSuite::SUITE_17), .. })
    ));
}

#[test]
fn a_bmc_without_suite_17_is_met_with_3() {
    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    pair.users.suites = vec![3];
    pair.run(Duration::from_secs(60));
    let refused = vec![(CipherSuite::SUITE_17, RmcpPlusStatus::NO_CIPHER_SUITE_MATCH)];
    assert_eq!(
        pair.events.pop_front(),
        Some(Event::Established { agreed: Agreed::Suite(CipherSuite::SUITE_3), refused })
    );
    assert_eq!(pair.to_bmc.len(), 4);
}

#[test]
fn suites_that_nobody_asked_for_are_not_used() {
    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    pair.users.suites = vec![0];
    let status = RmcpPlusStatus::NO_CIPHER_SUITE_MATCH;
    assert_eq!(
        pair.closed_with(),
        SessionError::SuitesRefused(vec![
            (CipherSuite::SUITE_17, status),
            (CipherSuite::SUITE_3, status)
        ])
    );
}

#[test]
fn kg_takes_part_and_a_wrong_one_is_told_from_a_wrong_password() {
    let kg = Secret::new(b"key of the gallery");
    let mut pair = Pair::new(Config { kg: kg.clone(), ..config("admin", "Complex_Pass") });
    pair.users.kg = kg.clone();
    pair.run(Duration::from_secs(60));
    assert!(matches!(pair.events.pop_front(), Some(Event::Established { .. })));

    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    pair.users.kg = kg;
    assert_eq!(pair.closed_with(), SessionError::WrongKg);

    let mut pair = Pair::new(config("admin", "wrong"));
    assert_eq!(pair.console.managed_session_id(), None);
    assert_eq!(pair.closed_with(), SessionError::WrongPassword);
    assert!(pair.bmc.is_empty());
    // Behind 16 bytes of headers and 8 of Open Session Response.
    let given = u32::from_le_bytes(pair.to_console[0][24..28].try_into().unwrap());
    assert_eq!(pair.console.managed_session_id(), Some(given));
    // The console tells the BMC that it gives up: Open Session, RAKP 1, RAKP 3.
    assert_eq!(pair.to_bmc.len(), 3);
}

#[test]
fn an_unknown_user_and_a_privilege_too_high_are_refused_in_rakp_2() {
    let refused = |status| SessionError::Refused { stage: Stage::Rakp1, status };
    let mut pair = Pair::new(config("nobody", "Complex_Pass"));
    assert_eq!(pair.closed_with(), refused(RmcpPlusStatus::UNAUTHORIZED_NAME));
    let mut pair = Pair::new(config("guest", "Guest_Pass_4"));
    assert_eq!(pair.closed_with(), refused(RmcpPlusStatus::UNAUTHORIZED_ROLE));
    let privilege = Privilege::User;
    Pair::established(Config { privilege, ..config("guest", "Guest_Pass_4") });
}

#[test]
fn a_lookup_by_name_and_privilege_wants_the_exact_privilege() {
    let by_role = |privilege| Config {
        privilege,
        name_only_lookup: false,
        ..config("admin", "Complex_Pass")
    };
    Pair::established(by_role(Privilege::Administrator));
    let mut pair = Pair::new(by_role(Privilege::Operator));
    let status = RmcpPlusStatus::UNAUTHORIZED_NAME;
    assert_eq!(pair.closed_with(), SessionError::Refused { stage: Stage::Rakp1, status });
}

#[test]
fn every_single_loss_is_healed_by_a_repeat() {
    type Rule = fn(usize) -> bool;
    let losses: [Rule; 4] = [|n| n != 0, |n| n != 1, |n| n != 2, |n| n != 3];
    for lossless in losses {
        for answers in [false, true] {
            let mut pair = Pair::new(config("admin", "Complex_Pass"));
            if answers {
                pair.deliver_back = lossless;
            } else {
                pair.deliver = lossless;
            }
            pair.console.call(pair.now, Call::of(&GetDeviceId), &mut pair.rng);
            pair.run(Duration::from_secs(60));
            assert!(matches!(pair.events.pop_front(), Some(Event::Established { .. })));
            assert!(matches!(pair.events.pop_front(), Some(Event::Answer(..))));
            assert_eq!(pair.elapsed(), Duration::from_millis(150));
            assert_eq!(pair.bmc.len(), 1, "no session leaked");
        }
    }
}

#[test]
fn silence_ends_at_the_deadline_with_few_datagrams() {
    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    pair.deliver = |_| false;
    let error = pair.closed_with();
    let waited = Duration::from_secs(5);
    assert_eq!(error, SessionError::NoAnswer { stage: Stage::OpenSession, sent: 10, waited });
    assert_eq!(pair.elapsed(), waited);
}

#[test]
fn a_bmc_that_takes_a_second_sees_three_copies() {
    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    pair.deliver = |_| false;
    pair.run(Duration::from_millis(1000));
    assert_eq!(pair.to_bmc.len(), 3);
    assert!(pair.to_bmc.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn what_counts_every_time_is_sent_once() {
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    pair.deliver_back = |n| n < 4;
    let token = pair.console.call(pair.now, Call::of(&ColdReset), &mut pair.rng);
    pair.run(Duration::from_secs(60));
    // One exchange raised the privilege, the next was the command, whose answer was lost.
    assert_eq!(pair.events.pop_front(), Some(Event::Failed(token, Failure::Uncertain)));
    assert_eq!(pair.executed, 2);
    assert_eq!(pair.elapsed(), Duration::from_secs(5));
}

#[test]
fn a_handshake_that_the_bmc_forgot_starts_again() {
    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    // The BMC restarts after Open Session: everything is delivered, but to an empty table.
    let open = pair.console.poll_transmit().unwrap();
    let reply = pair.ask_bmc(&open).unwrap();
    pair.bmc.close_all();
    pair.console.handle_datagram(pair.now, &reply, &mut pair.rng);
    pair.run(Duration::from_secs(60));
    assert!(matches!(pair.events.pop_front(), Some(Event::Established { .. })));
}

#[test]
fn byte_identical_repeats_get_byte_identical_answers() {
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    // RAKP 3 again, after the session is active.
    let (rakp3, rakp4) = (pair.to_bmc[2].clone(), pair.to_console[2].clone());
    assert_eq!(pair.ask_bmc(&rakp3), Some(rakp4));
    assert_eq!(pair.bmc.len(), 1);

    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    let open = pair.console.poll_transmit().unwrap();
    let opened = pair.ask_bmc(&open).unwrap();
    assert_eq!(pair.ask_bmc(&open).unwrap(), opened);
    pair.console.handle_datagram(pair.now, &opened, &mut pair.rng);
    let rakp1 = pair.console.poll_transmit().unwrap();
    let rakp2 = pair.ask_bmc(&rakp1).unwrap();
    assert_eq!(pair.ask_bmc(&rakp1).unwrap(), rakp2);
}

#[test]
fn an_exact_replay_is_dropped() {
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    pair.console.call(pair.now, Call::of(&GetDeviceId), &mut pair.rng);
    pair.run(Duration::from_secs(60));
    let replay = pair.to_bmc.last().unwrap().clone();
    let dropped = pair.bmc.dropped();
    assert_eq!(pair.ask_bmc(&replay), None);
    assert_eq!((pair.executed, pair.bmc.dropped()), (1, dropped + 1));
}

#[test]
fn a_session_belongs_to_its_source_address() {
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    pair.console.call(pair.now, Call::of(&GetDeviceId), &mut pair.rng);
    let datagram = pair.console.poll_transmit().unwrap();
    pair.from = "127.0.0.2:50000".parse().unwrap();
    assert_eq!(pair.ask_bmc(&datagram), None);
    assert_eq!(pair.executed, 0);
}

#[test]
fn rakp_messages_out_of_order_do_no_harm() {
    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    let open = pair.console.poll_transmit().unwrap();
    let opened = pair.ask_bmc(&open).unwrap();
    let SessionPacket::V20(packet) = SessionPacket::decode_datagram(&opened).unwrap().unwrap()
    else {
        panic!("not RMCP+")
    };
    let opened = OpenSessionResponse::decode_exact(packet.payload).unwrap();
    let managed_session_id = opened.accepted.unwrap().managed_session_id;

    // RAKP 3 before RAKP 1 is dropped and counted.
    let rakp3 = |managed_session_id, auth_code| {
        let status = RmcpPlusStatus::NO_ERRORS;
        let message = Rakp3 { tag: 1, status, managed_session_id, auth_code };
        V20Header::sessionless(PayloadType::Rakp3).to_datagram(&message.to_bytes()).unwrap()
    };
    let dropped = pair.bmc.dropped();
    assert_eq!(pair.ask_bmc(&rakp3(managed_session_id, vec![0; 32])), None);
    assert_eq!(pair.bmc.dropped(), dropped + 1);

    // RAKP 1 and 3 for a session that nobody opened: "invalid session ID", shorter than the question.
    let username = Username::new(b"admin").unwrap();
    let stray = Rakp1 {
        tag: 9,
        managed_session_id: managed_session_id ^ 1,
        console_random: [0; 16],
        role_byte: 0x14,
        username,
    };
    let datagram =
        V20Header::sessionless(PayloadType::Rakp1).to_datagram(&stray.to_bytes()).unwrap();
    let reply = pair.ask_bmc(&datagram).unwrap();
    assert!(reply.len() < datagram.len());
    let Some(SessionPacket::V20(packet)) = SessionPacket::decode_datagram(&reply).unwrap() else {
        panic!("not RMCP+")
    };
    let rakp2 = Rakp2::decode_exact(packet.payload).unwrap();
    assert_eq!((rakp2.tag, rakp2.status), (9, RmcpPlusStatus::INVALID_SESSION_ID));
    let reply = pair.ask_bmc(&rakp3(managed_session_id ^ 1, vec![0; 32])).unwrap();
    let Some(SessionPacket::V20(packet)) = SessionPacket::decode_datagram(&reply).unwrap() else {
        panic!("not RMCP+")
    };
    let rakp4 = Rakp4::decode_exact(packet.payload).unwrap();
    assert_eq!(rakp4.status, RmcpPlusStatus::INVALID_SESSION_ID);
    assert!(pair.bmc.is_empty());
}

#[test]
fn a_wrong_rakp_3_is_answered_with_0fh_and_ends_the_handshake() {
    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    for _ in 0..2 {
        let datagram = pair.console.poll_transmit().unwrap();
        let reply = pair.ask_bmc(&datagram).unwrap();
        pair.console.handle_datagram(pair.now, &reply, &mut pair.rng);
    }
    let mut forged = pair.console.poll_transmit().unwrap();
    *forged.last_mut().unwrap() ^= 1;
    let reply = pair.ask_bmc(&forged).unwrap();
    let Some(SessionPacket::V20(packet)) = SessionPacket::decode_datagram(&reply).unwrap() else {
        panic!("not RMCP+")
    };
    let rakp4 = Rakp4::decode_exact(packet.payload).unwrap();
    assert_eq!(rakp4.status, RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE);
    assert_eq!(rakp4.console_session_id, Some(0xa0a2_a3a4));
    assert!(pair.bmc.is_empty());
}

#[test]
fn every_refusal_names_tag_status_and_console() {
    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    let ask = |pair: &mut Pair, authentication, integrity, confidentiality| {
        let request = OpenSessionRequest {
            tag: 0x5a,
            max_privilege: None,
            console_session_id: 0x0102_0304,
            authentication: AlgorithmProposal::Exactly(authentication),
            integrity: AlgorithmProposal::Exactly(integrity),
            confidentiality: AlgorithmProposal::Exactly(confidentiality),
        };
        let datagram = V20Header::sessionless(PayloadType::OpenSessionRequest)
            .to_datagram(&request.to_bytes())
            .unwrap();
        let reply = pair.ask_bmc(&datagram).unwrap();
        let Some(SessionPacket::V20(packet)) = SessionPacket::decode_datagram(&reply).unwrap()
        else {
            panic!("not RMCP+")
        };
        assert_eq!(packet.payload.len(), 8);
        let response = OpenSessionResponse::decode_exact(packet.payload).unwrap();
        assert_eq!((response.tag, response.console_session_id), (0x5a, Some(0x0102_0304)));
        response.status
    };
    use AuthenticationAlgorithm as A;
    use ConfidentialityAlgorithm as C;
    use IntegrityAlgorithm as I;
    for (a, i, c, status) in [
        (A::None, I::None, C::None, RmcpPlusStatus::NO_CIPHER_SUITE_MATCH),
        (A::HmacMd5, I::HmacMd5_128, C::AesCbc128, RmcpPlusStatus::NO_CIPHER_SUITE_MATCH),
        (A::Other(9), I::None, C::None, RmcpPlusStatus::INVALID_AUTHENTICATION_ALGORITHM),
        (A::HmacSha1, I::Other(9), C::None, RmcpPlusStatus::INVALID_INTEGRITY_ALGORITHM),
        (
            A::HmacSha1,
            I::HmacSha1_96,
            C::Other(9),
            RmcpPlusStatus::INVALID_CONFIDENTIALITY_ALGORITHM,
        ),
    ] {
        assert_eq!(ask(&mut pair, a, i, c), status, "{a} {i} {c}");
    }
}

#[test]
fn idle_sessions_end_after_a_minute_and_keepalives_prevent_it() {
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    let due = pair.bmc.poll_timeout().unwrap();
    assert_eq!(due - pair.now, Duration::from_secs(60));
    pair.bmc.handle_timeout(due);
    assert!(pair.bmc.is_empty());

    let keepalive = Some(Duration::from_secs(20));
    let mut pair = Pair::established(Config { keepalive, ..config("admin", "Complex_Pass") });
    pair.run(Duration::from_secs(600));
    pair.bmc.handle_timeout(pair.now + Duration::from_secs(19));
    assert_eq!(pair.bmc.len(), 1);
    assert!(pair.events.is_empty(), "keepalives are nobody's answers");
}

#[test]
fn truncated_datagrams_of_every_length_are_dropped() {
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    pair.console.call(pair.now, Call::of(&GetDeviceId), &mut pair.rng);
    let request = pair.console.poll_transmit().unwrap();
    let datagrams = [pair.to_bmc.clone(), vec![request]].concat();
    for datagram in &datagrams {
        for cut in 0..datagram.len() {
            let reply = pair.ask_bmc(&datagram[..cut]);
            assert!(reply.is_none_or(|reply| reply.len() <= datagram.len()));
        }
    }
    assert_eq!(pair.executed, 0);
    let answers = pair.to_console.clone();
    for answer in &answers {
        for cut in 0..answer.len() {
            pair.console.handle_datagram(pair.now, &answer[..cut], &mut pair.rng);
        }
    }
    assert!(!pair.console.is_closed());
}

#[test]
fn unknown_payload_types_are_dropped_and_counted() {
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    for number in 0..64 {
        for (flags, session_id) in [(0x00, 0), (0x40, 0), (0x80, 0), (0x00, 7), (0xc0, 7)] {
            let mut datagram = vec![6, 0, 0xff, 7, 6, flags | number];
            if number == 2 {
                datagram.extend([0; 6]);
            }
            datagram.extend(u32::to_le_bytes(session_id));
            datagram.extend([0; 4]);
            datagram.extend([1, 0, 0x55]);
            let dropped = pair.bmc.dropped();
            assert_eq!(pair.ask_bmc(&datagram), None, "payload type {number:#04x}");
            assert_eq!(pair.bmc.dropped(), dropped + 1, "payload type {number:#04x}");
        }
    }
}

#[test]
fn a_wrong_checksum_is_dropped() {
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    let good = [0x20, 0x18, 0xc8, 0x81, 0x04, 0x01, 0x7a];
    for at in 0..good.len() {
        let mut bad = good;
        bad[at] ^= 0x10;
        let datagram = V20Header::sessionless(PayloadType::Ipmi).to_datagram(&bad).unwrap();
        let dropped = pair.bmc.dropped();
        assert_eq!(pair.ask_bmc(&datagram), None);
        assert_eq!(pair.bmc.dropped(), dropped + 1, "byte {at}");
    }
}

#[test]
fn every_flipped_bit_of_a_request_is_dropped() {
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    pair.console.call(pair.now, Call::of(&GetDeviceId), &mut pair.rng);
    let request = pair.console.poll_transmit().unwrap();
    // The RMCP header's reserved byte and sequence number mean nothing to IPMI.
    for bit in 4 * 8..request.len() * 8 {
        let mut flipped = request.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(pair.ask_bmc(&flipped), None, "bit {bit}");
    }
    assert_eq!(pair.executed, 0);
    assert!(pair.ask_bmc(&request).is_some());
}

#[test]
fn an_idle_session_that_the_bmc_forgot_is_closed() {
    let keepalive = Some(Duration::from_secs(20));
    let mut pair = Pair::new(Config { keepalive, ..config("admin", "Complex_Pass") });
    pair.run(Duration::from_secs(1));
    assert!(matches!(pair.events.pop_front(), Some(Event::Established { .. })));
    pair.bmc.close_all();
    assert_eq!(pair.closed_with(), SessionError::Lost);
    assert_eq!(pair.elapsed(), Duration::from_secs(25));
}

#[test]
fn a_call_that_was_not_sent_can_be_taken_back() {
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    let first = pair.console.call(pair.now, Call::of(&GetDeviceId), &mut pair.rng);
    let second = pair.console.call(pair.now, Call::of(&ColdReset), &mut pair.rng);
    assert!(!pair.console.cancel(first), "it is on the wire");
    assert!(pair.console.cancel(second));
    pair.run(Duration::from_secs(60));
    assert!(matches!(pair.events.pop_front(), Some(Event::Answer(token, _)) if token == first));
    assert!(pair.events.is_empty());
    assert_eq!(pair.executed, 1);
}

/// Its caller has been told that it failed: a copy that got through later would still act.
#[test]
fn a_call_that_nobody_waits_for_is_not_sent_again() {
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    pair.deliver = |_| false;
    let sent = pair.console.sent();
    let first = pair.console.call(pair.now, Call::of(&GetDeviceId), &mut pair.rng);
    let second = pair.console.call(pair.now, Call::of(&GetDeviceId), &mut pair.rng);
    assert!(!pair.console.cancel(first));
    let started = pair.elapsed();
    pair.run(Duration::from_millis(149));
    assert_eq!(pair.console.sent(), sent + 1);
    // The next one has its turn when the first would have been repeated.
    pair.deliver = |_| true;
    pair.run(Duration::from_millis(200));
    assert!(matches!(pair.events.pop_front(), Some(Event::Failed(token, _)) if token == first));
    assert!(matches!(pair.events.pop_front(), Some(Event::Answer(token, _)) if token == second));
    assert_eq!(pair.console.sent(), sent + 2);
    assert!(pair.elapsed() - started < Duration::from_millis(200));
}

#[test]
fn a_privilege_that_is_refused_fails_nobody_but_who_wanted_it() {
    let user = Call { needs: Privilege::User, ..Call::of(&GetDeviceId) };
    let operator = Call { needs: Privilege::Operator, ..Call::of(&GetDeviceId) };
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    let first = pair.console.call(pair.now, operator, &mut pair.rng);
    let second = pair.console.call(pair.now, user, &mut pair.rng);
    // The raise is on the wire, and is not answered; the call that it was for is taken back.
    assert!(pair.console.cancel(first));
    pair.deliver_back = |n| n > 8;
    pair.run(Duration::from_secs(60));
    assert!(matches!(pair.events.pop_front(), Some(Event::Answer(token, _)) if token == second));
    assert!(pair.events.is_empty());
}

#[test]
fn a_level_that_the_caller_sets_counts_as_the_sessions() {
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    let set = |level| Call::of(&SetSessionPrivilegeLevel { level: Some(level) });
    let ask = |needs| Call { needs, ..Call::of(&GetDeviceId) };
    for call in [
        // Raised by the caller, it is not raised again.
        set(Privilege::Operator),
        ask(Privilege::Operator),
        ask(Privilege::User),
        // Lowered by the caller, it is.
        set(Privilege::User),
        ask(Privilege::Operator),
    ] {
        pair.console.call(pair.now, call, &mut pair.rng);
    }
    pair.run(Duration::from_secs(60));
    assert_eq!(pair.commands, [0x3b, 1, 1, 0x3b, 0x3b, 1]);
    assert_eq!(pair.events.len(), 5, "{:?}", pair.events);
}

#[test]
fn a_level_whose_answer_is_lost_is_not_counted_on() {
    let mut pair = Pair::established(config("admin", "Complex_Pass"));
    let set = |level| Call::of(&SetSessionPrivilegeLevel { level: Some(level) });
    pair.console.call(pair.now, set(Privilege::Administrator), &mut pair.rng);
    pair.run(Duration::from_secs(60));
    // All answers to the second one are lost.
    pair.deliver_back = |number| number < 4;
    let lowered = pair.console.call(pair.now, set(Privilege::User), &mut pair.rng);
    pair.run(Duration::from_secs(60));
    assert!(matches!(pair.events.pop_back(), Some(Event::Failed(token, _)) if token == lowered));
    pair.deliver_back = |_| true;
    let (done, call) = (pair.commands.len(), Call::of(&GetDeviceId));
    let call = Call { needs: Privilege::Administrator, ..call };
    pair.console.call(pair.now, call, &mut pair.rng);
    pair.run(Duration::from_secs(120));
    assert_eq!(pair.commands[done..], [0x3b, 1]);
}

#[test]
fn patience_without_end_does_not_spin() {
    let timing = ipmi_session::Timing {
        deadline: Duration::MAX,
        initial: Duration::ZERO,
        ceiling: Duration::MAX,
    };
    let mut pair = Pair::new(Config { timing, ..config("admin", "Complex_Pass") });
    pair.deliver = |_| false;
    pair.run(Duration::from_secs(3600));
    assert!(pair.to_bmc.len() < 30, "{} datagrams in an hour", pair.to_bmc.len());
}
