//! That scripts get where it is interesting: a fuzzer that never logs in finds nothing.

use super::{Reached, hostile_bmc, of_bmc, of_sessions};

/// Steps, as `world` reads them.
const FLOW: u8 = 0x30;
const PASS_HALF_SECONDS: u8 = 0x17;
const CALL: u8 = 0x06;
const LOG_IN: u8 = 0x09;
const HOLD: u8 = 0x0b;
const RELEASE_FIRST: u8 = 0x2b;
const CLOSE: u8 = 0x08;
const RESTART: u8 = 0x0c;

fn both(script: &[u8]) -> [Reached; 2] {
    [of_sessions(script), of_bmc(script)]
}

#[test]
fn every_way_leads_in_and_every_kind_of_call_is_answered() {
    for way in 0..16 {
        // First byte the BMC, then the way and the manners.
        let mut script = vec![0, way, 0, FLOW, FLOW];
        script.extend([CALL, 0, FLOW, CALL, 0x0c, FLOW, CALL, 2, FLOW, FLOW]);
        for reached in both(&script) {
            assert_eq!((reached.established, reached.answered), (1, 3), "way {way}: {reached:?}");
        }
    }
}

#[test]
fn zeros_are_a_network_without_fault() {
    for reached in both(&[0; 8]) {
        assert_eq!((reached.established, reached.closed), (1, 0), "{reached:?}");
    }
}

#[test]
fn sessions_close_expire_and_are_forgotten() {
    for reached in both(&[0, 0, 0, FLOW, FLOW, CLOSE, FLOW]) {
        assert_eq!((reached.established, reached.closed), (1, 1), "{reached:?}");
    }
    for reached in both(&[0, 0, 0, FLOW, FLOW, PASS_HALF_SECONDS, 0xff]) {
        assert_eq!((reached.established, reached.expired), (1, 1), "{reached:?}");
    }
    for reached in both(&[0, 0, 0, FLOW, FLOW, RESTART, CALL, 0, FLOW, PASS_HALF_SECONDS, 40]) {
        assert_eq!((reached.established, reached.failed), (1, 1), "{reached:?}");
    }
}

#[test]
fn several_sessions_at_a_time_and_late_answers() {
    let script = [0, 0, 0, LOG_IN, 1, 0, LOG_IN, 2, 0, FLOW, FLOW, CALL, 0, CALL | 0x10, 0, FLOW];
    for reached in both(&script) {
        assert_eq!((reached.established, reached.answered), (3, 2), "{reached:?}");
    }
    // A call that needs no more than the session has.
    let script = [0, 0, 8, FLOW, FLOW, HOLD, CALL, 4, FLOW, RELEASE_FIRST, FLOW];
    let reached = of_sessions(&script);
    assert_eq!((reached.answered, reached.released), (1, 1), "{reached:?}");
}

#[test]
fn the_wrong_password_leads_nowhere() {
    for way in 0..11 {
        for reached in both(&[0, 0xc0 | way, 0, FLOW, FLOW, CALL, 0, FLOW]) {
            assert_eq!((reached.established, reached.answered), (0, 0), "way {way}: {reached:?}");
        }
    }
}

#[test]
fn the_limit_is_reached() {
    let mut script = vec![1, 0, 0, FLOW, FLOW];
    for _ in 0..4 {
        script.extend([LOG_IN, 0, 0, FLOW, FLOW]);
    }
    for reached in both(&script) {
        assert_eq!((reached.established, reached.refused), (2, 3), "{reached:?}");
    }
}

#[test]
fn a_bmc_that_says_nothing_and_one_that_says_nonsense() {
    hostile_bmc(&[]);
    hostile_bmc(&[0, 0, 4, 6, 0, 0xff, 7, 0, 0xff]);
}

/// Many scripts of chance: the rest of the invariants is checked by running them.
#[test]
fn most_scripts_of_chance_log_in() {
    let mut state = 7u64;
    let mut byte = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as u8
    };
    let (mut in_sessions, mut answered) = (0, 0);
    for round in 0..400 {
        let mut script: Vec<u8> = (0..byte()).map(|_| byte()).collect();
        // As a corpus would have it.
        script.splice(0..0, [0, byte() & 0x3f, byte() & 0x0f, FLOW, FLOW]);
        if std::env::var_os("LANTERN_TRACE").is_some() {
            eprintln!("round {round}: {script:02x?}");
        }
        let reached = if round % 10 == 0 { of_bmc(&script) } else { of_sessions(&script) };
        in_sessions += u32::from(reached.established > 0);
        answered += u32::from(reached.answered > 0);
    }
    assert!(in_sessions > 250 && answered > 60, "{in_sessions} {answered}");
}
