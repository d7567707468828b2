//! Floods, repeats and limits, from the wire. With suite 0 all codes are empty, so a console is a
//! few lines; what the codes are is for `tests/pair.rs` and the vectors.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_wire::cmd::app::GetDeviceId;
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{
    AlgorithmProposal, CipherSuite, OpenSessionRequest, OpenSessionResponse, PayloadType, Rakp1,
    Rakp2, Rakp3, Rakp4, RmcpPlusStatus, SessionPacket, Username, V15Packet, V20Header,
};
use ipmi_wire::{Decode, Encode, Privilege, Request};

use super::{Account, Accounts, Limits, Received, Sessions};
use crate::Entropy;
use crate::secret::Secret;

struct Counter(u32);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0 += 1;
        for (byte, from) in bytes.iter_mut().zip(self.0.to_le_bytes().iter().cycle()) {
            *byte = *from;
        }
    }
}

struct Anybody;

impl Accounts for Anybody {
    fn find(&self, _: &Username, _: Option<Privilege>) -> Option<Account> {
        let limit = Privilege::Administrator;
        Some(Account { user_id: 2, password: Secret::new(b"x").unwrap(), limit })
    }

    fn kg(&self) -> Option<Secret> {
        None
    }

    fn guid(&self) -> [u8; 16] {
        [0x47; 16]
    }

    fn suites(&self) -> Vec<(CipherSuite, Privilege)> {
        vec![(CipherSuite(0), Privilege::Administrator)]
    }
}

struct Bmc {
    now: Instant,
    rng: Counter,
    sessions: Sessions,
}

impl Bmc {
    fn new(limits: Limits) -> Self {
        Self { now: Instant::now(), rng: Counter(0), sessions: Sessions::new(limits) }
    }

    fn receive(&mut self, from: SocketAddr, datagram: &[u8]) -> Received {
        self.sessions.receive(self.now, from, datagram, &Anybody, &mut self.rng)
    }

    /// The answer to a message of the handshake.
    fn ask<T: Decode>(
        &mut self,
        from: SocketAddr,
        kind: PayloadType,
        message: &impl Encode,
    ) -> Option<T> {
        let datagram = V20Header::sessionless(kind).to_datagram(&message.to_bytes()).unwrap();
        let reply = match self.receive(from, &datagram) {
            Received::Reply(reply) => reply,
            Received::Nothing => return None,
            other => panic!("{other:?}"),
        };
        match SessionPacket::decode_datagram(&reply).unwrap() {
            Some(SessionPacket::V20(packet)) => Some(T::decode_exact(packet.payload).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    /// Open Session: the managed system's session ID.
    fn open(&mut self, from: SocketAddr) -> u32 {
        let request = OpenSessionRequest {
            tag: 0,
            max_privilege: None,
            console_session_id: 0xa0a2_a3a4,
            authentication: AlgorithmProposal::Any,
            integrity: AlgorithmProposal::Any,
            confidentiality: AlgorithmProposal::Any,
        };
        let answer: OpenSessionResponse =
            self.ask(from, PayloadType::OpenSessionRequest, &request).unwrap();
        answer.accepted.unwrap().managed_session_id
    }

    fn rakp1(&mut self, from: SocketAddr, managed_session_id: u32, random: u8) -> RmcpPlusStatus {
        let rakp1 = Rakp1 {
            tag: 1,
            managed_session_id,
            console_random: [random; 16],
            role_byte: Rakp1::NAME_ONLY_LOOKUP | 4,
            username: Username::new(b"a").unwrap(),
        };
        self.ask::<Rakp2>(from, PayloadType::Rakp1, &rakp1).unwrap().status
    }

    fn rakp3(
        &mut self,
        from: SocketAddr,
        managed_session_id: u32,
        status: RmcpPlusStatus,
        auth_code: &[u8],
    ) -> Option<RmcpPlusStatus> {
        let auth_code = auth_code.to_vec();
        let rakp3 = Rakp3 { tag: 2, status, managed_session_id, auth_code };
        self.ask::<Rakp4>(from, PayloadType::Rakp3, &rakp3).map(|rakp4| rakp4.status)
    }

    fn login(&mut self, from: SocketAddr) -> (u32, Option<RmcpPlusStatus>) {
        let id = self.open(from);
        assert_eq!(self.rakp1(from, id, 1), OK);
        (id, self.rakp3(from, id, OK, &[]))
    }
}

const OK: RmcpPlusStatus = RmcpPlusStatus::NO_ERRORS;

fn host(n: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, n], 1000))
}

