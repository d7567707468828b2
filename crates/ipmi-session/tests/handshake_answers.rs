//! What may come in the place of an answer to a message of the handshake, and what is made of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

#[path = "common/pair.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]
mod common;

use std::time::Duration;

use common::{Pair, config};
use ipmi_session::console::{Agreed, Event, SessionError, Stage};
use ipmi_wire::session::{CipherSuite, RmcpPlusStatus};

/// The payload of an answer, to be changed; `rebuild` puts it back.
fn payload(datagram: &[u8]) -> Vec<u8> {
    datagram[16..].to_vec()
}

fn rebuild(datagram: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut header = datagram[..14].to_vec();
    header.extend(u16::to_le_bytes(payload.len() as u16));
    header.extend(payload);
    header
}

/// Lets the handshake run until the BMC has answered message number `n` (from 0); that answer.
fn answer_number(pair: &mut Pair, n: usize) -> Vec<u8> {
    for _ in 0..n {
        let datagram = pair.console.poll_transmit().unwrap();
        let reply = pair.ask_bmc(&datagram).unwrap();
        pair.console.handle_datagram(pair.now, &reply, &mut pair.rng);
    }
    let datagram = pair.console.poll_transmit().unwrap();
    pair.ask_bmc(&datagram).unwrap()
}

#[test]
fn nothing_that_anyone_could_make_up_ends_a_handshake() {
    for n in 0..3 {
        let mut pair = Pair::new(config("admin", "Complex_Pass"));
        let answer = answer_number(&mut pair, n);
        // Cut anywhere, cut before the session ID; with every tag and session ID 0 or a foreign one.
        for cut in 0..answer.len() {
            pair.console.handle_datagram(pair.now, &answer[..cut], &mut pair.rng);
        }
        for cut in 0..8 {
            let cut = rebuild(&answer, &payload(&answer)[..cut]);
            pair.console.handle_datagram(pair.now, &cut, &mut pair.rng);
        }
        for tag in 0..=255 {
            for id in [0u32, 0x1234_5678] {
                let mut forged = payload(&answer);
                forged[0] = tag;
                forged[4..8].copy_from_slice(&id.to_le_bytes());
                *forged.last_mut().unwrap() ^= 1;
                let forged = rebuild(&answer, &forged);
                pair.console.handle_datagram(pair.now, &forged, &mut pair.rng);
            }
        }
        assert!(!pair.console.is_closed(), "answer {n}");
        pair.console.handle_datagram(pair.now, &answer, &mut pair.rng);
        pair.run(Duration::from_secs(60));
        assert!(matches!(pair.events.pop_front(), Some(Event::Established { .. })), "answer {n}");
    }
}

#[test]
fn what_never_decodes_is_named_in_the_end() {
    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    let answer = answer_number(&mut pair, 0);
    let garbled = rebuild(&answer, &payload(&answer)[..20]);
    pair.console.handle_datagram(pair.now, &garbled, &mut pair.rng);
    pair.deliver = |_| false;
    let error = pair.closed_with();
    assert!(matches!(error, SessionError::Malformed { stage: Stage::OpenSession, .. }), "{error}");
}

#[test]
fn a_refusal_without_tag_and_id_counts_if_nothing_better_comes() {
    // As OpenBMC's phosphor-net-ipmid answers: tag and session ID stay 0 in errors.
    let vague = |answer: &[u8]| {
        let mut refusal = payload(answer)[..8].to_vec();
        refusal[0] = 0;
        refusal[4..8].fill(0);
        rebuild(answer, &refusal)
    };
    let mut pair = Pair::new(config("nobody", "Complex_Pass"));
    let refusal = vague(&answer_number(&mut pair, 1));
    pair.console.handle_datagram(pair.now, &refusal, &mut pair.rng);
    assert!(!pair.console.is_closed());
    pair.deliver = |_| false;
    let status = RmcpPlusStatus::UNAUTHORIZED_NAME;
    assert_eq!(pair.closed_with(), SessionError::Refused { stage: Stage::Rakp1, status });
    assert_eq!(pair.elapsed(), Duration::from_millis(150));

    // The same refusal from somebody else does not keep the right answer from being heard.
    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    let answer = answer_number(&mut pair, 1);
    pair.console.handle_datagram(pair.now, &refusal, &mut pair.rng);
    pair.console.handle_datagram(pair.now, &answer, &mut pair.rng);
    pair.run(Duration::from_secs(60));
    assert!(matches!(pair.events.pop_front(), Some(Event::Established { .. })));
}

