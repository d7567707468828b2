//! Nobody can be flooded by way of this BMC: before it knows who asks, it answers no more than it was
//! asked, but where the specification wants it so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use ipmi_bmc::LanPolicy;
use ipmi_wire::cmd::app::{ActivateSession, GetSessionChallenge};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{
    AlgorithmProposal, AuthType, CipherSuite, OpenSessionRequest, OpenSessionResponse, PayloadType,
    Rakp1, Rakp3, RmcpPlusStatus, SessionPacket, Username, V15Packet, V20Header,
};
use ipmi_wire::{Access, Decode, Encode, Privilege, Request, registry};

use common::{Counting, Machine, peer};

/// How much longer than its question the specification makes an answer, in bytes, for each question
/// that is answered outside of sessions.
const EXCEPTIONS: [(&str, usize); 13] = [
    // A completion code, and the GUID; what there is to say of sessions; 16 bytes of a list.
    ("Get System GUID", 17),
    ("Get Channel Authentication Capabilities", 7),
    ("Get Channel Cipher Suites", 15),
    // Completion codes: any question that is no more than a command number, refused.
    ("a refusal", 1),
    // An ID and a challenge for a type and a name of 16 bytes.
    ("Get Session Challenge", 4),
    ("Activate Session", 0),
    // The managed system's session ID.
    ("Open Session", 4),
    ("Open Session, refused", 0),
    // A random number, the GUID and a code of up to 32 bytes, for a random number and a name.
    ("RAKP 1", 44),
    ("RAKP 1, refused", 0),
    ("RAKP 3", 0),
    ("RAKP 3, refused", 0),
    ("Presence Ping", 16),
];

fn allowed(what: &str) -> usize {
    EXCEPTIONS.iter().find(|(name, _)| *name == what).unwrap().1
}

struct Reflector {
    machine: Machine,
    entropy: Counting,
}

impl Reflector {
    fn new() -> Self {
        let lan = LanPolicy {
            suites: [17, 3, 8, 0].map(|n| (CipherSuite(n), Privilege::Administrator)).to_vec(),
            ipmi15: vec![AuthType::Md5, AuthType::None],
            ..LanPolicy::default()
        };
        Self { machine: Machine::with_lan(lan), entropy: Counting(3) }
    }

    /// The answer to a datagram that is `what`; empty if there is none.
    fn ask(&mut self, what: &str, datagram: &[u8]) -> Vec<u8> {
        let Self { machine, entropy } = self;
        // Slowly, lest it be asked too much.
        machine.now += std::time::Duration::from_millis(10);
        let reply = machine.bmc.handle_datagram(machine.now, peer(), datagram, entropy);
        let reply = reply.unwrap_or_default();
        let limit = datagram.len() + allowed(what);
        assert!(reply.len() <= limit, "{what}: {} for {}", reply.len(), datagram.len());
        reply
    }

    fn step(&mut self, what: &str, kind: PayloadType, message: &impl Encode) -> Vec<u8> {
        let datagram = V20Header::sessionless(kind).to_datagram(&message.to_bytes()).unwrap();
        self.ask(what, &datagram)
    }
}

fn open(suite: u8) -> OpenSessionRequest {
    let algorithms = CipherSuite(suite).algorithms().unwrap();
    OpenSessionRequest {
        tag: suite,
        max_privilege: None,
        console_session_id: 1,
        authentication: AlgorithmProposal::Exactly(algorithms.authentication),
        integrity: AlgorithmProposal::Exactly(algorithms.integrity),
        confidentiality: AlgorithmProposal::Exactly(algorithms.confidentiality),
    }
}

/// All commands, with data of every length, in both formats.
#[test]
fn commands_outside_of_sessions() {
    let mut reflector = Reflector::new();
    let mut answered = 0;
    for entry in registry::all() {
        let reads = entry.name.starts_with("Get ") && entry.name != "Get Session Challenge";
        let named = EXCEPTIONS.iter().any(|(name, _)| *name == entry.name);
        let what = if reads && named { entry.name } else { "a refusal" };
        assert!(!named || entry.access == Access::PreSession);
        for length in 0..=30 {
            for fill in [0, 0x01, 0x0e, 0x80, 0x8e, 0xff] {
                let mut data = vec![fill; length];
                if let Some(last) = data.get_mut(1) {
                    *last = 4;
                }
                let request = Request { netfn: entry.id.netfn, lun: 0, cmd: entry.id.cmd, data };
                let payload = LanMessage::request(1, &request).to_bytes();
                let v15 = V15Packet::sessionless(&payload).to_datagram().unwrap();
                let v20 = V20Header::sessionless(PayloadType::Ipmi).to_datagram(&payload).unwrap();
                for datagram in [v15, v20] {
                    answered += usize::from(!reflector.ask(what, &datagram).is_empty());
                }
            }
        }
    }
    assert!(answered > 10_000, "{answered}");
}

