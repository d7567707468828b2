//! A managed system, and consoles made by hand: what a real one would never send can be sent.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "each test file uses some of it, and a panic is how a test fails"
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_session::keys::{Exchange, SessionKeys};
use ipmi_session::managed::{Account, Accounts, Limits, Received, Sessions};
use ipmi_session::{Entropy, Protection, Quirk, Secret, V15Protection};
use ipmi_wire::cmd::app::{
    ActivateSession, ActivatedSession, GetDeviceId, GetSessionChallenge, SessionChallenge,
};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{
    AlgorithmProposal, AuthType, CipherSuite, OpenSessionRequest, OpenSessionResponse, PayloadType,
    Rakp1, Rakp2, Rakp3, Rakp4, RmcpPlusStatus, SessionPacket, Username, V15Packet, V20Header,
};
use ipmi_wire::{Command, CompletionCode, Decode, Encode, Privilege, Reader, Request, Response};

pub const PASSWORD: &[u8] = b"Complex_Pass";

/// Deterministic "randomness".
pub struct Seeded(pub u64);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *byte = (self.0 >> 56) as u8;
        }
    }
}

/// Who there is: `admin`, `guest` (no more than User), `long` (a password of 17 bytes).
pub struct Users {
    pub suites: Vec<u8>,
    pub ipmi15: Vec<AuthType>,
    pub closed: bool,
    pub hides_names: bool,
}

impl Accounts for Users {
    fn find(&self, name: &Username, role: Option<Privilege>) -> Option<Account> {
        let (user_id, password, limit) = match name.as_bytes() {
            b"admin" => (2, PASSWORD, Privilege::Administrator),
            b"guest" => (3, PASSWORD, Privilege::User),
            b"long" => (4, &b"seventeen bytes !"[..], Privilege::Administrator),
            _ => return None,
        };
        let password = Secret::new(password)?;
        role.is_none_or(|role| role == limit).then_some(Account { user_id, password, limit })
    }

    fn kg(&self) -> Option<Secret> {
        None
    }

    fn guid(&self) -> [u8; 16] {
        [0x47; 16]
    }

    fn suites(&self) -> Vec<(CipherSuite, Privilege)> {
        self.suites.iter().map(|n| (CipherSuite(*n), Privilege::Administrator)).collect()
    }

    fn ipmi15(&self) -> Vec<AuthType> {
        self.ipmi15.clone()
    }

    fn is_open(&self) -> bool {
        !self.closed
    }

    fn hides_names(&self) -> bool {
        self.hides_names
    }
}

/// A managed system that carries out each request by counting it.
pub struct Bmc {
    pub now: Instant,
    pub rng: Seeded,
    pub sessions: Sessions,
    pub users: Users,
    pub executed: Vec<LanMessage>,
}

pub fn host(n: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, n], 1000))
}

pub const TYPES: [AuthType; 4] = [AuthType::Md5, AuthType::Md2, AuthType::Password, AuthType::None];

impl Bmc {
    pub fn new() -> Self {
        Self {
            now: Instant::now(),
            rng: Seeded(7),
            sessions: Sessions::new(Limits::default()),
            users: Users {
                suites: vec![17, 3, 0, 1, 2, 6, 7, 8, 11, 12, 15, 16],
                ipmi15: TYPES.to_vec(),
                closed: false,
                hides_names: false,
            },
            executed: Vec::new(),
        }
    }

    pub fn with(quirks: &[Quirk]) -> Self {
        let mut bmc = Self::new();
        bmc.sessions.set_quirks(quirks.iter().copied().collect());
        bmc
    }

    pub fn wait(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
    }

    pub fn receive(&mut self, from: SocketAddr, datagram: &[u8]) -> Received {
        self.sessions.receive(self.now, from, datagram, &self.users, &mut self.rng)
    }

    /// What it sends back. A request inside a session is carried out.
    pub fn send(&mut self, from: SocketAddr, datagram: &[u8]) -> Option<Vec<u8>> {
        match self.receive(from, datagram) {
            Received::Reply(reply) => Some(reply),
            Received::Request { ticket, message } => {
                self.executed.push(message.clone());
                let data = vec![self.executed.len() as u8];
                let answer = message.answer(&Response { completion: CompletionCode::OK, data });
                self.sessions.seal(ticket, &answer, &mut self.rng)
            }
            Received::Nothing => None,
            Received::Sessionless { .. } | Received::Response { .. } => {
                panic!("not for the sessions")
            }
        }
    }
}