#[test]
fn a_flood_under_made_up_addresses_does_not_hit_who_came_last() {
    let mut bmc = Bmc::new(Limits::default());
    for n in 0..64 {
        bmc.open(host(n));
    }
    let console = host(200);
    let id = bmc.open(console);
    // As many as there are places but one, in the time of one round trip.
    for n in 64..127 {
        bmc.open(host(n));
    }
    assert_eq!(bmc.rakp1(console, id, 1), OK);
    // From here on the console has shown that it is there, which made-up ones cannot.
    for n in 0..200 {
        bmc.open(host(n));
    }
    assert_eq!(bmc.rakp3(console, id, OK, &[]), Some(OK));
}

#[test]
fn a_handshake_has_three_seconds_however_often_it_asks() {
    let mut bmc = Bmc::new(Limits::default());
    let id = bmc.open(host(1));
    for random in 0..29 {
        assert_eq!(bmc.rakp1(host(1), id, random), OK);
        bmc.now += Duration::from_millis(100);
    }
    bmc.now += Duration::from_millis(100);
    assert_eq!(bmc.rakp1(host(1), id, 30), RmcpPlusStatus::INVALID_SESSION_ID);
}

#[test]
fn an_abort_is_never_answered_and_ends_no_session() {
    let mut bmc = Bmc::new(Limits::default());
    let abort = RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE;
    assert_eq!(bmc.rakp3(host(1), 0x1234_5678, abort, &[]), None);
    assert_eq!(bmc.sessions.dropped(), 1);

    let (active, status) = bmc.login(host(1));
    assert_eq!(status, Some(OK));
    assert_eq!(bmc.rakp3(host(1), active, abort, &[]), None);
    assert_eq!(bmc.sessions.len(), 1);

    let id = bmc.open(host(1));
    assert_eq!(bmc.rakp1(host(1), id, 1), OK);
    assert_eq!(bmc.rakp3(host(2), id, abort, &[]), None);
    assert_eq!(bmc.rakp1(host(1), id, 1), OK, "somebody else's abort");
    assert_eq!(bmc.rakp3(host(1), id, abort, &[]), None);
    assert_eq!(bmc.rakp1(host(1), id, 1), RmcpPlusStatus::INVALID_SESSION_ID);
}

#[test]
fn rakp_3_is_answered_again_while_its_session_lives() {
    let mut bmc = Bmc::new(Limits::default());
    let (id, status) = bmc.login(host(1));
    assert_eq!(status, Some(OK));
    assert_eq!(bmc.rakp3(host(1), id, OK, &[]), Some(OK));
    assert_eq!(bmc.rakp3(host(1), id, OK, &[1]), None);
    assert_eq!(bmc.rakp3(host(2), id, OK, &[]), None);

    let id = bmc.open(host(1));
    assert_eq!(bmc.rakp1(host(1), id, 1), OK);
    let wrong = RmcpPlusStatus::INVALID_INTEGRITY_CHECK_VALUE;
    assert_eq!(bmc.rakp3(host(1), id, OK, &[1]), Some(wrong));
    assert_eq!(bmc.rakp3(host(1), id, OK, &[1]), Some(RmcpPlusStatus::INVALID_SESSION_ID));
}

#[test]
fn a_login_does_not_outlive_the_account_it_began_with() {
    let mut bmc = Bmc::new(Limits::default());
    let id = bmc.open(host(1));
    assert_eq!(bmc.rakp1(host(1), id, 1), OK);
    let user_id = {
        let (active, _) = bmc.login(host(2));
        bmc.sessions.get(active).unwrap().user_id
    };
    bmc.sessions.cancel_logins(user_id.wrapping_add(1));
    assert_eq!(bmc.rakp1(host(1), id, 1), OK, "somebody else's account");
    bmc.sessions.cancel_logins(user_id);
    assert_eq!(bmc.rakp3(host(1), id, OK, &[]), Some(RmcpPlusStatus::INVALID_SESSION_ID));
    assert_eq!(bmc.sessions.len(), 1, "sessions live on");
}

/// A session handle is one byte, and 0 means none (§22.18).
#[test]
fn who_finds_no_handle_left_is_told_so() {
    let mut bmc = Bmc::new(Limits { sessions: 300, rate: None, ..Limits::default() });
    for _ in 0..255 {
        assert_eq!(bmc.login(host(1)).1, Some(OK));
    }
    assert_eq!(bmc.login(host(1)).1, Some(RmcpPlusStatus::INSUFFICIENT_RESOURCES));
}

