//! A BMC of RMCP+ that makes its proofs and keys as it is told to.

use ipmi_session::keys::Exchange;
use ipmi_session::{Protection, Secret};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::session::{
    Accepted, AlgorithmProposal, Algorithms, AuthenticationAlgorithm, OpenSessionRequest,
    OpenSessionResponse, PayloadType, Rakp1, Rakp2, Rakp2Keys, Rakp3, Rakp4, RmcpPlusStatus,
    SessionPacket, V20Header, V20Packet,
};
use ipmi_wire::{CompletionCode, Decode, Encode, Privilege, Response};

const SESSION: u32 = 0x5e55_0020;
const CONSOLE: u32 = 0xa0a2_a3a4;

/// What goes into a calculation.
pub struct Sees {
    pub exchange: Exchange,
    pub password: Secret,
}

/// What it does in its own way.
pub struct Ways {
    /// The status of a refused Open Session, if it is refused.
    pub refuses: fn(&OpenSessionRequest) -> Option<RmcpPlusStatus>,
    /// The privilege that Open Session is answered with.
    pub echo: fn(Option<Privilege>) -> Option<Privilege>,
    /// What it puts into RAKP 2, RAKP 3 and the keys, given the privilege of Open Session.
    pub rakp2: fn(&mut Sees, Option<Privilege>),
    pub rakp3: fn(&mut Sees, Option<Privilege>),
    pub keys: fn(&mut Sees, Option<Privilege>),
    /// The algorithm of RAKP 4's check value.
    pub check: fn(Algorithms) -> AuthenticationAlgorithm,
    /// What is added to RAKP 2's code and RAKP 4's check value.
    pub surplus: (&'static [u8], &'static [u8]),
    /// Wrong checksums inside.
    pub checksums: bool,
    /// A wrong integrity code.
    pub wrong_code: bool,
    /// By how much its numbers go up.
    pub step: u32,
}

impl Default for Ways {
    fn default() -> Self {
        Self {
            refuses: |_| None,
            echo: |asked| Some(asked.unwrap_or(Privilege::Administrator)),
            rakp2: |_, _| (),
            rakp3: |_, _| (),
            keys: |_, _| (),
            check: |algorithms| algorithms.authentication,
            surplus: (&[], &[]),
            checksums: true,
            wrong_code: false,
            step: 1,
        }
    }
}

pub struct Bmc20 {
    pub ways: Ways,
    pub password: Secret,
    pub opened: Vec<OpenSessionRequest>,
    pub rakp1: Option<Rakp1>,
    protection: Option<Protection>,
    sent: u32,
}

impl Bmc20 {
    pub fn new(ways: Ways, password: &[u8]) -> Self {
        let password = Secret::new(password).unwrap();
        Self { ways, password, opened: Vec::new(), rakp1: None, protection: None, sent: 0 }
    }

    /// What it answers.
    pub fn answer(&mut self, datagram: &[u8]) -> Option<Vec<u8>> {
        let packet = match SessionPacket::decode_datagram(datagram) {
            Ok(Some(SessionPacket::V20(packet))) => packet,
            other => panic!("not RMCP+: {other:?}"),
        };
        match packet.header.payload_type {
            PayloadType::OpenSessionRequest => self.open(packet.payload),
            PayloadType::Rakp1 => self.challenge(packet.payload),
            PayloadType::Rakp3 => self.prove(packet.payload),
            _ => self.command(&packet),
        }
    }

    fn open(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let request = OpenSessionRequest::decode_exact(payload).unwrap();
        self.opened.push(request);
        if let Some(status) = (self.ways.refuses)(&request) {
            let refusal = OpenSessionResponse::refusal(request.tag, status, CONSOLE);
            return outside(PayloadType::OpenSessionResponse, &refusal);
        }
        let accepted = Accepted {
            max_privilege: (self.ways.echo)(request.max_privilege),
            managed_session_id: SESSION,
            algorithms: algorithms(&request),
        };
        let response = OpenSessionResponse {
            tag: request.tag,
            status: RmcpPlusStatus::NO_ERRORS,
            console_session_id: Some(CONSOLE),
            accepted: Some(accepted),
        };
        outside(PayloadType::OpenSessionResponse, &response)
    }