#[test]
fn a_disabled_suite_is_left_whatever_status_refuses_it() {
    for status in [0x0a, 0x12, 0x11, 0x04] {
        let mut pair = Pair::new(config("admin", "Complex_Pass"));
        pair.users.suites = vec![3];
        for _ in 0..2 {
            // Once as asked, once more with "the highest privilege" for role refusals.
            let Some(datagram) = pair.console.poll_transmit() else { break };
            let reply = pair.ask_bmc(&datagram).unwrap();
            let mut refusal = payload(&reply);
            if refusal[1] == 0 {
                pair.console.handle_datagram(pair.now, &reply, &mut pair.rng);
                break;
            }
            refusal[1] = status;
            let refusal = rebuild(&reply, &refusal);
            pair.console.handle_datagram(pair.now, &refusal, &mut pair.rng);
        }
        pair.run(Duration::from_secs(60));
        let event = pair.events.pop_front();
        assert!(
            matches!(
                event,
                Some(Event::Established { agreed: Agreed::Suite(CipherSuite::SUITE_3), .. })
            ),
            "{status:02x}: {event:?}"
        );
    }
}

#[test]
fn a_code_with_a_byte_too_many_is_cut_and_a_short_one_refused() {
    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    for n in 0..3 {
        let datagram = pair.console.poll_transmit().unwrap();
        let reply = pair.ask_bmc(&datagram).unwrap();
        let padded = [payload(&reply), vec![0x55]].concat();
        let padded = if n == 0 { reply } else { rebuild(&reply, &padded) };
        pair.console.handle_datagram(pair.now, &padded, &mut pair.rng);
    }
    pair.run(Duration::from_secs(60));
    assert!(matches!(pair.events.pop_front(), Some(Event::Established { .. })));

    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    let answer = answer_number(&mut pair, 1);
    let all = payload(&answer);
    let short = rebuild(&answer, &all[..all.len() - 1]);
    pair.console.handle_datagram(pair.now, &short, &mut pair.rng);
    assert_eq!(pair.closed_with(), SessionError::WrongPassword);
}

/// OpenBMC draws a new random number for every copy of RAKP 1 that it gets.
#[test]
fn a_bmc_that_redraws_for_every_copy_is_not_a_wrong_password() {
    let mut pair = Pair::new(config("admin", "Complex_Pass"));
    let answer = answer_number(&mut pair, 1);
    // The answer is late: RAKP 1 goes out again first.
    pair.now = pair.console.poll_timeout().unwrap();
    pair.console.handle_timeout(pair.now, &mut pair.rng);
    pair.console.handle_datagram(pair.now, &answer, &mut pair.rng);
    let _copy = pair.console.poll_transmit().unwrap();
    let rakp3 = pair.console.poll_transmit().unwrap();
    let mut refusal = payload(&rakp3)[..8].to_vec();
    refusal[1] = RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE.0;
    refusal[4..8].copy_from_slice(&0xa0a2_a3a4u32.to_le_bytes());
    let mut refusal = rebuild(&rakp3, &refusal);
    refusal[5] = 0x15;
    pair.console.handle_datagram(pair.now, &refusal, &mut pair.rng);
    pair.run(Duration::from_secs(60));
    assert!(matches!(pair.events.pop_front(), Some(Event::Established { .. })));
}
