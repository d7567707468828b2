//! What the network says of datagrams that it did not deliver, and when it is believed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::time::Duration;

use common::{Bench, config};
use ipmi_session::console::{Call, Config, Event, Failure, SessionError, Stage, Unreachable};
use ipmi_wire::cmd::app::{ColdReset, GetDeviceId};

const GRACE: Duration = Duration::from_millis(50);

#[test]
fn a_closed_port_ends_a_login_after_the_grace() {
    let mut bench = Bench::new(config());
    bench.deaf = true;
    bench.console.handle_unreachable(bench.now, Unreachable::Port);
    bench.run(Duration::from_secs(60));
    let (stage, what) = (Stage::OpenSession, Unreachable::Port);
    assert_eq!(bench.closed(), Some(SessionError::Unreachable { stage, what }));
    assert_eq!(bench.elapsed(), GRACE);
}

#[test]
fn a_bmc_that_answers_within_the_grace_is_believed_from_then_on() {
    let mut bench = Bench::new(config());
    bench.console.handle_unreachable(bench.now, Unreachable::Port);
    bench.run(Duration::from_secs(1));
    assert!(matches!(bench.events.pop_front(), Some(Event::Established { .. })));
    bench.deaf = true;
    let token = bench.console.call(bench.now, Call::of(&GetDeviceId), &mut bench.rng);
    bench.console.handle_unreachable(bench.now, Unreachable::Host);
    bench.run(Duration::from_secs(60));
    let failed = bench.events.pop_front();
    assert!(
        matches!(failed, Some(Event::Failed(t, Failure::NoAnswer { .. })) if t == token),
        "{failed:?}"
    );
}

#[test]
fn calls_fail_by_what_they_risk_and_the_session_is_over() {
    for what in
        [Unreachable::Port, Unreachable::Host, Unreachable::Network, Unreachable::Prohibited]
    {
        let mut bench = Bench::established(config());
        bench.deaf = true;
        let first = bench.console.call(bench.now, Call::of(&GetDeviceId), &mut bench.rng);
        let second = bench.console.call(bench.now, Call::of(&GetDeviceId), &mut bench.rng);
        bench.console.handle_unreachable(bench.now, what);
        bench.run(Duration::from_secs(60));
        let events: Vec<_> = bench.events.drain(..).collect();
        assert_eq!(
            events,
            [
                Event::Failed(first, Failure::Unreachable(what)),
                Event::Failed(second, Failure::NotSent),
                Event::Closed(Some(SessionError::Lost)),
            ]
        );
        assert_eq!(bench.elapsed(), GRACE);
    }
}

#[test]
fn what_counts_every_time_stays_uncertain() {
    let mut bench = Bench::established(config());
    let read = Call { needs: ipmi_wire::Privilege::User, ..Call::of(&ColdReset) };
    bench.deaf = true;
    let token = bench.console.call(bench.now, read, &mut bench.rng);
    bench.console.handle_unreachable(bench.now, Unreachable::Port);
    bench.run(Duration::from_secs(60));
    assert_eq!(bench.events.pop_front(), Some(Event::Failed(token, Failure::Uncertain)));
    assert_eq!(bench.closed(), Some(SessionError::Lost));
}

#[test]
fn an_old_story_does_no_harm_and_a_keepalive_notices() {
    let keepalive = Some(Duration::from_secs(20));
    let mut bench = Bench::established(Config { keepalive, ..config() });
    bench.console.handle_unreachable(bench.now, Unreachable::Port);
    bench.run(Duration::from_secs(10));
    assert!(!bench.console.is_closed(), "nothing was waited for");
    bench.deaf = true;
    bench.run(Duration::from_secs(20));
    bench.console.handle_unreachable(bench.now, Unreachable::Port);
    bench.run(Duration::from_secs(60));
    assert_eq!(bench.closed(), Some(SessionError::Lost));
    assert_eq!(bench.elapsed(), Duration::from_secs(20) + GRACE);
}
