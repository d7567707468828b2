//! What is told of a place where nobody answers Open Session, and what it costs to know.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::time::{Duration, Instant};

use common::{Seeded, config};
use ipmi_session::console::{Event, Presence, Session, SessionError};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::rmcp::{AsfMessage, RmcpHeader};
use ipmi_wire::session::{SessionPacket, V15Packet};
use ipmi_wire::{CompletionCode, Decode, Encode, Reader, Response};

/// Something at the address that answers older questions.
#[derive(Clone, Copy)]
struct Place {
    /// To RMCP's ping: whether it has IPMI.
    pong: Option<bool>,
    /// To Get Channel Authentication Capabilities: completion code, bits of byte 3 and of byte 5.
    capabilities: Option<(u8, u8, u8)>,
}

const NOTHING: Place = Place { pong: None, capabilities: None };

impl Place {
    fn answer(&self, datagram: &[u8]) -> Option<Vec<u8>> {
        match SessionPacket::decode_datagram(datagram).unwrap() {
            None => {
                let mut r = Reader::new(datagram);
                let header = RmcpHeader::decode(&mut r).unwrap();
                let AsfMessage::Ping { tag } = AsfMessage::decode(&mut r).unwrap() else {
                    panic!("a console has no other message of ASF")
                };
                let mut pong = header.to_bytes();
                let (oem_iana, ipmi) = (AsfMessage::IANA, self.pong?);
                AsfMessage::Pong { tag, oem_iana, oem_defined: 0, ipmi, interactions: 0 }
                    .encode(&mut pong);
                Some(pong)
            }
            Some(SessionPacket::V15(packet)) => {
                let (code, types, extended) = self.capabilities?;
                let asked = LanMessage::decode_exact(packet.payload).unwrap();
                assert_eq!((asked.netfn, asked.cmd), (0x06, 0x38));
                let data =
                    if code == 0 { vec![1, types, 0x04, extended, 0, 0, 0, 0] } else { vec![] };
                let response = Response { completion: CompletionCode(code), data };
                V15Packet::sessionless(&asked.answer(&response).to_bytes()).to_datagram()
            }
            Some(SessionPacket::V20(_)) => None,
        }
    }
}

/// How a login at such a place ends, and after what time.
fn told(place: Place) -> (SessionError, Duration) {
    let (start, mut rng) = (Instant::now(), Seeded(3));
    let mut console = Session::open(start, config(), 0xa0a2_a3a4, &mut rng);
    let mut now = start;
    loop {
        while let Some(datagram) = console.poll_transmit() {
            if let Some(answer) = place.answer(&datagram) {
                console.handle_datagram(now, &answer, &mut rng);
            }
        }
        while let Some(event) = console.poll_event() {
            if let Event::Closed(why) = event {
                return (why.unwrap(), now.duration_since(start));
            }
        }
        now = console.poll_timeout().unwrap();
        console.handle_timeout(now, &mut rng);
    }
}

/// What is there, as far as the error says.
fn presence(place: Place) -> Option<Presence> {
    match told(place).0 {
        SessionError::Ignored { presence, .. } => Some(presence),
        _ => None,
    }
}

#[test]
fn what_is_there_is_told_apart() {
    assert_eq!(presence(NOTHING), None);
    for ipmi in [false, true] {
        let place = Place { pong: Some(ipmi), ..NOTHING };
        assert_eq!(presence(place), Some(Presence::Rmcp { ipmi }));
    }
    // Extended capabilities, with and without IPMI 2.0; a firmware that has none; and one that
    // refuses to be asked for them.
    let capabilities = |answer| Place { pong: Some(true), capabilities: Some(answer) };
    assert_eq!(presence(capabilities((0, 0x94, 0x02))), Some(Presence::Ipmi20));
    assert_eq!(presence(capabilities((0, 0x94, 0x01))), Some(Presence::Ipmi15Only));
    assert_eq!(presence(capabilities((0, 0x14, 0x00))), Some(Presence::Ipmi15Only));
    assert_eq!(presence(capabilities((0xcc, 0, 0))), Some(Presence::Ipmi15Only));
    // One that is starting, or busy, is not taken for an old one.
    for code in [0xc0, 0xc3, 0xd2, 0xd5, 0xff] {
        assert_eq!(presence(capabilities((code, 0, 0))), Some(Presence::Ipmi));
    }
}

#[test]
fn a_controller_of_ipmi_15_does_not_cost_the_whole_deadline() {
    let (_, waited) = told(Place { pong: None, capabilities: Some((0xcc, 0, 0)) });
    assert!(waited < Duration::from_millis(2500), "{waited:?}");
    let (_, waited) = told(Place { pong: Some(true), capabilities: Some((0, 0x94, 0x02)) });
    assert_eq!(waited, Duration::from_secs(5), "RMCP+ may still answer");
}