#[test]
fn what_is_for_another_address_is_dropped() {
    let mut bmc = Bmc::new(Limits::default());
    let to = |to_address| LanMessage {
        to_address,
        ..LanMessage::request(0, &Request::of(&GetDeviceId))
    };
    let (id, _) = bmc.login(host(1));
    for (sequence, address, dropped) in [(1, 0x20, 0), (2, 0x2c, 1), (3, 0x81, 2)] {
        let payload = to(address).to_bytes();
        let v15 = V15Packet::sessionless(&payload).to_datagram().unwrap();
        let v20 = V20Header::sessionless(PayloadType::Ipmi).to_datagram(&payload).unwrap();
        let header =
            V20Header { session_id: id, sequence, ..V20Header::sessionless(PayloadType::Ipmi) };
        let inside = header.to_datagram(&payload).unwrap();
        let mut taken = 0;
        for datagram in [v15, v20, inside] {
            taken += match bmc.receive(host(1), &datagram) {
                Received::Request { .. } | Received::Sessionless { .. } => 1,
                Received::Nothing | Received::Reply(_) | Received::Response { .. } => 0,
            };
        }
        assert_eq!(taken, if address == 0x20 { 3 } else { 0 });
        assert_eq!(bmc.sessions.dropped(), 3 * dropped);
    }
}

/// What is held on account of others, whoever they are.
fn assert_bounded(bmc: &Bmc) {
    let Sessions { half_open, challenges, buckets, active, delayed, .. } = &bmc.sessions;
    assert!(half_open.len() <= 64 && challenges.len() <= 64 && buckets.len() <= 256);
    assert!(active.len() <= bmc.sessions.limits.sessions && delayed.is_empty());
}

/// `research/bmc-servers.md` §5 row 3: ipmi_sim is locked by 61 of these.
#[test]
fn ten_thousand_open_sessions_a_second_from_one_address_keep_nobody_else_out() {
    let mut bmc = Bmc::new(Limits::default());
    let (start, mut logins) = (bmc.now, 0);
    let mut accepted = 0;
    for n in 0..200_000u32 {
        bmc.now = start + n * Duration::from_micros(100);
        let request = OpenSessionRequest {
            tag: n as u8,
            max_privilege: None,
            console_session_id: n + 1,
            authentication: AlgorithmProposal::Any,
            integrity: AlgorithmProposal::Any,
            confidentiality: AlgorithmProposal::Any,
        };
        let from = SocketAddr::from(([10, 0, 0, 66], n as u16 | 1024));
        let answer: Option<OpenSessionResponse> =
            bmc.ask(from, PayloadType::OpenSessionRequest, &request);
        accepted += u32::from(answer.is_some());
        if n % 1000 == 0 {
            let (id, status) = bmc.login(host(1));
            assert_eq!(status, Some(OK), "after {n}");
            assert!(bmc.sessions.close(id));
            logins += 1;
        }
        assert_bounded(&bmc);
    }
    assert_eq!(logins, 200);
    assert!((5000..6000).contains(&accepted), "{accepted} of 200,000 were answered");
    assert_eq!(bmc.sessions.dropped(), u64::from(200_000 - accepted));
}

/// Made-up sources cannot be told from real ones before RAKP 1: what counts is that the console's
/// round trip takes less than 64 of them do, here 5 ms.
#[test]
fn ten_thousand_open_sessions_a_second_under_made_up_addresses_keep_nobody_out_who_is_near() {
    let mut bmc = Bmc::new(Limits::default());
    let start = bmc.now;
    let mut step = None;
    let (mut seed, mut logins) = (1u32, 0);
    for n in 0..10_000u32 {
        bmc.now = start + n * Duration::from_micros(100);
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [a, b, c, d] = seed.to_be_bytes();
        bmc.open(SocketAddr::from(([a | 128, b, c, d], 1024)));
        // Every 100 ms a login, each step of it 5 ms after the one before.
        step = match (n % 1000, step) {
            (0, _) => Some(bmc.open(host(1))),
            (50, Some(id)) => {
                assert_eq!(bmc.rakp1(host(1), id, 1), OK, "after {n}");
                Some(id)
            }
            (100, Some(id)) => {
                assert_eq!(bmc.rakp3(host(1), id, OK, &[]), Some(OK), "after {n}");
                assert!(bmc.sessions.close(id));
                logins += 1;
                None
            }
            (_, step) => step,
        };
        assert_bounded(&bmc);
    }
    assert_eq!(logins, 10);
}