#[test]
fn the_steps_of_rmcp_plus() {
    let mut reflector = Reflector::new();
    for suite in [17, 3, 8, 0] {
        let opened = reflector.step("Open Session", PayloadType::OpenSessionRequest, &open(suite));
        let Some(SessionPacket::V20(packet)) = SessionPacket::decode_datagram(&opened).unwrap()
        else {
            panic!("not RMCP+");
        };
        let opened = OpenSessionResponse::decode_exact(packet.payload).unwrap();
        let managed_session_id = opened.accepted.unwrap().managed_session_id;
        let rakp1 = |name: &[u8]| Rakp1 {
            tag: 0,
            managed_session_id,
            console_random: [1; 16],
            role_byte: 0x14,
            username: Username::new(name).unwrap(),
        };
        let refused = reflector.step("RAKP 1, refused", PayloadType::Rakp1, &rakp1(b""));
        assert!(!refused.is_empty());
        let other = Rakp1 { managed_session_id: 7, ..rakp1(b"") };
        assert!(!reflector.step("RAKP 1, refused", PayloadType::Rakp1, &other).is_empty());
        reflector.step("RAKP 1", PayloadType::Rakp1, &rakp1(b"admin"));
        for length in [0, 16, 20, 32] {
            let rakp3 = Rakp3 {
                tag: 0,
                status: RmcpPlusStatus::NO_ERRORS,
                managed_session_id,
                auth_code: vec![1; length],
            };
            reflector.step("RAKP 3, refused", PayloadType::Rakp3, &rakp3);
        }
        // With suite 0, this opens a session.
        let opened = OpenSessionRequest { tag: 99, ..open(suite) };
        reflector.step("Open Session", PayloadType::OpenSessionRequest, &opened);
    }
    let refused =
        reflector.step("Open Session, refused", PayloadType::OpenSessionRequest, &open(6));
    assert!(!refused.is_empty());
    let whole = open(17).to_bytes();
    for length in 0..whole.len() {
        let header = V20Header::sessionless(PayloadType::OpenSessionRequest);
        reflector.ask("Open Session, refused", &header.to_datagram(&whole[..length]).unwrap());
    }
    for kind in [PayloadType::OpenSessionRequest, PayloadType::Rakp1, PayloadType::Rakp3] {
        for length in 0..64 {
            for fill in [0, 1, 0xff] {
                let payload = vec![fill; length];
                let datagram = V20Header::sessionless(kind).to_datagram(&payload).unwrap();
                reflector.ask("RAKP 3, refused", &datagram);
            }
        }
    }
}

#[test]
fn the_steps_of_ipmi_15() {
    let mut reflector = Reflector::new();
    for (auth_type, name) in
        [(AuthType::Md5, &b"admin"[..]), (AuthType::Md5, b"x"), (AuthType::Md2, b"admin")]
    {
        let username = Username::new(name).unwrap();
        let request = Request::of(&GetSessionChallenge { auth_type, username });
        let payload = LanMessage::request(1, &request).to_bytes();
        let datagram = V15Packet::sessionless(&payload).to_datagram().unwrap();
        assert!(!reflector.ask("Get Session Challenge", &datagram).is_empty());
    }
    let activate = ActivateSession {
        auth_type: AuthType::None,
        max_privilege: Privilege::User,
        challenge: [0; 16],
        outbound_sequence: 1,
    };
    let payload = LanMessage::request(1, &Request::of(&activate)).to_bytes();
    let packet = V15Packet { session_id: 5, ..V15Packet::sessionless(&payload) };
    assert!(!reflector.ask("Activate Session", &packet.to_datagram().unwrap()).is_empty());
}

#[test]
fn a_ping() {
    // RMCP and ASF headers, tag 7, no data: Presence Ping.
    let ping = [6, 0, 0xff, 6, 0, 0, 0x11, 0xbe, 0x80, 7, 0, 0];
    assert_eq!(Reflector::new().ask("Presence Ping", &ping).len(), 28);
}