    fn sees(&self, way: fn(&mut Sees, Option<Privilege>)) -> Sees {
        let rakp1 = self.rakp1.unwrap();
        let exchange = Exchange {
            console_session_id: CONSOLE,
            managed_session_id: SESSION,
            console_random: rakp1.console_random,
            managed_random: [0x5c; 16],
            managed_guid: [0x47; 16],
            role_byte: rakp1.role_byte,
            username: rakp1.username,
        };
        let mut sees = Sees { exchange, password: self.password.clone() };
        way(&mut sees, self.opened.last().unwrap().max_privilege);
        sees
    }

    fn challenge(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let rakp1 = Rakp1::decode_exact(payload).unwrap();
        self.rakp1 = Some(rakp1);
        let sees = self.sees(self.ways.rakp2);
        let algorithm = algorithms(self.opened.last().unwrap()).authentication;
        let code = sees.exchange.rakp2_code(algorithm, &sees.password).unwrap();
        let keys = Rakp2Keys {
            managed_random: [0x5c; 16],
            managed_guid: [0x47; 16],
            auth_code: [code.as_bytes(), self.ways.surplus.0].concat(),
        };
        let rakp2 = Rakp2 {
            tag: rakp1.tag,
            status: RmcpPlusStatus::NO_ERRORS,
            console_session_id: Some(CONSOLE),
            keys: Some(keys),
        };
        outside(PayloadType::Rakp2, &rakp2)
    }

    fn prove(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let rakp3 = Rakp3::decode_exact(payload).unwrap();
        if !rakp3.status.is_ok() {
            return None;
        }
        let algorithms = algorithms(self.opened.last().unwrap());
        let sees = self.sees(self.ways.rakp3);
        let code = sees.exchange.rakp3_code(algorithms.authentication, &sees.password).unwrap();
        assert_eq!(code.as_bytes(), rakp3.auth_code, "RAKP 3");
        let sees = self.sees(self.ways.keys);
        let keys =
            sees.exchange.session_keys(algorithms.authentication, &sees.password, None).unwrap();
        let check = sees.exchange.rakp4_check((self.ways.check)(algorithms), &keys).unwrap();
        self.protection = Protection::new(algorithms, &keys, &self.password);
        let rakp4 = Rakp4 {
            tag: rakp3.tag,
            status: RmcpPlusStatus::NO_ERRORS,
            console_session_id: Some(CONSOLE),
            integrity_check: [check.as_bytes(), self.ways.surplus.1].concat(),
        };
        outside(PayloadType::Rakp4, &rakp4)
    }

    fn command(&mut self, packet: &V20Packet<'_>) -> Option<Vec<u8>> {
        let protection = self.protection.as_ref().unwrap();
        let request = LanMessage::decode_exact(&protection.open(packet).unwrap()).unwrap();
        let answer = Response { completion: CompletionCode::OK, data: vec![request.cmd] };
        let mut message = request.answer(&answer).to_bytes();
        if !self.ways.checksums {
            message[2] ^= 0x55;
            *message.last_mut().unwrap() ^= 0x55;
        }
        self.sent += self.ways.step;
        let header = V20Header {
            session_id: CONSOLE,
            sequence: self.sent,
            ..V20Header::sessionless(PayloadType::Ipmi)
        };
        let mut datagram = protection.seal(header, &message, [7; 16])?;
        if self.ways.wrong_code {
            *datagram.last_mut().unwrap() ^= 1;
        }
        Some(datagram)
    }
}

fn outside(kind: PayloadType, message: &impl Encode) -> Option<Vec<u8>> {
    V20Header::sessionless(kind).to_datagram(&message.to_bytes())
}

fn algorithms(request: &OpenSessionRequest) -> Algorithms {
    match (request.authentication, request.integrity, request.confidentiality) {
        (
            AlgorithmProposal::Exactly(authentication),
            AlgorithmProposal::Exactly(integrity),
            AlgorithmProposal::Exactly(confidentiality),
        ) => Algorithms { authentication, integrity, confidentiality },
        other => panic!("{other:?}"),
    }
}