#[test]
fn a_session_is_not_counted_and_what_is_too_much_is_not_answered() {
    let rate = Some(super::Rate { per_second: 1, burst: 4 });
    let mut bmc = Bmc::new(Limits { rate, ..Limits::default() });
    let (id, status) = bmc.login(host(1));
    assert_eq!(status, Some(OK));
    let payload = LanMessage::request(0, &Request::of(&GetDeviceId)).to_bytes();
    let outside = V15Packet::sessionless(&payload).to_datagram().unwrap();
    assert!(matches!(bmc.receive(host(1), &outside), Received::Sessionless { .. }));
    assert!(matches!(bmc.receive(host(1), &outside), Received::Nothing));
    assert_eq!(bmc.sessions.dropped(), 1);
    for sequence in 1..100 {
        let header =
            V20Header { session_id: id, sequence, ..V20Header::sessionless(PayloadType::Ipmi) };
        let request = LanMessage::request(sequence as u8 & 0x3f, &Request::of(&GetDeviceId));
        let inside = header.to_datagram(&request.to_bytes()).unwrap();
        assert!(matches!(bmc.receive(host(1), &inside), Received::Request { .. }));
        // Under the same ID from elsewhere, it is outside.
        let elsewhere = bmc.receive(host(2), &inside);
        assert!(matches!(elsewhere, Received::Nothing));
    }
    assert!(matches!(bmc.receive(host(2), &outside), Received::Nothing), "it counted");
    assert!(matches!(bmc.receive(host(3), &outside), Received::Sessionless { .. }));
}

/// IPMI v2.0 §6.13.1. Whatever else answers us was never asked.
#[test]
fn an_answer_is_taken_for_software_alone_and_inside_a_session_alone() {
    let mut bmc = Bmc::new(Limits::default());
    let (id, _) = bmc.login(host(1));
    let answer = LanMessage::request(5, &Request::of(&GetDeviceId));
    for (sequence, to_lun) in (1..).zip(0..4) {
        let answer = LanMessage { netfn: 0x07, to_address: 0x41, to_lun, ..answer.clone() };
        let payload = answer.to_bytes();
        let v15 = V15Packet::sessionless(&payload).to_datagram().unwrap();
        let v20 = V20Header::sessionless(PayloadType::Ipmi).to_datagram(&payload).unwrap();
        for outside in [v15, v20] {
            assert!(matches!(bmc.receive(host(1), &outside), Received::Nothing));
        }
        let header =
            V20Header { session_id: id, sequence, ..V20Header::sessionless(PayloadType::Ipmi) };
        let inside = header.to_datagram(&payload).unwrap();
        for again in [false, true] {
            match bmc.receive(host(1), &inside) {
                Received::Response { session_id, message } => {
                    assert_eq!((session_id, message), (id, answer.clone()));
                    assert!(to_lun == 2 && !again);
                }
                other => assert!(matches!(other, Received::Nothing) && (to_lun != 2 || again)),
            }
        }
    }
}

#[test]
fn what_is_forwarded_goes_to_its_session_and_no_more_of_it_than_there_is_room() {
    let mut bmc = Bmc::new(Limits::default());
    let [(first, _), (second, _)] = [bmc.login(host(1)), bmc.login(host(2))];
    let message = |sequence| LanMessage {
        to_address: 0x81,
        ..LanMessage::request(sequence, &Request::of(&GetDeviceId))
    };
    let nobody = (1..).find(|id| ![first, second].contains(id)).unwrap();
    assert!(!bmc.sessions.forward(nobody, message(0)), "there is no such session");
    let taken = (0..40).filter(|sequence| bmc.sessions.forward(first, message(*sequence))).count();
    assert_eq!(taken, 16);
    assert!(bmc.sessions.forward(second, message(63)));
    let Bmc { sessions, rng, .. } = &mut bmc;
    let sent: Vec<_> = std::iter::from_fn(|| sessions.poll_forwarded(rng)).collect();
    assert_eq!(sent.len(), 17);
    let mut numbers = Vec::new();
    for (peer, datagram) in sent {
        let Ok(Some(SessionPacket::V20(packet))) = SessionPacket::decode_datagram(&datagram) else {
            panic!("no packet of the session");
        };
        let sequence = LanMessage::decode_exact(packet.payload).unwrap().sequence;
        match sequence {
            63 => assert_eq!(peer, host(2)),
            _ => numbers.push(sequence),
        }
    }
    assert_eq!(numbers, (0..16).collect::<Vec<_>>());
}