/// The message in a v1.5 datagram, and the packet around it.
pub fn v15(datagram: &[u8]) -> (V15Packet<'_>, LanMessage) {
    match SessionPacket::decode_datagram(datagram).unwrap() {
        Some(SessionPacket::V15(packet)) => {
            (packet, LanMessage::decode_unverified(packet.payload).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

pub fn request<C: Command>(sequence: u8, command: &C) -> LanMessage {
    LanMessage::request(sequence, &Request::of(command))
}

pub fn poll(sequence: u8) -> LanMessage {
    request(sequence, &GetDeviceId)
}

fn outcome<C: Command>(message: &LanMessage, command: &C) -> Result<C::Response, CompletionCode> {
    let Response { completion, data } = message.to_response().unwrap();
    if !completion.is_ok() {
        return Err(completion);
    }
    Ok(command.decode_response(&mut Reader::new(&data)).unwrap())
}

/// A console that speaks IPMI v1.5.
pub struct Console15 {
    pub from: SocketAddr,
    pub protection: V15Protection,
    pub challenge: GetSessionChallenge,
    pub challenged: SessionChallenge,
    pub activate: ActivateSession,
    /// The session's ID and the next number, once there is one.
    pub session_id: u32,
    pub sequence: u32,
}

impl Console15 {
    pub const OUTBOUND: u32 = 0x1122_3344;

    pub fn new(from: SocketAddr, auth_type: AuthType) -> Self {
        Self::of(from, auth_type, b"admin", PASSWORD)
    }

    pub fn of(from: SocketAddr, auth_type: AuthType, name: &[u8], password: &[u8]) -> Self {
        let username = Username::new(name).unwrap();
        Self {
            from,
            protection: V15Protection::new(auth_type, &Secret::new(password).unwrap()).unwrap(),
            challenge: GetSessionChallenge { auth_type, username },
            challenged: SessionChallenge { session_id: 0, challenge: [0; 16] },
            activate: ActivateSession {
                auth_type,
                max_privilege: Privilege::User,
                challenge: [0; 16],
                outbound_sequence: Self::OUTBOUND,
            },
            session_id: 0,
            sequence: 0,
        }
    }

    /// The datagram of Get Session Challenge.
    pub fn challenge_datagram(&self) -> Vec<u8> {
        let payload = request(1, &self.challenge).to_bytes();
        V15Packet::sessionless(&payload).to_datagram().unwrap()
    }

    pub fn ask_challenge(&mut self, bmc: &mut Bmc) -> Option<Result<(), CompletionCode>> {
        let reply = bmc.send(self.from, &self.challenge_datagram())?;
        let (packet, message) = v15(&reply);
        assert_eq!((packet.session_id, packet.sequence, packet.auth_code), (0, 0, None));
        Some(outcome(&message, &self.challenge).map(|challenged| {
            self.challenged = challenged;
            self.activate.challenge = challenged.challenge;
        }))
    }

    /// The datagram of Activate Session.
    pub fn activate_datagram(&self) -> Vec<u8> {
        let payload = request(2, &self.activate).to_bytes();
        self.protection.seal(self.challenged.session_id, 0, &payload).unwrap()
    }

    /// The answer's packet is checked, except for its code if `any_code`.
    pub fn ask_activate(
        &mut self,
        bmc: &mut Bmc,
    ) -> Option<Result<ActivatedSession, CompletionCode>> {
        let reply = bmc.send(self.from, &self.activate_datagram())?;
        let (packet, message) = v15(&reply);
        assert_eq!(packet.session_id, self.challenged.session_id);
        Some(outcome(&message, &self.activate).inspect(|activated| {
            self.session_id = activated.session_id;
            self.sequence = activated.inbound_sequence;
        }))
    }

    pub fn login(bmc: &mut Bmc, from: SocketAddr, auth_type: AuthType) -> Self {
        let mut console = Self::new(from, auth_type);
        console.ask_challenge(bmc).unwrap().unwrap();
        console.ask_activate(bmc).unwrap().unwrap();
        console
    }

    /// The next packet of the session.
    pub fn packet(&mut self, message: &LanMessage) -> Vec<u8> {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1).max(1);
        self.protection.seal(self.session_id, sequence, &message.to_bytes()).unwrap()
    }

    /// Asks in the next packet; the packet that comes back.
    pub fn ask(&mut self, bmc: &mut Bmc, message: &LanMessage) -> Option<Vec<u8>> {
        let packet = self.packet(message);
        bmc.send(self.from, &packet)
    }
}

/// A console that speaks RMCP+.
pub struct Console20 {
    pub from: SocketAddr,
    pub suite: CipherSuite,
    pub password: Secret,
    pub open: OpenSessionRequest,
    pub rakp1: Rakp1,
    pub exchange: Option<Exchange>,
    pub protection: Option<Protection>,
    pub sequence: u32,
}

pub const CONSOLE_ID: u32 = 0xa0a2_a3a4;

impl Console20 {
    pub fn new(from: SocketAddr, suite: u8) -> Self {
        let suite = CipherSuite(suite);
        let algorithms = suite.algorithms().unwrap();
        Self {
            from,
            suite,
            password: Secret::new(PASSWORD).unwrap(),
            open: OpenSessionRequest {
                tag: 1,
                max_privilege: Some(Privilege::Administrator),
                console_session_id: CONSOLE_ID,
                authentication: AlgorithmProposal::Exactly(algorithms.authentication),
                integrity: AlgorithmProposal::Exactly(algorithms.integrity),
                confidentiality: AlgorithmProposal::Exactly(algorithms.confidentiality),
            },
            rakp1: Rakp1 {
                tag: 2,
                managed_session_id: 0,
                console_random: [0xc0; 16],
                role_byte: 0x14,
                username: Username::new(b"admin").unwrap(),
            },
            exchange: None,
            protection: None,
            sequence: 1,
        }
    }

    pub fn datagram(kind: PayloadType, message: &impl Encode) -> Vec<u8> {
        V20Header::sessionless(kind).to_datagram(&message.to_bytes()).unwrap()
    }

    fn ask_step<T: Decode>(
        &self,
        bmc: &mut Bmc,
        kind: PayloadType,
        message: &impl Encode,
    ) -> Option<T> {
        let reply = bmc.send(self.from, &Self::datagram(kind, message))?;
        Some(step(&reply))
    }

    pub fn ask_open(&mut self, bmc: &mut Bmc) -> OpenSessionResponse {
        let answer: OpenSessionResponse =
            self.ask_step(bmc, PayloadType::OpenSessionRequest, &self.open).unwrap();
        if let Some(accepted) = answer.accepted {
            self.rakp1.managed_session_id = accepted.managed_session_id;
        }
        answer
    }

    pub fn ask_rakp1(&mut self, bmc: &mut Bmc) -> Rakp2 {
        let answer: Rakp2 = self.ask_step(bmc, PayloadType::Rakp1, &self.rakp1).unwrap();
        if let Some(keys) = &answer.keys {
            self.exchange = Some(Exchange {
                console_session_id: CONSOLE_ID,
                managed_session_id: self.rakp1.managed_session_id,
                console_random: self.rakp1.console_random,
                managed_random: keys.managed_random,
                managed_guid: keys.managed_guid,
                role_byte: self.rakp1.role_byte,
                username: self.rakp1.username,
            });
        }
        answer
    }

    /// RAKP 3 with the code that follows from `exchange`.
    pub fn ask_rakp3(&self, bmc: &mut Bmc, exchange: &Exchange) -> Rakp4 {
        let algorithm = self.suite.algorithms().unwrap().authentication;
        let code = exchange.rakp3_code(algorithm, &self.password).unwrap();
        let rakp3 = Rakp3 {
            tag: 3,
            status: RmcpPlusStatus::NO_ERRORS,
            managed_session_id: self.rakp1.managed_session_id,
            auth_code: code.as_bytes().to_vec(),
        };
        self.ask_step(bmc, PayloadType::Rakp3, &rakp3).unwrap()
    }

    pub fn keys(&self, exchange: &Exchange) -> SessionKeys {
        let algorithm = self.suite.algorithms().unwrap().authentication;
        exchange.session_keys(algorithm, &self.password, None).unwrap()
    }

    pub fn protect(&mut self, keys: &SessionKeys) {
        let algorithms = self.suite.algorithms().unwrap();
        self.protection = Protection::new(algorithms, keys, &self.password);
    }

    pub fn login(bmc: &mut Bmc, from: SocketAddr, suite: u8) -> Self {
        let mut console = Self::new(from, suite);
        assert!(console.ask_open(bmc).status.is_ok());
        assert!(console.ask_rakp1(bmc).status.is_ok());
        let exchange = console.exchange.clone().unwrap();
        assert!(console.ask_rakp3(bmc, &exchange).status.is_ok());
        let keys = console.keys(&exchange);
        console.protect(&keys);
        console
    }

    /// A packet of the session with this number.
    pub fn packet_at(&self, sequence: u32, message: &LanMessage) -> Vec<u8> {
        let session_id = self.rakp1.managed_session_id;
        let header =
            V20Header { session_id, sequence, ..V20Header::sessionless(PayloadType::Ipmi) };
        self.protection.as_ref().unwrap().seal(header, &message.to_bytes(), [9; 16]).unwrap()
    }

    pub fn packet(&mut self, message: &LanMessage) -> Vec<u8> {
        self.sequence += 1;
        self.packet_at(self.sequence - 1, message)
    }

    /// Asks in the next packet; the answer, and the number of its packet.
    pub fn ask(&mut self, bmc: &mut Bmc, message: &LanMessage) -> Option<(u32, LanMessage)> {
        let packet = self.packet(message);
        let reply = bmc.send(self.from, &packet)?;
        Some(self.read(&reply))
    }

    pub fn read(&self, reply: &[u8]) -> (u32, LanMessage) {
        match SessionPacket::decode_datagram(reply).unwrap() {
            Some(SessionPacket::V20(packet)) => {
                assert_eq!(packet.header.session_id, CONSOLE_ID);
                let payload = self.protection.as_ref().unwrap().open(&packet).unwrap();
                (packet.header.sequence, LanMessage::decode_unverified(&payload).unwrap())
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A message of the handshake.
pub fn step<T: Decode>(reply: &[u8]) -> T {
    match SessionPacket::decode_datagram(reply).unwrap() {
        Some(SessionPacket::V20(packet)) => T::decode_exact(packet.payload).unwrap(),
        other => panic!("{other:?}"),
    }
}
