//! Faults of the line, where what counts is who waits for what; the others are judged by real
//! consoles, in `interop/tests/faults.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use ipmi_bmc::Reply;
use ipmi_bmc::faults::Fault;
use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::app::{GetDeviceId, GetSelfTestResults, GetSystemGuid};
use ipmi_wire::cmd::chassis::{PowerRestorePolicy, SetPowerRestorePolicy};

use common::console::{Console, answer, suite_0};
use common::{Machine, peer};

fn faulty(faults: &[&str]) -> (Machine, Console) {
    let mut machine = suite_0();
    let console = Console::login(&mut machine, peer(), 1);
    let faults: Vec<Fault> = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    machine.bmc.set_faults(&faults);
    assert_eq!(machine.bmc.faults(), faults);
    (machine, console)
}

/// What leaves later, and how much later.
fn late(machine: &mut Machine) -> Option<(Duration, Vec<u8>)> {
    let delayed = machine.bmc.poll_delayed()?;
    assert_eq!(delayed.to, peer());
    Some((delayed.due - machine.now, answer(&delayed.datagram).data))
}

const LATE: Duration = Duration::from_millis(250);

#[test]
fn a_late_answer_is_late_whether_it_waits_for_the_store_or_not() {
    let (mut machine, mut console) = faulty(&["delay=250"]);
    assert!(console.receive(&mut machine, 1, &GetDeviceId).is_none());
    let (by, device_id) = late(&mut machine).unwrap();
    assert_eq!((by, device_id.len()), (LATE, 11));
    let command = SetPowerRestorePolicy { policy: Some(PowerRestorePolicy::AlwaysOn) };
    let Some(Reply::Held(held)) = console.receive(&mut machine, 2, &command) else {
        panic!("it has to be kept first");
    };
    assert!(late(&mut machine).is_none());
    machine.keep();
    assert!(machine.bmc.release(held, Ok(()), &mut console.entropy).is_none());
    assert_eq!(late(&mut machine).unwrap().0, LATE);
    machine.bmc.set_faults(&[]);
    assert!(console.ask(&mut machine, 3, &GetDeviceId).unwrap().completion.is_ok());
}

#[test]
fn what_is_lost_is_lost_on_both_ways() {
    let (mut machine, mut console) = faulty(&["drop=50"]);
    let asked = (0..200).map(|n| console.ask(&mut machine, n % 64, &GetDeviceId));
    let answered = asked.flatten().count();
    // A quarter of them, if chance is fair: both ways have to go well.
    assert!((20..80).contains(&answered), "{answered}");
}

#[test]
fn who_waits_for_answers_gets_them_whole() {
    for fault in ["presseddrop", "pressedmerge", "pressedreorder"] {
        let (mut machine, mut console) = faulty(&[fault]);
        for number in 0..5 {
            assert!(console.receive(&mut machine, number, &GetDeviceId).is_none());
            let (by, data) = late(&mut machine).unwrap();
            assert_eq!((data.len(), by > Duration::ZERO), (11, true), "{fault}");
            machine.now += by;
        }
    }
}

#[test]
fn who_does_not_wait_gets_none_or_two_in_one_or_the_other_one_first() {
    let (mut machine, mut console) = faulty(&["presseddrop"]);
    assert!(console.receive(&mut machine, 1, &GetSelfTestResults).is_none());
    assert!(console.receive(&mut machine, 2, &GetDeviceId).is_none());
    assert_eq!(late(&mut machine).unwrap().1, [0x55, 0]);
    assert!(late(&mut machine).is_none());
    // It was carried out, and who asks again with that number is told.
    machine.now += Duration::from_secs(1);
    assert_eq!(console.ask(&mut machine, 2, &GetDeviceId).unwrap().data.len(), 11);

    let (mut machine, mut console) = faulty(&["pressedmerge"]);
    assert!(console.receive(&mut machine, 1, &GetSelfTestResults).is_none());
    assert!(console.receive(&mut machine, 2, &GetDeviceId).is_none());
    assert_eq!(late(&mut machine).unwrap().1, [0x55, 0]);
    let (_, merged) = late(&mut machine).unwrap();
    assert_eq!((&merged[..2], merged.len()), (&[0x55, 0][..], 13));

    let (mut machine, mut console) = faulty(&["pressedreorder"]);
    assert!(console.receive(&mut machine, 1, &GetSelfTestResults).is_none());
    let Some(Reply::Now(first)) = console.receive(&mut machine, 2, &GetDeviceId) else {
        panic!("the second goes first");
    };
    assert_eq!(answer(&first).data.len(), 11);
    assert_eq!(late(&mut machine).unwrap().1, [0x55, 0]);
}

#[test]
fn every_so_many_requests_one_is_refused_and_not_done() {
    let (mut machine, mut console) = faulty(&["busy=2"]);
    let mut ask = || console.ask(&mut machine, 1, &GetSystemGuid).unwrap().completion;
    let codes: Vec<_> = (0..4).map(|_| ask()).collect();
    // The second of a pair with one number is a repetition, and answered as the first.
    assert_eq!(codes, [CompletionCode::OK; 4]);
    let (mut machine, mut console) = faulty(&["busy=2"]);
    let codes: Vec<_> = (0..4)
        .map(|number| console.ask(&mut machine, number, &GetSystemGuid).unwrap().completion)
        .collect();
    let (ok, busy) = (CompletionCode::OK, CompletionCode::NODE_BUSY);
    assert_eq!(codes, [ok, busy, ok, busy]);
}
