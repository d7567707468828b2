//! Each end against datagrams from nowhere.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_bmc::nvram::Memory;
use ipmi_session::Quirks;
use ipmi_session::console::{Call, Event};
use ipmi_session::managed::Limits;
use ipmi_wire::cmd::app::GetDeviceId;

use super::script::Script;
use super::whole::{self, Guests};
use super::{LONGEST_PRESESSION, Seeded, let_it_rest, way};

/// A console against a BMC that answers whatever it likes.
///
/// Two bytes say how the console logs in; then lengths, each with a datagram of so many bytes.
pub fn hostile_bmc(data: &[u8]) {
    let (mut script, mut rng) = (Script::new(data), Seeded(2));
    let mut now = Instant::now();
    let (mut console, _) = way::console(now, 0xa0a2_a3a4, &mut script, &mut rng);
    console.call(now, Call::of(&GetDeviceId), &mut rng);
    while let Some(length) = script.peek() {
        let datagram = script.bytes();
        console.handle_datagram(now, &datagram, &mut rng);
        now += Duration::from_millis(u64::from(length));
        console.handle_timeout(now, &mut rng);
    }
    let mut outcomes = 0;
    let_it_rest(&mut console, now, &mut rng, |console| {
        while console.poll_transmit().is_some() {}
        while let Some(event) = console.poll_event() {
            outcomes += u32::from(matches!(event, Event::Answer(..) | Event::Failed(..)));
        }
    });
    assert_eq!(outcomes, 1, "a call has one outcome");
}

/// A whole BMC against datagrams from nowhere.
pub fn hostile_console(data: &[u8]) {
    let mut rng = Seeded(3);
    let now = Instant::now();
    let mut bmc = whole::start(now, Guests::No, Limits::default(), Quirks::NONE, Memory::default());
    let mut rest = data;
    while let Some((length, tail)) = rest.split_first() {
        let (datagram, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        let from: SocketAddr = ([127, 0, 0, 1], u16::from(*length) + 1000).into();
        if let Some(reply) = bmc.handle_datagram(now, from, datagram, &mut rng) {
            assert!(reply.len() <= LONGEST_PRESESSION);
        }
        rest = tail;
    }
    assert!(bmc.sessions().is_empty(), "a session without a password");
    assert!(bmc.is_on(), "the machine was touched");
}
