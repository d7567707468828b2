//! An answer gets lost, and a console asks again: what is done, is done once.
//!
//! The line is a relay that loses answers to Chassis Control, which it can read because the suite
//! (2) does not encrypt. The machine counts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::counted::Counted;
use common::{freeipmi_at, ipmitool_at};
use ipmi_bmc::platform::PowerSignal;
use ipmi_client::outcome::{Done, Verdict};
use ipmi_client::{Credentials, Endpoint, ErrorKind};
use ipmi_wire::cmd::chassis::PowerAction;
use ipmi_wire::session::CipherSuite;
use lantern_testkit::tap::{self, Direction, Tap};

/// In the clear, so that the relay can tell one message from another.
const PLAIN: u8 = 2;

/// Whether this is an answer to Chassis Control: RMCP header 4, session header 12, then NetFn and
/// LUN in the second byte, the command in the sixth.
fn answers_chassis_control(datagram: &[u8]) -> bool {
    is_message(datagram, 0x01)
}

fn asks_chassis_control(datagram: &[u8]) -> bool {
    is_message(datagram, 0x00)
}

fn is_message(datagram: &[u8], netfn: u8) -> bool {
    let in_session = datagram.get(4..6).is_some_and(|kind| kind[0] == 6 && kind[1] & 0x3f == 0);
    in_session && datagram.get(17) == Some(&(netfn << 2)) && datagram.get(21) == Some(&0x02)
}

/// A relay that loses the first `losses` answers to Chassis Control.
fn losing(bmc: SocketAddr, losses: usize) -> (Tap, Arc<AtomicUsize>) {
    let lost = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&lost);
    let tap = Tap::with_hook(bmc, move |direction, bytes| {
        let loses = direction == Direction::ToConsole
            && answers_chassis_control(bytes)
            && counter.load(Ordering::SeqCst) < losses;
        if loses {
            counter.fetch_add(1, Ordering::SeqCst);
            return tap::Verdict::Drop;
        }
        tap::Verdict::Pass
    });
    (tap, lost)
}

/// How often Chassis Control was asked for, in how many different ways of numbering it (`rqSeq`).
fn asked(tap: &Tap) -> (usize, usize) {
    let asked: Vec<u8> = tap
        .packets()
        .iter()
        .filter(|p| p.direction == Direction::ToBmc && asks_chassis_control(&p.bytes))
        .map(|p| p.bytes[20] >> 2)
        .collect();
    let mut numbers = asked.clone();
    numbers.sort_unstable();
    numbers.dedup();
    (asked.len(), numbers.len())
}

/// ipmitool asks again after 1, 2 and 3 s, with the same `rqSeq` in a new packet.
#[test]
fn ipmitool_acts_once_however_often_it_has_to_ask() {
    for (losses, command, action) in [
        (1, "chassis power reset", vec![PowerSignal::Reset]),
        (1, "chassis power cycle", vec![PowerSignal::Off, PowerSignal::On]),
        (3, "chassis power reset", vec![PowerSignal::Reset]),
    ] {
        let bmc = Counted::start();
        let (tap, lost) = losing(bmc.addr, losses);
        let Some(tool) = ipmitool_at(tap.addr(), PLAIN) else { return };
        let output = tool.run(command);
        assert!(output.expect_success().starts_with("Chassis Power Control:"), "{output}");
        assert_eq!(lost.load(Ordering::SeqCst), losses);
        assert_eq!(asked(&tap), (losses + 1, 1), "{command}");
        assert_eq!(bmc.settled_signals(), action, "{command}, {losses} answers lost");
    }
}

/// FreeIPMI numbers every try anew, so that its second try cannot be told from a second request.
#[test]
fn freeipmi_acts_again_whenever_it_asks_again() {
    let bmc = Counted::start();
    let (tap, lost) = losing(bmc.addr, 1);
    let Some(tool) = freeipmi_at(tap.addr(), PLAIN) else { return };
    tool.run("ipmipower", "--reset").expect_success();
    assert_eq!(lost.load(Ordering::SeqCst), 1);
    let (times, numbers) = asked(&tap);
    assert!(times >= 2, "ipmipower asked {times} times");
    assert_eq!(times, numbers, "each time with another number");
    let done = bmc.take_signals();
    assert_eq!(done, vec![PowerSignal::Reset; times], "it asked {times} times, and it was done");
}

fn our_client(addr: SocketAddr) -> (Endpoint, ipmi_client::Bmc) {
    let endpoint = Endpoint::bind().unwrap();
    let credentials = Credentials {
        suites: vec![CipherSuite(PLAIN)],
        ..Credentials::new(b"admin", b"Complex_Pass").unwrap()
    };
    let client = ipmi_client::Bmc::new(&endpoint, addr, credentials);
    (endpoint, client)
}

/// Ours asks once, and then finds out what became of it.
#[tokio::test]
async fn our_client_asks_once_and_proves_or_says_that_it_does_not_know() {
    use PowerSignal::{DiagnosticInterrupt, Off, On, Reset};
    let (bmc, fresh) = (Counted::start(), Counted::start());
    for (bmc, action, verdict, done) in [
        // The last restart was nobody's, and then it is a command's.
        (&bmc, PowerAction::Reset, Verdict::Happened, vec![Reset]),
        (&fresh, PowerAction::Cycle, Verdict::Happened, vec![Off, On]),
        // It was a command's already: that may be the one from before.
        (&bmc, PowerAction::Reset, Verdict::Unknown, vec![Reset]),
        // It leaves no trace.
        (&bmc, PowerAction::DiagnosticInterrupt, Verdict::Unknown, vec![DiagnosticInterrupt]),
    ] {
        let (tap, lost) = losing(bmc.addr, usize::MAX);
        let (endpoint, client) = our_client(tap.addr());
        let outcome = match client.power(action).await {
            Ok(Done::Proven(outcome)) => outcome,
            Ok(done) => panic!("{action:?}: {done:?}, although no answer came"),
            Err(error) => match *error.kind {
                ErrorKind::AnswerLost(outcome) => outcome,
                _ => panic!("{action:?}: {error}"),
            },
        };
        assert_eq!(outcome.verdict, verdict, "{action:?}: {:?}", outcome.seen);
        assert!(!outcome.seen.is_empty(), "{action:?}");
        assert_eq!((lost.load(Ordering::SeqCst), asked(&tap)), (1, (1, 1)), "{action:?}");
        endpoint.shutdown().await;
        assert_eq!(bmc.settled_signals(), done, "{action:?}");
    }
}

/// The request itself is lost: nothing happens, and ours does not claim that it did.
#[tokio::test]
async fn our_client_does_not_claim_what_never_arrived() {
    let bmc = Counted::start();
    for action in [PowerAction::Reset, PowerAction::Cycle] {
        let tap = Tap::with_hook(bmc.addr, |direction, bytes| {
            let lost = direction == Direction::ToBmc && asks_chassis_control(bytes);
            if lost { tap::Verdict::Drop } else { tap::Verdict::Pass }
        });
        let (endpoint, client) = our_client(tap.addr());
        let error = client.power(action).await.unwrap_err();
        let ErrorKind::AnswerLost(outcome) = &*error.kind else { panic!("{error}") };
        assert_ne!(outcome.verdict, Verdict::Happened, "{:?}", outcome.seen);
        assert_eq!(asked(&tap), (1, 1));
        endpoint.shutdown().await;
        assert_eq!(bmc.settled_signals(), [], "{action:?}");
    }
}
